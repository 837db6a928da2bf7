// Files for the page in a real browser: a rich decision, one by somebody hostile, and trust in some of them or in all.
import { readFileSync } from 'node:fs'
import { certify } from '../../src/decision/certificate.ts'
import {
  CERTIFICATE_BYTES_MAX,
  encodeCertificate,
  parseCertificate
} from '../../src/decision/certificate-file.ts'
import { ELECTORS_MAX } from '../../src/decision/policy.ts'
import type { Ballot, Initiation } from '../../src/decision/schema.ts'
import { appendIdentity } from '../../src/identity/identity-log.ts'
import { nextKeyHash } from '../../src/identity/webvh.ts'
import {
  CRITERIA,
  type Holder,
  START,
  companyOf,
  keyOf,
  holderOf,
  identityOf,
  initiate,
  must,
  play,
  policyOf,
  scored
} from '../../scripts/vectors/decision-builders.ts'
import { fromUtf8, utf8 } from '../../src/wire/bytes.ts'

const LONG_LOG_ENTRIES = 1000

type Choice = Partial<Ballot> & Pick<Ballot, 'choice'>

const NAMES = ['acme', 'borealis', 'cobalt', 'dorado']
const HOLDERS = NAMES.map(name => holderOf(name, 'CTO'))
const POLICY = policyOf(NAMES.map((name, i) => ({ name, weight: 3 - Math.floor(i / 2) })))

/** What a careless page would run or turn around: in question, options, ballots. Titles have no U+202E. */
export const MARKUP = '<img src=x onerror="document.title=1">'
export const TURNED = 'approved \u202e\u2066detcejer'

function decided(changes: Partial<Initiation>, choices: Choice[]): string {
  const [first] = HOLDERS
  if (!first) throw new Error('nobody decides')
  const decision = play(
    initiate(first, POLICY, changes),
    HOLDERS.map((holder, i) => [holder, choices[i] as Choice])
  )
  return fromUtf8(must(certify(decision, identityOf)))
}

const APPROVED = decided(
  {
    subject: {
      kind: 'BenchmarkReport.v1',
      artifact: 'ab'.repeat(16),
      facet: 'cd'.repeat(32),
      heads: [{ client: 7, id: '12'.repeat(32), seq: 3 }],
      root: 'ef'.repeat(32)
    }
  },
  [
    { choice: 'option', option: 0, rationale: 'Five kinds are what people remember.', scores: scored(5, 2) },
    { choice: 'option', option: 0, rationale: 'We can begin next week.', scores: scored(4, 3) },
    {
      choice: 'reject',
      rationale: 'Neither fits rail.',
      objection: { argument: 'Near misses have no kind of their own.', change: 'Add one for near misses.' },
      scores: scored(2, 2)
    },
    { choice: 'abstain', rationale: '' }
  ]
)

const HOSTILE = decided(
  {
    title: MARKUP,
    question: TURNED,
    policy: { ...POLICY, criteria: CRITERIA.map(criterion => ({ ...criterion, question: TURNED })) },
    options: [
      { title: MARKUP, text: TURNED },
      { title: 'שלום', text: MARKUP }
    ]
  },
  [
    { choice: 'option', option: 0, rationale: `${MARKUP}\u0007`, scores: scored(4, 2) },
    { choice: 'option', option: 0, rationale: TURNED },
    { choice: 'option', option: 0, rationale: '' },
    { choice: 'reject', rationale: '', objection: { argument: MARKUP, change: TURNED } }
  ]
)

/** As many electors as there may be. */
function many(): string {
  const names = Array.from({ length: ELECTORS_MAX }, (_, i) => `company ${i + 1}`)
  const holders = names.map(name => holderOf(name, 'CTO'))
  const initiation = initiate(holders[0] as Holder, policyOf(names.map(name => ({ name }))))
  const decision = play(
    initiation,
    holders.map(holder => [holder, { choice: 'option', option: 1 }])
  )
  return fromUtf8(must(certify(decision, identityOf)))
}

/** A log whose every entry is right: a browser takes seconds to find that, and then that it is not wanted here. */
function slow(): string {
  const keyAt = (i: number) => keyOf(`acme ${i}`)
  let { identity } = companyOf('acme')
  for (let i = 1; i < LONG_LOG_ENTRIES; i++) {
    const rootKey = i === 1 ? keyOf('acme next') : keyAt(i)
    const keys = { rootKey, nextKeyHashes: [nextKeyHash(keyAt(i + 1).publicKey)] }
    identity = must(appendIdentity(identity, {}, keys, START + i * 1000))
  }
  return fromUtf8(
    encodeCertificate({ ...must(parseCertificate(utf8(APPROVED))), identities: [identity.log] })
  )
}

const PROOFS = JSON.parse(
  readFileSync(new URL('../../protocols/decision/vectors/proofs.json', import.meta.url), 'utf8')
) as { valid: { proof: string; shows: { company: string } }[] }

export const SAMPLES = {
  approved: APPROVED,
  many: many(),
  slow: slow(),
  /** Another outcome, with the same signatures. */
  forged: APPROVED.replace('"title":"The short one"', '"title":"The long one"'),
  hostile: HOSTILE,
  large: `{${' '.repeat(CERTIFICATE_BYTES_MAX)}}`,
  /** As long as a certificate may be, and wrong only when all of it is read. */
  long: `{"a":"${'x'.repeat(CERTIFICATE_BYTES_MAX - 8)}"}`,
  proof: PROOFS.valid[0]?.proof ?? ''
} as const

export const TRUST = {
  some: `# by phone, 2026-03-01\n${HOLDERS[0]?.company}\n`,
  all: HOLDERS.map(({ company }) => company).join('\n'),
  accused: PROOFS.valid[0]?.shows.company ?? '',
  wrong: 'Acme GmbH\n'
} as const
