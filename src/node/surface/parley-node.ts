// What a running node offers to its local API, the CLI, the web page and the library. Everything that people
// do with Parley goes through here.
import type { DataClass } from '../../wire/data-class.ts'
import type { AuditJson } from './audit-json.ts'
import type { ReciprocityJson, StatementJson } from './exchange-json.ts'
import type { LogLineJson, LateJson, LateTextJson, DraftJson, DraftTextJson } from './history-json.ts'
import type { CompanyJson } from './company-json.ts'
import type { MediationRecord } from '../../decision/schema.ts'
import type { EnteredScore, RoleContext, ScoringJson, ScoringRequest } from './scoring-json.ts'
import type { BallotRequest, DecisionJson, ProofJson, TopicRequest } from './decision-json.ts'
import type { AgreementJson, RevisionTextJson } from './agreement-json.ts'
import type { ShareApproval, ShareJson, ShareOptions } from './share-json.ts'

/** A point in a document's history: the heads of its lanes. JSON, so that a client can hand it back. */
export interface FrontierJson {
  heads: { client: number; seq: number; id: string }[]
}

export interface StatusJson {
  version: string
  company: CompanyJson
  peerId: string
  /** Where others can dial this node now. */
  listening: string[]
  relays: RelaysJson
  startedAt: number
  /** Role keys that are unlocked in this process. */
  roles: { role: string; holder: string; key: string; powers: string[]; expiresAt: number }[]
  nodeCertificateExpiresAt: number
  /** Certificates of the home that end within 30 days, or have ended. */
  due: DueJson[]
  /** Known companies whose nodes connected to this one since its start: what shows that it can be reached. */
  arrivals: { company: string; address: string; at: number }[]
  peers: PeerJson[]
  spaces: number
  artifacts: number
  /** Facets that cannot be written or shown now, and why. */
  troubles: string[]
}

/** A certificate that is to be renewed: `parley renew`, where the root key is. */
export interface DueJson {
  /** `node`, or the role. */
  use: string
  /** Of the node or the holder. */
  name: string
  key: string
  /** 0 where the company revoked the root key that gave it. */
  expiresAt: number
  state: 'ending' | 'ended'
  /** Whether the key is in this home, or this home certified it for another. */
  here: boolean
}

export interface RelaysJson {
  /** Relays through which this node is to listen: until when it has a place there, or why it has none. */
  through: { address: string; reservedUntil?: number; problem?: string }[]
  /** How many nodes listen through this one, and how many connections it relays; absent where it does not. */
  forOthers?: { reservations: number; circuits: number }
  /** Connected companies with a node that relays, and the address to listen at. */
  offered: { company: string; address: string }[]
}

export interface PeerJson {
  company: CompanyJson
  /** Other nodes of this node's own company. */
  own: boolean
  connected: boolean
  /** Peer ids of nodes of this company that are connected now. */
  nodes: string[]
  addresses: string[]
  confirmed?: { by: string; how: string; at: number }
  confirmedByPeer: boolean
  /** Bytes and envelopes still owed to this peer, by what it has receipted. */
  behindEnvelopes: number
  lastError?: string
  nextRetryAt?: number
}

export interface InviteJson {
  id: string
  token: string
  expiresAt: number
}

export interface SpaceJson {
  id: string
  title: string
  pairing: string
  home: boolean
  parties: { company: CompanyJson; accepted: boolean; frozen: boolean; keys: KeyJson[] }[]
}

/** An entry of a space log, the public key that signed it, and the signature, in base64. */
export interface SignedEntryJson {
  entry: string
  signer: string
  signature: string
}

export interface KeyJson {
  index: number
  key: string
  role: string
  holder: string
  agent: boolean
  powers: string[]
  cut: boolean
}

export interface ArtifactJson {
  /**
   * Short enough to type: the first 12 hexadecimal digits are accepted everywhere. That of a part where another
   * company made a document of the same id.
   */
  id: string
  kind: string
  title: string
  /** Where the first part is. */
  space: string
  spaceTitle: string
  /** The least wide class first. */
  facets: PartJson[]
}

export interface PartJson {
  id: string
  class: DataClass
  space: string
  spaceTitle: string
  envelopes: number
  lanes: number
  readOnly?: string
}

export interface DocumentJson {
  artifact: string
  facet: string
  kind: string
  class: DataClass
  text: string
  /** The roots of the layout other than `text`, as plain JSON with sorted keys. */
  fields: { [root: string]: unknown }
  frontier: FrontierJson
  structRoot: string
}

/** Every stored envelope of a facet, judged again from its bytes. */
export interface FacetCheckJson {
  facet: string
  artifact: string
  kind: string
  envelopes: number
  /** Those whose own signature holds; a later one of their lane vouches for the others. */
  signed: number
  /** What is wrong, in words. Empty: each is whole, in its chain, and vouched for. */
  wrong: string[]
}

/** Which signer wrote each passage of the text as it stands. */
export interface PassageJson {
  text: string
  company: string
  role: string
  holder: string
}

export interface WhyJson {
  subject: string
  inSync: boolean
  /** Sentences: whose turn it is, since when, the last error, the next retry, what waits for what. */
  reasons: string[]
  /** To whom a document of ours does not go, though the agreement would let it: it is where it should be. */
  heldBack: string[]
}

export interface ImportedJson {
  artifacts: string[]
  /** Those that are new here. */
  envelopes: number
  refused: number
  /** Envelopes that need something that is not here. They go on when it comes, while this node runs. */
  waiting: number
  /** What they need, in words. */
  waitsFor: string[]
}

export interface RefreshedJson {
  /** Peers that were told of a new identity log or node certificate. */
  told: number
  /** Roles whose keys wait for a passphrase. */
  locked: string[]
  /** Titles of spaces in which keys of this node were pinned, and of those in which none here may pin them. */
  entered: string[]
  notEntered: { space: string; why: string }[]
}

export type NodeEvent =
  | { event: 'document'; facet: string; structRoot?: string }
  | { event: 'peer'; did: string; connected: boolean }
  | {
      event: 'refused'
      peer: string
      company?: string
      code: string
      detail: string
      where: string
      at: number
    }
  | { event: 'fork'; facet: string; company: string; seq: number; at: number }
  | { event: 'alarm'; code: string; detail: string; at: number }
  | ({ event: 'certificate' } & DueJson)
  | { event: 'space'; space: string }
  | { event: 'decision'; decision: string }
  | { event: 'scoring'; decision: string }
  | { event: 'artifact'; artifact: string }

/** All methods that change something resolve once it is durable; failures are NodeErrors with a next step. */
export interface ParleyNode {
  status(): Promise<StatusJson>
  peers(): Promise<PeerJson[]>
  /** Dials now and remembers the address for the company that answers. */
  connect(address: string): Promise<PeerJson>
  forget(did: string): Promise<void>

  createInvite(options: { expiresInMs: number; space?: string }): Promise<InviteJson>
  invites(): Promise<InviteJson[]>
  revokeInvite(id: string): Promise<void>
  /** Takes an invite: remembers the company, dials it, and resolves with the words to compare. */
  join(token: string): Promise<PeerJson>
  confirm(did: string, how: { by: string; how: string }): Promise<PeerJson>

  spaces(): Promise<SpaceJson[]>
  createSpace(options: { title: string; pairing: string; parties: string[] }): Promise<SpaceJson>
  acceptSpace(space: string): Promise<SpaceJson>
  /** Pins role keys whose certificates are given (base64 of their files). */
  pinKeys(space: string, certificates: string[]): Promise<SpaceJson>
  /** The entry (base64) that would pin these keys, to be signed by the root key, which no node has. */
  keysToSign(space: string, certificates: string[]): Promise<{ entry: string }>
  enterSigned(space: string, signed: SignedEntryJson): Promise<SpaceJson>
  /** Ends what a key of ours wrote at what is held of it now, or, with `nothing`, before its first word. */
  cutKey(space: string, keyIndex: number, options: { nothing?: boolean }): Promise<SpaceJson>
  /** Settles the end of a lane for good, as one of the other parties. */
  settle(facet: string, lane: number, seq: number, id: string): Promise<void>

  agreement(space: string): Promise<AgreementJson>
  /** The terms and the page of a revision, by its id or the beginning of it. */
  revision(space: string, revision: string): Promise<RevisionTextJson>
  /** `terms`: protocols/agreement; `space`, `number` and `before` may be left out. */
  proposeTerms(space: string, terms: { [member: string]: unknown }): Promise<AgreementJson>
  approveRevision(space: string, revision: string): Promise<AgreementJson>
  rejectRevision(space: string, revision: string, reason: string): Promise<AgreementJson>
  /** Nothing under the agreement goes from or to this company until it resumes. */
  suspendAgreement(space: string, reason: string): Promise<AgreementJson>
  resumeAgreement(space: string): Promise<AgreementJson>
  /** Ends this company's part for good. */
  terminateAgreement(space: string, reason: string): Promise<AgreementJson>

  decisions(): Promise<DecisionJson[]>
  /** By its id or the beginning of it. */
  decision(id: string): Promise<DecisionJson>
  /** Asks the electors of a policy to decide. */
  beginDecision(space: string, topic: TopicRequest): Promise<DecisionJson>
  /** Commits to a ballot, for good. It is revealed once all commitments are closed. */
  vote(id: string, ballot: BallotRequest): Promise<DecisionJson>
  /** Says why it was decided otherwise than the scores recommend. */
  explainDecision(id: string, text: string): Promise<DecisionJson>
  /** Signs, as CEO, what is to become of a decision in which nothing was approved. */
  mediate(id: string, record: MediationRecord): Promise<DecisionJson>
  /** What convicts those who said two things in it. */
  decisionProofs(id: string): Promise<ProofJson[]>
  /** JointGovernanceDecision.v1, as a file. */
  decisionCertificate(id: string): AsyncIterable<Uint8Array>

  /** What the role holder confides to the scorer of this node. */
  roleContext(role: string): Promise<RoleContext>
  setRoleContext(role: string, change: Partial<RoleContext>): Promise<RoleContext>
  scorings(): Promise<ScoringJson[]>
  scoring(decision: string, options: { role?: string }): Promise<ScoringJson>
  /** Chooses who judges, and lets them begin; what was entered by hand stays. */
  beginScoring(decision: string, request: ScoringRequest): Promise<ScoringJson>
  enterScores(decision: string, entered: { scores: EnteredScore[]; role?: string }): Promise<ScoringJson>
  /** Now, and not after the wait; what was given up is tried again as well. */
  retryScoring(decision: string, options: { role?: string }): Promise<ScoringJson>
  /** The evaluator's record, byte for byte as a ballot names it. */
  scoringRecord(decision: string, options: { role?: string }): AsyncIterable<Uint8Array>

  /** What the parties of a space have given us and we them, by company and kind, and what is due. */
  reciprocity(space: string): Promise<ReciprocityJson>
  /** Gives a document of ours to the other parties, or to those that are named. It cannot be taken back. */
  release(artifact: string, options: { to?: string[] }): Promise<ReciprocityJson>
  /** Signs for what others gave: all that came and was not signed for, or what is named. */
  signReceipts(space: string, options: { from?: string; artifacts?: string[] }): Promise<ReciprocityJson>
  statement(space: string, company: string): Promise<StatementJson>

  createArtifact(options: {
    kind: string
    title: string
    class: DataClass
    space?: string
    text?: string
  }): Promise<ArtifactJson>
  artifacts(): Promise<ArtifactJson[]>
  /** What would become part of a wider class, byte for byte, and who would get it. Nothing is written. */
  previewShare(artifact: string, options: ShareOptions): Promise<ShareJson>
  /** Writes what `digest` stands for as the first words of the part of that class, in the name of `by`. */
  approveShare(artifact: string, approval: ShareApproval): Promise<ArtifactJson>
  read(artifact: string, options?: { class?: DataClass }): Promise<DocumentJson>
  /** Applies the difference between the text at `base` and `text`, as an edit made at that point in history. */
  editText(
    artifact: string,
    edit: { base: FrontierJson; text: string; class?: DataClass }
  ): Promise<DocumentJson>
  /**
   * Sets plain values in map roots of the layout, for instance `meta.title`, and what texts below them say, for
   * instance `clauses.end.text`; null takes one away.
   */
  setFields(artifact: string, fields: { [path: string]: unknown }): Promise<DocumentJson>
  log(artifact: string): Promise<LogLineJson[]>
  passages(artifact: string): Promise<PassageJson[]>
  /** Branches that do not count, such as the one that lost when a restored backup and its original both wrote. */
  drafts(artifact: string): Promise<DraftJson[]>
  /** The text as it stood with this envelope, whether it counts or not. Nothing is changed by looking. */
  draft(artifact: string, envelope: string): Promise<DraftTextJson>
  /** What keys of the own company wrote that does not count and waits for somebody to adopt or drop it. */
  late(): Promise<LateJson[]>
  lateText(envelope: string): Promise<LateTextJson>
  /** Writes it again under a key of this node; the space log says whose it was. */
  adopt(envelope: string): Promise<void>
  drop(envelope: string): Promise<void>
  /** Verifies all stored envelopes of a facet again, signatures included. */
  checkFacet(facet: string): Promise<FacetCheckJson>
  why(subject?: string): Promise<WhyJson[]>

  /**
   * Seals a document as it stands here, or as the decision approved it that it is about, with the company's own key
   * and for others of the space to sign as well. Gives the file.
   */
  seal(
    artifact: string,
    options: { class?: DataClass; with?: string[]; decision?: string }
  ): AsyncIterable<Uint8Array>
  /** Adds our signature to a sealed file that names a key of ours, if its document is the one that is here. */
  countersign(file: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  /** The newest identity log of a company that is known here. */
  identityLog(company: string): AsyncIterable<Uint8Array>

  /** A bundle of everything needed to hold this artifact elsewhere: space log, identities, envelopes. */
  exportArtifact(artifact: string): AsyncIterable<Uint8Array>
  /** Takes a bundle in through the same gate as sync. */
  importBundle(bundle: AsyncIterable<Uint8Array>): Promise<ImportedJson>

  audit(): Promise<AuditJson>
  /** Lines of JSON: the log with its keys, then each leaf; up to what was `cosigned`, unless asked otherwise. */
  exportAudit(log: string, options?: { upTo?: 'cosigned' | 'newest' }): AsyncIterable<Uint8Array>
  /** What C2SP tlog-tiles has at `checkpoint` or `tile/...`. */
  auditResource(log: string, path: string): AsyncIterable<Uint8Array>
  /** Takes away what a record says; the log stands. */
  eraseAudit(log: string, index: number): Promise<void>

  /** Everything that the store holds at this moment, in the form of protocols/store, section 7. */
  snapshot(): AsyncIterable<Uint8Array>

  /** Takes up what was changed in the home: identity log, certificates, keys; tells peers, and pins new keys. */
  refresh(): Promise<RefreshedJson>
  /** Listens and dials, where the node was started with neither; otherwise nothing. */
  goOnline(): Promise<void>
  /** Forgets the role keys of this process, or brings back those that the passphrase opens. */
  lock(): Promise<void>
  unlock(passphrase: string): Promise<void>

  subscribe(listener: (event: NodeEvent) => void): () => void
  close(): Promise<void>
}
