// A running node, as its local API and the library see it. Each method hands the work to the part whose it is.
import { wordsOf } from '../identity/words.ts'
import { toHex } from '../wire/bytes.ts'
import { NodeError } from '../wire/node-error.ts'
import type { AuditLogs } from './spaces/audit-logs.ts'
import type { Bundles } from './bundle.ts'
import type { Drafts } from './editing/drafts.ts'
import type { Keyring } from './keyring.ts'
import type { History } from './editing/history.ts'
import type { Late } from './editing/late.ts'
import type { Library } from './editing/library.ts'
import type { InviteJson, NodeEvent, ParleyNode, StatusJson, WhyJson } from './surface/parley-node.ts'
import { checkFacet } from './facet-check.ts'
import { relaysOf } from './spaces/relays.ts'
import { type Parts, companyJson, nameOf } from './parts/parts.ts'
import type { People } from './spaces/people.ts'
import type { Agreements } from './spaces/agreements.ts'
import type { Decisions } from './decisions/decisions.ts'
import type { Scorings } from './decisions/scorings.ts'
import type { Exchanges } from './sharing/exchanges.ts'
import type { Rooms } from './spaces/rooms.ts'
import type { Seals } from './decisions/seals.ts'
import type { Shares } from './sharing/shares.ts'
import type { Upkeep } from './upkeep.ts'
import type { Views } from './editing/views.ts'
import type { Why } from './why.ts'

export interface LocalNodeParts {
  parts: Parts
  people: People
  rooms: Rooms
  agreements: Agreements
  decisions: Decisions
  scorings: Scorings
  exchanges: Exchanges
  shelf: Library
  history: History
  late: Late
  drafts: Drafts
  bundles: Bundles
  seals: Seals
  shares: Shares
  views: Views
  why: Why
  audit: AuditLogs
  version: string
  keyring: Keyring
  upkeep: Upkeep
  /** The store as it stands, what is private in it sealed (STO-34). */
  snapshot: () => AsyncIterable<Uint8Array>
  invites: () => Promise<InviteJson[]>
  close: () => Promise<void>
  listeners: Set<(event: NodeEvent) => void>
}

export class LocalNode implements ParleyNode {
  readonly #own: LocalNodeParts
  readonly #startedAt = Date.now()
  /** Documents as live Yjs documents, for editors and providers in this process. */
  readonly views: Views

  constructor(own: LocalNodeParts) {
    this.#own = own
    this.views = own.views
  }

  async status(): Promise<StatusJson> {
    const { parts, people, shelf, upkeep, why, version } = this.#own
    const { directory, peering, driver } = parts
    const { did, peerId } = directory.self
    return {
      version,
      company: { ...companyJson(did, directory.identities.get(did)), words: wordsOf(did) },
      peerId,
      listening: peering.transport.listenAddresses(),
      relays: await relaysOf(parts),
      startedAt: this.#startedAt,
      roles: parts.roles.map(({ certificate, publicKey }) => ({
        role: certificate.role,
        holder: certificate.holder.name,
        key: publicKey.multikey,
        powers: certificate.powers,
        expiresAt: certificate.expiresAt
      })),
      arrivals: [...driver.arrivals].flatMap(([peerId, { address, at }]) => {
        const contact = directory.contactOf(peerId)
        return contact ? [{ company: nameOf(parts, contact.did), address, at }] : []
      }),
      nodeCertificateExpiresAt: directory.ownPeer.certificate.expiresAt,
      due: upkeep.due(),
      peers: people.peers(),
      spaces: directory.spaces.size,
      artifacts: shelf.size,
      troubles: troubles(why.all())
    }
  }

  goOnline = () => this.#own.people.goOnline()
  peers = async () => this.#own.people.peers()
  connect = (address: string) => this.#own.people.connect(address)
  /** Ends what is open with a company, and dials it no more until `connect` or the next start. */
  disconnect = (company: string) => this.#own.people.disconnect(this.#company(company))
  forget = (did: string) => this.#own.people.forget(this.#company(did))
  createInvite = (options: Parameters<People['createInvite']>[0]) => this.#own.people.createInvite(options)
  invites = () => this.#own.invites()
  revokeInvite = (id: string) => this.#own.people.revokeInvite(id)
  join = (token: string) => this.#own.people.join(token)
  confirm = (did: string, how: { by: string; how: string }) =>
    this.#own.people.confirm(this.#company(did), how)

  spaces = async () => this.#own.rooms.list()
  createSpace = (options: Parameters<Rooms['create']>[0]) => {
    return this.#own.rooms.create({ ...options, parties: options.parties.map(did => this.#company(did)) })
  }
  acceptSpace = (space: string) => this.#own.rooms.accept(space)
  pinKeys = (space: string, certificates: string[]) => this.#own.rooms.pin(space, certificates)
  keysToSign = (space: string, certificates: string[]) => this.#own.rooms.keysToSign(space, certificates)
  enterSigned: ParleyNode['enterSigned'] = (space, signed) => this.#own.rooms.enterSigned(space, signed)
  cutKey = (space: string, key: number, options: { nothing?: boolean }) =>
    this.#own.rooms.cut(space, key, options)
  settle = (facet: string, lane: number, seq: number, id: string) =>
    this.#own.rooms.settle(facet, lane, seq, id)

  agreement = async (space: string) => this.#own.agreements.show(space)
  revision = async (space: string, revision: string) => this.#own.agreements.text(space, revision)
  proposeTerms: ParleyNode['proposeTerms'] = (space, terms) => this.#own.agreements.propose(space, terms)
  approveRevision = (space: string, revision: string) => this.#own.agreements.approve(space, revision)
  rejectRevision = (space: string, revision: string, reason: string) =>
    this.#own.agreements.reject(space, revision, reason)
  suspendAgreement = (space: string, reason: string) => this.#own.agreements.suspend(space, reason)
  resumeAgreement = (space: string) => this.#own.agreements.resume(space)
  terminateAgreement = (space: string, reason: string) => this.#own.agreements.terminate(space, reason)

  decisions = async () => this.#own.decisions.list()
  decision = async (id: string) => this.#own.decisions.show(id)
  beginDecision: ParleyNode['beginDecision'] = (space, topic) => this.#own.decisions.begin(space, topic)
  vote: ParleyNode['vote'] = (id, ballot) => this.#own.decisions.vote(id, ballot)
  explainDecision = (id: string, text: string) => this.#own.decisions.explain(id, text)
  mediate: ParleyNode['mediate'] = (id, record) => this.#own.decisions.mediate(id, record)
  decisionProofs = async (id: string) => this.#own.decisions.proofs(id)
  decisionCertificate = (id: string) => this.#own.decisions.certificate(id)
  roleContext: ParleyNode['roleContext'] = async role => this.#own.scorings.contextOf(role)
  setRoleContext: ParleyNode['setRoleContext'] = (role, change) => this.#own.scorings.setContext(role, change)
  scorings = async () => this.#own.scorings.list()
  scoring: ParleyNode['scoring'] = async (id, { role }) => this.#own.scorings.show(id, role)
  beginScoring: ParleyNode['beginScoring'] = (id, request) => this.#own.scorings.begin(id, request)
  enterScores: ParleyNode['enterScores'] = (id, entered) => this.#own.scorings.enter(id, entered)
  retryScoring: ParleyNode['retryScoring'] = (id, { role }) => this.#own.scorings.retry(id, role)
  scoringRecord: ParleyNode['scoringRecord'] = (id, { role }) => this.#own.scorings.record(id, role)

  reciprocity = (space: string) => this.#own.exchanges.show(space)
  release: ParleyNode['release'] = (artifact, { to }) =>
    this.#own.exchanges.release(artifact, { ...(to && { to: to.map(did => this.#company(did)) }) })
  signReceipts: ParleyNode['signReceipts'] = (space, { from, ...which }) =>
    this.#own.exchanges.sign(space, { ...which, ...(from !== undefined && { from: this.#company(from) }) })
  statement = async (space: string, company: string) =>
    this.#own.exchanges.statement(space, this.#company(company))

  createArtifact = (options: Parameters<Library['create']>[0]) => this.#own.shelf.create(options)
  artifacts = () => this.#own.shelf.list()
  previewShare: ParleyNode['previewShare'] = (artifact, options) =>
    this.#own.shares.preview(artifact, options)
  approveShare: ParleyNode['approveShare'] = (artifact, approval) =>
    this.#own.shares.approve(artifact, approval)
  read: ParleyNode['read'] = (artifact, options) => this.#own.shelf.read(artifact, options?.class)
  editText: ParleyNode['editText'] = (artifact, edit) => this.#own.shelf.editText(artifact, edit)
  setFields: ParleyNode['setFields'] = (artifact, fields) => this.#own.shelf.setFields(artifact, fields)
  log = (artifact: string) => this.#own.history.log(artifact)
  passages = (artifact: string) => this.#own.history.passages(artifact)
  late = () => this.#own.late.list()
  lateText = (envelope: string) => this.#own.late.read(envelope)
  adopt = (envelope: string) => this.#own.late.adopt(envelope)
  drop = (envelope: string) => this.#own.late.drop(envelope)
  drafts = (artifact: string) => this.#own.drafts.list(artifact)
  draft = (artifact: string, envelope: string) => this.#own.drafts.read(artifact, envelope)
  /** Once all that was taken in is on the disk: what is still being written is not missing. */
  checkFacet = async (facet: string) => {
    const { driver } = this.#own.parts
    const held = this.#own.shelf.held(facet)
    await driver.perform(() => undefined)
    return checkFacet(held.facet, driver.store.scan(toHex(held.facet.id)))
  }

  why = async (subject?: string) => this.#own.why.all(subject)

  seal: ParleyNode['seal'] = (artifact, options) => {
    const others = options.with?.map(company => this.#company(company)) ?? []
    const { class: dataClass, decision } = options
    return this.#own.seals.seal(artifact, { class: dataClass, decision }, others)
  }
  countersign = (file: AsyncIterable<Uint8Array>) => this.#own.seals.countersign(file)
  async *identityLog(company: string): AsyncGenerator<Uint8Array> {
    const did = this.#company(company)
    const identity = this.#own.parts.directory.identities.get(did)
    const next = 'It comes when a node of theirs connects: parley peers'
    if (!identity) throw new NodeError('identity-unknown', `the identity log of ${did} is not here yet`, next)
    yield identity.log
  }

  exportArtifact = (artifact: string) => this.#own.bundles.export(artifact)
  importBundle = (bundle: AsyncIterable<Uint8Array>) => this.#own.bundles.import(bundle)

  audit = () => this.#own.audit.list()
  exportAudit: ParleyNode['exportAudit'] = (log, options) =>
    this.#own.audit.export(log, options?.upTo === 'newest')
  auditResource = (log: string, path: string) => this.#own.audit.resource(log, path)
  eraseAudit = (log: string, index: number) => this.#own.audit.erase(log, index)

  snapshot = () => this.#own.snapshot()

  /** Role keys leave this process, once what was typed before is signed; what others send is still taken in. */
  async lock(): Promise<void> {
    await this.views.flush()
    this.#own.keyring.lock()
  }

  async unlock(passphrase: string): Promise<void> {
    await this.#own.upkeep.refresh(passphrase)
  }

  refresh = () => this.#own.upkeep.refresh()

  subscribe(listener: (event: NodeEvent) => void): () => void {
    this.#own.listeners.add(listener)
    return () => this.#own.listeners.delete(listener)
  }

  close = () => this.#own.close()

  /** A DID, or a legal name or the start of either, where one known company fits. */
  #company(text: string): string {
    const { directory } = this.#own.parts
    if (directory.contacts.has(text) || text === directory.self.did) return text
    const wanted = text.toLowerCase()
    const found = [...directory.contacts.keys()].filter(did => {
      const name = directory.identities.get(did)?.legalName.toLowerCase() ?? ''
      return name.startsWith(wanted) || did.toLowerCase().startsWith(wanted)
    })
    const [only] = found
    if (only !== undefined && found.length === 1) return only
    // A DID that nobody here has met may still be named as a party: it will prove itself when it comes.
    if (text.startsWith('did:webvh:')) return text
    const next = 'Run parley peers to see the companies that are known here.'
    if (found.length > 1)
      throw new NodeError('company-ambiguous', `${found.length} companies begin with ${text}`, next)
    throw new NodeError('company-unknown', `no company ${text} is known here`, next)
  }
}

function troubles(answers: WhyJson[]): string[] {
  return answers
    .filter(({ inSync }) => !inSync)
    .flatMap(({ subject, reasons }) => reasons.map(reason => `${subject}: ${reason}`))
}
