// A node whose edges are simulated: the same core, a disk and a network in memory, documents without workers.
// Where the real edges keep an order (writes, acknowledgements, the heads that a document shows), so do these.
import * as Y from 'yjs'
import { layoutOf } from '../../src/artifacts/layouts.ts'
import { sign } from '../../src/identity/ed25519.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import { CheckedUpdate } from '../../src/replica/checked-update.ts'
import type { Facet, Tip } from '../../src/replica/facet.ts'
import { structRoot } from '../../src/replica/struct-root.ts'
import { Core } from '../../src/sync/core.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import { Desk, type Edit, type Lease } from '../../src/sync/desk.ts'
import { type Contact, Directory } from '../../src/sync/directory.ts'
import type { Effect, News, StoreWrite, Wanted } from '../../src/sync/effects.ts'
import { putContact } from '../../src/sync/greeting.ts'
import { decodeRecord } from '../../src/sync/space-sync.ts'
import {
  type StoredEnvelope,
  restoreAudit,
  restoreDecisions,
  restoreDirectory,
  restoreFacet
} from '../../src/sync/restore.ts'
import { toHex } from '../../src/wire/bytes.ts'
import type { EnvelopeRecord } from '../../src/wire/envelope.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type Company, must, signerOf } from './company.ts'
import { Disk } from './disk.ts'
import type { Random } from '../../src/sandbox/random.ts'

/** What a node needs of the world around it. */
export interface World {
  now(): number
  random: Random
  /** Carries out the effect that leaves the node; `later` runs after a short simulated delay. */
  send(from: SimNode, session: number, frame: Uint8Array): void
  hangUp(from: SimNode, session: number): void
  later(delayMs: number, work: () => void): void
  news(from: SimNode, news: News): void
  /** Whether nodes write logs of what they do, and witness those of others. */
  audits?: boolean
}

/** What waits for the disk, oldest first. */
interface Batch {
  writes: StoreWrite[]
  sync: boolean
  token: number
  /** Called when all up to here is durable. */
  durable: (() => void)[]
}

/** As the node's writer does. */
const DISK_RETRY_MS = 2_000

export class SimNode {
  readonly company: Company
  readonly world: World
  core: Core
  desk: Desk
  disk = new Disk()
  /** Writes whose sync has not returned: a power cut loses them. */
  #queue: Batch[] = []
  #durableAt = 0
  /** The disk refused the last write. */
  failing = false
  readonly docs = new Map<string, Y.Doc>()
  /** Of each document, the heads that it shows: they follow what counts when the effects are carried out. */
  readonly #shown = new Map<string, Tip[]>()
  /** How often each document was made anew: what was read of it before is void. */
  readonly rebuilds = new Map<string, number>()
  /** Ids of own envelopes whose edit was acknowledged, with their facet. */
  readonly acknowledged = new Map<string, string>()
  /** Of these, those that a disk lost by going back to an older state, while another still had them. */
  readonly wentBack = new Set<string>()
  alive = true
  /** What it signed behind its own back may stand in the way of what it signs honestly. */
  lies = false
  /** How wrong this node's clock is. */
  skewMs = 0
  /** Grows with each start: answers to an earlier life are void. */
  life = 0

  /** Enters what its company signs; another node of it hands over. */
  readonly keeps: boolean
  /** Has not gone back to an older disk, and is no copy. */
  knowsEnd = true

  constructor(company: Company, world: World, { keeps = true } = {}) {
    this.company = company
    this.world = world
    this.keeps = keeps
    ;[this.core, this.desk] = this.#boot()
  }

  #boot(): [Core, Desk] {
    const { company, world } = this
    const { did } = company.identity
    const directory = new Directory({ did, peerId: company.node.peer, certificate: company.node })
    directory.identities.set(did, company.identity)
    const core = new Core({
      directory,
      certificate: () => company.nodeCertificate,
      signAsNode: message => sign(company.nodeKey, message),
      layoutOf,
      chains: { keeps: this.keeps, knowsEnd: () => this.knowsEnd },
      ...(world.audits && { audit: { random: (n: number) => world.random.bytes(n), wasClean: false } })
    })
    return [core, new Desk(core, n => world.random.bytes(n))]
  }

  /** `confirmed`: people here have compared the words of that company. `identity`: its log is here already. */
  knows(other: SimNode, { confirmed = true, identity = false } = {}): void {
    const { directory } = this.core.context
    const { did } = other.company.identity
    const nodes = [...(directory.contacts.get(did)?.nodes ?? []), other.company.node.peer]
    const contact: Contact = { did, addresses: [], nodes }
    if (confirmed) contact.confirmed = { by: 'simulation', how: 'given', at: EPOCH }
    directory.contacts.set(did, contact)
    if (identity) {
      directory.identities.set(did, other.company.identity)
      this.disk.tables.set(`identity:${did}`, other.company.identity.log)
    }
    const { key, bytes } = putContact(contact)
    this.disk.tables.set(`contact:${key}`, bytes)
  }

  /** People here have compared the words of that company. */
  confirms(other: SimNode): void {
    const contact = this.core.context.directory.contacts.get(other.company.identity.did)
    if (!contact) return
    contact.confirmed = { by: 'simulation', how: 'call', at: this.world.now() }
    const { key, bytes } = putContact(contact)
    this.disk.tables.set(`contact:${key}`, bytes)
  }

  #now(): number {
    return this.world.now() + this.skewMs
  }

  // ---- the edges ------------------------------------------------------------------------------------

  carryOut(effects: Effect[]): void {
    for (const effect of effects) if (effect.do !== 'rebuild') this.#one(effect)
    // Last, as documents are read again by and by: what else was admitted in this step is being written by now.
    for (const effect of effects) if (effect.do === 'rebuild') this.#rebuild(effect.facet)
  }

  #one(effect: Effect): void {
    const { world } = this
    if (effect.do === 'send') return world.send(this, effect.session, effect.frame)
    if (effect.do === 'close') return world.hangUp(this, effect.session)
    if (effect.do === 'tell') return world.news(this, effect.news)
    if (effect.do === 'apply') return this.#apply(effect)
    if (effect.do === 'rebuild') return undefined
    if (effect.do === 'presence') return undefined
    const life = this.life
    if (effect.do === 'read') {
      const { token } = effect
      const records = this.disk.read(toHex(effect.facet), effect.wanted)
      return world.later(1, () => life === this.life && this.step({ on: 'read', token, records }))
    }
    return this.#write(effect)
  }

  #write({ writes, sync, token }: Extract<Effect, { do: 'write' }>): void {
    const { world, life } = this
    const batch: Batch = { writes, sync, token, durable: [] }
    this.#queue.push(batch)
    // In the order of asking, as the node's writer does: nothing survives what came before it.
    const at = Math.max(this.#durableAt, world.now() + 1 + world.random.below(5))
    this.#durableAt = at
    world.later(at - world.now(), () => life === this.life && this.#drain(batch))
  }

  /** All up to this batch goes to the disk, or waits until it takes writes again. */
  #drain(until: Batch): void {
    const { life, world } = this
    if (!this.#queue.includes(until)) return
    if (this.disk.refuses) {
      if (!this.failing) this.#refused()
      world.later(DISK_RETRY_MS, () => life === this.life && this.#drain(until))
      return
    }
    this.failing = false
    for (let batch = this.#queue[0]; batch; batch = batch === until ? undefined : this.#queue[0]) {
      this.#queue.shift()
      this.disk.write(batch.writes, batch.sync)
      for (const done of batch.durable) done()
      this.step({ on: 'written', token: batch.token })
      if (life !== this.life) return
    }
  }

  /** What peers send meanwhile would only be lost, and what people wait for did not happen. */
  #refused(): void {
    this.failing = true
    for (const batch of this.#queue) batch.durable = []
    for (const session of this.core.context.sessions.keys()) this.world.hangUp(this, session)
  }

  step(event: Parameters<Core['step']>[0]): void {
    if (this.alive) this.carryOut(this.core.step(event, this.#now()))
  }

  perform<T>(work: (core: Core) => T): T {
    const { result, effects } = this.core.perform(this.#now(), work)
    this.carryOut(effects)
    return result
  }

  #doc(facet: string): Y.Doc {
    let doc = this.docs.get(facet)
    if (!doc) this.docs.set(facet, (doc = new Y.Doc()))
    return doc
  }

  #apply({ facet, updates, frontier }: Extract<Effect, { do: 'apply' }>): void {
    const doc = this.#doc(facet)
    this.#shown.set(facet, frontier)
    doc.transact(() => {
      for (const body of CheckedUpdate.joined(updates)) Y.applyUpdate(doc, body)
    })
  }

  /** Envelopes from the disk, or from among those that are still being written. */
  #read(facet: string, wanted: Wanted[]): (EnvelopeRecord | undefined)[] {
    const pending = new Disk()
    for (const { writes } of this.#queue) pending.write(writes)
    const [stored, fresh] = [this.disk.read(facet, wanted), pending.read(facet, wanted)]
    return stored.map((record, i) => record ?? fresh[i])
  }

  /** The document from nothing, out of what counts, in the order of admission. */
  #rebuild(facet: string): void {
    const doc = new Y.Doc()
    this.docs.set(facet, doc)
    const held = this.core.context.facets.get(facet)
    if (!held) return
    const counted = held.facet.order().filter(position => held.facet.counts(position))
    const wanted = counted.map(({ segment, seq }) => ({
      client: segment.lane.client,
      seq,
      id: segment.idAt(seq)
    }))
    this.#shown.set(facet, held.facet.frontier())
    this.rebuilds.set(facet, (this.rebuilds.get(facet) ?? 0) + 1)
    for (const record of this.#read(facet, wanted)) {
      if (!record) throw new Error('invariant 5: an admitted envelope is neither stored nor being stored')
      if (record.body.length > 0) Y.applyUpdate(doc, record.body)
    }
  }

  // ---- what people do -----------------------------------------------------------------------------------

  facet(id: string): HeldFacet | undefined {
    return this.core.context.facets.get(id)
  }

  /** The document as it shows now, and the heads that it shows: what a view begins with. */
  state(facet: string): { update: Uint8Array; heads: Tip[] } {
    return { update: Y.encodeStateAsUpdate(this.#doc(facet)), heads: this.#shown.get(facet) ?? [] }
  }

  /**
   * Edits a copy of the document, as a view does, and signs what came of it.
   * @returns undefined where nothing was changed, or where the lane ended while it was written in
   */
  edit(facet: string, change: (doc: Y.Doc) => void, key = this.company.role): Tip | undefined {
    const held = this.facet(facet)
    if (!held || this.failing) return undefined
    return this.perform(() => {
      const { update: state, heads: base } = this.state(facet)
      const lease = must<Lease>(this.desk.lease(held, signerOf(key), base))
      const view = new Y.Doc()
      Y.applyUpdate(view, state)
      view.clientID = lease.client
      const updates: Uint8Array[] = []
      view.on('update', update => updates.push(update))
      view.transact(() => change(view))
      this.desk.release(lease)
      return updates[0] && this.sign(held, lease, [{ update: updates[0], base }])
    })
  }

  /** Signs what a view changed, and acknowledges it once it is durable. */
  sign(held: HeldFacet, lease: Lease, edits: Edit[]): Tip | undefined {
    const tip = this.desk.write(lease, edits)
    if (!isReject(tip)) {
      this.acknowledge(lease.facet, tip)
      return tip
    }
    // Where a fork or a cut took back what the view stood on, its writer is told; anything else is our fault.
    const ended = LANE_ENDED.has(tip.code) && (held.facet.forks().length > 0 || hasCuts(held))
    if (!ended && !this.lies) throw new Error(`an honest edit was refused: ${tip}`)
    return undefined
  }

  /** Counts an edit as acknowledged once its sync returned. */
  acknowledge(facet: string, tip: Tip): void {
    this.whenDurable(() => this.acknowledged.set(toHex(tip.id), facet))
  }

  /** Calls back when all that was asked for so far is durable; never where the disk refuses it. */
  whenDurable(done: () => void): void {
    // The effects of the edit are carried out when this returns.
    const { life } = this
    this.world.later(0, () => {
      if (life !== this.life || this.failing) return
      const last = this.#queue.at(-1)
      if (last) last.durable.push(done)
      else done()
    })
  }

  root(facet: string): string {
    return toHex(structRoot(Y.encodeStateAsUpdate(this.#doc(facet))))
  }

  space(space: string): SpaceLog | undefined {
    return this.core.context.directory.spaces.get(space)
  }

  // ---- crashes ----------------------------------------------------------------------------------------------

  /** The process ends; what was not synced is gone, but perhaps for the oldest `kept` writes. */
  crash(kept = 0): void {
    this.alive = false
    this.life++
    // Every other facet has a checkpoint, which may cover what is now lost.
    for (const [id, { facet }] of this.core.context.facets)
      if (facet.size % 2 === 0) this.disk.tables.set(`checkpoint:${id}`, facet.checkpoint())
    for (const { writes, sync } of this.#queue.slice(0, kept)) this.disk.write(writes, sync)
    this.#queue = []
    this.core.context.sessions.clear()
  }

  /** Writes that wait for the disk. */
  get waiting(): number {
    return this.#queue.length
  }

  /** A new process on what the disk holds. */
  start(disk = this.disk): void {
    this.disk = disk
    this.life++
    this.alive = true
    this.failing = false
    this.#durableAt = 0
    ;[this.core, this.desk] = this.#boot()
    this.docs.clear()
    this.#shown.clear()
    this.core.context.now = this.#now()
    const trouble = restoreDirectory(this.core, {
      identities: disk.table('identity').map(({ bytes }) => bytes),
      forkedIdentities: disk.table('identity-fork').map(({ key }) => key),
      contacts: disk.table('contact').map(({ bytes }) => JSON.parse(new TextDecoder().decode(bytes))),
      spaces: disk.table('space').map(({ bytes }) => bytes),
      entries: disk.table('entry').map(({ key, bytes }) => ({
        space: key.slice(0, 64),
        record: decodeRecord(bytes)
      })),
      facets: disk.table('facet').map(({ bytes }) => bytes),
      invitedBy: disk.table('invited'),
      quota: disk.table('quota')
    })
    trouble.push(...restoreDecisions(this.core, disk.table('decision')))
    restoreAudit(this.core, {
      heads: disk.table('audit-head'),
      held: disk.table('audit-held'),
      conflicts: disk.table('audit-conflict')
    })
    if (trouble.length > 0)
      throw new Error(`invariant 5: a restart found trouble: ${JSON.stringify(trouble)}`)
    for (const [id, held] of this.core.context.facets) {
      const lost = restoreFacet(this.core, held, this.#recordsBeyond(id, held.facet))
      if (lost > 0) throw new Error(`invariant 5: a restart lost ${lost} envelopes`)
      this.#rebuild(id)
    }
    this.core.context.takeEffects()
  }

  /** As a node does it: all of a facet, or what its checkpoint does not cover. */
  #recordsBeyond(id: string, facet: Facet): StoredEnvelope[] {
    const records = this.disk.facet(id)
    const checkpoint = this.disk.tables.get(`checkpoint:${id}`)
    const lanes = [...Map.groupBy(records, ({ client }) => client)].map(([client, own]) => {
      return { client, next: (own.at(-1)?.seq ?? 0) + 1, count: own.length }
    })
    if (checkpoint && facet.restore(checkpoint, lanes))
      return records.filter(({ client, seq }) => seq >= (facet.lanes.get(client)?.next ?? 0))
    this.disk.tables.delete(`checkpoint:${id}`)
    return records
  }
}

const LANE_ENDED = new Set(['lane-ended', 'edit-empty', 'past-forked', 'key-cut'])

function hasCuts({ facet }: HeldFacet): boolean {
  return facet.space.cuts().length > 0
}

const EPOCH = Date.UTC(2026, 0, 1)
