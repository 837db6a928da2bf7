// What counts in a facet, kept up to date as it grows: the rule of `effective.ts`, made again only for what an
// admission or a ruling touches. Else whoever forks its lanes a thousand times makes each further edit dear.
import type { Cut, Settled } from '../identity/space-log.ts'
import type { Client } from '../wire/lane.ts'
import {
  type Builders,
  type EffectiveInput,
  type Grounds,
  build,
  dropOrphanBranches,
  groundsOf,
  limitLane
} from './effective.ts'
import type { Lane, Position, Segment } from './lane-tree.ts'

/** An envelope that was just admitted, with what it knows of other lanes beyond its prev. */
export interface Fresh {
  at: Position
  learned: ReadonlyMap<Client, Position>
}

/** `append`: the admitted updates extend the document. `rebuild`: what counts changed otherwise. */
export type DocumentChange = 'append' | 'rebuild' | 'unchanged'

/** What the space log says of the lanes of a facet; the same lists until that changes. */
export interface Rulings {
  cuts: readonly Cut[]
  settles: readonly Settled[]
}

/** What is kept of a segment. */
interface Standing {
  /** The last seq that forks, cuts and settles leave of it. */
  limit: number
  /** The end of the segment when that was found. */
  last: number
  /** By lane, the first seq that builds on something in it beyond its limits; lanes without one are not here. */
  orphans: Map<Client, number>
  /** The least of these. */
  orphanFrom: number
}

export class Tally {
  readonly #builders: Builders = new Map()
  readonly #standings = new Map<Segment, Standing>()
  /** By lane, the segments that have heard of it. */
  readonly #readers = new Map<Client, Set<Segment>>()
  #rulings: Rulings
  #grounds: Grounds
  /** Lanes of which a segment may have come to end elsewhere since `effectiveTo` was last written. */
  readonly #moved = new Set<Lane>()

  /** Takes in all that is admitted; `effectiveTo` is brought up to date by the first {@link count}. */
  constructor({ settles, ...input }: EffectiveInput & Rulings) {
    this.#rulings = { cuts: input.cuts, settles }
    this.#grounds = groundsOf(input, this.#builders)
    const lanes = [...input.lanes.values()]
    const segments = lanes.flatMap(lane => lane.segments)
    for (const segment of segments) {
      for (const { position } of segment.learned()) this.#hear(segment, position)
    }
    for (const lane of lanes) this.#limit(lane)
    for (const segment of segments) for (const client of segment.heardOf()) this.#judge(segment, client)
  }

  /** Brings `effectiveTo` of all segments up to date after these admissions, and with these rulings. */
  count(fresh: readonly Fresh[], rulings: Rulings): DocumentChange {
    const extended = extendedBy(fresh)
    const touched = this.#rule(rulings)
    for (const { at, learned } of fresh) {
      touched.add(at.segment.lane)
      for (const position of learned.values()) {
        if (this.#hear(at.segment, position)) touched.add(position.segment.lane)
      }
    }
    for (const lane of touched) this.#limit(lane)
    for (const { at, learned } of fresh) {
      for (const client of learned.keys()) this.#judge(at.segment, client)
    }
    const changed = [...this.#moved].flatMap(lane => this.#end(lane))
    this.#moved.clear()
    if (changed.length === 0) return 'unchanged'
    const further = [...extended].every(([segment, end]) => segment.effectiveTo === end)
    return further && changed.every(segment => extended.has(segment)) ? 'append' : 'rebuild'
  }

  /** @returns the lanes for which other rulings than before, perhaps none, hold now */
  #rule(rulings: Rulings): Set<Lane> {
    const { cuts, settles } = this.#rulings
    if (rulings.cuts === cuts && rulings.settles === settles) return new Set()
    const before = this.#grounds
    this.#rulings = rulings
    this.#grounds = groundsOf({ ...before, cuts: rulings.cuts }, this.#builders)
    const lanes = [...before.lanes.values()]
    return new Set(lanes.filter(lane => isRuled(before, lane) || isRuled(this.#grounds, lane)))
  }

  /** @returns whether a company built further on the lane of `position` than it had */
  #hear(reader: Segment, position: Position): boolean {
    const { client } = position.segment.lane
    const readers = this.#readers.get(client)
    if (readers) readers.add(reader)
    else this.#readers.set(client, new Set([reader]))
    return build(this.#builders, reader.lane.company, position)
  }

  /** Finds the limits of a lane again, and for whoever has heard of it what that means. */
  #limit(lane: Lane): void {
    let moved = false
    for (const [segment, limit] of limitLane(this.#grounds, lane)) {
      const standing = this.#standingOf(segment)
      // Of what a segment grew by since nobody had heard.
      const grew = standing.limit === standing.last && limit >= standing.last
      if (!grew && limit !== standing.limit) moved = true
      standing.limit = limit
      standing.last = segment.last
    }
    this.#moved.add(lane)
    if (!moved) return
    for (const reader of this.#readers.get(lane.client) ?? []) this.#judge(reader, lane.client)
  }

  /** Finds again where a segment first builds on something of a lane that lies beyond its limits. */
  #judge(reader: Segment, client: Client): void {
    const standing = this.#standingOf(reader)
    const { orphans, orphanFrom } = standing
    const before = orphans.get(client)
    const counts = ({ segment, seq }: Position) => seq <= this.#standingOf(segment).limit
    const first = reader.firstBuiltOn(counts, [client])
    if (first === before) return
    if (first === undefined) orphans.delete(client)
    else orphans.set(client, first)
    // Only where the least one went are the others looked at.
    if (before === orphanFrom) standing.orphanFrom = least(orphans.values())
    else if (first !== undefined) standing.orphanFrom = Math.min(orphanFrom, first)
    this.#moved.add(reader.lane)
  }

  /** Writes down where the segments of a lane end. @returns those that ended elsewhere before */
  #end(lane: Lane): Segment[] {
    const ends = new Map<Segment, number>()
    for (const segment of lane.segments) {
      const { limit, orphanFrom } = this.#standingOf(segment)
      ends.set(segment, Math.min(limit, orphanFrom - 1))
    }
    dropOrphanBranches(lane, ends)
    const changed = lane.segments.filter(segment => ends.get(segment) !== segment.effectiveTo)
    for (const segment of changed) segment.effectiveTo = ends.get(segment) as number
    return changed
  }

  #standingOf(segment: Segment): Standing {
    const known = this.#standings.get(segment)
    if (known) return known
    const none = segment.from - 1
    const standing = { limit: none, last: none, orphans: new Map<Client, number>(), orphanFrom: Infinity }
    this.#standings.set(segment, standing)
    return standing
  }
}

/** Where segments would end if all that is fresh followed what counts and nothing else changed. */
function extendedBy(fresh: readonly Fresh[]): Map<Segment, number> {
  const ends = new Map<Segment, number>()
  for (const { segment, seq } of fresh.map(({ at }) => at)) {
    // Only what follows what counted: a cut that names this very envelope lets those before it count, too.
    if ((ends.get(segment) ?? segment.effectiveTo) === seq - 1) ends.set(segment, seq)
  }
  return ends
}

/** However many there are: a lane may have heard of more than a call takes arguments. */
function least(seqs: Iterable<number>): number {
  let least = Infinity
  for (const seq of seqs) least = Math.min(least, seq)
  return least
}

function isRuled({ cuts, settled }: Grounds, { client, company, key }: Lane): boolean {
  return settled.has(client) || cuts.some(cut => cut.company === company && cut.key === key)
}
