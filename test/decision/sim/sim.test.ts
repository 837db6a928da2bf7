import { describe, expect, it } from 'vitest'
import { run } from './world.ts'

describe('decisions with partitions, restarts, holders who differ, and liars', () => {
  for (let from = 1; from <= 101; from += 50) {
    it(
      `[DEC-18] [DEC-30] seeds ${from} to ${from + 49}: none contradicts itself, and all end that can`,
      { timeout: 60_000 },
      () => {
        for (let seed = from; seed < from + 50; seed++)
          expect({ seed, broken: run(seed).broken }).toEqual({ seed, broken: [] })
      }
    )
  }
})
