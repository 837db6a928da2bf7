// Three implementations of the Ed25519 equation behind one small interface. None of them is the rule:
// that is `ed25519.ts`, which asks a backend only after its own checks. protocols/identity, section 1.
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { createRequire } from 'node:module'
import { concatBytes, fromHex } from '../wire/bytes.ts'
import { type Ed25519Backend, NOBLE } from './ed25519-noble.ts'

const SPKI = fromHex('302a300506032b6570032100') as Uint8Array
const PKCS8 = fromHex('302e020100300506032b657004220420') as Uint8Array

// Building a KeyObject costs as much as a verification, so each lives as long as the bytes it was made from.
const keyObjects = new WeakMap<Uint8Array, KeyObject>()

function keyObject(bytes: Uint8Array, make: (bytes: Uint8Array) => KeyObject): KeyObject {
  let key = keyObjects.get(bytes)
  if (key === undefined) keyObjects.set(bytes, (key = make(bytes)))
  return key
}

function publicObject(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(concatBytes(SPKI, bytes)), format: 'der', type: 'spki' })
}

function privateObject(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(concatBytes(PKCS8, seed)), format: 'der', type: 'pkcs8' })
}

const NODE: Ed25519Backend = {
  name: 'node',
  verify: (publicKey, message, signature) =>
    verify(null, message, keyObject(publicKey, publicObject), signature),
  sign: (seed, _publicKey, message) => new Uint8Array(sign(null, message, keyObject(seed, privateObject)))
}

/** The public half of a 32-byte seed. Native: a start derives several, and noble takes long until it is warm. */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  const { x } = createPublicKey(privateObject(seed)).export({ format: 'jwk' })
  return new Uint8Array(Buffer.from(x as string, 'base64url'))
}

/** Seed and public key in one piece, as sodium wants them, for as long as the seed lives. */
const secrets = new WeakMap<Uint8Array, Uint8Array>()

/** What we use of sodium-native, which ships no types. */
interface Sodium {
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void
  crypto_core_ed25519_is_valid_point(publicKey: Uint8Array): boolean
}

/** sodium-native is an optional dependency: a platform without a prebuilt binary runs on node:crypto. */
function loadSodium(): Ed25519Backend | undefined {
  let sodium: Sodium
  try {
    sodium = createRequire(import.meta.url)('sodium-native') as Sodium
  } catch {
    return undefined
  }
  return {
    name: 'sodium',
    isOfPrimeOrder: publicKey => sodium.crypto_core_ed25519_is_valid_point(publicKey),
    verify: (publicKey, message, signature) =>
      sodium.crypto_sign_verify_detached(signature, message, publicKey),
    sign(seed, publicKey, message) {
      const signature = new Uint8Array(64)
      let secret = secrets.get(seed)
      if (!secret) secrets.set(seed, (secret = Uint8Array.from([...seed, ...publicKey])))
      sodium.crypto_sign_detached(signature, message, secret)
      return signature
    }
  }
}

const sodium = loadSodium()

/** Fastest first; each gives the same answer on every case of `vectors/ed25519.json`. */
export const BACKENDS: readonly Ed25519Backend[] = sodium ? [sodium, NODE, NOBLE] : [NODE, NOBLE]
