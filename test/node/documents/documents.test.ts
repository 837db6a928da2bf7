// The main thread's side of the document worker, with the real worker.
import { afterEach, expect, test } from 'vitest'
import * as Y from 'yjs'
import { type Bodies, Documents } from '../../../src/node/documents/documents.ts'

const ROOTS = { text: 'text' } as const
const opened: Documents[] = []

afterEach(() => Promise.all(opened.splice(0).map(documents => documents.close())))

function documentsOf(readBodies: () => Promise<Bodies>): Documents {
  const documents = new Documents(readBodies, (_, why) => expect.fail(why))
  opened.push(documents)
  return documents
}

/** One update for each letter, by one client. */
function letters(word: string, client: number): Uint8Array[] {
  const doc = new Y.Doc()
  doc.clientID = client
  const bodies: Uint8Array[] = []
  doc.on('update', (body: Uint8Array) => bodies.push(body))
  const text = doc.getText('text')
  for (const letter of word) text.insert(text.length, letter)
  return bodies
}

test('what was admitted is in the next read, though the worker is not told of it at once', async () => {
  const [first, ...rest] = letters('hello', 1) as [Uint8Array, ...Uint8Array[]]
  const documents = documentsOf(() => Promise.resolve({ bodies: [first], frontier: [] }))
  expect((await documents.read('f', ROOTS)).text).toBe('h')
  for (const [i, body] of rest.entries()) {
    const frontier = [{ client: 1, seq: i + 1, id: new Uint8Array(32) }]
    documents.append('f', [body], frontier)
    const seen = await documents.read('f', ROOTS)
    expect([seen.text, seen.frontier]).toEqual(['hello'.slice(0, i + 2), frontier])
  }
})

test('what no longer counts when a document is half in the worker is not in it afterwards', async () => {
  // More than one batch, so that the second is still to come when the first no longer counts.
  const [lost, kept] = [letters('x'.repeat(1_200), 1), letters('kept', 2)]
  const reads: Bodies[] = [
    { bodies: lost, frontier: [] },
    { bodies: kept, frontier: [] }
  ]
  const documents = documentsOf(() => Promise.resolve(reads.shift() as Bodies))
  const before = documents.read('f', ROOTS)
  await Promise.resolve()
  documents.invalidate('f')
  expect((await documents.read('f', ROOTS)).text).toBe('kept')
  expect((await before).text).toBe('kept')
  expect((await documents.read('f', ROOTS)).text).toBe('kept')
})

test('a document that nobody looks at does not gather: it is let go of, and read anew when somebody does', async () => {
  const [first, ...rest] = letters('a'.repeat(3_000), 1) as [Uint8Array, ...Uint8Array[]]
  const log = [first]
  let reads = 0
  const documents = documentsOf(() => {
    reads++
    return Promise.resolve({ bodies: [...log], frontier: [] })
  })
  await documents.read('f', ROOTS)
  for (const body of rest) {
    log.push(body)
    documents.append('f', [body], [])
  }
  expect((await documents.read('f', ROOTS)).text).toBe('a'.repeat(3_000))
  expect(reads).toBe(2)
})

test('a look that finds its document let go of waits for it again', async () => {
  const [first, ...rest] = letters('b'.repeat(3_000), 1) as [Uint8Array, ...Uint8Array[]]
  const log = [first]
  const documents = documentsOf(() => Promise.resolve({ bodies: [...log], frontier: [] }))
  await documents.read('f', ROOTS)
  log.push(...rest)
  const seen = documents.read('f', ROOTS)
  for (const body of rest) documents.append('f', [body], [])
  expect((await seen).text).toBe('b'.repeat(3_000))
})

test('a text below a map takes the difference, so that what others typed into it stays', async () => {
  const doc = new Y.Doc()
  doc.clientID = 1
  const clause = new Y.Map<unknown>([['text', new Y.Text('Each bears its costs.')]])
  doc.getMap('clauses').set('costs', clause)
  const documents = documentsOf(() => Promise.resolve({ bodies: [Y.encodeStateAsUpdate(doc)], frontier: [] }))
  const change = (id: string, value: string) => {
    return documents.edit('f', 2, [], { fields: [{ path: ['clauses', id, 'text'], value, text: true }] })
  }
  const updates = [await change('costs', 'Each bears its own costs.'), await change('law', 'German.')]
  // Meanwhile, by somebody else.
  const text = clause.get('text') as Y.Text
  text.insert(text.length, ' So it is.')
  Y.applyUpdate(doc, updates[0] as Uint8Array)
  expect(doc.getMap('clauses').toJSON()).toEqual({ costs: { text: 'Each bears its own costs. So it is.' } })
  const other = new Y.Doc()
  Y.applyUpdate(other, updates[1] as Uint8Array)
  expect((other.getMap('clauses').get('law') as Y.Map<unknown>).get('text')).toBeInstanceOf(Y.Text)
})
