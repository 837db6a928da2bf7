// The scorer that asks a model in Ollama. protocols/scoring, section 2.
import { ScorerFailure } from './failure.ts'
import { figuresOf } from './figures.ts'
import type { Part, ScoreJob } from './job.ts'
import { type OllamaPlace, askOllama, identifyOllama, optionsFor } from './ollama-client.ts'
import { checkModelName } from './ollama-model.ts'
import { parseOllamaHost } from './ollama-host.ts'
import { CALL_LIMITS, type After, type CallLimits, after as afterTimer } from './ollama-transport.ts'
import { runPasses } from './passes.ts'
import { PROMPT_SHA256 } from './prompt.ts'
import { SCHEMA_SHA256 } from './record.ts'
import {
  type LocalWords,
  type Progress,
  type Provenance,
  type ScoreResult,
  type Scorer,
  isSameJudge
} from './scorer.ts'
import { NodeError } from '../wire/node-error.ts'
import { isReject } from '../wire/reject.ts'

export interface OllamaOptions {
  /** As `OLLAMA_HOST` is written. */
  readonly host: string
  readonly model: string
  /** Whether the operator said that another machine may read the context. */
  readonly mayBeRemote?: boolean
  /** Whether the operator said that a server without a version is a new one, built from source. */
  readonly mayBeUnversioned?: boolean
  readonly limits?: Partial<CallLimits>
  readonly after?: After
}

/** @throws NodeError `scorer-host` or `scorer-model` */
export function createOllamaScorer(options: OllamaOptions): Scorer {
  const model = checkModelName(options.model)
  if (isReject(model)) {
    throw new NodeError('scorer-model', 'This is no name of a model.', 'Write it as "ollama list" does.')
  }
  const place: OllamaPlace = {
    host: parseOllamaHost(options.host, options.mayBeRemote ?? false),
    model,
    limits: { ...CALL_LIMITS, ...options.limits },
    after: options.after ?? afterTimer,
    mayBeUnversioned: options.mayBeUnversioned ?? false
  }
  return new OllamaScorer(place)
}

class OllamaScorer implements Scorer {
  readonly kind = 'ollama'
  readonly binding = true
  readonly #place: OllamaPlace

  constructor(place: OllamaPlace) {
    this.#place = place
  }

  identify(signal: AbortSignal): Promise<Provenance> {
    return identifyOllama(this.#place, signal)
  }

  async score(
    job: ScoreJob,
    signal: AbortSignal,
    onProgress?: (progress: Progress) => void
  ): Promise<ScoreResult> {
    const provenance = await this.identify(signal)
    const expected = { ...job.versions, ...(job.versions.digest === '' ? provenance.versions : {}) }
    if (!isSameJudge(provenance.versions, expected)) throw changed(this.#place.model)
    // SCO-2: what is asked hangs on the digest that was found, so that a shuffle is that of this model.
    const asked = { ...job, versions: provenance.versions }
    const parts = await runPasses({
      job: asked,
      ask: (question, signal) => askOllama(this.#place, provenance, question, signal),
      signal,
      onProgress
    })
    const then = await this.identify(signal)
    if (!isSameJudge(provenance.versions, then.versions)) throw changed(this.#place.model)
    return resultOf(asked, parts, provenance)
  }
}

function changed(model: string): ScorerFailure {
  return new ScorerFailure(
    'model-changed',
    `${model}, or the server, is not what it was: what was scored does not count.`
  )
}

function resultOf(job: ScoreJob, parts: readonly Part[], provenance: Provenance): ScoreResult {
  return {
    provenance,
    protocol: { promptSha256: PROMPT_SHA256, schemaSha256: SCHEMA_SHA256, options: optionsFor(provenance) },
    figures: figuresOf(job, parts),
    words: wordsOf(parts)
  }
}

function wordsOf(parts: readonly Part[]): LocalWords {
  const samples = parts.flatMap(part => {
    if (part.kind !== 'sample' || part.without !== null || !part.answer) return []
    const { evidence, reason, score } = part.answer
    return [{ order: part.order, score, evidence, reason }]
  })
  return { samples }
}
