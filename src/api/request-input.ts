// From a request that passed the guard to the arguments of a method: read within bounds, parsed, and checked
// against the schemas of the route. protocols/api, sections 4 and 6.
import type { IncomingMessage } from 'node:http'
import { isNodeError, NodeError } from '../wire/node-error.ts'
import type { ApiLimits } from './limits.ts'
import { tooLarge } from './request-guard.ts'
import type { AnyRoute, Argument } from './routes.ts'
import { SCHEMAS } from './schemas.ts'

type Members = Readonly<Record<string, unknown>>

export interface RequestParts {
  readonly incoming: IncomingMessage
  readonly path: Members
  readonly query: URLSearchParams
}

/** @throws NodeError `bad-request`, `too-large`, `body-timeout` or `body-cut`. */
export async function readArguments(
  route: AnyRoute,
  { incoming, path, query }: RequestParts,
  limits: ApiLimits
): Promise<unknown[]> {
  if (route.arguments.some(({ place }) => place === 'bundle')) return [bundleOf(incoming, limits)]
  const asked = queryMembers(query)
  const members = route.verb === 'GET' ? asked : await readJson(incoming, limits)
  const known = route.arguments.flatMap(argument => (argument.place === 'member' ? [argument.name] : []))
  if (route.verb !== 'GET') refuseUnknown(asked, [])
  if (!route.arguments.some(({ place }) => place === 'whole')) refuseUnknown(members, known)
  return route.arguments.map(argument => valueOf(argument, path, members))
}

function valueOf(argument: Argument, path: Members, members: Members): unknown {
  if (argument.place === 'bundle') throw new Error('a bundle has the body to itself')
  const { place, name, schema } = argument
  const value = place === 'path' ? path[name] : place === 'whole' ? members : members[name]
  if (place === 'member' && argument.optional && value === undefined) return undefined
  const parsed = SCHEMAS[schema].safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const where = [place === 'whole' ? [] : name, issue?.path ?? []].flat().join('.')
  throw badRequest(`${where || 'the body'}: ${issue?.message ?? 'not as described'}`)
}

function refuseUnknown(members: Members, known: readonly string[]): void {
  const unknown = Object.keys(members).find(name => !known.includes(name))
  if (unknown !== undefined) throw badRequest(`${unknown.slice(0, 100)}: there is no such member`)
}

function queryMembers(query: URLSearchParams): Members {
  const members = new Map<string, string>()
  for (const [name, value] of query) {
    if (members.has(name)) throw badRequest(`${name.slice(0, 100)}: given twice`)
    members.set(name, value)
  }
  return Object.fromEntries(members)
}

/** A body of no bytes is an object of no members. */
async function readJson(incoming: IncomingMessage, limits: ApiLimits): Promise<Members> {
  const deadline = Date.now() + limits.bodyMs
  const chunks: Uint8Array[] = []
  for await (const chunk of chunksOf(incoming, limits.bodyBytesMax, () => deadline - Date.now())) {
    chunks.push(chunk)
  }
  const value = chunks.length === 0 ? {} : parseJson(Buffer.concat(chunks), limits.jsonDepthMax)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('the body: not a JSON object')
  }
  return value as Members
}

function parseJson(bytes: Uint8Array, depthMax: number): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw badRequest('the body: not UTF-8', cause)
  }
  // Before parsing: V8 parses any depth, and whatever walks the value afterwards runs out of stack.
  if (jsonDepth(text) > depthMax) throw badRequest(`the body: nested more than ${depthMax} deep`)
  try {
    return JSON.parse(text, refusePrototype)
  } catch (cause) {
    if (isNodeError(cause)) throw cause
    throw badRequest('the body: not JSON', cause)
  }
}

/** As a key of its own it would set a prototype wherever the entry becomes an object; zod passes over it. */
function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw badRequest('the body: __proto__ is no name')
  return value
}

/** How deep JSON nests; of what is not JSON, some number. */
function jsonDepth(text: string): number {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (quoted && char === '\\') i++
    else if (char === '"') quoted = !quoted
    else if (quoted) continue
    else if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth)
    else if (char === ']' || char === '}') depth--
  }
  return deepest
}

function bundleOf(incoming: IncomingMessage, limits: ApiLimits): AsyncIterable<Uint8Array> {
  return chunksOf(incoming, limits.bundleBytesMax, () => limits.bodyMs)
}

/** Chunks as they are asked for, so a slow taker slows the sender down; `patienceMs` is for the next chunk only. */
async function* chunksOf(
  incoming: IncomingMessage,
  bytesMax: number,
  patienceMs: () => number
): AsyncGenerator<Uint8Array> {
  // By hand, because a loop that ends early would close the connection, and with it the way for the answer.
  const source = incoming[Symbol.asyncIterator]()
  let bytes = 0
  for (;;) {
    const { done, value } = await within(source.next() as Promise<IteratorResult<Uint8Array>>, patienceMs())
    if (done) return
    bytes += value.length
    if (bytes > bytesMax) {
      const { code, message, next } = tooLarge(bytesMax)
      throw new NodeError(code, message, next)
    }
    yield value
  }
}

async function within<T>(step: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new NodeError('body-timeout', 'the rest of the request did not come', 'Send it again.')
    timer = setTimeout(() => reject(error), Math.max(0, ms))
  })
  try {
    return await Promise.race([step, late])
  } catch (error) {
    if (isNodeError(error)) throw error
    throw new NodeError('body-cut', 'the request ended in the middle', 'Send it again.', error)
  } finally {
    clearTimeout(timer)
  }
}

function badRequest(message: string, cause?: unknown): NodeError {
  return new NodeError('bad-request', message, 'See protocols/api/openapi.json for what is expected.', cause)
}
