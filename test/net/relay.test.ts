// Nodes that cannot reach each other, through a third: protocols/transport, section 11.
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import type { Connection } from '@libp2p/interface'
import { afterEach, describe, expect, it } from 'vitest'
import { SYNC_PROTOCOL } from '../../src/net/limits.ts'
import { createPeering, type Peering } from '../../src/net/peering.ts'
import type { NetEvent } from '../../src/net/net-event.ts'
import { createHostilePeer, type HostilePeer } from './hostile-peer.ts'
import {
  Arrivals,
  createNode,
  dialable,
  freePort,
  LISTEN,
  seed,
  startNode,
  stopAll,
  type TestNode,
  type TestNodeOptions
} from './loopback.ts'

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  await stopAll()
})

function startRelay(n: number, options: TestNodeOptions = {}): Promise<TestNode> {
  return startNode(n, { relay: true, ...options })
}

/** A node that listens through the relay alone, and has its place there. */
async function startBehind(n: number, relay: TestNode, options: TestNodeOptions = {}): Promise<TestNode> {
  const node = await startNode(n, { listen: [`${relay.address().text}/p2p-circuit`], ...options })
  await node.transport.dial(relay.address())
  await node.events.next(({ event }) => event === 'relay-reserved')
  return node
}

async function startPeering(
  n: number,
  listen: string[]
): Promise<{ peering: Peering; events: Arrivals<NetEvent> }> {
  const events = new Arrivals<NetEvent>()
  const peering = await createPeering({
    privateKey: seed(n),
    listen,
    admit: () => true,
    onSession: () => ({ onFrame: () => undefined, onClose: () => undefined }),
    log: event => events.push(event)
  })
  await peering.start()
  closing.push(() => peering.stop())
  return { peering, events }
}

describe('a session through a relay', () => {
  it('[NET-28] two nodes that listen nowhere else have one, and frames of every size pass', async () => {
    const relay = await startRelay(1)
    const b = await startBehind(2, relay)
    const a = await startNode(3, { listen: [] })
    const text = `${relay.address().text}/p2p-circuit/p2p/${b.transport.peerId}`
    expect(b.transport.listenAddresses()).toEqual([text])
    const there = await a.transport.dial(b.address())
    const here = await b.sessions.next(({ peerId }) => peerId === a.transport.peerId)
    expect([there.peerId, here.peerId]).toEqual([b.transport.peerId, a.transport.peerId])
    expect(there.remoteAddress).toBe(text)
    const sizes = [1, 200, 65_507, 65_508, 131_072]
    for (const size of sizes) await there.send(new Uint8Array(size).fill(7))
    for (const size of sizes) expect((await b.frames.next()).length).toBe(size)
    await here.send(Uint8Array.of(42))
    expect(await a.frames.next()).toEqual(Uint8Array.of(42))
    expect(relay.transport.relays.status().forOthers).toEqual({ reservations: 1, circuits: 1 })
    await there.close('done')
    expect(await b.ends.next()).toMatchObject({ code: 'closed-by-peer' })
    await relay.events.next(({ event }) => event === 'circuit-closed')
    expect(relay.transport.connections()).toHaveLength(2)
  })

  it('[NET-28] where a peer has other addresses they are tried first; if they fail, the relay is used', async () => {
    const relay = await startRelay(1)
    const b = await startBehind(2, relay)
    const a = await startNode(3, { listen: [] })
    const dead = dialable(`/ip4/127.0.0.1/tcp/${await freePort()}/p2p/${b.transport.peerId}`)
    expect((await a.transport.dial([b.address(), dead])).remoteAddress).toBe(b.address().text)
    const c = await startNode(4)
    const alive = c.address()
    const through = dialable(`${relay.address().text}/p2p-circuit/p2p/${c.transport.peerId}`)
    expect((await a.transport.dial([through, alive])).remoteAddress).toBe(alive.text)
  })

  it('[NET-28] without a session with the relay there is none, and it is said why', async () => {
    const relay = await startRelay(1)
    const b = await startBehind(2, relay)
    const address = b.address()
    const a = await startNode(3, { listen: [], admit: peerId => peerId === b.transport.peerId })
    await expect(a.transport.dial(address)).rejects.toMatchObject({ code: 'dial-no-relay' })
    await b.transport.stop()
    const c = await startNode(4, { listen: [] })
    await relay.ends.next()
    await expect(c.transport.dial(address)).rejects.toMatchObject({ code: 'dial-relay-refused' })
  })

  it('[NET-28] a relay that is itself reached through a relay is none', async () => {
    const first = await startRelay(1)
    const second = await startBehind(2, first, { relay: true })
    const a = await startNode(3, { listen: [] })
    await a.transport.dial(second.address())
    const place = `/ip4/127.0.0.1/tcp/${await freePort()}/p2p/${second.transport.peerId}`
    const wanted = await createNode(4)
    const address = dialable(`${place}/p2p-circuit/p2p/${wanted.transport.peerId}`)
    await expect(a.transport.dial(address)).rejects.toMatchObject({ code: 'dial-no-relay' })
  })

  it('[NET-31] both dial at once, through one relay and directly: one session each, the same one', async () => {
    const relay = await startRelay(1)
    for (let round = 0; round < 5; round++) {
      const circuit = `${relay.address().text}/p2p-circuit`
      const a = await startBehind(10 + round, relay)
      const b = await startBehind(40 + round, relay, { listen: [LISTEN, circuit] })
      const through = b.transport.listenAddresses().find(text => text.includes('p2p-circuit'))
      const dials = [a.transport.dial(dialable(through)), b.transport.dial(a.address())]
      const [there, back] = await Promise.all(dials)
      await there?.send(Uint8Array.of(1))
      await back?.send(Uint8Array.of(2))
      await Promise.all([a.frames.next(), b.frames.next()])
      expect(there?.inbound).toBe(!back?.inbound)
    }
  }, 30_000)

  it('[NET-3] a stranger gets none, and one who is no longer admitted loses it', async () => {
    const relay = await startRelay(1)
    const known = new Set([relay.transport.peerId])
    const b = await startBehind(2, relay, { admit: peerId => known.has(peerId) })
    const a = await startNode(3, { listen: [] })
    await expect(a.transport.dial(b.address())).rejects.toMatchObject({ code: 'dial-relay-refused' })
    expect(b.events.all.filter(({ event }) => event === 'stranger-refused')).toHaveLength(1)
    known.add(a.transport.peerId)
    await a.transport.dial(b.address())
    known.delete(a.transport.peerId)
    b.transport.enforceAdmission()
    expect(await b.ends.next()).toMatchObject({ code: 'not-admitted' })
  })

  it('[NET-9] 16 MiB to a slow reader: what is under way stays below 1 MiB', async () => {
    let read = 0
    const relay = await startRelay(1)
    const b = await startBehind(2, relay, {
      receiver: () => ({
        onFrame: async frame => {
          await new Promise<void>(resolve => setImmediate(resolve))
          read += frame.length
        }
      })
    })
    const a = await startNode(3, { listen: [] })
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
})

describe('a place at a relay', () => {
  it('[NET-29] is taken again when the relay was gone and is back, without a person', async () => {
    const port = await freePort()
    const listen = [`/ip4/127.0.0.1/tcp/${port}`]
    const first = await startRelay(1, { listen })
    const circuit = `${first.address().text}/p2p-circuit`
    const { peering, events } = await startPeering(2, [circuit])
    const isReserved = ({ event }: NetEvent) => event === 'relay-reserved'
    await events.next(isReserved)
    expect(peering.transport.listenAddresses()).toEqual([`${circuit}/p2p/${peering.transport.peerId}`])
    await first.transport.stop()
    await events.next(({ event }) => event === 'session-closed')
    await events.next(({ event }) => event === 'relay-lost')
    expect(peering.transport.listenAddresses()).toEqual([])
    await startRelay(1, { listen })
    await events.next(isReserved, 20_000)
    const a = await startNode(3, { listen: [] })
    await a.transport.dial(dialable(peering.transport.listenAddresses()[0]))
  }, 40_000)

  it('[NET-29] a peer behind a dead relay is dialed until it is back', async () => {
    const port = await freePort()
    const listen = [`/ip4/127.0.0.1/tcp/${port}`]
    const first = await startRelay(1, { listen })
    const circuit = `${first.address().text}/p2p-circuit`
    const b = await startPeering(2, [circuit])
    await b.events.next(({ event }) => event === 'relay-reserved')
    const a = await startPeering(3, [])
    const address = dialable(b.peering.transport.listenAddresses()[0])
    a.peering.keep([address])
    const inSession = ({ event, peerId }: NetEvent) => event === 'session-opened' && peerId === address.peerId
    await a.events.next(inSession)
    await first.transport.stop()
    await a.events.next(({ event, peerId }) => event === 'session-closed' && peerId === address.peerId)
    await startRelay(1, { listen })
    await a.events.next(inSession, 30_000)
  }, 60_000)

  it('[NET-29] a node that is told to listen through one that does not relay says so, and listens nowhere', async () => {
    const relay = await startNode(1)
    const b = await startNode(2, { listen: [`${relay.address().text}/p2p-circuit`] })
    await b.transport.dial(relay.address())
    await b.events.next(({ event }) => event === 'relay-refused')
    expect(b.transport.relays.status().through).toEqual([
      { peerId: relay.transport.peerId, refused: 'it does not relay' }
    ])
    expect(b.transport.listenAddresses()).toEqual([])
  })
})

describe('beside the relay of js-libp2p', () => {
  it('[NET-28] its client has a place at ours and is dialed there', async () => {
    const relay = await startRelay(1)
    const circuit = `${relay.address().text}/p2p-circuit`
    const theirs = await createHostilePeer(9, {
      addresses: { listen: [circuit] },
      transports: [tcp(), circuitRelayTransport()],
      services: { identify: identify() }
    })
    closing.push(() => theirs.stop())
    await openTo(theirs)
    await theirs.openSync(theirs.node.getConnections()[0] as Connection)
    const a = await startNode(3, { listen: [] })
    const session = await a.transport.dial(dialable(`${circuit}/p2p/${theirs.node.peerId.toString()}`))
    expect(session.peerId).toBe(theirs.node.peerId.toString())
  })

  it('[NET-28] its relay has a place for ours, and others reach it there', async () => {
    const theirs = await createHostilePeer(9, {
      addresses: { listen: [LISTEN] },
      services: { identify: identify(), relay: circuitRelayServer() }
    })
    closing.push(() => theirs.stop())
    await openTo(theirs)
    const relay = dialable(String(theirs.node.getMultiaddrs()[0]))
    const b = await startNode(2, { listen: [`${relay.text}/p2p-circuit`] })
    await b.transport.dial(relay)
    await b.events.next(({ event }) => event === 'relay-reserved')
    const a = await startNode(3, { listen: [] })
    const session = await a.transport.dial(b.address())
    await session.send(Uint8Array.of(1))
    expect(await b.frames.next()).toEqual(Uint8Array.of(1))
  })
})

/** Opens sessions as a node does. */
function openTo({ node }: HostilePeer): Promise<void> {
  return node.handle(SYNC_PROTOCOL, (stream, connection) => {
    if (node.peerId.toString() < connection.remotePeer.toString()) stream.send(Uint8Array.of(0))
  })
}
