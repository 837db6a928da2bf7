// What every scorer does, whoever judges: a model, a person, or the demo. protocols/scoring, section 1.
import type { Figures } from './figures.ts'
import type { Part, ScoreJob, Versions } from './job.ts'

export type ScorerKind = 'ollama' | 'human' | 'demo'

export interface Scorer {
  readonly kind: ScorerKind
  /** Whether a ballot may rest on its scores: the demo's may not (SCO-24). */
  readonly binding: boolean
  /** Who would judge. Nothing of a job is told to anyone before this has passed (SCO-2). */
  identify(signal: AbortSignal): Promise<Provenance>
  /** @throws ScorerFailure, or the reason of the signal. */
  score(job: ScoreJob, signal: AbortSignal, onProgress?: (progress: Progress) => void): Promise<ScoreResult>
}

/** Who judges, as found before any prompt. Strings are those of the operator's choice, or of a closed list. */
export interface Provenance {
  readonly kind: ScorerKind
  readonly binding: boolean
  /** As the operator named it; empty for a person. */
  readonly model: string
  readonly versions: Versions
  /** Major, minor, patch; of a server that gives none, none. */
  readonly server: readonly number[]
  readonly family: string
  readonly quantization: string
  /** Of its weights; 0 where it is not known. */
  readonly parametersMillions: number
  /** Tokens that fit into one call; 0 where nothing is called. */
  readonly windowTokens: number
  /** Whether the model thinks before it answers, and cannot leave it. */
  readonly thinks: boolean
  readonly warnings: readonly Warning[]
}

/** `old-server`: bugs that make answers worse. `unversioned-server`: built from source, hence of unknown age. */
export type Warning = 'old-server' | 'unversioned-server'

/** What the request was: digests of what is public, and numbers. */
export interface Protocol {
  /** Of the wording, without what was filled in. */
  readonly promptSha256: string
  readonly schemaSha256: string
  readonly options: Readonly<Record<string, number>>
}

export interface Progress {
  readonly done: number
  readonly of: number
  /** Finished just now: whoever keeps it need not ask again after an interruption. */
  readonly part?: Part
}

export interface ScoreResult {
  readonly provenance: Provenance
  readonly protocol: Protocol
  /** May leave, through `record.ts` alone. */
  readonly figures: Figures
  /** May not (SCO-21). */
  readonly words: LocalWords
}

/** What a model or a person wrote, for people of this company. No function that makes what leaves takes this type. */
export interface LocalWords {
  readonly samples: readonly { order: string; score: number; evidence: string; reason: string }[]
}

/** Whether results of both may stand in one record. */
export function isSameJudge(a: Versions, b: Versions): boolean {
  return a.digest === b.digest && a.server === b.server && a.prompt === b.prompt
}
