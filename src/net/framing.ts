// Frames on a byte stream: protocols/transport, section 3. A length as a minimal unsigned varint, then that many
// bytes. Pure; the length is judged before anything is stored for it.
import { Reject } from '../wire/reject.ts'
import { FRAME_BYTES_MAX } from './limits.ts'

/** The longest prefix: 131,072 needs 18 bits. */
const PREFIX_BYTES_MAX = 3
const KEEP_BYTES = 256 * 1024

/** The bytes that precede a frame of `length` bytes. */
export function framePrefix(length: number): Uint8Array {
  if (length < 1 || length > FRAME_BYTES_MAX)
    throw new RangeError(`a frame has 1 to ${FRAME_BYTES_MAX} bytes, not ${length}`)
  if (length < 0x80) return Uint8Array.of(length)
  if (length < 0x4000) return Uint8Array.of((length & 0x7f) | 0x80, length >> 7)
  return Uint8Array.of((length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14)
}

/** Takes bytes as they come and gives whole frames. After a `Reject` it is of no further use. */
export class FrameDecoder {
  #buffer: Uint8Array = new Uint8Array(0)
  #start = 0
  #end = 0

  /** Bytes that belong to a frame not yet complete, or to frames not yet taken. */
  get buffered(): number {
    return this.#end - this.#start
  }

  push(chunk: Uint8Array): void {
    this.#reserve(chunk.length)
    this.#buffer.set(chunk, this.#end)
    this.#end += chunk.length
  }

  /** Takes one byte that stands before the frames. */
  takeByte(): number | undefined {
    return this.buffered > 0 ? this.#buffer[this.#start++] : undefined
  }

  /** The next frame, as bytes of its own; `undefined` until more bytes come. */
  next(): Uint8Array | Reject | undefined {
    const prefix = this.#prefix()
    if (prefix === undefined || prefix instanceof Reject) return prefix
    const start = this.#start + prefix.size
    if (this.#end < start + prefix.length) return undefined
    this.#start = start + prefix.length
    return this.#buffer.slice(start, this.#start)
  }

  #prefix(): { length: number; size: number } | Reject | undefined {
    let length = 0
    for (let size = 1; size <= PREFIX_BYTES_MAX; size++) {
      if (this.buffered < size) return undefined
      const byte = this.#buffer[this.#start + size - 1] as number
      length |= (byte & 0x7f) << (7 * (size - 1))
      if (byte >= 0x80) continue
      if (byte === 0 && size > 1) return new Reject('frame-varint', 'the length is not in its shortest form') // NET-6
      if (length === 0) return new Reject('frame-empty', 'a frame without bytes') // NET-6
      if (length > FRAME_BYTES_MAX) break
      return { length, size }
    }
    return new Reject('frame-oversize', `a frame has at most ${FRAME_BYTES_MAX} bytes`) // NET-7
  }

  /** Room for `more` bytes; memory of a burst is given back once its frames are taken. */
  #reserve(more: number): void {
    const held = this.buffered
    if (this.#end + more <= this.#buffer.length) return
    const wanted = held + more
    const fits = wanted <= this.#buffer.length && (this.#buffer.length <= KEEP_BYTES || wanted > KEEP_BYTES)
    const next = fits ? this.#buffer : new Uint8Array(Math.max(2 * wanted, 4096))
    next.set(this.#buffer.subarray(this.#start, this.#end))
    this.#buffer = next
    this.#start = 0
    this.#end = held
  }
}
