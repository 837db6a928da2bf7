// Whom this node knows and what stands between them: identities, contacts, invites, spaces. It turns the
// facts into the question that policy answers; nobody else asks. protocols/sync, section 4.
import type { NodeCertificate } from '../identity/certificate.ts'
import { type CompanyIdentity } from '../identity/company-identity.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { type Clearance, type Denial, type PeerStanding, type Question, decide } from '../policy/decide.ts'
import { toHex } from '../wire/bytes.ts'
import type { FacetGenesis } from '../wire/genesis.ts'

/** Another company, once an invite or an address made it known. */
export interface Contact {
  did: string
  /** Where its nodes were reached. */
  addresses: string[]
  /** Peer ids of its nodes that showed a certificate. */
  nodes: string[]
  /** Who compared the words, how, and when (ms since 1970). */
  confirmed?: { by: string; how: string; at: number }
  /** A secret of ours or theirs that opens the first contact. */
  invite?: { secret: string; inviter: string }
}

/** An invite of ours that nobody has used yet. */
export interface OpenInvite {
  secret: Uint8Array
  expiresAt: number
}

/** What a session has shown of itself. */
export interface Peer {
  did: string
  certificate: NodeCertificate
  /** The peer says that its side has recorded the confirmation. */
  confirms: boolean
}

export class Directory {
  readonly self: { did: string; peerId: string }
  readonly identities = new Map<string, CompanyIdentity>()
  /** Companies that signed two successors of one entry of their identity log: frozen in every space. */
  readonly forkedIdentities = new Set<string>()
  readonly contacts = new Map<string, Contact>()
  readonly invites = new Map<string, OpenInvite>()
  readonly spaces = new Map<string, SpaceLog>()
  /** Which company put a space before us that we have not accepted, by the id of the space. */
  readonly invitedBy = new Map<string, string>()

  /** This node as a peer of its own: what it writes itself goes through the same gate. */
  readonly ownPeer: Peer

  constructor(self: { did: string; peerId: string; certificate: NodeCertificate }) {
    this.self = self
    this.ownPeer = { did: self.did, certificate: self.certificate, confirms: true }
  }

  identityOf = (did: string): CompanyIdentity | undefined => this.identities.get(did)

  /** Our index in a space. */
  ownIndex(space: SpaceLog): number | undefined {
    return space.companyOf(this.self.did)
  }

  /**
   * Whether a stranger's connection is worth a handshake: it is known, a company that is known is reached through
   * it, or somebody was invited.
   */
  admits(peerId: string, now: number): boolean {
    if (this.contactOf(peerId) || this.#isRelay(peerId)) return true
    return [...this.invites.values()].some(invite => invite.expiresAt > now)
  }

  #isRelay(peerId: string): boolean {
    const part = `/p2p/${peerId}/p2p-circuit/`
    return [...this.contacts.values()].some(({ addresses }) => addresses.some(text => text.includes(part)))
  }

  /** The company of which we know this node: it was here, or its address was given by an invite or by hand. */
  contactOf(peerId: string): Contact | undefined {
    for (const contact of this.contacts.values()) if (isNodeOf(contact, peerId)) return contact
    return undefined
  }

  /** Whether this is a node that we know of this company. */
  expects(did: string, peerId: string): boolean {
    const contact = this.contacts.get(did)
    return contact !== undefined && isNodeOf(contact, peerId)
  }

  /** All that policy's answers to this peer hang on, apart from the facet: the more, the more it may see. */
  rightsOf(peer: Peer, now: number): Set<string> {
    const rights = new Set<string>()
    const { certificate, confirmed } = this.#standing(peer, now)
    if (certificate === 'current') rights.add('certificate')
    if (confirmed) rights.add('confirmed')
    for (const [id, space] of this.spaces) {
      const company = space.companyOf(peer.did)
      if (company !== undefined && space.accepted(company) && !space.forkOf(company)) rights.add(id)
    }
    return rights
  }

  /** The answer of policy for a space as such, where `facet` is absent, or for one facet of it. */
  decide(
    direction: Question['direction'],
    peer: Peer,
    space: SpaceLog,
    facet: FacetGenesis | undefined,
    now: number
  ): Clearance | Denial {
    return decide(this.question(direction, peer, space, facet, now))
  }

  question<D extends Question['direction']>(
    direction: D,
    peer: Peer,
    space: SpaceLog,
    facet: FacetGenesis | undefined,
    now: number
  ): Question & { direction: D } {
    const company = space.companyOf(peer.did)
    return {
      direction,
      peer: this.#standing(peer, now),
      space: {
        party: company !== undefined,
        accepted: company !== undefined && space.accepted(company),
        frozen:
          company !== undefined &&
          (space.forkOf(company) !== undefined || this.forkedIdentities.has(peer.did))
      },
      ...(facet && { facet: { class: facet.class, ownedHere: facet.owner === this.ownIndex(space) } })
    }
  }

  #standing(peer: Peer, now: number): PeerStanding {
    const { did, certificate, confirms } = peer
    const own = did === this.self.did
    // Our own documents stay readable to us when our certificate has run out: nothing leaves by that.
    if (peer === this.ownPeer) return { own, certificate: 'current', confirmed: true }
    const identity = this.identities.get(did)
    const revoked = identity?.hasRevoked(certificate.key) || identity?.hasRevoked(certificate.issuerKey)
    return {
      own,
      certificate: revoked ? 'revoked' : certificate.expiresAt <= now ? 'expired' : 'current',
      confirmed: confirms && this.contacts.get(did)?.confirmed !== undefined
    }
  }

  spaceOf(id: Uint8Array): SpaceLog | undefined {
    return this.spaces.get(toHex(id))
  }
}

function isNodeOf(contact: Contact, peerId: string): boolean {
  return (
    contact.nodes.includes(peerId) || contact.addresses.some(address => address.endsWith(`/p2p/${peerId}`))
  )
}
