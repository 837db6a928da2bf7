// How far a decision is, and whom it waits for: what people are told, and the next step.
// protocols/decision, sections 5 and 8.
import { parseTime } from '../identity/document-text.ts'
import type { Decision } from './decision.ts'
import { weightOf } from './policy.ts'
import type { Rounds } from './rounds.ts'

export const STAGES = [
  'committing',
  'closing',
  'revealing',
  'settling',
  /** Approved against what the scores recommend: somebody has to say why. */
  'rationale',
  'approved',
  /** Nothing was approved, and the CEO roles have not agreed on anything yet. */
  'mediation',
  'revise',
  'subset',
  'lapsed'
] as const
export type Stage = (typeof STAGES)[number]

export interface Progress {
  stage: Stage
  /** Indices of electors whose word is missing. */
  waitsFor: number[]
  /** Weight that has spoken in this stage, and that is needed. */
  spoken: number
  needed: number
}

const HOUR_MS = 3_600_000

/** @param now by the clock of who asks: it decides nothing but what is said of windows */
export function progressOf(decision: Decision, now: number): Progress {
  const { settled, standard, initiation } = decision
  const { quorums } = standard
  if (!decision.closed) {
    const isOpen = decision.closing.of(0).length === 0 && now < (parseTime(initiation.commitBy) as number)
    if (isOpen)
      return waiting(decision, 'committing', electorsOf(decision, 'decision-commitment.v1'), quorums.total)
    return waiting(decision, 'closing', spokenIn(decision.closing), quorums.close)
  }
  if (settled) return { stage: endOf(decision, now), waitsFor: [], spoken: settled.tally.turnout, needed: 0 }
  const silent = new Set(decision.unrevealed.map(id => electorOfMessage(decision, id)))
  const isOpen = decision.settling.of(0).length === 0 && now < (parseTime(initiation.revealBy) as number)
  if (isOpen && silent.size > 0) {
    const all = standard.policy.electors.keys()
    const spoken = new Set([...all].filter(elector => !silent.has(elector)))
    return waiting(decision, 'revealing', spoken, quorums.total)
  }
  return waiting(decision, 'settling', spokenIn(decision.settling), quorums.close)
}

function endOf(decision: Decision, now: number): Stage {
  const { settled, mediation, initiation, standard } = decision
  if (settled?.tally.approved !== undefined) return decision.lacksRationale ? 'rationale' : 'approved'
  if (mediation?.agreed) {
    const { outcome } = mediation.agreed.record
    return outcome === 'lapse' ? 'lapsed' : outcome
  }
  const ends = (parseTime(initiation.revealBy) as number) + standard.policy.windows.mediation * HOUR_MS
  return now < ends ? 'mediation' : 'lapsed'
}

function waiting(
  { standard }: Decision,
  stage: Stage,
  spoken: ReadonlySet<number>,
  needed: number
): Progress {
  const { electors } = standard.policy
  return {
    stage,
    waitsFor: [...electors.keys()].filter(elector => !spoken.has(elector)),
    spoken: weightOf(electors.filter((_, elector) => spoken.has(elector))),
    needed
  }
}

/** Who has spoken in the newest round. */
function spokenIn(rounds: Rounds): Set<number> {
  return new Set(rounds.of(Math.max(0, rounds.count - 1)).map(({ elector }) => elector))
}

function electorsOf(decision: Decision, kind: 'decision-commitment.v1'): Set<number> {
  return new Set(decision.of(kind).map(({ payload }) => decision.electorOf(payload) as number))
}

function electorOfMessage(decision: Decision, id: string): number | undefined {
  const message = decision.messages.get(id)
  return message && decision.electorOf(message.payload)
}
