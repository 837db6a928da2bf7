// What a running node says of scoring before a vote, to its own people alone: words that a model wrote are in it.
// protocols/scoring, protocols/api.
import type { FailureCode } from '../../scoring/failure.ts'
import type { ReasonCode } from '../../scoring/figures.ts'
import type { RecordCell } from '../../scoring/record.ts'
import type { ScorerKind, Warning } from '../../scoring/scorer.ts'

/** What a role holder confides to the scorer of their own node, besides documents. */
export interface RoleContext {
  vision: string
  purpose: string
  notes: string
}

export interface ScoringRequest {
  scorer: ScorerKind
  /** As `ollama list` names it; of `ollama` alone. */
  model?: string
  /** One question a cell instead of three, and no alarm. */
  quick?: boolean
  /** Private documents that go with the context, by the beginning of their ids. */
  artifacts?: string[]
  /** Which of the own roles, where several decide. */
  role?: string
}

export interface EnteredScore {
  /** From 0. */
  option: number
  criterion: string
  /** From 0 to 5; null takes back what was entered. */
  score: number | null
  /** Stays here. */
  note?: string
}

export interface ScoringCellJson {
  option: number
  criterion: string
  score: number | null
  by?: RecordCell['by']
  /** What the model had scored, where a person changed it. */
  modelScore?: number
  spread: number
  codes: ReasonCode[]
  needsLook: boolean
  /** Why there will be no score unless a person does something. */
  unscored?: FailureCode
  /** The stretch of the option's text that the score rests on. */
  evidence?: string
  /** What the model wrote. It leaves with nothing. */
  words: { score: number; reason: string }[]
  note?: string
}

export interface ScoringJson {
  decision: string
  title: string
  role: string
  scorer: { kind: ScorerKind; model: string; since: number }
  /** Who was found to judge. */
  judge?: {
    digest: string
    server: string
    family: string
    quantization: string
    parametersMillions: number
    warnings: Warning[]
  }
  careful: boolean
  options: string[]
  criteria: { key: string; question: string; anchors: string[] }[]
  cells: ScoringCellJson[]
  done: number
  running?: { option: number; criterion: string; done: number; of: number }
  trouble?: { code: FailureCode; message: string; next: string; times: number; nextAt?: number }
  /** What of the context did not fit, in characters. */
  cuts: { what: string; kept: number; of: number }[]
  /** SHA-256 of the evaluator's record, once all cells have a score: what a ballot may rest on. */
  record?: string
  /** Whether a ballot may name it. */
  binding: boolean
  /** The vote is over. */
  closed: boolean
}
