// An agreement for tests: short terms that cover everything, sealed by all.
import { signApproval } from '../../src/artifacts/agreement-approval.ts'
import { agreementOf } from '../../src/artifacts/agreement.ts'
import { type TermsBody, encodeTerms, revisionId } from '../../src/artifacts/agreement-terms.ts'
import { ARTIFACT_KINDS } from '../../src/artifacts/layouts.ts'
import { printTime } from '../../src/identity/document-text.ts'
import { sign } from '../../src/identity/ed25519.ts'
import type { LogEntry, SpaceLog } from '../../src/identity/space-log.ts'
import { toHex } from '../../src/wire/bytes.ts'
import {
  type EntryAct,
  type EntryRecord,
  encodeSpaceEntry,
  entrySignedBytes
} from '../../src/wire/space-entry.ts'
import { type Company, EPOCH_MS } from './company.ts'

/** What terms say of these companies, in their order. */
export function partiesOf(companies: readonly string[]): TermsBody['parties'] {
  return companies.map((company, i) => ({
    company,
    name: `Company ${i}`,
    registration: `HRB ${i}`,
    jurisdiction: 'DE',
    address: '',
    signatory: `Signatory ${i}`,
    capacity: 'managing director'
  }))
}

export function termsOf(space: SpaceLog, changes: Partial<TermsBody> = {}): TermsBody {
  const parties = partiesOf(space.parties)
  return {
    amendment: { threshold: parties.length, weights: parties.map(() => 1) },
    antitrust: { counsel: [], profile: 'none' },
    attachments: [],
    clauses: [],
    confidentiality: [],
    governingLaw: 'Germany',
    ip: 'none',
    noticeDays: 30,
    number: 1,
    objectives: [],
    parties,
    purpose: 'To work together.',
    reciprocity: [],
    roles: ['CTO'],
    scope: { classes: ['public', 'shared-confidential'], kinds: [...ARTIFACT_KINDS], topics: [] },
    space: toHex(space.id),
    starts: '2020-01-01',
    survives: [],
    template: 'custom',
    title: 'Everything',
    witnesses: { minimum: 0, parties: [] },
    ...changes
  }
}

/** The next entry of a company, signed with its role key, or with its root key. */
export function entryOf(
  space: SpaceLog,
  { identity, role }: Company,
  act: EntryAct,
  { after, key = role, time = EPOCH_MS }: { after?: LogEntry; key?: Company['role']; time?: number } = {}
): EntryRecord {
  const company = space.companyOf(identity.did) as number
  const before = after ?? space.head(company)
  const place = before ? { seq: before.seq + 1, prev: before.id } : { seq: 0 }
  const entry = encodeSpaceEntry({ space: space.id, company, ...place, act, time })
  return { entry, signer: key.publicKey.bytes, signature: sign(key, entrySignedBytes(entry)) }
}

export function approve(
  space: SpaceLog,
  company: Company,
  { terms, key = company.role }: { terms: TermsBody; key?: Company['role'] }
): EntryAct {
  const { did } = company.identity
  const party = terms.parties.find(other => other.company === did)
  const revision = revisionId(encodeTerms(terms))
  const facts = {
    capacity: party?.capacity ?? 'none',
    certificate: '',
    company: did,
    number: terms.number,
    person: `${company.name} CTO`,
    revision: toHex(revision),
    role: 'CTO',
    signatory: party?.signatory ?? 'nobody',
    space: toHex(space.id),
    time: printTime(EPOCH_MS)
  } as const
  return { kind: 'approve', revision, document: signApproval(facts, message => sign(key, message)) }
}

/** Proposed by the first and approved by all. `enter` puts one entry after the other into the log. */
export function seal(
  space: SpaceLog,
  companies: Company[],
  enter: (record: EntryRecord) => void,
  terms = termsOf(space)
): void {
  const [first] = companies as [Company]
  enter(entryOf(space, first, { kind: 'propose', terms: encodeTerms(terms) }))
  for (const company of companies) enter(entryOf(space, company, approve(space, company, { terms })))
}

/** What a company enters to approve a proposal. */
export function approvalOf(space: SpaceLog, company: Company, revision: string): EntryAct {
  const found = agreementOf(space).revisions.find(({ id }) => toHex(id) === revision)
  if (!found) throw new Error(`no revision ${revision}`)
  const { rendering: _made, ...terms } = found.terms
  return approve(space, company, { terms })
}

/** What the next amendment changes where it admits these companies; more than half amend then. */
export function admitting(space: SpaceLog, companies: Company[]): Partial<TermsBody> {
  const { inForce } = agreementOf(space)
  if (!inForce) throw new Error('nothing is in force')
  const dids = [...space.parties, ...companies.map(({ identity }) => identity.did)]
  return {
    admits: companies.length,
    amendment: { threshold: Math.floor(dids.length / 2) + 1, weights: dids.map(() => 1) },
    before: toHex(inForce.id),
    number: inForce.terms.number + 1,
    parties: partiesOf(dids)
  }
}
