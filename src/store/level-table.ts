// Reads LevelDB's table files, block by block. LevelDB itself trusts them: the build that we use does not
// check a block's checksum, and an assertion on a damaged one ends the process. protocols/store, section 3;
// the format is that of LevelDB 1.20, doc/table_format.txt, without compression.
import { maskedCrc32c } from './crc32c.ts'
import { Cursor } from './level-cursor.ts'

const FOOTER_BYTES = 48
const MAGIC = 0xdb4775248b80fb57n
const TRAILER_BYTES = 5 // type, masked CRC-32C
const SEQUENCE_BYTES = 8
const RESTART_INTERVAL = 16

export interface TableReading {
  /** Contents of the data blocks, also of those whose checksum does not hold. */
  blocks: Buffer[]
  damage: string[]
}

export function readTable(file: Buffer): TableReading {
  const reading: TableReading = { blocks: [], damage: [] }
  try {
    const footer = new Cursor(file.subarray(file.length - FOOTER_BYTES))
    if (file.readBigUInt64LE(file.length - 8) !== MAGIC) throw new RangeError('no footer')
    const others = readBlock(file, footer, reading)
    const index = readBlock(file, footer, reading)
    // The Bloom filter: one bit less in it, and a record that is there is not found.
    for (const { value } of blockEntries(others)) readBlock(file, new Cursor(value), reading)
    for (const { value } of blockEntries(index))
      reading.blocks.push(readBlock(file, new Cursor(value), reading))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    reading.damage.push(`unreadable (${error.message})`)
  }
  return reading
}

function readBlock(file: Buffer, handle: Cursor, reading: TableReading): Buffer {
  const at = handle.varint()
  const end = at + handle.varint()
  if (end + TRAILER_BYTES > file.length) throw new RangeError(`block at ${at}`)
  if (!isSound(file, at, end)) reading.damage.push(`the block at byte ${at} is damaged`)
  return file.subarray(at, end)
}

function isSound(file: Buffer, at: number, end: number): boolean {
  return file[end] === 0 && file.readUInt32LE(end + 1) === maskedCrc32c(file.subarray(at, end + 1))
}

/** For a table whose index or footer is gone: the data blocks from its beginning on, as long as they are whole. */
export function* blocksInFront(file: Buffer): Generator<Buffer> {
  for (let at = 0; ;) {
    const end = blockEnd(file, at)
    if (end === undefined) return
    yield file.subarray(at, end)
    at = end + TRAILER_BYTES
  }
}

/** A block ends only between two entries: what a peer wrote into a value cannot look like an end of one. */
function blockEnd(file: Buffer, at: number): number | undefined {
  const entries = new Cursor(file.subarray(at))
  try {
    for (let count = 1; ; count++) {
      entries.varint()
      const [rest, valueBytes] = [entries.varint(), entries.varint()]
      entries.take(rest + valueBytes)
      const restarts = Math.ceil(count / RESTART_INTERVAL)
      const end = at + entries.at + 4 * restarts + 4
      if (file.readUInt32LE(end - 4) === restarts && isSound(file, at, end)) return end
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}

/** Entries of a block, keys put together from what each shares with the one before. */
export function* blockEntries(block: Buffer): Generator<{ key: Buffer; value: Buffer }> {
  const restarts = block.readUInt32LE(block.length - 4)
  const end = block.length - 4 * (restarts + 1)
  if (end < 0) throw new RangeError('restarts')
  const entries = new Cursor(block.subarray(0, end))
  let key: Buffer = Buffer.alloc(0)
  while (!entries.done()) {
    const shared = entries.varint()
    const rest = entries.varint()
    const valueBytes = entries.varint()
    if (shared > key.length) throw new RangeError('shared key')
    key = Buffer.concat([key.subarray(0, shared), entries.take(rest)])
    yield { key, value: entries.take(valueBytes) }
  }
}

export interface VersionedEntry {
  key: Buffer
  /** LevelDB's own number of the write: the highest one of a key counts. */
  sequence: bigint
  /** `undefined`: deleted by this write. */
  value: Buffer | undefined
}

/** As far as a block can be read: after a flipped length the rest of it is noise. */
export function* versionedEntries(block: Buffer): Generator<VersionedEntry> {
  try {
    for (const { key, value } of blockEntries(block)) {
      const end = key.length - SEQUENCE_BYTES
      const tag = key.readBigUInt64LE(end)
      yield { key: key.subarray(0, end), sequence: tag >> 8n, value: tag & 255n ? value : undefined }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
}
