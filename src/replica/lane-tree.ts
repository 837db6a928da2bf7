// The lanes of a facet as trees of segments, and what each envelope knew of every other lane when it was
// made. An honest lane is one segment; an author who signs two successors starts a second. Kept as integers
// and ids only: no bodies, no headers. protocols/envelope, sections 4 and 5.
import type { LogEntry } from '../identity/space-log.ts'
import { equalBytes } from '../wire/bytes.ts'
import { type Client, unpackClient } from '../wire/lane.ts'
import { type Size, Sizes, addSizes, subtractSizes } from './document-size.ts'

/** An envelope that was admitted. */
export interface Position {
  segment: Segment
  seq: number
}

/** An entry that an envelope relies on, and what it says of keys. */
export type AuthPoint = Pick<LogEntry, 'company' | 'seq' | 'id' | 'keys' | 'cut'>

/** What a segment keeps of an envelope. */
export interface Admittable {
  id: Uint8Array
  clockEnd: number
  /** What it knows of other lanes beyond its prev. */
  learned: ReadonlyMap<Client, Position>
  /** Where it differs from that of prev. */
  auth: AuthVector | undefined
  /** Its own size, and with everything in its past. */
  size: Size
  total: Size
}

/** For each company, the entry of its chain that an envelope relies on. */
export type AuthVector = readonly (AuthPoint | undefined)[]

/** Values that change now and then along a segment: the last one at or before a seq holds. */
class Steps<T> {
  readonly #at: number[] = []
  readonly #values: T[] = []

  push(seq: number, value: T): void {
    this.#at.push(seq)
    this.#values.push(value)
  }

  *entries(): Iterable<[seq: number, value: T]> {
    for (const [i, seq] of this.#at.entries()) yield [seq, this.#values[i] as T]
  }

  atOrBefore(seq: number): T | undefined {
    let low = 0
    let high = this.#at.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#at[middle] as number) <= seq) low = middle + 1
      else high = middle
    }
    return this.#values[low - 1]
  }

  /** Forgets the step at `seq`, if there is one; no later one may be there. */
  drop(seq: number): void {
    if (this.#at.at(-1) !== seq) return
    this.#at.pop()
    this.#values.pop()
  }

  /** The seq of the first step whose value does not pass, where none after one that fails passes. */
  firstFailing(passes: (value: T) => boolean): number | undefined {
    let low = 0
    let high = this.#values.length
    if (high === 0 || passes(this.#values[high - 1] as T)) return undefined
    while (low < high) {
      const middle = (low + high) >> 1
      if (passes(this.#values[middle] as T)) low = middle + 1
      else high = middle
    }
    return this.#at[low]
  }
}

/** A stretch of a lane between two branchings. */
export class Segment {
  /** Facet-wide number, the key of the struct index. */
  readonly index: number
  readonly lane: Lane
  readonly parent: Position | undefined
  readonly from: number
  readonly #ids: Uint8Array[] = []
  readonly #clockEnds: number[] = []
  readonly #known = new Map<Client, Steps<Position>>()
  readonly #auth = new Steps<AuthVector>()
  /** The sums of the lane's branch, and of the whole past, each with the envelope itself. */
  readonly #laneSizes = new Sizes()
  readonly #totals = new Sizes()
  /** Seq of the last envelope that counts; `from - 1` where none does. Owned by `facet.ts` and `tally.ts`. */
  effectiveTo: number

  constructor(index: number, lane: Lane, parent: Position | undefined) {
    this.index = index
    this.lane = lane
    this.parent = parent
    this.from = parent ? parent.seq + 1 : 0
    this.effectiveTo = this.from - 1
  }

  get last(): number {
    return this.from + this.#ids.length - 1
  }

  idAt(seq: number): Uint8Array {
    return this.#ids[seq - this.from] as Uint8Array
  }

  /** The lane's Yjs clock after this seq. */
  clockEndAt(seq: number): number {
    return this.#clockEnds[seq - this.from] as number
  }

  get clockStart(): number {
    return this.parent ? this.parent.segment.clockEndAt(this.parent.seq) : 0
  }

  /** What the envelope at this seq holds. */
  sizeAt(seq: number): Size {
    return subtractSizes(this.laneSizeAt(seq), this.laneSizeAt(seq - 1))
  }

  /** What this branch of the lane holds up to this seq. */
  laneSizeAt(seq: number): Size {
    if (seq < this.from && this.parent) return this.parent.segment.laneSizeAt(this.parent.seq)
    return this.#laneSizes.at(seq - this.from)
  }

  /** What the envelope at this seq and its whole past hold. */
  totalAt(seq: number): Size {
    return this.#totals.at(seq - this.from)
  }

  append({ id, clockEnd, learned, auth, size, total }: Admittable): void {
    const seq = this.last + 1
    this.#laneSizes.push(addSizes(this.laneSizeAt(seq - 1), size))
    this.#totals.push(total)
    this.#ids.push(id)
    this.#clockEnds.push(clockEnd)
    for (const [client, position] of learned) {
      let steps = this.#known.get(client)
      if (!steps) this.#known.set(client, (steps = new Steps()))
      steps.push(seq, position)
    }
    if (auth) this.#auth.push(seq, auth)
  }

  /** Takes back the last envelope. */
  pop(): void {
    for (const steps of this.#known.values()) steps.drop(this.last)
    this.#auth.drop(this.last)
    this.#ids.pop()
    this.#clockEnds.pop()
    this.#laneSizes.pop()
    this.#totals.pop()
  }

  /** What the envelope at `seq` knew of another lane, if this segment holds the answer. */
  ownKnowledge(client: Client, seq: number): Position | undefined {
    return this.#known.get(client)?.atOrBefore(seq)
  }

  /** Every other lane that this segment has heard of. */
  heardOf(): IterableIterator<Client> {
    return this.#known.keys()
  }

  ownAuth(seq: number): AuthVector | undefined {
    return this.#auth.atOrBefore(seq)
  }

  /** What each envelope learned of other lanes beyond its prev. */
  *learned(): Iterable<{ seq: number; position: Position }> {
    for (const steps of this.#known.values())
      for (const [seq, position] of steps.entries()) yield { seq, position }
  }

  /** The seqs at which what the lane relies on changed. */
  authorities(): Iterable<[seq: number, auth: AuthVector]> {
    return this.#auth.entries()
  }

  /**
   * The first seq that builds on a position, of these lanes if any are named, which does not pass; what lies
   * before one that passes must, too.
   */
  firstBuiltOn(
    passes: (position: Position) => boolean,
    lanes: Iterable<Client> = this.#known.keys()
  ): number | undefined {
    let first: number | undefined
    for (const client of lanes) {
      const seq = this.#known.get(client)?.firstFailing(passes)
      if (seq !== undefined && (first === undefined || seq < first)) first = seq
    }
    return first
  }
}

/** All branches of one session's log. */
export class Lane {
  readonly client: Client
  readonly company: number
  readonly key: number
  readonly segments: Segment[] = []

  constructor(client: Client) {
    const { company, key } = unpackClient(client)
    this.client = client
    this.company = company
    this.key = key
  }

  get forked(): boolean {
    return this.segments.length > 1
  }

  /** The seq after the highest of all branches. */
  get next(): number {
    return Math.max(...this.segments.map(({ last }) => last)) + 1
  }

  find(seq: number, id: Uint8Array): Position | undefined {
    for (const segment of this.segments) {
      if (seq >= segment.from && seq <= segment.last && equalBytes(segment.idAt(seq), id))
        return { segment, seq }
    }
    return undefined
  }

  /** Whether anything follows this position. */
  continues({ segment, seq }: Position): boolean {
    return (
      seq < segment.last ||
      this.segments.some(({ parent }) => parent?.segment === segment && parent.seq === seq)
    )
  }

  /** The ends of all branches. */
  tips(): Position[] {
    const [only] = this.segments
    if (only && !this.forked) return only.last >= only.from ? [{ segment: only, seq: only.last }] : []
    const continued = new Set<Segment>()
    for (const { parent } of this.segments) {
      if (parent && parent.seq === parent.segment.last) continued.add(parent.segment)
    }
    return this.segments
      .filter(segment => segment.last >= segment.from && !continued.has(segment))
      .map(segment => ({ segment, seq: segment.last }))
  }
}

export function isSame(a: Position, b: Position): boolean {
  return a.segment === b.segment && a.seq === b.seq
}

/** Whether `a` is `b` or lies before it on the same branch. */
export function isAtOrBefore(a: Position, b: Position): boolean {
  let at: Position | undefined = b
  while (at && at.segment !== a.segment) at = at.segment.parent
  return at !== undefined && a.seq <= at.seq
}

/** What the envelope at `position` knew of another lane. */
export function knownAt(position: Position, client: Client): Position | undefined {
  for (let at: Position | undefined = position; at; at = at.segment.parent) {
    const known = at.segment.ownKnowledge(client, at.seq)
    if (known) return known
  }
  return undefined
}

/** Whether `b` lies in the past of `a`, or is `a`. */
export function knows(a: Position, b: Position): boolean {
  const known = a.segment.lane === b.segment.lane ? a : knownAt(a, b.segment.lane.client)
  return known !== undefined && isAtOrBefore(b, known)
}

export function authAt(position: Position): AuthVector {
  for (let at: Position | undefined = position; at; at = at.segment.parent) {
    const auth = at.segment.ownAuth(at.seq)
    if (auth) return auth
  }
  return []
}

/** All other lanes that the branch up to `position` has heard of. */
export function heardOf(position: Position): Set<Client> {
  const clients = new Set<Client>()
  for (let at: Position | undefined = position; at; at = at.segment.parent) {
    for (const client of at.segment.heardOf()) clients.add(client)
  }
  return clients
}

/** The first envelope of a lane's branch at this seq, on the way to `position`. */
export function ancestorAt(position: Position, seq: number): Position | undefined {
  for (let at: Position | undefined = position; at; at = at.segment.parent) {
    if (seq > at.seq) return undefined
    if (seq >= at.segment.from) return { segment: at.segment, seq }
  }
  return undefined
}
