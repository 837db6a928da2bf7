// Writes protocols/artifacts/layouts.json, the schemas and the vectors. Deterministic: fixed client ids, no clock, no randomness.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as Y from 'yjs'
import { ARTIFACT_KINDS, layoutOf } from '../../src/artifacts/layouts.ts'
import { toHex } from '../../src/wire/bytes.ts'
import type { Layout, LayoutNode, LayoutValue } from '../../src/wire/layout.ts'
import { formVectors } from './artifact-forms.ts'
import { formSchema } from './artifact-schemas.ts'

/** The first body of a facet of this kind. */
export interface ArtifactVector {
  name: string
  rule: string
  kind: string
  body: string
  code?: string
}

const SAMPLES = { plain: { any: 'x' }, string: 'x', number: 1.5, boolean: true, list: ['x'] }

/** A value for this place: every key that the layout names, one entry where any id may stand. */
function filled(value: LayoutValue): unknown {
  if (typeof value === 'string') return SAMPLES[value]
  if (value.is === 'text') return new Y.Text('x')
  if (value.is === 'array') return Y.Array.from([filled(value.items)] as string[])
  const map = new Y.Map<unknown>()
  for (const [key, each] of entries(value)) map.set(key, filled(each))
  return map
}

function entries(map: LayoutNode & { is: 'map' }): [key: string, value: LayoutValue][] {
  return [...Object.entries(map.keys), ...(map.others ? [['id-1', map.others] as [string, LayoutValue]] : [])]
}

function fillRoot(doc: Y.Doc, name: string, node: LayoutNode): void {
  if (node.is === 'text') doc.getText(name).insert(0, '# x\n')
  else if (node.is === 'array') doc.getArray(name).push([filled(node.items)])
  else for (const [key, value] of entries(node)) doc.getMap(name).set(key, filled(value))
}

function bodyOf(edit: (doc: Y.Doc) => void): string {
  const doc = new Y.Doc()
  doc.clientID = 1
  edit(doc)
  return toHex(Y.encodeStateAsUpdate(doc))
}

function fill(layout: Layout): (doc: Y.Doc) => void {
  return doc => Object.entries(layout.roots).forEach(([name, node]) => fillRoot(doc, name, node))
}

function valid(kind: string, layout: Layout): ArtifactVector {
  return { name: `everything that a ${kind} may hold`, rule: 'ART-1', kind, body: bodyOf(fill(layout)) }
}

function invalid(kind: string, layout: Layout): ArtifactVector[] {
  const row = (rule: string, name: string, code: string, edit: (doc: Y.Doc) => void): ArtifactVector => {
    return { name, rule, kind, body: bodyOf(edit), code }
  }
  const other = kind === 'DecisionTopic.v1' ? 'milestones' : 'options'
  const records = Object.keys(layout.roots).filter(
    name => (layout.roots[name] as { others?: unknown }).others
  )
  return [
    row('ART-1', 'a root of another kind', 'update-layout', doc =>
      doc.getMap(other).set('id-1', new Y.Map())
    ),
    row('ART-1', 'an unknown key in meta', 'update-layout', doc => doc.getMap('meta').set('colour', 'red')),
    row('ART-2', 'a title that is a shared text', 'update-layout', doc =>
      doc.getMap('meta').set('title', new Y.Text('x'))
    ),
    row('ART-2', 'a main text that is a list', 'update-layout', doc => doc.getArray('text').push(['x'])),
    row('ART-3', 'bold text', 'update-struct', doc => doc.getText('text').insert(0, 'x', { bold: true })),
    row('ART-3', 'a picture in the text', 'update-struct', doc =>
      doc.getText('text').insertEmbed(0, { image: 'x' })
    ),
    ...records.map(name =>
      row('ART-4', `a record in ${name} that is a plain value`, 'update-layout', doc =>
        doc.getMap(name).set('id-1', { title: 'x' })
      )
    )
  ]
}

/** Under each key for which the layout names a type, a value of another. */
function mistyped(kind: string, layout: Layout): ArtifactVector[] {
  return Object.entries(layout.roots).flatMap(([root, node]) => {
    const record = node.is === 'map' && typeof node.others === 'object' ? node.others : node
    if (record.is !== 'map') return []
    const typed = Object.entries(record.keys).filter(
      ([, type]) => typeof type === 'string' && type !== 'plain'
    )
    return typed.map(([key, type]) => {
      const [wrong, name] = type === 'string' ? [5, 'a number'] : ['x', 'a string']
      const body = bodyOf(doc => {
        if (record === node) doc.getMap(root).set(key, wrong)
        else doc.getMap(root).set('id-1', new Y.Map([[key, wrong]]))
      })
      return { name: `${name} as ${key} in ${root}`, rule: 'ART-7', kind, body, code: 'update-type' }
    })
  })
}

/** Path below the repository to contents. */
export function artifactVectors(): { [path: string]: string } {
  const kinds = ARTIFACT_KINDS.map(kind => [kind, layoutOf(kind) as Layout] as const)
  const files = {
    'protocols/artifacts/layouts.json': Object.fromEntries(kinds),
    'protocols/artifacts/vectors/valid.json': kinds.map(([kind, layout]) => valid(kind, layout)),
    'protocols/artifacts/vectors/invalid.json': kinds.flatMap(([kind, layout]) => [
      ...invalid(kind, layout),
      ...mistyped(kind, layout)
    ]),
    'protocols/artifacts/vectors/forms.json': formVectors(),
    ...Object.fromEntries(
      ARTIFACT_KINDS.map(kind => [`protocols/artifacts/schemas/${kind}.schema.json`, formSchema(kind)])
    )
  }
  return Object.fromEntries(
    Object.entries(files).map(([path, value]) => [path, `${JSON.stringify(value, null, 1)}\n`])
  )
}

if (import.meta.main) {
  for (const [path, contents] of Object.entries(artifactVectors())) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }
}
