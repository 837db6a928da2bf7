// The node's protocol as one state machine: events and time go in, effects come out. It knows no socket, no
// disk and no clock, so that thousands of nodes run in one process from one seed. protocols/sync.
import type { Message, MessageRecord } from '../decision/message.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { toHex } from '../wire/bytes.ts'
import type { Layout } from '../wire/layout.ts'
import { type Reject, isReject } from '../wire/reject.ts'
import { Answers } from './answers.ts'
import { type AuditOptions, Audit } from './audit.ts'
import { noteHas } from './asking.ts'
import { type ChainOptions, Chains } from './chains.ts'
import { Context, type HeldFacet } from './context.ts'
import { DecisionAnswers } from './decision-answers.ts'
import { DecisionBook } from './decision-book.ts'
import { DecisionSync } from './decisions.ts'
import type { Directory } from './directory.ts'
import type { Effect, Event } from './effects.ts'
import { type FreshRun, FacetSync } from './facet-sync.ts'
import { type Frame, parseFrame, weigh } from './frame.ts'
import { Greeting } from './greeting.ts'
import { QUOTA, type QuotaLimits } from './quota.ts'
import { Receipts } from './receipts.ts'
import { type Session, linkOf } from './session.ts'
import { SpaceSync } from './space-sync.ts'
import { Summaries } from './summaries.ts'

/** What is equal is compared again this often, in case something was missed. */
const COMPARE_MS = 60_000

export interface CoreOptions {
  directory: Directory
  /** DSSE bytes of this node's certificate, read anew for each connection since it is renewed. */
  certificate: () => Uint8Array
  /** Signs receipts with the node's key. */
  signAsNode: (message: Uint8Array) => Uint8Array
  layoutOf: (kind: string) => Layout | undefined
  /** What one company may make this node store. */
  quota?: QuotaLimits
  /** Whether this node enters what its company signs in space logs, and of which it knows where they end. SYN-54. */
  chains?: ChainOptions
  /** Without it the node writes no logs and witnesses none: for looking at what is stored. */
  audit?: AuditOptions
}

export class Core {
  readonly context: Context
  readonly greeting: Greeting
  readonly spaces: SpaceSync
  readonly chains: Chains
  readonly facets: FacetSync
  readonly receipts: Receipts
  readonly decisions: DecisionSync
  readonly audit: Audit | undefined
  readonly #answers: Answers
  #comparedAt = 0

  constructor(options: CoreOptions) {
    const { directory, certificate, signAsNode, layoutOf, quota = QUOTA, chains, audit } = options
    this.context = new Context(directory, quota, session => this.#ended(session))
    const book = new DecisionBook()
    const said = new DecisionAnswers(this.context, book)
    this.#answers = new Answers(this.context, new Summaries(this.context), said)
    this.decisions = new DecisionSync(this.context, book, this.#answers, said)
    this.greeting = new Greeting(
      this.context,
      certificate,
      session => this.#opened(session),
      did => this.#identityGrew(did)
    )
    this.spaces = new SpaceSync(this.context, this.greeting, this.#answers, space => this.#spaceGrew(space))
    this.chains = new Chains(this.context, this.spaces, chains)
    this.facets = new FacetSync(this.context, this.#answers, layoutOf, (held, run, from) =>
      this.#passOn(held, run, from)
    )
    this.receipts = new Receipts(this.context, signAsNode)
    this.audit = audit && new Audit(this.context, audit, signAsNode)
    this.context.journal = this.audit?.own
  }

  /** A message of a decision that was signed here: written, then given to all that policy clears. DEC-29 */
  say(record: MessageRecord): Message | Reject {
    return this.decisions.say(record)
  }

  /** Takes one event at a time (`now` in ms since 1970) and says what is to be done. */
  step(event: Event, now: number): Effect[] {
    this.context.at(now)
    this.#take(event)
    return this.context.takeEffects()
  }

  /** Runs local work, such as an edit, in the same way. */
  perform<T>(now: number, work: (core: this) => T): { result: T; effects: Effect[] } {
    this.context.at(now)
    const result = work(this)
    this.context.endWeakened()
    return { result, effects: this.context.takeEffects() }
  }

  #take(event: Event): void {
    if (event.on === 'session') return this.greeting.start(event.session, event.peerId, event.inbound)
    if (event.on === 'written') return this.context.resume(event.token)
    if (event.on === 'read') return this.#answers.onRead(event.token, event.records)
    if (event.on === 'tick') return this.#tick()
    const session = this.context.sessions.get(event.session)
    if (!session) return
    if (event.on === 'closed') return this.context.closed(session)
    if (event.on === 'frame') return this.#frame(session, event.bytes)
    session.inFlight = Math.max(0, session.inFlight - event.bytes)
    this.#goOn(session)
  }

  #frame(session: Session, bytes: Uint8Array): void {
    const frame = parseFrame(bytes)
    if (isReject(frame)) return this.context.close(session, frame, 'frame')
    switch (frame.type) {
      case 'hello':
        return this.greeting.onHello(session, frame)
      case 'want-identity':
        if (this.greeting.mayHaveIdentity(session, frame.did)) {
          this.#answers.add(session, { to: 'want-identity', ...frame, bytes: bytes.length })
        }
        return undefined
      case 'identity':
        this.greeting.onIdentity(session, frame)
        return this.spaces.lookAtProspects(session)
      case 'bye':
        return undefined
    }
    // Nothing else is heard from a peer that has not said who it is.
    if (session.peer) this.#openFrame(session, frame, bytes.length)
  }

  #openFrame(
    session: Session,
    frame: Exclude<Frame, { type: 'hello' | 'want-identity' | 'identity' | 'bye' }>,
    bytes: number
  ): void {
    switch (frame.type) {
      case 'spaces':
        return this.spaces.onSpaces(session, frame)
      case 'want-space':
        return this.spaces.onWantSpace(session, frame, bytes)
      case 'entries':
        return this.spaces.onEntries(session, frame)
      case 'append':
        return this.chains.onAppend(session, frame)
      case 'declined':
        return this.chains.onDeclined(session, frame)
      case 'summary':
        return this.facets.onSummary(session, frame)
      case 'heads':
        return this.facets.onHeads(session, frame)
      case 'need':
        return this.facets.onNeed(session, frame, bytes)
      case 'run':
        return this.facets.onRun(session, frame)
      case 'done':
        return this.facets.onDone(session, frame)
      case 'receipt':
        return this.receipts.onReceipt(session, frame)
      case 'presence':
        return this.facets.onPresence(session, frame)
      case 'decision-summary':
        return this.decisions.onSummary(session, frame)
      case 'decisions':
        return this.decisions.onDecisions(session, frame)
      case 'want-messages':
        return this.decisions.onWant(session, frame, bytes)
      case 'messages':
        return this.decisions.onMessages(session, frame)
      default:
        return this.audit?.onFrame(session, frame)
    }
  }

  #opened(session: Session): void {
    this.spaces.list(session)
    this.audit?.witnessing.show(session)
  }

  #ended(session: Session): void {
    this.facets.forget(session)
    this.context.tell({ what: 'session-closed', did: session.peer?.did, peerId: session.peerId })
  }

  /** What had to wait for room or for time. */
  #goOn(session: Session): void {
    if (session.peer) this.spaces.goOn(session)
    this.#answers.pump(session)
  }

  #tick(): void {
    this.greeting.expire()
    this.context.endWeakened()
    this.receipts.flush()
    this.audit?.tick()
    for (const session of this.context.open()) {
      this.#goOn(session)
      this.facets.tick(session)
      this.decisions.asking.tick(session)
    }
    if (this.context.steady - this.#comparedAt < COMPARE_MS) return
    this.#comparedAt = this.context.steady
    for (const session of this.context.open()) this.spaces.list(session)
  }

  /** Entries of this company's chains may be readable now, and revocations may apply. */
  #identityGrew(did: string): void {
    this.context.endWeakened()
    for (const space of this.context.directory.spaces.values()) {
      if (space.companyOf(did) === undefined) continue
      for (const session of this.context.open()) {
        this.spaces.list(session, space)
        this.spaces.lookAgain(session, space)
      }
    }
  }

  #spaceGrew(space: SpaceLog): void {
    this.context.endWeakened()
    for (const [id, held] of this.context.facets) {
      if (held.facet.space !== space) continue
      if (held.facet.spaceChanged() === 'rebuild') this.context.emit({ do: 'rebuild', facet: id })
      this.facets.retry(held)
    }
  }

  // ---- passing on -------------------------------------------------------------------------------

  /** New envelopes, durable here, go to every peer that has what comes before them and reads fast enough. */
  #passOn(held: HeldFacet, run: FreshRun, from: Session | undefined): void {
    const { facet } = held
    const id = toHex(facet.id)
    const { tip } = run
    if (from && this.context.isOpen(from)) {
      const link = linkOf(from, id)
      noteHas(held, link, tip)
      link.owesReceipt = true
      this.receipts.due()
    }
    for (const session of this.context.open()) {
      if (session === from || !this.context.clearance(session, 'send', facet.space, facet.genesis)) continue
      if (this.#push(session, held, run)) noteHas(held, linkOf(session, id), tip)
      else {
        session.owesHeads.add(id)
        this.#answers.pump(session)
      }
    }
  }

  /** @returns whether the run went out: else its head is named, and the peer asks when it wants to. */
  #push(session: Session, held: HeldFacet, { seq, tip, records }: FreshRun): boolean {
    const { client } = tip
    const { now } = this.context
    const { pushing } = session.allowances
    const link = linkOf(session, toHex(held.facet.id))
    const has = link.has.get(client)
    const follows = link.named && (seq === 0 || (has !== undefined && has.seq >= seq - 1))
    const fits = this.context.hasRoom(session) && session.answers.length === 0 && pushing.mayGo(now)
    if (!follows || !fits || !this.#answers.sendRun(session, held, tip, 0, records)) return false
    const bytes = records.reduce((sum, record) => sum + weigh(record), 0)
    pushing.spend(records.length, bytes, now)
    return true
  }
}
