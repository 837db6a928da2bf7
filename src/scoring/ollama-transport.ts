// HTTP for the Ollama client: no proxy, no redirect, one signal, and limits of time and size that hold before the
// headers too. protocols/scoring, SCO-5. The client's own fetch dies at 301 s, cannot be aborted before the headers,
// and sends even 127.0.0.1 through a proxy that the environment names.
import http from 'node:http'
import https from 'node:https'
import { ScorerFailure, isScorerFailure, quoted } from './failure.ts'
import { failureOfError, failureOfStatus } from './ollama-failure.ts'

export interface CallLimits {
  /** To reach the server. */
  readonly connectMs: number
  /** Between two pieces of an answer; before the first the model may still be loading. */
  readonly idleMs: number
  readonly overallMs: number
  readonly answerBytesMax: number
}

/** 5 minutes is what Ollama itself waits for a model that loads (OLLAMA_LOAD_TIMEOUT). */
export const CALL_LIMITS: CallLimits = {
  connectMs: 5_000,
  idleMs: 60_000,
  overallMs: 10 * 60_000,
  /** A list of a thousand models, or an answer in pieces of one token with all that stands around each. */
  answerBytesMax: 2 * 1024 * 1024
}

const ERROR_BYTES_MAX = 64 * 1024

/** Calls `run` after `ms` unless what it gives back is called before. */
export type After = (ms: number, run: () => void) => () => void

export const after: After = (ms, run) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

export interface Call {
  readonly signal: AbortSignal
  readonly limits: CallLimits
  readonly after: After
}

/** A fetch for one call: it ends with the signal, at whatever stage. */
export function fetchFor(call: Call): typeof fetch {
  return async (input, init) => {
    call.signal.throwIfAborted()
    return new Exchange(call).fetch(new URL(input), init ?? {})
  }
}

class Exchange {
  readonly #call: Call
  readonly #cancels = new Set<() => void>()
  /** Why it ended, where we ended it: what the sockets say then is a consequence. */
  #cause: unknown
  #request: http.ClientRequest | undefined
  #cancelIdle = () => {}

  constructor(call: Call) {
    this.#call = call
  }

  async fetch(url: URL, init: RequestInit): Promise<Response> {
    const { signal, limits } = this.#call
    const onAbort = () => this.#end(signal.reason)
    signal.addEventListener('abort', onAbort)
    this.#cancels.add(() => signal.removeEventListener('abort', onAbort))
    this.#limit(limits.overallMs, 'deadline', 'Ollama was slower than the limit')
    try {
      const message = await this.#send(url, init)
      return await this.#response(message)
    } catch (error) {
      this.#settle()
      throw this.#reason(error)
    }
  }

  #send(url: URL, { method = 'GET', headers, body }: RequestInit): Promise<http.IncomingMessage> {
    const { limits } = this.#call
    return new Promise((resolve, reject) => {
      const module = url.protocol === 'https:' ? https : http
      // An agent of its own: the global one may be told by the environment to go through a proxy.
      const request = module.request(url, {
        agent: new module.Agent({ keepAlive: false }),
        method,
        headers: { ...(headers as Record<string, string>), 'User-Agent': 'parley' }
      })
      this.#request = request
      const late = this.#limit(limits.connectMs, 'unreachable', `${url.host} does not answer`)
      const reached = url.protocol === 'https:' ? 'secureConnect' : 'connect'
      request.on('socket', socket => socket.once(reached, late))
      request.once('response', resolve)
      request.once('error', reject)
      request.end(body)
    })
  }

  async #response(message: http.IncomingMessage): Promise<Response> {
    const status = message.statusCode ?? 0
    if (status !== 200) throw failureOfStatus(status, await this.#errorText(message))
    const type = message.headers['content-type'] ?? ''
    if (!/^application\/(json|x-ndjson)\b/.test(type)) {
      throw new ScorerFailure('not-ollama', `What answers there speaks ${quoted(type) || 'no JSON'}.`)
    }
    const isStream = type.startsWith('application/x-ndjson')
    const body = ReadableStream.from(isStream ? checkedLines(this.#pieces(message)) : this.#pieces(message))
    return new Response(body as ConstructorParameters<typeof Response>[0], {
      status,
      headers: { 'content-type': type }
    })
  }

  async #errorText(message: http.IncomingMessage): Promise<string> {
    let text = ''
    for await (const piece of message.setEncoding('utf8')) {
      text += piece as string
      if (text.length > ERROR_BYTES_MAX) break
    }
    return text
  }

  async *#pieces(message: http.IncomingMessage): AsyncGenerator<Uint8Array> {
    const { limits } = this.#call
    let bytes = 0
    try {
      this.#awaitPiece()
      for await (const piece of message as AsyncIterable<Uint8Array>) {
        this.#awaitPiece()
        bytes += piece.length
        if (bytes > limits.answerBytesMax) {
          throw new ScorerFailure(
            'invalid-output',
            `The answer is longer than ${limits.answerBytesMax} bytes.`
          )
        }
        yield piece
      }
    } catch (error) {
      throw this.#reason(error)
    } finally {
      // Leaving the loop closes the connection, and then the server cancels its work.
      this.#settle()
    }
  }

  #awaitPiece(): void {
    this.#cancelIdle()
    this.#cancelIdle = this.#limit(
      this.#call.limits.idleMs,
      'deadline',
      'Ollama stopped in the middle of an answer'
    )
  }

  /** @returns what calls it off */
  #limit(ms: number, code: 'deadline' | 'unreachable', what: string): () => void {
    const seconds = `${what} (${ms / 1000} s).`
    const cancel = this.#call.after(ms, () => this.#end(new ScorerFailure(code, seconds)))
    this.#cancels.add(cancel)
    return () => {
      this.#cancels.delete(cancel)
      cancel()
    }
  }

  #end(cause: unknown): void {
    this.#cause ??= cause
    // The client stops reading after the last piece of an answer, so the end of the body may never be seen.
    this.#settle()
    this.#request?.destroy(new Error('ended'))
  }

  #settle(): void {
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
  }

  #reason(error: unknown): unknown {
    return this.#cause ?? (isScorerFailure(error) ? error : failureOfError(error))
  }
}

/**
 * Each line is JSON, and none is an error. The client would print what is no JSON on the console, whatever a terminal
 * makes of it, and would lose which error it was.
 */
async function* checkedLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield checkedLine(line)
  }
  if (rest.trim() !== '') yield checkedLine(rest)
}

function checkedLine(line: string): Uint8Array {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new ScorerFailure('not-ollama', 'A line of the answer is no JSON.', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ScorerFailure('not-ollama', 'A line of the answer is no object.')
  }
  // After the first piece the status has gone out as 200, whatever happens then.
  if ('error' in value) throw failureOfStatus(500, line)
  return new TextEncoder().encode(`${line}\n`)
}
