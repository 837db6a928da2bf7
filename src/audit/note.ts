// Signed notes and verifier keys: C2SP signed-note. Text with the signatures of those who stand for it.
// protocols/audit, section 3.
import { type PublicKey, SIGNATURE_BYTES, admitKey, verifySignature } from '../identity/ed25519.ts'
import { fromBase64, toBase64 } from '../wire/base64.ts'
import { concatBytes, equalBytes, toHex, utf8 } from '../wire/bytes.ts'
import { sha256 } from '../wire/hash.ts'
import { Reject, isReject } from '../wire/reject.ts'

export const NOTE_BYTES_MAX = 16_384
const SIGNATURES_MAX = 32
const KEY_ID_BYTES = 4
const TIME_BYTES = 8

/** What a key signs: notes as they stand, or cosignatures with a time (tlog-cosignature, v1). */
export type NoteKeyType = 1 | 4
export const LOG_KEY: NoteKeyType = 1
export const WITNESS_KEY: NoteKeyType = 4

export interface NoteKey {
  name: string
  type: NoteKeyType
  key: PublicKey
  /** The first bytes of a hash over the others: which key, not proof of it. */
  id: Uint8Array
}

export interface NoteSignature {
  name: string
  keyId: Uint8Array
  /** What follows the key id. */
  bytes: Uint8Array
}

export interface Note {
  /** Ends in a newline, which is signed, too. */
  text: string
  signatures: NoteSignature[]
}

/** A name has neither spaces nor plus signs. */
const NAME = /^[^\s\u0085+]+$/u
const SPACE = 0x20
const NEWLINE = 0x0a

export function noteKey(name: string, type: NoteKeyType, key: PublicKey): NoteKey {
  const id = sha256(utf8(`${name}\n`), Uint8Array.of(type), key.bytes).slice(0, KEY_ID_BYTES)
  return { name, type, key, id }
}

/** The verifier key: `name+id+key`. */
export function printNoteKey({ name, type, key, id }: NoteKey): string {
  return `${name}+${toHex(id)}+${toBase64(concatBytes(Uint8Array.of(type), key.bytes))}`
}

/** @returns the key, or `note-form`. */
export function parseNoteKey(text: string): NoteKey | Reject {
  const [, name = '', material = ''] = /^([^+]+)\+[0-9a-f]{8}\+(.+)$/.exec(text) ?? []
  const bytes = fromBase64(material)
  const [type] = bytes ?? []
  if (!bytes || !NAME.test(name) || (type !== LOG_KEY && type !== WITNESS_KEY)) {
    return new Reject('note-form', 'not a verifier key of Ed25519')
  }
  const key = admitKey(bytes.subarray(1))
  if (isReject(key)) return key
  const parsed = noteKey(name, type, key)
  return printNoteKey(parsed) === text ? parsed : new Reject('note-form', 'the key has another id')
}

/** @returns the note, of which nothing is trusted yet, or `note-form`. AUD-5. */
export function parseNote(bytes: Uint8Array): Note | Reject {
  if (bytes.length > NOTE_BYTES_MAX) return new Reject('note-form', `more than ${NOTE_BYTES_MAX} bytes`)
  let whole: string
  try {
    whole = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return new Reject('note-form', 'not UTF-8')
  }
  const end = whole.lastIndexOf('\n\n')
  // In UTF-8 no longer character has bytes as low as control characters.
  const hasControl = bytes.some(byte => byte < SPACE && byte !== NEWLINE)
  if (hasControl || end < 0 || !whole.endsWith('\n')) {
    return new Reject('note-form', 'not a text, an empty line and signatures')
  }
  const lines = whole.slice(end + 2, -1).split('\n')
  if (lines.length > SIGNATURES_MAX) return new Reject('note-form', `more than ${SIGNATURES_MAX} signatures`)
  const signatures = lines.map(parseSignature)
  if (signatures.includes(undefined)) return new Reject('note-form', 'a line that is no signature')
  return { text: whole.slice(0, end + 1), signatures: signatures as NoteSignature[] }
}

function parseSignature(line: string): NoteSignature | undefined {
  const [dash, name = '', base64 = '', ...more] = line.split(' ')
  const bytes = fromBase64(base64)
  if (dash !== '—' || more.length > 0 || !NAME.test(name)) return undefined
  if (!bytes || bytes.length <= KEY_ID_BYTES) return undefined
  return { name, keyId: bytes.slice(0, KEY_ID_BYTES), bytes: bytes.slice(KEY_ID_BYTES) }
}

/** One line, with its newline. */
export function printSignature({ name, keyId, bytes }: NoteSignature): string {
  return `— ${name} ${toBase64(concatBytes(keyId, bytes))}\n`
}

export function printNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(printSignature).join('')}`
}

/** A signature of a known key that holds. `time`: POSIX seconds of a cosignature. */
export interface KnownSignature {
  key: NoteKey
  signature: NoteSignature
  time?: number
}

/**
 * The signatures of these keys, each once. AUD-5.
 * @returns `note-signature` where one of them does not hold
 */
export function checkNote(note: Note, keys: readonly NoteKey[]): KnownSignature[] | Reject {
  const known = new Map<NoteKey, KnownSignature>()
  for (const signature of note.signatures) {
    const key = keys.find(({ name, id }) => name === signature.name && equalBytes(id, signature.keyId))
    if (!key) continue
    const time = key.type === WITNESS_KEY ? timeOf(signature.bytes) : undefined
    if (!holds(note.text, key, signature.bytes, time)) {
      return new Reject('note-signature', `the signature of ${key.name} does not hold`)
    }
    known.set(key, { key, signature, ...(time !== undefined && { time }) })
  }
  return [...known.values()]
}

function holds(text: string, { key, type }: NoteKey, bytes: Uint8Array, time: number | undefined): boolean {
  if (type === LOG_KEY) return verifySignature(key, utf8(text), bytes)
  if (time === undefined || bytes.length !== TIME_BYTES + SIGNATURE_BYTES) return false
  return verifySignature(key, cosignedBytes(text, time), bytes.subarray(TIME_BYTES))
}

/** AUD-8. */
function cosignedBytes(text: string, time: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${time}\n${text}`)
}

function timeOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < TIME_BYTES) return undefined
  const time = Number(Buffer.from(bytes.buffer, bytes.byteOffset, TIME_BYTES).readBigUInt64BE())
  return Number.isSafeInteger(time) && time > 0 ? time : undefined
}

/** Signs as `key`, which must be of type 01. */
export function signNote(text: string, key: NoteKey, sign: Sign): NoteSignature {
  return { name: key.name, keyId: key.id, bytes: sign(utf8(text)) }
}

/** @param time POSIX seconds, above 0 */
export function cosignNote(text: string, key: NoteKey, sign: Sign, time: number): NoteSignature {
  const stamp = new Uint8Array(TIME_BYTES)
  new DataView(stamp.buffer).setBigUint64(0, BigInt(time))
  return { name: key.name, keyId: key.id, bytes: concatBytes(stamp, sign(cosignedBytes(text, time))) }
}

/** @returns 64 bytes */
export type Sign = (message: Uint8Array) => Uint8Array
