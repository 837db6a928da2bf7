// The struct root, protocols/update section 4.
import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import type { RootVector } from '../../scripts/vectors/update.ts'
import { structRoot } from '../../src/replica/struct-root.ts'
import { fromHex, toHex, utf8 } from '../../src/wire/bytes.ts'
import type { DeleteRange } from '../../src/wire/envelope.ts'
import { type StructToWrite, encodeUpdate } from '../../src/wire/update-encode.ts'
import { joinUpdates } from '../../src/wire/update-join.ts'
import { type Random, Room, type Writer, type Written } from './writers.ts'

// Seconds of work on an idle machine; others may be busy on this one.
vi.setConfig({ testTimeout: 180_000 })

const vectors: RootVector[] = JSON.parse(
  readFileSync(new URL('../../protocols/update/vectors/valid.json', import.meta.url), 'utf8')
).root

const rootOf = (doc: Y.Doc): string => toHex(structRoot(Y.encodeStateAsUpdate(doc)))

function docOf(bodies: Uint8Array[], gc = true): Y.Doc {
  const doc = new Y.Doc({ gc })
  for (const body of bodies) Y.applyUpdate(doc, body)
  return doc
}

describe('vectors', () => {
  test.each(vectors)('[UPD-26] $name', ({ bodies, root }) => {
    const all = bodies.map(body => fromHex(body) as Uint8Array)
    expect(rootOf(docOf(all))).toBe(root)
    expect(rootOf(docOf([Y.mergeUpdates(all)]))).toBe(root)
    expect(rootOf(docOf(all, false))).toBe(root)
  })
})

/** Ways to build a document from the same bodies in some causal order. */
const BUILDS: { [name: string]: (order: Written[], random: Random) => Y.Doc } = {
  'one by one': order => docOf(order.map(written => written.body)),
  'without garbage collection': order =>
    docOf(
      order.map(written => written.body),
      false
    ),
  'several in one transaction': (order, random) => {
    const doc = new Y.Doc()
    for (let at = 0; at < order.length;) {
      const batch = order.slice(at, (at += 1 + random(20)))
      doc.transact(() => batch.forEach(({ body }) => Y.applyUpdate(doc, body)))
    }
    return doc
  },
  'several merged into one update': (order, random) => {
    const bodies: Uint8Array[] = []
    for (let at = 0; at < order.length;) {
      bodies.push(Y.mergeUpdates(order.slice(at, (at += 1 + random(20))).map(written => written.body)))
    }
    return docOf(bodies)
  },
  'runs of one author joined (UPD-30)': (order, random) => {
    const bodies: Uint8Array[] = []
    for (let at = 0; at < order.length;) {
      const batch = order.slice(at, (at += 1 + random(20)))
      bodies.push(...joinUpdates(batch.map(({ body, update }) => ({ body, scanned: update }))))
    }
    return docOf(bodies)
  },
  'the state of another document, then the rest': (order, random) => {
    const cut = random(order.length + 1)
    const first = docOf(order.slice(0, cut).map(written => written.body))
    return docOf([Y.encodeStateAsUpdate(first), ...order.slice(cut).map(written => written.body)])
  }
}

describe('equal', () => {
  test('[UPD-26] the same bodies give the same root, in every causal order, batching and garbage collection', () => {
    for (let seed = 500; seed < 560; seed++) {
      const room = new Room(seed)
      room.run(120)
      expect(room.refused).toEqual([])
      const roots = new Map(room.writers.map(writer => [`writer ${writer.client}`, rootOf(writer.doc)]))
      for (const [name, build] of Object.entries(BUILDS)) {
        const order = room.causalOrder(room.written, new Map())
        roots.set(name, rootOf(build(order, room.random)))
      }
      expect(new Set(roots.values()).size, `seed ${seed}: ${JSON.stringify([...roots])}`).toBe(1)
    }
  })

  test('[UPD-26] a document gives its root again after a save and a load', () => {
    for (let seed = 600; seed < 620; seed++) {
      const room = new Room(seed)
      room.run(60)
      const { doc } = room.writers[0] as Writer
      const loaded = docOf([Y.encodeStateAsUpdate(docOf([Y.encodeStateAsUpdate(doc)]))])
      expect(rootOf(loaded)).toBe(rootOf(doc))
    }
  })

  test('[UPD-26] garbage inside a deleted type counts the same, whoever kept it', () => {
    const doc = new Y.Doc()
    doc.clientID = 1
    const bodies: Uint8Array[] = []
    doc.on('update', (body: Uint8Array) => bodies.push(body))
    const cards = doc.getMap<Y.Map<unknown>>('cards')
    const undo = new Y.UndoManager(cards)
    cards.set('a', new Y.Map([['notes', new Y.Text('kept by the undo manager')]]))
    undo.stopCapturing()
    cards.delete('a')
    expect(Y.encodeStateAsUpdate(doc)).not.toEqual(Y.encodeStateAsUpdate(docOf(bodies)))
    expect(rootOf(doc)).toBe(rootOf(docOf(bodies)))
  })

  test('[UPD-26] what stands beside garbage is garbage', () => {
    const gc: StructToWrite = { kind: 'gc', length: 2, content: new Uint8Array() }
    const beside: StructToWrite = {
      kind: 'string',
      length: 1,
      content: utf8('x'),
      origin: { client: 2, clock: 1 }
    }
    const state = encodeUpdate(2, 0, [gc, beside], [{ client: 2, clock: 0, length: 2 }])
    expect(toHex(structRoot(state))).toBe(rootOf(docOf([state])))
  })

  test('[UPD-26] a long chain of neighbours needs no deep recursion', () => {
    const doc = new Y.Doc()
    doc.clientID = 1
    for (let i = 0; i < 20_000; i++) doc.getText('text').insert(0, 'x')
    expect(rootOf(doc)).toHaveLength(64)
  })
})

interface Variant {
  struct?: Partial<StructToWrite>
  /** A second struct, right after the first. */
  next?: Partial<StructToWrite>
  client?: number
  deletes?: DeleteRange[]
}

/** Client 1 wrote a text, a second text, a map entry; client 2 adds one struct. */
function variant({ struct, next, client = 2, deletes = [] }: Variant): string {
  const string = (content: string, parent: string): StructToWrite => {
    return { kind: 'string', length: content.length, parent, content: utf8(content) }
  }
  const any = (key: string): StructToWrite => ({
    kind: 'any',
    length: 1,
    parent: 'meta',
    key,
    content: Uint8Array.of(126)
  })
  const type = (parent: string): StructToWrite => ({
    kind: 'type',
    type: 'text',
    length: 1,
    parent,
    key: 'n',
    content: new Uint8Array()
  })
  const first = encodeUpdate(
    1,
    0,
    [string('abcd', 'text'), string('efgh', 'other'), any('k'), any('l'), type('meta'), type('more')],
    []
  )
  const base: StructToWrite = {
    kind: 'string',
    length: 1,
    content: utf8('X'),
    origin: { client: 1, clock: 1 },
    right: { client: 1, clock: 2 }
  }
  const structs = [{ ...base, ...struct }]
  if (next) structs.push({ ...base, ...next, origin: { client, clock: 0 } })
  return rootOf(docOf([first, encodeUpdate(client, 0, structs, deletes)]))
}

const at = (clock: number): { client: number; clock: number } => ({ client: 1, clock })
const NO_NEIGHBOURS = { origin: undefined, right: undefined }
const NESTED: Partial<StructToWrite> = { kind: 'type', type: 'map', content: new Uint8Array() }

describe('different', () => {
  test('[UPD-27] any change of author, neighbour, parent, key, kind, content or deletion changes the root', () => {
    const variants: { [name: string]: Variant } = {
      base: {},
      'another author': { client: 3 },
      'another origin': { struct: { origin: at(0) } },
      'no origin': { struct: { origin: undefined } },
      'another right origin': { struct: { right: at(3) } },
      'no right origin': { struct: { right: undefined } },
      'another parent by neighbours': { struct: { origin: at(5), right: at(6) } },
      'a root as parent': { struct: { ...NO_NEIGHBOURS, parent: 'text' } },
      'another root as parent': { struct: { ...NO_NEIGHBOURS, parent: 'other' } },
      'a nested type as parent': { struct: { ...NO_NEIGHBOURS, parent: at(10) } },
      'another nested type as parent': { struct: { ...NO_NEIGHBOURS, parent: at(11) } },
      'a key': {
        struct: { ...NO_NEIGHBOURS, kind: 'any', content: Uint8Array.of(126), parent: 'meta', key: 'p' }
      },
      'another key': {
        struct: { ...NO_NEIGHBOURS, kind: 'any', content: Uint8Array.of(126), parent: 'meta', key: 'q' }
      },
      'another value': {
        struct: { ...NO_NEIGHBOURS, kind: 'any', content: Uint8Array.of(120), parent: 'meta', key: 'q' }
      },
      'other text': { struct: { content: utf8('Y') } },
      'more text': { struct: { content: utf8('XX'), length: 2 } },
      'a value where text was': { struct: { kind: 'any', content: Uint8Array.of(126) } },
      'a nested type': { struct: { kind: 'type', type: 'map', content: new Uint8Array() } },
      'another nested type': { struct: { kind: 'type', type: 'array', content: new Uint8Array() } },
      'a second unit': { next: { content: utf8('Z') } },
      'a second unit with another right origin': { next: { right: at(3) } },
      'a second unit without right origin': { next: { right: undefined } },
      'two nested types': { struct: NESTED, next: NESTED },
      'two other nested types': { struct: NESTED, next: { ...NESTED, type: 'array' } },
      deleted: { deletes: [{ client: 2, clock: 0, length: 1 }] },
      'deleted elsewhere': { deletes: [{ client: 1, clock: 0, length: 1 }] },
      'deleted further on': { deletes: [{ client: 1, clock: 1, length: 1 }] }
    }
    const roots = Map.groupBy(Object.entries(variants), ([, each]) => variant(each))
    const equal = [...roots.values()]
      .filter(group => group.length > 1)
      .map(group => group.map(([name]) => name))
    expect(equal).toEqual([])
    expect(variant({})).toBe(variant({}))
  })

  test('[UPD-27] bytes that are no document of ours are our own failure', () => {
    expect(() => structRoot(Uint8Array.of(1, 2, 3))).toThrow('no gate')
    const dangling = encodeUpdate(
      2,
      0,
      [{ kind: 'string', length: 1, content: utf8('x'), origin: at(0) }],
      []
    )
    expect(() => structRoot(dangling)).toThrow('lacks')
  })
})
