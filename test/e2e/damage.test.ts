// A few of the cases of `test/crash/damage.ts`, with real processes: a store mended with its peer's help, one that
// is gone, and two copies of one home. The long run is described in test/crash/README.md.
import { expect, it } from 'vitest'
import { damage } from '../crash/damage.ts'
import { outcomeOf } from '../crash/examine.ts'

it(
  '[STO-11] damage is mended or said, and two copies of a home contradict nobody',
  { timeout: 240_000 },
  async () => {
    const only = ['CURRENT: no CURRENT', 'database: no store', 'a clone: both run']
    // With this seed the first home was running: its newest private envelope is in no backup, only in the log.
    const { cases, ...outcome } = await damage({ cases: 3, seed: 3, only })
    expect({ cases, ...outcome }).toEqual({ cases: 3, intact: 0, repaired: 3, detected: 0, silent: 0 })
  }
)

it('the judge calls a loss without a word silent, and what nobody wrote as well', () => {
  expect(outcomeOf([], [], [])).toBe('intact')
  expect(outcomeOf(['a word is gone'], [], [])).toBe('silent')
  expect(outcomeOf(['a word is gone'], [], ['store-damaged'])).toBe('repaired')
  expect(outcomeOf(['a word is gone'], ['a word is gone'], ['store-damaged'])).toBe('detected')
  expect(outcomeOf([], ['WRONG: a word that nobody wrote'], ['store-damaged'])).toBe('silent')
})
