// A party's word on one revision, as a document that can be shown without the log. protocols/agreement, AGR-8.
import { z } from 'zod'
import { ROLES } from '../identity/certificate-schema.ts'
import { parseTime } from '../identity/document-text.ts'
import { type PublicKey, admitKey } from '../identity/ed25519.ts'
import { parseDocument, signDocumentWith } from '../identity/signed-document.ts'
import { toHex } from '../wire/bytes.ts'
import { Reject, isReject } from '../wire/reject.ts'
import type { Terms } from './agreement-terms.ts'

const name = z.string().min(1).max(200)
const digest = z.string().regex(/^[0-9a-f]{64}$/)

export const ApprovalSchema = z.strictObject({
  capacity: name.describe('as in the terms'),
  certificate: z.string().max(64).describe('id of the role certificate; empty where the root key signs'),
  company: z.string().max(512).describe('did:webvh id'),
  number: z.int().min(1).max(999),
  person: name.describe('who pressed the button, as the certificate names the holder'),
  revision: digest,
  role: z.enum([...ROLES, '']),
  signatory: name.describe('as in the terms'),
  space: digest,
  time: z.string().describe('claimed, UTC, whole seconds')
})

export type ApprovalFacts = z.infer<typeof ApprovalSchema>

export interface Approval extends ApprovalFacts {
  /** SHA-256 of the payload. */
  id: Uint8Array
}

/** What the approval has to agree with. */
export interface ApprovalPlace {
  space: Uint8Array
  revision: Uint8Array
  terms: Terms
  company: string
}

export function signApproval(facts: ApprovalFacts, signs: (message: Uint8Array) => Uint8Array): Uint8Array {
  return signDocumentWith('approval.v1', { ...facts }, signs)
}

/** @param signer of the entry that holds it */
export function checkApproval(
  bytes: Uint8Array,
  place: ApprovalPlace,
  signer: Uint8Array
): Approval | Reject {
  const document = parseDocument(bytes, 'approval.v1', ApprovalSchema)
  if (isReject(document)) return document
  const facts = document.json
  const { terms, company } = place
  const party = terms.parties.find(other => other.company === company)
  if (
    facts.space !== toHex(place.space) ||
    facts.revision !== toHex(place.revision) ||
    facts.company !== company
  )
    return bad('approval-place', 'the approval is of another space, revision or company')
  if (facts.number !== terms.number) return bad('approval-place', 'the number is not that of the revision')
  if (facts.signatory !== party?.signatory || facts.capacity !== party.capacity)
    return bad('approval-signatory', 'the terms name another signatory or capacity')
  if (parseTime(facts.time) === undefined) return bad('approval-shape', 'the time is none')
  const key: PublicKey | Reject = admitKey(signer)
  if (isReject(key) || !document.isSignedBy(key))
    return bad('approval-signer', 'not signed by the key that signed the entry')
  return { ...facts, id: document.id }
}

function bad(code: string, detail: string): Reject {
  return new Reject(code, detail, false)
}
