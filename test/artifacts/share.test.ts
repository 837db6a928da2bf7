// What is taken of an artifact, what is not seen in it, and what its digest binds.
import { expect, test } from 'vitest'
import { keptNarrower, shareDigest, takeFields, unseenOf } from '../../src/artifacts/share.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import { utf8 } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'

const KIND = 'JointInitiativePlan.v1'
const PLAN = {
  meta: { title: 'T', goal: 'G' },
  text: 'words',
  kpis: {
    k1: { title: 'A', series: [{ at: 1 }, { at: 2 }] },
    k2: { title: 'B' },
    'k1\u200b': { title: 'hidden' }
  },
  progress: [{ at: '1', percent: '5' }, { at: '2' }],
  strange: { key: 1 }
}

const of = (...fields: string[]) => takeFields(KIND, PLAN, fields)

test('[ART-16] a path takes what stands there and below, and nothing that only looks alike', () => {
  expect(of('meta.title', 'text')).toEqual({ meta: { title: 'T' }, text: 'words' })
  expect(of('kpis.k1')).toEqual({ kpis: { k1: PLAN.kpis.k1 } })
  expect(of('kpis.*.title')).toEqual({
    kpis: { k1: { title: 'A' }, k2: { title: 'B' }, 'k1\u200b': { title: 'hidden' } }
  })
  expect(of('kpis.k1.series', 'kpis.k1')).toEqual({ kpis: { k1: PLAN.kpis.k1 } })
  expect(of('kpis.k1.series.1')).toEqual({ kpis: { k1: { series: [{ at: 2 }] } } })
  expect(of('progress.*')).toEqual({ progress: PLAN.progress })
})

test.each([
  ['meta.titel'],
  ['meta.title.0'],
  ['text.0'],
  ['progress.0.at'],
  ['strange'],
  ['strange.key'],
  ['meta.__proto__'],
  ['constructor'],
  ['kpis.K1'],
  [''],
  ['*.nothing']
])('[ART-16] %j leads to nothing, and is refused', field => {
  const taken = of('meta.goal', field)
  expect(isReject(taken) && taken.code).toBe('field-unknown')
})

test('[ART-16] what is not seen is named with its place, in names of records as well', () => {
  const form = {
    meta: { title: 'a\u200bb\u202ec\u200b', goal: 'line\nbreak' },
    kpis: { 'k\u2060': { title: '' } }
  }
  expect(unseenOf(form)).toEqual(['meta.title: U+200B, U+202E', 'the name kpis.k[U+2060]: U+2060'])
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, '\u00ad']))
  expect(unseenOf({ meta: many })).toHaveLength(100)
})

test('[ART-17] the digest binds the bytes, the artifact, the class, the kind, the space and the revision', () => {
  const facts = { kind: KIND, class: 'public', artifact: 'aa', space: 'bb', revision: 'cc' } as const
  const { revision: _, ...without } = facts
  const all = [
    shareDigest(utf8('{}'), facts),
    shareDigest(utf8('{ }'), facts),
    shareDigest(utf8('{}'), without),
    ...[
      { class: 'shared-confidential' as const },
      { artifact: 'ab' },
      { space: 'bc' },
      { revision: 'cd' },
      { kind: 'StandardsDoc.v1' as const }
    ].map(other => shareDigest(utf8('{}'), { ...facts, ...other }))
  ]
  expect(new Set(all).size).toBe(all.length)
  // Computed with Python's hashlib and json.
  expect(all[0]).toBe('94cfb4c59e13c335b00662e36c0971739ad2595b070170dc514b0dbb5bd1d878')
})

test('[ART-16] fields that say something and that the grid keeps in a narrower class are named', () => {
  const form = {
    meta: { title: 'T', goal: 'G' },
    text: 'words',
    kpis: { k1: { title: 'A' } },
    milestones: {}
  }
  const cell = (field: string, dataClass: DataClass) => ({ kind: KIND, field, class: dataClass }) as const
  const grid = [
    cell('meta.title', 'public'),
    cell('text', 'shared-confidential'),
    cell('kpis.*.title', 'private')
  ]
  const kept = (dataClass: DataClass) => keptNarrower({ kind: KIND, class: dataClass }, form, grid)
  expect(kept('shared-confidential').sort()).toEqual(['kpis.*.title', 'meta.goal'])
  expect(kept('public').sort()).toEqual(['kpis.*.title', 'meta.goal', 'text'])
  const other = [{ ...cell('meta.title', 'public'), kind: 'StandardsDoc.v1' } as const]
  expect(keptNarrower({ kind: KIND, class: 'public' }, { meta: { title: 'T' } }, other)).toEqual([
    'meta.title'
  ])
  expect(keptNarrower({ kind: KIND, class: 'public' }, { meta: {}, text: '' }, [])).toEqual([])
})
