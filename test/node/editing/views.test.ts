// What an editor writes without a window, with a real node on a real disk.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { Home } from '../../../src/node/home/home.ts'
import type { LocalNode } from '../../../src/node/local-node.ts'
import { LevelStore } from '../../../src/store/level-store.ts'
import { envelopeKey } from '../../../src/store/record.ts'
import { decodeEnvelope } from '../../../src/store/sealed-record.ts'
import { Vault } from '../../../src/store/vault.ts'
import { parseHeader } from '../../../src/wire/envelope.ts'
import { must } from '../../sim/company.ts'
import { createCompanyHome, keysOf } from '../../e2e/homes.ts'
import { startNode } from '../../e2e/nodes.ts'

let base = ''
let home: Home
let node: LocalNode
/** Envelopes in the order in which they went to the disk. */
const written: { client: number; header: Uint8Array }[] = []

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'parley-views-'))
  home = await createCompanyHome(join(base, 'home'), 'Acme', { coalesceMs: 0 })
  const vault = new Vault((await keysOf(home)).data[0] as Uint8Array)
  const openStore = async (dir: string) => {
    const store = await LevelStore.open(dir)
    const { write } = store
    store.write = (operations, options) => {
      for (const operation of operations) {
        if (operation.kind !== 'envelope') continue
        const { facet, client, seq, idPrefix, header } = operation.record
        const content = vault.open(envelopeKey(facet, client, seq, idPrefix), header)
        written.push({ client, header: content ? decodeEnvelope(content).header : header })
      }
      return write.call(store, operations, options)
    }
    return store
  }
  node = await startNode(home, { offline: true, openStore })
})
afterAll(async () => {
  await node.close()
  rmSync(base, { recursive: true, force: true })
})

async function document(): Promise<string> {
  const facts = { kind: 'StandardsDoc.v1', title: 'Typed', class: 'private', text: '.' } as const
  return (await node.createArtifact(facts)).id
}

/** An editor. */
async function open(id: string) {
  const doc = new Y.Doc()
  const failures: Error[] = []
  const told: string[] = []
  const view = await node.views.open(id, {
    updates: bodies => bodies.forEach(body => Y.applyUpdate(doc, body, 'node')),
    presence: () => undefined,
    stale: () => void told.push('stale'),
    failed: error => failures.push(error)
  })
  doc.clientID = view.client
  doc.on('update', (update: Uint8Array, origin: unknown) => origin !== 'node' && view.edit(update))
  const type = (...words: string[]) => words.forEach(word => doc.getText('text').insert(0, word))
  return { doc, view, failures, told, type }
}

test('[SYN-44] what is typed within one turn is one envelope for each stroke, and all of it is durable', async () => {
  const id = await document()
  const { view, type, failures } = await open(id)
  const before = (await node.log(id)).length
  type('c', 'b', 'a')
  await view.flush()
  const fresh = (await node.log(id)).slice(before)
  expect(fresh.map(({ inserted, signature }) => [inserted, signature])).toEqual([
    ['c', 'own'],
    ['b', 'own'],
    ['a', 'own']
  ])
  expect((await node.read(id)).text).toBe('abc.')
  expect(failures).toEqual([])
  await view.close()
})

test('[SYN-44] a stroke relies on what was to be seen when it was made, though it is signed later', async () => {
  const id = await document()
  const [one, two] = [await open(id), await open(id)]
  written.length = 0
  one.type('unaware ')
  two.type('from elsewhere ')
  const flushed = two.view.flush() // at once: the other view shows it now
  one.type('aware ')
  await Promise.all([flushed, one.view.flush()])
  const own = written.filter(({ client }) => client === one.view.client)
  const known = own.map(({ header }) => must(parseHeader(header)).deps.map(({ client }) => client))
  expect(known.map(clients => clients.includes(two.view.client))).toEqual([false, true])
  expect((await node.read(id)).text).toBe(one.doc.getText('text').toJSON())
  await Promise.all([one.view.close(), two.view.close()])
})

test('[SYN-45] an edit relies on nothing that its view does not show yet', async () => {
  const id = await document()
  const [writer, reader] = [await open(id), await open(id)]
  const shown = () => reader.doc.getText('text').toJSON()
  const write = (text: string) => {
    writer.type(text)
    return writer.view.flush()
  }
  written.length = 0
  const first = write('a')
  expect(shown()).toBe('a.')
  const more = write('b')
  expect(shown()).toBe('a.')
  // What it does not show its own edits do not rely on, and an own edit shows all that its heads imply.
  reader.type('-')
  const own = reader.view.flush()
  expect(Array.from(shown()).sort()).toEqual(['-', '.', 'a', 'b'])
  await Promise.all([first, more, own])
  const [edit] = written.filter(({ client }) => client === reader.view.client)
  const relied = must(parseHeader(edit?.header ?? new Uint8Array())).deps.find(
    dep => dep.client === writer.view.client
  )
  const strokes = written.filter(({ client }) => client === writer.view.client)
  const [seqOfA, ...later] = strokes.map(({ header }) => must(parseHeader(header)).seq)
  expect([relied?.seq, later.length]).toEqual([seqOfA, 1])

  await Promise.all([write('c'), write('d')])
  await expect.poll(shown).toMatch(/^dc/)
  await Promise.all([writer.view.close(), reader.view.close()])
})

test('[SYN-45] what waits to be shown is shown before the view goes stale or closes, and nothing after that', async () => {
  const id = await document()
  const [writer, stale, closed] = [await open(id), await open(id), await open(id)]
  const shown = () => [stale, closed].map(({ doc }) => doc.getText('text').toJSON())
  written.length = 0
  const writes = ['a', 'b'].map(text => {
    writer.type(text)
    return writer.view.flush()
  })
  expect(shown()).toEqual(['a.', 'a.'])
  const closing = closed.view.close()
  expect(shown()).toEqual(['a.', 'ba.'])
  node.views.document(stale.view.facet, 'rebuild', [])
  expect(shown()).toEqual(['ba.', 'ba.'])
  writer.type('c')
  writes.push(writer.view.flush())
  await Promise.all([...writes, closing])
  await expect.poll(shown).toEqual(['cba.', 'ba.'])
  await Promise.all([writer.view.close(), stale.view.close()])
})

test('[SYN-46] what a holder throws is told to it alone, whenever it is shown something', async () => {
  const broken = new Error('an observer of the editor')
  for (const when of ['at once', 'later']) {
    const id = await document()
    const [writer, reader] = [await open(id), await open(id)]
    const text = () => reader.doc.getText('text').length
    reader.doc.on('update', (_: Uint8Array, origin: unknown) => {
      if (origin === 'node' && (when === 'at once' || text() > 2)) throw broken
    })
    const type = (word: string) => {
      writer.type(word)
      return writer.view.flush()
    }
    await Promise.all([type('a'), type('b')])
    await expect.poll(() => reader.told).toEqual(['stale'])
    const shown = text()
    await Promise.all([type('c'), type('d')])
    expect([writer.failures, reader.failures, text()]).toEqual([[], [broken], shown])
    expect((await node.read(id)).text).toBe('dcba.')
    await Promise.all([writer.view.close(), reader.view.close()])
  }
})

test('a single stroke waits for nothing but the end of its turn', async () => {
  const id = await document()
  const { view, type } = await open(id)
  const heard: string[] = []
  const stop = node.subscribe(event => event.event === 'document' && heard.push(event.facet))
  type('x')
  expect(heard).toEqual([])
  await Promise.resolve()
  expect(heard).toEqual([view.facet])
  stop()
  await view.close()
  expect((await node.read(id)).text).toBe('x.')
})

test('[SYN-44] of what was typed in one turn, the part before an edit that is refused stands; that is told once', async () => {
  const id = await document()
  const { doc, view, type, failures } = await open(id)
  type('before ')
  doc.getMap('no-such-root').set('key', 1)
  type('built ', 'upon ', 'it ')
  await view.flush()
  expect(failures).toMatchObject([{ code: 'update-layout' }])
  expect((await node.read(id)).text).toBe('before .')
  await view.close()
})

test('[API-21] a lock in the same turn: what was typed before it is signed, and nothing after', async () => {
  const id = await document()
  const { view, type, failures } = await open(id)
  type('before ')
  await node.lock()
  type('after ', 'the lock ')
  await view.flush()
  expect(failures).toMatchObject([{ code: 'locked' }])
  await node.unlock('')
  expect((await node.read(id)).text).toBe('before .')
  await view.close()
})

test('a view that is closed signs what came before, and the next one goes on in its lane', async () => {
  const id = await document()
  const { view, type, failures } = await open(id)
  const { client } = view
  type('last ')
  const closed = view.close()
  type('too late ')
  const next = await open(id)
  await closed
  expect(next.view.client).toBe(client)
  expect(failures.map(({ message }) => message)).toEqual(['the view is closed'])
  expect((await node.read(id)).text).toBe('last .')
  await next.view.close()
})
