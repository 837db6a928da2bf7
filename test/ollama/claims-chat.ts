// Claims about one chat: what a request may say and what comes back.
import { z } from 'zod'
import {
  ask,
  BRIEF,
  type Claim,
  firstOf,
  GREEDY,
  loads,
  MODEL,
  type Scene,
  seenUnless,
  user
} from './claim.ts'
import { errorOf, exchange, linesOf } from './exchange.ts'

const Nanoseconds = z.int().positive()
const said = {
  model: z.literal(MODEL),
  created_at: z.iso.datetime(),
  message: z.strictObject({ role: z.literal('assistant'), content: z.string() })
}
const Chunk = z.strictObject({ ...said, done: z.literal(false) })
const Last = z.strictObject({
  ...said,
  done: z.literal(true),
  done_reason: z.enum(['stop', 'length']),
  total_duration: Nanoseconds,
  load_duration: Nanoseconds,
  prompt_eval_count: z.int().positive(),
  prompt_eval_duration: Nanoseconds,
  eval_count: z.int().positive(),
  eval_duration: Nanoseconds
})
const Logprob = z.strictObject({
  token: z.string(),
  logprob: z.number().max(0),
  bytes: z.array(z.int().min(0).max(255))
})
const Logprobs = z.array(Logprob.extend({ top_logprobs: z.array(Logprob).length(5) })).length(3)

const TWO_LINES = [user('Write two lines about ships.')]

async function chunks({ url }: Scene): Promise<string | undefined> {
  const body = { model: MODEL, messages: TWO_LINES, options: GREEDY }
  const { text } = await exchange(url, '/api/chat', { body })
  const lines = text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as unknown)
  const last = Last.safeParse(lines.at(-1))
  const rest = z.array(Chunk).min(2).safeParse(lines.slice(0, -1))
  return firstOf(...[rest, last].map(({ error }) => error && z.prettifyError(error).replaceAll(/\s+/g, ' ')))
}

async function joined(scene: Scene): Promise<string | undefined> {
  const body = { model: MODEL, messages: TWO_LINES, options: GREEDY }
  const lines = linesOf(await exchange(scene.url, '/api/chat', { body }))
  const streamed = lines.map(({ message }) => message.content).join('')
  const { message } = await ask(scene, 'Write two lines about ships.')
  return seenUnless(message.content === streamed, { streamed, whole: message.content })
}

async function ignored(scene: Scene): Promise<string | undefined> {
  const plain = await ask(scene, 'Name a colour.')
  const typo = await ask(scene, 'Name a colour.', { options: { temprature: 2, Seed: 'x' }, formatt: 'json' })
  return seenUnless(typo.status === 200 && typo.message.content === plain.message.content, typo)
}

/** @returns whether the server loaded the model again for a request that differs only in these */
async function reloads(scene: Scene, { options, ...more }: { options?: object; shift?: boolean }) {
  await ask(scene, 'Hello', { options: { num_predict: 1 } })
  const before = loads(scene)
  await ask(scene, 'Hello', { ...more, options: { ...options, num_predict: 1 } })
  return loads(scene) > before
}

function reloadsFor(...options: object[]) {
  return async (scene: Scene) => {
    for (const option of options)
      if (!(await reloads(scene, { options: option }))) return `${Object.keys(option)} does not`
    return undefined
  }
}

async function greedyTwice(scene: Scene): Promise<string | undefined> {
  const first = await ask(scene, 'Say something about rivers.')
  const again = await ask(scene, 'Say something about rivers.')
  await exchange(scene.url, '/api/chat', { body: { model: MODEL, messages: [], keep_alive: 0 } })
  const reloaded = await ask(scene, 'Say something about rivers.', { options: { seed: 99 } })
  const all = [first, again, reloaded].map(({ message }) => message.content)
  return seenUnless(new Set(all).size === 1, all)
}

async function precedence(scene: Scene): Promise<string | undefined> {
  const of = async (options: object) => {
    const { eval_count } = await ask(scene, 'Tell me a story.', { model: BRIEF, options })
    return eval_count
  }
  const counts = [await of({ num_predict: undefined }), await of({ num_predict: 5 })]
  return seenUnless(counts.join() === '3,5', counts)
}

async function wrongType({ url }: Scene): Promise<string | undefined> {
  const told: string[] = []
  for (const options of [{ seed: 'x' }, { temperature: '0' }, { stop: 'x' }, { num_ctx: true }]) {
    const body = { model: MODEL, messages: [user('x')], options }
    told.push(errorOf(await exchange(url, '/api/chat', { body })))
  }
  const wanted = [
    '500 option "seed" must be of type integer',
    '500 option "temperature" must be of type float32',
    '500 option "stop" must be of type array',
    '500 option "num_ctx" must be of type integer'
  ]
  return seenUnless(told.join() === wanted.join(), told)
}

/** Words that the schema forces, each token the same. */
const ROUND_AND_ROUND = { type: 'string', const: ' no'.repeat(60) }

async function repeats({ url }: Scene): Promise<string | undefined> {
  const options = { ...GREEDY, num_predict: 100 }
  const body = { model: MODEL, messages: [user('Repeat.')], format: ROUND_AND_ROUND, options }
  const whole = linesOf(await exchange(url, '/api/chat', { body: { ...body, stream: false } }))
  const stream = linesOf(await exchange(url, '/api/chat', { body }))
  return firstOf(
    seenUnless(whole.length === 1 && whole[0]?.done === false, whole),
    seenUnless(
      stream.every(({ done }) => done === false),
      stream.at(-1)
    )
  )
}

const windowOf = async ({ url }: Scene) => {
  const { text } = await exchange(url, '/api/ps')
  const { models } = JSON.parse(text) as { models: { name: string; context_length: number }[] }
  return models.find(({ name }) => name === `${MODEL}:latest`)?.context_length
}

export const CHAT_CLAIMS: Claim[] = [
  { says: 'chunks and the last line have the known shapes, times in nanoseconds', check: chunks },
  { says: 'a whole answer is the streamed one, joined', check: joined },
  { says: 'unknown fields and unknown options are ignored', check: ignored },
  { says: 'an option of the wrong type is 500 and names the type', check: wrongType },
  {
    says: 'a fraction for an integer option is cut, not refused',
    check: async scene => {
      const { status, eval_count } = await ask(scene, 'Tell me a story.', { options: { num_predict: 4.9 } })
      return seenUnless(status === 200 && eval_count === 4, { status, eval_count })
    }
  },
  { says: 'defaults give way to the Modelfile, and that to the request', check: precedence },
  {
    says: 'num_ctx is 4096 by default where there is little video memory',
    check: async scene => {
      await ask(scene, 'Hello', { options: { num_ctx: undefined } })
      const window = await windowOf(scene)
      return seenUnless(window === 4096, `${window}`)
    }
  },
  {
    says: 'num_ctx above the training length is lowered silently',
    check: async scene => {
      const { status } = await ask(scene, 'Hello', { options: { num_ctx: 1_000_000, num_predict: 1 } })
      const window = await windowOf(scene)
      return seenUnless(status === 200 && window === 8192, `${status}, window ${window}`)
    }
  },
  {
    says: 'another num_ctx, num_batch, num_gpu or num_thread loads the model again',
    check: reloadsFor({ num_ctx: 896 }, { num_batch: 256 }, { num_gpu: 0 }, { num_thread: 2 })
  },
  {
    says: 'another shift loads the model again',
    differs: /^it is a setting of the one request$/,
    check: async scene =>
      seenUnless(await reloads(scene, { shift: false }), 'it is a setting of the one request')
  },
  {
    says: 'temperature, seed and the like do not load the model again',
    check: async scene =>
      seenUnless(!(await reloads(scene, { options: { temperature: 1, seed: 7, top_k: 5 } })), 'they do')
  },
  {
    says: 'when num_predict is reached, done_reason is "length"',
    check: async scene => {
      const { done_reason, eval_count } = await ask(scene, 'Tell me a story.', {
        options: { num_predict: 6 }
      })
      return seenUnless(done_reason === 'length' && eval_count === 6, { done_reason, eval_count })
    }
  },
  {
    says: 'a metric that is zero is left out',
    check: async scene => {
      // One token comes with the prompt: no time of its own.
      const answer = await ask(scene, 'Tell me a story.', { options: { num_predict: 1 } })
      return seenUnless(!('eval_duration' in answer) && answer.eval_count === 1, answer)
    }
  },
  {
    says: 'logprobs give token, logprob, bytes and the likeliest others',
    check: async scene => {
      const more = { logprobs: true, top_logprobs: 5, options: { num_predict: 3 } }
      const answer = await ask(scene, 'Tell me a story.', more)
      const { error } = Logprobs.safeParse(answer['logprobs'])
      return error && z.prettifyError(error).replaceAll(/\s+/g, ' ')
    }
  },
  {
    says: 'top_logprobs above 20 is 400',
    check: async scene => {
      const { status, error } = await ask(scene, 'x', { logprobs: true, top_logprobs: 21 })
      return seenUnless(
        `${status} ${error}` === '400 top_logprobs must be between 0 and 20',
        `${status} ${error}`
      )
    }
  },
  { says: 'more than 30 equal tokens end the answer without a last message', check: repeats },
  {
    says: 'at temperature 0 the same prompt gives the same text, whatever the seed, also after a reload',
    check: greedyTwice
  },
  {
    says: 'a control token in a text is taken for a real one',
    check: async scene => {
      const count = async (content: string) =>
        (await ask(scene, content, { options: { num_predict: 1 } })).prompt_eval_count
      const [real, other] = [await count('x<|im_end|>x'), await count('x<|im_fin|>x')]
      return seenUnless(real < other, `${real} tokens, and ${other} for one that does not exist`)
    }
  }
]
