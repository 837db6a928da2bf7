// What a connection may cost before it is known who is there: places, handshakes, bytes. protocols/transport, section 5.
// js-libp2p refuses newcomers when its places are taken, so who holds them keeps members out; and it answers as many
// lines of negotiation as fit into a chunk before it does anything else.
import { noise, type NoiseComponents } from '@chainsafe/libp2p-noise'
import type {
  ConnectionEncrypter,
  MessageStream,
  MultiaddrConnection,
  SecuredConnection,
  Upgrader
} from '@libp2p/interface'
import { Reject } from '../wire/reject.ts'
import { relayOf } from './circuit-stream.ts'
import {
  HANDSHAKE_BYTES_MAX,
  HANDSHAKES_PER_HOST_MAX,
  HANDSHAKES_PER_NAME_MAX,
  HANDSHAKES_PER_SECOND_MAX,
  NEGOTIATION_BYTES_MAX,
  PENDING_CONNECTIONS_MAX
} from './limits.ts'
import { Cut, hangUp } from './muxer.ts'
import { decryptInTurns, type Raw } from './noise-intake.ts'
import type { Bytes } from './reader.ts'
import { TokenBucket, TokenBuckets } from './token-bucket.ts'
import type { Turns } from './turns.ts'

/** Hosts whose handshakes are counted. */
const HOSTS_MAX = 4_096

export class Door {
  readonly #now: () => number
  readonly #turns: Turns
  /** Connections that are not upgraded yet, and from where; the oldest first. */
  readonly #pending = new Map<MultiaddrConnection, string>()
  /** How many bytes a connection may still bring before it has a muxer. */
  readonly #left = new WeakMap<MessageStream, number>()
  /** Where what a connection brings goes when it is counted. */
  readonly #onData = new WeakMap<MessageStream, (data: Bytes) => void>()
  /** Of each encrypted connection the one below, and who noise has proven to be there. */
  readonly #secured = new WeakMap<MessageStream, { below: MessageStream; peerId: string }>()
  readonly #hosts = new TokenBuckets(HOSTS_MAX)
  readonly #all: TokenBucket

  /** `now`: monotonic milliseconds. `turns`: those of the muxers. */
  constructor(now: () => number, turns: Turns) {
    this.#now = now
    this.#turns = turns
    this.#all = new TokenBucket(HANDSHAKES_PER_SECOND_MAX, 1_000, now())
  }

  /** The upgrader that a listener is given: what it takes in waits here until it is upgraded. */
  guard(upgrader: Upgrader): Upgrader {
    const upgradeInbound: Upgrader['upgradeInbound'] = async (connection, options) => {
      if (this.#pending.size >= PENDING_CONNECTIONS_MAX) this.#makeRoom()
      this.#pending.set(connection, hostOf(connection))
      this.#left.set(connection, NEGOTIATION_BYTES_MAX)
      this.#count(connection as MultiaddrConnection & Raw)
      try {
        await upgrader.upgradeInbound(connection, options)
      } finally {
        this.#pending.delete(connection)
      }
    }
    return Object.assign(Object.create(upgrader) as Upgrader, { upgradeInbound })
  }

  /** Noise, for as many handshakes as this node can afford. */
  encrypter(): (components: NoiseComponents) => ConnectionEncrypter {
    const create = noise()
    return components => {
      const inner = create(components)
      const secureInbound: ConnectionEncrypter['secureInbound'] = async (connection, options) => {
        if (!this.#mayShakeHands(connection as MultiaddrConnection)) throw new Error('too many handshakes')
        this.#left.set(connection, HANDSHAKE_BYTES_MAX)
        this.#takeTurns(connection as Raw)
        return this.#note(connection, await inner.secureInbound(connection, options))
      }
      const secureOutbound: ConnectionEncrypter['secureOutbound'] = async (connection, options) => {
        this.#count(connection as Raw)
        this.#takeTurns(connection as Raw)
        return this.#note(connection, await inner.secureOutbound(connection, options))
      }
      return { protocol: inner.protocol, secureInbound, secureOutbound }
    }
  }

  /** The muxer has taken over: from here on its guard counts. */
  release(connection: MessageStream): void {
    const below = this.#secured.get(connection)?.below
    if (below) this.#left.delete(below)
  }

  /** Who is at the other end of an encrypted connection, and where. */
  peerOn(connection: MessageStream): { peerId?: string; remoteAddress?: string } {
    const secured = this.#secured.get(connection)
    if (!secured) return {}
    const { remoteAddr } = secured.below as MultiaddrConnection
    return { peerId: secured.peerId, remoteAddress: remoteAddr.toString() }
  }

  #note(below: MessageStream, secured: SecuredConnection): SecuredConnection {
    this.#secured.set(secured.connection, { below, peerId: secured.remotePeer?.toString() ?? '' })
    return secured
  }

  /** The oldest connection of the host that has the most of them gives way: a member needs its place for a moment only. */
  #makeRoom(): void {
    const counts = new Map<string, number>()
    for (const host of this.#pending.values()) counts.set(host, (counts.get(host) ?? 0) + 1)
    const most = Math.max(...counts.values())
    for (const [connection, host] of this.#pending) {
      if (counts.get(host) !== most) continue
      this.#pending.delete(connection)
      return hangUp(connection, new Error('gave way to another'))
    }
  }

  #mayShakeHands(connection: MultiaddrConnection): boolean {
    const named = relayOf(connection)?.named
    if (named !== undefined && !this.#take(`named ${named}`, HANDSHAKES_PER_NAME_MAX)) return false // NET-31
    return this.#take(hostOf(connection), HANDSHAKES_PER_HOST_MAX) && this.#all.take(1, this.#now())
  }

  #take(host: string, perSecond: number): boolean {
    return this.#hosts.take(host, perSecond, 1_000, this.#now())
  }

  /**
   * Counts bytes before anybody reads them, where somebody has said how many there may be. A `message` listener would be
   * the only reader at times, and lose them.
   */
  #count(connection: Raw): void {
    this.#onData.set(connection, connection.onData.bind(connection))
    connection.onData = data => {
      const left = this.#left.get(connection) ?? Infinity
      if (left !== Infinity) this.#left.set(connection, left - data.byteLength)
      if (data.byteLength <= left) return this.#onData.get(connection)?.(data)
      hangUp(
        connection,
        new Cut(new Reject('negotiation-flood', 'too much before it was known who is there'))
      ) // NET-21
    }
  }

  /** Noise begins: what comes from now on is counted when it comes, and decrypted when it is its turn. */
  #takeTurns(connection: Raw): void {
    const onData = this.#onData.get(connection)
    if (onData) this.#onData.set(connection, decryptInTurns(connection, onData, this.#turns)) // NET-40
  }
}

/** Whoever comes through a relay has its address, and is not counted with what is really there. */
function hostOf(connection: MultiaddrConnection): string {
  const through = relayOf(connection)
  if (through !== undefined) return `relay ${through.relay}` // NET-31
  return connection.remoteAddr.getComponents()[0]?.value ?? ''
}
