// Two witnesses have seen different sizes of one log: it is asked to prove that both belong to one tree. What it
// answers proves that they do, or that they do not. protocols/audit, section 7.
import { judgeRequest, tellingSizes } from '../audit/conflict.ts'
import type { LogOpening } from '../audit/opening.ts'
import { type WitnessRequest, parseRequest } from '../audit/witness-request.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { equalBytes } from '../wire/bytes.ts'
import { PARTIES_MAX } from '../wire/genesis.ts'
import { isReject } from '../wire/reject.ts'
import type { Context } from './context.ts'
import type { Frame } from './frame.ts'
import type { Session } from './session.ts'

/** AUD-25. */
const SILENT_MS = 60_000
/** Of one log: as many as there are witnesses in a space. */
const UNDER_WAY_MAX = PARTIES_MAX
/** Answers about one log that are remembered; the oldest give way, and are asked for again. */
const AGREED_MAX = PARTIES_MAX

/** Two signatures, and a proof of some 20 hashes. */
const JUDGE_CHECKS = 3

/** A checkpoint of a log, by its size. */
export interface Point {
  size: number
  note: Uint8Array
}

interface Question {
  session: Session
  opening: LogOpening
  points: Point[]
  /** What the points say, as one text. */
  subject: string
  askedAt: number
}

export interface QuestionEvents {
  conflict(origin: string, held: Uint8Array, shown: Uint8Array): void
  silent(origin: string): void
}

export class Questions {
  readonly #context: Context
  readonly #events: QuestionEvents
  /** By number. */
  readonly #asked = new Map<number, Question>()
  /** By origin, the subjects that were shown to be of one tree. */
  readonly #agreed = new Map<string, string[]>()

  constructor(context: Context, events: QuestionEvents) {
    this.#context = context
    this.#events = events
  }

  /** Asks the node of a log, over its session, whether these points are of one tree. */
  ask(session: Session, space: SpaceLog, opening: LogOpening, all: Point[]): void {
    const origin = opening.key.name
    // What an empty tree says nobody can contradict.
    const points = all.filter(({ size }) => size > 0)
    const subject = points.map(textOf).join('\n')
    const underWay = [...this.#asked.values()].filter(({ opening: { key } }) => key.name === origin)
    const isKnown = this.#agreed.get(origin)?.includes(subject)
    const isAsked = underWay.some(question => question.subject === subject)
    if (isKnown || isAsked || underWay.length >= UNDER_WAY_MAX || points.length === 0) return
    const request = this.#context.requestId()
    const sizes = [...new Set(points.flatMap(({ size }) => tellingSizes(size)))]
    this.#asked.set(request, { session, opening, points, subject, askedAt: this.#context.steady })
    this.#context.send(session, { type: 'want-proofs', space: space.id, request, origin, sizes }, space)
  }

  onProofs(session: Session, { request, bodies }: Extract<Frame, { type: 'proofs' }>): void {
    const question = this.#asked.get(request)
    if (question?.session !== session) return
    this.#asked.delete(request)
    const { opening, points, subject } = question
    const origin = opening.key.name
    const answers = toOneCheckpoint(bodies)
    const follows = new Set<Point>()
    for (const point of points) {
      for (const { body, parsed } of answers) {
        if (!tellingSizes(point.size).includes(parsed.old)) continue
        session.allowances.work.spend(JUDGE_CHECKS, this.#context.now)
        const verdict = judgeRequest(opening.key, point.note, parsed)
        if (verdict === 'rewritten') return this.#events.conflict(origin, point.note, body)
        if (verdict === 'follows') follows.add(point)
      }
    }
    if (follows.size < points.length) return this.#events.silent(origin)
    const agreed = this.#agreed.get(origin) ?? []
    this.#agreed.set(origin, [...agreed, subject].slice(-AGREED_MAX))
  }

  /** The log gave way to others. */
  forget(origin: string): void {
    this.#agreed.delete(origin)
  }

  tick(): void {
    for (const [request, { session, opening, askedAt }] of this.#asked) {
      const isOver = !this.#context.isOpen(session)
      if (!isOver && this.#context.steady - askedAt < SILENT_MS) continue
      this.#asked.delete(request)
      if (!isOver) this.#events.silent(opening.key.name)
    }
  }
}

/**
 * The first answer for each size, as far as they all lead to one checkpoint: two points that each belong to another
 * have not been shown to belong together.
 */
function toOneCheckpoint(bodies: Uint8Array[]): { body: Uint8Array; parsed: WitnessRequest }[] {
  const answers = new Map<number, { body: Uint8Array; parsed: WitnessRequest }>()
  let one: Uint8Array | undefined
  for (const body of bodies) {
    const parsed = parseRequest(body)
    if (isReject(parsed) || answers.has(parsed.old)) continue
    one ??= parsed.checkpoint
    if (equalBytes(parsed.checkpoint, one)) answers.set(parsed.old, { body, parsed })
  }
  return [...answers.values()]
}

function textOf({ note }: Point): string {
  const text = Buffer.from(note.buffer, note.byteOffset, note.length).toString()
  return text.slice(0, text.indexOf('\n\n'))
}
