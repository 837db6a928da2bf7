// The network of the sandbox: whoever should be connected is, frames arrive whole and in order after a few
// milliseconds, and who is asleep is not there.
import { type Frame, encodeFrame } from '../sync/frame.ts'
import type { Clock } from './clock.ts'
import type { Random } from './random.ts'
import type { StandIn } from './stand-in.ts'

/** As between two towns. */
const DELAY_MS = 10
const SPREAD_MS = 20

interface Wire {
  session: number
  ends: [StandIn, StandIn]
  open: boolean
  /** When the last frame to each end arrives: later ones arrive after it. */
  lastAt: [number, number]
}

export class Network {
  readonly #clock: Clock
  readonly #random: Random
  readonly #wires: Wire[] = []
  /** Pairs that are to be connected, and until when one leaves the other alone. */
  readonly #links: { ends: [StandIn, StandIn]; notBefore: number }[] = []
  #sessions = 0

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** From now on these two connect whenever they can. */
  link(a: StandIn, b: StandIn): void {
    this.#links.push({ ends: [a, b], notBefore: 0 })
  }

  /** Makes the connections that are missing, and ends those of who has fallen asleep. */
  tend(): void {
    for (const wire of this.#wires.slice()) if (wire.ends.some(end => end.asleep)) this.#close(wire)
    for (const { ends, notBefore } of this.#links) {
      if (ends.some(end => end.asleep) || notBefore > this.#clock.nowMs || this.#between(...ends)) continue
      const [a, b] = ends
      const session = ++this.#sessions
      this.#wires.push({ session, ends, open: true, lastAt: [0, 0] })
      a.step({ on: 'session', session, peerId: b.company.node.peer, inbound: false })
      b.step({ on: 'session', session, peerId: a.company.node.peer, inbound: true })
    }
  }

  /** What a liar sends past its own node. Nothing where they are not connected. */
  inject(from: StandIn, to: StandIn, frame: Frame): void {
    const wire = this.#between(from, to)
    if (wire) this.#carry(wire, from, encodeFrame(frame))
  }

  send(from: StandIn, session: number, frame: Uint8Array): void {
    const wire = this.#wireOf(from, session)
    if (!wire) return
    if (from.mute) from.step({ on: 'sent', session, bytes: frame.length })
    else this.#carry(wire, from, frame)
  }

  #carry(wire: Wire, from: StandIn, bytes: Uint8Array): void {
    const [to, side] = wire.ends[0] === from ? ([wire.ends[1], 1] as const) : ([wire.ends[0], 0] as const)
    const { session } = wire
    const at = Math.max(wire.lastAt[side], this.#clock.nowMs + DELAY_MS + this.#random.below(SPREAD_MS))
    wire.lastAt[side] = at
    this.#clock.later(at - this.#clock.nowMs, () => {
      if (!wire.open) return
      from.step({ on: 'sent', session, bytes: bytes.length })
      to.step({ on: 'frame', session, bytes })
    })
  }

  hangUp(from: StandIn, session: number, banMs: number): void {
    const wire = this.#wireOf(from, session)
    if (!wire) return
    const link = this.#links.find(({ ends }) => ends === wire.ends)
    if (link) link.notBefore = this.#clock.nowMs + banMs
    this.#close(wire)
  }

  #close(wire: Wire): void {
    wire.open = false
    this.#wires.splice(this.#wires.indexOf(wire), 1)
    for (const end of wire.ends) end.step({ on: 'closed', session: wire.session })
  }

  #between(a: StandIn, b: StandIn): Wire | undefined {
    return this.#wires.find(({ ends }) => ends.includes(a) && ends.includes(b))
  }

  #wireOf(end: StandIn, session: number): Wire | undefined {
    return this.#wires.find(wire => wire.session === session && wire.ends.includes(end))
  }
}
