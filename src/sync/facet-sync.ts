// Keeping facets equal: summaries, heads, needs, runs, receipts. protocols/sync, section 6.
import { verifyRun } from '../identity/verify.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { AllowedRun, decideRun } from '../policy/decide.ts'
import { type Admission, Facet, type Tip, type Wait } from '../replica/facet.ts'
import { concatBytes, equalBytes, toHex, utf8 } from '../wire/bytes.ts'
import { type ParsedRun, parseRun } from '../wire/envelope.ts'
import { type FacetGenesis, facetId, parseFacetGenesis } from '../wire/genesis.ts'
import { sha256 } from '../wire/hash.ts'
import { laneId, unpackClient } from '../wire/lane.ts'
import type { Layout } from '../wire/layout.ts'
import { Reject, isReject } from '../wire/reject.ts'
import type { Context, HeldFacet } from './context.ts'
import type { StoreWrite } from './effects.ts'
import { FACETS_MAX, type Frame, type Head, TIPS_MAX } from './frame.ts'
import { Pending } from './pending.ts'
import { headOf, lacksOf } from './serving.ts'
import { type FacetLink, type Session, linkOf } from './session.ts'

const SUMMARY_LABEL = utf8('parley/summary/1\n')
/** Awareness states of the views of one node. */
export const PRESENCE_BYTES_MAX = 16_384
/** Facets that one space may hold. */
export const SPACE_FACETS_MAX = 10_000

type Run = Extract<Frame, { type: 'run' }>

export class FacetSync {
  readonly #context: Context
  readonly #layoutOf: (kind: string) => Layout | undefined
  readonly #admitted: (held: HeldFacet, run: ParsedRun, from: Session | undefined) => void
  readonly pending: Pending

  /** `admitted`: these envelopes are durable and may go on to others. */
  constructor(
    context: Context,
    layoutOf: (kind: string) => Layout | undefined,
    admitted: (held: HeldFacet, run: ParsedRun, from: Session | undefined) => void
  ) {
    this.#context = context
    this.#layoutOf = layoutOf
    this.#admitted = admitted
    this.pending = new Pending()
  }

  // ---- what each side has -----------------------------------------------------------------------

  /** One hash over all that this peer may see of a space: an idle reconnect costs no more. */
  summarize(session: Session, space: SpaceLog): void {
    const hash = this.#summaryOf(session, space)
    this.#context.send(session, { type: 'summary', space: space.id, hash }, space)
  }

  #summaryOf(session: Session, space: SpaceLog): Uint8Array {
    const parts: Uint8Array[] = [SUMMARY_LABEL]
    for (const { facet } of this.#visible(session, space)) {
      for (const tip of facet.tips()) parts.push(laneId(facet.id, tip.client), tip.id)
    }
    return sha256(concatBytes(...parts))
  }

  #visible(session: Session, space: SpaceLog): HeldFacet[] {
    const held = [...this.#context.facets.entries()].filter(([, { facet }]) => facet.space === space)
    return held
      .filter(([, { facet }]) => this.#context.clearance(session, 'announce', space, facet.genesis))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, facet]) => facet)
  }

  onSummary(session: Session, { space: id, hash }: Extract<Frame, { type: 'summary' }>): void {
    const space = this.#context.directory.spaceOf(id)
    if (!space || !this.#context.clearance(session, 'announce', space)) return
    if (equalBytes(this.#summaryOf(session, space), hash)) return
    for (const held of this.#visible(session, space)) this.announce(session, held)
  }

  /** Names the heads of one facet. */
  announce(session: Session, { facet, genesisBytes }: HeldFacet): void {
    const tips = facet.tips().map(headOf)
    for (let i = 0; i < tips.length; i += TIPS_MAX) {
      const facets = [{ genesis: genesisBytes, tips: tips.slice(i, i + TIPS_MAX) }]
      this.#context.send(
        session,
        { type: 'heads', space: facet.space.id, facets },
        facet.space,
        facet.genesis
      )
    }
  }

  onHeads(session: Session, { space: id, facets }: Extract<Frame, { type: 'heads' }>): void {
    const space = this.#context.directory.spaceOf(id)
    if (!space || !session.peer) return
    if (facets.length > FACETS_MAX) return
    for (const { genesis, tips } of facets) {
      const held = this.#hold(session, space, genesis)
      if (!held) continue
      const link = linkOf(session, toHex(held.facet.id))
      link.announced = mergeHeads(held, link.announced, tips)
      for (const head of tips) noteHas(held, link, { client: head.of, seq: head.seq, id: head.id })
      this.need(session, held)
    }
  }

  /** The facet of this genesis, made on first sight where policy would store it. */
  #hold(session: Session, space: SpaceLog, genesisBytes: Uint8Array): HeldFacet | undefined {
    const genesis = parseFacetGenesis(genesisBytes)
    if (isReject(genesis) || !equalBytes(genesis.space, space.id)) return undefined
    const id = facetId(genesisBytes)
    const known = this.#context.facetOf(id)
    if (known) return this.#context.clearance(session, 'request', space, genesis) ? known : undefined
    if (!this.#context.clearance(session, 'request', space, genesis)) return undefined
    if (this.#context.facets.size >= SPACE_FACETS_MAX) return undefined
    return this.open(id, genesis, genesisBytes, space, false)
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

  /** Asks for what the peer has named and we lack, one request at a time. */
  need(session: Session, held: HeldFacet): void {
    const { facet } = held
    const link = linkOf(session, toHex(facet.id))
    if (link.request !== undefined) {
      link.again = true
      return
    }
    const lacks = lacksOf(facet, link.announced)
    if (lacks.length === 0) {
      this.#context.tell({ what: 'in-sync', did: session.peer?.did ?? '', facet: toHex(facet.id) })
      return
    }
    link.request = this.#context.token(() => {})
    const frame: Frame = {
      type: 'need',
      facet: facet.id,
      request: link.request,
      lacks: lacks.slice(0, TIPS_MAX)
    }
    this.#context.send(session, frame, facet.space, facet.genesis)
  }

  onDone(session: Session, { facet: id, request }: Extract<Frame, { type: 'done' }>): void {
    const held = this.#context.facetOf(id)
    const link = held && session.facets.get(toHex(id))
    if (!held || !link || link.request !== request) return
    delete link.request
    const { again } = link
    link.again = false
    if (again || lacksOf(held.facet, link.announced).length === 0) this.need(session, held)
  }

  // ---- runs ---------------------------------------------------------------------------------------

  onRun(session: Session, frame: Run): void {
    const held = this.#context.facetOf(frame.facet)
    // Unknown and not-for-you look the same: silence.
    if (!held || !session.peer) return
    const run = parseRun(frame.facet, frame.client, frame.records)
    if (isReject(run)) return this.#context.close(session, run, place(frame.facet, frame.client))
    this.take(held, run, session)
  }

  /** The road in: bytes are parsed; now verify, decide, check. `own`: this node wrote them just now. */
  take(held: HeldFacet, run: ParsedRun, from: Session | undefined, own = false): Reject | undefined {
    const { facet } = held
    const last = run.envelopes.at(-1)
    if (!last) return undefined
    const tip: Tip = { client: run.client, seq: last.header.seq, id: last.id }
    if (facet.find(tip)) {
      if (from) noteHas(held, linkOf(from, toHex(facet.id)), tip)
      return undefined
    }
    const allowed = this.#allow(held, run, from)
    if (allowed instanceof AllowedRun) return this.#admit(held, allowed, from, own)
    if (allowed && !isReject(allowed)) this.#wait(held, run, allowed, from)
    if (isReject(allowed) && from) this.#context.close(from, allowed, place(facet.id, run.client))
    return isReject(allowed) ? allowed : undefined
  }

  #allow(held: HeldFacet, run: ParsedRun, from: Session | undefined): AllowedRun | Wait | Reject | undefined {
    const { facet } = held
    const key = facet.keyOf(run)
    if (isReject(key) || 'for' in key) return key
    const verified = verifyRun(run, key)
    if (isReject(verified)) return verified
    const { directory, now } = this.#context
    const peer = from?.peer ?? directory.ownPeer
    const question = directory.question('store', peer, facet.space, facet.genesis, now)
    const allowed = decideRun(verified, question)
    if (allowed instanceof AllowedRun) return allowed
    this.#context.tell({ what: 'denied', did: peer.did, ...allowed, facet: toHex(facet.id) })
    return undefined
  }

  #admit(held: HeldFacet, allowed: AllowedRun, from: Session | undefined, own: boolean): Reject | undefined {
    const { facet } = held
    const { run } = allowed
    const admission = facet.admit(allowed)
    const { admitted, wait, reject, forks } = admission
    for (const { client, seq } of forks) {
      this.#context.tell({
        what: 'fork',
        facet: toHex(facet.id),
        client,
        seq,
        company: unpackClient(client).company
      })
    }
    if (admitted.length > 0) this.#keep(held, admission, { run, from, own })
    if (wait) this.#wait(held, run, wait, from)
    if (reject && from) this.#context.close(from, reject, place(facet.id, run.client))
    if (admitted.length > 0) this.retry(held)
    return reject
  }

  /** Stores what was admitted, shows it, and passes it on once it is durable. */
  #keep(
    held: HeldFacet,
    { admitted, document }: Admission,
    { run, from, own }: { run: ParsedRun; from: Session | undefined; own: boolean }
  ): void {
    const id = toHex(held.facet.id)
    const envelopes = admitted.map(({ envelope }) => envelope)
    const writes: StoreWrite[] = envelopes.map(
      ({ headerBytes: header, signature, body, client, header: { seq }, id }) => ({
        kind: 'envelope',
        facet: held.facet.id,
        client,
        seq,
        id,
        record: { header, signature, body },
        own
      })
    )
    if (!held.stored) {
      held.stored = true
      writes.unshift({ kind: 'put', table: 'facet', key: id, bytes: held.genesisBytes })
      this.#context.tell({ what: 'facet', facet: id })
    }
    this.#context.write(writes, () => {
      if (document === 'rebuild') this.#context.emit({ do: 'rebuild', facet: id })
      this.#admitted(held, { ...run, envelopes }, from)
    })
    if (document !== 'append') return
    const updates = admitted.map(({ update }) => update)
    this.#context.emit({ do: 'apply', facet: id, updates, frontier: held.facet.frontier() })
  }

  /** Holds a run for what it lacks, and asks its sender for that: a sender sends causes first. */
  #wait(held: HeldFacet, run: ParsedRun, wait: Wait, from: Session | undefined): void {
    const id = toHex(held.facet.id)
    if (!from || !this.pending.hold(id, run, wait, from) || wait.for !== 'envelope') return
    const link = linkOf(from, id)
    link.announced = mergeHeads(held, link.announced, [{ of: wait.client, seq: wait.seq, id: wait.id }])
    this.need(from, held)
  }

  /** Lets those go on whose wait is over. */
  retry(held: HeldFacet): void {
    const ready = this.pending.release(toHex(held.facet.id), wait => {
      if (wait.for === 'entry') return held.facet.space.entry(wait.id) !== undefined
      return held.facet.find(wait) !== undefined
    })
    for (const { run, from } of ready) if (this.#context.sessions.has(from.id)) this.take(held, run, from)
  }

  // ---- presence ---------------------------------------------------------------------------------

  /** Cursors and names of people who look at a facet now: to all who may see it, kept nowhere. */
  present(facet: string, bytes: Uint8Array): void {
    const held = this.#context.facets.get(facet)
    if (!held || bytes.length > PRESENCE_BYTES_MAX) return
    const { facet: { id, space, genesis } } = held
    for (const session of this.#context.open()) {
      this.#context.send(session, { type: 'presence', facet: id, bytes }, space, genesis)
    }
  }

  onPresence(session: Session, { facet: id, bytes }: Extract<Frame, { type: 'presence' }>): void {
    const held = this.#context.facetOf(id)
    if (!held || !session.peer || bytes.length > PRESENCE_BYTES_MAX) return
    if (!this.#context.clearance(session, 'announce', held.facet.space, held.facet.genesis)) return
    this.#context.emit({ do: 'presence', facet: toHex(id), from: session.peer.did, bytes })
  }
}

/** Remembers a head of the peer's, the latest of each lane that we know. */
export function noteHas(held: HeldFacet, link: FacetLink, tip: Tip): void {
  const before = link.has.get(tip.client)
  if (held.facet.find(tip) && (!before || before.seq < tip.seq)) link.has.set(tip.client, tip)
}

/** What was named and is still lacking, and what is named now. */
function mergeHeads({ facet }: HeldFacet, a: Head[], b: Head[]): Head[] {
  const lacking = a.filter(({ of, seq, id }) => !facet.find({ client: of, seq, id }))
  const fresh = b.filter(
    head => !lacking.some(other => other.of === head.of && equalBytes(other.id, head.id))
  )
  return [...lacking, ...fresh].slice(-TIPS_MAX)
}

function place(facet: Uint8Array, client: number): string {
  return `facet ${toHex(facet)} lane ${client}`
}
