// A node as a witness of other companies' logs: what it cosigns, what it keeps, what it shows to other witnesses,
// and what it finds out. protocols/audit, sections 6 and 7.
import { openCheckpoint } from '../audit/checkpoint.ts'
import { encodeConflict, parseConflict, splitRequest } from '../audit/conflict.ts'
import { type LogOpening, verifyLogOpening } from '../audit/opening.ts'
import { type Answer, type Held, Witness, type WitnessKey, isSplit } from '../audit/witness.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { EMPTY, toHex, utf8 } from '../wire/bytes.ts'
import { encodeCbor } from '../wire/cbor.ts'
import { isReject } from '../wire/reject.ts'
import type { Context } from './context.ts'
import type { AuditTrouble, SessionId } from './effects.ts'
import type { Frame } from './frame.ts'
import { Questions } from './questions.ts'
import type { Session } from './session.ts'
import { Showing, type WitnessedLog } from './showing.ts'
import { witnessedSpace } from './witnessed-space.ts'

/** Two signatures, 63 hashes and a synced write. */
const REQUEST_CHECKS = 20
/** AUD-20. */
const LOGS_PER_NODE_MAX = 256
const LOGS_PER_COMPANY_MAX = 4_096
const NEW_LOGS_PER_DAY_MAX = 64
const DAY_MS = 86_400_000
/** One is enough; a log that has many is no better proven. */
const CONFLICTS_PER_LOG_MAX = 4
const CONFLICTS_PER_COMPANY_MAX = 64
/** A proof that would be larger is kept without the log of the identity: who checks it finds that elsewhere. */
const CONFLICT_BYTES_MAX = 65_536

type Of<T extends Frame['type']> = Extract<Frame, { type: T }>

/** What is known of a log beside what the witness machine needs. */
interface Watched {
  opening: LogOpening
  bytes: Uint8Array
  /** When it came, by our clock (ms since 1970): the order of the logs of a node. */
  at: number
  /** Over which it was asked about last: so far the log is being written there. AUD-25. */
  session?: SessionId
}

export class Witnessing {
  readonly #context: Context
  readonly #witness: Witness
  /** DSSE of the opening of the witness's key. */
  readonly #opening: Uint8Array
  /** By origin. */
  readonly #watched = new Map<string, Watched>()
  /** Keys of the proofs that are kept, with the company that each is about. */
  readonly #conflicts = new Map<string, string>()
  readonly #questions: Questions
  /** New logs of a node and space on this day. */
  readonly #opened = new Map<string, number>()
  #day = 0
  readonly #showing: Showing

  constructor(context: Context, key: WitnessKey, opening: Uint8Array) {
    this.#context = context
    this.#witness = new Witness(key)
    this.#opening = opening
    this.#showing = new Showing(context, origin => this.#logOf(origin))
    this.#questions = new Questions(context, {
      conflict: (origin, held, shown) => this.#caught(origin, held, shown),
      silent: origin =>
        this.#tell(origin, 'audit-silent', 'does not prove that what two witnesses saw is one log')
    })
  }

  /** What an earlier run cosigned, the oldest log first. */
  restore(openingBytes: Uint8Array, note: Uint8Array, at: number): void {
    const opening = verifyLogOpening(openingBytes)
    if (isReject(opening)) return
    const held = note.length > 0 ? openCheckpoint(note, opening.key) : undefined
    this.#watch({ opening, bytes: openingBytes, at }, held && !isReject(held) ? { ...held, note } : undefined)
  }

  /** A proof that an earlier run kept. */
  restoreConflict(key: string, bytes: Uint8Array): void {
    const conflict = parseConflict(bytes)
    const opening = isReject(conflict) ? conflict : verifyLogOpening(conflict.opening)
    if (!isReject(opening)) this.#conflicts.set(key, opening.company)
  }

  /** All that is held, for people. */
  get held(): { opening: LogOpening; held: Held | undefined }[] {
    return [...this.#watched.values()].map(({ opening }) => {
      return { opening, held: this.#witness.held(opening.key.name) }
    })
  }

  #logOf(origin: string): WitnessedLog | undefined {
    const log = this.#watched.get(origin)
    return log && { ...log, held: this.#witness.held(origin) }
  }

  tick(): void {
    this.#questions.tick()
    this.#showing.tick()
  }

  // ---- cosigning --------------------------------------------------------------------------------

  onAddCheckpoint(session: Session, frame: Of<'add-checkpoint'>): void {
    const { space: id, request } = frame
    const space = witnessedSpace(this.#context, session, id)
    const { work } = session.allowances
    if (!space || work.left(this.#context.now) <= 0) return
    work.spend(REQUEST_CHECKS, this.#context.now)
    const answer = this.#answer(session, space, frame)
    const reply = () => {
      const { status, body: text } = answer
      const witness = status === 200 ? this.#opening : EMPTY
      const cosigned = { type: 'cosigned', space: id, request, status, witness, body: utf8(text) } as const
      this.#context.send(session, cosigned, space)
    }
    const watched = this.#watched.get(answer.origin ?? '')
    if (watched) watched.session = session.id
    if (answer.status === 422) this.#suspect(session, space, answer)
    if (!answer.held || !watched) return reply()
    const row = encodeCbor([watched.bytes, answer.held.note, watched.at])
    this.#context.write([{ kind: 'put', table: 'audit-held', key: answer.held.origin, bytes: row }], reply)
    this.#showing.changed(watched.opening)
  }

  #answer(session: Session, space: SpaceLog, { opening, body }: Of<'add-checkpoint'>): Answer {
    const refusal = opening.length > 0 ? this.#introduce(session, space, opening) : undefined
    const mayAsk = (log: LogOpening) => isOf(log, session, space)
    return refusal ?? this.#witness.answer(body, Math.floor(this.#context.now / 1000), mayAsk)
  }

  /** A log that is new here. @returns why it is not taken */
  #introduce(session: Session, space: SpaceLog, bytes: Uint8Array): Answer | undefined {
    const opening = verifyLogOpening(bytes)
    if (isReject(opening) || !isOf(opening, session, space)) return { status: 404, body: 'unknown origin\n' }
    const origin = opening.key.name
    if (this.#watched.has(origin)) return undefined
    if (!this.#countNew(opening)) return { status: 429, body: 'too many new logs today\n' }
    this.#compareEnd(opening)
    this.#watch({ opening, bytes, at: this.#context.now }, undefined)
    this.#makeRoom(opening)
    return undefined
  }

  #countNew({ space, peerId }: LogOpening): boolean {
    const day = Math.floor(this.#context.now / DAY_MS)
    if (day !== this.#day) this.#opened.clear()
    this.#day = day
    const opened = (this.#opened.get(`${space}/${peerId}`) ?? 0) + 1
    if (opened > NEW_LOGS_PER_DAY_MAX) return false
    this.#opened.set(`${space}/${peerId}`, opened)
    return true
  }

  /** AUD-19: a new log that names less of the one before than was cosigned, or something else. */
  #compareEnd({ before, space, peerId }: LogOpening): void {
    const last = this.#witness.logsOf(space, peerId).at(-1)
    const held = last && this.#witness.held(last.key.name)
    if (!held) return
    const isSame = before?.origin === held.origin
    if (before && isSame && before.size >= held.size && !isSplit(before, held)) return
    const what = isSame && before ? `names ${before.size} records` : 'does not name it'
    this.#tell(
      held.origin,
      'audit-behind',
      `${held.size} records were cosigned; the log that follows ${what}`
    )
  }

  #watch(watched: Watched, held: Held | undefined): void {
    this.#watched.set(watched.opening.key.name, watched)
    this.#witness.know(watched.opening, held)
  }

  /** The oldest logs of a node, and of its company, give way. */
  #makeRoom({ space, peerId, company }: LogOpening): void {
    const drop = (logs: LogOpening[], most: number) => {
      for (const { key } of logs.slice(0, Math.max(0, logs.length - most))) {
        this.#watched.delete(key.name)
        this.#witness.forget(key.name)
        this.#questions.forget(key.name)
        this.#context.write([{ kind: 'del', table: 'audit-held', key: key.name }], undefined, false)
      }
    }
    drop(this.#witness.logsOf(space, peerId), LOGS_PER_NODE_MAX)
    const all = [...this.#watched.values()].map(({ opening }) => opening)
    drop(
      all.filter(opening => opening.company === company),
      LOGS_PER_COMPANY_MAX
    )
  }

  // ---- showing and comparing --------------------------------------------------------------------

  /** A session has opened: its peer is shown all that this node cosigned where both are parties. AUD-24. */
  show(session: Session): void {
    this.#showing.show(
      session,
      [...this.#watched.values()].map(({ opening }) => opening)
    )
  }

  onCheckpoints(session: Session, { space: id, logs }: Of<'checkpoints'>): void {
    const space = witnessedSpace(this.#context, session, id)
    const { work } = session.allowances
    if (!space || work.left(this.#context.now) <= 0) return
    work.spend(2 * logs.length, this.#context.now)
    for (const { opening: bytes, checkpoint } of logs) this.#compare(space, bytes, checkpoint)
  }

  /** Only of logs that this node holds itself: of others there is nothing to compare. */
  #compare(space: SpaceLog, bytes: Uint8Array, note: Uint8Array): void {
    const shown = verifyLogOpening(bytes)
    const origin = isReject(shown) ? '' : shown.key.name
    const { opening, session: id } = this.#watched.get(origin) ?? {}
    const held = this.#witness.held(origin)
    const seen = opening && openCheckpoint(note, opening.key)
    if (!opening || !held || !seen || isReject(seen) || opening.space !== toHex(space.id)) return
    if (isSplit(held, seen)) return this.#caught(origin, held.note, splitRequest(seen, note))
    if (held.size === seen.size) return
    // Of a log that has ended nobody can be asked: its key and its tree are gone.
    const session = id === undefined ? undefined : this.#context.sessions.get(id)
    if (session) this.#questions.ask(session, space, opening, [held, { size: seen.size, note }])
  }

  onProofs(session: Session, frame: Of<'proofs'>): void {
    if (witnessedSpace(this.#context, session, frame.space)) this.#questions.onProofs(session, frame)
  }

  /** AUD-23. What did not follow may prove a conflict, at once or by what the log says when asked. */
  #suspect(session: Session, space: SpaceLog, { origin = '', conflict, body }: Answer): void {
    if (conflict) return this.#caught(origin, conflict.held, conflict.shown)
    const opening = this.#watched.get(origin)?.opening
    const held = this.#witness.held(origin)
    this.#tell(origin, 'audit-refused', body.trim())
    if (opening && held) this.#questions.ask(session, space, opening, [held])
  }

  #sessionOf({ peerId, company }: LogOpening): Session | undefined {
    return this.#context.open().find(({ peerId: id, peer }) => id === peerId && peer.did === company)
  }

  /** Kept for good, with who the node is, and told. AUD-23. */
  #caught(origin: string, held: Uint8Array, shown: Uint8Array): void {
    const watched = this.#watched.get(origin)
    if (!watched) return
    const { opening, bytes } = watched
    const ofCompany = [...this.#conflicts].filter(([, company]) => company === opening.company)
    const ofLog = ofCompany.filter(([key]) => key.startsWith(`${origin}/`)).length
    if (ofLog >= CONFLICTS_PER_LOG_MAX || ofCompany.length >= CONFLICTS_PER_COMPANY_MAX) return
    const certificate = this.#sessionOf(opening)?.peer?.certificateBytes ?? EMPTY
    const identity = this.#context.directory.identities.get(opening.company)?.log ?? EMPTY
    const conflict = { opening: bytes, held, shown, certificate, identity }
    const whole = encodeConflict(conflict)
    const isLarge = whole.length > CONFLICT_BYTES_MAX
    const file = isLarge ? encodeConflict({ ...conflict, identity: EMPTY }) : whole
    const key = `${origin}/${ofLog}`
    this.#conflicts.set(key, opening.company)
    this.#context.write([{ kind: 'put', table: 'audit-conflict', key, bytes: file }])
    this.#tell(origin, 'audit-rewritten', 'signed two histories that cannot both be true')
  }

  #tell(origin: string, code: AuditTrouble, detail: string): void {
    const did = this.#watched.get(origin)?.opening.company
    if (did !== undefined) this.#context.tell({ what: 'audit', code, did, origin, detail })
  }
}

function isOf(log: LogOpening, session: Session, space: SpaceLog): boolean {
  return log.space === toHex(space.id) && log.peerId === session.peerId && log.company === session.peer?.did
}
