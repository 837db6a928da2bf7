// Writes again what envelopes changed that do not count: on the document as it stands, by a key of today.
import { pastOf } from '../../replica/drafts.ts'
import type { Facet, Tip } from '../../replica/facet.ts'
import { type Position, isSame } from '../../replica/lane-tree.ts'
import { toHex } from '../../wire/bytes.ts'
import type { FieldChange } from '../documents/document-worker.ts'
import type { Library } from './library.ts'
import { mergeTexts } from './text-merge.ts'

/** The document with what these envelopes changed, found by comparing what they saw with what they left. */
export async function rewritten(library: Library, facet: Facet, positions: Position[]) {
  const last = positions.at(-1) as Position
  const after = pastOf(facet, last)
  const before = after.filter(position => !positions.some(one => isSame(one, position)))
  const [old, theirs] = [await library.preview(facet, before), await library.preview(facet, after)]
  const now = await library.document(facet)
  const text = mergeTexts(old.text, theirs.text, now.text)
  return { frontier: now.frontier, text, fields: changedFields(old.fields, theirs.fields) }
}

/** @returns the envelope with which it ends; none where the document says it already */
export async function writeAgain(
  library: Library,
  facet: Facet,
  positions: Position[]
): Promise<Tip | undefined> {
  const { frontier, text, fields } = await rewritten(library, facet, positions)
  return library.change(toHex(facet.id), frontier, { text, fields })
}

/** Plain values that differ, as paths below their root. */
function changedFields(before: unknown, after: unknown, path: string[] = []): FieldChange[] {
  if (isMap(before) || isMap(after)) {
    const [a, b] = [isMap(before) ? before : {}, isMap(after) ? after : {}]
    const keys = new Set([...Object.keys(a), ...Object.keys(b)])
    return [...keys].flatMap(key => changedFields(a[key], b[key], [...path, key]))
  }
  if (JSON.stringify(before) === JSON.stringify(after) || path.length < 2) return []
  return [{ path, value: after }]
}

function isMap(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
