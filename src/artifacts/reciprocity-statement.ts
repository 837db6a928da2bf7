// The statement of account between two parties: the same bytes for whoever holds the same log.
// protocols/reciprocity, REC-8.
import type { SpaceLog } from '../identity/space-log.ts'
import { toHex } from '../wire/bytes.ts'
import { agreementOf } from './agreement.ts'
import { type Ledger, type Rule, type Unsure, type Way, ledgerOf, ruleFor } from './reciprocity.ts'

/** @param between indices of two parties, in any order */
export function statementOf(space: SpaceLog, between: [number, number], unsure?: Unsure): string {
  const [a, b] = [Math.min(...between), Math.max(...between)]
  const ledger = ledgerOf(space, unsure)
  const { inForce } = agreementOf(space)
  const lines = [
    'parley statement 1',
    `space ${toHex(space.id)}`,
    `terms ${inForce ? toHex(inForce.id) : '-'}`,
    `a ${partyLine(space, a)}`,
    `b ${partyLine(space, b)}`,
    ...kindsOf(space, ledger, [a, b]).flatMap(kind => kindLines(space, ledger, kind, [a, b]))
  ]
  return `${lines.join('\n')}\n`
}

function partyLine(space: SpaceLog, company: number): string {
  const head = space.head(company)
  return `${space.parties[company] ?? ''} ${head ? `${head.seq} ${toHex(head.id)}` : '- -'}`
}

/** Kinds with a rule in force or an act between the two, in the order of their bytes. */
export function kindsOf(space: SpaceLog, ledger: Ledger, [a, b]: [number, number]): string[] {
  const ruled = agreementOf(space).inForce?.terms.reciprocity.map(({ kind }) => kind) ?? []
  const kinds = new Set([...ruled, ...ledger.kinds(a, b)])
  return [...kinds].sort()
}

function kindLines(space: SpaceLog, ledger: Ledger, kind: string, [a, b]: [number, number]): string[] {
  const rule = ruleFor(agreementOf(space), kind)
  const limits = rule ? `${rule.maxExposure} ${rule.soleSender ? 'sole' : '-'}` : '- -'
  return [
    `kind ${kind} ${limits}`,
    ...wayLines(ledger, 'a-b', { from: a, to: b, kind }, rule),
    ...wayLines(ledger, 'b-a', { from: b, to: a, kind }, rule)
  ]
}

function wayLines(ledger: Ledger, name: string, way: Way, rule: Rule | undefined): string[] {
  const { released, receipted, settled } = ledger.account(way)
  const signed = (unit: string) => {
    const entry = receipted.get(unit)
    return entry ? toHex(entry.id) : '-'
  }
  const given = new Set(released.map(({ unit }) => unit))
  const astray = [...receipted.keys()].filter(unit => !given.has(unit)).sort()
  return [
    `${name} ${released.length} ${ledger.opened(way, rule)} ${settled}`,
    ...released.map(({ unit, seq }, place) => `${place} ${unit} ${seq} ${signed(unit)}`),
    ...astray.map(unit => `- ${unit} - ${signed(unit)}`)
  ]
}
