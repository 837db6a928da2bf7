// Whom this node knows and what stands between them: identities, contacts, invites, spaces. It turns the
// facts into the question that policy answers; nobody else asks. protocols/sync, section 4.
import { type Agreement, agreementOf, stateBetween } from '../artifacts/agreement.ts'
import type { Terms } from '../artifacts/agreement-terms.ts'
import { balanceOf, ledgerOf, ruleFor } from '../artifacts/reciprocity.ts'
import type { NodeCertificate } from '../identity/certificate.ts'
import { type CompanyIdentity } from '../identity/company-identity.ts'
import { openSpace } from '../artifacts/space.ts'
import type { LogEntry, SpaceLog } from '../identity/space-log.ts'
import {
  Clearance,
  type Denial,
  type FacetStanding,
  type PeerStanding,
  type Question,
  type SpaceStanding,
  decide
} from '../policy/decide.ts'
import { toHex } from '../wire/bytes.ts'
import type { DataClass } from '../wire/data-class.ts'
import { type FacetGenesis, NONCE_BYTES, encodeSpaceGenesis } from '../wire/genesis.ts'
import type { Rights } from './rights.ts'

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
  /** DSSE bytes of the certificate, for proofs that others are to check; not of this node itself. */
  certificateBytes?: Uint8Array
  /** The peer says that its side has recorded the confirmation. */
  confirms: boolean
}

const NOWHERE = encodeSpaceGenesis({
  nonce: new Uint8Array(NONCE_BYTES),
  title: 'nowhere',
  pairing: 'none',
  parties: ['nobody']
})

/** An agreement covers the decisions of a space where it covers documents of this kind. DEC-28 */
const DECISION_KIND = 'DecisionTopic.v1'

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
  /** Entries that the disk does not have yet: no peer hears of them, and nothing is released by them. */
  readonly unwritten = new Set<LogEntry>()

  /** What policy is asked about where a peer names a space that is not here (SYN-50). */
  readonly nowhere = openSpace(NOWHERE) as SpaceLog

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

  /** All that policy's answers to this peer hang on, apart from the facet. */
  rightsOf(peer: Peer, now: number): Rights {
    const rights = new Set<string>()
    const open = new Map<string, number>()
    const { certificate, confirmed } = this.#standing(peer, now)
    if (certificate === 'current') rights.add('certificate')
    if (confirmed) rights.add('confirmed')
    if (!this.forkedIdentities.has(peer.did)) rights.add('undivided')
    for (const [id, space] of this.spaces) {
      const company = space.companyOf(peer.did)
      if (company === undefined || !space.accepted(company) || space.forkOf(company)) continue
      rights.add(id)
      // Between nodes of one company no agreement has a say.
      if (peer.did === this.self.did) continue
      const standing = this.#agreement(space, company, now)
      if (standing !== 'ended') rights.add(`${id}/agreement`)
      if (standing !== 'draft') rights.add(`${id}/public`)
      if (standing !== 'active') continue
      for (const right of coverage(space).rights) rights.add(right)
      this.#openUnits(open, space, company)
    }
    return { held: rights, open }
  }

  /** Of each kind under a reciprocity rule, how many units may pass between us and a party, by contributor. */
  #openUnits(open: Map<string, number>, space: SpaceLog, company: number): void {
    const own = this.ownIndex(space)
    const agreement = agreementOf(space)
    const rules = (agreement.inForce?.terms.reciprocity ?? []).filter(
      rule => ruleFor(agreement, rule.kind) === rule
    )
    if (own === undefined || own === company || rules.length === 0) return
    const ledger = ledgerOf(space, { own, unwritten: this.unwritten })
    for (const rule of rules) {
      for (const from of space.parties.keys()) {
        if (from === company) continue
        const isSoles = from !== own && rule.soleSender
        const key = `${toHex(space.id)}/${rule.kind}/${from}`
        open.set(key, isSoles ? 0 : ledger.opened({ from, to: company, kind: rule.kind }, rule))
        if (from !== own) open.set(`${key}/here`, ledger.opened({ from, to: own, kind: rule.kind }, rule))
      }
    }
  }

  /** What the agreement of a space lets flow between us and another party. */
  #agreement(space: SpaceLog, company: number, now: number, party = true): SpaceStanding['agreement'] {
    const own = this.ownIndex(space)
    const flow = FLOW[stateBetween(agreementOf(space), own ?? 0, company, dayOf(now))]
    return party && own !== undefined ? flow : 'draft'
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

  /** The answer for the decisions of a space: as for a document about one that no balance holds back. DEC-28 */
  decideOnDecisions(
    direction: Question['direction'],
    peer: Peer,
    space: SpaceLog,
    now: number
  ): Clearance | Denial {
    const scope = coverage(space).kinds.has(DECISION_KIND) ? 'covered' : 'outside'
    const facet = { class: 'shared-confidential', ownedHere: false, scope, balance: 'open' } as const
    return decide({ ...this.question(direction, peer, space, undefined, now), facet })
  }

  /** What would stand against any node of a company that shows all that a node can show; nothing can be sent by this. */
  prospect(did: string, space: SpaceLog, facet: FacetGenesis, now: number): Denial | undefined {
    const confirmed = this.contacts.get(did)?.confirmed !== undefined
    const peer: PeerStanding = { own: did === this.self.did, certificate: 'current', confirmed }
    const answer = decide({ direction: 'send', peer, ...this.#place(did, space, facet, now) })
    return answer instanceof Clearance ? undefined : answer
  }

  question<D extends Question['direction']>(
    direction: D,
    peer: Peer,
    space: SpaceLog,
    facet: FacetGenesis | undefined,
    now: number
  ): Question & { direction: D } {
    return { direction, peer: this.#standing(peer, now), ...this.#place(peer.did, space, facet, now) }
  }

  #place(
    did: string,
    space: SpaceLog,
    facet: FacetGenesis | undefined,
    now: number
  ): Pick<Question, 'space' | 'facet'> {
    const company = space.companyOf(did)
    const party = company !== undefined
    // Who is no party is looked up all the same, as party 0: how long an answer takes tells nothing (SYN-50).
    const index = company ?? 0
    return {
      space: {
        party,
        accepted: space.accepted(index) && party,
        frozen: (space.forkOf(index) !== undefined || this.forkedIdentities.has(did)) && party,
        agreement: this.#agreement(space, index, now, party)
      },
      ...(facet && {
        facet: {
          class: facet.class,
          ownedHere: facet.owner === this.ownIndex(space),
          scope: scopeOf(space, facet),
          balance: this.#balance(space, facet, company)
        }
      })
    }
  }

  #balance(space: SpaceLog, facet: FacetGenesis, peer: number | undefined): FacetStanding['balance'] {
    const own = this.ownIndex(space)
    // Who is no party gets nothing by other rules.
    if (own === undefined || peer === undefined) return 'open'
    return balanceOf(space, facet, { own, peer }, this.unwritten)
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

  /** The space of our company alone. */
  get home(): SpaceLog | undefined {
    for (const space of this.spaces.values()) if (space.founders.length === 1) return space
    return undefined
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

const FLOW: { [state in ReturnType<typeof stateBetween>]: SpaceStanding['agreement'] } = {
  contradicted: 'paused',
  ended: 'ended',
  suspended: 'paused',
  draft: 'draft',
  waiting: 'draft',
  expired: 'paused',
  active: 'active'
}

/** AGR-17. */
function scopeOf(space: SpaceLog, { kind }: FacetGenesis): FacetStanding['scope'] {
  if (kind === 'PeerAgreement.v1') return 'agreement'
  return coverage(space).kinds.has(kind) ? 'covered' : 'outside'
}

/** The kinds of which an agreement in force covers what is shared-confidential, and the rights that this gives. */
interface Coverage {
  kinds: ReadonlySet<string>
  rights: readonly string[]
}

const covered = new WeakMap<Agreement, Coverage>()

function coverage(space: SpaceLog): Coverage {
  const agreement = agreementOf(space)
  const known = covered.get(agreement)
  if (known) return known
  const terms = agreement.inForce?.terms
  const kinds = new Set(terms && isFor(terms, space, 'shared-confidential') ? terms.scope.kinds : [])
  const ruled = new Set(terms?.reciprocity.map(({ kind }) => kind))
  const rights = [...kinds].flatMap(kind => {
    const right = `${toHex(space.id)}/${kind}`
    return ruled.has(kind) ? [right] : [right, `${right}/freely`]
  })
  const made = { kinds, rights }
  covered.set(agreement, made)
  return made
}

/** AGR-17. Whether terms cover a class in a space, as far as the kind is one of theirs. */
export function isFor({ scope, roles }: Terms, space: SpaceLog, dataClass: DataClass): boolean {
  const isRoles = roles.some(role => role === space.genesis.pairing)
  return isRoles && scope.classes.some(name => name === dataClass)
}

let today = { number: NaN, text: '' }

/** `YYYY-MM-DD` in UTC: asked for every frame, and the same all day. */
function dayOf(now: number): string {
  const number = Math.floor(now / 86_400_000)
  if (number !== today.number) today = { number, text: new Date(now).toISOString().slice(0, 10) }
  return today.text
}
