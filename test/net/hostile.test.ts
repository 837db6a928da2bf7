// A member that lies below and above the muxer, and strangers at the door: protocols/transport, sections 4 and 5.
import net from 'node:net'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Connection, MessageStream } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterEach, describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/wire/bytes.ts'
import { framePrefix } from '../../src/net/framing.ts'
import { CLOSED_BYTES_MAX, CONNECTIONS_PER_GROUP_MAX, SYNC_PROTOCOL } from '../../src/net/limits.ts'
import {
  createHostilePeer,
  DATA,
  flood,
  PING,
  RST,
  SYN,
  WINDOW_UPDATE,
  yamuxHeader,
  type HostilePeer
} from './hostile-peer.ts'
import { seed, startNode, stopAll, type TestNode } from './loopback.ts'

const MIB = 1024 * 1024
let hostile: HostilePeer | undefined

afterEach(async () => {
  await hostile?.stop()
  await stopAll()
})

/** Seeds whose peer ids are below and above that of the victim: who opens the session depends on it. */
async function peersAround(victim: TestNode): Promise<{ lower: number; higher: number }> {
  let lower: number | undefined
  let higher: number | undefined
  for (let n = 100; lower === undefined || higher === undefined; n++) {
    const id = peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed(n))).toString()
    if (id < victim.transport.peerId) lower = n
    else higher = n
  }
  return { lower, higher }
}

interface Attack {
  readonly sent: number
  readonly rss: number
  readonly lagMs: number
}

/** Floods until cut or `total` bytes; what it cost the process in which both ends live. */
async function attack(raw: MessageStream, bytes: Uint8Array, total: number): Promise<Attack> {
  const before = process.memoryUsage().rss
  let rss = 0
  let lagMs = 0
  let last = performance.now()
  const probe = setInterval(() => {
    const now = performance.now()
    lagMs = Math.max(lagMs, now - last - 10)
    last = now
    rss = Math.max(rss, process.memoryUsage().rss - before)
  }, 10)
  const sent = await flood(raw, bytes, total)
  clearInterval(probe)
  return { sent, rss, lagMs }
}

function repeated(bytes: Uint8Array, count: number): Uint8Array {
  return concatBytes(...Array.from({ length: count }, () => bytes))
}

async function connect(
  victim: TestNode,
  n = 9
): Promise<{ connection: Connection; raw: MessageStream; closed: Promise<void> }> {
  hostile = await createHostilePeer(n)
  return hostile.connect(victim.address().text)
}

describe('below the muxer', () => {
  const attacks: [string, string, () => Uint8Array][] = [
    [
      'NET-10',
      'a frame of 4 GiB',
      () => concatBytes(yamuxHeader(DATA, SYN, 1, 2 ** 32 - 1), new Uint8Array(MIB))
    ],
    ['NET-11', 'a flood of pings', () => repeated(yamuxHeader(PING, SYN, 0, 7), 5_000)],
    ['NET-11', 'streams opened and reset', () => opened(2_000)],
    [
      'NET-12',
      'data for streams that are not open',
      () => concatBytes(yamuxHeader(DATA, 0, 9_999, 65_536), new Uint8Array(65_536))
    ]
  ]
  for (const [rule, name, bytes] of attacks) {
    it(`[${rule}] ${name}: the connection is cut before it costs anything`, async () => {
      const victim = await startNode(1)
      const { raw, closed } = await connect(victim)
      const cost = await attack(raw, bytes(), 256 * MIB)
      await closed
      report(name, cost)
      expect(cost.sent).toBeLessThan(64 * MIB)
      expect(cost.rss).toBeLessThan(128 * MIB)
    }, 30_000)
  }

  it('[NET-10] the session on such a connection ends with the reason, and the peer is at fault', async () => {
    const victim = await startNode(1)
    const { higher } = await peersAround(victim)
    const { connection, raw, closed } = await connect(victim, higher)
    await (hostile as HostilePeer).openSync(connection)
    await victim.sessions.next()
    raw.send(yamuxHeader(DATA, 0, 1, 2 ** 32 - 1))
    expect(await victim.ends.next()).toMatchObject({ code: 'yamux-frame-size', fault: true })
    await closed
  })

  it('[NET-13] a frame byte by byte: cut', async () => {
    const victim = await startNode(1)
    const { raw, closed } = await connect(victim)
    raw.send(yamuxHeader(DATA, SYN, 1, 200_000))
    const cost = await attack(raw, Uint8Array.of(0), 200_000)
    await closed
    report('dribble', cost)
    expect(cost.sent).toBeLessThan(20_000)
  }, 30_000)

  it('[NET-20] hundreds of streams: 32 at most live, and none for longer than the negotiation takes', async () => {
    const victim = await startNode(1)
    const { connection, closed } = await connect(victim)
    const streams = await Promise.allSettled(
      Array.from({ length: 500 }, () =>
        connection.newStream('/unknown/1.0.0', { signal: AbortSignal.timeout(4_000) })
      )
    )
    expect(streams.every(stream => stream.status === 'rejected')).toBe(true)
    await closed
  }, 30_000)
})

describe('above the muxer', () => {
  it('[NET-4] whoever does not wait for the opening, or opens with something else, is cut', async () => {
    const victim = await startNode(1)
    const { lower } = await peersAround(victim)
    const { connection, closed } = await connect(victim, lower)
    const stream = await (hostile as HostilePeer).openSync(connection)
    stream.send(Uint8Array.of(1, 0x61))
    await closed
    expect(victim.sessions.all).toEqual([])
    expect(await victim.events.next(e => e.event === 'session-closed')).toMatchObject({
      code: 'session-not-opened',
      fault: true
    })
  })

  it('[NET-4] a connection on which no session opens is closed', async () => {
    const victim = await startNode(1)
    const { lower } = await peersAround(victim)
    const { connection, closed } = await connect(victim, lower)
    await (hostile as HostilePeer).openSync(connection)
    await closed
    expect(victim.sessions.all).toEqual([])
  }, 15_000)

  for (const [rule, name, bytes, code] of [
    ['NET-6', 'an empty frame', Uint8Array.of(0), 'frame-empty'],
    ['NET-6', 'a length in too many bytes', Uint8Array.of(0x81, 0, 0x61), 'frame-varint'],
    ['NET-7', 'an oversize frame', Uint8Array.of(0xff, 0xff, 0x7f), 'frame-oversize']
  ] as const) {
    it(`[${rule}] ${name} ends the session, and the peer is at fault`, async () => {
      const victim = await startNode(1)
      const { higher } = await peersAround(victim)
      const { connection, closed } = await connect(victim, higher)
      const stream = await (hostile as HostilePeer).openSync(connection)
      stream.send(bytes)
      expect(await victim.ends.next()).toMatchObject({ code, fault: true })
      await closed
    })
  }

  it('[NET-15] a member that overruns its window or sends nonsense is cut, and the process lives', async () => {
    const nonsense = [
      concatBytes(yamuxHeader(DATA, 0, 1, 260_000), new Uint8Array(260_000)),
      yamuxHeader(PING, 2, 0, 77),
      yamuxHeader(PING, 0, 0, 0),
      yamuxHeader(DATA, SYN, 4, 0),
      yamuxHeader(WINDOW_UPDATE, 0, 0, 0),
      yamuxHeader(3, 0, 0, 1)
    ]
    let victim = await startNode(1)
    const { higher } = await peersAround(victim)
    for (const bytes of nonsense) {
      // Each time a victim that has not banned this peer yet.
      await victim.transport.stop()
      victim = await startNode(1)
      const { connection, raw, closed } = await connect(victim, higher)
      await (hostile as HostilePeer).openSync(connection)
      await victim.sessions.next()
      raw.send(bytes)
      await closed
      await victim.ends.next()
      await hostile?.stop()
    }
    const honest = await startNode(2)
    await honest.transport.dial(victim.address())
  }, 20_000)

  it('[NET-2] a second stream of the protocol on one connection is refused', async () => {
    const victim = await startNode(1)
    const { higher } = await peersAround(victim)
    const { connection } = await connect(victim, higher)
    const peer = hostile as HostilePeer
    await peer.openSync(connection)
    await victim.sessions.next()
    const second = await connection.newStream(SYNC_PROTOCOL, {
      signal: AbortSignal.timeout(4_000),
      maxOutboundStreams: 9
    })
    await new Promise<void>(resolve => {
      if (second.status !== 'open') resolve()
      second.addEventListener('close', () => resolve())
    })
    expect([victim.sessions.all.length, victim.ends.all]).toEqual([1, []])
  })

  it('[NET-41] on a closed session nobody goes on sending for long', async () => {
    const victim = await startNode(1)
    const { lower } = await peersAround(victim)
    const { connection, closed } = await connect(victim, lower)
    const stream = await (hostile as HostilePeer).openSync(connection)
    stream.send(Uint8Array.of(0))
    const session = await victim.sessions.next()
    const closing = session.close('enough')
    const frame = concatBytes(framePrefix(120_000), new Uint8Array(120_000))
    const sent = await flood(stream, frame, 64 * 1024 * 1024)
    await Promise.all([closing, closed])
    expect(sent).toBeGreaterThan(CLOSED_BYTES_MAX)
    expect(sent).toBeLessThan(CLOSED_BYTES_MAX + 4 * 1024 * 1024)
    expect(victim.frames.all.length).toBeLessThan(10)
  })

  it('[NET-9] a peer that never reads stops the sender, within 1 MiB', async () => {
    const victim = await startNode(1)
    const { higher } = await peersAround(victim)
    const { connection } = await connect(victim, higher)
    const stream = await (hostile as HostilePeer).openSync(connection)
    stream.pause()
    const session = await victim.sessions.next()
    let sent = 0
    const send = async (): Promise<void> => {
      for (;;) {
        await session.send(new Uint8Array(60_000))
        sent += 60_000
      }
    }
    const stopped = send().catch((error: { code?: string }) => error.code)
    expect(await victim.ends.next(() => true, 15_000)).toMatchObject({ code: 'peer-stalled', fault: false })
    expect(await stopped).toBe('session-closed')
    expect(sent).toBeLessThan(MIB)
  }, 30_000)

  it('[NET-19] identify names no address and no version; nothing that a peer claims is dialed', async () => {
    const victim = await startNode(1)
    const { connection } = await connect(victim)
    const stream = await connection.newStream('/ipfs/id/1.0.0')
    const chunks: Uint8Array[] = []
    await new Promise<void>(resolve => {
      stream.addEventListener('message', event => chunks.push(event.data.subarray()))
      stream.addEventListener('end', () => resolve())
      if (stream.readableEnded) resolve()
    })
    const answer = Buffer.concat(chunks).toString('latin1')
    expect(answer).toContain('parley')
    expect(answer).not.toMatch(/js-libp2p|node\//)
    // A multiaddr of 127.0.0.1 in the list of listen addresses would be field 2 of the message.
    expect(answer).not.toContain(Buffer.from([0x12, 0x08, 0x04, 127, 0, 0, 1, 0x06]).toString('latin1'))
    await expect(connection.newStream('/ipfs/id/push/1.0.0')).rejects.toThrow()
  })

  it('[NET-19] the ping protocol is answered, and a peer that only sends is not buffered for', async () => {
    const victim = await startNode(1)
    const { connection } = await connect(victim)
    const stream = await connection.newStream('/ipfs/ping/1.0.0')
    const ping = crypto.getRandomValues(new Uint8Array(32))
    const pong = new Promise<Uint8Array>(resolve =>
      stream.addEventListener('message', e => resolve(e.data.subarray()), { once: true })
    )
    stream.send(ping)
    expect(new Uint8Array(await pong)).toEqual(ping)
    const closed = new Promise<void>(resolve => stream.addEventListener('close', () => resolve()))
    stream.send(new Uint8Array(100_000))
    await closed
    // Only the stream was closed.
    await connection.newStream('/ipfs/ping/1.0.0')
  })
})

describe('at the door', () => {
  it('[NET-20] silent sockets do not keep a member out', async () => {
    const victim = await startNode(1)
    const { port } = victim.address()
    const sockets = Array.from({ length: 15 }, () =>
      net.connect(port, '127.0.0.1').on('error', () => undefined)
    )
    await Promise.all(sockets.map(socket => new Promise(resolve => socket.once('connect', resolve))))
    const times: number[] = []
    for (let n = 2; n < 6; n++) {
      const member = await startNode(n)
      const started = performance.now()
      await member.transport.dial(victim.address())
      times.push(Math.round(performance.now() - started))
      await victim.sessions.next(({ peerId }) => peerId === member.transport.peerId)
    }
    console.log(`dials beside 15 silent sockets: ${times.join(', ')} ms`)
    await Promise.all(
      sockets.map(
        socket => new Promise(resolve => (socket.destroyed ? resolve(0) : socket.once('close', resolve)))
      )
    )
    expect(victim.sessions.all.length).toBe(4)
  }, 20_000)

  it('[NET-21] a stranger with endless lines of negotiation is cut before they are answered', async () => {
    const victim = await startNode(1)
    const socket = net.connect(victim.address().port, '127.0.0.1').on('error', () => undefined)
    let answered = 0
    socket.on('data', chunk => (answered += chunk.length))
    const closed = new Promise(resolve => socket.once('close', resolve))
    socket.write('\x13/multistream/1.0.0\n')
    socket.write('\x01\n'.repeat(30_000))
    await closed
    expect(answered).toBeLessThan(2_000)
  })

  it('[NET-23] one company has eight connections and not one more; others still come in', async () => {
    const own = new Set<string>()
    const victim = await startNode(1, { companyOf: peerId => (own.has(peerId) ? 'rival' : peerId) })
    const rivals = await Promise.all(
      Array.from({ length: CONNECTIONS_PER_GROUP_MAX + 1 }, (_, i) => startNode(30 + i))
    )
    for (const { transport } of rivals) own.add(transport.peerId)
    for (const { transport } of rivals.slice(0, -1)) await transport.dial(victim.address())
    await expect(rivals.at(-1)?.transport.dial(victim.address())).rejects.toThrow()
    expect(await victim.events.next(({ event }) => event === 'duplicate-refused')).toMatchObject({
      peerId: rivals.at(-1)?.transport.peerId
    })
    const honest = await startNode(2)
    await honest.transport.dial(victim.address())
    await victim.sessions.next(({ peerId }) => peerId === honest.transport.peerId)
    expect(victim.sessions.all.length).toBe(CONNECTIONS_PER_GROUP_MAX + 1)
  }, 20_000)

  it('[NET-23] of strangers the oldest gives way to the newest', async () => {
    const victim = await startNode(1, { companyOf: () => undefined })
    const strangers = await Promise.all(
      Array.from({ length: CONNECTIONS_PER_GROUP_MAX + 1 }, (_, i) => startNode(30 + i))
    )
    for (const { transport } of strangers) await transport.dial(victim.address())
    await strangers[0]?.ends.next()
    expect(victim.transport.connections().map(({ peerId }) => peerId)).toEqual(
      strangers.slice(1).map(({ transport }) => transport.peerId)
    )
  }, 20_000)

  it('[NET-25] whoever broke a rule is named, and not let in again for a minute', async () => {
    const victim = await startNode(1)
    const { raw, closed } = await connect(victim)
    const { peerId } = (hostile as HostilePeer).node
    raw.send(yamuxHeader(DATA, SYN, 1, 2 ** 31))
    await closed
    const cut = { event: 'connection-cut', peerId: peerId.toString(), code: 'yamux-frame-size', fault: true }
    expect(await victim.events.next(({ event }) => event === 'connection-cut')).toMatchObject(cut)
    const again = await (hostile as HostilePeer).connect(victim.address().text).catch(() => undefined)
    await again?.closed
    expect(await victim.events.next()).toMatchObject({ event: 'stranger-refused', peerId: peerId.toString() })
    const honest = await startNode(2)
    await honest.transport.dial(victim.address())
  })

  it('[NET-3] a stranger reaches no muxer: what it sends after noise is not answered', async () => {
    const victim = await startNode(1, { admit: () => false })
    const { raw, closed } = await connect(victim)
    await flood(raw, repeated(yamuxHeader(PING, SYN, 0, 7), 1_000), MIB)
    await closed
    expect([victim.sessions.all, victim.transport.connections()]).toEqual([[], []])
  })

  it('[NET-20] a third connection of one peer is refused', async () => {
    const victim = await startNode(1)
    const { lower } = await peersAround(victim)
    const first = await connect(victim, lower)
    const peer = hostile as HostilePeer
    const second = await peer.connect(victim.address().text)
    // Both are known to the victim once it answers on them.
    await Promise.all([first, second].map(({ connection }) => connection.newStream('/ipfs/ping/1.0.0')))
    const third = await peer.connect(victim.address().text).catch(() => undefined)
    await third?.closed
    expect(await victim.events.next()).toMatchObject({ event: 'duplicate-refused' })
    expect([first.connection.status, second.connection.status]).toEqual(['open', 'open'])
  })
})

function opened(count: number): Uint8Array {
  const frames: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    const id = 1_001 + 2 * i
    frames.push(yamuxHeader(WINDOW_UPDATE, SYN, id, 0), yamuxHeader(WINDOW_UPDATE, RST, id, 0))
  }
  return concatBytes(...frames)
}

function report(name: string, { sent, rss, lagMs }: Attack): void {
  console.log(
    `${name}: cut after ${(sent / MIB).toFixed(2)} MiB, RSS +${(rss / MIB).toFixed(0)} MiB, lag ${lagMs.toFixed(0)} ms`
  )
}
