// Relays: those who are served by one, those who are not, and a relay that is the rival itself.
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Connection, Stream, Upgrader } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { lpStream } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import {
  type CircuitMessage,
  encodeCircuitMessage,
  HOP_PROTOCOL,
  parseCircuitMessage,
  STATUS,
  STOP_PROTOCOL
} from '../../src/net/circuit-message.ts'
import { CircuitConnection } from '../../src/net/circuit-stream.ts'
import { CIRCUITS_PER_PEER_MAX } from '../../src/net/limits.ts'
import { concatBytes } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import { DATA, yamuxHeader } from '../net/hostile-peer.ts'
import { repeated } from './at-the-door.ts'
import type { Kind } from './kinds.ts'
import { type Mouth, sendSlowly, type Talk } from './mouth.ts'
import { relayAddress, type Scene } from './scene.ts'

type Protocol = typeof HOP_PROTOCOL | typeof STOP_PROTOCOL

/** The nodes of a company that a node has connections with at once. */
const NODES = 8
const GARBAGE = new Uint8Array(250_000).fill(7)
/** A relay keeps below the rate at which new streams are a fault of its own. */
const STOPS_PER_SECOND = 28

async function streamOf(connection: Connection, protocol: Protocol): Promise<Stream> {
  const options = { signal: AbortSignal.timeout(3_000), maxOutboundStreams: 10_000 }
  return connection.newStream(protocol, options)
}

/** @returns what is answered, and the stream for what follows */
async function asked(
  connection: Connection,
  message: CircuitMessage,
  protocol: Protocol = HOP_PROTOCOL
): Promise<{ status: number | undefined; stream: Stream }> {
  const stream = await streamOf(connection, protocol)
  const talk = lpStream(stream)
  const signal = AbortSignal.timeout(4_000)
  await talk.write(encodeCircuitMessage(protocol, message), { signal })
  const answer = parseCircuitMessage(protocol, (await talk.read({ signal })).subarray())
  if (isReject(answer)) throw new Error(answer.toString())
  return { status: answer.status, stream: talk.unwrap() }
}

const reserve: CircuitMessage = { type: 'reserve' }
const connectTo = (peerId: string): CircuitMessage => ({ type: 'connect', peerId })

/** Calls again and again while it goes on and the session is there, `width` at a time. */
async function over(
  scene: Scene,
  talk: Talk,
  width: number,
  act: (connection: Connection) => Promise<unknown>
): Promise<number> {
  let count = 0
  const one = async () => {
    while (scene.going() && talk.isOpen()) {
      count++
      await act(talk.line.connection).catch(() => scene.rest(20))
    }
  }
  await Promise.all(Array.from({ length: width }, one))
  return count
}

/** As a member, with one node after another where one is cut. */
function asMember(width: number, act: (connection: Connection, scene: Scene, n: number) => Promise<unknown>) {
  return async (scene: Scene) => {
    let count = 0
    await scene.again(async (talk, n) => {
      count += await over(scene, talk, width, connection => act(connection, scene, n))
    })
    return `${count} times`
  }
}

/** As strangers that an open invite lets in, each with a key that nobody knows. */
function asStrangers(width: number, act: (connection: Connection, scene: Scene) => Promise<unknown>) {
  return async (scene: Scene) => {
    let count = 0
    const one = async () => {
      while (scene.going()) {
        const mouth = await scene.mouth()
        const talk = await mouth.talk(scene.task.address).catch(() => undefined)
        // On a busy machine the first session takes its time, as in `Scene.again`.
        if (talk && count === 0) scene.begin()
        if (talk) count += await over(scene, talk, 2, connection => act(connection, scene))
        await mouth.stop()
      }
    }
    await Promise.all(Array.from({ length: width }, one))
    return `${count} times`
  }
}

/** On a stream of relaying: these bytes instead of a message, until it is reset. */
function instead(protocol: Protocol, bytes: Uint8Array, everyMs = 0) {
  return async (connection: Connection, scene: Scene) => {
    const stream = await streamOf(connection, protocol)
    while (scene.going() && (await sendSlowly(stream, bytes))) if (everyMs > 0) await scene.rest(everyMs)
  }
}

/** A stream on which nothing is ever said. */
function silent(protocol: Protocol) {
  return async (connection: Connection, scene: Scene) => {
    const stream = await streamOf(connection, protocol)
    while (scene.going() && stream.status === 'open') await scene.rest(50)
  }
}

/** What the rival does at the ends of its circuits. */
interface Ends {
  /** With a stream that the relay has brought. */
  reached?(stream: Stream, scene: Scene): unknown
  /** With one that it was given for the asking; the circuit is left when this returns. */
  given(circuit: { stream: Stream; talk: Talk }, scene: Scene): Promise<unknown>
}

interface Placed {
  mouth: Mouth
  talk: Talk
}

/** A node of the rival with a place at the relay, that takes whoever comes. */
async function placed(scene: Scene, n: number, reached: Ends['reached']): Promise<Placed> {
  const mouth = await scene.member(n)
  await mouth.node.handle(
    STOP_PROTOCOL,
    async stream => {
      const talk = lpStream(stream)
      await talk.read()
      await talk.write(encodeCircuitMessage(STOP_PROTOCOL, { type: 'status', status: STATUS.ok }))
      reached?.(talk.unwrap(), scene)
    },
    { maxInboundStreams: 1_000 }
  )
  const talk = await mouth.greet(scene.task.address, scene.company(n))
  await asked(talk.line.connection, reserve)
  return { mouth, talk }
}

/** All circuits that the nodes of the rival get among themselves, or to the honest node behind the relay. */
function circuits(ends: Ends, to: 'each other' | 'the honest one' = 'each other') {
  return async (scene: Scene) => {
    let [opened, refused] = [0, 0]
    const nodes = Array.from(scene.task.nodes, async (_, n) =>
      placed(scene, n, ends.reached).catch(() => undefined)
    )
    const there = (await Promise.all(nodes)).filter(node => node !== undefined)
    scene.begin()
    const one = async (n: number) => {
      const { talk } = there[n % there.length] as Placed
      const { mouth } = there[(n + 1) % there.length] as Placed
      const wanted = to === 'each other' ? mouth.peerId : scene.task.behind.peerId
      await over(scene, talk, CIRCUITS_PER_PEER_MAX, async connection => {
        const { status, stream } = await asked(connection, connectTo(wanted))
        if (status === STATUS.ok) {
          opened++
          return ends.given({ stream, talk }, scene)
        }
        refused++
        stream.abort(new Error('refused'))
        return scene.rest(100)
      })
    }
    await Promise.all(there.map((_, n) => one(n)))
    return `${opened} circuits, ${refused} refused, ${there.length} nodes`
  }
}

async function held(stream: Stream, scene: Scene): Promise<void> {
  while (scene.going() && stream.status === 'open') await scene.rest(50)
}

/** As much as is taken. */
async function poured(stream: Stream, scene: Scene): Promise<void> {
  const over = scene.rest().then(() => false)
  while (scene.going() && (await Promise.race([sendSlowly(stream, new Uint8Array(65_000)), over]))) continue
}

/** Data frames of one byte, as many as the rate allows for all circuits of a connection together. */
async function dribbled({ stream, talk }: { stream: Stream; talk: Talk }, scene: Scene): Promise<void> {
  const frames = repeated(concatBytes(yamuxHeader(DATA, 0, Number(stream.id), 1), Uint8Array.of(9)), 13 * 500)
  while (scene.going() && stream.status === 'open' && (await sendSlowly(talk.line.raw, frames)))
    await scene.rest((1_000 * 500 * CIRCUITS_PER_PEER_MAX) / 18_000)
}

export const onRelays: Kind[] = [
  { name: 'hop-silent', as: 'invited', run: asStrangers(4, silent(HOP_PROTOCOL)) },
  {
    name: 'hop-garbage',
    as: 'invited',
    cut: ['circuit-message'],
    run: asStrangers(4, instead(HOP_PROTOCOL, Uint8Array.of(5, 255, 255, 255, 255, 255)))
  },
  {
    name: 'hop-endless-length',
    as: 'invited',
    cut: ['circuit-message'],
    run: asStrangers(4, instead(HOP_PROTOCOL, new Uint8Array(200).fill(255)))
  },
  { name: 'hop-dribble', as: 'invited', run: asStrangers(4, instead(HOP_PROTOCOL, Uint8Array.of(5), 700)) },
  {
    name: 'hop-strangers-ask',
    as: 'invited',
    run: asStrangers(4, async (connection, scene) => {
      await asked(connection, reserve)
      await asked(connection, connectTo(scene.task.behind.peerId))
    })
  },
  {
    name: 'relay-reserve-flood',
    as: 'member',
    cut: ['yamux-stream-rate'],
    run: asMember(10, connection => asked(connection, reserve))
  },
  {
    name: 'relay-connect-nobody',
    as: 'member',
    cut: ['yamux-stream-rate'],
    run: asMember(10, async (connection, scene) => asked(connection, connectTo(await anybody(scene))))
  },
  {
    name: 'relay-connect-self',
    as: 'member',
    run: circuits({ given: ({ stream }, scene) => held(stream, scene) })
  },
  {
    name: 'relay-all-places',
    as: 'member',
    nodes: NODES,
    through: true,
    run: circuits({ given: ({ stream }, scene) => held(stream, scene) })
  },
  {
    name: 'relay-all-places-of-one',
    as: 'member',
    nodes: NODES,
    through: true,
    run: circuits({ given: ({ stream }, scene) => held(stream, scene) }, 'the honest one')
  },
  {
    name: 'relay-circuits-unread',
    as: 'member',
    nodes: NODES,
    through: true,
    // Both ends send and neither reads: all that may wait in the relay does.
    run: circuits({
      reached: (stream, scene) => {
        stream.pause()
        void poured(stream, scene)
      },
      given: async ({ stream }, scene) => {
        stream.pause()
        await poured(stream, scene)
      }
    })
  },
  {
    name: 'relay-circuits-full',
    as: 'member',
    nodes: NODES,
    through: true,
    run: circuits({ given: ({ stream }, scene) => poured(stream, scene) })
  },
  {
    name: 'relay-circuits-dribble',
    as: 'member',
    nodes: NODES,
    through: true,
    run: circuits({ given: dribbled })
  },
  {
    name: 'relay-bytes-after-end',
    as: 'member',
    nodes: 2,
    run: circuits({
      given: async ({ stream, talk }, scene) => {
        await stream.close()
        const more = concatBytes(yamuxHeader(DATA, 0, Number(stream.id), 1_000), new Uint8Array(1_000))
        for (let i = 0; i < 100 && scene.going(); i++) await sendSlowly(talk.line.raw, more)
      }
    })
  },
  {
    name: 'relay-resets',
    as: 'member',
    nodes: NODES,
    through: true,
    run: circuits(
      { given: async ({ stream }) => stream.abort(new Error('changed my mind')) },
      'the honest one'
    )
  },
  {
    name: 'relay-garbage-after-ok',
    as: 'member',
    nodes: NODES,
    through: true,
    // The honest one cuts it at the first bytes; the rest is under way.
    run: circuits({ given: ({ stream }) => sendSlowly(stream, GARBAGE) }, 'the honest one')
  },
  {
    name: 'relay-request-flood',
    as: 'member',
    nodes: 40,
    through: true,
    // One node after another uses up what it may ask for, so that the relay knocks at the honest one too often.
    run: async scene => {
      let [requests, next] = [0, 0]
      const one = async () => {
        while (scene.going() && next < scene.task.nodes.length) {
          const talk = await scene.talk(next++).catch(() => undefined)
          for (let i = 0; i < CIRCUITS_PER_PEER_MAX && talk?.isOpen(); i++, requests++) {
            const { peerId } = scene.task.behind
            const circuit = await asked(talk.line.connection, connectTo(peerId)).catch(() => undefined)
            circuit?.stream.abort(new Error('enough'))
          }
          talk?.line.connection.abort(new Error('enough'))
        }
      }
      await Promise.all(Array.from({ length: 4 }, one))
      return `${requests} requests of ${next} nodes`
    }
  },
  ...fromTheRelay()
]

async function anybody(scene: Scene): Promise<string> {
  const key = await generateKeyPairFromSeed('Ed25519', scene.random.bytes(32))
  return peerIdFromPrivateKey(key).toString()
}

/** A kind in which the node listens through the rival. `place` is what it is promised; undefined: it is never answered. */
function asRelay(
  name: string,
  act: (connection: Connection, scene: Scene, relay: Mouth) => Promise<unknown>,
  more: Partial<Kind> & { place?: CircuitMessage | undefined; perSecond?: number } = {}
): Kind {
  const { perSecond = STOPS_PER_SECOND, ...kind } = more
  const place = 'place' in more ? more.place : granted(3_600)
  return {
    name,
    as: 'relay',
    ...kind,
    prepare: async scene => {
      const relay = await scene.mouth(scene.company().nodeKey.seed, [relayAddress(scene.task)])
      await relay.answer(scene.company())
      await relay.node.handle(HOP_PROTOCOL, async stream => {
        const talk = lpStream(stream)
        await talk.read()
        if (place) await talk.write(encodeCircuitMessage(HOP_PROTOCOL, place))
      })
    },
    run: async scene => {
      const [relay] = scene.mouths as [Mouth]
      let count = 0
      const line = () => relay.node.getConnections().find(({ status }) => status === 'open')
      for (let waited = 0; line() === undefined && waited < 100; waited++) await pause(100)
      await pause(300)
      scene.begin()
      await scene.every(perSecond, () => {
        const connection = line()
        if (!connection) return
        count++
        act(connection, scene, relay).catch(() => undefined)
      })
      return count === 0 ? 'failed: the node never came' : `${count} times`
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/** A place, until so many seconds from now. */
function granted(seconds: number): CircuitMessage {
  const expire = Math.max(0, Math.floor(Date.now() / 1_000) + seconds)
  return { type: 'status', status: STATUS.ok, expire }
}

/** Brings somebody whom the node knows by this name, with the noise of whoever the relay is. */
async function brings(connection: Connection, relay: Mouth, named: string): Promise<void> {
  const { status, stream } = await asked(connection, connectTo(named), STOP_PROTOCOL)
  if (status !== STATUS.ok) return
  const { upgrader } = (relay.node as unknown as { components: { upgrader: Upgrader } }).components
  const remoteAddr = multiaddr(`/ip4/127.0.0.1/tcp/1/p2p/${connection.remotePeer.toString()}`)
  const circuit = new CircuitConnection(stream, remoteAddr, 'outbound')
  await upgrader.upgradeOutbound(circuit, { signal: AbortSignal.timeout(4_000) })
}

function fromTheRelay(): Kind[] {
  const stop = (connection: Connection, named: string) => asked(connection, connectTo(named), STOP_PROTOCOL)
  return [
    asRelay('stop-silent', silent(STOP_PROTOCOL)),
    asRelay('stop-garbage', instead(STOP_PROTOCOL, Uint8Array.of(5, 255, 255, 255, 255, 255)), {
      cut: ['circuit-message']
    }),
    asRelay('stop-dribble', instead(STOP_PROTOCOL, Uint8Array.of(5), 700)),
    asRelay('stop-nobody', async (connection, scene) => stop(connection, await anybody(scene))),
    asRelay('stop-flood', (connection, scene) => stop(connection, scene.task.behind.peerId), {
      perSecond: 500,
      cut: ['yamux-stream-rate']
    }),
    // Somebody whom the node knows, who then never says a word.
    asRelay(
      'stop-without-noise',
      (connection, scene) => stop(connection, scene.task.nodes[1]?.node.peer ?? ''),
      {
        nodes: 2
      }
    ),
    asRelay(
      'stop-wrong-peer',
      (connection, scene, relay) => brings(connection, relay, scene.task.nodes[1]?.node.peer ?? ''),
      {
        nodes: 2
      }
    ),
    asRelay(
      'stop-cut-after-a-byte',
      async (connection, scene) => {
        const { stream } = await stop(connection, scene.task.nodes[1]?.node.peer ?? '')
        stream.send(Uint8Array.of(19))
        stream.abort(new Error('cut'))
      },
      { nodes: 2 }
    ),
    asRelay(
      'stop-garbage-after-ok',
      async (connection, scene) => {
        const { stream } = await stop(connection, scene.task.nodes[1]?.node.peer ?? '')
        await sendSlowly(stream, GARBAGE)
      },
      { nodes: 2 }
    ),
    asRelay('place-never', silent(STOP_PROTOCOL), { place: undefined }),
    asRelay('place-in-the-past', async (connection, scene) => stop(connection, await anybody(scene)), {
      place: granted(-1e12)
    }),
    asRelay('place-for-ages', async (connection, scene) => stop(connection, await anybody(scene)), {
      place: granted(1_000 * 365 * 86_400)
    })
  ]
}
