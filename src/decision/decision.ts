// One decision: its messages, and what they have come to. Which order they came in makes no difference.
// protocols/decision.
import { toHex, utf8 } from '../wire/bytes.ts'
import { sha256 } from '../wire/hash.ts'
import { Reject } from '../wire/reject.ts'
import { ballotThatCounts, checkReveal, commitmentOf } from './ballot.ts'
import { type Mediation, mediationOf } from './mediation.ts'
import type { Message } from './message.ts'
import { seatOf } from './policy.ts'
import { type Final, type Matter, Rounds, type Statement, setValue } from './rounds.ts'
import type { Ballot, Initiation, MessageKind, Payload, StatementKind } from './schema.ts'
import { type Ballots, type Standard, type Tally, isAgainstScores, standardOf, tallyOf } from './tally.ts'

/** Room for the devices of all who hold a role. What a statement names is taken beyond it. */
const SLOT_MAX = 64
/** A third message of one key proves no more than two. */
const SLOT_PER_KEY_MAX = 2
/** Mediators may come to another mind. */
const MEDIATIONS_PER_KEY_MAX = 8

const OPTION = 'option:'

/** DEC-8: two messages of one key in one slot. */
export interface Equivocation {
  elector: number
  key: string
  messages: [Message, Message]
}

export interface Settled {
  final: Final
  tally: Tally
  ballots: Ballots
}

export type Added = 'added' | 'known' | 'waits' | 'full' | Reject

/** A key that is certified for two roles speaks for two electors. DEC-8 */
export interface Signer {
  company: string
  role: string
  /** Multikey. */
  key: string
}

type StatementMessage = Message<StatementKind>

export class Decision {
  readonly id: string
  readonly initiation: Initiation
  readonly standard: Standard
  readonly messages = new Map<string, Message>()
  readonly equivocations: Equivocation[] = []
  readonly closing: Rounds
  readonly settling: Rounds
  /** Messages that name what is not here. */
  readonly #waiting = new Map<string, Message>()
  readonly #slots = new Map<string, Message[]>()
  /** Ids that held messages name and that are not here. */
  readonly #wanted = new Set<string>()
  /** The seal that a reveal opens. */
  readonly #opened = new Map<string, string>()
  #closed: Final | undefined
  #settled: Settled | undefined

  constructor(initiation: Message<'decision-initiation.v1'>) {
    this.id = initiation.id
    this.initiation = initiation.payload
    this.standard = standardOf(initiation.payload)
    this.messages.set(initiation.id, initiation)
    const { quorums, policy } = this.standard
    const weights = policy.electors.map(({ weight }) => weight)
    this.closing = new Rounds({
      weights,
      quorum: quorums.close,
      electorOf: id => this.#electorOfKind(id, 'decision-commitment.v1'),
      sealOf: () => undefined,
      valueOf: setValue,
      carriersOf: () => undefined
    })
    this.settling = new Rounds({
      weights,
      quorum: quorums.close,
      electorOf: id => (this.#isCounted(id) ? this.#electorOfKind(id, 'decision-reveal.v1') : undefined),
      sealOf: id => this.#opened.get(id),
      ...settlingValues(this.standard, set => this.ballots(set))
    })
  }

  /** The index of the elector for whom a company's role speaks. */
  electorOf(signer: { company: string; role: string }): number | undefined {
    const seat = seatOf(this.standard.policy, signer)
    return seat < 0 ? undefined : seat
  }

  /**
   * @param message right in itself (`parseMessage`) and naming this decision
   * @param isKept it was taken before: what was named then, and by what, may come only after it now
   */
  add(message: Message, isKept = false): Added {
    if (this.messages.has(message.id) || this.#waiting.has(message.id)) return 'known'
    const refused = this.#check(message)
    if (refused) return refused
    if (!isKept && !this.#hasRoom(message)) return 'full'
    this.#slot(message)
    const taken = this.#take(message)
    if (taken instanceof Reject) {
      this.#unslot(message)
      return taken
    }
    if (taken === 'added') this.#retry()
    else this.#waiting.set(message.id, message)
    this.#want(message)
    return taken
  }

  /** What the message shows beside the initiation. DEC-7, DEC-12 */
  #check(message: Message): Reject | undefined {
    if (message.kind === 'decision-initiation.v1') return new Reject('initiation-shape', 'another decision')
    const { payload } = message
    if (payload.decision !== this.id) return new Reject('message-signer', 'of another decision')
    const isOurs =
      message.kind === 'decision-mediation.v1'
        ? this.standard.policy.electors.some(({ company }) => company === payload.company)
        : this.electorOf(payload) !== undefined
    if (!isOurs) return new Reject('message-power', 'signed by nobody who decides here')
    if (message.kind === 'decision-close.v1' || message.kind === 'decision-settle.v1')
      return this.initiation.voices[this.electorOf(payload) as number] === payload.key
        ? undefined
        : new Reject('message-power', 'another key closes and settles for this elector')
    return message.kind === 'decision-reveal.v1'
      ? checkReveal(message.payload, this.id, this.initiation, this.standard.rule)
      : undefined
  }

  #hasRoom(message: Message): boolean {
    if (this.#wanted.has(message.id)) return true
    const held = this.#slots.get(this.#slotOf(message)) ?? []
    const { key } = message.payload
    const max = message.kind === 'decision-mediation.v1' ? MEDIATIONS_PER_KEY_MAX : SLOT_PER_KEY_MAX
    return held.length < SLOT_MAX && held.filter(other => other.payload.key === key).length < max
  }

  #slotOf({ kind, payload }: Message): string {
    const who = kind === 'decision-mediation.v1' ? payload.company : String(this.electorOf(payload))
    return `${kind}/${'round' in payload ? payload.round : ''}/${who}`
  }

  #slot(message: Message): void {
    const slot = this.#slotOf(message)
    const held = this.#slots.get(slot) ?? []
    const { key } = message.payload
    const other = held.find(({ payload }) => payload.key === key)
    // A rationale or a mediation may be put better; nobody is bound by the first.
    const isBinding = message.kind !== 'decision-rationale.v1' && message.kind !== 'decision-mediation.v1'
    const isKnown = this.equivocations.some(
      known => known.key === key && this.#slotOf(known.messages[0]) === slot
    )
    if (other && isBinding && !isKnown) {
      const elector = this.electorOf(message.payload) as number
      this.equivocations.push({ elector, key, messages: [other, message] })
    }
    this.#slots.set(slot, [...held, message])
  }

  #unslot(message: Message): void {
    const slot = this.#slotOf(message)
    this.#slots.set(
      slot,
      (this.#slots.get(slot) ?? []).filter(other => other !== message)
    )
  }

  #take(message: Message): 'added' | 'waits' | Reject {
    const taken = this.#place(message)
    if (taken === 'added') {
      this.messages.set(message.id, message)
      this.#waiting.delete(message.id)
      this.#wanted.delete(message.id)
    }
    return taken
  }

  #place(message: Message): 'added' | 'waits' | Reject {
    switch (message.kind) {
      case 'decision-close.v1':
        return this.closing.add(this.#statement(message))
      case 'decision-settle.v1':
        return this.closed ? this.settling.add(this.#statement(message)) : 'waits'
      case 'decision-reveal.v1': {
        const seal = this.#sealOfReveal(message.payload)
        if (!this.#isCommitted(seal)) return 'waits'
        this.#opened.set(message.id, seal)
        return 'added'
      }
      default:
        return 'added'
    }
  }

  #statement({ id, payload }: StatementMessage): Statement {
    const { round, set, because, key } = payload
    return { id, elector: this.electorOf(payload) as number, key, round, set, because }
  }

  /** What a commitment hides: one digest of one key of one elector, however often it was said, whoever repeats it. */
  #sealOf(signer: { company: string; role: string; key: string }, commitment: string): string {
    return `${this.electorOf(signer)}/${signer.key}/${commitment}`
  }

  #sealOfReveal(payload: Payload<'decision-reveal.v1'>): string {
    return this.#sealOf(payload, commitmentOf(payload.salt, payload.ballot))
  }

  #isCommitted(seal: string): boolean {
    return this.of('decision-commitment.v1').some(({ id }) => this.#sealAt(id) === seal)
  }

  #sealAt(id: string): string | undefined {
    const message = this.messages.get(id)
    return message?.kind === 'decision-commitment.v1'
      ? this.#sealOf(message.payload, message.payload.commitment)
      : undefined
  }

  #want(message: Message): void {
    if (message.kind !== 'decision-close.v1' && message.kind !== 'decision-settle.v1') return
    for (const id of [...message.payload.set, ...message.payload.because])
      if (!this.messages.has(id)) this.#wanted.add(id)
  }

  /** Takes what waited, until nothing more can be taken. */
  #retry(): void {
    this.#closed ??= this.closing.final()
    for (const message of this.#waiting.values()) {
      const taken = this.#take(message)
      if (taken === 'waits') continue
      // Wrong only now that what it names is here: it stays out, and takes no other's place.
      if (taken instanceof Reject) this.#unslot(message)
      this.#waiting.delete(message.id)
      return this.#retry()
    }
  }

  /** Messages of a kind, in the order of their ids. */
  of<K extends MessageKind>(kind: K): Message<K>[] {
    const found = [...this.messages.values()].filter(message => message.kind === kind)
    return found.sort((a, b) => (a.id < b.id ? -1 : 1)) as Message<K>[]
  }

  get waiting(): readonly Message[] {
    return [...this.#waiting.values()]
  }

  /** What a key has said for an elector, whether or not what it names is here. */
  saidBy<K extends MessageKind>(kind: K, { company, role, key }: Signer): Message<K>[] {
    const held = [...this.messages.values(), ...this.#waiting.values()]
    return held.filter(({ kind: other, payload }) => {
      const isSame = payload.key === key && payload.company === company && payload.role === role
      return isSame && other === kind
    }) as Message<K>[]
  }

  /** Whether a message would wait for what it names. */
  lacks(message: Message): boolean {
    switch (message.kind) {
      case 'decision-close.v1':
        return !this.closing.holds(message.payload)
      case 'decision-settle.v1':
        return !this.closed || !this.settling.holds(message.payload)
      case 'decision-reveal.v1':
        return !this.#isCommitted(this.#sealOfReveal(message.payload))
      default:
        return false
    }
  }

  #electorOfKind(id: string, kind: MessageKind): number | undefined {
    const message = this.messages.get(id)
    return message?.kind === kind ? this.electorOf(message.payload) : undefined
  }

  /** A reveal of a closed commitment. */
  #isCounted(id: string): boolean {
    const seal = this.#opened.get(id)
    return seal !== undefined && (this.closed?.set ?? []).some(name => this.#sealAt(name) === seal)
  }

  /** DEC-18: the commitments that count. */
  get closed(): Final | undefined {
    return (this.#closed ??= this.closing.final())
  }

  get settled(): Settled | undefined {
    if (this.#settled) return this.#settled
    const final = this.closed && this.settling.final()
    if (!final) return undefined
    const ballots = this.ballots(final.set)
    this.#settled = { final, ballots, tally: tallyOf(this.standard, ballots) }
    return this.#settled
  }

  tally(reveals: readonly string[]): Tally {
    return tallyOf(this.standard, this.ballots(reveals))
  }

  /** The ballot of each elector, as these reveals give it. DEC-20 */
  ballots(reveals: readonly string[]): Ballots {
    const closed = this.closed?.set ?? []
    const bySeal = new Map<string | undefined, Ballot>()
    for (const id of reveals) {
      const [seal, message] = [this.#opened.get(id), this.messages.get(id)]
      if (seal !== undefined && message?.kind === 'decision-reveal.v1')
        bySeal.set(seal, message.payload.ballot)
    }
    return this.standard.policy.electors.map((_, elector) => {
      const own = closed.filter(id => this.#electorOfKind(id, 'decision-commitment.v1') === elector)
      return ballotThatCounts(own.map(id => bySeal.get(this.#sealAt(id))))
    })
  }

  /** Reveals of closed commitments. */
  get revealed(): string[] {
    return this.of('decision-reveal.v1').flatMap(({ id }) => (this.#isCounted(id) ? [id] : []))
  }

  /** Closed commitments that nobody has opened. */
  get unrevealed(): string[] {
    const opened = new Set(this.revealed.map(id => this.#opened.get(id)))
    return (this.closed?.set ?? []).filter(id => !opened.has(this.#sealAt(id)))
  }

  /** Whether a rationale is still asked for. DEC-22 */
  get lacksRationale(): boolean {
    const { settled } = this
    return settled !== undefined && isAgainstScores(settled.tally) && this.rationales.length === 0
  }

  /** Of electors whose ballot is for what was approved. */
  get rationales(): Message<'decision-rationale.v1'>[] {
    const { settled } = this
    if (!settled) return []
    return this.of('decision-rationale.v1').filter(({ payload }) => {
      const ballot = settled.ballots[this.electorOf(payload) as number]
      return ballot?.option !== undefined && ballot.option === settled.tally.approved
    })
  }

  /** What the CEO roles have said, once nothing was approved. DEC-27 */
  get mediation(): Mediation | undefined {
    const { settled } = this
    if (!settled || settled.tally.approved !== undefined) return undefined
    return mediationOf(this.standard, settledDigest(settled.final), this.of('decision-mediation.v1'))
  }
}

/** What a set of reveals stands for: the option that it approves, which its approvers carry, or itself. DEC-13 */
export function settlingValues(
  standard: Standard,
  ballotsOf: (reveals: readonly string[]) => Ballots
): Pick<Matter, 'valueOf' | 'carriersOf'> {
  return {
    valueOf: set => {
      const { approved } = tallyOf(standard, ballotsOf(set))
      return approved === undefined ? setValue(set) : `${OPTION}${approved}`
    },
    carriersOf: (value, set) => {
      if (!value.startsWith(OPTION)) return undefined
      const option = Number(value.slice(OPTION.length))
      const electors = new Set<number>()
      for (const [elector, ballot] of ballotsOf(set).entries()) {
        if (ballot?.option === option) electors.add(elector)
      }
      return { electors, weight: standard.quorums.threshold }
    }
  }
}

/** By what a mediation names a settled set, hexadecimal: SHA-256 of its ids, one a line. */
export function settledDigest({ set }: Pick<Final, 'set'>): string {
  return toHex(sha256(utf8(set.map(id => `${id}\n`).join(''))))
}
