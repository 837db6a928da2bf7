// WebSockets with the guards that TCP has: protocols/transport, section 5. What the libp2p transport leaves open is
// shut here: sockets that never say a word, messages of 100 MiB, a broken frame that would end the process, an abort
// that the socket refuses, and a pause that it does not feel.
import type { Server, Socket } from 'node:net'
import type { Transport as LibP2PTransport, MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { webSockets } from '@libp2p/websockets'
import type { Multiaddr } from '@multiformats/multiaddr'
import { WebSocket, type WebSocketServer } from 'ws'
import type { Door } from './door.ts'
import * as limits from './limits.ts'
import { reportListening, type ListenFailure } from './listener.ts'

/** Not a code that may be sent: libp2p asks for it to say "reset", and every implementation throws. */
const ABNORMAL = 1006

/** The parts of @libp2p/websockets 10.1 that are replaced. They are its own business: the version is pinned. */
interface Opened extends LibP2PTransport {
  _connect(address: Multiaddr, options: { signal?: AbortSignal }): Promise<WebSocket>
}
interface Listening {
  server: Server
  wsServer: WebSocketServer
  onWsServerConnection(socket: WebSocket, request: { socket: Socket }): void
  close(): Promise<void>
}

/** A transport factory for libp2p, with a door; failures to listen are added to `failures`. */
export function webSocketTransport(failures: ListenFailure[], door: Door): ReturnType<typeof webSockets> {
  const create = webSockets()
  return components => {
    const transport = create(components) as Opened
    transport._connect = connect
    const dial = transport.dial.bind(transport)
    transport.dial = (address, options) => dial(address, { ...options, upgrader: pausing(options.upgrader) })
    const createListener = transport.createListener.bind(transport)
    transport.createListener = options => {
      const listener = createListener({ ...options, upgrader: pausing(door.guard(options.upgrader)) })
      guard(listener as unknown as Listening)
      return reportListening(listener, failures)
    }
    return transport
  }
}

async function connect(address: Multiaddr, { signal }: { signal?: AbortSignal }): Promise<WebSocket> {
  const [host, port] = address.getComponents()
  const name = host?.name === 'ip6' ? `[${host.value}]` : host?.value
  const socket = new WebSocket(`ws://${name}:${port?.value}`, {
    handshakeTimeout: limits.UPGRADE_TIMEOUT_MS,
    maxPayload: limits.WEB_SOCKET_MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
    followRedirects: false
  })
  socket.binaryType = 'arraybuffer'
  tame(socket)
  const onAbort = () => socket.terminate()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
  return socket
}

/** An upgrader that gets connections whose pause stops the reading of their sockets. */
function pausing(upgrader: Upgrader): Upgrader {
  const inbound: Upgrader['upgradeInbound'] = (connection, options) =>
    upgrader.upgradeInbound(pausable(connection), options)
  const outbound: Upgrader['upgradeOutbound'] = (connection, options) =>
    upgrader.upgradeOutbound(pausable(connection), options)
  const own = { upgradeInbound: inbound, upgradeOutbound: outbound }
  return Object.assign(Object.create(upgrader) as Upgrader, own)
}

/** libp2p reads on, keeps up to 4 MiB, hands them over at once, and hangs up on more (NET-39). */
function pausable(connection: MultiaddrConnection): MultiaddrConnection {
  const { websocket } = connection as unknown as { websocket: WebSocket }
  const ours = { sendPause: () => websocket.pause(), sendResume: () => websocket.resume() }
  return Object.assign(connection, ours)
}

/** A socket that cannot end the process and that ends when it is told to. */
function tame(socket: WebSocket): void {
  // Without a listener a broken frame would be an uncaught exception; the close that follows says all.
  socket.on('error', () => undefined)
  const close = socket.close.bind(socket)
  socket.close = (code, reason) => {
    if (code === ABNORMAL) return socket.terminate()
    // The other side may never answer a close; ws itself would wait for 30 s.
    setTimeout(() => socket.terminate(), limits.CLOSE_TIMEOUT_MS).unref()
    return close(code, reason)
  }
}

/** Counts sockets before they have spoken HTTP, as libp2p counts those of TCP from their first moment. */
function guard(listener: Listening): void {
  const { server, wsServer } = listener
  const pending = new Map<Socket, NodeJS.Timeout>()
  const settle = (socket: Socket) => {
    clearTimeout(pending.get(socket))
    pending.delete(socket)
  }
  server.maxConnections = limits.CONNECTIONS_MAX + 2 * limits.PENDING_CONNECTIONS_MAX
  wsServer.options.maxPayload = limits.WEB_SOCKET_MESSAGE_BYTES_MAX
  server.prependListener('connection', (socket: Socket) => {
    socket.on('error', () => undefined)
    socket.once('close', () => settle(socket))
    makeRoom(pending)
    pending.set(socket, setTimeout(() => socket.destroy(), limits.UPGRADE_TIMEOUT_MS).unref())
  })
  const close = listener.close.bind(listener)
  listener.close = () => {
    for (const socket of pending.keys()) socket.destroy() // libp2p knows only those that have spoken, and waits for all
    return close()
  }
  const upgraded = listener.onWsServerConnection.bind(listener)
  listener.onWsServerConnection = (socket, request) => {
    settle(request.socket)
    request.socket.setTimeout(limits.SOCKET_IDLE_MS, () => socket.terminate())
    tame(socket)
    upgraded(socket, request)
  }
}

/** Who says nothing keeps a place only until somebody else needs it, and the host that has the most gives first. */
function makeRoom(pending: ReadonlyMap<Socket, NodeJS.Timeout>): void {
  if (pending.size < limits.PENDING_CONNECTIONS_MAX) return
  const counts = new Map<string | undefined, number>()
  for (const { remoteAddress } of pending.keys())
    counts.set(remoteAddress, (counts.get(remoteAddress) ?? 0) + 1)
  const most = Math.max(...counts.values())
  for (const socket of pending.keys()) {
    if (counts.get(socket.remoteAddress) === most) {
      socket.destroy() // NET-22
      return
    }
  }
}
