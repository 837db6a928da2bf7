// What a decision came to, in the words of its certificate. protocols/decision, sections 6 and 7.
import type { Initiation, MediationRecord } from './schema.ts'
import { type Ballots, type Standard, type Tally, isAgainstScores } from './tally.ts'

export interface Outcome {
  /** The option, by its index and title; absent where nothing was approved. */
  approved?: { option: number; title: string }
  /** Why nothing was approved. */
  failed?: Failure[]
  tally: { approve: number[]; reject: number; abstain: number; turnout: number; of: number; needed: number }
  recommendation: { medians: (number | null)[]; outOf: number; option?: number }
  /** Whether a rationale had to be given. */
  against: boolean
  mediation?: MediationRecord
}

/** Too few ballots; no option with enough weight; somebody would not, and said what would change that. */
export type Failure = 'turnout' | 'threshold' | 'objection'

export function outcomeOf(
  initiation: Initiation,
  standard: Standard,
  { tally, ballots }: { tally: Tally; ballots: Ballots },
  mediation?: MediationRecord
): Outcome {
  const { approve, reject, abstain, turnout, approved, recommendation } = tally
  const { total, threshold } = standard.quorums
  const { numerator, denominator } = standard.rule.turnout
  const isQuorate = turnout * denominator >= total * numerator
  const failed: Failure[] = [
    ...(isQuorate ? [] : ['turnout' as const]),
    ...(Math.max(...approve) >= threshold ? [] : ['threshold' as const]),
    ...(ballots.some(ballot => ballot?.objection) ? ['objection' as const] : [])
  ]
  return {
    ...(approved === undefined
      ? { failed }
      : { approved: { option: approved, title: initiation.options[approved]?.title ?? '' } }),
    tally: { approve, reject, abstain, turnout, of: total, needed: threshold },
    recommendation,
    against: isAgainstScores(tally),
    ...(mediation && { mediation })
  }
}
