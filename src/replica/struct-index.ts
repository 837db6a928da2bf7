// What the gate must know of every struct that a facet ever admitted: where it stands and whether it opened
// a nested type. Facts are append-only. They are never read from a live document, whose garbage collection
// would make the verdict depend on what else has arrived. protocols/update, section 3.
import type { Layout, LayoutNode } from '../wire/layout.ts'

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
  const last = runs.at(-1)
  if (last && !last.opens && !run.opens && last.place === run.place && last.key === run.key) {
    last.length += run.length
  } else runs.push(run)
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
  #roots = new Map<string, Place>()
  #segments = new Map<number, StructRun[]>()

  constructor(layout: Layout) {
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
    for (const run of staged.runs) appendRun(runs, { ...run })
    this.#segments.set(segment, runs)
  }

  /** Forgets everything of a segment from a clock on: the run that brought it is taken back whole. */
  cut(segment: number, clock: number): void {
    const runs = this.#segments.get(segment) ?? []
    while (runs.length > 0 && (runs.at(-1) as StructRun).clock >= clock) runs.pop()
    const last = runs.at(-1)
    if (last) last.length = Math.min(last.length, clock - last.clock)
  }
}
