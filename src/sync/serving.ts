// Which envelopes a peer lacks and what to ask for: pure functions over a facet, and the form of what waits to
// be answered. protocols/sync, section 6.
import type { LogEntry } from '../identity/space-log.ts'
import type { Facet, Tip } from '../replica/facet.ts'
import { type Position, type Segment, ancestorAt } from '../replica/lane-tree.ts'
import type { HeldDecision } from './decision-book.ts'
import { HAVE_MAX, type Head, type Lack } from './frame.ts'
import type { Wanted } from './effects.ts'

/** Something that a peer asked for, or that its summary calls for. Worked out when its turn comes. */
export type Answer =
  | { to: 'want-identity'; did: string; offset: number; bytes: number }
  | { to: 'want-space'; space: string; have: Uint8Array[]; missing?: LogEntry[]; bytes: number }
  /** Heads of every facet that the peer may see, if our summary differs from `hash`. */
  | { to: 'summary'; space: string; hash: Uint8Array; facets?: string[]; bytes: number }
  /** Our own summary. */
  | { to: 'spaces'; space: string; bytes: number }
  | DecisionsAnswer
  | MessagesAnswer
  | NeedAnswer

/** The decisions of a space, if our summary of them differs from `hash`. */
export interface DecisionsAnswer {
  to: 'decisions'
  space: string
  hash: Uint8Array
  /** What is still to be named. */
  rest?: HeldDecision[]
  bytes: number
}

/** Messages of decisions, between two ids, that the asker does not have. */
export interface MessagesAnswer {
  to: 'want-messages'
  space: string
  request: number
  after: Uint8Array
  upTo: Uint8Array
  wanted: { decision: Uint8Array; have: Uint8Array[] }[]
  bytes: number
}

export interface NeedAnswer {
  to: 'need'
  /** Envelopes to read next. */
  batch: number
  facet: string
  request: number
  lacks: Lack[]
  stretches?: Stretch[]
  /** The read that is under way. */
  reading?: { token: number; stretch: Stretch }
  bytes: number
}

/** A stretch of one lane that is to be sent. */
export interface Stretch {
  client: number
  positions: Position[]
  /** How many at the start are known to have no signature of their own that holds. */
  unsigned?: number
}

/** What a peer's heads name and this facet lacks. */
export function lacksOf(facet: Facet, heads: Head[]): Lack[] {
  return heads
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

/** How far each segment of the lanes is meant, by its last seq. */
type Reach = Map<Segment, number>

/** The envelopes between what the asker has and what it asks for, as stretches in causal order. */
export function plan(facet: Facet, lacks: Lack[]): Stretch[] {
  return search(facet, lacks).stretches
}

/**
 * The plan, and how many envelopes had to be looked at for it. An envelope costs the same however many heads
 * were named, or one request could cost minutes.
 */
export function search(facet: Facet, lacks: Lack[]): { stretches: Stretch[]; looked: number } {
  const [asked, had]: [Reach, Reach] = [new Map(), new Map()]
  for (const { tip, have } of lacks) {
    reach(asked, facet, tip)
    for (const head of have) reach(had, facet, head)
  }
  let left = 0
  for (const [segment, to] of asked) left += Math.max(0, to - (had.get(segment) ?? segment.from - 1))
  const found: Position[] = []
  const order = facet.order()
  let at = order.length
  // The newest are what is asked for mostly, so the search begins with them.
  while (left > 0 && --at >= 0) {
    const position = order[at] as Position
    const { segment, seq } = position
    if (seq > (asked.get(segment) ?? -1) || seq <= (had.get(segment) ?? -1)) continue
    found.push(position)
    left--
  }
  return { stretches: group(found.reverse()), looked: order.length - at }
}

function reach(into: Reach, facet: Facet, head: Head): void {
  let at = facet.find({ client: head.of, seq: head.seq, id: head.id })
  for (; at && at.seq > (into.get(at.segment) ?? -1); at = at.segment.parent) into.set(at.segment, at.seq)
}

function group(positions: Position[]): Stretch[] {
  const stretches: Stretch[] = []
  let open: Position[] = []
  let before: Position | undefined
  for (const position of positions) {
    if (before && follows(before, position)) open.push(position)
    else stretches.push({ client: position.segment.lane.client, positions: (open = [position]) })
    before = position
  }
  return stretches
}

function follows(a: Position, b: Position): boolean {
  if (b.seq !== a.seq + 1 || b.segment.lane !== a.segment.lane) return false
  return (
    b.segment === a.segment || (b.segment.parent?.segment === a.segment && b.segment.parent.seq === a.seq)
  )
}

/** The last `rest` of a stretch, which have no signature that holds, with as many more of the way to a tip. */
export function lengthen({ client, positions }: Stretch, rest: number): Stretch | undefined {
  const last = positions.at(-1)
  const more = rest > 0 && last ? successors(last, rest) : []
  if (more.length === 0) return undefined
  return { client, positions: [...positions.slice(-rest), ...more], unsigned: rest }
}

/** Up to `count` positions after this one on the way to a tip of its lane. */
function successors(position: Position, count: number): Position[] {
  const found: Position[] = []
  for (let at = successor(position); at && found.length < count; at = successor(at)) found.push(at)
  return found
}

function successor({ segment, seq }: Position): Position | undefined {
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
