// When to dial whom: protocols/transport, section 7. A state machine without clock, randomness or sockets; it never
// gives up (js-libp2p does, after about a minute), and it knows what `parley why` wants to tell.
import { REDIAL_BASE_MS, REDIAL_CAP_MS, STABLE_AFTER_MS } from './limits.ts'

export interface DialFailure {
  readonly code: string
  readonly message: string
  readonly atMs: number
}

export type PeerPhase = 'waiting' | 'dialing' | 'connected'

/** What is known of one peer. Times are those that were passed in. */
export interface PeerStatus {
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly phase: PeerPhase
  /** Since when it is, or is not, connected. */
  readonly sinceMs: number
  readonly failures: number
  readonly lastError: DialFailure | undefined
  readonly nextDialMs: number | undefined
}

interface Peer {
  addresses: readonly string[]
  phase: PeerPhase
  sinceMs: number
  failures: number
  lastError: DialFailure | undefined
  nextDialMs: number
  /** Something changed while a dial was under way: if it fails, the next one follows at once. */
  hurry: boolean
}

export interface Dial {
  readonly peerId: string
  readonly addresses: readonly string[]
}

export class Redialer {
  readonly #random: () => number
  readonly #peers = new Map<string, Peer>()

  /** `random` gives numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random
  }

  /** Keeps a session with this peer from now on; new addresses are tried at once. */
  keep(peerId: string, addresses: readonly string[], nowMs: number): void {
    const known = this.#peers.get(peerId)
    if (known === undefined) {
      const fresh = { failures: 0, lastError: undefined, nextDialMs: nowMs, hurry: false }
      this.#peers.set(peerId, { addresses, phase: 'waiting', sinceMs: nowMs, ...fresh })
      return
    }
    known.addresses = addresses
    this.hurry(nowMs, peerId)
  }

  forget(peerId: string): void {
    this.#peers.delete(peerId)
  }

  /** The network changed, the machine woke up, or a person asked: whoever waits is dialed at once. */
  hurry(nowMs: number, peerId?: string): void {
    for (const [id, peer] of this.#peers) {
      if (peerId !== undefined && id !== peerId) continue
      peer.failures = 0
      if (peer.phase === 'waiting') peer.nextDialMs = nowMs
      else if (peer.phase === 'dialing') peer.hurry = true
    }
  }

  opened(peerId: string, nowMs: number): void {
    const peer = this.#peers.get(peerId)
    if (peer === undefined) return
    if (peer.phase !== 'connected') peer.sinceMs = nowMs
    peer.phase = 'connected'
    peer.hurry = false
  }

  /** The session ended. One that was stable starts again from the shortest wait. */
  closed(peerId: string, error: { code: string; message: string }, nowMs: number): void {
    const peer = this.#peers.get(peerId)
    if (peer === undefined || peer.phase !== 'connected') return
    if (nowMs - peer.sinceMs >= STABLE_AFTER_MS) peer.failures = 0
    peer.sinceMs = nowMs
    this.#wait(peer, error, nowMs)
  }

  dialFailed(peerId: string, error: { code: string; message: string }, nowMs: number): void {
    const peer = this.#peers.get(peerId)
    if (peer === undefined || peer.phase !== 'dialing') return
    this.#wait(peer, error, nowMs)
  }

  /** The dials that are due now. The caller answers each with `opened` or `dialFailed`. */
  due(nowMs: number): Dial[] {
    const dials: Dial[] = []
    for (const [peerId, peer] of this.#peers) {
      if (peer.phase !== 'waiting' || peer.nextDialMs > nowMs || peer.addresses.length === 0) continue
      peer.phase = 'dialing'
      dials.push({ peerId, addresses: peer.addresses })
    }
    return dials
  }

  /** When `due` next has something to say. */
  nextMs(): number | undefined {
    let next: number | undefined
    for (const peer of this.#peers.values()) {
      if (peer.phase !== 'waiting' || peer.addresses.length === 0) continue
      if (next === undefined || peer.nextDialMs < next) next = peer.nextDialMs
    }
    return next
  }

  status(): PeerStatus[] {
    return [...this.#peers].map(
      ([peerId, { addresses, phase, sinceMs, failures, lastError, nextDialMs }]) => {
        const next = phase === 'waiting' && addresses.length > 0 ? nextDialMs : undefined
        return { peerId, addresses, phase, sinceMs, failures, lastError, nextDialMs: next }
      }
    )
  }

  #wait(peer: Peer, error: { code: string; message: string }, nowMs: number): void {
    peer.phase = 'waiting'
    peer.lastError = { ...error, atMs: nowMs }
    // Half of the wait is fixed and half is chance, so that nodes that lost each other at once do not meet at once.
    const wait = Math.min(REDIAL_CAP_MS, REDIAL_BASE_MS * 2 ** Math.min(peer.failures, 10)) // NET-17
    peer.nextDialMs = peer.hurry ? nowMs : nowMs + wait / 2 + (this.#random() * wait) / 2
    peer.failures++
    peer.hurry = false
  }
}
