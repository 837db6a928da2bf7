// What the parts of the core share: the directory, the facets, the sessions, the time of this step and the
// effects that it has called for so far. protocols/sync, section 2.
import { Clearance } from '../policy/decide.ts'
import type { Reject } from '../wire/reject.ts'
import type { Facet } from '../replica/facet.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import type { FacetGenesis } from '../wire/genesis.ts'
import type { Directory, Peer } from './directory.ts'
import type { Effect, News, StoreWrite } from './effects.ts'
import { type Frame, encodeFrame } from './frame.ts'
import { toHex } from '../wire/bytes.ts'
import type { Session } from './session.ts'

/** A peer that broke a rule is left alone this long. */
export const BAN_MS = 60_000

/** Frames that name nothing of ours: who we are, and ids that the peer itself named first. */
type GreetingFrame = Extract<Frame, { type: 'hello' | 'want-identity' | 'identity' | 'want-space' | 'bye' }>

export interface HeldFacet {
  facet: Facet
  genesisBytes: Uint8Array
  /** The genesis is in the store; it goes there with the first envelope. */
  stored: boolean
}

export class Context {
  readonly directory: Directory
  readonly facets = new Map<string, HeldFacet>()
  readonly sessions = new Map<number, Session>()
  now = 0
  #effects: Effect[] = []
  #tokens = 0
  readonly #then = new Map<number, () => void>()

  constructor(directory: Directory) {
    this.directory = directory
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
    this.emit({ do: 'write', writes, sync, then: this.token(then) })
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

  greet(session: Session, frame: GreetingFrame): void {
    this.emit({ do: 'send', session: session.id, frame: encodeFrame(frame), clearance: 'greeting' })
  }

  /**
   * Sends a frame about a space or a facet, if policy clears it. A denial is silent to the peer: it must not
   * learn that there was something to deny. @returns the bytes given to the edge, 0 where denied
   */
  send(
    session: Session,
    frame: Exclude<Frame, GreetingFrame>,
    space: SpaceLog,
    facet?: FacetGenesis
  ): number {
    const clearance = this.clearance(session, frame.type === 'run' ? 'send' : 'announce', space, facet)
    if (!clearance) return 0
    const bytes = encodeFrame(frame)
    session.inFlight += bytes.length
    this.emit({ do: 'send', session: session.id, frame: bytes, clearance })
    return bytes.length
  }

  clearance(
    session: Session,
    direction: 'announce' | 'request' | 'send',
    space: SpaceLog,
    facet?: FacetGenesis
  ): Clearance | undefined {
    if (!session.peer) return undefined
    const answer = this.directory.decide(direction, session.peer, space, facet, this.now)
    return answer instanceof Clearance ? answer : undefined
  }

  /** Sessions whose peer showed who it is. */
  *open(): Generator<Session & { peer: Peer }> {
    for (const session of this.sessions.values()) if (session.peer) yield session as Session & { peer: Peer }
  }

  /** Ends a session. The peer is left alone for a while where it broke a rule. */
  close(session: Session, reject: Reject, where: string): void {
    const { peer, peerId } = session
    if (reject.fault) this.tell({ what: 'refused', did: peer?.did, peerId, reject, where })
    this.greet(session, { type: 'bye', code: reject.code, detail: reject.detail })
    const banMs = reject.fault ? BAN_MS : 0
    this.emit({ do: 'close', session: session.id, code: reject.code, detail: reject.detail, banMs })
    this.sessions.delete(session.id)
  }

  facetOf(id: Uint8Array): HeldFacet | undefined {
    return this.facets.get(toHex(id))
  }
}
