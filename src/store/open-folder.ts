// From a folder to a counted database, or a clear refusal: nothing is opened that LevelDB would make worse.
// protocols/store, sections 3, 5 and 6.
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { join } from 'node:path'
import { equalBytes } from '../wire/bytes.ts'
import { NodeError } from '../wire/node-error.ts'
import { readAnchor, writeAnchor, type Anchor } from './anchor.ts'
import { countDatabase, encodeTotal, FORMAT, TOTAL_KEY, type Count } from './census-scan.ts'
import { assertRoom, replaceFile } from './durable-file.ts'
import { isDatabaseError, openDatabase, type Database } from './level-database.ts'
import { inspectLevelFolder } from './level-files.ts'
import { compareWithAnchor, compareWithTotal } from './losses.ts'
import { above, tableKey } from './record.ts'
import { DERIVED_TABLES, type OpenReport } from './store.ts'

const FORMAT_FILE = 'format'
const FORMAT_LINE = /^parley-store (\d{1,6})\n$/

export interface OpenedFolder extends Count {
  db: Database
  storeId: Uint8Array
  incarnation: Uint8Array
  report: OpenReport
}

/** Free space that LevelDB needs to open again: a full log and the table made of it. */
const SPARE_BYTES = 8 * 1024 * 1024
const ANCHOR_MS = 1000
/** LevelDB's own default. */
const WRITE_BUFFER_BYTES = 4 * 1024 * 1024

export interface LevelStoreOptions {
  /** Free bytes below which the disk counts as full once a write failed. */
  spareBytes?: number
  /** Longest time that the anchor may be behind, in milliseconds; 0: none. */
  anchorMs?: number
  /** Bytes that LevelDB keeps in its log before it makes a table of them. */
  writeBufferBytes?: number
}

export type OpenOptions = Required<LevelStoreOptions>

export function withDefaults(options: LevelStoreOptions): OpenOptions {
  return { spareBytes: SPARE_BYTES, anchorMs: ANCHOR_MS, writeBufferBytes: WRITE_BUFFER_BYTES, ...options }
}

export function databaseFolder(dir: string): string {
  return join(dir, 'db')
}

/** Makes the folder if need be, readable by its owner alone, and everything written from now on as well. */
export function prepareFolder(dir: string): void {
  if (isMainThread) process.umask(0o077) // LevelDB asks for 0644; in a worker the folder's mode has to do
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  if (process.platform === 'win32') return
  try {
    if ((statSync(dir).mode & 0o077) !== 0) chmodSync(dir, 0o700)
  } catch (error) {
    const next = `Make it yours, with mode 0700: chown "$USER" ${dir}; chmod 700 ${dir}`
    throw new NodeError(
      'store-permissions',
      `${dir} is open to other users and not ours to close`,
      next,
      error
    )
  }
}

/** The caller holds the folder's lock. */
export async function openFolder(dir: string, options: OpenOptions): Promise<OpenedFolder> {
  const anchor = readAnchor(dir)
  const inspection = inspectLevelFolder(databaseFolder(dir))
  const known = typeof anchor === 'string' ? undefined : anchor
  // Creation writes the anchor (of commit 0), the format, the database: dying in between, it starts over.
  const unborn = known?.commit === 0 && inspection.absent
  if (!checkFormat(dir, 'required')) {
    if (unborn || (anchor === 'missing' && inspection.absent)) return createFolder(dir, options)
    throw damaged(dir, ['the file "format" is missing'])
  }
  if (unborn) return createFolder(dir, options)
  const damage = [...inspection.damage]
  if (known?.clean && inspection.tornBytes > 0)
    damage.push(`${inspection.tornBytes} bytes of the log are damaged`)
  if (inspection.absent) damage.push('the database is gone')
  if (damage.length > 0) throw damaged(dir, damage)
  const db = await openOrExplain(dir, options)
  try {
    return await compare(dir, db, anchor, inspection.tornBytes)
  } catch (error) {
    await db.close()
    throw isDatabaseError(error) ? damaged(dir, [`LevelDB: ${(error as Error).message}`], error) : error
  }
}

/**
 * `any`: repair takes an unreadable file as an old one.
 * @returns false when there is no format file.
 */
export function checkFormat(dir: string, readable: 'required' | 'any'): boolean {
  const path = join(dir, FORMAT_FILE)
  if (!existsSync(path)) return false
  const version = FORMAT_LINE.exec(readFileSync(path, 'latin1'))?.[1]
  if (version === undefined && readable === 'required')
    throw damaged(dir, ['the file "format" is not readable'])
  if (Number(version) > FORMAT) {
    throw otherFormat(dir, Number(version), 'Install the newer version that wrote it, or restore a backup.')
  }
  if (Number(version) < FORMAT) {
    const next = 'Make a backup with the version that wrote it, and restore that with this one.'
    throw otherFormat(dir, Number(version), next)
  }
  return true
}

function otherFormat(dir: string, version: number, next: string): NodeError {
  const message = `${dir} has store format ${version}; this version of Parley knows ${FORMAT}`
  return new NodeError('store-format', message, next)
}

export function writeFormat(dir: string): Promise<void> {
  return replaceFile(dir, FORMAT_FILE, () => Buffer.from(`parley-store ${FORMAT}\n`))
}

async function createFolder(dir: string, options: OpenOptions): Promise<OpenedFolder> {
  const storeId = randomBytes(16)
  const incarnation = randomBytes(16)
  try {
    await writeAnchor(dir, { storeId, incarnation, clean: false, commit: 0, facets: [], tables: [] })
    await writeFormat(dir)
  } catch (error) {
    await assertRoom(dir, options.spareBytes, error)
    throw error
  }
  const db = await openOrExplain(dir, options)
  return { ...(await firstCommit(db, await countDatabase(db), storeId)), incarnation }
}

async function firstCommit(
  db: Database,
  count: Count,
  storeId: Uint8Array
): Promise<Omit<OpenedFolder, 'incarnation'>> {
  const { census } = count
  census.commit = 1
  const value = encodeTotal(storeId, 1, census.envelopes, census.tableTotal())
  await db.batch([{ type: 'put', key: TOTAL_KEY, value }], { sync: true })
  return {
    ...count,
    db,
    storeId,
    report: { created: true, clean: false, notes: [], crash: [], rebuilt: false }
  }
}

async function openOrExplain(dir: string, { spareBytes, writeBufferBytes }: OpenOptions): Promise<Database> {
  try {
    return await openDatabase(databaseFolder(dir), writeBufferBytes)
  } catch (error) {
    const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code
    if (code === 'LEVEL_LOCKED') {
      const next = 'Stop that process, or give this one another directory.'
      throw new NodeError('store-locked', `${dir} is in use by another process`, next, error)
    }
    await assertRoom(dir, spareBytes, error)
    throw damaged(dir, [`LevelDB: ${(error as Error).message}`], error)
  }
}

async function compare(
  dir: string,
  db: Database,
  anchor: Anchor | 'missing' | 'damaged',
  tornBytes: number
): Promise<OpenedFolder> {
  const count = await countDatabase(db)
  const { census, total } = count
  const known = typeof anchor === 'string' ? undefined : anchor
  if (!total) {
    const isEmpty = census.envelopes.count + census.tableTotal().count + count.damaged.length === 0
    if (!isEmpty || known?.commit !== 0) throw damaged(dir, ['the record of the last commit is gone'])
    return { ...(await firstCommit(db, count, known.storeId)), incarnation: known.incarnation }
  }
  if (count.damaged.length > 0)
    throw damaged(
      dir,
      count.damaged.map(place => `record ${place} is damaged`)
    )
  if (known && !equalBytes(known.storeId, total.storeId))
    throw damaged(dir, ['the database is of another store'])
  const notes: string[] = []
  if (!known) notes.push(`the anchor is ${String(anchor)}: whether this is an older copy cannot be told`)
  if (known) notes.push(...compareWithAnchor(census, known))
  notes.push(...compareWithTotal(census, total, count.losses.open.length, known))
  if (known?.copied)
    notes.push('this folder was copied or restored: what was written after that is not in it')
  const crash = known?.clean === false ? ['the last run did not end with a clean stop'] : []
  if (tornBytes > 0) crash.push(`the last write was interrupted (${tornBytes} bytes)`)
  if (count.derivedDamaged) await dropDerived(db)
  const whole = notes.length + crash.length === 0 && census.missing().length === 0
  const clean = whole && known !== undefined && known.commit === total.commit
  const incarnation = clean ? known.incarnation : randomBytes(16)
  return {
    ...count,
    db,
    storeId: total.storeId,
    incarnation,
    report: { created: false, clean, notes, crash, rebuilt: count.derivedDamaged }
  }
}

/** All of it: a table cannot tell which of its records belong together. */
async function dropDerived(db: Database): Promise<void> {
  for (const table of DERIVED_TABLES) {
    const start = tableKey(table, '')
    await db.clear({ gte: start, lt: above(start) })
  }
}

export function damaged(dir: string, what: string[], cause?: unknown): NodeError {
  const shown = what.slice(0, 3).join('; ') + (what.length > 3 ? ` and ${what.length - 3} more` : '')
  const next = 'Run parley repair: it copies the folder first and keeps every record that is still whole.'
  return new NodeError('store-damaged', `the store in ${dir} is damaged: ${shown}`, next, cause)
}

export function anchorOf(
  { census }: Count,
  storeId: Uint8Array,
  incarnation: Uint8Array,
  clean: boolean
): Omit<Anchor, 'copied'> {
  const facets = census.facets().map(facet => ({
    facet,
    count: census.facetCount(facet),
    own: census
      .lanes(facet)
      .filter(lane => lane.own)
      .map(({ client, next }) => ({ client, next }))
  }))
  const tables = [...census.tables].map(([table, { count, sum }]) => ({ table, count, sum }))
  return { storeId, incarnation, clean, commit: census.commit, facets, tables }
}

/** Where repair puts a suspect database: the first free name. */
export function suspectFolder(dir: string): string {
  const taken = new Set(readdirSync(dir))
  let n = 1
  while (taken.has(`suspect-${n}`)) n++
  return join(dir, `suspect-${n}`)
}
