// The terms of a revision: the bytes that bind once they are sealed. protocols/agreement, section 1.
import { z } from 'zod'
import { ROLES } from '../identity/certificate-schema.ts'
import { isName } from '../identity/document-text.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { concatBytes, toHex, utf8 } from '../wire/bytes.ts'
import { DATA_CLASSES } from '../wire/data-class.ts'
import { sha256 } from '../wire/hash.ts'
import { type JcsLimits, type JcsValue, encodeJcs, parseJcs } from '../wire/jcs.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { PARTIES_MAX } from '../wire/genesis.ts'
import { TERMS_BYTES_MAX } from '../wire/space-entry.ts'
import { pageOf } from './agreement-page.ts'
import { ARTIFACT_KINDS as KINDS } from './layouts.ts'

const LABEL = utf8('parley/revision/1\n')
const LIMITS: JcsLimits = { bytesMax: TERMS_BYTES_MAX, depthMax: 8, itemsMax: 4_000 }
export const REVISIONS_MAX = 999
const WEIGHT_MAX = 1_000

const name = z.string().min(1).max(200)
const text = z.string().max(20_000)
const day = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/)
  .describe('YYYY-MM-DD, UTC')
const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256, hexadecimal')
const kind = z.enum(KINDS)
const index = z
  .int()
  .min(0)
  .max(PARTIES_MAX - 1)
  .describe('index of a party')

const PartySchema = z.strictObject({
  company: z.string().max(512).describe('did:webvh id'),
  name: name.describe('legal name'),
  registration: name.describe('registration number'),
  jurisdiction: name,
  address: z.string().max(500),
  signatory: name,
  capacity: name.describe('in which the signatory signs')
})

/** Instruments that counsel knows, in place of words of our own. */
export const IP_STANCES = ['community-spec-1.0', 'w3c-royalty-free', 'rand', 'none'] as const
export const TEMPLATES = [
  'standards-only',
  'joint-rd',
  'shared-infrastructure',
  'benchmarking',
  'custom'
] as const
export const ANTITRUST_PROFILES = ['none', 'benchmark'] as const

export const TermsSchema = z.strictObject({
  admits: z
    .int()
    .min(1)
    .max(PARTIES_MAX - 1)
    .optional()
    .describe('how many of the parties, the last ones, this revision admits'),
  amendment: z
    .strictObject({
      threshold: z
        .int()
        .min(1)
        .max(WEIGHT_MAX * PARTIES_MAX),
      weights: z.array(z.int().min(0).max(WEIGHT_MAX)).min(1).max(PARTIES_MAX)
    })
    .describe('weights by party; who reaches the threshold amends'),
  antitrust: z.strictObject({
    counsel: z
      .array(z.strictObject({ day, name, party: index }))
      .max(PARTIES_MAX)
      .describe('who signed the profile off'),
    profile: z.enum(ANTITRUST_PROFILES)
  }),
  attachments: z
    .array(z.strictObject({ bytes: z.int().min(0), mediaType: name, sha256: digest, title: name }))
    .max(50),
  before: digest.optional().describe('id of the revision before; from number 2 on'),
  clauses: z.array(z.strictObject({ text, title: name })).max(100),
  confidentiality: z
    .array(z.strictObject({ class: z.enum(DATA_CLASSES), field: name, kind }))
    .max(200)
    .describe('class by kind and field; what is not named is private'),
  ends: day.optional().describe('last day'),
  governingLaw: name,
  ip: z.enum(IP_STANCES),
  noticeDays: z.int().min(0).max(3_650),
  number: z.int().min(1).max(REVISIONS_MAX),
  objectives: z.array(z.string().min(1).max(1_000)).max(50),
  parties: z.array(PartySchema).min(1).max(PARTIES_MAX).describe('in the order of their indices'),
  purpose: text,
  reciprocity: z
    .array(
      z.strictObject({
        kind,
        maxExposure: z.int().min(0),
        soleSender: z.boolean().describe('only the contributor passes its work on'),
        unit: name
      })
    )
    .max(KINDS.length)
    .describe('by kind: how far giving may run ahead of receiving'),
  rendering: digest.describe('of the page that these terms make without this member'),
  roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length),
  scope: z.strictObject({
    classes: z
      .array(z.enum(['public', 'shared-confidential']))
      .min(1)
      .max(2),
    kinds: z.array(kind).min(1).max(KINDS.length),
    topics: z.array(name).max(50)
  }),
  space: digest,
  standardTerms: z.strictObject({ sha256: digest, title: name }).optional(),
  starts: day.describe('first day'),
  survives: z.array(name).max(50).describe('titles of clauses that outlive the agreement'),
  template: z.enum(TEMPLATES),
  title: name,
  witnesses: z.strictObject({
    minimum: z.int().min(0).max(PARTIES_MAX),
    parties: z.array(index).max(PARTIES_MAX)
  })
})

/** Terms before the digest of their page is known. */
export const TermsBodySchema = TermsSchema.omit({ rendering: true })

/** What of a space the terms have to agree with. */
type TermsSpace = Pick<SpaceLog, 'id' | 'founders'>

export type Terms = z.infer<typeof TermsSchema>
export type TermsBody = Omit<Terms, 'rendering'>

/** AGR-5. */
export function revisionId(bytes: Uint8Array): Uint8Array {
  return sha256(concatBytes(LABEL, bytes))
}

/** The one spelling of the terms, with the digest of their page. */
export function encodeTerms(body: TermsBody): Uint8Array {
  const rendering = toHex(sha256(utf8(pageOf(body))))
  return encodeJcs(withoutAbsent({ ...body, rendering }))
}

/** @returns the terms, or why these bytes are no revision of this space (AGR-1 to AGR-3, AGR-6) */
export function parseTerms(bytes: Uint8Array, space: TermsSpace): Terms | Reject {
  const value = parseJcs(bytes, LIMITS)
  if (isReject(value)) return bad(value.code, value.detail)
  const shape = TermsSchema.safeParse(value)
  if (!shape.success) {
    const issue = shape.error.issues[0]
    return bad('terms-shape', `${issue?.path.join('.') || 'the terms'}: ${issue?.message ?? 'wrong'}`)
  }
  const terms = shape.data
  return checkTexts(terms) ?? checkPlace(terms, space) ?? checkAmendment(terms) ?? checkPage(terms) ?? terms
}

function checkTexts(terms: Terms): Reject | undefined {
  const { starts, ends, antitrust, parties } = terms
  for (const text of [
    starts,
    ...(ends === undefined ? [] : [ends]),
    ...antitrust.counsel.map(({ day }) => day)
  ]) {
    if (new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) !== text)
      return bad('terms-day', `${text} is no day`)
  }
  if (ends !== undefined && ends < starts) return bad('terms-day', 'it ends before it starts')
  // Names stand beside signatures: nothing in them may hide or turn what is read (IDN-17).
  const names = parties.flatMap(({ name, registration, jurisdiction, signatory, capacity }) => {
    return [name, registration, jurisdiction, signatory, capacity]
  })
  const wrong = [terms.title, ...names].find(text => !isName(text, 200))
  return wrong === undefined
    ? undefined
    : bad('terms-shape', `a name that does not read as it stands: ${wrong}`)
}

function checkPlace(terms: Terms, space: TermsSpace): Reject | undefined {
  if (terms.space !== toHex(space.id)) return bad('terms-place', 'the terms are of another space')
  if ((terms.number === 1) !== (terms.before === undefined))
    return bad('terms-place', 'the first revision has none before it, and every other has one')
  const named = terms.parties.map(({ company }) => company)
  const { founders } = space
  if (terms.number === 1 && (terms.admits !== undefined || named.length > founders.length))
    return bad('terms-parties', 'the first revision names the parties of the space and no other')
  if (named.length - (terms.admits ?? 0) < founders.length || founders.some((did, i) => did !== named[i]))
    return bad('terms-parties', 'the parties are not those of the space, in their order')
  if (founders.length === 1 && named.length > 1)
    return bad('terms-parties', "a company's own space admits nobody")
  if (new Set(named).size < named.length || named.includes(''))
    return bad('terms-parties', 'a party is named twice, or not at all')
  return undefined
}

/** AGR-2: nobody is left out or moved, and whom it admits stands behind. */
export function followsParties({ parties, admits = 0 }: TermsBody, before: readonly string[]): boolean {
  return parties.length === before.length + admits && before.every((did, i) => did === parties[i]?.company)
}

function checkAmendment({ amendment, parties }: Terms): Reject | undefined {
  const { weights, threshold } = amendment
  if (weights.length !== parties.length) return bad('terms-amendment', 'each party has one weight')
  const sum = sumOf(weights)
  if (threshold > sum)
    return bad('terms-amendment', `nobody can reach ${threshold} with weights of ${sum} in all`)
  if (2 * threshold <= sum)
    return bad('terms-amendment', `two halves could amend apart: the threshold must exceed ${sum / 2}`)
  return undefined
}

function checkPage({ rendering, ...body }: Terms): Reject | undefined {
  return toHex(sha256(utf8(pageOf(body)))) === rendering
    ? undefined
    : bad('terms-rendering', 'the digest is not that of the page that these terms make')
}

export function sumOf(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0)
}

function bad(code: string, detail: string): Reject {
  return new Reject(code, detail, false)
}

function withoutAbsent(value: object): JcsValue {
  return JSON.parse(JSON.stringify(value)) as JcsValue
}
