import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/wire/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/wire/cbor.ts'
import { CborReader, CborWriter } from '../../src/wire/cbor-stream.ts'
import { isReject } from '../../src/wire/reject.ts'

/** What a header is made of: unsigned integers, byte strings, arrays. */
type Item = number | Uint8Array | Item[]

const edges = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]
const uint = fc.oneof(fc.constantFrom(...edges), fc.nat(), fc.maxSafeNat())
const blob = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(new Uint8Array(255), new Uint8Array(256))
)
const { item } = fc.letrec<{ item: Item }>(tie => ({
  item: fc.oneof({ maxDepth: 4, depthSize: 'small' }, uint, blob, fc.array(tie('item'), { maxLength: 30 }))
}))

function write(value: Item, out = new CborWriter()): CborWriter {
  if (typeof value === 'number') return out.uint(value)
  if (value instanceof Uint8Array) return out.bytes(value)
  out.array(value.length)
  for (const part of value) write(part, out)
  return out
}

/** Reads along a value of the same form: what the reader takes must be the value. */
function readAs(like: Item, read: CborReader): Item {
  if (typeof like === 'number') return read.uint()
  if (like instanceof Uint8Array) return Uint8Array.from(read.bytes())
  read.tuple(like.length)
  return like.map(part => readAs(part, read))
}

/** The form that these bytes claim to have, as far as the general decoder can tell. */
function decoded(bytes: Uint8Array): Item | undefined {
  const value = decodeCbor(bytes, 1_000_000)
  return isReject(value) || !ofItems(value) ? undefined : value
}

function ofItems(value: CborValue): value is Item {
  if (typeof value === 'number') return value >= 0
  return value instanceof Uint8Array || (Array.isArray(value) && value.every(ofItems))
}

describe('[ENV-4] the reader and the writer of headers are the general ones for what headers hold', () => {
  test('[ENV-4] what is written is what the general encoder writes', () => {
    fc.assert(
      fc.property(item, value => {
        expect(toHex(write(value).finish())).toBe(toHex(encodeCbor(value)))
      }),
      { numRuns: 2_000, seed: 1 }
    )
  })

  test('[ENV-4] what is written is read', () => {
    fc.assert(
      fc.property(item, value => {
        const read = new CborReader(write(value).finish())
        expect(readAs(value, read)).toEqual(value)
        expect(read.end('it')).toBeUndefined()
      }),
      { numRuns: 2_000, seed: 2 }
    )
  })

  test('[ENV-4] of changed bytes both take the same and refuse the same', () => {
    const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 })
    let [taken, refused] = [0, 0]
    fc.assert(
      fc.property(item, change, fc.nat(3), (value, changes, cut) => {
        let bytes = write(value).finish()
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        if (cut === 0) bytes = bytes.subarray(0, -1)
        const known = decoded(bytes)
        // With no form to follow, the reader is led along the form that the bytes had before.
        const read = new CborReader(bytes)
        const got = readAs(known ?? value, read)
        const good = read.end('it') === undefined
        expect(good).toBe(known !== undefined)
        if (known !== undefined) expect(got).toEqual(known)
        if (good) taken++
        else refused++
      }),
      { numRuns: 4_000, seed: 3 }
    )
    expect(taken).toBeGreaterThan(200)
    expect(refused).toBeGreaterThan(200)
  })

  test.each([
    ['24 in two bytes more than it needs', '190018'],
    ['23 in a byte of its own', '1817'],
    ['2^53', '1b0020000000000000'],
    ['2^64 - 1', '1bffffffffffffffff'],
    ['a length that is reserved', '1c'],
    ['no stated length', '5f40ff'],
    ['nothing', '']
  ])('[ENV-4] %s is no integer and no bytes', (_name, hex) => {
    for (const take of ['uint', 'bytes'] as const) {
      const read = new CborReader(Buffer.from(hex, 'hex'))
      read[take]()
      expect(read.end('it')).toMatchObject({ code: 'cbor-canonical' })
    }
  })

  test('[ENV-4] after a failure nothing is read any more', () => {
    const read = new CborReader(new Uint8Array([0x40, 1, 2]))
    expect([read.uint(), read.uint(), read.array(9), read.bytes().length, read.failed]).toEqual([
      0,
      0,
      0,
      0,
      true
    ])
  })

  test('[ENV-6] a list longer than allowed is not begun', () => {
    const read = new CborReader(new CborWriter().array(33).finish())
    expect(read.array(32)).toBe(0)
    expect(read.failed).toBe(true)
  })
})
