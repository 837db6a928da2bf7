// One HTTP request to a real Ollama and all that can be seen of its answer: the bytes and when they came. Plain
// node:http with a connection of its own, so that nothing is retried, pooled or hidden.
import { type IncomingHttpHeaders, request } from 'node:http'
import { z } from 'zod'

/** Nothing here takes so long on two slow cores; a server that hangs must not hang the run. */
const EXCHANGE_MS_MAX = 180_000

export interface Ask {
  method?: string
  /** Sent as JSON. */
  body?: unknown
  /** Sent as it is, instead of a body. */
  raw?: string | Buffer
  host?: string
  /** Ends the exchange by closing the connection. */
  signal?: AbortSignal
  /** Ends the exchange by closing the connection when so many bytes of the body have come. */
  bytesMax?: number
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** When the status and the headers came, counted from the start. */
  headersMs: number
  /** When the first byte of the body came. */
  firstByteMs: number
  endMs: number
}

export async function exchange(url: string, path: string, ask: Ask = {}): Promise<Answer> {
  const { body, host, bytesMax = Infinity } = ask
  const payload = ask.raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const method = ask.method ?? (payload === undefined ? 'GET' : 'POST')
  const late = AbortSignal.timeout(EXCHANGE_MS_MAX)
  const signal = ask.signal ? AbortSignal.any([ask.signal, late]) : late
  const started = performance.now()
  const since = () => performance.now() - started
  return await new Promise<Answer>((resolve, reject) => {
    const headers = {
      ...(host !== undefined && { host }),
      ...(payload && { 'content-type': 'application/json' })
    }
    const sent = request(new URL(path, url), { method, agent: false, signal, headers }, response => {
      const headersMs = since()
      let [text, firstByteMs] = ['', NaN]
      const answer = () => ({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        headersMs,
        firstByteMs,
        endMs: since()
      })
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        if (text === '') firstByteMs = since()
        text += chunk
        if (text.length < bytesMax) return
        resolve(answer())
        sent.destroy()
      })
      response.on('end', () => resolve(answer()))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(payload)
  })
}

/** A chat answer or a chunk of one, as far as it is asked about. */
const Chat = z.looseObject({
  message: z.looseObject({ content: z.string(), thinking: z.string().optional() }).default({ content: '' }),
  done: z.boolean().optional(),
  done_reason: z.string().optional(),
  load_duration: z.number().optional(),
  prompt_eval_count: z.number().default(0),
  prompt_eval_duration: z.number().optional(),
  eval_count: z.number().default(0),
  eval_duration: z.number().optional(),
  error: z.string().optional()
})
export type Chat = z.infer<typeof Chat>

export function linesOf(answer: Answer): Chat[] {
  const lines = answer.text.split('\n').filter(line => line !== '')
  return lines.map(line => Chat.parse(JSON.parse(line)))
}

export interface Chatted extends Chat {
  status: number
}

/** A chat answered in one piece, whatever the status. */
export async function chat(url: string, body: object): Promise<Chatted> {
  const answer = await exchange(url, '/api/chat', { body: { stream: false, ...body } })
  return { ...Chat.parse(JSON.parse(answer.text)), status: answer.status }
}

/** The text of an error, and its status. */
export function errorOf(answer: Answer): string {
  const { error } = z.strictObject({ error: z.string() }).parse(JSON.parse(answer.text))
  return `${answer.status} ${error}`
}
