// Keeps a session with every peer that this node was told to keep one with: protocols/transport, section 7.
// The thin edge around `Redialer`: it brings time, chance, the network's changes and the transport.
import { networkInterfaces } from 'node:os'
import { isReject } from '../wire/reject.ts'
import { addressError, parseAddress, type Address } from './address.ts'
import { dialError } from './dial-error.ts'
import { TICK_MS } from './limits.ts'
import { Redialer, type Dial, type PeerStatus } from './redialer.ts'
import { createTransport, type Transport, type TransportOptions } from './transport.ts'

export interface Peering {
  readonly transport: Transport
  start(): Promise<void>
  stop(): Promise<void>
  /** From now on there is a session with this peer, or the next attempt. Replaces the addresses known before. */
  keep(addresses: readonly Address[]): void
  forget(peerId: string): void
  /** Tries at once whoever is not connected: one peer, or all. */
  retryNow(peerId?: string): void
  /** For `parley why`; times are wall-clock milliseconds. */
  status(): PeerStatus[]
}

export interface PeeringOptions extends TransportOptions {
  /** Numbers in [0, 1). */
  readonly random?: () => number
}

export async function createPeering(options: PeeringOptions): Promise<Peering> {
  const edge = new PeeringEdge(options)
  await edge.open()
  return edge
}

class PeeringEdge implements Peering {
  readonly #options: PeeringOptions
  readonly #redialer: Redialer
  #transport: Transport | undefined
  #timer: NodeJS.Timeout | undefined
  #ticker: NodeJS.Timeout | undefined
  #interfaces = ''
  #running = false

  constructor(options: PeeringOptions) {
    this.#options = options
    this.#redialer = new Redialer(options.random ?? Math.random)
  }

  async open(): Promise<void> {
    const options = this.#options
    this.#transport = await createTransport({
      ...options,
      onSession: session => {
        const { peerId } = session
        const receiver = options.onSession(session)
        this.#redialer.opened(peerId, performance.now())
        return {
          onFrame: frame => receiver.onFrame(frame),
          onClose: end => {
            // A session that was replaced leaves the peer connected.
            if (end.code !== 'replaced')
              this.#redialer.closed(peerId, { code: end.code, message: end.detail }, performance.now())
            this.#schedule()
            receiver.onClose(end)
          }
        }
      },
      onResume: lostMs => {
        options.onResume?.(lostMs)
        this.retryNow()
      }
    })
  }

  get transport(): Transport {
    return this.#transport as Transport
  }

  async start(): Promise<void> {
    await this.transport.start()
    this.#running = true
    for (const relay of this.transport.relays.through) this.keep([relay]) // NET-29
    this.#interfaces = interfaces()
    this.#ticker = setInterval(() => this.#watchNetwork(), 5 * TICK_MS)
    this.#schedule()
  }

  async stop(): Promise<void> {
    this.#running = false
    clearInterval(this.#ticker)
    clearTimeout(this.#timer)
    await this.transport.stop()
  }

  keep(addresses: readonly Address[]): void {
    const peerId = addresses[0]?.peerId
    if (peerId === undefined) return
    const { relays, peerId: self } = this.transport
    const configured = relays.through.filter(relay => relay.peerId === peerId)
    // Who listens through this node comes by itself.
    const usable = [...configured, ...addresses].filter(({ relay }) => relay?.peerId !== self)
    this.#redialer.keep(peerId, [...new Set(usable.map(({ text }) => text))], performance.now())
    if (this.transport.session(peerId) !== undefined) this.#redialer.opened(peerId, performance.now())
    this.#schedule()
  }

  forget(peerId: string): void {
    this.#redialer.forget(peerId)
  }

  retryNow(peerId?: string): void {
    this.#redialer.hurry(performance.now(), peerId)
    this.#schedule()
  }

  status(): PeerStatus[] {
    const offset = Date.now() - performance.now()
    return this.#redialer.status().map(peer => ({
      ...peer,
      sinceMs: peer.sinceMs + offset,
      nextDialMs: peer.nextDialMs === undefined ? undefined : peer.nextDialMs + offset,
      lastError:
        peer.lastError === undefined ? undefined : { ...peer.lastError, atMs: peer.lastError.atMs + offset }
    }))
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    const next = this.#redialer.nextMs()
    if (!this.#running || next === undefined) return
    this.#timer = setTimeout(() => this.#dialDue(), Math.max(0, next - performance.now()))
  }

  #dialDue(): void {
    for (const dial of this.#redialer.due(performance.now())) void this.#dial(dial)
    this.#schedule()
  }

  /** Never rejects. */
  async #dial({ peerId, addresses }: Dial): Promise<void> {
    try {
      await this.transport.dial(addresses.map(parsed))
    } catch (error) {
      const { code, message } = dialError(error, peerId)
      this.#redialer.dialFailed(peerId, { code, message }, performance.now())
      this.#options.log({ event: 'dial-failed', peerId, code, detail: message })
    }
    this.#schedule()
  }

  #watchNetwork(): void {
    const now = interfaces()
    if (now === this.#interfaces) return
    this.#interfaces = now
    this.#options.log({ event: 'network-changed' })
    this.retryNow()
  }
}

function parsed(text: string): Address {
  const address = parseAddress(text)
  if (isReject(address)) throw addressError(address)
  return address
}

function interfaces(): string {
  return JSON.stringify(networkInterfaces())
}
