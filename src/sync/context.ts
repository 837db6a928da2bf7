// What the parts of the core share: the directory, the facets, the sessions, the time of this step and the
// effects that it has called for so far. protocols/sync, section 2.
import { Clearance, type Question } from '../policy/decide.ts'
import type { Facet } from '../replica/facet.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { toHex } from '../wire/bytes.ts'
import type { FacetGenesis } from '../wire/genesis.ts'
import { Reject } from '../wire/reject.ts'
import type { Auditing } from './auditing.ts'
import type { Directory, Peer } from './directory.ts'
import type { Effect, News, StoreWrite } from './effects.ts'
import { type Frame, encodeFrame } from './frame.ts'
import { type Account, Quota, type QuotaLimits } from './quota.ts'
import { isWeaker } from './rights.ts'
import type { Session } from './session.ts'

/** A peer that broke a rule is left alone this long. */
export const BAN_MS = 60_000
/** Sends that a peer may leave unread before we stop making more for it. */
export const IN_FLIGHT_BYTES_MAX = 512 * 1024
/** And before we let it go: what is owed anyhow, such as requests of ours, is never this much. */
export const UNREAD_BYTES_MAX = 4 * 1024 * 1024

/** Frames that name nothing of ours: who we are, and ids that the peer itself named first. */
type GreetingFrame = Extract<Frame, { type: 'hello' | 'want-identity' | 'identity' | 'want-space' | 'bye' }>

/** Frames about decisions, for which policy has an answer of their own (DEC-28). */
export type DecisionFrame = Extract<
  Frame,
  { type: 'decision-summary' | 'decisions' | 'want-messages' | 'messages' }
>

type Direction = Question['direction']

export interface HeldFacet {
  facet: Facet
  genesisBytes: Uint8Array
  /** The genesis is in the store; it goes there with the first envelope. */
  stored: boolean
  /** The session that named the facet, while nothing of it has come. */
  namedBy?: Session
}

export class Context {
  readonly directory: Directory
  readonly quota: Quota
  readonly facets = new Map<string, HeldFacet>()
  readonly sessions = new Map<number, Session>()
  /** Where it is written down what happens in spaces. */
  journal: Auditing | undefined
  /** The wall clock of this step, as it is set: what certificates and people go by. */
  now = 0
  /** The same, but never set back: what waits goes by this, or a corrected clock would stop it for good. */
  steady = 0
  readonly #ended: (session: Session) => void
  /** Until then no peer loses a right by the mere passing of time. */
  #weakensAt = 0
  #effects: Effect[] = []
  #tokens = 0
  #requests = 0
  readonly #then = new Map<number, () => void>()

  /** `ended`: a session is over and answers for nothing any more. */
  constructor(directory: Directory, quota: QuotaLimits, ended: (session: Session) => void) {
    this.directory = directory
    this.quota = new Quota(quota, directory.self.did)
    this.#ended = ended
  }

  /** A step begins. Rights that end with time end before anything else happens. */
  at(now: number): void {
    this.steady += Math.max(0, now - this.now)
    this.now = now
    if (now >= this.#weakensAt) this.endWeakened()
  }

  emit(effect: Effect): void {
    this.#effects.push(effect)
  }

  tell(news: News): void {
    this.emit({ do: 'tell', news })
  }

  takeEffects(): Effect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  /** Writes, and goes on when it is durable. */
  write(writes: StoreWrite[], then: () => void = () => {}, sync = true): void {
    this.emit({ do: 'write', writes, sync, token: this.token(then) })
  }

  token(then: () => void): number {
    this.#then.set(++this.#tokens, then)
    return this.#tokens
  }

  resume(token: number): void {
    const then = this.#then.get(token)
    this.#then.delete(token)
    then?.()
  }

  /** Work that waits for the store. */
  get waiting(): number {
    return this.#then.size
  }

  requestId(): number {
    return ++this.#requests
  }

  greet(session: Session, frame: GreetingFrame): void {
    this.#out(session, encodeFrame(frame), 'greeting')
  }

  /**
   * Sends a frame about a space or a facet, if policy clears it. A denial is silent to the peer: it must not
   * learn that there was something to deny. @returns the bytes given to the edge, 0 where denied
   */
  send(
    session: Session,
    frame: Exclude<Frame, GreetingFrame | DecisionFrame>,
    space: SpaceLog,
    facet?: FacetGenesis
  ): number {
    const clearance = this.clearance(session, frame.type === 'run' ? 'send' : 'announce', space, facet)
    return this.#sendCleared(session, frame, clearance)
  }

  /** The same for what is said of the decisions of a space. */
  sendDecisions(session: Session, frame: DecisionFrame, space: SpaceLog): number {
    const direction = frame.type === 'messages' ? 'send' : 'announce'
    return this.#sendCleared(session, frame, this.decisionClearance(session, direction, space))
  }

  #sendCleared(session: Session, frame: Frame, clearance: Clearance | undefined): number {
    if (!clearance || !this.isOpen(session)) return 0
    const bytes = encodeFrame(frame)
    this.#out(session, bytes, clearance)
    return bytes.length
  }

  #out(session: Session, frame: Uint8Array, clearance: Clearance | 'greeting'): void {
    session.inFlight += frame.length
    this.emit({ do: 'send', session: session.id, frame, clearance })
    if (session.inFlight <= UNREAD_BYTES_MAX || !this.isOpen(session)) return
    this.close(session, new Reject('unread', 'the peer does not read what it is sent', false), 'send')
  }

  clearance(
    session: Session,
    direction: Direction,
    space: SpaceLog,
    facet?: FacetGenesis
  ): Clearance | undefined {
    if (!session.peer) return undefined
    const answer = this.directory.decide(direction, session.peer, space, facet, this.now)
    return answer instanceof Clearance ? answer : undefined
  }

  decisionClearance(session: Session, direction: Direction, space: SpaceLog): Clearance | undefined {
    if (!session.peer) return undefined
    const answer = this.directory.decideOnDecisions(direction, session.peer, space, this.now)
    return answer instanceof Clearance ? answer : undefined
  }

  /**
   * The facet that a peer names, where policy clears it; a denial is written down. One that is not here is asked about
   * and written down like one that is not for the peer, so that the time until silence tells nothing either (SYN-50).
   */
  facetFor(session: Session, direction: Direction, id: Uint8Array): HeldFacet | undefined {
    const held = this.facetOf(id)
    const { peer } = session
    if (!peer) return undefined
    const space = held?.facet.space ?? this.directory.nowhere
    const answer = this.directory.decide(direction, peer, space, held?.facet.genesis ?? NOBODYS, this.now)
    if (answer instanceof Clearance) return held
    this.journal?.denied(space, id, peer.did, held ? answer.rule : 'SYN-5')
    return undefined
  }

  /** The same for a space that a peer names, of which nothing is written down. */
  spaceFor(session: Session, id: Uint8Array): SpaceLog | undefined {
    const space = this.directory.spaceOf(id)
    return this.clearance(session, 'announce', space ?? this.directory.nowhere) && space
  }

  /** And for the decisions of a space that a peer names; who asks for messages or brings them is written down. */
  decisionSpaceFor(session: Session, direction: Direction, id: Uint8Array): SpaceLog | undefined {
    const known = this.directory.spaceOf(id)
    const { peer } = session
    if (!peer) return undefined
    const space = known ?? this.directory.nowhere
    const answer = this.directory.decideOnDecisions(direction, peer, space, this.now)
    if (answer instanceof Clearance) return known
    if (direction === 'send' || direction === 'store')
      this.journal?.denied(space, id, peer.did, known ? answer.rule : 'SYN-5')
    return undefined
  }

  /**
   * Whether this node stores no more of a company today. What our own nodes bring they have counted, and what
   * people bring themselves (`from` undefined) is theirs to decide.
   */
  isSpent(from: Session | undefined, account: Account, did: string | undefined): boolean {
    if (did === undefined || !this.isLimited(from)) return false
    return this.quota.isSpent(account, did, this.now)
  }

  /** Counts what is being stored for a company. @returns the rows to write along with it */
  charge(from: Session | undefined, account: Account, did: string | undefined, bytes: number): StoreWrite[] {
    if (did === undefined || !this.isLimited(from)) return []
    const charged = this.quota.charge(account, did, bytes, this.now)
    if (charged?.spent) {
      this.tell({ what: 'quota-spent', did, account, until: this.quota.endsAt(this.now) })
    }
    return charged ? [charged.write] : []
  }

  /** Whether shares apply to what this session brings. */
  isLimited(from: Session | undefined): from is Session {
    return from !== undefined && from.peer?.did !== this.directory.self.did
  }

  /** Whether the peer reads fast enough for more to be made for it. */
  hasRoom(session: Session): boolean {
    return session.inFlight < IN_FLIGHT_BYTES_MAX
  }

  isOpen(session: Session): boolean {
    return this.sessions.get(session.id) === session
  }

  /** Sessions whose peer showed who it is, as of now: those that end meanwhile stay in the list. */
  open(): (Session & { peer: Peer })[] {
    return [...this.sessions.values()].filter(session => session.peer) as (Session & { peer: Peer })[]
  }

  /**
   * Ends a session. The peer is left alone for a while where it broke a rule. A stranger meets the same end
   * whatever was wrong, or it could try out whom we know (SYN-8).
   */
  close(session: Session, reject: Reject, where: string): void {
    if (!this.isOpen(session)) return
    const { peer, peerId } = session
    if (reject.fault) this.tell({ what: 'refused', did: peer?.did, peerId, reject, where })
    const { code, detail } = peer ? reject : STRANGER
    this.sessions.delete(session.id)
    this.greet(session, { type: 'bye', code, detail: detail.slice(0, 500) })
    const banMs = reject.fault && peer ? BAN_MS : 0
    this.emit({ do: 'close', session: session.id, code: reject.code, detail: reject.detail, banMs })
    this.#ended(session)
  }

  /** The connection is gone. */
  closed(session: Session): void {
    this.sessions.delete(session.id)
    this.#ended(session)
  }

  /**
   * Ends every session whose peer may see less than before: frames for it may already lie with the edge,
   * which drops them when the session closes (SYN-31).
   */
  endWeakened(): void {
    // Agreements begin and end with days, certificates with their own time.
    this.#weakensAt = this.quota.endsAt(this.now)
    for (const session of this.open()) {
      const { expiresAt } = session.peer.certificate
      if (expiresAt > this.now) this.#weakensAt = Math.min(this.#weakensAt, expiresAt)
      const rights = this.directory.rightsOf(session.peer, this.now)
      const lost = isWeaker(rights, session.rights)
      session.rights = rights
      if (lost) this.close(session, new Reject('rights-lost', 'this peer may see less now', false), 'policy')
    }
  }

  facetOf(id: Uint8Array): HeldFacet | undefined {
    return this.facets.get(toHex(id))
  }
}

/** What an id that is not here is taken for: policy denies it to everybody. */
const NOBODYS: FacetGenesis = {
  space: new Uint8Array(32),
  owner: -1,
  kind: 'StandardsDoc.v1',
  class: 'private',
  artifact: new Uint8Array(16),
  nonce: new Uint8Array(16)
}

const STRANGER = { code: 'unknown-peer', detail: 'this node was not invited' }
