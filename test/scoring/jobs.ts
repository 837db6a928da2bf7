// Jobs for tests.
import { DEFAULT_CRITERIA } from '../../src/decision/criteria.ts'
import type { Context, ScoreJob } from '../../src/scoring/job.ts'
import { PROMPT_VERSION } from '../../src/scoring/prompt.ts'

export const PROPOSAL = `# What we propose
We publish a shared incident taxonomy under an open licence. Each party maps its own incidents to it within 90 days.

# What it costs
Each party gives two engineers for one quarter. There is no fee.

# What it brings
Reports are read in half of the time. Small hospitals get audits that they could not pay for alone.
`

export const CONTEXT: Context = {
  artifacts: [
    { text: 'Incident review of March: three teams named the same fault differently.', title: 'Review' }
  ],
  notes: 'We could give one engineer before summer.',
  purpose: 'We keep the machines of small hospitals running.',
  vision: 'Every hospital repairs its machines with open knowledge.'
}

export function job(over: Partial<ScoreJob> = {}): ScoreJob {
  return {
    care: 'careful',
    context: CONTEXT,
    criterion: DEFAULT_CRITERIA[0]!,
    decision: 'd0'.repeat(32),
    option: { index: 0, text: PROPOSAL, title: 'Shared taxonomy' },
    seed: '5e'.repeat(32),
    topic: { benefits: ['Fewer misreadings'], question: 'Shall we share one incident taxonomy?' },
    versions: { digest: '', prompt: PROMPT_VERSION, server: '' },
    ...over
  }
}

/** A clock that a test turns: nothing happens until it says so. */
export class Clock {
  now = 0
  readonly #alarms = new Set<{ at: number; run: () => void }>()

  readonly after = (ms: number, run: () => void): (() => void) => {
    const alarm = { at: this.now + ms, run }
    this.#alarms.add(alarm)
    return () => this.#alarms.delete(alarm)
  }

  pass(ms: number): void {
    this.now += ms
    for (const alarm of this.#alarms) {
      if (alarm.at > this.now) continue
      this.#alarms.delete(alarm)
      alarm.run()
    }
  }

  get pending(): number {
    return this.#alarms.size
  }
}

export const never = new AbortController().signal
