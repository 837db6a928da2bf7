// One signed JSON document with one signer: what certificates and requests have in common.
// protocols/identity, sections 3 and 5.
import type { z } from 'zod'
import { dsseSignedBytes, encodeDsse, parseDsse } from '../wire/dsse.ts'
import { sha256 } from '../wire/hash.ts'
import { type JcsLimits, type JcsValue, encodeJcs, parseJcs } from '../wire/jcs.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { type PublicKey, type SecretKey, sign, verifySignature } from './ed25519.ts'

/** A certificate has some 600 bytes; security.md, section 4, allows 16 KiB. */
const DOCUMENT_LIMITS: JcsLimits = { bytesMax: 16_384, depthMax: 6, itemsMax: 200 }

/** A document whose shape is right and whose signature is yet to be checked against the right key. */
export interface UnverifiedDocument<T> {
  /** SHA-256 of the payload. */
  id: Uint8Array
  json: T
  /** What the signature is over: kind and payload. */
  signed: Uint8Array
  isSignedBy(key: PublicKey): boolean
}

export function signDocument(kind: string, json: { [member: string]: JcsValue }, key: SecretKey): Uint8Array {
  return signDocumentWith(kind, json, message => sign(key, message))
}

/** The same for a key that lies elsewhere. */
export function signDocumentWith(
  kind: string,
  json: { [member: string]: JcsValue },
  signs: (message: Uint8Array) => Uint8Array
): Uint8Array {
  const payload = encodeJcs(json)
  return encodeDsse({ kind, payload, signatures: [signs(dsseSignedBytes(kind, payload))] })
}

/** @returns `jcs-*`, `dsse-*`, or `document-shape` when the payload does not fit the schema of its kind. */
export function parseDocument<T>(
  bytes: Uint8Array,
  kind: string,
  schema: z.ZodType<T>,
  limits: JcsLimits = DOCUMENT_LIMITS
): UnverifiedDocument<T> | Reject {
  const envelope = parseDsse(bytes, kind, limits)
  if (isReject(envelope)) return envelope
  const { payload, signatures } = envelope
  if (signatures.length !== 1) return new Reject('document-signatures', 'exactly one signature belongs here')
  const value = parseJcs(payload, limits)
  if (isReject(value)) return value
  const shape = schema.safeParse(value)
  if (!shape.success) {
    const issue = shape.error.issues[0]
    return new Reject(
      'document-shape',
      `${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'wrong'}`
    )
  }
  const signed = dsseSignedBytes(kind, payload)
  return {
    id: sha256(payload),
    json: shape.data,
    signed,
    isSignedBy: key => verifySignature(key, signed, signatures[0] as Uint8Array)
  }
}
