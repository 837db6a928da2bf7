// The semantic gate, protocols/update section 3: vectors, honest sessions, and a rival who knows the format.
import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { VECTOR_LAYOUT, type GateVector } from '../../scripts/vectors/update-gate-cases.ts'
import { type StagedUpdate, StructIndex } from '../../src/replica/struct-index.ts'
import { structRoot } from '../../src/replica/struct-root.ts'
import { checkUpdate } from '../../src/replica/update-gate.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'
import { type Reject, isReject } from '../../src/wire/reject.ts'
import { type ScannedUpdate, scanUpdate } from '../../src/wire/update.ts'
import { draftFrom, mutate, targetsIn } from './mutants.ts'
import { Room, type Writer, type Written } from './writers.ts'

// Seconds of work on an idle machine; others may be busy on this one.
vi.setConfig({ testTimeout: 180_000 })

const read = (name: string): { gate: GateVector[] } => {
  return JSON.parse(
    readFileSync(new URL(`../../protocols/update/vectors/${name}.json`, import.meta.url), 'utf8')
  )
}
const valid = read('valid').gate
const invalid = read('invalid').gate
const bytes = (hex: string): Uint8Array => fromHex(hex) as Uint8Array

function scanned(body: Uint8Array): ScannedUpdate {
  const update = scanUpdate(body)
  if (isReject(update)) throw new Error(String(update))
  return update
}

/** Lets the earlier bodies in, each after all before it, and puts the last one to the gate. */
function judge(vector: GateVector, index = new StructIndex(VECTOR_LAYOUT)): StagedUpdate | Reject {
  const clocks = new Map<number, number>()
  for (const { client, body } of vector.before) {
    const update = scanned(bytes(body))
    const clock = clocks.get(client) ?? 0
    const past = { segmentOf: (of: number, at: number) => (at < (clocks.get(of) ?? 0) ? of : undefined) }
    const claims = { client, clock, clockEnd: update.clockEnd, deletes: update.deletes }
    const staged = checkUpdate(update, claims, past, index)
    if (isReject(staged)) throw new Error(String(staged))
    index.add(client, staged)
    clocks.set(client, staged.clockEnd)
  }
  const seen = new Map(vector.past)
  const past = { segmentOf: (of: number, at: number) => (at < (seen.get(of) ?? 0) ? of : undefined) }
  return checkUpdate(scanned(bytes(vector.body)), { client: vector.client, ...vector.claims }, past, index)
}

describe('vectors', () => {
  test.each(valid)('[$rule] takes $name', vector => {
    expect(judge(vector)).toMatchObject({ clockEnd: vector.claims.clockEnd })
  })

  test.each(invalid)('[$rule] refuses $name', vector => {
    expect(judge(vector)).toMatchObject({ code: vector.code, fault: true })
  })

  test.each([...valid, ...invalid])(
    '[UPD-23] the verdict on "$name" does not depend on what else has arrived',
    vector => {
      const alone = judge(vector)
      const index = new StructIndex(VECTOR_LAYOUT)
      // Another lane, and another branch of the author's own lane, that the envelope has not seen.
      const place = index.root('list')
      for (const segment of [77, vector.client]) {
        index.add(segment, {
          clock: 0,
          clockEnd: 500,
          runs: [{ clock: 0, length: 500, place, key: undefined, opens: undefined }]
        })
      }
      const code = (verdict: StagedUpdate | Reject): string => (isReject(verdict) ? verdict.code : 'taken')
      expect(code(judge(vector, index))).toBe(code(alone))
    }
  )

  test('[UPD-23] after a fork, each branch is judged by its own facts', () => {
    const index = new StructIndex(VECTOR_LAYOUT)
    const [text, list] = [index.root('text'), index.root('list')]
    index.add(0, {
      clock: 0,
      clockEnd: 2,
      runs: [{ clock: 0, length: 2, place: text, key: undefined, opens: undefined }]
    })
    index.add(1, {
      clock: 1,
      clockEnd: 2,
      runs: [{ clock: 1, length: 1, place: list, key: undefined, opens: undefined }]
    })
    const vector = valid.find(each => each.name === 'an insertion after text of another author') as GateVector
    const update = scanned(bytes(vector.body))
    const struct = update.structs[0] as { origin: unknown }
    struct.origin = { client: 5, clock: 1 }
    const claims = { client: vector.client, ...vector.claims }
    const branch = (segment: number) => ({ segmentOf: () => segment })
    expect(checkUpdate(update, claims, branch(0), index)).toMatchObject({ clockEnd: 1 })
    expect(checkUpdate(update, claims, branch(1), index)).toMatchObject({ code: 'update-layout' })
  })
})

describe('honest writers', () => {
  test('[UPD-24] 20,000 updates of random sessions all pass: undo, nested types, emoji, moves, large pastes', () => {
    let count = 0
    for (let seed = 0; seed < 160; seed++) {
      const room = new Room(seed)
      room.run(seed % 8 === 0 ? 400 : 92)
      expect(room.refused.map(({ reject }) => `seed ${seed}: ${reject}`)).toEqual([])
      count += room.written.length
    }
    expect(count).toBeGreaterThan(20_000)
  })

  // Each of these was refused once, in a prototype or here.
  test.each([128, 3403])(
    '[UPD-24] seed %d: writing through a handle to a type created and deleted at once',
    seed => {
      const room = new Room(seed)
      room.run(seed === 128 ? 400 : 60)
      expect(room.refused).toEqual([])
    }
  )
})

const RIVAL = 2 ** 50 + 3

/** A session in which a rival offers mutants to the gate, and the others receive what passed. */
class Siege {
  readonly room: Room
  offered = 0
  passed = 0

  constructor(seed: number) {
    this.room = new Room(seed)
    this.room.run(40)
  }

  run(count: number): void {
    const { room } = this
    for (let i = 0; i < count; i++) {
      this.#offer()
      const writer = room.writers[room.random(room.writers.length)] as Writer
      if (room.random(8) === 0) room.deliver(writer, 1 + room.random(40))
      if (room.random(12) === 0) {
        writer.act()
        this.edit(writer, () => writer.meta.set('title', i))
      }
    }
    for (const writer of room.writers) room.deliver(writer, Infinity)
  }

  #offer(): void {
    const { room } = this
    const deps = room.heads()
    const clock = room.clockAt(RIVAL, deps.get(RIVAL) ?? 0)
    const targets = targetsIn(room.written, RIVAL, clock, room.random)
    const model = room.written[room.random(room.written.length)] as Written
    const reject = room.offer(RIVAL, mutate(draftFrom(model, targets), targets, room.random), deps)
    this.offered++
    if (!reject) this.passed++
  }

  /** The edit must be emitted and must pass the gate: a document that shows edits but emits none is bricked. */
  edit(writer: Writer, change: () => void): void {
    const before = this.room.written.length
    change()
    expect(this.room.written.length).toBeGreaterThan(before)
  }

  /** Deletes everything, since damage shows when Yjs collects garbage, and goes on writing. */
  clearAll(): void {
    const { room } = this
    for (const writer of room.writers) {
      const { text, list, stack, cards, meta } = writer
      writer.doc.transact(() => {
        for (const each of [text, list, stack]) each.delete(0, each.length)
        for (const each of [cards, meta]) each.clear()
      })
      this.edit(writer, () => text.insert(0, 'still here'))
      for (const other of room.writers) room.deliver(other, Infinity)
    }
  }

  roots(): Set<string> {
    const fresh = new Y.Doc()
    for (const { body } of this.room.causalOrder(this.room.written, new Map())) Y.applyUpdate(fresh, body)
    const docs = [fresh, ...this.room.writers.map(writer => writer.doc)]
    return new Set(docs.map(doc => toHex(structRoot(Y.encodeStateAsUpdate(doc)))))
  }
}

describe('a rival', () => {
  test('[UPD-25] 50,000 mutants are refused, or harm no document: it still emits edits and all stay equal', () => {
    let offered = 0
    let passed = 0
    for (let seed = 0; seed < 250; seed++) {
      const siege = new Siege(seed)
      siege.run(200)
      siege.clearAll()
      expect(siege.room.refused.map(({ reject }) => `seed ${seed}: ${reject}`)).toEqual([])
      expect(siege.roots().size, `seed ${seed}`).toBe(1)
      offered += siege.offered
      passed += siege.passed
    }
    expect(offered).toBeGreaterThanOrEqual(50_000)
    expect(passed).toBeGreaterThan(15_000)
  })

  test('[UPD-20] without the gate, half a deleted map value silences the document for ever', () => {
    const vector = invalid.find(each => each.name.includes('emit no more updates')) as GateVector
    const doc = new Y.Doc()
    doc.clientID = 1
    for (const { body } of vector.before) Y.applyUpdate(doc, bytes(body))
    Y.applyUpdate(doc, bytes(vector.body))
    let emitted = 0
    doc.on('update', () => emitted++)
    expect(() => doc.getMap('cards').delete('a')).toThrow()
    emitted = 0
    doc.getText('text').insert(0, 'lost')
    expect(doc.getText('text').toString()).toContain('lost')
    expect(emitted).toBe(0)
  })
})
