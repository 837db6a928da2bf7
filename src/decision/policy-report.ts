// What a policy means for each who decides under it: who can hold it up, and who can block. protocols/decision, section 1.
import { type Policy, type Quorums, quorumsOf, weightOf } from './policy.ts'

export interface RuleReport extends Quorums {
  /** An artifact kind, or `default`. */
  kind: string
  method: Policy['rules'][string]['method']
  /** Indices of electors without whom nothing is closed. */
  stalls: number[]
  /** Companies without whose electors nothing is approved. */
  blocks: string[]
}

export function reportOf(policy: Policy): RuleReport[] {
  const { electors, rules } = policy
  const companies = [...new Set(electors.map(({ company }) => company))]
  return Object.entries(rules).map(([kind, rule]) => {
    const quorums = quorumsOf(policy, rule)
    const without = (company: string) =>
      quorums.total - weightOf(electors.filter(elector => elector.company === company))
    return {
      kind,
      method: rule.method,
      ...quorums,
      stalls: [...electors.keys()].filter(i => quorums.total - (electors[i]?.weight ?? 0) < quorums.close),
      blocks: companies.filter(company => without(company) < quorums.threshold)
    }
  })
}
