// Random histories of a facet: authors who build on anything, fork their lanes, name old entries, cut keys and
// settle forks, honestly and not. Everything follows from one seed.
import { HOLDERS, type Overrides, Scene, type Signed } from '../../scripts/vectors/envelope-scene.ts'
import {
  type Written,
  PARTIES,
  accept,
  bytes,
  entry,
  genesisOf
} from '../../scripts/vectors/space-builders.ts'
import type { EntryAct, LanePoint } from '../../src/wire/space-entry.ts'
import type { StoredLane } from '../../src/replica/checkpoint.ts'
import type { Facet } from '../../src/replica/facet.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { unpackClient } from '../../src/wire/lane.ts'
import { type ModelAct, Model, type ModelEntry } from './model.ts'
import { type Random, randomFrom } from './writers.ts'

export type HistoryEvent = { entry: Written; model: ModelEntry } | { envelope: Signed }

const genesis = (parties: number) => genesisOf(`History of ${parties}`, PARTIES.slice(0, parties))
const accepts = [2, 3].map(parties =>
  Array.from({ length: parties }, (_, company) =>
    accept(genesis(parties), company, HOLDERS[company] as string[])
  )
)

export class History {
  readonly scene: Scene
  readonly model: Model
  /** What was admitted or added, in the order in which it happened. */
  readonly events: HistoryEvent[] = []
  readonly verdicts: { told: string; modelled: string[] }[] = []
  readonly parties: number
  readonly #random: Random
  readonly #envelopes: Signed[] = []
  readonly #entries: { written: Written; model: ModelEntry }[] = []
  readonly #crowded: boolean
  #made = 0

  /** `crowded`: a third of what is written follows the first envelope, and a third any. */
  constructor(seed: number, steps: number, { crowded = false }: { crowded?: boolean } = {}) {
    this.#crowded = crowded
    this.#random = randomFrom(seed)
    this.parties = 2 + this.#random(2)
    this.scene = new Scene(genesis(this.parties))
    this.model = new Model(this.scene.id, this.parties)
    for (const written of accepts[this.parties - 2] as Written[])
      this.#enter(written, undefined, { kind: 'accept', keys: 2 })
    for (let i = 0; i < steps; i++) this.#step()
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)] as T
  }

  #step(): void {
    const dice = this.#random(100)
    if (dice < 4) return this.#act({ kind: 'keys', certificates: [] }, { kind: 'keys' })
    if (dice < 9 && this.#envelopes.length > 0) return this.#cut()
    if (dice < 16 && this.#envelopes.length > 0) return this.#settle()
    const own = this.#pick(this.#envelopes.length > 0 && dice < 85 ? ['next'] : ['open'])
    const over = this.#overrides()
    if (own === 'open') return this.#write(this.#open(over))
    const fork = this.#crowded ? this.#random(3) : 2
    if (fork < 2) {
      const prev = fork === 0 ? (this.#envelopes[0] as Signed) : this.#pick(this.#envelopes)
      return this.#write(this.scene.next(prev, { header: { time: this.#made++ } }))
    }
    const prev = this.#random(5) === 0 ? this.#pick(this.#envelopes) : this.#tip()
    this.#write(this.scene.next(prev, over))
  }

  #open(over: Overrides): Signed {
    const author = {
      company: this.#random(this.parties),
      key: this.#random(8) === 0 ? 1 : 0,
      session: this.#random(3)
    }
    const mine = this.#entries.filter(({ written }) => written.company === author.company)
    const { written } = this.#pick(mine)
    const others = (over.auth ?? []).filter(({ company }) => company !== author.company)
    return this.scene.open(author, [], { ...over, auth: [written, ...others] })
  }

  /** Deps anywhere, more often at ends; entries now and then, old ones too. */
  #overrides(): Overrides {
    const deps = new Map<number, Signed>()
    for (let n = this.#random(3); n > 0 && this.#envelopes.length > 0; n--) {
      const dep = this.#random(4) === 0 ? this.#pick(this.#envelopes) : this.#tip()
      deps.set(dep.client, dep)
    }
    const auth = new Map<number, Written>()
    if (this.#random(4) === 0) {
      const { written } = this.#pick(this.#entries)
      auth.set(written.company, written)
    }
    return { deps: [...deps.values()], auth: [...auth.values()], header: { time: this.#made++ } }
  }

  #tip(): Signed {
    const ends = this.#envelopes.filter(
      ({ id }) => !this.#envelopes.some(({ header }) => same(header.prev, id))
    )
    return this.#pick(ends)
  }

  #write(envelope: Signed): void {
    const told = this.scene.take([envelope])
    this.verdicts.push({ told, modelled: this.model.take(envelope) })
    if (told !== 'admitted') return
    this.#envelopes.push(envelope)
    this.events.push({ envelope })
  }

  /** An envelope; seldom one that is not here, or the same place in another facet. */
  #point(): LanePoint {
    const { client, seq, id } = this.#pick(this.#envelopes)
    const point = { facet: this.scene.id, client, seq, id }
    const dice = this.#random(10)
    if (dice === 0) return { ...point, seq: 1, id: bytes(`nowhere ${this.#made++}`) }
    return dice < 3 ? { ...point, facet: bytes('another facet') } : point
  }

  #cut(): void {
    const point = this.#point()
    const { company, key } = unpackClient(point.client)
    const act = { kind: 'cut', key, lanes: this.#random(2) === 0 ? [] : [point] } as const
    this.#act({ ...act, lanes: [...act.lanes] }, { ...act, lanes: [...act.lanes] }, company)
  }

  #settle(): void {
    const point = this.#point()
    const { company } = unpackClient(point.client)
    const act: EntryAct & ModelAct = { kind: 'settle', point }
    // Often all others say the same.
    const others = Array.from({ length: this.parties }, (_, i) => i).filter(i => i !== company)
    for (const by of this.#random(3) === 0 ? [this.#random(this.parties)] : others) this.#act(act, act, by)
  }

  /** The next entry of a chain, seldom a second successor. */
  #act(act: EntryAct, model: ModelAct, company = this.#random(this.parties)): void {
    const chain = this.#entries.filter(({ written }) => written.company === company)
    const prev = this.#random(12) === 0 ? this.#pick(chain) : (chain.at(-1) as (typeof chain)[number])
    const written = entry(genesis(this.parties), company, act, { prev: prev.written })
    if (this.scene.log.entry(written.id)) return
    this.#enter(written, prev.model, model)
  }

  #enter(written: Written, before: ModelEntry | undefined, act: ModelAct): void {
    if (this.scene.add(written) !== 'added') throw new Error('a history adds only good entries')
    const { company, seq, id } = written
    const model: ModelEntry = { company, seq, id: toHex(id), before, act }
    this.model.addEntry(model)
    this.#entries.push({ written, model })
    this.events.push({ entry: written, model })
  }

  /** The same events in another order, as far as causes allow, in a scene of their own. */
  retold(seed: number): Scene {
    const random = randomFrom(seed)
    const scene = new Scene(genesis(this.parties))
    let left = [...this.events]
    while (left.length > 0) {
      const waiting: HistoryEvent[] = []
      for (const event of left.sort(() => random(3) - 1)) {
        if ('envelope' in event) {
          if (scene.take([event.envelope]) !== 'admitted') waiting.push(event)
        } else if (event.model.before && !scene.log.entry(Buffer.from(event.model.before.id, 'hex')))
          waiting.push(event)
        else scene.add(event.entry)
      }
      if (waiting.length === left.length) throw new Error('a history does not go on')
      left = waiting
    }
    return scene
  }
}

export function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0
}

/** Ids of what counts, in order. */
export function counting({ facet }: Scene): string[] {
  const positions = facet.order().filter(position => facet.counts(position))
  return positions.map(({ segment, seq }) => toHex(segment.idAt(seq))).sort()
}

/** What a store holds of a facet that it holds all of. */
export function storedOf(facet: Facet): StoredLane[] {
  return [...facet.lanes.values()].map(({ client, next, segments }) => {
    return { client, next, count: segments.reduce((sum, { from, last }) => sum + last - from + 1, 0) }
  })
}
