// What this node's people do about decisions: begin, vote, explain, mediate, take the certificate home.
// protocols/decision.
import { agreementOf } from '../artifacts/agreement.ts'
import { checkBallot } from '../decision/ballot.ts'
import { certify, outcomeOfDecision } from '../decision/certificate.ts'
import { type Decision, settledDigest } from '../decision/decision.ts'
import { type Message, digestOf, plain } from '../decision/message.ts'
import { type Policy, PolicySchema, checkPolicy } from '../decision/policy.ts'
import { progressOf } from '../decision/progress.ts'
import {
  type Ballot,
  BallotSchema,
  type Initiation,
  InitiationSchema,
  type MediationRecord,
  RecordSchema,
  type Subject
} from '../decision/schema.ts'
import { printTime } from '../identity/document-text.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import type { HeldDecision } from '../sync/decision-book.ts'
import { toHex } from '../wire/bytes.ts'
import { NodeError } from '../wire/node-error.ts'
import { isReject } from '../wire/reject.ts'
import type { BallotRequest, DecisionJson, ElectorJson, TopicRequest } from './decision-json.ts'
import { type Electors, canVote } from './electors.ts'
import type { Library } from './library.ts'
import { type Parts, type RoleSigner, UNLOCK, companyJson, idOf, nameOf, refused } from './parts.ts'
import type { Rooms } from './rooms.ts'

const HOUR_MS = 3_600_000

export class Decisions {
  readonly #parts: Parts
  readonly #rooms: Rooms
  readonly #library: Library
  readonly #electors: Electors
  readonly #random: (bytes: number) => Uint8Array

  constructor(
    parts: Parts,
    { rooms, library, electors }: { rooms: Rooms; library: Library; electors: Electors },
    random: (bytes: number) => Uint8Array
  ) {
    this.#parts = parts
    this.#rooms = rooms
    this.#library = library
    this.#electors = electors
    this.#random = random
  }

  get #book() {
    return this.#parts.driver.core.decisions.book
  }

  list(): DecisionJson[] {
    const all = [...this.#book.all()].map(held => this.#json(held))
    return all.sort((a, b) => (a.commitBy < b.commitBy ? 1 : -1))
  }

  show(prefix: string): DecisionJson {
    return this.#json(this.#find(prefix))
  }

  #find(prefix: string): HeldDecision {
    const found = [...this.#book.all()].filter(({ decision }) => decision.id.startsWith(prefix.toLowerCase()))
    const next = 'Run parley decision list.'
    if (found.length === 0) throw new NodeError('decision-unknown', `no decision ${prefix}`, next)
    if (found.length > 1)
      throw new NodeError('decision-ambiguous', `${prefix} is the start of ${found.length} decisions`, next)
    return found[0] as HeldDecision
  }

  // ---- what people do ---------------------------------------------------------------------------

  /** @throws NodeError `policy-*`, `initiation-*`, `role-missing`, `voice-missing` */
  async begin(prefix: string, request: TopicRequest): Promise<DecisionJson> {
    const space = this.#rooms.find(prefix)
    const policy = policyOf(request.policy)
    const role = this.#voterFor(policy)
    const now = Date.now()
    const commitBy = now + (request.commitMs ?? policy.windows.commit * HOUR_MS)
    const revealBy = commitBy + (request.revealMs ?? policy.windows.reveal * HOUR_MS)
    const body = {
      title: request.title,
      question: request.question,
      benefits: request.benefits ?? [],
      options: request.options,
      policy,
      space: toHex(space.id),
      nonce: toHex(this.#random(16)),
      voices: policy.electors.map(elector => this.#voiceOf(space, elector, role)),
      commitBy: printTime(commitBy),
      revealBy: printTime(revealBy),
      ...(request.subject && { subject: await this.#subject(space, request.subject) }),
      ...(request.revises !== undefined && { revises: this.#revised(request.revises) }),
      ...(request.supersedes !== undefined && { supersedes: this.#find(request.supersedes).decision.id })
    }
    const shape = InitiationSchema.partial().safeParse(plain(body))
    if (!shape.success) throw misshaped('initiation-shape', shape.error.issues[0])
    const said = await this.#electors.say(role, 'decision-initiation.v1', body)
    this.#electors.look(said.id)
    return this.show(said.id)
  }

  /** @throws NodeError `ballot-*`, `decision-closed`, `role-missing` */
  async vote(prefix: string, request: BallotRequest): Promise<DecisionJson> {
    const { decision } = this.#find(prefix)
    if (decision.closed)
      throw new NodeError(
        'decision-closed',
        'the commitments are closed',
        'Its outcome: parley decision show DECISION'
      )
    const role = this.#voterIn(decision, request.role)
    const key = role.publicKey.multikey
    if (decision.saidBy('decision-commitment.v1', key).length > 0)
      throw new NodeError(
        'ballot-cast',
        'this key has voted already',
        'A ballot cannot be changed once it is committed.'
      )
    const { company, role: name } = role.certificate
    const { choice, option, scores = [], rationale = '', objection } = request
    const ballot = plain({
      choice,
      option,
      scores,
      rationale,
      objection,
      company,
      role: name,
      key,
      decision: decision.id
    })
    const shape = BallotSchema.safeParse(ballot)
    if (!shape.success) throw misshaped('ballot-shape', shape.error.issues[0])
    const wrong = checkBallot(shape.data, decision.initiation, decision.standard.rule)
    if (wrong) throw refused(wrong, 'Correct the ballot, and vote again; nothing was sent.')
    await this.#electors.commit(role, decision.id, { salt: toHex(this.#random(32)), ballot: shape.data })
    return this.show(decision.id)
  }

  /** Why we decide otherwise than the scores recommend. */
  async explain(prefix: string, text: string): Promise<DecisionJson> {
    const { decision } = this.#find(prefix)
    const role = this.#voterIn(decision, undefined)
    await this.#electors.say(role, 'decision-rationale.v1', { decision: decision.id, text })
    return this.show(decision.id)
  }

  /** @throws NodeError `decision-open` while there is nothing to mediate, `role-missing` */
  async mediate(prefix: string, record: MediationRecord): Promise<DecisionJson> {
    const { decision } = this.#find(prefix)
    const { settled } = decision
    if (!settled || settled.tally.approved !== undefined)
      throw new NodeError(
        'decision-open',
        'there is nothing to mediate',
        'How far it is: parley decision show DECISION'
      )
    const shape = RecordSchema.safeParse(plain(record))
    if (!shape.success) throw misshaped('ballot-shape', shape.error.issues[0])
    const role = this.#parts.roles.find(
      ({ certificate }) => certificate.role === 'CEO' && certificate.powers.includes('mediate')
    )
    if (!role)
      throw new NodeError(
        'role-missing',
        'no CEO key that may mediate is unlocked here',
        'Make one: parley role enrol CEO --holder NAME --powers mediate'
      )
    const body = { decision: decision.id, settled: settledDigest(settled.final), record: shape.data }
    await this.#electors.say(role, 'decision-mediation.v1', body)
    return this.show(decision.id)
  }

  /** JointGovernanceDecision.v1. @throws NodeError `certificate-incomplete` */
  async *certificate(prefix: string): AsyncGenerator<Uint8Array> {
    const { decision } = this.#find(prefix)
    const { revises } = decision.initiation
    const before = revises && this.#book.get(revises.decision)?.decision
    const file = certify(
      decision,
      this.#parts.directory.identityOf,
      before?.of('decision-mediation.v1') ?? []
    )
    if (isReject(file)) throw refused(file, 'See how far it is: parley decision show DECISION')
    yield file
  }

  // ---- who and what -----------------------------------------------------------------------------

  #voterFor({ electors }: Policy): RoleSigner {
    const { did } = this.#parts.directory.self
    const roles = electors.filter(({ company }) => company === did).map(({ role }) => role)
    return this.#voter(roles, 'under this policy nobody of your company decides')
  }

  #voterIn(decision: Decision, typed: string | undefined): RoleSigner {
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
  #voiceOf(space: SpaceLog, { company, role }: Policy['electors'][number], own: RoleSigner): string {
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

  async #subject(
    space: SpaceLog,
    { artifact, release }: { artifact: string; release?: string }
  ): Promise<Subject> {
    const { facet } = this.#library.named(artifact)
    if (toHex(facet.space.id) !== toHex(space.id) || facet.genesis.class === 'private')
      throw new NodeError(
        'subject-elsewhere',
        'the document is not shared in this space',
        'Share it first: parley share DOCUMENT'
      )
    const { kind, frontier, structRoot, ...document } = await this.#library.document(facet)
    const heads = frontier.heads.map(({ client, id, seq }) => ({ client, id, seq }))
    return {
      artifact: document.artifact,
      facet: document.facet,
      heads: heads.sort((a, b) => a.client - b.client),
      kind,
      root: structRoot,
      ...(release !== undefined && { release })
    }
  }

  #revised(prefix: string): Initiation['revises'] {
    const { decision } = this.#find(prefix)
    const agreed = decision.mediation?.agreed
    if (agreed && agreed.record.outcome !== 'lapse')
      return { decision: decision.id, mediation: agreed.messages.map(({ id }) => id).sort() }
    const next = 'The CEO roles agree first: parley decision mediate DECISION'
    throw new NodeError('mediation-missing', 'no mediation asks for a new vote on it', next)
  }

  // ---- what is shown ----------------------------------------------------------------------------

  #json({ decision, space }: HeldDecision): DecisionJson {
    const { initiation, standard, id } = decision
    const { title, question, benefits, options, subject, commitBy, revealBy, revises, supersedes } =
      initiation
    const { stage, waitsFor, spoken, needed } = progressOf(decision, Date.now())
    const outcome = outcomeOfDecision(decision)
    return {
      id,
      space: toHex(space.id),
      title,
      question,
      benefits,
      options: options.map(option => ({ title: option.title, text: option.text })),
      method: standard.rule.method,
      ...(subject && { subject }),
      policySealed: isSealed(space, standard.policy),
      startedBy: nameOf(this.#parts, initiation.company),
      commitBy,
      revealBy,
      stage,
      waitsFor: waitsFor.map(elector => this.#electorName(decision, elector)),
      spoken,
      needed,
      electors: [...standard.policy.electors.keys()].map(elector => this.#elector(decision, elector)),
      ...(outcome && { outcome }),
      rationales: decision.rationales.map(({ payload }) => payload.text),
      mediation: this.#mediation(decision),
      ...(revises && { revises: revises.decision }),
      ...(supersedes !== undefined && { supersedes }),
      own: this.#own(decision)
    }
  }

  #electorName({ standard }: Decision, elector: number): string {
    const { company, role } = standard.policy.electors[elector] as Policy['electors'][number]
    return `${role} of ${nameOf(this.#parts, company)}`
  }

  #elector(decision: Decision, elector: number): ElectorJson {
    const { company, role, weight } = decision.standard.policy.electors[elector] as Policy['electors'][number]
    const isOwn = ({ payload }: Message) => decision.electorOf(payload) === elector
    const commitments = decision.of('decision-commitment.v1').filter(isOwn)
    const ballot = decision.settled
      ? decision.settled.ballots[elector]
      : decision.ballots(decision.revealed)[elector]
    return {
      company: companyJson(company, this.#parts.directory.identities.get(company)),
      role,
      weight,
      committed: commitments.length > 0,
      ...(ballot && { ballot: shownBallot(ballot) }),
      divided: new Set(commitments.map(({ payload }) => payload.key)).size > 1,
      equivocated: decision.equivocations.some(proof => proof.elector === elector)
    }
  }

  #mediation(decision: Decision): DecisionJson['mediation'] {
    const needed = decision.standard.quorums.close
    return (decision.mediation?.proposals ?? []).map(({ id, record, weight, messages }) => {
      const companies = messages.map(({ payload }) => nameOf(this.#parts, payload.company))
      return { id, record, weight, needed, companies }
    })
  }

  #own(decision: Decision): DecisionJson['own'] {
    return this.#parts.roles
      .filter(role => decision.electorOf(role.certificate) !== undefined && canVote(role))
      .map(({ certificate, publicKey }) => ({
        role: certificate.role,
        voted: decision.saidBy('decision-commitment.v1', publicKey.multikey).length > 0
      }))
  }
}

function shownBallot({
  choice,
  option,
  scores,
  rationale,
  objection
}: Ballot): NonNullable<ElectorJson['ballot']> {
  return {
    choice,
    scores,
    rationale,
    ...(option !== undefined && { option }),
    ...(objection && { objection })
  }
}

/** AGR-4: the digest of the policy's one spelling is among the attachments. */
function isSealed(space: SpaceLog, policy: Policy): boolean {
  const digest = digestOf(policy)
  return agreementOf(space).inForce?.terms.attachments.some(({ sha256 }) => sha256 === digest) ?? false
}

function policyOf(json: object): Policy {
  const shape = PolicySchema.safeParse(json)
  if (!shape.success) throw misshaped('policy-shape', shape.error.issues[0])
  const wrong = checkPolicy(shape.data)
  if (wrong) throw refused(wrong, 'Correct the policy: parley policy check FILE')
  return shape.data
}

function misshaped(code: string, issue: { path: PropertyKey[]; message: string } | undefined): NodeError {
  const where = issue?.path.map(String).join('.') ?? ''
  return new NodeError(
    code,
    `${where || 'it'}: ${issue?.message ?? 'wrong'}`,
    'Correct it; nothing was sent.'
  )
}
