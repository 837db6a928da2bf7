// The Ed25519 equation in JavaScript alone: it runs wherever JavaScript does, and what others are compared with.
// protocols/identity, section 1.
import { hash } from 'node:crypto'
import * as noble from '@noble/ed25519'

export interface Ed25519Backend {
  readonly name: 'sodium' | 'node' | 'noble'
  /** Whether [S]B = R + [k]A, cofactorless, given an admitted key and a signature that passed IDN-2. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
  /** Whether these 32 bytes are the canonical encoding of a point of prime order (IDN-1). */
  isOfPrimeOrder?(publicKey: Uint8Array): boolean
  /** @returns the 64-byte signature of RFC 8032; every backend makes the same one. */
  sign(seed: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Uint8Array
}

noble.hashes.sha512 = message => new Uint8Array(hash('sha512', message, 'buffer'))

export const NOBLE: Ed25519Backend = {
  name: 'noble',
  verify(publicKey, message, signature) {
    // noble multiplies by the cofactor even in its strict mode, so a torsion component in R would go
    // unnoticed here and nowhere else.
    return (
      noble.verify(signature, message, publicKey, { zip215: false }) &&
      noble.Point.fromBytes(signature.subarray(0, 32)).isTorsionFree()
    )
  },
  sign: (seed, _publicKey, message) => noble.sign(message, seed)
}
