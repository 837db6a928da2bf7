// The policy gate: one total, pure function. Nothing leaves and nothing is taken in without the Clearance or
// the AllowedRun that only this file makes. protocols/policy.
import { type VerifiedRun } from '../identity/verify.ts'
import type { ParsedRun } from '../wire/envelope.ts'
import { type DataClass } from '../wire/data-class.ts'

/** What is asked: may these bytes go to, or come from, this peer? */
export interface Question {
  direction: 'announce' | 'request' | 'send' | 'store'
  peer: PeerStanding
  space: SpaceStanding
  /** Absent when the question is about the space itself: its log and its parties' identities. */
  facet?: FacetStanding
}

export interface PeerStanding {
  /** A node of our own company. */
  own: boolean
  certificate: 'current' | 'expired' | 'revoked' | 'none'
  /** First contact: both sides have recorded who compared the words, how and when. */
  confirmed: boolean
}

export interface SpaceStanding {
  /** The peer's company is a party. */
  party: boolean
  /** The peer's company accepted the genesis. */
  accepted: boolean
  /** The peer's company signed two successors of one entry. */
  frozen: boolean
  /**
   * What the agreement between our company and the peer's lets flow: not yet in force; in force; suspended, expired
   * or contradicted; ended by one of the two.
   */
  agreement: 'draft' | 'active' | 'paused' | 'ended'
}

export interface FacetStanding {
  class: DataClass
  /** The facet was made by our own company. */
  ownedHere: boolean
  /** It is the draft of an agreement; the agreement in force covers it; or it does not. */
  scope: 'agreement' | 'covered' | 'outside'
  /**
   * What reciprocity says: no rule holds the facet back; its contributor has not released it to the peer, or the
   * exposure is used up; or the contributor alone may pass it on, and is neither of the two.
   */
  balance: 'open' | 'shut' | 'sole'
}

/** Why not: the rule of protocols/policy, and a sentence for people. */
export interface Denial {
  rule: string
  reason: string
}

let clear: (question: Question) => Clearance
let admit: (run: VerifiedRun) => AllowedRun

/** Proof that policy let these bytes go to this peer. */
export class Clearance {
  readonly #question: Question

  private constructor(question: Question) {
    this.#question = question
  }

  static {
    clear = question => new Clearance(question)
  }

  get direction(): Question['direction'] {
    return this.#question.direction
  }
}

/** A verified run that policy lets in. */
export class AllowedRun {
  readonly #verified: VerifiedRun

  private constructor(verified: VerifiedRun) {
    this.#verified = verified
  }

  static {
    admit = verified => new AllowedRun(verified)
  }

  get run(): ParsedRun {
    return this.#verified.run
  }
}

/** Every rule in order; the first that denies decides. The table in protocols/policy holds one case for each. */
const RULES: { rule: string; reason: string; denies: (question: Question) => boolean }[] = [
  {
    rule: 'POL-2',
    reason: 'the peer has no certificate of its company for this node',
    denies: ({ peer }) => peer.certificate === 'none'
  },
  {
    rule: 'POL-3',
    reason: "the peer's node certificate is revoked",
    denies: ({ peer }) => peer.certificate === 'revoked'
  },
  {
    rule: 'POL-4',
    reason: "the peer's node certificate has expired",
    // Whatever is not known to be current is not.
    denies: ({ peer }) => peer.certificate !== 'current'
  },
  {
    rule: 'POL-5',
    reason: 'a private facet never leaves its company',
    // A class that is missing, unknown or ill-typed is private.
    denies: ({ facet, peer }) => facet !== undefined && !isShared(facet) && !(peer.own && facet.ownedHere)
  },
  {
    rule: 'POL-6',
    reason: "the peer's company is no party of this space",
    denies: ({ space, peer }) => !peer.own && !space.party
  },
  {
    rule: 'POL-7',
    reason: "the peer's company has not accepted this space",
    denies: ({ facet, space, peer }) => facet !== undefined && !peer.own && !space.accepted
  },
  {
    rule: 'POL-8',
    reason: "the peer's company signed two contradictory entries and is frozen in this space",
    denies: ({ facet, space, peer }) => facet !== undefined && !peer.own && space.frozen
  },
  {
    rule: 'POL-9',
    reason: 'first contact is not confirmed on both sides',
    denies: ({ facet, peer }) =>
      facet !== undefined && facet.class !== 'public' && !peer.own && !peer.confirmed
  },
  {
    rule: 'POL-14',
    reason: 'no agreement is in force in this space yet',
    denies: ({ facet, space, peer }) =>
      facet !== undefined && facet.scope !== 'agreement' && !peer.own && space.agreement === 'draft'
  },
  {
    rule: 'POL-15',
    reason: 'the agreement with this company has ended',
    denies: ({ facet, space, peer }) =>
      facet !== undefined && facet.class !== 'public' && !peer.own && space.agreement === 'ended'
  },
  {
    rule: 'POL-16',
    reason: 'the agreement with this company is suspended, expired or contradicted',
    denies: ({ facet, space, peer }) =>
      isUnderTerms(facet) && !peer.own && space.agreement !== 'active' && space.agreement !== 'draft'
  },
  {
    rule: 'POL-17',
    reason: 'the agreement in force does not cover documents of this kind',
    denies: ({ facet, peer }) => isUnderTerms(facet) && !peer.own && facet?.scope !== 'covered'
  },
  {
    rule: 'POL-18',
    reason: 'its contributor has not released it to this company, or the agreed exposure is used up',
    denies: ({ facet, peer }) => isUnderTerms(facet) && !peer.own && isHeldBack(facet)
  },
  {
    rule: 'POL-19',
    reason: 'the agreement lets only its contributor pass it on',
    denies: ({ facet, peer }) => isUnderTerms(facet) && !peer.own && facet?.balance === 'sole'
  }
]

/** What flows only as the agreement says: neither public nor itself the draft of an agreement. */
function isUnderTerms(facet: FacetStanding | undefined): boolean {
  return facet !== undefined && facet.class !== 'public' && facet.scope !== 'agreement'
}

/** A balance that nobody knows holds back as well. */
function isHeldBack(facet: FacetStanding | undefined): boolean {
  return facet !== undefined && facet.balance !== 'open' && facet.balance !== 'sole'
}

function isShared(facet: FacetStanding): boolean {
  return facet.class === 'public' || facet.class === 'shared-confidential'
}

/** Total and pure: equal questions, equal answers. */
export function decide(question: Question): Clearance | Denial {
  const denied = RULES.find(({ denies }) => denies(question))
  return denied ? { rule: denied.rule, reason: denied.reason } : clear(question)
}

/** The same gate for bytes that come in. */
export function decideRun(
  run: VerifiedRun,
  question: Question & { direction: 'store' }
): AllowedRun | Denial {
  const answer = decide(question)
  return answer instanceof Clearance ? admit(run) : answer
}
