// Checks a certificate from the file alone: offline, by a stranger, without any other message of the decision.
// protocols/decision, section 7.
import type { CompanyIdentity } from '../identity/company-identity.ts'
import { verifyIdentityLog } from '../identity/identity-log.ts'
import { wordsOf } from '../identity/words.ts'
import { equalBytes } from '../wire/bytes.ts'
import { encodeJcs } from '../wire/jcs.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { cutLog } from './certificate.ts'
import {
  type CertificateFile,
  GROUPS,
  GROUP_NAMES,
  type Group,
  namedCertificate,
  parseCertificate
} from './certificate-file.ts'
import { type Evidence, checkEvidence } from './evidence.ts'
import { type Message, certificateIdOf, digestOf, parseMessage, plain } from './message.ts'
import { companyWeight } from './mediation.ts'
import { outcomeOf } from './outcome.ts'
import { seatOf } from './policy.ts'
import type { Initiation } from './schema.ts'
import { standardOf } from './tally.ts'

/** The messages of a file, each group of one kind. */
export type Messages = { [G in Group]: Message<(typeof GROUPS)[G]>[] }

/** One company that a certificate rests on. */
export interface Witness {
  did: string
  legalName: string
  registrationNumber: string
  /** Eight words to compare by phone (IDN-27). */
  words: string[]
  /** Whether the reader's trust file names this root (DEC-26). */
  isPinned: boolean
}

/** A certificate in which everything is as it must be. */
export interface Verified {
  file: CertificateFile
  messages: Messages
  companies: Witness[]
  /** What was checked, in the order in which it was. */
  checks: string[]
}

/**
 * @param pinned dids of the reader's trust file
 * @returns the first thing that is wrong, with a code of protocols/decision, section 13
 */
export function verifyCertificate(
  bytes: Uint8Array,
  pinned: ReadonlySet<string> = new Set()
): Verified | Reject {
  const file = parseCertificate(bytes)
  if (isReject(file)) return file
  const identities = identitiesOf(file)
  if (isReject(identities)) return identities
  const messages = messagesOf(file, identities)
  if (isReject(messages)) return messages
  const refused =
    checkRights(file, messages, identities) ?? checkPlace(file, messages) ?? checkCourse(file, messages)
  if (refused) return refused
  const { initiation, ...rest } = messages
  const count = Object.values(rest).flat().length
  return {
    file,
    messages,
    companies: [...identities.values()].map(identity => witnessOf(identity, pinned)),
    checks: [
      `${identities.size} identity logs hold together, and ${file.certificates.length} role certificates are theirs`,
      `${initiation.length + count} messages are signed by keys that had the right to`,
      `${messages.commitments.length} commitments were closed by enough weight before any was opened`,
      `${messages.reveals.length} ballots are those that were committed to`,
      'the ballots were settled by enough weight, and give the outcome that it states'
    ]
  }
}

function witnessOf(identity: CompanyIdentity, pinned: ReadonlySet<string>): Witness {
  const { did, legalName, registrationNumber } = identity
  return { did, legalName, registrationNumber, words: wordsOf(did), isPinned: pinned.has(did) }
}

function identitiesOf({ identities }: CertificateFile): Map<string, CompanyIdentity> | Reject {
  const found = new Map<string, CompanyIdentity>()
  let before = ''
  for (const log of identities) {
    const identity = verifyIdentityLog(log)
    if (isReject(identity)) return identity
    if (identity.did <= before)
      return bad('certificate-order', 'identity logs stand in the order of their dids')
    before = identity.did
    found.set(identity.did, identity)
  }
  return found
}

function messagesOf(
  { messages, certificates }: CertificateFile,
  identities: ReadonlyMap<string, CompanyIdentity>
): Messages | Reject {
  const byId = new Map<string, Uint8Array>()
  for (const certificate of certificates) {
    const id = certificateIdOf(certificate)
    if (isReject(id)) return id
    if (id <= ([...byId.keys()].at(-1) ?? ''))
      return bad('certificate-order', 'certificates stand in the order of their ids')
    byId.set(id, certificate)
  }
  const read: { [group: string]: Message[] } = {}
  for (const group of GROUP_NAMES) {
    const parsed: Message[] = []
    for (const document of messages[group]) {
      const certificate = byId.get(namedCertificate(document) ?? '')
      if (!certificate)
        return bad('certificate-missing', `${group}: the certificate of a signer is not in the file`)
      const message = parseMessage({ document, certificate }, did => identities.get(did))
      if (isReject(message)) return new Reject(message.code, `${group}: ${message.detail}`)
      if ('waitsFor' in message)
        return bad(
          'certificate-missing',
          `${group}: the identity log of ${message.waitsFor} is not in the file`
        )
      if (message.kind !== GROUPS[group])
        return bad('certificate-order', `${group}: a message of another kind`)
      if (message.id <= (parsed.at(-1)?.id ?? ''))
        return bad('certificate-order', `${group}: not in the order of ids`)
      parsed.push(message)
    }
    read[group] = parsed
  }
  return read as unknown as Messages
}

/** Nothing is in the file that nobody needs. */
function checkRights(
  file: CertificateFile,
  messages: Messages,
  identities: ReadonlyMap<string, CompanyIdentity>
): Reject | undefined {
  const all = Object.values(messages).flat()
  if (new Set(all.map(({ payload }) => payload.certificate)).size !== file.certificates.length)
    return bad('certificate-extra', 'a certificate of nobody who signed')
  const versions = Map.groupBy(all, ({ payload }) => payload.company)
  if (versions.size !== identities.size)
    return bad('certificate-extra', 'the log of a company that signed nothing')
  for (const [did, signed] of versions) {
    const identity = identities.get(did) as CompanyIdentity
    const needed = new Set(signed.map(({ certificate }) => certificate.issuer))
    if (!equalBytes(cutLog(identity, needed), identity.log))
      return bad('certificate-extra', `the log of ${did} goes on after what is needed`)
  }
  return undefined
}

/** Every message belongs to this decision, and to an elector of it. */
function checkPlace({ decision }: CertificateFile, messages: Messages): Reject | undefined {
  const [initiation] = messages.initiation
  if (messages.initiation.length !== 1 || initiation?.id !== decision)
    return bad('certificate-decision', 'the initiation is not the one whose digest names the decision')
  const { policy } = initiation.payload
  const own = GROUP_NAMES.filter(name => name !== 'initiation' && name !== 'before').flatMap(
    name => messages[name] as Message[]
  )
  for (const message of own) {
    const { payload } = message
    if (message.kind === 'decision-initiation.v1' || message.payload.decision !== decision)
      return bad('certificate-decision', 'a message of another decision')
    const isElector =
      message.kind === 'decision-mediation.v1'
        ? policy.electors.some(({ company }) => company === payload.company)
        : seatOf(policy, payload) >= 0
    if (!isElector) return bad('message-power', 'signed by nobody who decides here')
  }
  return seatOf(policy, initiation.payload) >= 0
    ? checkBefore(initiation.payload, messages.before)
    : bad('message-power', 'begun by nobody who decides here')
}

/** DEC-27: what a revised decision rests on. */
export function checkBefore(
  { revises, policy, subject }: Initiation,
  before: Messages['before']
): Reject | undefined {
  if (before.some(({ payload }) => payload.decision !== revises?.decision))
    return bad('certificate-decision', 'a mediation of another decision than the one that is revised')
  if (!revises) return undefined
  const held = new Set(before.map(({ id }) => id))
  if (revises.mediation.some(id => !held.has(id)))
    return bad('mediation-missing', 'the mediation that the initiation names is not there')
  if (held.size > revises.mediation.length)
    return bad('certificate-extra', 'a mediation that the initiation does not name')
  return before.some(({ payload }) => payload.record.outcome === 'lapse')
    ? bad('mediation-weight', 'the mediation ended the decision')
    : checkAgreement(before, { policy, subject })
}

type Rules = Pick<Message<'decision-initiation.v1'>['payload'], 'policy' | 'subject'>

function checkAgreement(mediations: Messages['mediations'], { policy, subject }: Rules): Reject | undefined {
  const standard = standardOf({ policy, subject, options: [] })
  const companies = mediations.map(({ payload }) => payload.company)
  const isOne =
    new Set(mediations.map(({ payload }) => digestOf(payload.record) + payload.settled)).size === 1
  if (!isOne || new Set(companies).size < companies.length)
    return bad('mediation-weight', 'the CEO roles have not signed one record, each once')
  return companyWeight(standard, companies) >= standard.quorums.close
    ? undefined
    : bad('mediation-weight', 'too little weight has signed the mediation')
}

/** Commitments, closing, ballots, settling, and what follows from them. */
function checkCourse({ outcome }: CertificateFile, messages: Messages): Reject | undefined {
  const evidence = checkEvidence(messages)
  if (isReject(evidence)) return evidence
  return (
    checkContexts(messages) ??
    checkRationale(messages, evidence) ??
    checkMediation(messages, evidence) ??
    checkOutcome(outcome, messages, evidence)
  )
}

function checkContexts({ commitments, contexts }: Messages): Reject | undefined {
  const named = new Set(commitments.map(({ payload }) => payload.context))
  return contexts.every(({ id }) => named.has(id))
    ? undefined
    : bad('certificate-extra', 'a context that no commitment names')
}

function checkRationale(
  { rationales }: Messages,
  { standard, tally, ballots, against }: Evidence
): Reject | undefined {
  if (rationales.length !== (against ? 1 : 0))
    return against
      ? bad('rationale-missing', 'the scores recommend something else, and nobody says why not')
      : bad('certificate-extra', 'a rationale that nothing asks for')
  const isOfApprover = rationales.every(({ payload }) => {
    const ballot = ballots[seatOf(standard.policy, payload)]
    return ballot?.option !== undefined && ballot.option === tally.approved
  })
  return isOfApprover ? undefined : bad('rationale-missing', 'the rationale is by nobody who voted for it')
}

function checkMediation(
  { mediations, initiation }: Messages,
  { tally, settled }: Evidence
): Reject | undefined {
  if (mediations.length === 0) return undefined
  if (tally.approved !== undefined) return bad('certificate-extra', 'a mediation of what was approved')
  if (mediations.some(({ payload }) => payload.settled !== settled))
    return bad('mediation-weight', 'a mediation of other ballots than these')
  return checkAgreement(mediations, (initiation[0] as Message<'decision-initiation.v1'>).payload)
}

function checkOutcome(outcome: object, messages: Messages, evidence: Evidence): Reject | undefined {
  const { payload } = messages.initiation[0] as Message<'decision-initiation.v1'>
  const expected = outcomeOf(payload, evidence.standard, evidence, messages.mediations[0]?.payload.record)
  return equalBytes(encodeJcs(plain(expected)), encodeJcs(plain(outcome)))
    ? undefined
    : bad('certificate-outcome', 'the ballots do not come to the outcome that it states')
}

function bad(code: string, detail: string): Reject {
  return new Reject(code, detail)
}
