// What people read of a decision before they sign, and when it is over. protocols/decision.
import type { Outcome } from '../../decision/outcome.ts'
import { choiceOf, recommendationOf, resultOf, weightsOf } from '../../decision/report.ts'
import type { Ballot, Initiation, MediationRecord, Subject } from '../../decision/schema.ts'
import type { DecisionJson, ElectorJson } from '../../node/surface/decision-json.ts'
import { shortId } from '../find.ts'
import { facts, inline } from '../text.ts'

type OptionShown = Pick<Initiation['options'][number], 'title' | 'text' | 'plan'>

/** Stages in which ballots are not settled yet. */
export const OPEN: ReadonlySet<string> = new Set(['committing', 'closing', 'revealing', 'settling'])

export function describe(decision: DecisionJson): string {
  const { id, title, question, benefits, options, subject, electors, outcome, mediation, rationales } =
    decision
  return facts([
    ['decision', `${inline(title)} (${shortId(id)}), begun by ${inline(decision.startedBy)}`],
    ['question', inline(question)],
    ['expected', benefits.map(inline)],
    ['options', options.flatMap(optionLines)],
    ['subject', subject && subjectLine(subject)],
    ['policy', policyLine(decision)],
    ['criteria', decision.stage === 'committing' ? decision.criteria.map(criterionLine) : undefined],
    ['revises', decision.revises && shortId(decision.revises)],
    ['instead of', decision.supersedes && shortId(decision.supersedes)],
    ['stage', stageLines(decision)],
    ['electors', electors.flatMap(electorLines)],
    ['outcome', outcome && outcomeLines(outcome)],
    ['rationale', rationales.map(inline)],
    ['mediation', mediation.flatMap(mediationLines)]
  ])
}

function criterionLine({ key, question }: DecisionJson['criteria'][number]): string {
  return `${key}: ${inline(question)}`
}

export function optionLines({ title, text, plan }: OptionShown, index: number): string[] {
  const first = `${index + 1} ${inline(title)}${text === '' ? '' : `: ${inline(text)}`}`
  if (!plan) return [first]
  const milestones = plan.milestones.map(
    ({ title: name, company, role, due }) => `    ${inline(`${name}, by ${due}: ${role} of ${company}`)}`
  )
  return [first, `  leads to: ${inline(plan.goal)}`, ...milestones]
}

export function subjectLine({ kind, artifact, release, root }: Subject): string {
  const released = release === undefined ? '' : `, to be released as ${inline(release)}`
  return `${kind} ${shortId(artifact)} as it stood, struct root ${shortId(root)}${released}`
}

function policyLine({ policy, method, policySealed }: DecisionJson): string {
  const named = policySealed ? 'as the agreement names it' : 'NOT one that the agreement names'
  return `${inline(policy)}: ${method}; ${named}`
}

function stageLines({ stage, waitsFor, spoken, needed, commitBy, revealBy }: DecisionJson): string[] {
  if (!OPEN.has(stage)) return [stage]
  const until =
    stage === 'committing' ? `, until ${commitBy}` : stage === 'revealing' ? `, until ${revealBy}` : ''
  const who = waitsFor.length > 0 ? [`waits for ${waitsFor.map(inline).join(', ')}`] : []
  return [`${stage}: weight ${spoken} of ${needed}${until}`, ...who]
}

function electorLines({
  company,
  role,
  weight,
  committed,
  ballot,
  divided,
  equivocated
}: ElectorJson): string[] {
  const said = ballot ? choiceOf(ballot) : committed ? 'committed' : 'silent'
  const notes = [divided ? 'its holders differ' : '', equivocated ? 'HAS SAID TWO THINGS' : ''].filter(
    Boolean
  )
  const who = `${role} of ${inline(company.legalName || company.did)}, weight ${weight}`
  return [`${who}: ${[said, ...notes].join(', ')}`, ...(ballot ? reasonLines(ballot) : [])]
}

function mediationLines({
  id,
  record,
  weight,
  needed,
  companies
}: DecisionJson['mediation'][number]): string[] {
  const [first = '', ...changes] = recordLines(record)
  const by = companies.map(inline).join(', ')
  return [`${shortId(id)} ${first} (${by}; weight ${weight} of ${needed})`, ...changes]
}

/** What CEOs have agreed on, and what is to change. */
export function recordLines({ outcome, rationale, changes }: MediationRecord): string[] {
  return [`${outcome}: ${inline(rationale)}`, ...changes.map(change => `  change: ${inline(change)}`)]
}

/** Why somebody voted so, and what would change it. */
export function reasonLines({ rationale, objection }: Pick<Ballot, 'rationale' | 'objection'>): string[] {
  return [
    ...(rationale === '' ? [] : [`  because: ${inline(rationale)}`]),
    ...(objection
      ? [`  objects: ${inline(objection.argument)}`, `  unless: ${inline(objection.change)}`]
      : [])
  ]
}

export function outcomeLines(outcome: Outcome): string[] {
  return [inline(resultOf(outcome)), weightsOf(outcome), recommendationOf(outcome)]
}

/** The command that takes it further, where there is one. */
export function nextOf({ id, stage, own, mediation, subject, outcome }: DecisionJson): string | undefined {
  const short = shortId(id)
  const [proposal] = mediation
  if (stage === 'committing')
    return own.some(({ voted }) => !voted)
      ? `parley decision vote ${short} CHOICE`
      : `parley decision wait ${short}`
  if (OPEN.has(stage)) return `parley decision wait ${short}`
  if (stage === 'rationale') return `parley decision explain ${short} TEXT`
  if (stage === 'mediation')
    return proposal
      ? `each CEO who agrees signs it: parley decision mediate ${short} --agree ${shortId(proposal.id)}`
      : `a CEO proposes (revise, subset or lapse): parley decision mediate ${short} --outcome revise --rationale TEXT`
  if (stage === 'revise' || stage === 'subset')
    return `change what is to change, then parley decision start ... --revises ${short}`
  const isRelease = outcome?.approved !== undefined && subject?.release !== undefined
  return `parley decision certificate ${short}${isRelease ? `, and parley decision release ${short}` : ''}`
}
