// A node whose edges are immediate: the real core and desk over a disk in memory that syncs at once, documents in
// this thread, and one long-lived view, as an editor holds it. Whatever throws in here is a finding.
import * as Y from 'yjs'
import { sign } from '../../src/identity/ed25519.ts'
import { CheckedUpdate } from '../../src/replica/checked-update.ts'
import type { Tip } from '../../src/replica/facet.ts'
import { structRoot } from '../../src/replica/struct-root.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import { Core } from '../../src/sync/core.ts'
import { Desk, type Lease } from '../../src/sync/desk.ts'
import { Directory } from '../../src/sync/directory.ts'
import type { Effect, Event, News } from '../../src/sync/effects.ts'
import { restoreFacet } from '../../src/sync/restore.ts'
import { toHex } from '../../src/wire/bytes.ts'
import type { FacetGenesis } from '../../src/wire/genesis.ts'
import type { Layout } from '../../src/wire/layout.ts'
import type { Reject } from '../../src/wire/reject.ts'
import { WRITERS_LAYOUT, type Random } from '../replica/writers.ts'
import { type Company, EPOCH_MS, must, signerOf } from '../sim/company.ts'
import { Disk } from '../sim/disk.ts'

/** One place of every sort, and values whose type the layout names. */
const LAYOUT: Layout = {
  roots: {
    ...WRITERS_LAYOUT.roots,
    facts: { is: 'map', keys: { name: 'string', count: 'number', done: 'boolean', parts: 'list' } }
  }
}

/** What a node needs of the world around it. */
export interface Edges {
  nowMs: number
  send(from: FuzzNode, session: number, frame: Uint8Array): void
  hangUp(from: FuzzNode, session: number, code: string): void
  news(from: FuzzNode, news: News): void
}

export class FuzzNode {
  readonly company: Company
  readonly edges: Edges
  readonly core: Core
  readonly desk: Desk
  readonly disk: Disk
  readonly docs = new Map<string, Y.Doc>()
  readonly views = new Map<string, View>()
  /** Bodies that were admitted to any facet, in that order. */
  readonly bodies: Uint8Array[] = []
  readonly #random: Random
  #steps: Event[] = []
  #busy = false

  constructor(company: Company, edges: Edges, random: Random, disk = new Disk()) {
    this.company = company
    this.edges = edges
    this.#random = random
    this.disk = disk
    const { did } = company.identity
    const directory = new Directory({ did, peerId: company.node.peer, certificate: company.node })
    directory.identities.set(did, company.identity)
    this.core = new Core({
      directory,
      certificate: () => company.nodeCertificate,
      signAsNode: message => sign(company.nodeKey, message),
      layoutOf: () => LAYOUT
    })
    this.desk = new Desk(this.core, bytes => Uint8Array.from({ length: bytes }, () => random(256)))
  }

  /** Has met this company, and both have confirmed it. */
  knows({ identity, node }: Company): void {
    const { directory } = this.core.context
    const confirmed = { by: 'test', how: 'given', at: EPOCH_MS }
    directory.identities.set(identity.did, identity)
    directory.contacts.set(identity.did, { did: identity.did, addresses: [], nodes: [node.peer], confirmed })
  }

  /** Events are taken one after the other: what a disk answers at once waits until the step before is over. */
  step(event: Event): void {
    this.#steps.push(event)
    if (!this.#busy) this.#drain()
  }

  perform<T>(work: (core: Core) => T): T {
    const { result, effects } = this.core.perform(this.edges.nowMs, work)
    this.#busy = true
    for (const effect of effects) this.#carryOut(effect)
    this.#drain()
    return result
  }

  #drain(): void {
    this.#busy = true
    try {
      for (let event = this.#steps.shift(); event; event = this.#steps.shift()) {
        for (const effect of this.core.step(event, this.edges.nowMs)) this.#carryOut(effect)
      }
    } finally {
      this.#busy = false
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.do) {
      case 'send':
        return this.edges.send(this, effect.session, effect.frame)
      case 'close':
        return this.edges.hangUp(this, effect.session, effect.code)
      case 'tell':
        return this.edges.news(this, effect.news)
      case 'apply':
        return this.#apply(effect.facet, effect.updates, effect.frontier)
      case 'rebuild':
        return this.rebuild(effect.facet)
      case 'write':
        this.disk.write(effect.writes)
        return void this.#steps.push({ on: 'written', token: effect.token })
      case 'read': {
        const records = this.disk.read(toHex(effect.facet), effect.wanted)
        return void this.#steps.push({ on: 'read', token: effect.token, records })
      }
      case 'presence':
    }
  }

  /** What a view shows, where one is open; else the node's own document. */
  doc(facet: string): Y.Doc {
    let doc = this.views.get(facet)?.doc ?? this.docs.get(facet)
    if (!doc) this.docs.set(facet, (doc = new Y.Doc()))
    return doc
  }

  #apply(facet: string, updates: CheckedUpdate[], frontier: Tip[]): void {
    const bodies = CheckedUpdate.joined(updates)
    this.bodies.push(...bodies)
    const view = this.views.get(facet)
    if (view) view.take(bodies, frontier)
    else applyAll(this.doc(facet), bodies)
  }

  /** The document from nothing, out of what counts, and the view opened anew. */
  rebuild(facet: string): void {
    const doc = new Y.Doc()
    const held = this.held(facet)
    const counted = held.facet.order().filter(position => held.facet.counts(position))
    const wanted = counted.map(({ segment, seq }) => ({
      client: segment.lane.client,
      seq,
      id: segment.idAt(seq)
    }))
    const bodies = this.disk.read(facet, wanted).map(record => {
      if (!record) throw new Error('an admitted envelope is not stored')
      return record.body
    })
    applyAll(
      doc,
      bodies.filter(body => body.length > 0)
    )
    if (this.views.has(facet)) this.#view(facet, doc)
    else this.docs.set(facet, doc)
  }

  held(facet: string): HeldFacet {
    const held = this.core.context.facets.get(facet)
    if (!held) throw new Error('no such facet')
    return held
  }

  openFacet(space: Uint8Array, facts: Pick<FacetGenesis, 'class'>): string {
    const log = this.core.context.directory.spaceOf(space)
    if (!log) throw new Error('no such space')
    const artifact = Uint8Array.from({ length: 16 }, () => this.#random(256))
    const held = this.perform(() => this.desk.openFacet(log, { kind: 'StandardsDoc.v1', artifact, ...facts }))
    return toHex(must<HeldFacet>(held).facet.id)
  }

  /** Opens a view as an editor does: loads the state, then takes the id that it may write under. */
  open(facet: string, gc = true): View {
    const view = this.#view(facet, this.doc(facet), gc)
    this.docs.delete(facet)
    return view
  }

  #view(facet: string, from: Y.Doc, gc = true): View {
    const frontier = this.held(facet).facet.frontier()
    const lease = must<Lease>(this.desk.lease(this.held(facet), signerOf(this.company.role), frontier))
    const view = new View(this, lease, from, frontier, gc)
    this.views.get(facet)?.doc.destroy()
    this.views.set(facet, view)
    return view
  }

  root(facet: string): string {
    return rootOf(this.doc(facet))
  }

  /**
   * The same company after a restart: a core from nothing that holds the spaces, and this facet as the disk has
   * it. Its disk is a copy.
   * @returns the node, or what of the facet was lost
   */
  restarted(facet: string): FuzzNode | string {
    const next = new FuzzNode(this.company, SILENT, this.#random, this.disk.copy())
    next.core.context.now = this.edges.nowMs
    const { directory } = next.core.context
    for (const [id, space] of this.core.context.directory.spaces) directory.spaces.set(id, space)
    const { facet: before, genesisBytes } = this.held(facet)
    const held = next.core.facets.openings.open(before.id, before.genesis, genesisBytes, before.space, true)
    if (!held) return 'the facet does not open'
    const lost = restoreFacet(next.core, held, next.disk.facet(facet))
    if (lost > 0) return `${lost} envelopes do not come back`
    next.core.context.takeEffects()
    next.rebuild(facet)
    return next
  }
}

const SILENT: Edges = { nowMs: EPOCH_MS, send: () => {}, hangUp: () => {}, news: () => {} }

/** A document that a person has open. What it emits is gathered until it is flushed. */
export class View {
  readonly doc: Y.Doc
  readonly node: FuzzNode
  readonly lease: Lease
  base: Tip[]
  readonly gathered: Uint8Array[] = []

  constructor(node: FuzzNode, lease: Lease, from: Y.Doc, base: Tip[], gc: boolean) {
    this.node = node
    this.lease = lease
    this.base = base
    this.doc = new Y.Doc({ gc })
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(from), 'load')
    this.doc.clientID = lease.client
    this.doc.on('update', (update: Uint8Array, _origin: unknown, _doc: Y.Doc, transaction: Y.Transaction) => {
      if (transaction.local) this.gathered.push(update)
    })
  }

  take(bodies: Uint8Array[], frontier: Tip[]): void {
    this.base = frontier
    applyAll(this.doc, bodies, 'remote')
  }

  /** Signs what has gathered, as one edit. @returns undefined where there is nothing */
  flush(): Tip | Reject | undefined {
    const gathered = this.gathered.splice(0)
    if (gathered.length === 0) return undefined
    const update = gathered.length === 1 ? (gathered[0] as Uint8Array) : Y.mergeUpdates(gathered)
    return this.node.perform(() => this.node.desk.edit(this.lease, { update, base: this.base }))
  }
}

function applyAll(doc: Y.Doc, bodies: Uint8Array[], origin?: string): void {
  const local = false
  Y.transact(
    doc,
    () => {
      for (const body of bodies) Y.applyUpdate(doc, body, origin)
    },
    origin,
    local
  )
  if (doc.store.pendingStructs || doc.store.pendingDs) throw new Error('Yjs holds something back as pending')
}

export function rootOf(doc: Y.Doc): string {
  return toHex(structRoot(Y.encodeStateAsUpdate(doc)))
}
