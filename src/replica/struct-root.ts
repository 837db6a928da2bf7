// The struct root: a hash of what a facet's document is made of, equal wherever the same envelopes took
// effect, however Yjs batched, split, merged or garbage-collected. protocols/update, section 4.
import { utf8 } from '../wire/bytes.ts'
import type { DeleteRange } from '../wire/envelope.ts'
import { sha256 } from '../wire/hash.ts'
import type { Client } from '../wire/lane.ts'
import { isReject } from '../wire/reject.ts'
import { STRUCT_REFS, TYPE_REFS, UpdateWriter } from '../wire/update-encode.ts'
import { type StructId, equalIds } from '../wire/update-reader.ts'
import { type NestedType, type ScannedSection, type StructKind, scanState } from '../wire/update.ts'

const LABEL = utf8('parley/struct-root/1\n')

/** A run of units: each but the first has its predecessor as origin, all share the rest. */
interface Row {
  clock: number
  length: number
  kind: StructKind
  origin: StructId | undefined
  right: StructId | undefined
  /** A root's name, or the unit that opened the nested type. Undefined until resolved, and for GC. */
  parent: string | StructId | undefined
  key: string | undefined
  type: NestedType | undefined
  content: Uint8Array[]
}

/** Rows by client in descending order, each client's ascending and contiguous. */
type Table = Map<Client, Row[]>

/**
 * Computes the struct root of a document.
 * @param state what `Y.encodeStateAsUpdate(doc)` gives; nothing may be pending in the document
 * @returns 32 bytes
 * @throws if the bytes are not a document that the gate could have let come into being
 */
export function structRoot(state: Uint8Array): Uint8Array {
  const scanned = scanState(state)
  if (isReject(scanned)) throw new Error(`a document that no gate has passed: ${scanned}`)
  const table: Table = new Map()
  for (const section of scanned.sections) table.set(section.client, rowsOf(state, section))
  for (const rows of table.values()) for (const row of rows) resolve(row, table)
  bury(table, scanned.deletes)
  const out = new UpdateWriter().raw(LABEL).uint(table.size)
  for (const [client, rows] of table) {
    const merged = mergeRows(client, rows)
    out.uint(client).uint(merged.length)
    for (const row of merged) writeRow(out, row)
  }
  return sha256(out.finish())
}

function rowsOf(state: Uint8Array, section: ScannedSection): Row[] {
  return section.structs.map(struct => {
    const { clock, length, kind, origin, right, parent, key, type, start, end } = struct
    return { clock, length, kind, origin, right, parent, key, type, content: [state.subarray(start, end)] }
  })
}

/** Gives a row the parent and key of its neighbour, as Yjs does; beside GC, it is GC. */
function resolve(row: Row, table: Table): void {
  const waiting: Row[] = []
  let at = row
  // Whole documents hang together by origins, so this is a loop and every row is walked through once.
  while (at.kind !== 'gc' && at.parent === undefined) {
    waiting.push(at)
    at = find(table, (at.origin ?? at.right) as StructId)
  }
  for (const each of waiting) {
    if (at.kind === 'gc') each.kind = 'gc'
    each.parent = at.parent
    each.key = at.key
  }
}

function find(table: Table, id: StructId): Row {
  const rows = table.get(id.client) ?? []
  let low = 0
  let high = rows.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const row = rows[middle] as Row
    if (id.clock < row.clock) high = middle - 1
    else if (id.clock >= row.clock + row.length) low = middle + 1
    else return row
  }
  throw new Error(`the document refers to ${id.client}@${id.clock}, which it lacks`)
}

/**
 * Takes their content from deleted rows, and everything from rows inside deleted types: what Yjs has left of
 * these depends on when it collected garbage and on whether an undo manager held on to them.
 */
function bury(table: Table, deletes: DeleteRange[]): void {
  const deleted = new Set<Row>()
  for (const range of deletes) {
    for (let clock = range.clock; clock < range.clock + range.length;) {
      const row = find(table, { client: range.client, clock })
      deleted.add(row)
      clock = row.clock + row.length
    }
  }
  // Yjs deletes what stands in a deleted type, nested types too, so the place itself tells.
  const isInside = (row: Row): boolean =>
    row.kind === 'gc' || (typeof row.parent !== 'string' && deleted.has(find(table, row.parent as StructId)))
  const buried = [...table.values()].flatMap(rows => rows.filter(isInside))
  for (const row of deleted) Object.assign(row, { kind: 'deleted', type: undefined, content: [] })
  for (const row of buried) Object.assign(row, { kind: 'gc', parent: undefined, key: undefined, content: [] })
}

/** Joins what Yjs could have kept in one struct. */
function mergeRows(client: Client, rows: Row[]): Row[] {
  const merged: Row[] = []
  for (const row of rows) {
    const last = merged.at(-1)
    if (!last || !extend(client, last, row)) merged.push({ ...row, content: [...row.content] })
  }
  return merged
}

function extend(client: Client, last: Row, row: Row): boolean {
  if (last.kind !== row.kind || row.kind === 'type') return false
  if (row.kind !== 'gc') {
    if (row.origin?.client !== client || row.origin.clock !== row.clock - 1) return false
    if (!equalIds(last.right, row.right)) return false
  }
  last.length += row.length
  last.content.push(...row.content)
  return true
}

function writeRow(out: UpdateWriter, row: Row): void {
  const { clock, length, kind, origin, right, parent, key, type } = row
  out.uint(clock).uint(length).byte(STRUCT_REFS[kind])
  if (kind === 'gc') return
  const root = typeof parent === 'string'
  out.byte((origin ? 1 : 0) | (right ? 2 : 0) | (root ? 4 : 0) | (key === undefined ? 0 : 8))
  if (origin) out.id(origin)
  if (right) out.id(right)
  if (root) out.string(parent)
  else out.id(parent as StructId)
  if (key !== undefined) out.string(key)
  if (type) out.uint(TYPE_REFS[type])
  else if (kind !== 'deleted') out.raw(contentHash(row.content))
}

function contentHash(parts: Uint8Array[]): Uint8Array {
  if (parts.length === 1) return sha256(parts[0] as Uint8Array)
  const joined = new UpdateWriter()
  for (const part of parts) joined.raw(part)
  return sha256(joined.finish())
}
