// Reads the bytes of a Yjs update in the one spelling that Yjs itself would have written. A claimed count
// never allocates, and the first broken rule ends the reading. protocols/update, section 2.
import { CLOCK_MAX } from './envelope.ts'
import type { Client } from './lane.ts'
import { Reject } from './reject.ts'

/** Root names, map keys and object keys, in UTF-8. Ours are identifiers; Yjs keeps each one for ever. */
export const KEY_BYTES_MAX = 128
/** Nested arrays and objects in one value: the decoders recurse. */
export const VALUE_DEPTH_MAX = 16
/** Scalars, arrays and objects in one value. */
export const VALUE_NODES_MAX = 2_000
const INTEGER_MAX = 2 ** 31 - 1

/**
 * Names that no map entry and no object may have. `__proto__` would set a prototype wherever the value
 * becomes an object; an own `constructor` makes Yjs throw when its holder moves the value elsewhere.
 */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor'])

/** The identity of one unit of content: a UTF-16 code unit, an array item, a map value. */
export interface StructId {
  client: Client
  clock: number
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A cursor. After the first broken rule `reject` says which, and every further read gives nothing. */
export class UpdateReader {
  readonly bytes: Uint8Array
  at = 0
  /** Where the text of the last string began. */
  textAt = 0
  reject: Reject | undefined
  #end: number
  #nodes = 0
  #view: DataView | undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#end = bytes.length
  }

  /** Bytes that have not been read; 0 after a broken rule. */
  get left(): number {
    return this.#end - this.at
  }

  /** Records the first broken rule and moves past all input. */
  fail(code: string, detail: string): void {
    this.reject ??= new Reject(code, `${detail} (byte ${this.at})`)
    this.at = this.#end
  }

  byte(): number {
    if (this.at < this.#end) return this.bytes[this.at++] as number
    this.fail('update-truncated', 'the bytes end too early')
    return 0
  }

  /** A minimal variable-length integer, at most `max`. UPD-2 */
  uint(max: number): number {
    let value = 0
    let unit = 1
    for (let i = 0; i < 8; i++) {
      const byte = this.byte()
      value += (byte & 127) * unit
      if (byte < 128) {
        if (byte === 0 && i > 0) this.fail('update-integer', 'an integer is not in its shortest form')
        else if (value > max) this.fail('update-integer', `${value} is above ${max}`)
        return this.reject ? 0 : value
      }
      unit *= 128
    }
    this.fail('update-integer', 'an integer is longer than 8 bytes')
    return 0
  }

  /** A number of items that take at least `bytesEach` each: never more than the bytes left could hold. UPD-3 */
  count(max: number, bytesEach: number): number {
    const count = this.uint(Number.MAX_SAFE_INTEGER)
    if (count > max || count * bytesEach > this.left) {
      this.fail('update-count', `${count} items are claimed`)
      return 0
    }
    return count
  }

  /** The length of a struct that carries no content, in units. */
  length(): number {
    return this.uint(CLOCK_MAX)
  }

  id(): StructId {
    return { client: this.uint(Number.MAX_SAFE_INTEGER), clock: this.uint(CLOCK_MAX) }
  }

  /** Skips a string. @returns its length in UTF-16 code units. UPD-8 */
  string(bytesMax: number, code = 'update-string'): number {
    const size = this.uint(Number.MAX_SAFE_INTEGER)
    if (size > bytesMax) this.fail(code, `a string of ${size} bytes, at most ${bytesMax}`)
    else if (size > this.left) this.fail('update-truncated', 'a string ends too early')
    if (this.reject) return 0
    this.textAt = this.at
    const units = utf16Length(this.bytes, this.at, this.at + size)
    if (units < 0) this.fail(code, 'a string is not well-formed UTF-8')
    else this.at += size
    return this.reject ? 0 : units
  }

  /** A root name, a map key or an object key. UPD-9 */
  key(): string {
    const units = this.string(KEY_BYTES_MAX, 'update-key')
    if (this.reject) return ''
    const key = this.#text(units)
    if (FORBIDDEN_KEYS.has(key)) this.fail('update-key', `a key must not be ${key}`)
    return key
  }

  /** The last string, `units` code units long. */
  #text(units: number): string {
    if (units !== this.at - this.textAt) return decoder.decode(this.bytes.subarray(this.textAt, this.at))
    // As many units as bytes: all ASCII, where a loop is several times faster than TextDecoder.
    let text = ''
    for (let i = this.textAt; i < this.at; i++) text += String.fromCharCode(this.bytes[i] as number)
    return text
  }

  /** Skips one plain value. UPD-10 */
  value(stringBytesMax: number): void {
    this.#nodes = 0
    this.#value(stringBytesMax, 0)
  }

  #value(stringBytesMax: number, depth: number): void {
    if (depth > VALUE_DEPTH_MAX) return this.fail('update-value', 'a value is nested too deeply')
    if (++this.#nodes > VALUE_NODES_MAX) return this.fail('update-value', 'a value has too many parts')
    const tag = this.byte()
    if (this.reject) return
    if (tag === 126 || tag === 121 || tag === 120) return // null, false, true
    if (tag === 125) return this.#integer()
    if (tag === 124) return this.#float32()
    if (tag === 123) return this.#float64()
    if (tag === 119) return void this.string(stringBytesMax)
    if (tag === 118) return this.#object(stringBytesMax, depth)
    if (tag === 117) return this.#array(stringBytesMax, depth)
    this.fail('update-value', `a value of kind ${tag}`)
  }

  /** A signed variable-length integer: first byte with sign and six bits, then seven bits each. */
  #integer(): void {
    const first = this.byte()
    let value = first & 63
    let unit = 64
    for (let byte = first, i = 0; byte >= 128; i++) {
      byte = this.byte()
      if (byte === 0 || i === 4) return this.fail('update-value', 'an integer is not in its shortest form')
      value += (byte & 127) * unit
      unit *= 128
    }
    if (value > INTEGER_MAX) this.fail('update-value', 'a large integer must be spelled as a float')
    else if (value === 0 && first !== 0) this.fail('update-value', 'negative zero')
  }

  #float32(): void {
    const value = this.#floatAt(4)?.getFloat32(this.at - 4)
    if (value !== undefined && !isFraction(value)) this.fail('update-value', 'not a number, or an integer')
  }

  #float64(): void {
    const value = this.#floatAt(8)?.getFloat64(this.at - 8)
    if (value === undefined) return
    if (!isFraction(value)) this.fail('update-value', 'not a number, or an integer')
    else if (Math.fround(value) === value) this.fail('update-value', 'a float that 4 bytes could hold')
  }

  #floatAt(size: number): DataView | undefined {
    if (this.left < size) this.fail('update-truncated', 'a float ends too early')
    if (this.reject) return undefined
    this.at += size
    return (this.#view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength))
  }

  #array(stringBytesMax: number, depth: number): void {
    for (let n = this.count(VALUE_NODES_MAX, 1); n > 0 && !this.reject; n--)
      this.#value(stringBytesMax, depth + 1)
  }

  /** Keys are unique and in the order of JavaScript: array indices ascending, then the others as they came. */
  #object(stringBytesMax: number, depth: number): void {
    const seen = new Set<string>()
    let indexBefore = -1
    for (let n = this.count(VALUE_NODES_MAX, 2); n > 0 && !this.reject; n--) {
      const key = this.key()
      if (seen.has(key)) return this.fail('update-value', 'an object has a key twice')
      seen.add(key)
      const index = arrayIndex(key)
      if (index !== undefined && index < indexBefore)
        return this.fail('update-value', 'object keys out of order')
      indexBefore = index ?? Infinity
      this.#value(stringBytesMax, depth + 1)
    }
  }
}

/** Finite, and not one of the integers that Yjs spells as integers (zero of either sign is one). */
function isFraction(value: number): boolean {
  return Number.isFinite(value) && !(Number.isInteger(value) && Math.abs(value) <= INTEGER_MAX)
}

/** @returns the index when JavaScript orders this object key as a number. */
function arrayIndex(key: string): number | undefined {
  if (!/^(?:0|[1-9]\d{0,9})$/.test(key)) return undefined
  const index = Number(key)
  return index < 2 ** 32 - 1 ? index : undefined
}

/** @returns the UTF-16 length of `bytes[at..end)`, or -1 when they are not well-formed UTF-8 (RFC 3629). */
export function utf16Length(bytes: Uint8Array, at: number, end: number): number {
  let units = 0
  while (at < end) {
    const lead = bytes[at] as number
    if (lead < 0x80) {
      at++
      units++
      continue
    }
    const size = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
    if (size === 0 || at + size > end) return -1
    const second = bytes[at + 1] as number
    // The second byte shuts out overlong forms (e0, f0), surrogates (ed) and what lies above U+10FFFF (f4).
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    if (second < low || second > high) return -1
    for (let i = at + 2; i < at + size; i++) if (((bytes[i] as number) & 0xc0) !== 0x80) return -1
    at += size
    units += size === 4 ? 2 : 1
  }
  return units
}

export function equalIds(a: StructId | undefined, b: StructId | undefined): boolean {
  return a === b || (a?.client === b?.client && a?.clock === b?.clock)
}
