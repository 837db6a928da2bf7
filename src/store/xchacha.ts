// XChaCha20-Poly1305, the IETF form with a nonce of 24 bytes: by libsodium where it is, else out of what node:crypto
// has. Both give the same bytes. protocols/store, section 11.
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { createRequire } from 'node:module'

export const KEY_BYTES = 32
export const NONCE_BYTES = 24
export const TAG_BYTES = 16

export interface Aead {
  readonly name: 'sodium' | 'node'
  /** @returns the ciphertext, then the tag */
  seal(key: Uint8Array, nonce: Uint8Array, bound: Uint8Array, plain: Uint8Array): Uint8Array
  /** @returns `undefined` where the tag does not hold */
  open(key: Uint8Array, nonce: Uint8Array, bound: Uint8Array, sealed: Uint8Array): Buffer | undefined
}

const NODE: Aead = {
  name: 'node',
  seal(key, nonce, bound, plain) {
    const options = { authTagLength: TAG_BYTES }
    const cipher = createCipheriv('chacha20-poly1305', subkey(key, nonce), rest(nonce), options)
    cipher.setAAD(bound, { plaintextLength: plain.length })
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  },
  open(key, nonce, bound, sealed) {
    const end = sealed.length - TAG_BYTES
    const options = { authTagLength: TAG_BYTES }
    const cipher = createDecipheriv('chacha20-poly1305', subkey(key, nonce), rest(nonce), options)
    cipher.setAAD(bound, { plaintextLength: end })
    cipher.setAuthTag(sealed.subarray(end))
    const plain = cipher.update(sealed.subarray(0, end))
    try {
      cipher.final()
    } catch {
      return undefined // all that `final` ever says of a stream cipher
    }
    return plain
  }
}

/** What XChaCha leaves of its nonce for ChaCha. */
function rest(nonce: Uint8Array): Uint8Array {
  return Buffer.concat([new Uint8Array(4), nonce.subarray(16)])
}

const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]
/** Columns, then diagonals. */
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14]
] as const

/** HChaCha20: the key for one nonce. */
function subkey(key: Uint8Array, nonce: Uint8Array): Buffer {
  const words = (bytes: Uint8Array, count: number) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    return Array.from({ length: count }, (_, at) => view.getUint32(4 * at, true))
  }
  const state = Uint32Array.from([...CONSTANTS, ...words(key, 8), ...words(nonce, 4)])
  for (let round = 0; round < 10; round++)
    for (const [a, b, c, d] of QUARTERS) {
      mix(state, a, b, d, 16)
      mix(state, c, d, b, 12)
      mix(state, a, b, d, 8)
      mix(state, c, d, b, 7)
    }
  const out = Buffer.alloc(KEY_BYTES)
  for (let at = 0; at < 4; at++) {
    out.writeUInt32LE(state[at] as number, 4 * at)
    out.writeUInt32LE(state[12 + at] as number, 16 + 4 * at)
  }
  return out
}

/** x += y; z = (z ^ x) <<< bits */
function mix(state: Uint32Array, x: number, y: number, z: number, bits: number): void {
  state[x] = (state[x] as number) + (state[y] as number)
  const turned = (state[z] as number) ^ state[x]
  state[z] = (turned << bits) | (turned >>> (32 - bits))
}

/** What we use of sodium-native, which ships no types. */
interface Sodium {
  crypto_aead_xchacha20poly1305_ietf_encrypt(
    sealed: Uint8Array,
    plain: Uint8Array,
    bound: Uint8Array,
    unused: null,
    nonce: Uint8Array,
    key: Uint8Array
  ): void
  /** @throws where the tag does not hold */
  crypto_aead_xchacha20poly1305_ietf_decrypt(
    plain: Uint8Array,
    unused: null,
    sealed: Uint8Array,
    bound: Uint8Array,
    nonce: Uint8Array,
    key: Uint8Array
  ): void
}

/** sodium-native is an optional dependency: a platform without a prebuilt binary runs on node:crypto. */
function loadSodium(): Aead | undefined {
  let sodium: Sodium
  try {
    sodium = createRequire(import.meta.url)('sodium-native') as Sodium
  } catch {
    return undefined
  }
  return {
    name: 'sodium',
    seal(key, nonce, bound, plain) {
      const sealed = Buffer.allocUnsafe(plain.length + TAG_BYTES)
      sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, plain, bound, null, nonce, key)
      return sealed
    },
    open(key, nonce, bound, sealed) {
      const plain = Buffer.allocUnsafeSlow(sealed.length - TAG_BYTES)
      try {
        sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(plain, null, sealed, bound, nonce, key)
      } catch {
        return undefined // lengths are checked before: it is the tag
      }
      return plain
    }
  }
}

const sodium = loadSodium()

/** Fastest first. */
export const AEADS: readonly Aead[] = sodium ? [sodium, NODE] : [NODE]
