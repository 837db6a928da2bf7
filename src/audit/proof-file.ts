// One file that proves, offline, that a record is in a log: C2SP tlog-proof. protocols/audit, section 5.
import { fromBase64, toBase64 } from '../wire/base64.ts'
import { equalBytes, fromUtf8, utf8 } from '../wire/bytes.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { type SignedCheckpoint, openCheckpoint, parseDecimal, parseHash } from './checkpoint.ts'
import { NOTE_BYTES_MAX, type NoteKey } from './note.ts'
import { type AuditRecord, type Leaf, encodeExtra, openLeaf, parseExtra } from './record.ts'
import { leafHash } from './tree.ts'
import { PROOF_HASHES_MAX, rootOfInclusion } from './tree-proof.ts'

const HEADER = 'c2sp.org/tlog-proof@v1'
/** A checkpoint, a record in base64 and 63 hashes. */
const FILE_BYTES_MAX = NOTE_BYTES_MAX + 16_384

export interface InclusionProof {
  leaf: Leaf
  index: number
  path: Uint8Array[]
  /** A note. */
  checkpoint: Uint8Array
}

export function printProof({ leaf, index, path, checkpoint }: InclusionProof): Uint8Array {
  const lines = [
    HEADER,
    `extra ${toBase64(encodeExtra(leaf))}`,
    `index ${index}`,
    ...path.map(toBase64),
    '',
    fromUtf8(checkpoint)
  ]
  return utf8(lines.join('\n'))
}

/** @returns the proof, of which nothing is checked yet, or `proof-form`. */
export function parseProof(bytes: Uint8Array): InclusionProof | Reject {
  const refused = new Reject('proof-form', 'not a proof of inclusion of a record')
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf('\n\n')
  if (bytes.length > FILE_BYTES_MAX || end < 0) return refused
  const [header, first = '', second = '', ...lines] = fromUtf8(bytes.subarray(0, end)).split('\n')
  const extra = first.startsWith('extra ') ? fromBase64(first.slice(6)) : undefined
  const index = second.startsWith('index ') ? parseDecimal(second.slice(6)) : undefined
  const path = lines.map(parseHash)
  if (header !== HEADER || !extra || index === undefined) return refused
  if (path.includes(undefined) || path.length > PROOF_HASHES_MAX) return refused
  return { leaf: parseExtra(extra), index, path: path as Uint8Array[], checkpoint: bytes.slice(end + 2) }
}

/**
 * AUD-14. How many must have cosigned is for the reader to ask.
 * @returns the record and the checkpoint that it is under; `proof-inclusion`, `note-*`, `record-*` otherwise
 */
export function verifyProof(
  { leaf, index, path, checkpoint: note }: InclusionProof,
  log: NoteKey,
  witnesses: readonly NoteKey[]
): { record: AuditRecord; checkpoint: SignedCheckpoint } | Reject {
  const checkpoint = openCheckpoint(note, log, witnesses)
  if (isReject(checkpoint)) return checkpoint
  const root = rootOfInclusion(leafHash(leaf.entry), index, checkpoint.size, path)
  if (!root || !equalBytes(root, checkpoint.root)) {
    return new Reject('proof-inclusion', `the record is not at ${index} in this log`)
  }
  const record = openLeaf(leaf)
  if (record === undefined) return new Reject('proof-form', 'without a record')
  return isReject(record) ? record : { record, checkpoint }
}
