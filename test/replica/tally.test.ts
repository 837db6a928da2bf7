// What counts is kept up to date as a facet grows. It must come to what the rule makes of the whole, and must
// not look at more of it than an admission touches.
import { describe, expect, test } from 'vitest'
import { LAYOUT, Scene, type Signed, take as offer } from '../../scripts/vectors/envelope-scene.ts'
import { Story, ada, bo, by, cy } from '../../scripts/vectors/envelope-story.ts'
import { BRANCHES_MAX, effectiveEnds } from '../../src/replica/effective.ts'
import { Facet } from '../../src/replica/facet.ts'
import { Lane, Segment } from '../../src/replica/lane-tree.ts'
import type { DocumentChange } from '../../src/replica/tally.ts'
import { isReject } from '../../src/wire/reject.ts'
import { History, type HistoryEvent, same, storedOf } from './histories.ts'
import { type Random, randomFrom } from './writers.ts'

const HISTORIES = 90
const STEPS = 60
const CROWDED_STEPS = 110
const ROUNDS_MAX = 500

/** A history told again to a facet of its own: in another order, in runs, of which some fail. */
class Retelling {
  readonly #scene: Scene
  readonly #random: Random
  facet: Facet
  takenBack = 0
  rebuilt = { byRuns: 0, byEntries: 0 }
  #made = 0

  constructor(history: History, seed: number) {
    this.#random = randomFrom(seed)
    this.#scene = new Scene(history.scene.log.genesisBytes)
    this.facet = this.#emptied()
    let left = [...history.events]
    // Runs may wait for each other by chance.
    for (let rounds = 0; left.length > 0; rounds++) {
      if (rounds > ROUNDS_MAX) throw new Error('a history does not go on')
      for (const event of left.sort(() => this.#random(3) - 1)) this.#tell(event, left)
      left = left.filter(event => !this.#has(event))
    }
  }

  #has(event: HistoryEvent): boolean {
    if ('entry' in event) return this.#scene.log.entry(event.entry.id) !== undefined
    return this.facet.find(event.envelope) !== undefined
  }

  #tell(event: HistoryEvent, all: readonly HistoryEvent[]): void {
    if (this.#random(40) === 0) this.#restart()
    if ('entry' in event) {
      const { before } = event.model
      if (before && !this.#scene.log.entry(Buffer.from(before.id, 'hex'))) return
      const told = this.#watch(() => {
        this.#scene.add(event.entry)
        return this.facet.spaceChanged()
      })
      if (told === 'rebuild') this.rebuilt.byEntries++
    } else if (!this.#has(event)) this.#offer(this.#runFrom(event.envelope, all))
  }

  /** An envelope and up to three that follow. */
  #runFrom(first: Signed, all: readonly HistoryEvent[]): Signed[] {
    const run = [first]
    for (let more = this.#random(4); more > 0; more--) {
      const { id } = run.at(-1) as Signed
      const next = all.find(event => 'envelope' in event && same(event.envelope.header.prev, id))
      if (next && 'envelope' in next) run.push(next.envelope)
    }
    return run
  }

  #offer(run: Signed[]): void {
    const last = run.at(-1) as Signed
    const header = { clockEnd: last.header.clockEnd + 9, time: this.#made++ }
    if (this.#random(4) === 0) this.#take([...run, this.#scene.next(last, { header })])
    this.#take(run)
  }

  #take(run: Signed[]): void {
    const { client } = run[0] as Signed
    const told = this.#watch(() => {
      const records = run.map(({ record }) => record)
      const outcome = offer(this.facet, client, records)
      if (isReject(outcome)) throw new Error(`${outcome}`)
      if (typeof outcome === 'string') return 'unchanged'
      if (outcome.reject || outcome.wait) this.takenBack++
      return outcome.document
    })
    if (told === 'rebuild') this.rebuilt.byRuns++
  }

  /** Holds what an act did to what counts, and what it said of that, against the rule. */
  #watch(act: () => DocumentChange): DocumentChange {
    const [before, size] = [endsOf(this.facet), this.facet.size]
    const told = act()
    const ends = ruledEnds(this.facet)
    expect(endsOf(this.facet)).toEqual(ends)
    expect(told).toBe(changeOf(this.facet, { before, ends, size }))
    return told
  }

  #restart(): void {
    const next = this.#emptied()
    expect(next.restore(this.facet.checkpoint(), storedOf(this.facet))).toBe(true)
    this.facet = next
    expect(endsOf(next)).toEqual(ruledEnds(next))
  }

  #emptied(): Facet {
    const { id, genesis, log } = this.#scene
    return new Facet(id, genesis, log, LAYOUT)
  }
}

function segmentsOf({ lanes }: Facet): Segment[] {
  return [...lanes.values()].flatMap(lane => lane.segments)
}

function endsOf(facet: Facet): [number, number][] {
  return segmentsOf(facet).map(({ index, effectiveTo }) => [index, effectiveTo])
}

function ruledEnds({ id, lanes, space }: Facet): [number, number][] {
  const ends = effectiveEnds({ facet: id, lanes, space, cuts: space.cuts() })
  return [...ends].map(([{ index }, end]) => [index, end])
}

interface Change {
  before: [number, number][]
  ends: [number, number][]
  /** Of the facet, before. */
  size: number
}

function changeOf(facet: Facet, { before, ends, size }: Change): DocumentChange {
  const starts = segmentsOf(facet).map(({ index, from }) => [index, from - 1] as const)
  const old = new Map([...starts, ...before])
  const grown = new Map(old)
  for (const { segment, seq } of facet.order().slice(size)) {
    if (grown.get(segment.index) === seq - 1) grown.set(segment.index, seq)
  }
  if (ends.every(([index, end]) => end === old.get(index))) return 'unchanged'
  return ends.every(([index, end]) => end === grown.get(index)) ? 'append' : 'rebuild'
}

describe('what is kept up to date', () => {
  const retellings: Retelling[] = []

  test('[ENV-24] is what the rule makes of the whole, after every run and every entry', () => {
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const crowded = seed % 3 === 0
      const history = new History(seed, crowded ? CROWDED_STEPS : STEPS, { crowded })
      retellings.push(new Retelling(history, seed))
    }
  })

  test('[ENV-24] has met all that can change it', () => {
    const sum = (of: (retelling: Retelling) => number) =>
      retellings.reduce((total, retelling) => total + of(retelling), 0)
    expect(sum(({ takenBack }) => takenBack)).toBeGreaterThan(HISTORIES)
    expect(sum(({ rebuilt }) => rebuilt.byRuns)).toBeGreaterThan(HISTORIES)
    expect(sum(({ rebuilt }) => rebuilt.byEntries)).toBeGreaterThan(HISTORIES / 4)
    const forks = retellings.flatMap(({ facet }) => facet.forks())
    expect(forks.filter(({ branches }) => branches.length > BRANCHES_MAX).length).toBeGreaterThan(5)
    const nested = retellings
      .flatMap(({ facet }) => segmentsOf(facet))
      .filter(({ parent }) => parent?.segment.parent)
    expect(nested.length).toBeGreaterThan(HISTORIES)
  })
})

/** The lanes of which anything was asked in the course of an act. */
function lanesAsked(act: () => void): Set<Lane> {
  const asked = new Set<Lane>()
  const note = (on: unknown) => {
    if (on instanceof Lane) asked.add(on)
    if (on instanceof Segment) asked.add(on.lane)
  }
  const restore = [Lane.prototype, Segment.prototype].flatMap(proto => {
    const before = Object.getOwnPropertyDescriptors(proto) as { [name: string]: PropertyDescriptor }
    for (const [name, { get, value }] of Object.entries(before)) {
      if (name === 'constructor') continue
      const noted = (inner: (...args: unknown[]) => unknown) =>
        function (this: unknown, ...args: unknown[]) {
          note(this)
          return inner.apply(this, args)
        }
      const watched = get ? { get: noted(get) } : { value: noted(value) }
      Object.defineProperty(proto, name, { ...watched, configurable: true })
    }
    return [() => Object.defineProperties(proto, before)]
  })
  try {
    act()
  } finally {
    for (const undo of restore) undo()
  }
  return asked
}

describe('beside 2,000 forked lanes of which another has heard', () => {
  const FORKED = 2_000
  const DEPS = 25
  const { scene } = new Story()
  const twoOpenings = (session: number) => {
    const openings = [1, 2].map(time => scene.open(by(0, session), [ada], { header: { time } }))
    return openings.sort((a, b) => Buffer.compare(a.id, b.id)) as [survivor: Signed, other: Signed]
  }
  const lanes = Array.from({ length: FORKED }, (_, session) => twoOpenings(session))
  for (const opening of lanes.flat()) scene.take([opening])
  const take = (envelope: Signed) => {
    const asked = lanesAsked(() => expect(scene.take([envelope])).toBe('admitted'))
    return { asked: asked.size, counts: scene.facet.counts(scene.facet.find(envelope) as never) }
  }
  const heard = [scene.open(by(1), [bo])]
  const head = () => heard.at(-1) as Signed
  for (let at = 0; at < FORKED; at += DEPS) {
    const deps = lanes.slice(at, at + DEPS).map(([survivor]) => survivor)
    heard.push(scene.next(head(), { deps }))
  }
  for (const envelope of heard) scene.take([envelope])

  test('[ENV-24] an edit of that lane looks at no other, and one that builds on one more at both', () => {
    const plain = scene.next(head())
    expect(take(plain)).toEqual({ asked: 1, counts: true })
    const other = scene.open(by(2), [cy])
    expect(take(other)).toEqual({ asked: 1, counts: true })
    expect(take(scene.next(plain, { deps: [other] }))).toEqual({ asked: 2, counts: true })
  })

  test('[ENV-24] a word more in a forked lane looks at no other', () => {
    const [survivor, other] = lanes[7] as [Signed, Signed]
    expect(take(scene.next(survivor))).toEqual({ asked: 1, counts: true })
    expect(take(scene.next(other))).toEqual({ asked: 1, counts: false })
  })

  test('[ENV-24] a fork looks at the lanes that built on what it ends', () => {
    const [survivor, other] = twoOpenings(FORKED)
    const reader = scene.open(by(0, FORKED + 1), [ada], { deps: [other] })
    expect(take(other)).toEqual({ asked: 1, counts: true })
    expect(take(reader)).toEqual({ asked: 2, counts: true })
    expect(take(survivor)).toEqual({ asked: 2, counts: true })
    expect(scene.facet.isOpen(reader.client)).toBe(false)
  })
})
