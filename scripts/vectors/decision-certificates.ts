// Certificates of decisions: right ones of each ending, and forged ones with every digest made anew.
import { certify } from '../../src/decision/certificate.ts'
import { verifyCertificate } from '../../src/decision/certificate-check.ts'
import {
  type CertificateFile,
  encodeCertificate,
  parseCertificate
} from '../../src/decision/certificate-file.ts'
import { type Decision, settledDigest } from '../../src/decision/decision.ts'
import { type Message, certificateIdOf } from '../../src/decision/message.ts'
import type { Ballot, Initiation, MediationRecord } from '../../src/decision/schema.ts'
import { fromUtf8 } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import {
  type Holder,
  commit,
  holderOf,
  identityOf,
  initiate,
  must,
  play,
  policyOf,
  say,
  scored
} from './decision-builders.ts'

const NAMES = ['acme', 'borealis', 'cobalt', 'dorado']
const [ADA, BO, CLEO, DAN] = NAMES.map(name => holderOf(name, 'CTO')) as [Holder, Holder, Holder, Holder]
const CEOS = NAMES.map(name => holderOf(name, 'CEO', 1, ['mediate']))
const POLICY = policyOf(NAMES.map(name => ({ name })))
const STANDARD: Initiation['subject'] = {
  kind: 'StandardsDoc.v1',
  artifact: 'ab'.repeat(16),
  facet: 'cd'.repeat(32),
  heads: [{ client: 7, id: '12'.repeat(32), seq: 3 }],
  root: 'ef'.repeat(32),
  release: '1.0.0'
}
const YES = { choice: 'option' as const, option: 0, rationale: 'It is ready.', scores: scored(4, 2) }
const OTHER = { choice: 'option' as const, option: 1, scores: scored(2, 4) }
const NO = {
  choice: 'reject' as const,
  objection: { argument: 'It names our product.', change: 'Name none.' }
}

type Votes = [Holder, Partial<Ballot> & Pick<Ballot, 'choice'>][]
const majority = () => initiate(ADA, POLICY)
const unanimous = (changes: Partial<Initiation> = {}) =>
  initiate(ADA, POLICY, { subject: STANDARD, ...changes })
const all = (...choices: Votes[number][1][]): Votes =>
  [ADA, BO, CLEO, DAN].flatMap((holder, i) => (choices[i] ? [[holder, choices[i]]] : []))

function mediate(
  decision: Decision,
  record: MediationRecord,
  ceos = CEOS,
  about?: string
): Message<'decision-mediation.v1'>[] {
  const { settled } = decision
  if (!settled) throw new Error('not settled')
  return ceos.map(ceo => {
    const body = { decision: decision.id, settled: about ?? settledDigest(settled.final), record }
    const message = say(ceo, 'decision-mediation.v1', body)
    decision.add(message)
    return message
  })
}

const REVISE: MediationRecord = {
  outcome: 'revise',
  rationale: 'It can do without.',
  changes: ['Name no product.']
}

function revisedBy(before: Message<'decision-mediation.v1'>[], decision: string): Decision {
  const mediation = before.map(({ id }) => id).sort()
  return play(unanimous({ revises: { decision, mediation } }), all(YES, YES, YES, YES))
}

function validCertificates(): [name: string, rule: string, file: Uint8Array][] {
  const make = (decision: Decision, before: Message<'decision-mediation.v1'>[] = []) =>
    must(certify(decision, identityOf, before))
  const against = play(
    majority(),
    all(OTHER, { ...YES, scores: scored(1, 5) }, { ...YES, scores: scored(1, 5) }, YES)
  )
  against.add(
    say(BO, 'decision-rationale.v1', { decision: against.id, text: 'The other cannot be had in time.' })
  )
  const vetoed = play(unanimous(), all(YES, YES, NO, YES))
  const before = mediate(vetoed, REVISE)
  const lapsed = play(majority(), all(YES, OTHER, NO, { choice: 'abstain' }))
  mediate(lapsed, { outcome: 'lapse', rationale: 'We want different things.', changes: [] }, CEOS.slice(0, 3))
  return [
    ['by weighted majority', 'DEC-20', make(play(majority(), all(YES, YES, OTHER, YES)))],
    ['a standard by unanimity', 'DEC-20', make(play(unanimous(), all(YES, YES, YES, YES)))],
    ['one has not committed', 'DEC-14', make(play(majority(), all(YES, YES, YES)))],
    ['one has not revealed', 'DEC-19', make(play(majority(), all(YES, YES, YES, NO), { silent: [DAN] }))],
    ['against the scores, with a rationale', 'DEC-22', make(against)],
    ['vetoed', 'DEC-25', make(play(unanimous(), all(YES, YES, NO, YES)))],
    ['revised after mediation', 'DEC-27', make(revisedBy(before, vetoed.id), before)],
    ['lapsed by mediation', 'DEC-25', make(lapsed)]
  ]
}

const read = (file: Uint8Array): CertificateFile => must(parseCertificate(file))

/** A certificate with one thing changed, and everything around it made to fit. */
function forged(): [name: string, rule: string, code: string, file: Uint8Array][] {
  const good = play(majority(), all(YES, YES, OTHER, YES))
  const file = read(must(certify(good, identityOf)))
  const change = (changes: Partial<CertificateFile>) => encodeCertificate({ ...file, ...changes })
  const without = (group: keyof CertificateFile['messages'], at: number) =>
    change({ messages: { ...file.messages, [group]: file.messages[group].toSpliced(at, 1) } })
  const three = read(must(certify(play(majority(), all(YES, YES, YES)), identityOf)))
  const fewer = (group: 'closes' | 'settles', at: number) =>
    encodeCertificate({
      ...three,
      messages: { ...three.messages, [group]: three.messages[group].toSpliced(at, 1) }
    })
  const other = read(must(certify(play(majority(), all(YES, YES, YES, YES)), identityOf)))
  const swapped = commit(CLEO, good.id, { choice: 'option', option: 0 })
  const reveal = say(CLEO, 'decision-reveal.v1', { decision: good.id, ...swapped.secret })
  const own = good.of('decision-reveal.v1').find(({ payload }) => payload.company === CLEO.company)
  const reveals = [...good.of('decision-reveal.v1').filter(message => message !== own), reveal]
  const documents = (messages: Message[]) =>
    messages.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ record }) => record.document)
  const withPolicy = (changes: object) => {
    const initiation = initiate(ADA, { ...POLICY, ...changes })
    return change({
      decision: initiation.id,
      messages: { ...file.messages, initiation: [initiation.record.document] }
    })
  }
  const heavier = POLICY.electors.map((elector, i) => (i === 0 ? { ...elector, weight: 2 } : elector))
  const stranger = say(holderOf('elm', 'CTO'), 'decision-context.v1', {
    decision: good.id,
    commitment: '0'.repeat(64)
  })
  const elsewhere = say(ADA, 'decision-context.v1', { decision: '0'.repeat(64), commitment: '0'.repeat(64) })
  const [first, ...others] = file.identities as [Uint8Array, ...Uint8Array[]]
  return [
    ['a ballot dropped', 'DEC-23', 'certificate-settled', without('reveals', 0)],
    [
      'a ballot swapped',
      'DEC-12',
      'ballot-commitment',
      change({ messages: { ...file.messages, reveals: documents(reveals) } })
    ],
    ['a commitment dropped', 'DEC-23', 'certificate-closed', without('commitments', 0)],
    ['a weight changed', 'DEC-23', 'certificate-decision', withPolicy({ electors: heavier })],
    ['the policy replaced', 'DEC-23', 'certificate-decision', withPolicy({ recommendAt: 0 })],
    [
      'another outcome',
      'DEC-24',
      'certificate-outcome',
      change({ outcome: { ...file.outcome, approved: { option: 1, title: 'The long one' } } })
    ],
    [
      'another tally',
      'DEC-24',
      'certificate-outcome',
      change({ outcome: { ...file.outcome, tally: { ...file.outcome.tally, reject: 1 } } })
    ],
    ['a statement dropped', 'DEC-13', 'round-because', fewer('closes', 0)],
    ['the last statement dropped', 'DEC-13', 'certificate-quorum', fewer('settles', 0)],
    [
      'settles of other ballots',
      'DEC-23',
      'certificate-settled',
      change({ messages: { ...file.messages, settles: other.messages.settles } })
    ],
    [
      'a key that nobody listed',
      'DEC-7',
      'certificate-missing',
      change({ messages: { ...file.messages, contexts: [stranger.record.document] } })
    ],
    [
      'two messages out of order',
      'DEC-23',
      'certificate-order',
      change({ messages: { ...file.messages, reveals: file.messages.reveals.toReversed() } })
    ],
    [
      'a certificate dropped',
      'DEC-23',
      'certificate-missing',
      change({ certificates: file.certificates.slice(1) })
    ],
    [
      'an identity log dropped',
      'DEC-23',
      'certificate-missing',
      change({ identities: file.identities.slice(1) })
    ],
    ['identity logs out of order', 'DEC-23', 'certificate-order', change({ identities: [...others, first] })],
    [
      'a context of another decision',
      'DEC-23',
      'certificate-decision',
      change({ messages: { ...file.messages, contexts: [elsewhere.record.document] } })
    ],
    ...forgedEndings()
  ]
}

function forgedEndings(): [name: string, rule: string, code: string, file: Uint8Array][] {
  const vetoed = play(unanimous(), all(YES, YES, NO, YES))
  const before = mediate(vetoed, REVISE)
  const revised = read(must(certify(revisedBy(before, vetoed.id), identityOf, before)))
  const removed = { ...revised.messages, before: [] }
  const against = play(
    majority(),
    all(OTHER, { ...YES, scores: scored(1, 5) }, { ...YES, scores: scored(1, 5) }, YES)
  )
  against.add(say(BO, 'decision-rationale.v1', { decision: against.id, text: 'It can be had in time.' }))
  const reasoned = read(must(certify(against, identityOf)))
  const few = mediate(play(unanimous(), all(YES, YES, NO, YES)), REVISE, CEOS.slice(0, 2))
  const bare = revisedBy(few, vetoed.id)
  const dead = play(unanimous(), all(YES, YES, NO, YES))
  const lapsed = mediate(dead, { ...REVISE, outcome: 'lapse' })
  const undead = revisedBy(lapsed, dead.id)
  const other = play(unanimous(), all(YES, NO, NO, YES))
  return [
    [
      'a mediation record removed',
      'DEC-27',
      'certificate-extra',
      encodeCertificate({ ...revised, messages: removed })
    ],
    [
      'a mediation record removed, and its certificates',
      'DEC-27',
      'mediation-missing',
      encodeCertificate(withoutBefore(revised))
    ],
    ['revised by too few', 'DEC-27', 'mediation-weight', must(certify(bare, identityOf, few))],
    ['revised though it has lapsed', 'DEC-27', 'mediation-weight', must(certify(undead, identityOf, lapsed))],
    [
      'a mediation before a decision that revises nothing',
      'DEC-27',
      'certificate-decision',
      encodeCertificate(withMediation(play(unanimous(), all(YES, YES, YES, YES)), 'before', before))
    ],
    [
      'a mediation of another settled set',
      'DEC-25',
      'mediation-weight',
      encodeCertificate(withMediation(other, 'mediations', mediate(other, REVISE, CEOS, '77'.repeat(32))))
    ],
    [
      'the rationale removed',
      'DEC-22',
      'rationale-missing',
      encodeCertificate({ ...reasoned, messages: { ...reasoned.messages, rationales: [] } })
    ]
  ]
}

/** The certificate of a decision with mediation messages that do not belong there, and all that they need. */
function withMediation(
  decision: Decision,
  group: 'before' | 'mediations',
  messages: Message<'decision-mediation.v1'>[]
): CertificateFile {
  const file = read(must(certify(decision, identityOf)))
  const documents = messages.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ record }) => record.document)
  const rights = new Map(messages.map(({ payload, record }) => [payload.certificate, record.certificate]))
  const all = [...file.certificates.map(bytes => [must(certificateIdOf(bytes)), bytes] as const), ...rights]
  const certificates = all.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, bytes]) => bytes)
  return { ...file, certificates, messages: { ...file.messages, [group]: documents } }
}

/** The mediation gone, with the certificates of those who signed it. */
function withoutBefore(file: CertificateFile): CertificateFile {
  const ids = new Set(CEOS.map(({ certificate }) => fromUtf8(certificate)))
  const certificates = file.certificates.filter(certificate => !ids.has(fromUtf8(certificate)))
  return { ...file, certificates, messages: { ...file.messages, before: [] } }
}

export function certificateVectors() {
  return {
    about: 'Certificates, DEC-23 to DEC-27, as text: its bytes in UTF-8 are what is verified',
    valid: validCertificates().map(([name, rule, file]) => {
      const verified = verifyCertificate(file)
      if (isReject(verified)) throw new Error(`${name}: ${verified}`)
      return { name, rule, outcome: verified.file.outcome, certificate: fromUtf8(file) }
    }),
    invalid: forged().map(([name, rule, code, file]) => {
      const verified = verifyCertificate(file)
      if (!isReject(verified) || verified.code !== code) {
        const found = isReject(verified) ? String(verified) : 'accepted'
        throw new Error(`${name}: ${found} instead of ${code}`)
      }
      return { name, rule, code, certificate: fromUtf8(file) }
    })
  }
}
