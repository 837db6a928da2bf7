// protocols/sync, section 6, as properties: what is planned is what is lacking, and allowances are kept.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Position, isAtOrBefore } from '../../src/replica/lane-tree.ts'
import { Allowance, PUSHED_BURST, Pushes } from '../../src/sync/allowance.ts'
import type { Lack } from '../../src/sync/frame.ts'
import { headOf, search } from '../../src/sync/serving.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import { runOf, signed, stage } from './bench.ts'

/** A facet with lanes of several sessions and forks in some of them, whose author lies about nothing else. */
function forest(seed: number): HeldFacet {
  const { bench, rival, held, puppet } = stage({ seed })
  for (let i = 0; i < 12; i++) {
    const count = 1 + bench.random.below(6)
    const words = Array.from({ length: count }, () => `${bench.random.below(1e6)} `)
    const session = 10 + bench.random.below(4)
    const { client, records } = signed(rival, held, [...words], { session })
    const fork = signed(rival, held, [...words.slice(0, -1), 'other '], { session })
    puppet.say(runOf(held.facet, { client, records }))
    if (bench.random.chance(0.3)) puppet.say(runOf(held.facet, fork))
    bench.pass(1_000)
  }
  return held
}

/** The definition, word for word: at or before a tip that is asked for, and not at or before a point that is had. */
function lacking(held: HeldFacet, lacks: Lack[]): Position[] {
  const find = ({ of, seq, id }: Lack['tip']) => held.facet.find({ client: of, seq, id })
  const isReached = (position: Position, heads: Lack['tip'][]) =>
    heads.some(head => {
      const to = find(head)
      return to !== undefined && to.segment.lane === position.segment.lane && isAtOrBefore(position, to)
    })
  const [tips, had] = [lacks.map(({ tip }) => tip), lacks.flatMap(({ have }) => have)]
  return held.facet.order().filter(position => isReached(position, tips) && !isReached(position, had))
}

describe('serving', () => {
  test('[SYN-20] what is planned is exactly what is lacking, in causal order', () => {
    const facets = [1, 2, 3].map(forest)
    expect(facets.some(({ facet }) => facet.forks().length > 0)).toBe(true)
    const heads = (held: HeldFacet) =>
      held.facet
        .order()
        .map(({ segment, seq }) => headOf({ client: segment.lane.client, seq, id: segment.idAt(seq) }))
    fc.assert(
      fc.property(
        fc.nat(2),
        fc.array(fc.tuple(fc.nat(), fc.array(fc.nat(), { maxLength: 4 })), { maxLength: 6 }),
        (which, picks) => {
          const held = facets[which] as HeldFacet
          const all = heads(held)
          const at = (i: number) => all[i % all.length] as Lack['tip']
          const lacks = picks.map(([tip, have]) => ({ tip: at(tip), have: have.map(at) }))
          const { stretches, looked } = search(held.facet, lacks)
          const planned = stretches.flatMap(({ positions }) => positions)
          expect(planned).toEqual(lacking(held, lacks))
          expect(looked).toBeLessThanOrEqual(held.facet.size)
        }
      ),
      { numRuns: 300 }
    )
  })
})

describe('allowances', () => {
  test('[SYN-35] over any span, no more is spent than the rate and the burst, but for one debt', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2_000), fc.nat(300)), { maxLength: 60 }), steps => {
        const allowance = new Allowance(100, 500, 0)
        let [now, spent, largest] = [0, 0, 0]
        for (const [wait, cost] of steps) {
          now += wait
          if (allowance.left(now) <= 0) continue
          allowance.spend(cost, now)
          spent += cost
          largest = Math.max(largest, cost)
        }
        expect(spent).toBeLessThanOrEqual(500 + (now * 100) / 1_000 + largest)
      })
    )
  })

  test('[SYN-35] a clock that goes back gives nothing', () => {
    const allowance = new Allowance(100, 100, 10_000)
    allowance.spend(100, 10_000)
    expect(allowance.left(0)).toBe(0)
    expect(allowance.left(1_000)).toBe(100)
  })

  test('[SYN-25] 1,000 envelopes at once, then 200 a second', () => {
    const pushes = new Pushes(0)
    pushes.spend(PUSHED_BURST, 0, 0)
    expect(pushes.mayGo(0)).toBe(false)
    expect(pushes.mayGo(10)).toBe(true)
    pushes.spend(202, 0, 10)
    expect(pushes.mayGo(1_000)).toBe(false)
    expect(pushes.floods(1_000)).toBe(false)
    pushes.spend(11_000, 0, 1_000)
    expect(pushes.floods(1_000)).toBe(true)
  })
})
