// What we ask peers for about decisions: one request at a time, as fast as what it brings can be checked, and again
// while it brings something new. protocols/sync, section 14.
import type { SpaceLog } from '../identity/space-log.ts'
import { EMPTY, fromHex, toHex } from '../wire/bytes.ts'
import type { Context } from './context.ts'
import type { DecisionAnswers } from './decision-answers.ts'
import type { DecisionBook } from './decision-book.ts'
import { type Frame, HELD_IDS_MAX, WANTED_MAX } from './frame.ts'
import type { Session, WantedDecision } from './session.ts'

/** Decisions of which one peer may have named something that we lack; others are named again at the next comparing. */
export const LACKING_MAX = 4_096
/** A peer that was asked and does not answer for so long is asked again at the next comparing. */
const SILENCE_MS = 30_000

type WantMessages = Extract<Frame, { type: 'want-messages' }>
type NamedDecision = Extract<Frame, { type: 'decisions' }>['decisions'][number]

export class DecisionAsking {
  readonly #context: Context
  readonly #book: DecisionBook
  readonly #answers: DecisionAnswers

  constructor(context: Context, book: DecisionBook, answers: DecisionAnswers) {
    this.#context = context
    this.#book = book
    this.#answers = answers
  }

  /** What a peer says that it holds: where that is not what is here, it is asked. */
  note(session: Session, named: NamedDecision[], space: SpaceLog): void {
    const held = this.#book.in(space)
    const { wanted } = session.decisions
    for (const { id, digest } of named) {
      // Where there is room for no more, what is not here need not be looked up.
      if (wanted.size >= LACKING_MAX && held.size === 0) return
      const decision = toHex(id)
      if (held.get(decision)?.isAll(digest)) wanted.delete(decision)
      else this.want(session, space, decision, digest)
    }
  }

  want(session: Session, space: SpaceLog, decision: string, digest?: Uint8Array): void {
    const { wanted } = session.decisions
    if (wanted.size >= LACKING_MAX && !wanted.has(decision)) return
    // Its initiation was left with a peer, and nothing of it is taken without.
    if (this.#book.isLeft(decision, decision, this.#context.steady)) return
    wanted.set(decision, { space, after: '', ...(digest && { digest }) })
  }

  /** Something of this space was left with the peer, for it came too fast. */
  compareLater(session: Session, space: SpaceLog): void {
    session.decisions.uncompared.add(space)
  }

  /** Sends the next request, once what it brings may be checked. */
  ask(session: Session): void {
    const { request, wanted, uncompared } = session.decisions
    const { checks } = session.allowances
    if (!this.#context.hasRoom(session) || checks.left(this.#context.now) <= 0) return
    for (const space of uncompared) this.#answers.summarize(session, space, { asked: true })
    uncompared.clear()
    const [first] = wanted
    if (request || !first) return
    const [, { space }] = first
    const frame = this.#request(space, wanted)
    const decisions = frame.wanted.map(({ decision }) => toHex(decision))
    if (this.#context.sendDecisions(session, frame, space) === 0) {
      for (const decision of decisions) wanted.delete(decision)
      return
    }
    const { steady } = this.#context
    session.decisions.request = { id: frame.request, decisions, upTo: toHex(frame.upTo), askedAt: steady }
  }

  #request(space: SpaceLog, wanted: ReadonlyMap<string, WantedDecision>): WantMessages {
    const request = this.#context.requestId()
    const frame: WantMessages = {
      type: 'want-messages',
      space: space.id,
      request,
      after: EMPTY,
      upTo: EMPTY,
      wanted: []
    }
    let left = HELD_IDS_MAX
    for (const [decision, { space: of, after }] of wanted) {
      if (of !== space) continue
      const ids = this.#idsOf(space, decision).filter(id => id > after)
      const isLong = ids.length > HELD_IDS_MAX || after !== ''
      const isFirst = frame.wanted.length === 0
      if (frame.wanted.length === WANTED_MAX || (!isFirst && (isLong || ids.length > left))) break
      const have = ids.slice(0, HELD_IDS_MAX)
      left -= have.length
      frame.wanted.push({ decision: bytesOf(decision), have: have.map(bytesOf) })
      if (!isLong) continue
      // A part of what is here, and no other decision beside it.
      frame.after = bytesOf(after)
      if (ids.length > have.length) frame.upTo = bytesOf(have.at(-1) as string)
      break
    }
    return frame
  }

  /** What is here, or is not to be sent again. */
  #idsOf(space: SpaceLog, decision: string): string[] {
    const left = this.#book.leftOf(decision, this.#context.steady)
    const held = this.#book.find(space, decision)?.decision
    const here = held ? [...held.messages.keys(), ...held.waiting.map(({ id }) => id)] : []
    return [...new Set([...here, ...left])].sort()
  }

  isAsked(session: Session, request: number): boolean {
    return session.decisions.request?.id === request
  }

  /** @param fruitful whether the answer brought something new, or more than could be looked at */
  answered(session: Session, fruitful: boolean): void {
    const { request, wanted } = session.decisions
    delete session.decisions.request
    for (const decision of request?.decisions ?? []) {
      const want = wanted.get(decision)
      if (!want || !request) continue
      const held = this.#book.find(want.space, decision)
      if (want.digest && held?.isAll(want.digest)) wanted.delete(decision)
      else if (!fruitful && request.upTo !== '') want.after = request.upTo
      else if (!fruitful) wanted.delete(decision)
    }
  }

  tick(session: Session): void {
    const { request } = session.decisions
    if (request && this.#context.steady - request.askedAt > SILENCE_MS) {
      this.answered(session, false)
    }
    this.ask(session)
  }
}

function bytesOf(id: string): Uint8Array {
  return fromHex(id) as Uint8Array
}
