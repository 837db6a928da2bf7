// What Ollama makes of a request, and where its versions differ. README.md says what was seen of a real server; of
// versions from 0.30 on it was read in the source.
import type { Asked, DoubleModel } from './double.ts'

/** Since then `truncate: false` is obeyed. */
const OBEYS_TRUNCATE = [0, 12, 6]
/** Since then a `llama-server` apart does the work. */
const RUNS_LLAMA_SERVER = [0, 30, 0]
/** Since when a model that was told not to think is held to the schema, of families whose answers Ollama takes apart. */
const HOLDS_UNTHINKING: Readonly<Record<string, readonly number[]>> = {
  gemma4: [0, 21, 1],
  qwen35: [0, 31, 2]
}
/** The engine takes no repetition above this. */
const REPETITIONS_MAX = 2_000
const INTEGERS = ['seed', 'num_predict', 'num_ctx', 'num_keep', 'top_k']
/** What llama.cpp keeps of the beginning unless told. */
const NUM_KEEP = 4

export interface Refusal {
  status: number
  error: string
}

export function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split(/[.-]/).map(Number)
  const at = least.findIndex((part, i) => part !== parts[i])
  return at < 0 || (parts[at] as number) > (least[at] as number)
}

export function listsCapabilities(version: string): boolean {
  return isAtLeast(version, RUNS_LLAMA_SERVER)
}

/** Whether a request that differs in `shift` alone makes it load the model anew. */
export function shiftIsOfTheLaunch(version: string): boolean {
  return isAtLeast(version, RUNS_LLAMA_SERVER)
}

/** What it says of fields alone, before any model is loaded. */
export function refusalOfFields(
  { options, think }: Asked,
  { name, thinks }: DoubleModel
): Refusal | undefined {
  // A fraction is cut, and taken.
  const wrong = INTEGERS.find(option => option in options && typeof options[option] !== 'number')
  if (wrong) return { status: 500, error: `option "${wrong}" must be of type integer` }
  if (typeof think === 'string' && !['low', 'medium', 'high', 'max'].includes(think)) {
    return {
      status: 400,
      error: `invalid think value: "${think}" (must be "high", "medium", "low", "max", true, or false)`
    }
  }
  if (think !== undefined && think !== false && !thinks) {
    return { status: 400, error: `"${name}" does not support thinking` }
  }
  return undefined
}

export interface SchemaRefusal extends Refusal {
  /** The next request loads the model again. */
  endsRunner: boolean
}

export function refusalOfSchema(version: string, { format }: Asked): SchemaRefusal | undefined {
  const isLoose = (pattern: unknown) => typeof pattern === 'string' && !/^\^.*\$$/s.test(pattern)
  if (!isAtLeast(version, RUNS_LLAMA_SERVER) && valuesOf(format, ['pattern']).some(isLoose)) {
    return { status: 500, error: 'invalid JSON schema in format', endsRunner: false }
  }
  const isTooMuch = (count: unknown) => Number(count) > REPETITIONS_MAX
  if (!valuesOf(format, ['maxItems', 'maxLength']).some(isTooMuch)) return undefined
  const error =
    'model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, check ollama server logs for details'
  return { status: 500, error, endsRunner: true }
}

/** Of every member so named, at any depth. */
function valuesOf(value: unknown, names: readonly string[]): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) =>
    names.includes(name) ? [item] : valuesOf(item, names)
  )
}

/** How much of a prompt the model reads: all of it, its first tokens and its last, or nothing. */
export interface Reading {
  tokens: number
  /** Of the end of the last message; `undefined` where all of it is read. */
  endTokens?: number
}

/** @returns a sentence where the prompt is refused */
export function readingOf(
  version: string,
  { truncate, shift, options }: Asked,
  { path }: Pick<DoubleModel, 'path'>,
  window: number,
  tokens: number
): Reading | Refusal {
  if (tokens < window) return { tokens }
  const isNew = isAtLeast(version, RUNS_LLAMA_SERVER)
  const isRefused = truncate === false && isAtLeast(version, OBEYS_TRUNCATE)
  if (isRefused || path === 'native') return { status: 400, error: overflow(isNew, tokens, window) }
  if (isNew && shift === false) {
    const error = 'the prompt is longer than the context length currently available to the model; shorten it'
    return { status: 400, error }
  }
  // The first tokens stay and the middle goes, without a word.
  const read = isNew ? Math.floor(window / 2) + 2 : window
  const keep = Math.trunc((options['num_keep'] as number | undefined) ?? NUM_KEEP)
  return { tokens: read, endTokens: Math.max(0, read - keep) }
}

/** Of a llama-server: JSON within the string. */
function overflow(isNew: boolean, tokens: number, window: number): string {
  if (!isNew) return 'the input length exceeds the context length'
  const message = `request (${tokens} tokens) exceeds the available context size (${window} tokens), try increasing it`
  const type = 'exceed_context_size_error'
  return JSON.stringify({ error: { code: 400, message, type, n_prompt_tokens: tokens, n_ctx: window } })
}

/** Whether the answer is held to the schema at all. */
export function holdsSchema(
  version: string,
  { think }: Asked,
  { family, thinks, thinkTokens }: DoubleModel
): boolean {
  if (!thinks) return true
  if (think === false) return isAtLeast(version, HOLDS_UNTHINKING[family] ?? [])
  // The schema comes only after its thoughts: where it has none, never.
  return thinkTokens > 0
}

/** As Go prints a time: zeros at the end of the fraction are left out. */
export function goTime(nanoseconds: number): string {
  const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`
  return `2026-08-01T08:00:00${fraction}Z`
}
