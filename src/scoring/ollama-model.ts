// What an Ollama server says about itself and a model, read strictly: most of it may end up beside a ballot, so
// nothing passes but numbers, hexadecimal and words of closed lists. protocols/scoring, SCO-2, SCO-3 and SCO-21.
import { z } from 'zod'
import { Reject } from '../wire/reject.ts'
import { ScorerFailure, quoted } from './failure.ts'
import { PROMPT_VERSION } from './prompt.ts'
import type { Provenance, Warning } from './scorer.ts'

/** Since 0.12.6 `truncate: false` is obeyed; before, a prompt that is too long was cut without a word. */
const SERVER_MIN = [0, 12, 6] as const
/** Before, some models ignored the schema of an answer (ollama issues 14645, 14850, 15540). */
const SERVER_GOOD = [0, 31, 2] as const

/** Fixed, so that calls of ours never make the server load the model anew. */
export const WINDOW_TOKENS = 8_192
/** Below, no context worth the name fits. */
const WINDOW_TOKENS_MIN = 4_096

export const FAMILIES = 'command-r deepseek2 falcon gemma gemma2 gemma3 gemma3n gemma4 glm4 gptoss granite lfm2 llama llama4 ministral3 mistral mistral3 nemotron olmo2 olmo3 other phi2 phi3 phi4 qwen2 qwen3 qwen35 qwen3moe smollm3 starcoder2'.split(' ') // prettier-ignore
export const QUANTIZATIONS = 'BF16 F16 F32 IQ2_XS IQ3_M IQ3_XS IQ4_NL IQ4_XS MXFP4 Q2_K Q3_K_L Q3_K_M Q3_K_S Q4_0 Q4_1 Q4_K_M Q4_K_S Q5_0 Q5_1 Q5_K_M Q5_K_S Q6_K Q8_0 other'.split(' ') // prettier-ignore

const short = z.string().max(200)
const Details = z.looseObject({
  family: short.catch(''),
  parameter_size: short.catch(''),
  quantization_level: short.catch('')
})
const Remote = { remote_host: short.optional(), remote_model: short.optional() }

const Version = z.looseObject({ version: short })
const Tags = z.looseObject({
  models: z
    .array(z.looseObject({ ...Remote, digest: z.string().max(200), model: short.optional(), name: short }))
    .max(10_000)
    .nullable()
})
const Show = z.looseObject({
  ...Remote,
  capabilities: z.array(short).max(100).optional().catch(undefined),
  details: Details.optional().catch(undefined),
  model_info: z.record(z.string(), z.unknown()).optional().catch(undefined)
})

/** As the server's answers have it, before anything is believed. */
export interface ServerAnswers {
  version: unknown
  tags: unknown
  show: () => Promise<unknown>
}

/** Letters, digits and what stands between the parts of a name: nothing else is sent, shown or recorded. */
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$/

export function checkModelName(model: string): string | Reject {
  return MODEL_NAME.test(model) ? model : new Reject('model-name', 'not the name of a model', false)
}

/** @throws ScorerFailure unless the model is here, and here alone. */
export async function readProvenance(
  model: string,
  answers: ServerAnswers,
  mayBeUnversioned: boolean
): Promise<Provenance> {
  const { version } = read(Version, answers.version)
  const server = readServer(version, mayBeUnversioned)
  // SCO-3: by name first, so that not even its description is asked for.
  if (/[:-]cloud$/i.test(model)) throw remote(model)
  const models = read(Tags, answers.tags).models ?? []
  const entry = models.find(one => one.name === full(model) || one.model === full(model))
  if (!entry) throw missing(model, models)
  if (isRemote(entry)) throw remote(model)
  if (!/^[0-9a-f]{64}$/.test(entry.digest)) throw strange('a digest that is none')
  const show = read(Show, await answers.show())
  if (isRemote(show)) throw remote(model)
  const { family = '', parameter_size = '', quantization_level = '' } = show.details ?? {}
  return {
    kind: 'ollama',
    binding: true,
    model,
    versions: { digest: entry.digest, prompt: PROMPT_VERSION, server: version },
    server,
    family: FAMILIES.includes(family) ? family : 'other',
    quantization: QUANTIZATIONS.includes(quantization_level) ? quantization_level : 'other',
    parametersMillions: readMillions(parameter_size),
    windowTokens: readWindow(show.model_info),
    thinks: /gpt-?oss/i.test(`${family} ${model}`),
    warnings: warningsOf(server)
  }
}

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw strange(parsed.error.issues[0]?.path.join('.') ?? 'an answer of another shape')
}

function strange(what: string): ScorerFailure {
  return new ScorerFailure('not-ollama', `What answers there is not Ollama as we know it (${quoted(what)}).`)
}

function remote(model: string): ScorerFailure {
  return new ScorerFailure(
    'remote-model',
    `${model} runs on a machine elsewhere: all that it is asked would go there.`
  )
}

function missing(model: string, models: readonly { name: string }[]): ScorerFailure {
  const others = models.slice(0, 10).map(({ name }) => quoted(name))
  const there = others.length > 0 ? `There are: ${others.join(', ')}.` : 'It has no model at all.'
  return new ScorerFailure('model-missing', `Ollama does not have ${model}. ${there}`, {
    next: `Run "ollama pull ${model}", choose another model, or score by hand.`
  })
}

function isRemote({
  remote_host,
  remote_model
}: {
  remote_host?: string | undefined
  remote_model?: string | undefined
}): boolean {
  return Boolean(remote_host) || Boolean(remote_model)
}

function full(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1).includes(':') ? model : `${model}:latest`
}

const UNVERSIONED =
  'If it is a new one, built from source, set ollamaUnversioned in parley.json; else update it, or score by hand.'

/** A server built from source says 0.0.0, as old as any or as new. */
function readServer(version: string, mayBeUnversioned: boolean): number[] {
  const [, ...parts] = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:[-+][A-Za-z0-9.+-]{1,40})?$/.exec(version) ?? []
  const server = parts.map(Number)
  if (server.length === 0) throw strange('a version that is none')
  const isUnversioned = server.every(part => part === 0)
  if (isUnversioned ? !mayBeUnversioned : isBelow(server, SERVER_MIN)) {
    const least = SERVER_MIN.join('.')
    throw new ScorerFailure(
      'server-too-old',
      `Ollama ${server.join('.')} may cut a prompt without a word; ${least} or later does not.`,
      isUnversioned ? { next: UNVERSIONED } : {}
    )
  }
  return server
}

function isBelow(server: readonly number[], other: readonly number[]): boolean {
  const at = server.findIndex((part, i) => part !== other[i])
  return at >= 0 && (server[at] as number) < (other[at] as number)
}

function warningsOf(server: readonly number[]): Warning[] {
  if (server.every(part => part === 0)) return ['unversioned-server']
  return isBelow(server, SERVER_GOOD) ? ['old-server'] : []
}

/** `8.0B`, `135M`. */
function readMillions(size: string): number {
  const [, figure, unit] = /^(\d{1,4}(?:\.\d{1,3})?)([MB])$/.exec(size) ?? []
  return figure ? Math.round(Number(figure) * (unit === 'B' ? 1_000 : 1)) : 0
}

/** A window above what the model was trained for is lowered by the server without a word. */
function readWindow(info: Record<string, unknown> | undefined): number {
  const [, trained] =
    Object.entries(info ?? {}).find(([key]) => /^[a-z0-9_-]{1,40}\.context_length$/.test(key)) ?? []
  const tokens = typeof trained === 'number' && trained > 0 ? Math.min(trained, WINDOW_TOKENS) : WINDOW_TOKENS
  if (tokens >= WINDOW_TOKENS_MIN) return tokens
  throw new ScorerFailure(
    'prompt-too-long',
    `The model reads ${tokens} tokens at most; ${WINDOW_TOKENS_MIN} is the least that scoring takes.`,
    {
      next: 'Choose another model, or score by hand.'
    }
  )
}
