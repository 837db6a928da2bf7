// A few nodes and puppets in memory. A node is a real core with simulated edges; a puppet is a peer of which the
// test holds every string: it says any frame and hears what comes back.
import * as Y from 'yjs'
import { sign } from '../../src/identity/ed25519.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import { Author, type Composed } from '../../src/replica/author.ts'
import type { Facet } from '../../src/replica/facet.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import type { News } from '../../src/sync/effects.ts'
import { type Frame, encodeFrame, parseFrame } from '../../src/sync/frame.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { type EnvelopeRecord, signedBytes } from '../../src/wire/envelope.ts'
import { packClient } from '../../src/wire/lane.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type EntryRecord, encodeSpaceEntry, entrySignedBytes } from '../../src/wire/space-entry.ts'
import { scanUpdate } from '../../src/wire/update.ts'
import type { TermsBody } from '../../src/artifacts/agreement-terms.ts'
import { seal, termsOf } from '../sim/agreement.ts'
import { type Company, EPOCH_MS, createCompany, must, signerOf } from '../sim/company.ts'
import { Clock } from '../../src/sandbox/clock.ts'
import { Network } from '../sim/network.ts'
import { SimNode, type World } from '../sim/node.ts'
import { Random } from '../sim/random.ts'

const TICK_MS = 100
const PUPPET_SESSIONS = 1_000_000

export class Bench implements World {
  readonly random: Random
  readonly clock = new Clock(EPOCH_MS + 1_000)
  readonly network: Network
  readonly nodes: SimNode[] = []
  readonly heard: { at: SimNode; news: News }[] = []
  readonly #puppets = new Map<number, Puppet>()
  audits = false

  constructor(seed = 1) {
    this.random = new Random(seed)
    this.network = new Network(this.clock, this.random)
  }

  now(): number {
    return this.clock.nowMs
  }

  send(from: SimNode, session: number, frame: Uint8Array): void {
    const puppet = this.#puppets.get(session)
    if (puppet) puppet.hear(frame)
    else this.network.send(from, session, frame)
  }

  hangUp(from: SimNode, session: number): void {
    const puppet = this.#puppets.get(session)
    if (puppet) puppet.closed = true
    else this.network.hangUp(from, session)
  }

  later(delayMs: number, work: () => void): void {
    this.clock.later(delayMs, work)
  }

  news(at: SimNode, news: News): void {
    this.heard.push({ at, news })
  }

  refusals(at: SimNode): string[] {
    return this.heard.flatMap(({ at: node, news }) =>
      node === at && news.what === 'refused' ? [news.reject.code] : []
    )
  }

  company(name: string): Company {
    return createCompany(name, this.random)
  }

  node(name: string): SimNode {
    const node = new SimNode(this.company(name), this)
    this.nodes.push(node)
    return node
  }

  pass(ms: number): void {
    const until = this.clock.nowMs + ms
    while (this.clock.nowMs < until) {
      this.clock.runUntil(Math.min(until, this.clock.nowMs + TICK_MS))
      for (const node of this.nodes) node.step({ on: 'tick' })
    }
  }

  /** A puppet that speaks for `company`, connected to `victim`. */
  puppet(victim: SimNode, company: Company, options: { inbound?: boolean; reads?: boolean } = {}): Puppet {
    const session = PUPPET_SESSIONS + this.#puppets.size
    const puppet = new Puppet(this, victim, company, session)
    puppet.reads = options.reads ?? true
    this.#puppets.set(session, puppet)
    victim.step({ on: 'session', session, peerId: company.node.peer, inbound: options.inbound ?? true })
    return puppet
  }
}

/** Contacts on both sides, confirmed. */
export function acquaint(node: SimNode, company: Company): void {
  const { did } = company.identity
  const { directory } = node.core.context
  directory.identities.set(did, company.identity)
  directory.contacts.set(did, {
    did,
    addresses: [],
    nodes: [company.node.peer],
    confirmed: { by: 'test', how: 'given', at: EPOCH_MS }
  })
}

/** A space of these companies in the memory of `node`, accepted by all, under an agreement that covers everything. */
export function foundSpace(
  node: SimNode,
  companies: Company[],
  { title = 'Joint', sealed = true } = {}
): SpaceLog {
  const parties = companies.map(company => company.identity.did)
  const space = node.perform(() => must<SpaceLog>(node.desk.foundSpace({ title, pairing: 'CTO', parties })))
  for (const company of companies) accept(node, space, company)
  if (sealed && companies.length > 1) sealAll(node, space, companies)
  return space
}

/** Puts the words of all companies into the node's copy of the space log, as if they had arrived. */
export function sealAll(node: SimNode, space: SpaceLog, companies: Company[], terms?: TermsBody): void {
  const enter = (record: EntryRecord) => {
    const refused = node.perform(core => core.spaces.add(space, [record]))
    if (refused) throw new Error(`${refused}`)
  }
  seal(space, companies, enter, terms)
}

/** Puts the company's accept entry into the node's copy of the space log, as if it had arrived. */
export function accept(node: SimNode, space: SpaceLog, company: Company): void {
  const record = acceptRecord(space, company)
  node.perform(core => {
    const refused = core.spaces.add(space, [record])
    if (refused) throw new Error(`${refused}`)
  })
}

/** The entry by which a company accepts a space. */
export function acceptRecord(space: SpaceLog, { identity, role, roleCertificate }: Company): EntryRecord {
  const company = space.companyOf(identity.did) as number
  const act = { kind: 'accept', rootVersion: identity.head, certificates: [roleCertificate] } as const
  const entry = encodeSpaceEntry({
    space: space.id,
    company,
    seq: 0,
    act: { ...act, certificates: [...act.certificates] },
    time: EPOCH_MS
  })
  return { entry, signer: role.publicKey.bytes, signature: sign(role, entrySignedBytes(entry)) }
}

export function openFacet(
  node: SimNode,
  space: SpaceLog,
  dataClass: DataClass = 'shared-confidential'
): HeldFacet {
  const facts = { kind: 'StandardsDoc.v1', class: dataClass, artifact: node.world.random.bytes(16) }
  return node.perform(() => must<HeldFacet>(node.desk.openFacet(space, facts)))
}

/** A facet with one line in it. */
export function writeFacet(
  node: SimNode,
  space: SpaceLog,
  dataClass: DataClass = 'shared-confidential'
): HeldFacet {
  const held = openFacet(node, space, dataClass)
  type(node, held, 'line\n')
  return held
}

export function type(node: SimNode, held: HeldFacet, text: string): void {
  node.edit(toHex(held.facet.id), doc => doc.getText('text').insert(0, text))
}

/** Envelopes of the company in this facet, one for each word, in one lane, with signatures that hold or not. */
export function signed(
  company: Company,
  { facet }: HeldFacet,
  words: string[],
  { session = 7, holds = () => true }: { session?: number; holds?: (i: number) => boolean } = {}
): { client: number; records: EnvelopeRecord[] } {
  const index = facet.space.companyOf(company.identity.did) as number
  const client = packClient({ company: index, key: 0, session })
  const doc = new Y.Doc()
  doc.clientID = client
  const drafts = words.map(word => {
    let body = new Uint8Array()
    doc.once('update', (update: Uint8Array) => (body = Uint8Array.from(update)))
    doc.getText('text').insert(0, word)
    const scanned = scanUpdate(body)
    if (isReject(scanned)) throw new Error(`${scanned}`)
    return { body, scanned }
  })
  const composed = must<Composed[]>(new Author(facet, client, 1).write(drafts, []))
  const signer = signerOf(company.role)
  const records = composed.map(({ headerBytes: header, body }, i) => {
    const signature = holds(i)
      ? signer.sign(signedBytes(facet.id, client, header))
      : new Uint8Array(64).fill(1)
    return { header, signature, body }
  })
  return { client, records }
}

export function runOf(
  { id }: Facet,
  { client, records }: { client: number; records: EnvelopeRecord[] },
  request = 0
): Frame {
  return { type: 'run', facet: id, request, client, records }
}

export function headsOf(
  { facet, genesisBytes }: HeldFacet,
  tips: { of: number; seq: number; id: Uint8Array }[]
): Frame {
  return { type: 'heads', space: facet.space.id, facets: [{ genesis: genesisBytes, tips }] }
}

type Of<T extends Frame['type']> = Extract<Frame, { type: T }>

export class Puppet {
  readonly bench: Bench
  readonly victim: SimNode
  readonly company: Company
  readonly session: number
  readonly frames: Frame[] = []
  readonly sizes: number[] = []
  /** Whether what is sent to it leaves the victim's queue. */
  reads = true
  closed = false

  constructor(bench: Bench, victim: SimNode, company: Company, session: number) {
    this.bench = bench
    this.victim = victim
    this.company = company
    this.session = session
  }

  hear(bytes: Uint8Array): void {
    const frame = parseFrame(bytes)
    if (isReject(frame)) throw new Error(`the node sent a frame that is none: ${frame}`)
    this.frames.push(frame)
    this.sizes.push(bytes.length)
    if (!this.reads) return
    this.bench.later(1, () => this.victim.step({ on: 'sent', session: this.session, bytes: bytes.length }))
  }

  say(frame: Frame): void {
    this.sayBytes(encodeFrame(frame))
  }

  sayBytes(bytes: Uint8Array): void {
    this.victim.step({ on: 'frame', session: this.session, bytes })
  }

  hello(changes: Partial<Of<'hello'>> = {}): this {
    const { identity, nodeCertificate: certificate } = this.company
    const invite = new Uint8Array()
    this.say({
      type: 'hello',
      did: identity.did,
      certificate,
      version: identity.head,
      confirmed: true,
      invite,
      ...changes
    })
    return this
  }

  of<T extends Frame['type']>(type: T): Of<T>[] {
    return this.frames.filter((frame): frame is Of<T> => frame.type === type)
  }

  /** Takes what was heard since the last call. */
  take(): Frame[] {
    this.sizes.length = 0
    return this.frames.splice(0)
  }

  get bytes(): number {
    return this.sizes.reduce((sum, size) => sum + size, 0)
  }

  signAsNode(message: Uint8Array): Uint8Array {
    return sign(this.company.nodeKey, message)
  }

  /** How the victim sees this connection, while it is open. */
  get state() {
    return this.victim.core.context.sessions.get(this.session)
  }
}

/** Nodes that share a space of all of them; `links` says who is connected with whom. */
export function group(
  names: string[],
  links: [number, number][],
  { audits = false, changes = {} }: { audits?: boolean; changes?: Partial<TermsBody> } = {}
) {
  const bench = new Bench()
  bench.audits = audits
  const nodes = names.map(name => bench.node(name))
  for (const a of nodes) for (const b of nodes) if (a !== b) acquaint(a, b.company)
  const [first] = nodes as [SimNode]
  const companies = nodes.map(node => node.company)
  const space = foundSpace(first, companies, { sealed: false })
  sealAll(first, space, companies, termsOf(space, changes))
  for (const [i, j] of links) bench.network.connect(nodes[i] as SimNode, nodes[j] as SimNode)
  bench.pass(3_000)
  return { bench, nodes: nodes as [SimNode, SimNode, SimNode], space }
}

/** A node, a puppet of another company that shares a space with it, and a facet. */
export function stage(
  options: {
    seed?: number
    dataClass?: DataClass
    reads?: boolean
    confirmed?: boolean
    /** Whether there is an agreement; without one the logs hold the acceptances alone. */
    sealed?: boolean
  } = {}
) {
  const bench = new Bench(options.seed)
  const node = bench.node('Ada')
  const rival = bench.company('Bob')
  acquaint(node, rival)
  const space = foundSpace(node, [node.company, rival], options)
  const held = writeFacet(node, space, options.dataClass)
  bench.pass(200)
  const puppet = bench.puppet(node, rival, options).hello({ confirmed: options.confirmed ?? true })
  bench.pass(200)
  return { bench, node, rival, space, held, puppet }
}
