// A server that speaks as Ollama does, for tests without one: over real HTTP on loopback, with all that a careful
// client has to bear. What stands behind it is a brain: a function from a prompt to what a model would write.
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  goTime,
  holdsSchema,
  listsCapabilities,
  readingOf,
  refusalOfFields,
  refusalOfSchema,
  shiftIsOfTheLaunch
} from './versions.ts'

export interface Asked {
  readonly model: string
  readonly messages: readonly { role: string; content: string }[]
  readonly format?: { properties?: Record<string, unknown> } | 'json'
  readonly options: Readonly<Record<string, unknown>>
  readonly think?: boolean | string
  readonly truncate?: boolean
  readonly shift?: boolean
  readonly stream?: boolean
}

/** An object is spelt as the schema wants it; a string goes out as it is, as from a model that no schema holds. */
export type Brain = (system: string, user: string, asked: Asked) => object | string

export interface DoubleModel {
  name: string
  digest: string
  family: string
  parameterSize: string
  quantization: string
  /** What it was trained for. */
  contextLength: number
  thinks: boolean
  /** Tokens that it thinks, where it does; with none it ought to think and does not. */
  thinkTokens: number
  remoteHost?: string
  /** A template of Go renders the prompt, or the one in the weights. */
  path: 'rendered' | 'native'
}

/** What happens to one request; those that are left out pass. */
export type Mishap =
  | 'hang'
  | 'stall'
  | 'cut'
  | 'reset'
  | 'drop'
  | 'no-end'
  | 'error-line'
  | 'noise-line'
  | 'list-line'
  | 'forbidden'
  | 'html'
  | 'html-error'
  | 'busy'
  | 'crashed'
  | 'redirect'
  | 'length'
  | 'endless'
  | 'remote-answer'
  | { status: number; body: string; type?: string }

export interface DoubleOptions {
  version?: string
  models?: Partial<DoubleModel>[]
  brain?: Brain
  /** Beyond this many that wait, 503. */
  queueMax?: number
  /** As with `OLLAMA_NO_CLOUD=1`: nothing is told of models elsewhere, nor asked of them. */
  noCloud?: boolean
  /** Whether the prompt may be cut and counted otherwise than was asked, as an old server does. */
  tokensOf?: (text: string) => number
}

const MODEL: DoubleModel = {
  name: 'gemma4:12b',
  digest: 'a1'.repeat(32),
  family: 'gemma4',
  parameterSize: '12.2B',
  quantization: 'Q4_K_M',
  contextLength: 131_072,
  thinks: false,
  thinkTokens: 40,
  path: 'rendered'
}

const KNOWN_FIELDS =
  'model messages stream format options think keep_alive truncate shift logprobs top_logprobs tools'
const KNOWN_OPTIONS = 'num_keep seed num_predict top_k top_p min_p typical_p repeat_last_n temperature repeat_penalty presence_penalty frequency_penalty stop num_ctx num_batch num_gpu main_gpu use_mmap num_thread' // prettier-ignore

/** Of a test: roughly what tokenizers make of English. */
const tokensOfEnglish = (text: string) => Math.ceil(text.length / 4)

export class OllamaDouble {
  version: string
  models: DoubleModel[]
  brain: Brain
  queueMax: number
  noCloud: boolean
  tokensOf: (text: string) => number
  readonly requests: { path: string; body: Record<string, unknown> }[] = []
  /** Fields and options that Ollama does not know and would ignore without a word. */
  readonly unknown: string[] = []
  /** Requests whose connection the client closed before the answer was complete. */
  aborts = 0
  /** How often a model was loaded, or loaded anew since `num_ctx` changed. */
  loads = 0
  connections = 0
  /** The most that ran at one time. */
  atOnce = 0
  /** Run before each request is answered. */
  onRequest: (path: string) => void = () => {}
  readonly #mishaps = new Map<string, Mishap[]>()
  readonly #server = http.createServer((request, response) => void this.#serve(request, response))
  readonly #waiting: (() => void)[] = []
  readonly #listeners = new Set<() => void>()
  #running = 0
  #loaded = ''

  constructor(options: DoubleOptions = {}) {
    this.version = options.version ?? '0.33.0'
    this.models = (options.models ?? [{}]).map(model => ({ ...MODEL, ...model }))
    this.brain = options.brain ?? (() => ({}))
    this.queueMax = options.queueMax ?? 512
    this.noCloud = options.noCloud ?? false
    this.tokensOf = options.tokensOf ?? tokensOfEnglish
  }

  static async open(options: DoubleOptions = {}): Promise<OllamaDouble> {
    const double = new OllamaDouble(options)
    double.#server.on('connection', () => double.connections++)
    double.#server.listen(0, '127.0.0.1')
    await once(double.#server, 'listening')
    return double
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get host(): string {
    return `127.0.0.1:${this.port}`
  }

  /** What happens to the next requests of a path, one each. */
  next(path: '/api/chat' | '/api/tags' | '/api/version' | '/api/show', ...mishaps: Mishap[]): void {
    this.#mishaps.set(path, [...(this.#mishaps.get(path) ?? []), ...mishaps])
  }

  chats(): { path: string; body: Record<string, unknown> }[] {
    return this.requests.filter(({ path }) => path === '/api/chat')
  }

  /** Resolves once it is so; looks whenever something has happened. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>(resolve => this.#listeners.add(resolve))
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  #happened(): void {
    for (const listener of this.#listeners) listener()
    this.#listeners.clear()
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let text = ''
    for await (const piece of request.setEncoding('utf8')) text += piece as string
    const path = (request.url ?? '').split('?')[0] as string
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    this.requests.push({ path, body })
    response.once('close', () => {
      if (!response.writableFinished) this.aborts++
      this.#happened()
    })
    this.onRequest(path)
    this.#happened()
    const mishap = this.#mishaps.get(path)?.shift()
    if (mishap !== undefined && this.#befall(mishap, response)) return
    // Bound to loopback, Ollama looks at the name it is called by.
    if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? ''))
      return this.#empty(response, 403)
    if (path === '/api/version') return json(response, 200, { version: this.version })
    if (path === '/api/tags')
      return json(response, 200, { models: this.models.map(model => this.#tag(model)) })
    if (path === '/api/show') return this.#show(String(body['model']), response)
    if (path === '/api/chat') return await this.#chat(body, mishap, response)
    response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found')
  }

  /** @returns whether that was all */
  #befall(mishap: Mishap, response: http.ServerResponse): boolean {
    if (typeof mishap === 'object') {
      response.writeHead(mishap.status, { 'content-type': mishap.type ?? 'application/json; charset=utf-8' })
      response.end(mishap.body)
    } else if (mishap === 'hang') return true
    else if (mishap === 'drop') response.socket?.destroy()
    else if (mishap === 'forbidden') this.#empty(response, 403)
    else if (mishap === 'html')
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>It works</h1>')
    else if (mishap === 'html-error')
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad</h1>')
    else if (mishap === 'redirect') response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()
    else if (mishap === 'busy') json(response, 503, { error: BUSY })
    else if (mishap === 'crashed')
      json(response, 500, { error: 'llama-server process has terminated: exit status 2' })
    else return false
    return true
  }

  #empty(response: http.ServerResponse, status: number): void {
    response.writeHead(status).end()
  }

  #tag(model: DoubleModel): object {
    const { name, digest, remoteHost } = model
    const capabilities = ['completion', ...(model.thinks ? ['thinking'] : [])]
    return {
      name,
      model: name,
      digest,
      size: 8_000_000_000,
      modified_at: goTime(123_456_789),
      details: this.#details(model),
      ...(remoteHost && { remote_host: remoteHost, remote_model: name }),
      ...(listsCapabilities(this.version) && { capabilities })
    }
  }

  #details({ family, parameterSize, quantization }: DoubleModel): object {
    return {
      parent_model: '',
      format: 'gguf',
      family,
      families: [family],
      parameter_size: parameterSize,
      quantization_level: quantization
    }
  }

  #show(name: string, response: http.ServerResponse): void {
    const model = this.#find(name)
    if (!model) return json(response, 404, { error: `model '${name}' not found` })
    const { family, contextLength, remoteHost } = model
    if (this.#isBarred(model)) return json(response, 403, { error: NO_CLOUD })
    json(response, 200, {
      template: '{{ .Prompt }}',
      details: this.#details(model),
      model_info: { 'general.architecture': family, [`${family}.context_length`]: contextLength },
      capabilities: ['completion', ...(model.thinks ? ['thinking'] : [])],
      ...(remoteHost && { remote_host: remoteHost, remote_model: name })
    })
  }

  #isBarred({ name, remoteHost }: DoubleModel): boolean {
    return this.noCloud && (remoteHost !== undefined || /[:-]cloud$/.test(name))
  }

  #find(name: string): DoubleModel | undefined {
    const full = name.includes(':') ? name : `${name}:latest`
    return this.models.find(model => model.name === full)
  }

  async #chat(
    body: Record<string, unknown>,
    mishap: Mishap | undefined,
    response: http.ServerResponse
  ): Promise<void> {
    const asked = { options: {}, ...body } as unknown as Asked
    this.#noteUnknown(body, asked)
    const model = this.#find(asked.model)
    if (!model) return json(response, 404, { error: `model '${asked.model}' not found` })
    if (this.#isBarred(model)) return json(response, 403, { error: NO_CLOUD })
    const refusal = refusalOfFields(asked, model)
    if (refusal) return json(response, refusal.status, { error: refusal.error })
    if (this.#running > 0 && this.#waiting.length >= this.queueMax)
      return json(response, 503, { error: BUSY })
    await this.#turn()
    try {
      await this.#answer(asked, model, mishap, response)
    } finally {
      this.#running--
      this.#waiting.shift()?.()
      this.#happened()
    }
  }

  async #turn(): Promise<void> {
    if (this.#running > 0) await new Promise<void>(resolve => this.#waiting.push(resolve))
    this.#running++
    this.atOnce = Math.max(this.atOnce, this.#running + this.#waiting.length)
  }

  #noteUnknown(body: Record<string, unknown>, { options }: Asked): void {
    this.unknown.push(...Object.keys(body).filter(name => !KNOWN_FIELDS.split(' ').includes(name)))
    this.unknown.push(...Object.keys(options).filter(name => !KNOWN_OPTIONS.split(' ').includes(name)))
  }

  async #answer(
    asked: Asked,
    model: DoubleModel,
    mishap: Mishap | undefined,
    response: http.ServerResponse
  ): Promise<void> {
    const window = Math.min(integer(asked, 'num_ctx') ?? 4096, model.contextLength)
    this.#load([model.name, window, shiftIsOfTheLaunch(this.version) && asked.shift === false].join(' '))
    const system = asked.messages.find(({ role }) => role === 'system')?.content ?? ''
    const user = asked.messages.at(-1)?.content ?? ''
    const reading = readingOf(this.version, asked, model, window, this.tokensOf(system + user))
    if ('error' in reading) return json(response, reading.status, { error: reading.error })
    const unfit = refusalOfSchema(this.version, asked)
    if (unfit?.endsRunner) this.#loaded = ''
    if (unfit) return json(response, unfit.status, { error: unfit.error })
    const { tokens: kept, endTokens } = reading
    const read = endTokens === undefined ? user : user.slice(-4 * endTokens)
    const written = this.#write(this.brain(system, read, asked), asked, model)
    // Where the window overflows while it answers, it forgets the middle and goes on; told not to, it stops.
    const room = asked.shift === false ? window - kept : Infinity
    await this.#speak(written, { asked, model, kept, room, mishap, response })
  }

  #load(what: string): void {
    if (this.#loaded !== what) this.loads++
    this.#loaded = what
    this.#happened()
  }

  #write(thought: object | string, asked: Asked, model: DoubleModel): string {
    if (typeof thought === 'string') return thought
    if (!holdsSchema(this.version, asked, model)) return `Well, I would say: ${JSON.stringify(thought)}`
    const { format } = asked
    const names = format && format !== 'json' ? Object.keys(format.properties ?? {}) : Object.keys(thought)
    const ordered = model.path === 'native' ? names.toSorted() : names
    return JSON.stringify(
      Object.fromEntries(ordered.map(name => [name, (thought as Record<string, unknown>)[name]]))
    )
  }

  async #speak(
    written: string,
    { asked, model, kept, room, mishap, response }: { asked: Asked; model: DoubleModel; kept: number; room: number; mishap: Mishap | undefined; response: http.ServerResponse } // prettier-ignore
  ): Promise<void> {
    const predict = integer(asked, 'num_predict') ?? -1
    const isThinking = model.thinks && asked.think !== false
    const thoughts = isThinking ? Array.from({ length: model.thinkTokens }, () => 'hm ') : []
    const words =
      mishap === 'endless'
        ? Array.from({ length: 1 << 20 }, () => 'word ')
        : (written.match(/[\s\S]{1,4}/gu) ?? [])
    const all = [...thoughts.map(thinking => ({ thinking })), ...words.map(content => ({ content }))]
    const bounded =
      mishap === 'endless' ? all : all.slice(0, Math.min(room, predict < 0 ? all.length : predict))
    const last = {
      ...said(model, bounded.length),
      message: { role: 'assistant', content: '' },
      done: true,
      done_reason: mishap === 'length' || bounded.length < all.length ? 'length' : 'stop',
      total_duration: 5_000_000,
      prompt_eval_count: kept,
      eval_count: bounded.length,
      ...(mishap === 'remote-answer' && { remote_host: 'https://ollama.com', remote_model: model.name })
    }
    // Zeros are left out.
    const shown = Object.fromEntries(Object.entries(last).filter(([, value]) => value !== 0))
    if (asked.stream === false) {
      const content = bounded.map(piece => ('content' in piece ? piece.content : '')).join('')
      return json(response, 200, { ...shown, message: { role: 'assistant', content } })
    }
    // Without a write there are no headers yet: queue, load and prompt come before.
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    for (const [i, piece] of bounded.entries()) {
      if (response.destroyed) return
      if (i === 3 && mishap === 'stall') await once(response, 'close')
      if (i === 3 && mishap !== undefined && this.#interrupt(mishap, response)) return
      const line = { ...said(model, i), message: { role: 'assistant', content: '', ...piece }, done: false }
      if (!response.write(`${JSON.stringify(line)}\n`)) await drained(response)
    }
    response.end(mishap === 'no-end' ? '' : `${JSON.stringify(shown)}\n`)
  }

  #interrupt(mishap: Mishap, response: http.ServerResponse): boolean {
    if (mishap === 'cut') response.socket?.end()
    else if (mishap === 'reset') response.socket?.resetAndDestroy()
    else if (mishap === 'error-line')
      response.end(
        `${JSON.stringify({ error: 'an error was encountered while running the model: out of memory' })}\n`
      )
    else if (mishap === 'noise-line') response.end('\u001b[2Jnot JSON\n')
    else if (mishap === 'list-line') response.end('[1]\n')
    else return false
    return true
  }
}

const BUSY = 'server busy, please try again.  maximum pending requests exceeded'

const NO_CLOUD = 'ollama cloud is disabled: remote model details are unavailable'

/** What every line of an answer begins with, each at a time of its own. */
function said({ name }: DoubleModel, line: number): object {
  return { model: name, created_at: goTime((line * 1_000_100) % 1_000_000_000) }
}

/** A fraction is cut. */
function integer({ options }: Asked, name: string): number | undefined {
  const given = options[name] as number | undefined
  return given === undefined ? undefined : Math.trunc(given)
}

function json(response: http.ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value))
}

function drained(response: http.ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}
