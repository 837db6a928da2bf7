// Two streams joined, each given what the other brings, and no more than it takes. protocols/transport, section 11.
import type { Stream, StreamMessageEvent } from '@libp2p/interface'
import { CIRCUIT_IDLE_MS, SEND_BYTES_MAX, SMALL_BYTES } from './limits.ts'

export class Circuit {
  readonly #streams: readonly [Stream, Stream]
  readonly #onEnd: (bytes: number) => void
  readonly #idle: NodeJS.Timeout
  #bytes = 0
  #ended = false

  /** `onEnd`: called once, with the bytes that passed. */
  constructor(one: Stream, other: Stream, onEnd: (bytes: number) => void) {
    this.#streams = [one, other]
    this.#onEnd = onEnd
    this.#idle = setTimeout(() => this.end(new Error('nothing passed')), CIRCUIT_IDLE_MS)
    this.#pass(one, other)
    this.#pass(other, one)
  }

  end(error: Error): void {
    for (const stream of this.#streams) stream.abort(error)
    this.#over()
  }

  #pass(from: Stream, to: Stream): void {
    /** Small pieces that came at once. */
    let small: Uint8Array[] = []
    let bytes = 0
    let resuming = false
    const pauseIfFull = () => {
      if (to.writableNeedsDrain && from.readStatus === 'readable') from.pause()
    }
    const pass = (data: StreamMessageEvent['data']) => {
      to.send(data)
      if (!resuming) pauseIfFull()
    }
    const passSmall = () => {
      if (this.#ended || bytes === 0) return
      const data = Buffer.concat(small, bytes)
      small = []
      bytes = 0
      pass(data)
    }
    const gather = (data: Uint8Array) => {
      if (bytes === 0) queueMicrotask(() => this.#safely(passSmall)) // NET-35
      small.push(data)
      bytes += data.length
      if (bytes > SEND_BYTES_MAX - SMALL_BYTES) passSmall()
    }
    from.addEventListener('message', ({ data }) =>
      this.#safely(() => {
        this.#bytes += data.byteLength
        this.#idle.refresh()
        if (data.byteLength < SMALL_BYTES) return gather(data.subarray())
        passSmall()
        pass(data)
      })
    )
    // What it has still to send goes first, in the microtask that the stream's own listener has queued.
    to.addEventListener('drain', () => queueMicrotask(() => this.#safely(resume)))
    const resume = () => {
      if (to.writableNeedsDrain || from.readStatus !== 'paused') return
      // A pause within `resume` would be overruled, as in session.ts.
      resuming = true
      from.resume()
      resuming = false
      pauseIfFull()
    }
    from.addEventListener('end', () => {
      // An abort also ends a stream; the reason comes with `close`.
      if (from.status !== 'open' && from.status !== 'closed') return
      this.#safely(passSmall)
      to.close().catch((error: Error) => to.abort(error))
    })
    from.addEventListener('close', ({ error }) => {
      if (error !== undefined) to.abort(error)
      if (this.#streams.every(({ status }) => status !== 'open' && status !== 'closing')) this.#over()
    })
  }

  /** Nothing that happens on one stream may leave its event as an exception. */
  #safely(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.end(error as Error)
    }
  }

  #over(): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#idle)
    this.#onEnd(this.#bytes)
  }
}
