// Which admitted envelopes count: a pure function of the admitted set and the space log. Forks choose one
// branch, cuts end a key's lanes, settles end a lane for good, and what builds on something that does not
// count does not count either. protocols/envelope, section 5.
import type { Cut, SpaceLog } from '../identity/space-log.ts'
import { compareBytes, equalBytes } from '../wire/bytes.ts'
import type { Client } from '../wire/lane.ts'
import type { LanePoint } from '../wire/space-entry.ts'
import type { Lane, Position, Segment } from './lane-tree.ts'

/** Branches at one point beyond which no branch counts: an author this wrong has said nothing (ENV-23). */
export const BRANCHES_MAX = 16

/** Two envelopes that one key signed for one place: who said the other thing, and where. */
export interface LaneFork {
  client: Client
  seq: number
  branches: Position[]
}

export interface EffectiveInput {
  facet: Uint8Array
  lanes: ReadonlyMap<Client, Lane>
  space: SpaceLog
  /** The cuts that this facet heeds: a private one heeds none (SPC-11). */
  cuts: readonly Cut[]
}

/** What the limits of a lane depend on, beside its own branches. */
export interface Grounds extends EffectiveInput {
  settled: ReadonlyMap<Client, ReadonlyMap<number, LanePoint>>
  builders: Builders
}

/** For each segment, how far each company other than its lane's has built on it. */
export type Builders = Map<Segment, Map<number, number>>

/**
 * For every segment, the last seq that counts: the rule as it stands in the specs, from nothing. A facet that
 * grows keeps it up to date with a {@link Tally}, which must come to the same.
 */
export function effectiveEnds(input: EffectiveInput): Map<Segment, number> {
  const lanes = [...input.lanes.values()]
  const grounds = groundsOf(input, new Map())
  for (const segment of lanes.flatMap(lane => lane.segments)) {
    for (const { position } of segment.learned()) build(grounds.builders, segment.lane.company, position)
  }
  const base = new Map(lanes.flatMap(lane => [...limitLane(grounds, lane)]))
  const ends = new Map(base)
  const counts = ({ segment, seq }: Position) => seq <= (base.get(segment) ?? -1)
  for (const [segment, end] of base) {
    const first = segment.firstBuiltOn(counts)
    if (first !== undefined && first <= end) ends.set(segment, first - 1)
  }
  for (const lane of lanes) dropOrphanBranches(lane, ends)
  return ends
}

/** `builders`: what was built so far, to be filled by {@link build}. */
export function groundsOf(input: EffectiveInput, builders: Builders): Grounds {
  return { ...input, settled: input.space.settled(input.facet), builders }
}

/**
 * Notes that a company has built on a position, where the lane is not its own.
 * @returns whether that is further than it had
 */
export function build(builders: Builders, company: number, position: Position): boolean {
  if (position.segment.lane.company === company) return false
  let further = false
  // Who built on a branch built on all that it grew from; where that is known already, the way down is, too.
  for (let at: Position | undefined = position; at; at = at.segment.parent) {
    const known: Map<number, number> = builders.get(at.segment) ?? new Map<number, number>()
    if ((known.get(company) ?? -1) >= at.seq) break
    builders.set(at.segment, known.set(company, at.seq))
    further = true
  }
  return further
}

/** The forks of a lane, outermost first. */
export function forksOf(lane: Lane): LaneFork[] {
  const places = new Map<string, Position[]>()
  const branch = (parent: Position | undefined, position: Position) => {
    const place = parent ? `${parent.segment.index}/${parent.seq}` : ''
    const branches = places.get(place)
    if (branches) branches.push(position)
    // What the parent itself goes on with is the first branch.
    else if (parent && parent.seq < parent.segment.last)
      places.set(place, [{ segment: parent.segment, seq: parent.seq + 1 }, position])
    else places.set(place, [position])
  }
  for (const segment of lane.segments) {
    if (segment.last >= segment.from) branch(segment.parent, { segment, seq: segment.from })
  }
  return [...places.values()]
    .filter(branches => branches.length > 1)
    .map(branches => ({ client: lane.client, seq: (branches[0] as Position).seq, branches }))
    .sort((a, b) => a.seq - b.seq)
}

/** What forks, cuts and settles leave of each segment of a lane, before what it builds on is looked at. */
export function limitLane(grounds: Grounds, lane: Lane): Map<Segment, number> {
  const ends = new Map(lane.segments.map(segment => [segment, segment.last]))
  const forks = lane.forked ? forksOf(lane) : []
  const settled = forks[0] && settledPoint(grounds, lane, forks[0])
  if (settled) {
    endAt(lane, settled, ends)
    return ends
  }
  for (const { branches } of forks) {
    const survivor = branches.length > BRANCHES_MAX ? undefined : survivorOf(grounds.builders, branches)
    for (const branch of branches) {
      if (branch === survivor) continue
      ends.set(branch.segment, Math.min(ends.get(branch.segment) as number, branch.seq - 1))
    }
  }
  for (const limit of cutPoints(grounds, lane)) endAt(lane, limit, ends)
  dropOrphanBranches(lane, ends)
  return ends
}

/** The branch that more companies other than the author's acknowledged; on a tie the smaller id (ENV-21). */
function survivorOf(builders: Builders, branches: Position[]): Position {
  const votes = branches.map(({ segment, seq }) => {
    const known = [...(builders.get(segment) ?? [])]
    return known.filter(([, to]) => to >= seq).map(([company]) => company)
  })
  const times = new Map<number, number>()
  for (const company of votes.flat()) times.set(company, (times.get(company) ?? 0) + 1)
  const order = branches.map((branch, i) => {
    const single = (votes[i] as number[]).filter(company => times.get(company) === 1)
    return { branch, votes: single.length }
  })
  const id = ({ segment, seq }: Position) => segment.idAt(seq)
  order.sort((a, b) => b.votes - a.votes || compareBytes(id(a.branch), id(b.branch)))
  return (order[0] as { branch: Position }).branch
}

/**
 * Where more than half of the other founders settled the end of a forked lane, if that envelope is here and not
 * before the fork: nobody may take back for another what that other said once (SPC-12).
 */
function settledPoint({ settled, space }: Grounds, lane: Lane, fork: LaneFork): Position | undefined {
  const others = [...space.founders.keys()].filter(company => company !== lane.company)
  const points = settled.get(lane.client)
  const said = others.map(company => points?.get(company)).filter(point => point !== undefined)
  for (const point of said) {
    const same = said.filter(other => other.seq === point.seq && equalBytes(other.id, point.id))
    if (same.length * 2 > others.length)
      return point.seq < fork.seq - 1 ? undefined : lane.find(point.seq, point.id)
  }
  return undefined
}

/** For each cut of the lane's key: the later of what the cut names and what another company built on (SPC-11). */
function cutPoints({ cuts, builders, facet }: Grounds, lane: Lane): (Position | undefined)[] {
  const own = cuts.filter(cut => cut.company === lane.company && cut.key === lane.key)
  if (own.length === 0) return []
  let built: Position | undefined
  for (const segment of lane.segments) {
    const known = builders.get(segment)
    if (known) built = laterOf(built, { segment, seq: Math.max(...known.values()) })
  }
  return own.map(cut => {
    const point = cut.lanes.find(item => item.client === lane.client && equalBytes(item.facet, facet))
    return laterOf(point && lane.find(point.seq, point.id), built)
  })
}

function laterOf(a: Position | undefined, b: Position | undefined): Position | undefined {
  if (!a || !b) return a ?? b
  if (a.seq !== b.seq) return a.seq > b.seq ? a : b
  return compareBytes(a.segment.idAt(a.seq), b.segment.idAt(b.seq)) <= 0 ? a : b
}

/** Ends a lane at a position: only what lies at or before it counts; nothing does where there is none. */
function endAt(lane: Lane, point: Position | undefined, ends: Map<Segment, number>): void {
  const keep = new Map<Segment, number>()
  for (let at = point; at; at = at.segment.parent) keep.set(at.segment, at.seq)
  for (const segment of lane.segments) {
    const end = keep.get(segment) ?? segment.from - 1
    ends.set(segment, Math.min(ends.get(segment) as number, end))
  }
}

/** A branch counts only as far as what it grew from does. */
export function dropOrphanBranches(lane: Lane, ends: Map<Segment, number>): void {
  for (const segment of lane.segments) {
    const { parent } = segment
    if (parent && parent.seq > (ends.get(parent.segment) as number)) ends.set(segment, segment.from - 1)
  }
}
