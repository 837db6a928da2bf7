// `parley verify`: files that stand for themselves, checked by anybody, without a node and without the network.
import { SEALED_BYTES_MAX } from '../../artifacts/sealed-file.ts'
import { type Verified, type Witness, verifyCertificate } from '../../decision/certificate-check.ts'
import { verifyEquivocation } from '../../decision/equivocation.ts'
import type { Outcome } from '../../decision/outcome.ts'
import { wordsOf } from '../../identity/words.ts'
import { openHome, readIdentity } from '../../node/home.ts'
import { explain } from '../../node/refusal.ts'
import { NodeError, isNodeError } from '../../wire/node-error.ts'
import { type Reject, isReject } from '../../wire/reject.ts'
import type { Cli } from '../cli.ts'
import { readBytes, readText } from '../files.ts'
import { facts, inline } from '../text.ts'
import { type SealedOptions, verifySealed } from './sealed.ts'

export interface VerifyOptions extends SealedOptions {
  trust?: string
}

export async function verify(cli: Cli, path: string, options: VerifyOptions): Promise<void> {
  const bytes = await readBytes(path, SEALED_BYTES_MAX)
  if (says(bytes, 'decision.v1')) return verifyDecision(cli, bytes, options)
  if (says(bytes, 'equivocation.v1')) return verifyProof(cli, bytes, options)
  await verifySealed(cli, bytes, options)
}

/** Which kind of file it says it is. It is canonical JSON, or it is refused: the member stands last. */
function says(bytes: Uint8Array, kind: string): boolean {
  return Buffer.from(bytes.subarray(-64)).toString('latin1').includes(`"parley":"${kind}"`)
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
      ['company', companyLines({ legalName, registrationNumber: company, words, isPinned })]
    ])
  )
  if (!isPinned) throw unpinned([{ legalName }])
}

async function verifyDecision(cli: Cli, bytes: Uint8Array, options: VerifyOptions): Promise<void> {
  const pinned = await pinnedRoots(cli, options.trust)
  const verified = verifyCertificate(bytes, pinned)
  if (isReject(verified)) throw notSigned(verified)
  if (options.content === true) cli.output.content(`${JSON.stringify(contentOf(verified), null, 2)}\n`)
  else cli.output.answer(contentOf(verified), () => describe(verified))
  const strangers = verified.companies.filter(({ isPinned }) => !isPinned)
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
  for (const [i, typed] of (await readText(trust)).split('\n').entries()) {
    const line = (typed.split('#')[0] ?? '').trim()
    if (line === '') continue
    if (!/^did:webvh:\S+$/.test(line))
      throw new NodeError(
        'name-refused',
        `${trust}, line ${i + 1}: ${inline(line)} is no did`,
        'Write one did a line; # begins a remark.'
      )
    pinned.add(line)
  }
  return pinned
}

function contentOf({ file, messages, companies, checks }: Verified) {
  const [initiation] = messages.initiation
  const { title, question, options, subject, electors, revises } = {
    ...initiation?.payload,
    electors: initiation?.payload.policy.electors
  }
  const ballots = messages.reveals.map(({ payload: { company, role, ballot } }) => {
    const { choice, option, scores, rationale, objection } = ballot
    return { company, role, choice, option, scores, rationale, objection }
  })
  return {
    decision: file.decision,
    title,
    question,
    options: options?.map(option => option.title),
    subject,
    electors,
    ballots,
    outcome: file.outcome,
    ...(revises && { revises: revises.decision, mediation: messages.before[0]?.payload.record }),
    rationale: messages.rationales[0]?.payload.text,
    companies,
    checks
  }
}

function describe(verified: Verified): string {
  const { file, companies, checks } = verified
  const { title, question, ballots, rationale, mediation } = contentOf(verified)
  const nameOf = (did: string) => companies.find(company => company.did === did)?.legalName ?? did
  return facts([
    ['decision', `${inline(title ?? '')} (${file.decision.slice(0, 12)})`],
    ['question', inline(question ?? '')],
    ['outcome', outcomeLines(file.outcome)],
    [
      'ballots',
      ballots.map(({ company, role, choice, option }) => {
        const chose = choice === 'option' ? `option ${(option ?? 0) + 1}` : choice
        return `${role} of ${inline(nameOf(company))}: ${chose}`
      })
    ],
    ['rationale', rationale && inline(rationale)],
    ['mediation', mediation && `${mediation.outcome}: ${inline(mediation.rationale)}`],
    ['checked', checks],
    ['companies', companies.flatMap(companyLines)]
  ])
}

function outcomeLines({ approved, failed, tally, recommendation, mediation }: Outcome): string[] {
  const { approve, reject, abstain, of, needed } = tally
  const counts = `weight for each option ${approve.join(', ')}; against ${reject}; abstained ${abstain}; of ${of}, ${needed} needed`
  return [
    approved
      ? `APPROVED: option ${approved.option + 1}, ${inline(approved.title)}`
      : `NOT APPROVED: ${failed?.join(', ')}`,
    counts,
    recommendation.option === undefined
      ? 'the scores recommend none'
      : `the scores recommend option ${recommendation.option + 1}`,
    ...(mediation ? [`mediation: ${mediation.outcome}: ${inline(mediation.rationale)}`] : [])
  ]
}

type Shown = Pick<Witness, 'legalName' | 'registrationNumber' | 'words' | 'isPinned'>

function companyLines({ legalName, registrationNumber, words, isPinned }: Shown): string[] {
  return [
    `${isPinned ? 'pinned' : 'UNPINNED'}: ${inline(legalName)}, ${inline(registrationNumber)}`,
    `  ${words.join(' ')}`
  ]
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
    'Compare the words with them, write their dids into a file, and give it with --trust.'
  )
}
