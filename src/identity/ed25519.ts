// The one Ed25519 rule: which keys are admitted and which signatures hold, the same on every node.
// Seven verifiers disagree on 783 of 914 edge cases; with one signature of those a rival could split
// honest replicas. protocols/identity, section 1.
import { Point } from '@noble/ed25519'
import { fromHex, toHex } from '../wire/bytes.ts'
import { encodeMultikey } from '../wire/multibase.ts'
import { Reject } from '../wire/reject.ts'
import { BACKENDS, publicKeyOf } from './ed25519-backend.ts'
import type { Ed25519Backend } from './ed25519-noble.ts'

export const KEY_BYTES = 32
export const SIGNATURE_BYTES = 64

declare const admitted: unique symbol

/** A key that passed {@link admitKey}; nothing else makes one. */
export interface PublicKey {
  readonly bytes: Uint8Array
  /** `z6Mk...`, the spelling used in documents. */
  readonly multikey: string
  readonly [admitted]: true
}

/** The 32-byte seed of RFC 8032 with its public key. It never leaves the device it was made on. */
export interface SecretKey {
  readonly seed: Uint8Array
  readonly publicKey: PublicKey
}

/** An admission costs a millisecond; 4,096 keys are more than the companies of one node have. */
const ADMITTED_MAX = 4096
const cache = new Map<string, PublicKey>()

/** IDN-1. @returns the key, or `key-length`, `key-encoding`, `key-order`. */
export function admitKey(bytes: Uint8Array): PublicKey | Reject {
  if (bytes.length !== KEY_BYTES) return new Reject('key-length', `${bytes.length} bytes, not ${KEY_BYTES}`)
  const id = toHex(bytes)
  const known = cache.get(id)
  if (known) return known
  // A native backend is quick to say yes; what is wrong with the others is found out slowly.
  const refused = BACKENDS[0]?.isOfPrimeOrder?.(bytes) ? undefined : refusalOf(bytes)
  return refused ?? remember(bytes, id)
}

function refusalOf(bytes: Uint8Array): Reject | undefined {
  let point: Point
  try {
    point = Point.fromBytes(bytes)
  } catch {
    return new Reject('key-encoding', 'not the canonical encoding of a point')
  }
  const isSound = !point.is0() && point.isTorsionFree()
  return isSound ? undefined : new Reject('key-order', 'not a point of the prime-order subgroup')
}

function remember(bytes: Uint8Array, id: string): PublicKey {
  const copy = Uint8Array.from(bytes)
  const key = { bytes: copy, multikey: encodeMultikey(copy) } as PublicKey
  if (cache.size >= ADMITTED_MAX) cache.delete(cache.keys().next().value as string)
  cache.set(id, key)
  return key
}

/** IDN-2 and IDN-3. The backend decides only the equation. */
export function verifySignature(
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
  backend: Ed25519Backend = BACKENDS[0] as Ed25519Backend
): boolean {
  return (
    signature.length === SIGNATURE_BYTES &&
    isBelow(signature, KEY_BYTES, 0xff, ORDER) &&
    isBelow(signature, 0, 0x7f, FIELD) &&
    !isSmallOrder(signature) &&
    backend.verify(key.bytes, message, signature)
  )
}

/** @returns the 64-byte signature over exactly these bytes, which begin with the label of their kind. */
export function sign(key: SecretKey, message: Uint8Array): Uint8Array {
  return (BACKENDS[0] as Ed25519Backend).sign(key.seed, key.publicKey.bytes, message)
}

/** @param random 32 bytes from a CSPRNG, kept as the seed. */
export function generateKey(random: Uint8Array): SecretKey {
  if (random.length !== KEY_BYTES) throw new RangeError(`a seed has ${KEY_BYTES} bytes`)
  const seed = Uint8Array.from(random)
  const publicKey = admitKey(publicKeyOf(seed))
  if (publicKey instanceof Reject) throw new Error(`the key of a seed was refused: ${publicKey}`)
  return { seed, publicKey }
}

// Little-endian constants: the group order L, the field prime p, and the y coordinates of the eight
// points of small order (the sign of x is the top bit, which the comparison leaves out).
const ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010') as Uint8Array
const FIELD = fromHex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f') as Uint8Array
const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'
].map(hex => fromHex(hex) as Uint8Array)

/** Whether the 32 little-endian bytes from `at`, their top byte masked, are a number below `bound`. */
function isBelow(bytes: Uint8Array, at: number, topMask: number, bound: Uint8Array): boolean {
  for (let i = KEY_BYTES - 1; i >= 0; i--) {
    const byte = (bytes[at + i] as number) & (i === KEY_BYTES - 1 ? topMask : 0xff)
    const limit = bound[i] as number
    if (byte !== limit) return byte < limit
  }
  return false
}

function isSmallOrder(signature: Uint8Array): boolean {
  return SMALL_ORDER.some(y => {
    for (let i = 0; i < KEY_BYTES - 1; i++) if (y[i] !== signature[i]) return false
    return y[KEY_BYTES - 1] === ((signature[KEY_BYTES - 1] as number) & 0x7f)
  })
}
