// A reader and a writer for the few CBOR items that envelope headers and runs are made of: unsigned integers,
// byte strings and arrays, shortest form only. They are read ten thousand at a time in a first sync, where the
// general decoder of `cbor.ts` with its second encoding costs fifteen times as much; tests hold the two equal.
import { allocate } from './bytes.ts'
import { Reject } from './reject.ts'

const UINT = 0
const BYTES = 2
const ARRAY = 4

/** Reads one item after another. After the first bad item `failed` is true and every read gives zero. */
export class CborReader {
  readonly #bytes: Uint8Array
  #at = 0
  failed = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** An unsigned integer of at most 53 bits. */
  uint(): number {
    return this.#head(UINT)
  }

  /** A byte string; exactly `length` bytes where given. The result is a view, not a copy. */
  bytes(length?: number): Uint8Array {
    const size = this.#head(BYTES)
    if (this.#at + size > this.#bytes.length || (length !== undefined && size !== length)) this.failed = true
    if (this.failed) return this.#bytes.subarray(0, 0)
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  /** The number of items of an array, at most `itemsMax`. */
  array(itemsMax: number): number {
    const size = this.#head(ARRAY)
    if (size > itemsMax) this.failed = true
    return this.failed ? 0 : size
  }

  /** An array of exactly `items`. */
  tuple(items: number): void {
    if (this.array(items) !== items) this.failed = true
  }

  /** Ends the reading: nothing may be left over, nothing may have failed. */
  end(what: string): Reject | undefined {
    if (this.failed) return new Reject('cbor-canonical', `${what} is not in its one spelling`)
    if (this.#at !== this.#bytes.length) return new Reject('cbor-canonical', `${what} has bytes left over`)
    return undefined
  }

  #head(major: number): number {
    const first = this.#bytes[this.#at++]
    if (this.failed || first === undefined || first >> 5 !== major) return this.#zero()
    const low = first & 31
    if (low < 24) return low
    if (low > 27) return this.#zero()
    const size = 1 << (low - 24)
    let value = 0
    for (let i = 0; i < size; i++) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) return this.#zero()
      value = value * 256 + byte
    }
    // Shortest form: one byte less must not have been enough.
    const shortest = size === 1 ? value >= 24 : value >= 2 ** (4 * size)
    return shortest && Number.isSafeInteger(value) ? value : this.#zero()
  }

  /** What was read is well-formed and still makes no sense to the caller. */
  fail(): void {
    this.failed = true
  }

  #zero(): number {
    this.failed = true
    return 0
  }
}

/** Writes one item after another into a growing buffer. */
export class CborWriter {
  #bytes: Uint8Array
  #at = 0

  /** `bytes`: how many it will be, roughly. */
  constructor(bytes = 160) {
    this.#bytes = allocate(bytes)
  }

  uint(value: number): this {
    return this.#head(UINT, value)
  }

  bytes(value: Uint8Array): this {
    this.#head(BYTES, value.length)
    this.#room(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
    return this
  }

  array(items: number): this {
    return this.#head(ARRAY, items)
  }

  /** What was written. Nothing may be written after that. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  #head(major: number, value: number): this {
    this.#room(9)
    if (value < 24) {
      this.#bytes[this.#at++] = (major << 5) | value
      return this
    }
    const log = value < 2 ** 8 ? 0 : value < 2 ** 16 ? 1 : value < 2 ** 32 ? 2 : 3
    const size = 1 << log
    this.#bytes[this.#at++] = (major << 5) | (24 + log)
    for (let i = size - 1, rest = value; i >= 0; i--) {
      this.#bytes[this.#at + i] = rest % 256
      rest = Math.floor(rest / 256)
    }
    this.#at += size
    return this
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return
    const grown = allocate(Math.max(this.#bytes.length * 2, this.#at + more))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}
