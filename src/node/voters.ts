// Which decision somebody means, and which of the unlocked keys votes in it. protocols/decision.
import type { Decision } from '../decision/decision.ts'
import type { Policy } from '../decision/policy.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import type { HeldDecision } from '../sync/decision-book.ts'
import { NodeError } from '../wire/node-error.ts'
import { canVote } from './electors.ts'
import { type Parts, type RoleSigner, UNLOCK, idOf, nameOf } from './parts.ts'

export class Voters {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get book() {
    return this.#parts.driver.core.decisions.book
  }

  /** By the beginning of its id. @throws NodeError `decision-unknown`, `decision-ambiguous` */
  find(prefix: string): HeldDecision {
    const found = [...this.book.all()].filter(({ decision }) => decision.id.startsWith(prefix.toLowerCase()))
    const next = 'Run parley decision list.'
    if (found.length === 0) throw new NodeError('decision-unknown', `no decision ${prefix}`, next)
    if (found.length > 1)
      throw new NodeError('decision-ambiguous', `${prefix} is the start of ${found.length} decisions`, next)
    return found[0] as HeldDecision
  }

  /** Of a policy that is still a draft. */
  voterFor({ electors }: Policy): RoleSigner {
    const { did } = this.#parts.directory.self
    const roles = electors.filter(({ company }) => company === did).map(({ role }) => role)
    return this.#voter(roles, 'under this policy nobody of your company decides')
  }

  /** @throws NodeError `role-missing`, `role-ambiguous` */
  voterIn(decision: Decision, typed?: string): RoleSigner {
    const { did } = this.#parts.directory.self
    const { electors } = decision.standard.policy
    const roles = electors.filter(({ company }) => company === did).map(({ role }) => role)
    return this.#voter(
      typed === undefined ? roles : roles.filter(role => role === typed),
      'your company has no such elector here'
    )
  }

  #voter(roles: readonly string[], none: string): RoleSigner {
    if (roles.length === 0)
      throw new NodeError('role-missing', none, 'parley decision show names who decides.')
    const able = this.#parts.roles.filter(role => roles.includes(role.certificate.role) && canVote(role))
    const [only] = able
    if (!only)
      throw new NodeError(
        'role-missing',
        `no ${roles.join(' or ')} key that may vote is unlocked here`,
        UNLOCK
      )
    if (new Set(able.map(({ certificate }) => certificate.role)).size > 1)
      throw new NodeError('role-ambiguous', 'several of your roles decide here', 'Name one with --role.')
    return only
  }

  /** The key that closes and settles for an elector: the own one, and of others the one pinned last. */
  voiceOf(space: SpaceLog, { company, role }: Policy['electors'][number], own: RoleSigner): string {
    const { certificate, publicKey } = own
    if (company === certificate.company && role === certificate.role) return publicKey.multikey
    const index = space.companyOf(company)
    const head = index === undefined ? undefined : space.head(index)
    const able = (head?.keys ?? []).filter(
      key =>
        key.certificate.role === role &&
        key.certificate.powers.includes('vote') &&
        !head?.cut.includes(key.index)
    )
    const voice = able.at(-1)?.publicKey.multikey
    if (voice !== undefined) return voice
    const who = `${role} of ${nameOf(this.#parts, company)}`
    const next = `They certify one and pin it: parley role enrol, then parley space keys ${idOf(space)}`
    throw new NodeError('voice-missing', `no key of the ${who} that may vote is pinned in this space`, next)
  }
}
