// Honest people in one room: each has a node with the real core and desk and a view of a document, they write at
// once, hear from one another late and in any order, and nothing that they write may be refused.
import { openSpace } from '../../src/artifacts/space.ts'
import { type SpaceLog } from '../../src/identity/space-log.ts'
import { type Tip, tipOf } from '../../src/replica/facet.ts'
import type { News } from '../../src/sync/effects.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { type EnvelopeRecord, parseRun } from '../../src/wire/envelope.ts'
import { isReject } from '../../src/wire/reject.ts'
import { Hand } from '../replica/hand.ts'
import { seal } from '../sim/agreement.ts'
import { type Random, randomFrom } from '../replica/writers.ts'
import { type Company, EPOCH_MS, createCompany, must } from '../sim/company.ts'
import { Random as SimRandom } from '../../src/sandbox/random.ts'
import { acceptRecord } from '../sync/bench.ts'
import type { Finding } from './finding.ts'
import { type Edges, FuzzNode, type View } from './node.ts'

/** Updates of one room; then all is compared and the next one begins. */
export const ROOM_UPDATES = 300
const NAMES = ['Ada', 'Bo', 'Cy', 'Dee']

/** In so many rooms there are sessions between the nodes once; in the others envelopes are carried by hand. */
const CONNECTED_EVERY = 20
/** An editor gathers so many updates on average before it signs. */
const GATHER = 3

let companies: Company[] | undefined

/** The same companies in every room: keys and certificates cost milliseconds. */
export function cast(): Company[] {
  const random = new SimRandom(7)
  return (companies ??= NAMES.map(name => createCompany(name, random)))
}

export interface HonestTotals {
  /** Updates that Yjs emitted for edits, and the envelopes that they became: an editor gathers some into one. */
  updates: number
  envelopes: number
  threw: number
  refused: number
  diverged: number
}

export function noHonestTotals(): HonestTotals {
  return { updates: 0, envelopes: 0, threw: 0, refused: 0, diverged: 0 }
}

interface Link {
  from: FuzzNode
  to: FuzzNode
  session: number
  frames: Uint8Array[]
}

export class Room implements Edges {
  nowMs = EPOCH_MS + 1_000
  readonly #random: Random
  readonly #nodes: FuzzNode[]
  readonly #hands = new Map<FuzzNode, Hand>()
  /** Those whose editors hold halves of emoji: two that meet show a whole one there, and U+FFFD to all others. */
  readonly #halved = new Set<FuzzNode>()
  readonly #links: Link[] = []
  readonly #seed: number
  readonly #room: number
  readonly #totals: HonestTotals
  readonly findings: Finding[] = []
  #facet = ''

  constructor(seed: number, room: number, totals: HonestTotals) {
    this.#seed = seed
    this.#room = room
    this.#totals = totals
    this.#random = randomFrom(seed * 1_000_003 + room)
    const authors = cast().slice(0, 2 + this.#random(3))
    this.#nodes = authors.map(company => new FuzzNode(company, this, this.#random))
    for (const node of this.#nodes) for (const company of authors) node.knows(company)
  }

  send(from: FuzzNode, session: number, frame: Uint8Array): void {
    this.#links.find(link => link.from === from && link.session === session)?.frames.push(frame)
  }

  hangUp(from: FuzzNode, _session: number, code: string): void {
    this.#found('refused', `${from.company.name} ended a session with an honest peer: ${code}`)
  }

  news(from: FuzzNode, news: News): void {
    if (news.what === 'refused') this.#found('refused', `${from.company.name} refused: ${news.reject}`)
    if (news.what === 'fork' || news.what === 'chain-fork') this.#found('refused', 'an honest fork')
  }

  #found(what: 'refused' | 'diverged' | 'threw', detail: string): void {
    this.#totals[what]++
    this.findings.push({ run: 'honest', seed: this.#seed, world: this.#room, what, detail })
  }

  /** Writes until so many updates have been signed, then lets everything arrive and compares. */
  run(updates: number): void {
    try {
      this.#meet()
      for (let written = 0; written < updates;) {
        written += this.#write(this.#pick(this.#nodes))
        if (this.#random(3) === 0) this.#exchange()
      }
      this.#quiet()
      this.#compare()
    } catch (error) {
      this.#found('threw', error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
  }

  /** Something of what one has written gets to another. */
  #exchange(): void {
    if (this.#links.length === 0)
      return this.#carry(this.#pick(this.#nodes), this.#pick(this.#nodes), this.#random(60))
    this.#deliver(this.#pick(this.#links))
    if (this.#random(4) === 0) this.#pass()
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)] as T
  }

  /** A space that all accepted, a document in it, sessions in some rooms, and a view for each. */
  #meet(): void {
    const [first] = this.#nodes as [FuzzNode]
    const parties = this.#nodes.map(({ company }) => company.identity.did)
    const space = must<SpaceLog>(
      first.perform(() => first.desk.foundSpace({ title: 'Joint', pairing: 'CTO', parties }))
    )
    const accepts = this.#nodes.map(({ company }) => acceptRecord(space, company))
    for (const node of this.#nodes) {
      const own = node === first ? space : must(openSpace(space.genesisBytes))
      node.core.context.directory.spaces.set(toHex(own.id), own)
      const refused = node.perform(core => core.spaces.add(own, accepts))
      if (refused) throw new Error(`${refused}`)
    }
    const companies = this.#nodes.map(({ company }) => company)
    seal(space, companies, record => {
      for (const node of this.#nodes) {
        const own = node.core.context.directory.spaceOf(space.id) as SpaceLog
        node.perform(core => core.spaces.add(own, [record]))
      }
    })
    this.#facet = first.openFacet(space.id, { class: this.#pick(['public', 'shared-confidential']) })
    if (this.#room % CONNECTED_EVERY === 0) this.#connectAll()
    else this.#share(first)
    first.open(this.#facet).doc.getText('text').insert(0, 'Standard 🙂\n')
    this.#quiet()
    for (const node of this.#nodes) {
      const { doc } =
        node === first ? (first.views.get(this.#facet) as View) : node.open(this.#facet, this.#random(3) > 0)
      const halves = this.#random(4) === 0
      if (halves) this.#halved.add(node)
      this.#hands.set(node, new Hand(doc, this.#random, { undo: this.#random(2) === 0, halves, facts: true }))
    }
  }

  /** A tree: some hear of an edit through others. */
  #connectAll(): void {
    this.#nodes.forEach((node, i) => {
      if (i > 0) this.#connect(this.#nodes[this.#random(i)] as FuzzNode, node)
    })
  }

  /** The genesis of the document, as a bundle brings it. */
  #share(first: FuzzNode): void {
    const { facet, genesisBytes } = first.held(this.#facet)
    for (const node of this.#nodes) {
      const space = node.core.context.directory.spaceOf(facet.space.id) as SpaceLog
      if (node !== first) node.core.facets.openings.open(facet.id, facet.genesis, genesisBytes, space, false)
    }
  }

  #connect(a: FuzzNode, b: FuzzNode): void {
    const session = this.#links.length + 1
    this.#links.push({ from: a, to: b, session, frames: [] }, { from: b, to: a, session, frames: [] })
    b.step({ on: 'session', session, peerId: a.company.node.peer, inbound: true })
    a.step({ on: 'session', session, peerId: b.company.node.peer, inbound: false })
  }

  /** @returns how many updates were signed: none while the editor gathers more */
  #write(node: FuzzNode): number {
    const view = node.views.get(this.#facet)
    if (!view) throw new Error('no view')
    this.#hands.get(node)?.act()
    const emitted = view.gathered.length
    if (emitted === 0 || this.#random(GATHER) > 0) return 0
    const size = node.held(this.#facet).facet.size
    const tip = view.flush()
    if (isReject(tip)) this.#found('refused', `${node.company.name}'s own desk: ${tip}`)
    this.#totals.updates += emitted
    this.#totals.envelopes += node.held(this.#facet).facet.size - size
    return emitted
  }

  /** The oldest frames of one direction of one connection, perhaps all of them. */
  #deliver(link: Link): void {
    const count = this.#random(5) === 0 ? link.frames.length : 1 + this.#random(4)
    for (const frame of link.frames.splice(0, count)) {
      link.to.step({ on: 'frame', session: link.session, bytes: frame })
      link.from.step({ on: 'sent', session: link.session, bytes: frame.length })
    }
  }

  /** The first envelopes that one has and another lacks, in the order in which the one took them in, as runs. */
  #carry(from: FuzzNode, to: FuzzNode, count: number): void {
    const held = to.held(this.#facet)
    const missing = from
      .held(this.#facet)
      .facet.order()
      .map(tipOf)
      .filter(tip => !held.facet.find(tip))
      .slice(0, count)
    for (let at = 0; at < missing.length;) {
      const { client } = missing[at] as Tip
      let end = at + 1
      while (missing[end]?.client === client) end++
      const stretch = missing.slice(at, end)
      const records = from.disk.read(this.#facet, stretch) as EnvelopeRecord[]
      const run = parseRun(held.facet.id, client, records)
      const refused = isReject(run) ? run : to.perform(core => core.facets.take(held, run, undefined))
      if (refused) return this.#found('refused', `${to.company.name} refused: ${refused}`)
      if (!held.facet.find(stretch.at(-1) as Tip))
        return this.#found('refused', 'a run waits whose causes are there')
      at = end
    }
  }

  #pass(ms = 500): void {
    this.nowMs += ms
    for (const node of this.#nodes) node.step({ on: 'tick' })
  }

  #quiet(): void {
    for (const node of this.#nodes) {
      const tip = node.views.get(this.#facet)?.flush()
      if (isReject(tip)) this.#found('refused', `${node.company.name}'s own desk: ${tip}`)
    }
    for (let round = 0; round < 40; round++) {
      if (this.#links.length === 0) {
        for (const from of this.#nodes) for (const to of this.#nodes) this.#carry(from, to, Infinity)
      }
      while (this.#links.some(({ frames }) => frames.length > 0)) {
        for (const link of this.#links) this.#deliver(link)
      }
      if (this.#agree()) return
      this.#pass(2_000)
    }
  }

  #agree(): boolean {
    const tips = this.#nodes.map(node => {
      const held = node.core.context.facets.get(this.#facet)
      return held
        ? held.facet
            .tips()
            .map(({ id }) => toHex(id))
            .join()
        : ''
    })
    return new Set(tips).size === 1
  }

  /** Every view, and every document that is made again from a disk, must have the same struct root. */
  #compare(): void {
    if (!this.#agree()) return this.#found('diverged', 'not everybody has everything')
    const roots = new Map<string, string>()
    const pick = this.#pick(this.#nodes)
    for (const node of this.#nodes) {
      const { name } = node.company
      if (!this.#halved.has(node)) roots.set(`${name}'s view`, node.root(this.#facet))
      if (node !== pick && !this.#halved.has(node)) continue
      const again = node.restarted(this.#facet)
      if (typeof again === 'string') return this.#found('diverged', again)
      roots.set(`${name}'s document after a restart`, again.root(this.#facet))
    }
    if (new Set(roots.values()).size > 1)
      this.#found('diverged', [...roots].map(([of, root]) => `${of}: ${root.slice(0, 8)}`).join(', '))
  }
}
