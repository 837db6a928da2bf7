// Events of a node over HTTP, across restarts of either side. protocols/api, section 7.
import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { NodeEvent } from '../node/surface/parley-node.ts'
import { isNodeError } from '../wire/node-error.ts'
import { type ApiConnection, bodyOf } from './client-connection.ts'
import { API_PREFIX, ROUTES } from './routes.ts'

export interface ClientTiming {
  /** For a node to prove itself. */
  readonly proofMs: number
  /** First wait before a new attempt at the events; doubled up to the most. */
  readonly retryMs: number
  readonly retryMsMax: number
  /** Three heartbeats: a connection that is silent for longer is dead. */
  readonly silenceMs: number
}

export const CLIENT_TIMING: ClientTiming = {
  proofMs: 5_000,
  retryMs: 250,
  retryMsMax: 5_000,
  silenceMs: 45_000
}

interface Frame {
  readonly id?: string
  readonly data?: string
}

/** Calls `listener` in the order of the node until `signal`; `opened` once the first attempt has ended. */
export async function followEvents(
  connection: ApiConnection,
  listener: (event: NodeEvent) => void,
  opened: () => void,
  signal: AbortSignal,
  timing: ClientTiming
): Promise<void> {
  let answer: IncomingMessage | undefined
  let last: string | undefined
  let waitMs = timing.retryMs
  signal.addEventListener('abort', () => answer?.destroy())
  while (!signal.aborted) {
    try {
      answer = await openEvents(connection, last, timing)
      for await (const frame of framesOf(bodyOf(answer))) {
        opened()
        waitMs = timing.retryMs
        last = frame.id ?? last
        if (signal.aborted) return
        if (frame.data !== undefined) listener(JSON.parse(frame.data) as NodeEvent)
      }
    } catch (error) {
      if (!isNodeError(error)) throw error // the listener's own
    }
    opened()
    await delay(waitMs, undefined, { signal }).catch(() => undefined)
    waitMs = Math.min(waitMs * 2, timing.retryMsMax)
  }
}

async function openEvents(
  connection: ApiConnection,
  last: string | undefined,
  { silenceMs }: ClientTiming
): Promise<IncomingMessage> {
  const { verb, path } = ROUTES.subscribe
  const headers = last === undefined ? {} : { 'last-event-id': last }
  return await connection.send({ verb, target: API_PREFIX + path, headers, silenceMs })
}

/** The server's spelling of server-sent events: LF, at most one `id` and one `data` a frame, comments. */
async function* framesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) yield frameOf(block)
  }
}

function frameOf(block: string): Frame {
  const lines = block.split('\n').map(line => line.split(/: ?(.*)/s, 2))
  return Object.fromEntries(lines.filter(([field]) => field === 'id' || field === 'data')) as Frame
}
