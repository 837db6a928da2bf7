// Keeping facets equal: what peers name, and the one road by which their envelopes come in.
// protocols/sync, sections 6 and 7.
import type { PublicKey } from '../identity/ed25519.ts'
import { trustOwn, verifyRun } from '../identity/verify.ts'
import { AllowedRun, decideRun } from '../policy/decide.ts'
import { type Admission, type Admitted, type Tip, type Wait } from '../replica/facet.ts'
import { toHex } from '../wire/bytes.ts'
import {
  type Envelope,
  type EnvelopeRecord,
  type ParsedRun,
  envelopeId,
  parseHeader,
  parseRun,
  recordOf
} from '../wire/envelope.ts'
import { unpackClient } from '../wire/lane.ts'
import type { Layout } from '../wire/layout.ts'
import { type PresenceState, encodePresence, isGone, parsePresence } from '../wire/presence.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { type Answers, READ_ENVELOPES_FIRST } from './answers.ts'
import { Asking, noteHas } from './asking.ts'
import type { Context, HeldFacet } from './context.ts'
import type { StoreWrite } from './effects.ts'
import { type Frame, type Head, PRESENCE_BYTES_MAX, weigh } from './frame.ts'
import { Openings } from './openings.ts'
import { Pending } from './pending.ts'
import { LEARNED_BYTES } from './quota.ts'
import { type Session, linkOf } from './session.ts'

/** Views of one node that look at one facet at a time. */
const VIEWS_MAX = 64

type Run = Extract<Frame, { type: 'run' }>
type OnAdmitted = (held: HeldFacet, run: FreshRun, from: Session | undefined) => void

/** New envelopes of one lane as others get them: what was read of them is let go of while the disk writes. */
export interface FreshRun {
  /** Seq of the first. */
  seq: number
  tip: Tip
  records: EnvelopeRecord[]
}

export class FacetSync {
  readonly #context: Context
  readonly #answers: Answers
  readonly #admitted: OnAdmitted
  readonly pending = new Pending()
  readonly asking: Asking
  readonly openings: Openings
  #retrying = false

  /** `admitted`: these envelopes may go on to others. */
  constructor(
    context: Context,
    answers: Answers,
    layoutOf: (kind: string) => Layout | undefined,
    admitted: OnAdmitted
  ) {
    this.#context = context
    this.#answers = answers
    this.openings = new Openings(context, answers, layoutOf)
    this.#admitted = admitted
    this.asking = new Asking(context, this.pending)
  }

  // ---- what each side has -----------------------------------------------------------------------

  onSummary(session: Session, { space: id, hash }: Extract<Frame, { type: 'summary' }>): void {
    const space = this.#context.spaceFor(session, id)
    if (space) this.#answers.compare(session, space, hash)
  }

  onHeads(session: Session, { space: id, facets }: Extract<Frame, { type: 'heads' }>): void {
    const space = this.#context.spaceFor(session, id)
    if (!space) return
    for (const { genesis, tips } of facets) {
      const held = this.openings.hold(session, space, genesis)
      if (held) this.asking.note(session, held, tips)
    }
    this.asking.ask(session)
  }

  onNeed(session: Session, frame: Extract<Frame, { type: 'need' }>, bytes: number): void {
    const { facet: id, request, lacks } = frame
    if (!this.#context.facetFor(session, 'send', id)) return
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
    this.openings.catchUp(session)
  }

  tick(session: Session): void {
    this.asking.tick(session)
    this.openings.catchUp(session)
  }

  /** A session is over: runs that it brought wait no more, and facets that it alone stood for are forgotten. */
  forget(session: Session): void {
    this.pending.forget(session)
    this.openings.forget(session)
  }

  // ---- runs ---------------------------------------------------------------------------------------

  onRun(session: Session, frame: Run): void {
    // Unknown and not-for-you look the same, whatever the run holds: silence (SYN-5).
    const held = this.#context.facetFor(session, 'store', frame.facet)
    if (!held) return
    const { now } = this.#context
    const { pushed } = session.allowances
    const within = pushed.mayGo(now)
    const asked = this.asking.isAsked(session, toHex(frame.facet), frame.request)
    if (asked) session.heardAt = this.#context.steady
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
    const tip = tipOf(run.envelopes)
    if (facet.find(tip)) {
      if (from) noteHas(held, linkOf(from, toHex(facet.id)), tip)
      return undefined
    }
    if (from && this.#isHeldBack(held, run, from)) return undefined
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

  /**
   * What there is no room for stays with its sender, and what others wrote in a document waits for its owner's
   * first word, or they could open documents in its name (SYN-38, SYN-39).
   */
  #isHeldBack(held: HeldFacet, run: ParsedRun, from: Session): boolean {
    const { facet } = held
    const { client, seq, id } = tipOf(run.envelopes)
    const head: Head = { of: client, seq, id }
    const isNew = facet.size === 0
    if (this.asking.isHeldBack(from, facet, client) || (isNew && !this.openings.isWelcome(from, facet))) {
      this.asking.holdBack(from, held, head)
      return true
    }
    if (!isNew || !this.#context.isLimited(from) || unpackClient(client).company === facet.genesis.owner) {
      return false
    }
    this.asking.note(from, held, [head])
    return true
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
    const id = toHex(facet.id)
    this.#context.tell({ what: 'denied', did: peer.did, ...allowed, facet: id })
    this.#context.journal?.denied(facet.space, facet.id, peer.did, allowed.rule)
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
    const writes = envelopes.map((envelope): StoreWrite => ({ kind: 'envelope', facet: id, envelope, own }))
    const author = held.facet.space.parties[unpackClient(run.client).company]
    writes.push(...this.#context.charge(from, 'envelopes', author, costOf(admitted)))
    if (!held.stored) {
      held.stored = true
      this.#context.quota.addDocument(held.facet.space.id, held.facet.genesis.owner)
      held.namedBy?.opened.delete(id)
      delete held.namedBy
      writes.unshift({ kind: 'put', table: 'facet', key: id, bytes: held.genesisBytes })
      this.#context.tell({ what: 'facet', facet: id })
    }
    const { company } = unpackClient(run.client)
    if (from?.peer && company === this.#context.directory.ownIndex(held.facet.space)) {
      const { did } = from.peer
      this.#context.tell({
        what: 'own-returned',
        did,
        facet: id,
        client: run.client,
        envelopes: envelopes.length
      })
    }
    const request = from?.facets.get(id)?.request
    if (request) request.progress = true
    const { seq } = (envelopes[0] as Envelope).header
    const fresh = { seq, tip: tipOf(envelopes), records: envelopes.map(recordOf) }
    this.#context.write(writes, () => {
      this.#context.journal?.moved(held, fresh.tip)
      if (!own) this.#admitted(held, fresh, from)
    })
    if (own) this.#admitted(held, fresh, from)
    // At once, or what is appended next would stand on words that the document does not show.
    if (document === 'rebuild') this.#context.emit({ do: 'rebuild', facet: id })
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
    const { client, seq, id } = tipOf(run.envelopes)
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
    const { pushed } = session.allowances
    const held = this.#context.facetFor(session, 'announce', id)
    if (!held || !session.peer || !pushed.mayGo(this.#context.now)) return
    pushed.spend(1, bytes.length, this.#context.now)
    const states = this.#statesOf(session, session.peer.did, held, bytes)
    if (states.length === 0) return
    const { did } = session.peer
    this.#context.emit({ do: 'presence', facet: toHex(id), from: did, bytes: encodePresence(states) })
  }

  /** What is said of views that are the peer's own, and not too many of them. */
  #statesOf(session: Session, did: string, { facet }: HeldFacet, bytes: Uint8Array): PresenceState[] {
    const company = facet.space.companyOf(did)
    const { views } = linkOf(session, toHex(facet.id))
    return (parsePresence(bytes) ?? []).filter(state => {
      if (unpackClient(state.client).company !== company) return false
      if (isGone(state)) return views.delete(state.client)
      if (views.size < VIEWS_MAX) views.add(state.client)
      return views.has(state.client)
    })
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

/** Bytes in the store, and in memory where that is more. */
function costOf(admitted: Admitted[]): number {
  return admitted.reduce((sum, { envelope, learned }) => {
    const { headerBytes, signature, body } = envelope
    return sum + headerBytes.length + signature.length + body.length + learned.size * LEARNED_BYTES
  }, 0)
}

function tipOf(envelopes: Envelope[]): Tip {
  const { client, header, id } = envelopes.at(-1) as Envelope
  return { client, seq: header.seq, id }
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
