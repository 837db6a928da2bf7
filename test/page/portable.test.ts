// What stands in the page for Node's own: the same answers, wherever the core asks.
import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Buffer as Portable } from '../../src/page/portable-buffer.ts'
import { hash as portableHash } from '../../src/page/portable-crypto.ts'

const bytes = fc.uint8Array({ maxLength: 300 })

describe('the portable Buffer', () => {
  it('compares as Node does', () => {
    const pairs = fc.tuple(bytes, bytes, fc.boolean())
    fc.assert(
      fc.property(pairs, ([a, b, isNear]) => {
        const other = isNear ? a.map((byte, i) => (i === a.length - 1 ? byte ^ 1 : byte)) : b
        expect(Math.sign(Portable.compare(a, other))).toBe(Buffer.compare(a, other))
      })
    )
  })

  it('spells bytes as Node does, and reads what it spelt', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom('hex' as const, 'base64' as const, 'latin1' as const),
        (given, coding) => {
          const { buffer, byteOffset, byteLength } = given
          const text = Portable.from(buffer, byteOffset, byteLength).toString(coding)
          expect(text).toBe(Buffer.from(given).toString(coding))
          expect([...Portable.from(text, coding)]).toEqual([...given])
        }
      )
    )
  })

  it('spells what is longer than one call takes', () => {
    const long = new Uint8Array(100_000).map((_, i) => i)
    expect(Portable.from(long.buffer).toString('base64')).toBe(Buffer.from(long).toString('base64'))
  })

  it('reads of base64 nothing that it would not have spelt so, as far as the core can tell', () => {
    const isCanonical = (text: string, buffer: typeof Portable | typeof Buffer) =>
      (buffer as typeof Buffer).from(text, 'base64').toString('base64') === text
    const texts = fc.oneof(
      fc.base64String(),
      fc.string(),
      fc.constantFrom('QQ', 'QQ=', 'QR==', 'Q Q==', '-_8=', '=')
    )
    fc.assert(
      fc.property(texts, text => {
        expect(isCanonical(text, Portable)).toBe(isCanonical(text, Buffer))
      })
    )
  })
})

describe('the portable hash', () => {
  it('is that of Node, in both forms', () => {
    fc.assert(
      fc.property(bytes, given => {
        expect(portableHash('sha256', given, 'binary')).toBe(hash('sha256', given, 'binary'))
        const long = portableHash('sha512', given, 'buffer') as Uint8Array
        expect(Buffer.from(long).equals(hash('sha512', given, 'buffer'))).toBe(true)
      })
    )
  })
})
