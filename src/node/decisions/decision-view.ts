// A decision as people see it. protocols/decision.
import { agreementOf } from '../../artifacts/agreement.ts'
import { outcomeOfDecision } from '../../decision/certificate.ts'
import type { Decision } from '../../decision/decision.ts'
import { type Message, digestOf } from '../../decision/message.ts'
import type { Policy } from '../../decision/policy.ts'
import { progressOf } from '../../decision/progress.ts'
import type { Ballot } from '../../decision/schema.ts'
import type { SpaceLog } from '../../identity/space-log.ts'
import type { HeldDecision } from '../../sync/decision-book.ts'
import { toHex } from '../../wire/bytes.ts'
import type { DecisionJson, ElectorJson } from '../surface/decision-json.ts'
import { canVote, speakerOf } from './electors.ts'
import { type Parts, companyJson, nameOf } from '../parts/parts.ts'

export function decisionJson(parts: Parts, { decision, space }: HeldDecision): DecisionJson {
  const { initiation, standard, id } = decision
  const { title, question, benefits, options, subject, commitBy, revealBy, revises, supersedes } = initiation
  const { stage, waitsFor, spoken, needed } = progressOf(decision, Date.now())
  const outcome = outcomeOfDecision(decision)
  return {
    id,
    space: toHex(space.id),
    title,
    question,
    benefits,
    options: options.map(({ title: name, text, plan }) => ({ title: name, text, ...(plan && { plan }) })),
    policy: standard.policy.title,
    criteria: standard.policy.criteria.map(criterion => ({ ...criterion, anchors: [...criterion.anchors] })),
    method: standard.rule.method,
    ...(subject && { subject }),
    policySealed: isSealed(space, standard.policy),
    startedBy: nameOf(parts, initiation.company),
    commitBy,
    revealBy,
    stage,
    waitsFor: waitsFor.map(elector => electorName(parts, decision, elector)),
    spoken,
    needed,
    electors: [...standard.policy.electors.keys()].map(elector => electorJson(parts, decision, elector)),
    ...(outcome && { outcome }),
    rationales: decision.rationales.map(({ payload }) => payload.text),
    mediation: mediationJson(parts, decision),
    ...(revises && { revises: revises.decision }),
    ...(supersedes !== undefined && { supersedes }),
    own: ownJson(parts, decision)
  }
}

function electorName(parts: Parts, { standard }: Decision, elector: number): string {
  const { company, role } = standard.policy.electors[elector] as Policy['electors'][number]
  return `${role} of ${nameOf(parts, company)}`
}

function electorJson(parts: Parts, decision: Decision, elector: number): ElectorJson {
  const { company, role, weight } = decision.standard.policy.electors[elector] as Policy['electors'][number]
  const isOwn = ({ payload }: Message) => decision.electorOf(payload) === elector
  const commitments = decision.of('decision-commitment.v1').filter(isOwn)
  const ballot = decision.settled
    ? decision.settled.ballots[elector]
    : decision.ballots(decision.revealed)[elector]
  return {
    company: companyJson(company, parts.directory.identities.get(company)),
    role,
    weight,
    committed: commitments.length > 0,
    ...(ballot && { ballot: shownBallot(ballot) }),
    divided: new Set(commitments.map(({ payload }) => payload.key)).size > 1,
    equivocated: decision.equivocations.some(proof => proof.elector === elector)
  }
}

function mediationJson(parts: Parts, decision: Decision): DecisionJson['mediation'] {
  const needed = decision.standard.quorums.close
  return (decision.mediation?.proposals ?? []).map(({ id, record, weight, messages }) => {
    const companies = messages.map(({ payload }) => nameOf(parts, payload.company))
    return { id, record, weight, needed, companies }
  })
}

function ownJson(parts: Parts, decision: Decision): DecisionJson['own'] {
  return parts.roles
    .filter(role => decision.electorOf(role.certificate) !== undefined && canVote(role))
    .map(role => ({
      role: role.certificate.role,
      voted: decision.saidBy('decision-commitment.v1', speakerOf(role)).length > 0
    }))
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
