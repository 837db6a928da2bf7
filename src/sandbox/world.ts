// Made-up companies that stand in for the parties of a draft, one process and one virtual clock for all of them, and
// a space under the draft's terms. Nothing here touches a disk, a socket or the real time.
import { signApproval } from '../artifacts/agreement-approval.ts'
import { agreementOf } from '../artifacts/agreement.ts'
import { type TermsBody, encodeTerms, revisionId } from '../artifacts/agreement-terms.ts'
import type { Role } from '../identity/certificate-schema.ts'
import { ROLES } from '../identity/certificate-schema.ts'
import { printTime } from '../identity/document-text.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { toHex } from '../wire/bytes.ts'
import type { EntryAct } from '../wire/space-entry.ts'
import { Clock } from './clock.ts'
import { createCompany, must, signerOf } from './company.ts'
import { Network } from './network.ts'
import { Random } from './random.ts'
import { StandIn } from './stand-in.ts'

const TICK_MS = 250
/** Enough for a round of questions and answers between all, and for a hello that was made anew. */
const SETTLE_MS = 4_000

/** What is played. */
export interface Play {
  terms: TermsBody
  /** Of the space: the role on each side. */
  pairing: string
  seed: number
}

export class World {
  readonly play: Play
  readonly random: Random
  readonly clock: Clock
  readonly network: Network
  /** By index. */
  readonly parties: StandIn[]
  /** Known to all, party of nothing. */
  readonly outsider: StandIn
  readonly space: Uint8Array

  /** Whether nodes write audit logs and witness those of others. */
  readonly audits: boolean

  /** A space that all have accepted; the terms are not proposed yet. */
  constructor(play: Play, { audits = false } = {}) {
    this.play = play
    this.audits = audits
    this.random = new Random(play.seed)
    // The first day of the agreement, in the morning.
    this.clock = new Clock(Date.parse(`${play.terms.starts}T09:00:00Z`))
    this.network = new Network(this.clock, this.random)
    this.parties = play.terms.parties.map((_, i) => this.#standIn(i))
    this.outsider = this.#standIn(this.parties.length)
    this.outsider.heard = []
    this.#link()
    this.space = this.found(play.pairing)
  }

  #standIn(index: number): StandIn {
    const company = createCompany(`Stand-in ${index}`, this.random, this.clock.nowMs - 1000, this.#role)
    return new StandIn(company, index, this)
  }

  get #role(): Role {
    return ROLES.find(role => role === this.play.pairing) ?? 'CTO'
  }

  #link(): void {
    const all = [...this.parties, this.outsider]
    for (const a of all) for (const b of all) if (a !== b) a.meets(b)
    for (const [i, a] of all.entries()) for (const b of all.slice(i + 1)) this.network.link(a, b)
  }

  /** A space of all parties, made by the first and accepted by every one. @returns its id */
  found(pairing: string): Uint8Array {
    const [founder] = this.parties as [StandIn]
    const facts = { title: 'Sandbox', pairing, parties: this.parties.map(({ did }) => did) }
    const { id } = founder.perform(() => must<SpaceLog>(founder.desk.foundSpace(facts)))
    this.#accept(founder, id)
    this.settle()
    for (const party of this.parties.slice(1)) this.#accept(party, id)
    this.settle()
    return id
  }

  #accept(party: StandIn, id: Uint8Array): void {
    const { identity, roleCertificate } = party.company
    party.says(id, { kind: 'accept', rootVersion: identity.head, certificates: [roleCertificate] })
  }

  pass(ms: number): void {
    const until = this.clock.nowMs + ms
    while (this.clock.nowMs < until) {
      this.network.tend()
      this.clock.runUntil(Math.min(until, this.clock.nowMs + TICK_MS))
      for (const node of [...this.parties, this.outsider]) node.step({ on: 'tick' })
    }
  }

  settle(): void {
    this.pass(SETTLE_MS)
  }

  // ---- the agreement ----------------------------------------------------------------------------------

  /** The draft's terms for a space of the stand-ins, as its first revision, or as one that follows. */
  terms(space = this.space, changes: Partial<TermsBody> = {}): TermsBody {
    const { before: _draft, admits: _later, ...terms } = this.play.terms
    const parties = terms.parties.map((party, i) => ({ ...party, company: this.parties[i]?.did ?? '' }))
    return { ...terms, parties, space: toHex(space), number: 1, ...changes }
  }

  propose(party: StandIn, terms: TermsBody, space = this.space): void {
    party.says(space, { kind: 'propose', terms: encodeTerms(terms) })
  }

  approve(party: StandIn, terms: TermsBody, space = this.space): void {
    party.says(space, this.approval(party, terms))
  }

  approval({ company, did, index }: StandIn, terms: TermsBody): EntryAct {
    const revision = revisionId(encodeTerms(terms))
    const { signatory = '', capacity = '' } = terms.parties[index] ?? {}
    const facts = {
      capacity,
      certificate: '',
      company: did,
      number: terms.number,
      person: company.name,
      revision: toHex(revision),
      role: this.#role,
      signatory,
      space: terms.space,
      time: printTime(this.clock.nowMs)
    } as const
    const signer = signerOf(company.role)
    return { kind: 'approve', revision, document: signApproval(facts, message => signer.sign(message)) }
  }

  /** Proposed by the first party and approved by all. */
  seal(terms = this.terms(), space = this.space): this {
    this.propose(this.parties[0] as StandIn, terms, space)
    this.settle()
    for (const party of this.parties) this.approve(party, terms, space)
    this.settle()
    return this
  }

  /** Id of the revision that a party takes to be in force, in hexadecimal. */
  inForce(party: StandIn, space = this.space): string | undefined {
    const log = party.space(space)
    const revision = log && agreementOf(log).inForce
    return revision && toHex(revision.id)
  }

  /** Its number. */
  number(party: StandIn): number {
    const log = party.space(this.space)
    return (log && agreementOf(log).inForce?.terms.number) ?? 0
  }
}
