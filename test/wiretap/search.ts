// Finds canaries in bytes, in whatever spelling: as they are, backwards, in capitals, in UTF-16, hexadecimal, base64,
// base58; and what was compressed, wherever a compressed field may begin. test/wiretap/README.md.
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { encodeBase58 } from '../../src/wire/multibase.ts'

export interface Spelling {
  how: string
  bytes: Buffer
}

/** Of an id also its first bytes count: a short form gives it away. */
export const PREFIX_BYTES = 8
/** Of base64, what is the same whatever stands before and after. */
const BASE64_OFFSETS = [0, 1, 2]
const INFLATED_MAX = 4 * 1024 * 1024

/** All ways in which these bytes are looked for. */
export function spellingsOf(canary: Uint8Array, isText: boolean): Spelling[] {
  const bytes = Buffer.from(canary)
  const spellings: Spelling[] = [{ how: 'raw', bytes }]
  const add = (how: string, text: string | Buffer) =>
    spellings.push({ how, bytes: Buffer.from(text as string) })
  const hex = bytes.toString('hex')
  add('hex', hex)
  add('HEX', hex.toUpperCase())
  for (const offset of BASE64_OFFSETS) {
    const text = core64(bytes, offset)
    add('base64', text)
    const url = text.replaceAll('+', '-').replaceAll('/', '_')
    if (url !== text) add('base64url', url)
  }
  add('base58', encodeBase58(bytes))
  add('reversed', Buffer.from(bytes).reverse())
  if (!isText) return spellings
  const text = bytes.toString()
  add('capitals', text.toUpperCase())
  const wide = Buffer.from(text, 'utf16le')
  add('UTF-16LE', wide)
  add('UTF-16BE', Buffer.from(wide).swap16())
  return spellings
}

function core64(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const whole = Math.floor(((offset + bytes.length) * 8) / 6)
  return text.slice(Math.ceil((offset * 8) / 6), whole)
}

/** A hit: which entry of the index, in which spelling, where. */
export interface Hit<T> {
  of: T
  how: string
  at: number
}

const TABLE_BITS = 20

/**
 * Many patterns at once: a table of bits says where four bytes may begin one, a map which. Building costs a step for
 * each pattern, searching one for each byte.
 */
export class Index<T> {
  readonly #table = new Uint8Array(1 << (TABLE_BITS - 3))
  readonly #patterns = new Map<number, { of: T; how: string; bytes: Buffer }[]>()

  add(of: T, spellings: Spelling[]): void {
    for (const { how, bytes } of spellings) {
      const key = bytes.readUInt32LE(0)
      const slot = slotOf(key)
      this.#table[slot >> 3] = (this.#table[slot >> 3] as number) | (1 << (slot & 7))
      const known = this.#patterns.get(key)
      if (known) known.push({ of, how, bytes })
      else this.#patterns.set(key, [{ of, how, bytes }])
    }
  }

  find(bytes: Uint8Array): Hit<T>[] {
    const hits: Hit<T>[] = []
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    let key = 0
    for (let i = 0; i < bytes.length; i++) {
      key = (key >>> 8) | ((bytes[i] as number) << 24)
      if (i < 3) continue
      const slot = slotOf(key)
      if (((this.#table[slot >> 3] as number) & (1 << (slot & 7))) === 0) continue
      for (const { of, how, bytes: pattern } of this.#patterns.get(key >>> 0) ?? []) {
        const at = i - 3
        if (text.compare(pattern, 0, pattern.length, at, Math.min(at + pattern.length, text.length)) === 0)
          hits.push({ of, how, at })
      }
    }
    return hits
  }
}

function slotOf(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> (32 - TABLE_BITS)
}

/**
 * What comes out where something compressed begins. zlib and gzip show themselves by their first bytes, anywhere;
 * raw deflate and brotli do not, and are tried where a field begins.
 */
export function inflated(field: Uint8Array): Buffer[] {
  const found: Buffer[] = []
  for (let i = 0; i + 2 < field.length; i++) {
    const [first, second, third] = [field[i] as number, field[i + 1] as number, field[i + 2]]
    const header = first * 256 + second
    const isZlib = (first & 15) === 8 && first >> 4 <= 7 && header % 31 === 0 && (second & 32) === 0
    if (isZlib) keep(found, () => inflateSync(field.subarray(i), LENIENT))
    else if (first === 0x1f && second === 0x8b && third === 8)
      keep(found, () => gunzipSync(field.subarray(i), LENIENT))
  }
  keep(found, () => inflateRawSync(field, LENIENT))
  keep(found, () => brotliDecompressSync(field, { maxOutputLength: INFLATED_MAX }))
  return found
}

/** What follows the end of what is compressed is nobody's fault. */
const LENIENT = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: INFLATED_MAX }

function keep(found: Buffer[], inflate: () => Buffer): void {
  try {
    const bytes = inflate()
    // Fewer bytes than a canary has cannot hold one.
    if (bytes.length >= PREFIX_BYTES) found.push(bytes)
  } catch {
    // Not compressed.
  }
}
