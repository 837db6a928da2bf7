// A company's word that it got what another released to it, as a document that can be shown without the log.
// protocols/reciprocity, REC-4.
import { z } from 'zod'
import { ROLES } from '../identity/certificate-schema.ts'
import { parseTime } from '../identity/document-text.ts'
import { admitKey } from '../identity/ed25519.ts'
import { parseDocument, signDocumentWith } from '../identity/signed-document.ts'
import { toHex } from '../wire/bytes.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { ARTIFACT_KIND, UNITS_MAX } from '../wire/space-entry.ts'

const name = z.string().min(1).max(200)
const did = z.string().min(1).max(512).describe('did:webvh id')
const digest = z.string().regex(/^[0-9a-f]{64}$/)

export const ContributionReceiptSchema = z.strictObject({
  certificate: z.string().max(64).describe('id of the role certificate; empty where the root key signs'),
  company: did.describe('did:webvh id of who received'),
  contributor: did,
  kind: z.string().regex(ARTIFACT_KIND).describe('of the artifacts'),
  person: name.describe('who pressed the button, as the certificate names the holder'),
  role: z.enum([...ROLES, '']),
  space: digest,
  time: z.string().describe('claimed, UTC, whole seconds'),
  units: z.array(digest).min(1).max(UNITS_MAX).describe('names of the units, ascending')
})

export type ContributionReceipt = z.infer<typeof ContributionReceiptSchema>

export function signReceipt(
  facts: ContributionReceipt,
  signs: (message: Uint8Array) => Uint8Array
): Uint8Array {
  return signDocumentWith('contribution-receipt.v1', { ...facts }, signs)
}

/** @param signer of the entry that holds it */
export function checkReceipt(
  bytes: Uint8Array,
  place: { space: Uint8Array; company: string },
  signer: Uint8Array
): ContributionReceipt | Reject {
  const document = parseDocument(bytes, 'contribution-receipt.v1', ContributionReceiptSchema)
  if (isReject(document)) return document
  const { json } = document
  if (json.space !== toHex(place.space) || json.company !== place.company)
    return bad('receipt-place', 'the receipt is of another space or company')
  const isAscending = json.units.every((unit, i) => i === 0 || (json.units[i - 1] as string) < unit)
  if (!isAscending || parseTime(json.time) === undefined)
    return bad('receipt-shape', 'its units are not in order, or its time is none')
  const key = admitKey(signer)
  if (isReject(key) || !document.isSignedBy(key))
    return bad('receipt-signer', 'not signed by the key that signed the entry')
  return json
}

function bad(code: string, detail: string): Reject {
  return new Reject(code, detail, false)
}
