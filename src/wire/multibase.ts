// Base58btc and the multikey spelling of an Ed25519 public key, as did:webvh and did:key write them.
// protocols/identity, section 1.
import { base58btc } from 'multiformats/bases/base58'
import { concatBytes } from './bytes.ts'

/** Base58btc without a multibase prefix. */
export function encodeBase58(bytes: Uint8Array): string {
  return base58btc.baseEncode(bytes)
}

/** @returns `undefined` unless `text` is what {@link encodeBase58} would print for some bytes. */
export function decodeBase58(text: string, charsMax: number): Uint8Array | undefined {
  // Decoding is quadratic in the length, so the limit comes first.
  if (text.length > charsMax) return undefined
  let bytes: Uint8Array
  try {
    bytes = base58btc.baseDecode(text)
  } catch {
    return undefined
  }
  return encodeBase58(bytes) === text ? bytes : undefined
}

const ED25519_CODE = new Uint8Array([0xed, 0x01])
const MULTIKEY_BYTES = ED25519_CODE.length + 32
const MULTIKEY_CHARS_MAX = 64

/** `z6Mk...`: base58btc of 0xed 0x01 and the 32 key bytes. */
export function encodeMultikey(key: Uint8Array): string {
  return base58btc.encode(concatBytes(ED25519_CODE, key))
}

/** @returns the 32 key bytes, not yet admitted, or `undefined`. */
export function decodeMultikey(text: string): Uint8Array | undefined {
  if (!text.startsWith('z')) return undefined
  const bytes = decodeBase58(text.slice(1), MULTIKEY_CHARS_MAX)
  if (bytes?.length !== MULTIKEY_BYTES || bytes[0] !== 0xed || bytes[1] !== 0x01) return undefined
  return bytes.subarray(ED25519_CODE.length)
}
