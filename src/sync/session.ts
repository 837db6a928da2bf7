// What a node remembers of one connection. protocols/sync, section 4.
import type { Tip } from '../replica/facet.ts'
import type { Peer } from './directory.ts'
import type { SessionId } from './effects.ts'
import type { Frame, Head } from './frame.ts'
import type { Serving } from './serving.ts'

export interface Session {
  id: SessionId
  peerId: string
  inbound: boolean
  /** Present once the hello was verified. */
  peer?: Peer
  /** A hello that waits for the identity log that it names. */
  greeting?: Extract<Frame, { type: 'hello' }>
  /** Parts of identity logs that are on their way, by did. */
  identityParts: Map<string, Uint8Array[]>
  facets: Map<string, FacetLink>
  /** What was asked of us and is being sent, in order. */
  serving: Serving[]
  /** Bytes given to the edge and not yet on the network. */
  inFlight: number
  /** When the hello must have arrived. */
  openBy: number
}

/** One facet on one connection. */
export interface FacetLink {
  /** The heads that the peer last named. */
  announced: Head[]
  /** What the peer has, as far as it said or was sent it. */
  has: Map<number, Tip>
  /** The request that is under way, if any. */
  request?: number
  /** Heads arrived while a request was under way. */
  again: boolean
  /** What it has must still be told to it as heads, because runs could not be sent right away. */
  owesHeads: boolean
  /** Something was admitted since the last receipt. */
  owesReceipt: boolean
}

export function createSession(id: SessionId, peerId: string, inbound: boolean, openBy: number): Session {
  return {
    id,
    peerId,
    inbound,
    identityParts: new Map(),
    facets: new Map(),
    serving: [],
    inFlight: 0,
    openBy
  }
}

export function linkOf(session: Session, facet: string): FacetLink {
  let link = session.facets.get(facet)
  if (!link) {
    link = { announced: [], has: new Map(), again: false, owesHeads: false, owesReceipt: false }
    session.facets.set(facet, link)
  }
  return link
}
