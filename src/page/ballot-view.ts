// Each elector with its ballot: choice, weight, reasons, objection and scores.
import { type Report, type Vote, choiceOf, legalNameOf } from '../decision/report.ts'
import type { Policy } from '../decision/policy.ts'
import { type Child, facts, foreign, html } from './elements.ts'

export function ballotCards(report: Report, criteria: Policy['criteria']): HTMLElement {
  return html(
    'div',
    { class: 'cards' },
    ...report.electors.map(({ company, role, weight }) => {
      const own = report.ballots.filter(ballot => ballot.company === company && ballot.role === role)
      return html(
        'article',
        {},
        html('h3', {}, `${role} of `, foreign(legalNameOf(report, company)), ` (weight ${weight})`),
        ...own.flatMap(ballot => ballotOf(ballot, report, criteria)),
        own.length === 0 && html('p', { class: 'choice silent' }, 'no ballot')
      )
    })
  )
}

function ballotOf(ballot: Vote, { options }: Report, criteria: Policy['criteria']): Child[] {
  const { choice, option, rationale, objection, scores } = ballot
  const title = option === undefined ? undefined : options[option]
  return [
    html(
      'p',
      { class: `choice ${choice}` },
      choiceOf(ballot),
      title !== undefined && ': ',
      title !== undefined && foreign(title)
    ),
    facts([
      ['rationale', rationale !== '' && foreign(rationale)],
      ['objection', objection && foreign(objection.argument)],
      ['would be removed by', objection && foreign(objection.change)]
    ]),
    scores.length > 0 && scoreTable(scores, criteria)
  ]
}

/** Criteria down, options across: their names are long, and numbers are not. */
function scoreTable(scores: Vote['scores'], criteria: Policy['criteria']): HTMLElement {
  const head = scores.map(({ option }) => html('th', { scope: 'col' }, `option ${option + 1}`))
  const rows = criteria.map(({ key, question, weight }) =>
    html(
      'tr',
      {},
      html('th', { scope: 'row', title: `${question} (weight ${weight})` }, key),
      ...scores.map(({ criteria: given }) => html('td', {}, `${given[key] ?? '-'}`))
    )
  )
  return html(
    'div',
    { class: 'scroll' },
    html(
      'table',
      {},
      html('caption', {}, 'scores, 0 to 5'),
      html('thead', {}, html('tr', {}, html('td', {}), ...head)),
      html('tbody', {}, ...rows)
    )
  )
}
