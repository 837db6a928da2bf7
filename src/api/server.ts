// The local API of a running node: the routes served over HTTP on loopback. protocols/api.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import type { ParleyNode } from '../node/surface/parley-node.ts'
import { isNodeError, NodeError } from '../wire/node-error.ts'
import { admit, API_HOST, closeServer, openServer, sendError } from './connection.ts'
import { errorJson } from './error-answer.ts'
import { EventFeed } from './event-feed.ts'
import { API_LIMITS, type ApiLimits } from './limits.ts'
import { CHALLENGE_HEADER, createToken, PROOF_HEADER, proofOf, publish } from './rendezvous.ts'
import { guardRequest, HEALTH_PATH, type RequestHead } from './request-guard.ts'
import { readArguments } from './request-input.ts'
import { type AnyRoute, API_PREFIX, ROUTE_NAMES, type RouteName, ROUTES } from './routes.ts'

export interface ApiOptions {
  /** Where clients look for `api.json`: a directory that only the owner can enter. */
  readonly home: string
  /** 0 takes a free one. */
  readonly port: number
  /** `api.token` in the home unless given. Written anew at each start. */
  readonly tokenFile?: string
  readonly limits?: Partial<ApiLimits>
  /** Takes failures that no client can act on. */
  readonly onFault?: (fault: unknown) => void
}

export interface ApiServer {
  readonly url: string
  readonly port: number
  /** Leaves the node itself running. */
  readonly close: () => Promise<void>
}

type ApiContext = Context<{ Bindings: HttpBindings }>
type Method = (...args: unknown[]) => unknown

/** @throws NodeError `port-in-use`, `listen-failed` or `api-file-unwritable` */
export async function serveApi(node: ParleyNode, options: ApiOptions): Promise<ApiServer> {
  const limits = { ...API_LIMITS, ...options.limits }
  const server = await openServer(options.port, limits)
  const { port } = server.address() as AddressInfo
  const feed = new EventFeed(limits)
  try {
    const { token, tokenFile } = createToken(options.home, options.tokenFile)
    const { app } = new Calls(node, token, feed, limits, options.onFault ?? (() => undefined))
    const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false, autoCleanupIncoming: false })
    admit(server, limits, incoming => guardRequest(headOf(incoming), { port, token, limits }), answer)
    const withdraw = publish(options.home, { api: 1, pid: process.pid, port, tokenFile })
    const unsubscribe = node.subscribe(event => feed.push(event))
    const close = async (): Promise<void> => {
      withdraw()
      unsubscribe()
      feed.close()
      await closeServer(server, limits.closeMs)
    }
    return { url: `http://${API_HOST}:${port}`, port, close }
  } catch (error) {
    await closeServer(server, 0)
    throw error
  }
}

function headOf({ method = '', url = '', rawHeaders }: IncomingMessage): RequestHead {
  return { method, url, rawHeaders }
}

/** The routes over one node. Streams go to Node's own response: it says when its reader is slow or gone. */
class Calls {
  readonly app = new Hono<{ Bindings: HttpBindings }>()
  readonly #node: ParleyNode
  readonly #token: string
  readonly #feed: EventFeed
  readonly #limits: ApiLimits
  readonly #onFault: (fault: unknown) => void
  #eventStreams = 0

  constructor(
    node: ParleyNode,
    token: string,
    feed: EventFeed,
    limits: ApiLimits,
    onFault: (fault: unknown) => void
  ) {
    this.#node = node
    this.#token = token
    this.#feed = feed
    this.#limits = limits
    this.#onFault = onFault
    this.app.get(HEALTH_PATH, context => this.#health(context))
    for (const name of ROUTE_NAMES) {
      this.app.on(ROUTES[name].verb, API_PREFIX + ROUTES[name].path, context => this.#call(context, name))
    }
    this.app.notFound(({ env }) => this.#fail(env.outgoing, noSuchRoute()))
    this.app.onError((error, { env }) => this.#fail(env.outgoing, error))
  }

  /** [API-7] Says that something listens and, to a client that asks, that it knows the token. */
  #health(context: ApiContext): Response {
    const challenge = context.req.header(CHALLENGE_HEADER) ?? ''
    if (/^[0-9a-f]{64}$/.test(challenge)) context.header(PROOF_HEADER, proofOf(this.#token, challenge))
    return context.text('ok\n')
  }

  async #call(context: ApiContext, name: RouteName): Promise<Response> {
    const route: AnyRoute = ROUTES[name]
    const { incoming, outgoing } = context.env
    if (route.result === 'events') return this.#streamEvents(incoming, outgoing)
    const query = new URL(context.req.url).searchParams
    const args = await readArguments(route, { incoming, path: context.req.param(), query }, this.#limits)
    const result = await (this.#node[name] as Method)(...args)
    if (route.result === 'nothing') return context.body(null, 204)
    if (route.result === 'bundle') return this.#streamBundle(outgoing, result as AsyncIterable<Uint8Array>)
    return context.json(result as object)
  }

  /** Failures before the first byte are answers like any other; later ones cut the connection. */
  async #streamBundle(outgoing: ServerResponse, bundle: AsyncIterable<Uint8Array>): Promise<Response> {
    const chunks = bundle[Symbol.asyncIterator]()
    const first = await chunks.next()
    const rest = { [Symbol.asyncIterator]: () => chunks }
    const whole = async function* () {
      if (first.done) return
      yield first.value
      yield* rest
    }
    outgoing.writeHead(200, { 'Content-Type': 'application/octet-stream' })
    return this.#stream(outgoing, whole())
  }

  async #streamEvents(incoming: IncomingMessage, outgoing: ServerResponse): Promise<Response> {
    if (this.#eventStreams >= this.#limits.eventStreamsMax) {
      throw new NodeError('too-many-streams', 'too many event streams are open', 'Close one and try again.')
    }
    this.#eventStreams++
    const gone = new AbortController()
    outgoing.once('close', () => {
      this.#eventStreams--
      gone.abort()
    })
    const last = incoming.headers['last-event-id']
    outgoing.writeHead(200, { 'Content-Type': 'text/event-stream' })
    return this.#stream(outgoing, this.#feed.after(last === undefined ? last : String(last), gone.signal))
  }

  async #stream(outgoing: ServerResponse, chunks: AsyncIterable<Uint8Array | string>): Promise<Response> {
    outgoing.socket?.setTimeout(this.#limits.stallMs)
    try {
      await pipeline(Readable.from(chunks, { highWaterMark: 1 }), outgoing)
    } catch (error) {
      if (!isReaderGone(error)) this.#onFault(error)
    }
    return RESPONSE_ALREADY_SENT
  }

  #fail(outgoing: ServerResponse, error: unknown): Response {
    if (!isNodeError(error)) this.#onFault(error)
    sendError(outgoing, errorJson(error))
    return RESPONSE_ALREADY_SENT
  }
}

function noSuchRoute(): NodeError {
  return new NodeError('no-such-route', 'there is nothing here', 'See protocols/api/openapi.json.')
}

function isReaderGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE'
}
