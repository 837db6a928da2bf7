// What a node remembers of one connection. Everything that a peer can make grow here has a limit.
// protocols/sync, sections 2 and 9.
import type { CompanyIdentity } from '../identity/company-identity.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import type { Tip } from '../replica/facet.ts'
import { type Allowances, createAllowances } from './allowance.ts'
import type { HeldDecision } from './decision-book.ts'
import type { Peer } from './directory.ts'
import type { SessionId } from './effects.ts'
import type { Frame, Head } from './frame.ts'
import type { Prospect } from './prospects.ts'
import { NO_RIGHTS, type Rights } from './rights.ts'
import type { Answer } from './serving.ts'

export interface Session {
  id: SessionId
  peerId: string
  inbound: boolean
  /** Present once the hello was verified. */
  peer?: Peer
  /** What policy's answers to this peer hung on when last looked at; what shrinks ends the session. */
  rights: Rights
  /** A hello that waits for the identity log that it names. */
  greeting?: Extract<Frame, { type: 'hello' }>
  /** We have said who we are. */
  greeted: boolean
  /** When the hello must have arrived. */
  openBy: number
  /** Identity logs that are on their way, by did. */
  identities: Map<string, IdentityParts>
  /** The version of our own identity log after which we named our spaces again, since the peer took it in first. */
  namedAfter: string | undefined
  /** What the peer last named of each space that both hold, or that was asked for. */
  listed: Map<string, Listing>
  /** Entries that we asked for and that have not all come, by space. */
  asked: Map<string, AskedEntries>
  /** What the peer has brought of spaces that only their logs can make ours, by space. */
  prospects: Map<string, Prospect>
  /** Companies whose identity logs this peer has given, having been asked. */
  told: Set<string>
  /** Spaces whose listing is to be looked at again, since not all of its entries could be checked. */
  unchecked: Set<string>
  facets: Map<string, FacetLink>
  /** Facets of which the peer has named heads that we lack. */
  lacking: Set<string>
  /** Facets that this peer made us open and of which nothing has come yet. */
  opened: Set<string>
  /** Spaces of which facets were passed over because `opened` was full. */
  passedOver: Set<string>
  /** Requests of ours that are under way, and when the peer last did something about one. */
  requests: number
  heardAt: number
  /** What was asked of us, in order, and what the frames that wait there weigh. */
  answers: Answer[]
  answersBytes: number
  /** What the peer has not been told because it reads too slowly: facets, and the list of spaces. */
  owesHeads: Set<string>
  owesSpaces: boolean
  /** Decisions of which news could not be sent at once. */
  owesDecisions: Set<HeldDecision>
  /** What the peer has of decisions and we lack. */
  decisions: DecisionTalk
  /** Bytes given to the edge and not yet on the network. */
  inFlight: number
  allowances: Allowances
}

/** What is asked of a peer about decisions: one thing at a time. */
export interface DecisionTalk {
  /** By decision, what the peer has of which we lack something, the oldest first. */
  wanted: Map<string, WantedDecision>
  /** The request that is under way. */
  request?: { id: number; decisions: string[]; upTo: string; askedAt: number }
  /** Spaces of which something was left with the peer since it came too fast: to be compared anew. */
  uncompared: Set<SpaceLog>
}

export interface WantedDecision {
  space: SpaceLog
  /** As the peer named it, where it did. */
  digest?: Uint8Array
  /** Of more ids than one request names, the last that was asked about. */
  after: string
}

/** One facet on one connection. */
export interface FacetLink {
  /** The peer has seen the genesis: it sent or was sent it with heads. Of other facets it takes no runs. */
  named: boolean
  /** Heads that the peer has named and that we lacked at the time, by lane and id, the newest last. */
  announced: Map<string, Head>
  /** What the peer has, as far as it said or was sent it. */
  has: Map<number, Tip>
  /** The request that is under way, and whether it brought anything. */
  request?: { id: number; progress: boolean }
  /** Requests whose answer has not ended, late ones included. */
  open: Set<number>
  /** Heads arrived while a request was under way. */
  again: boolean
  /** Not to be asked before then, and how much longer the next time. */
  askAt: number
  retryMs: number
  /** Something of it was not stored since its author's share was used up: not asked for before then. */
  heldBackUntil: number
  /** Views of the peer's people that look at it, by their client ids. */
  views: Set<number>
  /** Something was admitted since the last receipt. */
  owesReceipt: boolean
}

export interface IdentityParts {
  log: Uint8Array
  have: number
  askedAt: number
  /** What of it is verified already: each part is, as it comes, so that no log blocks the node. */
  verified?: CompanyIdentity
}

/** A want-space that is under way. */
export interface AskedEntries {
  /** What its answer brings: known once that begins, since the peer names all it has before it makes the answer. */
  tips?: Head[]
  /** When something of it came last, or it was asked (steady time, ms). */
  at: number
}

export interface Listing {
  tips: Head[]
  /** Version ids of the parties' identity logs, in the order of the parties. */
  versions: string[]
}

/** An answer that brought nothing is asked for again after this long, then ever later. */
export const RETRY_MS = 2_000
export const RETRY_MAX_MS = 60_000

export function createSession(
  id: SessionId,
  peerId: string,
  inbound: boolean,
  { now, steady, openBy }: { now: number; steady: number; openBy: number }
): Session {
  return {
    id,
    peerId,
    inbound,
    rights: NO_RIGHTS,
    greeted: false,
    openBy,
    identities: new Map(),
    namedAfter: undefined,
    listed: new Map(),
    asked: new Map(),
    prospects: new Map(),
    told: new Set(),
    unchecked: new Set(),
    facets: new Map(),
    lacking: new Set(),
    opened: new Set(),
    passedOver: new Set(),
    requests: 0,
    heardAt: steady,
    answers: [],
    answersBytes: 0,
    owesHeads: new Set(),
    owesSpaces: false,
    owesDecisions: new Set(),
    decisions: { wanted: new Map(), uncompared: new Set() },
    inFlight: 0,
    allowances: createAllowances(now)
  }
}

export function linkOf(session: Session, facet: string): FacetLink {
  let link = session.facets.get(facet)
  if (!link) {
    link = {
      named: false,
      announced: new Map(),
      has: new Map(),
      open: new Set(),
      again: false,
      askAt: 0,
      retryMs: RETRY_MS,
      heldBackUntil: 0,
      views: new Set(),
      owesReceipt: false
    }
    session.facets.set(facet, link)
  }
  return link
}
