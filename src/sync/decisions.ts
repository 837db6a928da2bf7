// Messages of decisions between nodes: every node that policy clears for them comes to hold all of them, each judged
// here, and durable before anybody else hears of it. protocols/sync, section 14.
import { Decision } from '../decision/decision.ts'
import { type Message, type MessageRecord, parseMessage } from '../decision/message.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { toHex } from '../wire/bytes.ts'
import { decodeCbor, encodeCbor } from '../wire/cbor.ts'
import { Reject, isReject } from '../wire/reject.ts'
import type { Answers } from './answers.ts'
import type { Context } from './context.ts'
import type { DecisionAnswers } from './decision-answers.ts'
import { DecisionAsking } from './decision-asking.ts'
import { BEGUN_MAX, type DecisionBook, type HeldDecision } from './decision-book.ts'
import type { StoreWrite } from './effects.ts'
import { type Frame, RUN_BYTES_TARGET, weighMessage } from './frame.ts'
import type { Session } from './session.ts'

/** Messages of one company in one decision that are held while what they name is missing. */
const WAITING_MAX = 64
/** What was left for want of a share is asked for again after that, or when the day ends. */
const LEFT_MS = 3_600_000
/** To see whether a message is here, in signature checks. */
const LOOK_CHECKS = 0.2
/** To judge one: two signatures, and reading it. */
const JUDGE_CHECKS = 3
const BYTES_PER_CHECK = 2_048

type Initiation = Message<'decision-initiation.v1'>
type Taken = 'new' | 'known' | 'left'

export class DecisionSync {
  readonly book: DecisionBook
  readonly asking: DecisionAsking
  readonly #context: Context
  readonly #answers: Answers

  constructor(context: Context, book: DecisionBook, answers: Answers, said: DecisionAnswers) {
    this.#context = context
    this.book = book
    this.#answers = answers
    this.asking = new DecisionAsking(context, book, said)
  }

  // ---- what each side has -----------------------------------------------------------------------

  onSummary(session: Session, { space: id, hash }: Extract<Frame, { type: 'decision-summary' }>): void {
    const space = this.#context.decisionSpaceFor(session, 'announce', id)
    if (space) this.#answers.compareDecisions(session, space, hash)
  }

  onDecisions(session: Session, { space: id, decisions }: Extract<Frame, { type: 'decisions' }>): void {
    const space = this.#context.decisionSpaceFor(session, 'request', id)
    if (!space) return
    this.asking.note(session, decisions, space)
    this.asking.ask(session)
  }

  onWant(session: Session, frame: Extract<Frame, { type: 'want-messages' }>, bytes: number): void {
    const { space: id, request, after, upTo, wanted } = frame
    if (!this.#context.decisionSpaceFor(session, 'send', id)) return
    const space = toHex(id)
    this.#answers.add(session, { to: 'want-messages', space, request, after, upTo, wanted, bytes })
  }

  // ---- the road in ------------------------------------------------------------------------------

  onMessages(session: Session, frame: Extract<Frame, { type: 'messages' }>): void {
    // Unknown and not-for-you look the same, whatever the frame holds: silence (SYN-5).
    const space = this.#context.decisionSpaceFor(session, 'store', frame.space)
    if (!space) return
    const isAnswer = this.asking.isAsked(session, frame.request)
    if (!isAnswer && !this.#isWithinRate(session, space, frame.records)) return
    let fruitful = false
    for (const record of frame.records) {
      if (session.allowances.checks.left(this.#context.now) <= 0) {
        if (!isAnswer) this.asking.compareLater(session, space)
        fruitful = true
        break
      }
      const taken = this.#take(space, record, session)
      if (isReject(taken) && taken.fault) return this.#context.close(session, taken, placeOf(space))
      fruitful ||= taken === 'new'
    }
    if (isAnswer) this.asking.answered(session, fruitful)
    this.asking.ask(session)
  }

  /** A push beyond the rate is not looked into: what it would have brought is asked for. */
  #isWithinRate(session: Session, space: SpaceLog, records: MessageRecord[]): boolean {
    const { pushed } = session.allowances
    const { now } = this.#context
    const within = pushed.mayGo(now)
    pushed.spend(records.length, weigh(records), now)
    if (pushed.floods(now)) {
      const reject = new Reject('push-flood', 'pushes far beyond the rate')
      this.#context.close(session, reject, placeOf(space))
      return false
    }
    if (!within) this.asking.compareLater(session, space)
    return within
  }

  #take(space: SpaceLog, record: MessageRecord, from: Session): Taken | Reject {
    const { checks } = from.allowances
    const { directory, now } = this.#context
    checks.spend(LOOK_CHECKS, now)
    if (this.book.knows(record)) return 'known'
    checks.spend(JUDGE_CHECKS + weighMessage(record) / BYTES_PER_CHECK, now)
    const message = parseMessage(record, directory.identityOf)
    if (isReject(message)) return message
    // Its company's log, or its place in the space, may not have come yet: when it has, all compare anew.
    if ('waitsFor' in message || space.companyOf(message.payload.company) === undefined) return 'left'
    if (!this.#context.isSpent(from, 'decisions', message.payload.company))
      return this.#place(space, message, from)
    return this.#leave(message, Math.min(this.#context.quota.endsAt(now) - now, LEFT_MS))
  }

  /** Not kept, and of nobody asked for so long. */
  #leave(message: Message, forMs = Infinity): 'left' {
    this.book.leave(decisionOf(message), message.id, this.#context.steady + forMs)
    return 'left'
  }

  #place(space: SpaceLog, message: Message, from: Session | undefined): Taken | Reject {
    const held = this.book.find(space, decisionOf(message))
    if (message.kind === 'decision-initiation.v1') return held ? 'known' : this.#begin(space, message, from)
    if (held) return this.#add(held, message, from)
    if (from) this.asking.want(from, space, decisionOf(message))
    return 'left'
  }

  #begin(space: SpaceLog, message: Initiation, from: Session | undefined): Taken | Reject {
    const { payload } = message
    if (payload.space !== toHex(space.id)) return new Reject('initiation-shape', 'of another space')
    const decision = new Decision(message)
    if (decision.electorOf(payload) === undefined)
      return new Reject('message-power', 'begun by nobody who decides here')
    if (this.book.isFull(space, payload.company)) return this.#leave(message)
    this.#keep(this.book.open(decision, space), [message], from)
    return 'new'
  }

  #add(held: HeldDecision, message: Message, from: Session | undefined): Taken | Reject {
    const { decision, space } = held
    const { company } = message.payload
    const waiting = decision.waiting
    const most = waiting.filter(({ payload }) => payload.company === company).length >= WAITING_MAX
    if (most && decision.lacks(message)) return this.#leave(message, LEFT_MS)
    const added = decision.add(message)
    // What is wrong only beside what others said is nobody's fault who passes it on.
    if (isReject(added)) return added.fault ? added : this.#leave(message, LEFT_MS)
    if (added === 'known') return 'known'
    if (added === 'full') return this.#leave(message)
    // What it names is taken now, even where there was no room for it.
    if ('set' in message.payload) this.book.forgetLeft(decision.id)
    if (added === 'waits') {
      if (from) this.asking.want(from, space, decision.id)
      const charged = this.#charge(message, from)
      if (charged.length > 0) this.#context.write(charged, undefined, false)
      return 'new'
    }
    const ready = waiting.filter(({ id }) => decision.messages.has(id))
    this.#keep(held, [message, ...ready], from)
    return 'new'
  }

  #charge({ payload, record }: Message, from: Session | undefined): StoreWrite[] {
    return this.#context.charge(from, 'decisions', payload.company, weighMessage(record))
  }

  /** @param messages the one that has come, and those that waited for it, which were counted when they came */
  #keep(held: HeldDecision, messages: [Message, ...Message[]], from: Session | undefined): void {
    for (const { record } of messages) this.book.note(record)
    const writes = messages.map(message => putMessage(held, message))
    this.#context.write([...writes, ...this.#charge(messages[0], from)], () => {
      this.#written(held, messages, from)
    })
  }

  /** Nobody hears of a message that a power cut could take: its signer would say another in its place. */
  #written(held: HeldDecision, messages: Message[], from: Session | undefined): void {
    const { space, decision } = held
    for (const message of messages) {
      held.durable.add(message.id)
      this.#context.journal?.said(space, message)
    }
    this.#context.tell({ what: 'decision', space: toHex(space.id), decision: decision.id })
    this.#passOn(held, messages, from)
  }

  #passOn(held: HeldDecision, messages: Message[], from: Session | undefined): void {
    for (const session of this.#context.open()) {
      if (session === from || !this.#context.decisionClearance(session, 'send', held.space)) continue
      if (this.#push(session, held, messages)) continue
      session.owesDecisions.add(held)
      this.#answers.pump(session)
    }
  }

  /** @returns whether they went out: else the decision is named, and the peer asks when it wants to. */
  #push(session: Session, { space }: HeldDecision, messages: Message[]): boolean {
    const { pushing } = session.allowances
    const { now } = this.#context
    const records = messages.map(({ record }) => record)
    const bytes = weigh(records)
    const isOne = records.length === 1 || bytes <= RUN_BYTES_TARGET
    if (!isOne || !this.#context.hasRoom(session) || !pushing.mayGo(now)) return false
    pushing.spend(records.length, bytes, now)
    const frame = { type: 'messages', space: space.id, request: 0, records } as const
    return this.#context.sendDecisions(session, frame, space) > 0
  }

  // ---- what this company says -------------------------------------------------------------------

  /** Takes in a message that was signed here; it goes out once it is durable. DEC-29 */
  say(record: MessageRecord): Message | Reject {
    const { directory } = this.#context
    const message = parseMessage(record, directory.identityOf)
    if (isReject(message)) return message
    if ('waitsFor' in message || message.payload.company !== directory.self.did)
      return refusal('message-signer', 'not signed for this company')
    const space = this.#spaceOf(message)
    if (!space) return refusal('decision-unknown', 'no such decision, or no such space, is here')
    const held = this.book.find(space, decisionOf(message))
    const other = held && inSameSlot(held.decision, message)
    if (other) return refusal('slot-taken', `this key has already said ${other.id}`)
    const taken = this.#place(space, message, undefined)
    if (isReject(taken)) return taken
    if (this.book.find(space, decisionOf(message))?.decision.messages.has(message.id)) return message
    return message.kind === 'decision-initiation.v1'
      ? refusal('decisions-many', `this company has begun ${BEGUN_MAX} in this space`)
      : refusal('message-early', 'what it names is not here, or there is no room for it')
  }

  #spaceOf(message: Message): SpaceLog | undefined {
    if (message.kind !== 'decision-initiation.v1') return this.book.get(message.payload.decision)?.space
    return this.#context.directory.spaces.get(message.payload.space)
  }

  /** What an earlier run stored. @returns whether it stands */
  restore(space: SpaceLog, message: Message): boolean {
    const held =
      message.kind === 'decision-initiation.v1'
        ? this.book.open(new Decision(message), space)
        : this.book.find(space, message.payload.decision)
    const added = held && (held.decision.id === message.id ? 'added' : held.decision.add(message, true))
    if (!held || added !== 'added') return false
    this.book.note(message.record)
    held.durable.add(message.id)
    return true
  }
}

function decisionOf(message: Message): string {
  return message.kind === 'decision-initiation.v1' ? message.id : message.payload.decision
}

/** Another message of this key where only one may stand. DEC-8 */
function inSameSlot(decision: Decision, { id, kind, payload }: Message): Message | undefined {
  if (kind === 'decision-rationale.v1' || kind === 'decision-mediation.v1') return undefined
  const roundOf = (of: Message['payload']) => ('round' in of ? of.round : undefined)
  return decision
    .saidBy(kind, payload)
    .find(other => other.id !== id && roundOf(other.payload) === roundOf(payload))
}

function refusal(code: string, detail: string): Reject {
  return new Reject(code, detail, false)
}

function weigh(records: readonly MessageRecord[]): number {
  return records.reduce((sum, record) => sum + weighMessage(record), 0)
}

function placeOf(space: SpaceLog): string {
  return `decisions of ${toHex(space.id)}`
}

function putMessage({ space, decision }: HeldDecision, { id, record }: Message): StoreWrite {
  const key = `${toHex(space.id)}/${decision.id}/${id}`
  const bytes = encodeCbor([record.document, record.certificate])
  return { kind: 'put', table: 'decision', key, bytes }
}

export function decodeMessage(bytes: Uint8Array): MessageRecord | undefined {
  const row = decodeCbor(bytes, bytes.length)
  const [document, certificate] = Array.isArray(row) ? row : []
  const isWhole = document instanceof Uint8Array && certificate instanceof Uint8Array
  return isWhole ? { document, certificate } : undefined
}
