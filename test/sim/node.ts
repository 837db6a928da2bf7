// A node whose edges are simulated: the same core, a disk and a network in memory, documents without workers.
import * as Y from 'yjs'
import { layoutOf } from '../../src/artifacts/layouts.ts'
import { sign } from '../../src/identity/ed25519.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import type { CheckedUpdate } from '../../src/replica/checked-update.ts'
import type { Tip } from '../../src/replica/facet.ts'
import { structRoot } from '../../src/replica/struct-root.ts'
import { Core } from '../../src/sync/core.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import { Desk, type Lease } from '../../src/sync/desk.ts'
import { Directory } from '../../src/sync/directory.ts'
import type { Effect, News, StoreWrite } from '../../src/sync/effects.ts'
import { decodeRecord } from '../../src/sync/space-sync.ts'
import { restoreDirectory, restoreFacet } from '../../src/sync/restore.ts'
import { toHex } from '../../src/wire/bytes.ts'
import type { EnvelopeRecord } from '../../src/wire/envelope.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type Company, must, signerOf } from './company.ts'
import { Disk } from './disk.ts'
import type { Random } from './random.ts'

/** What a node needs of the world around it. */
export interface World {
  now(): number
  random: Random
  /** Carries out the effect that leaves the node; `later` runs after a short simulated delay. */
  send(from: SimNode, session: number, frame: Uint8Array): void
  hangUp(from: SimNode, session: number): void
  later(delayMs: number, work: () => void): void
  news(from: SimNode, news: News): void
}

export class SimNode {
  readonly company: Company
  readonly world: World
  core: Core
  desk: Desk
  disk = new Disk()
  /** Writes whose sync has not returned: a power cut loses them. */
  #unsynced: { writes: StoreWrite[]; token: number }[] = []
  #durableAt = 0
  readonly docs = new Map<string, Y.Doc>()
  /** Ids of own envelopes whose edit was acknowledged. */
  readonly acknowledged = new Map<string, string>()
  alive = true
  /** How wrong this node's clock is. */
  skewMs = 0
  /** Grows with each start: answers to an earlier life are void. */
  life = 0

  constructor(company: Company, world: World) {
    this.company = company
    this.world = world
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
      layoutOf
    })
    return [core, new Desk(core, n => world.random.bytes(n))]
  }

  knows(other: SimNode): void {
    const { did } = other.company.identity
    const at = EPOCH
    this.core.context.directory.contacts.set(did, {
      did,
      addresses: [],
      nodes: [other.company.node.peer],
      confirmed: { by: 'simulation', how: 'given', at }
    })
    const { contacts } = this.core.context.directory
    const bytes = new TextEncoder().encode(JSON.stringify(contacts.get(did)))
    this.disk.tables.set(`contact:${did}`, bytes)
  }

  #now(): number {
    return this.world.now() + this.skewMs
  }

  // ---- the edges ------------------------------------------------------------------------------------

  carryOut(effects: Effect[]): void {
    for (const effect of effects) this.#one(effect)
  }

  #one(effect: Effect): void {
    const { world } = this
    if (effect.do === 'send') return world.send(this, effect.session, effect.frame)
    if (effect.do === 'close') return world.hangUp(this, effect.session)
    if (effect.do === 'tell') return world.news(this, effect.news)
    if (effect.do === 'apply') return this.#apply(effect.facet, effect.updates)
    if (effect.do === 'rebuild') return this.#rebuild(effect.facet)
    if (effect.do === 'presence') return undefined
    const life = this.life
    if (effect.do === 'read') {
      const { token } = effect
      const records = this.disk.read(toHex(effect.facet), effect.wanted)
      return world.later(1, () => life === this.life && this.step({ on: 'read', token, records }))
    }
    const { writes, token } = effect
    const write = { writes, token }
    this.#unsynced.push(write)
    // In the order of asking, as the node's writer does: nothing survives what came before it.
    const at = Math.max(this.#durableAt, world.now() + 1 + world.random.below(5))
    this.#durableAt = at
    return world.later(at - world.now(), () => {
      if (life !== this.life) return
      this.#unsynced.splice(this.#unsynced.indexOf(write), 1)
      this.disk.write(writes)
      this.step({ on: 'written', token })
    })
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

  #apply(facet: string, updates: CheckedUpdate[]): void {
    const doc = this.#doc(facet)
    doc.transact(() => {
      for (const update of updates) if (update.body.length > 0) Y.applyUpdate(doc, update.body)
    })
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
    const pending = new Disk()
    for (const { writes } of this.#unsynced) pending.write(writes)
    const [stored, fresh] = [this.disk.read(facet, wanted), pending.read(facet, wanted)]
    for (const [i, record] of stored.entries()) {
      const body = (record ?? fresh[i])?.body
      if (!body) throw new Error('an admitted envelope is neither stored nor being stored')
      if (body.length > 0) Y.applyUpdate(doc, body)
    }
  }

  // ---- what people do -----------------------------------------------------------------------------------

  facet(id: string): HeldFacet | undefined {
    return this.core.context.facets.get(id)
  }

  /** Edits a copy of the document, as a view does, and signs what came of it. */
  edit(facet: string, change: (doc: Y.Doc) => void): Tip | undefined {
    const held = this.facet(facet)
    if (!held) return undefined
    return this.perform(() => {
      const base = held.facet.frontier()
      const lease = must<Lease>(this.desk.lease(held, signerOf(this.company.role), base))
      const view = new Y.Doc()
      Y.applyUpdate(view, Y.encodeStateAsUpdate(this.#doc(facet)))
      view.clientID = lease.client
      const updates: Uint8Array[] = []
      view.on('update', update => updates.push(update))
      view.transact(() => change(view))
      const update = updates[0]
      this.desk.release(lease)
      if (!update) return undefined
      const tip = this.desk.edit(lease, { update, base })
      if (isReject(tip)) throw new Error(`an honest edit was refused: ${tip}`)
      this.acknowledge(facet, tip)
      return tip
    })
  }

  /** Counts an edit as acknowledged once its sync returned. */
  acknowledge(facet: string, tip: Tip): void {
    const life = this.life
    this.world.later(10, () => {
      if (life === this.life) this.acknowledged.set(toHex(tip.id), facet)
    })
  }

  root(facet: string): string {
    return toHex(structRoot(Y.encodeStateAsUpdate(this.#doc(facet))))
  }

  space(space: string): SpaceLog | undefined {
    return this.core.context.directory.spaces.get(space)
  }

  // ---- crashes ----------------------------------------------------------------------------------------------

  /** The process ends; what was not synced is gone. */
  crash(): void {
    this.alive = false
    this.life++
    this.#unsynced = []
    this.core.context.sessions.clear()
  }

  /** A new process on what the disk holds. */
  start(disk = this.disk): void {
    this.disk = disk
    this.life++
    this.alive = true
    ;[this.core, this.desk] = this.#boot()
    this.docs.clear()
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
    if (trouble.length > 0) throw new Error(`a restart found trouble: ${JSON.stringify(trouble)}`)
    for (const [id, held] of this.core.context.facets) {
      const records: { client: number; record: EnvelopeRecord }[] = disk.facet(id)
      const lost = restoreFacet(this.core, held, records)
      if (lost > 0) throw new Error(`a restart lost ${lost} envelopes`)
      this.#rebuild(id)
    }
    this.core.context.takeEffects()
  }
}

const EPOCH = Date.UTC(2026, 0, 1)
