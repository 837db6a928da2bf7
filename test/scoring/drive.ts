// Carries out what the work of a decision asks for, as a node would.
import { isScorerFailure } from '../../src/scoring/failure.ts'
import type { Scorer } from '../../src/scoring/scorer.ts'
import { type Work, type WorkEffect, type WorkEvent, stepWork } from '../../src/scoring/work.ts'
import { never } from './jobs.ts'

/** Until nothing is left to do, or until the process "dies" with the signal. State goes through JSON at each step. */
export async function drive(
  work: Work,
  scorer: Scorer,
  first: WorkEvent,
  signal: AbortSignal = never
): Promise<Work> {
  const written = (state: Work) => JSON.parse(JSON.stringify(state)) as Work
  let state = work
  const queue: WorkEvent[] = [first]
  const perform = async (effect: WorkEffect): Promise<WorkEvent | undefined> => {
    if (effect.kind === 'identify') {
      return { kind: 'identified', at: 0, run: effect.run, provenance: await scorer.identify(signal) }
    }
    if (effect.kind !== 'score') return undefined
    const { run } = effect
    const result = await scorer.score(effect.job, signal, ({ part }) => {
      if (part) state = stepWork(state, { kind: 'progressed', at: 0, run, part }).work
    })
    return { kind: 'scored', at: 0, run, result }
  }
  for (let event = queue.shift(); event; event = queue.shift()) {
    const { work: next, effects } = stepWork(state, event)
    state = written(next)
    for (const effect of effects) {
      try {
        queue.push(...([await perform(effect)].filter(Boolean) as WorkEvent[]))
      } catch (error) {
        if (!isScorerFailure(error)) return written(state)
        queue.push({ kind: 'failed', at: 0, run: 'run' in effect ? effect.run : 0, code: error.code })
      }
    }
  }
  return state
}
