// The anchor: a small file outside the database that says what the database must at least hold. A database
// that was cut or exchanged for an older copy cannot agree with it. protocols/store, section 5.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { concatBytes, equalBytes, fromHex, toHex } from '../wire/bytes.ts'
import { decodeCbor, encodeCbor, type CborValue } from '../wire/cbor.ts'
import { HASH_BYTES, sha256 } from '../wire/hash.ts'
import { isReject } from '../wire/reject.ts'
import { fileMark, replaceFile } from './durable-file.ts'

/** About 11 bytes an own lane and 45 a facet: more than a million of them. */
const ANCHOR_BYTES_MAX = 64 * 1024 * 1024
const NAME = 'anchor'

export interface Anchor {
  /** 16 bytes, the same in the database: they belong together. */
  storeId: Uint8Array
  /** 16 bytes, new after every start that was not clean. */
  incarnation: Uint8Array
  clean: boolean
  /** The folder, or the anchor in it, is another file than the one that was written: a copy, or restored. */
  copied: boolean
  commit: number
  facets: { facet: string; count: number; own: { client: number; next: number }[] }[]
  tables: { table: string; count: number; sum: number }[]
}

/** @returns the anchor, or why there is none to go by. */
export function readAnchor(dir: string): Anchor | 'missing' | 'damaged' {
  let bytes: Buffer
  try {
    bytes = readFileSync(join(dir, NAME))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing'
    throw error
  }
  const end = bytes.length - HASH_BYTES
  if (end < 0 || !equalBytes(sha256(bytes.subarray(0, end)), bytes.subarray(end))) return 'damaged'
  const value = decodeCbor(bytes.subarray(0, end), ANCHOR_BYTES_MAX)
  return isReject(value) ? 'damaged' : fromValue(value, marks(dir, fileMark(join(dir, NAME))))
}

export async function writeAnchor(dir: string, anchor: Omit<Anchor, 'copied'>): Promise<void> {
  await replaceFile(dir, NAME, mark => {
    const content = encodeCbor(toValue(anchor, marks(dir, mark)))
    return concatBytes(content, sha256(content))
  })
}

/** The folder tells a copied folder, the file a copy that was put into the old one. */
function marks(dir: string, file: string): string {
  return `${fileMark(dir)} ${file}`
}

function toValue(anchor: Omit<Anchor, 'copied'>, written: string): CborValue {
  return [
    1,
    anchor.storeId,
    anchor.incarnation,
    anchor.clean,
    written,
    anchor.commit,
    anchor.facets.map(({ facet, count, own }) => [
      fromHex(facet) as Uint8Array,
      count,
      own.map(({ client, next }) => [client, next])
    ]),
    anchor.tables.map(({ table, count, sum }) => [table, count, sum])
  ]
}

/** The checksum held, so this is what {@link toValue} made. */
function fromValue(value: CborValue, found: string): Anchor {
  const [, storeId, incarnation, clean, written, commit, facets, tables] = value as [
    number,
    Uint8Array,
    Uint8Array,
    boolean,
    string,
    number,
    [Uint8Array, number, [number, number][]][],
    [string, number, number][]
  ]
  return {
    storeId,
    incarnation,
    clean,
    copied: written !== found,
    commit,
    facets: facets.map(([facet, count, own]) => ({
      facet: toHex(facet),
      count,
      own: own.map(([client, next]) => ({ client, next }))
    })),
    tables: tables.map(([table, count, sum]) => ({ table, count, sum }))
  }
}
