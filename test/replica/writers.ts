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

const WORDS = [
  'standard ',
  'we agree ',
  '🙂',
  'naïve ',
  '— ',
  '漢字',
  '👩‍👩‍👧',
  'a',
  '\n',
  '## Part\n',
  '\u{1F1EA}\u{1F1FA} ',
  'zz'
]

export class Writer {
  readonly doc: Y.Doc
  readonly client: Client
  readonly applied = new Map<Client, number>()
  readonly undo: Y.UndoManager | undefined
  readonly #random: Random
  /** Nested types that were once reached and may since have been deleted. */
  readonly #handles: Y.AbstractType<unknown>[] = []

  constructor(client: Client, random: Random, withUndo: boolean) {
    this.client = client
    this.#random = random
    this.doc = new Y.Doc()
    this.doc.clientID = client
    const roots = [this.text, this.meta, this.list, this.cards, this.stack]
    this.undo = withUndo ? new Y.UndoManager(roots, { captureTimeout: 1e12 }) : undefined
  }

  get text(): Y.Text {
    return this.doc.getText('text')
  }
  get meta(): Y.Map<unknown> {
    return this.doc.getMap('meta')
  }
  get list(): Y.Array<unknown> {
    return this.doc.getArray('list')
  }
  get cards(): Y.Map<Y.Map<unknown>> {
    return this.doc.getMap('cards')
  }
  get stack(): Y.Array<Y.Map<unknown>> {
    return this.doc.getArray('stack')
  }

  /** One to four edits in one transaction, or an undo or redo. */
  act(): void {
    const dice = this.#random(20)
    if (this.undo && dice === 0) return void this.undo.undo()
    if (this.undo && dice === 1) return void this.undo.redo()
    if (this.undo && dice < 6) this.undo.stopCapturing()
    const edits = dice < 14 ? 1 : 1 + this.#random(4)
    this.doc.transact(() => {
      for (let i = 0; i < edits; i++) this.#edit()
    })
  }

  #edit(): void {
    const dice = this.#random(24)
    if (dice < 9) this.#editText(this.text)
    else if (dice < 11) this.meta.set(this.#pick(['title', 'status', 'due']), this.#value(0))
    else if (dice < 12) this.meta.delete(this.#pick(['title', 'status', 'due']))
    else if (dice < 15) this.#editList(this.list)
    else if (dice < 17) this.cards.set(this.#pick(['a', 'b', 'c']), this.#card())
    else if (dice < 18) this.cards.delete(this.#pick(['a', 'b', 'c']))
    else if (dice < 20) this.#editStack()
    else if (dice < 23) this.#editCard()
    else this.#editHandle()
  }

  #editText(text: Y.Text): void {
    const { length } = text
    if (length > 0 && this.#random(3) === 0) {
      const at = this.#random(length)
      text.delete(at, Math.min(1 + this.#random(9), length - at))
    } else {
      const repeat = this.#random(500) === 0 ? 9_000 : 1
      text.insert(this.#random(length + 1), this.#pick(WORDS).repeat(repeat))
    }
  }

  #editList(list: Y.Array<unknown>): void {
    const { length } = list
    const dice = this.#random(4)
    if (length > 0 && dice === 0) {
      const at = this.#random(length)
      list.delete(at, Math.min(1 + this.#random(3), length - at))
    } else if (length > 0 && dice === 1) {
      const at = this.#random(length)
      const moved = list.get(at)
      list.delete(at)
      list.insert(this.#random(length), [moved])
    } else {
      const count = this.#random(300) === 0 ? 700 : 1 + this.#random(3)
      list.insert(
        this.#random(length + 1),
        Array.from({ length: count }, () => this.#value(0))
      )
    }
  }

  #editStack(): void {
    const { stack } = this
    if (stack.length > 0 && this.#random(3) === 0) stack.delete(this.#random(stack.length))
    else if (stack.length > 1 && this.#random(3) === 0) {
      const at = this.#random(stack.length)
      const moved = stack.get(at).clone()
      stack.delete(at)
      stack.insert(this.#random(stack.length + 1), [moved])
    } else stack.insert(this.#random(stack.length + 1), [this.#card()])
  }

  #editCard(): void {
    const all = [...this.cards.values(), ...this.stack.toArray()]
    if (all.length === 0) return
    const card = this.#pick(all)
    const dice = this.#random(6)
    if (dice === 0) card.set('title', this.#value(0))
    else if (dice === 1) card.set('notes', new Y.Text(this.#pick(WORDS)))
    else if (dice === 2) card.set('tags', Y.Array.from([1, 'two', null]))
    else if (dice === 3) card.delete(this.#pick(['title', 'notes', 'tags', 'parts']))
    else {
      const inner = card.get(this.#pick(['notes', 'tags', 'parts']))
      if (inner instanceof Y.AbstractType) {
        this.#handles.push(inner)
        this.#editInner(inner)
      }
    }
  }

  /** Writes through an old handle, whose type may be gone by now. */
  #editHandle(): void {
    if (this.#handles.length > 0) this.#editInner(this.#pick(this.#handles))
  }

  #editInner(inner: Y.AbstractType<unknown>): void {
    if (inner instanceof Y.Text) this.#editText(inner)
    else if (inner instanceof Y.Array) this.#editList(inner)
    else if (inner instanceof Y.Map) inner.set(this.#pick(['x', 'y', 'constructors']), this.#value(0))
  }

  #card(): Y.Map<unknown> {
    const card = new Y.Map<unknown>()
    card.set('title', this.#value(0))
    if (this.#random(2) === 0) card.set('notes', new Y.Text(this.#pick(WORDS)))
    if (this.#random(2) === 0) card.set('tags', Y.Array.from(['t', this.#random(9)]))
    if (this.#random(2) === 0) card.set('parts', new Y.Map([['x', this.#value(0)]]))
    return card
  }

  #value(depth: number): unknown {
    const dice = this.#random(depth > 2 ? 7 : 9)
    if (dice === 0) return null
    if (dice === 1) return this.#random(2) === 0
    if (dice === 2) return this.#random(1 << 30) - (1 << 29)
    if (dice === 3) return (this.#random(1 << 30) + 1) / 8
    if (dice === 4) return 0.1 + this.#random(1 << 20)
    if (dice === 5) return 2 ** 31 + this.#random(1 << 20)
    if (dice === 6) return this.#pick(WORDS)
    if (dice === 7) return Array.from({ length: this.#random(3) }, () => this.#value(depth + 1))
    return Object.fromEntries(
      ['at', '10', '9', 'ключ'].slice(this.#random(4)).map(key => [key, this.#value(depth + 1)])
    )
  }

  #pick<T>(items: T[]): T {
    return items[this.#random(items.length)] as T
  }
}

/** Writers, the gate between them, and everything that passed it. */
export class Room {
  readonly writers: Writer[]
  readonly index = new StructIndex(WRITERS_LAYOUT)
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
