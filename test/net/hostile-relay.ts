// A relay that does what a test says: it keeps a session as it should, and lies about the rest.
import type { Connection, Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import {
  type CircuitMessage,
  encodeCircuitMessage,
  HOP_PROTOCOL,
  parseCircuitMessage,
  STATUS,
  STOP_PROTOCOL
} from '../../src/net/circuit-message.ts'
import { Circuit } from '../../src/net/circuit.ts'
import { SYNC_PROTOCOL } from '../../src/net/limits.ts'
import { concatBytes } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import { createHostilePeer, type HostilePeer } from './hostile-peer.ts'
import { LISTEN } from './loopback.ts'

export interface HostileRelay extends HostilePeer {
  readonly address: string
  readonly peerId: string
  /** What is said to whoever asks for a place. */
  place: Uint8Array
  /** What is said when two are joined. */
  joined: Uint8Array
  /** What is put behind the name of whoever wants in. */
  limit: Uint8Array
  /** Whom it really connects when one peer asks for another, and by what name; undefined: it never answers. */
  connects: (asking: string, wanted: string) => { to: string; named: string } | undefined
  readonly circuits: Circuit[]
  /** Tells a connected peer that `named` wants in. @returns its status, and the stream for what follows */
  stopTo(peerId: string, named: string | Uint8Array): Promise<{ status: number | undefined; stream: Stream }>
}

/** The answer of a relay, with fields of its own behind. */
export function hopAnswer(answer: Omit<CircuitMessage, 'type'>, ...more: Uint8Array[]): Uint8Array {
  return concatBytes(encodeCircuitMessage(HOP_PROTOCOL, { type: 'status', ...answer }), ...more)
}

export const IN_AN_HOUR = Math.floor(Date.now() / 1_000) + 3_600

export async function createHostileRelay(n: number): Promise<HostileRelay> {
  const peer = await createHostilePeer(n, { addresses: { listen: [LISTEN] } })
  const { node } = peer
  const self = node.peerId.toString()
  await node.handle(SYNC_PROTOCOL, (stream, connection) => {
    if (self < connection.remotePeer.toString()) stream.send(Uint8Array.of(0))
  })
  const relay: HostileRelay = {
    ...peer,
    address: String(node.getMultiaddrs()[0]),
    peerId: self,
    place: hopAnswer({ status: STATUS.ok, expire: IN_AN_HOUR }),
    joined: hopAnswer({ status: STATUS.ok }),
    limit: new Uint8Array(),
    connects: (named, to) => ({ to, named }),
    circuits: [],
    stopTo: async (peerId, named) => {
      const connection = node.getConnections().find(({ remotePeer }) => remotePeer.toString() === peerId)
      const name = typeof named === 'string' && { type: 'connect' as const, peerId: named }
      const request = name ? concatBytes(encodeCircuitMessage(STOP_PROTOCOL, name), relay.limit) : named
      return ask(connection as Connection, STOP_PROTOCOL, request as Uint8Array)
    }
  }
  await node.handle(HOP_PROTOCOL, async (stream, connection) => {
    const talk = lpStream(stream)
    const request = parseCircuitMessage(HOP_PROTOCOL, (await talk.read()).subarray())
    if (isReject(request) || request.type === 'reserve') return talk.write(relay.place)
    const joins = relay.connects(connection.remotePeer.toString(), request.peerId as string)
    if (joins === undefined) return
    const there = await relay.stopTo(joins.to, joins.named)
    await talk.write(relay.joined)
    relay.circuits.push(new Circuit(talk.unwrap(), there.stream, () => undefined))
  })
  return relay
}

/** Asks for anything on either protocol. */
export async function ask(
  connection: Connection,
  protocol: typeof HOP_PROTOCOL | typeof STOP_PROTOCOL,
  request: CircuitMessage | Uint8Array
): Promise<{ status: number | undefined; expire?: number | undefined; stream: Stream }> {
  const signal = AbortSignal.timeout(5_000)
  const stream = await connection.newStream(protocol, { signal })
  const talk = lpStream(stream)
  const bytes = request instanceof Uint8Array ? request : encodeCircuitMessage(protocol, request)
  await talk.write(bytes, { signal })
  const answer = parseCircuitMessage(protocol, (await talk.read({ signal })).subarray())
  if (isReject(answer)) throw new Error(answer.toString())
  return { status: answer.status, expire: answer.expire, stream: talk.unwrap() }
}
