// A document made from its JSON form, at once and by one client.
import * as Y from 'yjs'
import { type Layout, type LayoutValue, valueUnder } from '../../wire/layout.ts'

type Shared = Y.Text | Y.Map<unknown> | Y.Array<unknown>

/** @param form of a document with this layout, without a fault that `bars` it; @returns what it takes, as one update */
export function fill(layout: Layout, form: { [root: string]: unknown }, client: number): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = client
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  doc.transact(() => {
    for (const [name, node] of Object.entries(layout.roots)) {
      const root =
        node.is === 'text' ? doc.getText(name) : node.is === 'map' ? doc.getMap(name) : doc.getArray(name)
      pour(node, form[name], root)
    }
  })
  doc.destroy()
  return updates[0] ?? new Uint8Array(0)
}

function pour(node: LayoutValue, value: unknown, into: Shared): void {
  if (typeof node === 'string') return
  if (into instanceof Y.Text) {
    if (value !== '') into.insert(0, value as string)
  } else if (node.is === 'array') {
    const items = (value as unknown[]).map(item => made(node.items, item))
    if (items.length > 0) (into as Y.Array<unknown>).insert(0, items)
    for (const [i, item] of (value as unknown[]).entries()) pourInto(node.items, item, items[i])
  } else if (node.is === 'map') {
    for (const [key, item] of Object.entries(value as object)) {
      const under = valueUnder(node, key) as LayoutValue
      const one = made(under, item)
      ;(into as Y.Map<unknown>).set(key, one)
      pourInto(under, item, one)
    }
  }
}

/** Shared types are filled once they are in the document. */
function pourInto(node: LayoutValue, value: unknown, made: unknown): void {
  if (typeof node !== 'string') pour(node, value, made as Shared)
}

function made(node: LayoutValue, value: unknown): unknown {
  if (typeof node === 'string') return value
  if (node.is === 'text') return new Y.Text()
  return node.is === 'map' ? new Y.Map() : new Y.Array()
}
