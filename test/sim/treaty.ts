// What companies have agreed on in a history, said again in the plainest way: nothing of the reader under test has a
// part in it. Whether terms and approvals are fit is known from who made them, not read out of them.
// protocols/agreement, sections 3 and 4.
import { createHash } from 'node:crypto'
import type { TermsBody } from '../../src/artifacts/agreement-terms.ts'
import type { LogEntry, SpaceLog } from '../../src/identity/space-log.ts'
import { toHex } from '../../src/wire/bytes.ts'

const PROPOSALS_MAX = 256

export interface Revision {
  id: string
  terms: TermsBody
  /** Companies, by index in the space. */
  approvals: Set<number>
  rejections: Set<number>
  sealed: boolean
  dead: boolean
}

export interface Treaty {
  /** By number, then id. */
  revisions: Revision[]
  inForce: Revision | undefined
  contradicted: boolean
  /** Companies by index, those that were admitted later among them. */
  parties: string[]
  /** Indices of those whom the agreement binds. */
  bound: Set<number>
  suspended: Set<number>
  ended: Set<number>
  /** By company: all revisions on which it has said anything on any branch. */
  answered: Set<string>[]
}

const INDICES = 32

interface Chain {
  /** Whose it is. */
  did: string | undefined
  proposed: Set<string>
  /** The companies that each revision names. */
  fit: Map<string, string[]>
}

type Word = { revision: string; says: 'yes' | 'no' | 'nothing' }

/** What was made in a history that is fit to be proposed, or to count as an approval. */
export class Treaties {
  readonly #terms = new Map<string, TermsBody>()
  /** By digest of the document, what it has to stand in. */
  readonly #approvals = new Map<string, string>()
  readonly #read = new WeakMap<SpaceLog, { tips: LogEntry[]; treaty: Treaty }>()

  /** These are terms of that space which break no rule. */
  fit(bytes: Uint8Array, terms: TermsBody): void {
    this.#terms.set(idOf(bytes), terms)
  }

  /** This document is a good approval by that company of the space, under that key. */
  good(
    document: Uint8Array,
    place: { space: string; revision: Uint8Array; company: string; signer: Uint8Array }
  ): void {
    const { space, revision, company, signer } = place
    this.#approvals.set(digest(document), `${space}/${toHex(revision)}/${company}/${toHex(signer)}`)
  }

  of(space: SpaceLog): Treaty {
    const known = this.#read.get(space)
    const tips = space.tips()
    if (known && known.tips.length === tips.length && tips.every((tip, i) => tip === known.tips[i]))
      return known.treaty
    const treaty = this.#reading(space)
    this.#read.set(space, { tips, treaty })
    return treaty
  }

  #reading(space: SpaceLog): Treaty {
    const branches = Array.from({ length: INDICES }, (_, company) => branchesOf(space, company))
    const proposed = new Set(branches.flat().flatMap(proposals))
    const revisions = [...proposed].flatMap(id => {
      const terms = this.#terms.get(id)
      const empty = { approvals: new Set<number>(), rejections: new Set<number>() }
      return terms && terms.space === toHex(space.id)
        ? [{ id, terms, ...empty, sealed: false, dead: false }]
        : []
    })
    revisions.sort((a, b) => a.terms.number - b.terms.number || (a.id < b.id ? -1 : 1))
    const named = new Map(revisions.map(({ id, terms }) => [id, companiesOf(terms)]))
    for (const [i, { terms }] of [...revisions.entries()].toReversed()) {
      const before = named.get(terms.before ?? '')
      if (before && !follows(terms, before)) revisions.splice(i, 1)
    }
    const fit = new Map(revisions.map(({ id }) => [id, named.get(id) as string[]]))
    const words = branches.map((chains, company) =>
      chains.map(chain => {
        const did = space.founders[company] ?? this.#cameAs(chain, company)
        const said = this.#words(toHex(space.id), chain, { did, proposed, fit })
        // Rivals may give the index to another, whose words alone count for them.
        return said.filter(({ revision }) => !fit.has(revision) || fit.get(revision)?.[company] === did)
      })
    )
    settle(revisions, words, space.founders.length)
    const sealed = revisions.filter(revision => revision.sealed)
    const inForce = sealed.at(-1)
    const highest = sealed.filter(({ terms }) => terms.number === inForce?.terms.number)
    const standing = standingOf(branches)
    const answered = words.map(chains => new Set(chains.flat().map(({ revision }) => revision)))
    const parties = partiesOf(space.founders, sealed)
    const bound = boundBy(inForce, revisions, space.founders.length)
    return { revisions, inForce, contradicted: highest.length > 1, parties, bound, ...standing, answered }
  }

  /** In the order in which they stand; of a party's words on one revision, the first. */
  /** Whom the revision makes a party there that the acceptance names. */
  #cameAs([first]: LogEntry[], company: number): string | undefined {
    const act = first?.act
    const id = act?.kind === 'accept' && act.revision ? toHex(act.revision) : ''
    return this.#terms.get(id)?.parties[company]?.company
  }

  #words(space: string, chain: LogEntry[], { did, proposed, fit }: Chain): Word[] {
    const words: Word[] = []
    for (const { act, record } of chain) {
      if (act.kind !== 'approve' && act.kind !== 'reject') continue
      const revision = toHex(act.revision)
      if (words.some(word => word.revision === revision)) continue
      if (act.kind === 'reject') words.push({ revision, says: 'no' })
      else if (!proposed.has(revision)) words.push({ revision, says: 'nothing' })
      else {
        const place = this.#approvals.get(digest(act.document))
        const here = `${space}/${revision}/${did}/${toHex(record.signer)}`
        if (fit.has(revision) && place === here) words.push({ revision, says: 'yes' })
      }
    }
    return words
  }
}

/** AGR-12 to AGR-14. */
function settle(revisions: Revision[], words: Word[][][], founders: number): void {
  const byId = new Map(revisions.map(revision => [revision.id, revision]))
  for (const [company, chains] of words.entries())
    for (const { revision, says } of chains.flat())
      if (says === 'no') byId.get(revision)?.rejections.add(company)
  for (const revision of revisions) {
    const { terms, rejections } = revision
    const before = byId.get(terms.before ?? '')
    if (terms.number === 1) revision.dead = rejections.size > 0
    else if (before)
      revision.dead = sum(before) - weight(before, rejections) < before.terms.amendment.threshold
  }
  for (const [company, chains] of words.entries()) {
    for (const chain of chains) {
      for (const [i, word] of chain.entries()) {
        const revision = byId.get(word.revision)
        if (word.says !== 'yes' || !revision) continue
        const earlier = chain.slice(0, i).filter(({ says }) => says !== 'no')
        const bound = earlier.some(({ revision: id, says }) => {
          const other = byId.get(id)
          return says === 'nothing' || (other && !other.dead && rivals(other, revision))
        })
        if (!bound) revision.approvals.add(company)
      }
    }
  }
  for (const revision of revisions) {
    const { terms, approvals } = revision
    const before = byId.get(terms.before ?? '')
    if (terms.number === 1) revision.sealed = approvals.size === founders
    else if (before?.sealed && before.terms.number === terms.number - 1)
      revision.sealed = weight(before, approvals) >= before.terms.amendment.threshold
  }
}

function companiesOf({ parties }: TermsBody): string[] {
  return parties.map(({ company }) => company)
}

/** AGR-2. */
function follows(terms: TermsBody, before: string[]): boolean {
  const kept = terms.parties.length - (terms.admits ?? 0)
  return companiesOf(terms).slice(0, kept).join() === before.join()
}

/** SPC-16: of the highest number first, then of the smallest id. */
function partiesOf(founders: readonly string[], sealed: Revision[]): string[] {
  const parties = [...founders]
  const order = sealed.toSorted((a, b) => b.terms.number - a.terms.number || (a.id < b.id ? -1 : 1))
  for (const { terms } of order) parties.push(...companiesOf(terms).slice(parties.length))
  return parties
}

/** AGR-16: the founders, and who approved what is in force or what it follows. */
function boundBy(inForce: Revision | undefined, revisions: Revision[], founders: number): Set<number> {
  const bound = new Set(Array.from({ length: founders }, (_, company) => company))
  let at = inForce
  while (at) {
    for (const company of at.approvals) bound.add(company)
    const { before } = at.terms
    at = revisions.find(({ id }) => id === before)
  }
  return bound
}

function rivals(a: Revision, b: Revision): boolean {
  return a.terms.number === b.terms.number && a.terms.before === b.terms.before
}

function weight({ terms }: Revision, companies: Set<number>): number {
  return [...companies].reduce((all, company) => all + (terms.amendment.weights[company] ?? 0), 0)
}

function sum(revision: Revision): number {
  return weight(revision, new Set(revision.terms.amendment.weights.keys()))
}

function standingOf(branches: LogEntry[][][]): Pick<Treaty, 'suspended' | 'ended'> {
  const [suspended, ended] = [new Set<number>(), new Set<number>()]
  for (const [company, chains] of branches.entries()) {
    if (chains.some(chain => chain.some(({ act }) => act.kind === 'terminate'))) ended.add(company)
    // What all branches have in common: the chain up to the head.
    const common = (chains[0] ?? []).filter(entry => chains.every(chain => chain.includes(entry)))
    const last = common.findLast(({ act }) => act.kind === 'suspend' || act.kind === 'resume')
    if (last?.act.kind === 'suspend') suspended.add(company)
  }
  return { suspended, ended }
}

export type State = 'contradicted' | 'ended' | 'suspended' | 'draft' | 'waiting' | 'expired' | 'active'

/** AGR-16. */
export function stateBetween(treaty: Treaty, a: number, b: number, now: number): State {
  const { inForce, contradicted, ended, suspended } = treaty
  if (contradicted) return 'contradicted'
  if (ended.has(a) || ended.has(b)) return 'ended'
  if (suspended.has(a) || suspended.has(b)) return 'suspended'
  if (!inForce || !treaty.bound.has(a) || !treaty.bound.has(b)) return 'draft'
  const day = new Date(now).toISOString().slice(0, 10)
  if (day < inForce.terms.starts) return 'waiting'
  return inForce.terms.ends !== undefined && day > inForce.terms.ends ? 'expired' : 'active'
}

/** POL-14 to POL-17, for a document of one of these kinds and classes, between two parties. */
export function flows(treaty: Treaty, state: State, facet: { kind: string; class: string }): boolean {
  const isPublic = facet.class === 'public'
  if (facet.kind === 'PeerAgreement.v1') return isPublic || state !== 'ended'
  if (state === 'draft' || state === 'waiting') return false
  if (isPublic) return true
  const terms = treaty.inForce?.terms
  const covers =
    terms?.scope.kinds.some(kind => kind === facet.kind) &&
    terms.scope.classes.includes('shared-confidential') &&
    terms.roles.includes('CTO')
  return state === 'active' && covers === true
}

/** From the first entry to each end. */
function branchesOf(space: SpaceLog, company: number): LogEntry[][] {
  const own = space.entries().filter(entry => entry.company === company)
  const followed = new Set(own.map(({ before }) => before))
  return own
    .filter(entry => !followed.has(entry))
    .map(end => {
      const chain: LogEntry[] = []
      for (let entry: LogEntry | undefined = end; entry; entry = entry.before) chain.push(entry)
      return chain.reverse()
    })
}

function proposals(chain: LogEntry[]): string[] {
  const ids = chain.flatMap(({ act }) => (act.kind === 'propose' ? [idOf(act.terms)] : []))
  return ids.slice(0, PROPOSALS_MAX)
}

function idOf(terms: Uint8Array): string {
  return createHash('sha256').update('parley/revision/1\n').update(terms).digest('hex')
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
