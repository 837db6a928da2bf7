// Claims about what does not fit and who has to wait: the context window, a client that goes away, the queue.
import { ask, type Claim, firstOf, GREEDY, MODEL, type Scene, seenUnless, text, user } from './claim.ts'
import { chat, exchange } from './exchange.ts'
import { createModel, uploadBlob } from './real-server.ts'

const WINDOW = 512
const LONG = 900
/** The endless answer would take minutes, on a machine that writes a hundred tokens a second. */
const SOON_MS = 20_000
const ENDLESS = 20_000

const tight = (more: object = {}) => ({ options: { num_ctx: WINDOW, num_predict: 4 }, ...more })

async function cutSilently(scene: Scene): Promise<string | undefined> {
  const { status, prompt_eval_count: read } = await ask(scene, text(LONG), tight())
  return firstOf(
    seenUnless(status === 200, `${status}`),
    seenUnless(Math.abs(read - (WINDOW / 2 + 2)) <= 8, `${read} tokens of a window of ${WINDOW} were read`)
  )
}

async function refusedUntruncated(scene: Scene): Promise<string | undefined> {
  const { status, error } = await ask(scene, text(LONG), tight({ truncate: false }))
  return seenUnless(status === 400, `${status} ${error}`)
}

async function overflowText(scene: Scene): Promise<string | undefined> {
  const { error = '' } = await ask(scene, text(LONG), tight({ truncate: false }))
  return seenUnless(error.startsWith('{"error":{'), `the text is "${error}"`)
}

async function unshifted(scene: Scene): Promise<string | undefined> {
  const { status, error, prompt_eval_count } = await ask(scene, text(LONG), tight({ shift: false }))
  return seenUnless(status === 400, `${status} ${error ?? `and ${prompt_eval_count} tokens read`}`)
}

/** The middle goes first; what stands before and after it is counted apart. */
async function frontDropped(scene: Scene): Promise<string | undefined> {
  const system = { role: 'system', content: text(60) }
  const old = Array.from({ length: 6 }, () => user(text(150)))
  const last = user(text(90))
  const count = async (messages: object[]) => {
    const { prompt_eval_count } = await chat(scene.url, { model: MODEL, messages, ...tight() })
    return prompt_eval_count
  }
  const kept = await count([system, ...old.slice(-2), last])
  const all = await count([system, ...old, last])
  return seenUnless(kept < WINDOW && all === kept, `${all} tokens read, ${kept} expected`)
}

/** The prompt fits and the answer does not. */
async function answerOverflows(scene: Scene): Promise<string | undefined> {
  const more = { options: { num_ctx: WINDOW, num_predict: 200, stop: [] } }
  const unstopped = { type: 'string', minLength: 1500 }
  const shifted = await ask(scene, text(400), { ...more, format: unstopped })
  const stopped = await ask(scene, text(400), { ...more, format: unstopped, shift: false })
  const told = (one: typeof shifted) =>
    `${one.done_reason} after ${one.prompt_eval_count} + ${one.eval_count}`
  return firstOf(
    seenUnless(shifted.eval_count === 200, `shifting: ${told(shifted)}`),
    seenUnless(
      stopped.done_reason === 'length' && stopped.prompt_eval_count + stopped.eval_count <= WINDOW + 1,
      `not shifting: ${told(stopped)}`
    )
  )
}

const many = (items: object) => ({ type: 'array', minItems: 100, items })

const endless = (stream: boolean) => ({
  model: MODEL,
  stream,
  messages: [user('Go on for ever.')],
  format: many(many({ type: 'string', minLength: 100 })),
  options: { ...GREEDY, num_ctx: 8192, num_predict: ENDLESS, temperature: 1 }
})

/** @returns how long a small question took: it waits until the model is free */
async function nextAfter(scene: Scene): Promise<string | undefined> {
  const started = performance.now()
  await ask(scene, 'Hello', { options: { num_ctx: 8192, num_predict: 1 } })
  const ms = performance.now() - started
  return seenUnless(ms < SOON_MS, `the next request waited for ${Math.round(ms)} ms`)
}

async function abortedStream(scene: Scene): Promise<string | undefined> {
  const { text } = await exchange(scene.url, '/api/chat', { body: endless(true), bytesMax: 600 })
  return firstOf(seenUnless(text.includes('"done":false'), text), await nextAfter(scene))
}

/** Nothing has come yet when it goes away; the server says in its log that it began. */
async function abortedSilence(scene: Scene): Promise<string | undefined> {
  await ask(scene, 'Hello', { options: { num_ctx: 8192, num_predict: 1 } })
  const signal = AbortSignal.timeout(1_000)
  const silent = await exchange(scene.url, '/api/chat', { body: endless(false), signal }).catch(
    () => 'aborted'
  )
  return firstOf(seenUnless(silent === 'aborted', silent), await nextAfter(scene))
}

/** The second request hears nothing until the first has its last line. */
async function oneAtATime(scene: Scene): Promise<string | undefined> {
  const body = (num_predict: number) => ({
    model: MODEL,
    messages: [user('Tell a long story.')],
    format: { type: 'string', minLength: 2000 },
    options: { ...GREEDY, num_predict }
  })
  await ask(scene, 'Hello')
  const ended: number[] = []
  const send = async (num_predict: number) => {
    const started = performance.now()
    const answer = await exchange(scene.url, '/api/chat', { body: body(num_predict) })
    ended.push(performance.now())
    return { headersAt: started + answer.headersMs, endAt: started + answer.endMs }
  }
  const [one, two] = await Promise.all([send(150), send(150)])
  const [first, second] = one.endAt < two.endAt ? [one, two] : [two, one]
  return seenUnless(second.headersAt >= first.endAt - 100, { first, second })
}

/** A server of its own whose queue takes one. */
async function queueFull(scene: Scene): Promise<string | undefined> {
  const small = await scene.start({ OLLAMA_MAX_QUEUE: '1' })
  try {
    await createModel(small.url, MODEL, { files: { 'model.gguf': await uploadBlob(small.url, scene.file) } })
    const body = { model: MODEL, messages: [user('Hello')], stream: false, options: { num_predict: 1 } }
    const all = await Promise.all(
      Array.from({ length: 12 }, () => exchange(small.url, '/api/chat', { body }))
    )
    const refused = all.filter(({ status }) => status === 503)
    const wanted = '{"error":"server busy, please try again.  maximum pending requests exceeded"}'
    return firstOf(
      seenUnless(
        refused.length > 0 && refused.every(({ text }) => text === wanted),
        all.map(({ text }) => text)
      ),
      seenUnless(
        all.every(({ status }) => status === 503 || status === 200),
        all.map(({ status }) => status)
      )
    )
  } finally {
    await small.close()
  }
}

export const LIMIT_CLAIMS: Claim[] = [
  {
    says: 'a last message longer than the window is cut silently, to about half of the window',
    differs: /^512 tokens of a window of 512 were read$/,
    check: cutSilently
  },
  { says: 'with truncate false it is 400 instead', check: refusedUntruncated },
  {
    says: 'the text of that 400 is JSON inside the string',
    differs: /^the text is "the input length exceeds the context length"$/,
    check: overflowText
  },
  { says: 'with shift false it is 400 instead', differs: /^200 and 512 tokens read$/, check: unshifted },
  {
    says: 'older messages are dropped from the front, whole; system messages and the last one stay',
    check: frontDropped
  },
  {
    says: 'an answer that outgrows the window goes on, and with shift false ends with "length"',
    check: answerOverflows
  },
  { says: 'closing the connection in the middle of a stream stops the work', check: abortedStream },
  { says: 'closing the connection before the headers stops the work', check: abortedSilence },
  { says: 'one request at a time a model; the next one hears nothing meanwhile', check: oneAtATime },
  { says: 'a full queue is 503 with the known text', check: queueFull }
]
