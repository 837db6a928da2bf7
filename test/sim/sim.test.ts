// The simulator as a test: a few dozen histories in each run, a few hundred in CI's long run, thousands by hand.
import { describe, expect, it } from 'vitest'
import { planOf, run } from './world.ts'

describe('histories with partitions, restarts, power cuts and liars', () => {
  for (let from = 1; from <= 31; from += 10) {
    it(`seeds ${from} to ${from + 9}: equal struct roots, nothing acknowledged lost, no honest node blamed`, () => {
      for (let seed = from; seed < from + 10; seed++)
        expect({ seed, broken: run(planOf(seed)).broken }).toEqual({ seed, broken: [] })
    })
  }

  it('seed 1131: a power cut between two writes leaves nothing that stands on what was lost', () => {
    expect(run(planOf(1131)).broken).toEqual([])
  })

  it('the histories hold what they should: lies, forks, edits', () => {
    const outcomes = [5, 11, 37, 42].map(seed => run({ ...planOf(seed), liars: 1 }))
    expect(outcomes.every(outcome => outcome.operations > 0)).toBe(true)
    expect(outcomes.reduce((sum, outcome) => sum + outcome.lies, 0)).toBeGreaterThan(0)
    expect(outcomes.reduce((sum, outcome) => sum + outcome.forks, 0)).toBeGreaterThan(0)
  })
})
