import { setImmediate as turned } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Arrivals } from '../../../src/node/editing/arrivals.ts'

function arrivals() {
  const clock = { now: 0 }
  const shown: number[][] = []
  const it = new Arrivals(
    bodies => shown.push(bodies.map(([byte]) => byte as number)),
    () => clock.now
  )
  return { clock, shown, it, arrive: (byte: number) => it.arrive([Uint8Array.of(byte)]) }
}

test('[SYN-45] what arrives alone is shown at once', async () => {
  const { shown, arrive } = arrivals()
  arrive(1)
  expect(shown).toEqual([[1]])
  for (let i = 0; i < 3; i++) await turned()
  arrive(2)
  expect(shown).toEqual([[1], [2]])
})

test('[SYN-45] what arrives right after it waits for a turn in which nothing does', async () => {
  const { shown, arrive } = arrivals()
  for (let byte = 0; byte < 5; byte++) {
    arrive(byte)
    expect(shown).toEqual([[0]])
    await turned()
  }
  for (let i = 0; i < 2; i++) await turned()
  expect(shown).toEqual([[0], [1, 2, 3, 4]])
})

test('[SYN-45] or for 100 ms', () => {
  const { clock, shown, arrive } = arrivals()
  for (clock.now = 0; clock.now < 250; clock.now += 10) arrive(clock.now)
  expect(shown.map(bodies => bodies.at(-1))).toEqual([0, 100, 200])
})

test('[SYN-45] or until it is asked for', async () => {
  const { shown, arrive, it } = arrivals()
  arrive(1)
  arrive(2)
  it.showAll()
  expect(shown).toEqual([[1], [2]])
  for (let i = 0; i < 3; i++) await turned()
  expect(shown).toEqual([[1], [2]])
})
