// That the double of Ollama does what was seen of a real server, or read in its source, version by version: what
// test/ollama/README.md tells of both. Our own rules are proved elsewhere, on top of it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chat, errorOf, exchange } from '../ollama/exchange.ts'
import { OllamaDouble } from '../ollama/double.ts'

const [OLD, NEW] = ['0.24.0', '0.33.0']
const MODEL = 'gemma4:12b'
const WINDOW = 512

let double: OllamaDouble
let seen: string
beforeEach(async () => {
  seen = ''
  double = await OllamaDouble.open({
    brain: (_, user) => {
      seen = user
      return { score: 3 }
    },
    // The prompts of these tests are written so that a token has four characters.
    tokensOf: text => text.length / 4
  })
})
afterEach(() => double.close())

const url = () => `http://${double.host}`
const ask = (content: string, { options, ...more }: { options?: object; [field: string]: unknown } = {}) =>
  chat(url(), {
    model: MODEL,
    messages: [{ role: 'user', content }],
    options: { num_ctx: WINDOW, ...options },
    ...more
  })
const LONG = Array.from({ length: 900 }, (_, i) => `${1000 + i}`).join('')

describe('a prompt that is longer than the window', () => {
  for (const [version, read] of [
    [OLD, WINDOW],
    [NEW, WINDOW / 2 + 2]
  ] as const) {
    it(`${version}: is cut to ${read} tokens without a word, and its end is read`, async () => {
      double.version = version
      expect(await ask(LONG)).toMatchObject({ status: 200, prompt_eval_count: read })
      expect(seen).toBe(LONG.slice(-4 * (read - 4)))
      await ask(LONG, { options: { num_keep: 40.5 } })
      expect(seen).toBe(LONG.slice(-4 * (read - 40)))
    })
  }

  it('is refused where it was told not to cut, in the words of the version', async () => {
    double.version = OLD
    const old = await ask(LONG, { truncate: false })
    expect([old.status, old.error]).toEqual([400, 'the input length exceeds the context length'])
    double.version = NEW
    const { status, error } = await ask(LONG, { truncate: false })
    expect([status, JSON.parse(error!).error.type]).toEqual([400, 'exceed_context_size_error'])
    double.version = '0.12.5'
    expect((await ask(LONG, { truncate: false })).status).toBe(200)
  })

  it('and may not be shifted is refused by new versions alone', async () => {
    double.version = OLD
    expect(await ask(LONG, { shift: false })).toMatchObject({ status: 200, prompt_eval_count: WINDOW })
    double.version = NEW
    expect(await ask(LONG, { shift: false })).toMatchObject({ status: 400, error: /longer than the context/ })
  })
})

describe('settings', () => {
  it('shift loads the model again in new versions alone, num_ctx in all', async () => {
    for (const [version, loads] of [
      [OLD, 2],
      [NEW, 3]
    ] as const) {
      double.version = version
      double.loads = 0
      await ask('Hello', { options: { num_ctx: 640 } })
      await ask('Hello')
      await ask('Hello', { shift: false })
      expect(double.loads).toBe(loads)
    }
  })

  it('a fraction for an integer is cut, another type is refused', async () => {
    expect(await ask('Hello', { options: { num_predict: 2.9 } })).toMatchObject({
      status: 200,
      eval_count: 2
    })
    const error = 'option "num_predict" must be of type integer'
    expect(await ask('Hello', { options: { num_predict: '2' } })).toMatchObject({ status: 500, error })
  })

  it('an answer that outgrows the window goes on, unless shift is false', async () => {
    double.brain = () => 'word'.repeat(400)
    const text = LONG.slice(0, 4 * 400)
    expect(await ask(text)).toMatchObject({ eval_count: 400, done_reason: 'stop' })
    const stopped = await ask(text, { shift: false })
    expect(stopped).toMatchObject({ eval_count: WINDOW - 400, done_reason: 'length' })
  })

  it('a time has no zeros at its end', async () => {
    double.brain = () => 'word'.repeat(12)
    const body = { model: MODEL, messages: [{ role: 'user', content: 'Hello' }] }
    const { text } = await exchange(url(), '/api/chat', { body })
    const times = [...text.matchAll(/"created_at":"[^"]*:00(?:\.(\d*))?Z"/g)].map(([, fraction]) => fraction)
    expect(times.length).toBe(13)
    expect(new Set(times.map(fraction => fraction?.length ?? 0)).size).toBeGreaterThan(1)
    expect(times.every(fraction => fraction === undefined || /[1-9]$/.test(fraction))).toBe(true)
  })
})

describe('a schema', () => {
  const object = (reason: object) => ({
    type: 'object',
    properties: { reason: { type: 'string', ...reason } }
  })

  it('with a pattern that is not anchored is refused by old versions and let pass by new ones', async () => {
    const format = object({ pattern: '[0-9]{4}' })
    double.version = OLD
    expect(await ask('x', { format })).toMatchObject({ status: 500, error: 'invalid JSON schema in format' })
    expect((await ask('x', { format: object({ pattern: '^[0-9]{4}$' }) })).status).toBe(200)
    double.version = NEW
    expect((await ask('x', { format })).status).toBe(200)
  })

  it('with a length above 2000 ends the runner, and the next request loads the model again', async () => {
    for (const version of [OLD, NEW]) {
      double.version = version
      expect((await ask('x', { format: object({ maxLength: 2000 }) })).status).toBe(200)
      const { loads } = double
      const over = await ask('x', { format: { type: 'array', maxItems: 2001 } })
      expect(over).toMatchObject({ status: 500, error: /^model runner has unexpectedly stopped/ })
      await ask('x', { format: object({ maxLength: 2000 }) })
      expect(double.loads).toBe(loads + 1)
    }
  })

  it('holds no model that ought to think and does not', async () => {
    Object.assign(double.models[0]!, { thinks: true, thinkTokens: 0 })
    const format = { type: 'object', properties: { score: { type: 'integer' } } }
    const contents = []
    for (const think of [undefined, true, 'low', false]) {
      contents.push((await ask('x', { format, ...(think !== undefined && { think }) })).message.content)
    }
    const [said, ...others] = contents
    expect(said).toMatch(/^Well, /)
    expect(others).toEqual([said, said, '{"score":3}'])
  })

  it('holds a model that was told not to think, but for families and versions with that fault', async () => {
    const held = async (version: string, family: string) => {
      double.version = version
      Object.assign(double.models[0]!, { thinks: true, family })
      return (await ask('x', { think: false })).message.content === '{"score":3}'
    }
    const all = [
      await held('0.24.0', 'llama'),
      await held('0.21.0', 'gemma4'),
      await held('0.21.1', 'gemma4'),
      await held('0.31.1', 'qwen35'),
      await held('0.31.2', 'qwen35')
    ]
    expect(all).toEqual([true, false, true, false, true])
  })

  it('is one thing, thinking another: a model that cannot is asked for none, and of none that is unknown', async () => {
    const of = async (think: unknown) => (await ask('x', { think })).error ?? ''
    expect([await of(true), await of('low'), await of(false)]).toEqual([
      `"${MODEL}" does not support thinking`,
      `"${MODEL}" does not support thinking`,
      ''
    ])
    expect(await of('extremely')).toMatch(/^invalid think value/)
  })
})

describe('under OLLAMA_NO_CLOUD', () => {
  it('a stub of a remote model is told in tags, and 403 in show and chat', async () => {
    double.noCloud = true
    double.models[0]!.remoteHost = 'https://ollama.com:443'
    expect((await exchange(url(), '/api/tags')).text).toContain('"remote_host":"https://ollama.com:443"')
    const body = { model: MODEL, messages: [] }
    for (const path of ['/api/show', '/api/chat']) {
      expect(errorOf(await exchange(url(), path, { body }))).toMatch(/^403 ollama cloud is disabled/)
    }
    double.noCloud = false
    expect((await exchange(url(), '/api/show', { body })).status).toBe(200)
  })
})
