// HTTP to the node of one home: finds it, makes it prove itself, and turns every failure into a NodeError.
// protocols/api, sections 1 and 5. Loads nothing but Node's own modules: every command pays for it.
import { randomBytes } from 'node:crypto'
import { type IncomingMessage, request, type RequestOptions } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { isNodeError, NodeError } from '../wire/node-error.ts'
import { errorFrom } from './error-answer.ts'
import { CHALLENGE_HEADER, PROOF_HEADER, proofOf, readRendezvous, readToken } from './rendezvous.ts'

/** Where the node listens, proven to be ours. */
interface Place {
  readonly port: number
  readonly token: string
}

export interface Message {
  readonly verb: string
  /** Path and query. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | AsyncIterable<Uint8Array>
  /** Without a sign of life for this long, the call is given up. */
  readonly silenceMs?: number
}

export class ApiConnection {
  readonly #home: string
  readonly #proofMs: number
  #place: Promise<Place> | undefined

  /** A node that lives proves itself at once; one that does not within `proofMs` is reported, not waited for. */
  constructor(home: string, proofMs: number) {
    this.#home = home
    this.#proofMs = proofMs
  }

  /** @throws NodeError `not-running` or `no-answer` */
  async open(): Promise<void> {
    await this.#findPlace()
  }

  /**
   * Answers of success only. A node that was restarted since listens elsewhere, under another token: what was
   * refused for that has had no effect and is said again, once, to the new one.
   */
  async send(message: Message): Promise<IncomingMessage> {
    const place = await this.#findPlace()
    try {
      return await this.#exchange(place, message)
    } catch (error) {
      if (!isNodeError(error, 'not-running') && !isNodeError(error, 'wrong-token')) throw error
      this.#place = undefined
      const next = await this.#findPlace()
      if (typeof message.body === 'object' || next.token === place.token) throw error
      return await this.#exchange(next, message)
    }
  }

  #findPlace(): Promise<Place> {
    this.#place ??= this.#prove().catch((error: unknown) => {
      this.#place = undefined
      throw error
    })
    return this.#place
  }

  /** The token goes to nobody who does not know it: a dead node's port may be anyone's now. */
  async #prove(): Promise<Place> {
    const found = readRendezvous(this.#home)
    const token = found && readToken(found.tokenFile)
    if (!found || !token) throw this.#notRunning()
    const challenge = randomBytes(32).toString('hex')
    const headers = { [CHALLENGE_HEADER]: challenge }
    const options = { port: found.port, path: '/healthz', headers }
    const answer = await this.#roundTrip(options, undefined, this.#proofMs)
    answer.resume()
    if (answer.headers[PROOF_HEADER] !== proofOf(token, challenge)) throw this.#notRunning()
    return { port: found.port, token }
  }

  async #exchange({ port, token }: Place, message: Message): Promise<IncomingMessage> {
    const { verb, target, body, headers, silenceMs } = message
    const options = {
      port,
      method: verb,
      path: target,
      headers: { authorization: `Bearer ${token}`, ...bodyHeaders(body), ...headers }
    }
    const answer = await this.#roundTrip(options, body, silenceMs)
    const status = answer.statusCode ?? 0
    if (status < 400) return answer
    throw errorFrom(await text(answer).catch(() => ''), status)
  }

  /** Resolves with the head of the answer, which may come before the body is out. */
  #roundTrip(options: RequestOptions, body: Message['body'], silenceMs?: number): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      // A connection for each call: one that was kept could be closed by the node as the next call is sent, and
      // nobody could tell whether that call took effect. On loopback a new one costs a fraction of a millisecond.
      const outgoing = request({ ...options, host: '127.0.0.1', agent: false }, resolve)
      const fail = (error: unknown) => reject(this.#failure(error))
      outgoing.on('error', fail)
      if (silenceMs) outgoing.setTimeout(silenceMs, () => outgoing.destroy(this.#noAnswer(silenceMs)))
      if (typeof body !== 'object') outgoing.end(body)
      else pipeline(Readable.from(body), outgoing).catch(fail)
    })
  }

  #failure(error: unknown): unknown {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ECONNREFUSED') return this.#notRunning(error)
    return isTransportError(error) ? connectionLost(error) : error
  }

  #notRunning(cause?: unknown): NodeError {
    return new NodeError(
      'not-running',
      `no node is running for ${this.#home}`,
      'Start it: parley start',
      cause
    )
  }

  #noAnswer(ms: number): NodeError {
    const message = `the node (process ${readRendezvous(this.#home)?.pid ?? '?'}) has not answered for ${ms / 1000} s`
    return new NodeError('no-answer', message, 'It may be suspended or busy: look at its log, or restart it.')
  }
}

function bodyHeaders(body: Message['body']): Record<string, string | number> {
  if (body === undefined) return {}
  if (typeof body === 'object') return { 'content-type': 'application/octet-stream' }
  // Node adds no length to a DELETE, and the body would be read as the next request.
  return { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
}

/** The rest of an answer; a connection that ends too soon is a NodeError. */
export async function* bodyOf(answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* answer as AsyncIterable<Uint8Array>
  } catch (error) {
    throw isTransportError(error) ? connectionLost(error) : error
  }
}

const TRANSPORT_CODES = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
  'HPE_INVALID_CONSTANT'
])

function isTransportError(error: unknown): boolean {
  return TRANSPORT_CODES.has((error as NodeJS.ErrnoException).code ?? '')
}

function connectionLost(cause: unknown): NodeError {
  const next =
    'See whether it still runs: parley status. What was acknowledged is safe; this may not have happened.'
  return new NodeError('connection-lost', 'the node went away in the middle', next, cause)
}
