// Why there is no score, for the program as a code and for people as a sentence with the next step.
// protocols/scoring, section 8.
import { NodeError } from '../wire/node-error.ts'

/** `time`: tried again by itself. `user`: nothing changes until a person does something. */
const WAITS_FOR = {
  unreachable: 'time',
  busy: 'time',
  'connection-lost': 'time',
  'server-error': 'time',
  deadline: 'time',
  'model-missing': 'user',
  'prompt-too-long': 'user',
  'invalid-output': 'user',
  'remote-model': 'user',
  forbidden: 'user',
  'not-ollama': 'user',
  'server-too-old': 'user',
  'model-changed': 'user',
  'form-incomplete': 'user'
} as const

export type FailureCode = keyof typeof WAITS_FOR
export const FAILURE_CODES = Object.keys(WAITS_FOR) as FailureCode[]

export function waitsFor(code: FailureCode): 'time' | 'user' {
  return WAITS_FOR[code]
}

const BY_HAND = 'or score by hand'

/** What a person can do about it; where the code alone does not say enough, whoever throws says more. */
const NEXT: Record<FailureCode, string> = {
  unreachable: `Start Ollama, ${BY_HAND}.`,
  busy: `It is tried again by itself; retry now, ${BY_HAND}.`,
  'connection-lost': `It is tried again by itself; retry now, ${BY_HAND}.`,
  'server-error': `It is tried again by itself; look into the log of Ollama, ${BY_HAND}.`,
  deadline: `Choose a smaller model or a longer limit, ${BY_HAND}.`,
  'model-missing': `Pull the model, choose another, ${BY_HAND}.`,
  'prompt-too-long': `Choose less context or a shorter text, ${BY_HAND}.`,
  'invalid-output': `Choose another model, ${BY_HAND}.`,
  'remote-model': `Choose a model whose weights are on this machine, ${BY_HAND}.`,
  forbidden: `Name Ollama by its address in parley.json, ${BY_HAND}.`,
  'not-ollama': `Look at what listens at this address, ${BY_HAND}.`,
  'server-too-old': `Update Ollama, ${BY_HAND}.`,
  'model-changed': `Start the scoring again with the model as it is now, ${BY_HAND}.`,
  'form-incomplete': 'Fill in the missing score.'
}

/** Thrown by a scorer. The node catches it at the scorer call and goes on. */
export class ScorerFailure extends NodeError {
  declare readonly code: FailureCode

  constructor(code: FailureCode, message: string, { next = NEXT[code], cause }: Details = {}) {
    super(code, message, next, cause)
    this.name = 'ScorerFailure'
  }
}

interface Details {
  next?: string
  cause?: unknown
}

export function isScorerFailure(value: unknown): value is ScorerFailure {
  return value instanceof ScorerFailure
}

const QUOTED_CHARS_MAX = 200

/** What a server said, on one line and without what a terminal would obey. */
export function quoted(text: string): string {
  const plain = text
    .replace(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ')
    .trim()
    .toWellFormed()
  return plain.length > QUOTED_CHARS_MAX ? `${plain.slice(0, QUOTED_CHARS_MAX)} [...]`.toWellFormed() : plain
}
