// The thread in which Yjs documents live. It gets only bodies that passed the gate; should one of them still
// cost too much, this thread ends and the node goes on. protocols/update, section 7.
import { parentPort } from 'node:worker_threads'
import * as Y from 'yjs'
import { structRoot } from '../../replica/struct-root.ts'
import type { Layout } from '../../wire/layout.ts'
import { fill } from './document-fill.ts'
import { type TextChange, textChanges } from './text-change.ts'

export type RootKind = 'text' | 'map' | 'array'

/** What the main thread asks for; `facet` names the document. */
export type DocumentTask =
  | { do: 'load'; facet: string; bodies: Uint8Array[] }
  | { do: 'apply'; facet: string; bodies: Uint8Array[] }
  | { do: 'forget'; facet: string }
  | { do: 'read'; facet: string; roots: { [name: string]: RootKind } }
  /** A document of these bodies alone, which is not kept. */
  | { do: 'preview'; facet: string; bodies: Uint8Array[]; roots: { [name: string]: RootKind } }
  | { do: 'passages'; facet: string }
  /** One update by `client` that makes a document of this form, and the document that it makes. */
  | {
      do: 'compose'
      facet: string
      client: number
      layout: Layout
      form: { [root: string]: unknown }
      roots: { [name: string]: RootKind }
    }
  /** All of it as one update. */
  | { do: 'state'; facet: string }
  /** An edit by `client`, on the document itself or on one made of `bodies` alone. */
  | {
      do: 'edit'
      facet: string
      client: number
      bodies?: Uint8Array[]
      text?: string
      fields?: FieldChange[]
    }

/** Sets a plain value at a path of map keys below a root; `undefined` deletes it. */
export interface FieldChange {
  path: string[]
  value: unknown
  /** The value is what a shared text there is to say: it takes the difference. */
  text?: true
}

export interface DocumentRead {
  text: string
  fields: { [root: string]: unknown }
  structRoot: Uint8Array
}

export interface WrittenText {
  client: number
  clock: number
  text: string
}

const documents = new Map<string, Y.Doc>()

function documentOf(facet: string): Y.Doc {
  let doc = documents.get(facet)
  if (!doc) documents.set(facet, (doc = new Y.Doc()))
  return doc
}

function applyAll(doc: Y.Doc, bodies: Uint8Array[]): void {
  doc.transact(() => {
    for (const body of bodies) if (body.length > 0) Y.applyUpdate(doc, body)
  })
}

function perform(task: DocumentTask): unknown {
  if (task.do === 'preview') {
    const passing = new Y.Doc()
    applyAll(passing, task.bodies)
    return read(passing, task.roots)
  }
  if (task.do === 'compose') {
    const update = fill(task.layout, task.form, task.client)
    const made = new Y.Doc()
    applyAll(made, [update])
    return { update, read: read(made, task.roots) }
  }
  const doc = documentOf(task.facet)
  switch (task.do) {
    case 'load': {
      const fresh = new Y.Doc()
      applyAll(fresh, task.bodies)
      documents.set(task.facet, fresh)
      return undefined
    }
    case 'apply':
      return applyAll(doc, task.bodies)
    case 'forget':
      documents.delete(task.facet)
      return undefined
    case 'read':
      return read(doc, task.roots)
    case 'passages':
      return passages(doc)
    case 'state':
      return Y.encodeStateAsUpdate(doc)
    case 'edit':
      return edit(doc, task)
  }
}

function read(doc: Y.Doc, roots: { [name: string]: RootKind }): DocumentRead {
  const fields: { [root: string]: unknown } = {}
  for (const name of Object.keys(roots).sort()) {
    const kind = roots[name]
    if (name === 'text') continue
    if (kind === 'text') fields[name] = doc.getText(name).toJSON()
    else fields[name] = sorted(kind === 'map' ? doc.getMap(name).toJSON() : doc.getArray(name).toJSON())
  }
  return { text: doc.getText('text').toJSON(), fields, structRoot: structRoot(Y.encodeStateAsUpdate(doc)) }
}

/** Key order is an accident of history in Yjs. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]))
}

/** The text as it stands, cut where its writer changes. */
function passages(doc: Y.Doc): WrittenText[] {
  const found: WrittenText[] = []
  for (let item = doc.getText('text')._start; item; item = item.right) {
    if (item.deleted || !(item.content instanceof Y.ContentString)) continue
    const last = found.at(-1)
    const { client, clock } = item.id
    if (last?.client === client && last.clock + last.text.length === clock) last.text += item.content.str
    else found.push({ client, clock, text: item.content.str })
  }
  return found
}

/** The update that an edit makes, in a copy: the document itself takes it back through the gate. */
function edit(doc: Y.Doc, task: Extract<DocumentTask, { do: 'edit' }>): Uint8Array {
  const view = new Y.Doc()
  if (task.bodies) applyAll(view, task.bodies)
  else Y.applyUpdate(view, Y.encodeStateAsUpdate(doc))
  // After loading: Yjs gives itself another id when it meets its own history.
  view.clientID = task.client
  const updates: Uint8Array[] = []
  view.on('update', (update: Uint8Array) => updates.push(update))
  view.transact(() => {
    if (task.text !== undefined) changeText(view.getText('text'), task.text)
    for (const change of task.fields ?? []) setField(view, change)
  })
  const update = updates[0] ?? new Uint8Array(0)
  view.destroy()
  return update
}

function changeText(text: Y.Text, next: string): void {
  const changes: TextChange[] = textChanges(text.toJSON(), next)
  for (const { at, deleted, inserted } of changes) {
    if (deleted > 0) text.delete(at, deleted)
    if (inserted !== '') text.insert(at, inserted)
  }
}

function setField(doc: Y.Doc, { path, value, text }: FieldChange): void {
  const [root, ...keys] = path
  const last = keys.pop()
  if (root === undefined || last === undefined) throw new Error('a field is named root.key')
  let map: Y.Map<unknown> = doc.getMap(root)
  for (const key of keys) {
    const inner = map.get(key)
    if (inner instanceof Y.Map) map = inner
    else {
      const made = new Y.Map<unknown>()
      map.set(key, made)
      map = made
    }
  }
  if (value === undefined) map.delete(last)
  else if (text) changeText(textAt(map, last), String(value))
  else map.set(last, value)
}

function textAt(map: Y.Map<unknown>, key: string): Y.Text {
  const known = map.get(key)
  if (known instanceof Y.Text) return known
  const made = new Y.Text()
  map.set(key, made)
  return made
}

parentPort?.on('message', ({ id, task }: { id: number; task: DocumentTask }) => {
  try {
    parentPort?.postMessage({ id, result: perform(task) })
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) })
  }
})
