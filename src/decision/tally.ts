// What ballots come to: a pure function of the policy and the ballots. protocols/decision, section 6.
import { type Policy, type Quorums, type Rule, quorumsOf, ruleFor, weightOf } from './policy.ts'
import type { Ballot, Initiation } from './schema.ts'

/** What a decision's ballots are judged by. */
export interface Standard {
  policy: Policy
  rule: Rule
  quorums: Quorums
  options: number
}

/** By the index of the elector; of those without a ballot, nothing. */
export type Ballots = readonly (Ballot | undefined)[]

export interface Tally {
  /** Weight of the ballots for each option. */
  approve: number[]
  reject: number
  abstain: number
  /** Weight of all that have a ballot. */
  turnout: number
  /** The option that is approved. */
  approved?: number
  recommendation: Recommendation
}

export interface Recommendation {
  /** Of each option, what half of the scoring weight scores at most: sums of score times weight of criterion. */
  medians: (number | null)[]
  /** The largest that a median can be. */
  outOf: number
  option?: number
}

export function standardOf({
  policy,
  subject,
  options
}: Pick<Initiation, 'policy' | 'subject' | 'options'>): Standard {
  const rule = ruleFor(policy, subject?.kind)
  return { policy, rule, quorums: quorumsOf(policy, rule), options: options.length }
}

/** DEC-20. */
export function tallyOf(standard: Standard, ballots: Ballots): Tally {
  const { policy, rule, quorums, options } = standard
  const weigh = (counts: (ballot: Ballot) => boolean) =>
    weightOf(policy.electors.filter((_, i) => ballots[i] !== undefined && counts(ballots[i])))
  const approve = Array.from({ length: options }, (_, option) => weigh(ballot => ballot.option === option))
  const turnout = weigh(() => true)
  const { numerator, denominator } = rule.turnout
  const isQuorate = turnout * denominator >= quorums.total * numerator
  const approved = isQuorate ? approve.findIndex(weight => weight >= quorums.threshold) : -1
  return {
    approve,
    reject: weigh(({ choice }) => choice === 'reject'),
    abstain: weigh(({ choice }) => choice === 'abstain'),
    turnout,
    ...(approved >= 0 && { approved }),
    recommendation: recommendationOf(standard, ballots)
  }
}

/** DEC-21. */
function recommendationOf({ policy, options }: Standard, ballots: Ballots): Recommendation {
  const { criteria, electors, recommendAt } = policy
  const weights = criteria.reduce((sum, { weight }) => sum + weight, 0)
  const medians = Array.from({ length: options }, (_, option) => {
    const scored = ballots.flatMap((ballot, i) => {
      const score = ballot && scoreOf(policy, ballot, option)
      return score === undefined ? [] : [{ score, weight: electors[i]?.weight ?? 0 }]
    })
    return medianOf(scored)
  })
  const best = Math.max(...medians.map(median => median ?? -1))
  const isGood = best >= 0 && best * 10 >= recommendAt * weights
  return {
    medians,
    outOf: 5 * weights,
    ...(isGood && { option: medians.indexOf(best) })
  }
}

/** @returns nothing where a criterion lacks its score */
export function scoreOf({ criteria }: Policy, { scores }: Ballot, option: number): number | undefined {
  const given = scores.find(score => score.option === option)?.criteria ?? {}
  let sum = 0
  for (const { key, weight } of criteria) {
    const score = Object.hasOwn(given, key) ? given[key] : undefined
    if (score === undefined) return undefined
    sum += score * weight
  }
  return sum
}

function medianOf(scored: { score: number; weight: number }[]): number | null {
  const half = weightOf(scored) / 2
  let below = 0
  for (const { score, weight } of scored.toSorted((a, b) => a.score - b.score)) {
    below += weight
    if (below >= half) return score
  }
  return null
}

/** DEC-22. Whether the outcome is another than the one that the scores recommend. */
export function isAgainstScores({ approved, recommendation }: Tally): boolean {
  const isScored = recommendation.medians.some(median => median !== null)
  return approved !== undefined && isScored && recommendation.option !== approved
}
