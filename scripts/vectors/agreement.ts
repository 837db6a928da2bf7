// Writes protocols/agreement/vectors and the schemas beside them, the same bytes every time.
import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { ApprovalSchema } from '../../src/artifacts/agreement-approval.ts'
import { pageOf } from '../../src/artifacts/agreement-page.ts'
import {
  type TermsBody,
  TermsSchema,
  encodeTerms,
  parseTerms,
  revisionId
} from '../../src/artifacts/agreement-terms.ts'
import { openSpace } from '../../src/artifacts/space.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import { type JcsValue, encodeJcs } from '../../src/wire/jcs.ts'
import { isReject } from '../../src/wire/reject.ts'
import {
  GENESIS,
  IDENTITIES,
  admitting,
  approvalDocument,
  approvalFacts,
  fullTerms,
  plainTerms,
  tellAs
} from './agreement-builders.ts'
import { agreementLogs } from './agreement-logs.ts'
import { ACME, BOREALIS, type Company, DAEDALUS, EUROPA, bytes, key, must, print } from './space-builders.ts'

const space = must(openSpace(GENESIS))
const text = (of: Uint8Array) => new TextDecoder().decode(of)

/** These terms with other members, and the digest of the page that they make. */
function changed(changes: { [name: string]: unknown }): Uint8Array {
  return encodeTerms({ ...plainTerms(GENESIS), ...changes })
}

/** Members as they are given, whatever page they would make. */
function raw(changes: { [name: string]: unknown }, without?: string): Uint8Array {
  const whole = JSON.parse(text(encodeTerms(plainTerms(GENESIS)))) as { [name: string]: JcsValue }
  const entries = Object.entries({ ...whole, ...changes }).filter(([name]) => name !== without)
  return encodeJcs(Object.fromEntries(entries) as { [name: string]: JcsValue })
}

function terms() {
  const plain = plainTerms(GENESIS)
  const full = fullTerms(GENESIS)
  const [first] = plain.parties as [TermsBody['parties'][0]]
  const party = (changes: object) => ({ parties: [{ ...first, ...changes }, ...plain.parties.slice(1)] })
  const valid: [rule: string, name: string, terms: TermsBody][] = [
    ['AGR-1', 'the shortest', plain],
    ['AGR-18', 'one of everything', full],
    ['AGR-2', 'a second revision', { ...plain, number: 2, before: toHex(revisionId(encodeTerms(plain))) }],
    ['AGR-2', 'one that admits two', { ...plain, ...admitting(plain, DAEDALUS, EUROPA) }],
    ['AGR-1', 'a leap day, and the day it ends', { ...plain, starts: '2028-02-29', ends: '2028-02-29' }],
    ['AGR-6', 'one that counts for all', { ...plain, amendment: { threshold: 1, weights: [1, 0, 0] } }]
  ]
  const amended = (threshold: number, ...weights: number[]) => changed({ amendment: { threshold, weights } })
  const later = (by: Company, changes: object = {}) => changed({ ...admitting(plain, by), ...changes })
  const invalid: [rule: string, name: string, code: string, terms: string][] = [
    ['AGR-1', 'nothing', 'jcs-syntax', ''],
    ['AGR-1', 'a space before a member', 'jcs-canonical', text(encodeTerms(plain)).replace('{', '{ ')],
    ['AGR-1', 'a line end behind', 'jcs-canonical', `${text(encodeTerms(plain))}\n`],
    ['AGR-1', 'more than 49,152 bytes', 'jcs-size', text(changed({ clauses: clauses(3, 16_400) }))],
    ['AGR-1', 'a list', 'terms-shape', '[]'],
    ['AGR-1', 'a member that is none', 'terms-shape', text(raw({ fee: 1 }))],
    ['AGR-1', 'no purpose', 'terms-shape', text(raw({}, 'purpose'))],
    ['AGR-1', 'a number that is text', 'terms-shape', text(raw({ number: '1' }))],
    ['AGR-1', 'number 0', 'terms-shape', text(raw({ number: 0 }))],
    [
      'AGR-1',
      'a kind that is none',
      'terms-shape',
      text(raw({ scope: { ...plain.scope, kinds: ['Memo.v1'] } }))
    ],
    [
      'AGR-1',
      'private in the scope',
      'terms-shape',
      text(raw({ scope: { ...plain.scope, classes: ['private'] } }))
    ],
    ['AGR-1', 'an IP stance of its own', 'terms-shape', text(raw({ ip: 'ours' }))],
    ['AGR-1', 'a digest in capitals', 'terms-shape', text(raw({ space: plain.space.toUpperCase() }))],
    [
      'AGR-1',
      'a name that turns what is read',
      'terms-shape',
      text(changed(party({ name: 'Acme \u202eLtd' })))
    ],
    ['AGR-1', 'a signatory with a space behind', 'terms-shape', text(changed(party({ signatory: 'Ada ' })))],
    ['AGR-1', 'a day in another spelling', 'terms-shape', text(raw({ starts: '2026-1-1' }))],
    ['AGR-1', 'February the 30th', 'terms-day', text(changed({ starts: '2026-02-30' }))],
    ['AGR-1', 'a 29th of February that is none', 'terms-day', text(changed({ ends: '2027-02-29' }))],
    ['AGR-1', 'an end before the start', 'terms-day', text(changed({ ends: '2025-12-31' }))],
    ['AGR-2', 'another space', 'terms-place', text(changed({ space: toHex(bytes('elsewhere')) }))],
    ['AGR-2', 'a first with one before', 'terms-place', text(changed({ before: toHex(bytes('x')) }))],
    ['AGR-2', 'a second with none before', 'terms-place', text(changed({ number: 2 }))],
    ['AGR-2', 'a party missing', 'terms-parties', text(changed({ parties: plain.parties.slice(1) }))],
    [
      'AGR-2',
      'parties in another order',
      'terms-parties',
      text(changed({ parties: plain.parties.toReversed() }))
    ],
    [
      'AGR-2',
      'a first that admits one',
      'terms-parties',
      text(later(DAEDALUS, { number: 1, before: undefined }))
    ],
    [
      'AGR-2',
      'a fourth party in a first',
      'terms-parties',
      text(later(DAEDALUS, { number: 1, before: undefined, admits: undefined }))
    ],
    ['AGR-2', 'admitted, and a founder', 'terms-parties', text(later(ACME))],
    [
      'AGR-2',
      'more admitted than stand behind the founders',
      'terms-parties',
      text(later(DAEDALUS, { admits: 2 }))
    ],
    ['AGR-2', 'none admitted', 'terms-shape', text(later(DAEDALUS, { admits: 0 }))],
    ['AGR-2', 'a company without an id', 'terms-parties', text(later({ ...DAEDALUS, did: '' }))],
    ['AGR-3', 'the digest of another page', 'terms-rendering', text(raw({ title: 'Something else' }))],
    ['AGR-3', 'no digest', 'terms-shape', text(raw({}, 'rendering'))],
    [
      'AGR-4',
      'an attachment without a digest',
      'terms-shape',
      text(raw({ attachments: [{ bytes: 1, mediaType: 'text/plain', title: 'A' }] }))
    ],
    ['AGR-6', 'two halves', 'terms-amendment', text(amended(2, 2, 1, 1))],
    ['AGR-6', 'nobody can', 'terms-amendment', text(amended(4, 1, 1, 1))],
    ['AGR-6', 'a weight too few', 'terms-amendment', text(amended(2, 1, 1))]
  ]
  for (const [, name, code, bad] of invalid) {
    const told = parseTerms(utf8(bad), space)
    if (!isReject(told) || told.code !== code) throw new Error(`${name}: ${String(told)}, not ${code}`)
  }
  return {
    about:
      'Terms of a revision, AGR-1 to AGR-6, as the text that their UTF-8 bytes spell, with the page (AGR-18)',
    genesis: toHex(GENESIS),
    valid: valid.map(([rule, name, body]) => {
      const { rendering } = must(parseTerms(encodeTerms(body), space))
      const page = pageOf(body)
      return {
        rule,
        name,
        terms: text(encodeTerms(body)),
        id: toHex(revisionId(encodeTerms(body))),
        rendering,
        page
      }
    }),
    invalid: invalid.map(([rule, name, code, bad]) => ({ rule, name, code, terms: bad }))
  }
}

function clauses(count: number, length: number) {
  return Array.from({ length: count }, (_, i) => ({ text: 'x'.repeat(length), title: `Clause ${i}` }))
}

function approvals() {
  const plain = plainTerms(GENESIS)
  const facts = approvalFacts(GENESIS, 0, plain)
  const holder = key('Ada')
  const good = approvalDocument(facts, holder)
  const told = (document: Uint8Array, signer = holder) => tellAs(document, signer, plain, ACME.did)
  const wrong = (changes: object) => approvalDocument({ ...facts, ...changes }, holder)
  const cases: [name: string, code: string, document: Uint8Array, signer?: typeof holder][] = [
    ['another space', 'approval-place', wrong({ space: toHex(bytes('elsewhere')) })],
    ['another revision', 'approval-place', wrong({ revision: toHex(bytes('other')) })],
    ['another company', 'approval-place', wrong({ company: BOREALIS.did })],
    ['another number', 'approval-place', wrong({ number: 2 })],
    ['another signatory', 'approval-signatory', wrong({ signatory: 'Eve' })],
    ['another capacity', 'approval-signatory', wrong({ capacity: 'intern' })],
    ['a day that is none', 'approval-shape', wrong({ time: '2026-02-30T00:00:00Z' })],
    ['a time without seconds', 'approval-shape', wrong({ time: '2026-01-01T00:00Z' })],
    ['under another key than the entry', 'approval-signer', good, key('Abe')],
    ['the signature of another document', 'approval-signer', swapped(good, wrong({ person: 'Eve' }))],
    ['a member too many', 'document-shape', wrong({ note: 'but' })],
    ['another kind of document', 'dsse-type', utf8(text(good).replace('approval.v1', 'role-certificate.v1'))],
    ['cut short', 'jcs-syntax', good.subarray(0, 100)]
  ]
  const byRoot = approvalDocument({ ...facts, role: '', certificate: '' }, ACME.roots[0])
  const row = (name: string, document: Uint8Array, signer: typeof holder) => ({
    rule: 'AGR-8',
    name,
    document: text(document),
    signer: toHex(signer.publicKey.bytes)
  })
  for (const [name, code, document, signer] of cases)
    if (told(document, signer) !== code) throw new Error(`${name}: ${told(document, signer)}, not ${code}`)
  return {
    about:
      'Approvals of the revision of these terms by the first party (AGR-8), with the signer of the entry',
    genesis: toHex(GENESIS),
    company: ACME.did,
    terms: text(encodeTerms(plain)),
    valid: [row('under a role key', good, holder), row('under the root key', byRoot, ACME.roots[0])],
    invalid: cases.map(([name, code, document, signer]) => ({
      ...row(name, document, signer ?? holder),
      code
    }))
  }
}

/** The payload of one with the signature of the other. */
function swapped(one: Uint8Array, other: Uint8Array): Uint8Array {
  const [payload, signed] = [one, other].map(
    document => JSON.parse(text(document)) as { [name: string]: JcsValue }
  )
  return encodeJcs({ ...payload, signatures: signed?.signatures as JcsValue })
}

function schema(type: z.ZodType, title: string) {
  return { ...z.toJSONSchema(type, { io: 'input' }), title }
}

/** Path below protocols/agreement, and the value whose JSON stands there. */
export function agreementFiles(): [path: string, value: object][] {
  const logs = {
    about: 'Space logs, and what the parties have agreed on by them, AGR-7 to AGR-16',
    genesis: toHex(GENESIS),
    identities: IDENTITIES,
    ...agreementLogs()
  }
  return [
    ['terms.schema.json', schema(TermsSchema, 'Terms of a revision of a PeerAgreement.v1')],
    ['approval.schema.json', schema(ApprovalSchema, 'Approval.v1')],
    ['vectors/terms.json', terms()],
    ['vectors/approvals.json', approvals()],
    ['vectors/logs.json', logs]
  ]
}

if (import.meta.main) {
  for (const [path, value] of agreementFiles()) {
    writeFileSync(new URL(`../../protocols/agreement/${path}`, import.meta.url), print(value))
  }
}
