// Turns without sockets: protocols/transport, section 5.
import { expect, it } from 'vitest'
import { TURN_MS } from '../../src/net/limits.ts'
import { Turns } from '../../src/net/turns.ts'

it('[NET-24] frames go on until the time of a turn is used up, of one session after another', async () => {
  let nowMs = 0
  let loops = 0
  const turns = new Turns(() => nowMs)
  const handled: string[] = []
  const session = async (name: string, frames: number) => {
    for (let i = 0; i < frames; i++) {
      turns.begin()
      nowMs += 1
      handled.push(`${name}@${loops}`)
      await turns.over()
    }
  }
  const counting = setInterval(() => undefined, 1_000)
  const count = () => {
    loops++
    if (handled.length < 4 * TURN_MS) setImmediate(count)
  }
  setImmediate(count)
  await Promise.all([session('a', 2 * TURN_MS), session('b', 2 * TURN_MS)])
  clearInterval(counting)
  const perLoop = Map.groupBy(handled, at => at.split('@')[1])
  for (const frames of perLoop.values()) expect(frames.length).toBeLessThanOrEqual(TURN_MS + 1)
  // The time of each turn was used, whoever's it was.
  expect(perLoop.size).toBeLessThanOrEqual(5)
  // Neither waited until the other was done.
  expect(handled.findIndex(at => at.startsWith('b'))).toBeLessThan(2 * TURN_MS)
  expect(handled.findLastIndex(at => at.startsWith('a'))).toBeGreaterThan(2 * TURN_MS - 1)
  const [, second] = [...perLoop.values()]
  expect(second?.map(at => at[0]).join('')).toMatch(/^(ab)+a?$|^(ba)+b?$/)
})
