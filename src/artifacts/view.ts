// A sealed artifact shown in part: which fields may go to whom, and the file that shows these and no others.
// protocols/documents, DOC-6 and DOC-19 to DOC-23.
import { z } from 'zod'
import type { DisclosedPart } from '../wire/disclosure.ts'
import { DATA_CLASSES, type DataClass } from '../wire/data-class.ts'
import { type LayoutValue, valueUnder } from '../wire/layout.ts'
import { Reject } from '../wire/reject.ts'
import { ARTIFACT_KINDS, type ArtifactKind, fieldsOf, layoutOf } from './layouts.ts'
import { type SealedFile, encodeSealed } from './sealed-file.ts'
import type { SealedArtifact } from './sealed.ts'

/** Field to data class, by kind. What is not here is private. */
export type Grid = ReadonlyMap<ArtifactKind, ReadonlyMap<string, DataClass>>

/** The most that a recipient may see: `shared-confidential` for a confirmed party of the artifact's space. */
export type Audience = 'public' | 'shared-confidential'

/** A view, with what it shows. */
export interface View {
  /** The exact bytes of its file. */
  bytes: Uint8Array
  /** Paths of the fields in it, such as `meta.title`. */
  fields: string[]
}

export const GridSchema = z.partialRecord(z.enum(ARTIFACT_KINDS), z.record(z.string(), z.enum(DATA_CLASSES)))

/** @returns `grid-shape` or `grid-field` otherwise. DOC-23. */
export function parseGrid(json: unknown): Grid | Reject {
  const shape = GridSchema.safeParse(json)
  if (!shape.success) {
    const at = shape.error.issues[0]?.path.join(': ') || 'the grid'
    return new Reject('grid-shape', `${at} is not a kind with its fields, each with a data class`)
  }
  const grid = new Map<ArtifactKind, Map<string, DataClass>>()
  for (const kind of ARTIFACT_KINDS) {
    const fields = fieldsOf(kind)
    const given = Object.entries(shape.data[kind] ?? {})
    const strange = given.find(([field]) => !fields.includes(field))
    if (strange)
      return new Reject('grid-field', `${kind} has no field ${JSON.stringify(strange[0].slice(0, 80))}`)
    grid.set(kind, new Map(given))
  }
  return grid
}

/** The class of the field at a path; private unless the grid says otherwise of exactly this field. */
export function classAt(grid: Grid, kind: ArtifactKind, path: readonly string[]): DataClass {
  const field = fieldAt(kind, path)
  return (field === undefined ? undefined : grid.get(kind)?.get(field)) ?? 'private'
}

function fieldAt(kind: ArtifactKind, [root = '', ...keys]: readonly string[]): string | undefined {
  const roots = layoutOf(kind)?.roots ?? {}
  let value: LayoutValue | undefined = Object.hasOwn(roots, root) ? roots[root] : undefined
  const names = [root]
  for (const key of keys) {
    if (typeof value !== 'object' || value.is === 'text') return undefined
    const isNamed = value.is === 'map' && Object.hasOwn(value.keys, key)
    value = value.is === 'array' ? value.items : valueUnder(value, key)
    names.push(isNamed ? key : '*')
  }
  return typeof value === 'string' || (value !== undefined && value.is === 'text')
    ? names.join('.')
    : undefined
}

/**
 * @param wanted paths of fields or of what holds them, `*` for any id; `source` for what it was made from
 * @returns `disclosure-field` for one that is not there, `disclosure-class` for one that the recipient may not see,
 *   `disclosure-source` where DOC-6 forbids it
 */
export function makeView(
  sealed: SealedArtifact,
  wanted: readonly string[],
  grid: Grid,
  audience: Audience
): View | Reject {
  const { kind, parts, file } = sealed
  const leaves = parts.filter(({ path, holdsParts }) => path[0] === 'content' && !holdsParts)
  const chosen = new Set<DisclosedPart>()
  for (const path of wanted.filter(field => field !== 'source')) {
    const names = path.split('.')
    const found = leaves.filter(part => fits(names, part.path.slice(1)))
    if (found.length === 0) return new Reject('disclosure-field', `there is no field ${path} in it`)
    for (const part of found) chosen.add(part)
  }
  const closed = [...chosen].filter(({ path }) => !maySee(classAt(grid, kind, path.slice(1)), audience))
  if (closed.length > 0) {
    const names = [...new Set(closed.map(({ path }) => fieldAt(kind, path.slice(1)) ?? path.join('.')))]
    return new Reject('disclosure-class', `not for this recipient by the grid: ${names.sort().join(', ')}`)
  }
  const fields = [...chosen].map(({ path }) => path.slice(1).join('.')).sort()
  if (!wanted.includes('source')) return { bytes: encodeSealed(viewOf(file, chosen)), fields }
  if (!sealed.source)
    return new Reject('disclosure-field', 'what it was made from is withheld from us as well')
  if (chosen.size < leaves.length || !maySee(sealed.class, audience)) {
    return new Reject('disclosure-source', 'ids and digests of the document go only with all of its fields')
  }
  return { bytes: encodeSealed(file), fields: [...fields, 'source'] }
}

/** The same envelope and evidence with these parts alone, and what each stands within. */
function viewOf(file: SealedFile, parts: Iterable<DisclosedPart>): SealedFile {
  const shown = new Set<string>()
  for (const part of parts) {
    for (let at: DisclosedPart | undefined = part; at; at = at.within) shown.add(at.disclosure.text)
  }
  return { ...file, disclosures: [...shown].sort() }
}

function fits(names: string[], path: readonly string[]): boolean {
  return names.length <= path.length && names.every((name, i) => name === '*' || name === path[i])
}

function maySee(dataClass: DataClass, audience: Audience): boolean {
  return dataClass === 'public' || dataClass === audience
}
