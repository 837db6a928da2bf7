// Writes protocols/policy/cases.json: every question that policy can be asked, and its verdict. The verdicts are
// computed here from the text of the specification, not by the code that they test.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export const DIRECTIONS = ['announce', 'request', 'send', 'store'] as const
export const CERTIFICATES = ['none', 'revoked', 'expired', 'current'] as const
export const CLASSES = ['private', 'shared-confidential', 'public'] as const

/** own, certificate, confirmed; party, accepted, frozen; class and owned here, both null for a space; verdict. */
export type CaseRow = [
  own: boolean,
  certificate: (typeof CERTIFICATES)[number],
  confirmed: boolean,
  party: boolean,
  accepted: boolean,
  frozen: boolean,
  dataClass: (typeof CLASSES)[number] | null,
  ownedHere: boolean | null,
  verdict: string
]

const BOTH = [false, true]
const FACETS: [CaseRow[6], CaseRow[7]][] = [
  [null, null],
  ...CLASSES.flatMap(name => BOTH.map(owned => [name, owned] as [CaseRow[6], CaseRow[7]]))
]

function verdict(...[own, certificate, confirmed, party, accepted, frozen, name, owned]: Parts): string {
  const stranger = !own
  const denials: [string, boolean][] = [
    ['POL-2', certificate === 'none'],
    ['POL-3', certificate === 'revoked'],
    ['POL-4', certificate === 'expired'],
    ['POL-5', name === 'private' && (stranger || owned === false)],
    ['POL-6', stranger && !party],
    ['POL-7', stranger && name !== null && !accepted],
    ['POL-8', stranger && name !== null && frozen],
    ['POL-9', stranger && (name === 'private' || name === 'shared-confidential') && !confirmed]
  ]
  return denials.find(([, denies]) => denies)?.[0] ?? 'allow'
}

type Parts = CaseRow extends [...infer P, string] ? P : never

export function policyCases(): CaseRow[] {
  const rows: CaseRow[] = []
  for (const [name, owned] of FACETS)
    for (const certificate of CERTIFICATES)
      for (const own of BOTH)
        for (const party of BOTH)
          for (const accepted of BOTH)
            for (const frozen of BOTH)
              for (const confirmed of BOTH) {
                const parts: Parts = [own, certificate, confirmed, party, accepted, frozen, name, owned]
                rows.push([...parts, verdict(...parts)])
              }
  return rows
}

/** Path below the repository to contents. */
export function policyVectors(): { [path: string]: string } {
  const columns = [
    'own',
    'certificate',
    'confirmed',
    'party',
    'accepted',
    'frozen',
    'class',
    'ownedHere',
    'verdict'
  ]
  const rows = policyCases().map(row => `  ${JSON.stringify(row)}`)
  const lines = [
    '{',
    ` "directions": ${JSON.stringify(DIRECTIONS)},`,
    ` "columns": ${JSON.stringify(columns)},`,
    ' "rows": [',
    rows.join(',\n'),
    ' ]',
    '}',
    ''
  ]
  return { 'protocols/policy/cases.json': lines.join('\n') }
}

if (import.meta.main) {
  for (const [path, contents] of Object.entries(policyVectors())) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }
}
