// What the CEO roles make of a decision in which nothing was approved. protocols/decision, section 8.
import { type Message, digestOf } from './message.ts'
import { weightOf } from './policy.ts'
import type { MediationRecord } from './schema.ts'
import type { Standard } from './tally.ts'

type MediationMessage = Message<'decision-mediation.v1'>

export interface Mediation {
  /** By what has been put forward; the heaviest first. */
  proposals: Proposal[]
  /** What companies of weight `Q` have signed. */
  agreed?: Proposal
}

export interface Proposal {
  /** Digest of the record. */
  id: string
  record: MediationRecord
  /** One message of each company. */
  messages: MediationMessage[]
  weight: number
}

/** @param settled the digest that messages have to name */
export function mediationOf(
  standard: Standard,
  settled: string,
  messages: readonly MediationMessage[]
): Mediation {
  const about = messages.filter(({ payload }) => payload.settled === settled)
  const proposals = [...Map.groupBy(about, ({ payload }) => digestOf(payload.record))].map(([id, same]) => {
    const byCompany = new Map(same.map(message => [message.payload.company, message]))
    return {
      id,
      record: (same[0] as MediationMessage).payload.record,
      messages: [...byCompany.values()],
      weight: companyWeight(standard, [...byCompany.keys()])
    }
  })
  proposals.sort((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1))
  const agreed = proposals.find(({ weight }) => weight >= standard.quorums.close)
  return { proposals, ...(agreed && { agreed }) }
}

/** Each company has the weight of all its electors. */
export function companyWeight({ policy }: Standard, companies: readonly string[]): number {
  return weightOf(policy.electors.filter(({ company }) => companies.includes(company)))
}
