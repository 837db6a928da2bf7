// What peers are told of decisions: one hash for a space, one digest for each decision, and the messages that they
// lack. protocols/sync, section 14.
import type { Message, MessageRecord } from '../decision/message.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { equalBytes, fromHex, toHex } from '../wire/bytes.ts'
import type { Context } from './context.ts'
import { type DecisionBook, type HeldDecision, inOrder } from './decision-book.ts'
import { DECISIONS_MAX, MESSAGES_MAX, RUN_BYTES_TARGET, weighMessage } from './frame.ts'
import type { DecisionsAnswer, MessagesAnswer } from './serving.ts'
import type { Session } from './session.ts'

/** Ids that are looked at in the time of one signature check. */
const IDS_PER_CHECK = 100
/** Decisions that are named or asked for, of which each is a look-up and perhaps a hash. */
const DECISIONS_PER_CHECK = 10

export class DecisionAnswers {
  readonly #context: Context
  readonly #book: DecisionBook

  constructor(context: Context, book: DecisionBook) {
    this.#context = context
    this.#book = book
  }

  /** What this node holds of a space's decisions, in one hash; who holds none says nothing unasked. */
  summarize(session: Session, space: SpaceLog, { asked = false } = {}): void {
    const count = this.#book.of(space).length
    if (count === 0 && !asked) return
    this.#spend(session, count / DECISIONS_PER_CHECK)
    const frame = { type: 'decision-summary', space: space.id, hash: this.#book.summaryOf(space) } as const
    this.#context.sendDecisions(session, frame, space)
  }

  /** All decisions of the space with their digests, where the peer's hash is another; page by page. */
  list(session: Session, answer: DecisionsAnswer): 'done' | 'more' {
    const space = this.#context.directory.spaces.get(answer.space)
    if (!space) return 'done'
    if (!answer.rest) {
      const held = this.#book.of(space)
      this.#spend(session, 1 + held.length / DECISIONS_PER_CHECK)
      if (equalBytes(this.#book.summaryOf(space), answer.hash)) return 'done'
      // Who has nothing to name asks to be named what there is.
      if (held.length === 0) this.summarize(session, space, { asked: true })
      answer.rest = held
    }
    const page = answer.rest.splice(0, DECISIONS_MAX)
    this.#spend(session, page.length / DECISIONS_PER_CHECK)
    this.name(session, space, page)
    return answer.rest.length > 0 ? 'more' : 'done'
  }

  name(session: Session, space: SpaceLog, held: HeldDecision[]): void {
    if (held.length === 0) return
    const decisions = held.map(({ decision, digest }) => ({
      id: fromHex(decision.id) as Uint8Array,
      digest
    }))
    this.#context.sendDecisions(session, { type: 'decisions', space: space.id, decisions }, space)
  }

  /** As much as one frame holds: whoever lacks more asks again, when it wants to. */
  answer(session: Session, { space: key, request, wanted, ...range }: MessagesAnswer): void {
    const space = this.#context.directory.spaces.get(key)
    if (!space) return
    const records: MessageRecord[] = []
    let bytes = 0
    const isFull = () => records.length === MESSAGES_MAX || bytes > RUN_BYTES_TARGET
    for (const one of wanted) {
      for (const { record } of isFull() ? [] : this.#lacking(session, space, { ...one, ...range })) {
        bytes += weighMessage(record)
        if (records.length > 0 && isFull()) break
        records.push(record)
      }
    }
    this.#context.sendDecisions(session, { type: 'messages', space: space.id, request, records }, space)
  }

  #lacking(
    session: Session,
    space: SpaceLog,
    { decision, have, after, upTo }: MessagesAnswer['wanted'][number] & Pick<MessagesAnswer, 'after' | 'upTo'>
  ): Message[] {
    const held = this.#book.find(space, toHex(decision))
    this.#spend(session, (1 + have.length + (held?.durable.size ?? 0)) / IDS_PER_CHECK)
    if (!held) return []
    const named = new Set<string>()
    for (const bytes of have) {
      const id = toHex(bytes)
      if (held.durable.has(id)) named.add(id)
    }
    const [from, until] = [toHex(after), toHex(upTo)]
    const isMeant = (id: string) => id > from && (until === '' || id <= until) && !named.has(id)
    const { messages } = held.decision
    const meant = [...held.durable].filter(isMeant).flatMap(id => messages.get(id) ?? [])
    return inOrder(meant, message => message)
  }

  #spend(session: Session, cost: number): void {
    session.allowances.work.spend(cost, this.#context.now)
  }
}
