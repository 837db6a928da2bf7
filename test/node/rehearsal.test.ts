import { expect, test } from 'vitest'
import { rehearse } from '../../src/node/rehearsal.ts'

test('a rehearsal comes to its end in slices, so that a node can stop it or do something else', async () => {
  let slices = 0
  for await (const _ of rehearse()) slices++
  expect(slices).toBeGreaterThan(100)
  for await (const _ of rehearse()) break
})
