// A full disk and writes that fail: nothing is acknowledged, reading goes on, and room heals it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { LevelStore } from '../../src/store/level-store.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Change } from '../../src/store/level-database.ts'
import type { Operation, Store } from '../../src/store/store.ts'
import { FaultyStore } from './faulty-store.ts'
import { temporaryFolder } from './folders.ts'
import { contents, envelope, FACET, put, run } from './samples.ts'

const SYNC = { sync: true }

interface SmallDisk {
  what: string
  open: () => Promise<Store>
  fill: () => void
  free: () => void
}

/** A real file system of 8 MiB where we may mount one, else the simulated disk. */
function smallDisk(): SmallDisk {
  const dir = mkdtempSync(join(tmpdir(), 'parley-full-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', dir], { stdio: 'ignore' })
  } catch {
    rmSync(dir, { recursive: true })
    let store: FaultyStore | undefined
    const open = async () => (store = await FaultyStore.open(async () => new MemoryStore('22'.repeat(16))))
    return { what: 'simulated', open, fill: () => (store!.full = true), free: () => (store!.full = false) }
  }
  afterAll(() => {
    execFileSync('umount', [dir])
    rmSync(dir, { recursive: true })
  })
  const ballast = join(dir, 'ballast')
  return {
    what: '8 MiB tmpfs',
    open: () =>
      LevelStore.open(join(dir, 'store'), { spareBytes: 1024 * 1024, writeBufferBytes: 256 * 1024 }),
    fill: () => fillUp(ballast),
    free: () => rmSync(ballast)
  }
}

function fillUp(path: string): void {
  for (const bytes of [1024 * 1024, 4096]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(bytes, 1), { flag: 'a' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
}

const disk = smallDisk()

describe('disk full', () => {
  it(
    `[STO-16] refuses writes, keeps reading, recovers by itself (${disk.what})`,
    { timeout: 20_000 },
    async () => {
      const store = await disk.open()
      await store.write(run(FACET, 1, 0, 100, true), SYNC)
      disk.fill()
      let next = 100
      const refused = async () => {
        for (let tries = 0; tries < 200; tries++) {
          // LevelDB's log may still hold a few: write until the disk says no.
          await store.write(run(FACET, 1, next, next + 20, true, 2048), SYNC)
          next += 20
        }
      }
      const full = { code: 'disk-full', next: expect.stringContaining('Free some space') as string }
      await expect(refused()).rejects.toMatchObject(full)
      await expect(refused()).rejects.toMatchObject(full)
      expect((await store.readEnvelopes(FACET, 1, 0, 1e6, Infinity)).length).toBe(next)
      expect(store.lanes(FACET)).toEqual([{ client: 1, own: true, next, count: next }])

      disk.free()
      await store.write(run(FACET, 1, next, next + 20, true), SYNC)
      await store.write([put('contacts', 'a', 'x')], SYNC)
      expect((await contents(store)).size).toBe(next + 21)
      expect([store.missing(), (await store.verify()).damaged]).toEqual([[], []])
      await store.close()
    }
  )
})

describe('a write that fails', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('[STO-17] does not come back to life when the database is opened again', async () => {
    const dir = join(temporaryFolder(), 'store')
    let store = await LevelStore.open(dir, { spareBytes: 1024, anchorMs: 1e9 })
    await store.write([put('contacts', 'a', 'old'), ...run(FACET, 1, 0, 3, true)], SYNC)
    let failed: Change[] = []
    const fails = (changes: Change[]) => {
      failed = changes
      return Promise.reject(Object.assign(new Error('I/O'), { code: 'LEVEL_IO_ERROR' }))
    }
    vi.spyOn(Level.prototype, 'batch').mockImplementationOnce(fails as unknown as Level['batch'])
    const close = vi.spyOn(Level.prototype, 'close')
    await expect(
      store.write([put('contacts', 'a', 'new'), ...run(FACET, 1, 3, 5)], SYNC)
    ).rejects.toMatchObject({
      code: 'store-io'
    })
    expect(store.lanes(FACET)[0]?.next).toBe(3)

    // The disk had it all the same: the next opening of the log finds the batch.
    close.mockImplementationOnce(async function (this: Level) {
      await this.close()
      const behind = new Level<Buffer, Buffer>(join(dir, 'db'), {
        keyEncoding: 'buffer',
        valueEncoding: 'buffer'
      })
      await behind.batch(failed, { sync: true })
      await behind.close()
    })
    await store.write([put('contacts', 'b', 'x')], SYNC)
    expect(close).toHaveBeenCalled()
    expect((await contents(store)).size).toBe(5)
    expect(Buffer.from((await store.get('contacts', 'a'))!).toString()).toBe('old')
    await store.close()
    store = await LevelStore.open(dir)
    expect([store.report.clean, store.missing(), store.lanes(FACET)[0]?.next]).toEqual([true, [], 3])
    await store.close()
  })
})

describe('the faulty store', () => {
  const open = async () => {
    let kept: Operation[] = []
    const back = async () => {
      const store = new MemoryStore('33'.repeat(16))
      for (const operation of kept) await store.write([operation])
      // What a disk keeps: every synced write, whole, in order.
      const write = store.write.bind(store)
      store.write = async operations => {
        await write(operations)
        kept = [...kept, ...operations]
      }
      return store
    }
    return { store: await FaultyStore.open(back), again: () => FaultyStore.open(back) }
  }

  it('[STO-3] loses what was not synced when the power is cut, and nothing else', async () => {
    const { store, again } = await open()
    await store.write(run(FACET, 1, 0, 5), SYNC)
    await store.write(run(FACET, 1, 5, 9), { sync: false })
    expect((await contents(store)).size).toBe(9)
    await store.powerCut()
    expect((await contents(await again())).size).toBe(5)
  })

  it('[STO-12] shows rotten and cut records as missing until they are written again', async () => {
    const { store } = await open()
    await store.write(run(FACET, 1, 0, 9, true), SYNC)
    store.flip(envelope(FACET, 1, 2))
    store.cutTail(2)
    expect((await contents(store)).size).toBe(6)
    expect(store.missing().map(entry => entry.kind === 'lane' && entry.from)).toEqual([2, 7, 8])
    await expect(store.write(run(FACET, 1, 9, 10, true), SYNC)).rejects.toMatchObject({
      code: 'facet-read-only'
    })
    await store.write([...run(FACET, 1, 2, 3), ...run(FACET, 1, 7, 9)], SYNC)
    expect([store.missing(), (await contents(store)).size]).toEqual([[], 9])
  })

  it('[STO-3] holds writes back while the disk is stuck', async () => {
    const { store } = await open()
    const release = store.stall()
    const order: string[] = []
    const writing = store.write(run(FACET, 1, 0, 1), SYNC).then(() => order.push('written'))
    await store.get('contacts', 'a').then(() => order.push('read'))
    release()
    await writing
    expect(order).toEqual(['read', 'written'])
  })
})
