// One facet: which envelopes are admitted, which of them count, what waits for what. No bytes are kept here
// but ids; bodies live in the store, the document in its worker. protocols/envelope, sections 3 to 5.
import type { Cut, LogEntry, SpaceLog } from '../identity/space-log.ts'
import type { PublicKey } from '../identity/ed25519.ts'
import type { AllowedRun } from '../policy/decide.ts'
import { compareBytes } from '../wire/bytes.ts'
import type { AuthRef, Dep, Envelope } from '../wire/envelope.ts'
import type { FacetGenesis } from '../wire/genesis.ts'
import { type Client, unpackClient } from '../wire/lane.ts'
import type { Layout } from '../wire/layout.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { CausalPast } from './causal-past.ts'
import { type StoredLane, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts'
import { type CheckedUpdate, checkBody } from './checked-update.ts'
import { DOCUMENT_MAX, type Size, addSizes, isWithin } from './document-size.ts'
import { type LaneFork, forksOf } from './effective.ts'
import { type AuthPoint, Lane, type Position, Segment, ancestorAt, authAt, knows } from './lane-tree.ts'
import { StructIndex } from './struct-index.ts'
import { type DocumentChange, type Fresh, type Rulings, Tally } from './tally.ts'

/** A head as it is named to others. */
export interface Tip {
  client: Client
  seq: number
  id: Uint8Array
}

/** What an envelope waits for, outside Yjs. */
export type Wait =
  | { for: 'envelope'; client: Client; seq: number; id: Uint8Array }
  | { for: 'entry'; company: number; seq: number; id: Uint8Array }

export interface Admitted extends Fresh {
  envelope: Envelope
  update: CheckedUpdate
}

/** What became of a run: all of it that is new was admitted, or it waits, or it is refused. */
export interface Admission {
  admitted: Admitted[]
  wait?: Wait
  reject?: Reject
  /** Lanes in which this run is a second branch. */
  forks: LaneFork[]
  document: DocumentChange
}

const NO_CUTS: readonly Cut[] = []

export class Facet {
  readonly id: Uint8Array
  readonly genesis: FacetGenesis
  readonly space: SpaceLog
  /** What an envelope and its past may hold. */
  readonly most: Size
  #lanes = new Map<Client, Lane>()
  #index: StructIndex
  /** Every admitted envelope in the order of admission, which is a causal order. */
  #order: Position[] = []
  #segments = 0
  /** Whether a fork, a cut or a settle makes "counts" differ from "admitted". */
  #irregular = false
  /** What counts, once that differs. */
  #tally: Tally | undefined
  /** The cuts and settles that were last counted with. */
  #rulings: Rulings

  /** `most`: the same on every node (ENV-30); vectors say a smaller one. */
  constructor(id: Uint8Array, genesis: FacetGenesis, space: SpaceLog, layout: Layout, most = DOCUMENT_MAX) {
    this.id = id
    this.genesis = genesis
    this.space = space
    this.most = most
    this.#index = new StructIndex(layout)
    this.#rulings = this.#rulingsNow()
    this.#irregular = this.#rulings.cuts.length + this.#rulings.settles.length > 0
  }

  // ---- what is known ------------------------------------------------------------------------

  get lanes(): ReadonlyMap<Client, Lane> {
    return this.#lanes
  }

  /** Number of admitted envelopes. */
  get size(): number {
    return this.#order.length
  }

  /** The ends of all admitted branches: what a peer needs to know to see what it lacks. */
  tips(): Tip[] {
    return [...this.#lanes.values()].flatMap(lane => lane.tips().map(tipOf)).sort(byClient)
  }

  /** The heads of what counts: the state that a view shows. */
  frontier(): Tip[] {
    const heads: Tip[] = []
    for (const lane of this.#lanes.values()) {
      const head = this.head(lane.client)
      if (head) heads.push(tipOf(head))
    }
    return heads.sort(byClient)
  }

  /** The last envelope of a lane that counts. */
  head(client: Client): Position | undefined {
    let head: Position | undefined
    for (const segment of this.#lanes.get(client)?.segments ?? []) {
      if (segment.effectiveTo < segment.from) continue
      if (!head || segment.effectiveTo > head.seq) head = { segment, seq: segment.effectiveTo }
    }
    return head
  }

  /**
   * Whether an author may go on in a lane: it is new, or its one end counts. A successor of anything else is a
   * fork, or counts for nothing; the author takes a new session instead (ENV-28).
   */
  isOpen(client: Client): boolean {
    const tips = this.#lanes.get(client)?.tips() ?? []
    return tips.every(tip => tips.length === 1 && this.counts(tip))
  }

  find({ client, seq, id }: Tip | Dep): Position | undefined {
    return this.#lanes.get(client)?.find(seq, id)
  }

  counts({ segment, seq }: Position): boolean {
    return seq <= segment.effectiveTo
  }

  /** Admitted envelopes in causal order, those that count first asked for. */
  order(): readonly Position[] {
    return this.#order
  }

  /** What the document holds as it stands: what a further envelope would have in its past. */
  used(): Size {
    let used: Size = { bytes: 0, items: 0 }
    for (const client of this.#lanes.keys()) {
      const head = this.head(client)
      if (head) used = addSizes(used, head.segment.laneSizeAt(head.seq))
    }
    return used
  }

  forks(): LaneFork[] {
    return [...this.#lanes.values()].filter(lane => lane.forked).flatMap(forksOf)
  }

  // ---- admission ------------------------------------------------------------------------------

  /**
   * The key that must have signed a run: that of its lane, fixed by the opening. A run that starts a lane
   * brings its own opening.
   */
  keyOf(run: { client: Client; envelopes: Envelope[] }): PublicKey | Wait | Reject {
    const first = run.envelopes[0] as Envelope
    const { company, key } = unpackClient(run.client)
    let entry: AuthPoint | Wait | Reject | undefined
    if (first.header.opening) entry = this.#ownEntry(company, first.header.auth)
    else {
      const prev = this.#prevOf(first)
      if (!prev) return { for: 'envelope', client: run.client, seq: first.header.seq - 1, id: prevId(first) }
      const opening = ancestorAt(prev, 0)
      entry = opening && this.#openingEntry(opening, company)
    }
    if (!entry) return new Reject('auth-missing', `the opening does not say which entry pins key ${key}`)
    if (isReject(entry) || 'for' in entry) return entry
    return (
      entry.keys[key]?.publicKey ?? new Reject('key-unknown', `company ${company} pinned no key ${key} there`)
    )
  }

  /** The key of a lane that is here already. A forked opening may name two; the first that came stands. */
  laneKey(client: Client): PublicKey | undefined {
    const lane = this.#lanes.get(client)
    const opening = lane?.segments.find(segment => segment.from === 0)
    const entry = opening && this.#openingEntry({ segment: opening, seq: 0 }, (lane as Lane).company)
    return entry?.keys[(lane as Lane).key]?.publicKey
  }

  /**
   * Takes in what policy allowed: all of it, or nothing where one envelope must wait or is refused. Only its
   * last signature was checked, so a part of it might be covered by none (ENV-19).
   */
  admit({ run }: AllowedRun): Admission {
    const admitted: Admitted[] = []
    const touched = new Set<Client>()
    let stop: Wait | Reject | undefined
    for (const envelope of run.envelopes) {
      if (this.find({ client: envelope.client, seq: envelope.header.seq, id: envelope.id })) continue
      const one = this.#admitOne(envelope, touched)
      if (!('update' in one)) {
        stop = one
        break
      }
      admitted.push(one)
    }
    if (stop && !run.stored) {
      while (admitted.length > 0) this.#takeBack((admitted.pop() as Admitted).update)
      touched.clear()
    }
    const document = this.#recount(admitted)
    const forks = [...touched].flatMap(client => forksOf(this.#lanes.get(client) as Lane))
    const stopped = stop && (isReject(stop) ? { reject: stop } : { wait: stop })
    return { admitted, forks, document, ...stopped }
  }

  /** The facet as it stands, for a start that need not judge it again. */
  checkpoint(): Uint8Array {
    const [lanes, order, segments] = [this.#lanes, this.#order, this.#segments]
    return encodeCheckpoint({ lanes, order, segments, index: this.#index })
  }

  /** @returns false where it cannot be used, and nothing has changed: its envelopes are to be read (SYN-42) */
  restore(checkpoint: Uint8Array, stored: readonly StoredLane[]): boolean {
    const state = decodeCheckpoint(checkpoint, stored, this.#index, id => this.space.entry(id))
    if (!state || this.size > 0) return false
    this.#lanes = state.lanes
    this.#order = state.order
    this.#segments = state.segments
    this.#index = state.index
    for (const lane of this.#lanes.values()) {
      for (const segment of lane.segments) segment.effectiveTo = segment.last
      this.#irregular ||= lane.forked
    }
    this.#tally = undefined
    this.#recount([])
    return true
  }

  /** To be called when the space log has grown: a cut or a settle may change what counts. */
  spaceChanged(): 'rebuild' | 'unchanged' {
    const [before, now] = [this.#rulings, this.#rulingsNow()]
    const same = <T>(a: readonly T[], b: readonly T[], key: (item: T) => unknown) =>
      a === b || (a.length === b.length && a.every((item, i) => key(item) === key(b[i] as T)))
    this.#rulings = now
    const unruled =
      same(before.cuts, now.cuts, cut => cut.lanes) && same(before.settles, now.settles, ({ point }) => point)
    if (unruled) return 'unchanged'
    this.#irregular = true
    return this.#recount([]) === 'rebuild' ? 'rebuild' : 'unchanged'
  }

  #admitOne(envelope: Envelope, touched: Set<Client>): Admitted | Wait | Reject {
    const { header, client } = envelope
    const prev = this.#prevOf(envelope)
    if (!header.opening && !prev) {
      return { for: 'envelope', client, seq: header.seq - 1, id: prevId(envelope) }
    }
    const past = this.#pastOf(envelope, prev)
    if (!(past instanceof CausalPast)) return past
    const refused = this.#mayWrite(envelope, past)
    if (refused) return refused
    const clock = prev ? prev.segment.clockEndAt(prev.seq) : 0
    const claims = { client, clock, clockEnd: header.clockEnd, deletes: header.deletes }
    const update = checkBody(envelope.body, claims, past, this.#index)
    if (isReject(update)) return update
    const total = addSizes(past.size, update.size)
    if (!isWithin(total, this.most)) return documentFull(total) // ENV-30
    const segment = this.#append(envelope, past, prev, { size: update.size, total })
    update.enter(this.#index, segment.index)
    if (segment.lane.forked && segment.last === segment.from) touched.add(client)
    return { envelope, update, at: { segment, seq: segment.last }, learned: past.learned }
  }

  /** Undoes the last admission. */
  #takeBack(update: CheckedUpdate): void {
    const { segment } = this.#order.pop() as Position
    const { lane } = segment
    update.leave(this.#index, segment.index)
    segment.pop()
    if (segment.last >= segment.from) return
    lane.segments.splice(lane.segments.indexOf(segment), 1)
    if (lane.segments.length === 0) this.#lanes.delete(lane.client)
  }

  #prevOf({ client, header }: Envelope): Position | undefined {
    return header.prev && this.#lanes.get(client)?.find(header.seq - 1, header.prev)
  }

  #pastOf({ client, header }: Envelope, prev: Position | undefined): CausalPast | Wait | Reject {
    const past = new CausalPast(client, prev)
    const heads: Position[] = prev ? [prev] : []
    for (const dep of header.deps) {
      const position = this.find(dep)
      if (!position) return { for: 'envelope', ...dep }
      // ENV-14
      if (heads.some(head => knows(head, position) || (head !== prev && knows(position, head)))) {
        return new Reject('dep-implied', `lane ${dep.client} seq ${dep.seq}`)
      }
      heads.push(position)
      const refused = past.merge(position)
      if (refused) return refused
    }
    const entries: AuthPoint[] = []
    for (const ref of header.auth) {
      const entry = this.space.entry(ref.id)
      if (!entry) return { for: 'entry', ...ref }
      if (entry.company !== ref.company || entry.seq !== ref.seq) {
        return new Reject('auth-place', 'the entry stands in another place than the header says')
      }
      entries.push(entry)
    }
    return past.mergeAuth(entries) ?? past
  }

  /** Whether the author could write here, as far as its causal past says (ENV-17, ENV-18). */
  #mayWrite({ client }: Envelope, past: CausalPast): Reject | undefined {
    const { company, key } = unpackClient(client)
    const entry = past.auth[company]
    if (!entry?.keys[key]) return new Reject('key-unknown', `company ${company} has not pinned key ${key}`)
    if (entry.cut.includes(key)) return new Reject('key-cut', `company ${company} had cut key ${key}`)
    if (this.genesis.class === 'private' && company !== this.genesis.owner) {
      return new Reject('not-owner', 'a private facet has one company that writes')
    }
    return undefined
  }

  /** The segment that an envelope after `prev` extends: prev's own, or a new branch. */
  #segmentFor(client: Client, prev: Position | undefined): Segment {
    let lane = this.#lanes.get(client)
    if (!lane) this.#lanes.set(client, (lane = new Lane(client)))
    if (prev && prev.seq === prev.segment.last && !lane.continues(prev)) return prev.segment
    const segment = new Segment(this.#segments++, lane, prev)
    lane.segments.push(segment)
    return segment
  }

  #append(
    { id, client, header: { clockEnd } }: Envelope,
    { learned, auth }: CausalPast,
    prev: Position | undefined,
    sizes: { size: Size; total: Size }
  ): Segment {
    const segment = this.#segmentFor(client, prev)
    const changed = !prev || auth !== authAt(prev)
    segment.append({ id, clockEnd, learned, auth: changed ? auth : undefined, ...sizes })
    this.#order.push({ segment, seq: segment.last })
    if (segment.lane.forked) this.#irregular = true
    return segment
  }

  /** Brings `effectiveTo` up to date after these admissions, and with the space log as it stands. */
  #recount(fresh: readonly Fresh[]): DocumentChange {
    if (!this.#irregular) {
      for (const { at } of fresh) at.segment.effectiveTo = at.seq
      return fresh.length > 0 ? 'append' : 'unchanged'
    }
    const rulings = this.#rulingsNow()
    this.#tally ??= new Tally({ facet: this.id, lanes: this.#lanes, space: this.space, ...rulings })
    return this.#tally.count(fresh, rulings)
  }

  #rulingsNow(): Rulings {
    const cuts = this.genesis.class === 'private' ? NO_CUTS : this.space.cuts()
    return { cuts, settles: this.space.settles(this.id) }
  }

  #ownEntry(company: number, auth: AuthRef[]): LogEntry | Wait | Reject | undefined {
    const ref = auth.find(item => item.company === company)
    if (!ref) return undefined
    const entry = this.space.entry(ref.id)
    if (!entry) return { for: 'entry', ...ref }
    return entry.company === company ? entry : new Reject('auth-place', 'the entry is of another company')
  }

  #openingEntry(opening: Position, company: number): AuthPoint | undefined {
    return opening.segment.ownAuth(0)?.[company]
  }
}

export function documentFull({ bytes, items }: Size): Reject {
  return new Reject('document-full', `${bytes} bytes and ${items} items with all that it builds on`)
}

export function tipOf({ segment, seq }: Position): Tip {
  return { client: segment.lane.client, seq, id: segment.idAt(seq) }
}

function byClient(a: Tip, b: Tip): number {
  return a.client - b.client || a.seq - b.seq || compareBytes(a.id, b.id)
}

function prevId(envelope: Envelope): Uint8Array {
  return envelope.header.prev as Uint8Array
}
