// What a running node tells of an agreement and its revisions.
import type { AgreementState } from '../../artifacts/agreement.ts'
import type { CompanyJson } from './company-json.ts'

/** What the parties of a space have agreed on. */
export interface AgreementJson {
  space: string
  spaceTitle: string
  /** The id of the revision in force. */
  inForce?: string
  contradicted: boolean
  /**
   * `state`: of the agreement between this company and that one. `bound`: it is a founder, or has approved what is in
   * force or what led to it from the revision on that admitted it.
   */
  parties: {
    company: CompanyJson
    state: AgreementStateJson
    bound: boolean
    suspended: boolean
    ended: boolean
  }[]
  revisions: RevisionJson[]
  /** Proposals that are no revision, and why. */
  unfit: { company: string; id: string; code: string; detail: string }[]
}

export type AgreementStateJson = AgreementState

export interface RevisionJson {
  id: string
  number: number
  before?: string
  title: string
  /** Companies that it admits, where there are any. */
  admits: string[]
  proposer: string
  state: 'in-force' | 'replaced' | 'open' | 'dead'
  approvals: { company: string; person: string; time: string }[]
  rejections: { company: string; reason: string }[]
  /** Companies that have not spoken. */
  waitsFor: string[]
}

export interface RevisionTextJson {
  id: string
  terms: { [member: string]: unknown }
  /** Markdown: what people read before they approve. */
  page: string
  /** Of terms that are not sealed and admit companies: how many documents of this node those would come to see. */
  wouldSee?: number
}
