// What a document made from its JSON form says, against every layout: the same, and nothing that the gate refuses.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { type FormJson, formOf } from '../../../src/artifacts/form.ts'
import { ARTIFACT_KINDS, type ArtifactKind, layoutOf } from '../../../src/artifacts/layouts.ts'
import { bars, isEmptyForm } from '../../../src/artifacts/share.ts'
import { fill } from '../../../src/node/documents/document-fill.ts'
import { StructIndex } from '../../../src/replica/struct-index.ts'
import { checkUpdate } from '../../../src/replica/update-gate.ts'
import type { Layout, LayoutValue } from '../../../src/wire/layout.ts'
import { type Reject, isReject } from '../../../src/wire/reject.ts'
import { scanUpdate } from '../../../src/wire/update.ts'

const CLIENT = 77

const words = fc.oneof(fc.constantFrom('', 'a', 'zero\u200bwidth', '\u202eturned', '🙂\n'), fc.string())
const plain = fc.oneof(words, fc.integer(), fc.boolean(), fc.constant(null), fc.jsonValue({ maxDepth: 3 }))

/** Whatever may stand there, empty things among it. */
function arbitrary(value: LayoutValue): fc.Arbitrary<unknown> {
  if (value === 'plain') return plain
  if (value === 'string') return words
  if (value === 'number') return fc.integer()
  if (value === 'boolean') return fc.boolean()
  if (value === 'list') return fc.array(plain, { maxLength: 3 })
  if (value.is === 'text') return words
  if (value.is === 'array') return fc.array(arbitrary(value.items), { maxLength: 4 })
  const named = Object.entries(value.keys).map(([key, under]) => [key, arbitrary(under)] as const)
  const known = fc.record(Object.fromEntries(named), { requiredKeys: [] })
  if (value.others === undefined) return known
  const others = fc.dictionary(fc.string({ maxLength: 6 }), arbitrary(value.others), { maxKeys: 3 })
  return fc.tuple(known, others).map(([a, b]) => ({ ...a, ...b }))
}

function rootsOf(doc: Y.Doc, layout: Layout): { [root: string]: unknown } {
  return Object.fromEntries(
    Object.entries(layout.roots).map(([name, { is }]) => {
      if (is === 'text') return [name, doc.getText(name).toJSON()]
      return [name, is === 'map' ? doc.getMap(name).toJSON() : doc.getArray(name).toJSON()]
    })
  )
}

/** Why the update may not be the first of such a document, if so. */
function refusal(layout: Layout, bytes: Uint8Array): Reject | undefined {
  const update = scanUpdate(bytes)
  if (isReject(update)) return update
  const { clockEnd, deletes } = update
  const place = { client: CLIENT, clock: 0, clockEnd, deletes }
  const verdict = checkUpdate(update, place, { segmentOf: () => undefined }, new StructIndex(layout))
  return isReject(verdict) ? verdict : undefined
}

function made(kind: ArtifactKind, form: FormJson): { says: FormJson; refused: Reject | undefined } {
  const layout = layoutOf(kind) as Layout
  const update = fill(layout, form, CLIENT)
  const doc = new Y.Doc()
  if (update.length > 0) Y.applyUpdate(doc, update)
  const says = formOf(kind, rootsOf(doc, layout)).json
  return { says, refused: isEmptyForm(form) ? undefined : refusal(layout, update) }
}

test.each(ARTIFACT_KINDS)('[ART-17] a %s that is written from its form says exactly that', kind => {
  const layout = layoutOf(kind) as Layout
  const content = arbitrary({ is: 'map', keys: layout.roots }) as fc.Arbitrary<{ [root: string]: unknown }>
  let sound = 0
  fc.assert(
    fc.property(content, roots => {
      const { json, faults } = formOf(kind, roots)
      if (faults.some(bars)) return
      sound++
      const { says, refused } = made(kind, json)
      expect(refused).toBeUndefined()
      expect(says).toEqual(json)
    }),
    { numRuns: 200 }
  )
  expect(sound).toBeGreaterThan(50)
})
