// Leaves as they are stored: a few at first, then in packs, so that a start reads one record for many.
// protocols/audit, section 4.
import { CborReader, CborWriter } from '../wire/cbor-stream.ts'
import { HASH_BYTES } from '../wire/hash.ts'
import type { Leaf } from './record.ts'

/** With the largest records half a megabyte; a record of the store has at most one. */
export const PACK_LEAVES = 128

/** A deterministic CBOR array of entry, salt and record, three items a leaf. */
export function encodeLeaves(leaves: readonly Leaf[]): Uint8Array {
  const out = new CborWriter(leaves.length * 320 + 8).array(leaves.length * 3)
  for (const { entry, salt, record } of leaves) out.bytes(entry).bytes(salt).bytes(record)
  return out.finish()
}

/** @returns undefined for what {@link encodeLeaves} does not write */
export function decodeLeaves(bytes: Uint8Array): Leaf[] | undefined {
  const read = new CborReader(bytes)
  const leaves: Leaf[] = []
  for (let n = read.array(PACK_LEAVES * 3); n > 0 && !read.failed; n -= 3) {
    leaves.push({ entry: read.bytes(HASH_BYTES), salt: read.bytes(), record: read.bytes() })
  }
  return read.end('leaves') ? undefined : leaves
}

/** The leaves in the order of the tree; what lies before it sorts before it. */
export function leafKey(logKey: string, index: number): string {
  return `${logKey}/${String(index).padStart(7, '0')}`
}
