// An honest elector's node: the core of the product over a disk that is written before anything is sent.
import { Decision } from '../../../src/decision/decision.ts'
import { type Secret, type Seen, type Word, turnOf } from '../../../src/decision/elector.ts'
import type { Message } from '../../../src/decision/message.ts'
import type { Ballot } from '../../../src/decision/schema.ts'
import { toHex } from '../../../src/wire/bytes.ts'
import { HOUR, type Holder, commit, say } from '../../../scripts/vectors/decision-builders.ts'
import { HEALED } from './times.ts'
import { isReject } from '../../../src/wire/reject.ts'
import type { World } from './world.ts'

export class Elector {
  readonly world: World
  readonly at: number
  /** Index in the policy. */
  readonly elector: number
  readonly holder: Holder
  readonly isLiar: boolean = false
  decision: Decision | undefined
  /** Never there. */
  isDead = false
  secrets = new Map<string, Secret>()
  /** What was written, in that order. */
  readonly disk: Message[] = []
  #seen: Seen = new Map()

  constructor(world: World, at: number, elector: number, holder: Holder) {
    this.world = world
    this.at = at
    this.elector = elector
    this.holder = holder
  }

  get key(): string {
    return this.holder.key.publicKey.multikey
  }

  /** People vote when they come to it; some too late, some never. */
  begin(): void {
    const { random } = this.world
    if (this.isDead || random.chance(0.07)) return
    const late = random.chance(0.1) ? 3 * HOUR : HOUR
    this.world.after(random.below(late), () => this.vote())
  }

  vote(): void {
    const { random } = this.world
    if (!this.decision) return this.world.after(60_000, () => this.vote())
    const id = this.decision.id
    // A colleague has voted, as far as this node knows.
    const voted = this.decision
      .of('decision-commitment.v1')
      .some(({ payload }) => this.decision?.electorOf(payload) === this.elector)
    if (voted || this.decision.closed) return
    const { message, secret } = commit(
      this.holder,
      id,
      this.#choice(),
      this.world.now,
      toHex(random.bytes(32))
    )
    this.secrets.set(message.id, secret)
    this.publish(message)
  }

  #choice(): Partial<Ballot> & Pick<Ballot, 'choice'> {
    const { random, initiation } = this.world
    const options = initiation.payload.options.length
    const objection = { argument: 'It costs too much.', change: 'Make it cheaper.' }
    return random.weighted<Partial<Ballot> & Pick<Ballot, 'choice'>>([
      [15, { choice: 'option', option: 0 }],
      [2, { choice: 'option', option: random.below(options) }],
      [2, { choice: 'reject', objection }],
      [1, { choice: 'abstain' }]
    ])
  }

  /** Written, and only then given away. A power cut may come before, between or after. */
  publish(message: Message): void {
    const { random } = this.world
    if (this.#mayFail() && random.chance(0.05)) return this.restart()
    this.disk.push(message)
    if (this.#mayFail() && random.chance(0.05)) return this.restart()
    const added = this.decision?.add(message)
    this.spread(message)
    // What a liar makes up may be refused by its own node as well: at once, it would make it up for ever.
    if (this.isLiar && isReject(added)) this.world.after(HOUR, () => this.act())
    else this.act()
  }

  #mayFail(): boolean {
    return !this.isLiar && this.world.now < HEALED
  }

  spread(message: Message, but = -1): void {
    for (const { at } of this.world.electors)
      if (at !== this.at && at !== but) this.world.send(this.at, at, message)
  }

  receive(message: Message, from: number): void {
    if (this.isDead) return
    if (!this.decision) {
      if (message.kind !== 'decision-initiation.v1' || message.id !== this.world.initiation.id) return
      this.disk.push(message)
      this.decision = new Decision(message)
      this.spread(message, from)
      return this.act()
    }
    if (message.kind === 'decision-initiation.v1') return
    const added = this.decision.add(message)
    if (added !== 'added' && added !== 'waits') return
    this.disk.push(message)
    this.spread(message, from)
    if (this.#mayFail() && this.world.random.chance(0.01)) this.restart()
    this.act()
  }

  /** All in memory is gone; the disk comes back in another order. */
  restart(): void {
    this.world.restarts++
    this.#seen = new Map()
    this.decision = undefined
    const [initiation, ...rest] = this.disk
    if (initiation?.kind !== 'decision-initiation.v1') return
    this.decision = new Decision(initiation)
    for (const message of this.world.random.shuffled(rest)) this.decision.add(message, true)
    this.world.after(1 + this.world.random.below(HOUR / 4), () => this.act())
  }

  act(): void {
    const { decision } = this
    if (!decision || this.isDead) return
    const voice = {
      elector: this.elector,
      key: this.key,
      secretOf: (id: string) => this.secrets.get(id),
      isTimely: () => true
    }
    const { words, wakeAt } = turnOf(decision, voice, this.#seen, this.world.now)
    if (wakeAt !== undefined) this.world.after(Math.max(1, wakeAt - this.world.now), () => this.act())
    for (const word of words) {
      if (this.decision !== decision) return
      this.utter(word)
    }
  }

  utter(word: Word): void {
    const { kind, ...body } = word
    this.publish(say(this.holder, kind, { ...body, decision: this.world.initiation.id }, this.world.now))
  }

  lackedBy(other: Elector): Message[] {
    const theirs = new Set(other.disk.map(({ id }) => id))
    return this.disk.filter(({ id }) => !theirs.has(id))
  }
}
