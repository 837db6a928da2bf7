// The simulator as a test: a few dozen histories in each run, a thousand in CI, ten thousand by hand.
import { describe, expect, it } from 'vitest'
import { halves } from './halves.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import { Simulation, planOf, run } from './world.ts'

describe('histories with partitions, crashes, stale disks, clones and liars', () => {
  for (let from = 1; from <= 21; from += 5) {
    it(`seeds ${from} to ${from + 4}: all invariants hold`, () => {
      for (let seed = from; seed < from + 5; seed++)
        expect({ seed, broken: run(planOf(seed)).broken }).toEqual({ seed, broken: [] })
    })
  }

  const once: [number, string][] = [
    [1131, 'a power cut between two writes leaves nothing that stands on what was lost'],
    [21, 'a receipt names nothing that a power cut would take'],
    [6, 'a clock that is put right does not stop comparing, receipting and asking again'],
    [141, 'the envelope that a cut names brings back those before it: the document is made anew'],
    [110, 'a document is read again when all that was admitted in the step is being written'],
    [17, 'a disk that comes back with the others gets what it missed'],
    [4739, 'what is private and only on the disk of a clone comes back to nobody: a restore is forgiven it'],
    [6067, 'what was settled of a client in another facet was another lane'],
    [4778, 'each node counts for itself the spaces that a company puts before it']
  ]
  for (const [seed, what] of once)
    it(`seed ${seed}: ${what}`, () => {
      expect(run(planOf(seed)).broken).toEqual([])
    })

  it.for([1, 2])(
    '[SYN-16] [SYN-18] seed %i: two halves that were parted for five minutes while all wrote are equal within 20 s',
    { timeout: 60_000 },
    seed => {
      const { edits, differed, equalMs, broken } = halves(seed, 300_000)
      expect(edits).toBeGreaterThan(500)
      expect(differed).toBeGreaterThanOrEqual(3)
      expect({ broken, inTime: equalMs <= 20_000 }).toEqual({ broken: [], inTime: true })
      console.log(`seed ${seed}: ${edits} edits while parted, equal ${equalMs} ms after the end of it`)
    }
  )

  it('[SPC-16] companies are admitted on the way, accept, and write with the others', () => {
    let came = 0
    for (const seed of [56, 62, 94, 113]) {
      const sim = new Simulation(planOf(seed))
      expect({ seed, broken: sim.run().broken }).toEqual({ seed, broken: [] })
      const [space] = sim.spaces
      const log = sim.honest()[0]?.node.space(space?.id ?? '') as SpaceLog
      came += [...log.parties.keys()].slice(log.founders.length).filter(index => log.accepted(index)).length
    }
    expect(came).toBeGreaterThan(1)
  })

  it('[SYN-62] [DEC-28] decisions are begun, closed and settled on the way, and all who may hold the same', () => {
    let settled = 0
    for (const seed of [23, 29]) {
      const sim = new Simulation(planOf(seed))
      expect({ seed, broken: sim.run().broken }).toEqual({ seed, broken: [] })
      const books = sim.honest().map(({ node }) => node.core.decisions.book)
      settled += sim.decisions.filter(({ id }) => books.some(book => book.get(id)?.decision.settled)).length
    }
    expect(settled).toBeGreaterThan(1)
  })

  it('a seed is one history, whenever it is run', () => {
    const [first, second] = [run(planOf(42)), run(planOf(42))]
    expect(second).toEqual(first)
  })

  it('the histories hold what they should: lies, faults, forks, refusals, edits', () => {
    const outcomes = [4, 10, 19, 29].map(seed => run({ ...planOf(seed), liars: 1 }))
    for (const what of ['operations', 'lies', 'faults', 'forks', 'refused'] as const)
      expect(outcomes.reduce((sum, outcome) => sum + outcome[what], 0)).toBeGreaterThan(0)
  })
})
