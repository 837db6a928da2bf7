// What Ollama and the network say when something is wrong, as one of our codes. protocols/scoring, section 8.
import { type FailureCode, ScorerFailure, quoted } from './failure.ts'

const LOST = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'HPE_INVALID_EOF_STATE'
])

/** Of a socket or of HTTP itself. */
export function failureOfError(error: unknown): ScorerFailure {
  const { code = '' } = error as { code?: string }
  if (LOST.has(code)) {
    return new ScorerFailure('connection-lost', 'The connection to Ollama broke off.', { cause: error })
  }
  if (code.startsWith('HPE_')) {
    return new ScorerFailure('not-ollama', 'What answers there does not speak HTTP.', { cause: error })
  }
  return new ScorerFailure('unreachable', `Ollama does not answer (${code || 'no reason given'}).`, {
    cause: error
  })
}

/**
 * Of an answer that is no success. Ollama has no codes, so for a status that stands for several things its words
 * decide; words that we do not know leave it at what the status says.
 */
export function failureOfStatus(status: number, body: string): ScorerFailure {
  const said = errorText(body)
  const code = codeOf(status, said)
  const words = quoted(said ?? '')
  return new ScorerFailure(code, `${SENTENCES[code] ?? 'Ollama failed'} (${status}${words && `: ${words}`}).`)
}

const SENTENCES: { [K in FailureCode]?: string } = {
  busy: 'Ollama has too much to do',
  forbidden: 'Ollama refuses to speak with us',
  'model-missing': 'Ollama does not have this model',
  'not-ollama': 'What answers there is not Ollama',
  'prompt-too-long': 'The text does not fit into the window of the model',
  'remote-model': 'Ollama would ask a machine elsewhere'
}

function codeOf(status: number, said: string | undefined): FailureCode {
  if (status === 401) return 'remote-model'
  if (status === 403) return 'forbidden'
  if (status === 429 || status === 503) return 'busy'
  if (said !== undefined && OVERFLOW.test(said)) return 'prompt-too-long'
  if (status === 404 && said !== undefined && /\bmodel\b.*\bnot found\b/.test(said)) return 'model-missing'
  if (status === 499 || status >= 500) return 'server-error'
  return said !== undefined && status === 400 ? 'server-error' : 'not-ollama'
}

/** From 0.30 on in three ways, before in the last one. */
const OVERFLOW =
  /exceed_context_size_error|longer than the context length|exceeds the available context|exceeds the context length/

/** @returns undefined where there is no JSON with an error in it, which Ollama always sends but for 403. */
function errorText(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: unknown }
    return typeof error === 'string' ? error : JSON.stringify(error)
  } catch {
    return undefined
  }
}
