// What the fuzzer once found, and a few fresh inputs with a fixed seed. The long runs are `main.ts`'s.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fromHex } from '../../src/wire/bytes.ts'
import { readCorpus } from './corpus.ts'
import { Room, noHonestTotals } from './honest.ts'
import { World, noHostileTotals } from './hostile.ts'
import { disagreement } from './oracle.ts'

const FOLDER = join(import.meta.dirname, 'regressions')

/** A world or a room of a seed, with so many inputs; or the bytes of an update. */
type Regression =
  | { run: 'hostile' | 'honest'; seed: number; world: number; inputs: number }
  | { update: string }

async function findingsOf(regression: Regression): Promise<unknown[]> {
  if ('update' in regression) return [disagreement(fromHex(regression.update) as Uint8Array)].filter(Boolean)
  const { run, seed, world, inputs } = regression
  if (run === 'hostile') {
    const hostile = new World(seed, world, noHostileTotals())
    await hostile.run(inputs)
    return hostile.findings
  }
  const room = new Room(seed, world, noHonestTotals())
  room.run(inputs)
  return room.findings
}

describe('regressions', () => {
  for (const file of readdirSync(FOLDER).filter(name => name.endsWith('.json'))) {
    test(file, async () => {
      const regression = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Regression
      expect(await findingsOf(regression)).toEqual([])
    })
  }
})

describe('fresh', () => {
  test('[UPD-25] [ENV-20] three worlds of hostile input leave every document whole', async () => {
    const totals = noHostileTotals()
    for (let world = 0; world < 3; world++) {
      const hostile = new World(20_261_122, world, totals)
      await hostile.run(64)
      expect(hostile.findings).toEqual([])
    }
    expect(totals.inputs).toBeGreaterThan(100)
    expect(totals.accepted).toBeGreaterThan(10)
  })

  test('[UPD-24] [ENV-27] two rooms of honest updates: none refused, all equal', () => {
    const totals = noHonestTotals()
    for (let number = 0; number < 2; number++) {
      const room = new Room(20_261_122, number, totals)
      room.run(150)
      expect(room.findings).toEqual([])
    }
    expect(totals.updates).toBeGreaterThanOrEqual(300)
  })

  test('[UPD-12] Yjs and the scanner agree on every vector and on each with a byte more, less or changed', () => {
    const differing = readCorpus().updates.flatMap(body => {
      const near = [body, body.slice(0, -1), Uint8Array.of(...body, 0)]
      for (let at = 0; at < Math.min(body.length, 60); at++) {
        near.push(
          body.map((byte, i) => (i === at ? byte ^ 1 : byte)),
          body.map((byte, i) => (i === at ? byte ^ 128 : byte))
        )
      }
      return near.flatMap(bytes => disagreement(bytes) ?? [])
    })
    expect(differing).toEqual([])
  })
})
