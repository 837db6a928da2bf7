// The signed head of a log: C2SP tlog-checkpoint. protocols/audit, section 3.
import { z } from 'zod'
import { fromBase64, toBase64 } from '../wire/base64.ts'
import { equalBytes, fromHex, toHex, utf8 } from '../wire/bytes.ts'
import { HASH_BYTES } from '../wire/hash.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { type KnownSignature, type Note, type NoteKey, checkNote, parseNote } from './note.ts'
import { EMPTY_ROOT } from './tree.ts'

/** Of the text. Ours has about 230; who keeps a note adds signatures to it, and it must stay a note. AUD-6. */
const TEXT_BYTES_MAX = 1_024

export interface Checkpoint {
  origin: string
  /** Leaves. */
  size: number
  root: Uint8Array
}

/** A checkpoint that a log signed. */
export interface SignedCheckpoint extends Checkpoint {
  note: Note
  /** Of the log and of the witnesses among the keys asked about. */
  signatures: KnownSignature[]
}

/** The text to sign. */
export function printCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`
}

/** How openings, records and the store name a checkpoint. */
export const CheckpointJson = z.strictObject({
  origin: z.string().max(200),
  root: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.number().int().nonnegative()
})

export function checkpointToJson({ origin, size, root }: Checkpoint): z.output<typeof CheckpointJson> {
  return { origin, root: toHex(root), size }
}

export function checkpointFromJson({ origin, size, root }: z.output<typeof CheckpointJson>): Checkpoint {
  return { origin, size, root: fromHex(root) as Uint8Array }
}

const DECIMAL = /^(?:0|[1-9]\d{0,15})$/

/** @returns the number, where the text is its one spelling and below 2^53. */
export function parseDecimal(text: string): number | undefined {
  return DECIMAL.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined
}

/** @returns the hash, or undefined. */
export function parseHash(text: string): Uint8Array | undefined {
  const bytes = fromBase64(text)
  return bytes?.length === HASH_BYTES ? bytes : undefined
}

/** Of the text of a note, signed or not. AUD-6. @returns `checkpoint-form` otherwise */
export function parseCheckpoint(text: string): Checkpoint | Reject {
  const [origin = '', digits = '', base64 = '', ...extensions] = text.split('\n')
  const size = parseDecimal(digits)
  const root = parseHash(base64)
  if (utf8(text).length > TEXT_BYTES_MAX) {
    return new Reject('checkpoint-form', `more than ${TEXT_BYTES_MAX} bytes`)
  }
  const isWhole = extensions.at(-1) === '' && !extensions.slice(0, -1).includes('')
  if (origin === '' || size === undefined || !root || !isWhole) {
    return new Reject('checkpoint-form', 'not an origin, a size and a root')
  }
  return { origin, size, root }
}

/** What a checkpoint says of itself, whoever signed it; 0 where it is none. */
export function sizeOf(bytes: Uint8Array): number {
  const note = parseNote(bytes)
  const checkpoint = isReject(note) ? note : parseCheckpoint(note.text)
  return isReject(checkpoint) ? 0 : checkpoint.size
}

/**
 * @param log the key that must have signed
 * @param witnesses keys whose cosignatures count
 * @returns `note-*` or `checkpoint-*` where it is none that the log signed
 */
export function openCheckpoint(
  bytes: Uint8Array,
  log: NoteKey,
  witnesses: readonly NoteKey[] = []
): SignedCheckpoint | Reject {
  const note = parseNote(bytes)
  if (isReject(note)) return note
  const checkpoint = parseCheckpoint(note.text)
  if (isReject(checkpoint)) return checkpoint
  const signatures = checkNote(note, [log, ...witnesses])
  if (isReject(signatures)) return signatures
  const isSigned = checkpoint.origin === log.name && signatures.some(({ key }) => key === log)
  if (!isSigned) return new Reject('note-unsigned', `not signed by ${log.name}`)
  if (checkpoint.size === 0 && !equalBytes(checkpoint.root, EMPTY_ROOT)) {
    return new Reject('checkpoint-empty', 'an empty tree with another root')
  }
  return { ...checkpoint, note, signatures }
}
