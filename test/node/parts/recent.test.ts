import { describe, expect, test } from 'vitest'
import { RecentEnvelopes } from '../../../src/node/parts/recent.ts'

const FACET = 'ab'.repeat(32)

function id(byte: number, tail = 0): Uint8Array {
  return new Uint8Array(32).fill(byte).fill(tail, 6)
}

function record(seq: number, ofId: Uint8Array, bytes = 10) {
  const idPrefix = ofId.slice(0, 8)
  return {
    facet: FACET,
    client: 7,
    seq,
    idPrefix,
    header: new Uint8Array(20),
    signature: new Uint8Array(64),
    body: new Uint8Array(bytes)
  }
}

describe('the envelopes that a node wrote last', () => {
  test('are found by facet, lane, seq and id', () => {
    const recent = new RecentEnvelopes()
    const first = record(0, id(1))
    recent.add(first)
    const wanted = { client: 7, seq: 0, id: id(1) }
    expect(recent.find(FACET, wanted)).toBe(first)
    expect(recent.find('cd'.repeat(32), wanted)).toBeUndefined()
    for (const other of [{ client: 8 }, { seq: 1 }, { id: id(2) }, { id: id(1, 9) }]) {
      expect(recent.find(FACET, { ...wanted, ...other })).toBeUndefined()
    }
  })

  test('are given with their bodies, or not at all once a body was taken away', () => {
    const recent = new RecentEnvelopes()
    const { body: _, ...erased } = record(0, id(1))
    recent.add(record(0, id(1)))
    recent.add(erased)
    expect(recent.find(FACET, { client: 7, seq: 0, id: id(1) })).toBeUndefined()
  })

  test('take at most 8 MiB of memory: the oldest go', () => {
    const recent = new RecentEnvelopes()
    for (let i = 0; i < 200; i++) recent.add(record(i, id(i), 65_536))
    const found = Array.from({ length: 200 }, (_, seq) =>
      recent.find(FACET, { client: 7, seq, id: id(seq) })
    ).map(Boolean)
    expect(found.lastIndexOf(false)).toBe(74)
    expect(found.indexOf(true)).toBe(75)
  })
})
