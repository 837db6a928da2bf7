// Answering a `need`: which envelopes the peer lacks, in causal order, as runs that end in a signature which
// holds. Pure functions over a facet. protocols/sync, section 6.
import type { Facet, Tip } from '../replica/facet.ts'
import { type Position, ancestorAt, isAtOrBefore } from '../replica/lane-tree.ts'
import type { Head, Lack } from './frame.ts'
import type { Wanted } from './effects.ts'

/** Points named in a `need` so that the other side finds the last common one: the last, then ever further back. */
const HAVE_MAX = 32

/** A stretch of one lane that is to be sent. */
export interface Stretch {
  client: number
  positions: Position[]
}

/** One request being answered. */
export interface Serving {
  facet: string
  request: number
  stretches: Stretch[]
  /** The read that is under way. */
  reading?: { token: number; stretch: Stretch }
}

/** What a peer's heads name and this facet lacks. */
export function lacksOf(facet: Facet, announced: Head[]): Lack[] {
  return announced
    .filter(head => !facet.find({ client: head.of, seq: head.seq, id: head.id }))
    .map(tip => ({ tip, have: havesOf(facet, tip) }))
}

/** Points of the lane that we hold: every tip of it and, going back from each, ever sparser ones. */
function havesOf(facet: Facet, tip: Head): Head[] {
  const lane = facet.lanes.get(tip.of)
  if (!lane) return []
  const points: Head[] = []
  for (const end of lane.tips()) {
    for (let back = 0; points.length < HAVE_MAX; back = back * 2 + 1) {
      const point = ancestorAt(end, Math.min(end.seq - back, tip.seq))
      if (!point) break
      points.push({ of: tip.of, seq: point.seq, id: point.segment.idAt(point.seq) })
      if (point.seq === 0) break
    }
  }
  return points
}

/** The envelopes between what the asker has and what it asks for, grouped into stretches in causal order. */
export function plan(facet: Facet, lacks: Lack[]): Stretch[] {
  const wanted = new Map<number, { from: Position | undefined; to: Position }[]>()
  for (const { tip, have } of lacks) {
    const to = facet.find({ client: tip.of, seq: tip.seq, id: tip.id })
    if (!to) continue
    const ranges = wanted.get(tip.of) ?? []
    ranges.push({ from: lastCommon(facet, to, have), to })
    wanted.set(tip.of, ranges)
  }
  if (wanted.size === 0) return []
  const isWanted = (position: Position) =>
    wanted
      .get(position.segment.lane.client)
      ?.some(({ from, to }) => isAtOrBefore(position, to) && !(from && isAtOrBefore(position, from)))
  return group(facet.order().filter(isWanted))
}

function lastCommon(facet: Facet, to: Position, have: Head[]): Position | undefined {
  let last: Position | undefined
  for (const head of have) {
    const point = facet.find({ client: head.of, seq: head.seq, id: head.id })
    if (point && isAtOrBefore(point, to) && (!last || point.seq > last.seq)) last = point
  }
  return last
}

function group(positions: Position[]): Stretch[] {
  const stretches: Stretch[] = []
  for (const position of positions) {
    const last = stretches.at(-1)
    const before = last?.positions.at(-1)
    if (last && before && follows(before, position)) last.positions.push(position)
    else stretches.push({ client: position.segment.lane.client, positions: [position] })
  }
  return stretches
}

function follows(a: Position, b: Position): boolean {
  if (b.seq !== a.seq + 1 || b.segment.lane !== a.segment.lane) return false
  return (
    b.segment === a.segment || (b.segment.parent?.segment === a.segment && b.segment.parent.seq === a.seq)
  )
}

/** The position after this one on the way to a tip of its lane: how a stretch is lengthened to a good signature. */
export function successor({ segment, seq }: Position): Position | undefined {
  if (seq < segment.last) return { segment, seq: seq + 1 }
  const child = segment.lane.segments.find(({ parent }) => parent?.segment === segment && parent.seq === seq)
  return child && { segment: child, seq: child.from }
}

export function wantedOf({ client, positions }: Stretch): Wanted[] {
  return positions.map(({ segment, seq }) => ({ client, seq, id: segment.idAt(seq) }))
}

export function headOf({ client, seq, id }: Tip): Head {
  return { of: client, seq, id }
}
