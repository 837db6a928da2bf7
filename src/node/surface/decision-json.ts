// What a running node says of decisions. protocols/decision, protocols/api.
import type { Outcome } from '../../decision/outcome.ts'
import type { Stage } from '../../decision/progress.ts'
import type { Ballot, Initiation, MediationRecord, Subject } from '../../decision/schema.ts'
import type { CompanyJson } from './company-json.ts'

/** What somebody asks to be decided. */
export interface TopicRequest {
  title: string
  question: string
  benefits?: string[]
  options: Initiation['options']
  /** PeerDecisionPolicy.v1. */
  policy: { [member: string]: unknown }
  /** The document that is decided on, by the beginning of its id, as it stands; of a standard the version to release. */
  subject?: { artifact: string; release?: string }
  /** Milliseconds that the windows are open; those of the policy where absent. */
  commitMs?: number
  revealMs?: number
  /** A decision that mediation has ended with `revise` or `subset`. */
  revises?: string
  supersedes?: string
}

export interface BallotRequest {
  choice: Ballot['choice']
  /** From 0; with `option` alone. */
  option?: number
  scores?: Ballot['scores']
  rationale?: string
  objection?: { argument: string; change: string }
  /** The evaluator's record that the scores are taken from, by the beginning of its digest; instead of `scores`. */
  scored?: string
  /** Which of the own roles, where several decide. */
  role?: string
}

export interface ElectorJson {
  company: CompanyJson
  role: string
  weight: number
  committed: boolean
  /** The ballot, once it is revealed. */
  ballot?: {
    choice: Ballot['choice']
    option?: number
    scores: Ballot['scores']
    rationale: string
    objection?: { argument: string; change: string }
  }
  /** Two holders of the role have committed. */
  divided: boolean
  /** One of its keys has said two things. */
  equivocated: boolean
}

/** What an option leads to if it is approved. */
export type PlanJson = NonNullable<Initiation['options'][number]['plan']>

export interface DecisionJson {
  id: string
  space: string
  title: string
  question: string
  benefits: string[]
  options: { title: string; text: string; plan?: PlanJson }[]
  /** Its title, and what its electors are asked about each option. */
  policy: string
  criteria: { key: string; question: string; anchors: string[]; weight: number }[]
  method: string
  subject?: Subject
  /** Whether the agreement in force names this policy among its attachments. */
  policySealed: boolean
  startedBy: string
  commitBy: string
  revealBy: string
  stage: Stage
  /** Whose word is missing, as `CTO of Acme GmbH`. */
  waitsFor: string[]
  spoken: number
  needed: number
  electors: ElectorJson[]
  outcome?: Outcome
  rationales: string[]
  mediation: { id: string; record: MediationRecord; weight: number; needed: number; companies: string[] }[]
  revises?: string
  supersedes?: string
  /** What this node's people may do now. */
  own: { role: string; voted: boolean }[]
}

/** What proves that one key has said two things. */
export interface ProofJson {
  company: string
  role: string
  kind: string
  /** The file, for `parley verify`. */
  proof: string
}
