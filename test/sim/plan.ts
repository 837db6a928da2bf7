// What a seed stands for: how large a history is, who lies in it, and what the weather is like.
import type { Weather } from './network.ts'
import { Random } from './random.ts'

export interface Plan {
  seed: number
  /** Companies that are parties of the space; the last so many lie, and edit honestly at times. */
  companies: number
  liars: number
  /** One more company that everybody knows and that is a party of nothing. */
  outsider: boolean
  /** The first company runs two nodes. */
  twin: boolean
  /** The second company accepts the space only on the way. */
  latecomer: boolean
  /** Two companies that have not compared their words at first. */
  strangers: boolean
  /** A second space, of the first two companies only. */
  aside: boolean
  facets: number
  steps: number
  /** Agreements are amended. */
  amends: boolean
  /** Somebody may end its part in the agreement, late. */
  ends: boolean
  /** The first agreement has a reciprocity rule. */
  reciprocal: boolean
  /** Two companies wait outside; amendments may admit them, one after the other or each against the other. */
  admits: boolean
  /** Companies begin decisions and vote. */
  decides: boolean
  weather: Weather
}

export function planOf(seed: number): Plan {
  const random = new Random(seed * 7 + 1)
  const liars = random.pick([0, 1, 1, 2])
  return {
    seed,
    companies: 3 + random.below(2) + (liars > 1 ? 1 : 0),
    liars,
    outsider: random.chance(0.2),
    twin: random.chance(0.3),
    latecomer: random.chance(0.3),
    strangers: random.chance(0.3),
    aside: random.chance(0.3),
    facets: 1 + random.below(3),
    steps: 120 + random.below(120),
    weather: random.chance(0.25) ? { twice: 10, late: 10 } : { twice: 0, late: 0 },
    amends: random.chance(0.7),
    ends: random.chance(0.3),
    // Dice of their own: the other histories stay what they were.
    reciprocal: new Random(seed * 11 + 5).chance(0.3),
    admits: new Random(seed * 491 + 3).chance(0.25),
    decides: new Random(seed * 613 + 7).chance(0.3)
  }
}

/** Whether amendments may admit this company. */
export function isComer({ admits, companies, outsider }: Plan, company: number): boolean {
  return admits && company >= companies + (outsider ? 1 : 0)
}

/** Whether it is a party of the first space, or may become one. */
export function isParty(plan: Plan, company: number): boolean {
  return company < plan.companies || isComer(plan, company)
}
