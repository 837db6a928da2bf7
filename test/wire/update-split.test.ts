// Splitting large local updates, protocols/update section 5.
import { describe, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { toHex } from '../../src/wire/bytes.ts'
import { StructIndex } from '../../src/replica/struct-index.ts'
import { structRoot } from '../../src/replica/struct-root.ts'
import { checkUpdate } from '../../src/replica/update-gate.ts'
import { isReject } from '../../src/wire/reject.ts'
import { encodeUpdate } from '../../src/wire/update-encode.ts'
import { SPLIT_BYTES_MIN, splitUpdate } from '../../src/wire/update-split.ts'
import { scanUpdate } from '../../src/wire/update.ts'
import { Room, WRITERS_LAYOUT } from '../replica/writers.ts'

// Seconds of work on an idle machine; others may be busy on this one.
vi.setConfig({ testTimeout: 180_000 })

const CLIENT = 2 ** 52 + 5

function localDoc(): { doc: Y.Doc; updates: Uint8Array[] } {
  const doc = new Y.Doc()
  doc.clientID = CLIENT
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  return { doc, updates }
}

/** Splits, puts every body through the gate in turn, and rebuilds the document from the bodies. */
function rebuild(updates: Uint8Array[], bytesMax?: number): { doc: Y.Doc; bodies: Uint8Array[] } {
  const doc = new Y.Doc()
  const index = new StructIndex(WRITERS_LAYOUT)
  const all: Uint8Array[] = []
  let clock = 0
  for (const update of updates) {
    const bodies = splitUpdate(update, bytesMax)
    if (isReject(bodies)) throw new Error(String(bodies))
    for (const body of bodies) {
      const scanned = scanUpdate(body)
      if (isReject(scanned)) throw new Error(String(scanned))
      const clockEnd = scanned.client === undefined ? clock : scanned.clockEnd
      const seen = clock
      const past = { segmentOf: (_client: number, at: number) => (at < seen ? 0 : undefined) }
      const staged = checkUpdate(
        scanned,
        { client: CLIENT, clock, clockEnd, deletes: scanned.deletes },
        past,
        index
      )
      if (isReject(staged)) throw new Error(String(staged))
      index.add(0, staged)
      clock = clockEnd
      Y.applyUpdate(doc, body)
      all.push(body)
    }
  }
  return { doc, bodies: all }
}

const rootOf = (doc: Y.Doc): string => toHex(structRoot(Y.encodeStateAsUpdate(doc)))

describe('splitting', () => {
  test('[UPD-28] a small update stays as it is', () => {
    const { doc, updates } = localDoc()
    doc.getText('text').insert(0, 'small')
    expect(splitUpdate(updates[0] as Uint8Array)).toEqual([updates[0]])
  })

  test('[UPD-28] a paste of 1 MiB becomes bodies that pass the gate and make the same document', () => {
    const { doc, updates } = localDoc()
    doc.getText('text').insert(0, 'ab')
    doc.getText('text').insert(1, 'é🙂x漢'.repeat(100_000))
    doc.getText('text').delete(5, 200_000)
    const built = rebuild(updates)
    expect(built.bodies.length).toBeGreaterThan(16)
    expect(Math.max(...built.bodies.map(body => body.length))).toBeLessThanOrEqual(65_536)
    expect(built.doc.getText('text').toString() === doc.getText('text').toString()).toBe(true)
    expect(rootOf(built.doc)).toBe(rootOf(doc))
  })

  test('[UPD-28] thousands of structs, values and deletions in one transaction', () => {
    const { doc, updates } = localDoc()
    doc.transact(() => {
      const text = doc.getText('text')
      for (let i = 0; i < 3_000; i++) text.insert(i % 2 === 0 ? 0 : text.length, `word ${i} `)
      doc.getArray('list').push(Array.from({ length: 50_000 }, (_, i) => i))
      for (let i = 0; i < 3_000; i++) doc.getMap('meta').set('title', `title ${i}`)
    })
    doc.transact(() => {
      const text = doc.getText('text')
      for (let i = 0; i < 2_500; i++) text.delete(i * 2, 1)
      doc.getArray('list').delete(10, 30_000)
    })
    for (const bytesMax of [SPLIT_BYTES_MIN, 65_536]) {
      const built = rebuild(updates, bytesMax)
      expect(Math.max(...built.bodies.map(body => body.length))).toBeLessThanOrEqual(bytesMax)
      expect(rootOf(built.doc)).toBe(rootOf(doc))
    }
  })

  test('[UPD-28] many honest updates coalesced by Yjs split into bodies that make the same document', () => {
    for (let seed = 0; seed < 20; seed++) {
      const room = new Room(seed, { writers: 1 })
      room.run(200)
      const merged = Y.mergeUpdates(room.written.map(written => written.body))
      const bodies = splitUpdate(merged, SPLIT_BYTES_MIN)
      if (isReject(bodies)) throw new Error(String(bodies))
      const doc = new Y.Doc()
      for (const body of bodies) Y.applyUpdate(doc, body)
      expect(rootOf(doc)).toBe(rootOf((room.writers[0] as { doc: Y.Doc }).doc))
    }
  })

  test('[UPD-28] values that share a key part company, since their deletion follows in a later body', () => {
    const nulls = {
      kind: 'any' as const,
      length: 2,
      parent: 'meta',
      key: 'title',
      content: Uint8Array.of(126, 126)
    }
    const long = {
      kind: 'string' as const,
      length: 70_000,
      parent: 'text',
      content: new Uint8Array(70_000).fill(97)
    }
    const update = encodeUpdate(CLIENT, 0, [nulls, long], [{ client: CLIENT, clock: 0, length: 2 }])
    const whole = new Y.Doc()
    Y.applyUpdate(whole, update)
    expect(rootOf(rebuild([update]).doc)).toBe(rootOf(whole))
  })

  test('[UPD-29] a value that fits into no body is refused, not cut', () => {
    const { doc, updates } = localDoc()
    doc.getMap('meta').set('title', 'x'.repeat(20_000))
    expect(splitUpdate(updates[0] as Uint8Array)).toMatchObject({ code: 'update-string' })
  })

  test('[UPD-29] the update of two authors is refused', () => {
    const { doc } = localDoc()
    doc.getText('text').insert(0, 'x'.repeat(70_000))
    doc.clientID = 3
    doc.getText('text').insert(0, 'y')
    expect(splitUpdate(Y.encodeStateAsUpdate(doc))).toMatchObject({ code: 'update-client' })
  })
})
