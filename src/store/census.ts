// What the store holds, counted: per lane from the keys, per table from the checksums. Comparing it with what
// was written down earlier shows what is gone. protocols/store, sections 4 and 5.
import { DERIVED_TABLES, type LaneSummary, type Missing } from './store.ts'

const MARK_MODULUS = 2 ** 48

/** A number of records and the sum of their 48-bit marks. */
export class Tally {
  count = 0
  sum = 0

  add(mark: number, count = 1): void {
    this.count += count
    this.sum = (this.sum + mark) % MARK_MODULUS
  }

  remove(mark: number, count = 1): void {
    this.count -= count
    this.sum = (this.sum - mark + MARK_MODULUS) % MARK_MODULUS
  }

  equals(other: Tally): boolean {
    return this.count === other.count && this.sum === other.sum
  }
}

export interface Lane {
  own: boolean
  next: number
  /** The end of what stands on disk: above `next` only where a damaged end was settled. */
  stored: number
  count: number
  /** Seqs below `next` that are gone, ascending, `to` exclusive. Empty but for a damaged store. */
  gaps: { from: number; to: number }[]
}

/** What is missing without a known place in a lane. */
export type Loss = Exclude<Missing, { kind: 'lane' }>

interface Facet {
  count: number
  lanes: Map<number, Lane>
}

export class Census {
  /** Number of the last commit; it stands in the database and in the anchor. */
  commit = 0
  readonly envelopes = new Tally()
  readonly tables = new Map<string, Tally>()
  /** Keys (latin1) of damaged packs that stand in the database and are not counted. */
  readonly strays = new Set<string>()
  readonly #facets = new Map<string, Facet>()
  /** Marks of all table records by full key (latin1), to take out what a write replaces. */
  readonly #marks = new Map<string, number>()
  readonly #losses: Loss[] = []
  /** No lane has gaps: what every write asks costs nothing in a healthy store. */
  #whole = true

  /** A pack of `count` envelopes from seq `first` on that was not here before. */
  addPack(facet: string, lane: Lane, first: number, count: number, mark: number): void {
    const next = first + count
    lane.next = Math.max(lane.next, next)
    lane.stored = Math.max(lane.stored, next)
    subtract(lane, first, next)
    this.#count(facet, lane, count)
    this.envelopes.add(mark, count)
  }

  removePack(facet: string, lane: Lane, count: number, mark: number): void {
    this.#count(facet, lane, -count)
    this.envelopes.remove(mark, count)
  }

  #count(facet: string, lane: Lane, envelopes: number): void {
    lane.count += envelopes
    this.facet(facet).count += envelopes
  }

  /** The envelope was written over one that is here, and counts no second time. */
  refill(lane: Lane, seq: number): void {
    subtract(lane, seq, seq + 1)
  }

  /** Seqs of this lane are there no more, or were never found although others say that they were stored. */
  lose(facet: string, client: number, from: number, to: number): void {
    this.#whole = false
    const lane = this.lane(facet, client)
    if (to > lane.next) lane.next = to
    const apart = lane.gaps.filter(gap => gap.to < from || to < gap.from)
    const joined = lane.gaps.filter(gap => gap.to >= from && to >= gap.from)
    const union = {
      from: Math.min(from, ...joined.map(gap => gap.from)),
      to: Math.max(to, ...joined.map(gap => gap.to))
    }
    lane.gaps = [...apart, union].sort((a, b) => a.from - b.from)
  }

  loseMore(loss: Loss): void {
    if (!this.#losses.some(known => JSON.stringify(known) === JSON.stringify(loss))) this.#losses.push(loss)
  }

  facetCount(facet: string): number {
    return this.#facets.get(facet)?.count ?? 0
  }

  put(table: string, key: string, mark: number): void {
    if (DERIVED_TABLES.has(table)) return // STO-29
    this.del(table, key)
    this.#marks.set(key, mark)
    this.table(table).add(mark)
  }

  del(table: string, key: string): void {
    const mark = this.#marks.get(key)
    if (mark === undefined) return
    this.#marks.delete(key)
    this.table(table).remove(mark)
  }

  /** All tables as one. */
  tableTotal(): Tally {
    const total = new Tally()
    for (const tally of this.tables.values()) {
      total.count += tally.count
      total.sum = (total.sum + tally.sum) % MARK_MODULUS
    }
    return total
  }

  facets(): string[] {
    return [...this.#facets]
      .filter(([, facet]) => facet.count > 0)
      .map(([name]) => name)
      .sort()
  }

  lanes(facet: string): LaneSummary[] {
    const lanes = this.#facets.get(facet)?.lanes ?? new Map<number, Lane>()
    return [...lanes]
      .filter(([, lane]) => lane.next > 0)
      .map(([client, { own, next, count }]) => ({ client, own, next, count }))
      .sort((a, b) => a.client - b.client)
  }

  missing(): Missing[] {
    const out: Missing[] = []
    for (const [facet, { lanes }] of this.#facets) {
      for (const [client, { own, gaps }] of lanes) {
        for (const { from, to } of gaps) out.push({ kind: 'lane', facet, client, own, from, to })
      }
    }
    for (const loss of this.#losses) {
      if (loss.kind !== 'facet' || this.facetCount(loss.facet) < loss.count) out.push(loss)
    }
    return out
  }

  readOnly(facet: string): boolean {
    if (this.#whole) return false
    for (const lane of this.#facets.get(facet)?.lanes.values() ?? []) {
      if (lane.own && lane.gaps.length > 0) return true
    }
    return false
  }

  /** Takes a loss as final. A lane that lost its end continues from what is there. */
  settle(entry: Missing): void {
    if (entry.kind !== 'lane') {
      const at = this.#losses.findIndex(loss => JSON.stringify(loss) === JSON.stringify(entry))
      if (at >= 0) this.#losses.splice(at, 1)
      return
    }
    const lane = this.lane(entry.facet, entry.client)
    const last = lane.gaps.at(-1)
    if (last?.to === lane.next && entry.to === lane.next) lane.next = Math.max(entry.from, last.from)
    subtract(lane, entry.from, entry.to)
  }

  lane(facet: string, client: number): Lane {
    const { lanes } = this.facet(facet)
    let lane = lanes.get(client)
    if (!lane) lanes.set(client, (lane = { own: false, next: 0, stored: 0, count: 0, gaps: [] }))
    return lane
  }

  /** Envelopes of a facet that are known to be gone. */
  gapCount(facet: string): number {
    let count = 0
    for (const lane of this.#facets.get(facet)?.lanes.values() ?? []) {
      for (const { from, to } of lane.gaps) count += to - from
    }
    return count
  }

  facet(facet: string): Facet {
    let found = this.#facets.get(facet)
    if (!found) this.#facets.set(facet, (found = { count: 0, lanes: new Map() }))
    return found
  }

  table(table: string): Tally {
    let tally = this.tables.get(table)
    if (!tally) this.tables.set(table, (tally = new Tally()))
    return tally
  }
}

function subtract(lane: Lane, from: number, to: number): void {
  if (lane.gaps.length === 0) return
  lane.gaps = lane.gaps
    .flatMap(gap => [
      { from: gap.from, to: Math.min(gap.to, from) },
      { from: Math.max(gap.from, to), to: gap.to }
    ])
    .filter(gap => gap.from < gap.to)
}
