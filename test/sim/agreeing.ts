// What honest people do about agreements: propose, approve, turn down, suspend, resume, and end them. Each company's
// own node says its words, once it has heard what there is to answer.
import { type TermsBody, encodeTerms, revisionId } from '../../src/artifacts/agreement-terms.ts'
import { ARTIFACT_KINDS } from '../../src/artifacts/layouts.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'
import type { EntryAct } from '../../src/wire/space-entry.ts'
import { approve as approvalOf, partiesOf, termsOf } from './agreement.ts'
import { settleUp } from './gifts.ts'
import type { Member, SimSpace } from './members.ts'
import { isComer } from './plan.ts'
import type { Random } from './random.ts'
import type { Revision, Treaty } from './treaty.ts'
import { type OpenLog, keysOf, logsOf, sign } from './chain.ts'
import type { Simulation } from './world.ts'

/** Enough for chains of amendments with rivals; more would only be more of the same. */
const REVISIONS_MAX = 14

// ---- words ---------------------------------------------------------------------------------------------------

export function proposal(sim: Simulation, terms: TermsBody): EntryAct {
  const bytes = encodeTerms(terms)
  sim.treaties.fit(bytes, terms)
  return { kind: 'propose', terms: bytes }
}

/** The approval of a company, under its role key. */
export function approval(sim: Simulation, member: Member, log: SpaceLog, terms: TermsBody): EntryAct {
  const { company } = member.node
  const act = approvalOf(log, company, { terms }) as Extract<EntryAct, { kind: 'approve' }>
  const signer = company.role.publicKey.bytes
  const place = { space: toHex(log.id), revision: act.revision, company: company.identity.did, signer }
  sim.treaties.good(act.document, place)
  return act
}

export function rejection({ id }: Pick<Revision, 'id'>): EntryAct {
  return { kind: 'reject', revision: fromHex(id) as Uint8Array, reason: 'not so' }
}

// ---- the first agreement ---------------------------------------------------------------------------------------

/** Proposed by the company that founded the space. */
export function proposeFirst(sim: Simulation, member: Member, space: SimSpace): void {
  const log = member.node.space(space.id) as SpaceLog
  const terms = termsOf(log, {
    ...(sim.plan.reciprocal && { reciprocity: [ruleFor(sim.random)] }),
    ...(sim.plan.admits && { amendment: easily(sim, log.founders.length) })
  })
  const act = proposal(sim, terms)
  if (sign(sim, member, log, act)) space.first = toHex(revisionId(encodeTerms(terms)))
}

/** So that some can admit others without those who lie, or one who lies alone. */
function easily({ plan, random }: Simulation, founders: number): TermsBody['amendment'] {
  const alone = plan.liars > 0 && founders === plan.companies && random.chance(0.5)
  const weights = Array.from({ length: founders }, (_, i) => (!alone || i === founders - 1 ? 1 : 0))
  return { threshold: alone ? 1 : Math.floor(founders / 2) + 1, weights }
}

function ruleFor(random: Random): TermsBody['reciprocity'][0] {
  const [maxExposure, soleSender] = [1 + random.below(3), random.chance(0.3)]
  return { kind: 'StandardsDoc.v1', maxExposure, soleSender, unit: 'document' }
}

/** Once it has been heard of. @returns whether this company's word stands */
export function approveFirst(sim: Simulation, member: Member, space: SimSpace): boolean {
  const log = member.node.space(space.id)
  if (!log) return false
  const treaty = sim.treaties.of(log)
  const first = treaty.revisions.find(({ id }) => id === space.first)
  const own = log.companyOf(member.node.company.identity.did) as number
  if (!first || !log.head(own) || log.forkOf(own)) return false
  if (treaty.answered[own]?.has(first.id)) return true
  return sign(sim, member, log, approval(sim, member, log, first.terms))
}

// ---- later -------------------------------------------------------------------------------------------------------

/** An amendment of what is in force, or a rival of the first text while nothing is. */
export function amend(sim: Simulation, member: Member): number {
  const found = somewhere(sim, member)
  if (!found || !sim.plan.amends || found.treaty.revisions.length >= REVISIONS_MAX) return 0
  const { log, treaty } = found
  if (!treaty.inForce && sim.random.chance(0.8)) return 0
  sign(sim, member, log, proposal(sim, amendedTerms(sim.random, log, treaty)))
  return 0
}

export function amendedTerms(random: Random, log: SpaceLog, { inForce, revisions }: Treaty): TermsBody {
  const amendment = weigh(random, log.parties.length)
  const left = random.pick(ARTIFACT_KINDS)
  const kinds = random.chance(0.7) ? ARTIFACT_KINDS : ARTIFACT_KINDS.filter(kind => kind !== left)
  const sealed = revisions.filter(revision => revision.sealed)
  // Now and then something that others have passed by.
  const before = random.chance(0.85) ? inForce : (random.pick([undefined, ...sealed]) ?? inForce)
  const parties = before?.terms.parties ?? partiesOf(log.founders)
  return termsOf(log, {
    amendment: parties.length === log.parties.length ? amendment : weigh(random, parties.length),
    parties,
    scope: {
      classes: random.chance(0.95) ? ['public', 'shared-confidential'] : ['public'],
      kinds: [...kinds],
      topics: []
    },
    roles: random.chance(0.96) ? ['CTO', 'CEO'] : ['CFO'],
    title: `Draft ${random.below(1_000_000)}`,
    ...(before && { number: before.terms.number + 1, before: before.id }),
    ...(random.chance(0.15) && { ends: '2026-02-15' }),
    // Only where a rule was to begin with.
    ...(revisions.some(({ terms }) => terms.reciprocity.length > 0) && {
      reciprocity: random.chance(0.85) ? [ruleFor(random)] : []
    })
  })
}

function weigh(random: Random, parties: number): TermsBody['amendment'] {
  const weights = Array.from({ length: parties }, () => random.below(4))
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  const fair = all === 0 ? weights.map(() => 1) : weights
  const sum = fair.reduce((a, b) => a + b, 0)
  const least = Math.floor(sum / 2) + 1
  return { threshold: least + random.below(sum - least + 1), weights: fair }
}

// ---- who comes later ---------------------------------------------------------------------------------------------

/** The same terms, and one company more; where they are the first, or have it already, as they are. */
export function admitting(random: Random, terms: TermsBody, did: string): TermsBody {
  const dids = terms.parties.map(({ company }) => company)
  if (terms.number === 1 || dids.includes(did)) return terms
  const parties = partiesOf([...dids, did])
  return { ...terms, parties, admits: 1, amendment: weigh(random, parties.length) }
}

/** An amendment that names one of those who wait outside. */
export function admit(sim: Simulation, member: Member): number {
  const found = somewhere(sim, member)
  const outside = sim.members.filter(({ company }) => isComer(sim.plan, company))
  if (!found || found.space !== sim.spaces[0] || outside.length === 0) return 0
  const { log, treaty } = found
  const waits = treaty.revisions.some(
    ({ terms, sealed, dead }) => terms.admits !== undefined && !sealed && !dead
  )
  const next = outside.find(({ node }) => !treaty.parties.includes(node.company.identity.did))
  if (!treaty.inForce || waits || !next || treaty.revisions.length >= REVISIONS_MAX) return 0
  const terms = {
    ...treaty.inForce.terms,
    number: treaty.inForce.terms.number + 1,
    before: treaty.inForce.id
  }
  const { admits: _before, ...rest } = terms
  const act = proposal(sim, admitting(sim.random, rest, next.node.company.identity.did))
  sign(sim, member, log, act)
  return 0
}

/** Who was admitted accepts, and then approves what is in force. */
export function comeIn(sim: Simulation, member: Member): number {
  const [space] = sim.spaces
  const log = space && member.node.space(space.id)
  if (!log || !space || !member.speaks || member.node.failing) return 0
  const { identity, roleCertificate } = member.node.company
  const company = log.companyOf(identity.did)
  if (company === undefined || log.forkOf(company)) return 0
  const revision = log.admission(company)
  if (!log.accepted(company) && revision) {
    const certificates = [roleCertificate]
    const act: EntryAct = { kind: 'accept', rootVersion: identity.head, certificates, revision }
    if (sign(sim, member, log, act)) space.accepted.add(member.company)
    return 0
  }
  const { inForce, answered } = sim.treaties.of(log)
  if (
    !inForce ||
    answered[company]?.has(inForce.id) ||
    !keysOf(sim, member, space).includes(member.node.company.role)
  )
    return 0
  const isNamed = inForce.terms.parties[company]?.company === identity.did
  if (isNamed) sign(sim, member, log, approval(sim, member, log, inForce.terms))
  return 0
}

/** Says yes or no to something that others propose. */
export function answer(sim: Simulation, member: Member): number {
  const found = somewhere(sim, member)
  if (!found) return 0
  const { log, space, company, treaty } = found
  const open = treaty.revisions.filter(({ id }) => !treaty.answered[company]?.has(id))
  if (open.length === 0) return 0
  const first = open.find(({ id }) => id === space.first)
  const admission = open.find(({ terms, sealed }) => terms.admits !== undefined && !sealed)
  const revision = first ?? admission ?? sim.random.pick(open)
  const isBound = treaty.revisions.some(
    other =>
      other !== revision &&
      treaty.answered[company]?.has(other.id) &&
      !other.rejections.has(company) &&
      !other.dead &&
      other.terms.before === revision.terms.before
  )
  // Who is bound turns the rival down, or says a word that is nothing as yet.
  const yes = first !== undefined || sim.random.chance(isBound ? 0.3 : admission ? 0.95 : 0.85)
  sign(sim, member, log, yes ? approval(sim, member, log, revision.terms) : rejection(revision))
  return 0
}

export function suspend(sim: Simulation, member: Member): number {
  const found = somewhere(sim, member)
  if (!found || found.treaty.suspended.has(found.company)) return 0
  sign(sim, member, found.log, { kind: 'suspend', reason: 'an audit' })
  return 0
}

export function resume(sim: Simulation, member: Member): number {
  for (const { log, company } of logsOf(sim, member))
    if (sim.treaties.of(log).suspended.has(company)) sign(sim, member, log, { kind: 'resume' })
  return 0
}

export function terminate(sim: Simulation, member: Member): number {
  const found = sim.plan.ends && sim.late ? somewhere(sim, member) : undefined
  if (found && !found.treaty.ended.has(found.company))
    sign(sim, member, found.log, { kind: 'terminate', reason: 'sold' })
  return 0
}

/** Most of what is open comes to an end, so that there is something left to flow. */
export function conclude(sim: Simulation, member: Member): void {
  if (isComer(sim.plan, member.company)) for (let i = 0; i < 2; i++) comeIn(sim, member)
  for (const { space } of logsOf(sim, member)) approveFirst(sim, member, space)
  for (let i = 0; i < 3; i++) if (sim.random.chance(0.6)) answer(sim, member)
  if (sim.random.chance(0.8)) resume(sim, member)
  if (sim.plan.reciprocal) settleUp(sim, member)
}

function somewhere(sim: Simulation, member: Member): (OpenLog & { treaty: Treaty }) | undefined {
  if (member.node.failing) return undefined
  const logs = logsOf(sim, member).filter(({ log }) => log.parties.length > 1)
  if (logs.length === 0) return undefined
  const found = sim.random.pick(logs)
  return { ...found, treaty: sim.treaties.of(found.log) }
}
