// What of an artifact is to become part of a wider class: the fields that are taken, what stands in their way, and
// the digest that a person approves. protocols/artifacts, ART-16 to ART-18.
import { concatBytes, toHex, utf8 } from '../wire/bytes.ts'
import { DATA_CLASSES, type DataClass } from '../wire/data-class.ts'
import { sha256 } from '../wire/hash.ts'
import { type JcsValue, encodeJcs } from '../wire/jcs.ts'
import { type LayoutNode, type LayoutValue, valueUnder } from '../wire/layout.ts'
import { Reject, isReject } from '../wire/reject.ts'
import type { TermsBody } from './agreement-terms.ts'
import type { Fault, FormJson } from './form.ts'
import { type ArtifactKind, fieldsOf, layoutOf } from './layouts.ts'
import { nameUnseen, unseenIn } from './unseen.ts'

const LABEL = utf8('parley/share/1\n')
/** Told one by one; whoever has more looks at the bytes. */
const UNSEEN_MAX = 100

/** What content is approved for. */
export interface ShareFacts {
  kind: ArtifactKind
  class: DataClass
  /** Hexadecimal. */
  artifact: string
  space: string
  /** The revision in force, where there is one. */
  revision?: string
}

interface Pattern {
  field: string
  names: string[]
}

/**
 * @param roots plain content by root name
 * @param wanted paths of fields or of what holds them, `*` for any id or place
 * @returns the same with these alone, or `field-unknown` for a path at which nothing stands
 */
export function takeFields(
  kind: ArtifactKind,
  roots: { [root: string]: unknown },
  wanted: readonly string[]
): { [root: string]: unknown } | Reject {
  const met = new Set<string>()
  const patterns = wanted.map(field => ({ field, names: field.split('.') }))
  const layout: LayoutNode = { is: 'map', keys: layoutOf(kind)?.roots ?? {} }
  const taken = take(layout, roots, patterns, met)
  const strange = wanted.find(field => !met.has(field))
  if (strange !== undefined) return new Reject('field-unknown', `nothing stands at ${strange}`, false)
  return (taken ?? {}) as { [root: string]: unknown }
}

/** `undefined` where no pattern leads to anything. A single value is taken as a whole, whatever is in it. */
function take(layout: LayoutValue, value: unknown, patterns: Pattern[], met: Set<string>): unknown {
  const whole = patterns.filter(({ names }) => names.length === 0)
  for (const { field } of whole) met.add(field)
  const below = patterns.filter(({ names }) => names.length > 0)
  let parts: [string, unknown][] = []
  if (typeof layout !== 'string' && layout.is !== 'text' && typeof value === 'object' && value !== null) {
    parts = Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
      const fitting = below.filter(({ names }) => names[0] === '*' || names[0] === key)
      const next = layout.is === 'array' ? layout.items : valueUnder(layout, key)
      if (fitting.length === 0 || next === undefined) return []
      const found = take(
        next,
        item,
        fitting.map(({ field, names }) => ({ field, names: names.slice(1) })),
        met
      )
      return found === undefined ? [] : [[key, found]]
    })
  }
  if (whole.length > 0) return value
  if (parts.length === 0) return undefined
  return Array.isArray(value) ? parts.map(([, item]) => item) : Object.fromEntries(parts)
}

/** Whether anything was written: the roots alone are there in every document (ART-8). */
export function isEmptyForm(form: FormJson): boolean {
  return Object.values(form).every(root => {
    return typeof root === 'string' ? root === '' : Object.keys(root as object).length === 0
  })
}

/** Fields with content that the grid of an agreement keeps narrower; what it does not name is private. ART-16. */
export function keptNarrower(
  { kind, class: wanted }: Pick<ShareFacts, 'kind' | 'class'>,
  form: FormJson,
  grid: TermsBody['confidentiality']
): string[] {
  return fieldsOf(kind).filter(field => {
    const cell = grid.find(other => other.kind === kind && other.field === field)
    if (cell && DATA_CLASSES.indexOf(cell.class) >= DATA_CLASSES.indexOf(wanted)) return false
    const found = takeFields(kind, form, [field])
    return !isReject(found) && !isEmptyForm(found as FormJson)
  })
}

/** A quantity or a name that cannot be sealed stands as it is; other faults make the form say something else. ART-16. */
export function bars({ code }: Fault): boolean {
  return code !== 'artifact-quantity' && code !== 'artifact-name'
}

/** Where characters are that are not seen, such as `meta.title: U+200B`. What JSON escapes is seen. */
export function unseenOf(form: FormJson): string[] {
  const lines: string[] = []
  const look = (value: JcsValue, path: string) => {
    if (lines.length >= UNSEEN_MAX) return
    if (typeof value === 'string') tell(value, path)
    else if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) {
        const at = path === '' ? nameUnseen(key) : `${path}.${nameUnseen(key)}`
        tell(key, `the name ${at}`)
        look(item, at)
      }
    }
  }
  const tell = (text: string, where: string) => {
    const found = unseenIn(text).filter(code => code >= 'U+0020')
    if (found.length > 0) lines.push(`${where}: ${found.join(', ')}`)
  }
  look(form, '')
  return lines.slice(0, UNSEEN_MAX)
}

/** ART-17. @param content JCS bytes */
export function shareDigest(content: Uint8Array, { revision, ...facts }: ShareFacts): string {
  const bound = { ...facts, ...(revision !== undefined && { revision }), content: toHex(sha256(content)) }
  return toHex(sha256(concatBytes(LABEL, encodeJcs(bound))))
}
