// What the gate must know of every struct that a facet ever admitted: where it stands and whether it opened
// a nested type. Facts are append-only. They are never read from a live document, whose garbage collection
// would make the verdict depend on what else has arrived. protocols/update, section 3.
import { fromUtf8, utf8 } from '../wire/bytes.ts'
import type { CborReader, CborWriter } from '../wire/cbor-stream.ts'
import { type Layout, type LayoutNode, type LayoutValue, valueUnder } from '../wire/layout.ts'

/** Of any list in a checkpoint: the store bounds the whole. */
const PLACES_MAX = 2 ** 32

/** A shared type that content can stand in. Two structs have the same parent when this is the same object. */
export interface Place {
  readonly node: LayoutNode
}

/** Consecutive units of one segment that stand in one place under one key. */
export interface StructRun {
  clock: number
  length: number
  /** Undefined for a GC struct: nothing stands beside or inside it. */
  place: Place | undefined
  key: string | undefined
  /** The nested type that this unit is. Such a run is one unit long. */
  opens: Place | undefined
}

/** Facts of a body that passed the gate, for {@link StructIndex.add}. */
export interface StagedUpdate {
  clock: number
  clockEnd: number
  runs: StructRun[]
}

/** Appends a run, or lengthens the last one when only the clock tells them apart. */
export function appendRun(runs: StructRun[], run: StructRun): void {
  if (!lengthen(runs, run)) runs.push(run)
}

/** @returns whether the last run took this one in. */
function lengthen(runs: StructRun[], run: StructRun): boolean {
  const last = runs.at(-1)
  if (!last || last.opens || run.opens || last.place !== run.place || last.key !== run.key) return false
  last.length += run.length
  return true
}

/** @returns the run that contains `clock`; runs are contiguous and ascend. */
export function findRun(runs: StructRun[], clock: number): StructRun | undefined {
  let low = 0
  let high = runs.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const run = runs[middle] as StructRun
    if (clock < run.clock) high = middle - 1
    else if (clock >= run.clock + run.length) low = middle + 1
    else return run
  }
  return undefined
}

/**
 * Facts by segment: an opaque number for a lane, or for the part of it that one branch of a fork wrote.
 * Which segment holds a given unit depends on the causal past, so the caller says.
 */
export class StructIndex {
  readonly #layout: Layout
  readonly #roots = new Map<string, Place>()
  readonly #segments = new Map<number, StructRun[]>()

  constructor(layout: Layout) {
    this.#layout = layout
    for (const [name, node] of Object.entries(layout.roots)) this.#roots.set(name, { node })
  }

  root(name: string): Place | undefined {
    return this.#roots.get(name)
  }

  find(segment: number, clock: number): StructRun | undefined {
    const runs = this.#segments.get(segment)
    return runs && findRun(runs, clock)
  }

  /** Adds what the gate staged. A segment grows without gaps; a new one starts at any clock. */
  add(segment: number, staged: StagedUpdate): void {
    if (staged.runs.length === 0) return
    const runs = this.#segments.get(segment) ?? []
    const last = runs.at(-1)
    if (last && last.clock + last.length !== staged.clock) {
      throw new Error(`segment ${segment} ends at ${last.clock + last.length}, not at ${staged.clock}`)
    }
    for (const run of staged.runs) if (!lengthen(runs, run)) runs.push({ ...run })
    this.#segments.set(segment, runs)
  }

  /** Forgets everything of a segment from a clock on: the run that brought it is taken back whole. */
  cut(segment: number, clock: number): void {
    const runs = this.#segments.get(segment) ?? []
    while (runs.length > 0 && (runs.at(-1) as StructRun).clock >= clock) runs.pop()
    const last = runs.at(-1)
    if (last) last.length = Math.min(last.length, clock - last.clock)
  }

  /** For a checkpoint: the places first, each with the one that it was opened in, then the runs that stand in them. */
  save(out: CborWriter): void {
    const numbers = new Map<Place | undefined, number>([[undefined, 0]])
    const opened: StructRun[] = []
    for (const place of this.#roots.values()) numbers.set(place, numbers.size)
    for (const run of [...this.#segments.values()].flat()) {
      if (!run.opens) continue
      numbers.set(run.opens, numbers.size)
      opened.push(run)
    }
    const number = (place: Place | undefined) => numbers.get(place) as number
    out.array(3).array(this.#roots.size)
    for (const name of this.#roots.keys()) out.bytes(utf8(name))
    out.array(opened.length)
    for (const { place, key } of opened) writeKey(out.array(2).uint(number(place)), key)
    out.array(this.#segments.size)
    for (const [segment, runs] of this.#segments) {
      out
        .array(3)
        .uint(segment)
        .uint(runs[0]?.clock ?? 0)
        .array(runs.length)
      for (const { length, place, key, opens } of runs) {
        writeKey(out.array(4).uint(length).uint(number(place)).uint(number(opens)), key)
      }
    }
  }

  /** Another index of the same layout, from what {@link save} wrote. `read` fails where the layout has changed. */
  load(read: CborReader): StructIndex {
    const index = new StructIndex(this.#layout)
    index.#load(read)
    return index
  }

  #load(read: CborReader): void {
    read.tuple(3)
    const places: (Place | undefined)[] = [undefined]
    for (let n = read.array(PLACES_MAX); n > 0; n--) {
      const place = this.#roots.get(fromUtf8(read.bytes()))
      if (!place) return read.fail()
      places.push(place)
    }
    this.#loadPlaces(read, places)
    for (let n = read.array(PLACES_MAX); n > 0 && !read.failed; n--) {
      read.tuple(3)
      const runs: StructRun[] = []
      this.#segments.set(read.uint(), runs)
      let clock = read.uint()
      for (let left = read.array(PLACES_MAX); left > 0 && !read.failed; left--) {
        read.tuple(4)
        const [length, place, opens] = [read.uint(), places[read.uint()], places[read.uint()]]
        runs.push({ clock, length, place, key: readKey(read), opens })
        clock += length
      }
    }
  }

  /** A place may be opened in one that comes later: segments stand in no order of causes. */
  #loadPlaces(read: CborReader, places: (Place | undefined)[]): void {
    const parents: { parent: number; key: string | undefined; at: number }[] = []
    for (let n = read.array(PLACES_MAX); n > 0 && !read.failed; n--) {
      read.tuple(2)
      parents.push({ parent: read.uint(), key: readKey(read), at: places.length + parents.length })
    }
    for (let left = parents; left.length > 0;) {
      const waiting = left.filter(({ parent, key, at }) => {
        const outer = places[parent]
        const node = outer && allowedIn(outer, key)
        if (typeof node === 'object') places[at] = { node }
        return typeof node !== 'object'
      })
      if (waiting.length === left.length) return read.fail()
      left = waiting
    }
  }
}

/** What the layout allows in this place under this key; text holds strings, which are no values. */
export function allowedIn({ node }: Place, key: string | undefined): LayoutValue | undefined {
  if (node.is === 'map') return key === undefined ? undefined : valueUnder(node, key)
  if (key !== undefined) return undefined
  return node.is === 'array' ? node.items : 'plain'
}

/** No key is not the same as an empty one. */
function writeKey(out: CborWriter, key: string | undefined): void {
  out.array(key === undefined ? 0 : 1)
  if (key !== undefined) out.bytes(utf8(key))
}

function readKey(read: CborReader): string | undefined {
  return read.array(1) === 1 ? fromUtf8(read.bytes()) : undefined
}
