// A damaged store never answers with something else than what was written, and never hides that it answers
// with less.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LevelStore } from '../../src/store/level-store.ts'
import { repair } from '../../src/store/repair.ts'
import { isNodeError } from '../../src/wire/node-error.ts'
import { damages } from './damage.ts'
import { contents, FACET, OTHER_FACET, put, random, run } from './samples.ts'

const SEEDS = 64
/** Normal for a copied folder: no report of damage. */
const HARMLESS = /copied or restored/

let base: string
let truth: Map<string, string>
/** What some records held before they were changed. */
const before = new Map([['contacts/c0', Buffer.from('name 0').toString('hex')]])

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'parley-damage-'))
  // A small log, so that there are several tables and a log.
  const store = await LevelStore.open(join(base, 'live'), { writeBufferBytes: 64 * 1024 })
  for (let seq = 0; seq < 400; seq += 20) {
    await store.write(run(FACET, 1, seq, seq + 20, true), { sync: false })
    await store.write(run(FACET, 2, seq, seq + 20, false, 300), { sync: true })
    await store.write(Array.from({ length: 5 }, (_, at) => put('contacts', `c${seq + at}`, `name ${at}`)), { sync: true }) // prettier-ignore
    if (seq === 100) copyLive('older')
  }
  await store.write([put('contacts', 'c0', 'changed'), ...run(OTHER_FACET, 3, 0, 10)], { sync: true })
  await store.settle({ kind: 'envelopes', lost: 0 }) // no such loss: brings the anchor up to date
  truth = await contents(store)
  copyLive('running')
  await store.close()
  cpSync(join(base, 'live'), join(base, 'stopped'), { recursive: true })
}, 30_000)

/** A table that is merged into another while it is copied is gone: then the copy begins anew. */
function copyLive(name: string): void {
  for (;;) {
    try {
      return cpSync(join(base, 'live'), join(base, name), { recursive: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      rmSync(join(base, name), { recursive: true, force: true })
    }
  }
}

afterAll(() => rmSync(base, { recursive: true, force: true }))

interface Outcome {
  /** What the store said about itself: an error code, or its words. */
  said: string[]
  /** Values that nobody ever wrote. */
  wrong: string[]
  /** Records that are not there, or went back to what was written before. */
  lost: string[]
}

async function look(dir: string): Promise<Outcome> {
  const outcome: Outcome = { said: [], wrong: [], lost: [] }
  let store: LevelStore
  try {
    store = await LevelStore.open(dir)
  } catch (error) {
    if (!isNodeError(error)) throw error
    expect(error.next).toContain('parley repair')
    return { ...outcome, said: [error.code] }
  }
  const found = await contents(store)
  for (const [place, text] of truth) if (found.get(place) !== text) outcome.lost.push(place)
  for (const [place, text] of found) {
    if (truth.get(place) !== text && before.get(place) !== text) outcome.wrong.push(place)
  }
  outcome.said.push(...store.report.notes.filter(note => !HARMLESS.test(note)))
  outcome.said.push(...store.missing().map(entry => entry.kind), ...(await store.verify()).damaged)
  await store.close()
  return outcome
}

describe('damage', () => {
  it('[STO-9] an undamaged copy says nothing and holds everything', async () => {
    for (const state of ['stopped', 'running']) {
      cpSync(join(base, state), join(base, 'copy'), { recursive: true })
      expect(await look(join(base, 'copy'))).toEqual({ said: [], wrong: [], lost: [] })
      rmSync(join(base, 'copy'), { recursive: true })
    }
  })

  it.for(Object.keys(damages))('[STO-11] never silent: %s', { timeout: 20_000 }, async name => {
    const seeds = Math.ceil(SEEDS / Object.keys(damages).length)
    for (let seed = 0; seed < seeds; seed++) {
      const label = `${name}, seed ${seed}`
      const dir = join(base, `damaged-${seed}`)
      cpSync(join(base, seed % 2 ? 'stopped' : 'running'), dir, { recursive: true })
      damages[name]!(dir, random(seed), join(base, 'older'))
      const { said, wrong, lost } = await look(dir)
      expect(wrong, label).toEqual([])
      if (lost.length > 0) expect(said, `${label}: silent`).not.toEqual([])
      if (said.includes('store-damaged')) await repaired(dir, label)
      rmSync(dir, { recursive: true })
    }
  })

  async function repaired(dir: string, label: string): Promise<void> {
    const report = await repair(dir)
    const { said, wrong, lost } = await look(dir)
    expect(said, label).not.toContain('store-damaged')
    expect(wrong, label).toEqual([])
    if (lost.length > 0) expect(said, `${label}: silent after repair`).not.toEqual([])
    expect(report.envelopes, label).toBeGreaterThan(0)
  }
})
