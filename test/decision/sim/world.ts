// One decision among a few companies: lost messages, partitions across deadlines, restarts between any two messages,
// holders who differ, and liars of at most the weight that may lie. What must hold afterwards is in judge.ts.
import { Random } from '../../sim/random.ts'
import { type Policy, checkPolicy, quorumsOf, ruleFor } from '../../../src/decision/policy.ts'
import type { Message } from '../../../src/decision/message.ts'
import {
  HOUR,
  type Holder,
  MAJORITY,
  START,
  UNANIMITY,
  holderOf,
  initiate,
  policyOf
} from '../../../scripts/vectors/decision-builders.ts'
import { judge } from './judge.ts'
import { LIES, Liar, type Lie, Twin } from './liar.ts'
import { Elector } from './elector.ts'
import { HEALED } from './times.ts'

export interface Outcome {
  seed: number
  broken: string[]
  messages: number
  lies: number
  restarts: number
  /** Rounds that the longest closing or settling took. */
  rounds: number
  ended: 'approved' | 'failed' | 'open'
}

const END = HEALED + 12 * HOUR
const NAMES = ['acme', 'borealis', 'cobalt', 'dorado', 'elm', 'fjord', 'garnet']

/** Changed by mutants: see mutants.ts. */
export interface Options {
  /** Liars of more than the weight that may lie. */
  overrun?: boolean
}

interface Due {
  at: number
  order: number
  run: () => void
}

export class World {
  readonly random: Random
  readonly initiation: Message<'decision-initiation.v1'>
  readonly policy: Policy
  readonly electors: Elector[] = []
  readonly liars = new Map<number, Lie[]>()
  now = START
  messages = 0
  lies = 0
  restarts = 0
  #queue: Due[] = []
  #order = 0
  /** How many hold a company's role. */
  readonly #holders: { [name: string]: number } = {}
  /** Pairs that do not hear each other, from-to, and until when. */
  readonly #cuts: { from: number; to: number; begins: number; ends: number }[] = []

  constructor(seed: number, options: Options = {}) {
    this.random = new Random(seed)
    const { random } = this
    this.policy = policyFor(random)
    const { electors } = this.policy
    const subject = random.chance(0.3)
    const names = NAMES.slice(0, electors.length)
    const initiator = holderOf(names[0] as string, 'CTO')
    this.initiation = initiate(initiator, this.policy, {
      voices: names.map(name => {
        const which = (this.#holders[name] = random.chance(0.15) ? 2 : 1)
        return holderOf(name, 'CTO', 1 + random.below(which)).key.publicKey.multikey
      }),
      options: Array.from({ length: 1 + random.below(3) }, (_, i) => ({
        title: `Option ${i}`,
        text: 'text'
      })),
      ...(subject && {
        subject: {
          kind: 'StandardsDoc.v1',
          artifact: 'ab'.repeat(16),
          facet: 'cd'.repeat(32),
          heads: [],
          root: 'ef'.repeat(32),
          release: '1.0.0'
        }
      })
    })
    this.#chooseLiars(options)
    const isSplit = this.liars.size > 0 && random.chance(0.4)
    for (const [elector, name] of names.entries()) this.#seat(elector, name, isSplit)
    if (isSplit) this.#split()
    else this.#cut()
  }

  get quorums() {
    return quorumsOf(this.policy, ruleFor(this.policy, this.initiation.payload.subject?.kind))
  }

  #chooseLiars({ overrun }: Options): void {
    const { random } = this
    let left = overrun ? this.quorums.total : random.chance(0.75) ? this.quorums.faulty : 0
    for (const elector of random.shuffled([...this.policy.electors.keys()])) {
      const { weight } = this.policy.electors[elector] as { weight: number }
      if (weight > left || random.chance(0.2)) continue
      left -= weight
      this.liars.set(
        elector,
        LIES.filter(() => random.chance(0.35))
      )
    }
  }

  /** Two halves that do not hear each other, and in each of them one life of every liar. */
  #split(): void {
    const { random } = this
    const begins = START + random.below(2.5 * HOUR)
    const first = this.electors.filter(({ isLiar }) => isLiar)
    const second = first.map(liar => new Twin(this, this.electors.length + first.indexOf(liar), liar))
    const half = new Set([...this.electors.filter(({ isLiar }) => !isLiar && random.chance(0.5)), ...second])
    this.electors.push(...second)
    for (const { at: from } of this.electors)
      for (const { at: to } of this.electors) {
        const isAcross = half.has(this.electors[from] as Elector) !== half.has(this.electors[to] as Elector)
        if (isAcross) this.#cuts.push({ from, to, begins, ends: HEALED })
      }
    for (const twin of second) this.after(begins - START, () => twin.wake())
  }

  #seat(elector: number, name: string, isSplit: boolean): void {
    const { random } = this
    const lies = this.liars.get(elector)
    const isDead = !lies && elector > 0 && random.chance(0.05)
    for (let which = 1; which <= (this.#holders[name] ?? 1); which++) {
      const holder: Holder = holderOf(name, 'CTO', which)
      const at = this.electors.length
      // A liar of two lives tells no other lies.
      const node = lies
        ? new Liar(this, at, elector, holder, isSplit ? [] : lies)
        : new Elector(this, at, elector, holder)
      node.isDead = isDead
      this.electors.push(node)
    }
  }

  /** Some do not hear others for a while, mostly across a deadline; some only one way. */
  #cut(): void {
    const { random } = this
    for (let n = random.below(4); n > 0; n--) {
      const begins = START + random.below(3 * HOUR)
      const ends = Math.min(HEALED, begins + random.below(3 * HOUR))
      const inside = new Set(this.electors.filter(() => random.chance(0.4)).map(({ at }) => at))
      const isOneWay = random.chance(0.3)
      for (const { at: from } of this.electors)
        for (const { at: to } of this.electors) {
          if (inside.has(from) === inside.has(to) || (isOneWay && inside.has(from))) continue
          this.#cuts.push({ from, to, begins, ends })
        }
    }
  }

  after(delayMs: number, run: () => void): void {
    this.#queue.push({ at: this.now + delayMs, order: this.#order++, run })
  }

  hears(from: number, to: number): boolean {
    const isCut = this.#cuts.some(
      cut => cut.from === from && cut.to === to && cut.begins <= this.now && this.now < cut.ends
    )
    return !isCut
  }

  send(from: number, to: number, message: Message): void {
    this.messages++
    if (!this.hears(from, to) || (this.now < HEALED && this.random.chance(0.15))) return
    this.after(1 + this.random.below(2_000), () => this.electors[to]?.receive(message, from))
  }

  run(seed: number): Outcome {
    for (const elector of this.electors) elector.begin()
    this.electors[0]?.receive(this.initiation, 0)
    for (const elector of this.electors) this.#meetings(elector)
    while (this.now < END) {
      const next = this.#take()
      if (!next) break
      this.now = Math.max(this.now, next.at)
      if (this.now < END) next.run()
    }
    const rounds = this.electors.map(({ decision }) =>
      Math.max(decision?.closing.count ?? 0, decision?.settling.count ?? 0)
    )
    const settled = this.electors.map(({ decision, isLiar }) => (isLiar ? undefined : decision?.settled))
    const one = settled.find(Boolean)
    return {
      seed,
      broken: judge(this),
      messages: this.messages,
      lies: this.lies,
      restarts: this.restarts,
      rounds: Math.max(...rounds),
      ended: one ? (one.tally.approved === undefined ? 'failed' : 'approved') : 'open'
    }
  }

  #take(): { at: number; run: () => void } | undefined {
    let best = 0
    for (let i = 1; i < this.#queue.length; i++) {
      const [a, b] = [this.#queue[i], this.#queue[best]] as [Due, Due]
      if (a.at < b.at || (a.at === b.at && a.order < b.order)) best = i
    }
    const last = this.#queue.pop()
    if (!last || best === this.#queue.length) return last
    const taken = this.#queue[best]
    this.#queue[best] = last
    return taken
  }

  /** Two that meet give each other what the other lacks. */
  #meetings(elector: Elector): void {
    this.after(30_000 + this.random.below(300_000), () => {
      const other = this.random.pick(this.electors)
      if (other !== elector && !elector.isDead && !other.isDead) {
        for (const message of elector.lackedBy(other)) this.send(elector.at, other.at, message)
        for (const message of other.lackedBy(elector)) this.send(other.at, elector.at, message)
      }
      this.#meetings(elector)
    })
  }
}

function policyFor(random: Random): Policy {
  for (;;) {
    const isEqual = random.chance(0.5)
    const electors = NAMES.slice(0, 2 + random.below(6)).map(name => {
      return { name, weight: isEqual ? 1 : 1 + random.below(4) }
    })
    const moreThan = random.pick([
      { numerator: 1, denominator: 2 },
      { numerator: 2, denominator: 3 }
    ])
    const turnout = { numerator: random.below(3), denominator: 3 }
    const rule = random.chance(0.25) ? UNANIMITY : { ...MAJORITY, moreThan, turnout }
    const policy = policyOf(electors, {
      rules: { default: rule, 'StandardsDoc.v1': UNANIMITY }
    })
    if (!checkPolicy(policy)) return policy
  }
}

export function run(seed: number, options: Options = {}): Outcome {
  return new World(seed, options).run(seed)
}
