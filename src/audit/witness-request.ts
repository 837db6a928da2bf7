// The body of an add-checkpoint request: C2SP tlog-witness. protocols/audit, section 6.
import { toBase64 } from '../wire/base64.ts'
import { fromUtf8, utf8 } from '../wire/bytes.ts'
import { Reject } from '../wire/reject.ts'
import { parseDecimal, parseHash } from './checkpoint.ts'
import { NOTE_BYTES_MAX } from './note.ts'
import { PROOF_HASHES_MAX } from './tree-proof.ts'

export interface WitnessRequest {
  /** The size that the witness is thought to have cosigned last. */
  old: number
  proof: Uint8Array[]
  /** A note, as its log wrote it. */
  checkpoint: Uint8Array
}

export function printRequest({ old, proof, checkpoint }: WitnessRequest): Uint8Array {
  const lines = proof.map(hash => `${toBase64(hash)}\n`).join('')
  return utf8(`old ${old}\n${lines}\n${fromUtf8(checkpoint)}`)
}

/** @returns the request, of which nothing is checked yet, or `request-form`. */
export function parseRequest(bytes: Uint8Array): WitnessRequest | Reject {
  const refused = new Reject('request-form', 'not an old size, a proof, an empty line and a checkpoint')
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf('\n\n')
  if (bytes.length > NOTE_BYTES_MAX || end < 0) return refused
  const [first = '', ...lines] = fromUtf8(bytes.subarray(0, end)).split('\n')
  const old = first.startsWith('old ') ? parseDecimal(first.slice(4)) : undefined
  const proof = lines.map(parseHash)
  if (old === undefined || proof.includes(undefined) || proof.length > PROOF_HASHES_MAX) return refused
  return { old, proof: proof as Uint8Array[], checkpoint: bytes.slice(end + 2) }
}
