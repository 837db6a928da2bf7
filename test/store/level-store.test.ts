// The rules of the store on disk, one by one.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { Level } from 'level'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { readAnchor, writeAnchor } from '../../src/store/anchor.ts'
import { FORMAT } from '../../src/store/census-scan.ts'
import { LevelStore } from '../../src/store/level-store.ts'
import { openDatabase, type Database } from '../../src/store/level-database.ts'
import { envelopeKey, tableKey } from '../../src/store/record.ts'
import { temporaryFolder } from './folders.ts'
import { startWriter } from './processes.ts'
import { contents, envelope, FACET, OTHER_FACET, put, run, write } from './samples.ts'

const SYNC = { sync: true }

function folder(): string {
  return join(temporaryFolder(), 'store')
}

/** One commit an envelope, so each has a record of its own. */
async function filled(dir: string): Promise<void> {
  const store = await LevelStore.open(dir)
  const operations = [...run(FACET, 1, 0, 10, true), ...run(FACET, 2, 0, 10), put('contacts', 'a', 'x')]
  for (const operation of operations) await store.write([operation], { sync: false })
  await store.close()
}

/** Changes a closed store behind its back. */
async function tamper(dir: string, change: (db: Database) => Promise<void>): Promise<void> {
  const db = await openDatabase(join(dir, 'db'))
  await change(db)
  await db.close()
}

async function keyOf(db: Database, client: number, seq: number): Promise<Buffer> {
  const gte = envelopeKey(FACET, client, seq)
  for await (const key of db.keys({ gte, limit: 1 })) return key
  throw new Error('no such record')
}

describe('records', () => {
  it('[STO-1] a value under another key is not taken for that record', async () => {
    const dir = folder()
    await filled(dir)
    await tamper(dir, async db => {
      const value = await db.get(await keyOf(db, 2, 3))
      await db.put(await keyOf(db, 2, 4), value)
    })
    const store = await LevelStore.open(dir)
    expect((await store.readEnvelopes(FACET, 2, 0, 10, Infinity)).map(one => one.seq)).toEqual([
      0, 1, 2, 3, 5, 6, 7, 8, 9
    ])
    await store.close()
  })

  it('[STO-12] a damaged envelope is missing from its first reading on, also after a restart, until it is written again', async () => {
    const dir = folder()
    await filled(dir)
    await tamper(dir, async db => {
      const key = await keyOf(db, 2, 4)
      const value = Buffer.from(await db.get(key))
      value[20] = (value[20] as number) ^ 1
      await db.put(key, value)
    })
    const gap = [{ kind: 'lane', facet: FACET, client: 2, own: false, from: 4, to: 5 }]
    let store = await LevelStore.open(dir)
    expect((await store.verify()).damaged).toEqual([`${FACET}/2/4`])
    expect(store.missing()).toEqual(gap)
    await store.close()
    store = await LevelStore.open(dir)
    expect(store.missing()).toEqual(gap)
    await store.write(run(FACET, 2, 4, 5), SYNC)
    expect(store.missing()).toEqual([])
    expect((await store.verify()).damaged).toEqual([])
    await store.close()
    store = await LevelStore.open(dir)
    expect([store.missing(), store.report.clean, store.lanes(FACET)[1]?.count]).toEqual([[], true, 10])
    await store.close()
  })

  it('[STO-13] a damaged table record refuses the start and names itself', async () => {
    const dir = folder()
    await filled(dir)
    await tamper(dir, db => db.put(Buffer.from('tcontacts\0a'), Buffer.alloc(40)))
    await expect(LevelStore.open(dir)).rejects.toMatchObject({
      code: 'store-damaged',
      message: expect.stringContaining('contacts/a') as string,
      next: expect.stringContaining('parley repair') as string
    })
  })

  it('[STO-29] a damaged record of a derived table is no loss: all that is derived is dropped', async () => {
    const dir = folder()
    await filled(dir)
    let store = await LevelStore.open(dir)
    const before = await contents(store)
    await store.write(
      [put('checkpoint', 'a', 'x'), put('checkpoint', 'b', 'y'), put('document', 'a', 'z')],
      SYNC
    )
    expect((await store.verify()).damaged).toEqual([])
    await store.close()
    await tamper(dir, db => db.put(Buffer.from('tcheckpoint\0a'), Buffer.alloc(40)))
    store = await LevelStore.open(dir)
    expect([store.report, store.missing()]).toMatchObject([{ clean: true, notes: [], rebuilt: true }, []])
    expect(await contents(store)).toEqual(before)
    for (const table of ['checkpoint', 'document'])
      expect(await store.list(table).next()).toMatchObject({ done: true })
    await store.close()
    store = await LevelStore.open(dir)
    expect(store.report).toMatchObject({ clean: true, rebuilt: false })
    await store.close()
  })

  it('[STO-29] what is derived and gone, or an older one, is not missed', async () => {
    const dir = folder()
    await filled(dir)
    const store = await LevelStore.open(dir)
    await store.write([put('checkpoint', 'a', 'x'), put('document', 'a', 'z')], SYNC)
    await store.close()
    await tamper(dir, db => db.del(Buffer.from('tcheckpoint\0a')))
    const again = await LevelStore.open(dir)
    expect([again.report, again.missing()]).toMatchObject([{ clean: true, notes: [], rebuilt: false }, []])
    await again.close()
  })
})

describe('losses', () => {
  it('[STO-11] a hole in a lane is a gap, and closes when it is filled', async () => {
    const dir = folder()
    await filled(dir)
    await tamper(dir, async db => {
      for (const seq of [3, 4, 7]) await db.del(await keyOf(db, 2, seq))
    })
    const store = await LevelStore.open(dir)
    expect(store.missing()).toEqual([
      { kind: 'lane', facet: FACET, client: 2, own: false, from: 3, to: 5 },
      { kind: 'lane', facet: FACET, client: 2, own: false, from: 7, to: 8 }
    ])
    expect([store.report.clean, store.readOnly(FACET)]).toEqual([false, false])
    await store.write(run(FACET, 2, 4, 5), SYNC)
    expect(store.missing().map(entry => entry.kind === 'lane' && [entry.from, entry.to])).toEqual([[3, 4], [7, 8]]) // prettier-ignore
    await store.write([...run(FACET, 2, 3, 4), ...run(FACET, 2, 7, 8)], SYNC)
    expect(store.missing()).toEqual([])
    await store.close()
  })

  it('[STO-11] a foreign lane that lost its end makes its facet short', async () => {
    const dir = folder()
    await filled(dir)
    await tamper(dir, async db => db.del(await keyOf(db, 2, 9)))
    const store = await LevelStore.open(dir)
    expect(store.missing()).toEqual([{ kind: 'facet', facet: FACET, count: 20 }])
    expect(store.readOnly(FACET)).toBe(false)
    await store.write(run(FACET, 2, 9, 10), SYNC)
    expect(store.missing()).toEqual([])
    await store.close()
  })

  it('[STO-11] a table record that vanished, or went back to an older value, is missing', async () => {
    const changes: ((db: Database, older: Buffer) => Promise<void>)[] = [
      db => db.del(tableKey('contacts', 'a')),
      (db, older) => db.put(tableKey('contacts', 'a'), older)
    ]
    for (const change of changes) {
      const dir = folder()
      await filled(dir)
      let older: Buffer | undefined
      await tamper(dir, async db => void (older = await db.get(tableKey('contacts', 'a'))))
      const newer = await LevelStore.open(dir)
      await newer.write([put('contacts', 'a', 'y')], SYNC)
      await newer.close()
      await tamper(dir, db => change(db, older as Buffer))
      for (let start = 0; start < 2; start++) {
        const store = await LevelStore.open(dir)
        expect(store.missing()).toEqual([{ kind: 'tables', tables: ['contacts'], lost: 1 }])
        await store.close()
      }
    }
  })

  it('[STO-14] an own lane that lost its end makes its facet read-only, over restarts, until it is back', async () => {
    const dir = folder()
    await filled(dir)
    await tamper(dir, async db => db.del(await keyOf(db, 1, 9)))
    let store = await LevelStore.open(dir)
    const gap = { kind: 'lane', facet: FACET, client: 1, own: true, from: 9, to: 10 } as const
    expect(store.missing()).toEqual([gap])
    await store.close()
    store = await LevelStore.open(dir)
    expect(store.missing()).toEqual([gap])
    const mine = run(FACET, 8, 0, 1, true)
    await expect(store.write(mine, SYNC)).rejects.toMatchObject({ code: 'facet-read-only' })
    await store.write(run(OTHER_FACET, 8, 0, 1, true), SYNC)
    await store.write(run(FACET, 1, 9, 10), SYNC)
    await store.write(mine, SYNC)
    await store.close()
  })

  it('[STO-14] a settled loss is over, over restarts as well', async () => {
    const dir = folder()
    await filled(dir)
    await tamper(dir, async db => {
      for (const seq of [3, 9]) await db.del(await keyOf(db, 1, seq))
    })
    let store = await LevelStore.open(dir)
    expect(store.readOnly(FACET)).toBe(true)
    for (const entry of store.missing()) await store.settle(entry)
    expect([store.missing(), store.readOnly(FACET)]).toEqual([[], false])
    await store.close()
    store = await LevelStore.open(dir)
    expect([store.missing(), store.readOnly(FACET), store.report.clean]).toEqual([[], false, true])
    expect(store.lanes(FACET)[0]).toEqual({ client: 1, own: true, next: 9, count: 8 })
    await store.close()
  })

  it('[STO-10] an older copy of the database is told by the anchor', async () => {
    const dir = folder()
    await filled(dir)
    cpSync(join(dir, 'db'), join(dir, 'old'), { recursive: true })
    let store = await LevelStore.open(dir)
    const last = store.incarnation
    await store.write(
      [...run(FACET, 1, 10, 15, true), ...run(OTHER_FACET, 5, 0, 3, true), put('contacts', 'a', 'y')],
      SYNC
    )
    await store.close()
    rmSync(join(dir, 'db'), { recursive: true })
    renameSync(join(dir, 'old'), join(dir, 'db'))
    store = await LevelStore.open(dir)
    expect(store.missing()).toEqual([
      { kind: 'lane', facet: FACET, client: 1, own: true, from: 10, to: 15 },
      { kind: 'lane', facet: OTHER_FACET, client: 5, own: true, from: 0, to: 3 },
      expect.objectContaining({ kind: 'tables', tables: expect.arrayContaining(['contacts']) as string[] })
    ])
    expect([store.readOnly(FACET), store.readOnly(OTHER_FACET), store.incarnation === last]).toEqual([
      true,
      true,
      false
    ])
    await store.close()
  })

  it('[STO-10] the first own envelope of a lane is anchored before it is acknowledged', async () => {
    const dir = folder()
    const store = await LevelStore.open(dir, { anchorMs: 1e9 })
    cpSync(join(dir, 'db'), join(dir, 'old'), { recursive: true })
    await store.write(run(FACET, 1, 0, 1, true), SYNC)
    const copy = `${dir}-copy`
    cpSync(dir, copy, { recursive: true })
    await store.close()
    rmSync(join(copy, 'db'), { recursive: true })
    renameSync(join(copy, 'old'), join(copy, 'db'))
    const restored = await LevelStore.open(copy)
    expect(restored.missing()).toEqual([{ kind: 'lane', facet: FACET, client: 1, own: true, from: 0, to: 1 }])
    await restored.close()
  })

  it('[STO-10] the anchor follows every commit within a second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const dir = folder()
    const store = await LevelStore.open(dir)
    const first = anchorCommit(dir)
    for (let n = 0; n < 3; n++) await store.write([put('contacts', 'a', `${n}`)], { sync: false })
    expect(anchorCommit(dir)).toBe(first)
    vi.advanceTimersByTime(1000)
    await store.write([], SYNC) // behind what the timer set off
    expect(anchorCommit(dir)).toBeGreaterThanOrEqual(first + 3)
    await store.close()
  })

  it('[STO-10] a commit whose anchor failed stays, and no other begins before the anchor is written', async () => {
    const dir = folder()
    const store = await LevelStore.open(dir, { anchorMs: 1e9 })
    mkdirSync(join(dir, 'anchor.new')) // where the anchor would be written first
    await store.write(run(FACET, 1, 0, 1, true), SYNC)
    await expect(store.write(run(FACET, 1, 1, 2, true), SYNC)).rejects.toMatchObject({ code: 'store-io' })
    expect(store.lanes(FACET)[0]?.next).toBe(1)
    rmSync(join(dir, 'anchor.new'), { recursive: true })
    await store.write(run(FACET, 1, 1, 3, true), SYNC)
    await store.close()
    const again = await LevelStore.open(dir)
    expect([again.report.clean, again.lanes(FACET)[0]?.next]).toEqual([true, 3])
    await again.close()
  })

  it('[STO-10] without an anchor nothing is refused, and the report says what cannot be told', async () => {
    const dir = folder()
    await filled(dir)
    rmSync(join(dir, 'anchor'))
    const store = await LevelStore.open(dir)
    expect(store.report.clean).toBe(false)
    expect(store.report.notes.join()).toContain('anchor is missing')
    await store.close()
  })

  it('[STO-9] the database of another store is refused', async () => {
    const [dir, other] = [folder(), folder()]
    await filled(dir)
    await filled(other)
    rmSync(join(dir, 'db'), { recursive: true })
    cpSync(join(other, 'db'), join(dir, 'db'), { recursive: true })
    await expect(LevelStore.open(dir)).rejects.toMatchObject({ code: 'store-damaged' })
  })

  it('[STO-9] a folder that LevelDB would empty is refused and left as it is', async () => {
    const dir = folder()
    await filled(dir)
    rmSync(join(dir, 'db', 'CURRENT'))
    const before = readdirSync(join(dir, 'db')).sort()
    for (let i = 0; i < 2; i++)
      await expect(LevelStore.open(dir)).rejects.toMatchObject({ code: 'store-damaged' })
    expect(readdirSync(join(dir, 'db')).sort()).toEqual(before)
    rmSync(join(dir, 'db'), { recursive: true })
    await expect(LevelStore.open(dir)).rejects.toMatchObject({ code: 'store-damaged' })
  })

  it('[STO-9] a bit in the log refuses the start after a clean stop, and leaves the log to repair', async () => {
    const dir = folder()
    await filled(dir)
    const name = readdirSync(join(dir, 'db')).find(file => file.endsWith('.log')) as string
    const log = readFileSync(join(dir, 'db', name))
    for (const at of [20, log.length - 20]) {
      const flipped = Buffer.from(log)
      flipped[at] = (flipped[at] as number) ^ 1
      writeFileSync(join(dir, 'db', name), flipped)
      await expect(LevelStore.open(dir)).rejects.toMatchObject({ code: 'store-damaged' })
      expect(readFileSync(join(dir, 'db', name)).equals(flipped)).toBe(true)
    }
  })
})

describe('incarnations', () => {
  it('[STO-15] stays the same over a clean stop, and over nothing else', async () => {
    const dir = folder()
    let store = await LevelStore.open(dir)
    const { incarnation } = store
    expect(store.report).toEqual({ created: true, clean: false, notes: [], crash: [], rebuilt: false })
    const running = `${dir}-running`
    cpSync(dir, running, { recursive: true })
    await store.close()
    store = await LevelStore.open(dir)
    expect([store.report.clean, store.incarnation]).toEqual([true, incarnation])
    await store.close()

    cpSync(dir, `${dir}-copy`, { recursive: true })
    cpSync(dir, `${dir}-earlier`, { recursive: true })
    const moved = `${dir}-moved`
    renameSync(dir, moved)
    store = await LevelStore.open(moved)
    expect([store.report.clean, store.incarnation]).toEqual([true, incarnation])
    await store.close()
    // A copy put back into the very folder that it was taken of.
    for (const name of ['db', 'anchor']) {
      rmSync(join(moved, name), { recursive: true })
      cpSync(join(`${dir}-earlier`, name), join(moved, name), { recursive: true })
    }

    for (const [other, why] of [
      [running, 'clean stop'],
      [`${dir}-copy`, 'copied or restored'],
      [moved, 'copied or restored']
    ] as const) {
      // prettier-ignore
      store = await LevelStore.open(other)
      expect([store.report.clean, store.incarnation === incarnation]).toEqual([false, false])
      expect([...store.report.notes, ...store.report.crash].join()).toContain(why)
      await store.close()
    }
  })
})

describe('the folder', () => {
  it.each([
    [FORMAT + 1, 'newer version'],
    [FORMAT - 1, 'Make a backup with the version that wrote it']
  ])('[STO-5] format %i is refused with the next step', async (format, step) => {
    const dir = folder()
    await filled(dir)
    writeFileSync(join(dir, 'format'), `parley-store ${format}\n`)
    await expect(LevelStore.open(dir)).rejects.toMatchObject({
      code: 'store-format',
      next: expect.stringContaining(step) as string
    })
    writeFileSync(join(dir, 'format'), `parley-store ${FORMAT}\n`)
    await (await LevelStore.open(dir)).close()
  })

  it('[STO-5] a creation that was interrupted starts over', async () => {
    const dir = folder()
    const storeId = new Uint8Array(16)
    const unborn = {
      storeId,
      incarnation: storeId,
      clean: false,
      folder: '',
      commit: 0,
      facets: [],
      tables: []
    }
    const steps = [
      () => writeAnchor(dir, unborn),
      async () => writeFileSync(join(dir, 'format'), `parley-store ${FORMAT}\n`),
      async () => (await openDatabase(join(dir, 'db'))).close()
    ]
    for (let done = 0; done <= steps.length; done++) {
      rmSync(dir, { recursive: true, force: true })
      mkdirSync(dir)
      for (const step of steps.slice(0, done)) await step()
      const store = await LevelStore.open(dir)
      expect(store.report.created, `${done} steps`).toBe(true)
      await store.close()
    }
    for (const name of ['db', 'anchor']) rmSync(join(dir, name), { recursive: true })
    await expect(LevelStore.open(dir)).rejects.toMatchObject({ code: 'store-damaged' })
  })

  it('[STO-6] everything in it is for its owner alone', async () => {
    const dir = folder()
    mkdirSync(dir, { mode: 0o755 })
    await filled(dir)
    const all = readdirSync(dir, { recursive: true, encoding: 'utf8' }).map(name => join(dir, name))
    expect(all.length).toBeGreaterThan(6)
    const others = process.platform === 'win32' ? 0 : 0o077 // no such bits there
    for (const path of [dir, ...all]) expect(statSync(path).mode & others, path).toBe(0)
  })

  it('[STO-7] a second opening is refused, naming folder and process, whatever files are deleted', async () => {
    const dir = folder()
    const store = await LevelStore.open(dir)
    const refused = { code: 'store-locked', message: expect.stringContaining(dir) as string }
    await expect(LevelStore.open(dir)).rejects.toMatchObject(refused)
    await expect(LevelStore.open(dir)).rejects.toThrow(`process ${process.pid}`)
    rmSync(join(dir, 'holder'))
    rmSync(join(dir, 'db', 'LOCK'))
    await expect(LevelStore.open(dir)).rejects.toMatchObject(refused)
    await store.close()
    await (await LevelStore.open(dir)).close()
  })

  it('[STO-7] another process is refused, and let in at once after a kill', { timeout: 30_000 }, async () => {
    const dir = folder()
    const writer = startWriter(dir, 'synced', 'plain')
    const end = writer.killAfter(50)
    await new Promise<void>(resolve => writer.process.stdout!.once('data', () => resolve()))
    await expect(LevelStore.open(dir)).rejects.toThrow(`process ${writer.process.pid}`)
    const { client, next } = await end
    expect(existsSync(join(dir, 'holder'))).toBe(true)
    const store = await LevelStore.open(dir)
    expect(store.lanes(FACET).find(lane => lane.client === client)?.next).toBeGreaterThanOrEqual(next)
    expect([store.report.clean, store.missing()]).toEqual([false, []])
    await store.close()
  })
})

function anchorCommit(dir: string): number {
  const anchor = readAnchor(dir)
  if (typeof anchor === 'string') throw new Error(`the anchor is ${anchor}`)
  return anchor.commit
}

describe('durability', () => {
  it('[STO-3] what was acknowledged as synced survives a power cut', { timeout: 30_000 }, async () => {
    const dir = folder()
    for (let round = 0; round < 3; round++) {
      const { client, next } = await startWriter(dir, 'synced', 'power-cut').killAfter(20 + round)
      const store = await LevelStore.open(dir)
      expect(store.lanes(FACET).find(lane => lane.client === client)?.next).toBeGreaterThanOrEqual(next)
      expect(store.missing()).toEqual([])
      await store.close()
    }
  })

  it('[STO-3] the same run without the sync loses what it acknowledged', { timeout: 30_000 }, async () => {
    const dir = folder()
    const { client } = await startWriter(dir, 'unsynced', 'power-cut').killAfter(20)
    const store = await LevelStore.open(dir)
    expect(store.lanes(FACET).find(lane => lane.client === client)).toBeUndefined()
    await store.close()
  })

  it('[STO-3] asks for the fsync when a write does, and before an anchor speaks of it', async () => {
    const batch = vi.spyOn(Level.prototype, 'batch')
    onTestFinished(() => batch.mockRestore())
    const store = await LevelStore.open(folder(), { anchorMs: 1e9 })
    const synced = () =>
      (batch.mock.calls as unknown[][]).map(([, options]) => (options as { sync: boolean }).sync)
    const before = synced().length
    await store.write([put('contacts', 'a', '1')], { sync: false })
    await store.write([put('contacts', 'a', '2')], SYNC)
    await store.write([put('contacts', 'a', '3')], { sync: false })
    expect(synced().slice(before)).toEqual([false, true, false])
    await store.close()
    expect(synced().at(-1)).toBe(true)
  })

  it('[STO-3] writes of one moment share one commit', async () => {
    const dir = folder()
    const store = await LevelStore.open(dir)
    const before = anchorCommit(dir)
    await Promise.all(
      Array.from({ length: 100 }, (_, seq) => store.write([write(envelope(FACET, 1, seq))], SYNC))
    )
    await store.close()
    expect(anchorCommit(dir) - before).toBe(1)
  })
})
