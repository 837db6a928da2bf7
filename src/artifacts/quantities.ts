// Which fields of an artifact hold a quantity: a decimal string that people compute with and sign.
// protocols/artifacts, ART-11.
import type { ArtifactKind } from './layouts.ts'

/** With sign and point, no exponent, no leading zero; trailing zeros say how exact it is. */
export const QUANTITY_PATTERN = '^(?!-0(\\.0+)?$)-?(0|[1-9][0-9]*)(\\.[0-9]+)?$'
export const QUANTITY_CHARS_MAX = 64
const QUANTITY = new RegExp(QUANTITY_PATTERN)

const FIELDS: { [K in ArtifactKind]?: readonly string[] } = {
  'PeerAgreement.v1': ['reciprocity.*.maxExposure'],
  'JointInitiativePlan.v1': [
    'resources.*.amount',
    'kpis.*.baseline',
    'kpis.*.target',
    'kpis.*.series.*.value',
    'progress.*.percent'
  ],
  'BenchmarkReport.v1': ['snapshots.*.value'],
  'ImprovementPlan.v1': ['findings.*.value']
}

/** Paths of the quantities of a kind, `*` for the id of a record or the index of an element. */
export function quantitiesOf(kind: ArtifactKind): readonly string[] {
  return FIELDS[kind] ?? []
}

export function isQuantity(value: unknown): boolean {
  return typeof value === 'string' && value.length <= QUANTITY_CHARS_MAX && QUANTITY.test(value)
}
