// The node's protocol as one state machine: events and time go in, effects come out. It knows no socket, no
// disk and no clock, so that thousands of nodes run in one process from one seed. protocols/sync.
import { verifySignature } from '../identity/ed25519.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { Clearance } from '../policy/decide.ts'
import { toHex } from '../wire/bytes.ts'
import { type EnvelopeRecord, type ParsedRun, signedBytes } from '../wire/envelope.ts'
import type { Layout } from '../wire/layout.ts'
import { isReject } from '../wire/reject.ts'
import { Context, type HeldFacet } from './context.ts'
import type { Directory } from './directory.ts'
import type { Effect, Event } from './effects.ts'
import { FacetSync, noteHas } from './facet-sync.ts'
import { type Frame, RUN_BYTES_TARGET, parseFrame } from './frame.ts'
import { Greeting } from './greeting.ts'
import { Receipts } from './receipts.ts'
import { type Serving, type Stretch, plan, successor, wantedOf } from './serving.ts'
import { type Session, linkOf } from './session.ts'
import { SpaceSync } from './space-sync.ts'

/** Sends that a peer may leave unread before we stop reading the disk for it. */
const IN_FLIGHT_BYTES_MAX = 512 * 1024
/** Envelopes read from the store at a time. */
const READ_ENVELOPES_MAX = 1_024
/** Requests of one peer that wait for their turn. */
const SERVING_MAX = 64
/** What is equal is compared again this often, in case something was missed. */
const COMPARE_MS = 60_000

export interface CoreOptions {
  directory: Directory
  /** DSSE bytes of this node's certificate, read anew for each connection since it is renewed. */
  certificate: () => Uint8Array
  /** Signs receipts with the node's key. */
  signAsNode: (message: Uint8Array) => Uint8Array
  layoutOf: (kind: string) => Layout | undefined
}

export class Core {
  readonly context: Context
  readonly greeting: Greeting
  readonly spaces: SpaceSync
  readonly facets: FacetSync
  readonly receipts: Receipts
  #comparedAt = 0

  constructor({ directory, certificate, signAsNode, layoutOf }: CoreOptions) {
    this.context = new Context(directory)
    this.greeting = new Greeting(
      this.context,
      certificate,
      session => this.#opened(session),
      did => this.#identityGrew(did)
    )
    this.spaces = new SpaceSync(
      this.context,
      this.greeting,
      space => this.#spaceGrew(space),
      (session, space) => this.facets.summarize(session, space)
    )
    this.facets = new FacetSync(this.context, layoutOf, (held, run, from) => this.#passOn(held, run, from))
    this.receipts = new Receipts(this.context, signAsNode)
  }

  /** Takes one event at a time (`now` in ms since 1970) and says what is to be done. */
  step(event: Event, now: number): Effect[] {
    this.context.now = now
    this.#take(event)
    return this.context.takeEffects()
  }

  /** Runs local work, such as an edit, in the same way. */
  perform<T>(now: number, work: (core: this) => T): { result: T; effects: Effect[] } {
    this.context.now = now
    const result = work(this)
    return { result, effects: this.context.takeEffects() }
  }

  #take(event: Event): void {
    if (event.on === 'session') return this.greeting.start(event.session, event.peerId, event.inbound)
    if (event.on === 'written') return this.context.resume(event.then)
    if (event.on === 'read') return this.#read(event.then, event.records)
    if (event.on === 'tick') return this.#tick()
    const session = this.context.sessions.get(event.session)
    if (!session) return
    if (event.on === 'closed') return this.#closed(session)
    if (event.on === 'frame') return this.#frame(session, event.bytes)
    session.inFlight = Math.max(0, session.inFlight - event.bytes)
    this.#pump(session)
  }

  #frame(session: Session, bytes: Uint8Array): void {
    const frame = parseFrame(bytes)
    if (isReject(frame)) return this.context.close(session, frame, 'frame')
    switch (frame.type) {
      case 'hello':
        return this.greeting.onHello(session, frame)
      case 'want-identity':
        return this.greeting.onWantIdentity(session, frame.did, frame.offset)
      case 'identity':
        return this.greeting.onIdentity(session, frame)
      case 'bye':
        return undefined
    }
    // Nothing else is heard from a peer that has not said who it is.
    if (session.peer) this.#openFrame(session, frame)
  }

  #openFrame(
    session: Session,
    frame: Exclude<Frame, { type: 'hello' | 'want-identity' | 'identity' | 'bye' }>
  ): void {
    switch (frame.type) {
      case 'spaces':
        return this.spaces.onSpaces(session, frame)
      case 'want-space':
        return this.spaces.onWantSpace(session, frame)
      case 'entries':
        return this.spaces.onEntries(session, frame)
      case 'summary':
        return this.facets.onSummary(session, frame)
      case 'heads':
        return this.facets.onHeads(session, frame)
      case 'need':
        return this.#need(session, frame)
      case 'run':
        return this.facets.onRun(session, frame)
      case 'done':
        return this.facets.onDone(session, frame)
      case 'receipt':
        return this.receipts.onReceipt(session, frame)
      case 'presence':
        return this.facets.onPresence(session, frame)
    }
  }

  #opened(session: Session): void {
    this.spaces.list(session)
  }

  #closed(session: Session): void {
    this.context.sessions.delete(session.id)
    this.facets.pending.forget(session)
    this.context.tell({ what: 'session-closed', did: session.peer?.did, peerId: session.peerId })
  }

  #tick(): void {
    this.greeting.expire()
    this.receipts.flush()
    if (this.context.now - this.#comparedAt < COMPARE_MS) return
    this.#comparedAt = this.context.now
    for (const session of this.context.open()) this.spaces.list(session)
  }

  /** Entries of this company's chains may be readable now, and revocations may apply. */
  #identityGrew(did: string): void {
    for (const space of this.context.directory.spaces.values()) {
      if (space.companyOf(did) === undefined) continue
      for (const session of this.context.open()) this.spaces.list(session, space)
    }
  }

  #spaceGrew(space: SpaceLog): void {
    for (const [id, held] of this.context.facets) {
      if (held.facet.space !== space) continue
      if (held.facet.spaceChanged() === 'rebuild') this.context.emit({ do: 'rebuild', facet: id })
      this.facets.retry(held)
    }
  }

  // ---- sending ----------------------------------------------------------------------------------

  /** New envelopes, durable here, go to every peer that has what comes before them and reads fast enough. */
  #passOn(held: HeldFacet, run: ParsedRun, from: Session | undefined): void {
    const { facet } = held
    const [first, last] = [run.envelopes[0], run.envelopes.at(-1)]
    if (!first || !last) return
    const tip = { client: run.client, seq: last.header.seq, id: last.id }
    if (from) {
      const link = linkOf(from, toHex(facet.id))
      noteHas(held, link, tip)
      link.owesReceipt = true
      this.receipts.due()
    }
    for (const session of this.context.open()) {
      if (session === from) continue
      const link = linkOf(session, toHex(facet.id))
      const has = link.has.get(run.client)
      const follows = first.header.seq === 0 || (has && has.seq >= first.header.seq - 1)
      const fits = session.inFlight < IN_FLIGHT_BYTES_MAX && session.serving.length === 0
      if (follows && fits && this.#sendRun(session, held, run.client, 0, run.envelopes.map(recordOf))) {
        noteHas(held, link, tip)
      } else this.facets.announce(session, held)
    }
  }

  /** A run leaves only with a last signature that holds, so that no honest node is ever at fault (SYN-12). */
  #sendRun(
    session: Session,
    held: HeldFacet,
    client: number,
    request: number,
    records: EnvelopeRecord[]
  ): boolean {
    const { facet } = held
    const last = records.at(-1)
    if (!last || !this.#holds(held, client, last)) return false
    const frame: Frame = { type: 'run', facet: facet.id, request, client, records }
    return this.context.send(session, frame, facet.space, facet.genesis) > 0
  }

  #holds({ facet }: HeldFacet, client: number, record: EnvelopeRecord): boolean {
    const key = facet.laneKey(client)
    return (
      key !== undefined &&
      verifySignature(key, signedBytes(facet.id, client, record.header), record.signature)
    )
  }

  #need(session: Session, { facet: id, request, lacks }: Extract<Frame, { type: 'need' }>): void {
    const held = this.context.facetOf(id)
    const clear = held && this.context.clearance(session, 'send', held.facet.space, held.facet.genesis)
    if (!held || !(clear instanceof Clearance) || session.serving.length >= SERVING_MAX) return
    session.serving.push({ facet: toHex(id), request, stretches: plan(held.facet, lacks) })
    this.#pump(session)
  }

  /** Reads and sends the next piece, unless the peer still has enough to read. */
  #pump(session: Session): void {
    for (let next = session.serving[0]; next; next = session.serving[0]) {
      if (next.reading || session.inFlight >= IN_FLIGHT_BYTES_MAX) return
      const held = this.context.facets.get(next.facet)
      const stretch = next.stretches[0]
      if (held && stretch) return this.#readNext(session, next, held, stretch)
      session.serving.shift()
      if (!held) continue
      const { facet } = held
      this.context.send(
        session,
        { type: 'done', facet: facet.id, request: next.request },
        facet.space,
        facet.genesis
      )
    }
  }

  #readNext(session: Session, serving: Serving, held: HeldFacet, stretch: Stretch): void {
    const positions = stretch.positions.slice(0, READ_ENVELOPES_MAX)
    stretch.positions = stretch.positions.slice(READ_ENVELOPES_MAX)
    if (stretch.positions.length === 0) serving.stretches.shift()
    const part: Stretch = { client: stretch.client, positions }
    const token = this.context.token(() => this.#pump(session))
    serving.reading = { token, stretch: part }
    this.context.emit({ do: 'read', facet: held.facet.id, wanted: wantedOf(part), then: token })
  }

  #read(token: number, records: (EnvelopeRecord | undefined)[]): void {
    for (const session of this.context.sessions.values()) {
      const serving = session.serving[0]
      if (serving?.reading?.token !== token) continue
      const { stretch } = serving.reading
      delete serving.reading
      const held = this.context.facets.get(serving.facet)
      if (held) this.#serve(session, serving, held, stretch, records)
    }
    this.context.resume(token)
  }

  /** Cuts what was read into runs of about 64 KiB, each ending in a signature that holds. */
  #serve(
    session: Session,
    serving: Serving,
    held: HeldFacet,
    { client, positions }: Stretch,
    records: (EnvelopeRecord | undefined)[]
  ): void {
    let run: EnvelopeRecord[] = []
    let bytes = 0
    for (const [i, record] of records.entries()) {
      if (!record) return
      run.push(record)
      bytes += record.header.length + record.body.length + 80
      const next = records[i + 1]
      const full = next && bytes + next.header.length + next.body.length + 80 > RUN_BYTES_TARGET
      if (next && !full) continue
      if (this.#sendRun(session, held, client, serving.request, run)) [run, bytes] = [[], 0]
    }
    if (run.length === 0) return
    // The last signature does not hold: a later one of the lane does, so the stretch grows by one.
    const rest = positions.slice(-run.length)
    const more = successor(rest.at(-1) as (typeof rest)[number])
    if (more) serving.stretches.unshift({ client, positions: [...rest, more] })
  }
}

function recordOf(envelope: ParsedRun['envelopes'][number]): EnvelopeRecord {
  return { header: envelope.headerBytes, signature: envelope.signature, body: envelope.body }
}
