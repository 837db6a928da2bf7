// What a stale restore is forgiven, and what it is not: too much, and the simulator would not see edits get lost.
import { describe, expect, it } from 'vitest'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { heldBy, restoreOlder, runClone, snapshot } from './faults.ts'
import { sign } from './chain.ts'
import { judge } from './judge.ts'
import type { Member, SimFacet } from './members.ts'
import { Simulation, planOf } from './world.ts'

const PLAIN = { liars: 0, companies: 3, outsider: false, latecomer: false, strangers: false, aside: false }

/** The first company has a backup from before its last edit; `before` is what happens between edit and restore. */
function restored(dataClass: DataClass, twin: boolean, before: (history: History) => void): History {
  const sim = new Simulation({ ...planOf(1), ...PLAIN, twin, facets: 3, weather: { twice: 0, late: 0 } })
  sim.found()
  // Alone, until all faults end.
  for (const { node } of sim.members) sim.network.drop(node)
  const original = sim.members[0] as Member
  const facet = sim.facets.find(one => one.class === dataClass) as SimFacet
  expect(snapshot(sim, original)).toBe(true)
  const tip = original.node.edit(facet.id, doc => doc.getText('text').insert(0, 'the last word '))
  sim.pass(50)
  const history = { sim, original, id: toHex((tip as NonNullable<typeof tip>).id), facet }
  expect(original.node.acknowledged.has(history.id)).toBe(true)
  before(history)
  expect(restoreOlder(sim, original)).toBe(true)
  sim.mesh()
  sim.pass(10_000)
  return history
}

interface History {
  sim: Simulation
  original: Member
  facet: SimFacet
  id: string
}

const copied = ({ sim, original }: History) => expect(runClone(sim, original)).toBe(true)

/** Whether the author is held to its edit, and has it. */
function outcome({ original, id }: History): { held: boolean; there: boolean } {
  return { held: original.node.acknowledged.has(id), there: heldBy(original.node).has(id) }
}

describe('a disk that goes back to an older copy of itself', () => {
  it('is forgiven what no other disk had', () => {
    const history = restored('shared-confidential', false, () => {})
    expect(outcome(history)).toEqual({ held: false, there: false })
  })

  it('is forgiven what of a private document only a clone has, which it never meets', () => {
    const history = restored('private', false, copied)
    expect(outcome(history)).toEqual({ held: false, there: false })
    judge(history.sim)
    expect(history.sim.broken).toEqual([])
  })

  it('is held to what a clone has and passes on: to the other companies, or to a third node of its own', () => {
    expect(outcome(restored('shared-confidential', false, copied))).toEqual({ held: true, there: true })
    expect(outcome(restored('private', true, copied))).toEqual({ held: true, there: true })
  })

  it('is forgiven what only companies have that have ended their part since', () => {
    const history = restored('shared-confidential', false, ({ sim }) => {
      sim.mesh()
      sim.pass(10_000)
      const [space] = sim.spaces
      for (const company of [1, 2]) {
        const member = sim.speaker(company)
        const log = member.node.space(space?.id ?? '') as SpaceLog
        sign(sim, member, log, { kind: 'terminate', reason: 'sold' })
      }
      sim.pass(2_000)
    })
    expect(outcome(history)).toEqual({ held: true, there: false })
    judge(history.sim)
    expect(history.sim.broken).toEqual([])
  })

  it('is held to what was lost before it went back', () => {
    const history = restored('private', false, ({ original: { node }, id }) => {
      for (const key of node.disk.envelopes.keys()) if (key.endsWith(id)) node.disk.envelopes.delete(key)
    })
    expect(outcome(history)).toEqual({ held: true, there: false })
    judge(history.sim)
    const { node, company } = history.original
    const said = `invariant 5: ${node.company.name} lacks ${history.id.slice(0, 8)}, acknowledged by C${company}`
    expect(history.sim.broken).toContain(said)
  })
})
