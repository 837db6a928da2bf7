// Keys and values as they stand on disk, each value closed by its own checksum. protocols/store, section 2.
import { equalBytes } from '../wire/bytes.ts'
import { HASH_BYTES, sha256 } from '../wire/hash.ts'
import {
  DERIVED_TABLES,
  RECORD_BYTES_MAX,
  TABLE_KEY_BYTES_MAX,
  TABLE_NAME,
  type EnvelopeRecord,
  type Operation
} from './store.ts'

export const ENVELOPE = 0x65 // 'e'
export const TABLE = 0x74 // 't'
export const FACET_AT = 1
export const CLIENT_AT = 33
export const SEQ_AT = 41
export const ID_AT = 45
export const ENVELOPE_KEY_BYTES = 53
export const ID_PREFIX_BYTES = 8
export const SEQ_MAX = 2 ** 32 - 1
const FACET = /^[0-9a-f]{64}$/
export const SIGNATURE_BYTES = 64

export function envelopeKey(facet: string, client: number, seq: number, idPrefix?: Uint8Array): Buffer {
  const key = Buffer.alloc(ENVELOPE_KEY_BYTES)
  key[0] = ENVELOPE
  key.write(facet, FACET_AT, 'hex')
  key.writeUInt32BE(Math.floor(client / 2 ** 32), CLIENT_AT)
  key.writeUInt32BE(client % 2 ** 32, CLIENT_AT + 4)
  key.writeUInt32BE(seq, SEQ_AT)
  if (idPrefix) key.set(idPrefix, ID_AT)
  return key
}

export function facetOf(key: Buffer): string {
  return key.toString('hex', FACET_AT, CLIENT_AT)
}

export function clientOf(key: Buffer): number {
  return key.readUInt32BE(CLIENT_AT) * 2 ** 32 + key.readUInt32BE(CLIENT_AT + 4)
}

/** Table name, NUL, key: the name holds no NUL, so the first one ends it. */
export function tableKey(table: string, key: string): Buffer {
  return Buffer.from(`t${table}\0${key}`, 'utf8')
}

export function splitTableKey(bytes: Buffer): { table: string; key: string } {
  const end = bytes.indexOf(0)
  return { table: bytes.toString('utf8', 1, end), key: bytes.toString('utf8', end + 1) }
}

export function isDerived(key: Buffer): boolean {
  return key[0] === TABLE && DERIVED_TABLES.has(splitTableKey(key).table)
}

/** A table record's place in words. */
export function tablePlace(key: Buffer): string {
  const { table, key: name } = splitTableKey(key)
  return `${table}/${name}`
}

/** The smallest key above all that begin with `prefix`; our prefixes never end in 0xff. */
export function above(prefix: Uint8Array): Buffer {
  const end = Buffer.from(prefix)
  end[end.length - 1] = (end[end.length - 1] as number) + 1
  return end
}

/** The content and its checksum (STO-1). */
export function seal(key: Uint8Array, content: Uint8Array): Buffer {
  return Buffer.concat([content, sha256(key, content)])
}

/** The content of a stored value, or `undefined` when its checksum does not hold for this key. */
export function unseal(key: Uint8Array, value: Buffer): Buffer | undefined {
  const end = value.length - HASH_BYTES
  if (end < 0) return undefined
  const content = value.subarray(0, end)
  return equalBytes(sha256(key, content), value.subarray(end)) ? content : undefined
}

/** Not a Buffer, whose `slice` would share its memory where callers expect a copy. */
export function plain(buffer: Buffer, from = 0, to = buffer.length): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset + from, to - from)
}

/** 48 bits of a table record's content, taken from its checksum. */
export function tableMark(value: Buffer): number {
  return value.readUIntBE(value.length - HASH_BYTES, 6)
}

/** Why an operation cannot be stored: the writer's bug, or a file that was made up. */
export function checkOperation(operation: Operation): RangeError | undefined {
  if (operation.kind === 'envelope') return checkEnvelope(operation.record)
  const { table, key } = operation
  if (!TABLE_NAME.test(table)) return new RangeError(`table name ${JSON.stringify(table)}`)
  if (!key.isWellFormed()) return new RangeError(`a key of table ${table} is not well-formed text`)
  const keyBytes = Buffer.byteLength(key)
  if (keyBytes > TABLE_KEY_BYTES_MAX) return new RangeError(`a key of table ${table} has ${keyBytes} bytes`)
  if (operation.kind === 'put' && operation.bytes.length > RECORD_BYTES_MAX) {
    return new RangeError(`record ${table}/${key} has ${operation.bytes.length} bytes`)
  }
  return undefined
}

function checkEnvelope(envelope: EnvelopeRecord): RangeError | undefined {
  const { facet, client, seq, idPrefix, header, signature, body } = envelope
  if (!FACET.test(facet)) return new RangeError(`facet ${JSON.stringify(facet)}`)
  if (!Number.isSafeInteger(client) || client < 0) return new RangeError(`client ${client}`)
  if (!Number.isSafeInteger(seq) || seq < 0 || seq > SEQ_MAX) return new RangeError(`seq ${seq}`)
  if (idPrefix.length !== ID_PREFIX_BYTES) return new RangeError(`id prefix of ${idPrefix.length} bytes`)
  if (signature.length !== 0 && signature.length !== SIGNATURE_BYTES) {
    return new RangeError(`signature of ${signature.length} bytes`)
  }
  const bytes = header.length + (body?.length ?? 0)
  return bytes > RECORD_BYTES_MAX ? new RangeError(`envelope of ${bytes} bytes`) : undefined
}
