// Keeping facets equal: what peers name, and the one road by which their envelopes come in.
// protocols/sync, sections 6 and 7.
import type { PublicKey } from '../identity/ed25519.ts'
import { trustOwn, verifyRun } from '../identity/verify.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { AllowedRun, decideRun } from '../policy/decide.ts'
import { type Admission, Facet, type Tip, type Wait } from '../replica/facet.ts'
import { equalBytes, toHex } from '../wire/bytes.ts'
import { type ParsedRun, envelopeId, parseHeader, parseRun } from '../wire/envelope.ts'
import { type FacetGenesis, facetId, parseFacetGenesis } from '../wire/genesis.ts'
import { unpackClient } from '../wire/lane.ts'
import type { Layout } from '../wire/layout.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { type Answers, READ_ENVELOPES_FIRST } from './answers.ts'
import { Asking, noteHas } from './asking.ts'
import type { Context, HeldFacet } from './context.ts'
import type { StoreWrite } from './effects.ts'
import { type Frame, type Head, PRESENCE_BYTES_MAX, weigh } from './frame.ts'
import { Pending } from './pending.ts'
import { type Session, linkOf } from './session.ts'

/** Facets that one space may hold. */
export const SPACE_FACETS_MAX = 10_000
/** Facets that one peer may have named and of which it has sent nothing yet. */
export const OPENED_MAX = 256

type Run = Extract<Frame, { type: 'run' }>
type Admitted = (held: HeldFacet, run: ParsedRun, from: Session | undefined) => void

export class FacetSync {
  readonly #context: Context
  readonly #answers: Answers
  readonly #layoutOf: (kind: string) => Layout | undefined
  readonly #admitted: Admitted
  readonly pending = new Pending()
  readonly asking: Asking
  #retrying = false

  /** `admitted`: these envelopes may go on to others. */
  constructor(
    context: Context,
    answers: Answers,
    layoutOf: (kind: string) => Layout | undefined,
    admitted: Admitted
  ) {
    this.#context = context
    this.#answers = answers
    this.#layoutOf = layoutOf
    this.#admitted = admitted
    this.asking = new Asking(context, this.pending)
  }

  // ---- what each side has -----------------------------------------------------------------------

  onSummary(session: Session, { space: id, hash }: Extract<Frame, { type: 'summary' }>): void {
    const space = this.#context.directory.spaceOf(id)
    if (space && this.#context.clearance(session, 'announce', space))
      this.#answers.compare(session, space, hash)
  }

  onHeads(session: Session, { space: id, facets }: Extract<Frame, { type: 'heads' }>): void {
    const space = this.#context.directory.spaceOf(id)
    if (!space || !session.peer) return
    for (const { genesis, tips } of facets) {
      const held = this.#hold(session, space, genesis)
      if (held) this.asking.note(session, held, tips)
    }
    this.asking.ask(session)
  }

  onNeed(session: Session, frame: Extract<Frame, { type: 'need' }>, bytes: number): void {
    const { facet: id, request, lacks } = frame
    const held = this.#context.facetOf(id)
    if (!held || !this.#context.clearance(session, 'send', held.facet.space, held.facet.genesis)) return
    this.#answers.add(session, {
      to: 'need',
      batch: READ_ENVELOPES_FIRST,
      facet: toHex(id),
      request,
      lacks,
      bytes
    })
  }

  onDone(session: Session, frame: Extract<Frame, { type: 'done' }>): void {
    this.asking.onDone(session, frame)
    this.#catchUp(session)
  }

  tick(session: Session): void {
    this.asking.tick(session)
    this.#catchUp(session)
  }

  /** Facets that were passed over are named again when we say what we have. */
  #catchUp(session: Session): void {
    if (session.passedOver.size === 0 || session.requests > 0 || session.opened.size > OPENED_MAX / 2) return
    for (const key of session.passedOver) {
      const space = this.#context.directory.spaces.get(key)
      if (space) this.#answers.compare(session, space)
    }
    session.passedOver.clear()
  }

  /** The facet of this genesis, made on first sight where policy would store it. */
  #hold(session: Session, space: SpaceLog, genesisBytes: Uint8Array): HeldFacet | undefined {
    const genesis = parseFacetGenesis(genesisBytes)
    if (isReject(genesis) || !equalBytes(genesis.space, space.id)) return undefined
    if (!this.#context.clearance(session, 'request', space, genesis)) return undefined
    const id = facetId(genesisBytes)
    const known = this.#context.facetOf(id)
    if (known) return known
    if (session.opened.size >= OPENED_MAX) {
      session.passedOver.add(toHex(space.id))
      return undefined
    }
    if (this.#sizeOf(space) >= SPACE_FACETS_MAX) return undefined
    const held = this.open(id, genesis, genesisBytes, space, false)
    if (!held) return undefined
    held.namedBy = session
    session.opened.add(toHex(id))
    return held
  }

  #sizeOf(space: SpaceLog): number {
    let size = 0
    for (const { facet } of this.#context.facets.values()) if (facet.space === space) size++
    return size
  }

  /** @returns undefined where this version knows no such kind. */
  open(
    id: Uint8Array,
    genesis: FacetGenesis,
    genesisBytes: Uint8Array,
    space: SpaceLog,
    stored: boolean
  ): HeldFacet | undefined {
    const layout = this.#layoutOf(genesis.kind)
    if (!layout) return undefined
    const held = { facet: new Facet(id, genesis, space, layout), genesisBytes, stored }
    this.#context.facets.set(toHex(id), held)
    return held
  }

  /** Forgets what only this session stood for: runs that wait, and facets that it named and never sent. */
  forget(session: Session): void {
    this.pending.forget(session)
    for (const id of session.opened) {
      const held = this.#context.facets.get(id)
      const heir = this.#context.open().find(other => other.lacking.has(id))
      if (!held) continue
      if (heir) {
        held.namedBy = heir
        heir.opened.add(id)
      } else this.#context.facets.delete(id)
    }
  }

  // ---- runs ---------------------------------------------------------------------------------------

  onRun(session: Session, frame: Run): void {
    const held = this.#context.facetOf(frame.facet)
    // Unknown and not-for-you look the same, whatever the run holds: silence (SYN-5).
    if (!held || !this.#context.clearance(session, 'store', held.facet.space, held.facet.genesis)) return
    const { now } = this.#context
    const { pushed } = session.allowances
    const within = pushed.mayGo(now)
    const asked = this.asking.isAsked(session, toHex(frame.facet), frame.request)
    if (asked) session.heardAt = now
    else this.#charge(session, frame)
    if (!this.#context.isOpen(session)) return
    const named = namedBy(frame)
    // Several peers may send the same; only the first is looked into.
    if (named && held.facet.find(named)) return noteHas(held, linkOf(session, toHex(frame.facet)), named)
    if (!asked && !within) return named && this.#readAsHead(session, held, named)
    const run = parseRun(frame.facet, frame.client, frame.records)
    if (isReject(run)) return this.#context.close(session, run, place(frame.facet, frame.client))
    this.take(held, run, session)
  }

  #charge(session: Session, { records }: Run): void {
    const { pushed } = session.allowances
    const bytes = records.reduce((sum, record) => sum + weigh(record), 0)
    pushed.spend(records.length, bytes, this.#context.now)
    if (pushed.floods(this.#context.now)) {
      this.#context.close(session, new Reject('push-flood', 'pushes far beyond the rate'), 'run')
    }
  }

  /** A push beyond the rate is not looked into: it names a head, which is asked for when its turn comes. */
  #readAsHead(session: Session, held: HeldFacet, { client, seq, id }: Tip): void {
    this.asking.note(session, held, [{ of: client, seq, id }])
    this.asking.ask(session)
  }

  /** The road in: bytes are parsed; now verify, decide, check. `own`: the key with which this node signed just now. */
  take(held: HeldFacet, run: ParsedRun, from: Session | undefined, own?: PublicKey): Reject | undefined {
    const { facet } = held
    const tip = tipOfRun(run)
    if (facet.find(tip)) {
      if (from) noteHas(held, linkOf(from, toHex(facet.id)), tip)
      return undefined
    }
    const allowed = this.#allow(held, run, from, own)
    if (allowed instanceof AllowedRun) return this.#admit(held, allowed, from, own !== undefined)
    if (isReject(allowed)) {
      this.#refuse(held, run, allowed, { from, own: own !== undefined })
      return allowed
    }
    this.#wait(held, run, allowed, from)
    return undefined
  }

  /** A peer answers for what is at fault; of a bundle it is told. Who wrote something here is answered. */
  #refuse(
    { facet }: HeldFacet,
    { client }: ParsedRun,
    reject: Reject,
    { from, own }: { from: Session | undefined; own: boolean }
  ): void {
    const where = place(facet.id, client)
    if (from && reject.fault) this.#context.close(from, reject, where)
    else if (!from && !own)
      this.#context.tell({ what: 'refused', did: undefined, peerId: 'bundle', reject, where })
  }

  #allow(
    held: HeldFacet,
    run: ParsedRun,
    from: Session | undefined,
    own: PublicKey | undefined
  ): AllowedRun | Wait | Reject {
    const { facet } = held
    const key = facet.keyOf(run)
    if (isReject(key) || 'for' in key) return key
    const verified = own === key ? trustOwn(run) : verifyRun(run, key)
    if (isReject(verified)) return verified
    const { directory, now } = this.#context
    const peer = from?.peer ?? directory.ownPeer
    const question = directory.question('store', peer, facet.space, facet.genesis, now)
    const allowed = decideRun(verified, question)
    if (allowed instanceof AllowedRun) return allowed
    this.#context.tell({ what: 'denied', did: peer.did, ...allowed, facet: toHex(facet.id) })
    return new Reject('denied', allowed.reason, false)
  }

  #admit(held: HeldFacet, allowed: AllowedRun, from: Session | undefined, own: boolean): Reject | undefined {
    const { facet } = held
    const { run } = allowed
    const admission = facet.admit(allowed)
    const { admitted, wait, reject, forks } = admission
    for (const { client, seq } of forks) {
      const { company } = unpackClient(client)
      this.#context.tell({ what: 'fork', facet: toHex(facet.id), client, seq, company })
    }
    if (admitted.length > 0) this.#keep(held, admission, { run, from, own })
    if (wait) this.#wait(held, run, wait, from)
    if (reject) this.#refuse(held, run, reject, { from, own })
    if (admitted.length > 0) this.retry(held)
    return reject
  }

  /**
   * Stores what was admitted, shows it, and passes it on: what others wrote once it is durable, our own at once.
   * If the power fails before our disk has it, peers give it back, and the lane is not gone on with (ENV-26).
   */
  #keep(
    held: HeldFacet,
    { admitted, document }: Admission,
    { run, from, own }: { run: ParsedRun; from: Session | undefined; own: boolean }
  ): void {
    const id = toHex(held.facet.id)
    const envelopes = admitted.map(({ envelope }) => envelope)
    const writes: StoreWrite[] = envelopes.map(
      ({ headerBytes: header, signature, body, client, header: { seq }, id }) => {
        return {
          kind: 'envelope',
          facet: held.facet.id,
          client,
          seq,
          id,
          record: { header, signature, body },
          own
        }
      }
    )
    if (!held.stored) {
      held.stored = true
      held.namedBy?.opened.delete(id)
      delete held.namedBy
      writes.unshift({ kind: 'put', table: 'facet', key: id, bytes: held.genesisBytes })
      this.#context.tell({ what: 'facet', facet: id })
    }
    const request = from?.facets.get(id)?.request
    if (request) request.progress = true
    const passOn = () => this.#admitted(held, { ...run, envelopes }, from)
    this.#context.write(writes, () => {
      if (document === 'rebuild') this.#context.emit({ do: 'rebuild', facet: id })
      if (!own) passOn()
    })
    if (own) passOn()
    if (document !== 'append') return
    const updates = admitted.map(({ update }) => update)
    const { client } = run
    this.#context.emit({ do: 'apply', facet: id, client, updates, frontier: held.facet.frontier() })
  }

  /**
   * Holds a run for what it lacks, and asks its sender, if there is one, for that: a sender sends causes first. The run itself
   * counts as named, so that it is asked for again should it not be kept.
   */
  #wait(held: HeldFacet, run: ParsedRun, wait: Wait, from: Session | undefined): void {
    if (from && !this.#context.isOpen(from)) return
    this.pending.hold(toHex(held.facet.id), run, wait, from)
    if (!from) return
    const { client, seq, id } = tipOfRun(run)
    const heads: Head[] = [{ of: client, seq, id }]
    if (wait.for === 'envelope') heads.push({ of: wait.client, seq: wait.seq, id: wait.id })
    else from.unchecked.add(toHex(held.facet.space.id))
    this.asking.note(from, held, heads)
    this.asking.ask(from)
  }

  /** Lets those go on whose wait is over. What they bring may end further waits: a loop, not a recursion. */
  retry(held: HeldFacet): void {
    if (this.#retrying) return
    this.#retrying = true
    const { facet } = held
    const isOver = (wait: Wait) =>
      wait.for === 'entry' ? facet.space.entry(wait.id) !== undefined : facet.find(wait) !== undefined
    for (;;) {
      const ready = this.pending.release(toHex(facet.id), isOver)
      if (ready.length === 0) break
      for (const { run, from } of ready) if (!from || this.#context.isOpen(from)) this.take(held, run, from)
    }
    this.#retrying = false
  }

  // ---- presence ---------------------------------------------------------------------------------

  onPresence(session: Session, { facet: id, bytes }: Extract<Frame, { type: 'presence' }>): void {
    const held = this.#context.facetOf(id)
    const { pushed } = session.allowances
    if (!held || !session.peer || !pushed.mayGo(this.#context.now)) return
    if (!this.#context.clearance(session, 'announce', held.facet.space, held.facet.genesis)) return
    pushed.spend(1, bytes.length, this.#context.now)
    this.#context.emit({ do: 'presence', facet: toHex(id), from: session.peer.did, bytes })
  }

  /**
   * Cursors and names of people who look at a facet now: to all who may see it, kept nowhere. What does not
   * fit now is dropped, since the next word replaces it.
   */
  present(id: string, bytes: Uint8Array): void {
    const held = this.#context.facets.get(id)
    if (!held || bytes.length > PRESENCE_BYTES_MAX) return
    const { facet } = held
    for (const session of this.#context.open()) {
      const { pushing } = session.allowances
      if (!this.#context.hasRoom(session) || !pushing.mayGo(this.#context.now)) continue
      const frame = { type: 'presence', facet: facet.id, bytes } as const
      const sent = this.#context.send(session, frame, facet.space, facet.genesis)
      if (sent > 0) pushing.spend(1, bytes.length, this.#context.now)
    }
  }
}

function tipOfRun(run: ParsedRun): Tip {
  const last = run.envelopes.at(-1) as ParsedRun['envelopes'][number]
  return { client: run.client, seq: last.header.seq, id: last.id }
}

/** The envelope that a run says it ends with, before anything else is looked at. */
function namedBy({ facet, client, records }: Run): Tip | undefined {
  const last = records.at(-1)
  const header = last && parseHeader(last.header)
  if (!last || !header || isReject(header)) return undefined
  return { client, seq: header.seq, id: envelopeId(facet, client, last.header) }
}

function place(facet: Uint8Array, client: number): string {
  return `facet ${toHex(facet)} lane ${client}`
}
