// Envelopes that are committed together share a record, and nobody who reads can tell.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/wire/bytes.ts'
import { openDatabase, type Database } from '../../src/store/level-database.ts'
import { LevelStore } from '../../src/store/level-store.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { encodePack, packedBytes, packKey, packPlace } from '../../src/store/pack.ts'
import type { EnvelopeRecord, Operation } from '../../src/store/store.ts'
import { temporaryFolder } from './folders.ts'
import { contents, envelope, envelopeText, FACET, OTHER_FACET, put, random, run, write } from './samples.ts'

const SYNC = { sync: true }

function folder(): string {
  return join(temporaryFolder(), 'store')
}

/** A store that was written in these commits, and closed. */
async function filled(dir: string, commits: Operation[][]): Promise<void> {
  const store = await LevelStore.open(dir)
  for (const operations of commits) await store.write(operations, SYNC)
  await store.close()
}

/** Works on a closed store behind its back. */
async function behind<T>(dir: string, work: (db: Database, keys: Buffer[]) => Promise<T>): Promise<T> {
  const db = await openDatabase(join(dir, 'db'))
  try {
    return await work(db, await db.keys({ gte: Buffer.from('e'), lt: Buffer.from('f') }).all())
  } finally {
    await db.close()
  }
}

/** `client: first-next` of each pack, in key order. */
function packs(dir: string): Promise<string[]> {
  return behind(dir, async (_, keys) =>
    keys.map(key => {
      const place = packPlace(key)
      return `${place?.client}: ${place?.first}-${place?.next}`
    })
  )
}

function flip(dir: string, which: number): Promise<void> {
  return behind(dir, async (db, keys) => {
    const key = keys[which] as Buffer
    const value = Buffer.from(await db.get(key))
    value[30] = (value[30] as number) ^ 1
    await db.put(key, value)
  })
}

function records(operations: Operation[]): EnvelopeRecord[] {
  return operations.flatMap(operation => (operation.kind === 'envelope' ? [operation.record] : []))
}

/** An envelope whose header is longer, as nobody would write it: to see which of two was kept. */
function marked(record: EnvelopeRecord, more: number): EnvelopeRecord {
  return { ...record, header: new Uint8Array([...record.header, ...new Uint8Array(more)]) }
}

async function seqsOf(store: LevelStore, client: number): Promise<number[]> {
  return (await store.readEnvelopes(FACET, client, 0, 1e6, Infinity)).map(one => one.seq)
}

describe('packs', () => {
  it('[STO-26] what a lane gets in one commit shares records, whatever other lanes and tables get meanwhile', async () => {
    const dir = folder()
    const [a, b] = [run(FACET, 1, 0, 100), run(FACET, 2, 0, 3)]
    const mixed = a.flatMap((operation, at) => [
      operation,
      put('contacts', `${at}`, 'x'),
      ...b.slice(at, at + 1)
    ])
    await filled(dir, [mixed, run(FACET, 1, 100, 101), run(FACET, 1, 101, 103)])
    expect(await packs(dir)).toEqual(['1: 0-64', '1: 64-100', '1: 100-101', '1: 101-103', '2: 0-3'])
    const store = await LevelStore.open(dir)
    expect([store.report.clean, await seqsOf(store, 1)]).toEqual([
      true,
      Array.from({ length: 103 }, (_, at) => at)
    ])
    await store.close()
  })

  it('[STO-26] writes of several callers that share a commit share packs', async () => {
    const dir = folder()
    const store = await LevelStore.open(dir)
    await Promise.all(run(FACET, 1, 0, 10).map(operation => store.write([operation], SYNC)))
    await store.close()
    expect(await packs(dir)).toEqual(['1: 0-10'])
  })

  it('[STO-26] a pack ends at 32 KiB, and a larger envelope is one by itself', async () => {
    const dir = folder()
    const large = write(envelope(FACET, 1, 8, '', 90_000))
    const operations = [...run(FACET, 1, 0, 8, false, 7_000), large, ...run(FACET, 1, 9, 11)]
    await filled(dir, [operations])
    expect(await packs(dir)).toEqual(['1: 0-4', '1: 4-8', '1: 8-9', '1: 9-11'])
    const sizes = await behind(dir, (db, keys) =>
      Promise.all(keys.map(async key => (await db.get(key))?.length ?? 0))
    )
    expect(sizes.filter(bytes => bytes > 33_000)).toEqual([sizes[2]])
    const store = await LevelStore.open(dir)
    expect(await contents(store)).toEqual(new Map(records(operations).map(envelopeText)))
    await store.close()
  })

  it('[STO-27] an envelope that comes again takes its old place, and nothing of the old one stays', async () => {
    const dir = folder()
    const all = records(run(FACET, 1, 0, 10))
    const { body, ...erased } = all[4] as EnvelopeRecord
    const longer = marked(all[6] as EnvelopeRecord, 5)
    await filled(dir, [
      all.map(one => write(one)),
      [write(erased), write(all[5] as EnvelopeRecord), write(longer)]
    ])
    expect(await packs(dir)).toEqual(['1: 0-10'])
    const value = (await behind(dir, (db, keys) => db.get(keys[0] as Buffer)))?.toString('hex')
    expect([value?.includes(toHex(body as Uint8Array)), value?.includes(toHex(erased.header))]).toEqual([
      false,
      true
    ])
    const store = await LevelStore.open(dir)
    const expected = all.map((one, at) => (at === 4 ? erased : at === 6 ? longer : one))
    expect(await contents(store)).toEqual(new Map(expected.map(envelopeText)))
    expect([store.report.clean, store.lanes(FACET)[0]?.count]).toEqual([true, 10])
    await store.close()
  })

  it('[STO-27] twice in one commit is once, and the last one counts', async () => {
    const dir = folder()
    const all = records(run(FACET, 1, 0, 4))
    const last = marked(all[2] as EnvelopeRecord, 9)
    await filled(dir, [[...all, marked(all[2] as EnvelopeRecord, 3), last].map(one => write(one))])
    expect(await packs(dir)).toEqual(['1: 0-4'])
    const store = await LevelStore.open(dir)
    expect((await store.readEnvelopes(FACET, 1, 2, 3, Infinity)).map(one => one.header)).toEqual([
      last.header
    ])
    expect([store.report.clean, (await store.verify()).envelopes]).toEqual([true, 4])
    await store.close()
  })

  it('[STO-27] a damaged pack is missing whole, makes way when the first of it is back, and never counts again', async () => {
    const dir = folder()
    await filled(dir, [run(FACET, 1, 0, 100, true)])
    await flip(dir, 0)
    const gap = (from: number, to: number) => ({ kind: 'lane', facet: FACET, client: 1, own: true, from, to })
    let store = await LevelStore.open(dir)
    expect(store.missing()).toEqual([]) // nothing has read it
    expect((await seqsOf(store, 1))[0]).toBe(64)
    expect([store.missing(), store.readOnly(FACET)]).toEqual([[gap(0, 64)], true])
    expect((await store.verify()).damaged).toEqual(
      Array.from({ length: 64 }, (_, seq) => `${FACET}/1/${seq}`)
    )
    await store.write(run(FACET, 1, 10, 20), SYNC)
    expect([store.missing(), store.lanes(FACET)[0]?.count]).toEqual([[gap(0, 10), gap(20, 64)], 46])
    await store.close()
    expect(await packs(dir)).toEqual(['1: 10-20', '1: 64-100'])
    store = await LevelStore.open(dir)
    expect([store.missing(), (await store.verify()).damaged]).toEqual([[gap(0, 10), gap(20, 64)], []])
    await store.write([...run(FACET, 1, 0, 10), ...run(FACET, 1, 20, 64)], SYNC)
    await store.close()
    store = await LevelStore.open(dir)
    expect([store.missing(), store.report.clean, await contents(store)]).toEqual([
      [],
      true,
      new Map(records(run(FACET, 1, 0, 100)).map(envelopeText))
    ])
    await store.close()
  })

  it('[STO-27] damage that a write finds first is written down with it', async () => {
    const dir = folder()
    await filled(dir, [run(FACET, 1, 0, 100)])
    await flip(dir, 1)
    let store = await LevelStore.open(dir)
    await store.write(run(FACET, 1, 70, 71), SYNC)
    await store.close()
    store = await LevelStore.open(dir)
    expect(store.missing().map(entry => entry.kind === 'lane' && [entry.from, entry.to])).toEqual([
      [64, 70],
      [71, 100]
    ])
    await store.close()
  })

  it('[STO-27] after a damaged end was settled its lane goes on, and nothing counts twice', async () => {
    const dir = folder()
    await filled(dir, [run(FACET, 1, 0, 10), run(FACET, 1, 10, 20)])
    await flip(dir, 1)
    let store = await LevelStore.open(dir)
    await store.verify()
    for (const entry of store.missing()) await store.settle(entry)
    expect(store.lanes(FACET)[0]?.next).toBe(10)
    await store.write(run(FACET, 1, 10, 20), SYNC)
    expect([store.missing(), store.lanes(FACET)[0]?.count]).toEqual([[], 20])
    await store.close()
    store = await LevelStore.open(dir)
    expect([store.missing(), store.report.clean, (await store.verify()).envelopes]).toEqual([[], true, 20])
    await store.close()
  })

  it('[STO-27] a damaged key behind a jump is not counted, neither when it is found nor when it makes way', async () => {
    const dir = folder()
    await filled(dir, [run(FACET, 1, 0, 10)])
    await behind(dir, async (db, keys) => {
      const key = Buffer.from(keys[0] as Buffer)
      key.writeUInt32BE(39, 41) // seq: 30 to 39
      await db.put(key, await db.get(keys[0] as Buffer))
    })
    let store = await LevelStore.open(dir)
    expect(store.lanes(FACET)).toEqual([{ client: 1, own: false, next: 10, count: 10 }])
    await store.write(run(FACET, 1, 10, 50), SYNC)
    await store.write(run(FACET, 1, 35, 36), SYNC)
    expect(store.missing().length).toBeGreaterThan(0) // it said so; what is sent again ends it
    await store.write(run(FACET, 1, 30, 40), SYNC)
    expect([store.missing(), store.lanes(FACET)[0]?.count]).toEqual([[], 50])
    await store.close()
    store = await LevelStore.open(dir)
    expect([store.missing(), store.report.clean, (await store.verify()).damaged]).toEqual([[], true, []])
    await store.close()
  })

  it('[STO-28] a range gives exactly its seqs, wherever packs begin and end', async () => {
    const dir = folder()
    const ends = [1, 2, 66, 130, 131, 140, 200, 201, 300]
    await filled(
      dir,
      ends.map((end, at) => run(FACET, 1, ends[at - 1] ?? 0, end))
    )
    const store = await LevelStore.open(dir)
    const pick = random(11)
    for (let n = 0; n < 200; n++) {
      const from = pick(310)
      const to = from + pick(100)
      const expected = Array.from({ length: Math.max(0, Math.min(to, 300) - from) }, (_, at) => from + at)
      expect((await store.readEnvelopes(FACET, 1, from, to, Infinity)).map(one => one.seq)).toEqual(expected)
    }
    expect(await store.readEnvelopes(FACET, 1, 300, 2 ** 32, Infinity)).toEqual([])
    await store.close()
  })

  it('[STO-28] a branch is in its place also where it was read later than the other', async () => {
    const dir = folder()
    const [main, branch] = [run(FACET, 1, 0, 200, false, 8_000), records(run(FACET, 1, 100, 150))]
    const fork = branch.map(({ seq }) => write(envelope(FACET, 1, seq, 'fork')))
    await filled(dir, [main, fork]) // a mebibyte, which is read at once, ends at about seq 125
    const model = new MemoryStore('00'.repeat(16))
    await model.write([...main, ...fork])
    const store = await LevelStore.open(dir)
    expect([...(await contents(store)).keys()]).toEqual([...(await contents(model)).keys()])
    await store.close()
  })

  it('[STO-28] an envelope that two packs hold is given once', async () => {
    const dir = folder()
    const all = records(run(FACET, 1, 0, 10))
    await filled(dir, [all.map(one => write(one))])
    await behind(dir, async db => {
      const part = all.slice(3, 7)
      const bytes = part.reduce((sum, one) => sum + packedBytes(one), 0)
      await db.put(packKey(part), encodePack(packKey(part), part, bytes))
    })
    const store = await LevelStore.open(dir)
    expect(await seqsOf(store, 1)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect((await store.verify()).envelopes).toBe(10)
    expect(store.missing()).toEqual([{ kind: 'envelopes', lost: 1 }]) // more than was written is damage as well
    await store.close()
  })

  it(
    '[STO-28] agrees with the model over runs, forks and repetitions, in order, over restarts',
    { timeout: 60_000 },
    async () => {
      for (const seed of [1, 2, 3]) {
        const dir = folder()
        const model = new MemoryStore('00'.repeat(16))
        const pick = random(seed)
        let store = await LevelStore.open(dir, { writeBufferBytes: 64 * 1024 })
        for (let step = 0; step < 60; step++) {
          const operations = Array.from({ length: 1 + pick(4) }, () => {
            const [facet, client] = [pick(3) ? FACET : OTHER_FACET, pick(2)]
            const next = model.lanes(facet).find(lane => lane.client === client)?.next ?? 0
            const from = pick(3) ? next : pick(next + 1)
            const branch = pick(3) ? '' : 'fork'
            return Array.from({ length: 1 + pick(90) }, (_, at) =>
              write(envelope(facet, client, from + at, branch))
            )
          }).flat()
          const results = await Promise.allSettled([
            store.write(operations, { sync: false }),
            model.write(operations)
          ])
          expect(results[0].status).toBe(results[1].status)
          if (pick(10) > 0) continue
          await store.close()
          store = await LevelStore.open(dir, { writeBufferBytes: 64 * 1024 })
          expect(store.missing()).toEqual([])
        }
        expect([...(await contents(store))]).toEqual([...(await contents(model))])
        for (const facet of [FACET, OTHER_FACET]) expect(store.lanes(facet)).toEqual(model.lanes(facet))
        for (let n = 0; n < 50; n++) {
          const [from, length, bytesMax] = [pick(500), pick(200), pick(2) ? Infinity : pick(30_000)]
          const [ours, theirs] = await Promise.all(
            [store, model].map(one => one.readEnvelopes(FACET, 1, from, from + length, Infinity))
          )
          expect(ours!.map(one => `${one.seq} ${toHex(one.idPrefix)}`)).toEqual(
            theirs!.map(one => `${one.seq} ${toHex(one.idPrefix)}`)
          )
          const some = await store.readEnvelopes(FACET, 1, from, from + length, bytesMax)
          expect(some).toEqual(ours!.slice(0, some.length))
          expect(some.length > 0).toBe(ours!.length > 0)
        }
        await store.close()
      }
    }
  )
})
