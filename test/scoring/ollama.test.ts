// Ollama, from the well-behaved to the absent.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FAILURE_CODES, type FailureCode, isScorerFailure } from '../../src/scoring/failure.ts'
import { type OllamaOptions, createOllamaScorer } from '../../src/scoring/ollama-scorer.ts'
import { inLine } from '../../src/scoring/host-line.ts'
import { parseOllamaHost } from '../../src/scoring/ollama-host.ts'
import { tokensAtLeast, tokensAtMost } from '../../src/scoring/tokens.ts'
import { type ScoreJob, parseJob } from '../../src/scoring/job.ts'
import { isReject } from '../../src/wire/reject.ts'
import { readPrompt, soundBrain } from '../ollama/brains.ts'
import { type Brain, type Mishap, OllamaDouble } from '../ollama/double.ts'
import { Clock, PROPOSAL, job, never } from './jobs.ts'

let double: OllamaDouble
let clock: Clock
const MODEL = 'gemma4:12b'
const scorer = (over: Partial<OllamaOptions> = {}) =>
  createOllamaScorer({ host: double.host, model: MODEL, after: clock.after, ...over })
const quick = (over: Partial<ScoreJob> = {}) => job({ care: 'quick', ...over })

async function failureOf(
  run: Promise<unknown>
): Promise<{ code: FailureCode; message: string; next: string }> {
  const failure = await run.then(
    () => undefined,
    (error: unknown) => error
  )
  if (!isScorerFailure(failure)) throw new Error('no failure of a scorer', { cause: failure })
  return failure
}
const codeOf = async (run: Promise<unknown>) => (await failureOf(run)).code

beforeEach(async () => {
  clock = new Clock()
  double = await OllamaDouble.open({ brain: soundBrain })
})
afterEach(async () => {
  // Whatever a test did, the server knew each field and option, and no clock was left running.
  expect(double.unknown).toEqual([])
  expect(clock.pending).toBe(0)
  await double.close()
})

describe('a job', () => {
  it('[SCO-1] is taken in its shape and no other', () => {
    expect(parseJob(job())).toEqual(job())
    const wrong: unknown[] = [
      { ...job(), more: 1 },
      { ...job(), seed: '' },
      { ...job(), option: { ...job().option, text: 'x'.repeat(24_001) } },
      { ...job(), option: { ...job().option, index: 16 } },
      { ...job(), criterion: { ...job().criterion, anchors: ['one'] } },
      { ...job(), criterion: { ...job().criterion, key: 'a b' } },
      null
    ]
    for (const one of wrong) {
      const found = parseJob(one)
      expect(isReject(found) && found.code).toBe('job-shape')
    }
  })
})

describe('who answers', () => {
  it('[SCO-2] is known before anything of a job is sent, and asked again afterwards', async () => {
    await scorer().score(quick(), never)
    const paths = double.requests.map(({ path }) => path)
    expect(paths.slice(0, 3)).toEqual(['/api/version', '/api/tags', '/api/show'])
    expect(paths.slice(-3)).toEqual(['/api/version', '/api/tags', '/api/show'])
    const before = double.requests.slice(0, 3).map(({ body }) => JSON.stringify(body))
    expect(before).toEqual(['{}', '{}', JSON.stringify({ model: MODEL })])
  })

  it('[SCO-2] is told with digest, version, family and size', async () => {
    expect(await scorer().identify(never)).toMatchObject({
      versions: { digest: 'a1'.repeat(32), server: '0.33.0' },
      server: [0, 33, 0],
      family: 'gemma4',
      quantization: 'Q4_K_M',
      parametersMillions: 12_200,
      windowTokens: 8_192,
      warnings: []
    })
  })

  it('[SCO-2] a digest that changes meanwhile makes all of it void', async () => {
    double.onRequest = path => {
      if (path === '/api/chat') double.models[0]!.digest = 'b2'.repeat(32)
    }
    expect(await codeOf(scorer().score(quick(), never))).toBe('model-changed')
  })

  it('[SCO-2] a server that changes meanwhile makes all of it void', async () => {
    double.onRequest = path => {
      if (path === '/api/chat') double.version = '0.33.1'
    }
    expect(await codeOf(scorer().score(quick(), never))).toBe('model-changed')
  })

  it('[SCO-2] a digest, a server or a prompt that the job does not expect gets no prompt', async () => {
    const { versions } = await scorer().identify(never)
    const others = [
      { ...versions, digest: 'c3'.repeat(32) },
      { ...versions, server: '0.32.0' },
      { ...versions, prompt: 'parley/scoring/0' }
    ]
    for (const other of others) {
      expect(await codeOf(scorer().score(quick({ versions: other }), never))).toBe('model-changed')
    }
    expect(double.chats()).toEqual([])
    await scorer().score(quick({ versions }), never)
  })

  it('[SCO-2] a model that disappears meanwhile is missing', async () => {
    double.onRequest = path => {
      if (path === '/api/chat') double.models = []
    }
    expect(await codeOf(scorer().score(quick(), never))).toBe('model-missing')
  })

  it('a name without a tag is the latest', async () => {
    double.models[0]!.name = 'library/gemma4:latest'
    expect((await scorer({ model: 'library/gemma4' }).identify(never)).versions.digest).toBe('a1'.repeat(32))
  })

  it('warns of a server whose schemas do not always hold', async () => {
    double.version = '0.31.1'
    expect((await scorer().identify(never)).warnings).toEqual(['old-server'])
    double.version = '0.31.2-rc1'
    expect((await scorer().identify(never)).warnings).toEqual([])
  })

  it('[SCO-6] refuses a server that would cut, and one without a version unless told', async () => {
    double.version = '0.12.5'
    expect(await failureOf(scorer().identify(never))).toMatchObject({
      code: 'server-too-old',
      message: /0\.12\.6/
    })
    double.version = '0.12.6'
    await scorer().identify(never)
    double.version = '0.0.0'
    expect(await codeOf(scorer().identify(never))).toBe('server-too-old')
    const told = await scorer({ mayBeUnversioned: true }).identify(never)
    expect(told.warnings).toEqual(['unversioned-server'])
  })

  const STRANGE: [string, () => void][] = [
    ['a digest with a prefix', () => (double.models[0]!.digest = `sha256:${'a1'.repeat(32)}`)],
    ['a digest that is a sentence', () => (double.models[0]!.digest = 'our budget is 40,000')],
    ['a version that is a sentence', () => (double.version = '0.33.0 and our budget is 40,000')],
    ['tags of another shape', () => double.next('/api/tags', { status: 200, body: '{"models":"none"}' })],
    ['a list for an answer', () => double.next('/api/version', { status: 200, body: '[]' })],
    ['no JSON, said to be some', () => double.next('/api/version', { status: 200, body: 'hello' })],
    ['a page', () => double.next('/api/version', 'html')],
    [
      'an error page',
      () => double.next('/api/tags', { status: 404, body: '<h1>404</h1>', type: 'text/html' })
    ],
    ['a redirect', () => double.next('/api/tags', 'redirect')]
  ]
  for (const [what, arrange] of STRANGE) {
    it(`[SCO-21] takes ${what} for no Ollama`, async () => {
      arrange()
      expect(await codeOf(scorer().score(quick(), never))).toBe('not-ollama')
      expect(double.chats()).toEqual([])
    })
  }

  it('[SCO-21] takes families and quantizations that it does not know for "other"', async () => {
    Object.assign(double.models[0]!, {
      family: 'our-budget-is',
      quantization: '40000',
      parameterSize: 'forty'
    })
    const { family, quantization, parametersMillions } = await scorer().identify(never)
    expect([family, quantization, parametersMillions]).toEqual(['other', 'other', 0])
  })
})

describe('models elsewhere', () => {
  it('[SCO-3] are refused by their name, without a word to them', async () => {
    for (const name of ['gpt-oss:120b-cloud', 'glm-5:cloud', 'x-CLOUD']) {
      double.models.push({ ...double.models[0]!, name })
      expect(await codeOf(scorer({ model: name }).score(quick(), never))).toBe('remote-model')
    }
    expect(double.requests.every(({ path }) => path === '/api/version' || path === '/api/tags')).toBe(true)
  })

  it('[SCO-3] are refused by what the server says of them', async () => {
    double.models[0]!.remoteHost = 'https://ollama.com:443'
    expect(await codeOf(scorer().score(quick(), never))).toBe('remote-model')
    expect(double.chats()).toEqual([])
  })

  it('[SCO-3] are refused where only the list tells', async () => {
    double.models[0]!.remoteHost = 'https://ollama.com:443'
    double.next('/api/show', { status: 200, body: JSON.stringify({ details: {}, model_info: {} }) })
    expect(await codeOf(scorer().score(quick(), never))).toBe('remote-model')
    expect(double.requests.map(({ path }) => path)).toEqual(['/api/version', '/api/tags'])
  })

  it('[SCO-3] are refused where only their description tells', async () => {
    const told = { details: {}, model_info: {}, remote_model: 'gemma4:31b' }
    double.next('/api/show', { status: 200, body: JSON.stringify(told) })
    expect(await codeOf(scorer().score(quick(), never))).toBe('remote-model')
    expect(double.chats()).toEqual([])
  })

  it('[SCO-3] are refused as such where the server itself would refuse them', async () => {
    double.noCloud = true
    double.models[0]!.remoteHost = 'https://ollama.com:443'
    expect(await codeOf(scorer().score(quick(), never))).toBe('remote-model')
  })

  it('[SCO-3] an answer from elsewhere is discarded', async () => {
    double.next('/api/chat', 'remote-answer')
    expect(await codeOf(scorer().score(quick(), never))).toBe('remote-model')
  })

  it('[SCO-3] a server that wants a login for it is taken at its word', async () => {
    double.next('/api/chat', { status: 401, body: '{"error":"unauthorized","signin_url":"https://x"}' })
    expect(await codeOf(scorer().score(quick(), never))).toBe('remote-model')
  })
})

describe('the host', () => {
  it('[SCO-4] is read as Ollama writes it', () => {
    const origins: Record<string, string> = {
      '127.0.0.1': 'http://127.0.0.1:11434',
      ' "127.0.0.1:8080" ': 'http://127.0.0.1:8080',
      ':8080': 'http://127.0.0.1:8080',
      localhost: 'http://127.0.0.1:11434',
      'http://localhost': 'http://127.0.0.1',
      'http://127.0.0.2:11434/': 'http://127.0.0.2:11434',
      'https://127.0.0.1': 'https://127.0.0.1',
      '::1': 'http://[::1]:11434',
      '[::1]:99': 'http://[::1]:99'
    }
    for (const [text, origin] of Object.entries(origins)) {
      expect(parseOllamaHost(text, false)).toEqual({ origin, isLoopback: true })
    }
  })

  it('[SCO-4] is this machine, unless the operator says otherwise', () => {
    const elsewhere =
      '10.0.0.7 0.0.0.0 ollama.example 127.0.0.1.example 127.1.example:80 [2001:db8::1] ::ffff:10.0.0.7'
    for (const text of elsewhere.split(' ')) {
      expect(() => parseOllamaHost(text, false)).toThrow(expect.objectContaining({ code: 'scorer-host' }))
      expect(parseOllamaHost(text, true).isLoopback).toBe(false)
    }
    for (const text of ['', 'http://', 'a b', 'user:word@127.0.0.1', '127.0.0.1/api', 'ftp://127.0.0.1']) {
      expect(() => parseOllamaHost(text, true)).toThrow(expect.objectContaining({ code: 'scorer-host' }))
    }
  })

  it('[SCO-4] a model is called by a name and nothing else', () => {
    for (const model of ['', 'a b', '../x', 'x\n', `x${'y'.repeat(200)}`]) {
      expect(() => scorer({ model })).toThrow(expect.objectContaining({ code: 'scorer-model' }))
    }
  })
})

describe('a call', () => {
  it('[SCO-5] goes through no proxy, whatever the environment says', async () => {
    const asked: string[] = []
    const proxy = http.createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(502).end()
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const env = {
      ...process.env,
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: address,
      http_proxy: address,
      NO_PROXY: '',
      no_proxy: ''
    }
    const child = spawn(process.execPath, [join(import.meta.dirname, 'identify-process.ts'), double.host], {
      env
    })
    let [said, failed] = ['', '']
    child.stdout.on('data', piece => (said += piece))
    child.stderr.on('data', piece => (failed += piece))
    await once(child, 'close')
    proxy.close()
    expect(failed).toBe('')
    // The environment was such that the global fetch did go through it.
    expect(JSON.parse(said)).toEqual({ digest: 'a1'.repeat(32), globalFetch: 502 })
    expect(asked).toHaveLength(1)
  })

  it('[SCO-5] ends with its signal before the headers, and the server notices', async () => {
    double.next('/api/chat', 'hang')
    const abort = new AbortController()
    const scoring = scorer().score(quick(), abort.signal)
    await double.until(() => double.chats().length === 1)
    const reason = new Error('the person closed the page')
    abort.abort(reason)
    await expect(scoring).rejects.toBe(reason)
    await double.until(() => double.aborts === 1)
  })

  it('[SCO-5] ends with its signal in the middle of an answer, and the server notices', async () => {
    double.next('/api/chat', 'stall')
    const abort = new AbortController()
    const scoring = scorer().score(quick(), abort.signal)
    await double.until(() => double.chats().length === 1)
    abort.abort()
    await expect(scoring).rejects.toThrow(/abort/)
    await double.until(() => double.aborts === 1)
  })

  it('[SCO-5] has limits for the whole, and for a pause', async () => {
    double.next('/api/chat', 'hang', 'stall')
    for (const ms of [600_000, 60_000]) {
      const scoring = failureOf(scorer().score(quick(), never))
      const chats = double.chats().length
      await double.until(() => double.chats().length > chats)
      await vi.waitFor(() => expect(clock.pending).toBe(ms === 60_000 ? 2 : 1))
      clock.pass(ms - 1)
      expect(await Promise.race([scoring, Promise.resolve('still waiting')])).toBe('still waiting')
      clock.pass(1)
      expect(await scoring).toMatchObject({ code: 'deadline', next: /smaller model/ })
    }
    await double.until(() => double.aborts === 2)
  })

  it('[SCO-5] has a limit for how long it takes to get through', async () => {
    const silent = net.createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const connected = once(silent, 'connection')
    const { port } = silent.address() as AddressInfo
    // It takes the connection and never shakes hands.
    const failing = failureOf(scorer({ host: `https://127.0.0.1:${port}` }).identify(never))
    const [socket] = (await connected) as [net.Socket]
    clock.pass(5_000)
    expect(await failing).toMatchObject({ code: 'unreachable', message: /5 s/ })
    socket.destroy()
    silent.close()
  })

  it('[SCO-5] has a limit for what an answer may bring', async () => {
    double.next('/api/chat', 'endless', 'endless', 'endless')
    const { figures } = await scorer({ limits: { answerBytesMax: 200_000 } }).score(quick(), never)
    expect(figures).toMatchObject({ samples: 1, codes: expect.arrayContaining(['section-unread']) })
    await double.until(() => double.aborts === 3)
  })

  it('[SCO-9] is the only one to its host, whoever asks', async () => {
    double.next('/api/chat', 'hang')
    const [first, second] = [new AbortController(), new AbortController()]
    const one = scorer().score(quick(), first.signal)
    await double.until(() => double.chats().length === 1)
    const two = scorer().score(quick(), second.signal)
    const three = scorer().score(quick(), never)
    // They know who is there, and could ask; so could whoever makes some more calls in the meantime.
    await double.until(() => double.requests.length >= 3 + 1 + 6)
    await scorer().identify(never)
    await scorer().identify(never)
    expect(double.chats()).toHaveLength(1)
    second.abort(new Error('second'))
    await expect(two).rejects.toThrow('second')
    first.abort(new Error('first'))
    await expect(one).rejects.toThrow('first')
    expect((await three).figures.score).toBe(4)
    expect(double.atOnce).toBe(1)
  })

  it('[SCO-9] stands in a line that holds, whoever comes and goes', async () => {
    const done: string[] = []
    let running = 0
    const open = Array.from({ length: 3 }, () => Promise.withResolvers<void>())
    const enter = (name: string, until?: Promise<void>) =>
      inLine('host', never, async () => {
        expect(++running).toBe(1)
        await until
        running--
        done.push(name)
      })
    const first = enter('a', open[0]!.promise)
    const second = enter('b', open[1]!.promise)
    open[0]!.resolve()
    await first
    // The first has gone, the second is at it: a third must see that there is a line.
    const third = enter('c')
    const other = inLine('other host', never, async () => done.push('other'))
    await other
    open[1]!.resolve()
    await Promise.all([second, third])
    await expect(inLine('host', never, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    await enter('d')
    expect(done).toEqual(['a', 'other', 'b', 'c', 'd'])
  })

  it('sends the same options each time, so that the model is loaded once', async () => {
    await scorer().score(job(), never)
    const options = double.chats().map(({ body }) => body['options'])
    const fixed = { num_ctx: 8_192, num_predict: 700, repeat_penalty: 1, temperature: 0, seed: 1 }
    expect(options).toEqual(options.map(() => fixed))
    expect(double.chats().every(({ body }) => body['think'] === false && body['truncate'] === false)).toBe(
      true
    )
    expect(double.loads).toBe(1)
  })

  it('lets gpt-oss think a little, since it cannot leave it', async () => {
    double.models[0] = { ...double.models[0]!, name: 'gpt-oss:20b', family: 'gptoss', thinks: true }
    expect((await scorer({ model: 'gpt-oss:20b' }).score(quick(), never)).figures.score).toBe(4)
    expect(double.chats().every(({ body }) => body['think'] === 'low')).toBe(true)
  })
})

describe('a text that is too long', () => {
  const long = (chars: number) => quick({ context: { ...job().context, notes: 'word '.repeat(chars / 5) } })

  it('[SCO-6] is not sent', async () => {
    expect(await failureOf(scorer().score(long(24_000), never))).toMatchObject({ code: 'prompt-too-long' })
    expect(double.chats().every(({ body }) => JSON.stringify(body).length < 5_000)).toBe(true)
  })

  it('[SCO-6] does not fit a model of a small window, which the server would lower without a word', async () => {
    double.models[0]!.contextLength = 4_096
    expect((await scorer().identify(never)).windowTokens).toBe(4_096)
    expect(await codeOf(scorer().score(long(12_000), never))).toBe('prompt-too-long')
    double.models[0]!.contextLength = 2_048
    expect(await codeOf(scorer().identify(never))).toBe('prompt-too-long')
  })

  it('[SCO-6] is refused by the server where it has more tokens than we thought', async () => {
    double.tokensOf = text => text.length
    for (const version of ['0.24.0', '0.33.0']) {
      for (const path of ['rendered', 'native'] as const) {
        double.version = version
        double.models[0]!.path = path
        const failure = await failureOf(scorer().score(long(12_000), never))
        // By its own words, not since it read another number than we thought.
        expect(failure).toMatchObject({ code: 'prompt-too-long', message: /does not fit.*\(400: / })
      }
    }
  })

  it('[SCO-6] is known by the answer, where the server cut all the same', async () => {
    // As a server would that does not know `truncate`: it takes what it has for the whole.
    double.tokensOf = text => Math.ceil(text.length / 20)
    expect(await failureOf(scorer().score(long(12_000), never))).toMatchObject({
      code: 'prompt-too-long',
      message: /words/
    })
  })

  it('[SCO-6] is known by the answer, where it left no room for one', async () => {
    double.tokensOf = text => Math.min(8_000, text.length)
    expect(await failureOf(scorer().score(long(12_000), never))).toMatchObject({
      code: 'prompt-too-long',
      message: /room/
    })
  })

  it('[SCO-6] tokens are counted between what is certain and what is likely', () => {
    const prose = 'The quick brown fox jumps over the lazy dog, and nobody minds. '.repeat(10)
    // 14 words and 2 signs a time: a token each in the common vocabularies.
    expect(tokensAtMost(prose)).toBeGreaterThan(160)
    expect(tokensAtLeast(prose)).toBeLessThan(140)
    expect(tokensAtMost('病院の機械を修理する'.repeat(10))).toBeGreaterThan(100)
    expect(tokensAtMost('0123456789')).toBe(10)
    // Line ends by the hundred, which a vocabulary has in one piece.
    expect(tokensAtLeast(JSON.stringify('\n'.repeat(400)))).toBe(0)
  })
})

describe('an answer that is none', () => {
  /** Misbehaves in scoring, and is sound in quarantine. */
  const inScoring = (say: (tries: number) => object | string): Brain => {
    let tries = 0
    return (system, user, asked) =>
      readPrompt(system, user).isQuarantine ? soundBrain(system, user, asked) : say(++tries)
  }
  const good = { evidence: 'There is no fee.', reason: 'r', score: 3, unsure: false }
  const NONE: [string, object | string][] = [
    ['prose', 'I would give it a solid four.'],
    ['a refusal', "I'm sorry, but I can't help with that."],
    ['nothing', ''],
    ['a score that is no integer', { ...good, score: 3.5 }],
    ['a score in words', { ...good, score: 'five' }],
    ['a score in quotes', { ...good, score: '5' }],
    ['a score above the scale', { ...good, score: 6 }],
    ['a score below the scale', { ...good, score: -1 }],
    ['no score', { evidence: 'x', reason: 'r', unsure: false }],
    ['half of an object', '{"evidence": "x", "reason": "r", "score": 5'],
    ['two objects', `${JSON.stringify(good)}${JSON.stringify(good)}`],
    ['a list', [good]]
  ]
  for (const [what, answer] of NONE) {
    it(`[SCO-8] such as ${what} is asked for twice more, then there is no score`, async () => {
      double.brain = inScoring(() => answer)
      const { figures } = await scorer().score(quick(), never)
      expect(figures).toMatchObject({
        score: null,
        codes: expect.arrayContaining(['no-score', 'sample-missing'])
      })
      const seeds = double.chats().map(({ body }) => (body['options'] as { seed: number }).seed)
      expect(seeds.slice(-3)).toEqual([1, 2, 3])
      expect(seeds.filter(seed => seed > 1)).toHaveLength(2)
    })
  }

  it('[SCO-8] counts where a later try brings one', async () => {
    double.brain = inScoring(tries => (tries < 3 ? 'Hm.' : good))
    expect((await scorer().score(quick(), never)).figures).toMatchObject({ score: 3, samples: 1 })
    const [first, second] = double
      .chats()
      .slice(-3)
      .map(({ body }) => JSON.stringify(body))
    expect(first).not.toContain('Only the JSON object')
    expect(second).toContain('Only the JSON object')
  })

  it('[SCO-8] a fence around it is let pass, and members that were not asked for are left out', async () => {
    const answer = '```json\n' + JSON.stringify({ ...good, secret: 'budget' }) + '\n```'
    double.brain = inScoring(() => answer)
    const { figures, words } = await scorer().score(quick(), never)
    expect(figures.score).toBe(3)
    expect(JSON.stringify(words)).not.toContain('budget')
  })

  const UNFINISHED: Mishap[] = ['no-end', 'length']
  for (const mishap of UNFINISHED) {
    it(`[SCO-7] one that ends with "${mishap}" does not count, though the status be 200`, async () => {
      double.brain = inScoring(() => good)
      double.onRequest = () => {
        if (double.chats().length === 4) double.next('/api/chat', mishap, mishap, mishap)
      }
      const { figures } = await scorer().score(quick(), never)
      expect(figures).toMatchObject({ score: null, samples: 0 })
      expect(double.chats()).toHaveLength(6)
    })
  }

  it('[SCO-7] a model that spends all its words on thinking has given none', async () => {
    double.models[0] = {
      ...double.models[0]!,
      name: 'gpt-oss:20b',
      family: 'gptoss',
      thinks: true,
      thinkTokens: 5_000
    }
    const { figures } = await scorer({ model: 'gpt-oss:20b' }).score(quick(), never)
    expect(figures).toMatchObject({
      score: null,
      codes: expect.arrayContaining(['no-facts', 'section-unread'])
    })
  })

  it('[SCO-8] a model that ought to think and does not, and so is held to no schema, gives none', async () => {
    const gptOss = { name: 'gpt-oss:20b', family: 'gptoss', thinks: true, thinkTokens: 0 }
    Object.assign(double.models[0]!, gptOss)
    expect((await scorer({ model: 'gpt-oss:20b' }).score(quick(), never)).figures.score).toBe(null)
    double.models[0]!.thinkTokens = 1
    expect((await scorer({ model: 'gpt-oss:20b' }).score(quick(), never)).figures.score).toBe(4)
  })

  it('[SCO-8] a server that forgets the schema gives none', async () => {
    double.version = '0.31.1'
    Object.assign(double.models[0]!, { thinks: true, family: 'qwen35' })
    expect((await scorer().score(quick(), never)).figures.score).toBe(null)
  })
})

describe('when Ollama is away', () => {
  it('[SCO-28] each code has a sentence with the next step', async () => {
    expect(FAILURE_CODES).toHaveLength(14)
    const spec = (await import('node:fs')).readFileSync(
      join(import.meta.dirname, '../../protocols/scoring/SPEC.md'),
      'utf8'
    )
    for (const code of FAILURE_CODES) expect(spec).toContain(`\`${code}\``)
  })

  it('unreachable: nothing listens', async () => {
    const free = net.createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as AddressInfo
    free.close()
    await once(free, 'close')
    const failure = await failureOf(scorer({ host: `127.0.0.1:${port}` }).score(quick(), never))
    expect(failure).toMatchObject({ code: 'unreachable', message: /ECONNREFUSED/, next: /Start Ollama/ })
  })

  it('model-missing: the line to pull it, and what there is', async () => {
    const failure = await failureOf(scorer({ model: 'qwen3.5:9b' }).score(quick(), never))
    expect(failure).toMatchObject({
      code: 'model-missing',
      message: /gemma4:12b/,
      next: /ollama pull qwen3\.5:9b/
    })
    double.next('/api/chat', { status: 404, body: '{"error":"model \'gemma4:12b\' not found"}' })
    expect(await codeOf(scorer().score(quick(), never))).toBe('model-missing')
  })

  const CHATS: [Mishap, FailureCode][] = [
    ['busy', 'busy'],
    ['drop', 'connection-lost'],
    ['reset', 'connection-lost'],
    ['cut', 'connection-lost'],
    ['crashed', 'server-error'],
    ['error-line', 'server-error'],
    ['html-error', 'server-error'],
    ['forbidden', 'forbidden'],
    ['html', 'not-ollama'],
    ['noise-line', 'not-ollama'],
    ['list-line', 'not-ollama'],
    ['redirect', 'not-ollama'],
    [{ status: 429, body: '{"error":"slow down"}' }, 'busy'],
    [
      { status: 400, body: '{"error":"the prompt is longer than the context length currently available"}' },
      'prompt-too-long'
    ],
    [{ status: 404, body: '404 page not found', type: 'text/plain' }, 'not-ollama'],
    [{ status: 405, body: '405', type: 'text/plain' }, 'not-ollama']
  ]
  for (const [mishap, code] of CHATS) {
    it(`${code}: ${typeof mishap === 'string' ? mishap : mishap.status}, and nothing on the console`, async () => {
      const prints = (['log', 'warn', 'error'] as const).map(name => vi.spyOn(console, name))
      double.next('/api/chat', mishap)
      const failure = await failureOf(scorer().score(quick(), never))
      expect(failure.code).toBe(code)
      // oxlint-disable-next-line no-control-regex -- what a terminal would obey
      expect(failure.message).not.toMatch(/[\u0000-\u001f]/)
      for (const print of prints) expect(print).not.toHaveBeenCalled()
      vi.restoreAllMocks()
    })
  }

  it('busy: a queue that is full', async () => {
    double.queueMax = 0
    double.next('/api/chat', 'stall')
    // Somebody else's call is under way at the same server.
    const other = http.request({ port: double.port, method: 'POST', path: '/api/chat' })
    other.on('error', () => {})
    other.end(JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: PROPOSAL }] }))
    double.brain = (system, user, asked) =>
      system === '' ? 'some words of another' : soundBrain(system, user, asked)
    await double.until(() => double.loads === 1)
    expect(await codeOf(scorer().score(quick(), never))).toBe('busy')
    other.destroy()
  })

  it('forbidden: the server does not know the name that it is called by', async () => {
    double.next('/api/version', 'forbidden')
    expect(await failureOf(scorer().identify(never))).toMatchObject({ code: 'forbidden', next: /host name/ })
  })

  it('has a connection for each call, so that none is stale after a restart', async () => {
    await scorer().score(quick(), never)
    expect(double.connections).toBe(double.requests.length)
    expect(double.connections).toBeGreaterThan(6)
  })
})
