// Saves what can be saved of a damaged store: nothing is changed before it is copied, nothing unchecked is
// kept. protocols/store, section 8.
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { cp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { NodeError } from '../wire/node-error.ts'
import { readAnchor, writeAnchor } from './anchor.ts'
import { countDatabase, decodeTotal, TOTAL_KEY, type Count, type Total } from './census-scan.ts'
import { stageCommit } from './commit-stage.ts'
import { syncFolder } from './durable-file.ts'
import { lockFolder } from './folder-lock.ts'
import { openDatabase, type Change, type Database } from './level-database.ts'
import { salvage } from './level-salvage.ts'
import { compareWithAnchor, compareWithTotal } from './losses.ts'
import {
  anchorOf,
  checkFormat,
  databaseFolder,
  prepareFolder,
  suspectFolder,
  writeFormat
} from './open-folder.ts'
import { packHolds, placesIn } from './pack.ts'
import * as record from './record.ts'
import type { Missing } from './store.ts'

const BATCH_RECORDS = 1000
/** Places that the report names; the rest is counted. */
const PLACES_MAX = 100

export interface RepairReport {
  /** The folder as it was found. */
  suspect: string
  envelopes: number
  tableRecords: number
  /** Envelopes and table records that were read and thrown away, since their checksum does not hold. */
  damaged: { count: number; places: string[] }
  /** What is known to be gone; the store says the same from now on. */
  missing: Missing[]
  notes: string[]
}

/** @throws NodeError `store-locked`, `store-format` of a newer version, `store-absent` */
export async function repair(dir: string): Promise<RepairReport> {
  if (!existsSync(dir)) throw absent(dir)
  prepareFolder(dir)
  const lock = await lockFolder(dir)
  try {
    checkFormat(dir, 'any')
    return await repairLocked(dir)
  } finally {
    await lock.release()
  }
}

async function repairLocked(dir: string): Promise<RepairReport> {
  const damagedFolder = databaseFolder(dir)
  const fresh = join(dir, 'db.fresh')
  const suspect = suspectFolder(dir)
  if (existsSync(damagedFolder)) {
    await rm(`${suspect}.new`, { recursive: true, force: true })
    await cp(damagedFolder, `${suspect}.new`, { recursive: true })
    await rename(`${suspect}.new`, suspect)
  }
  const source = existsSync(suspect) ? suspect : latest(dir) // an earlier repair may have died between its last steps
  await rm(fresh, { recursive: true, force: true })
  const db = await openDatabase(fresh)
  const report = await finish(dir, db, await copySound(source, db), source)
  await rm(damagedFolder, { recursive: true, force: true })
  await rename(fresh, damagedFolder)
  await syncFolder(dir)
  return report
}

interface Salvage {
  total: Total | undefined
  damaged: RepairReport['damaged']
}

/** Of each key the newest write whose checksum holds; a key whose newest write deletes it stays deleted. */
async function copySound(from: string, to: Database): Promise<Salvage> {
  const result: Salvage = { total: undefined, damaged: { count: 0, places: [] } }
  const newest = new Map<string, bigint>()
  let changes: Change[] = []
  for (const { key, sequence, value } of salvage(from)) {
    if (record.isDerived(key)) continue // an older one that comes back could contradict the envelopes
    if (value && !isSound(key, value)) {
      for (const place of placesIn(key)) {
        if (++result.damaged.count <= PLACES_MAX) result.damaged.places.push(place)
      }
      continue
    }
    const name = key.toString('latin1')
    if (sequence < (newest.get(name) ?? 0n)) continue
    newest.set(name, sequence)
    if (value && key.equals(TOTAL_KEY)) result.total = decodeTotal(record.unseal(key, value))
    else changes.push(value ? { type: 'put', key, value } : { type: 'del', key })
    if (changes.length < BATCH_RECORDS) continue
    await to.batch(changes)
    changes = []
  }
  await to.batch(changes)
  return result
}

function isSound(key: Buffer, value: Buffer): boolean {
  return key[0] === record.ENVELOPE ? packHolds(key, value) : record.unseal(key, value) !== undefined
}

/** Counts what was saved, writes down what is missing, and anchors it as a new incarnation. */
async function finish(dir: string, db: Database, saved: Salvage, suspect: string): Promise<RepairReport> {
  try {
    const known = readAnchor(dir)
    const anchor = typeof known === 'string' ? undefined : known
    const count = await countDatabase(db)
    const { census } = count
    census.commit = saved.total?.commit ?? 0
    const notes = anchor ? compareWithAnchor(census, anchor) : ['no anchor to compare with']
    if (saved.total) notes.push(...compareWithTotal(census, saved.total, count.losses.open.length, anchor))
    census.commit = Math.max(anchor?.commit ?? 0, census.commit)
    const storeId = anchor?.storeId ?? saved.total?.storeId ?? randomBytes(16)
    const { changes } = await stageCommit(db, count, storeId, [], true)
    await db.batch(changes, { sync: true })
    await writeFormat(dir)
    await writeAnchor(dir, anchorOf(count, storeId, randomBytes(16), false))
    return { suspect, ...counts(count), damaged: saved.damaged, missing: census.missing(), notes }
  } finally {
    await db.close()
  }
}

function counts({ census }: Count): { envelopes: number; tableRecords: number } {
  return { envelopes: census.envelopes.count, tableRecords: census.tableTotal().count }
}

function latest(dir: string): string {
  const suspects = readdirSync(dir).filter(name => /^suspect-\d+$/.test(name))
  const last = suspects.sort((a, b) => Number(a.slice(8)) - Number(b.slice(8))).at(-1)
  if (last === undefined) throw absent(dir)
  return join(dir, last)
}

function absent(dir: string): NodeError {
  return new NodeError(
    'store-absent',
    `there is no store in ${dir}`,
    'Check the directory, or restore a backup.'
  )
}
