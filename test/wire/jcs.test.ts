import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fromHex, utf8 } from '../../src/wire/bytes.ts'
import { type JcsValue, encodeJcs, parseJcs } from '../../src/wire/jcs.ts'
import { isReject } from '../../src/wire/reject.ts'

const file = new URL('../../protocols/identity/vectors/jcs.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
  valid: { hex: string }[]
  invalid: { id: string; code: string; hex: string }[]
}
const bytes = (hex: string) => fromHex(hex) as Uint8Array

function codeOf(input: Uint8Array, limits?: Parameters<typeof parseJcs>[1]): string {
  const value = parseJcs(input, limits)
  return isReject(value) ? value.code : 'accepted'
}

describe('JCS', () => {
  test('[IDN-4] every valid vector parses and is printed the same', () => {
    for (const { hex } of vectors.valid) {
      const value = parseJcs(bytes(hex))
      expect(encodeJcs(value as JcsValue)).toEqual(bytes(hex))
    }
  })

  test.each(vectors.invalid.map(vector => [vector.code, vector.id, vector.hex] as const))(
    '[IDN-4] %s: %s',
    (code, _id, hex) => expect(codeOf(bytes(hex))).toBe(code)
  )

  test('[IDN-4] whatever is accepted is what we would print', () => {
    const text = fc.oneof(
      fc.json({ maxDepth: 3 }),
      fc.json({ maxDepth: 3 }).map(json => json.replaceAll(' ', '')),
      fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '1', 'a', '\\', '-', '0', ' ') })
    )
    fc.assert(
      fc.property(text, json => {
        const value = parseJcs(utf8(json))
        if (!isReject(value)) expect(encodeJcs(value)).toEqual(utf8(json))
      }),
      { numRuns: 2000, seed: 1 }
    )
  })

  test('[IDN-5] our own mistakes throw instead of being written', () => {
    const wrong = [1.5, -0, Number.NaN, 2 ** 53, '\ud800', { ['__proto__']: 1 }, [undefined], { a: 1n }]
    for (const value of wrong) expect(() => encodeJcs(value as JcsValue)).toThrow(TypeError)
  })

  test('[IDN-6] limits are met exactly, and brackets within strings do not count', () => {
    const limits = { bytesMax: 12, depthMax: 2, itemsMax: 3 }
    expect(codeOf(utf8('[[],[]]'), { ...limits, itemsMax: 4 })).toBe('accepted')
    expect(codeOf(utf8('[[],[]]'), limits)).toBe('jcs-items')
    expect(codeOf(utf8('[[1]]'), limits)).toBe('accepted')
    expect(codeOf(utf8('[[[]]]'), limits)).toBe('jcs-depth')
    expect(codeOf(utf8('"0123456789"'), limits)).toBe('accepted')
    expect(codeOf(utf8('"01234567890"'), limits)).toBe('jcs-size')
    expect(codeOf(utf8('"[[[[,,,,\\""'), limits)).toBe('accepted')
  })

  test('[IDN-6] a hundred thousand brackets are refused without being parsed', () => {
    expect(codeOf(utf8('['.repeat(65_536)))).toBe('jcs-depth')
    expect(codeOf(new Uint8Array(65_537).fill(0x20))).toBe('jcs-size')
  })
})
