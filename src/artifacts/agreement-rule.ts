// What a rule about terms is made of: what it looks at, and what it says where it finds something.
import type { TermsPlace } from './agreement-draft.ts'
import type { TermsBody } from './agreement-terms.ts'

export interface CheckFacts extends TermsPlace {
  pairing: string
  /** By party: whether a key of it that may seal is pinned in the space. */
  seals: readonly boolean[]
  /** What stands in the space, as far as this node has it, but for what is private. */
  documents: readonly SharedDocument[]
  /** Today, `YYYY-MM-DD`, UTC. */
  day: string
}

export interface SharedDocument {
  kind: string
  class: 'public' | 'shared-confidential'
}

/** How many of these whom the terms admit would come to see (AGR-20). What is under a rule waits for its contributor. */
export function shownTo({ scope, reciprocity }: TermsBody, documents: readonly SharedDocument[]): number {
  const covers = (kind: string) =>
    scope.kinds.some(one => one === kind) && !reciprocity.some(rule => rule.kind === kind)
  const confidential = scope.classes.includes('shared-confidential')
  return documents.filter(one => {
    if (one.class === 'public' || one.kind === 'PeerAgreement.v1') return true
    return confidential && covers(one.kind)
  }).length
}

/** In words, with what {@link shownTo} counts. */
export function admissionText({ parties, admits = 0 }: TermsBody, count: number): string {
  const names = parties.slice(parties.length - admits).map(({ name }) => name)
  const what = count === 1 ? '1 document that is here' : `${count} documents that are here`
  return `${names.join(', ')} would come to see ${what}, and all that follows in the scope.`
}

/** Something that a rule found. */
export interface Fault {
  /** In the terms, such as `amendment.threshold`. */
  where: string
  /** A sentence for people. */
  says: string
  /** The next step. `DRAFT` in it is the draft, `#1` the record of party 1, `ID` a record that people look up. */
  fix: string
}

export interface Rule {
  rule: string
  /** `blocks`: this program proposes no terms of which it is so. */
  severity: 'blocks' | 'warns'
  /** For the table in the spec. */
  about: string
  find: (terms: TermsBody, facts: CheckFacts) => Fault[]
}

export function blocks(rule: string, about: string, find: Rule['find']): Rule {
  return { rule, severity: 'blocks', about, find }
}

export function warns(rule: string, about: string, find: Rule['find']): Rule {
  return { rule, severity: 'warns', about, find }
}

/** One fault if so. */
export function when(wrong: boolean, where: string, says: string, fix: string): Fault[] {
  return wrong ? [{ where, says, fix }] : []
}

/** @param value as it is typed after the field */
export function set(field: string, value = '="..."'): string {
  return `parley set DRAFT ${field}${value}`
}

/** Values that come more than once, each once. */
export function repeated<T>(values: readonly T[]): T[] {
  return [...new Set(values.filter((value, i) => values.indexOf(value) !== i))]
}
