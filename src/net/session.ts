// One session with one authenticated peer: whole frames over one libp2p stream. protocols/transport, sections 2 and 3.
// Nothing that the peer sends, and nothing that the receiver throws, leaves this file as an exception.
import type { Connection, Stream } from '@libp2p/interface'
import { NodeError } from '../wire/node-error.ts'
import { Reject } from '../wire/reject.ts'
import { FrameWriter } from './frame-writer.ts'
import { FrameDecoder } from './framing.ts'
import { CLOSED_BYTES_MAX, CLOSE_TIMEOUT_MS } from './limits.ts'
import { Cut, hangUp } from './muxer.ts'
import type { Turns } from './turns.ts'

/** Why a session ended. `fault`: the peer broke a rule of protocols/transport. */
export interface SessionEnd {
  readonly code: string
  readonly detail: string
  readonly fault: boolean
}

/** What the node does with a session. */
export interface FrameReceiver {
  /** One frame at a time; while a promise is pending, reading stops and the peer feels it. */
  onFrame(frame: Uint8Array): Promise<void> | void
  /** Called once, last. */
  onClose(end: SessionEnd): void
}

export interface FrameSession {
  /** Proven by noise. */
  readonly peerId: string
  readonly inbound: boolean
  readonly remoteAddress: string
  /** Bytes and frames so far, both ways. */
  readonly traffic: Readonly<Traffic>
  /** Resolves when there is room for more; rejects with `session-closed` or `send-queue-full`. */
  send(frame: Uint8Array): Promise<void>
  /** Sends what waits, for a second at most, then ends the session and its connection. */
  close(detail: string): Promise<void>
  /** Ends both at once. */
  abort(detail: string): void
}

export interface Traffic {
  framesIn: number
  framesOut: number
  bytesIn: number
  bytesOut: number
}

export interface SessionHooks {
  /** When frames may be handled. */
  readonly turns: Turns
  /** The opening byte has passed: from now on frames flow. */
  opened(session: Session): FrameReceiver
  ended(session: Session, end: SessionEnd): void
  /** `onClose` threw. */
  receiverFailed(session: Session, detail: string): void
}

/** The byte that opens a session: an empty frame, which no peer may send later. */
const OPENING = 0

export class Session implements FrameSession {
  readonly peerId: string
  readonly inbound: boolean
  readonly remoteAddress: string
  readonly connection: Connection
  readonly traffic: Traffic = { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0 }
  readonly #stream: Stream
  readonly #hooks: SessionHooks
  readonly #writer: FrameWriter
  readonly #decoder = new FrameDecoder()
  #receiver: FrameReceiver | undefined
  #receiving = false
  #ended = false
  /** Bytes that came after the end. */
  #thrownAway = 0

  constructor(stream: Stream, connection: Connection, hooks: SessionHooks) {
    this.#stream = stream
    this.#hooks = hooks
    this.connection = connection
    this.peerId = connection.remotePeer.toString()
    this.inbound = connection.direction === 'inbound'
    this.remoteAddress = connection.remoteAddr.toString()
    this.#writer = new FrameWriter(stream, () =>
      this.#end(new Reject('peer-stalled', 'took no data for 9 s', false))
    )
    stream.addEventListener('message', event => {
      if (this.#ended) return this.#throwAway(event.data.byteLength)
      const pieces = event.data instanceof Uint8Array ? [event.data] : event.data
      for (const piece of pieces) {
        this.#decoder.push(piece)
        this.traffic.bytesIn += piece.length
      }
      this.#receive()
    })
    stream.addEventListener('close', event => this.#closed(event.error))
    stream.addEventListener('end', () => {
      // Before an abort or a reset closes the stream it also ends it; the reason comes with `close`.
      if (stream.status === 'open' || stream.status === 'closed') this.#closed(undefined)
    })
  }

  get isOpen(): boolean {
    return this.#receiver !== undefined && !this.#ended
  }

  /** Opens the session from this side. */
  open(): void {
    this.#writer.sendByte(OPENING)
    this.#begin()
    this.#receive()
  }

  async send(frame: Uint8Array): Promise<void> {
    if (this.#ended) throw closedError('the session is closed')
    this.traffic.framesOut++
    this.traffic.bytesOut += frame.length
    await this.#writer.send(frame)
  }

  async close(detail: string): Promise<void> {
    const limit = AbortSignal.timeout(CLOSE_TIMEOUT_MS)
    await Promise.race([this.#writer.flushed(), aborted(limit)]).catch(() => undefined)
    if (this.#ended) return
    this.#finish({ code: 'closed', detail, fault: false })
    await this.#readByPeer(limit)
    await this.connection.close({ signal: limit }).catch((error: Error) => hangUp(this.connection, error))
  }

  /**
   * Says that no more comes and waits until the peer hangs up, as it does when it has read all, or says the same. Who
   * closes a socket while the peer still writes, if only that it has read, makes the peer's kernel throw away what
   * has arrived there and was not read yet.
   */
  async #readByPeer(limit: AbortSignal): Promise<void> {
    const stream = this.#stream
    const gone = new Promise<void>(resolve => {
      for (const name of ['close', 'remoteCloseWrite'] as const)
        stream.addEventListener(name, () => resolve(), { once: true })
    })
    await stream.close({ signal: limit }).catch(() => undefined)
    if (stream.status !== 'open' || stream.remoteWriteStatus === 'closed') return
    await Promise.race([gone, aborted(limit)])
  }

  abort(detail: string, code = 'closed'): void {
    this.#end(new Reject(code, detail, false))
  }

  /** NET-41 */
  #throwAway(bytes: number): void {
    this.#thrownAway += bytes
    if (this.#thrownAway > CLOSED_BYTES_MAX) hangUp(this.connection, new Error('sends on a closed session'))
  }

  #begin(): void {
    try {
      this.#receiver = this.#hooks.opened(this)
    } catch (error) {
      this.#end(receiverFailed(error))
    }
  }

  /** Hands over what has arrived, one frame after another. */
  #receive(): void {
    while (!this.#receiving && !this.#ended) {
      if (this.#receiver === undefined) {
        const byte = this.#decoder.takeByte()
        if (byte === undefined) return
        if (byte !== OPENING)
          return this.#end(new Reject('session-not-opened', 'the first byte is not the opening')) // NET-4
        this.#begin()
        continue
      }
      const frame = this.#decoder.next()
      if (frame === undefined) {
        if (this.#readOn()) continue
        return
      }
      if (frame instanceof Reject) return this.#end(frame)
      this.#deliver(this.#receiver, frame)
    }
  }

  #deliver(receiver: FrameReceiver, frame: Uint8Array): void {
    this.traffic.framesIn++
    try {
      const { turns } = this.#hooks
      turns.begin()
      const pending = receiver.onFrame(frame)
      const turn = turns.over()
      if (pending === undefined && turn === undefined) return
      this.#receiving = true
      if (this.#stream.readStatus === 'readable') this.#stream.pause()
      void this.#resumeAfter(pending, turn)
    } catch (error) {
      this.#end(receiverFailed(error))
    }
  }

  async #resumeAfter(pending: Promise<void> | void, turn: Promise<void> | undefined): Promise<void> {
    try {
      await pending
      await turn // NET-24
    } catch (error) {
      return this.#end(receiverFailed(error))
    }
    this.#receiving = false
    this.#receive()
  }

  /** Everything is handed over: lets the peer send again, or ends what it has ended. True when more has come. */
  #readOn(): boolean {
    const partial = this.#decoder.buffered
    if (this.#stream.readStatus === 'paused') {
      // `resume` hands over what it held back before it marks the stream as running; a pause within that would be
      // overruled and the window stay open (@libp2p/yamux 8). So nothing is delivered until it has returned.
      this.#receiving = true
      try {
        this.#stream.resume()
      } catch {
        // The connection is gone, which resume finds out last: what had arrived is still delivered.
      }
      this.#receiving = false
      if (this.#decoder.buffered > partial) return true
    }
    if (this.#stream.readableEnded || this.#stream.status !== 'open') this.#closed(undefined)
    return false
  }

  #closed(error: Error | undefined): void {
    if (error instanceof Cut) this.#end(error.reason)
    else if (error !== undefined) this.#end(new Reject('connection-lost', error.message, false))
    else if (this.#receiving || this.#stream.readStatus === 'paused') return
    else if (this.#decoder.buffered > 0)
      this.#end(new Reject('frame-truncated', 'the stream ended inside a frame', false))
    else this.#end(new Reject('closed-by-peer', 'the peer closed the session', false))
  }

  #end(end: Reject): void {
    if (this.#ended) return
    this.#finish(end)
    // Not at once: this may run while the muxer closes its streams, and it still has to say goodbye. Without a
    // connection to say it on it would throw inside an event, which ends the process.
    queueMicrotask(() => hangUp(this.connection, new Cut(end)))
  }

  #finish(end: SessionEnd): void {
    this.#ended = true
    this.#writer.end(closedError(end.detail))
    try {
      this.#receiver?.onClose(end)
    } catch (error) {
      this.#hooks.receiverFailed(this, receiverFailed(error).detail)
    }
    this.#hooks.ended(this, end)
  }
}

function closedError(detail: string): NodeError {
  return new NodeError(
    'session-closed',
    `not sent: ${detail}`,
    'It is sent when the peer is connected again.'
  )
}

function receiverFailed(error: unknown): Reject {
  return new Reject(
    'receiver-failed',
    error instanceof Error ? (error.stack ?? error.message) : String(error),
    false
  )
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}
