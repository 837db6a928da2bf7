// A sealed artifact as one file: what was signed, and beside it the evidence that digests bind. Nothing in it is
// trusted yet. protocols/documents, sections 1 and 2.
import { fromUtf8, utf8 } from '../wire/bytes.ts'
import { SIGNATURES_MAX } from '../wire/dsse.ts'
import { type JcsLimits, type JcsValue, encodeJcs, parseJcs } from '../wire/jcs.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { ARTIFACT_KINDS, type ArtifactKind } from './layouts.ts'
import { FileSchema } from './sealed-schema.ts'

/** DOC-2: a document of 8 MiB in base64, with salts and digests around each of its fields. */
export const SEALED_BYTES_MAX = 24 * 1024 * 1024
const FILE_LIMITS: JcsLimits = { bytesMax: SEALED_BYTES_MAX, depthMax: 8, itemsMax: 60_000 }

export interface SealedFile {
  kind: ArtifactKind
  /** DSSE. */
  envelope: Uint8Array
  /** DSSE, role certificates. */
  certificates: Uint8Array[]
  /** Identity logs. */
  identities: Uint8Array[]
  disclosures: string[]
}

/** `StandardsDoc.v1` is `standards-doc.v1` in a media type. */
export function mediaKind(kind: ArtifactKind): string {
  return kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
}

export function encodeSealed({ envelope, certificates, identities, disclosures }: SealedFile): Uint8Array {
  return encodeJcs({
    parley: 'sealed.v1',
    envelope: JSON.parse(fromUtf8(envelope)) as JcsValue,
    certificates: certificates.map(bytes => JSON.parse(fromUtf8(bytes)) as JcsValue),
    identities: identities.map(fromUtf8),
    disclosures
  })
}

/** @returns `jcs-*`, `sealed-shape`, `sealed-kind` or `disclosure-order` otherwise. DOC-1 to DOC-3, DOC-19. */
export function parseSealed(bytes: Uint8Array): SealedFile | Reject {
  const json = parseJcs(bytes, FILE_LIMITS)
  if (isReject(json)) return json
  const shape = FileSchema.safeParse(json)
  if (!shape.success) {
    const at = shape.error.issues[0]?.path.join('.') || 'the file'
    return new Reject('sealed-shape', `${at} is not as in a sealed file`)
  }
  const { envelope, certificates, identities, disclosures } = shape.data
  if (envelope.signatures.length > SIGNATURES_MAX) return new Reject('sealed-shape', 'too many signatures')
  const type = envelope.payloadType
  const kind = ARTIFACT_KINDS.find(name => type === `application/vnd.parley.${mediaKind(name)}+json`)
  if (!kind)
    return new Reject('sealed-kind', `${JSON.stringify(type.slice(0, 80))} is no artifact that is sealed`)
  if (disclosures.some((text, i) => i > 0 && text <= (disclosures[i - 1] as string))) {
    return new Reject('disclosure-order', 'disclosures are not in ascending order, or one stands twice')
  }
  // Canonical within a canonical whole, so these are the bytes that stood there.
  return {
    kind,
    envelope: encodeJcs(envelope as JcsValue),
    certificates: certificates.map(certificate => encodeJcs(certificate as JcsValue)),
    identities: identities.map(utf8),
    disclosures
  }
}
