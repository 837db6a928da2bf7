// The form that a person fills in: the scorer that is always there. protocols/scoring, SCO-23.
import { ScorerFailure } from './failure.ts'
import { score as scoreSchema } from './job.ts'
import type { ScoreJob } from './job.ts'
import type { Protocol, Provenance, ScoreResult, Scorer } from './scorer.ts'

/** By cell ({@link formKey}). `note` stays on this node. */
export type Form = Readonly<Record<string, { score: number; note: string }>>

export function formKey(option: number, criterion: string): string {
  return `${option}/${criterion}`
}

export const BY_HAND: Provenance = {
  kind: 'human',
  binding: true,
  model: '',
  versions: { digest: '', prompt: '', server: '' },
  server: [],
  family: '',
  quantization: '',
  parametersMillions: 0,
  windowTokens: 0,
  thinks: false,
  warnings: []
}

/** Nothing was asked of anything. */
export const NO_PROTOCOL: Protocol = { promptSha256: '', schemaSha256: '', options: {} }

export function createHumanScorer(form: Form): Scorer {
  return new HumanScorer(form)
}

class HumanScorer implements Scorer {
  readonly kind = 'human'
  readonly binding = true
  readonly #form: Form

  constructor(form: Form) {
    this.#form = form
  }

  async identify(signal: AbortSignal): Promise<Provenance> {
    signal.throwIfAborted()
    return BY_HAND
  }

  async score(job: ScoreJob, signal: AbortSignal): Promise<ScoreResult> {
    signal.throwIfAborted()
    const { option, criterion } = job
    const key = formKey(option.index, criterion.key)
    const entry = Object.hasOwn(this.#form, key) ? this.#form[key] : undefined
    const given = scoreSchema.safeParse(entry?.score)
    if (!entry || !given.success) {
      throw new ScorerFailure(
        'form-incomplete',
        `There is no score for option ${option.index + 1}, ${criterion.key}.`
      )
    }
    const sample = { order: 'form', score: given.data, evidence: '', reason: entry.note }
    return {
      provenance: BY_HAND,
      protocol: NO_PROTOCOL,
      figures: {
        option: option.index,
        criterion: criterion.key,
        by: 'person',
        score: given.data,
        spread: 0,
        samples: 1,
        codes: [],
        span: null,
        section: null
      },
      words: { samples: [sample] }
    }
  }
}
