// Reads the logs and MANIFEST files of LevelDB, checksum by checksum. protocols/store, section 3; the format
// is that of LevelDB 1.20, doc/log_format.md.
import { maskedCrc32c } from './crc32c.ts'

const BLOCK_BYTES = 32 * 1024
const HEADER_BYTES = 7
const WHOLE = 1
const FIRST = 2
const LAST = 4

export interface LogReading {
  records: Buffer[]
  /** Bytes at the end that hold no whole record: an unfinished write, or a cut. */
  tornBytes: number
  /** Where a record does not have its checksum although good ones follow it. */
  damagedAt: number[]
}

/**
 * Reads a log or MANIFEST file: 32 KiB blocks of (crc, length, type, payload), long records in pieces. Behind a
 * damaged piece LevelDB drops the rest of its block; `beyond damage` goes on where the piece says that it ends.
 */
export function readLog(file: Buffer, how: 'as LevelDB' | 'beyond damage' = 'as LevelDB'): LogReading {
  const reading: LogReading = { records: [], tornBytes: 0, damagedAt: [] }
  let pieces: Buffer[] = []
  let at = 0
  let goodEnd = 0
  let bad: number[] = []
  while (at + HEADER_BYTES <= file.length) {
    const room = BLOCK_BYTES - (at % BLOCK_BYTES)
    const end = pieceEnd(file, at)
    if (room < HEADER_BYTES) {
      at += room
    } else if (end > at + room || !isSound(file, at, end)) {
      bad.push(at)
      pieces = []
      const goOn = how === 'beyond damage' && end < at + room && isSound(file, end, pieceEnd(file, end))
      at = goOn ? end : at + room
    } else {
      reading.damagedAt.push(...bad)
      bad = []
      const type = file[at + 6] as number
      const isFirst = type === WHOLE || type === FIRST
      if (isFirst) pieces = []
      if (isFirst || pieces.length > 0) pieces.push(file.subarray(at + HEADER_BYTES, end))
      if (type === WHOLE || type === LAST) {
        if (pieces.length > 0) reading.records.push(Buffer.concat(pieces))
        pieces = []
        goodEnd = end
      }
      at = end
    }
  }
  // What is too short for a header at the end of a block is filled with zeros.
  const padding = BLOCK_BYTES - (goodEnd % BLOCK_BYTES)
  const tail = file.length - goodEnd
  reading.tornBytes = tail <= padding && padding < HEADER_BYTES ? 0 : tail
  return reading
}

/** As the piece's own header has it. */
function pieceEnd(file: Buffer, at: number): number {
  return at + HEADER_BYTES <= file.length ? at + HEADER_BYTES + file.readUInt16LE(at + 4) : Infinity
}

function isSound(file: Buffer, at: number, end: number): boolean {
  if (end > file.length) return false
  const type = file[at + 6] as number
  return type >= WHOLE && type <= LAST && file.readUInt32LE(at) === maskedCrc32c(file.subarray(at + 6, end))
}
