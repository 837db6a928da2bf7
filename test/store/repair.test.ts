// Repair: copy first, keep what is whole, say what is gone.
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FORMAT } from '../../src/store/census-scan.ts'
import { LevelStore } from '../../src/store/level-store.ts'
import { readTable } from '../../src/store/level-table.ts'
import { repair } from '../../src/store/repair.ts'
import { damages } from './damage.ts'
import { temporaryFolder } from './folders.ts'
import { contents, FACET, put, random, run } from './samples.ts'

const SYNC = { sync: true }

/** A stopped store with tables, and what it holds. */
async function filled(): Promise<{ dir: string; truth: Map<string, string>; incarnation: string }> {
  const dir = join(temporaryFolder(), 'store')
  const store = await LevelStore.open(dir, { writeBufferBytes: 64 * 1024 })
  for (let seq = 0; seq < 300; seq += 50) {
    await store.write(
      [...run(FACET, 1, seq, seq + 50, true), ...run(FACET, 2, seq, seq + 50, false, 200)],
      SYNC
    )
  }
  await store.write([put('contacts', 'a', 'x'), put('contacts', 'b', 'y')], SYNC)
  await store.write([{ kind: 'del', table: 'contacts', key: 'b' }], SYNC)
  const truth = await contents(store)
  await store.close()
  return { dir, truth, incarnation: store.incarnation }
}

function filesOf(dir: string): Map<string, string> {
  return new Map(readdirSync(dir).map(name => [name, readFileSync(join(dir, name), 'hex')]))
}

describe('repair', () => {
  it('[STO-20] without CURRENT and MANIFEST everything comes back, under a new incarnation', async () => {
    const { dir, truth, incarnation } = await filled()
    for (const name of readdirSync(join(dir, 'db'))) {
      if (/^(?:CURRENT|MANIFEST)/.test(name)) rmSync(join(dir, 'db', name))
    }
    const found = filesOf(join(dir, 'db'))
    const report = await repair(dir)
    expect(filesOf(report.suspect)).toEqual(found)
    expect([report.envelopes, report.damaged.count, report.missing]).toEqual([600, 0, []])
    expect(report.notes).toEqual([])
    const store = await LevelStore.open(dir)
    expect(await contents(store)).toEqual(truth)
    expect(store.incarnation).not.toBe(incarnation)
    expect(store.lanes(FACET).map(lane => lane.own)).toEqual([true, false])
    await store.close()
  })

  it('[STO-20] whatever became of MANIFEST and CURRENT, tables and log come back, the newest write as well', async () => {
    const { dir } = await filled()
    const store = await LevelStore.open(dir)
    await store.write([...run(FACET, 1, 300, 301, true), put('contacts', 'c', 'z')], SYNC)
    const truth = await contents(store)
    const running = join(dir, '..', 'running')
    cpSync(dir, running, { recursive: true })
    await store.close()
    const names = Object.keys(damages).filter(name => /MANIFEST|CURRENT/.test(name))
    expect(names.length).toBe(5)
    for (const name of names) {
      const copy = join(dir, '..', name)
      cpSync(running, copy, { recursive: true })
      damages[name]!(copy, random(1), '')
      const { missing, notes } = await repair(copy)
      expect([missing, notes], name).toEqual([[], []])
      const again = await LevelStore.open(copy)
      expect(await contents(again), name).toEqual(truth)
      await again.close()
    }
  })

  it('[STO-20] one flipped bit costs one pack, and the store says which envelopes', async () => {
    const { dir, truth } = await filled()
    const table = readdirSync(join(dir, 'db'))
      .filter(name => name.endsWith('.ldb'))
      .sort()[0] as string
    const bytes = readFileSync(join(dir, 'db', table))
    const block = readTable(bytes).blocks[1] as Buffer
    const at = block.byteOffset - bytes.byteOffset + 200
    bytes[at] = (bytes[at] as number) ^ 8
    writeFileSync(join(dir, 'db', table), bytes)
    await expect(LevelStore.open(dir)).rejects.toMatchObject({ code: 'store-damaged' })
    const report = await repair(dir)
    expect([report.envelopes, report.damaged.count, report.missing.length]).toEqual([550, 50, 1])
    const store = await LevelStore.open(dir)
    const found = await contents(store)
    const lost = [...truth.keys()].filter(place => !found.has(place))
    expect(lost.map(place => place.slice(0, place.lastIndexOf('/')))).toEqual(report.damaged.places)
    expect(store.missing()).toEqual(report.missing)
    await store.close()
  })

  it('[STO-20] a table without its footer costs nothing, a damaged write of the log only itself', async () => {
    const { dir } = await filled()
    const store = await LevelStore.open(dir)
    for (const key of ['c', 'd', 'e']) await store.write([put('contacts', key, key.repeat(200))], SYNC)
    const truth = await contents(store)
    await store.close()
    const path = (name: RegExp) =>
      join(dir, 'db', readdirSync(join(dir, 'db')).find(file => name.test(file)) as string)
    truncateSync(path(/\.ldb$/), statSync(path(/\.ldb$/)).size - 48)
    const log = readFileSync(path(/\.log$/))
    const at = log.indexOf('d'.repeat(200))
    log[at] = 0
    writeFileSync(path(/\.log$/), log)
    const { missing } = await repair(dir)
    expect(missing).toEqual([{ kind: 'tables', tables: ['contacts'], lost: 1 }])
    const again = await LevelStore.open(dir)
    truth.delete('contacts/d')
    expect(await contents(again)).toEqual(truth)
    await again.close()
  })

  it('[STO-29] what is derived is neither kept nor missed', async () => {
    const { dir, truth } = await filled()
    const store = await LevelStore.open(dir)
    for (const [key, text] of [
      ['a', 'x'.repeat(99)],
      ['b', 'y']
    ] as const)
      await store.write([put('checkpoint', key, text)], SYNC)
    await store.close()
    const name = readdirSync(join(dir, 'db')).find(file => file.endsWith('.log')) as string
    const log = readFileSync(join(dir, 'db', name))
    log[log.indexOf('x'.repeat(99))] = 0
    writeFileSync(join(dir, 'db', name), log)
    const { damaged, missing } = await repair(dir)
    expect({ damaged: damaged.count, missing }).toEqual({ damaged: 0, missing: [] })
    const again = await LevelStore.open(dir)
    expect([again.missing(), await contents(again)]).toEqual([[], truth])
    expect(await again.list('checkpoint').next()).toMatchObject({ done: true })
    await again.close()
  })

  it('[STO-20] can be run again after it died at any step', async () => {
    const { dir, truth } = await filled()
    await repair(dir)
    renameSync(join(dir, 'db'), join(dir, 'db.fresh')) // died between its last two steps
    const report = await repair(dir)
    expect(report.envelopes).toBe(600)
    const store = await LevelStore.open(dir)
    expect(await contents(store)).toEqual(truth)
    await store.close()
  })

  it('[STO-20] brings back a store without format file or anchor', async () => {
    for (const name of ['format', 'anchor']) {
      const { dir, truth } = await filled()
      rmSync(join(dir, name))
      await repair(dir)
      expect(existsSync(join(dir, name))).toBe(true)
      const store = await LevelStore.open(dir)
      expect(await contents(store)).toEqual(truth)
      await store.close()
    }
  })

  it('[STO-20] what the anchor knew of an older copy stays missing', async () => {
    const { dir } = await filled()
    cpSync(join(dir, 'db'), join(dir, 'old'), { recursive: true })
    const store = await LevelStore.open(dir)
    await store.write(run(FACET, 1, 300, 310, true), SYNC)
    await store.close()
    rmSync(join(dir, 'db'), { recursive: true })
    renameSync(join(dir, 'old'), join(dir, 'db'))
    const gap = { kind: 'lane', facet: FACET, client: 1, own: true, from: 300, to: 310 }
    expect((await repair(dir)).missing).toContainEqual(gap)
    const again = await LevelStore.open(dir)
    expect([again.missing()[0], again.readOnly(FACET)]).toEqual([gap, true])
    await again.close()
  })

  it('[STO-20] does nothing to a store in use, to a newer format, or where there is none', async () => {
    const { dir } = await filled()
    const store = await LevelStore.open(dir)
    await expect(repair(dir)).rejects.toMatchObject({ code: 'store-locked' })
    await store.close()
    writeFileSync(join(dir, 'format'), `parley-store ${FORMAT + 1}\n`)
    await expect(repair(dir)).rejects.toMatchObject({ code: 'store-format' })
    await expect(repair(join(dir, 'nowhere'))).rejects.toMatchObject({ code: 'store-absent' })
    await expect(repair(temporaryFolder())).rejects.toMatchObject({ code: 'store-absent' })
    expect(readdirSync(dir).filter(name => name.startsWith('suspect'))).toEqual([])
  })
})
