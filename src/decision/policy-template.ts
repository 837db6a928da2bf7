// A policy to begin with. People change it; the agreement binds it. protocols/decision, section 1.
import type { Role } from '../identity/certificate-schema.ts'
import { DEFAULT_CRITERIA } from './criteria.ts'
import type { Policy } from './policy.ts'

const HALF = { numerator: 1, denominator: 2 }
const ALL = { numerator: 1, denominator: 1 }

/** All with one weight; standards by unanimity, everything else by more than half. */
export function defaultPolicy(companies: readonly string[], role: Role): Policy {
  return {
    criteria: DEFAULT_CRITERIA,
    electors: companies.map(company => ({ company, role, weight: 1 })),
    recommendAt: 30,
    rules: {
      default: { method: 'weighted-majority', moreThan: HALF, turnout: HALF },
      'StandardsDoc.v1': { method: 'unanimity', turnout: ALL }
    },
    title: 'How we decide',
    windows: { commit: 168, late: 24, mediation: 336, reveal: 72 }
  }
}
