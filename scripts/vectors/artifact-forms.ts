// What documents hold, and the JSON form of each: protocols/artifacts, ART-8 to ART-11.
import { formOf } from '../../src/artifacts/form.ts'
import type { ArtifactKind } from '../../src/artifacts/layouts.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { encodeJcs } from '../../src/wire/jcs.ts'

export interface FormVector {
  name: string
  rule: string
  kind: ArtifactKind
  /** What `toJSON` of each root gives; a number may be any double. */
  roots: { [root: string]: unknown }
  form: string
  faults: { code: string; path: string }[]
}

export const PLAN = {
  meta: { title: 'Shared calibration', goal: 'One bench', starts: '2026-01-01' },
  text: '# Plan\n',
  milestones: {
    m1: { title: 'Bench', progress: 40, dependsOn: [], text: 'Build it.\n' },
    m2: { title: 'Report', progress: 0, dependsOn: ['m1'], text: '' }
  },
  roles: {},
  resources: { r1: { title: 'Laser', amount: '2.50', unit: 'kEUR' } },
  kpis: {
    k1: { title: 'Drift', baseline: '-0.75', target: '0', series: [{ at: '2026-02-01', value: '0.10' }] }
  },
  progress: [{ at: '2026-02-01', percent: '12.5', note: 'begun' }]
}

const DEEP = Array.from({ length: 40 }).reduce<unknown>(inner => [inner], 'x')

export function formVectors(): { valid: FormVector[]; invalid: FormVector[] } {
  const row = (
    rule: string,
    name: string,
    kind: ArtifactKind,
    roots: { [root: string]: unknown }
  ): FormVector => {
    const { json, faults } = formOf(kind, roots)
    const told = faults.map(({ code, path }) => ({ code, path }))
    return { name, rule, kind, roots, form: toHex(encodeJcs(json)), faults: told }
  }
  const valid = [
    row('ART-8', 'nothing', 'StandardsDoc.v1', {}),
    row('ART-8', 'a plan', 'JointInitiativePlan.v1', PLAN),
    row('ART-8', 'an empty field, which is not a missing one', 'DecisionTopic.v1', { meta: { title: '' } }),
    row('ART-8', 'keys in another order', 'DecisionTopic.v1', {
      options: { b: { title: '2' }, a: { title: '1' } },
      meta: { title: 'T', question: 'Q' }
    }),
    row('ART-8', 'any value where any may stand', 'StandardsDoc.v1', {
      tests: { t: { input: null, expected: [{ constructor: [], n: -9007199254740991 }, true], weight: 3 } }
    }),
    row('ART-11', 'quantities', 'BenchmarkReport.v1', {
      snapshots: { a: { value: '0' }, b: { value: '-12.50' }, c: { value: '1000000000000000000000' } }
    })
  ]
  const invalid = [
    row('ART-9', 'a fraction', 'JointInitiativePlan.v1', { milestones: { m: { progress: 0.1 } } }),
    row('ART-9', 'a number over 2^53 - 1', 'StandardsDoc.v1', { tests: { t: { weight: 1e21 } } }),
    row('ART-9', 'a small number', 'StandardsDoc.v1', { tests: { t: { input: [1.5e-7] } } }),
    row('ART-9', 'half of a surrogate pair', 'DecisionTopic.v1', { text: 'a\ud83dz' }),
    row('ART-9', 'a text under a number', 'PeerAgreement.v1', { meta: { noticeDays: '30' } }),
    row('ART-9', 'a list where a record belongs', 'DecisionTopic.v1', { options: { a: ['x'] } }),
    row('ART-9', 'a map where a text belongs', 'DecisionTopic.v1', { text: {} }),
    row('ART-9', 'null under a string', 'DecisionTopic.v1', { meta: { title: null } }),
    row('ART-9', 'a root of another kind', 'DecisionTopic.v1', { milestones: {} }),
    row('ART-9', 'a key that no record has', 'DecisionTopic.v1', { options: { a: { colour: 'red' } } }),
    row('ART-9', 'a value 40 deep', 'StandardsDoc.v1', { tests: { t: { input: DEEP } } }),
    row('ART-10', 'a record named _sd', 'DecisionTopic.v1', { options: { _sd: { title: 'x' } } }),
    row('ART-10', 'a name ... within a value', 'StandardsDoc.v1', {
      tests: { t: { input: { '...': 'x' } } }
    }),
    ...['', '1e3', '-0', '-0.0', '01', '1.', '.5', '+1', '1,5', ' 1', '٣', '1\n', '9'.repeat(65)].map(value =>
      row('ART-11', `${JSON.stringify(value.slice(0, 8))} as a quantity`, 'ImprovementPlan.v1', {
        findings: { f: { value } }
      })
    ),
    row('ART-11', 'a number as a quantity', 'JointInitiativePlan.v1', { progress: [{ percent: 5 }] })
  ]
  return { valid, invalid }
}
