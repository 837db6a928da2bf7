// A ParleyNode in memory: simple enough to be right by reading it, real enough that every call has an effect.
import type { ReciprocityJson, StatementJson } from '../../src/node/surface/exchange-json.ts'
import type { MediationRecord } from '../../src/decision/schema.ts'
import type { AgreementJson, RevisionTextJson } from '../../src/node/surface/agreement-json.ts'
import type {
  BallotRequest,
  DecisionJson,
  ElectorJson,
  ProofJson,
  TopicRequest
} from '../../src/node/surface/decision-json.ts'
import type {
  EnteredScore,
  RoleContext,
  ScoringJson,
  ScoringRequest
} from '../../src/node/surface/scoring-json.ts'
import type { CompanyJson } from '../../src/node/surface/company-json.ts'
import type { AuditJson } from '../../src/node/surface/audit-json.ts'
import type {
  DraftJson,
  DraftTextJson,
  LogLineJson,
  LateJson,
  LateTextJson
} from '../../src/node/surface/history-json.ts'
import type {
  ArtifactJson,
  DocumentJson,
  FacetCheckJson,
  FrontierJson,
  InviteJson,
  NodeEvent,
  ParleyNode,
  PassageJson,
  PeerJson,
  SpaceJson,
  StatusJson,
  WhyJson,
  SignedEntryJson
} from '../../src/node/surface/parley-node.ts'
import type { ShareApproval, ShareJson, ShareOptions } from '../../src/node/surface/share-json.ts'
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
      due: [{ use: 'CTO', name: 'Ada', key: 'z6Mk', expiresAt: 90, state: 'ended', here: true }],
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
      own: false,
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

  async keysToSign(_space: string, certificates: string[]) {
    return { entry: certificates.join('') }
  }

  enterSigned(space: string, { signer }: SignedEntryJson): Promise<SpaceJson> {
    return this.pinKeys(space, [signer])
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

  readonly #decisions: DecisionJson[] = []

  async decisions(): Promise<DecisionJson[]> {
    return this.#decisions
  }

  async decision(id: string): Promise<DecisionJson> {
    const found = this.#decisions.find(decision => decision.id === id)
    if (!found) throw new NodeError('decision-unknown', `no decision ${id}`, 'Run parley decision list.')
    return found
  }

  async beginDecision(space: string, topic: TopicRequest): Promise<DecisionJson> {
    const decision: DecisionJson = {
      id: `d${this.#decisions.length}`,
      space,
      title: topic.title,
      question: topic.question,
      benefits: topic.benefits ?? [],
      options: topic.options.map(({ title, text, plan }) => ({ title, text, ...(plan && { plan }) })),
      policy: 'How we decide',
      criteria: [{ key: 'fit', question: 'Does it fit?', anchors: ['no', 'yes'], weight: 1 }],
      method: 'unanimity',
      policySealed: true,
      startedBy: 'Acme Ltd',
      commitBy: `${topic.commitMs}`,
      revealBy: `${topic.revealMs}`,
      stage: 'committing',
      waitsFor: ['CTO of Acme Ltd'],
      spoken: 0,
      needed: 2,
      electors: [
        { company: COMPANY, role: 'CTO', weight: 1, committed: false, divided: false, equivocated: false }
      ],
      rationales: [],
      mediation: [],
      own: [{ role: 'CTO', voted: false }]
    }
    this.#decisions.push(decision)
    return decision
  }

  async #decide(id: string, change: Partial<DecisionJson>): Promise<DecisionJson> {
    return Object.assign(await this.decision(id), change)
  }

  async vote(
    id: string,
    { choice, option, scores = [], rationale = '' }: BallotRequest
  ): Promise<DecisionJson> {
    const [elector] = (await this.decision(id)).electors
    const ballot = { choice, scores, rationale, ...(option !== undefined && { option }) }
    return this.#decide(id, { electors: [{ ...(elector as ElectorJson), committed: true, ballot }] })
  }

  explainDecision = (id: string, text: string) => this.#decide(id, { rationales: [text] })
  mediate = (id: string, record: MediationRecord) =>
    this.#decide(id, { mediation: [{ id: 'r0', record, weight: 1, needed: 2, companies: ['Acme Ltd'] }] })
  async decisionProofs(id: string): Promise<ProofJson[]> {
    return [
      { company: 'Acme Ltd', role: 'CTO', kind: 'decision-close.v1', proof: (await this.decision(id)).title }
    ]
  }

  readonly #contexts = new Map<string, RoleContext>()

  async roleContext(role: string): Promise<RoleContext> {
    return this.#contexts.get(role) ?? { vision: '', purpose: '', notes: '' }
  }

  async setRoleContext(role: string, change: Partial<RoleContext>): Promise<RoleContext> {
    this.#contexts.set(role, { ...(await this.roleContext(role)), ...change })
    return this.roleContext(role)
  }

  readonly #scorings: ScoringJson[] = []

  async scorings(): Promise<ScoringJson[]> {
    return this.#scorings
  }

  async scoring(id: string, { role = 'CTO' }: { role?: string }): Promise<ScoringJson> {
    const found = this.#scorings.find(one => one.decision === id && one.role === role)
    if (!found) throw new NodeError('scoring-none', `nothing of ${id} is scored`, 'Run parley score.')
    return found
  }

  async beginScoring(id: string, request: ScoringRequest): Promise<ScoringJson> {
    const { title, options } = await this.decision(id)
    const { scorer, model = '', quick = false, artifacts = [], role = 'CTO' } = request
    this.#scorings.push({
      decision: id,
      title,
      role,
      scorer: { kind: scorer, model, since: 7 },
      judge: {
        digest: 'a1',
        server: '0.33.0',
        family: 'qwen3',
        quantization: 'Q4_K_M',
        parametersMillions: 8_000,
        warnings: ['old-server']
      },
      careful: !quick,
      options: options.map(option => option.title),
      criteria: [{ key: 'fit', question: title, anchors: [title, title] }],
      cells: [
        {
          option: 0,
          criterion: 'fit',
          score: null,
          spread: 2,
          codes: ['spread'],
          needsLook: true,
          unscored: 'prompt-too-long',
          evidence: title,
          words: [{ score: 3, reason: title }]
        }
      ],
      done: 0,
      running: { option: 0, criterion: 'fit', done: 1, of: 3 },
      trouble: { code: 'deadline', message: title, next: title, times: 2, nextAt: 9 },
      cuts: artifacts.map(what => ({ what, kept: 1, of: 2 })),
      binding: true,
      closed: false
    })
    return this.scoring(id, { role })
  }

  async enterScores(
    id: string,
    { scores, role = 'CTO' }: { scores: EnteredScore[]; role?: string }
  ): Promise<ScoringJson> {
    const scoring = await this.scoring(id, { role })
    const cells = scores.map(({ option, criterion, score, note }) => {
      const by = { by: 'edited' as const, modelScore: 1, ...(note !== undefined && { note }) }
      return { option, criterion, score, ...by, spread: 0, codes: [], needsLook: false, words: [] }
    })
    return Object.assign(scoring, { cells, done: cells.length, record: 'c0' })
  }

  retryScoring = async (id: string, options: { role?: string }) =>
    Object.assign(await this.scoring(id, options), { closed: true })
  async *scoringRecord(id: string, options: { role?: string }): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`record of ${(await this.scoring(id, options)).title}`)
  }

  async *decisionCertificate(id: string): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`certificate of ${(await this.decision(id)).title}`)
  }

  readonly #agreements = new Map<string, AgreementJson>()
  readonly #terms = new Map<string, { [member: string]: unknown }>()

  async agreement(space: string): Promise<AgreementJson> {
    const { id, title, parties } = this.#space(space)
    const known = this.#agreements.get(id)
    if (known) return known
    const standing = { state: 'draft', bound: true, suspended: false, ended: false } as const
    return {
      space: id,
      spaceTitle: title,
      contradicted: false,
      parties: parties.map(({ company }) => ({ company, ...standing })),
      revisions: [],
      unfit: []
    }
  }

  async #agree(space: string, change: (agreement: AgreementJson) => Partial<AgreementJson>) {
    const before = await this.agreement(space)
    const after = { ...before, ...change(before) }
    this.#agreements.set(space, after)
    return after
  }

  async proposeTerms(space: string, terms: { [member: string]: unknown }): Promise<AgreementJson> {
    return this.#agree(space, ({ revisions }) => {
      const id = `revision-${revisions.length}`
      this.#terms.set(id, terms)
      const facts = { title: String(terms['title']), proposer: 'Acme Ltd', state: 'open' } as const
      const revision = {
        id,
        number: revisions.length + 1,
        approvals: [],
        rejections: [],
        admits: [],
        waitsFor: ['Acme Ltd']
      }
      return { revisions: [...revisions, { ...revision, ...facts }] }
    })
  }

  async revision(space: string, revision: string): Promise<RevisionTextJson> {
    this.#space(space)
    return {
      id: revision,
      terms: this.#terms.get(revision) ?? notFound('revision', revision),
      page: '# Page\n'
    }
  }

  async approveRevision(space: string, revision: string): Promise<AgreementJson> {
    const approvals = [{ company: 'Acme Ltd', person: 'Ada', time: '2026-01-01T00:00:00Z' }]
    return this.#agree(space, ({ revisions }) => ({
      inForce: revision,
      revisions: revisions.map(other =>
        other.id === revision ? { ...other, approvals, before: 'ff' } : other
      )
    }))
  }

  async rejectRevision(space: string, revision: string, reason: string): Promise<AgreementJson> {
    const rejections = [{ company: 'Acme Ltd', reason }]
    return this.#agree(space, ({ revisions }) => ({
      revisions: revisions.map(other => (other.id === revision ? { ...other, rejections } : other))
    }))
  }

  async suspendAgreement(space: string, reason: string): Promise<AgreementJson> {
    const detail = { company: 'Acme Ltd', id: 'ff', code: 'suspended', detail: reason }
    return this.#agree(space, ({ parties }) => ({
      unfit: [detail],
      parties: parties.map(party => ({ ...party, suspended: true }))
    }))
  }

  async resumeAgreement(space: string): Promise<AgreementJson> {
    return this.#agree(space, ({ parties }) => ({
      parties: parties.map(party => ({ ...party, suspended: false }))
    }))
  }

  async terminateAgreement(space: string, reason: string): Promise<AgreementJson> {
    const state = reason === '' ? 'draft' : 'ended'
    return this.#agree(space, ({ parties }) => ({
      parties: parties.map(party => ({ ...party, ended: true, state }))
    }))
  }

  async reciprocity(space: string): Promise<ReciprocityJson> {
    const { id, title, parties } = this.#space(space)
    const given = { released: 1, open: 1, settled: 0 }
    const unit = { unit: 'ff', open: true, receipted: false, artifact: 'ab', title }
    const accounts = parties.map(({ company }) => ({
      company,
      kind: 'StandardsDoc.v1',
      rule: { unit: 'document', maxExposure: 2, soleSender: true },
      given: { ...given, units: [unit] },
      received: { ...given, units: [] },
      exposureLeft: 1,
      unreleased: [{ artifact: 'cd', title }],
      next: this.exchanged
    }))
    return { space: id, spaceTitle: title, accounts }
  }

  /** What was released and signed for, in the words of who asked. */
  readonly exchanged: string[] = []

  async release(artifact: string, { to = [] }: { to?: string[] }): Promise<ReciprocityJson> {
    this.exchanged.push(`release ${artifact} ${to.join()}`)
    return this.reciprocity('space-0')
  }

  async signReceipts(
    space: string,
    { from = '', artifacts = [] }: { from?: string; artifacts?: string[] }
  ): Promise<ReciprocityJson> {
    this.exchanged.push(`sign ${from} ${artifacts.join()}`)
    return this.reciprocity(space)
  }

  async statement(space: string, did: string): Promise<StatementJson> {
    const { id, parties } = this.#space(space)
    const [{ company }] = parties as [SpaceJson['parties'][0]]
    return { space: id, company, text: `parley statement 1\n${did}\n` }
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
    const facets = [
      { id: `facet-${id}`, class: options.class, space, spaceTitle: space, envelopes: 1, lanes: 1 }
    ]
    const artifact = { id, kind, title, space, spaceTitle: space, facets }
    this.#held.set(id, { artifact, text, fields: {}, edits: 0 })
    this.emit({ event: 'artifact', artifact: id })
    return artifact
  }

  async artifacts(): Promise<ArtifactJson[]> {
    return [...this.#held.values()].map(({ artifact }) => artifact)
  }

  async previewShare(artifact: string, { fields, ...options }: ShareOptions): Promise<ShareJson> {
    const { text, artifact: known } = this.#hold(artifact)
    const { space, spaceTitle, kind } = known
    return {
      artifact,
      kind,
      class: options.class,
      from: options.from ?? 'private',
      space: options.space ?? space,
      spaceTitle,
      content: JSON.stringify({ text, fields }),
      digest: '5a',
      unseen: ['text: U+200B'],
      faults: [],
      agreement: {
        revision: '5b',
        title: 'One',
        kinds: [kind],
        classes: [],
        topics: [],
        covers: true,
        narrower: []
      },
      parties: [{ company: COMPANY, gets: 'not-now', rule: 'POL-14', reason: 'no agreement' }]
    }
  }

  async approveShare(artifact: string, { by, ...options }: ShareApproval): Promise<ArtifactJson> {
    const { artifact: known } = this.#hold(artifact)
    const { space, spaceTitle } = known
    const part = { id: by, class: options.class, space, spaceTitle, envelopes: 1, lanes: 1 }
    known.facets.push(part)
    return known
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

  async late(): Promise<LateJson[]> {
    const {
      inserted: _inserted,
      deleted: _deleted,
      fields: _fields,
      text: _text,
      ...late
    } = await this.lateText('a')
    return [late]
  }

  async lateText(envelope: string): Promise<LateTextJson> {
    const author = { company: 'Acme Ltd', role: 'CTO', holder: 'Ada', key: 'z6Mk' }
    const place = { artifact: 'artifact-0', kind: 'k', title: 't', space: 'space-0', spaceTitle: 's' }
    const work = {
      at: 1,
      state: 'cut',
      envelopes: 2,
      inserted: ['x'],
      deleted: 1,
      fields: [],
      text: 'xy'
    } as const
    return { id: envelope, ...author, ...place, ...work, inserted: [...work.inserted], fields: [] }
  }

  async adopt(envelope: string): Promise<void> {
    if (envelope === '') notFound('late', envelope)
  }

  drop(envelope: string): Promise<void> {
    return this.adopt(envelope)
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
    return [{ subject, inSync: true, reasons: [], heldBack: ['not released'] }]
  }

  /** A file that says for whom it was made. */
  async *seal(
    artifact: string,
    options: { class?: DataClass; with?: string[]; decision?: string }
  ): AsyncGenerator<Uint8Array> {
    this.#hold(artifact)
    yield new TextEncoder().encode(JSON.stringify({ artifact, ...options }))
  }

  async *countersign(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of file) yield chunk
    yield new TextEncoder().encode('signed')
  }

  async *identityLog(company: string): AsyncGenerator<Uint8Array> {
    if (company !== COMPANY.did) notFound('company', company)
    yield new TextEncoder().encode('log')
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

  /** Leaves of the one log that were erased. */
  readonly erased = new Set<number>()

  async audit(): Promise<AuditJson> {
    const origin = 'parley/audit/1/5a/12D3KooW/e0'
    const witnesses = ['Globex SA']
    const log = { id: 'e0', origin, space: '5a', title: 'Joint', writing: true, witnesses }
    return {
      logs: [{ ...log, size: 9 - this.erased.size, witnessedSize: 7 }],
      held: [{ origin, space: '5a', company: 'Globex SA', size: 3 }],
      proofs: [{ origin, file: '{}' }]
    }
  }

  async *exportAudit(log: string, options?: { upTo?: string }): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(`${log} up to ${options?.upTo ?? 'cosigned'}\n`)
  }

  async *auditResource(log: string, path: string): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(`${log} ${path}\n`)
  }

  async eraseAudit(log: string, index: number): Promise<void> {
    if (log !== 'e0') notFound('audit-log', log)
    this.erased.add(index)
  }

  async *snapshot(): AsyncGenerator<Uint8Array> {
    yield* this.bundle()
  }

  async refresh() {
    return { told: 1, locked: this.#locked ? ['CTO'] : [], entered: ['Home'], notEntered: [] }
  }

  async goOnline(): Promise<void> {
    return
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
