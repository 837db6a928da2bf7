// `parley decision`: begin, vote, explain, mediate, and take the certificate home.
import type { BallotRequest, DecisionJson, TopicRequest } from '../../node/surface/decision-json.ts'
import type { ParleyNode } from '../../node/surface/parley-node.ts'
import { InitiationSchema } from '../../decision/schema.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Cli, usage, withNode } from '../cli.ts'
import { readJson } from '../files.ts'
import { findArtifact, findSpace, shortId } from '../find.ts'
import { follow } from '../follow.ts'
import { inline, plural, table } from '../text.ts'
import { OPEN, describe, nextOf } from './decision-page.ts'
import { readPolicy } from './policy.ts'

export interface StartOptions {
  policy: string
  question: string
  option: string[]
  benefit?: string[]
  plan?: string[]
  subject?: string
  release?: string
  commit?: string
  reveal?: string
  revises?: string
  supersedes?: string
}

export async function start(cli: Cli, typed: string, title: string, options: StartOptions): Promise<void> {
  if (options.release !== undefined && options.subject === undefined)
    throw usage('a version of nothing is to be released', 'Name the standard: --subject ARTIFACT.')
  const policy = await readPolicy(options.policy)
  const plans = await plansOf(options.plan ?? [], options.option.length)
  const { question, benefit, release, revises, supersedes } = options
  const chosen = {
    ...(options.commit !== undefined && { commitMs: durationOf(options.commit) }),
    ...(options.reveal !== undefined && { revealMs: durationOf(options.reveal) }),
    ...(revises !== undefined && { revises }),
    ...(supersedes !== undefined && { supersedes }),
    ...(benefit && { benefits: benefit })
  }
  await withNode(cli, async node => {
    const { id } = await findSpace(node, typed)
    const subject = options.subject === undefined ? undefined : (await findArtifact(node, options.subject)).id
    const topic: TopicRequest = {
      title,
      question,
      options: options.option.map((typed, i) => ({ ...optionOf(typed), ...plans.get(i) })),
      policy,
      ...(subject !== undefined && {
        subject: { artifact: subject, ...(release !== undefined && { release }) }
      }),
      ...chosen
    }
    const decision = await node.beginDecision(id, topic)
    if (!decision.policySealed)
      cli.output.warn('the agreement does not name this policy: others may find it wrong, and not vote.')
    if (plans.size > 0 && !(await isCovered(node, id, PLAN)))
      cli.output.warn(
        `the agreement does not cover ${PLAN}: the plan would be made, and stay with your company.`
      )
    show(cli, decision)
  })
}

const PLAN = 'JointInitiativePlan.v1'

/** Whether the revision in force names this kind. AGR-17 */
async function isCovered(node: ParleyNode, space: string, kind: string): Promise<boolean> {
  const { inForce } = await node.agreement(space)
  if (inForce === undefined) return false
  const { terms } = await node.revision(space, inForce)
  const { kinds = [] } = terms['scope'] as { kinds?: string[] }
  return kinds.includes(kind)
}

/** `Title: what it means`, or a title alone. */
function optionOf(typed: string): { title: string; text: string } {
  const at = typed.indexOf(': ')
  return at < 0 ? { title: typed, text: '' } : { title: typed.slice(0, at), text: typed.slice(at + 2) }
}

const PLAN_FORM = 'A plan is {"goal": TEXT, "milestones": [{"title", "company", "role", "due"}]}.'

type Planned = Pick<TopicRequest['options'][number], 'plan'>

/** `2=plan.json`, by index. */
async function plansOf(typed: string[], options: number): Promise<Map<number, Planned>> {
  const plans = new Map<number, Planned>()
  for (const text of typed) {
    const [, option, path] = /^([1-9]\d?)=(.+)$/.exec(text) ?? []
    if (option === undefined || path === undefined)
      throw usage(`${inline(text)} names no plan`, 'Such as 1=plan.json: the option, and a file.')
    const shape = InitiationSchema.shape.options.element.shape.plan.safeParse(await readJson(path, PLAN_FORM))
    if (!shape.success) {
      const issue = shape.error.issues[0]
      throw usage(`${path}, ${issue?.path.join('.') || 'the plan'}: ${issue?.message ?? 'wrong'}`, PLAN_FORM)
    }
    const index = Number(option) - 1
    if (index >= options)
      throw usage(`there is no option ${option} for a plan`, `The last is option ${options}.`)
    if (plans.has(index)) throw usage(`option ${option} has two plans`, 'Give one for each option.')
    plans.set(index, { plan: shape.data })
  }
  return plans
}

const UNITS: { [unit: string]: number } = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `15m`, `24h` or `7d`, in milliseconds. */
function durationOf(typed: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(typed) ?? []
  if (count === undefined) throw usage(`${inline(typed)} is no time`, 'Such as 90s, 15m, 24h or 7d.')
  return Number(count) * (UNITS[unit] as number)
}

export async function list(cli: Cli): Promise<void> {
  await withNode(cli, async node => {
    const all = await node.decisions()
    cli.output.answers(all, () =>
      table(
        ['id', 'title', 'stage', 'waits for', 'commit by'],
        all.map(({ id, title, stage, waitsFor, commitBy }) => [
          shortId(id),
          title,
          stage,
          waitsFor.length > 2 ? plural(waitsFor.length, 'elector') : waitsFor.join(', '),
          commitBy
        ])
      )
    )
    if (all.length === 0) cli.output.note('Nothing is being decided. Next: parley decision start --help')
  })
}

export async function showOne(cli: Cli, id: string): Promise<void> {
  await withNode(cli, async node => show(cli, await node.decision(id)))
}

export interface VoteOptions {
  score?: string[]
  scored?: string
  rationale?: string
  objection?: string
  change?: string
  role?: string
}

export async function vote(cli: Cli, id: string, choice: string, options: VoteOptions): Promise<void> {
  const { rationale, objection, change, role, scored } = options
  if (scored !== undefined && options.score)
    throw usage('scores of a record or others, not both', 'Give --scored or --score.')
  if ((objection === undefined) !== (change === undefined))
    throw usage('an objection says what would remove it', 'Give --objection and --change together.')
  const ballot: BallotRequest = {
    ...choiceOf(choice),
    ...(options.score && { scores: scoresOf(options.score) }),
    ...(scored !== undefined && { scored }),
    ...(rationale !== undefined && { rationale }),
    ...(role !== undefined && { role }),
    ...(objection !== undefined && change !== undefined && { objection: { argument: objection, change } })
  }
  await withNode(cli, async node => {
    const { policySealed } = await node.decision(id)
    if (!policySealed)
      cli.output.warn(
        'the agreement does not name the policy of this decision: look at who decides, and how.'
      )
    const after = await node.vote(id, ballot)
    cli.output.note(
      'Your ballot is committed, and hidden until all commitments are closed. It cannot be changed.'
    )
    show(cli, after)
  })
}

function choiceOf(typed: string): Pick<BallotRequest, 'choice' | 'option'> {
  if (typed === 'reject' || typed === 'abstain') return { choice: typed }
  const option = Number(typed)
  if (/^[1-9]\d?$/.test(typed)) return { choice: 'option', option: option - 1 }
  throw usage(`${inline(typed)} is no choice`, 'Give the number of an option, reject or abstain.')
}

/** `1.localVision=4`; `1.localVision=` is the score of nobody. */
export function scoreOf(text: string): { option: number; criterion: string; score: number | null } {
  const [, option, criterion, score] = /^([1-9]\d?)\.([A-Za-z0-9]+)=([0-5]?)$/.exec(text) ?? []
  if (option === undefined || criterion === undefined) throw notScored(text)
  return { option: Number(option) - 1, criterion, score: score ? Number(score) : null }
}

function notScored(text: string): NodeError {
  return usage(`${inline(text)} is no score`, 'Such as 1.localVision=4: option, criterion, 0 to 5.')
}

function scoresOf(typed: string[]): NonNullable<BallotRequest['scores']> {
  const byOption = new Map<number, { [criterion: string]: number }>()
  for (const text of typed) {
    const { option, criterion, score } = scoreOf(text)
    if (score === null) throw notScored(text)
    byOption.set(option, { ...byOption.get(option), [criterion]: score })
  }
  return [...byOption].sort(([a], [b]) => a - b).map(([option, criteria]) => ({ option, criteria }))
}

export async function explainIt(cli: Cli, id: string, text: string): Promise<void> {
  await withNode(cli, async node => show(cli, await node.explainDecision(id, text)))
}

export interface MediateOptions {
  agree?: string
  outcome?: string
  rationale?: string
  change?: string[]
}

export async function mediate(cli: Cli, id: string, options: MediateOptions): Promise<void> {
  await withNode(cli, async node => {
    const record = await recordOf(node, id, options)
    show(cli, await node.mediate(id, record))
  })
}

async function recordOf(node: ParleyNode, id: string, { agree, outcome, rationale, change }: MediateOptions) {
  if (agree !== undefined) {
    const { mediation } = await node.decision(id)
    const found = mediation.filter(proposal => proposal.id.startsWith(agree))
    if (found[0] && found.length === 1) return found[0].record
    throw new NodeError(
      'record-unknown',
      `no one record begins with ${inline(agree)}`,
      `parley decision show ${id}`
    )
  }
  const outcomes = ['revise', 'subset', 'lapse'] as const
  const chosen = outcomes.find(name => name === outcome)
  if (chosen && rationale !== undefined) return { outcome: chosen, rationale, changes: change ?? [] }
  throw usage('say what is to become of it, and why', 'Give --outcome and --rationale, or --agree RECORD.')
}

/** Until the ballots are settled. @throws NodeError `decision-waits` with those it waits for */
export async function wait(cli: Cli, id: string, { for: typed = '60s' }: { for?: string }): Promise<void> {
  const until = Date.now() + durationOf(typed)
  await withNode(cli, async node => {
    const decision = await follow(cli, node, {
      label: 'Waiting for',
      look: () => node.decision(id),
      line: ({ stage, waitsFor }) => (OPEN.has(stage) ? `${waitsFor.join(', ')} (${stage})` : undefined),
      until
    })
    show(cli, decision)
    if (OPEN.has(decision.stage))
      throw new NodeError(
        'decision-waits',
        `it is not settled yet: ${decision.stage}, weight ${decision.spoken} of ${decision.needed}; it waits for ${decision.waitsFor.map(inline).join(', ')}`,
        `Wait longer: parley decision wait ${shortId(decision.id)} --for 10m`
      )
  })
}

function show(cli: Cli, decision: DecisionJson): void {
  cli.output.answer(decision, () => describe(decision))
  const next = nextOf(decision)
  if (next !== undefined) cli.output.note(`Next: ${next}`)
}
