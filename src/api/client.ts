// The interface of a running node, over its local API: what holds for a node in this process holds for this one.
// protocols/api. Loads no library, so that a command that only asks a node starts at once.
import { text } from 'node:stream/consumers'
import type { NodeEvent, ParleyNode } from '../node/surface/parley-node.ts'
import { NodeError } from '../wire/node-error.ts'
import { ApiConnection, bodyOf, type Message } from './client-connection.ts'
import { CLIENT_TIMING, type ClientTiming, followEvents } from './client-events.ts'
import { API_LIMITS } from './limits.ts'
import { type AnyRoute, API_PREFIX, ROUTE_NAMES, ROUTES } from './routes.ts'
import { tooLarge } from './request-guard.ts'

/** Dialing another company's node may take half a minute; nothing that answers takes longer than this. */
const SILENCE_MS = 120_000

/**
 * Connects to the node that runs for this home. `close` ends the connection, not the node.
 * @throws NodeError `not-running`, `no-answer` or `token-unreadable`
 */
export async function connectApi(home: string, timing: Partial<ClientTiming> = {}): Promise<ParleyNode> {
  const client = new ApiClient(home, { ...CLIENT_TIMING, ...timing })
  await client.open()
  const calls = ROUTE_NAMES.map(name => [name, (...args: unknown[]) => client.call(ROUTES[name], args)])
  // The cast that the table earns: RouteTable has a row for each method, with its arguments and its result.
  return {
    ...(Object.fromEntries(calls) as ParleyNode),
    subscribe: listener => client.subscribe(listener),
    close: () => Promise.resolve(client.close())
  }
}

class ApiClient {
  readonly #connection: ApiConnection
  readonly #timing: ClientTiming
  readonly #subscriptions = new Set<AbortController>()
  /** Calls wait for these, so that a listener hears of everything that is called after it subscribed. */
  readonly #opening = new Set<Promise<void>>()
  #closed = false

  constructor(home: string, timing: ClientTiming) {
    this.#connection = new ApiConnection(home, timing.proofMs)
    this.#timing = timing
  }

  open(): Promise<void> {
    return this.#connection.open()
  }

  call(route: AnyRoute, args: readonly unknown[]): AsyncIterable<Uint8Array> | Promise<unknown> {
    return route.result === 'bundle' ? this.#bundle(route, args) : this.#value(route, args)
  }

  subscribe(listener: (event: NodeEvent) => void): () => void {
    const end = new AbortController()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#opening.add(promise)
    this.#subscriptions.add(end)
    const opened = () => {
      this.#opening.delete(promise)
      resolve()
    }
    void followEvents(this.#connection, listener, opened, end.signal, this.#timing)
    return () => {
      this.#subscriptions.delete(end)
      end.abort()
    }
  }

  close(): void {
    this.#closed = true
    for (const subscription of this.#subscriptions) subscription.abort()
  }

  async #value(route: AnyRoute, args: readonly unknown[]): Promise<unknown> {
    const answer = await this.#send(route, args)
    const body = await text(bodyOf(answer))
    return route.result === 'nothing' ? undefined : JSON.parse(body)
  }

  async *#bundle(route: AnyRoute, args: readonly unknown[]): AsyncGenerator<Uint8Array> {
    yield* bodyOf(await this.#send(route, args))
  }

  async #send(route: AnyRoute, args: readonly unknown[]) {
    if (this.#closed) throw new NodeError('client-closed', 'this connection is closed', 'Connect again.')
    await Promise.all(this.#opening)
    return await this.#connection.send(messageOf(route, args))
  }
}

/** The inverse of request-input.ts. */
function messageOf(route: AnyRoute, args: readonly unknown[]): Message {
  let path = API_PREFIX + route.path
  const members = new Map<string, unknown>()
  for (const [i, argument] of route.arguments.entries()) {
    const value = args[i]
    if (argument.place === 'bundle') {
      return { verb: route.verb, target: path, body: value as AsyncIterable<Uint8Array> }
    }
    if (argument.place === 'path') path = withSegment(path, argument.name, String(value))
    else if (argument.place === 'member') members.set(argument.name, value)
    else for (const [name, each] of Object.entries(value ?? {})) members.set(name, each)
  }
  return withMembers(route, path, members)
}

/** Where a route has a pattern (`:name{...}`), a value may be several segments. */
function withSegment(path: string, name: string, value: string): string {
  const [place = '', pattern] = new RegExp(`:${name}({[^}]*})?`).exec(path) ?? []
  const segment = encodeURIComponent(value)
  return path.replace(place, () => (pattern ? segment.replaceAll('%2F', '/') : segment))
}

function withMembers({ verb }: AnyRoute, path: string, members: ReadonlyMap<string, unknown>): Message {
  const given = [...members].filter(([, value]) => value !== undefined)
  if (verb === 'GET') {
    const query = new URLSearchParams(
      given.map(([name, value]): [string, string] => [name, String(value)])
    ).toString()
    return { verb, target: query === '' ? path : `${path}?${query}`, silenceMs: SILENCE_MS }
  }
  const body = JSON.stringify(Object.fromEntries(given))
  if (Buffer.byteLength(body) > API_LIMITS.bodyBytesMax) {
    const { code, message, next } = tooLarge(API_LIMITS.bodyBytesMax)
    throw new NodeError(code, message, next)
  }
  return { verb, target: path, body, silenceMs: SILENCE_MS }
}
