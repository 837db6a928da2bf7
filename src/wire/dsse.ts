// DSSE v1.0.2 envelopes over JCS payloads: one signed document, one or more signatures.
// protocols/identity, section 3.
import { z } from 'zod'
import { fromBase64, toBase64 } from './base64.ts'
import { concatBytes, utf8 } from './bytes.ts'
import { JCS_LIMITS, type JcsLimits, encodeJcs, parseJcs } from './jcs.ts'
import { Reject, isReject } from './reject.ts'

export interface Dsse {
  /** What stands between `application/vnd.parley.` and `+json`, such as `role-certificate.v1`. */
  kind: string
  /** The exact bytes that were signed; their SHA-256 is the document's id. */
  payload: Uint8Array
  /** 64 bytes each. Whose they are, the payload says. */
  signatures: Uint8Array[]
}

/** Parties of the largest agreement, with room: security.md allows 32 signature lines on a checkpoint. */
export const SIGNATURES_MAX = 32

const TYPE = /^application\/vnd\.parley\.([a-z][a-z0-9.-]{0,62})\+json$/
const LABEL = 'DSSEv1'

const EnvelopeJson = z.strictObject({
  payload: z.string(),
  payloadType: z.string(),
  // `keyid` is a hint that anyone can change, so it is let in and never read (IDN-8).
  signatures: z
    .array(z.strictObject({ keyid: z.string().max(256).optional(), sig: z.string().length(88) }))
    .min(1)
    .max(SIGNATURES_MAX)
})

function payloadType(kind: string): string {
  return `application/vnd.parley.${kind}+json`
}

/** The pre-authentication encoding: the bytes that a signature covers. IDN-8. */
export function dsseSignedBytes(kind: string, payload: Uint8Array): Uint8Array {
  const type = payloadType(kind)
  return concatBytes(utf8(`${LABEL} ${type.length} ${type} ${payload.length} `), payload)
}

export function encodeDsse({ kind, payload, signatures }: Dsse): Uint8Array {
  return encodeJcs({
    payload: toBase64(payload),
    payloadType: payloadType(kind),
    signatures: signatures.map(signature => ({ sig: toBase64(signature) }))
  })
}

/**
 * Takes an envelope apart. Nothing in it is trusted yet: a signature must be checked over
 * {@link dsseSignedBytes} before any use of the payload but finding the signer.
 * @param limits of the payload; the envelope around it may be as large as these make necessary.
 * @returns a `jcs-*` or `dsse-*` Reject otherwise. IDN-7.
 */
export function parseDsse(bytes: Uint8Array, kind: string, limits: JcsLimits = JCS_LIMITS): Dsse | Reject {
  const bytesMax = Math.ceil(limits.bytesMax / 3) * 4 + SIGNATURES_MAX * 512
  const json = parseJcs(bytes, { bytesMax, depthMax: 3, itemsMax: 4 * SIGNATURES_MAX })
  if (isReject(json)) return json
  const envelope = EnvelopeJson.safeParse(json)
  if (!envelope.success)
    return new Reject('dsse-shape', 'not an envelope of payload, payloadType and signatures')
  const { data } = envelope
  if (TYPE.exec(data.payloadType)?.[1] !== kind) {
    return new Reject(
      'dsse-type',
      `${JSON.stringify(data.payloadType.slice(0, 80))} is not ${payloadType(kind)}`
    )
  }
  const payload = fromBase64(data.payload)
  const signatures = data.signatures.map(({ sig }) => fromBase64(sig))
  if (!payload || !signatures.every(signature => signature?.length === 64)) {
    return new Reject('dsse-base64', 'not standard base64 with padding, or not 64 bytes of signature')
  }
  return { kind, payload, signatures: signatures as Uint8Array[] }
}
