// The driver with a core that only asks.
import { setImmediate as turned } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Driver, type DriverEvents } from '../../../src/node/parts/driver.ts'
import type { Documents } from '../../../src/node/documents/documents.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Core } from '../../../src/sync/core.ts'
import type { Effect, Event } from '../../../src/sync/effects.ts'

test('the event loop turns between two answers, though nothing has to be read', async () => {
  let answers = 0
  const core = {
    step(event: Event): Effect[] {
      if (event.on === 'read') answers++
      return answers < 100 ? [{ do: 'read', facet: new Uint8Array(32), wanted: [], token: answers }] : []
    }
  }
  const driver = new Driver(core as unknown as Core, {} as Store, {} as Documents, {} as DriverEvents)
  driver.dispatch({ on: 'tick' })
  for (let turns = 1; turns <= 5; turns++) {
    await turned()
    expect(answers).toBeLessThanOrEqual(turns)
  }
  expect(answers).toBeGreaterThan(2)
})
