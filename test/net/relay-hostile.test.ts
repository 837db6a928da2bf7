// What a relay may do to those who use it, and what those may do to a relay: protocols/transport, section 11.
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Connection, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { lpStream } from '@libp2p/utils'
import { afterEach, describe, expect, it } from 'vitest'
import { encodeCircuitMessage, HOP_PROTOCOL, STATUS, STOP_PROTOCOL } from '../../src/net/circuit-message.ts'
import { CIRCUIT_MESSAGE_BYTES_MAX, CIRCUITS_PER_PEER_MAX } from '../../src/net/limits.ts'
import { createHostilePeer, DATA, type HostilePeer, yamuxHeader } from './hostile-peer.ts'
import { ask, createHostileRelay, hopAnswer, type HostileRelay, IN_AN_HOUR } from './hostile-relay.ts'
import {
  createNode,
  dialable,
  LISTEN,
  startNode,
  stopAll,
  type TestNode,
  type TestNodeOptions
} from './loopback.ts'

const hostile: HostilePeer[] = []
/** What makes a peer of js-libp2p dial through relays. */
const throughRelays = { transports: [tcp(), circuitRelayTransport()], services: { identify: identify() } }

afterEach(async () => {
  await stopAll()
  await Promise.all(hostile.splice(0).map(peer => peer.stop()))
})

async function startPeer(n: number, more?: Parameters<typeof createHostilePeer>[1]): Promise<HostilePeer> {
  const peer = await createHostilePeer(n, more)
  hostile.push(peer)
  return peer
}

async function startHostileRelay(n: number): Promise<HostileRelay> {
  const relay = await createHostileRelay(n)
  hostile.push(relay)
  return relay
}

/** A node that listens through a relay of whatever kind, and has its place there. */
async function startBehind(n: number, relay: string, options: TestNodeOptions = {}): Promise<TestNode> {
  const node = await startNode(n, { listen: [`${relay}/p2p-circuit`], ...options })
  await node.transport.dial(dialable(relay))
  await node.events.next(({ event }) => event === 'relay-reserved')
  return node
}

/** Where a node is dialed through a relay. */
function through(relay: string, { transport }: TestNode): ReturnType<typeof dialable> {
  return dialable(`${relay}/p2p-circuit/p2p/${transport.peerId}`)
}

/** A peer with a session, free to say anything on its connection. */
async function joined(n: number, node: TestNode): Promise<{ peerId: string; connection: Connection }> {
  const peer = await startPeer(n)
  return { peerId: peer.node.peerId.toString(), connection: await joins(peer, node) }
}

async function joins(peer: HostilePeer, node: TestNode): Promise<Connection> {
  const { connection } = await peer.connect(node.address().text)
  const stream = await peer.openSync(connection)
  if (peer.node.peerId.toString() < node.transport.peerId) stream.send(Uint8Array.of(0))
  return connection
}

const TOO_MUCH = new Uint8Array(CIRCUIT_MESSAGE_BYTES_MAX)
const reserve = { type: 'reserve' } as const
const connectTo = (peerId: string) => ({ type: 'connect', peerId }) as const

describe('a node that listens through a relay', () => {
  it('[NET-30] resets what a peer brings with which it has no place', async () => {
    const relay = await startNode(1, { relay: true })
    const victim = await startBehind(2, relay.address().text, {
      listen: [LISTEN, `${relay.address().text}/p2p-circuit`]
    })
    const member = await joined(9, victim)
    const named = connectTo(member.peerId)
    await expect(ask(member.connection, STOP_PROTOCOL, named)).rejects.toThrow()
    expect(victim.transport.session(relay.transport.peerId)).toBeDefined()
  })

  it('[NET-30] has a place on one connection, not on another with the same relay', async () => {
    const relay = await startHostileRelay(8)
    const victim = await startBehind(2, relay.address, { listen: [LISTEN, `${relay.address}/p2p-circuit`] })
    const other = await relay.connect(victim.address().text)
    const named = connectTo(relay.peerId)
    await expect(ask(other.connection, STOP_PROTOCOL, named)).rejects.toThrow()
  })

  it('[NET-30] takes nobody where the relay refused it a place', async () => {
    const relay = await startHostileRelay(8)
    relay.place = hopAnswer({ status: STATUS.denied })
    const victim = await startNode(2, { listen: [`${relay.address}/p2p-circuit`] })
    await victim.transport.dial(dialable(relay.address))
    await victim.events.next(({ event }) => event === 'relay-refused')
    await expect(relay.stopTo(victim.transport.peerId, relay.peerId)).rejects.toThrow()
  })

  it('[NET-30] one that does not listen through a relay does not know the protocol', async () => {
    const victim = await startNode(2)
    const member = await joined(9, victim)
    await expect(ask(member.connection, STOP_PROTOCOL, connectTo(member.peerId))).rejects.toMatchObject({
      name: 'UnsupportedProtocolError'
    })
  })

  it('[NET-30] refuses before a handshake who is not admitted, and who has two connections', async () => {
    const relay = await startHostileRelay(8)
    const member = await createNode(3, { listen: [] })
    const known = new Set([relay.peerId, member.transport.peerId])
    const victim = await startBehind(2, relay.address, { admit: peerId => known.has(peerId) })
    const stranger = (await createNode(4)).transport.peerId
    const { transport } = victim
    expect((await relay.stopTo(transport.peerId, stranger)).status).toBe(STATUS.denied)
    expect((await relay.stopTo(transport.peerId, member.transport.peerId)).status).toBe(STATUS.ok)
    const twin = await startPeer(8)
    const direct = { listen: [LISTEN, `${relay.address}/p2p-circuit`] }
    const busy = await startBehind(5, relay.address, direct)
    expect((await relay.stopTo(busy.transport.peerId, relay.peerId)).status).toBe(STATUS.ok)
    await twin.connect(busy.address().text)
    expect((await relay.stopTo(busy.transport.peerId, relay.peerId)).status).toBe(STATUS.denied)
    expect(victim.sessions.all).toHaveLength(1)
  })

  it('[NET-31] whom the relay names must be the one whom noise proves', async () => {
    const relay = await startHostileRelay(8)
    const victim = await startBehind(2, relay.address)
    const rival = await startNode(3, { listen: [] })
    const friend = await createNode(4)
    await rival.transport.dial(through(relay.address, victim)) // the relay is honest so far
    await rival.transport.stop()
    await victim.ends.next()
    relay.connects = (_, to) => ({ to, named: friend.transport.peerId })
    const again = await startNode(3, { listen: [] })
    await expect(again.transport.dial(through(relay.address, victim))).rejects.toThrow()
    expect(victim.sessions.all.map(({ peerId }) => peerId)).toEqual([relay.peerId, rival.transport.peerId])
  })

  it('[NET-31] a relay that connects to another than the one asked for gains no session', async () => {
    const relay = await startHostileRelay(8)
    const victim = await startBehind(2, relay.address)
    const impostor = await startBehind(3, relay.address)
    const a = await startNode(4, { listen: [] })
    relay.connects = named => ({ to: impostor.transport.peerId, named })
    await expect(a.transport.dial(through(relay.address, victim))).rejects.toMatchObject({
      code: 'dial-not-this-peer'
    })
    expect(impostor.sessions.all).toHaveLength(1)
  })

  it('[NET-31] a relay that cuts ends that session alone; one that never answers costs a dial its time', async () => {
    const relay = await startHostileRelay(8)
    const victim = await startBehind(2, relay.address, { listen: [LISTEN, `${relay.address}/p2p-circuit`] })
    const a = await startNode(3, { listen: [] })
    await a.transport.dial(through(relay.address, victim))
    relay.circuits[0]?.end(new Error('cut'))
    for (const { ends } of [a, victim]) {
      const end = await ends.next()
      expect(['connection-lost', 'closed-by-peer']).toContain(end.code)
    }
    relay.connects = () => undefined
    await expect(a.transport.dial(through(relay.address, victim))).rejects.toMatchObject({
      code: 'dial-timeout'
    })
    await a.transport.dial(victim.address())
    expect(victim.transport.session(relay.peerId)).toBeDefined()
  }, 20_000)

  it('[NET-31] the guard of the muxer stands behind a relay too; who breaks a rule is left alone, not the relay', async () => {
    const relay = await startNode(1, { relay: true })
    const victim = await startBehind(2, relay.address().text)
    const rival = await startPeer(9, throughRelays)
    await joins(rival, relay)
    const { raw, closed } = await rival.connect(victim.address().text)
    raw.send(yamuxHeader(DATA, 0, 1, 2 ** 32 - 1))
    await closed
    const cut = await victim.events.next(({ event }) => event === 'connection-cut')
    expect(cut).toMatchObject({ code: 'yamux-frame-size', peerId: rival.node.peerId.toString() })
    expect(victim.transport.session(relay.transport.peerId)).toBeDefined()
    await expect(rival.connect(victim.address().text)).rejects.toThrow()
  })

  it('[NET-31] addresses and limits that a relay states are not used', async () => {
    const relay = await startHostileRelay(8)
    const inside = new TextEncoder().encode('\u0004\u007f\u0000\u0000\u0001\u0006\u0000\u0016')
    const place = [
      8,
      2,
      26,
      inside.length + 8,
      8,
      ...varint(IN_AN_HOUR),
      18,
      inside.length,
      ...inside,
      40,
      100
    ]
    relay.place = Uint8Array.from(place)
    relay.joined = hopAnswer({ status: STATUS.ok }, Uint8Array.of(34, 4, 8, 1, 16, 1))
    relay.limit = Uint8Array.of(26, 4, 8, 1, 16, 1)
    const victim = await startBehind(2, relay.address)
    expect(victim.transport.listenAddresses()).toEqual([through(relay.address, victim).text])
    const a = await startNode(3, { listen: [] })
    const session = await a.transport.dial(through(relay.address, victim))
    await session.send(new Uint8Array(60_000))
    expect((await victim.frames.next()).length).toBe(60_000)
  })

  it('[NET-34] a relay that says something else than a message is left alone for a minute', async () => {
    const relay = await startHostileRelay(8)
    const victim = await startBehind(2, relay.address)
    await expect(relay.stopTo(victim.transport.peerId, Uint8Array.of(255, 255))).rejects.toThrow()
    expect(await victim.ends.next()).toMatchObject({ code: 'circuit-message', fault: true })
    await expect(victim.transport.dial(dialable(relay.address))).rejects.toMatchObject({
      code: 'dial-not-admitted'
    })
  })
})

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]
}

describe('a relay', () => {
  it('[NET-32] is none unless its owner said so: the protocol is not there', async () => {
    const node = await startNode(1)
    const { connection } = await joined(9, node)
    await expect(ask(connection, HOP_PROTOCOL, reserve)).rejects.toMatchObject({
      name: 'UnsupportedProtocolError'
    })
    expect(node.transport.relays.status().forOthers).toBeUndefined()
  })

  it('[NET-32] serves no stranger, not even one who is let in by an open invite', async () => {
    const companies = new Map<string, string>()
    const relay = await startNode(1, { relay: true, companyOf: peerId => companies.get(peerId) })
    const stranger = await joined(9, relay)
    const member = await joined(10, relay)
    companies.set(member.peerId, 'known')
    const refused = { status: STATUS.denied }
    expect(await ask(stranger.connection, HOP_PROTOCOL, reserve)).toMatchObject(refused)
    expect(await ask(member.connection, HOP_PROTOCOL, reserve)).toMatchObject({ status: STATUS.ok })
    expect(await ask(stranger.connection, HOP_PROTOCOL, connectTo(member.peerId))).toMatchObject(refused)
    expect(relay.transport.relays.status().forOthers).toEqual({ reservations: 1, circuits: 0 })
  })

  it('[NET-32] whoever is no longer known loses place and connections', async () => {
    const forgotten = new Set<string>()
    const companyOf = (peerId: string) => (forgotten.has(peerId) ? undefined : peerId)
    const relay = await startNode(1, { relay: true, companyOf })
    const b = await startBehind(2, relay.address().text)
    const a = await startNode(3, { listen: [] })
    await a.transport.dial(b.address())
    const { connection } = await joined(9, relay)
    const connect = connectTo(b.transport.peerId)
    forgotten.add(b.transport.peerId)
    expect((await ask(connection, HOP_PROTOCOL, connect)).status).toBe(STATUS.denied)
    relay.transport.enforceAdmission()
    expect(['connection-lost', 'closed-by-peer']).toContain((await a.ends.next()).code)
    expect(relay.transport.relays.status().forOthers).toEqual({ reservations: 0, circuits: 0 })
    expect((await ask(connection, HOP_PROTOCOL, connect)).status).toBe(STATUS.noReservation)
  })

  it('[NET-32] a place ends with its connection', async () => {
    const relay = await startNode(1, { relay: true })
    const member = await joined(9, relay)
    expect((await ask(member.connection, HOP_PROTOCOL, reserve)).status).toBe(STATUS.ok)
    await member.connection.close()
    await relay.ends.next()
    expect(relay.transport.relays.status().forOthers).toMatchObject({ reservations: 0 })
  })

  it('[NET-32] gives no place over a relayed connection, nor connects over one', async () => {
    const first = await startNode(1, { relay: true })
    const second = await startBehind(2, first.address().text, { relay: true })
    const peer = await startPeer(9, throughRelays)
    await joins(peer, first)
    const connection = await joins(peer, second)
    expect((await ask(connection, HOP_PROTOCOL, reserve)).status).toBe(STATUS.denied)
    const onward = await ask(connection, HOP_PROTOCOL, connectTo(first.transport.peerId))
    expect(onward.status).toBe(STATUS.denied)
  })

  it('[NET-33] asks at most once a second for one peer, after eight at once', async () => {
    const relay = await startNode(1, { relay: true })
    const { connection, peerId } = await joined(9, relay)
    const statuses: (number | undefined)[] = []
    for (let i = 0; i < 9; i++) statuses.push((await ask(connection, HOP_PROTOCOL, connectTo(peerId))).status)
    expect(statuses).toEqual([...Array.from({ length: 8 }, () => STATUS.noReservation), STATUS.limit])
  })

  it('[NET-33] joins a peer to at most eight, and at most eight to a peer', async () => {
    const relay = await startNode(1, { relay: true, companyOf: () => 'one' })
    const open = await startOpen(9, relay)
    const asking = await joined(10, relay)
    const to = connectTo(open.peerId)
    for (let i = 0; i < CIRCUITS_PER_PEER_MAX; i++)
      expect((await ask(asking.connection, HOP_PROTOCOL, to)).status).toBe(STATUS.ok)
    const other = await joined(11, relay)
    expect((await ask(other.connection, HOP_PROTOCOL, to)).status).toBe(STATUS.limit)
    const elsewhere = connectTo((await startOpen(12, relay)).peerId)
    await expect
      .poll(
        async () => {
          const { stream } = await ask(asking.connection, HOP_PROTOCOL, elsewhere)
          stream.abort(new Error('enough'))
          return relay.events.all.at(-1)?.detail
        },
        { timeout: 5_000 }
      )
      .toContain('too many')
    expect((await ask(other.connection, HOP_PROTOCOL, elsewhere)).status).toBe(STATUS.ok)
  })

  it('[NET-33] takes from one end what the other takes: at most 1 MiB waits, and none is lost', async () => {
    const relay = await startNode(1, { relay: true })
    const slow = await startOpen(9, relay, stream => stream.pause())
    const { connection } = await joined(10, relay)
    const { stream } = await ask(connection, HOP_PROTOCOL, connectTo(slow.peerId))
    const [there] = slow.streams as [Stream]
    let sent = 0
    let got = 0
    let wanted = 0
    there.addEventListener('message', ({ data }) => {
      got += data.byteLength
      setImmediate(() => {
        if (got >= wanted && there.readStatus === 'readable') there.pause()
      })
    })
    for (let round = 0; round < 4; round++) {
      for (let takes = true; takes; sent += 65_536)
        if (!stream.send(new Uint8Array(65_536))) takes = await drained(stream)
      expect(sent - stream.writeBufferLength - got).toBeLessThanOrEqual(1024 * 1024)
      expect([stream.status, relay.transport.relays.status().forOthers?.circuits]).toEqual(['open', 1])
      wanted = got + 300_000
      there.resume()
      await expect.poll(() => got).toBeGreaterThanOrEqual(wanted)
    }
    wanted = Number.POSITIVE_INFINITY
    if (there.readStatus === 'paused') there.resume()
    await expect.poll(() => got).toBe(sent)
  }, 20_000)

  it('[NET-34] whoever sends it something else than a message is left alone for a minute', async () => {
    for (const [n, wrong] of [
      [9, Uint8Array.of(255, 255)],
      [10, Uint8Array.of(8, 1)],
      [11, encodeCircuitMessage(HOP_PROTOCOL, { type: 'status', status: STATUS.ok })],
      [12, Uint8Array.from([8, 0, 122, ...varint(CIRCUIT_MESSAGE_BYTES_MAX), ...TOO_MUCH])]
    ] as const) {
      const relay = await startNode(1, { relay: true })
      const { connection, peerId } = await joined(n, relay)
      const stream = await connection.newStream(HOP_PROTOCOL)
      await lpStream(stream).write(wrong)
      const cut = await relay.events.next(({ event }) => event === 'connection-cut')
      expect(cut).toMatchObject({ code: 'circuit-message', peerId, fault: true })
      expect(await relay.ends.next()).toMatchObject({ code: 'circuit-message', fault: true })
      expect(relay.transport.session(peerId)).toBeUndefined()
      await stopAll()
    }
  })
})

/** A peer with a place at the relay that takes everybody, and keeps the streams. */
async function startOpen(
  n: number,
  relay: TestNode,
  take: (stream: Stream) => void = () => undefined
): Promise<{ peerId: string; streams: Stream[] }> {
  const peer = await startPeer(n)
  const streams: Stream[] = []
  await peer.node.handle(
    STOP_PROTOCOL,
    async stream => {
      const talk = lpStream(stream)
      await talk.read()
      await talk.write(encodeCircuitMessage(STOP_PROTOCOL, { type: 'status', status: STATUS.ok }))
      take(stream)
      streams.push(talk.unwrap())
    },
    { maxInboundStreams: 64 }
  )
  const connection = await joins(peer, relay)
  expect((await ask(connection, HOP_PROTOCOL, reserve)).status).toBe(STATUS.ok)
  return { peerId: peer.node.peerId.toString(), streams }
}

/** False when nothing is taken for a second. */
async function drained(stream: Stream): Promise<boolean> {
  const signal = AbortSignal.timeout(1_000)
  return new Promise(resolve => {
    stream.addEventListener('drain', () => resolve(true), { once: true })
    signal.addEventListener('abort', () => resolve(false), { once: true })
  })
}
