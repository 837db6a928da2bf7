// Relays for peers that cannot be reached, where the owner of this node said so. protocols/transport, section 11.
// js-libp2p's own reads a circuit without back-pressure, serves whoever a connection was let in from, and cuts by
// bytes and time.
import type { Connection, Stream } from '@libp2p/interface'
import { Reject } from '../wire/reject.ts'
import { HOP_PROTOCOL, STATUS, STOP_PROTOCOL } from './circuit-message.ts'
import { Circuit } from './circuit.ts'
import { CircuitTalk, isRelayed } from './circuit-stream.ts'
import * as limits from './limits.ts'
import type { NetEvent } from './net-event.ts'
import { TokenBuckets } from './token-bucket.ts'

export interface RelayServerOptions {
  /** The company of a node that is served: one that is known here. Undefined for anybody else. */
  readonly companyOf: (peerId: string) => string | undefined
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly log: (event: NetEvent) => void
}

interface Reservation {
  readonly connection: Connection
  readonly until: number
}

/** Who may come to whom: `ends` are the peer that asked and the one that has a reservation. */
interface Running {
  readonly ends: readonly [asking: string, reserved: string]
  /** Undefined while the other end is asked. */
  circuit: Circuit | undefined
}

export class RelayServer {
  readonly #options: RelayServerOptions
  readonly #reservations = new Map<string, Reservation>()
  readonly #running = new Set<Running>()
  /** How often peers and companies may ask to be connected, and peers be asked; only of those that are served. */
  readonly #rates = new TokenBuckets(limits.CIRCUIT_ASKERS_MAX)

  constructor(options: RelayServerOptions) {
    this.#options = options
  }

  status(): { reservations: number; circuits: number } {
    return { reservations: this.#reservations.size, circuits: this.#running.size }
  }

  async onHop(stream: Stream, connection: Connection): Promise<void> {
    const talk = new CircuitTalk(HOP_PROTOCOL, stream, connection, this.#options.log)
    const { type, peerId } = await talk.hear()
    const asking = connection.remotePeer.toString()
    if (type === 'status') return talk.fault(new Reject('circuit-message', 'an answer without a question'))
    if (type === 'connect' && peerId !== undefined) {
      const status = await this.#connect(asking, connection, peerId, talk)
      if (status === STATUS.ok) return
      await talk.say({ type: 'status', status })
    } else await this.#reserve(asking, connection, talk)
    await stream.close({ signal: talk.signal })
  }

  /** A connection has ended: what was asked for on it ends too. Its circuits end with their streams. */
  closed(connection: Connection): void {
    const peerId = connection.remotePeer.toString()
    if (this.#reservations.get(peerId)?.connection === connection) this.#reservations.delete(peerId)
  }

  /** Ends what belongs to peers that are no longer served. */
  enforce(): void {
    for (const peerId of this.#reservations.keys())
      if (!this.#serves(peerId)) this.#reservations.delete(peerId)
    for (const { ends, circuit } of this.#running)
      if (!ends.every(end => this.#serves(end))) circuit?.end(new Error('no longer served'))
  }

  async #reserve(asking: string, connection: Connection, talk: CircuitTalk): Promise<void> {
    if (isRelayed(connection) || !this.#serves(asking)) {
      this.#options.log({ event: 'circuit-refused', peerId: asking, detail: 'no reservation for it' })
      return talk.say({ type: 'status', status: STATUS.denied }) // NET-32
    }
    const until = this.#options.now() + limits.RESERVATION_MS
    this.#reservations.set(asking, { connection, until })
    const expire = Math.floor((Date.now() + limits.RESERVATION_MS) / 1_000)
    await talk.say({ type: 'status', status: STATUS.ok, expire })
  }

  /** Connects and says so, or gives the status to refuse with. */
  async #connect(asking: string, connection: Connection, wanted: string, talk: CircuitTalk): Promise<number> {
    const refused = (status: number, detail: string) => {
      this.#options.log({ event: 'circuit-refused', peerId: asking, detail: `to ${wanted}: ${detail}` })
      return status
    }
    const company = this.#options.companyOf(asking)
    if (isRelayed(connection) || company === undefined) return refused(STATUS.denied, 'it is not served') // NET-32
    if (!this.#mayAsk(asking, company)) return refused(STATUS.limit, 'too often') // NET-33, NET-37
    const reservation = this.#reservations.get(wanted)
    if (reservation === undefined || reservation.until < this.#options.now())
      return refused(STATUS.noReservation, 'no reservation')
    if (!this.#serves(wanted)) return refused(STATUS.denied, 'that is not served') // NET-32
    if (!this.#mayKnock(wanted)) return refused(STATUS.limit, 'it is asked too often') // NET-37
    if (!this.#hasPlace(asking, company, wanted)) return refused(STATUS.limit, 'too many') // NET-33
    const running: Running = { ends: [asking, wanted], circuit: undefined }
    this.#running.add(running)
    try {
      const there = await this.#stop(reservation.connection, asking)
      if (there === undefined) {
        this.#running.delete(running)
        return refused(STATUS.failed, 'it refused')
      }
      await talk.say({ type: 'status', status: STATUS.ok })
      this.#join(running, talk.over(), there)
      return STATUS.ok
    } catch (error) {
      this.#running.delete(running)
      return refused(STATUS.failed, (error as Error).message)
    }
  }

  /** The stream to the peer that has a reservation, if it takes the other. */
  async #stop(connection: Connection, asking: string): Promise<Stream | undefined> {
    const signal = AbortSignal.timeout(limits.NEGOTIATION_TIMEOUT_MS)
    const stream = await connection.newStream(STOP_PROTOCOL, { signal })
    try {
      const talk = new CircuitTalk(STOP_PROTOCOL, stream, connection, this.#options.log)
      await talk.say({ type: 'connect', peerId: asking })
      const { status } = await talk.hear()
      if (status === STATUS.ok) return talk.over()
      await stream.close({ signal })
      return undefined
    } catch (error) {
      stream.abort(error as Error)
      throw error
    }
  }

  #join(running: Running, asking: Stream, reserved: Stream): void {
    const [peerId, detail] = running.ends
    this.#options.log({ event: 'circuit-opened', peerId, detail: `to ${detail}` })
    running.circuit = new Circuit(asking, reserved, bytes => {
      this.#running.delete(running)
      this.#options.log({ event: 'circuit-closed', peerId, detail: `to ${detail}, ${bytes} bytes` })
    })
  }

  #serves(peerId: string): boolean {
    return this.#options.companyOf(peerId) !== undefined
  }

  #mayAsk(asking: string, company: string): boolean {
    const {
      CIRCUIT_REQUESTS_BURST: burst,
      CIRCUIT_REQUESTS_REFILL_MS: refill,
      CIRCUIT_REQUESTS_PER_COMPANY_BURST: burstOfAll,
      CIRCUIT_REQUESTS_PER_COMPANY_REFILL_MS: refillOfAll
    } = limits
    const now = this.#options.now()
    return (
      this.#rates.take(`peer ${asking}`, burst, refill, now) &&
      this.#rates.take(`company ${company}`, burstOfAll, refillOfAll, now)
    )
  }

  #mayKnock(wanted: string): boolean {
    const { CIRCUIT_KNOCKS_BURST: burst, YAMUX_STREAMS_REFILL_MS: refill } = limits
    return this.#rates.take(`at ${wanted}`, burst, refill, this.#options.now())
  }

  #hasPlace(asking: string, company: string, wanted: string): boolean {
    const all = [...this.#running]
    const { CIRCUITS_MAX, CIRCUITS_PER_PEER_MAX: few } = limits
    if (all.filter(({ ends }) => ends[0] === asking).length >= few) return false
    const there = all.filter(({ ends }) => ends[1] === wanted)
    if (there.length >= few) return this.#makeRoom(there, company)
    return all.length < CIRCUITS_MAX || this.#makeRoom(all, company)
  }

  /** NET-36. The newest of the company that has the most gives way, where that leaves it no fewer than the other. */
  #makeRoom(running: Running[], company: string): boolean {
    const byCompany = Map.groupBy(running, ({ ends }) => this.#options.companyOf(ends[0]))
    const [most = []] = [...byCompany.values()].toSorted((a, b) => b.length - a.length)
    if (most.length < (byCompany.get(company)?.length ?? 0) + 2) return false
    const newest = most.findLast(({ circuit }) => circuit !== undefined)
    newest?.circuit?.end(new Error('gave way to another company'))
    return newest !== undefined
  }
}
