// protocols/envelope, sections 4 and 5, and protocols/space, sections 3 and 4, said again as slowly as can be:
// every past is a set of ids, and what counts is found from nothing each time. Held against `src/replica`.
import { toHex } from '../../src/wire/bytes.ts'
import { unpackClient } from '../../src/wire/lane.ts'
import type { LanePoint } from '../../src/wire/space-entry.ts'
import type { Signed } from '../../scripts/vectors/envelope-scene.ts'

interface Ref {
  company: number
  seq: number
  id: string
}

interface Held {
  envelope: Signed
  id: string
  prev: string | undefined
  company: number
  past: Set<string>
  relies: Map<number, Ref>
}

export type ModelAct =
  | { kind: 'accept'; keys: number }
  | { kind: 'keys' }
  | { kind: 'cut'; key: number; lanes: LanePoint[] }
  | { kind: 'settle'; point: LanePoint }

/** An entry of the space log; keys are counted, not held. */
export interface ModelEntry extends Ref {
  before: ModelEntry | undefined
  act: ModelAct
}

export class Model {
  readonly facet: string
  readonly founders: number
  readonly held = new Map<string, Held>()
  readonly entries = new Map<string, ModelEntry>()

  /** Whether cuts end lanes here: in a private facet they do not (SPC-11). */
  readonly #heedsCuts: boolean

  constructor(facet: Uint8Array, founders: number, heedsCuts = true) {
    this.facet = toHex(facet)
    this.founders = founders
    this.#heedsCuts = heedsCuts
  }

  addEntry(entry: ModelEntry): void {
    this.entries.set(entry.id, entry)
  }

  /** The reject codes that this envelope earns, any of which will do; none: it is admitted. */
  take(envelope: Signed): string[] {
    const id = toHex(envelope.id)
    if (this.held.has(id)) return []
    const { header, client } = envelope
    const prev = header.prev && this.held.get(toHex(header.prev))
    const deps = header.deps.map(dep => this.held.get(toHex(dep.id)) as Held)
    const before = [...(prev ? [prev] : []), ...deps]
    const past = new Set(before.flatMap(other => [...other.past, other.id]))
    const { company } = unpackClient(client)
    const seen: Held = { envelope, id, prev: prev ? prev.id : undefined, company, past, relies: new Map() }
    const verdicts = [
      this.#heads(deps, before),
      this.#unforked(seen, prev || undefined),
      this.#authority(seen, before)
    ]
    const codes = verdicts.filter(code => code !== undefined)
    if (codes.length === 0) this.held.set(id, seen)
    return codes
  }

  #heads(deps: Held[], before: Held[]): string | undefined {
    const implied = deps.some(dep =>
      before.some((other, i) => other.past.has(dep.id) || (other === dep && before.indexOf(dep) !== i))
    )
    return implied || new Set(before).size < before.length ? 'dep-implied' : undefined
  }

  #unforked(seen: Held, prev: Held | undefined): string | undefined {
    const successors = new Set<string>()
    let own = 0
    for (const id of seen.past) {
      const { envelope, prev } = this.held.get(id) as Held
      const place = `${envelope.client}/${prev}`
      if (successors.has(place)) return 'past-forked'
      successors.add(place)
      if (envelope.client === seen.envelope.client) own = Math.max(own, envelope.seq + 1)
    }
    return own === (prev ? prev.envelope.seq + 1 : 0) ? undefined : 'past-forked'
  }

  #authority(seen: Held, before: Held[]): string | undefined {
    const { relies, envelope } = seen
    for (const other of before) {
      for (const ref of other.relies.values()) {
        if ((relies.get(ref.company)?.seq ?? -1) < ref.seq) relies.set(ref.company, ref)
      }
    }
    const inherited = new Map(relies)
    for (const { company, seq, id } of envelope.header.auth) {
      const old = inherited.get(company)?.seq ?? -1
      if (seq < old || (seq === old && !envelope.header.opening)) return 'auth-order'
      relies.set(company, { company, seq, id: toHex(id) })
    }
    const { company, key } = unpackClient(envelope.client)
    let entry = this.entries.get(relies.get(company)?.id as string)
    for (; entry; entry = entry.before) {
      if (entry.act.kind === 'cut' && entry.act.key === key) return 'key-cut'
      if (entry.act.kind === 'accept' && key >= entry.act.keys) return 'key-unknown'
    }
    return undefined
  }

  // ---- what counts

  effective(): Set<string> {
    const lanes = Map.groupBy(this.held.values(), ({ envelope }) => envelope.client)
    const gone = new Set([...lanes.values()].flatMap(lane => this.#gone(lane)))
    const counting = [...this.held.values()].filter(
      ({ id, past }) => !gone.has(id) && [...past].every(other => !gone.has(other))
    )
    return new Set(counting.map(({ id }) => id))
  }

  #gone(lane: Held[]): string[] {
    const forks = [...Map.groupBy(lane, ({ prev }) => prev).values()].filter(branches => branches.length > 1)
    const settled = forks.length > 0 && this.#settled(lane, forks)
    if (settled) return beyond(lane, settled)
    const losers = forks.flatMap(branches => {
      const survivor = branches.length > 16 ? undefined : this.#survivor(branches)
      return branches.filter(branch => branch !== survivor)
    })
    const lost = lane.filter(({ id, past }) => losers.some(loser => loser.id === id || past.has(loser.id)))
    const { company, key } = unpackClient((lane[0] as Held).envelope.client)
    const heeded = this.#heedsCuts ? this.#acts('cut') : []
    const cuts = heeded.filter(({ by, act }) => by === company && act.key === key)
    const cut = cuts.flatMap(({ act }) => beyond(lane, this.#cutEnd(lane, act.lanes)))
    return [...lost.map(({ id }) => id), ...cut]
  }

  #builders(on: Held): Set<number> {
    const builders = [...this.held.values()].filter(
      ({ company, past }) => company !== on.company && past.has(on.id)
    )
    return new Set(builders.map(({ company }) => company))
  }

  #survivor(branches: Held[]): Held {
    const builders = branches.map(branch => this.#builders(branch))
    const votes = builders.map(
      mine =>
        [...mine].filter(company => builders.every(other => other === mine || !other.has(company))).length
    )
    const best = Math.max(...votes)
    return branches.filter((_, i) => votes[i] === best).sort((a, b) => (a.id < b.id ? -1 : 1))[0] as Held
  }

  #cutEnd(lane: Held[], points: LanePoint[]): Held | undefined {
    const named = lane.filter(held => points.some(point => this.#isOf(point, held.envelope)))
    const built = lane.filter(held => this.#builders(held).size > 0)
    const ends = [...named, ...built]
    return ends.sort((a, b) => b.envelope.seq - a.envelope.seq || (a.id < b.id ? -1 : 1))[0]
  }

  #settled(lane: Held[], forks: Held[][]): Held | undefined {
    const { company, envelope } = lane[0] as Held
    const said = new Map<number, LanePoint>()
    for (const { by, act } of this.#acts('settle')) {
      if (by === company || by >= this.founders) continue
      if (this.#isInLane(act.point, envelope) && !said.has(by)) said.set(by, act.point)
    }
    const first = Math.min(...forks.map(([branch]) => (branch as Held).envelope.seq))
    for (const point of said.values()) {
      const votes = [...said.values()].filter(other => this.#isOf(other, point)).length
      if (votes > (this.founders - (company < this.founders ? 1 : 0)) / 2)
        return point.seq < first - 1 ? undefined : lane.find(held => this.#isOf(point, held.envelope))
    }
    return undefined
  }

  /** A lane is a facet and a client (ENV-1): what was settled in another facet was another lane. */
  #isInLane(point: LanePoint, { client }: { client: number }): boolean {
    return toHex(point.facet) === this.facet && point.client === client
  }

  #isOf(point: LanePoint, other: { client: number; seq: number; id: Uint8Array }): boolean {
    return this.#isInLane(point, other) && point.seq === other.seq && toHex(point.id) === toHex(other.id)
  }

  /** What stands at or before each company's head. */
  #acts<K extends ModelAct['kind']>(kind: K): { by: number; act: Extract<ModelAct, { kind: K }> }[] {
    return Array.from({ length: 32 }, (_, by) => by).flatMap(by => {
      const chain = [...this.entries.values()].filter(({ company }) => company === by)
      const twins = chain.filter(a => chain.some(b => a !== b && a.before === b.before))
      const fork = Math.min(...twins.map(({ seq }) => seq))
      const standing = chain.filter(({ seq }) => seq < fork).sort((a, b) => a.seq - b.seq)
      return standing.flatMap(({ act }) =>
        act.kind === kind ? [{ by, act: act as Extract<ModelAct, { kind: K }> }] : []
      )
    })
  }
}

/** What of a lane lies neither at nor before its end. */
function beyond(lane: Held[], end: Held | undefined): string[] {
  return lane.filter(({ id }) => id !== end?.id && !end?.past.has(id)).map(({ id }) => id)
}
