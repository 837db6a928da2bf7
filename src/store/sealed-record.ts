// What a sealed record holds, as bytes. protocols/store, section 11.
import { ID_PREFIX_BYTES, SIGNATURE_BYTES, plain } from './record.ts'
import type { EnvelopeRecord } from './store.ts'

const FLAGS_AT = ID_PREFIX_BYTES
const HEADER_AT = FLAGS_AT + 3
const SIGNED = 1 << 23
const WITH_BODY = 1 << 22
const LENGTH = WITH_BODY - 1
const KEY_AT = 2

type EnvelopeContent = Pick<EnvelopeRecord, 'idPrefix' | 'header' | 'signature' | 'body'>

export function encodeEnvelope({ idPrefix, header, signature, body }: EnvelopeContent): Buffer {
  const signatureAt = HEADER_AT + header.length
  const bodyAt = signatureAt + signature.length
  const out = Buffer.allocUnsafe(bodyAt + (body?.length ?? 0))
  out.set(idPrefix)
  out.writeUIntBE((signature.length > 0 ? SIGNED : 0) | (body ? WITH_BODY : 0) | header.length, FLAGS_AT, 3)
  out.set(header, HEADER_AT)
  out.set(signature, signatureAt)
  if (body) out.set(body, bodyAt)
  return out
}

/** What opened is what {@link encodeEnvelope} made. */
export function decodeEnvelope(content: Buffer): EnvelopeContent {
  const flags = content.readUIntBE(FLAGS_AT, 3)
  const signatureAt = HEADER_AT + (flags & LENGTH)
  const bodyAt = signatureAt + (flags & SIGNED ? SIGNATURE_BYTES : 0)
  return {
    idPrefix: plain(content, 0, ID_PREFIX_BYTES),
    header: plain(content, HEADER_AT, signatureAt),
    signature: plain(content, signatureAt, bodyAt),
    ...(flags & WITH_BODY ? { body: plain(content, bodyAt) } : {})
  }
}

export interface Row {
  key: string
  bytes: Uint8Array
}

export function encodeRow({ key, bytes }: Row): Buffer {
  const name = Buffer.from(key, 'utf8')
  const length = Buffer.alloc(KEY_AT)
  length.writeUInt16BE(name.length)
  return Buffer.concat([length, name, bytes])
}

export function decodeRow(content: Buffer): Row {
  const end = KEY_AT + content.readUInt16BE(0)
  return { key: content.toString('utf8', KEY_AT, end), bytes: plain(content, end) }
}
