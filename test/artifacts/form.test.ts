// The JSON form of artifacts, protocols/artifacts ART-8 to ART-12: total, the same everywhere, and what the
// schemas say.
import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as Y from 'yjs'
import { describe, expect, test } from 'vitest'
import type { FormVector } from '../../scripts/vectors/artifact-forms.ts'
import { formOf } from '../../src/artifacts/form.ts'
import { ARTIFACT_KINDS, fieldsOf, layoutOf } from '../../src/artifacts/layouts.ts'
import { isQuantity, quantitiesOf } from '../../src/artifacts/quantities.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { encodeJcs } from '../../src/wire/jcs.ts'
import type { Layout, LayoutNode, LayoutValue } from '../../src/wire/layout.ts'

const file = (name: string): string => {
  return readFileSync(new URL(`../../protocols/artifacts/${name}`, import.meta.url), 'utf8')
}
const { valid, invalid } = JSON.parse(file('vectors/forms.json')) as {
  valid: FormVector[]
  invalid: FormVector[]
}
const schemas = new Map(
  ARTIFACT_KINDS.map(kind => {
    return [kind, new Ajv2020().compile(JSON.parse(file(`schemas/${kind}.schema.json`)) as object)]
  })
)

function facts({ kind, roots }: FormVector) {
  const { json, faults } = formOf(kind, roots)
  return { form: toHex(encodeJcs(json)), faults: faults.map(({ code, path }) => ({ code, path })) }
}

describe('vectors', () => {
  test.each(valid)('[$rule] $name', vector => {
    expect(facts(vector)).toEqual({ form: vector.form, faults: [] })
  })

  test.each(invalid)('[$rule] $name is a fault', vector => {
    expect(vector.faults.length).toBeGreaterThan(0)
    expect(facts(vector)).toEqual({ form: vector.form, faults: vector.faults })
  })
})

/** Anything at all, and things that are nearly right. */
const anything = fc.anything({
  withBigInt: true,
  withTypedArray: true,
  withDate: true,
  withNullPrototype: true
})
const names = fc.constantFrom(
  'meta',
  'text',
  'title',
  'noticeDays',
  '_sd',
  '...',
  '__proto__',
  'constructor',
  'a'
)
const nearly = fc.dictionary(names, fc.oneof(anything, fc.dictionary(names, anything)))

describe('the JSON form', () => {
  test('[ART-9] exists for every input and every kind', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ARTIFACT_KINDS), nearly, (kind, roots) => {
        const { json } = formOf(kind, roots)
        expect(Object.keys(json)).toEqual(Object.keys((layoutOf(kind) as Layout).roots))
        expect(encodeJcs(json).length).toBeGreaterThan(0)
      }),
      { seed: 1, numRuns: 1000 }
    )
  })

  test('[ART-9] minus zero is zero, and what no JSON has is null', () => {
    const meta = { noticeDays: -0 }
    expect(formOf('PeerAgreement.v1', { meta })).toMatchObject({
      json: { meta: { noticeDays: 0 } },
      faults: []
    })
    const tests = { t: { input: [undefined, () => 1, new Uint8Array(2)] } }
    const { json, faults } = formOf('StandardsDoc.v1', { tests })
    expect(json['tests']).toEqual({ t: { input: [null, null, null] } })
    expect(faults.map(({ code }) => code)).toEqual(['artifact-value', 'artifact-value', 'artifact-value'])
  })

  test('[ART-9] a key __proto__ is no prototype', () => {
    const options = JSON.parse('{"__proto__":{"title":"x"}}') as object
    const { json, faults } = formOf('DecisionTopic.v1', { options })
    expect(Object.getPrototypeOf(json['options'])).toBe(Object.prototype)
    expect(Object.keys(json['options'] as object)).toEqual([])
    expect(faults).toMatchObject([{ code: 'artifact-place', path: 'options.__proto__' }])
  })

  test('[ART-8] is the same for documents that were written in another order', () => {
    const edits = [
      (doc: Y.Doc) => doc.getMap('meta').set('title', 'T'),
      (doc: Y.Doc) => doc.getMap('meta').set('question', 'Q'),
      (doc: Y.Doc) => doc.getMap('options').set('b', new Y.Map([['title', 'B']])),
      (doc: Y.Doc) => doc.getMap('options').set('a', new Y.Map([['title', 'A']])),
      (doc: Y.Doc) => doc.getText('text').insert(0, 'x')
    ]
    const bytesOf = (order: typeof edits) => {
      const doc = new Y.Doc()
      for (const edit of order) edit(doc)
      const roots = {
        meta: doc.getMap('meta').toJSON(),
        options: doc.getMap('options').toJSON(),
        text: doc.getText('text').toJSON()
      }
      return toHex(encodeJcs(formOf('DecisionTopic.v1', roots).json))
    }
    expect(bytesOf(edits.toReversed())).toBe(bytesOf(edits))
  })

  test.each([
    ['0', true],
    ['-0.5', true],
    ['0.00', true],
    ['-0.00', false],
    ['1e3', false],
    ['1\n', false],
    ['Infinity', false],
    [12, false]
  ])('[ART-11] whether %j is a quantity: %j', (value, expected) => {
    expect(isQuantity(value)).toBe(expected)
  })

  test('[ART-11] every quantity is a field of its kind, or a member of one', () => {
    for (const kind of ARTIFACT_KINDS) {
      for (const path of quantitiesOf(kind)) {
        const holder = path.split('.').slice(0, -1).join('.')
        expect(
          [path, holder].some(field => fieldsOf(kind).includes(field)),
          `${kind} ${path}`
        ).toBe(true)
      }
    }
  })
})

/** Values that fit a place, and now and then one that does not. */
function arbitraryFor(value: LayoutValue): fc.Arbitrary<unknown> {
  const plain = fc.jsonValue({ maxDepth: 2 })
  const sound = fc.constantFrom<unknown>(
    null,
    true,
    -1,
    'x',
    [0],
    { constructor: [{}] },
    { value: '1', percent: '2' }
  )
  const orWrong = (right: fc.Arbitrary<unknown>) => fc.oneof({ weight: 80, arbitrary: right }, plain)
  switch (value) {
    case 'string':
      return orWrong(fc.constantFrom('0', '1.50', '-1'))
    case 'number':
      return orWrong(fc.maxSafeInteger())
    case 'boolean':
      return orWrong(fc.boolean())
    case 'list':
      return orWrong(fc.array(sound, { maxLength: 2 }))
    case 'plain':
      return fc.oneof(
        { weight: 60, arbitrary: sound },
        {
          weight: 1,
          arbitrary: fc.record({ value: fc.constantFrom('x', 5), percent: fc.constantFrom('2', '') })
        },
        { weight: 1, arbitrary: plain }
      )
    default:
      if (value.is === 'text') return orWrong(fc.constantFrom('', '# x\n'))
      if (value.is === 'array') return orWrong(fc.array(arbitraryFor(value.items), { maxLength: 2 }))
      return orWrong(mapFor(value))
  }
}

function mapFor({ keys, others }: LayoutNode & { is: 'map' }): fc.Arbitrary<unknown> {
  if (others === undefined) {
    const members = Object.entries(keys).map(([key, item]) => [key, arbitraryFor(item)])
    return fc.record(Object.fromEntries(members) as { [key: string]: fc.Arbitrary<unknown> }, {
      requiredKeys: []
    })
  }
  const id = fc.oneof({ weight: 30, arbitrary: fc.constantFrom('id-1', 'constructor') }, fc.constant('_sd'))
  return fc.dictionary(id, arbitraryFor(others), { maxKeys: 2 })
}

describe('schemas', () => {
  test.each(ARTIFACT_KINDS)('[ART-12] %s: without faults, and only then, it fits the schema', kind => {
    const { roots } = layoutOf(kind) as Layout
    const fits = schemas.get(kind)
    const content = fc.record(
      Object.fromEntries(Object.entries(roots).map(([name, node]) => [name, arbitraryFor(node)]))
    )
    let sound = 0
    fc.assert(
      fc.property(content, input => {
        // As it comes out of JSON: the schema judges what a program would have been given.
        const given = JSON.parse(JSON.stringify(input)) as { [root: string]: unknown }
        const { json, faults } = formOf(kind, given)
        if (faults.length === 0) {
          sound++
          expect(fits?.(json), JSON.stringify(fits?.errors)).toBe(true)
        }
        expect(fits?.(given), JSON.stringify([given, faults, fits?.errors])).toBe(faults.length === 0)
      }),
      { seed: 7, numRuns: 300 }
    )
    expect(sound).toBeGreaterThan(10)
  })

  test.each(valid)('[ART-12] $name fits the schema', ({ kind, form }) => {
    const fits = schemas.get(kind)
    expect(fits?.(JSON.parse(Buffer.from(form, 'hex').toString())), JSON.stringify(fits?.errors)).toBe(true)
  })
})
