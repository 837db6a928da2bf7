// A snapshot is the whole store or it is refused.
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import { LevelStore } from '../../src/store/level-store.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { exportSnapshot, importSnapshot } from '../../src/store/snapshot.ts'
import { seal, tableKey } from '../../src/store/record.ts'
import { temporaryFolder } from './folders.ts'
import { contents, envelope, FACET, OTHER_FACET, put, random, run, write } from './samples.ts'

const SYNC = { sync: true }
const LIMITS = { bytesMax: 64 * 1024 * 1024, recordsMax: 100_000 }

async function sample(): Promise<MemoryStore> {
  const store = new MemoryStore('44'.repeat(16))
  const { body: _, ...erased } = envelope(FACET, 1, 0)
  await store.write([write(erased), ...run(FACET, 1, 1, 50, true), ...run(OTHER_FACET, 2, 0, 500, false, 400), put('contacts', 'a', 'x')]) // prettier-ignore
  return store
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function refusal(bytes: Uint8Array, limits = LIMITS): Promise<string> {
  const answer = await importSnapshot(new MemoryStore('55'.repeat(16)), inPieces(bytes, 1000), limits)
  return isReject(answer) ? answer.code : `accepted ${answer}`
}

describe('snapshots', () => {
  it.for([7, 4096, 1e9])(
    '[STO-18] goes over into another store, whatever the pieces (%i bytes)',
    async size => {
      const store = await sample()
      const target = await LevelStore.open(join(temporaryFolder(), 'store'))
      const bytes = await bytesOf(exportSnapshot(store))
      expect(await importSnapshot(target, inPieces(bytes, size), LIMITS)).toBe(551)
      expect(await contents(target)).toEqual(await contents(store))
      expect(target.lanes(FACET)).toEqual(store.lanes(FACET))
      expect((await bytesOf(exportSnapshot(target))).equals(bytes)).toBe(true)
      await target.close()
    }
  )

  it('[STO-18] a snapshot that was taken while others write is of one moment', async () => {
    const store = await LevelStore.open(join(temporaryFolder(), 'store'))
    await store.write(run(FACET, 1, 0, 3000), SYNC)
    let seen = 0
    for await (const operation of store.snapshot()) {
      if (seen === 0) await store.write([...run(FACET, 1, 3000, 3100), put('contacts', 'a', 'x')], SYNC)
      expect(operation.kind).toBe('envelope')
      seen++
    }
    expect(seen).toBe(3000)
    await store.close()
  })

  it('[STO-29] what is derived is not part of it, and is not taken from who puts it in', async () => {
    const store = await LevelStore.open(join(temporaryFolder(), 'store'))
    const before = await bytesOf(exportSnapshot(store))
    await store.write([put('checkpoint', 'a', 'x'), put('document', 'a', 'y')], SYNC)
    expect((await bytesOf(exportSnapshot(store))).equals(before)).toBe(true)
    const made = {
      snapshot: () => Readable.from([put('checkpoint', 'a', 'forged'), put('contacts', 'a', 'x')])
    }
    const bytes = await bytesOf(exportSnapshot(made as unknown as LevelStore))
    expect(await importSnapshot(store, inPieces(bytes, 1000), LIMITS)).toBe(2)
    expect(await contents(store)).toEqual(new Map([['contacts/a', toHex(utf8('x'))]]))
    expect(await store.get('checkpoint', 'a')).toEqual(utf8('x'))
    await store.close()
  })

  it('[STO-19] any cut is refused', async () => {
    const bytes = await bytesOf(exportSnapshot(await sample()))
    const pick = random(7)
    for (let n = 0; n < 50; n++)
      expect(await refusal(bytes.subarray(0, pick(bytes.length)))).toBe('snapshot-cut')
    expect(await refusal(Buffer.concat([bytes, Buffer.of(0)]))).toBe('snapshot-cut')
  })

  it('[STO-19] any flipped bit is refused', async () => {
    const bytes = await bytesOf(exportSnapshot(await sample()))
    const pick = random(8)
    for (let n = 0; n < 100; n++) {
      const flipped = Buffer.from(bytes)
      const at = pick(bytes.length)
      flipped[at] = (flipped[at] as number) ^ (1 << pick(8))
      expect(await refusal(flipped), `byte ${at}`).toMatch(/^snapshot-/)
    }
  })

  it('[STO-19] limits on bytes, records and single records hold', async () => {
    const bytes = await bytesOf(exportSnapshot(await sample()))
    expect(await refusal(bytes, { ...LIMITS, bytesMax: bytes.length - 1 })).toBe('snapshot-size')
    expect(await refusal(bytes, { ...LIMITS, recordsMax: 550 })).toBe('snapshot-size')
    const huge = Buffer.from(bytes)
    huge.writeUInt32BE(2 ** 31, 'parley-snapshot 1\n'.length + 2)
    expect(await refusal(huge)).toBe('snapshot-size')
    expect(await refusal(Buffer.from('not a snapshot at all'))).toBe('snapshot-format')
  })

  it("[STO-19] a record of the store's own tables is refused", async () => {
    const key = tableKey('!own', 'x')
    const value = seal(Buffer.concat([Buffer.of(0), key]), Buffer.alloc(0))
    const prefix = Buffer.alloc(7)
    prefix.writeUInt16BE(key.length)
    prefix.writeUInt32BE(value.length, 2)
    expect(await refusal(Buffer.concat([Buffer.from('parley-snapshot 1\n'), prefix, key, value]))).toBe(
      'snapshot-record'
    )
  })
})
