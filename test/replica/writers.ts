// Honest writers who edit one facet at once: Yjs documents with undo managers, whose updates go through the
// gate and reach the others late and in any causal order. Everything follows from one seed.
import * as Y from 'yjs'
import { StructIndex } from '../../src/replica/struct-index.ts'
import { type CausalPast, checkUpdate } from '../../src/replica/update-gate.ts'
import type { Client } from '../../src/wire/lane.ts'
import type { Layout, LayoutNode } from '../../src/wire/layout.ts'
import { type Reject, isReject } from '../../src/wire/reject.ts'
import { type ScannedUpdate, scanUpdate } from '../../src/wire/update.ts'
import { splitUpdate } from '../../src/wire/update-split.ts'
import { Hand } from './hand.ts'

export type Random = (below: number) => number

/** mulberry32: small, seeded, the same everywhere. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const CARD: LayoutNode = {
  is: 'map',
  keys: {
    title: 'plain',
    notes: { is: 'text' },
    tags: { is: 'array', items: 'plain' },
    parts: { is: 'map', keys: {}, others: 'plain' }
  }
}

/** One place of every sort that a layout can name. */
export const WRITERS_LAYOUT: Layout = {
  roots: {
    text: { is: 'text' },
    meta: { is: 'map', keys: { title: 'plain', status: 'plain', due: 'plain' } },
    list: { is: 'array', items: 'plain' },
    cards: { is: 'map', keys: {}, others: CARD },
    stack: { is: 'array', items: CARD }
  }
}

export interface Written {
  client: Client
  /** Counts this client's envelopes from 0. */
  seq: number
  body: Uint8Array
  update: ScannedUpdate
  clock: number
  clockEnd: number
  /** By client: how many envelopes the author had applied. */
  deps: Map<Client, number>
}

/** A hand with a client id of its own, and what it has applied. */
export class Writer extends Hand {
  readonly client: Client
  readonly applied = new Map<Client, number>()

  constructor(client: Client, random: Random, undo: boolean) {
    const doc = new Y.Doc()
    doc.clientID = client
    super(doc, random, { undo })
    this.client = client
  }
}

/** Writers, the gate between them, and everything that passed it. */
export class Room {
  readonly writers: Writer[]
  index = new StructIndex(WRITERS_LAYOUT)
  /** In order of writing, which is a causal order. */
  readonly written: Written[] = []
  readonly refused: { body: Uint8Array; reject: Reject }[] = []
  readonly random: Random
  /** Each client's clock after its n-th envelope. */
  readonly #clocks = new Map<Client, number[]>()

  constructor(seed: number, { writers = 3, undo = true }: { writers?: number; undo?: boolean } = {}) {
    this.random = randomFrom(seed)
    const base = [7, 2 ** 40 + 11, 2 ** 53 - 1_000]
    this.writers = Array.from({ length: writers }, (_, i) => {
      const client = (base[i % base.length] as number) + i
      this.#clocks.set(client, [0])
      const writer = new Writer(client, this.random, undo && i % 2 === 0)
      writer.doc.on(
        'update',
        (update: Uint8Array, _origin: unknown, _doc: Y.Doc, transaction: Y.Transaction) => {
          if (transaction.local) this.#submit(writer, update)
        }
      )
      return writer
    })
  }

  /** Lets random writers act and receive until `count` bodies have been written. */
  run(count: number): void {
    while (this.written.length + this.refused.length < count) {
      const writer = this.writers[this.random(this.writers.length)] as Writer
      writer.act()
      if (this.random(4) === 0)
        this.deliver(this.writers[this.random(this.writers.length)] as Writer, 1 + this.random(30))
    }
    for (const writer of this.writers) this.deliver(writer, Infinity)
  }

  /** Hands up to `count` envelopes to a writer, from authors in a random order. */
  deliver(writer: Writer, count: number): void {
    const waiting = this.written.filter(
      w => w.client !== writer.client && w.seq >= (writer.applied.get(w.client) ?? 0)
    )
    for (const written of this.causalOrder(waiting, writer.applied).slice(0, count)) {
      Y.applyUpdate(writer.doc, written.body, 'remote')
      writer.applied.set(written.client, written.seq + 1)
    }
  }

  /** A random order of these envelopes in which each comes after everything that its author had seen. */
  causalOrder(envelopes: Written[], applied: ReadonlyMap<Client, number>): Written[] {
    const queues = [...Map.groupBy(envelopes, written => written.client).values()]
    const seen = new Map(applied)
    const ordered: Written[] = []
    while (ordered.length < envelopes.length) {
      const ready = queues.filter(queue => queue[0] && isInside(queue[0].deps, seen))
      const queue = ready[this.random(ready.length)] as Written[]
      const next = queue.splice(0, 1 + this.random(6))
      for (const written of next) {
        if (!isInside(written.deps, seen)) {
          queue.unshift(written)
          continue
        }
        ordered.push(written)
        seen.set(written.client, written.seq + 1)
      }
      queue.sort((a, b) => a.seq - b.seq)
    }
    return ordered
  }

  /** The clock at which this client stood after its first `seq` envelopes. */
  clockAt(client: Client, seq: number): number {
    return this.#clocks.get(client)?.[seq] ?? 0
  }

  pastOf(deps: ReadonlyMap<Client, number>): CausalPast {
    return {
      segmentOf: (client, clock) => (clock < this.clockAt(client, deps.get(client) ?? 0) ? client : undefined)
    }
  }

  #submit(writer: Writer, update: Uint8Array): void {
    const bodies = splitUpdate(update)
    if (isReject(bodies)) return void this.refused.push({ body: update, reject: bodies })
    for (const body of bodies) {
      const reject = this.offer(writer.client, body, new Map(writer.applied))
      if (reject) return void this.refused.push({ body, reject })
      writer.applied.set(writer.client, (writer.applied.get(writer.client) ?? 0) + 1)
    }
  }

  /** Puts a body to the gate as this client's next one; everyone gets it if it passes. */
  offer(client: Client, body: Uint8Array, deps: Map<Client, number>): Reject | undefined {
    const seq = deps.get(client) ?? 0
    const clock = this.clockAt(client, seq)
    const update = scanUpdate(body)
    if (isReject(update)) return update
    const clockEnd = update.client === undefined ? clock : update.clockEnd
    const staged = checkUpdate(
      update,
      { client, clock, clockEnd, deletes: update.deletes },
      this.pastOf(deps),
      this.index
    )
    if (isReject(staged)) return staged
    this.index.add(client, staged)
    const clocks = this.#clocks.get(client) ?? [0]
    clocks.push(clockEnd)
    this.#clocks.set(client, clocks)
    this.written.push({ client, seq, body, update, clock, clockEnd, deps })
    return undefined
  }

  /** How many envelopes of each client there are. */
  heads(): Map<Client, number> {
    return new Map([...this.#clocks].map(([client, clocks]) => [client, clocks.length - 1]))
  }
}

function isInside(deps: ReadonlyMap<Client, number>, seen: ReadonlyMap<Client, number>): boolean {
  for (const [client, count] of deps) if ((seen.get(client) ?? 0) < count) return false
  return true
}
