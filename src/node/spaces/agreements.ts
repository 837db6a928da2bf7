// What this node's people do about agreements: propose, approve, reject, suspend, end. protocols/agreement.
import {
  type Agreement,
  type Revision,
  agreementOf,
  companiesOf,
  stateBetween
} from '../../artifacts/agreement.ts'
import { type SharedDocument, shownTo } from '../../artifacts/agreement-rule.ts'
import { signApproval } from '../../artifacts/agreement-approval.ts'
import { pageOf } from '../../artifacts/agreement-page.ts'
import {
  type TermsBody,
  TermsBodySchema,
  encodeTerms,
  followsParties,
  parseTerms
} from '../../artifacts/agreement-terms.ts'
import { printTime } from '../../identity/document-text.ts'
import type { SpaceLog } from '../../identity/space-log.ts'
import { toHex } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import { type Parts, companyJson, idOf } from '../parts/parts.ts'
import type { AgreementJson, RevisionJson, RevisionTextJson } from '../surface/agreement-json.ts'
import type { Rooms } from './rooms.ts'

export class Agreements {
  readonly #parts: Parts
  readonly #rooms: Rooms

  constructor(parts: Parts, rooms: Rooms) {
    this.#parts = parts
    this.#rooms = rooms
  }

  show(prefix: string): AgreementJson {
    return this.#json(this.#rooms.find(prefix))
  }

  #json(space: SpaceLog): AgreementJson {
    const { directory } = this.#parts
    const agreement = agreementOf(space)
    const { inForce, contradicted, suspended, ended, unfit, revisions } = agreement
    const own = directory.ownIndex(space) ?? 0
    const day = printTime(Date.now()).slice(0, 10)
    return {
      space: toHex(space.id),
      spaceTitle: space.genesis.title,
      ...(inForce && { inForce: toHex(inForce.id) }),
      contradicted,
      parties: space.parties.map((did, index) => ({
        company: companyJson(did, directory.identities.get(did)),
        state: stateBetween(agreement, own, index, day),
        bound: agreement.bound.has(index),
        suspended: suspended.has(index),
        ended: ended.has(index)
      })),
      revisions: revisions.map(revision => this.#revision(space, agreement, revision)),
      unfit: unfit.map(({ company, id, why }) => ({
        company: this.#name(space, company),
        id: toHex(id),
        code: why.code,
        detail: why.detail
      }))
    }
  }

  #revision(space: SpaceLog, { inForce }: Agreement, revision: Revision): RevisionJson {
    const { id, terms, proposer, approvals, rejections, sealed, dead } = revision
    const voters = terms.parties.slice(0, terms.parties.length - (terms.admits ?? 0))
    const spoken = (index: number) => approvals.has(index) || rejections.has(index)
    return {
      id: toHex(id),
      number: terms.number,
      ...(terms.before !== undefined && { before: terms.before }),
      title: terms.title,
      admits: terms.parties.slice(voters.length).map(({ name }) => name),
      proposer: this.#name(space, proposer),
      state: revision === inForce ? 'in-force' : sealed ? 'replaced' : dead ? 'dead' : 'open',
      approvals: [...approvals].map(([index, { person, time }]) => {
        return { company: this.#name(space, index), person, time }
      }),
      rejections: [...rejections].map(([index, reason]) => ({ company: this.#name(space, index), reason })),
      waitsFor: sealed ? [] : voters.flatMap((_, i) => (spoken(i) ? [] : [this.#name(space, i)]))
    }
  }

  text(prefix: string, id: string): RevisionTextJson {
    const space = this.#rooms.find(prefix)
    const { terms, id: found, sealed } = this.#find(space, id)
    const opens = terms.admits !== undefined && !sealed
    return {
      id: toHex(found),
      terms,
      page: pageOf(terms),
      ...(opens && { wouldSee: shownTo(terms, this.#documents(space)) })
    }
  }

  /** Each artifact once, in the widest class that it has there. */
  #documents(space: SpaceLog): SharedDocument[] {
    const found = new Map<string, SharedDocument>()
    for (const { facet } of this.#parts.driver.core.context.facets.values()) {
      const { kind, class: dataClass, artifact } = facet.genesis
      if (facet.space !== space || facet.size === 0 || dataClass === 'private') continue
      const key = toHex(artifact)
      if (found.get(key)?.class !== 'public') found.set(key, { kind, class: dataClass })
    }
    return [...found.values()]
  }

  /** What the space itself decides (its id, the parties, number and predecessor) may be left out. */
  async propose(prefix: string, given: { [member: string]: unknown }): Promise<AgreementJson> {
    const space = this.#rooms.find(prefix)
    const { inForce } = agreementOf(space)
    const { rendering: _made, ...rest } = given
    const place = inForce ? { number: inForce.terms.number + 1, before: toHex(inForce.id) } : { number: 1 }
    const shape = TermsBodySchema.safeParse({ space: toHex(space.id), ...place, ...rest })
    if (!shape.success) {
      const issue = shape.error.issues[0]
      const where = issue?.path.join('.') || 'the terms'
      const next =
        'Correct it and propose again; protocols/agreement/terms.schema.json says what belongs where.'
      throw new NodeError('terms-shape', `${where}: ${issue?.message ?? 'wrong'}`, next)
    }
    const body: TermsBody = shape.data
    const terms = encodeTerms(body)
    const fits = parseTerms(terms, space)
    if (isReject(fits)) throw new NodeError(fits.code, fits.detail, 'Correct it and propose again.')
    if (inForce && fits.before === toHex(inForce.id) && !followsParties(fits, companiesOf(inForce.terms)))
      throw new NodeError(
        'terms-parties',
        'the parties are not those of the revision in force, and behind them as many as admits says',
        'Correct it and propose again.'
      )
    await this.#rooms.say(space, () => ({ kind: 'propose', terms }))
    return this.#json(space)
  }

  async approve(prefix: string, id: string): Promise<AgreementJson> {
    const space = this.#rooms.find(prefix)
    const { directory } = this.#parts
    const revision = this.#open(space, id)
    const { did } = directory.self
    const party = revision.terms.parties.find(({ company }) => company === did)
    if (!party)
      throw new NodeError(
        'not-a-party',
        'these terms do not name your company',
        `See which do: parley agreement show ${idOf(space)}`
      )
    await this.#rooms.say(space, signer => ({
      kind: 'approve',
      revision: revision.id,
      document: signApproval(
        {
          capacity: party.capacity,
          certificate: toHex(signer.certificate.id),
          company: did,
          number: revision.terms.number,
          person: signer.certificate.holder.name,
          revision: toHex(revision.id),
          role: signer.certificate.role,
          signatory: party.signatory,
          space: toHex(space.id),
          time: printTime(Date.now())
        },
        message => signer.sign(message)
      )
    }))
    return this.#json(space)
  }

  async reject(prefix: string, id: string, reason: string): Promise<AgreementJson> {
    const space = this.#rooms.find(prefix)
    const revision = this.#open(space, id)
    await this.#rooms.say(space, () => ({ kind: 'reject', revision: revision.id, reason }))
    return this.#json(space)
  }

  async suspend(prefix: string, reason: string): Promise<AgreementJson> {
    return this.#stand(prefix, { kind: 'suspend', reason })
  }

  async resume(prefix: string): Promise<AgreementJson> {
    return this.#stand(prefix, { kind: 'resume' })
  }

  async terminate(prefix: string, reason: string): Promise<AgreementJson> {
    return this.#stand(prefix, { kind: 'terminate', reason })
  }

  async #stand(
    prefix: string,
    act: { kind: 'suspend' | 'terminate'; reason: string } | { kind: 'resume' }
  ): Promise<AgreementJson> {
    const space = this.#rooms.find(prefix)
    await this.#rooms.say(space, () => act)
    return this.#json(space)
  }

  #find(space: SpaceLog, prefix: string): Revision {
    const found = agreementOf(space).revisions.filter(({ id }) => toHex(id).startsWith(prefix.toLowerCase()))
    if (found.length === 1) return found[0] as Revision
    const next = `See parley agreement show ${idOf(space)}`
    if (found.length === 0)
      throw new NodeError('revision-unknown', `no revision ${prefix} in this space`, next)
    throw new NodeError('revision-ambiguous', `${prefix} is the start of ${found.length} revisions`, next)
  }

  /** One on which this company has not spoken, and which its earlier word does not bar. */
  #open(space: SpaceLog, prefix: string): Revision {
    const revision = this.#find(space, prefix)
    const own = this.#parts.directory.ownIndex(space) ?? -1
    const next = `See parley agreement show ${idOf(space)}`
    if (revision.approvals.has(own) || revision.rejections.has(own))
      throw new NodeError(
        'already-said',
        'your company has spoken on this revision, and its first word stands',
        next
      )
    const bound = agreementOf(space).revisions.find(
      other =>
        other !== revision &&
        other.terms.before === revision.terms.before &&
        other.approvals.has(own) &&
        !other.dead
    )
    if (bound) {
      const why = `your company has approved ${toHex(bound.id).slice(0, 12)}, which excludes this one while it can still be sealed`
      throw new NodeError('approval-bound', why, 'Ask another party to reject that one first.')
    }
    return revision
  }

  #name(space: SpaceLog, index: number): string {
    const did = space.parties[index] ?? ''
    return companyJson(did, this.#parts.directory.identities.get(did)).legalName || did
  }
}
