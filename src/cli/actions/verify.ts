// `parley verify`: files that stand for themselves, checked by anybody, without a node and without the network.
import { SEALED_BYTES_MAX } from '../../artifacts/sealed-file.ts'
import { type Witness, verifyCertificate } from '../../decision/certificate-check.ts'
import { verifyEquivocation } from '../../decision/equivocation.ts'
import {
  type Report,
  choiceOf,
  fileKindOf,
  initiationOf,
  legalNameOf,
  reportOf,
  strangersOf
} from '../../decision/report.ts'
import type { Initiation } from '../../decision/schema.ts'
import { wordsOf } from '../../identity/words.ts'
import { isReject } from '../../wire/reject.ts'
import { type Cli, usage } from '../cli.ts'
import { readBytes } from '../files.ts'
import { shortId } from '../find.ts'
import { facts, inline } from '../text.ts'
import { notSigned, pinnedRoots, unpinned } from './certificates.ts'
import { optionLines, outcomeLines, reasonLines, recordLines, subjectLine } from './decision-page.ts'
import { type SealedOptions, verifySealed } from './sealed.ts'

const AGAIN = 'It is damaged or forged. Ask for it again, from whom it names.'

export async function verify(cli: Cli, path: string, options: SealedOptions): Promise<void> {
  const bytes = await readBytes(path, SEALED_BYTES_MAX)
  const kind = fileKindOf(bytes)
  const { identity, decision, content, trust } = options
  if (kind !== undefined && (identity || decision !== undefined))
    throw usage('--identity and --decision go with a sealed document', 'This file holds all that it needs.')
  if (kind === 'equivocation.v1' && content === true)
    throw usage('a proof has no content', 'Leave out --content.')
  if (kind === undefined && trust !== undefined && decision === undefined)
    throw usage('--trust goes with a decision', 'Companies of a sealed document: --identity FILE.')
  if (kind === 'decision.v1') return verifyDecision(cli, bytes, options)
  if (kind === 'equivocation.v1') return verifyProof(cli, bytes, options)
  await verifySealed(cli, bytes, options)
}

async function verifyProof(cli: Cli, bytes: Uint8Array, options: SealedOptions): Promise<void> {
  const pinned = await pinnedRoots(cli, options.trust)
  const proven = verifyEquivocation(bytes)
  if (isReject(proven)) throw notSigned(proven, 'this', AGAIN)
  const { company, legalName, role, key, kind, decision, round } = proven
  const isPinned = pinned.has(company)
  const words = wordsOf(company)
  const where = `${kind}${round === undefined ? '' : `, round ${round}`}`
  cli.output.answer({ ...proven, words, isPinned }, () =>
    facts([
      ['proven', `one key of the ${role} of ${inline(legalName)} has signed two different messages`],
      ['where', `${where} of decision ${shortId(decision)}`],
      ['key', key],
      ['company', companyLines({ legalName, did: company, words, isPinned })]
    ])
  )
  if (!isPinned) throw unpinned([{ legalName }])
}

async function verifyDecision(cli: Cli, bytes: Uint8Array, options: SealedOptions): Promise<void> {
  const pinned = await pinnedRoots(cli, options.trust)
  const verified = verifyCertificate(bytes, pinned)
  if (isReject(verified)) throw notSigned(verified, 'this', AGAIN)
  const report = reportOf(verified)
  if (options.content === true) cli.output.content(`${JSON.stringify(report, null, 2)}\n`)
  else cli.output.answer(report, () => describe(report, initiationOf(verified.messages)))
  const strangers = strangersOf(report)
  if (strangers.length > 0) throw unpinned(strangers)
}

function describe(report: Report, { options, policy }: Initiation): string {
  const { decision, title, question, subject, outcome, rationale, revises, mediation, companies } = report
  return facts([
    ['decision', `${inline(title)} (${shortId(decision)})`],
    ['question', question],
    ['options', options.flatMap(optionLines)],
    ['subject', subject && subjectLine(subject)],
    ['policy', policy.title],
    ['outcome', outcomeLines(outcome)],
    ['ballots', ballotLines(report)],
    ['rationale', rationale],
    ['mediation', outcome.mediation && recordLines(outcome.mediation)],
    ['revises', revises && mediation && [`${shortId(revises)}, upon a mediation`, ...recordLines(mediation)]],
    ['checked', report.checks],
    ['companies', companies.flatMap(companyLines)]
  ])
}

/** Who decides, in the order of the policy, and what each has opened. */
function ballotLines(report: Report): string[] {
  return report.electors.flatMap(({ company, role, weight }) => {
    const who = `${role} of ${legalNameOf(report, company)}, weight ${weight}`
    const own = report.ballots.filter(ballot => ballot.company === company && ballot.role === role)
    if (own.length === 0) return [`${who}: none`]
    return own.flatMap(ballot => [`${who}: ${choiceOf(ballot)}`, ...reasonLines(ballot)])
  })
}

type Shown = Pick<Witness, 'did' | 'legalName' | 'words' | 'isPinned'> & { registrationNumber?: string }

function companyLines({ did, legalName, registrationNumber, words, isPinned }: Shown): string[] {
  const number = registrationNumber === undefined ? '' : `, ${registrationNumber}`
  return [`${isPinned ? 'pinned' : 'UNPINNED'}: ${legalName}${number}`, `  ${did}`, `  ${words.join(' ')}`]
}
