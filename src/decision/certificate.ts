// Makes the certificate of a settled decision from the messages at hand; nobody's leave is needed.
// protocols/decision, section 7.
import type { CompanyIdentity } from '../identity/company-identity.ts'
import { Reject } from '../wire/reject.ts'
import { type Group, encodeCertificate } from './certificate-file.ts'
import { type Decision } from './decision.ts'
import type { IdentityOf, Message } from './message.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import type { Final, Judged, Rounds } from './rounds.ts'

/** What the messages of a decision have come to, once it is settled. */
export function outcomeOfDecision(decision: Decision): Outcome | undefined {
  const { settled, initiation, standard, mediation } = decision
  if (!settled) return undefined
  return outcomeOf(initiation, standard, settled, mediation?.agreed?.record)
}

/**
 * @param before the mediation messages that the initiation names, where it revises a decision
 * @returns the file, or what is missing for it
 */
export function certify(
  decision: Decision,
  identityOf: IdentityOf,
  before: readonly Message<'decision-mediation.v1'>[] = []
): Uint8Array | Reject {
  const { settled, closed, initiation } = decision
  const outcome = outcomeOfDecision(decision)
  if (!settled || !closed || !outcome) return missing('the decision is not settled yet')
  if (decision.lacksRationale)
    return missing('a rationale is missing: the scores recommend something else, and nobody has said why not')
  const named = initiation.revises?.mediation ?? []
  const revised = before.filter(({ id }) => named.includes(id))
  if (revised.length < named.length) return missing('the mediation that it revises is not at hand')
  const pick = (ids: Iterable<string>) =>
    [...new Set(ids)].sort().map(id => decision.messages.get(id) as Message)
  const commitments = pick(closed.set) as Message<'decision-commitment.v1'>[]
  // A commitment was closed without its context: one that names nothing, or no context, must not prevent the file.
  const contexts = pick(commitments.flatMap(({ payload }) => payload.context ?? [])).filter(
    message => message?.kind === 'decision-context.v1'
  )
  const groups: { [group in Group]: readonly Message[] } = {
    initiation: pick([decision.id]),
    before: revised.toSorted(byId),
    contexts,
    commitments,
    closes: pick(evidenceOf(decision.closing, closed)),
    reveals: pick(settled.final.set),
    settles: pick(evidenceOf(decision.settling, settled.final)),
    rationales: outcome.against ? decision.rationales.slice(0, 1) : [],
    mediations: (decision.mediation?.agreed?.messages ?? []).toSorted(byId)
  }
  return encodeCertificate({
    decision: decision.id,
    messages: Object.fromEntries(
      Object.entries(groups).map(([name, messages]) => [name, messages.map(({ record }) => record.document)])
    ) as { [group in Group]: Uint8Array[] },
    ...rightsOf(Object.values(groups).flat(), identityOf),
    outcome
  })
}

/** Ids of the statements that make a value final, and of those that carry it before. */
function evidenceOf(rounds: Rounds, { statements }: Final): string[] {
  return statements.flatMap((statement: Judged) => [
    statement.id,
    ...rounds.carriersFor(statement).map(({ id }) => id)
  ])
}

/** The certificates of all signers, and the logs that these need. */
function rightsOf(messages: readonly Message[], identityOf: IdentityOf) {
  const byId = new Map(messages.map(({ payload, record }) => [payload.certificate, record.certificate]))
  const needed = new Map<string, Set<string>>()
  for (const { payload, certificate } of messages) {
    const versions = needed.get(payload.company) ?? new Set()
    needed.set(payload.company, versions.add(certificate.issuer))
  }
  return {
    certificates: [...byId].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, bytes]) => bytes),
    identities: [...needed]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([did, versions]) => cutLog(identityOf(did) as CompanyIdentity, versions))
  }
}

/** An identity log up to the last of some versions. */
export function cutLog({ versions, log }: CompanyIdentity, needed: ReadonlySet<string>): Uint8Array {
  const ends = [...versions].filter(([id]) => needed.has(id)).map(([, { endsAt }]) => endsAt)
  return log.slice(0, Math.max(...ends))
}

function byId(a: Message, b: Message): number {
  return a.id < b.id ? -1 : 1
}

function missing(detail: string): Reject {
  return new Reject('certificate-incomplete', detail, false)
}
