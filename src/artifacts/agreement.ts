// What the parties of a space have agreed on, read out of the words in their chains. protocols/agreement, sections
// 3 and 4.
import { type LogEntry, type SpaceLog, chainTo } from '../identity/space-log.ts'
import { toHex } from '../wire/bytes.ts'
import { PARTIES_MAX } from '../wire/genesis.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { type Approval, checkApproval } from './agreement-approval.ts'
import { type Terms, followsParties, parseTerms, revisionId, sumOf } from './agreement-terms.ts'

/** Proposals on one branch of a chain that are looked at: what comes later, on any branch, takes none of their places. */
const PROPOSALS_MAX = 256

export type AgreementState =
  | 'contradicted'
  | 'ended'
  | 'suspended'
  | 'draft'
  | 'waiting'
  | 'expired'
  | 'active'

export interface Revision {
  id: Uint8Array
  bytes: Uint8Array
  terms: Terms
  /** Index of the company that proposed it first, as far as the order of the log tells. */
  proposer: number
  /** By company: approvals that count. */
  approvals: Map<number, Approval>
  /** By company: reasons. */
  rejections: Map<number, string>
  sealed: boolean
  dead: boolean
}

/** A proposal that is no revision, and why. */
export interface Unfit {
  company: number
  id: Uint8Array
  why: Reject
}

export interface Agreement {
  /** By number, then id. */
  revisions: readonly Revision[]
  unfit: readonly Unfit[]
  inForce?: Revision
  contradicted: boolean
  /** Indices of the founders, and of those who came later and have approved what is in force, or what led to it. */
  bound: ReadonlySet<number>
  /** Indices of parties that suspended, or ended, their part. */
  suspended: ReadonlySet<number>
  ended: ReadonlySet<number>
}

const made = new WeakMap<SpaceLog, { agreed: number; agreement: Agreement }>()

/** The same object until the log says something new. */
export function agreementOf(space: SpaceLog): Agreement {
  const known = made.get(space)
  if (known?.agreed === space.agreed) return known.agreement
  const agreement = new Reading(space).result()
  made.set(space, { agreed: space.agreed, agreement })
  return agreement
}

/** AGR-16. @param day `YYYY-MM-DD`, UTC */
export function stateBetween(agreement: Agreement, a: number, b: number, day: string): AgreementState {
  const { inForce, contradicted, bound, suspended, ended } = agreement
  if (contradicted) return 'contradicted'
  if (ended.has(a) || ended.has(b)) return 'ended'
  if (suspended.has(a) || suspended.has(b)) return 'suspended'
  if (!inForce || !bound.has(a) || !bound.has(b)) return 'draft'
  const { starts, ends } = inForce.terms
  if (day < starts) return 'waiting'
  return ends !== undefined && day > ends ? 'expired' : 'active'
}

/** A party's words on one revision along one branch of its chain; neither: it approves what nobody has proposed. */
interface Word {
  revision: string
  approval?: Approval
  reason?: string
}

/** Terms and signatures are dear to read, and what they say never changes. */
const read = new WeakMap<LogEntry, Terms | Reject>()
const checked = new WeakMap<LogEntry, Approval | Reject>()

class Reading {
  readonly #space: SpaceLog
  readonly #revisions = new Map<string, Revision>()
  readonly #unfit: Unfit[] = []
  /** Ids of all proposals that are looked at, fit or not. */
  readonly #proposed = new Set<string>()
  /** By company, branch and place in it: the first word on each revision. */
  readonly #words: Word[][][]

  constructor(space: SpaceLog) {
    this.#space = space
    const branches = INDICES.map(company => space.branches(company))
    for (const [company, chains] of branches.entries()) this.#propose(company, chains)
    this.#leaveOutStrays()
    this.#words = branches.map((chains, company) => chains.map(chain => this.#wordsOf(company, chain)))
  }

  /** Words stand on whatever branch they were said (AGR-9): who forks its chain cannot take back a yes. */
  result(): Agreement {
    const revisions = [...this.#revisions.values()].sort(inOrder)
    for (const [company, branches] of this.#words.entries()) {
      for (const { revision, reason } of branches.flat()) {
        if (reason !== undefined) this.#revisions.get(revision)?.rejections.set(company, reason)
      }
    }
    for (const revision of revisions) revision.dead = this.#isDead(revision)
    this.#count()
    let inForce: Revision | undefined
    let contradicted = false
    for (const revision of revisions) {
      revision.sealed = this.#isSealed(revision)
      if (!revision.sealed) continue
      contradicted = inForce?.terms.number === revision.terms.number
      inForce = revision
    }
    const standing = this.#standing()
    const bound = this.#bound(inForce)
    return { revisions, unfit: this.#unfit, ...(inForce && { inForce }), contradicted, bound, ...standing }
  }

  #propose(company: number, chains: LogEntry[][]): void {
    const first = chains.flatMap(chain =>
      chain.filter(({ act }) => act.kind === 'propose').slice(0, PROPOSALS_MAX)
    )
    for (const entry of new Set(first)) {
      const act = entry.act as Extract<LogEntry['act'], { kind: 'propose' }>
      const terms = read.get(entry) ?? parseTerms(act.terms, this.#space)
      read.set(entry, terms)
      const id = revisionId(act.terms)
      this.#proposed.add(toHex(id))
      if (isReject(terms)) this.#unfit.push({ company, id, why: terms })
      else if (!this.#revisions.has(toHex(id))) {
        this.#revisions.set(toHex(id), {
          id,
          bytes: act.terms,
          terms,
          proposer: company,
          approvals: new Map(),
          rejections: new Map(),
          sealed: false,
          dead: false
        })
      }
    }
  }

  /** What leaves out or moves a party of the revision before; all are judged by what was proposed, in any order. */
  #leaveOutStrays(): void {
    const strays = [...this.#revisions.values()].sort(inOrder).filter(({ terms }) => {
      const before = this.#revisions.get(terms.before ?? '')
      return before && !followsParties(terms, companiesOf(before.terms))
    })
    for (const { id, proposer } of strays) {
      const why = new Reject('terms-parties', 'the parties are not those of the revision before', false)
      this.#unfit.push({ company: proposer, id, why })
      this.#revisions.delete(toHex(id))
    }
  }

  #wordsOf(company: number, chain: LogEntry[]): Word[] {
    const words = new Map<string, Word>()
    for (const entry of chain) {
      const { act } = entry
      if (act.kind !== 'approve' && act.kind !== 'reject') continue
      const key = toHex(act.revision)
      const revision = this.#revisions.get(key)
      if (words.has(key)) continue
      // Rivals may give this index to another company, whose word alone counts for them.
      if (revision && revision.terms.parties[company]?.company !== entry.did) continue
      if (act.kind === 'reject') words.set(key, { revision: key, reason: act.reason })
      else if (!this.#proposed.has(key)) words.set(key, { revision: key })
      else if (revision) {
        const approval = this.#approval(revision, act.document, entry)
        if (!isReject(approval)) words.set(key, { revision: key, approval })
      }
    }
    return [...words.values()]
  }

  #approval({ id, terms }: Revision, document: Uint8Array, entry: LogEntry): Approval | Reject {
    const known = checked.get(entry)
    if (known) return known
    const place = { space: this.#space.id, revision: id, terms, company: entry.did }
    const approval = checkApproval(document, place, entry.record.signer)
    checked.set(entry, approval)
    return approval
  }

  /** AGR-12. */
  #isDead({ terms, rejections }: Revision): boolean {
    if (terms.before === undefined) return rejections.size > 0
    const before = this.#revisions.get(terms.before)
    if (!before) return false
    const { weights, threshold } = before.terms.amendment
    return weightOf(rejections, weights) > sumOf(weights) - threshold
  }

  /** AGR-13. */
  #count(): void {
    for (const [company, branches] of this.#words.entries()) {
      for (const words of branches) {
        const earlier: Revision[] = []
        for (const { revision: key, approval, reason } of words) {
          if (reason !== undefined) continue
          const revision = this.#revisions.get(key)
          // It may turn out to be a rival: who could propose it later would take back what it approves now.
          if (!revision || !approval) break
          if (earlier.every(other => other.dead || !areRivals(other, revision)))
            revision.approvals.set(company, approval)
          earlier.push(revision)
        }
      }
    }
  }

  /** AGR-14; revisions come in the order of their numbers. */
  #isSealed({ terms, approvals }: Revision): boolean {
    if (terms.before === undefined) return approvals.size === this.#space.founders.length
    const before = this.#revisions.get(terms.before)
    if (!before?.sealed || before.terms.number !== terms.number - 1) return false
    const { weights, threshold } = before.terms.amendment
    return weightOf(approvals, weights) >= threshold
  }

  /** AGR-16: a threshold of others binds nobody who has never agreed. */
  #bound(inForce: Revision | undefined): Set<number> {
    const bound = new Set(this.#space.founders.keys())
    let at = inForce
    while (at) {
      for (const company of at.approvals.keys()) bound.add(company)
      at = this.#revisions.get(at.terms.before ?? '')
    }
    return bound
  }

  #standing(): { suspended: Set<number>; ended: Set<number> } {
    const [suspended, ended] = [new Set<number>(), new Set<number>()]
    for (const company of INDICES) {
      const said = (chain: LogEntry[], kind: string) => chain.some(({ act }) => act.kind === kind)
      if (this.#space.branches(company).some(chain => said(chain, 'terminate'))) ended.add(company)
      const last = chainTo(this.#space.head(company)).findLast(({ act }) => {
        return act.kind === 'suspend' || act.kind === 'resume'
      })
      if (last?.act.kind === 'suspend') suspended.add(company)
    }
    return { suspended, ended }
  }
}

/** Whatever chains there may be. */
const INDICES = Array.from({ length: PARTIES_MAX }, (_, index) => index)

export function companiesOf({ parties }: Pick<Terms, 'parties'>): string[] {
  return parties.map(({ company }) => company)
}

function inOrder(a: Revision, b: Revision): number {
  return a.terms.number - b.terms.number || (toHex(a.id) < toHex(b.id) ? -1 : 1)
}

function areRivals(a: Revision, b: Revision): boolean {
  return a.terms.before === b.terms.before && a.terms.number === b.terms.number
}

function weightOf(companies: Map<number, unknown>, weights: readonly number[]): number {
  return sumOf([...companies.keys()].map(company => weights[company] ?? 0))
}
