// Virtual time and a network in memory. A connection delivers frames whole and in order, or breaks and loses
// what is under way, as a stream does; order between connections is up to chance.
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'

interface Timer {
  at: number
  order: number
  work: () => void
}

export class Clock {
  nowMs: number
  #timers: Timer[] = []
  #order = 0

  constructor(startMs: number) {
    this.nowMs = startMs
  }

  later(delayMs: number, work: () => void): void {
    this.#push({ at: this.nowMs + delayMs, order: this.#order++, work })
  }

  /** Runs timers until none is due before `untilMs`. @returns how many ran */
  runUntil(untilMs: number): number {
    let ran = 0
    for (let next = this.#timers[0]; next && next.at <= untilMs; next = this.#timers[0]) {
      this.#pop()
      this.nowMs = Math.max(this.nowMs, next.at)
      next.work()
      ran++
    }
    this.nowMs = untilMs
    return ran
  }

  #push(timer: Timer): void {
    const heap = this.#timers
    let i = heap.push(timer) - 1
    while (i > 0) {
      const up = (i - 1) >> 1
      if (before(heap[up] as Timer, timer)) break
      heap[i] = heap[up] as Timer
      i = up
    }
    heap[i] = timer
  }

  #pop(): void {
    const heap = this.#timers
    const last = heap.pop() as Timer
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child++
      if (before(last, heap[child] as Timer)) break
      heap[i] = heap[child] as Timer
      i = child
    }
    heap[i] = last
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

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
}

export class Network {
  readonly #clock: Clock
  readonly #random: Random
  readonly #wires: Wire[] = []
  #sessions = 0

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  connected(a: SimNode, b: SimNode): boolean {
    return this.#wires.some(wire => wire.open && ends(wire, a, b))
  }

  connect(a: SimNode, b: SimNode): void {
    if (!a.alive || !b.alive || this.connected(a, b)) return
    const session = ++this.#sessions
    const wire: Wire = {
      ends: [
        { node: a, session, life: a.life },
        { node: b, session, life: b.life }
      ],
      open: true,
      lastAt: [0, 0]
    }
    this.#wires.push(wire)
    a.step({ on: 'session', session, peerId: b.company.node.peer, inbound: false })
    b.step({ on: 'session', session, peerId: a.company.node.peer, inbound: true })
  }

  send(from: SimNode, session: number, frame: Uint8Array): void {
    const wire = this.#wireOf(from, session)
    if (!wire) return
    const side = wire.ends[0].node === from ? 0 : 1
    const to = wire.ends[1 - side] as End
    const at = Math.max(this.#clock.nowMs + 1 + this.#random.below(40), wire.lastAt[side])
    wire.lastAt[side] = at
    this.#clock.later(at - this.#clock.nowMs, () => {
      if (!wire.open) return
      from.step({ on: 'sent', session, bytes: frame.length })
      if (to.life === to.node.life) to.node.step({ on: 'frame', session, bytes: frame })
    })
  }

  cut(a: SimNode, b: SimNode): void {
    for (const wire of this.#wires.slice()) if (wire.open && ends(wire, a, b)) this.#close(wire)
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

  #close(wire: Wire): void {
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

function ends(wire: Wire, a: SimNode, b: SimNode): boolean {
  const [x, y] = wire.ends
  return (x.node === a && y.node === b) || (x.node === b && y.node === a)
}
