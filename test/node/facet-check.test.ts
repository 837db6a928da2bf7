// What `parley doctor --deep` finds: each kind of harm that a stored envelope can come to, and none where there is none.
import { describe, expect, test } from 'vitest'
import { checkFacet } from '../../src/node/facet-check.ts'
import type { FacetCheckJson } from '../../src/node/surface/parley-node.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import type { EnvelopeRecord } from '../../src/wire/envelope.ts'
import { toHex } from '../../src/wire/bytes.ts'
import type { SimNode } from '../sim/node.ts'
import { runOf, signed, stage } from '../sync/bench.ts'

type Stored = { client: number; seq: number; record: EnvelopeRecord }

function checked(node: SimNode, { facet }: HeldFacet, harm: (stored: Stored[]) => Stored[] = all => all) {
  const id = toHex(facet.id)
  const stored = harm(node.disk.facet(id))
  async function* chunks() {
    yield stored.map(({ client, seq, record }) => ({
      facet: id,
      client,
      seq,
      idPrefix: new Uint8Array(8),
      ...record
    }))
  }
  return checkFacet(facet, chunks())
}

/** A document with one envelope of Ada's and these of Bob's, in one run. */
function written(options: { holds?: (i: number) => boolean } = {}) {
  const { bench, node, rival, held, puppet } = stage()
  const edit = signed(rival, held, ['a ', 'b ', 'c '], options)
  puppet.say(runOf(held.facet, edit))
  bench.pass(500)
  return { bench, node, rival, held, puppet, edit }
}

describe('a document', () => {
  test('[ENV-12] that is whole has nothing wrong with it', async () => {
    const { node, held } = written()
    expect(await checked(node, held)).toMatchObject({ envelopes: 4, signed: 4, wrong: [] })
  })

  test('[ENV-19] an envelope without a signature of its own is covered by a later one of its lane', async () => {
    const { node, held } = written({ holds: i => i === 2 })
    expect(await checked(node, held)).toMatchObject({ envelopes: 4, signed: 2, wrong: [] })
  })

  test('[ENV-19] a branch covers what it grew from', async () => {
    const { bench, node, rival, held, puppet } = stage()
    const [left, right] = ['left ', 'right '].map(word =>
      signed(rival, held, ['a ', word], { holds: i => i === 1 })
    )
    for (const branch of [left, right]) if (branch) puppet.say(runOf(held.facet, branch))
    bench.pass(500)
    expect(held.facet.forks()).toHaveLength(1)
    expect(await checked(node, held)).toMatchObject({ envelopes: 4, signed: 3, wrong: [] })
  })

  const harms: [what: string, found: RegExp, harm: (record: EnvelopeRecord) => EnvelopeRecord][] = [
    [
      'a last signature that was changed',
      /no signature holds/,
      record => ({ ...record, signature: flip(record.signature) })
    ],
    [
      'a body that was changed',
      /the body has another hash/,
      record => ({ ...record, body: flip(record.body) })
    ],
    ['a header that was changed', /^seq 2 of lane/, record => ({ ...record, header: flip(record.header) })]
  ]
  test.each(harms)('%s is found', async (_what, found, harm) => {
    const { node, held } = written()
    const result: FacetCheckJson = await checked(node, held, stored =>
      stored.map(item => (item.seq === 2 ? { ...item, record: harm(item.record) } : item))
    )
    expect(result.wrong.length).toBeGreaterThan(0)
    expect(result.wrong.join('\n')).toMatch(found)
  })

  test('an envelope that is gone from the disk is missed', async () => {
    const { node, held } = written()
    const { wrong } = await checked(node, held, stored => stored.filter(({ seq }) => seq !== 1))
    expect(wrong).toEqual(['envelopes missing on this disk: 1'])
  })

  test('an envelope that follows nothing is told', async () => {
    const { bench, node, rival, held } = written()
    const other = signed(rival, held, ['x ', 'y '], { session: 9 })
    bench.pass(100)
    const { wrong } = await checked(node, held, stored => [
      ...stored,
      { client: other.client, seq: 1, record: other.records[1] as EnvelopeRecord }
    ])
    expect(wrong).toEqual([`seq 1 of lane ${other.client}: it follows nothing that is here`])
  })
})

function flip(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[copy.length - 1] = (copy.at(-1) as number) ^ 1
  return copy
}
