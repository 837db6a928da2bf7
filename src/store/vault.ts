// Seals what is private, and names what must not be recognised, under one data key. protocols/store, section 11.
import { hkdfSync, randomFillSync } from 'node:crypto'
import { concatBytes, equalBytes, utf8 } from '../wire/bytes.ts'
import { sha256After } from '../wire/hash.ts'
import { AEADS, type Aead, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './xchacha.ts'

const NUMBER_BYTES = 4
const TEXT_AT = NUMBER_BYTES + NONCE_BYTES
/** Asked for together: a call for each nonce would cost more than sealing. */
const NONCES = 256
/** What sealing adds. */
const SEAL_BYTES = TEXT_AT + TAG_BYTES
const HMAC_BLOCK_BYTES = 64

/** What is named: the same bytes have another name as another thing. */
export const NAMED = { facet: 1, key: 2, idPrefix: 3 } as const

export class Vault {
  /** Tells by which data key a value is sealed, and nothing about that key. */
  readonly #number: Buffer
  readonly #key: Buffer
  readonly #aead: Aead
  /** The two hashes of HMAC, which begin with the key and its padding. */
  readonly #inner: (bytes: Uint8Array) => Uint8Array
  readonly #outer: (bytes: Uint8Array) => Uint8Array
  readonly #nonces = Buffer.alloc(NONCES * NONCE_BYTES)
  #next = NONCES

  constructor(dataKey: Uint8Array, aead: Aead = AEADS[0] as Aead) {
    const derived = (what: string, bytes: number) =>
      Buffer.from(hkdfSync('sha256', dataKey, '', `parley/store/${what}/1`, bytes))
    this.#number = derived('key', NUMBER_BYTES)
    this.#key = derived('seal', KEY_BYTES)
    this.#aead = aead
    const naming = Buffer.concat([derived('name', KEY_BYTES), Buffer.alloc(HMAC_BLOCK_BYTES - KEY_BYTES)])
    this.#inner = sha256After(naming.map(byte => byte ^ 0x36))
    this.#outer = sha256After(naming.map(byte => byte ^ 0x5c))
  }

  /** Whether a value is sealed by this key, as far as its number tells. */
  bears(sealed: Uint8Array): boolean {
    return equalBytes(this.#number, sealed.subarray(0, NUMBER_BYTES))
  }

  /** `place`: the key of the record; what is sealed opens nowhere else (STO-32). */
  seal(place: Uint8Array, plain: Uint8Array): Uint8Array {
    const nonce = this.#nonce()
    return concatBytes(this.#number, nonce, this.#aead.seal(this.#key, nonce, this.#bound(place), plain))
  }

  /** @returns `undefined` for whatever this key did not seal for this place */
  open(place: Uint8Array, sealed: Uint8Array): Buffer | undefined {
    if (sealed.length < SEAL_BYTES || !this.bears(sealed)) return undefined
    const nonce = sealed.subarray(NUMBER_BYTES, TEXT_AT)
    return this.#aead.open(this.#key, nonce, this.#bound(place), sealed.subarray(TEXT_AT))
  }

  /**
   * HMAC-SHA256, the same for the same thing; who has not the key can neither recognise nor guess what it names. Out
   * of two hashes, as an HMAC object of Node's costs several times as much.
   */
  name(kind: number, thing: string | Uint8Array): Uint8Array {
    const bytes = typeof thing === 'string' ? utf8(thing) : thing
    return this.#outer(this.#inner(concatBytes(Uint8Array.of(kind), bytes)))
  }

  #nonce(): Uint8Array {
    if (this.#next === NONCES) {
      randomFillSync(this.#nonces)
      this.#next = 0
    }
    const at = this.#next++ * NONCE_BYTES
    return this.#nonces.subarray(at, at + NONCE_BYTES)
  }

  #bound(place: Uint8Array): Uint8Array {
    return concatBytes(this.#number, place)
  }
}
