// At most one session a peer, the same one on both sides: protocols/transport, section 2. When both dial at once two
// connections arise; the peer with the lower id decides alone which one opens, so neither side ever flaps.
import type { Connection, Stream } from '@libp2p/interface'
import type { NetEvent } from './net-event.ts'
import { SIMULTANEOUS_MS } from './limits.ts'
import { Turns } from './turns.ts'
import { Session, type FrameReceiver, type FrameSession, type SessionEnd } from './session.ts'

export interface SessionsOptions {
  readonly localPeerId: string
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly onSession: (session: FrameSession) => FrameReceiver
  readonly log: (event: NetEvent) => void
}

interface Current {
  readonly session: Session
  readonly openedAt: number
}

/** Does the open session outlive a second connection? Only the peer that decides asks. */
export function keepsOpenSession(openedAt: number, inbound: boolean, connectedAt: number): boolean {
  // We dial only without a session, so our own dial met the other side's. A peer that dialed long after the session
  // opened has lost it: its new connection is the living one.
  return !inbound || connectedAt - openedAt < SIMULTANEOUS_MS
}

export class Sessions {
  readonly #options: SessionsOptions
  readonly #turns: Turns
  readonly #current = new Map<string, Current>()
  readonly #waiting = new Map<string, Set<(session: Session) => void>>()

  constructor(options: SessionsOptions) {
    this.#options = options
    this.#turns = new Turns(options.now)
  }

  get(peerId: string): Session | undefined {
    return this.#current.get(peerId)?.session
  }

  all(): Session[] {
    return [...this.#current.values()].map(current => current.session)
  }

  /** Takes a negotiated stream. `connectedAt`: when its connection was made. */
  attach(stream: Stream, connection: Connection, connectedAt: number): void {
    const { log, localPeerId } = this.#options
    const session = new Session(stream, connection, {
      turns: this.#turns,
      opened: session => this.#opened(session),
      ended: (session, end) => this.#ended(session, end),
      receiverFailed: ({ peerId }, detail) => log({ event: 'receiver-failed', peerId, detail })
    })
    if (localPeerId > session.peerId) return // NET-4: the other side decides and opens
    const current = this.#current.get(session.peerId)
    if (current !== undefined && keepsOpenSession(current.openedAt, session.inbound, connectedAt)) {
      log({ event: 'duplicate-refused', peerId: session.peerId, remoteAddress: session.remoteAddress })
      session.abort('another session with this node is open', 'duplicate')
      return
    }
    session.open()
  }

  /** The session with this peer, as soon as there is one. */
  async next(peerId: string, signal: AbortSignal): Promise<Session> {
    const current = this.get(peerId)
    if (current !== undefined) return current
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(peerId) ?? new Set()
      this.#waiting.set(peerId, waiting)
      const onAbort = () => {
        waiting.delete(onOpen)
        reject(signal.reason as Error)
      }
      const onOpen = (session: Session) => {
        signal.removeEventListener('abort', onAbort)
        resolve(session)
      }
      if (signal.aborted) return onAbort()
      waiting.add(onOpen)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  #opened(session: Session): FrameReceiver {
    const { log, now, onSession } = this.#options
    const { peerId, inbound, remoteAddress } = session
    const replaced = this.#current.get(peerId)?.session
    this.#current.set(peerId, { session, openedAt: now() })
    if (replaced !== undefined) {
      log({ event: 'session-replaced', peerId, remoteAddress, detail: replaced.remoteAddress })
      replaced.abort('the peer opened a newer session', 'replaced')
    }
    log({ event: 'session-opened', peerId, remoteAddress, inbound })
    const receiver = onSession(session)
    const waiting = this.#waiting.get(peerId)
    this.#waiting.delete(peerId)
    for (const resolve of waiting ?? []) resolve(session)
    return receiver
  }

  #ended(session: Session, end: SessionEnd): void {
    const { peerId, remoteAddress } = session
    if (this.#current.get(peerId)?.session === session) this.#current.delete(peerId)
    this.#options.log({
      event: 'session-closed',
      peerId,
      remoteAddress,
      code: end.code,
      detail: end.detail,
      fault: end.fault
    })
  }
}
