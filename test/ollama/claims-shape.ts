// Claims about the frame: transport, Host, and what the server says of itself and its models.
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ask, BRIEF, type Claim, firstOf, MODEL, type Scene, seenUnless, text, user } from './claim.ts'
import { errorOf, exchange, linesOf } from './exchange.ts'
import { createModel, listedModel, type RealOllama } from './real-server.ts'

const Details = z.strictObject({
  parent_model: z.string(),
  format: z.literal('gguf'),
  family: z.string(),
  families: z.array(z.string()),
  parameter_size: z.string(),
  quantization_level: z.string()
})
const Time = z.iso.datetime({ offset: true })
const Digest = z.string().regex(/^[0-9a-f]{64}$/)
const named = { name: z.string(), model: z.string(), size: z.int(), digest: Digest, details: Details }
const Tags = z.strictObject({ models: z.array(z.strictObject({ ...named, modified_at: Time })) })
const Ps = z.strictObject({
  models: z.array(z.strictObject({ ...named, expires_at: Time, size_vram: z.int(), context_length: z.int() }))
})
const Show = z.strictObject({
  modelfile: z.string(),
  parameters: z.string(),
  template: z.string(),
  system: z.string().optional(),
  license: z.string().optional(),
  details: Details,
  model_info: z.record(z.string(), z.unknown()),
  tensors: z.array(z.unknown()).optional(),
  capabilities: z.array(z.string()),
  modified_at: Time
})

function misfit(schema: z.ZodType, said: string): string | undefined {
  const { error } = schema.safeParse(JSON.parse(said))
  return error && z.prettifyError(error).replaceAll(/\s+/g, ' ')
}

async function host({ url }: Scene): Promise<string | undefined> {
  const status = async (host: string) => {
    const { status, text } = await exchange(url, '/api/version', { host })
    return `${status}${status === 403 && text !== '' ? ' with a body' : ''}`
  }
  const wrong: string[] = []
  const local = [
    'localhost',
    '127.0.0.1:1',
    '10.1.2.3',
    '0.0.0.0',
    'a.localhost',
    'a.local',
    'a.internal',
    hostname()
  ]
  for (const name of local) if ((await status(name)) !== '200') wrong.push(`${name} is refused`)
  for (const name of ['example.com', '8.8.8.8', 'localhost.example.com'])
    if ((await status(name)) !== '403') wrong.push(`${name}: ${await status(name)}`)
  return wrong[0]
}

/** The server reports how long it loaded and read; headers that came earlier did not wait for that. */
async function headersWait({ url }: Scene): Promise<string | undefined> {
  const body = { model: MODEL, messages: [user(text(1500))], options: { num_ctx: 2048, num_predict: 2 } }
  const answer = await exchange(url, '/api/chat', { body })
  const { load_duration = 0, prompt_eval_duration = 0 } = linesOf(answer).at(-1) ?? {}
  const before = (load_duration + prompt_eval_duration) / 1e6
  const { headersMs, firstByteMs } = answer
  const so = headersMs >= 0.9 * before && firstByteMs - headersMs < 0.1 * before
  return seenUnless(
    so,
    `loading and reading took ${before} ms, headers ${headersMs}, first chunk ${firstByteMs}`
  )
}

function manifestOf({ models }: RealOllama): string {
  return join(models, 'manifests/registry.ollama.ai/library', MODEL, 'latest')
}

async function tellsDigest({ url, ollama }: Scene): Promise<string | undefined> {
  const sha256 = createHash('sha256')
    .update(readFileSync(manifestOf(ollama)))
    .digest('hex')
  const { digest } = await listedModel(url, MODEL)
  return seenUnless(digest === sha256, `${digest}, and the manifest has ${sha256}`)
}

async function digestTellsPlace({ ollama }: Scene): Promise<string | undefined> {
  const manifest = readFileSync(manifestOf(ollama), 'utf8')
  return seenUnless(manifest.includes(ollama.models), manifest)
}

async function digestCovers({ url }: Scene): Promise<string | undefined> {
  const of = async (making: object) => {
    await createModel(url, 'covered', { from: MODEL, ...making })
    return (await listedModel(url, 'covered')).digest
  }
  const plain = await of({})
  if ((await of({})) !== plain) return 'the same model made twice has two digests'
  if ((await of({ system: 'Be brief.' })) === plain) return 'not the system text'
  if ((await of({ template: '{{ .Prompt }}' })) === plain) return 'not the template'
  return seenUnless((await of({ parameters: { num_predict: 3 } })) !== plain, 'not the parameters')
}

async function loadsAndUnloads(scene: Scene): Promise<string | undefined> {
  const { url } = scene
  const keep = (keep_alive?: number) =>
    exchange(url, '/api/chat', { body: { model: MODEL, messages: [], stream: false, keep_alive } })
  const reason = (said: string) => (JSON.parse(said) as { done_reason?: string }).done_reason
  const loaded = await keep()
  const unloaded = await keep(0)
  // It is on its way out; the list is empty when the runner has gone.
  let listed = ''
  for (let i = 0; i < 50 && listed !== '{"models":[]}'; i++) listed = (await exchange(url, '/api/ps')).text
  return firstOf(
    seenUnless(reason(loaded.text) === 'load', loaded.text),
    seenUnless(reason(unloaded.text) === 'unload', unloaded.text),
    seenUnless(!/duration|count/.test(loaded.text + unloaded.text), `${loaded.text} ${unloaded.text}`)
  )
}

/** One request, one answer in words. */
function says(path: string, wanted: string, request: Parameters<typeof exchange>[2] = {}) {
  return async ({ url }: Scene) => {
    const { status, text } = await exchange(url, path, request)
    return seenUnless(`${status} ${text}` === wanted, `${status} ${text}`)
  }
}

function refuses(path: string, body: unknown, wanted: string) {
  return async ({ url }: Scene) => {
    const said = errorOf(await exchange(url, path, { body }))
    return seenUnless(said === wanted, said)
  }
}

export const SHAPE_CLAIMS: Claim[] = [
  { says: 'GET / is 200 "Ollama is running"', check: says('/', '200 Ollama is running') },
  { says: 'HEAD / is 200', check: says('/', '200 ', { method: 'HEAD' }) },
  { says: 'an unknown path is 404 with a plain text', check: says('/api/nothing', '404 404 page not found') },
  {
    says: 'a known path with the wrong method is 405 with a plain text',
    check: says('/api/chat', '405 405 method not allowed', { method: 'PUT' })
  },
  { says: 'the Host header must be local, else 403 with an empty body', check: host },
  {
    says: 'JSON is application/json; charset=utf-8',
    check: async ({ url }) => {
      const { headers } = await exchange(url, '/api/version')
      return seenUnless(headers['content-type'] === 'application/json; charset=utf-8', headers)
    }
  },
  {
    says: 'a stream is application/x-ndjson, one object and a line feed each, and streaming is the default',
    check: async ({ url }) => {
      const body = { model: MODEL, messages: [user('Hello')], options: { num_predict: 4 } }
      const answer = await exchange(url, '/api/chat', { body })
      const so = answer.headers['content-type'] === 'application/x-ndjson' && answer.text.endsWith('}\n')
      return seenUnless(so && linesOf(answer).length > 1, answer)
    }
  },
  { says: 'headers leave with the first chunk, after loading and reading the prompt', check: headersWait },
  {
    says: 'the version is {"version"}',
    check: async ({ url }) =>
      misfit(z.strictObject({ version: z.string() }), (await exchange(url, '/api/version')).text)
  },
  {
    says: 'tags have the known shape, digests 64 hex digits without prefix, no capabilities before 0.30',
    check: async ({ url }) => misfit(Tags, (await exchange(url, '/api/tags')).text)
  },
  { says: 'the digest is the SHA-256 of the manifest file', check: tellsDigest },
  {
    says: 'the manifest of a model made from a file names its folder, so that each machine has another digest',
    check: digestTellsPlace
  },
  { says: 'the digest covers system text, template and parameters', check: digestCovers },
  {
    says: 'ps has the known shape, with the window that was really allocated',
    check: async scene => {
      await ask(scene, 'Hello', { options: { num_ctx: 640 } })
      const { text } = await exchange(scene.url, '/api/ps')
      return firstOf(misfit(Ps, text), seenUnless(text.includes('"context_length":640'), text))
    }
  },
  {
    says: 'show has the known shape, with capabilities and without a digest',
    check: async ({ url }) =>
      misfit(Show, (await exchange(url, '/api/show', { body: { model: BRIEF } })).text)
  },
  {
    says: 'show of a missing model is 404',
    check: refuses('/api/show', { model: 'nobody' }, "404 model 'nobody' not found")
  },
  { says: 'show of no name is 400', check: refuses('/api/show', { model: '' }, '400 model is required') },
  {
    says: 'chat with a missing model is 404',
    check: refuses('/api/chat', { model: 'nobody', messages: [user('x')] }, "404 model 'nobody' not found")
  },
  {
    says: 'chat with no name is 400',
    check: refuses('/api/chat', { messages: [user('x')] }, '400 model is required')
  },
  {
    says: 'no messages load the model, no messages and keep_alive 0 unload it, both without metrics',
    check: loadsAndUnloads
  }
]
