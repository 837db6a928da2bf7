// Where Ollama listens, as its operator writes it, and whether that is this machine. protocols/scoring, SCO-4.
import { isIPv4, isIPv6 } from 'node:net'
import { NodeError } from '../wire/node-error.ts'

const PORT = 11434

export interface OllamaHost {
  /** `http://127.0.0.1:11434`: an origin, without a path. */
  readonly origin: string
  readonly isLoopback: boolean
}

/**
 * Spellings of `OLLAMA_HOST`: host, host:port, :port, with or without a scheme, an IPv6 address with or without
 * brackets. `localhost` becomes 127.0.0.1, so that no name server decides where a prompt goes.
 * @param mayBeRemote what the operator said: prompts hold what is private
 */
export function parseOllamaHost(text: string, mayBeRemote: boolean): OllamaHost {
  const plain = text
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .trim()
  const { scheme = 'http', rest } = /^(?:(?<scheme>https?):\/\/)?(?<rest>.*)$/i.exec(plain)?.groups ?? {}
  const url = rest === undefined ? undefined : asUrl(scheme.toLowerCase(), rest)
  if (!url || url.username || url.pathname !== '/' || url.search) throw unreadable(text)
  if (!url.port && !plain.includes('://')) url.port = String(PORT)
  const host = { origin: url.origin, isLoopback: isLoopback(url.hostname) }
  if (!host.isLoopback && !mayBeRemote) {
    throw new NodeError(
      'scorer-host',
      `${url.hostname} is another machine, and prompts hold what is private.`,
      'Use Ollama on this machine; or set ollamaRemote in parley.json, if that one may read the context.'
    )
  }
  return host
}

function asUrl(scheme: string, rest: string): URL | undefined {
  const authority = rest.replace(/\/$/, '')
  const named = authority.startsWith(':') && !isIPv6(authority) ? `127.0.0.1${authority}` : authority
  const bracketed = isIPv6(named) ? `[${named}]` : named
  try {
    const url = new URL(`${scheme}://${bracketed}`)
    if (url.hostname === 'localhost') url.hostname = '127.0.0.1'
    return url
  } catch {
    return undefined
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
}

function unreadable(text: string): NodeError {
  return new NodeError(
    'scorer-host',
    `${JSON.stringify(text.slice(0, 100))} is no address of an Ollama server.`,
    'Write it as 127.0.0.1:11434.'
  )
}
