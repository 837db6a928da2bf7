import { describe, expect, test } from 'vitest'
import { decodeCbor, encodeCbor } from '../../src/wire/cbor.ts'

const decode = (hex: string) => decodeCbor(Buffer.from(hex, 'hex'), 100)

describe('[SPC-4] deterministic CBOR', () => {
  test.each([
    [null, 'f6'],
    [0, '00'],
    [-(2 ** 53 - 1), '3b001ffffffffffffe'],
    ['é', '62c3a9'],
    [[1, [2]], '82018102'],
    [{ b: 1, aa: 2 }, 'a261620162616102']
  ])('[SPC-4] %j is %s', (value, hex) => {
    expect(Buffer.from(encodeCbor(value)).toString('hex')).toBe(hex)
    expect(decode(hex)).toEqual(value)
  })

  test.each([
    ['an integer in more bytes than it needs', '1800', 'cbor-syntax'],
    ['an integer of 2^53', '1b0020000000000000', 'cbor-value'],
    ['1 as a float', 'f93c00', 'cbor-canonical'],
    ['a fraction', 'f93e00', 'cbor-value'],
    ['minus zero', 'f98000', 'cbor-value'],
    ['no number', 'f97e00', 'cbor-value'],
    ['undefined', 'f7', 'cbor-value'],
    ['a tag', 'c100', 'cbor-syntax'],
    ['text that is no UTF-8', '61ff', 'cbor-canonical'],
    ['a surrogate in UTF-8', '63eda080', 'cbor-canonical'],
    ['a string without a stated length', '7f6161ff', 'cbor-syntax'],
    ['keys in another order', 'a262616102616201', 'cbor-canonical'],
    ['a key twice', 'a2616101616102', 'cbor-syntax'],
    ['a key that is a number', 'a10102', 'cbor-syntax'],
    ['the key __proto__', 'a1695f5f70726f746f5f5f01', 'cbor-value'],
    ['two values', '0000', 'cbor-syntax'],
    ['nothing', '', 'cbor-syntax'],
    ['nine arrays in one another, and one more', '8181818181818181818100', 'cbor-value'],
    ['more bytes than allowed', '00'.repeat(101), 'cbor-size']
  ])('[SPC-4] %s is refused', (_name, hex, code) => {
    expect(decode(hex)).toMatchObject({ code, fault: true })
  })

  test('[SPC-4] a million open arrays are refused, not fatal', () => {
    const deep = new Uint8Array(1_000_000).fill(0x81)
    expect(decodeCbor(deep, deep.length)).toMatchObject({ code: expect.stringMatching(/^cbor-/) as string })
  })
})
