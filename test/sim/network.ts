// A network in memory. A connection delivers frames whole and in order, or breaks and loses
// what is under way, as a stream does; order between connections is up to chance. In bad weather frames that
// need no order arrive twice or overtake each other, which no stream does: a node must not mind.
import type { SimNode } from './node.ts'
import type { Clock } from '../../src/sandbox/clock.ts'
import type { Random } from '../../src/sandbox/random.ts'

interface End {
  node: SimNode
  session: number
  life: number
}

interface Wire {
  ends: [End, End]
  open: boolean
  /** When the last frame in each direction arrives: later ones arrive after it. */
  lastAt: [number, number]
  /** Frames on their way in a direction that lets nothing through at the moment. */
  held: [Uint8Array[] | undefined, Uint8Array[] | undefined]
}

export interface Weather {
  /** Of a hundred frames, so many arrive twice, and so many let later ones overtake. */
  twice: number
  late: number
}

/** Takes a frame to its node; `deliver` hands it over. */
type Arrival = (to: SimNode, session: number, frame: Uint8Array, deliver: () => void) => void

export class Network {
  readonly #clock: Clock
  readonly #random: Random
  readonly #wires: Wire[] = []
  #sessions = 0
  weather: Weather = { twice: 0, late: 0 }
  arrival: Arrival = (_to, _session, _frame, deliver) => deliver()
  /** Frames that arrived. */
  frames = 0

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  connected(a: SimNode, b: SimNode): boolean {
    return this.#wires.some(wire => wire.open && ends(wire, a, b))
  }

  /** `again`: beside a connection that is there, as when both sides dial at once. */
  connect(a: SimNode, b: SimNode, again = false): void {
    if (!a.alive || !b.alive || (!again && this.connected(a, b))) return
    const session = ++this.#sessions
    const wire: Wire = {
      ends: [
        { node: a, session, life: a.life },
        { node: b, session, life: b.life }
      ],
      open: true,
      lastAt: [0, 0],
      held: [undefined, undefined]
    }
    this.#wires.push(wire)
    a.step({ on: 'session', session, peerId: b.company.node.peer, inbound: false })
    b.step({ on: 'session', session, peerId: a.company.node.peer, inbound: true })
  }

  send(from: SimNode, session: number, frame: Uint8Array): void {
    const wire = this.#wireOf(from, session)
    if (!wire) return
    const side = wire.ends[0].node === from ? 0 : 1
    const held = wire.held[side]
    if (held) held.push(frame)
    else this.#carry(wire, side, frame)
  }

  #carry(wire: Wire, side: 0 | 1, frame: Uint8Array): void {
    const { twice, late } = this.weather
    const delay = 1 + this.#random.below(40)
    const overtaken = late > 0 && mayStray(frame) && this.#random.below(100) < late
    const at = Math.max(this.#clock.nowMs + delay, overtaken ? 0 : wire.lastAt[side])
    if (!overtaken) wire.lastAt[side] = at
    this.#arrive(wire, side, frame, overtaken ? at + this.#random.below(300) : at, true)
    if (twice > 0 && mayStray(frame) && this.#random.below(100) < twice)
      this.#arrive(wire, side, frame, at + this.#random.below(500), false)
  }

  #arrive(wire: Wire, side: 0 | 1, frame: Uint8Array, at: number, first: boolean): void {
    const from = wire.ends[side]
    const to = wire.ends[side === 0 ? 1 : 0]
    this.#clock.later(at - this.#clock.nowMs, () => {
      if (!wire.open) return
      this.frames++
      if (first && from.life === from.node.life)
        from.node.step({ on: 'sent', session: from.session, bytes: frame.length })
      if (to.life !== to.node.life) return
      const deliver = () => to.node.step({ on: 'frame', session: to.session, bytes: frame })
      this.arrival(to.node, to.session, frame, deliver)
    })
  }

  cut(a: SimNode, b: SimNode): void {
    for (const wire of this.#wires.slice()) if (wire.open && ends(wire, a, b)) this.#close(wire)
  }

  /** From now on nothing that `a` sends reaches `b`, while `b` is heard: neither side notices. */
  stall(a: SimNode, b: SimNode): void {
    for (const wire of this.#wires) {
      const side = wire.ends[0].node === a ? 0 : 1
      if (wire.open && ends(wire, a, b)) wire.held[side] ??= []
    }
  }

  /** All that is held goes on its way, in order. */
  release(): void {
    for (const wire of this.#wires) {
      for (const side of [0, 1] as const) {
        const held = wire.held[side]
        wire.held[side] = undefined
        for (const frame of held ?? []) this.#carry(wire, side, frame)
      }
    }
  }

  hangUp(from: SimNode, session: number): void {
    const wire = this.#wireOf(from, session)
    if (wire) this.#close(wire)
  }

  /** A node is gone: all its connections are. */
  drop(node: SimNode): void {
    for (const wire of this.#wires.slice())
      if (wire.open && wire.ends.some(end => end.node === node)) this.#close(wire)
  }

  /** The node at the other end of a session. */
  peerOf(node: SimNode, session: number): SimNode | undefined {
    const wire = this.#wireOf(node, session)
    return wire?.ends.find(end => end.node !== node)?.node
  }

  #close(wire: Wire): void {
    if (!wire.open) return
    wire.open = false
    this.#wires.splice(this.#wires.indexOf(wire), 1)
    for (const { node, session, life } of wire.ends)
      if (node.life === life) node.step({ on: 'closed', session })
  }

  #wireOf(node: SimNode, session: number): Wire | undefined {
    return this.#wires.find(
      wire => wire.open && wire.ends.some(end => end.node === node && end.session === session)
    )
  }
}

/** By number: spaces, entries, summary, heads, run, done, receipt, presence. The others are a conversation. */
const STRAYS = new Set([3, 5, 6, 7, 9, 10, 11, 12])

function mayStray(frame: Uint8Array): boolean {
  return STRAYS.has(frame[1] as number)
}

function ends(wire: Wire, a: SimNode, b: SimNode): boolean {
  const [x, y] = wire.ends
  return (x.node === a && y.node === b) || (x.node === b && y.node === a)
}
