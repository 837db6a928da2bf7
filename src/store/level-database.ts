// LevelDB as the store uses it: byte keys, byte values, one bounded read at a time. protocols/store, section 2.
import { Level } from 'level'

export type Database = Level<Buffer, Buffer>
export type Entry = [key: Buffer, value: Buffer]
export type Change = { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer }

/** Bytes that an iterator holds at once. Measured: 160,000 records a second at 1 MiB, 115,000 at 16 KiB. */
export const CHUNK_BYTES = 1024 * 1024
export const CHUNK_RECORDS = 1000

export async function openDatabase(dir: string, writeBufferSize?: number): Promise<Database> {
  const db: Database = new Level(dir, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    // Signatures and hashes do not compress, and a block that is not compressed loses one record to one bit.
    compression: false,
    ...(writeBufferSize === undefined ? {} : { writeBufferSize })
  })
  await db.open()
  return db
}

export interface Chunk {
  entries: Entry[]
  /** Where the next chunk begins; `undefined` at the end. */
  next: Buffer | undefined
}

/** Entries from `gte` on, below `lt`: up to {@link CHUNK_RECORDS} and not much more than {@link CHUNK_BYTES}. */
export async function readChunk(db: Database, gte: Buffer, lt: Buffer): Promise<Chunk> {
  const iterator = db.iterator({ gte, lt, highWaterMarkBytes: CHUNK_BYTES })
  try {
    const entries = await iterator.nextv(CHUNK_RECORDS)
    // Fewer may mean the end or the byte limit: only an empty answer is the end.
    const more = entries.length < CHUNK_RECORDS ? await iterator.nextv(1) : []
    const last = entries.length === CHUNK_RECORDS ? entries.at(-1) : more.at(-1)
    return { entries: entries.concat(more), next: last && after(last[0]) }
  } finally {
    await iterator.close()
  }
}

/** What stands in the database at one moment, whatever is written later; to be closed. */
export type Moment = ReturnType<Database['snapshot']>

/** All entries whose keys begin with the byte `kind`, in chunks. `explain`: what to throw for unreadable data. */
export async function* entriesOf(
  db: Database,
  kind: number,
  explain: (error: Error) => Error,
  moment?: Moment
): AsyncGenerator<Entry[]> {
  const range = { gte: Buffer.of(kind), lt: Buffer.of(kind + 1), highWaterMarkBytes: CHUNK_BYTES }
  const iterator = db.iterator(moment ? { ...range, snapshot: moment } : range)
  try {
    for (;;) {
      const entries = await iterator.nextv(CHUNK_RECORDS)
      if (entries.length === 0) return
      yield entries
    }
  } catch (error) {
    throw isDatabaseError(error) ? explain(error as Error) : error
  } finally {
    await iterator.close()
  }
}

/** The first key after `key`. */
function after(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)])
}

/** LevelDB's words for a damaged or unreadable file. */
export function isDatabaseError(error: unknown): boolean {
  const { code } = error as { code?: string }
  return code === 'LEVEL_CORRUPTION' || code === 'LEVEL_IO_ERROR'
}
