// What holds for every connection and every answer of the local API, whatever is asked. protocols/api, sections 3
// and 6.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { NodeError } from '../wire/node-error.ts'
import { type ErrorJson, statusOf } from './error-answer.ts'
import type { ApiLimits } from './limits.ts'

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>

/** Loopback by number: a name could resolve to more. */
export const API_HOST = '127.0.0.1'
/** How often Node looks for connections whose headers are late; its own default would triple the limit. */
const CHECKING_MS = 1_000

/** [API-8] No CORS header among them: no other origin is ever let in. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store'
}

/** @throws NodeError `port-in-use` or `listen-failed` */
export async function openServer(port: number, limits: ApiLimits): Promise<Server> {
  const server = createServer({
    headersTimeout: limits.headersMs,
    requestTimeout: 0, // bodies have deadlines of their own: a bundle may take as long as the node does with it
    connectionsCheckingInterval: Math.min(CHECKING_MS, limits.headersMs),
    maxHeaderSize: limits.headerBytesMax,
    insecureHTTPParser: false
  })
  server.maxConnections = limits.connectionsMax
  server.maxHeadersCount = 0 // else Node drops what is beyond 2,000 unseen; bytes are limited above
  await listen(server, port)
  return server
}

/** Hands on only what `refusal` finds nothing against. */
export function admit(
  server: Server,
  limits: ApiLimits,
  refusal: (incoming: IncomingMessage) => ErrorJson | undefined,
  answer: Listener
): void {
  const enter = (incoming: IncomingMessage, outgoing: ServerResponse, asksFirst: boolean): void => {
    for (const [name, value] of Object.entries(HEADERS)) outgoing.setHeader(name, value)
    cutUnread(incoming, outgoing, limits)
    const refused = refusal(incoming)
    if (refused) return sendError(outgoing, refused)
    if (asksFirst) outgoing.writeContinue()
    void answer(incoming, outgoing) // it answers its own failures
  }
  server.on('request', (incoming, outgoing) => enter(incoming, outgoing, false))
  server.on('checkContinue', (incoming, outgoing) => enter(incoming, outgoing, true))
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, API_HOST)
  try {
    await once(server, 'listening')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      const next = 'Stop the program that uses it, or choose another port for the API; 0 takes a free one.'
      throw new NodeError('port-in-use', `port ${port} is in use: the local API cannot listen`, next, cause)
    }
    const next = 'Choose another port for the API; 0 takes a free one.'
    throw new NodeError('listen-failed', `the local API cannot listen on port ${port}`, next, cause)
  }
}

export function sendError(outgoing: ServerResponse, error: ErrorJson): void {
  const body = JSON.stringify({ error })
  // Told to close, Node would close at once; see cutUnread, which closes instead.
  if (!outgoing.req.complete) outgoing.setHeader('Connection', 'keep-alive')
  outgoing.writeHead(statusOf(error.code), {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body)
  })
  outgoing.end(body)
}

/**
 * [API-10] When the answer is out before the body is in, the rest is discarded for a moment: closing at once would
 * reset the connection, and the sender would not see why.
 */
function cutUnread(incoming: IncomingMessage, outgoing: ServerResponse, { lingerMs }: ApiLimits): void {
  outgoing.once('finish', (): void => {
    const { complete, socket } = incoming
    if (complete && !outgoing.hasHeader('Connection')) return
    if (complete) return socket.destroySoon()
    const timer = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => clearTimeout(timer))
    incoming.once('end', () => socket.destroySoon())
    // Whoever began to read keeps it from flowing. (Removing all listeners stops it even when there are none.)
    for (const reader of incoming.listeners('readable')) incoming.off('readable', reader as () => void)
    incoming.resume()
  })
}

/** Takes no more connections, and gives calls under way `closeMs` to end. */
export async function closeServer(server: Server, closeMs: number): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), closeMs)
  await closed
  clearTimeout(timer)
}
