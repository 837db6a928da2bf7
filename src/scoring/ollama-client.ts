// Ollama through its npm client, which is handed a transport of ours for each call. protocols/scoring, section 2.
import { type ChatResponse, Ollama } from 'ollama/browser'
import { z } from 'zod'
import { ScorerFailure, isScorerFailure } from './failure.ts'
import { inLine } from './host-line.ts'
import { readProvenance } from './ollama-model.ts'
import type { OllamaHost } from './ollama-host.ts'
import { type After, type CallLimits, fetchFor } from './ollama-transport.ts'
import type { Question } from './question.ts'
import type { Provenance } from './scorer.ts'
import { tokensAtLeast, tokensAtMost } from './tokens.ts'

/** Tokens of an answer: eight facts or a score with its reasons; more where the model must think first. */
const PREDICT_TOKENS = 700
const PREDICT_THINKING_TOKENS = 2_048
/** What a chat template puts around two messages. */
const TEMPLATE_TOKENS = 64

export interface OllamaPlace {
  readonly host: OllamaHost
  readonly model: string
  readonly limits: CallLimits
  readonly after: After
  /** Whether a server built from source, which gives no version, is taken for a new one. */
  readonly mayBeUnversioned: boolean
}

/** SCO-2. */
export function identifyOllama(place: OllamaPlace, signal: AbortSignal): Promise<Provenance> {
  return calling(place, signal, async client => {
    const version = await client.version()
    const tags = await client.list()
    const show = () => client.show({ model: place.model })
    return await readProvenance(place.model, { version, tags, show }, place.mayBeUnversioned)
  })
}

/** The same for every call to a model, so that it is never loaded anew. SCO-6. */
export function optionsFor({ windowTokens, thinks }: Provenance): Record<string, number> {
  return {
    num_ctx: windowTokens,
    num_predict: thinks ? PREDICT_THINKING_TOKENS : PREDICT_TOKENS,
    repeat_penalty: 1,
    temperature: 0
  }
}

/** @returns what the model wrote, whole. */
export async function askOllama(
  place: OllamaPlace,
  provenance: Provenance,
  question: Question,
  signal: AbortSignal
): Promise<string> {
  const options = optionsFor(provenance)
  const text = question.system + question.user
  checkFits(text, provenance, options)
  const last = await inLine(place.host.origin, signal, () =>
    calling(place, signal, client => chat(client, place.model, question, options, provenance.thinks))
  )
  // Where the server lacks what it was asked, it may have asked elsewhere: what it says then is worth nothing.
  if (last.remote)
    throw new ScorerFailure('remote-model', `${place.model} answered from a machine elsewhere.`)
  checkRead(last.promptTokens, text, provenance, options)
  return last.content
}

function checkFits(text: string, { windowTokens }: Provenance, options: Record<string, number>): void {
  const room = windowTokens - (options['num_predict'] as number) - TEMPLATE_TOKENS
  const tokens = tokensAtMost(text)
  if (tokens <= room) return
  throw new ScorerFailure(
    'prompt-too-long',
    `The text has up to ${tokens} tokens, and the model has room for ${room}.`
  )
}

/**
 * What the server counted, those of its cache among them; where it counts none, nothing is known. Fewer than words:
 * it cut the text. More than there was room for: while it wrote, it let go of the beginning.
 */
function checkRead(
  tokens: number,
  text: string,
  { windowTokens }: Provenance,
  options: Record<string, number>
): void {
  if (tokens === 0) return
  const isCut = tokens < tokensAtLeast(text)
  if (!isCut && tokens <= windowTokens - (options['num_predict'] as number)) return
  const why = isCut ? 'fewer than the text has words' : 'more than leave room for an answer'
  throw new ScorerFailure('prompt-too-long', `Ollama read ${tokens} tokens, ${why}.`)
}

const Chunk = z.looseObject({
  done: z.boolean(),
  done_reason: z.string().optional(),
  message: z.looseObject({ content: z.string().optional() }).optional(),
  prompt_eval_count: z.number().optional(),
  remote_host: z.string().optional(),
  remote_model: z.string().optional()
})

interface Answered {
  content: string
  promptTokens: number
  remote: boolean
}

async function chat(
  client: Ollama,
  model: string,
  { system, user, schema, seed }: Question,
  options: Record<string, number>,
  thinks: boolean
): Promise<Answered> {
  const request = {
    model,
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: user }
    ],
    stream: true as const,
    format: { ...schema },
    options: { ...options, seed },
    // gpt-oss cannot leave it; told `false`, the server would apply the schema to its thoughts.
    think: thinks ? ('low' as const) : false,
    keep_alive: '10m',
    // Not known to the client's types, and passed on. SCO-6.
    truncate: false
  }
  let content = ''
  let last: z.output<typeof Chunk> = { done: false }
  try {
    for await (const piece of await client.chat(request)) {
      last = readChunk(piece)
      content += last.message?.content ?? ''
    }
  } catch (error) {
    // All else that went wrong the transport has named: what is left is the client, missing the last piece. SCO-7.
    throw isScorerFailure(error) ? error : unfinished('The model stopped without an end.', error)
  }
  if (last.done_reason === 'length') throw unfinished('The model wrote more than an answer has room for.')
  const { prompt_eval_count: promptTokens = 0, remote_host, remote_model } = last
  return { content, promptTokens, remote: Boolean(remote_host) || Boolean(remote_model) }
}

function readChunk(piece: ChatResponse): z.output<typeof Chunk> {
  const chunk = Chunk.safeParse(piece)
  if (!chunk.success) throw new ScorerFailure('not-ollama', 'A piece of the answer has another shape.')
  return chunk.data
}

function unfinished(what: string, cause?: unknown): ScorerFailure {
  return new ScorerFailure('invalid-output', what, { cause })
}

/** A client, and a controller, for one call: the client's own `abort` does nothing before the headers. */
async function calling<T>(
  place: OllamaPlace,
  signal: AbortSignal,
  run: (client: Ollama) => Promise<T>
): Promise<T> {
  const { limits, after, host } = place
  const over = new AbortController()
  const call = { signal: AbortSignal.any([signal, over.signal]), limits, after }
  try {
    return await run(new Ollama({ host: host.origin, fetch: fetchFor(call) }))
  } catch (error) {
    signal.throwIfAborted()
    if (isScorerFailure(error)) throw error
    throw new ScorerFailure('not-ollama', 'What answers there is not Ollama as we know it.', { cause: error })
  } finally {
    // Nothing of a call outlives it, on the server either.
    over.abort()
  }
}
