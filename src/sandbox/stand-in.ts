// A company of the sandbox: the node's own core with edges in memory. It keeps no documents, only what was admitted:
// what is asked of it is what it holds. Liars are the same, but for what their scene has them send.
import * as Y from 'yjs'
import type { ArtifactKind } from '../artifacts/layouts.ts'
import { unitOf } from '../artifacts/reciprocity.ts'
import { layoutOf } from '../artifacts/layouts.ts'
import { sign } from '../identity/ed25519.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { Core } from '../sync/core.ts'
import type { HeldFacet } from '../sync/context.ts'
import { Desk, type Lease } from '../sync/desk.ts'
import { Directory } from '../sync/directory.ts'
import type { Effect, Event, News, StoreWrite } from '../sync/effects.ts'
import { toHex } from '../wire/bytes.ts'
import type { DataClass } from '../wire/data-class.ts'
import { type EnvelopeRecord, recordOf } from '../wire/envelope.ts'
import type { EntryAct } from '../wire/space-entry.ts'
import { type Company, must, signerOf } from './company.ts'
import type { World } from './world.ts'

export class StandIn {
  readonly company: Company
  /** Index among the parties; of who is none, beyond them. */
  readonly index: number
  readonly core: Core
  readonly desk: Desk
  readonly news: News[] = []
  /** Every frame that came, where they are kept to be looked through. */
  heard: Uint8Array[] | undefined
  /** Nothing reaches it and nothing leaves it. */
  asleep = false
  /** It hears everything and says nothing. */
  mute = false
  readonly #world: World
  readonly #stored = new Map<string, EnvelopeRecord>()

  constructor(company: Company, index: number, world: World) {
    this.company = company
    this.index = index
    this.#world = world
    const { did } = company.identity
    const directory = new Directory({ did, peerId: company.node.peer, certificate: company.node })
    directory.identities.set(did, company.identity)
    const random = (bytes: number) => world.random.bytes(bytes)
    this.core = new Core({
      directory,
      certificate: () => company.nodeCertificate,
      signAsNode: message => sign(company.nodeKey, message),
      layoutOf,
      ...(world.audits && { audit: { random, wasClean: false } })
    })
    this.desk = new Desk(this.core, random)
  }

  get did(): string {
    return this.company.identity.did
  }

  /** People here have compared the words of the other. */
  meets({ did, company }: StandIn): void {
    const confirmed = { by: 'the sandbox', how: 'made up', at: this.#world.clock.nowMs }
    this.core.context.directory.contacts.set(did, {
      did,
      addresses: [],
      nodes: [company.node.peer],
      confirmed
    })
  }

  step(event: Event): void {
    if (this.asleep) return
    if (event.on === 'frame') this.heard?.push(event.bytes)
    this.#carryOut(this.core.step(event, this.#world.clock.nowMs))
  }

  perform<T>(work: (core: Core) => T): T {
    const { result, effects } = this.core.perform(this.#world.clock.nowMs, work)
    this.#carryOut(effects)
    return result
  }

  #carryOut(effects: Effect[]): void {
    const { clock, network } = this.#world
    for (const effect of effects) {
      if (effect.do === 'send') network.send(this, effect.session, effect.frame)
      else if (effect.do === 'close') network.hangUp(this, effect.session, effect.banMs)
      else if (effect.do === 'tell') this.news.push(effect.news)
      else if (effect.do === 'write') {
        const { writes, token } = effect
        clock.later(1, () => {
          this.#store(writes)
          this.step({ on: 'written', token })
        })
      } else if (effect.do === 'read') {
        const { token, wanted } = effect
        const facet = toHex(effect.facet)
        const records = wanted.map(({ client, seq }) => this.#stored.get(`${facet}/${client}/${seq}`))
        clock.later(1, () => this.step({ on: 'read', token, records }))
      }
    }
  }

  #store(writes: StoreWrite[]): void {
    for (const write of writes) {
      if (write.kind !== 'envelope') continue
      const { facet, envelope } = write
      this.#stored.set(`${facet}/${envelope.client}/${envelope.header.seq}`, recordOf(envelope))
    }
  }

  // ---- what its people do ---------------------------------------------------------------------------

  space(id: Uint8Array): SpaceLog | undefined {
    return this.core.context.directory.spaceOf(id)
  }

  /** Signs the next entry of its chain. */
  says(id: Uint8Array, act: EntryAct): void {
    const space = this.space(id)
    if (!space) throw new Error('the sandbox made a space that did not arrive')
    const refused = this.perform(() => this.desk.append(space, act, signerOf(this.company.role)))
    if (refused) throw new Error(`the sandbox signed an entry that was refused: ${refused}`)
  }

  /** A document of a kind and class with one line in it. */
  writes(id: Uint8Array, kind: ArtifactKind, dataClass: DataClass): HeldFacet {
    const space = this.space(id) as SpaceLog
    return this.perform(() => {
      const artifact = this.#world.random.bytes(16)
      const held = must<HeldFacet>(this.desk.openFacet(space, { kind, class: dataClass, artifact }))
      this.#type(held)
      this.#release(held)
      return held
    })
  }

  /** Under a rule of reciprocity, what was written is given to every other party. */
  #release({ facet }: HeldFacet): void {
    const { genesis, id, space } = facet
    const isUnderRule = this.#world.play.terms.reciprocity.some(({ kind }) => kind === genesis.kind)
    if (!isUnderRule || genesis.class !== 'shared-confidential') return
    for (const to of space.parties.keys()) {
      const act = { kind: 'release', to, artifactKind: genesis.kind, units: [unitOf(id, to)] } as const
      if (to !== this.index)
        this.desk.append(space, { ...act, units: [...act.units] }, signerOf(this.company.role))
    }
  }

  #type(held: HeldFacet): void {
    const lease = must<Lease>(this.desk.lease(held, signerOf(this.company.role), []))
    const doc = new Y.Doc()
    doc.clientID = lease.client
    let update = new Uint8Array()
    doc.once('update', (bytes: Uint8Array) => (update = Uint8Array.from(bytes)))
    doc.getText('text').insert(0, `Written by ${this.company.name} in the sandbox.\n`)
    must(this.desk.edit(lease, { update, base: [] }))
  }

  /** Whether anything of a document is here. */
  holds({ facet }: HeldFacet): boolean {
    return (this.core.context.facetOf(facet.id)?.facet.size ?? 0) > 0
  }

  /** All that it stored of a document: what it could send to anybody. */
  recordsOf({ facet }: HeldFacet): { client: number; records: EnvelopeRecord[] }[] {
    const prefix = `${toHex(facet.id)}/`
    return [...facet.lanes.keys()].map(client => {
      const own = [...this.#stored].filter(([key]) => key.startsWith(`${prefix}${client}/`))
      return { client, records: own.map(([, record]) => record) }
    })
  }
}
