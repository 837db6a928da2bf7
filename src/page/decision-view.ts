// A verified decision, in the order in which people ask: what was asked, what came out, who said what, on whose word.
import {
  type Report,
  legalNameOf,
  mediationOf,
  recommendationOf,
  resultOf,
  weightsOf
} from '../decision/report.ts'
import type { Initiation } from '../decision/schema.ts'
import { ballotCards } from './ballot-view.ts'
import { companyCards } from './company-view.ts'
import { type Child, facts, foreign, html, list, part } from './elements.ts'
import type { DecisionFound } from './finding.ts'
import { weightsPicture } from './weights.ts'

export function decisionParts({ report, initiation }: DecisionFound): HTMLElement[] {
  return [
    part('The question', ...questionOf(report, initiation)),
    part('The outcome', ...outcomeOf(report)),
    part('The ballots', ballotCards(report, initiation.policy.criteria)),
    part('The companies', companyCards(report.companies)),
    part('What was checked', list(report.checks, 'checks')),
    part('What this does not say', list(UNSAID))
  ]
}

const UNSAID = [
  'When anything was signed: times are claimed by whoever signed.',
  'Whether the policy and its weights are those that the companies agreed on: that stands in their agreement.',
  'Whether a key was lost or revoked: the companies judged that when they closed the ballots; this file alone cannot show it.'
]

function questionOf(report: Report, initiation: Initiation): Child[] {
  const { company, role, time, benefits, commitBy, revealBy } = initiation
  return [
    foreign(report.title, 'p', 'foreign topic'),
    foreign(report.question, 'p'),
    html('ol', { class: 'options' }, ...initiation.options.map(optionItem)),
    facts([
      ['expected of it', benefits.length > 0 && list(benefits.map(benefit => foreign(benefit)))],
      ['begun by', [`${role} of `, foreign(legalNameOf(report, company)), `, ${time} (claimed)`]],
      ['ballots due', `${commitBy}, opened until ${revealBy}`],
      ['about', subjectOf(report)],
      ['revises', report.revises && html('code', {}, report.revises)],
      ['mediated before', report.mediation && foreign(mediationOf(report.mediation))],
      ['decision id', html('code', {}, report.decision)]
    ])
  ]
}

function optionItem({ title, text, plan }: Initiation['options'][number]): HTMLElement {
  return html(
    'li',
    {},
    foreign(title, 'strong'),
    text !== '' && foreign(text, 'p'),
    plan && foreign(`Plan: ${plan.goal}`, 'p'),
    plan &&
      list(
        plan.milestones.map(({ title, due, company, role }) =>
          foreign(`${title} (${due}; ${role} of ${company})`)
        )
      )
  )
}

/** The linked artifact, at the version that the vote was on. */
function subjectOf({ subject }: Report): Child {
  if (!subject) return undefined
  const { kind, artifact, release, root, heads } = subject
  return facts([
    ['kind', foreign(kind)],
    ['version to release', release !== undefined && foreign(release)],
    ['artifact', html('code', {}, artifact)],
    ['document digest (struct root)', html('code', {}, root)],
    ['at', heads.length === 1 ? 'the head of one lane' : `the heads of ${heads.length} lanes`]
  ])
}

function outcomeOf(report: Report): Child[] {
  const { outcome, options, rationale } = report
  const { mediation } = outcome
  return [
    foreign(resultOf(outcome), 'p', `foreign result ${outcome.approved ? 'approved' : 'failed'}`),
    weightsPicture(outcome, options),
    html('p', { class: 'quiet' }, `In numbers: ${weightsOf(outcome)}.`),
    facts([
      ['recommendation', [recommendationOf(outcome), html('br', {}), mediansOf(report)]],
      ['rationale', rationale !== undefined && foreign(rationale)],
      ['mediation', mediation && foreign(mediationOf(mediation))],
      ['to change', mediation && mediation.changes.length > 0 && list(mediation.changes.map(c => foreign(c)))]
    ])
  ]
}

function mediansOf({ outcome: { recommendation } }: Report): HTMLElement {
  const { medians, outOf } = recommendation
  const each = medians.map((median, i) => `option ${i + 1}: ${median ?? 'no scores'}`)
  return html('span', { class: 'quiet' }, `median score of ${outOf}: ${each.join('; ')}`)
}
