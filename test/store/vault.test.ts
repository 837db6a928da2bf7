// The ciphers against the vector of their specification, and what it is bound to.
import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { fromHex, utf8 } from '../../src/wire/bytes.ts'
import { NAMED, Vault } from '../../src/store/vault.ts'
import { AEADS } from '../../src/store/xchacha.ts'

const hex = (text: string) => fromHex(text) as Uint8Array
/** draft-irtf-cfrg-xchacha-03, A.3.1. */
const VECTOR = {
  key: hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'),
  nonce: hex('404142434445464748494a4b4c4d4e4f5051525354555657'),
  bound: hex('50515253c0c1c2c3c4c5c6c7'),
  plain: utf8(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
  ),
  sealed: hex(
    'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54' +
      'c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f6' +
      '15c68b13b52ec0875924c1c7987947deafd8780acf49'
  )
}
const KEY = new Uint8Array(32).fill(9)
const PLACE = utf8('place')

for (const aead of AEADS) {
  it(`[STO-31] the cipher is XChaCha20-Poly1305, by ${aead.name}`, () => {
    const { key, nonce, bound, plain, sealed } = VECTOR
    expect(Uint8Array.from(aead.seal(key, nonce, bound, plain))).toEqual(sealed)
    expect(Uint8Array.from(aead.open(key, nonce, bound, sealed)!)).toEqual(plain)
  })
}

it('[STO-31] what one of the two seals the other opens, of any length', () => {
  for (let length = 0; length < 300; length += 7) {
    const [one, other] = [AEADS[0]!, AEADS.at(-1)!]
    const [key, nonce, bound, plain] = [32, 24, length % 60, length].map(bytes => randomBytes(bytes)) as [Buffer, Buffer, Buffer, Buffer] // prettier-ignore
    const sealed = one.seal(key, nonce, bound, plain)
    expect(other.seal(key, nonce, bound, plain)).toEqual(sealed)
    expect(other.open(key, nonce, bound, sealed)).toEqual(plain)
  }
})

it('[STO-31] both are here: one that is not would be tested by nobody', () => {
  expect(AEADS.map(({ name }) => name)).toEqual(['sodium', 'node'])
})

it('[STO-32] a sealed value opens at its place and under its key only, and no bit of it may change', () => {
  const vault = new Vault(KEY)
  const sealed = vault.seal(PLACE, utf8('words'))
  for (const aead of AEADS) expect(new Vault(KEY, aead).open(PLACE, sealed)?.toString()).toBe('words')
  expect(vault.open(utf8('other'), sealed)).toBeUndefined()
  expect(new Vault(new Uint8Array(32)).open(PLACE, sealed)).toBeUndefined()
  for (const other of AEADS.map(aead => new Vault(KEY, aead))) {
    for (let at = 0; at < sealed.length; at++) {
      const flipped = Buffer.from(sealed)
      flipped[at] = (flipped[at] as number) ^ 4
      expect(other.open(PLACE, flipped)).toBeUndefined()
    }
    for (let length = 0; length < sealed.length; length++)
      expect(other.open(PLACE, sealed.subarray(0, length))).toBeUndefined()
  }
})

it('[STO-31] the same words are sealed to other bytes each time; a name is the same each time', () => {
  const vault = new Vault(KEY)
  const nonces = Array.from({ length: 1000 }, () => vault.seal(PLACE, utf8('words')).subarray(4, 28).join())
  expect(new Set(nonces).size).toBe(1000)
  const naming = hkdfSync('sha256', KEY, '', 'parley/store/name/1', 32)
  const hmac = createHmac('sha256', Buffer.from(naming)).update(Uint8Array.of(NAMED.key)).update('a').digest()
  expect(Buffer.from(vault.name(NAMED.key, 'a'))).toEqual(hmac)
  expect(vault.name(NAMED.key, 'a')).toEqual(new Vault(KEY).name(NAMED.key, 'a'))
  expect(vault.name(NAMED.key, 'a')).not.toEqual(vault.name(NAMED.facet, 'a'))
  expect(vault.name(NAMED.key, 'a')).not.toEqual(new Vault(new Uint8Array(32)).name(NAMED.key, 'a'))
})
