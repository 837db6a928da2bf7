// Answering what peers ask for: one answer after another for each peer, made only as fast as it reads and only
// as much as its allowance pays for. protocols/sync, sections 6 and 9.
import type { SpaceLog } from '../identity/space-log.ts'
import { EMPTY, equalBytes, toHex } from '../wire/bytes.ts'
import type { EnvelopeRecord } from '../wire/envelope.ts'
import { Reject } from '../wire/reject.ts'
import type { EntryRecord } from '../wire/space-entry.ts'
import type { Position } from '../replica/lane-tree.ts'
import type { Context, HeldFacet } from './context.ts'
import type { DecisionAnswers } from './decision-answers.ts'
import { IDENTITY_PART_BYTES } from './frame.ts'
import { type Cut, cutRuns } from './run-cut.ts'
import { type Answer, type NeedAnswer, type Stretch, lengthen, search, wantedOf } from './serving.ts'
import type { Session } from './session.ts'
import type { Summaries } from './summaries.ts'

/** Envelopes read from the store at a time: as many as the peer took last time, and then twice that. */
const READ_ENVELOPES_MAX = 1_024
const READ_ENVELOPES_MIN = 8
/** Of the largest envelopes, six megabytes. */
export const READ_ENVELOPES_FIRST = 64
/** What may wait for its turn. An honest node has 64 logs, 256 spaces and 8 needs under way, and compares 256 spaces. */
export const ANSWERS_MAX = 1_024
export const ANSWERS_BYTES_MAX = 1024 * 1024
const ENTRIES_BYTES_TARGET = 32_768
/** Things such as ids and heads that are handled in the time of one signature check. */
const ITEMS_PER_CHECK = 100
/** Entries that are put into a frame in that time. */
const ENTRIES_PER_CHECK = 10

type Turn = 'done' | 'more' | 'reading'

export class Answers {
  readonly #context: Context
  readonly #summaries: Summaries
  readonly #decisions: DecisionAnswers

  constructor(context: Context, summaries: Summaries, decisions: DecisionAnswers) {
    this.#context = context
    this.#summaries = summaries
    this.#decisions = decisions
  }

  /** Takes up a request of the peer's. */
  add(session: Session, answer: Answer): void {
    session.answers.push(answer)
    session.answersBytes += answer.bytes
    if (session.answers.length > ANSWERS_MAX || session.answersBytes > ANSWERS_BYTES_MAX) {
      const reject = new Reject('requests-many', 'more requests than may be under way')
      return this.#context.close(session, reject, 'answers')
    }
    this.pump(session)
  }

  /** Our summary of a space, or the heads that theirs calls for; the last one asked for is enough. */
  compare(session: Session, space: SpaceLog, hash?: Uint8Array): void {
    const key = toHex(space.id)
    const to = hash ? 'summary' : 'spaces'
    const waiting = session.answers.find(answer => answer.to === to && answer.space === key)
    if (waiting?.to === 'summary' && !waiting.facets && hash) waiting.hash = hash
    if (waiting) return this.pump(session)
    this.add(
      session,
      hash ? { to: 'summary', space: key, hash, bytes: 0 } : { to: 'spaces', space: key, bytes: 0 }
    )
  }

  /** What is here of the decisions of a space, in one hash. */
  nameDecisions(session: Session, space: SpaceLog): void {
    this.#decisions.summarize(session, space)
  }

  /** The decisions of a space, where the peer's hash is another; the last one is enough. */
  compareDecisions(session: Session, space: SpaceLog, hash: Uint8Array): void {
    const key = toHex(space.id)
    const waiting = session.answers.find(answer => answer.to === 'decisions' && answer.space === key)
    if (waiting?.to !== 'decisions') return this.add(session, { to: 'decisions', space: key, hash, bytes: 0 })
    if (!waiting.rest) waiting.hash = hash
    this.pump(session)
  }

  /** Makes answers until the peer has enough to read, its allowance is used up, or the store must be read. */
  pump(session: Session): void {
    const { now } = this.#context
    const { work } = session.allowances
    while (this.#context.isOpen(session) && this.#context.hasRoom(session)) {
      if (this.#tellOwed(session)) continue
      const next = session.answers[0]
      if (!next || work.left(now) <= 0) return
      const turn = this.#take(session, next)
      if (turn === 'reading') return
      if (turn === 'done' && session.answers[0] === next) {
        session.answers.shift()
        session.answersBytes -= next.bytes
      }
    }
  }

  /** Heads that could not be told when they were new. @returns whether there were any */
  #tellOwed(session: Session): boolean {
    for (const id of session.owesHeads) {
      session.owesHeads.delete(id)
      const held = this.#context.facets.get(id)
      if (held) this.#summaries.announceNew(session, held)
      return true
    }
    for (const held of session.owesDecisions) {
      session.owesDecisions.delete(held)
      this.#decisions.name(session, held.space, [held])
      return true
    }
    return false
  }

  #take(session: Session, answer: Answer): Turn {
    switch (answer.to) {
      case 'want-identity':
        return this.#identity(session, answer)
      case 'want-space':
        return this.#entries(session, answer)
      case 'summary':
        return this.#heads(session, answer)
      case 'spaces':
        return this.#summary(session, answer)
      case 'decisions':
        return this.#decisions.list(session, answer)
      case 'want-messages':
        this.#decisions.answer(session, answer)
        return 'done'
      case 'need':
        return this.#runs(session, answer)
    }
  }

  #spend(session: Session, cost: number): void {
    session.allowances.work.spend(cost, this.#context.now)
  }

  #identity(session: Session, { did, offset }: Extract<Answer, { to: 'want-identity' }>): Turn {
    const { identities, self } = this.#context.directory
    const { log, head } = identities.get(did) ?? {}
    if (!log || offset > log.length) return 'done'
    const bytes = log.subarray(offset, offset + IDENTITY_PART_BYTES)
    this.#context.greet(session, { type: 'identity', did, offset, total: log.length, bytes })
    if (did !== self.did || !session.peer || offset + bytes.length < log.length) return 'done'
    // A peer that greets us heard nothing before it had this; what was named to it meanwhile is named again (SYN-12).
    if (session.namedAfter !== head) session.owesSpaces = true
    session.namedAfter = head
    return 'done'
  }

  /** The genesis where the asker has nothing, then every entry that it did not name the successors of. */
  #entries(session: Session, answer: Extract<Answer, { to: 'want-space' }>): Turn {
    const space = this.#context.directory.spaces.get(answer.space)
    if (!space) return 'done'
    const first = !answer.missing
    answer.missing ??= this.#missing(session, space, answer.have)
    const entries: EntryRecord[] = []
    for (let size = 0; size < ENTRIES_BYTES_TARGET;) {
      const record = answer.missing[entries.length]?.record
      if (!record || (size > 0 && size + record.entry.length > ENTRIES_BYTES_TARGET)) break
      entries.push(record)
      size += record.entry.length
    }
    answer.missing.splice(0, entries.length)
    this.#spend(session, entries.length / ENTRIES_PER_CHECK)
    const genesis = first && answer.have.length === 0 ? space.genesisBytes : EMPTY
    if (entries.length > 0 || genesis.length > 0) {
      this.#context.send(session, { type: 'entries', space: space.id, genesis, entries }, space)
    }
    return answer.missing.length > 0 ? 'more' : 'done'
  }

  #missing(session: Session, space: SpaceLog, have: Uint8Array[]) {
    const known = new Set(this.#context.directory.unwritten)
    for (const tip of have) {
      for (let entry = space.entry(tip); entry && !known.has(entry); entry = entry.before) known.add(entry)
    }
    const entries = space.entries()
    this.#spend(session, entries.length / ITEMS_PER_CHECK)
    return entries.filter(entry => !known.has(entry))
  }

  #summary(session: Session, { space: id }: Extract<Answer, { to: 'spaces' }>): Turn {
    const space = this.#context.directory.spaces.get(id)
    if (!space) return 'done'
    this.#spend(session, 1 + this.#context.facets.size / ITEMS_PER_CHECK)
    const hash = this.#summaries.of(session, space)
    this.#context.send(session, { type: 'summary', space: space.id, hash }, space)
    this.#decisions.summarize(session, space)
    return 'done'
  }

  #heads(session: Session, answer: Extract<Answer, { to: 'summary' }>): Turn {
    const space = this.#context.directory.spaces.get(answer.space)
    if (!space) return 'done'
    if (!answer.facets) {
      this.#spend(session, 1 + this.#context.facets.size / ITEMS_PER_CHECK)
      const visible = this.#summaries.visible(session, space).map(({ facet }) => toHex(facet.id))
      if (equalBytes(this.#summaries.of(session, space), answer.hash)) {
        const listing = session.listed.get(answer.space)
        const did = session.peer?.did ?? ''
        if (listing?.tips.every(tip => space.entry(tip.id)))
          this.#context.tell({ what: 'same', did, space: answer.space, facets: visible })
        return 'done'
      }
      answer.facets = visible
    }
    const held = this.#context.facets.get(answer.facets.shift() ?? '')
    if (held) this.#spend(session, 1 + this.#summaries.announce(session, held) / ITEMS_PER_CHECK)
    return answer.facets.length > 0 ? 'more' : 'done'
  }

  // ---- runs -------------------------------------------------------------------------------------

  #runs(session: Session, answer: NeedAnswer): Turn {
    if (answer.reading) return 'reading'
    const held = this.#context.facets.get(answer.facet)
    if (!held || !this.#mayHave(session, held)) return 'done'
    const { facet } = held
    if (!answer.stretches) {
      const { stretches, looked } = search(facet, answer.lacks)
      answer.stretches = stretches
      this.#spend(session, 1 + (answer.lacks.length + looked / 10) / ITEMS_PER_CHECK)
    }
    const stretch = answer.stretches[0]
    if (stretch) {
      this.#read(session, answer, held, stretch)
      return 'reading'
    }
    const { request } = answer
    this.#context.send(session, { type: 'done', facet: facet.id, request }, facet.space, facet.genesis)
    return 'done'
  }

  #mayHave(session: Session, { facet }: HeldFacet): boolean {
    return this.#context.clearance(session, 'send', facet.space, facet.genesis) !== undefined
  }

  #read(session: Session, answer: NeedAnswer, { facet }: HeldFacet, stretch: Stretch): void {
    const stretches = answer.stretches as Stretch[]
    const part: Stretch = { ...stretch, positions: stretch.positions.slice(0, answer.batch) }
    const rest = stretch.positions.slice(answer.batch)
    if (rest.length > 0) stretches[0] = { client: stretch.client, positions: rest }
    else stretches.shift()
    const token = this.#context.token(() => this.pump(session))
    answer.reading = { token, stretch: part }
    this.#context.emit({ do: 'read', facet: facet.id, wanted: wantedOf(part), token })
  }

  /** The store has answered. */
  onRead(token: number, records: (EnvelopeRecord | undefined)[]): void {
    for (const session of this.#context.sessions.values()) {
      const answer = session.answers[0]
      if (answer?.to !== 'need' || answer.reading?.token !== token) continue
      const { stretch } = answer.reading
      delete answer.reading
      const held = this.#context.facets.get(answer.facet)
      if (held && this.#mayHave(session, held)) this.#serve(session, answer, held, stretch, records)
    }
    this.#context.resume(token)
  }

  /** Cuts what was read into runs of about 64 KiB, each ending in a signature that holds (SYN-19). */
  #serve(
    session: Session,
    answer: NeedAnswer,
    held: HeldFacet,
    stretch: Stretch,
    records: (EnvelopeRecord | undefined)[]
  ): void {
    const { client, positions } = stretch
    let last: Cut | undefined
    let sent = 0
    for (const cut of cutRuns(held.facet, client, records, stretch.unsigned)) {
      this.#spend(session, cut.checks)
      if (cut.run.length > 0) {
        sent += cut.run.length
        const { seq } = positions[sent - 1] as Position
        this.sendRun(session, held, { client, seq }, answer.request, cut.run)
      }
      if (cut.read < records.length && !this.#context.hasRoom(session)) {
        return putBack(answer, client, positions.slice(cut.read - cut.rest))
      }
      last = cut
    }
    // A record that the disk lost.
    if (!last || last.read < records.length) return
    if (answer.batch < READ_ENVELOPES_MAX) answer.batch *= 2
    const longer = lengthen(stretch, last.rest)
    if (longer) answer.stretches?.unshift(longer)
  }

  /** Up to `seq`, whose record must be one that `holds`. @returns whether it went out */
  sendRun(
    session: Session,
    held: HeldFacet,
    { client, seq }: { client: number; seq: number },
    request: number,
    records: EnvelopeRecord[]
  ): boolean {
    const { facet } = held
    const frame = { type: 'run', facet: facet.id, request, client, records } as const
    const sent = this.#context.send(session, frame, facet.space, facet.genesis) > 0
    if (sent && session.peer) this.#context.journal?.disclosed(held, client, seq, session.peer.did)
    return sent
  }
}

/** The peer has enough to read: the rest is read again when it has room, and in smaller pieces. */
function putBack(answer: NeedAnswer, client: number, positions: Stretch['positions']): void {
  answer.stretches?.unshift({ client, positions })
  answer.batch = Math.max(READ_ENVELOPES_MIN, answer.batch / 2)
}
