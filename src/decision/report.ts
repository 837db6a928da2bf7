// What a verified certificate says, in the words in which every surface says it: the command line and the page for
// those who have no node. All text in it is its authors', and not yet fit to be shown. protocols/decision, section 7.
import type { Verified, Witness } from './certificate-check.ts'
import type { Outcome } from './outcome.ts'
import type { Ballot, Initiation, MediationRecord } from './schema.ts'

/** A ballot and whose it is. */
export type Vote = Pick<
  Ballot,
  'company' | 'role' | 'choice' | 'option' | 'scores' | 'rationale' | 'objection'
>

export interface Report {
  decision: string
  title: string
  question: string
  /** Their titles. */
  options: string[]
  subject: Initiation['subject']
  electors: Initiation['policy']['electors']
  ballots: Vote[]
  outcome: Outcome
  /** The decision that this one takes up again, and what its mediation agreed on. */
  revises?: string
  mediation?: MediationRecord | undefined
  rationale: string | undefined
  /** As the policy names them. */
  companies: Witness[]
  checks: string[]
}

export function reportOf({ file, messages, companies, checks }: Verified): Report {
  const { title, question, options, subject, policy, revises } = initiationOf(messages)
  const order = policy.electors.map(({ company }) => company)
  return {
    decision: file.decision,
    title,
    question,
    options: options.map(option => option.title),
    subject,
    electors: policy.electors,
    ballots: messages.reveals.map(({ payload: { company, role, ballot } }) => {
      const { choice, option, scores, rationale, objection } = ballot
      return { company, role, choice, option, scores, rationale, objection }
    }),
    outcome: file.outcome,
    ...(revises && { revises: revises.decision, mediation: messages.before[0]?.payload.record }),
    rationale: messages.rationales[0]?.payload.text,
    companies: companies.toSorted((a, b) => order.indexOf(a.did) - order.indexOf(b.did)),
    checks
  }
}

/** A certificate that was verified has just one. */
export function initiationOf({ initiation: [initiation] }: Verified['messages']): Initiation {
  if (!initiation) throw new TypeError('a certificate without an initiation was verified')
  return initiation.payload
}

/** Those whose root the reader has not pinned. DEC-26 */
export function strangersOf({ companies }: Pick<Report, 'companies'>): Witness[] {
  return companies.filter(({ isPinned }) => !isPinned)
}

/** The company's own name for itself, which only its words make trustworthy. */
export function legalNameOf({ companies }: Pick<Report, 'companies'>, did: string): string {
  return companies.find(company => company.did === did)?.legalName ?? did
}

export function choiceOf({ choice, option }: Pick<Vote, 'choice' | 'option'>): string {
  return choice === 'option' ? `option ${(option ?? 0) + 1}` : choice
}

export function resultOf({ approved, failed }: Outcome): string {
  return approved
    ? `APPROVED: option ${approved.option + 1}, ${approved.title}`
    : `NOT APPROVED: ${failed?.join(', ')}`
}

export function weightsOf({ tally }: Outcome): string {
  const { approve, reject, abstain, of, needed } = tally
  return `weight for each option ${approve.join(', ')}; against ${reject}; abstained ${abstain}; of ${of}, ${needed} needed`
}

export function recommendationOf({ recommendation: { option, medians } }: Outcome): string {
  if (medians.every(median => median === null)) return 'no ballot scores the options'
  return option === undefined ? 'the scores recommend none' : `the scores recommend option ${option + 1}`
}

export function mediationOf({ outcome, rationale }: Pick<MediationRecord, 'outcome' | 'rationale'>): string {
  return `${outcome}: ${rationale}`
}

const FILE_KINDS = ['decision.v1', 'equivocation.v1'] as const

/** Which kind of file it says it is. It is canonical JSON, or it is refused: the member stands last. */
export function fileKindOf(bytes: Uint8Array): (typeof FILE_KINDS)[number] | undefined {
  const end = new TextDecoder('latin1').decode(bytes.subarray(-64))
  return FILE_KINDS.find(kind => end.includes(`"parley":"${kind}"`))
}
