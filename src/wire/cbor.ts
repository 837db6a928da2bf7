// Deterministic CBOR (RFC 8949 section 4.2): one spelling for each value, and no other is accepted.
// Decoders that reject every other spelling do not exist for JavaScript, so a decoded value is encoded
// again and compared with what arrived.
import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import { equalBytes } from './bytes.ts'
import { Reject } from './reject.ts'

export type CborValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | CborValue[]
  | { [key: string]: CborValue }

const DEPTH_MAX = 8

export function encodeCbor(value: CborValue): Uint8Array {
  return encode(value, rfc8949EncodeOptions)
}

/** @returns the value, or a `cbor-*` Reject when the bytes are not the one spelling of a plain value. */
export function decodeCbor(bytes: Uint8Array, bytesMax: number): CborValue | Reject {
  if (bytes.length > bytesMax) return new Reject('cbor-size', `${bytes.length} bytes, at most ${bytesMax}`)
  let value: unknown
  try {
    value = decode(bytes, {
      strict: true,
      rejectDuplicateMapKeys: true,
      allowIndefinite: false,
      useMaps: false
    })
  } catch {
    return new Reject('cbor-syntax', 'not CBOR, or not in its shortest form')
  }
  if (!isPlain(value, 0)) return new Reject('cbor-value', 'a value that this wire does not use')
  if (!equalBytes(encodeCbor(value), bytes))
    return new Reject('cbor-canonical', 'not the deterministic spelling')
  return value
}

/** Integers within 2^53, well-formed strings, bytes, arrays and string-keyed maps; nothing else. */
function isPlain(value: unknown, depth: number): value is CborValue {
  if (depth > DEPTH_MAX) return false
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0)
  if (typeof value === 'string') return value.isWellFormed()
  if (value instanceof Uint8Array) return true
  if (Array.isArray(value)) return value.every(item => isPlain(item, depth + 1))
  if (typeof value !== 'object') return false
  return Object.entries(value).every(
    ([key, item]) => key !== '__proto__' && key.isWellFormed() && isPlain(item, depth + 1)
  )
}
