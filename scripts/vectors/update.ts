// Writes protocols/update/vectors. Deterministic: fixed client ids, no clock, no randomness.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as Y from 'yjs'
import { structRoot } from '../../src/replica/struct-root.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { VECTOR_LAYOUT, gateInvalid, gateValid } from './update-gate-cases.ts'
import { scanInvalid, scanValid } from './update-scan-cases.ts'

/** Bodies of one facet in a causal order, and the struct root of the document that they make. */
export interface RootVector {
  name: string
  rule: string
  bodies: string[]
  root: string
}

type Edit = (doc: Y.Doc) => void

/** Three authors in turn, each having seen what came before. */
const SESSIONS: { name: string; edits: [author: 0 | 1 | 2, edit: Edit][] }[] = [
  {
    name: 'typing',
    edits: [
      [0, doc => doc.getText('text').insert(0, 'We 🙂')],
      [0, doc => doc.getText('text').insert(5, ' agree')]
    ]
  },
  {
    name: 'insertion into and deletion from the text of another',
    edits: [
      [0, doc => doc.getText('text').insert(0, 'one three')],
      [1, doc => doc.getText('text').insert(4, 'two ')],
      [2, doc => doc.getText('text').delete(2, 4)]
    ]
  },
  {
    name: 'values under keys and in lists',
    edits: [
      [0, doc => doc.getMap('meta').set('title', { at: [1, 2.5, null, 'x'] })],
      [1, doc => doc.getMap('meta').set('title', 'later')],
      [2, doc => doc.getArray('list').push([1, true, -3])]
    ]
  },
  {
    name: 'content inside a type that another author deletes',
    edits: [
      [0, doc => cards(doc).set('a', new Y.Map([['notes', new Y.Text('draft')]]))],
      [1, doc => (cards(doc).get('a') as Y.Map<Y.Text>).get('notes')?.insert(5, ' two')],
      [2, doc => cards(doc).delete('a')]
    ]
  }
]

const cards = (doc: Y.Doc): Y.Map<Y.Map<unknown>> => doc.getMap('cards')

function rootVectors(): RootVector[] {
  return SESSIONS.map(({ name, edits }) => {
    const doc = new Y.Doc()
    const bodies: Uint8Array[] = []
    doc.on('update', (body: Uint8Array) => bodies.push(body))
    for (const [author, edit] of edits) {
      doc.clientID = 2 ** 40 + author
      edit(doc)
    }
    return {
      name,
      rule: 'UPD-26',
      bodies: bodies.map(toHex),
      root: toHex(structRoot(Y.encodeStateAsUpdate(doc)))
    }
  })
}

/** Path below the repository to contents. */
export function updateVectors(): { [path: string]: string } {
  const files = {
    'protocols/update/vectors/valid.json': {
      layout: VECTOR_LAYOUT,
      scan: scanValid(),
      gate: gateValid(),
      root: rootVectors()
    },
    'protocols/update/vectors/invalid.json': {
      layout: VECTOR_LAYOUT,
      scan: scanInvalid(),
      gate: gateInvalid()
    }
  }
  return Object.fromEntries(
    Object.entries(files).map(([path, value]) => [path, `${JSON.stringify(value, null, 1)}\n`])
  )
}

if (import.meta.main) {
  for (const [path, contents] of Object.entries(updateVectors())) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }
}
