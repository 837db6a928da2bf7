// Scans a Yjs v1 update without Yjs: what it claims to add and to delete, or why it is refused. No foreign
// byte reaches Yjs before this scan and the gate in `src/replica/update-gate.ts`. protocols/update, section 2.
import { BODY_BYTES_MAX, CLOCK_MAX, DELETES_MAX, type DeleteRange } from './envelope.ts'
import type { Client } from './lane.ts'
import type { PlainType } from './layout.ts'
import { Reject } from './reject.ts'
import { type StructId, UpdateReader } from './update-reader.ts'

/** 1,000 structs that are as awkward as possible cost Yjs 72 ms; 250 ms is what one update may take. */
export const STRUCTS_MAX = 1_000
/** The longest string in one struct or value, in bytes of UTF-8. Longer text is several structs. */
export const STRING_BYTES_MAX = 16_384

export type StructKind = 'gc' | 'deleted' | 'string' | 'any' | 'type'
export type NestedType = 'array' | 'map' | 'text'

/** Content references of Yjs. JSON, binary, embed, format, sub-document and skip are not on our wire. */
const KINDS: { [ref: number]: StructKind } = { 0: 'gc', 1: 'deleted', 4: 'string', 7: 'type', 8: 'any' }
/** Type references of Yjs. The XML types are not on our wire. */
const TYPES: { [ref: number]: NestedType } = { 0: 'array', 1: 'map', 2: 'text' }

export type ValueType = PlainType | 'null' | 'object'
/** By the first byte of a value (UPD-10). */
const VALUES: { [lead: number]: ValueType } = {
  117: 'list',
  118: 'object',
  119: 'string',
  120: 'boolean',
  121: 'boolean',
  123: 'number',
  124: 'number',
  125: 'number',
  126: 'null'
}

/** One struct as it stands in the bytes; `parent` and `key` are there only if it names no neighbour. */
export interface ScannedStruct {
  clock: number
  /** Units: UTF-16 code units, values, or deleted units. */
  length: number
  kind: StructKind
  origin: StructId | undefined
  right: StructId | undefined
  /** A root's name, or the identity of a nested type. */
  parent: string | StructId | undefined
  key: string | undefined
  /** The bytes say that it stands under a map key. Yjs may leave this out where it names a neighbour. */
  keyed: boolean
  type: NestedType | undefined
  /** Of which type its value is, where it holds exactly one. */
  value: ValueType | undefined
  /** Where its content lies in the bytes: text without its length, values without their number. */
  start: number
  end: number
}

/** The structs of one client, contiguous from `clock` up to but not including `clockEnd`. */
export interface ScannedSection {
  client: Client
  clock: number
  clockEnd: number
  structs: ScannedStruct[]
  /** Where the structs lie in the bytes. */
  from: number
  to: number
}

/** One envelope body. Without structs `client` is undefined and the clocks are 0. */
export interface ScannedUpdate {
  client: Client | undefined
  clock: number
  clockEnd: number
  structs: ScannedStruct[]
  /** Where the structs lie in the bytes. */
  from: number
  to: number
  /** By client, then clock, both ascending: as the envelope's header repeats them. */
  deletes: DeleteRange[]
}

/** A whole document, or a local update before it is split. Clients descend, as Yjs writes them. */
export interface ScannedState {
  sections: ScannedSection[]
  deletes: DeleteRange[]
}

interface ScanLimits {
  sections: number
  structs: number
  deletes: number
  stringBytes: number
}

const BODY_LIMITS: ScanLimits = {
  sections: 1,
  structs: STRUCTS_MAX,
  deletes: DELETES_MAX,
  stringBytes: STRING_BYTES_MAX
}
const STATE_LIMITS: ScanLimits = {
  sections: Infinity,
  structs: Infinity,
  deletes: Infinity,
  stringBytes: Infinity
}

/** Of a body that adds and deletes nothing. */
export const NOTHING_SCANNED: ScannedUpdate = {
  client: undefined,
  clock: 0,
  clockEnd: 0,
  structs: [],
  from: 0,
  to: 0,
  deletes: []
}

/** Scans one envelope body; an envelope without changes has no body at all and is not scanned. */
export function scanUpdate(bytes: Uint8Array): ScannedUpdate | Reject {
  if (bytes.length > BODY_BYTES_MAX) return new Reject('update-size', `${bytes.length} bytes`)
  const state = scan(bytes, BODY_LIMITS)
  if (state instanceof Reject) return state
  const { deletes } = state
  const section = state.sections[0]
  if (section) {
    const { client, clock, clockEnd, structs, from, to } = section
    return { client, clock, clockEnd, structs, from, to, deletes }
  }
  if (deletes.length === 0) return new Reject('update-empty', 'nothing is added and nothing deleted') // UPD-4
  return { ...NOTHING_SCANNED, deletes }
}

/** Scans our own bytes, `Y.encodeStateAsUpdate` or a local update: many clients, no limits but those of form. */
export function scanState(bytes: Uint8Array): ScannedState | Reject {
  return scan(bytes, STATE_LIMITS)
}

function scan(bytes: Uint8Array, limits: ScanLimits): ScannedState | Reject {
  const read = new UpdateReader(bytes)
  const sections = readSections(read, limits)
  const deletes = readDeletes(read, limits)
  if (read.left > 0) read.fail('update-trailing', `${read.left} bytes follow the update`)
  return read.reject ?? { sections, deletes }
}

function readSections(read: UpdateReader, limits: ScanLimits): ScannedSection[] {
  const sections: ScannedSection[] = []
  let before = Infinity
  for (let n = read.count(limits.sections, 5); n > 0 && !read.reject; n--) {
    const section = readSection(read, limits)
    if (section.client >= before) read.fail('update-order', 'clients do not descend')
    before = section.client
    sections.push(section)
  }
  return sections
}

function readSection(read: UpdateReader, limits: ScanLimits): ScannedSection {
  const count = read.count(limits.structs, 2)
  const client = read.uint(Number.MAX_SAFE_INTEGER)
  const clock = read.uint(CLOCK_MAX)
  if (count === 0) read.fail('update-count', 'a client without structs')
  const structs: ScannedStruct[] = []
  const from = read.at
  let clockEnd = clock
  for (let i = 0; i < count && !read.reject; i++) {
    const struct = readStruct(read, clockEnd, limits)
    clockEnd += struct.length
    if (struct.length === 0) read.fail('update-length', 'a struct of no length')
    else if (clockEnd > CLOCK_MAX) read.fail('update-length', 'the clock runs over')
    structs.push(struct)
  }
  return { client, clock, clockEnd, structs, from, to: read.at }
}

/** Info byte: five bits of content reference, then key, right origin and origin present. UPD-5, UPD-6 */
function readStruct(read: UpdateReader, clock: number, limits: ScanLimits): ScannedStruct {
  const info = read.byte()
  const kind = KINDS[info & 31]
  if (!kind || (kind === 'gc' && info !== 0)) read.fail('update-struct', `a struct of kind ${info}`)
  const origin = info & 128 ? read.id() : undefined
  const right = info & 64 ? read.id() : undefined
  const keyed = (info & 32) !== 0
  const inherits = info === 0 || origin !== undefined || right !== undefined
  const parent = inherits ? undefined : readParent(read)
  const key = keyed && !inherits ? read.key() : undefined
  const struct: ScannedStruct = {
    clock,
    length: 0,
    kind: kind ?? 'gc',
    origin,
    right,
    parent,
    key,
    keyed,
    type: undefined,
    value: undefined,
    start: read.at,
    end: read.at
  }
  readContent(read, struct, limits)
  return struct
}

function readParent(read: UpdateReader): string | StructId | undefined {
  const named = read.byte()
  if (named > 1) read.fail('update-struct', 'a parent is neither a root nor a struct')
  return named === 1 ? read.key() : read.id()
}

function readContent(read: UpdateReader, struct: ScannedStruct, limits: ScanLimits): void {
  if (struct.kind === 'gc' || struct.kind === 'deleted') struct.length = read.length()
  else if (struct.kind === 'string') struct.length = readText(read, struct, limits)
  else if (struct.kind === 'any') struct.length = readValues(read, struct, limits)
  else {
    struct.length = 1
    struct.type = TYPES[read.uint(Number.MAX_SAFE_INTEGER)]
    if (!struct.type) read.fail('update-struct', 'a nested type that is not array, map or text')
  }
  struct.end = read.at
}

function readText(read: UpdateReader, struct: ScannedStruct, limits: ScanLimits): number {
  const units = read.string(limits.stringBytes)
  struct.start = read.textAt
  return units
}

function readValues(read: UpdateReader, struct: ScannedStruct, limits: ScanLimits): number {
  const count = read.count(Infinity, 1)
  struct.start = read.at
  for (let i = 0; i < count && !read.reject; i++) read.value(limits.stringBytes)
  if (count === 1) struct.value = VALUES[read.bytes[struct.start] as number]
  return count
}

/** Clients descend; the ranges of each ascend without touching: Yjs merges those that do. UPD-11 */
function readDeletes(read: UpdateReader, limits: ScanLimits): DeleteRange[] {
  const clients: DeleteRange[][] = []
  let clientBefore = Infinity
  for (let n = read.count(limits.deletes, 4); n > 0 && !read.reject; n--) {
    const client = read.uint(Number.MAX_SAFE_INTEGER)
    if (client >= clientBefore) read.fail('update-order', 'deleted clients do not descend')
    clientBefore = client
    clients.push(readRanges(read, client, limits))
  }
  const deletes = clients.length === 1 ? (clients[0] as DeleteRange[]) : clients.reverse().flat()
  if (deletes.length > limits.deletes) read.fail('update-count', `${deletes.length} ranges are deleted`)
  return deletes
}

function readRanges(read: UpdateReader, client: Client, limits: ScanLimits): DeleteRange[] {
  const ranges: DeleteRange[] = []
  const count = read.count(limits.deletes, 2)
  if (count === 0) read.fail('update-count', 'a deleted client without ranges')
  let endBefore = -1
  for (let i = 0; i < count && !read.reject; i++) {
    const clock = read.uint(CLOCK_MAX)
    const length = read.length()
    if (clock <= endBefore) read.fail('update-order', 'deleted ranges do not ascend, or touch')
    else if (length === 0 || clock + length > CLOCK_MAX)
      read.fail('update-length', 'a deleted range of no length')
    endBefore = clock + length
    ranges.push({ client, clock, length })
  }
  return ranges
}
