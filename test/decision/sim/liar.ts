// An elector that lies: it says two things, leaves out, holds back, and names what it should not.
import { type Word } from '../../../src/decision/elector.ts'
import type { Message } from '../../../src/decision/message.ts'
import type { StatementKind } from '../../../src/decision/schema.ts'
import { toHex } from '../../../src/wire/bytes.ts'
import { HOUR, type Holder, commit, say } from '../../../scripts/vectors/decision-builders.ts'
import { Elector } from './elector.ts'
import type { World } from './world.ts'

export const LIES = [
  'two ballots',
  'two statements',
  'leaves out',
  'ahead of time',
  'no close',
  'no reveal',
  'no settle',
  'to some only',
  'late',
  'ignores locks'
] as const
export type Lie = (typeof LIES)[number]

export class Liar extends Elector {
  override readonly isLiar = true
  readonly #lies: ReadonlySet<Lie>

  constructor(world: World, at: number, elector: number, holder: Holder, lies: Lie[]) {
    super(world, at, elector, holder)
    this.#lies = new Set(lies)
  }

  #does(lie: Lie): boolean {
    if (!this.#lies.has(lie) || this.world.random.chance(0.2)) return false
    this.world.lies++
    return true
  }

  override vote(): void {
    super.vote()
    if (!this.decision || !this.#does('two ballots')) return
    const { random, now } = this.world
    const { message, secret } = commit(
      this.holder,
      this.decision.id,
      random.chance(0.5) ? { choice: 'abstain' } : { choice: 'option', option: 0 },
      now,
      toHex(random.bytes(32))
    )
    this.secrets.set(message.id, secret)
    this.#tell(message, random.shuffled(this.world.electors).slice(0, 2))
  }

  override utter(word: Word): void {
    if (word.kind === 'decision-reveal.v1') {
      if (!this.#does('no reveal')) super.utter(word)
      return
    }
    if (this.#does(word.kind === 'decision-close.v1' ? 'no close' : 'no settle')) return
    const twisted = this.#twisted(word)
    super.utter(twisted ?? word)
    if (this.#does('two statements')) this.#sayElse(word)
    if (this.#does('ahead of time')) this.#sayAhead(word)
  }

  #twisted(word: Extract<Word, { kind: StatementKind }>): Word | undefined {
    if (this.#does('leaves out')) return { ...word, set: word.set.slice(1) }
    return word.round > 0 && this.#does('ignores locks') ? { ...word, set: this.#some(word.kind) } : undefined
  }

  /** Any part of what could be named. */
  #some(kind: StatementKind): string[] {
    const { random } = this.world
    const named = kind === 'decision-close.v1' ? 'decision-commitment.v1' : 'decision-reveal.v1'
    const all = this.decision?.of(named).map(({ id }) => id) ?? []
    return all.filter(() => random.chance(0.6))
  }

  #sayElse(word: Extract<Word, { kind: StatementKind }>): void {
    const { random } = this.world
    const other = { ...word, set: random.chance(0.3) ? word.set : this.#some(word.kind) }
    const message = this.#made(other)
    this.#tell(message, random.shuffled(this.world.electors).slice(0, 1 + random.below(3)))
  }

  /** Of the next rounds, as if the last had been enough. */
  #sayAhead(word: Extract<Word, { kind: StatementKind }>): void {
    const named = this.decision?.of(word.kind).filter(({ payload }) => payload.round === word.round) ?? []
    const because = named.map(({ id }) => id).sort()
    this.#tell(this.#made({ ...word, round: word.round + 1, because }), this.world.electors)
  }

  #made({ kind, ...body }: Extract<Word, { kind: StatementKind }>): Message {
    return say(this.holder, kind, { ...body, decision: this.world.initiation.id }, this.world.now)
  }

  #tell(message: Message, listeners: readonly Elector[]): void {
    this.disk.push(message)
    this.decision?.add(message)
    for (const { at } of listeners) if (at !== this.at) this.world.send(this.at, at, message)
  }

  override spread(message: Message, but = -1): void {
    if (this.#does('late')) {
      this.world.after(this.world.random.below(2 * HOUR), () => super.spread(message, but))
      return
    }
    if (!this.#does('to some only')) return super.spread(message, but)
    for (const { at } of this.world.electors)
      if (at !== this.at && this.world.random.chance(0.4)) this.world.send(this.at, at, message)
  }

  /** What it holds back in general, it does not give away when it meets others. */
  override lackedBy(other: Elector): Message[] {
    const lacked = super.lackedBy(other)
    return this.#does('to some only') ? lacked.filter(() => this.world.random.chance(0.3)) : lacked
  }
}

/**
 * The other half of a liar that leads two lives: while the network is split, each half of it meets one of the two, and
 * both are as honest as can be. What the first knew when the split began, the second knows.
 */
export class Twin extends Elector {
  override readonly isLiar = true
  readonly #first: Elector

  constructor(world: World, at: number, first: Elector) {
    super(world, at, first.elector, first.holder)
    this.#first = first
    this.isDead = true
  }

  override begin(): void {}

  wake(): void {
    this.isDead = false
    this.world.lies++
    this.secrets = new Map(this.#first.secrets)
    this.disk.push(...this.#first.disk)
    this.restart()
  }
}
