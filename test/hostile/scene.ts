// What every attack is given: where the node is, how long to go on, the keys of a company that it knows, and a pen
// that writes envelopes as they should be.
import net from 'node:net'
import * as Y from 'yjs'
import { sign } from '../../src/identity/ed25519.ts'
import { Author, type Composed } from '../../src/replica/author.ts'
import type { Facet } from '../../src/replica/facet.ts'
import type { Frame } from '../../src/sync/frame.ts'
import { type EnvelopeRecord, signedBytes } from '../../src/wire/envelope.ts'
import { packClient } from '../../src/wire/lane.ts'
import { scanUpdate } from '../../src/wire/update.ts'
import { type Company, must } from '../sim/company.ts'
import { Disk } from '../sim/disk.ts'
import { SimNode } from '../sim/node.ts'
import { Random } from '../../src/sandbox/random.ts'
import { Mouth, type Talk } from './mouth.ts'

export interface Task {
  kind: string
  seconds: number
  address: string
  /** Where an honest node is dialed that listens through the node, and its peer id. */
  behind: { address: string; peerId: string }
  /** Where the rival's relay listens. */
  relayPort: number
  facets: string[]
  startedMs: number
  nodes: Pick<Company, 'nodeKey' | 'nodeCertificate' | 'node'>[]
  disk: { tables: Disk['tables']; envelopes: Disk['envelopes'] }
}

/** Where the rival's relay listens. */
export function relayAddress({ relayPort }: Task): string {
  return `/ip4/127.0.0.1/tcp/${relayPort}`
}

/** A network of its own on the loopback: another host than that of the honest members. */
export const ELSEWHERE = '127.0.0.66'

export class Scene {
  readonly task: Task
  readonly random = new Random(Date.now())
  readonly rival: Company
  readonly port: number
  readonly mouths: Mouth[] = []
  /** What was prepared. */
  readonly made: Frame[][] = []
  #endsAt = Infinity
  #node: SimNode | undefined

  constructor(task: Task, rival: Company) {
    this.task = task
    this.rival = rival
    this.port = Number(/\/tcp\/(\d+)/.exec(task.address)?.[1])
  }

  begin(): void {
    this.#endsAt = performance.now() + this.task.seconds * 1_000
  }

  going(): boolean {
    return performance.now() < this.#endsAt
  }

  get leftMs(): number {
    return Math.max(0, this.#endsAt - performance.now())
  }

  async rest(ms = this.leftMs): Promise<void> {
    await new Promise(resolve => setTimeout(resolve, Math.min(ms, this.leftMs)))
  }

  /** The rival with its n-th node. */
  company(n = 0): Company {
    const node = this.task.nodes[n % this.task.nodes.length]
    return node ? { ...this.rival, ...node } : this.rival
  }

  /** Somebody with this key, or with one that nobody knows. */
  async mouth(seed = this.random.bytes(32), listen?: string[]): Promise<Mouth> {
    const mouth = await Mouth.create(seed, listen)
    this.mouths.push(mouth)
    return mouth
  }

  async member(n = 0): Promise<Mouth> {
    return this.mouth(this.company(n).nodeKey.seed)
  }

  /** A session of the rival's n-th node, greeted. */
  async talk(n = 0): Promise<Talk> {
    return (await this.member(n)).greet(this.task.address, this.company(n))
  }

  socket(from = ELSEWHERE): net.Socket {
    const socket = net.connect({ port: this.port, host: '127.0.0.1', localAddress: from, noDelay: true })
    socket.on('error', () => undefined)
    return socket
  }

  /** Calls so many times a second while it goes on. */
  async every(perSecond: number, act: (n: number) => void): Promise<void> {
    const started = performance.now()
    for (let n = 0; this.going();) {
      const due = ((performance.now() - started) / 1_000) * perSecond
      while (n < due) act(n++)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }

  /** Says what `make` gives, again and again, as fast as it is taken. @returns how many while the line was up */
  async flood(talk: Talk, make: (n: number) => Frame[]): Promise<number> {
    let said = 0
    while (this.going() && talk.isOpen() && (await talk.say(...make(said)))) said++
    return said
  }

  /** Goes on with the next node of the rival where one is cut. */
  async again(act: (talk: Talk, n: number) => Promise<unknown>): Promise<void> {
    let first = true
    for (let n = 0; this.going(); n++) {
      if (n >= this.task.nodes.length) return this.rest()
      const talk = await this.talk(n).catch(() => undefined)
      // On a busy machine the first session takes its time; the attack is as long as it should be all the same.
      if (talk && first) this.begin()
      first &&= !talk
      if (talk) await act(talk, n)
    }
  }

  /** The rival's honest knowledge: facets, space, lanes. */
  get node(): SimNode {
    if (this.#node) return this.#node
    const node = new SimNode(this.rival, {
      now: () => Date.now(),
      random: this.random,
      send: () => undefined,
      hangUp: () => undefined,
      later: (_, work) => work(),
      news: () => undefined
    })
    const disk = new Disk()
    for (const [key, bytes] of this.task.disk.tables) disk.tables.set(key, bytes)
    for (const [key, envelope] of this.task.disk.envelopes) disk.envelopes.set(key, envelope)
    node.start(disk)
    return (this.#node = node)
  }

  facet(n = 1): Facet {
    return (this.node.facet(this.task.facets[n] as string) as { facet: Facet }).facet
  }

  genesis(n = 1): Uint8Array {
    return (this.node.facet(this.task.facets[n] as string) as { genesisBytes: Uint8Array }).genesisBytes
  }

  pen(n = 1, facet = this.facet(n)): Pen {
    return new Pen(this.rival, facet, this.random)
  }

  async stop(): Promise<void> {
    for (const mouth of this.mouths) await mouth.stop().catch(() => undefined)
  }
}

/** Writes one lane of the rival in one facet, validly. */
export class Pen {
  readonly facet: Facet
  readonly client: number
  readonly #rival: Company
  readonly #view = new Y.Doc()
  readonly #bodies: Uint8Array[] = []

  constructor(rival: Company, facet: Facet, random: Random, session = 1 + random.below(2 ** 27)) {
    this.#rival = rival
    this.facet = facet
    const company = facet.space.companyOf(rival.identity.did) as number
    this.client = packClient({ company, key: 0, session })
    this.#view.clientID = this.client
    this.#view.on('update', update => this.#bodies.push(update))
  }

  /** One transaction on a document that holds only what this pen wrote. */
  edit(change: (text: Y.Text) => void): this {
    this.#view.transact(() => change(this.#view.getText('text')))
    return this
  }

  /** Envelopes for all edits, from the opening on, each signed. */
  records(
    time = Date.now(),
    signature = (message: Uint8Array) => sign(this.#rival.role, message)
  ): EnvelopeRecord[] {
    const drafts = this.#bodies.map(body => ({ body, scanned: must(scanUpdate(body)) }))
    const base = this.facet.frontier()
    const composed = must<Composed[]>(new Author(this.facet, this.client, time).write(drafts, base))
    return composed.map(({ headerBytes: header, body }) => ({
      header,
      signature: signature(signedBytes(this.facet.id, this.client, header)),
      body
    }))
  }

  run(records: EnvelopeRecord[], request = 0): Extract<Frame, { type: 'run' }> {
    return { type: 'run', facet: this.facet.id, request, client: this.client, records }
  }
}
