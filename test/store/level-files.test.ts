// The reader of LevelDB's files agrees with LevelDB, and sees what LevelDB does not look at.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/wire/bytes.ts'
import { crc32c } from '../../src/store/crc32c.ts'
import { inspectLevelFolder } from '../../src/store/level-files.ts'
import { openDatabase } from '../../src/store/level-database.ts'
import { readLog } from '../../src/store/level-log.ts'
import { blocksInFront, readTable } from '../../src/store/level-table.ts'
import { salvage } from '../../src/store/level-salvage.ts'
import { temporaryFolder } from './folders.ts'
import { random } from './samples.ts'

const RECORDS = 600

/** A closed database with tables and a log, values of many sizes, some written twice, some deleted. */
async function sampleDatabase(): Promise<{ dir: string; truth: Map<string, Buffer> }> {
  const dir = join(temporaryFolder(), 'db')
  let db = await openDatabase(dir, 64 * 1024)
  const truth = new Map<string, Buffer>()
  const pick = random(5)
  for (let n = 0; n < RECORDS; n++) {
    const key = `key ${pick(400)}`
    if (pick(5) === 0) {
      truth.delete(key)
      await db.del(Buffer.from(key))
      continue
    }
    const value = Buffer.alloc(pick(n === 300 ? 1 : 900), n)
    truth.set(key, value)
    await db.put(Buffer.from(key), n === 300 ? Buffer.alloc(0) : value)
    if (n === 300) truth.set(key, Buffer.alloc(0))
  }
  // Opening turns the log into a table. What follows fits one buffer, so it stays in one log, however fast
  // LevelDB's own thread is.
  await db.close()
  db = await openDatabase(dir, 64 * 1024)
  await db.put(Buffer.from('long'), Buffer.alloc(40_000, 9)) // over two blocks of the log
  truth.set('long', Buffer.alloc(40_000, 9))
  await db.put(Buffer.from('last'), Buffer.alloc(10, 9))
  truth.set('last', Buffer.alloc(10, 9))
  await db.close()
  return { dir, truth }
}

function files(dir: string, name: RegExp): string[] {
  return readdirSync(dir)
    .filter(file => name.test(file))
    .map(file => join(dir, file))
}

describe('files of LevelDB', () => {
  it('[STO-8] CRC-32C has the values of RFC 3720, appendix B.4', () => {
    expect(crc32c(utf8('123456789'))).toBe(0xe3069283)
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, n) => n))).toBe(0x46dd794e)
  })

  it('[STO-8] an honest database shows no damage', async () => {
    const { dir } = await sampleDatabase()
    expect(files(dir, /\.ldb$/).length).toBeGreaterThan(1)
    expect(inspectLevelFolder(dir)).toEqual({ absent: false, damage: [], tornBytes: 0 })
    expect(inspectLevelFolder(join(dir, 'nowhere'))).toEqual({ absent: true, damage: [], tornBytes: 0 })
  })

  it('[STO-20] salvage finds the newest value of every key, and no deleted one', async () => {
    const { dir, truth } = await sampleDatabase()
    const newest = new Map<string, { sequence: bigint; value: Buffer | undefined }>()
    for (const { key, sequence, value } of salvage(dir)) {
      const known = newest.get(key.toString())
      if (!known || sequence >= known.sequence) newest.set(key.toString(), { sequence, value })
    }
    const found = [...newest].filter(([, { value }]) => value !== undefined)
    expect(new Map(found.map(([key, { value }]) => [key, value!.toString('hex')]))).toEqual(
      new Map([...truth].map(([key, value]) => [key, value.toString('hex')]))
    )
  })

  it('[STO-20] a table that is cut gives what stands before the cut', async () => {
    const { dir } = await sampleDatabase()
    const table = readFileSync(files(dir, /\.ldb$/)[0] as string)
    const { blocks } = readTable(table)
    expect(blocks.length).toBeGreaterThan(3)
    expect([...blocksInFront(table)]).toEqual(blocks)
    for (const [n, block] of blocks.entries()) {
      const end = block.byteOffset - table.byteOffset + block.length
      // With its trailer a block is whole, without the last byte of that it is not.
      for (const [bytes, whole] of [
        [end + 5, n + 1],
        [end + 4, n]
      ] as const)
        // prettier-ignore
        expect([...blocksInFront(table.subarray(0, bytes))]).toEqual(blocks.slice(0, whole))
    }
  })

  it('[STO-8] [STO-20] a damaged write of a log costs those around it nothing, and is damage', async () => {
    const dir = join(temporaryFolder(), 'db')
    const db = await openDatabase(dir)
    for (let n = 0; n < 9; n++) await db.put(Buffer.from(`key ${n}`), Buffer.alloc(100, n))
    await db.close()
    const path = files(dir, /\.log$/)[0] as string
    const log = readFileSync(path)
    const { records } = readLog(log)
    const damaged = Buffer.from(log)
    const at = log.indexOf(records[4] as Buffer) + 50
    damaged[at] = (damaged[at] as number) ^ 1
    expect(readLog(damaged, 'beyond damage').records).toEqual(records.toSpliced(4, 1))
    expect(readLog(damaged).records).toEqual(records.slice(0, 4))
    writeFileSync(path, damaged)
    expect(inspectLevelFolder(dir).damage).toEqual([expect.stringContaining('.log is damaged at byte')])
  })

  it('[STO-8] every flipped bit of a table is seen', async () => {
    const { dir } = await sampleDatabase()
    const table = readFileSync(files(dir, /\.ldb$/)[0] as string)
    const pick = random(11)
    let unseen = 0
    for (let n = 0; n < 300; n++) {
      const flipped = Buffer.from(table)
      const at = pick(table.length)
      flipped[at] = (flipped[at] as number) ^ (1 << pick(8))
      if (readTable(flipped).damage.length > 0) continue
      unseen++
      expect(at).toBeGreaterThan(table.length - 48) // padding of the footer, which means nothing
    }
    expect(unseen).toBeLessThan(5)
  })

  it('[STO-8] a flipped bit of a log is damage when good records follow, else a torn end', async () => {
    const { dir } = await sampleDatabase()
    const [path] = files(dir, /\.log$/)
    const log = readFileSync(path as string)
    const whole = readLog(log)
    expect([whole.damagedAt, whole.tornBytes]).toEqual([[], 0])
    const pick = random(12)
    for (let n = 0; n < 300; n++) {
      const flipped = Buffer.from(log)
      const at = pick(log.length)
      flipped[at] = (flipped[at] as number) ^ (1 << pick(8))
      const { damagedAt, tornBytes, records } = readLog(flipped)
      expect(damagedAt.length + tornBytes, `byte ${at}`).toBeGreaterThan(0)
      expect(records.length).toBeLessThan(whole.records.length)
    }
  })

  it('[STO-8] of the logs, only damage before the end speaks against opening', async () => {
    const { dir } = await sampleDatabase()
    const path = files(dir, /\.log$/)[0] as string
    const log = readFileSync(path)
    writeFileSync(path, log.subarray(0, log.length - 3))
    const torn = inspectLevelFolder(dir)
    expect([torn.damage, torn.tornBytes > 0]).toEqual([[], true])
    const flipped = Buffer.from(log)
    flipped[10] = (flipped[10] as number) ^ 1
    writeFileSync(path, flipped)
    expect(inspectLevelFolder(dir).damage.length).toBe(1)
  })

  it('[STO-8] a missing CURRENT, MANIFEST, table or log is seen', async () => {
    for (const name of [/^CURRENT$/, /^MANIFEST/, /\.ldb$/, /\.log$/]) {
      const { dir } = await sampleDatabase()
      rmSync(files(dir, name)[0] as string)
      expect(inspectLevelFolder(dir).damage.length, String(name)).toBeGreaterThan(0)
    }
    const dir = join(temporaryFolder(), 'db')
    mkdirSync(dir)
    writeFileSync(join(dir, 'CURRENT'), '../../elsewhere\n')
    expect(inspectLevelFolder(dir).damage).toEqual(['CURRENT names no MANIFEST that is here'])
  })
})
