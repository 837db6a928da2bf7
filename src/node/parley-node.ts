// What a running node offers to its local API, the CLI, the web page and the library. Everything that people
// do with Parley goes through here.
import type { DataClass } from '../wire/data-class.ts'

/** A point in a document's history: the heads of its lanes. JSON, so that a client can hand it back. */
export interface FrontierJson {
  heads: { client: number; seq: number; id: string }[]
}

export interface CompanyJson {
  did: string
  /** Empty until the company's identity log has arrived. */
  legalName: string
  registrationNumber: string
  /** The eight words to compare by phone. */
  words: string[]
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
  /** Known companies whose nodes connected to this one since its start: what shows that it can be reached. */
  arrivals: { company: string; address: string; at: number }[]
  peers: PeerJson[]
  spaces: number
  artifacts: number
  /** Facets that cannot be written or shown now, and why. */
  troubles: string[]
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
  /** Short enough to type: the first 12 hexadecimal digits are accepted everywhere. */
  id: string
  kind: string
  title: string
  space: string
  spaceTitle: string
  facets: { id: string; class: DataClass; envelopes: number; lanes: number; readOnly?: string }[]
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

export interface LogLineJson {
  at: number
  company: string
  role: string
  holder: string
  key: string
  lane: number
  seq: number
  id: string
  /** Whether it counts; `orphaned` builds on a branch or a key that does not, `losing` is such a branch. */
  state: 'counts' | 'orphaned' | 'cut' | 'losing'
  signature: 'own' | 'covered'
  /** Text that this envelope inserted, cut to 200 characters, and how many units it deleted. */
  inserted: string
  deleted: number
  fields: string[]
  bytes: number
}

/** A branch that does not count, named by its last envelope. */
export interface DraftJson {
  id: string
  facet: string
  class: DataClass
  lane: number
  seq: number
  /** When its last envelope says that it was written. */
  at: number
  state: LogLineJson['state']
  /** How many envelopes at its end do not count. */
  lost: number
  company: string
  role: string
  holder: string
  key: string
}

/** The document as it stood with that envelope and all that it knew. */
export interface DraftTextJson extends DraftJson {
  text: string
  fields: { [root: string]: unknown }
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
  | { event: 'space'; space: string }
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
  /** Ends what a key of ours wrote at what is held of it now, or, with `nothing`, before its first word. */
  cutKey(space: string, keyIndex: number, options: { nothing?: boolean }): Promise<SpaceJson>
  /** Settles the end of a lane for good, as one of the other parties. */
  settle(facet: string, lane: number, seq: number, id: string): Promise<void>

  createArtifact(options: {
    kind: string
    title: string
    class: DataClass
    space?: string
    text?: string
  }): Promise<ArtifactJson>
  artifacts(): Promise<ArtifactJson[]>
  read(artifact: string, options?: { class?: DataClass }): Promise<DocumentJson>
  /** Applies the difference between the text at `base` and `text`, as an edit made at that point in history. */
  editText(
    artifact: string,
    edit: { base: FrontierJson; text: string; class?: DataClass }
  ): Promise<DocumentJson>
  /** Sets plain values in map roots of the layout, for instance `meta.title`; null takes one away. */
  setFields(artifact: string, fields: { [path: string]: unknown }): Promise<DocumentJson>
  log(artifact: string): Promise<LogLineJson[]>
  passages(artifact: string): Promise<PassageJson[]>
  /** Branches that do not count, such as the one that lost when a restored backup and its original both wrote. */
  drafts(artifact: string): Promise<DraftJson[]>
  /** The text as it stood with this envelope, whether it counts or not. Nothing is changed by looking. */
  draft(artifact: string, envelope: string): Promise<DraftTextJson>
  /** Verifies all stored envelopes of a facet again, signatures included. */
  checkFacet(facet: string): Promise<FacetCheckJson>
  why(subject?: string): Promise<WhyJson[]>

  /** A bundle of everything needed to hold this artifact elsewhere: space log, identities, envelopes. */
  exportArtifact(artifact: string): AsyncIterable<Uint8Array>
  /** Takes a bundle in through the same gate as sync. */
  importBundle(bundle: AsyncIterable<Uint8Array>): Promise<ImportedJson>

  /** Everything that the store holds at this moment, in the form of protocols/store, section 7. */
  snapshot(): AsyncIterable<Uint8Array>

  /** Takes up what was changed in the home: identity log, certificates, keys; tells peers, and pins new keys. */
  refresh(): Promise<RefreshedJson>
  /** Forgets the role keys of this process, or brings back those that the passphrase opens. */
  lock(): Promise<void>
  unlock(passphrase: string): Promise<void>

  subscribe(listener: (event: NodeEvent) => void): () => void
  close(): Promise<void>
}
