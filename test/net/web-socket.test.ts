// The same transport over WebSockets, and what only a WebSocket makes possible: protocols/transport, section 5.
import { once } from 'node:events'
import net from 'node:net'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { WebSocket, WebSocketServer } from 'ws'
import type { Door } from '../../src/net/door.ts'
import {
  CLOSE_TIMEOUT_MS,
  PENDING_CONNECTIONS_MAX,
  UPGRADE_TIMEOUT_MS,
  WEB_SOCKET_MESSAGE_BYTES_MAX
} from '../../src/net/limits.ts'
import { webSocketTransport } from '../../src/net/web-socket.ts'
import { createHostilePeer, DATA, yamuxHeader } from './hostile-peer.ts'
import { startNode, stopAll, type TestNode, type TestNodeOptions } from './loopback.ts'

afterEach(stopAll)

function listening(n: number, options: TestNodeOptions = {}): Promise<TestNode> {
  return startNode(n, { listen: ['/ip4/127.0.0.1/tcp/0/ws'], ...options })
}

/** A WebSocket handshake by hand, so that what follows can be anything. */
async function upgraded(node: TestNode): Promise<net.Socket> {
  const socket = net.connect(node.address().port, '127.0.0.1').on('error', () => undefined)
  socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
  )
  await once(socket, 'data')
  return socket
}

function ended(socket: net.Socket): Promise<unknown> {
  return socket.destroyed ? Promise.resolve() : once(socket, 'close')
}

describe('a session over a WebSocket', () => {
  it('[NET-27] carries frames of every size both ways, and ends on both sides', async () => {
    const a = await startNode(1, { listen: [] })
    const b = await listening(2)
    expect(b.address().text).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/ws\/p2p\/12D3/)
    const there = await a.transport.dial(b.address())
    const here = await b.sessions.next()
    expect([there.peerId, here.peerId]).toEqual([b.transport.peerId, a.transport.peerId])
    const sizes = [1, 200, 65_507, 65_508, 131_072]
    for (const size of sizes) await there.send(new Uint8Array(size).fill(7))
    for (const size of sizes) expect((await b.frames.next()).length).toBe(size)
    await here.send(Uint8Array.of(42))
    expect(await a.frames.next()).toEqual(Uint8Array.of(42))
    await there.close('done')
    expect(await b.ends.next()).toMatchObject({ code: 'closed-by-peer' })
  })

  it('[NET-9] 16 MiB to a slow reader: what is under way stays below 1 MiB', async () => {
    let read = 0
    const a = await startNode(1, { listen: [] })
    const b = await listening(2, {
      receiver: () => ({
        onFrame: async frame => {
          await new Promise<void>(resolve => setImmediate(resolve))
          read += frame.length
        }
      })
    })
    const session = await a.transport.dial(b.address())
    let sent = 0
    let ahead = 0
    for (let i = 0; i < 256; i++) {
      await session.send(new Uint8Array(65_536))
      sent += 65_536
      ahead = Math.max(ahead, sent - read)
    }
    expect(ahead).toBeLessThan(1024 * 1024)
  }, 30_000)

  it('[NET-27] an abort cuts the connection at once, on either side', async () => {
    for (const end of ['dialer', 'listener'] as const) {
      const a = await startNode(1, { listen: [] })
      const b = await listening(2)
      const there = await a.transport.dial(b.address())
      const here = await b.sessions.next()
      const [cutter, other] = end === 'dialer' ? [there, b] : [here, a]
      cutter.abort('enough')
      expect(['connection-lost', 'closed-by-peer']).toContain((await other.ends.next()).code)
      await stopAll()
    }
  })

  it('[NET-3] a stranger gets no session', async () => {
    const a = await startNode(1, { listen: [] })
    const b = await listening(2, { admit: () => false })
    await expect(a.transport.dial(b.address())).rejects.toMatchObject({ code: 'dial-refused' })
    expect(b.sessions.all).toEqual([])
  })

  it('[NET-10] the guard of the muxer stands here as well', async () => {
    const victim = await listening(1)
    const hostile = await createHostilePeer(9)
    try {
      const { raw, closed } = await hostile.connect(victim.address().text)
      raw.send(yamuxHeader(DATA, 0, 1, 2 ** 32 - 1))
      await closed
    } finally {
      await hostile.stop()
    }
  })
})

/** A connection as the transport hands it on, and the socket at its other end. */
async function connected(side: 'dialer' | 'listener'): Promise<[MultiaddrConnection, WebSocket]> {
  const caught = Promise.withResolvers<MultiaddrConnection>()
  const upgrade = async (connection: MultiaddrConnection) => caught.resolve(connection)
  const upgrader = { upgradeInbound: upgrade, upgradeOutbound: upgrade } as unknown as Upgrader
  const door = { guard: (inner: Upgrader) => inner } as Door
  const create = webSocketTransport([], door) as unknown as (components: object) => Transport
  const log = Object.assign(() => undefined, {
    error: () => undefined,
    trace: () => undefined,
    newScope: () => log
  })
  const transport = create({ logger: { forComponent: () => log }, events: new EventTarget() })
  if (side === 'listener') {
    const listener = transport.createListener({ upgrader })
    await listener.listen(multiaddr('/ip4/127.0.0.1/tcp/0/ws'))
    const [component] =
      listener
        .getAddrs()[0]
        ?.getComponents()
        .filter(({ name }) => name === 'tcp') ?? []
    const socket = new WebSocket(`ws://127.0.0.1:${component?.value}`)
    onTestFinished(() => listener.close())
    await once(socket, 'open')
    return [await caught.promise, socket]
  }
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const accepted = once(server, 'connection') as Promise<[WebSocket]>
  const options = { upgrader, signal: AbortSignal.timeout(5_000) }
  await transport.dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}/ws`), options as never)
  return [await caught.promise, (await accepted)[0]]
}

describe('what only a WebSocket makes possible', () => {
  it('[NET-27] while a connection is not read, its socket is not, on either side', async () => {
    for (const side of ['dialer', 'listener'] as const) {
      const [connection, socket] = await connected(side)
      const total = 32 * 1024 * 1024
      let heard = 0
      connection.addEventListener('message', ({ data }) => (heard += data.byteLength))
      connection.pause()
      const message = new Uint8Array(65_536)
      for (let sent = 0; sent < total; sent += message.length) socket.send(message)
      // What fits into the buffers of the system has gone, and nothing moves any more.
      let waiting = -1
      await expect
        .poll(() => waiting === (waiting = socket.bufferedAmount), { interval: 250, timeout: 20_000 })
        .toBe(true)
      expect([connection.status, heard]).toEqual(['open', 0])
      expect(waiting).toBeGreaterThan(0)
      connection.resume()
      await expect.poll(() => heard, { timeout: 20_000 }).toBe(total)
      connection.abort(new Error('done'))
      await ended((socket as unknown as { _socket: net.Socket })._socket)
    }
  }, 60_000)

  it('[NET-27] a broken WebSocket frame ends that socket and nothing else', async () => {
    const victim = await listening(1)
    const socket = await upgraded(victim)
    socket.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff))
    await ended(socket)
    const member = await startNode(2, { listen: [] })
    await member.transport.dial(victim.address())
  })

  it('[NET-27] a message above 128 KiB is refused at its length', async () => {
    const victim = await listening(1)
    const { host, port } = victim.address()
    const socket = new WebSocket(`ws://${host}:${port}`)
    await once(socket, 'open')
    socket.on('error', () => undefined)
    socket.send(new Uint8Array(WEB_SOCKET_MESSAGE_BYTES_MAX + 1))
    const [code] = (await once(socket, 'close')) as [number]
    expect([1006, 1009]).toContain(code)
  })

  it('[NET-20] sockets that never speak are closed in time and do not keep a member out', async () => {
    const victim = await listening(1)
    const { port } = victim.address()
    const started = performance.now()
    const sockets = Array.from({ length: 15 }, () =>
      net.connect(port, '127.0.0.1').on('error', () => undefined)
    )
    await Promise.all(sockets.map(socket => once(socket, 'connect')))
    const member = await startNode(2, { listen: [] })
    await member.transport.dial(victim.address())
    await Promise.all(sockets.map(ended))
    expect(performance.now() - started).toBeGreaterThan(UPGRADE_TIMEOUT_MS - 500)
    expect(victim.sessions.all).toHaveLength(1)
  }, 20_000)

  it('[NET-27] one that says nothing after its handshake is cut, though it would not close by itself', async () => {
    const victim = await listening(1)
    const started = performance.now()
    await ended(await upgraded(victim))
    expect(performance.now() - started).toBeLessThan(2 * UPGRADE_TIMEOUT_MS + CLOSE_TIMEOUT_MS)
  }, 20_000)

  it('[NET-22] when silent sockets have all places, the oldest gives way and a member comes in', async () => {
    const victim = await listening(1)
    const { port } = victim.address()
    const sockets: net.Socket[] = []
    for (let i = 0; i < PENDING_CONNECTIONS_MAX + 20; i++) {
      sockets.push(net.connect(port, '127.0.0.1').on('error', () => undefined))
      await once(sockets.at(-1) as net.Socket, 'connect')
    }
    await ended(sockets[0] as net.Socket)
    const member = await startNode(2, { listen: [] })
    await member.transport.dial(victim.address())
    for (const socket of sockets) socket.destroy()
  }, 20_000)

  it('[NET-27] stops at once, whatever is connected', async () => {
    const victim = await listening(1)
    const silent = net.connect(victim.address().port, '127.0.0.1').on('error', () => undefined)
    await once(silent, 'connect')
    const socket = await upgraded(victim)
    const started = performance.now()
    await victim.transport.stop()
    expect(performance.now() - started).toBeLessThan(UPGRADE_TIMEOUT_MS / 2)
    await Promise.all([ended(silent), ended(socket)])
  })
})
