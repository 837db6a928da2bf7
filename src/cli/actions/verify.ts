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
import { parseTrust } from '../../decision/trust-file.ts'
import { wordsOf } from '../../identity/words.ts'
import { openHome, readIdentity } from '../../node/home/home.ts'
import { explain } from '../../node/refusals/refusals.ts'
import { NodeError, isNodeError } from '../../wire/node-error.ts'
import { type Reject, isReject } from '../../wire/reject.ts'
import type { Cli } from '../cli.ts'
import { readBytes, readText } from '../files.ts'
import { shortId } from '../find.ts'
import { facts, inline } from '../text.ts'
import { optionLines, outcomeLines, reasonLines, recordLines, subjectLine } from './decision-page.ts'
import { type SealedOptions, verifySealed } from './sealed.ts'

export interface VerifyOptions extends SealedOptions {
  trust?: string
}

export async function verify(cli: Cli, path: string, options: VerifyOptions): Promise<void> {
  const bytes = await readBytes(path, SEALED_BYTES_MAX)
  const kind = fileKindOf(bytes)
  if (kind === 'decision.v1') return verifyDecision(cli, bytes, options)
  if (kind === 'equivocation.v1') return verifyProof(cli, bytes, options)
  await verifySealed(cli, bytes, options)
}

async function verifyProof(cli: Cli, bytes: Uint8Array, options: VerifyOptions): Promise<void> {
  const pinned = await pinnedRoots(cli, options.trust)
  const proven = verifyEquivocation(bytes)
  if (isReject(proven)) throw notSigned(proven)
  const { company, legalName, role, key, kind, decision, round } = proven
  const isPinned = pinned.has(company)
  const words = wordsOf(company)
  const where = `${kind}${round === undefined ? '' : `, round ${round}`}`
  cli.output.answer({ ...proven, words, isPinned }, () =>
    facts([
      ['proven', `one key of the ${role} of ${inline(legalName)} has signed two different messages`],
      ['where', `${where} of decision ${decision.slice(0, 12)}`],
      ['key', key],
      ['company', companyLines({ legalName, did: company, words, isPinned })]
    ])
  )
  if (!isPinned) throw unpinned([{ legalName }])
}

async function verifyDecision(cli: Cli, bytes: Uint8Array, options: VerifyOptions): Promise<void> {
  const pinned = await pinnedRoots(cli, options.trust)
  const verified = verifyCertificate(bytes, pinned)
  if (isReject(verified)) throw notSigned(verified)
  const report = reportOf(verified)
  if (options.content === true) cli.output.content(`${JSON.stringify(report, null, 2)}\n`)
  else cli.output.answer(report, () => describe(report, initiationOf(verified.messages)))
  const strangers = strangersOf(report)
  if (strangers.length > 0) throw unpinned(strangers)
}

/** The roots of a trust file, and the own one where there is a home. */
async function pinnedRoots(cli: Cli, trust: string | undefined): Promise<Set<string>> {
  const pinned = new Set<string>()
  try {
    pinned.add((await readIdentity(await openHome(cli.home))).did)
  } catch (error) {
    if (!isNodeError(error, 'home-absent')) throw error
  }
  if (trust === undefined) return pinned
  const read = parseTrust(await readText(trust))
  if ('wrong' in read)
    throw new NodeError(
      'name-refused',
      `${trust}, line ${read.line}: ${inline(read.wrong)} is no did`,
      'Write one did a line; # begins a remark.'
    )
  for (const did of read.dids) pinned.add(did)
  return pinned
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

function notSigned(reject: Reject): NodeError {
  return new NodeError(
    'decision-refused',
    `this is not what anybody signed. ${explain(reject)}`,
    'It is damaged or forged. Ask for it again, from whom it names.'
  )
}

function unpinned(strangers: Pick<Witness, 'legalName'>[]): NodeError {
  const who = strangers.map(({ legalName }) => inline(legalName)).join(', ')
  return new NodeError(
    'unpinned',
    `it holds together, but nobody here has pinned ${who}`,
    'Compare the words with them by phone, write the did of each on a line of a file, and give that: --trust FILE'
  )
}
