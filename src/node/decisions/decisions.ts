// What this node's people do about decisions: begin, vote, explain, mediate, take the certificate home.
// protocols/decision.
import { checkBallot } from '../../decision/ballot.ts'
import { certify } from '../../decision/certificate.ts'
import { settledDigest } from '../../decision/decision.ts'
import { encodeEquivocation } from '../../decision/equivocation.ts'
import { plain } from '../../decision/message.ts'
import { type Policy, PolicySchema, checkPolicy } from '../../decision/policy.ts'
import {
  BallotSchema,
  type Initiation,
  InitiationSchema,
  type MediationRecord,
  RecordSchema,
  type Subject
} from '../../decision/schema.ts'
import { printTime } from '../../identity/document-text.ts'
import type { SpaceLog } from '../../identity/space-log.ts'
import type { HeldDecision } from '../../sync/decision-book.ts'
import { fromUtf8, toHex } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import type { BallotRequest, DecisionJson, ProofJson, TopicRequest } from '../surface/decision-json.ts'
import { decisionJson } from './decision-view.ts'
import { type Electors, speakerOf } from './electors.ts'
import type { Library } from '../editing/library.ts'
import { type Parts, type RoleSigner, nameOf, refused, shortOf } from '../parts/parts.ts'
import type { Rooms } from '../spaces/rooms.ts'
import type { Scorings } from './scorings.ts'
import type { Voters } from './voters.ts'

const HOUR_MS = 3_600_000

export interface DecisionParts {
  rooms: Rooms
  library: Library
  electors: Electors
  voters: Voters
  scorings: Scorings
}

export class Decisions {
  readonly #parts: Parts
  readonly #rooms: Rooms
  readonly #library: Library
  readonly #electors: Electors
  readonly #voters: Voters
  readonly #scorings: Scorings
  readonly #random: (bytes: number) => Uint8Array

  constructor(
    parts: Parts,
    { rooms, library, electors, voters, scorings }: DecisionParts,
    random: (bytes: number) => Uint8Array
  ) {
    this.#parts = parts
    this.#rooms = rooms
    this.#library = library
    this.#electors = electors
    this.#voters = voters
    this.#scorings = scorings
    this.#random = random
  }

  list(): DecisionJson[] {
    const all = [...this.#voters.book.all()].map(held => decisionJson(this.#parts, held))
    return all.sort((a, b) => (a.commitBy < b.commitBy ? 1 : -1))
  }

  show(prefix: string): DecisionJson {
    return decisionJson(this.#parts, this.#voters.find(prefix))
  }

  // ---- what people do ---------------------------------------------------------------------------

  /** @throws NodeError `policy-*`, `initiation-*`, `role-missing`, `voice-missing` */
  async begin(prefix: string, request: TopicRequest): Promise<DecisionJson> {
    const space = this.#rooms.find(prefix)
    const policy = policyOf(request.policy)
    const role = this.#voters.voterFor(policy)
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
      voices: policy.electors.map(elector => this.#voters.voiceOf(space, elector, role)),
      commitBy: printTime(commitBy),
      revealBy: printTime(revealBy),
      ...(request.subject && { subject: await this.#subject(space, request.subject) }),
      ...(request.revises !== undefined && { revises: this.#revised(request.revises) }),
      ...(request.supersedes !== undefined && {
        supersedes: this.#voters.find(request.supersedes).decision.id
      })
    }
    const shape = InitiationSchema.partial().safeParse(plain(body))
    if (!shape.success) throw misshaped('initiation-shape', shape.error.issues[0])
    const said = await this.#electors.say(role, 'decision-initiation.v1', body)
    this.#electors.look(said.id)
    return this.show(said.id)
  }

  /** @throws NodeError `ballot-*`, `decision-closed`, `role-missing`, and those of `assertEndable` */
  async vote(prefix: string, request: BallotRequest): Promise<DecisionJson> {
    const held = this.#voters.find(prefix)
    const { decision } = held
    if (decision.closed)
      throw new NodeError(
        'decision-closed',
        'the commitments are closed',
        `Its outcome: parley decision show ${shortOf(decision)}`
      )
    const role = this.#voters.voterIn(decision, request.role)
    if (decision.saidBy('decision-commitment.v1', speakerOf(role)).length > 0)
      throw new NodeError(
        'ballot-cast',
        'this key has voted already',
        'A ballot cannot be changed once it is committed.'
      )
    this.#voters.assertEndable(held, role)
    const { basis, ballot } = this.#ballotOf(held, role, request)
    const shape = BallotSchema.safeParse(ballot)
    if (!shape.success) throw misshaped('ballot-shape', shape.error.issues[0])
    const wrong = checkBallot(shape.data, decision.initiation, decision.standard.rule)
    if (wrong) throw refused(wrong, 'Correct the ballot, and vote again; nothing was sent.')
    const context =
      basis?.commitment === undefined ? undefined : await this.#bind(held, role, basis.commitment)
    const secret = { salt: toHex(this.#random(32)), ballot: shape.data }
    await this.#electors.commit(role, decision.id, secret, context)
    // Voted upon or not, nobody needs more of them.
    await this.#scorings.close(decision.id, role.certificate.role)
    return this.show(decision.id)
  }

  #ballotOf(held: HeldDecision, role: RoleSigner, request: BallotRequest) {
    const { company, role: name } = role.certificate
    const { choice, option, rationale = '', objection, scored } = request
    const basis = scored === undefined ? undefined : this.#scorings.basis(held, name, scored)
    const ballot = plain({
      choice,
      option,
      scores: basis?.scores ?? request.scores ?? [],
      rationale,
      objection,
      company,
      role: name,
      key: role.publicKey.multikey,
      decision: held.decision.id,
      evaluator: basis?.evaluator
    })
    return { basis, ballot }
  }

  /** Binds the company to what its scorer read: one context for each key, and a second one would accuse it (DEC-8). */
  async #bind({ decision }: HeldDecision, role: RoleSigner, commitment: string): Promise<string> {
    const [said] = decision.saidBy('decision-context.v1', speakerOf(role))
    if (!said)
      return (await this.#electors.say(role, 'decision-context.v1', { decision: decision.id, commitment })).id
    if (said.payload.commitment === commitment) return said.id
    throw new NodeError(
      'context-said',
      'another context was committed to in this decision before, and it cannot be changed',
      `Vote without the record: parley decision vote ${shortOf(decision)} CHOICE --score 1.CRITERION=4`
    )
  }

  /** Why we decide otherwise than the scores recommend. */
  async explain(prefix: string, text: string): Promise<DecisionJson> {
    const { decision } = this.#voters.find(prefix)
    const role = this.#voters.voterIn(decision)
    await this.#electors.say(role, 'decision-rationale.v1', { decision: decision.id, text })
    return this.show(decision.id)
  }

  /** @throws NodeError `decision-open` while there is nothing to mediate, `role-missing` */
  async mediate(prefix: string, record: MediationRecord): Promise<DecisionJson> {
    const { decision } = this.#voters.find(prefix)
    const { settled } = decision
    if (!settled || settled.tally.approved !== undefined)
      throw new NodeError(
        'decision-open',
        'there is nothing to mediate',
        `How far it is: parley decision show ${shortOf(decision)}`
      )
    const shape = RecordSchema.safeParse(plain(record))
    if (!shape.success) throw misshaped('document-shape', shape.error.issues[0])
    const role = this.#parts.roles.find(
      ({ certificate }) => certificate.role === 'CEO' && certificate.powers.includes('mediate')
    )
    if (!role)
      throw new NodeError(
        'role-missing',
        'no CEO key that may mediate is unlocked here',
        'Make one: parley role enrol CEO --holder NAME, then parley role certify REQUEST'
      )
    const body = { decision: decision.id, settled: settledDigest(settled.final), record: shape.data }
    await this.#electors.say(role, 'decision-mediation.v1', body)
    return this.show(decision.id)
  }

  /** What convicts those who said two things, each a file of its own. DEC-31 */
  proofs(prefix: string): ProofJson[] {
    const { decision } = this.#voters.find(prefix)
    const { identityOf } = this.#parts.directory
    return decision.equivocations.flatMap(proof => {
      const bytes = encodeEquivocation(proof, identityOf)
      if (!bytes) return []
      const { company, role } = proof.messages[0].payload
      return [
        { company: nameOf(this.#parts, company), role, kind: proof.messages[0].kind, proof: fromUtf8(bytes) }
      ]
    })
  }

  /** JointGovernanceDecision.v1. @throws NodeError `certificate-incomplete` */
  async *certificate(prefix: string): AsyncGenerator<Uint8Array> {
    const { decision } = this.#voters.find(prefix)
    const { revises } = decision.initiation
    const before = revises && this.#voters.book.get(revises.decision)?.decision
    const file = certify(
      decision,
      this.#parts.directory.identityOf,
      before?.of('decision-mediation.v1') ?? []
    )
    if (isReject(file)) throw refused(file, `See how far it is: parley decision show ${shortOf(decision)}`)
    yield file
  }

  // ---- who and what ----------------------------------------------------------------------------

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
    const { decision } = this.#voters.find(prefix)
    const agreed = decision.mediation?.agreed
    if (agreed && agreed.record.outcome !== 'lapse')
      return { decision: decision.id, mediation: agreed.messages.map(({ id }) => id).sort() }
    const next = `The CEO roles agree first: parley decision mediate ${shortOf(decision)}`
    throw new NodeError('mediation-missing', 'no mediation asks for a new vote on it', next)
  }
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
