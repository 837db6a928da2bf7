// Envelopes of a lane that were committed together, as one record. protocols/store, section 2.
import { crc32 } from 'node:zlib'
import {
  clientOf,
  ENVELOPE,
  ENVELOPE_KEY_BYTES,
  envelopeKey,
  facetOf,
  ID_AT,
  ID_PREFIX_BYTES,
  plain,
  SEQ_AT,
  SEQ_MAX,
  SIGNATURE_BYTES,
  tablePlace
} from './record.ts'
import type { EnvelopeRecord } from './store.ts'

/** STO-26. A key, a checksum and an entry of a batch cost as much as ten envelopes' bytes; 64 make that little. */
export const PACK_ENVELOPES_MAX = 64
/** What one damaged block may cost, and what reading one envelope may: eight of LevelDB's blocks. */
export const PACK_BYTES_MAX = 32 * 1024
const COUNT_AT = ENVELOPE_KEY_BYTES
const PACK_KEY_BYTES = COUNT_AT + 1

const FLAGS_AT = ID_PREFIX_BYTES
const BODY_LENGTH_AT = FLAGS_AT + 3
const HEAD_BYTES = BODY_LENGTH_AT + 3 // id prefix, flags and header length, body length
const SIGNED = 1 << 23
const WITH_BODY = 1 << 22
const LENGTH = WITH_BODY - 1
const CRC_BYTES = 4

/** Where a pack stands: seqs `first` (inclusive) to `next` (exclusive) of a lane. */
export interface PackPlace {
  client: number
  first: number
  next: number
}

/** The key is that of the last envelope, and how many there are: counting needs no values. */
export function packKey(envelopes: EnvelopeRecord[]): Buffer {
  const { facet, client, seq, idPrefix } = envelopes.at(-1) as EnvelopeRecord
  return Buffer.concat([envelopeKey(facet, client, seq, idPrefix), Buffer.of(envelopes.length)])
}

/** `undefined`: no key that a store writes. */
export function packPlace(key: Buffer): PackPlace | undefined {
  if (key.length !== PACK_KEY_BYTES || key[0] !== ENVELOPE) return undefined
  const count = key[COUNT_AT] as number
  const next = key.readUInt32BE(SEQ_AT) + 1
  if (count === 0 || count > PACK_ENVELOPES_MAX || count > next) return undefined
  return { client: clientOf(key), first: next - count, next }
}

/** What a record holds, in words: a place for each envelope. */
export function placesIn(key: Buffer): string[] {
  const place = packPlace(key)
  if (!place) return [tablePlace(key)]
  const lane = `${facetOf(key)}/${place.client}`
  return Array.from({ length: place.next - place.first }, (_, at) => `${lane}/${place.first + at}`)
}

/** The end of the keys of all packs in which `seq` may stand; they begin at the key of `seq` itself. */
export function packsEnd(facet: string, client: number, seq: number): Buffer {
  const end = seq + PACK_ENVELOPES_MAX
  if (end <= SEQ_MAX) return envelopeKey(facet, client, end)
  return Buffer.concat([
    envelopeKey(facet, client, SEQ_MAX, Buffer.alloc(ID_PREFIX_BYTES, 255)),
    Buffer.of(255)
  ])
}

/** 48 bits of a pack's presence: summed over all, they tell one set of keys from another. */
export function packMark(key: Buffer): number {
  return crc32(key) * 2 ** 16 + key.readUInt16BE(ID_AT)
}

export function packedBytes({ header, signature, body }: EnvelopeRecord): number {
  return HEAD_BYTES + header.length + signature.length + (body?.length ?? 0)
}

/** `bytes`: the sum of their {@link packedBytes}. */
export function encodePack(key: Buffer, envelopes: EnvelopeRecord[], bytes: number): Buffer {
  const out = Buffer.allocUnsafe(bytes + CRC_BYTES)
  let at = 0
  for (const { idPrefix, header, signature, body } of envelopes) {
    const flags = (signature.length > 0 ? SIGNED : 0) | (body ? WITH_BODY : 0)
    out.set(idPrefix, at)
    writeUint24(out, at + FLAGS_AT, flags | header.length)
    writeUint24(out, at + BODY_LENGTH_AT, body?.length ?? 0)
    at += HEAD_BYTES
    out.set(header, at)
    at += header.length
    out.set(signature, at)
    at += signature.length
    if (!body) continue
    out.set(body, at)
    at += body.length
  }
  out.writeUInt32BE(checksum(key, out), bytes)
  return out
}

/** STO-1: whether the checksum holds for this key. */
export function packHolds(key: Buffer, value: Buffer): boolean {
  const end = value.length - CRC_BYTES
  return end >= 0 && checksum(key, value) === value.readUInt32BE(end)
}

function checksum(key: Buffer, value: Buffer): number {
  return crc32(value.subarray(0, value.length - CRC_BYTES), crc32(key))
}

/**
 * Appends the envelopes of a pack, as views of `value`.
 * @returns false, and appends nothing, when the checksum does not hold or no store writes such a record
 */
export function decodePack(key: Buffer, value: Buffer, out: EnvelopeRecord[]): boolean {
  const place = packPlace(key)
  if (!place || !packHolds(key, value)) return false
  const { client, first, next } = place
  const facet = facetOf(key)
  const content = value.subarray(0, value.length - CRC_BYTES)
  const before = out.length
  let at = 0
  for (let seq = first; seq < next; seq++) {
    if (at + HEAD_BYTES > content.length) break
    const lengths = readUint24(content, at + FLAGS_AT)
    const headerAt = at + HEAD_BYTES
    const signatureAt = headerAt + (lengths & LENGTH)
    const bodyAt = signatureAt + (lengths & SIGNED ? SIGNATURE_BYTES : 0)
    const end = bodyAt + readUint24(content, at + BODY_LENGTH_AT)
    if (end > content.length) break
    const envelope: EnvelopeRecord = {
      facet,
      client,
      seq,
      idPrefix: plain(content, at, at + ID_PREFIX_BYTES),
      header: plain(content, headerAt, signatureAt),
      signature: plain(content, signatureAt, bodyAt)
    }
    if (lengths & WITH_BODY) envelope.body = plain(content, bodyAt, end)
    out.push(envelope)
    at = end
  }
  if (out.length - before === next - first && at === content.length) return true
  out.length = before
  return false
}

function writeUint24(out: Buffer, at: number, value: number): void {
  out[at] = value >>> 16
  out[at + 1] = value >>> 8
  out[at + 2] = value
}

function readUint24(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
}
