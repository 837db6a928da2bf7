// Outbound half of a session: packs frames into sends of one noise message each and waits for real room.
// protocols/transport, sections 3 and 5. Never `stream.onDrain()`: after its first use it resolves at once (js-libp2p 3).
import type { Stream } from '@libp2p/interface'
import { NodeError } from '../wire/node-error.ts'
import { framePrefix } from './framing.ts'
import {
  DRAIN_WAIT_MS,
  DRAIN_WAITS_MAX,
  QUEUE_BYTES_HIGH,
  QUEUE_BYTES_MAX,
  SEND_BYTES_MAX
} from './limits.ts'

interface Waiter {
  resolve(): void
  reject(error: Error): void
}

export class FrameWriter {
  readonly #stream: Stream
  readonly #onStalled: () => void
  #pieces: Uint8Array[] = []
  /** The first piece not yet sent, how much of it is sent, and the bytes that wait in all. */
  #first = 0
  #sentOfFirst = 0
  #queued = 0
  #waiters: Waiter[] = []
  #pumping = false
  #ended: Error | undefined

  constructor(stream: Stream, onStalled: () => void) {
    this.#stream = stream
    this.#onStalled = onStalled
  }

  get queued(): number {
    return this.#queued
  }

  /** Resolves when there is room for the next frame. The bytes must not change until then. */
  async send(frame: Uint8Array): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended
    if (this.#queued + frame.length > QUEUE_BYTES_MAX) {
      const next = 'Await each send before the next; the session goes on.'
      throw new NodeError(
        'send-queue-full',
        `more than ${QUEUE_BYTES_MAX} bytes wait to be sent to this peer`,
        next
      )
    }
    this.#push(framePrefix(frame.length))
    this.#push(frame)
    this.#start()
    if (this.#queued > QUEUE_BYTES_HIGH) await this.#room()
  }

  /** One byte that stands before all frames. */
  sendByte(byte: number): void {
    this.#push(Uint8Array.of(byte))
    this.#start()
  }

  /** Resolves when nothing waits any more. */
  async flushed(): Promise<void> {
    while (this.#queued > 0 && this.#ended === undefined) await this.#room()
  }

  /** Everyone who waits is told why. */
  end(error: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#pieces = []
    this.#queued = 0
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error)
  }

  #room(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  #push(piece: Uint8Array): void {
    this.#pieces.push(piece)
    this.#queued += piece.length
  }

  /** Sending starts with the next turn of the loop, so that all frames of this turn travel together. */
  #start(): void {
    if (this.#pumping) return
    this.#pumping = true
    setImmediate(() => void this.#pump())
  }

  /** Never rejects: a stream that cannot be written ends by its own `close` event. */
  async #pump(): Promise<void> {
    try {
      while (this.#queued > 0) {
        this.#stream.send(this.#take())
        if (this.#queued <= QUEUE_BYTES_HIGH) for (const waiter of this.#waiters.splice(0)) waiter.resolve()
        if (this.#stream.writableNeedsDrain && !(await this.#drained())) break
      }
      this.#pumping = false
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)))
      this.#onStalled()
    }
  }

  #take(): Uint8Array {
    const out = new Uint8Array(Math.min(this.#queued, SEND_BYTES_MAX))
    let at = 0
    while (at < out.length) {
      const piece = this.#pieces[this.#first] as Uint8Array
      const part = piece.subarray(this.#sentOfFirst, this.#sentOfFirst + out.length - at)
      out.set(part, at)
      at += part.length
      this.#sentOfFirst += part.length
      if (this.#sentOfFirst < piece.length) continue
      this.#first++
      this.#sentOfFirst = 0
    }
    if (2 * this.#first >= this.#pieces.length) {
      this.#pieces.splice(0, this.#first)
      this.#first = 0
    }
    this.#queued -= out.length
    return out
  }

  /** Waits until the stream takes more; false when the peer has taken nothing for too long. */
  async #drained(): Promise<boolean> {
    let waits = 0
    while (this.#stream.writableNeedsDrain && this.#ended === undefined) {
      if (await nextDrain(this.#stream)) waits = 0
      else if (++waits >= DRAIN_WAITS_MAX) {
        this.#onStalled()
        return false
      }
    }
    return true
  }
}

/** True at a fresh `drain` event or when the stream closes, false after the time limit. */
function nextDrain(stream: Stream): Promise<boolean> {
  return new Promise(resolve => {
    const done = (drained: boolean) => {
      clearTimeout(timer)
      stream.removeEventListener('drain', onEvent)
      stream.removeEventListener('close', onEvent)
      resolve(drained)
    }
    const onEvent = () => done(true)
    const timer = setTimeout(() => done(false), DRAIN_WAIT_MS)
    stream.addEventListener('drain', onEvent)
    stream.addEventListener('close', onEvent)
  })
}
