// Which decision somebody means, and which of the unlocked keys votes in it. protocols/decision.
import { checkBefore } from '../../decision/certificate-check.ts'
import type { Decision } from '../../decision/decision.ts'
import { type Policy, weightOf } from '../../decision/policy.ts'
import type { SpaceLog } from '../../identity/space-log.ts'
import type { HeldDecision } from '../../sync/decision-book.ts'
import { NodeError } from '../../wire/node-error.ts'
import { canVote } from './electors.ts'
import { type Parts, type RoleSigner, UNLOCK, idOf, nameOf, refused } from '../parts/parts.ts'

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
  voterFor(policy: Policy): RoleSigner {
    return this.#voter(this.#ownRoles(policy), 'under this policy nobody of your company decides')
  }

  /** @throws NodeError `role-missing`, `role-ambiguous` */
  voterIn(decision: Decision, typed?: string): RoleSigner {
    const roles = this.#ownRoles(decision.standard.policy)
    return this.#voter(
      typed === undefined ? roles : roles.filter(role => role === typed),
      'your company has no such elector here'
    )
  }

  #ownRoles({ electors }: Policy): string[] {
    const { did } = this.#parts.directory.self
    return electors.filter(({ company }) => company === did).map(({ role }) => role)
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

  /**
   * Whoever begins a decision names who closes it and what it revises. Of what can never end, or never be certified,
   * nobody who votes would learn why.
   * @throws NodeError `voice-missing`, `mediation-missing`, `mediation-weight`
   */
  assertEndable({ decision, space }: HeldDecision, own: RoleSigner): void {
    const { initiation, standard } = decision
    const { electors } = standard.policy
    const able = electors.filter((elector, i) => this.#speaksFor(space, elector, initiation.voices[i]))
    const elector = electors[decision.electorOf(own.certificate) as number] as Policy['electors'][number]
    const next = 'Nothing was sent. Who began it can begin anew: parley decision start --supersedes DECISION'
    if (!able.includes(elector))
      throw new NodeError(
        'voice-missing',
        'the key that is to close it for you is none of your role here',
        next
      )
    if (weightOf(able) < standard.quorums.close)
      throw new NodeError('voice-missing', 'too few have a key in this space that could close it', next)
    const named = initiation.revises?.mediation ?? []
    const before = initiation.revises && this.book.get(initiation.revises.decision)?.decision
    const mediations = (before?.of('decision-mediation.v1') ?? []).filter(({ id }) => named.includes(id))
    const wrong = checkBefore(initiation, mediations)
    if (wrong) throw refused(wrong, next)
  }

  #speaksFor(space: SpaceLog, { company, role }: Policy['electors'][number], voice?: string): boolean {
    const isUnlocked = this.#parts.roles.some(
      ({ certificate, publicKey }) =>
        publicKey.multikey === voice && certificate.company === company && certificate.role === role
    )
    return isUnlocked || this.#voicesOf(space, company, role).includes(voice ?? '')
  }

  /** Keys that are pinned here, in the order in which they were. */
  #voicesOf(space: SpaceLog, company: string, role: string): string[] {
    const index = space.companyOf(company)
    const head = index === undefined ? undefined : space.head(index)
    return (head?.keys ?? []).flatMap(({ certificate, publicKey, index: key }) => {
      const isAble = certificate.role === role && certificate.powers.includes('vote')
      return isAble && !head?.cut.includes(key) ? [publicKey.multikey] : []
    })
  }

  /** The key that closes and settles for an elector: the own one, and of others the one pinned last. */
  voiceOf(space: SpaceLog, { company, role }: Policy['electors'][number], own: RoleSigner): string {
    const { certificate, publicKey } = own
    if (company === certificate.company && role === certificate.role) return publicKey.multikey
    const voice = this.#voicesOf(space, company, role).at(-1)
    if (voice !== undefined) return voice
    const who = `${role} of ${nameOf(this.#parts, company)}`
    const next = `They certify one and pin it: parley role enrol, then parley space keys ${idOf(space)}`
    throw new NodeError('voice-missing', `no key of the ${who} that may vote is pinned in this space`, next)
  }
}
