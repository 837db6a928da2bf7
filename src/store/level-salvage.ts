// Everything that LevelDB's files still hold, read without LevelDB. protocols/store, section 8.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cursor } from './level-cursor.ts'
import { readLog } from './level-log.ts'
import { blocksInFront, readTable, versionedEntries, type VersionedEntry } from './level-table.ts'

const BATCH_HEADER_BYTES = 12 // sequence, count

/**
 * All writes found in tables and logs, in no order and unchecked. Whatever the MANIFEST says: it may be what is
 * damaged, and of two writes to one key the one with the higher sequence counts.
 */
export function* salvage(dir: string): Generator<VersionedEntry> {
  for (const name of readdirSync(dir).sort()) {
    if (/^\d+\.(?:ldb|sst)$/.test(name)) {
      const file = readFileSync(join(dir, name))
      const { blocks, damage } = readTable(file)
      for (const block of blocks) yield* versionedEntries(block)
      if (damage.length > 0) for (const block of blocksInFront(file)) yield* versionedEntries(block)
    } else if (/^\d+\.log$/.test(name)) {
      const { records } = readLog(readFileSync(join(dir, name)), 'beyond damage')
      for (const batch of records) yield* batchEntries(batch)
    }
  }
}

function* batchEntries(batch: Buffer): Generator<VersionedEntry> {
  try {
    let sequence = batch.readBigUInt64LE(0)
    const changes = new Cursor(batch.subarray(BATCH_HEADER_BYTES))
    while (!changes.done()) {
      const isPut = changes.varint() === 1
      yield { key: changes.string(), sequence: sequence++, value: isPut ? changes.string() : undefined }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
}
