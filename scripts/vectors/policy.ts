// Writes protocols/policy/cases.json: every question that policy can be asked, and its verdict. The verdicts are
// computed here from the text of the specification, not by the code that they test.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export const DIRECTIONS = ['announce', 'request', 'send', 'store'] as const

/** Facts in the order of a row's letters, and what each letter says. `-`: the question is about the space itself. */
export const FACTS = {
  own: { 0: false, 1: true },
  certificate: { n: 'none', r: 'revoked', e: 'expired', c: 'current' },
  confirmed: { 0: false, 1: true },
  party: { 0: false, 1: true },
  accepted: { 0: false, 1: true },
  frozen: { 0: false, 1: true },
  agreement: { d: 'draft', a: 'active', p: 'paused', e: 'ended' },
  class: { '-': null, p: 'private', s: 'shared-confidential', u: 'public' },
  ownedHere: { '-': null, 0: false, 1: true },
  scope: { '-': null, a: 'agreement', c: 'covered', o: 'outside' },
  balance: { '-': null, o: 'open', s: 'shut', l: 'sole' }
} as const

type Fact = keyof typeof FACTS
/** One fact's letter each. */
export type Letters = { [fact in Fact]: string }

const NAMES = Object.keys(FACTS) as Fact[]

export function lettersOf(row: string): Letters {
  return Object.fromEntries(NAMES.map((name, i) => [name, row[i]])) as Letters
}

export function rowOf(letters: Letters): string {
  return NAMES.map(name => letters[name]).join('')
}

function verdict(facts: Letters): string {
  const stranger = facts.own === '0'
  const facet = facts.class !== '-'
  const shared = facts.class === 's'
  const denials: [string, boolean][] = [
    ['POL-2', facts.certificate === 'n'],
    ['POL-3', facts.certificate === 'r'],
    ['POL-4', facts.certificate === 'e'],
    ['POL-5', facts.class === 'p' && (stranger || facts.ownedHere === '0')],
    ['POL-6', stranger && facts.party === '0'],
    ['POL-7', stranger && facet && facts.accepted === '0'],
    ['POL-8', stranger && facet && facts.frozen === '1'],
    ['POL-9', stranger && shared && facts.confirmed === '0'],
    ['POL-14', stranger && facet && facts.agreement === 'd' && facts.scope !== 'a'],
    ['POL-15', stranger && shared && facts.agreement === 'e'],
    ['POL-16', stranger && shared && facts.agreement === 'p' && facts.scope !== 'a'],
    ['POL-17', stranger && shared && facts.agreement === 'a' && facts.scope === 'o'],
    ['POL-18', stranger && shared && facts.scope === 'c' && facts.balance === 's'],
    ['POL-19', stranger && shared && facts.scope === 'c' && facts.balance === 'l']
  ]
  return denials.find(([, denies]) => denies)?.[0] ?? 'allow'
}

/** All combinations of letters, the first facts varying slowest, with their verdicts: `1c1111as1co allow`. */
export function policyCases(): string[] {
  let rows = ['']
  for (const name of NAMES) rows = rows.flatMap(row => Object.keys(FACTS[name]).map(letter => row + letter))
  const isWhole = ({ class: name, ownedHere, scope, balance }: Letters) =>
    [ownedHere, scope, balance].every(letter => (letter === '-') === (name === '-'))
  const possible = rows.map(lettersOf).filter(isWhole)
  return possible.map(facts => `${rowOf(facts)} ${verdict(facts)}`)
}

/** Path below the repository to contents. */
export function policyVectors(): { [path: string]: string } {
  const lines = [
    '{',
    ` "directions": ${JSON.stringify(DIRECTIONS)},`,
    ' "facts": {',
    NAMES.map(name => `  ${JSON.stringify(name)}: ${JSON.stringify(FACTS[name])}`).join(',\n'),
    ' },',
    ' "rows": [',
    policyCases()
      .map(row => `  ${JSON.stringify(row)}`)
      .join(',\n'),
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
