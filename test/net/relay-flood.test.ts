// What members of a relay may do to it, and through it to each other: protocols/transport, section 11.
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { lpStream, streamPair } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, it } from 'vitest'
import {
  type CircuitMessage,
  encodeCircuitMessage,
  HOP_PROTOCOL,
  parseCircuitMessage,
  STATUS,
  STOP_PROTOCOL
} from '../../src/net/circuit-message.ts'
import { Circuit } from '../../src/net/circuit.ts'
import * as limits from '../../src/net/limits.ts'
import { RelayServer } from '../../src/net/relay-server.ts'
import { Reject } from '../../src/wire/reject.ts'
import { createHostilePeer, type HostilePeer } from './hostile-peer.ts'
import { ask } from './hostile-relay.ts'
import { dialable, LISTEN, seed, startNode, stopAll, type TestNode } from './loopback.ts'

const hostile: HostilePeer[] = []

afterEach(async () => {
  await stopAll()
  await Promise.all(hostile.splice(0).map(peer => peer.stop()))
})

/** A peer with a session, free to say anything on its connection. */
async function joined(n: number, node: TestNode): Promise<{ peerId: string; connection: Connection }> {
  const peer = await createHostilePeer(n)
  hostile.push(peer)
  const peerId = peer.node.peerId.toString()
  const { connection } = await peer.connect(node.address().text)
  const stream = await peer.openSync(connection)
  if (peerId < node.transport.peerId) stream.send(Uint8Array.of(0))
  return { peerId, connection }
}

it('[NET-34] a length without an end is refused at its third byte', async () => {
  const relay = await startNode(1, { relay: true })
  const { connection, peerId } = await joined(9, relay)
  const stream = await connection.newStream(HOP_PROTOCOL)
  stream.send(new Uint8Array(3).fill(255))
  const cut = await relay.events.next(({ event }) => event === 'connection-cut', 2_000)
  expect(cut).toMatchObject({ code: 'circuit-message', peerId, fault: true })
})

it('[NET-12] a member whose bytes behind a relay are refused brings no fault upon the relay', async () => {
  const relay = await startNode(1, { relay: true })
  const through = `${relay.address().text}/p2p-circuit`
  const behind = await startNode(2, { listen: [LISTEN, through] })
  await behind.transport.dial(relay.address())
  await behind.events.next(({ event }) => event === 'relay-reserved')
  const rival = await joined(9, relay)
  const connect = { type: 'connect', peerId: behind.transport.peerId } as const
  for (let i = 0; i < 6; i++) {
    const { status, stream } = await ask(rival.connection, HOP_PROTOCOL, connect)
    expect(status).toBe(STATUS.ok)
    const closed = new Promise(resolve => stream.addEventListener('close', resolve))
    for (let sent = 0; sent < 4; sent++) stream.send(new Uint8Array(62_000))
    await closed
  }
  expect(behind.transport.session(relay.transport.peerId)).toBeDefined()
  const friend = await startNode(3, { listen: [] })
  await friend.transport.dial(dialable(`${through}/p2p/${behind.transport.peerId}`))
  expect(behind.events.all.filter(({ peerId, fault }) => fault && peerId === relay.transport.peerId)).toEqual(
    []
  )
})

/** A stream that counts what it is given. */
class Counted extends EventTarget {
  status = 'open'
  readStatus = 'readable'
  writableNeedsDrain = false
  readonly sent: number[] = []

  comes(bytes: number): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: new Uint8Array(bytes) }))
  }

  send(data: { byteLength: number }): boolean {
    this.sent.push(data.byteLength)
    return true
  }

  async close(): Promise<void> {
    this.status = 'closed'
  }

  abort(): void {
    this.status = 'aborted'
  }
}

it('[NET-35] small pieces that come at once are passed on together, in order, and before the end', async () => {
  const [from, to] = [new Counted(), new Counted()]
  const circuit = new Circuit(from as unknown as Stream, to as unknown as Stream, () => undefined)
  for (let i = 0; i < 5_000; i++) from.comes(1)
  await expect.poll(() => to.sent).toEqual([5_000])
  for (let i = 0; i < 100; i++) from.comes(1_000)
  for (const bytes of [5, 6, 1_024, 7]) from.comes(bytes)
  await expect.poll(() => to.sent).toEqual([5_000, 65_000, 35_011, 1_024, 7])
  from.comes(7)
  from.dispatchEvent(new Event('end'))
  expect([to.sent.at(-1), to.status]).toEqual([7, 'closed'])
  circuit.end(new Error('over'))
})

async function peerIdOf(n: number) {
  return peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed(n)))
}

/** A relay whose peers with one tens digit are of one company. All take whoever comes. */
function createRelay() {
  const time = { now: 0 }
  const companies = new Map<string, string>()
  const server = new RelayServer({
    companyOf: peerId => companies.get(peerId),
    now: () => time.now,
    log: () => undefined
  })
  const knocks: string[] = []
  const connectionOf = async (n: number) => {
    const remotePeer = await peerIdOf(n)
    companies.set(remotePeer.toString(), `company ${Math.floor(n / 10)}`)
    const newStream = async () => {
      knocks.push(remotePeer.toString())
      const [near, far] = await streamPair({ protocol: STOP_PROTOCOL })
      const talk = lpStream(far)
      const ok = encodeCircuitMessage(STOP_PROTOCOL, { type: 'status', status: STATUS.ok })
      void talk.read().then(() => talk.write(ok))
      return near
    }
    const remoteAddr = multiaddr('/ip4/192.0.2.1/tcp/4001')
    return { remotePeer, remoteAddr, newStream } as unknown as Connection
  }
  const says = async (n: number, request: CircuitMessage) => {
    const [near, far] = await streamPair({ protocol: HOP_PROTOCOL })
    const talk = lpStream(near)
    void server.onHop(far, await connectionOf(n))
    await talk.write(encodeCircuitMessage(HOP_PROTOCOL, request))
    const answer = parseCircuitMessage(HOP_PROTOCOL, (await talk.read()).subarray())
    if (answer instanceof Reject) throw new Error(answer.toString())
    return { status: answer.status, stream: talk.unwrap() }
  }
  const connects = async (n: number, to: number) =>
    says(n, { type: 'connect', peerId: (await peerIdOf(to)).toString() })
  return { time, server, knocks, reserves: (n: number) => says(n, { type: 'reserve' }), connects }
}

it('[NET-36] where all places at a peer are taken, the company that has the most gives one up to another', async () => {
  const { reserves, connects, server, time } = createRelay()
  await reserves(10)
  const taken: Stream[] = []
  for (let i = 0; i < limits.CIRCUITS_PER_PEER_MAX; i++) taken.push((await connects(20 + (i % 4), 10)).stream)
  expect((await connects(24, 10)).status).toBe(STATUS.limit)
  for (let has = 1; has <= 4; has++) {
    expect((await connects(30, 10)).status).toBe(STATUS.ok)
    await expect.poll(() => taken.filter(({ status }) => status !== 'open')).toEqual(taken.slice(8 - has))
  }
  time.now = 60_000
  expect((await connects(30, 10)).status).toBe(STATUS.limit)
  expect((await connects(25, 10)).status).toBe(STATUS.limit)
  expect(server.status().circuits).toBe(8)
})

it('[NET-36] where all places of the relay are taken it is the same', async () => {
  const { reserves, connects, server, time } = createRelay()
  for (let n = 10; n < 19; n++) await reserves(n)
  for (let n = 20; n < 28; n++) {
    time.now += 60_000
    for (let i = 0; i < limits.CIRCUITS_PER_PEER_MAX; i++)
      expect((await connects(n, n - 10)).status).toBe(STATUS.ok)
  }
  expect((await connects(28, 18)).status).toBe(STATUS.limit)
  expect((await connects(30, 18)).status).toBe(STATUS.ok)
  expect(server.status().circuits).toBe(limits.CIRCUITS_MAX)
})

it('[NET-37] a company asks 32 times at once and four times a second after that, with however many nodes', async () => {
  const { connects, time } = createRelay()
  const asks = async (count: number, from: number) => {
    const statuses: (number | undefined)[] = []
    for (let i = 0; i < count; i++) statuses.push((await connects(from + (i % 10), 99)).status)
    return statuses
  }
  const served = (count: number) => Array.from({ length: count }, () => STATUS.noReservation)
  expect(await asks(33, 20)).toEqual([...served(32), STATUS.limit])
  expect(await asks(1, 30)).toEqual(served(1))
  time.now = 1_000
  expect(await asks(5, 20)).toEqual([...served(4), STATUS.limit])
})

it('[NET-37] a relay knocks at a peer 32 times at once and 16 times a second after that', async () => {
  const { connects, reserves, time, knocks } = createRelay()
  await reserves(10)
  const knock = async (count: number) => {
    knocks.length = 0
    for (let i = 0; i < count; i++) {
      const { stream } = await connects(20 + 10 * i, 10)
      stream.abort(new Error('enough'))
    }
    return knocks.length
  }
  expect(await knock(40)).toBe(32)
  time.now = 1_000
  expect(await knock(24)).toBe(16)
})
