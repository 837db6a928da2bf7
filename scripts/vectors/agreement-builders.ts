// Terms and approvals for the vectors of protocols/agreement.
import { type ApprovalFacts, checkApproval, signApproval } from '../../src/artifacts/agreement-approval.ts'
import { type TermsBody, encodeTerms, parseTerms, revisionId } from '../../src/artifacts/agreement-terms.ts'
import { type SecretKey, sign } from '../../src/identity/ed25519.ts'
import { printTime } from '../../src/identity/document-text.ts'
import { openSpace } from '../../src/artifacts/space.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { spaceId } from '../../src/wire/genesis.ts'
import { isReject } from '../../src/wire/reject.ts'
import { COMPANIES, type Company, PARTIES, TIME, bytes, genesisOf, must } from './space-builders.ts'

export const GENESIS = genesisOf('Agreed')

export const IDENTITIES = COMPANIES.map(({ did, first }) => ({
  did,
  log: new TextDecoder().decode(first.log)
}))

/** All that has to be there. */
export function plainTerms(genesis: Uint8Array, changes: Partial<TermsBody> = {}): TermsBody {
  const space = must(openSpace(genesis))
  return {
    amendment: { threshold: space.parties.length, weights: space.parties.map(() => 1) },
    antitrust: { counsel: [], profile: 'none' },
    attachments: [],
    clauses: [],
    confidentiality: [],
    governingLaw: 'Germany',
    ip: 'none',
    noticeDays: 30,
    number: 1,
    objectives: [],
    parties: PARTIES.slice(0, space.parties.length).map(partyOf),
    purpose: '',
    reciprocity: [],
    roles: ['CTO'],
    scope: { classes: ['public', 'shared-confidential'], kinds: ['StandardsDoc.v1'], topics: [] },
    space: toHex(spaceId(genesis)),
    starts: '2026-01-01',
    survives: [],
    template: 'custom',
    title: 'Joint',
    witnesses: { minimum: 0, parties: [] },
    ...changes
  }
}

function partyOf({ did, name }: Company, index: number): TermsBody['parties'][0] {
  return {
    company: did,
    name: `${name} Ltd`,
    registration: `HRB ${index}`,
    jurisdiction: 'DE',
    address: '',
    signatory: `Signatory of ${name}`,
    capacity: 'managing director'
  }
}

/** What an amendment changes that admits these companies, each with a weight of 1; it takes all but one to amend. */
export function admitting(before: TermsBody, ...companies: Company[]): Partial<TermsBody> {
  const parties = [...before.parties, ...companies.map((one, i) => partyOf(one, before.parties.length + i))]
  return {
    number: before.number + 1,
    before: toHex(revisionId(encodeTerms(before))),
    admits: companies.length,
    parties,
    amendment: { threshold: parties.length - 1, weights: parties.map(() => 1) }
  }
}

/** One of everything, and texts that would like to be more than text. */
export function fullTerms(genesis: Uint8Array): TermsBody {
  const plain = plainTerms(genesis)
  return plainTerms(genesis, {
    amendment: { threshold: 700, weights: [1_000, 300, 0] },
    antitrust: { counsel: [{ day: '2025-12-01', name: 'Dr. <b>Law</b>', party: 1 }], profile: 'benchmark' },
    attachments: [
      { bytes: 12_345, mediaType: 'text/markdown; v=1', sha256: toHex(bytes('a text')), title: 'Policy' }
    ],
    clauses: [
      {
        text: '# Not a heading\n\n> [a link](https://parley.invalid) `code` *stars* _lines_ ~gone~',
        title: 'Scope & aim'
      },
      {
        text: '1. not a list\n- nor this | nor a table\n<script>alert(1)</script>',
        title: '## Also no heading'
      },
      { text: '', title: 'Empty' },
      {
        text: 'tab\there, return\rhere, bell \u0007, turned \u202e, zero \u200b width, soft \u00ad, filler \u3164, selector a\ufe0e, tag \u{e0041}, 漢字 👩‍👩‍👧 ẞ',
        title: 'Hidden'
      }
    ],
    confidentiality: [
      { class: 'private', field: 'meta.summary', kind: 'StandardsDoc.v1' },
      { class: 'public', field: 'text', kind: 'BenchmarkReport.v1' }
    ],
    ends: '2028-12-31',
    governingLaw: 'Germany, without its conflict rules',
    ip: 'community-spec-1.0',
    noticeDays: 90,
    objectives: ['One standard by 2027', '$x^2$ = 100 %'],
    parties: plain.parties.map((party, i) => ({ ...party, address: `Straße ${i}\n10115 Berlin` })),
    purpose: 'To write one standard.\n\nTogether.',
    reciprocity: [
      { kind: 'BenchmarkReport.v1', maxExposure: 3, soleSender: true, unit: 'metric' },
      { kind: 'StandardsDoc.v1', maxExposure: 0, soleSender: false, unit: 'page' }
    ],
    roles: ['CTO', 'CFO'],
    scope: {
      classes: ['shared-confidential'],
      kinds: ['StandardsDoc.v1', 'BenchmarkReport.v1'],
      topics: ['APIs', 'cloud_costs']
    },
    standardTerms: { sha256: toHex(bytes('standard terms')), title: 'Terms, version 3' },
    survives: ['Hidden'],
    template: 'benchmarking',
    title: 'Joint *work*',
    witnesses: { minimum: 1, parties: [2, 0] }
  })
}

export function approvalFacts(genesis: Uint8Array, company: number, terms: TermsBody): ApprovalFacts {
  const party = terms.parties[company] as TermsBody['parties'][0]
  return {
    capacity: party.capacity,
    certificate: '',
    company: party.company,
    number: terms.number,
    person: 'Ada',
    revision: toHex(revisionId(encodeTerms(terms))),
    role: 'CTO',
    signatory: party.signatory,
    space: toHex(spaceId(genesis)),
    time: printTime(TIME)
  }
}

export function approvalDocument(facts: ApprovalFacts, key: SecretKey): Uint8Array {
  return signApproval(facts, message => sign(key, message))
}

/** What the code says of an approval: `counts`, or a code. */
export function tellAs(document: Uint8Array, signer: SecretKey, terms: TermsBody, company: string): string {
  const space = must(openSpace(GENESIS))
  const read = must(parseTerms(encodeTerms(terms), space))
  const place = { space: space.id, revision: revisionId(encodeTerms(terms)), terms: read, company }
  const told = checkApproval(document, place, signer.publicKey.bytes)
  return isReject(told) ? told.code : 'counts'
}
