// Counts a database at start: the keys of all packs, and every other record whole. protocols/store,
// section 5.
import { Census, type Tally } from './census.ts'
import { CHUNK_BYTES, CHUNK_RECORDS, readChunk, type Chunk, type Database } from './level-database.ts'
import { packHolds, packMark, packPlace } from './pack.ts'
import * as record from './record.ts'
import { DERIVED_TABLES, type Missing } from './store.ts'

/** What the last commit counted; behind all envelopes and tables. */
export const TOTAL_KEY = Buffer.from('z-total')
/** The store's own table; its name cannot be a caller's. */
export const OWN_TABLE = '!own'
export const LOSS_TABLE = '!loss'
export const LOSS_KEY = 'known'
const TOTAL_BYTES = 47
export const FORMAT = 3

/** What is known to be gone, and what was accepted as gone. */
export interface KnownLosses {
  open: Missing[]
  settled: Missing[]
}

export interface Total {
  storeId: Buffer
  commit: number
  envelopes: { count: number; sum: number }
  tables: { count: number; sum: number }
}

export function encodeTotal(storeId: Uint8Array, commit: number, envelopes: Tally, tables: Tally): Buffer {
  const out = Buffer.alloc(TOTAL_BYTES)
  out[0] = FORMAT
  out.set(storeId, 1)
  const numbers = [commit, envelopes.count, envelopes.sum, tables.count, tables.sum]
  numbers.forEach((number, at) => out.writeUIntBE(number, 17 + at * 6, 6))
  return record.seal(TOTAL_KEY, out)
}

/** `content`: as `unseal` gave it back. */
export function decodeTotal(content: Buffer | undefined): Total | undefined {
  if (content?.length !== TOTAL_BYTES || content[0] !== FORMAT) return undefined
  const number = (at: number) => content.readUIntBE(17 + at * 6, 6)
  return {
    storeId: content.subarray(1, 17),
    commit: number(0),
    envelopes: { count: number(1), sum: number(2) },
    tables: { count: number(3), sum: number(4) }
  }
}

export interface Count {
  census: Census
  /** `undefined`: not there, or without its checksum. */
  total: Total | undefined
  losses: KnownLosses
  /** Table records without their checksum. */
  damaged: string[]
  /** A derived record is without its checksum. */
  derivedDamaged: boolean
}

export async function countDatabase(db: Database): Promise<Count> {
  const stored = await db.get(TOTAL_KEY)
  const total = decodeTotal(stored && record.unseal(TOTAL_KEY, stored))
  const count: Count = {
    census: new Census(),
    total,
    losses: { open: [], settled: [] },
    damaged: [],
    derivedDamaged: false
  }
  count.census.commit = total?.commit ?? 0
  await countEnvelopes(db, count.census)
  await countTables(db, count)
  for (const entry of count.losses.open) {
    if (entry.kind === 'lane') {
      count.census.lose(entry.facet, entry.client, entry.from, entry.to)
      count.census.lane(entry.facet, entry.client).own ||= entry.own
    } else count.census.loseMore(entry)
  }
  for (const entry of count.losses.settled) count.census.settle(entry)
  return count
}

async function countEnvelopes(db: Database, census: Census): Promise<void> {
  const first = Buffer.of(record.ENVELOPE)
  const keys = db.keys({ gte: first, lt: record.above(first), highWaterMarkBytes: CHUNK_BYTES })
  let previous: Buffer = Buffer.alloc(record.CLIENT_AT)
  let facet = ''
  for (;;) {
    const chunk = await keys.nextv(CHUNK_RECORDS)
    if (chunk.length === 0) break
    for (const key of chunk) {
      const place = packPlace(key)
      if (!place) continue // not ours: a damaged key, which verify() names
      if (key.compare(previous, 0, record.CLIENT_AT, 0, record.CLIENT_AT) !== 0) facet = record.facetOf(key)
      previous = key
      const { client, first, next } = place
      const lane = census.lane(facet, client)
      if (first > lane.next) {
        // Only a pack behind a jump is read here: a flipped bit in a key looks like one.
        if (!(await isSound(db, key))) {
          census.strays.add(key.toString('latin1'))
          continue
        }
        census.lose(facet, client, lane.next, first)
      }
      census.addPack(facet, lane, first, next - first, packMark(key))
    }
  }
  await keys.close()
}

async function isSound(db: Database, key: Buffer): Promise<boolean> {
  const value = await db.get(key)
  return value !== undefined && packHolds(key, value)
}

async function countTables(db: Database, count: Count): Promise<void> {
  const first = Buffer.of(record.TABLE)
  const end = record.above(first)
  for (let from: Buffer | undefined = first; from;) {
    const { entries, next }: Chunk = await readChunk(db, from, end)
    for (const [key, value] of entries) {
      const { table, key: name } = record.splitTableKey(key)
      const content = record.unseal(key, value)
      if (!content) {
        if (DERIVED_TABLES.has(table)) count.derivedDamaged = true
        else count.damaged.push(`${table}/${name}`)
        continue
      }
      count.census.put(table, key.toString('latin1'), record.tableMark(value))
      if (table === OWN_TABLE) markOwn(count.census, name)
      if (table === LOSS_TABLE) count.losses = JSON.parse(content.toString('utf8')) as KnownLosses
    }
    from = next
  }
}

export function ownKey(facet: string, client: number): string {
  return `${facet}/${client}`
}

function markOwn(census: Census, key: string): void {
  const [facet, client] = key.split('/') as [string, string]
  census.lane(facet, Number(client)).own = true
}
