// A facet as it stands, without what was only needed to judge it: a start that finds it need not read ten
// thousand envelopes to know where their lanes end. Derived, and never sent. protocols/sync, section 10.
import { EMPTY } from '../wire/bytes.ts'
import { CborReader, CborWriter } from '../wire/cbor-stream.ts'
import { HASH_BYTES } from '../wire/hash.ts'
import type { Client } from '../wire/lane.ts'
import { type Size, addSizes, equalSizes, subtractSizes } from './document-size.ts'
import { type AuthPoint, type AuthVector, Lane, type Position, Segment } from './lane-tree.ts'
import type { StructIndex } from './struct-index.ts'

/** Another number makes every checkpoint void: the envelopes are read once more. */
const VERSION = 1
/** Of any list: the store bounds the whole. */
const ITEMS_MAX = 2 ** 32
const NOTHING: Size = { bytes: 0, items: 0 }
const NOBODY: ReadonlyMap<Client, Position> = new Map()

/** What is kept of a facet. */
export interface FacetState {
  lanes: Map<Client, Lane>
  /** Every admitted envelope in the order of admission. */
  order: Position[]
  /** How many segments were ever numbered. */
  segments: number
  index: StructIndex
}

/** What a store holds of a lane: the seq after the highest, and how many envelopes, more where it forked. */
export interface StoredLane {
  client: Client
  next: number
  count: number
}

type EntryOf = (id: Uint8Array) => AuthPoint | undefined

export function encodeCheckpoint({ lanes, order, segments, index }: FacetState): Uint8Array {
  const out = new CborWriter(64 * order.length + 1_024)
  out.array(6).uint(VERSION).uint(segments)
  const all = [...lanes.values()].flatMap(lane => lane.segments)
  out.array(all.length)
  for (const { lane, index: number, parent } of all) {
    out.array(4).uint(lane.client).uint(number)
    // One more, so that 0 says that it has none.
    out.uint(parent ? parent.segment.index + 1 : 0).uint(parent ? parent.seq : 0)
  }
  out.array(all.length)
  for (const segment of all) writeContent(out, segment)
  writeOrder(out, order)
  index.save(out)
  return out.finish()
}

/**
 * `empty`: an index of the layout that the facet has now.
 * @returns undefined where another version wrote it, where it relies on an entry that is not here, or where `stored`
 * lacks an envelope that it covers, or has one that it should (SYN-42)
 */
export function decodeCheckpoint(
  bytes: Uint8Array,
  stored: readonly StoredLane[],
  empty: StructIndex,
  entryOf: EntryOf
): FacetState | undefined {
  const read = new CborReader(bytes)
  read.tuple(6)
  if (read.uint() !== VERSION) return undefined
  const count = read.uint()
  const lanes = new Map<Client, Lane>()
  const segments = new Map<number, Segment>()
  for (let n = read.array(ITEMS_MAX); n > 0 && !read.failed; n--) openSegment(read, lanes, segments)
  read.tuple(segments.size)
  for (const segment of segments.values()) readContent(read, segment, segments, entryOf)
  const order = readOrder(read, segments)
  const index = empty.load(read)
  if (read.end('the checkpoint') !== undefined || !isHeld(lanes, stored)) return undefined
  return { lanes, order, segments: count, index }
}

/** Of each lane the store holds what is covered, and beyond its end one envelope for each seq. */
function isHeld(lanes: ReadonlyMap<Client, Lane>, stored: readonly StoredLane[]): boolean {
  const byClient = new Map(stored.map(lane => [lane.client, lane]))
  return [...lanes.values()].every(({ client, segments, next }) => {
    const count = segments.reduce((sum, { from, last }) => sum + last - from + 1, 0)
    const held = byClient.get(client)
    return held !== undefined && held.next >= next && held.count - count === held.next - next
  })
}

function openSegment(read: CborReader, lanes: Map<Client, Lane>, segments: Map<number, Segment>): void {
  read.tuple(4)
  const [client, index, parentIndex, seq] = [read.uint(), read.uint(), read.uint(), read.uint()]
  let lane = lanes.get(client)
  if (!lane) lanes.set(client, (lane = new Lane(client)))
  const parent = segments.get(parentIndex - 1)
  if (!parent && parentIndex > 0) return read.fail()
  const segment = new Segment(index, lane, parent && { segment: parent, seq })
  lane.segments.push(segment)
  segments.set(index, segment)
}

function writeContent(out: CborWriter, segment: Segment): void {
  const { from, last } = segment
  out.array(4)
  const learned = [...segment.learned()]
  out.array(learned.length)
  for (const { seq, position } of learned) {
    out.array(3).uint(seq).uint(position.segment.index).uint(position.seq)
  }
  const authorities = [...segment.authorities()]
  out.array(authorities.length)
  for (const [seq, auth] of authorities) {
    out.array(2).uint(seq).array(auth.length)
    for (const entry of auth) out.bytes(entry ? entry.id : EMPTY)
  }
  const rows = rowsOf(segment)
  out.array(rows.length)
  for (const { times, clocks, size, gained } of rows) {
    out.array(6).uint(times).uint(clocks).uint(size.bytes).uint(size.items)
    out.uint(gained.bytes).uint(gained.items)
  }
  const ids = new Uint8Array((last - from + 1) * HASH_BYTES)
  for (let seq = from; seq <= last; seq++) ids.set(segment.idAt(seq), (seq - from) * HASH_BYTES)
  out.bytes(ids)
}

/** One envelope after another, or as many as are alike: who types a text makes a thousand of them. */
interface Row {
  times: number
  clocks: number
  size: Size
  /** By how much the past grew beside prev and the envelope itself. */
  gained: Size
}

function rowsOf(segment: Segment): Row[] {
  const { parent, from, last } = segment
  const rows: Row[] = []
  let clock = segment.clockStart
  let before = parent ? parent.segment.totalAt(parent.seq) : NOTHING
  for (let seq = from; seq <= last; seq++) {
    const [size, total, clockEnd] = [segment.sizeAt(seq), segment.totalAt(seq), segment.clockEndAt(seq)]
    const gained = subtractSizes(subtractSizes(total, before), size)
    const row = { times: 1, clocks: clockEnd - clock, size, gained }
    const same = rows.at(-1)
    if (same && isAlike(same, row)) same.times++
    else rows.push(row)
    clock = clockEnd
    before = total
  }
  return rows
}

function isAlike(a: Row, b: Row): boolean {
  return a.clocks === b.clocks && equalSizes(a.size, b.size) && equalSizes(a.gained, b.gained)
}

function readContent(
  read: CborReader,
  segment: Segment,
  segments: ReadonlyMap<number, Segment>,
  entryOf: EntryOf
): void {
  read.tuple(4)
  const learned = readLearned(read, segments)
  const authorities = readAuthorities(read, entryOf)
  const rows = Array.from({ length: read.array(ITEMS_MAX) }, () => readRow(read))
  const ids = read.bytes()
  if (ids.length !== HASH_BYTES * rows.reduce((sum, { times }) => sum + times, 0)) return read.fail()
  const { parent } = segment
  let clockEnd = segment.clockStart
  let total = parent ? parent.segment.totalAt(parent.seq) : NOTHING
  let [seq, at] = [segment.from, 0]
  for (const { times, clocks, size, gained } of rows) {
    const growth = addSizes(size, gained)
    for (let n = times; n > 0; n--, seq++) {
      const id = ids.subarray(at, (at += HASH_BYTES))
      clockEnd += clocks
      total = addSizes(total, growth)
      const known = learned.get(seq) ?? NOBODY
      segment.append({ id, clockEnd, learned: known, auth: authorities.get(seq), size, total })
    }
  }
}

function readRow(read: CborReader): Row {
  read.tuple(6)
  const [times, clocks] = [read.uint(), read.uint()]
  const size = { bytes: read.uint(), items: read.uint() }
  return { times, clocks, size, gained: { bytes: read.uint(), items: read.uint() } }
}

function readLearned(
  read: CborReader,
  segments: ReadonlyMap<number, Segment>
): Map<number, Map<Client, Position>> {
  const bySeq = new Map<number, Map<Client, Position>>()
  for (let n = read.array(ITEMS_MAX); n > 0 && !read.failed; n--) {
    read.tuple(3)
    const at = read.uint()
    const segment = segments.get(read.uint())
    const seq = read.uint()
    if (!segment) read.fail()
    else bySeq.set(at, (bySeq.get(at) ?? new Map()).set(segment.lane.client, { segment, seq }))
  }
  return bySeq
}

function readAuthorities(read: CborReader, entryOf: EntryOf): Map<number, AuthVector> {
  const bySeq = new Map<number, AuthVector>()
  for (let n = read.array(ITEMS_MAX); n > 0 && !read.failed; n--) {
    read.tuple(2)
    const seq = read.uint()
    const auth = Array.from({ length: read.array(ITEMS_MAX) }, () => {
      const id = read.bytes()
      const entry = id.length > 0 ? entryOf(id) : undefined
      if (!entry && id.length > 0) read.fail()
      return entry
    })
    bySeq.set(seq, auth)
  }
  return bySeq
}

/** Neighbours in one segment are told as one stretch. */
function writeOrder(out: CborWriter, order: readonly Position[]): void {
  const stretches: { segment: Segment; length: number }[] = []
  for (const { segment } of order) {
    const last = stretches.at(-1)
    if (last?.segment === segment) last.length++
    else stretches.push({ segment, length: 1 })
  }
  out.array(stretches.length)
  for (const { segment, length } of stretches) out.array(2).uint(segment.index).uint(length)
}

function readOrder(read: CborReader, segments: ReadonlyMap<number, Segment>): Position[] {
  const order: Position[] = []
  const next = new Map<Segment, number>()
  for (let n = read.array(ITEMS_MAX); n > 0 && !read.failed; n--) {
    read.tuple(2)
    const segment = segments.get(read.uint())
    const length = read.uint()
    const from = (segment && next.get(segment)) ?? segment?.from ?? 0
    if (!segment || from + length - 1 > segment.last) {
      read.fail()
      break
    }
    for (let seq = from; seq < from + length; seq++) order.push({ segment, seq })
    next.set(segment, from + length)
  }
  return order
}
