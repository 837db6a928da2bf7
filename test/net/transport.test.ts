// Two and more transports over real loopback sockets: protocols/transport, sections 1 to 3.
import { createHash } from 'node:crypto'
import net from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, it } from 'vitest'
import type { NodeError } from '../../src/wire/node-error.ts'
import { createGater } from '../../src/net/gater.ts'
import { keepsOpenSession } from '../../src/net/sessions.ts'
import { SIMULTANEOUS_MS } from '../../src/net/limits.ts'
import { createTransport } from '../../src/net/transport.ts'
import { createNode, dialable, freePort, seed, startNode, stopAll, type TestNode } from './loopback.ts'

afterEach(stopAll)

const turn = () => new Promise<void>(resolve => setImmediate(resolve))

describe('sessions', () => {
  it('[NET-2] both sides get one session with the proven peer id, and frames flow both ways in order', async () => {
    const [a, b] = await Promise.all([startNode(1), startNode(2)])
    const [there, here] = await Promise.all([a.transport.dial(b.address()), b.sessions.next()])
    expect([there.peerId, here.peerId]).toEqual([b.transport.peerId, a.transport.peerId])
    expect([there.inbound, here.inbound]).toEqual([false, true])
    for (let i = 1; i <= 300; i++) await there.send(new Uint8Array(i).fill(i & 255))
    await here.send(Uint8Array.of(42))
    for (let i = 1; i <= 300; i++) expect(await b.frames.next()).toEqual(new Uint8Array(i).fill(i & 255))
    expect(await a.frames.next()).toEqual(Uint8Array.of(42))
    expect(there.traffic).toMatchObject({ framesOut: 300, framesIn: 1 })
  })

  it('[NET-2] what was sent before close arrives, and both sides learn why it ended', async () => {
    const [a, b] = await Promise.all([startNode(1), startNode(2)])
    const session = await a.transport.dial(b.address())
    for (let i = 0; i < 40; i++) await session.send(new Uint8Array(60_000).fill(i))
    await session.close('done')
    expect(await a.ends.next()).toMatchObject({ code: 'closed', detail: 'done' })
    expect(await b.ends.next()).toMatchObject({ code: 'closed-by-peer', fault: false })
    expect(b.frames.all.map(frame => frame[0])).toEqual(Array.from({ length: 40 }, (_, i) => i))
    await expect(session.send(Uint8Array.of(1))).rejects.toMatchObject({ code: 'session-closed' })
    expect([a.transport.connections(), b.transport.connections()]).toEqual([[], []])
  })

  it('[NET-4] both dial at once, fifteen times: one session each, the same one, and never a second', async () => {
    for (let round = 0; round < 15; round++) {
      const [a, b] = await Promise.all([startNode(10 + round), startNode(40 + round)])
      const [there, back] = await Promise.all([a.transport.dial(b.address()), b.transport.dial(a.address())])
      await there.send(Uint8Array.of(1))
      await back.send(Uint8Array.of(2))
      await Promise.all([a.frames.next(), b.frames.next()])
      expect([a.sessions.all.length, b.sessions.all.length, a.ends.all, b.ends.all]).toEqual([1, 1, [], []])
      expect(there.inbound).toBe(!back.inbound)
      await stopAll()
    }
  }, 60_000)

  it('[NET-4] of two connections the newer one lives only if its dialer must have lost the other', () => {
    expect(keepsOpenSession(1_000, true, 900)).toBe(true)
    expect(keepsOpenSession(1_000, true, 1_000 + SIMULTANEOUS_MS - 1)).toBe(true)
    expect(keepsOpenSession(1_000, true, 1_000 + SIMULTANEOUS_MS)).toBe(false)
    expect(keepsOpenSession(1_000, false, 1_000 + SIMULTANEOUS_MS)).toBe(true)
  })

  it('dialing a peer twice, or again later, gives the session that is there', async () => {
    const [a, b] = await Promise.all([startNode(1), startNode(2)])
    const [first, second] = await Promise.all([
      a.transport.dial(b.address()),
      a.transport.dial([b.address()])
    ])
    expect(second).toBe(first)
    expect(await a.transport.dial(b.address())).toBe(first)
    expect(a.sessions.all).toEqual([first])
  })

  it('a dial that joins one that fails is tried by itself', async () => {
    const known = new Set<string>()
    const [a, b] = await Promise.all([startNode(1), startNode(2, { admit: peerId => known.has(peerId) })])
    const refused = a.transport.dial(b.address()).catch((error: NodeError) => error.code)
    await b.events.next(({ event }) => event === 'stranger-refused')
    known.add(a.transport.peerId)
    expect((await a.transport.dial(b.address())).peerId).toBe(b.transport.peerId)
    expect(await refused).toBe('dial-refused')
  })

  it('[NET-9] 64 MiB to a slow reader: what is under way stays below 1 MiB', async () => {
    let received = 0
    const digestIn = createHash('sha256')
    const digestOut = createHash('sha256')
    const slow = async (frame: Uint8Array) => {
      digestIn.update(frame)
      await turn()
      received += frame.length
    }
    const [a, b] = await Promise.all([startNode(1), startNode(2, { receiver: () => ({ onFrame: slow }) })])
    const session = await a.transport.dial(b.address())
    const size = 65_536
    let underWay = 0
    const before = process.memoryUsage().rss
    let rss = 0
    for (let i = 0; i < 1_024; i++) {
      const frame = new Uint8Array(size).fill(i & 255)
      digestOut.update(frame)
      await session.send(frame)
      underWay = Math.max(underWay, (i + 1) * size - received)
      rss = Math.max(rss, process.memoryUsage().rss - before)
    }
    await session.close('done')
    await b.ends.next()
    console.log(`slow reader: at most ${underWay} bytes under way, RSS +${Math.round(rss / 1e6)} MB`)
    expect(received).toBe(1_024 * size)
    expect(digestIn.digest('hex')).toBe(digestOut.digest('hex'))
    expect(underWay).toBeLessThan(1024 * 1024)
  }, 60_000)

  it('[NET-9] frames come one at a time while the receiver is busy', async () => {
    let busy = 0
    let worst = 0
    const order: number[] = []
    const onFrame = async (frame: Uint8Array) => {
      worst = Math.max(worst, ++busy)
      await turn()
      order.push(frame[0] as number)
      busy--
    }
    const [a, b] = await Promise.all([startNode(1), startNode(2, { receiver: () => ({ onFrame }) })])
    const session = await a.transport.dial(b.address())
    for (let i = 0; i < 200; i++) await session.send(Uint8Array.of(i))
    await session.close('done')
    await b.ends.next()
    expect([worst, order]).toEqual([1, Array.from({ length: 200 }, (_, i) => i)])
  })

  it('[NET-15] a receiver that throws or rejects ends its session and nothing else', async () => {
    const failing = [
      () => {
        throw new Error('thrown')
      },
      async () => {
        await turn()
        throw new Error('rejected')
      }
    ]
    for (const onFrame of failing) {
      const onClose = () => {
        throw new Error('thrown at close')
      }
      const [a, b] = await Promise.all([
        startNode(1),
        startNode(2, { receiver: () => ({ onFrame, onClose }) })
      ])
      const session = await a.transport.dial(b.address())
      await session.send(Uint8Array.of(1))
      await a.ends.next()
      expect(await b.events.next(e => e.event === 'session-closed')).toMatchObject({
        code: 'receiver-failed',
        fault: false
      })
      expect(await a.transport.dial(b.address())).not.toBe(session)
      await stopAll()
    }
  })
})

describe('who gets in', () => {
  it('[NET-3] a stranger gets no session, no stream, and an answer that says what to do', async () => {
    const [a, b] = await Promise.all([startNode(1), startNode(2, { admit: () => false })])
    await expect(a.transport.dial(b.address())).rejects.toMatchObject({
      code: 'dial-refused',
      next: /invite/
    })
    expect(await b.events.next()).toMatchObject({ event: 'stranger-refused', peerId: a.transport.peerId })
    expect([a.sessions.all, b.sessions.all]).toEqual([[], []])
  })

  it('[NET-3] a peer that this node does not admit is not dialed either', async () => {
    const [a, b] = await Promise.all([startNode(1, { admit: () => false }), startNode(2)])
    await expect(a.transport.dial(b.address())).rejects.toMatchObject({ code: 'dial-not-admitted' })
    expect(b.events.all).toEqual([])
  })

  it('[NET-3] an admit that throws admits nobody', async () => {
    const admit = () => {
      throw new Error('no store')
    }
    const [a, b] = await Promise.all([startNode(1), startNode(2, { admit })])
    await expect(a.transport.dial(b.address())).rejects.toMatchObject({ code: 'dial-refused' })
  })

  it('[NET-3] who is no longer admitted is hung up on', async () => {
    const members = new Set<string>()
    const [a, b] = await Promise.all([startNode(1), startNode(2, { admit: peerId => members.has(peerId) })])
    members.add(a.transport.peerId)
    await a.transport.dial(b.address())
    members.clear()
    b.transport.enforceAdmission()
    expect(await b.ends.next()).toMatchObject({ code: 'not-admitted' })
    await a.ends.next()
    await expect(a.transport.dial(b.address())).rejects.toMatchObject({ code: 'dial-refused' })
  })

  it('[NET-1] an address that nobody configured is never dialed, whoever claims it', async () => {
    const configured = '/ip4/192.0.2.7/tcp/4001'
    const options = {
      admit: () => true,
      hasFew: () => true,
      connectionsBeside: () => ({ stranger: false, open: [] }),
      log: () => undefined
    }
    const gater = createGater({ ...options, dialing: new Set([configured]) })
    expect(await gater.denyDialMultiaddr?.(multiaddr(configured))).toBe(false)
    expect(await gater.denyDialMultiaddr?.(multiaddr('/ip4/127.0.0.1/tcp/11434'))).toBe(true)
  })

  it('[NET-1] another peer at the right address is not talked to', async () => {
    const [a, b, c] = await Promise.all([startNode(1), startNode(2), startNode(3)])
    const text = b.address().text.replace(b.transport.peerId, c.transport.peerId)
    await expect(a.transport.dial(dialable(text))).rejects.toMatchObject({ code: 'dial-not-this-peer' })
    expect(b.sessions.all).toEqual([])
  })
})

describe('what goes wrong when starting or dialing', () => {
  it('a port in use is named, with the option that changes it', async () => {
    const a = await startNode(1)
    const port = a.address().port
    const b = await createNode(2, { listen: [`/ip4/127.0.0.1/tcp/${port}`] })
    await expect(b.transport.start()).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringContaining(String(port)) as string,
      next: expect.stringContaining('--listen') as string
    })
  })

  it('an address of another machine cannot be listened on, and says so', async () => {
    const node = await createNode(1, { listen: ['/ip4/192.0.2.7/tcp/0'] })
    await expect(node.transport.start()).rejects.toMatchObject({ code: 'address-not-here' })
  })

  it('a malformed listen address is refused before anything starts', async () => {
    await expect(createNode(1, { listen: ['127.0.0.1:4001'] })).rejects.toMatchObject({
      code: 'addr-syntax',
      next: /\/ip4/
    })
  })

  it('nobody listens there: unreachable, at once', async () => {
    const a = await startNode(1)
    const b: TestNode = await createNode(2)
    const address = dialable(`/ip4/127.0.0.1/tcp/${await freePort()}/p2p/${b.transport.peerId}`)
    await expect(a.transport.dial(address)).rejects.toMatchObject({ code: 'dial-unreachable' })
  })

  it('something silent listens there: a time-out', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const sockets: net.Socket[] = []
    server.on('connection', socket => sockets.push(socket))
    const [a, b] = await Promise.all([startNode(1), createNode(2)])
    const { port } = server.address() as net.AddressInfo
    const dial = a.transport.dial(dialable(`/ip4/127.0.0.1/tcp/${port}/p2p/${b.transport.peerId}`))
    await expect(dial).rejects.toMatchObject({ code: /dial-(timeout|not-this-peer)/ })
    for (const socket of sockets) socket.destroy()
    server.close()
  }, 15_000)

  it('[NET-18] it does not start where session keys would be logged', async () => {
    process.env['DUMP_SESSION_KEYS'] = '1'
    const options = { privateKey: seed(1), listen: [], admit: () => true, log: () => undefined }
    const onSession = () => ({ onFrame: () => undefined, onClose: () => undefined })
    try {
      await expect(createTransport({ ...options, onSession })).rejects.toMatchObject({
        code: 'session-keys-dumped'
      })
    } finally {
      delete process.env['DUMP_SESSION_KEYS']
    }
  })

  it('a transport that was stopped starts again on the same port', async () => {
    const port = await freePort()
    const a = await createNode(1, { listen: [`/ip4/127.0.0.1/tcp/${port}`] })
    const b = await startNode(2)
    for (let i = 0; i < 2; i++) {
      await a.transport.start()
      await (await b.transport.dial(a.address())).send(Uint8Array.of(i))
      expect(await a.frames.next()).toEqual(Uint8Array.of(i))
      await a.transport.stop()
      expect(await b.ends.next()).toMatchObject({ code: 'closed-by-peer' })
    }
  })
})
