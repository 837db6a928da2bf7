// Through a relay: the transport that dials so, the reservations by which this node listens so, and who comes in by
// them. protocols/transport, section 11. js-libp2p's own takes whoever any peer brings, believes the addresses that a
// relay names, opens connections by itself, and does not ask again after a relay was gone.
import {
  type Connection,
  type DialTransportOptions,
  type Stream,
  type Transport,
  transportSymbol,
  type Upgrader
} from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { NodeError } from '../wire/node-error.ts'
import { isReject, Reject } from '../wire/reject.ts'
import { type Address, parseAddress } from './address.ts'
import { HOP_PROTOCOL, STATUS, STOP_PROTOCOL } from './circuit-message.ts'
import { CircuitConnection, CircuitTalk, isRelayed } from './circuit-stream.ts'
import type { Door } from './door.ts'
import * as limits from './limits.ts'
import type { NetEvent } from './net-event.ts'

export interface RelayClientOptions {
  /** The relays through which this node listens. */
  readonly relays: readonly Address[]
  readonly door: Door
  /** The connection of the session with a peer. */
  readonly connectionOf: (peerId: string) => Connection | undefined
  /** Whether a connection of this peer would be let in. */
  readonly expects: (peerId: string) => boolean
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly log: (event: NetEvent) => void
}

/** A relay that this node listens through. Times are wall-clock milliseconds. */
export interface RelayStatus {
  readonly peerId: string
  readonly reservedUntil?: number
  /** Why there is no reservation, though there is a session. */
  readonly refused?: string
}

interface Reservation {
  readonly connection: Connection
  readonly until: number
  /** When to ask again, in monotonic milliseconds. */
  readonly askAt: number
  readonly refused?: string
}

export class RelayClient {
  readonly #options: RelayClientOptions
  /** What the last question to a relay brought; by its peer id. */
  readonly #asked = new Map<string, Reservation>()
  readonly #asking = new Set<string>()
  /** Whether the peer on a connection relays. */
  readonly #offers = new WeakMap<Connection, Promise<boolean>>()
  #upgrader: Upgrader | undefined

  constructor(options: RelayClientOptions) {
    this.#options = options
  }

  /** A transport factory for libp2p. */
  transport(): (components: { upgrader: Upgrader }) => Transport {
    return ({ upgrader }) => {
      this.#upgrader = this.#options.door.guard(upgrader)
      return {
        [transportSymbol]: true,
        [Symbol.toStringTag]: 'parley-circuit',
        dial: (address: Multiaddr, options: DialTransportOptions) => this.#dial(address, options),
        createListener: () => {
          throw new TypeError('a relay is asked, not listened on')
        },
        listenFilter: () => [],
        dialFilter: (addresses: Multiaddr[]) => addresses.filter(remoteAddr => isRelayed({ remoteAddr }))
      }
    }
  }

  /** Asks whichever relay is due. To be called when a session opens and once a second. */
  ask(): void {
    for (const { peerId } of this.#options.relays) {
      const connection = this.#direct(peerId)
      const asked = this.#asked.get(peerId)
      if (asked !== undefined && asked.connection !== connection) this.#lose(peerId, asked) // NET-29
      if (connection === undefined || this.#asking.has(peerId)) continue
      if (asked?.connection === connection && asked.askAt > this.#options.now()) continue
      this.#asking.add(peerId)
      void this.#reserve(peerId, connection).finally(() => this.#asking.delete(peerId))
    }
  }

  status(): RelayStatus[] {
    return this.#options.relays.map(({ peerId }) => {
      const asked = this.#asked.get(peerId)
      if (asked === undefined || asked.connection !== this.#direct(peerId)) return { peerId }
      const { until, refused } = asked
      return refused === undefined ? { peerId, reservedUntil: until } : { peerId, refused }
    })
  }

  /** Where others reach this node now. */
  addresses(): string[] {
    const held = this.#options.relays.filter(({ peerId }) => this.#holds(peerId, this.#direct(peerId)))
    return held.map(({ text }) => `${text}/p2p-circuit`)
  }

  /** Whether a connected peer relays at all; it may still refuse. Asked once a connection. */
  async offers(peerId: string): Promise<boolean> {
    const connection = this.#direct(peerId)
    if (connection === undefined) return false
    const answer = this.#offers.get(connection) ?? speaksHop(connection)
    this.#offers.set(connection, answer)
    return answer
  }

  /** A relay says that somebody wants in. */
  async onStop(stream: Stream, connection: Connection): Promise<void> {
    const relay = connection.remotePeer.toString()
    if (!this.#holds(relay, connection)) throw new Error('no reservation there') // NET-30
    const talk = new CircuitTalk(STOP_PROTOCOL, stream, connection, this.#options.log)
    const { signal } = talk
    const { type, peerId } = await talk.hear()
    if (type !== 'connect' || peerId === undefined)
      return talk.fault(new Reject('circuit-message', 'not a request to connect'))
    const remoteAddr = behind(connection, relay, peerId)
    if (!this.#options.expects(peerId)) {
      this.#options.log({ event: 'stranger-refused', peerId, remoteAddress: remoteAddr.toString() })
      await talk.say({ type: 'status', status: STATUS.denied })
      return stream.close({ signal })
    }
    await talk.say({ type: 'status', status: STATUS.ok })
    // libp2p checks that whom noise proves is the last peer of the address.
    const circuit = new CircuitConnection(talk.over(), remoteAddr, 'inbound') // NET-31
    await this.#upgrader?.upgradeInbound(circuit, { signal })
  }

  async #dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    const parsed = parseAddress(address.toString())
    if (isReject(parsed) || parsed.relay === undefined)
      throw new TypeError('the gater lets configured addresses through, and no others')
    const { peerId, relay } = parsed
    const connection = this.#direct(relay.peerId)
    if (connection === undefined) throw noRelay(relay.peerId) // NET-28
    const stream = await connection.newStream(HOP_PROTOCOL, { signal: options.signal })
    try {
      const talk = new CircuitTalk(HOP_PROTOCOL, stream, connection, this.#options.log)
      await talk.say({ type: 'connect', peerId })
      const answer = await talk.hear()
      if (answer.status !== STATUS.ok) throw relayRefused(relay.peerId, peerId, answer.status)
      const circuit = new CircuitConnection(talk.over(), address, 'outbound')
      return await options.upgrader.upgradeOutbound(circuit, options)
    } catch (error) {
      stream.abort(error as Error)
      throw error
    }
  }

  /** Never rejects. */
  async #reserve(peerId: string, connection: Connection): Promise<void> {
    try {
      const signal = AbortSignal.timeout(limits.NEGOTIATION_TIMEOUT_MS)
      const stream = await connection.newStream(HOP_PROTOCOL, { signal })
      const talk = new CircuitTalk(HOP_PROTOCOL, stream, connection, this.#options.log)
      try {
        await talk.say({ type: 'reserve' })
        const { status, expire = 0 } = await talk.hear()
        this.#answered(peerId, connection, status === STATUS.ok ? expire * 1_000 : `status ${status}`)
      } finally {
        await stream.close({ signal }).catch((error: Error) => stream.abort(error))
      }
    } catch (error) {
      const { name, message } = error as Error
      const why = name === 'UnsupportedProtocolError' ? 'it does not relay' : message
      this.#answered(peerId, connection, why)
    }
  }

  /** `answer`: until when there is a reservation, or why there is none. */
  #answered(peerId: string, connection: Connection, answer: number | string): void {
    const now = this.#options.now()
    if (typeof answer === 'string') {
      const askAt = now + limits.RESERVATION_RETRY_MS
      this.#options.log({ event: 'relay-refused', peerId, detail: answer })
      this.#asked.set(peerId, { connection, until: 0, askAt, refused: answer })
      return
    }
    const half = (answer - Date.now()) / 2
    const { RESERVATION_RENEW_MS_MIN: least, RESERVATION_RENEW_MS_MAX: most } = limits
    const askAt = now + Math.min(Math.max(half, least), most)
    if (!this.#holds(peerId, connection)) this.#options.log({ event: 'relay-reserved', peerId })
    this.#asked.set(peerId, { connection, until: answer, askAt })
  }

  #lose(peerId: string, asked: Reservation): void {
    this.#asked.delete(peerId)
    if (asked.refused === undefined) this.#options.log({ event: 'relay-lost', peerId })
  }

  #holds(peerId: string, connection: Connection | undefined): boolean {
    const asked = this.#asked.get(peerId)
    return asked !== undefined && asked.connection === connection && asked.refused === undefined
  }

  #direct(peerId: string): Connection | undefined {
    const connection = this.#options.connectionOf(peerId)
    return connection === undefined || isRelayed(connection) ? undefined : connection
  }
}

async function speaksHop(connection: Connection): Promise<boolean> {
  const signal = AbortSignal.timeout(limits.RELAY_QUESTION_MS)
  const stream = await connection.newStream(HOP_PROTOCOL, { signal }).catch(() => undefined)
  stream?.abort(new Error('only asked'))
  return stream !== undefined
}

/** The address of somebody behind a relay, as it is dialed. */
function behind({ remoteAddr }: Connection, relay: string, peerId: string): Multiaddr {
  const place = remoteAddr.toString().replace(/\/p2p\/.*$/, '')
  return multiaddr(`${place}/p2p/${relay}/p2p-circuit/p2p/${peerId}`)
}

function noRelay(relay: string): NodeError {
  const next = 'It is dialed again; check that the relay runs and knows this company: parley doctor'
  return new NodeError('dial-no-relay', `there is no session with the relay ${relay}`, next)
}

function relayRefused(relay: string, peerId: string, status: number | undefined): NodeError {
  const why =
    status === STATUS.noReservation
      ? 'has no connection with it'
      : status === STATUS.denied
        ? 'does not serve one of the two'
        : `answers with status ${status}`
  const next = 'It is dialed again; ask whether the other node runs and the relay knows both companies.'
  return new NodeError('dial-relay-refused', `${peerId} cannot be reached: the relay ${relay} ${why}`, next)
}
