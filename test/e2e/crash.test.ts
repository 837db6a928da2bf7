// Design section 15, invariant 5, with real processes: kill -9 in the middle of writing. The long run is
// `npm run crash`; this one shows that it works and that it would notice.
import { expect, it } from 'vitest'
import { crash } from '../crash/cycles.ts'

it('[STO-3] nothing acknowledged is lost by kill -9, with or without what was not synced', async () => {
  const { cycles, acknowledged, lost } = await crash({ cycles: 4, seed: 1, modes: ['plain', 'cut'] })
  expect({ cycles, lost }).toEqual({ cycles: 4, lost: 0 })
  expect(acknowledged).toBeGreaterThan(10)
})

it('the same run fails when the sync is taken out', async () => {
  const { lost } = await crash({ cycles: 1, seed: 2, modes: ['without-sync'] })
  expect(lost).toBeGreaterThan(0)
})
