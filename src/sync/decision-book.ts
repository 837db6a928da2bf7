// The decisions that are here: of each space the messages of all decisions, a set that only grows, and what others are
// told of it. protocols/sync, section 14.
import type { Decision } from '../decision/decision.ts'
import { ROUNDS_MAX, MESSAGE_KINDS } from '../decision/schema.ts'
import type { Message, MessageRecord } from '../decision/message.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { concatBytes, equalBytes, fromHex, toHex, utf8 } from '../wire/bytes.ts'
import { sha256 } from '../wire/hash.ts'

/** Decisions that one company may begin in one space. */
export const BEGUN_MAX = 512
/** Messages that were left with their senders and are not asked for again: beyond it all are, once. */
const LEFT_MAX = 10_000

const DIGEST_LABEL = utf8('parley/decision/1\n')
const SUMMARY_LABEL = utf8('parley/decisions/1\n')

/** Initiation, contexts, commitments, what closes them, what is revealed, what settles it: causes first. */
const PLACES = new Map(MESSAGE_KINDS.map((kind, i) => [kind, i * ROUNDS_MAX]))

const NONE: ReadonlyMap<string, HeldDecision> = new Map()

export class HeldDecision {
  readonly decision: Decision
  readonly space: SpaceLog
  /** Ids of the messages that the disk has: of nothing else does a peer hear. */
  readonly durable = new Set<string>()
  #digest: { size: number; digest: Uint8Array } | undefined

  constructor(decision: Decision, space: SpaceLog) {
    this.decision = decision
    this.space = space
  }

  /** What names its durable messages; made anew when they have become more. */
  get digest(): Uint8Array {
    const { size } = this.durable
    if (this.#digest?.size !== size) this.#digest = { size, digest: digestOf(this.durable) }
    return this.#digest.digest
  }

  /** Whether all that is here, be it durable or not yet, is what the digest names. */
  isAll(digest: Uint8Array): boolean {
    const { messages } = this.decision
    return equalBytes(messages.size === this.durable.size ? this.digest : digestOf(messages.keys()), digest)
  }
}

export class DecisionBook {
  /** By space and decision. */
  readonly #spaces = new Map<string, Map<string, HeldDecision>>()
  /** SHA-256 of the documents that are here: what comes again from the next peer is not judged again. */
  readonly #documents = new Set<string>()
  /** By decision, what was left with its sender, and until when. */
  readonly #left = new Map<string, Map<string, number>>()
  #leftCount = 0

  open(decision: Decision, space: SpaceLog): HeldDecision {
    const key = toHex(space.id)
    const held = new HeldDecision(decision, space)
    const decisions = this.#spaces.get(key) ?? new Map<string, HeldDecision>()
    this.#spaces.set(key, decisions.set(decision.id, held))
    return held
  }

  note({ document }: MessageRecord): void {
    this.#documents.add(toHex(sha256(document)))
  }

  knows({ document }: MessageRecord): boolean {
    return this.#documents.has(toHex(sha256(document)))
  }

  find(space: SpaceLog, decision: string): HeldDecision | undefined {
    return this.in(space).get(decision)
  }

  /** Those of a space by their ids, for who looks up many. */
  in(space: SpaceLog): ReadonlyMap<string, HeldDecision> {
    return this.#spaces.get(toHex(space.id)) ?? NONE
  }

  /** Of all spaces. */
  *all(): Generator<HeldDecision> {
    for (const decisions of this.#spaces.values()) yield* decisions.values()
  }

  /** In whichever space. */
  get(decision: string): HeldDecision | undefined {
    for (const decisions of this.#spaces.values()) {
      const held = decisions.get(decision)
      if (held) return held
    }
    return undefined
  }

  /** The decisions of a space of which others may hear, by their ids. */
  of(space: SpaceLog): HeldDecision[] {
    const held = [...this.in(space).values()]
    return held
      .filter(({ durable }) => durable.size > 0)
      .sort((a, b) => (a.decision.id < b.decision.id ? -1 : 1))
  }

  summaryOf(space: SpaceLog): Uint8Array {
    return sha256(concatBytes(SUMMARY_LABEL, ...this.of(space).map(({ digest }) => digest)))
  }

  /** Whether a company has begun as many as it may. */
  isFull(space: SpaceLog, company: string): boolean {
    let begun = 0
    for (const { decision } of this.in(space).values()) if (decision.initiation.company === company) begun++
    return begun >= BEGUN_MAX
  }

  // ---- what was left with its sender ------------------------------------------------------------

  /** Not to be asked for again before then, by steady time. */
  leave(decision: string, message: string, until: number): void {
    if (this.#leftCount >= LEFT_MAX) {
      this.#left.clear()
      this.#leftCount = 0
    }
    const left = this.#left.get(decision) ?? new Map<string, number>()
    if (!left.has(message)) this.#leftCount++
    this.#left.set(decision, left.set(message, until))
  }

  isLeft(decision: string, message: string, now: number): boolean {
    return (this.#left.get(decision)?.get(message) ?? 0) > now
  }

  leftOf(decision: string, now: number): string[] {
    return [...(this.#left.get(decision) ?? [])].flatMap(([id, until]) => (until > now ? [id] : []))
  }

  /** Something new names others, and what is named is taken where there was no room for it. */
  forgetLeft(decision: string): void {
    this.#leftCount -= this.#left.get(decision)?.size ?? 0
    this.#left.delete(decision)
  }
}

/** SHA-256 over the ids in ascending order. SYN-57 */
export function digestOf(ids: Iterable<string>): Uint8Array {
  const sorted = [...ids].sort().map(id => fromHex(id) as Uint8Array)
  return sha256(concatBytes(DIGEST_LABEL, ...sorted))
}

/** What a message may name comes before it. */
export function inOrder<T>(items: Iterable<T>, messageOf: (item: T) => Message): T[] {
  const placed = [...items].map(item => {
    const { kind, payload, id } = messageOf(item)
    return { item, id, place: (PLACES.get(kind) as number) + ('round' in payload ? payload.round : 0) }
  })
  return placed.sort((a, b) => a.place - b.place || (a.id < b.id ? -1 : 1)).map(({ item }) => item)
}
