// A whole store as one stream of bytes, and back: checked record by record and as a whole on the way in.
// protocols/store, section 7.
import { Reject } from '../wire/reject.ts'
import * as record from './record.ts'
import {
  DERIVED_TABLES,
  RECORD_BYTES_MAX,
  TABLE_KEY_BYTES_MAX,
  TABLE_NAME,
  type EnvelopeRecord,
  type Operation,
  type Store
} from './store.ts'

const MAGIC = Buffer.from('parley-snapshot 1\n')
/** Records are joined into pieces of this size: many small ones would cost a call each. */
const PIECE_BYTES = 64 * 1024
const KEY_BYTES_MAX = TABLE_KEY_BYTES_MAX + 64
const VALUE_BYTES_MAX = RECORD_BYTES_MAX + 256
const PREFIX_BYTES = 7 // key length (2), value length (4), own (1)
const OWN_AT = 6
const IMPORT_BYTES = 1024 * 1024
/** The last record: an empty key, and how many came before it. Without it the stream was cut. */
const END_BYTES = 8
const SIGNED = 1
const WITH_BODY = 2
const FIXED_BYTES = 5 // of an envelope: flags, header length

export interface SnapshotLimits {
  bytesMax: number
  recordsMax: number
}

/** STO-18: magic, then records of (key length, value length, own, key, value), then the end record. */
export async function* exportSnapshot(store: Store): AsyncGenerator<Uint8Array> {
  let pieces: Buffer[] = [MAGIC]
  let bytes = 0
  let count = 0
  for await (const operation of store.snapshot()) {
    const piece = frame(operation)
    pieces.push(piece)
    bytes += piece.length
    count++
    if (bytes < PIECE_BYTES) continue
    yield Buffer.concat(pieces)
    pieces = []
    bytes = 0
  }
  const end = Buffer.alloc(END_BYTES)
  end.writeBigUInt64BE(BigInt(count))
  yield Buffer.concat([...pieces, frameOf(false, Buffer.alloc(0), end)])
}

/**
 * Writes a snapshot into a store, synced. Until it answers with a number the store is not whole: import into a
 * new folder and throw it away on a Reject.
 * @returns the number of records, or `snapshot-format`, `snapshot-size`, `snapshot-record`, `snapshot-cut`
 */
export async function importSnapshot(
  store: Store,
  chunks: AsyncIterable<Uint8Array>,
  limits: SnapshotLimits
): Promise<number | Reject> {
  const reader = new SnapshotReader(limits)
  let batch: Operation[] = []
  let batchBytes = 0
  for await (const chunk of chunks) {
    for (const operation of reader.push(chunk)) {
      // Whoever made the file could have it judge the envelopes.
      if (operation.kind === 'put' && DERIVED_TABLES.has(operation.table)) continue
      batch.push(operation)
      batchBytes += RECORD_OVERHEAD + (operation.kind === 'put' ? operation.bytes.length : 0)
      if (operation.kind === 'envelope') batchBytes += operation.record.body?.length ?? 0
      if (batchBytes < IMPORT_BYTES) continue
      await store.write(batch, { sync: true })
      batch = []
      batchBytes = 0
    }
    if (reader.refusal) return reader.refusal
  }
  const count = reader.end()
  if (typeof count === 'number') await store.write(batch, { sync: true })
  return count
}

const RECORD_OVERHEAD = 512

/** Cuts chunks of any size into records. After a refusal it gives nothing more. */
class SnapshotReader {
  refusal: Reject | undefined
  readonly #limits: SnapshotLimits
  #left: Buffer = Buffer.alloc(0)
  #begun = false
  #ended = false
  #bytes = 0
  #count = 0

  constructor(limits: SnapshotLimits) {
    this.#limits = limits
  }

  *push(chunk: Uint8Array): Generator<Operation> {
    this.#bytes += chunk.length
    if (this.#bytes > this.#limits.bytesMax)
      this.#refuse('snapshot-size', `over ${this.#limits.bytesMax} bytes`)
    this.#left = Buffer.concat([this.#left, chunk])
    if (!this.#begun && this.#left.length >= MAGIC.length) this.#begin()
    let at = 0
    while (this.#begun && !this.refusal && this.#left.length - at >= PREFIX_BYTES) {
      const keyBytes = this.#left.readUInt16BE(at)
      const valueBytes = this.#left.readUInt32BE(at + 2)
      if (keyBytes > KEY_BYTES_MAX || valueBytes > VALUE_BYTES_MAX) {
        return this.#refuse('snapshot-size', `a record of ${keyBytes} + ${valueBytes} bytes`)
      }
      const end = at + PREFIX_BYTES + keyBytes + valueBytes
      if (end > this.#left.length) break
      const operation = this.#record(this.#left.subarray(at, end), keyBytes)
      if (operation) yield operation
      at = end
    }
    this.#left = this.#left.subarray(at)
  }

  #begin(): void {
    this.#begun = true
    if (this.#left.indexOf(MAGIC) !== 0) this.#refuse('snapshot-format', 'not a Parley snapshot of version 1')
    this.#left = this.#left.subarray(MAGIC.length)
  }

  #record(bytes: Buffer, keyBytes: number): Operation | undefined {
    const own = bytes[OWN_AT]
    const key = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + keyBytes)
    const content = record.unseal(
      bytes.subarray(OWN_AT, PREFIX_BYTES + keyBytes),
      bytes.subarray(PREFIX_BYTES + keyBytes)
    )
    if (!content || this.#ended || (own !== 0 && own !== 1))
      return this.#refuse('snapshot-record', 'a damaged record')
    if (keyBytes === 0) return this.#end(content)
    const operation = readOperation(key, content)
    if (!operation) return this.#refuse('snapshot-record', 'a record that no store writes')
    this.#count++
    if (this.#count > this.#limits.recordsMax) return this.#refuse('snapshot-size', 'too many records')
    if (operation.kind === 'envelope') operation.own = own === 1
    return operation
  }

  #end(content: Buffer): undefined {
    if (content.length !== END_BYTES || content.readBigUInt64BE() !== BigInt(this.#count)) {
      return this.#refuse('snapshot-cut', `${this.#count} records, the end says otherwise`)
    }
    this.#ended = true
  }

  end(): number | Reject {
    if (!this.#ended || this.#left.length > 0)
      this.#refuse('snapshot-cut', 'the snapshot stops in the middle')
    return this.refusal ?? this.#count
  }

  #refuse(code: string, detail: string): undefined {
    this.refusal ??= new Reject(code, detail)
  }
}

function frame(operation: Operation): Buffer {
  if (operation.kind === 'envelope') {
    return frameOf(operation.own, keyOf(operation), encodeEnvelope(operation.record))
  }
  return frameOf(false, keyOf(operation), operation.kind === 'put' ? operation.bytes : new Uint8Array(0))
}

function keyOf(operation: Operation): Buffer {
  if (operation.kind !== 'envelope') return record.tableKey(operation.table, operation.key)
  const { facet, client, seq, idPrefix } = operation.record
  return record.envelopeKey(facet, client, seq, idPrefix)
}

/** The checksum covers `own` and the key as well as the content. */
function frameOf(own: boolean, key: Buffer, content: Uint8Array): Buffer {
  const sealed = Buffer.concat([Buffer.of(own ? 1 : 0), key])
  const value = record.seal(sealed, content)
  const lengths = Buffer.alloc(OWN_AT)
  lengths.writeUInt16BE(key.length)
  lengths.writeUInt32BE(value.length, 2)
  return Buffer.concat([lengths, sealed, value])
}

/** Checksums are no signatures: whoever made the file may have put anything into it. */
function readOperation(key: Buffer, content: Buffer): Operation | undefined {
  if (key[0] !== record.ENVELOPE && (key[0] !== record.TABLE || !key.includes(0))) return undefined
  const operation = toOperation(key, content)
  if (!operation || record.checkOperation(operation)) return undefined
  return keyOf(operation).equals(key) ? operation : undefined
}

/** `own` left open; `undefined` for a record of the store itself. */
function toOperation(key: Buffer, content: Buffer): Operation | undefined {
  if (key[0] === record.ENVELOPE) {
    const envelope = decodeEnvelope(key, content)
    return envelope && { kind: 'envelope', record: envelope, own: false }
  }
  const { table, key: name } = record.splitTableKey(key)
  return TABLE_NAME.test(table) ? { kind: 'put', table, key: name, bytes: record.plain(content) } : undefined
}

function encodeEnvelope({ header, signature, body }: EnvelopeRecord): Buffer {
  const signatureAt = FIXED_BYTES + header.length
  const bodyAt = signatureAt + signature.length
  const out = Buffer.allocUnsafe(bodyAt + (body?.length ?? 0))
  out[0] = (signature.length > 0 ? SIGNED : 0) | (body ? WITH_BODY : 0)
  out.writeUInt32BE(header.length, 1)
  out.set(header, FIXED_BYTES)
  out.set(signature, signatureAt)
  if (body) out.set(body, bodyAt)
  return out
}

function decodeEnvelope(key: Buffer, content: Buffer): EnvelopeRecord | undefined {
  if (content.length < FIXED_BYTES || key.length !== record.ENVELOPE_KEY_BYTES) return undefined
  const flags = content[0] as number
  const headerEnd = FIXED_BYTES + content.readUInt32BE(1)
  const signatureEnd = headerEnd + (flags & SIGNED ? record.SIGNATURE_BYTES : 0)
  if (flags > (SIGNED | WITH_BODY) || signatureEnd > content.length) return undefined
  if (!(flags & WITH_BODY) && signatureEnd !== content.length) return undefined
  return {
    facet: record.facetOf(key),
    client: record.clientOf(key),
    seq: key.readUInt32BE(record.SEQ_AT),
    idPrefix: record.plain(key, record.ID_AT),
    header: record.plain(content, FIXED_BYTES, headerEnd),
    signature: record.plain(content, headerEnd, signatureEnd),
    ...(flags & WITH_BODY ? { body: record.plain(content, signatureEnd) } : {})
  }
}
