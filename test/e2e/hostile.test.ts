// Design section 15, invariants 3 and 4, on real sockets and real stores: what a modified node sends is refused
// with a code and its sender named; the honest node that forwards for it is not.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import type { NodeEvent } from '../../src/node/surface/parley-node.ts'
import { type Lie, tell } from '../sim/liars.ts'
import { Random } from '../sim/random.ts'
import { WithRival } from './with-rival.ts'

const random = new Random(11)
const world = new WithRival(11)

beforeAll(() => world.open(), 120_000)
afterAll(() => world.close())

describe('a modified node', () => {
  const expected: [Lie, string[]][] = [
    ['tamper', ['signature']],
    ['forge', ['signature']],
    ['graft', ['lane-mismatch']],
    ['relabel', ['lane-mismatch']],
    ['impersonate', ['signature', 'key-unknown', 'auth-missing']],
    ['backdate', ['auth-missing', 'auth-order', 'key-unknown']],
    ['bad-yjs', ['update-reference', 'update-clock', 'update-parent']]
  ]

  for (const [lie, codes] of expected) {
    it(`[SYN-12] ${lie}: refused with a code, the rival named, the forwarder not blamed`, async () => {
      const before = world.refused.a.length
      const rootsBefore = await Promise.all(
        world.artifacts.map(async id => (await world.a.read(id)).structRoot)
      )
      const liar = await world.modified(100 + before)
      const others = [...liar.node.core.context.facets.values()]
      let told = false
      for (let i = 0; i < 40 && !told; i++) {
        const held = others[i % others.length] as (typeof others)[number]
        told = tell(lie, { liar: liar.node, held, others, random, say: frame => liar.say(frame) })
      }
      expect(told).toBe(true)
      await until(`the refusal of ${lie}`, async () => world.refused.a.length > before)
      const refusal = world.refused.a.at(-1) as (typeof world.refused.a)[number]
      expect(codes).toContain(refusal.code)
      expect(refusal.company).toBe('Rival Ltd')
      await until('the connection to be cut', async () => !liar.connected())
      const roots = await Promise.all(world.artifacts.map(async id => (await world.a.read(id)).structRoot))
      expect(roots).toEqual(rootsBefore)
      expect(world.refused.b).toEqual([])
      await liar.stop()
    })
  }

  it('[SYN-12] replay: changes nothing and is no fault', async () => {
    const before = world.refused.a.length
    const roots = () => Promise.all(world.artifacts.map(async id => (await world.a.read(id)).structRoot))
    const rootsBefore = await roots()
    const liar = await world.modified(900)
    const others = [...liar.node.core.context.facets.values()]
    for (const held of others)
      tell('replay', { liar: liar.node, held, others, random, say: frame => liar.say(frame) })
    liar.node.edit(Buffer.from((others[0] as (typeof others)[number]).facet.id).toString('hex'), doc =>
      doc.getText('text').insert(0, 'After. ')
    )
    await until('an honest edit after the replay', async () => {
      const texts = await Promise.all(world.artifacts.map(async id => (await world.b.read(id)).text))
      return texts.some(text => text.includes('After. '))
    })
    expect(world.refused.a.length).toBe(before)
    // The documents came to the modified node in an order of their own.
    expect(await roots()).not.toEqual(rootsBefore)
    await liar.stop()
  })

  it('[ENV-21] equivocation: both honest nodes hold the proof and one document', async () => {
    const liar = await world.modified(901)
    const others = [...liar.node.core.context.facets.values()]
    const held = others[0] as (typeof others)[number]
    const forks: NodeEvent[] = []
    const stop = world.b.subscribe(event => {
      if (event.event === 'fork') forks.push(event)
    })
    tell('equivocate', { liar: liar.node, held, others, random, say: frame => liar.say(frame) })
    await until('the proof at the far side', async () => forks.length > 0)
    await until('one document', async () => {
      const read = await Promise.all(
        [world.a, world.b].map(node => node.read(Buffer.from(held.facet.id).toString('hex')))
      )
      return read[0]?.structRoot === read[1]?.structRoot
    })
    expect(world.refused.b).toEqual([])
    stop()
    await liar.stop()
  })
})
