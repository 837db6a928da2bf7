// Scores by counting words that company and proposal share, so that the whole road can be walked without a model. It
// is blind to what is said of them, hence barred from ballots. protocols/scoring, SCO-24.
import { SCORE_MAX, type ScoreJob } from './job.ts'
import { BY_HAND, NO_PROTOCOL } from './human-scorer.ts'
import type { Provenance, ScoreResult, Scorer } from './scorer.ts'

/** Shorter ones are mostly the glue of a sentence. */
const WORD_CHARS_MIN = 5

const DEMO: Provenance = { ...BY_HAND, kind: 'demo', binding: false }

export function createDemoScorer(): Scorer {
  return new DemoScorer()
}

class DemoScorer implements Scorer {
  readonly kind = 'demo'
  readonly binding = false

  async identify(signal: AbortSignal): Promise<Provenance> {
    signal.throwIfAborted()
    return DEMO
  }

  async score(job: ScoreJob, signal: AbortSignal): Promise<ScoreResult> {
    signal.throwIfAborted()
    const { context, criterion, option } = job
    const own = wordsOf(`${context.vision} ${context.purpose} ${context.notes} ${criterion.question}`)
    const theirs = wordsOf(option.text)
    const shared = [...theirs].filter(word => own.has(word)).length
    // Square roots: with a long text the tenth common word says less than the first.
    const score = Math.min(SCORE_MAX, Math.round(SCORE_MAX * Math.sqrt(shared / Math.max(1, own.size))))
    const reason = `${shared} of ${own.size} words of the company stand in the proposal.`
    return {
      provenance: DEMO,
      protocol: NO_PROTOCOL,
      figures: {
        option: option.index,
        criterion: criterion.key,
        by: 'demo',
        score,
        spread: 0,
        samples: 1,
        codes: [],
        span: null,
        section: null
      },
      words: { samples: [{ order: 'demo', score, evidence: '', reason }] }
    }
  }
}

function wordsOf(text: string): Set<string> {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  return new Set(words.filter(word => word.length >= WORD_CHARS_MIN))
}
