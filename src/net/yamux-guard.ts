// Reads yamux headers before the muxer does and says when to hang up: protocols/transport, section 4.
// js-libp2p believes a header: one of 12 bytes that announces 4 GiB makes it buffer all that follows. Pure.
import { Reject } from '../wire/reject.ts'
import {
  NEGOTIATION_BYTES_MAX,
  STREAM_WINDOW_BYTES,
  STREAMS_MAX,
  YAMUX_CONTROL_PER_SECOND,
  YAMUX_FRAME_BYTES_MAX,
  YAMUX_FRAMES_AT_ONCE,
  YAMUX_FRAMES_PER_SECOND,
  YAMUX_PIECES_MAX,
  YAMUX_STREAMS_BURST,
  YAMUX_STREAMS_REFILL_MS,
  YAMUX_STRAY_BYTES_PER_MINUTE
} from './limits.ts'
import { TokenBucket } from './token-bucket.ts'

const HEADER_BYTES = 12
const DATA = 0
const WINDOW_UPDATE = 1
const GO_AWAY = 3
const SYN = 1

/** The streams that the muxer holds open. */
export interface OpenStreams {
  has(id: number): boolean
  size(): number
  /** Streams on which no protocol is agreed yet. */
  negotiating(id: number): boolean
}

export class YamuxGuard {
  readonly #open: OpenStreams
  readonly #header = new Uint8Array(HEADER_BYTES)
  readonly #view = new DataView(this.#header.buffer)
  readonly #frames: TokenBucket
  readonly #control: TokenBucket
  readonly #stray: TokenBucket
  readonly #streams: TokenBucket
  /** Header bytes read, body bytes to come, and in how many chunks the present frame has arrived so far. */
  #headerBytes = 0
  #bodyBytes = 0
  #pieces = 0
  /** Streams opened within the present chunk: the muxer has not seen them yet. */
  readonly #opening = new Set<number>()
  /** What has come on each stream without a protocol. */
  readonly #negotiated = new Map<number, number>()
  /** What may still come on streams that have brought data, once they are reset. */
  readonly #underWay = new Map<number, number>()

  constructor(open: OpenStreams, nowMs: number) {
    this.#open = open
    this.#frames = new TokenBucket(YAMUX_FRAMES_PER_SECOND, 1_000, nowMs)
    this.#control = new TokenBucket(YAMUX_CONTROL_PER_SECOND, 1_000, nowMs)
    this.#stray = new TokenBucket(YAMUX_STRAY_BYTES_PER_MINUTE, 60_000, nowMs)
    this.#streams = new TokenBucket(YAMUX_STREAMS_BURST, YAMUX_STREAMS_REFILL_MS, nowMs)
  }

  /**
   * Judges decrypted bytes in the order in which the muxer gets them, and says how many it may have at once. It must
   * have got them before the rest is judged.
   */
  check(chunk: Uint8Array, nowMs: number): number | Reject {
    this.#opening.clear()
    const read = this.#scan(chunk, nowMs)
    if (read instanceof Reject || (this.#headerBytes === 0 && this.#bodyBytes === 0)) return read
    return ++this.#pieces > YAMUX_PIECES_MAX // NET-13
      ? new Reject('yamux-pieces', `a frame in more than ${YAMUX_PIECES_MAX} pieces`)
      : read
  }

  #scan(chunk: Uint8Array, nowMs: number): number | Reject {
    let at = 0
    let frames = 0
    while (at < chunk.length) {
      if (this.#bodyBytes > 0) {
        const taken = Math.min(this.#bodyBytes, chunk.length - at)
        this.#bodyBytes -= taken
        at += taken
        continue
      }
      if (this.#headerBytes === 0) {
        if (frames++ === YAMUX_FRAMES_AT_ONCE) return at // NET-39
        this.#pieces = 0
      }
      const taken = Math.min(HEADER_BYTES - this.#headerBytes, chunk.length - at)
      this.#header.set(chunk.subarray(at, at + taken), this.#headerBytes)
      this.#headerBytes += taken
      at += taken
      if (this.#headerBytes < HEADER_BYTES) return at
      this.#headerBytes = 0
      const refused = this.#judge(nowMs)
      if (refused !== undefined) return refused
    }
    return at
  }

  #judge(nowMs: number): Reject | undefined {
    const type = this.#view.getUint8(1)
    const flags = this.#view.getUint16(2)
    const id = this.#view.getUint32(4)
    const length = this.#view.getUint32(8)
    if (this.#view.getUint8(0) !== 0 || type > GO_AWAY)
      return new Reject('yamux-header', 'not a yamux header') // NET-10
    if (type === DATA && length > YAMUX_FRAME_BYTES_MAX) {
      return new Reject('yamux-frame-size', `a data frame of ${length} bytes`) // NET-10
    }
    if (!this.#frames.take(1, nowMs)) return new Reject('yamux-frame-rate', 'too many frames a second') // NET-11
    const control = type > WINDOW_UPDATE || flags !== 0 || (type === DATA && length === 0)
    if (control && !this.#control.take(1, nowMs)) {
      return new Reject('yamux-control-rate', 'too many control frames a second') // NET-11
    }
    if (type > WINDOW_UPDATE) return undefined
    // A stream beyond the limit is reset by the muxer, so it never counts as open.
    const room = this.#open.size() + this.#opening.size < 2 * STREAMS_MAX
    if ((flags & SYN) !== 0) {
      if (!this.#streams.take(1, nowMs)) return new Reject('yamux-stream-rate', 'too many streams a second') // NET-11
      if (room) this.#opening.add(id)
    }
    if (type !== DATA) return undefined
    this.#bodyBytes = length
    return this.#judgeData(id, length, nowMs)
  }

  #judgeData(id: number, length: number, nowMs: number): Reject | undefined {
    if (length === 0) return undefined
    if (this.#opening.has(id) || this.#open.negotiating(id)) {
      const bytes = (this.#negotiated.get(id) ?? 0) + length
      if (bytes > NEGOTIATION_BYTES_MAX)
        // NET-21
        return new Reject(
          'negotiation-flood',
          `more than ${NEGOTIATION_BYTES_MAX} bytes before a protocol is agreed`
        )
      this.#negotiated.set(id, bytes)
      if (this.#negotiated.size > 4 * STREAMS_MAX) this.#forgetNegotiated()
      return undefined
    }
    if (this.#open.has(id)) {
      this.#note(id)
      return undefined
    }
    const underWay = this.#underWay.get(id) ?? 0
    if (length <= underWay) this.#underWay.set(id, underWay - length)
    else if (!this.#stray.take(length, nowMs))
      return new Reject('yamux-stray-data', 'too many bytes for streams that are not open') // NET-12
    return undefined
  }

  /** Of streams that are gone the oldest are forgotten first. */
  #note(id: number): void {
    if (this.#underWay.has(id)) return
    this.#underWay.set(id, STREAM_WINDOW_BYTES)
    if (this.#underWay.size <= 4 * STREAMS_MAX) return
    for (const old of this.#underWay.keys()) if (!this.#open.has(old)) return void this.#underWay.delete(old)
  }

  #forgetNegotiated(): void {
    for (const id of this.#negotiated.keys())
      if (!this.#opening.has(id) && !this.#open.negotiating(id)) this.#negotiated.delete(id)
  }
}
