// One API over a node in memory, on a free port and in a home of its own, closed after the test.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { type ApiOptions, type ApiServer, serveApi } from '../../src/api/server.ts'
import { MemoryNode } from './memory-node.ts'

export interface Served {
  readonly node: MemoryNode
  readonly api: ApiServer
  readonly home: string
  readonly token: string
  readonly faults: unknown[]
  /** Targets of the requests so far. */
  readonly requests: string[]
  /** Connections that are open now and have asked for something. */
  readonly sockets: ReadonlySet<Socket>
}

export function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'parley-api-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  return home
}

export async function served(options: Partial<ApiOptions> = {}): Promise<Served> {
  const node = new MemoryNode()
  const home = options.home ?? temporaryHome()
  const faults: unknown[] = []
  const api = await serveApi(node, { home, port: 0, onFault: fault => faults.push(fault), ...options })
  onTestFinished(() => api.close())
  const { requests, sockets } = observe(api.port)
  const token = readFileSync(options.tokenFile ?? join(home, 'api.token'), 'utf8').trim()
  return { node, api, home, token, faults, requests, sockets }
}

/** The files of a node that is not there, or is not ours: its token is 64 times `a`. */
export function pretend(home: string, port: number): void {
  const tokenFile = join(home, 'api.token')
  writeFileSync(tokenFile, `${'a'.repeat(64)}\n`)
  writeFileSync(join(home, 'api.json'), JSON.stringify({ api: 1, pid: 2 ** 22, port, tokenFile }))
}

/** What reaches the server on this port, from Node's own diagnostics. */
function observe(port: number): { requests: string[]; sockets: Set<Socket> } {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const started = (message: unknown): void => {
    const { request, socket } = message as { request: IncomingMessage; socket: Socket }
    if (socket.localPort !== port) return
    requests.push(request.url ?? '')
    if (sockets.has(socket)) return
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  subscribe('http.server.request.start', started)
  onTestFinished(() => void unsubscribe('http.server.request.start', started))
  return { requests, sockets }
}

export function openSocket(port: number, host = '127.0.0.1'): Socket {
  const socket = connect(port, host)
  socket.on('error', () => undefined) // a refusal may come as a reset; what was read counts
  onTestFinished(() => void socket.destroy())
  return socket
}

/** Sends these very bytes and resolves with all that comes back until the connection ends. */
export async function exchange(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket = openSocket(port)
  socket.write(bytes)
  return await text(socket).catch(() => '')
}

/** A request as bytes; `connection: close`, so that the answer ends. */
export function rawRequest(first: string, headers: readonly string[], body = ''): string {
  return [first, 'Connection: close', ...headers, '', body].join('\r\n')
}
