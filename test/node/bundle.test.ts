// protocols/sync, section 11: what leaves in a bundle can be taken in, whatever its authors did, and what cannot
// be taken in yet is said.
import { describe, expect, test } from 'vitest'
import { Bundles } from '../../src/node/bundle.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import { toHex } from '../../src/wire/bytes.ts'
import type { SimNode } from '../sim/node.ts'
import { type Bench, group, runOf, signed, writeFacet } from '../sync/bench.ts'

/** As the driver does it: from the disk, once it is there. */
function bundlesOf(node: SimNode): Bundles {
  const { core } = node
  const driver = {
    core,
    read: async (facet: Uint8Array, wanted: Parameters<SimNode['disk']['read']>[1]) =>
      node.disk.read(toHex(facet), wanted),
    perform: async <T>(work: (of: SimNode['core']) => T) => node.perform(work)
  }
  const held = (id: string) => core.context.facets.get(id) as HeldFacet
  return new Bundles({ directory: core.context.directory, driver }, { named: held })
}

async function* one(...parts: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts
}

async function exported(node: SimNode, { facet }: HeldFacet): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = []
  for await (const part of bundlesOf(node).export(toHex(facet.id))) parts.push(part)
  return parts
}

/** Ada and Bob share a space; Ada has a document of which Bob has heard nothing yet. */
function apart() {
  const { bench, nodes, space } = group(['Ada', 'Bob'], [[0, 1]])
  const [ada, bob] = nodes
  bench.network.cut(ada, bob)
  const held = writeFacet(ada, space)
  bench.pass(200)
  return { bench, ada, bob, space, held }
}

/** Ada's first, then apart Ada's second and Bob's, then Ada's third on both; Cid shares the space and has none. */
function taking() {
  const { bench, nodes, space } = group(
    ['Ada', 'Bob', 'Cid'],
    [
      [0, 1],
      [1, 2]
    ]
  )
  const [ada, bob, cid] = nodes
  bench.network.cut(bob, cid)
  const held = writeFacet(ada, space)
  const write = (node: SimNode, word: string) => {
    node.edit(toHex(held.facet.id), doc => doc.getText('text').insert(0, word))
    bench.pass(3_000)
  }
  bench.pass(3_000)
  bench.network.cut(ada, bob)
  write(ada, 'again ')
  write(bob, 'and Bob ')
  bench.network.connect(ada, bob)
  bench.pass(3_000)
  write(ada, 'last ')
  return { bench, ada, bob, held }
}

/** 24 envelopes of 4 KiB of Bob's in one run, of which these alone are signed. */
function pushPartlySigned(bench: Bench, ada: SimNode, bob: SimNode, held: HeldFacet, holds: number[]) {
  const words = Array.from({ length: 24 }, (_, i) => `${i} `.padEnd(4_000, 'x'))
  const edit = signed(bob.company, held, words, { holds: i => holds.includes(i) })
  const puppet = bench.puppet(ada, bob.company).hello()
  bench.pass(200)
  puppet.say(runOf(held.facet, edit))
  bench.pass(500)
  return edit
}

describe('bundles', () => {
  test('[SYN-36] a lane with false signatures in its middle is taken in by whoever imports it', async () => {
    const { bench, ada, bob, held } = apart()
    // 96 KiB: a run of 64 KiB would end where no signature holds.
    pushPartlySigned(bench, ada, bob, held, [3, 23])
    expect(bench.refusals(ada)).toEqual([])
    expect(held.facet.size).toBe(25)
    const taken = await bundlesOf(bob).import(one(...(await exported(ada, held))))
    expect(taken).toMatchObject({ envelopes: 25, refused: 0, waiting: 0, waitsFor: [] })
    expect(bob.facet(toHex(held.facet.id))?.facet.size).toBe(25)
  })

  test('[SYN-36] also where another lane stands between a false signature and the one that vouches for it', async () => {
    const { bench, ada, bob, held } = taking()
    const id = toHex(held.facet.id)
    // As if a modified node had brought Ada's three envelopes in one run, the second with a false signature.
    const records = bob.disk.facet(id).filter(({ client }) => client === held.facet.tips()[0]?.client)
    const middle = records[1] as (typeof records)[number]
    middle.record = { ...middle.record, signature: new Uint8Array(64).fill(1) }
    for (const { company } of bench.nodes) {
      bob.disk.tables.set(`identity:${company.identity.did}`, company.identity.log)
    }
    bob.crash()
    bob.disk.tables.delete(`checkpoint:${id}`) // which would keep the order in which they came
    bob.start()
    const order = bob
      .facet(id)
      ?.facet.order()
      .map(({ segment, seq }) => `${segment.lane.company}/${seq}`)
    expect(order).toEqual(['0/0', '0/1', '1/0', '0/2'])
    const cid = bench.nodes[2] as SimNode
    const taken = await bundlesOf(cid).import(one(...(await exported(bob, bob.facet(id) as HeldFacet))))
    expect(taken).toMatchObject({ envelopes: 4, refused: 0, waiting: 0 })
    expect(cid.facet(id)?.facet.tips()).toEqual(ada.facet(id)?.facet.tips())
  })

  test('[SYN-36] an envelope that the disk lost ends the export, which names it', async () => {
    const { ada, held } = apart()
    ada.disk.envelopes.clear()
    await expect(exported(ada, held)).rejects.toMatchObject({ code: 'records-missing' })
  })

  test('[SYN-37] what waits is counted, said, and taken in when its cause comes', async () => {
    const { bench, ada, held } = taking()
    const cid = bench.nodes[2] as SimNode
    const id = toHex(held.facet.id)
    const whole = await exported(ada, held)
    // The last three parts are the runs: two of Ada's envelopes, one of Bob's, and Ada's third.
    const lacking = whole.toSpliced(-3, 1)
    const taken = await bundlesOf(cid).import(one(...lacking))
    expect(taken).toMatchObject({ envelopes: 0, refused: 0, waiting: 2 })
    expect(taken.waitsFor).toEqual(['seq 0 of a lane of Ada Ltd', 'seq 1 of a lane of Ada Ltd'])
    expect(cid.core.facets.pending.list(id)).toHaveLength(2)
    const rest = await bundlesOf(cid).import(one(...whole))
    expect(rest).toMatchObject({ envelopes: 4, waiting: 0, waitsFor: [] })
    expect(cid.facet(id)?.facet.tips()).toEqual(held.facet.tips())
  })

  test('[SYN-37] what is refused is told with its code, and nobody is blamed for it', async () => {
    const { bench, ada, bob, held } = apart()
    const whole = await exported(ada, held)
    const last = whole.at(-1) as Uint8Array
    // The signature stands before the body: one bit of it.
    const broken = Uint8Array.from(last)
    const at = broken.length - 60
    broken[at] = (broken[at] as number) ^ 1
    const taken = await bundlesOf(bob).import(one(...whole.slice(0, -1), broken))
    expect(taken).toMatchObject({ envelopes: 0, refused: 1, waiting: 0 })
    expect(bench.refusals(bob)).toEqual(['signature'])
  })
})

test('a file does not keep the main thread: between two parts of it the event loop turns, taken or not', async () => {
  const { ada, bob, held } = apart()
  const parts = await exported(ada, held)
  let turns = 0
  const count = () => {
    turns++
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  const again = bundlesOf(bob)
  await again.import(one(...parts))
  // All of it is here already: nothing waits for a disk.
  const before = turns
  await again.import(one(...parts))
  clearImmediate(next)
  expect(turns - before).toBeGreaterThanOrEqual(parts.length - 1)
})
