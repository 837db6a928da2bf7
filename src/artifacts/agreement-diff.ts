// What differs between two sets of terms, field by field: two proposals can look alike and have two digests.
import type { TermsBody } from './agreement-terms.ts'

/** `a` or `b` is absent where only the other has something there. */
export interface Difference {
  /** Such as `noticeDays`, `parties.2.signatory`, `clauses.Disputes.text`. */
  where: string
  a?: string
  b?: string
}

/** In the order of the names of fields. What the program computes from the rest is left out. */
export function termsDifference(a: TermsBody, b: TermsBody): Difference[] {
  const [left, right] = [fieldsOf(a), fieldsOf(b)]
  const names = [...new Set([...left.keys(), ...right.keys()])].toSorted()
  return names.flatMap(where => {
    const [one, other] = [left.get(where), right.get(where)]
    if (one === other || (where.endsWith(ORDER) && sorted(one) !== sorted(other))) return []
    return [{ where, ...(one !== undefined && { a: one }), ...(other !== undefined && { b: other }) }]
  })
}

/** By what the elements of a list are known: where it is not their place, adding one does not change the others. */
const KEYS: { [list: string]: (element: never) => string } = {
  attachments: ({ title }: { title: string }) => title,
  clauses: ({ title }: { title: string }) => title,
  confidentiality: ({ kind, field }: { kind: string; field: string }) => `${kind} ${field}`,
  'antitrust.counsel': ({ party }: { party: number }) => `party ${party + 1}`,
  reciprocity: ({ kind }: { kind: string }) => kind
}

/** Only of the same elements: where one was added, that says it. */
const ORDER = ' (order)'

function sorted(lines = ''): string {
  return lines.split('\n').toSorted().join('\n')
}

function fieldsOf(terms: TermsBody): Map<string, string> {
  const fields = new Map<string, string>()
  const walk = (where: string, value: unknown): void => {
    if (Array.isArray(value)) list(where, value)
    else if (typeof value !== 'object' || value === null) fields.set(where, String(value))
    else for (const [key, item] of Object.entries(value)) walk(where === '' ? key : `${where}.${key}`, item)
  }
  const list = (where: string, values: unknown[]) => {
    const keyOf = KEYS[where] as ((element: unknown) => string) | undefined
    if (!keyOf && values.every(value => typeof value === 'string'))
      return void fields.set(where, values.join('\n'))
    const keys = values.map((value, i) => keyOf?.(value) ?? `${i + 1}`)
    for (const [i, value] of values.entries()) {
      const before = keys.slice(0, i).filter(key => key === keys[i]).length
      walk(`${where}.${keys[i]}${before > 0 ? ` (${before + 1})` : ''}`, value)
    }
    if (keyOf) fields.set(`${where}${ORDER}`, keys.join('\n'))
  }
  const { rendering: _computed, ...rest } = terms as TermsBody & { rendering?: string }
  walk('', rest)
  return fields
}
