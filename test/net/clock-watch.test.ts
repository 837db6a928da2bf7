// Noticing that this process or machine stood still: protocols/transport, section 6.
import { expect, it } from 'vitest'
import { ClockWatch } from '../../src/net/clock-watch.ts'

it('[NET-16] a late tick on either clock is time lost, an even tick is none', () => {
  const watch = new ClockWatch(0, 1_000_000)
  expect(watch.tick(1_000, 1_001_000)).toBe(0)
  expect(watch.tick(2_300, 1_002_300)).toBe(0)
  expect(watch.tick(63_300, 1_063_300)).toBe(60_000)
  expect(watch.tick(64_300, 1_064_300)).toBe(0)
  // A machine that slept: the monotonic clock stood still.
  expect(watch.tick(65_300, 4_664_300)).toBe(3_599_000)
  // A clock set back loses nothing.
  expect(watch.tick(66_300, 64_300)).toBe(0)
})
