// The companies that are listened to: their homes, their nodes as processes with a tap, what was planted with them, and
// who has shown it. test/wiretap/README.md.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Side } from '../../scripts/bench/calls.ts'
import { COMPILE_CACHE, until } from '../../scripts/company-process.ts'
import { sealAgreement } from '../../scripts/seal-agreement.ts'
import { connectApi } from '../../src/api/client.ts'
import type { ParleyNode } from '../../src/node/surface/parley-node.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import { isReject } from '../../src/wire/reject.ts'
import { parseInvite } from '../../src/identity/invite.ts'
import { openHome } from '../../src/node/home/home.ts'
import { createCompanyHome, keysOf } from '../e2e/homes.ts'
import { envelopeId } from '../../src/wire/envelope.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { showing } from './api-view.ts'
import { readFrames } from './bundle-file.ts'
import { type Canary, type Rule, type Window, createWord } from './canary.ts'
import { KNOW, NODES, type Name, type NodeName, companyOf } from './company.ts'
import type { commands } from './node-process.ts'
import type { Recorded } from './scan.ts'
import { quietPort } from './quiet-port.ts'
import { createSecondHome } from '../e2e/second-home.ts'

const SHOWN_MS = 30_000
const INVITE_MS = 3_600_000

export interface Running {
  side: Side<typeof commands>
  api: ParleyNode
  pid: number
}

/** What was planted as a word, and where it must show. */
export interface Planted extends Canary {
  word?: string
  /** The company that it comes from. */
  by: string
  /** Companies whose API has shown it. */
  shownBy: Set<string>
  /** Nobody has to show it: an id of something whose words have to, or a thing that is no content. */
  silent: boolean
}

/** A document, or one part of it. */
interface Written {
  id: string
  /** The artifact, where its id is for the same readers. */
  artifact?: string
  at: NodeName
  rule: Rule
  what: string
  readers: Planted['readers']
}

export class World {
  readonly base: string
  readonly tapes: string
  readonly canaries: Planted[] = []
  readonly running = new Map<NodeName, Running>()
  readonly #pids = new Map<number, Name>()
  readonly #peers = new Map<string, Name>()
  /** By company. */
  readonly dids = new Map<Name, string>()
  /** Files that went from one company to another by hand. */
  readonly files: Recorded[] = []
  /** Ids of spaces by the name that scenes give them. */
  readonly spaces = new Map<string, string>()
  /** Documents whose ids are canaries as well. */
  readonly #artifacts: Written[] = []
  /** Of the second holder of Acme's role, in base64. */
  secondCertificate = ''

  constructor() {
    const place = createWord()
    this.base = mkdtempSync(join(tmpdir(), `parley-wiretap-${place}-`))
    this.tapes = join(this.base, 'tapes')
    mkdirSync(this.tapes)
    process.env['PARLEY_WIRETAP'] = this.tapes
    process.env['NODE_COMPILE_CACHE'] = COMPILE_CACHE
    this.plant('machine', 'the directory of the homes', place, {}, { silent: true })
  }

  // ---- canaries ---------------------------------------------------------------------------------------

  /** @param readers companies that may have it, each always or within a window; it comes from the first */
  plant(
    rule: Rule,
    what: string,
    value: string | Uint8Array,
    readers: { [company in Name]?: Window },
    { silent = false }: { silent?: boolean } = {}
  ): Planted {
    const isText = typeof value === 'string'
    const planted: Planted = {
      rule,
      what,
      bytes: isText ? Buffer.from(value) : value,
      ...(isText && { word: value }),
      by: Object.keys(readers)[0] ?? '',
      readers: new Map(Object.entries(readers)),
      shownBy: new Set(),
      silent
    }
    this.canaries.push(planted)
    return planted
  }

  /** A new word for these companies. */
  word(rule: Rule, what: string, readers: readonly Name[], options: { silent?: boolean } = {}): string {
    const word = createWord()
    this.plant(rule, what, word, always(readers), options)
    return word
  }

  /** From now on the company may have what others could already. */
  allow(company: Name, words: readonly string[]): void {
    for (const canary of this.canaries)
      if (canary.word !== undefined && words.includes(canary.word))
        canary.readers.set(company, { from: Date.now() })
  }

  // ---- nodes --------------------------------------------------------------------------------------------

  home(node: NodeName): string {
    return join(this.base, node.replaceAll(' ', '-'))
  }

  at(node: NodeName): Running {
    const running = this.running.get(node)
    if (!running) throw new Error(`${node} does not run`)
    return running
  }

  api(node: NodeName): ParleyNode {
    return this.at(node).api
  }

  /** Homes for all; Elara relays, and Cygnus is reached through it only, once it has told where that is. */
  async createHomes(): Promise<void> {
    for (const node of NODES) {
      const port = await quietPort()
      const listen = node === 'Cygnus' ? [] : [`/ip4/127.0.0.1/tcp/${port}`]
      const config = { listen, coalesceMs: 0, relay: node === 'Elara' }
      if (node === 'Acme again')
        this.secondCertificate = await createSecondHome(this.home('Acme'), this.home(node), config)
      else await createCompanyHome(this.home(node), `${node} ${this.#nameOf(node)}`, config)
      const { node: key, roles } = await keysOf(await openHome(this.home(node)))
      for (const { key: secret } of [key, ...roles])
        this.plant('secret', `a key of ${node}`, secret.seed, {}, { silent: true })
    }
  }

  readonly #names = new Map<Name, string>()

  /** The part of its legal name that only those may learn who know it or share a space with it. */
  #nameOf(node: NodeName): string {
    const company = companyOf(node)
    const known =
      this.#names.get(company) ??
      this.word('people', `the name of ${company}`, KNOW[company], { silent: true })
    this.#names.set(company, known)
    return known
  }

  async start(node: NodeName, offline = false): Promise<Running> {
    const side = new Side<typeof commands>('../../test/wiretap/node-process.ts', node, ['--import', TAP])
    const home = this.home(node)
    const { pid } = await side.call('open', { home, offline }).catch(async error => {
      await side.end()
      throw error
    })
    const running = { side, pid, api: await connectApi(home) }
    this.#pids.set(pid, companyOf(node))
    this.running.set(node, running)
    const { peerId, company } = await running.api.status()
    this.knowPeer(peerId, companyOf(node))
    this.dids.set(companyOf(node), company.did)
    return running
  }

  async stop(node: NodeName): Promise<void> {
    const { side, api } = this.at(node)
    await api.close()
    await side.call('close')
    await side.end()
    this.running.delete(node)
  }

  /** As the power does. */
  async kill(node: NodeName): Promise<void> {
    const { side, pid } = this.at(node)
    process.kill(pid, 'SIGKILL')
    await side.end()
    this.running.delete(node)
  }

  async close(): Promise<void> {
    await Promise.all([...this.running.keys()].map(node => this.stop(node).catch(() => this.kill(node))))
  }

  remove(): void {
    rmSync(this.base, { recursive: true, force: true })
  }

  knowPeer(peerId: string, company: Name): void {
    this.#peers.set(peerId, company)
  }

  senderOf(pid: number): Name {
    return this.#pids.get(pid) ?? 'stranger'
  }

  receiverOf(peer: string): Name {
    return this.#peers.get(peer) ?? 'stranger'
  }

  /** From its next start on, a node listens there only. */
  listenAt(node: NodeName, address: string): void {
    const path = join(this.home(node), 'parley.json')
    const config = JSON.parse(readFileSync(path, 'utf8')) as object
    writeFileSync(path, JSON.stringify({ ...config, listen: [address] }))
  }

  // ---- acquaintance -----------------------------------------------------------------------------------

  /** An invite, whose secret never crosses a wire. */
  async invite(host: NodeName): Promise<string> {
    const { token } = await this.api(host).createInvite({ expiresInMs: INVITE_MS })
    const invite = parseInvite(token)
    if (isReject(invite)) throw new Error(`${invite}`)
    this.plant('secret', `an invite of ${host}`, invite.secret, {}, { silent: true })
    return token
  }

  async join(guest: NodeName, host: NodeName): Promise<void> {
    const token = await this.invite(host)
    // A node that hardly gets to run is late for the other's greeting, and is dialed again.
    await until(`${guest} to join ${host}`, () => this.api(guest).join(token), 60_000)
  }

  /** Who compared, and how, is for the own people. */
  async confirm(node: NodeName, other: Name): Promise<void> {
    const company = companyOf(node)
    const [by, how] = [1, 2].map(() => this.word('people', `how ${node} confirmed ${other}`, [company]))
    const did = this.dids.get(other) as string
    await this.api(node).confirm(did, { by: by as string, how: how as string })
    const peers = JSON.stringify(await this.api(node).peers())
    for (const canary of this.canaries)
      if (canary.word && peers.includes(canary.word)) canary.shownBy.add(company)
  }

  /** A space of these companies; its title is for them alone. */
  async found(key: string, founder: NodeName, parties: Name[], accept: NodeName[]): Promise<string> {
    const title = this.word('space', `the title of space ${key}`, [companyOf(founder), ...parties])
    const dids = parties.map(party => this.dids.get(party) as string)
    const { id } = await this.api(founder).createSpace({ title, pairing: 'CTO', parties: dids })
    this.spaces.set(key, id)
    this.plant(
      'space',
      `the id of space ${key}`,
      Buffer.from(id, 'hex'),
      always([companyOf(founder), ...parties]),
      {
        silent: true
      }
    )
    for (const node of accept) {
      await until(`${node} to hear of space ${key}`, async () => this.#space(node, id))
      await this.api(node).acceptSpace(id)
    }
    await until(`the acceptances in space ${key}`, async () => {
      const space = await this.#space(founder, id)
      const accepted = space?.parties.filter(party => party.accepted) ?? []
      return accepted.length === accept.length + 1
    })
    if (accept.length === parties.length) await this.seal(id, [founder, ...accept])
    await this.showSpaces([founder, ...accept])
    return id
  }

  /** Under an agreement documents flow; its terms are for the parties alone. */
  async seal(
    space: string,
    nodes: NodeName[],
    others?: (revision: string) => Promise<void>,
    changes: { [member: string]: unknown } = {}
  ): Promise<void> {
    const apis = nodes.map(node => this.api(node))
    const found = (await apis[0]?.spaces())?.find(({ id }) => id === space)
    const dids = found?.parties.map(({ company }) => company.did) ?? []
    const readers = [...this.dids].flatMap(([name, did]) => (dids.includes(did) ? [name] : []))
    const purpose = this.word('space', 'the purpose in the terms', readers)
    await sealAgreement(apis, space, { ...changes, purpose }, others)
    for (const node of nodes) {
      const agreement = await this.api(node).agreement(space)
      const { page } = await this.api(node).revision(space, agreement.inForce as string)
      this.#note(node, page)
    }
  }

  async #space(node: NodeName, id: string) {
    return (await this.api(node).spaces()).find(space => space.id === id)
  }

  async showSpaces(nodes: readonly NodeName[]): Promise<void> {
    for (const node of nodes) this.#note(node, JSON.stringify(await this.api(node).spaces()))
  }

  // ---- documents --------------------------------------------------------------------------------------

  /**
   * A document at a node of its owner; its title is a canary. Its ids are too, for all companies but `readers`.
   * @returns its id, and the title
   */
  async write(
    at: NodeName,
    dataClass: DataClass,
    readers: readonly Name[],
    { space, kind = 'StandardsDoc.v1', text }: { space: string; kind?: string; text?: string }
  ): Promise<{ id: string; title: string }> {
    const rule = RULES[dataClass]
    const title = this.word(rule, `title of a ${dataClass} ${kind}`, readers)
    const facts = { kind, title, class: dataClass, space, ...(text !== undefined && { text }) }
    const { id } = await this.api(at).createArtifact(facts)
    const what = `a ${dataClass} ${kind}`
    this.#artifacts.push({
      id,
      artifact: id,
      at,
      rule,
      what,
      readers: new Map(readers.map(name => [name, {}]))
    })
    return { id, title }
  }

  /** These fields of a private document become shared-confidential, and its id comes to be known to `readers`. */
  async share(at: NodeName, id: string, fields: string[], readers: readonly Name[]): Promise<void> {
    const options = {
      class: 'shared-confidential',
      space: this.spaces.get('joint') as string,
      fields
    } as const
    const { digest } = await this.api(at).previewShare(id, options)
    const { facets } = await this.api(at).approveShare(id, { ...options, digest, by: 'Ada Example' })
    const [kept, shared] = facets.map(part => part.id) as [string, string]
    const entry = this.#artifacts.find(one => one.id === id) as Written
    const what = 'the part that was shared'
    const may = new Map(readers.map(name => [name, {}]))
    this.#artifacts.push({ id: shared, artifact: id, at, rule: 'shared', what, readers: may })
    entry.id = kept
    delete entry.artifact
  }

  /** From now on a company may have an artifact as well. */
  admit(company: Name, artifact: string): void {
    for (const { id, readers } of this.#artifacts)
      if (id === artifact) readers.set(company, { from: Date.now() })
  }

  /** Ids of documents, of their facets and envelopes, and hashes of bodies. Nodes that have stopped are passed over. */
  async plantIds(): Promise<void> {
    for (const { id, artifact, at, rule, what, readers } of this.#artifacts) {
      if (!this.running.has(at)) continue
      const plant = (name: string, bytes: Uint8Array) =>
        this.plant(rule, `${name} of ${what}`, bytes, Object.fromEntries(readers), { silent: true })
      if (artifact !== undefined) plant('artifact id', Buffer.from(artifact, 'hex'))
      const bundle = Buffer.concat(await Array.fromAsync(this.api(at).exportArtifact(id)))
      for (const { facet, client, records } of readFrames(bundle, 'run')) {
        for (const { header, body } of records) {
          plant('envelope id', envelopeId(facet, client, header))
          if (body.length > 0) plant('body hash', sha256(body))
        }
      }
      const facets = (await this.api(at).artifacts()).flatMap(held =>
        held.facets.filter(facet => held.id === id || facet.id === id)
      )
      for (const facet of facets) plant('facet id', Buffer.from(facet.id, 'hex'))
    }
  }

  // ---- showing ----------------------------------------------------------------------------------------

  /** Counts every word that stands in what a node shows. */
  #note(node: NodeName, shown: string): void {
    for (const canary of this.canaries)
      if (canary.word !== undefined && shown.includes(canary.word)) canary.shownBy.add(companyOf(node))
  }

  /** Waits until a node shows all these words of an artifact, in the document or in its history. */
  async shown(
    node: NodeName,
    artifact: string,
    words: readonly string[],
    dataClass?: DataClass
  ): Promise<void> {
    await until(
      `${node} to show ${words.length} words`,
      async () => {
        const all = await showing(this.api(node), artifact, dataClass)
        this.#note(node, all)
        return words.every(word => all.includes(word))
      },
      SHOWN_MS
    )
  }

  /** Waits until a node shows all these words of a decision. */
  async showDecision(node: NodeName, id: string, words: readonly string[]): Promise<void> {
    await until(
      `${node} to show ${words.length} words of a decision`,
      async () => {
        const known = (await this.api(node).decisions()).find(decision => decision.id === id)
        const all = JSON.stringify(known ?? '')
        this.#note(node, all)
        return words.every(word => all.includes(word))
      },
      SHOWN_MS
    )
  }

  /** What a bundle holds, as if it had been sent. */
  async carry(from: NodeName, to: Name, artifact: string): Promise<Uint8Array> {
    const bytes = Buffer.concat(await Array.fromAsync(this.api(from).exportArtifact(artifact)))
    this.files.push({
      from: companyOf(from),
      to,
      bytes,
      chunks: [{ from: 0, at: Date.now() }],
      bundle: Date.now()
    })
    return bytes
  }
}

const RULES: { [C in DataClass]: Rule } = {
  private: 'private',
  'shared-confidential': 'shared',
  public: 'public'
}

const TAP = join(import.meta.dirname, 'tap-process.ts')

export function always(companies: readonly Name[]): { [company in Name]?: Window } {
  return Object.fromEntries(companies.map(company => [company, {}]))
}
