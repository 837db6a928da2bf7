// A witness: what it holds of other companies' logs, and what it answers to add-checkpoint. C2SP tlog-witness.
// It says what is to be kept; the answer may leave once that is durable. protocols/audit, section 6.
import { equalBytes, utf8 } from '../wire/bytes.ts'
import { isReject } from '../wire/reject.ts'
import { type Checkpoint, type SignedCheckpoint, openCheckpoint, parseCheckpoint } from './checkpoint.ts'
import { provesRewrite } from './conflict.ts'
import { type NoteKey, type Sign, cosignNote, parseNote, printNote, printSignature } from './note.ts'
import type { LogOpening } from './opening.ts'
import { isConsistent } from './tree-proof.ts'
import { type WitnessRequest, parseRequest } from './witness-request.ts'

/** The newest that was cosigned of one log. */
export interface Held extends Checkpoint {
  /** The log's signature and our cosignature. */
  note: Uint8Array
}

/** An HTTP status with the body of the answer. */
export interface Answer {
  status: 200 | 400 | 403 | 404 | 409 | 422 | 429
  body: string
  /** Of the log that it is about, where that is known to who asks. */
  origin?: string
  /** Now held, in place of what was: to be made durable before the answer leaves. */
  held?: Held
  /** The request proves that the log was rewritten (AUD-23). */
  conflict?: { held: Uint8Array; shown: Uint8Array }
}

export interface WitnessKey {
  key: NoteKey
  sign: Sign
}

interface KnownLog {
  opening: LogOpening
  held: Held | undefined
}

const refuse = (status: Answer['status'], body: string): Answer => ({ status, body: `${body}\n` })

export class Witness {
  readonly #witness: WitnessKey
  /** By origin, in the order in which they were opened. */
  readonly #logs = new Map<string, KnownLog>()

  constructor(witness: WitnessKey) {
    this.#witness = witness
  }

  /** From now on the log is known; what is known of it stays. */
  know(opening: LogOpening, held?: Held): void {
    const { name } = opening.key
    if (!this.#logs.has(name)) this.#logs.set(name, { opening, held })
  }

  forget(origin: string): void {
    this.#logs.delete(origin)
  }

  opening(origin: string): LogOpening | undefined {
    return this.#logs.get(origin)?.opening
  }

  held(origin: string): Held | undefined {
    return this.#logs.get(origin)?.held
  }

  /** The known logs of a node in a space, oldest first. */
  logsOf(space: string, peerId: string): LogOpening[] {
    const logs = [...this.#logs.values()].map(({ opening }) => opening)
    return logs.filter(opening => opening.space === space && opening.peerId === peerId)
  }

  /**
   * AUD-18. What is held has changed when this returns.
   * @param now POSIX seconds
   * @param mayAsk whether a log is one that who asks may ask about; else it is as if it were unknown
   */
  answer(body: Uint8Array, now: number, mayAsk: (log: LogOpening) => boolean = () => true): Answer {
    const request = parseRequest(body)
    if (isReject(request)) return refuse(400, request.detail)
    const note = parseNote(request.checkpoint)
    const unverified = isReject(note) ? note : parseCheckpoint(note.text)
    if (isReject(unverified)) return refuse(400, unverified.detail)
    const log = this.#logs.get(unverified.origin)
    if (!log || !mayAsk(log.opening)) return refuse(404, 'unknown origin')
    return { ...this.#judge(log, body, request, now), origin: unverified.origin }
  }

  #judge(log: KnownLog, body: Uint8Array, request: WitnessRequest, now: number): Answer {
    const checkpoint = openCheckpoint(request.checkpoint, log.opening.key)
    if (isReject(checkpoint)) {
      const isEmptyTree = checkpoint.code === 'checkpoint-empty'
      return refuse(isEmptyTree ? 422 : 403, checkpoint.detail)
    }
    if (request.old > checkpoint.size) return refuse(400, 'the old size is above the size')
    const { held } = log
    if (request.old !== (held?.size ?? 0)) return refuse(409, String(held?.size ?? 0))
    const old = held ?? { ...checkpoint, size: 0 }
    if (!isConsistent(old, checkpoint, request.proof)) return this.#inconsistent(log, body, request)
    return this.#cosign(log, checkpoint, now)
  }

  #inconsistent({ opening, held }: KnownLog, shown: Uint8Array, request: WitnessRequest): Answer {
    const answer = refuse(422, 'the checkpoint does not follow from the one before')
    if (!held || !provesRewrite(opening.key, held.note, request)) return answer
    return { ...answer, conflict: { held: held.note, shown } }
  }

  #cosign(log: KnownLog, { origin, size, root, note, signatures }: SignedCheckpoint, now: number): Answer {
    const { key, sign } = this.#witness
    const cosignature = cosignNote(note.text, key, sign, now)
    const own = signatures.map(({ signature }) => signature)
    const kept = printNote({ text: note.text, signatures: [...own, cosignature] })
    log.held = { origin, size, root, note: utf8(kept) }
    return { status: 200, body: printSignature(cosignature), held: log.held }
  }
}

/** Whether two checkpoints of one log cannot both be true, as they stand. */
export function isSplit(a: Checkpoint, b: Checkpoint): boolean {
  return a.origin === b.origin && a.size === b.size && !equalBytes(a.root, b.root)
}
