// Which admitted envelopes count: a pure function of the admitted set and the space log. Forks choose one
// branch, cuts end a key's lanes, settles end a lane for good, and what builds on something that does not
// count does not count either. protocols/envelope, section 5.
import type { SpaceLog } from '../identity/space-log.ts'
import { compareBytes, equalBytes } from '../wire/bytes.ts'
import type { Client } from '../wire/lane.ts'
import { type Lane, type Position, type Segment, isAtOrBefore, knownAt } from './lane-tree.ts'

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
}

/** For every segment, the last seq that counts. */
export function effectiveEnds(input: EffectiveInput): Map<Segment, number> {
  const ends = new Map<Segment, number>()
  for (const lane of input.lanes.values()) limitLane(input, lane, ends)
  const base = new Map(ends)
  const counts = ({ segment, seq }: Position) => seq <= (base.get(segment) ?? -1)
  for (const [segment, end] of base) {
    const first = segment.firstBuiltOn(position => counts(position))
    if (first !== undefined && first <= end) ends.set(segment, first - 1)
  }
  for (const lane of input.lanes.values()) dropOrphanBranches(lane, ends)
  return ends
}

/** The forks of a lane, outermost first. */
export function forksOf(lane: Lane): LaneFork[] {
  const forks: LaneFork[] = []
  const seen = new Set<string>()
  for (const { parent, from } of lane.segments) {
    const place = `${parent?.segment.index ?? -1}/${from}`
    if (seen.has(place)) continue
    seen.add(place)
    const branches = branchesAfter(lane, parent)
    if (branches.length > 1) forks.push({ client: lane.client, seq: from, branches })
  }
  return forks.sort((a, b) => a.seq - b.seq)
}

/** The first envelopes that follow a position, or the openings where there is none before. */
function branchesAfter(lane: Lane, parent: Position | undefined): Position[] {
  const starts: Position[] = []
  if (parent && parent.seq < parent.segment.last)
    starts.push({ segment: parent.segment, seq: parent.seq + 1 })
  for (const segment of lane.segments) {
    const same = segment.parent?.segment === parent?.segment && segment.parent?.seq === parent?.seq
    if (same && segment.last >= segment.from) starts.push({ segment, seq: segment.from })
  }
  return starts
}

/** What forks, cuts and settles leave of a lane, before what it builds on is looked at. */
function limitLane(input: EffectiveInput, lane: Lane, ends: Map<Segment, number>): void {
  for (const segment of lane.segments) ends.set(segment, segment.last)
  const forks = forksOf(lane)
  const settled = forks[0] && settledPoint(input, lane, forks[0])
  if (settled) return endAt(lane, settled, ends)
  for (const fork of forks) {
    const survivor = fork.branches.length > BRANCHES_MAX ? undefined : survivorOf(input, lane, fork.branches)
    for (const branch of fork.branches) {
      if (branch === survivor) continue
      ends.set(branch.segment, Math.min(ends.get(branch.segment) as number, branch.seq - 1))
    }
  }
  for (const limit of cutPoints(input, lane)) endAt(lane, limit, ends)
  dropOrphanBranches(lane, ends)
}

/** The branch that more companies other than the author's acknowledged; on a tie the smaller id (ENV-21). */
function survivorOf(input: EffectiveInput, lane: Lane, branches: Position[]): Position {
  const votes = branches.map(branch => acknowledging(input, lane, branch))
  const twice = new Set<number>()
  for (const [i, companies] of votes.entries()) {
    for (const company of companies)
      if (votes.some((other, j) => j !== i && other.has(company))) twice.add(company)
  }
  const count = (i: number) => [...(votes[i] as Set<number>)].filter(company => !twice.has(company)).length
  const order = branches.map((branch, i) => ({ branch, votes: count(i) }))
  const id = ({ segment, seq }: Position) => segment.idAt(seq)
  order.sort((a, b) => b.votes - a.votes || compareBytes(id(a.branch), id(b.branch)))
  return (order[0] as { branch: Position }).branch
}

/** The other companies that built on a position. */
function acknowledging({ lanes }: EffectiveInput, lane: Lane, position: Position): Set<number> {
  const companies = new Set<number>()
  for (const other of lanes.values()) {
    if (other.company === lane.company || companies.has(other.company)) continue
    for (const tip of other.tips()) {
      const known = knownAt(tip, lane.client)
      if (known && isAtOrBefore(position, known)) companies.add(other.company)
    }
  }
  return companies
}

/**
 * Where more than half of the other parties settled the end of a forked lane, if that envelope is here and not
 * before the fork: nobody may take back for another what that other said once (SPC-12).
 */
function settledPoint({ facet, space }: EffectiveInput, lane: Lane, fork: LaneFork): Position | undefined {
  const said = space.settled(facet, lane.client)
  said.delete(lane.company)
  const others = space.parties.length - 1
  for (const point of said.values()) {
    const same = [...said.values()].filter(other => other.seq === point.seq && equalBytes(other.id, point.id))
    if (same.length * 2 > others) return point.seq < fork.seq - 1 ? undefined : lane.find(point.seq, point.id)
  }
  return undefined
}

/** For each cut of the lane's key: the later of what the cut names and what another company built on (SPC-11). */
function cutPoints(input: EffectiveInput, lane: Lane): (Position | undefined)[] {
  const cuts = input.space.cuts().filter(cut => cut.company === lane.company && cut.key === lane.key)
  return cuts.map(cut => {
    const point = cut.lanes.find(
      ({ client, facet }) => client === lane.client && equalBytes(facet, input.facet)
    )
    const named = point && lane.find(point.seq, point.id)
    return laterOf(named, lastAcknowledged(input, lane))
  })
}

function lastAcknowledged({ lanes }: EffectiveInput, lane: Lane): Position | undefined {
  let last: Position | undefined
  for (const other of lanes.values()) {
    if (other.company === lane.company) continue
    for (const tip of other.tips()) last = laterOf(last, knownAt(tip, lane.client))
  }
  return last
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
function dropOrphanBranches(lane: Lane, ends: Map<Segment, number>): void {
  for (const segment of lane.segments) {
    const { parent } = segment
    if (parent && parent.seq > (ends.get(parent.segment) as number)) ends.set(segment, segment.from - 1)
  }
}
