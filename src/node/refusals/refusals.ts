// What a reject code means to people: what happened, what is safe, what to do now. A test holds that every code of
// the specs and of the program has its sentence, and that the rules and commands it names exist.
import type { Reject } from '../../wire/reject.ts'
import { DECISION_REFUSALS } from './decisions.ts'
import { DOCUMENT_REFUSALS } from './documents.ts'
import { PEER_REFUSALS } from './peers.ts'
import type { Refusal } from './refusal.ts'
import { SCORING_REFUSALS } from './scoring.ts'

const REFUSALS = new Map(
  Object.entries({ ...PEER_REFUSALS, ...DOCUMENT_REFUSALS, ...DECISION_REFUSALS, ...SCORING_REFUSALS })
)

/** @param code of a Reject, or the rule of a denial by policy */
export function refusalOf(code: string): Refusal | undefined {
  return REFUSALS.get(code)
}

/** Every code that has a sentence. */
export const REFUSAL_CODES: readonly string[] = [...REFUSALS.keys()]

/** `What happened. What is safe. What to do (code, rule)`, for one line. */
export function explain({ code, detail }: Pick<Reject, 'code' | 'detail'>): string {
  const known = refusalOf(code)
  if (!known) return `${detail} (${code})`
  const { rule, says, safe, next } = known
  return `${says} ${safe} ${next} (${code}, ${rule}: ${detail})`
}
