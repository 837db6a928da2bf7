// A ParleyNode in memory: simple enough to be right by reading it, real enough that every call has an effect.
import type {
  ArtifactJson,
  CompanyJson,
  DocumentJson,
  DraftJson,
  DraftTextJson,
  FacetCheckJson,
  FrontierJson,
  InviteJson,
  LogLineJson,
  NodeEvent,
  ParleyNode,
  PassageJson,
  PeerJson,
  SpaceJson,
  StatusJson,
  WhyJson
} from '../../src/node/parley-node.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import { NodeError } from '../../src/wire/node-error.ts'

const COMPANY: CompanyJson = {
  did: 'did:webvh:QmAcme:acme.example',
  legalName: 'Acme Ltd',
  registrationNumber: 'HRB 1',
  words: ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight']
}

interface Held {
  artifact: ArtifactJson
  text: string
  fields: { [root: string]: unknown }
  edits: number
}

export class MemoryNode implements ParleyNode {
  readonly #peers = new Map<string, PeerJson>()
  readonly #invites = new Map<string, InviteJson>()
  readonly #spaces = new Map<string, SpaceJson>()
  readonly #held = new Map<string, Held>()
  readonly #listeners = new Set<(event: NodeEvent) => void>()
  readonly settled: unknown[][] = []
  #locked = false
  /** What exportArtifact yields; a test may put anything here. */
  bundle: () => AsyncIterable<Uint8Array> = async function* () {
    yield new TextEncoder().encode('bundle')
  }
  /** Chunks of the bundle that importBundle has taken. */
  imported: Uint8Array[] = []
  /** What importBundle waits for after each chunk. */
  pace: () => Promise<void> = () => Promise.resolve()

  get listeners(): number {
    return this.#listeners.size
  }

  async status(): Promise<StatusJson> {
    const role = { role: 'CTO', holder: 'Ada', key: 'z6Mk', powers: ['advise', 'vote'], expiresAt: 90 }
    return {
      version: '0.1.0',
      company: COMPANY,
      peerId: '12D3KooW',
      listening: ['/ip4/127.0.0.1/tcp/4001'],
      startedAt: 1,
      roles: this.#locked ? [] : [role],
      nodeCertificateExpiresAt: 90,
      relays: {
        through: [
          { address: '/ip4/192.0.2.9/tcp/4747/p2p/12D3KooWRelay/p2p-circuit', problem: 'it does not relay' }
        ],
        forOthers: { reservations: 1, circuits: 0 },
        offered: [{ company: 'Globex SA', address: '/ip4/192.0.2.7/tcp/4747/p2p/12D3KooWPeer/p2p-circuit' }]
      },
      arrivals: [{ company: 'Globex SA', address: '/ip4/192.0.2.7/tcp/50000', at: 3 }],
      peers: await this.peers(),
      spaces: this.#spaces.size,
      artifacts: this.#held.size,
      troubles: []
    }
  }

  async peers(): Promise<PeerJson[]> {
    return [...this.#peers.values()]
  }

  async connect(address: string): Promise<PeerJson> {
    if (!address.startsWith('/'))
      throw new NodeError('bad-address', `${address} is no multiaddr`, 'Write /ip4/...')
    return this.#addPeer('did:webvh:QmGlobex:globex.example%3A8080', [address])
  }

  #addPeer(did: string, addresses: string[]): PeerJson {
    const company = { ...COMPANY, did, legalName: 'Globex SA' }
    const peer = {
      company,
      connected: true,
      nodes: [],
      addresses,
      confirmedByPeer: false,
      behindEnvelopes: 0
    }
    this.#peers.set(did, peer)
    this.emit({ event: 'peer', did, connected: true })
    return peer
  }

  async forget(did: string): Promise<void> {
    this.#peer(did)
    this.#peers.delete(did)
  }

  async confirm(did: string, { by, how }: { by: string; how: string }): Promise<PeerJson> {
    const peer = { ...this.#peer(did), confirmed: { by, how, at: 2 } }
    this.#peers.set(did, peer)
    return peer
  }

  #peer(did: string): PeerJson {
    return this.#peers.get(did) ?? notFound('peer', did)
  }

  async createInvite({ expiresInMs, space }: { expiresInMs: number; space?: string }): Promise<InviteJson> {
    const id = `invite-${this.#invites.size}`
    const invite = { id, token: `parley-invite1${space ?? ''}`, expiresAt: expiresInMs }
    this.#invites.set(id, invite)
    return invite
  }

  async invites(): Promise<InviteJson[]> {
    return [...this.#invites.values()]
  }

  async revokeInvite(id: string): Promise<void> {
    if (!this.#invites.delete(id)) notFound('invite', id)
  }

  async join(token: string): Promise<PeerJson> {
    return this.#addPeer(`did:webvh:${token}`, [])
  }

  async spaces(): Promise<SpaceJson[]> {
    return [...this.#spaces.values()]
  }

  async createSpace(options: { title: string; pairing: string; parties: string[] }): Promise<SpaceJson> {
    const parties = options.parties.map(did => {
      return { company: { ...COMPANY, did }, accepted: false, frozen: false, keys: [] }
    })
    const { title, pairing } = options
    return this.#putSpace({ id: `space-${this.#spaces.size}`, title, pairing, home: false, parties })
  }

  async acceptSpace(space: string): Promise<SpaceJson> {
    const held = this.#space(space)
    return this.#putSpace({ ...held, parties: held.parties.map(party => ({ ...party, accepted: true })) })
  }

  async pinKeys(space: string, certificates: string[]): Promise<SpaceJson> {
    const keys = certificates.map((key, index) => {
      return { index, key, role: 'CTO', holder: 'Ada', agent: false, powers: ['advise'], cut: false }
    })
    const held = this.#space(space)
    return this.#putSpace({ ...held, parties: held.parties.map(party => ({ ...party, keys })) })
  }

  async cutKey(space: string, keyIndex: number, { nothing }: { nothing?: boolean }): Promise<SpaceJson> {
    const held = this.#space(space)
    const parties = held.parties.map(party => {
      return { ...party, frozen: nothing === true, keys: party.keys.map(key => cutAt(key, keyIndex)) }
    })
    return this.#putSpace({ ...held, parties })
  }

  #space(id: string): SpaceJson {
    return this.#spaces.get(id) ?? notFound('space', id)
  }

  #putSpace(space: SpaceJson): SpaceJson {
    this.#spaces.set(space.id, space)
    this.emit({ event: 'space', space: space.id })
    return space
  }

  async settle(facet: string, lane: number, seq: number, id: string): Promise<void> {
    this.settled.push([facet, lane, seq, id])
  }

  async createArtifact(options: {
    kind: string
    title: string
    class: DataClass
    space?: string
    text?: string
  }): Promise<ArtifactJson> {
    const { kind, title, space = 'home', text = '' } = options
    const id = `artifact-${this.#held.size}`
    const facets = [{ id: `facet-${id}`, class: options.class, envelopes: 1, lanes: 1 }]
    const artifact = { id, kind, title, space, spaceTitle: space, facets }
    this.#held.set(id, { artifact, text, fields: {}, edits: 0 })
    this.emit({ event: 'artifact', artifact: id })
    return artifact
  }

  async artifacts(): Promise<ArtifactJson[]> {
    return [...this.#held.values()].map(({ artifact }) => artifact)
  }

  async read(artifact: string, options?: { class?: DataClass }): Promise<DocumentJson> {
    const { artifact: held, text, fields, edits } = this.#hold(artifact)
    return {
      artifact,
      facet: `facet-${artifact}`,
      kind: held.kind,
      class: options?.class ?? 'private',
      text,
      fields,
      frontier: { heads: [{ client: 2 ** 52, seq: edits, id: `head-${edits}` }] },
      structRoot: `root-${edits}`
    }
  }

  async editText(
    artifact: string,
    edit: { base: FrontierJson; text: string; class?: DataClass }
  ): Promise<DocumentJson> {
    const held = this.#hold(artifact)
    if (this.#locked) throw new NodeError('locked', 'the role keys are locked', 'Run: parley unlock')
    held.edits = (edit.base.heads[0]?.seq ?? 0) + 1
    held.text = edit.text
    this.emit({ event: 'document', facet: `facet-${artifact}`, structRoot: `root-${held.edits}` })
    return this.read(artifact, edit.class ? { class: edit.class } : {})
  }

  async setFields(artifact: string, fields: { [path: string]: unknown }): Promise<DocumentJson> {
    const held = this.#hold(artifact)
    held.fields = { ...held.fields, ...fields }
    return this.read(artifact)
  }

  async log(artifact: string): Promise<LogLineJson[]> {
    const { edits, text } = this.#hold(artifact)
    const author = { company: 'Acme Ltd', role: 'CTO', holder: 'Ada', key: 'z6Mk' }
    const line = { ...author, at: 1, lane: 1, seq: edits, id: `head-${edits}`, inserted: text, deleted: 0 }
    return [{ ...line, state: 'counts', signature: 'own', fields: [], bytes: text.length }]
  }

  async passages(artifact: string): Promise<PassageJson[]> {
    return [{ text: this.#hold(artifact).text, company: 'Acme Ltd', role: 'CTO', holder: 'Ada' }]
  }

  async drafts(artifact: string): Promise<DraftJson[]> {
    const { text: _text, fields: _fields, ...draft } = await this.draft(artifact, 'head-0')
    return [draft]
  }

  async draft(artifact: string, envelope: string): Promise<DraftTextJson> {
    const { text, fields } = this.#hold(artifact)
    const author = { company: 'Acme Ltd', role: 'CTO', holder: 'Ada', key: 'z6Mk' }
    const place = { facet: `facet-${artifact}`, class: 'private', lane: 1, seq: 0, at: 1 } as const
    return { id: envelope, ...place, ...author, state: 'losing', lost: 1, text, fields }
  }

  async checkFacet(facet: string): Promise<FacetCheckJson> {
    return { facet, artifact: 'artifact-0', kind: 'k', envelopes: 2, signed: 1, wrong: ['seq 1'] }
  }

  async why(subject = 'everything'): Promise<WhyJson[]> {
    return [{ subject, inSync: true, reasons: [] }]
  }

  exportArtifact(artifact: string): AsyncIterable<Uint8Array> {
    return this.#export(artifact)
  }

  async *#export(artifact: string): AsyncGenerator<Uint8Array> {
    this.#hold(artifact)
    yield* this.bundle()
  }

  async importBundle(bundle: AsyncIterable<Uint8Array>) {
    this.imported = []
    for await (const chunk of bundle) {
      this.imported.push(chunk)
      if (chunk[0] === 0xff) throw new NodeError('bad-bundle', 'this is no bundle', 'Export it again.')
      await this.pace()
    }
    return {
      artifacts: ['artifact-0'],
      envelopes: this.imported.length,
      refused: 0,
      waiting: 1,
      waitsFor: ['entry 0 of Globex SA']
    }
  }

  #hold(artifact: string): Held {
    return this.#held.get(artifact) ?? notFound('artifact', artifact)
  }

  async *snapshot(): AsyncGenerator<Uint8Array> {
    yield* this.bundle()
  }

  async refresh() {
    return { told: 1, locked: this.#locked ? ['CTO'] : [], entered: ['Home'], notEntered: [] }
  }

  async lock(): Promise<void> {
    this.#locked = true
  }

  async unlock(passphrase: string): Promise<void> {
    if (passphrase !== 'open sesame') {
      throw new NodeError('wrong-passphrase', 'this passphrase opens no key', 'Try again.')
    }
    this.#locked = false
  }

  subscribe(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  emit(event: NodeEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  async close(): Promise<void> {
    this.#listeners.clear()
  }
}

function cutAt<K extends { index: number; cut: boolean }>(key: K, index: number): K {
  return key.index === index ? { ...key, cut: true } : key
}

function notFound(what: string, id: string): never {
  throw new NodeError(`no-such-${what}`, `there is no ${what} ${id}`, 'List what there is.')
}
