// Carries out what the core asks for: sends, reads, writes, documents, time. The only place where the protocol
// meets the machine. protocols/sync, section 2.
import { setImmediate } from 'node:timers/promises'
import type { FrameReceiver, FrameSession } from '../../net/session.ts'
import { CheckedUpdate } from '../../replica/checked-update.ts'
import type { Tip } from '../../replica/facet.ts'
import type { Store } from '../../store/store.ts'
import type { Core } from '../../sync/core.ts'
import type { Effect, Event, News, Wanted } from '../../sync/effects.ts'
import { startsWith, toHex } from '../../wire/bytes.ts'
import type { EnvelopeRecord } from '../../wire/envelope.ts'
import type { Client } from '../../wire/lane.ts'
import type { Documents } from '../documents/documents.ts'
import { hasBody } from './recent.ts'
import { Writer } from './writer.ts'

const TICK_MS = 100
/** While an invite is open, strangers come as far as this. */
const ARRIVALS_MAX = 1_000
const READ_BYTES_MAX = 4 * 1024 * 1024

export interface Applied {
  client: Client
  bodies: Uint8Array[]
}

export interface DriverEvents {
  news(news: News): void
  /** Updates of one lane entered a document, or it has to be read anew. */
  document(facet: string, change: Applied | 'rebuild', frontier: Tip[]): void
  presence(facet: string, from: string, bytes: Uint8Array): void
  /** A write failed, or writes go through again. */
  disk(error: Error | undefined): void
}

export class Driver {
  readonly core: Core
  readonly store: Store
  readonly documents: Documents
  readonly #events: DriverEvents
  readonly #writer: Writer
  readonly #sessions = new Map<number, FrameSession>()
  /** Peers that broke a rule, until when they are left alone (ms since 1970). */
  readonly #banned = new Map<string, number>()
  /** Peers that connected to this node since its start: where from, and when last. */
  readonly arrivals = new Map<string, { address: string; at: number }>()
  #numbers = 0
  #ticker: NodeJS.Timeout | undefined

  constructor(core: Core, store: Store, documents: Documents, events: DriverEvents) {
    this.core = core
    this.store = store
    this.documents = documents
    this.#events = events
    this.#writer = new Writer(store, {
      written: token => this.dispatch({ on: 'written', token }),
      failing: error => this.#diskChanged(error)
    })
  }

  start(): void {
    this.#ticker = setInterval(() => this.dispatch({ on: 'tick' }), TICK_MS)
  }

  /** Resolves when everything asked for so far is durable. */
  async stop(): Promise<void> {
    clearInterval(this.#ticker)
    this.#carryOut(this.core.perform(Date.now(), core => core.audit?.own.flush()).effects)
    await this.#writer.drained()
  }

  isBanned(peerId: string): boolean {
    return (this.#banned.get(peerId) ?? 0) > Date.now()
  }

  /** Why nothing is written at the moment, if so. */
  get diskError(): Error | undefined {
    return this.#writer.error
  }

  /** A connection is open: its frames go to the core, one at a time. */
  attach(session: FrameSession): FrameReceiver {
    const id = ++this.#numbers
    this.#sessions.set(id, session)
    if (session.inbound) this.#arrived(session)
    // Before this returns: the first frame may be there already.
    this.dispatch({ on: 'session', session: id, peerId: session.peerId, inbound: session.inbound })
    return {
      onFrame: frame => this.#frame(id, frame),
      onClose: () => {
        this.#sessions.delete(id)
        this.dispatch({ on: 'closed', session: id })
      }
    }
  }

  #arrived({ peerId, remoteAddress: address }: FrameSession): void {
    this.arrivals.delete(peerId)
    this.arrivals.set(peerId, { address, at: Date.now() })
    const [oldest] = this.arrivals.keys()
    if (this.arrivals.size > ARRIVALS_MAX && oldest !== undefined) this.arrivals.delete(oldest)
  }

  /** While much waits for the disk, reading stops, and the peer feels it. */
  async #frame(session: number, bytes: Uint8Array): Promise<void> {
    this.dispatch({ on: 'frame', session, bytes })
    await this.#writer.room()
  }

  dispatch(event: Event): void {
    this.#carryOut(this.core.step(event, Date.now()))
  }

  /**
   * Local work. Resolves once all that it wrote is durable.
   * @throws NodeError `disk-full` and others of the store when it could not be written
   */
  async perform<T>(work: (core: Core) => T): Promise<T> {
    this.#writer.check()
    const { result, effects } = this.core.perform(Date.now(), work)
    this.#carryOut(effects)
    await this.#writer.durable()
    return result
  }

  #carryOut(effects: Effect[]): void {
    for (const effect of effects) this.#one(effect)
  }

  #one(effect: Effect): void {
    switch (effect.do) {
      case 'send':
        return this.#send(effect.session, effect.frame)
      case 'close':
        return this.#close(effect)
      case 'write':
        return this.#writer.write(effect.writes, effect.sync, effect.token)
      case 'read':
        void this.#answer(effect.facet, effect.wanted, effect.token)
        return undefined
      case 'apply': {
        const { facet, client, frontier } = effect
        const bodies = CheckedUpdate.joined(effect.updates)
        this.documents.append(facet, bodies, frontier)
        return this.#events.document(facet, { client, bodies }, frontier)
      }
      case 'rebuild':
        this.documents.invalidate(effect.facet)
        return this.#events.document(effect.facet, 'rebuild', [])
      case 'presence':
        return this.#events.presence(effect.facet, effect.from, effect.bytes)
      case 'tell':
        return this.#events.news(effect.news)
    }
  }

  /** What cannot be read is not there for the peer; the store keeps its own account of it. */
  async #answer(facet: Uint8Array, wanted: Wanted[], token: number): Promise<void> {
    const records = await this.read(facet, wanted).catch(() => wanted.map(() => undefined))
    // From memory it came at once: what else there is to do has its turn between two answers.
    await setImmediate()
    this.dispatch({ on: 'read', token, records })
  }

  #send(id: number, frame: Uint8Array): void {
    const session = this.#sessions.get(id)
    if (!session) return
    session.send(frame).then(
      () => this.dispatch({ on: 'sent', session: id, bytes: frame.length }),
      (error: Error) => session.abort(error.message)
    )
  }

  #close({ session: id, code, detail, banMs }: Extract<Effect, { do: 'close' }>): void {
    const session = this.#sessions.get(id)
    if (!session) return
    if (banMs > 0) this.#banned.set(session.peerId, Date.now() + banMs)
    for (const [peerId, until] of this.#banned) if (until <= Date.now()) this.#banned.delete(peerId)
    // Rights that are gone are gone for what is queued as well: nothing more of it may leave.
    if (code === 'rights-lost') session.abort(detail)
    else void session.close(detail)
  }

  #diskChanged(error: Error | undefined): void {
    // What peers send while nothing can be written would only be lost: they keep it for later.
    if (error)
      for (const session of this.#sessions.values()) session.abort('this node cannot write at the moment')
    this.#events.disk(error)
  }

  /** Envelopes from the store, or from among those that are still in memory. */
  async read(facet: Uint8Array, wanted: Wanted[]): Promise<(EnvelopeRecord | undefined)[]> {
    const id = toHex(facet)
    const found = this.#writer.find(id, wanted)
    for (let i = 0; i < wanted.length;) {
      if (found[i]) {
        i++
        continue
      }
      let end = i + 1
      while (end < wanted.length && !found[end] && follows(wanted[end - 1] as Wanted, wanted[end] as Wanted))
        end++
      await this.#readRange(id, wanted, found, i, end)
      i = end
    }
    return found
  }

  async #readRange(
    facet: string,
    wanted: Wanted[],
    found: (EnvelopeRecord | undefined)[],
    from: number,
    to: number
  ): Promise<void> {
    const { client, seq: first } = wanted[from] as Wanted
    const end = (wanted[to - 1] as Wanted).seq + 1
    for (let seq = first; seq < end;) {
      const records = await this.store.readEnvelopes(facet, client, seq, end, READ_BYTES_MAX)
      if (records.length === 0) return
      for (const record of records) {
        const at = from + record.seq - first
        const item = wanted[at]
        if (item && hasBody(record) && startsWith(item.id, record.idPrefix)) found[at] = record
      }
      seq = (records.at(-1) as { seq: number }).seq + 1
    }
  }
}

function follows(a: Wanted, b: Wanted): boolean {
  return a.client === b.client && b.seq === a.seq + 1
}
