// What happens among honest parties: the terms come into force, everything flows where it should and nowhere else,
// one sleeps, logs are witnessed, one leaves. protocols/sandbox, section 2.
import { type Agreement, agreementOf } from '../artifacts/agreement.ts'
import { encodeTerms, revisionId } from '../artifacts/agreement-terms.ts'
import { ARTIFACT_KINDS, type ArtifactKind } from '../artifacts/layouts.ts'
import { ROLES } from '../identity/certificate-schema.ts'
import type { HeldFacet } from '../sync/context.ts'
import { toHex } from '../wire/bytes.ts'
import { DATA_CLASSES, type DataClass } from '../wire/data-class.ts'
import type { StandIn } from './stand-in.ts'
import { type Line, type Naming, amber, change, fault, green, red } from './verdict.ts'
import type { World } from './world.ts'

/** A round of cosigning, and the answers. */
const COSIGNED_MS = 25_000

export function nameOf(world: World, { index }: StandIn): string {
  return world.play.terms.parties[index]?.name ?? 'a stranger'
}

export function namesOf(world: World, parties: readonly StandIn[]): string {
  return parties.map(party => nameOf(world, party)).join(', ')
}

export function others(world: World, ...without: StandIn[]): StandIn[] {
  return world.parties.filter(party => !without.includes(party))
}

/** The kind of which a confidential document is to reach the others, if there is one. */
export function sharedKind({ play: { terms, pairing } }: World): ArtifactKind | undefined {
  const isShared = terms.scope.classes.includes('shared-confidential')
  const isCovered = isShared && terms.roles.some(role => role === pairing)
  return isCovered ? terms.scope.kinds[0] : undefined
}

export function inForce(world: World, naming: Naming): Line {
  const wanted = toHex(revisionId(encodeTerms(world.terms())))
  world.seal()
  const lacking = world.parties.filter(party => world.inForce(party) !== wanted)
  const clause = 'parties'
  if (lacking.length === 0)
    return green(
      'in-force',
      clause,
      `Once ${namesOf(world, world.parties)} approve, the terms are in force for each.`
    )
  const log = (lacking[0] as StandIn).space(world.space)
  const why = log && unfitOf(agreementOf(log))
  const says = `With the approval of everybody the terms are not in force${why ?? ''}.`
  return red('in-force', clause, says, `parley agreement check ${naming.again}`)
}

function unfitOf({ unfit }: Agreement): string | undefined {
  return unfit[0] && `: ${unfit[0].why.detail}`
}

interface Written {
  kind: ArtifactKind
  class: DataClass
  owner: StandIn
  held: HeldFacet
}

/** A document of every kind and class, and who has it. */
export function flows(world: World, naming: Naming): Line[] {
  const { parties, play } = world
  const written = ARTIFACT_KINDS.flatMap((kind, i) =>
    DATA_CLASSES.map((dataClass): Written => {
      const owner = parties[i % parties.length] as StandIn
      return { kind, class: dataClass, owner, held: owner.writes(world.space, kind, dataClass) }
    })
  )
  world.settle()
  world.settle()
  const { scope } = play.terms
  const isIn = ({ kind }: Written) => scope.kinds.includes(kind)
  const of = (dataClass: DataClass) => written.filter(one => one.class === dataClass)
  const confidential = of('shared-confidential')
  // What is drafted as an agreement is not under it.
  const outside = confidential.filter(
    one => one.kind !== 'PeerAgreement.v1' && !(isIn(one) && sharedKind(world))
  )
  return [
    ...confidential.filter(isIn).map(one => within(world, naming, one)),
    stays(world, 'outside', 'scope.kinds', outside, 'Confidential documents that the scope does not name'),
    stays(world, 'private', 'confidentiality', of('private'), 'Private documents'),
    publicly(world, of('public')),
    strangers(world, written)
  ]
}

function within(world: World, naming: Naming, { kind, owner, held }: Written): Line {
  const { terms, pairing } = world.play
  const lacking = others(world, owner).filter(party => !party.holds(held))
  const who = nameOf(world, owner)
  if (!terms.scope.classes.includes('shared-confidential'))
    return green('flow', 'scope.classes', `${kind} is shared in public only, as the scope says.`)
  if (!sharedKind(world))
    return red(
      'flow',
      'roles',
      `${kind} of ${who} reaches nobody: the space pairs ${pairing} with ${pairing}, and the roles do not name it.`,
      change(naming, 'roles', `scope.roles:='["${pairing}"]'`)
    )
  if (terms.reciprocity.find(rule => rule.kind === kind)?.maxExposure === 0)
    return red(
      'flow',
      'reciprocity',
      `${kind} of ${who} reaches nobody: under the rule of reciprocity nobody may give first.`,
      change(naming, 'reciprocity', 'reciprocity.ID.maxExposure=1')
    )
  if (lacking.length === 0)
    return green(
      'flow',
      'scope.kinds',
      `${kind}, written by ${who} in confidence, reaches every other party.`
    )
  return fault(
    'flow',
    'scope.kinds',
    `${kind} of ${who} did not reach ${namesOf(world, lacking)}.`,
    world.play
  )
}

function stays(
  world: World,
  scene: 'outside' | 'private',
  clause: string,
  written: readonly Written[],
  what: string
): Line {
  const strayed = written.filter(({ owner, held }) => others(world, owner).some(party => party.holds(held)))
  const kinds = (all: readonly Written[]) => all.map(({ kind }) => kind).join(', ')
  if (strayed.length > 0)
    return fault(scene, clause, `${what} left their author: ${kinds(strayed)}.`, world.play)
  if (written.length === 0)
    return green(scene, clause, 'The scope names every kind: nothing confidential is outside it.')
  return green(scene, clause, `${what} stay with their author, of each of ${written.length} kinds.`)
}

function publicly(world: World, written: readonly Written[]): Line {
  const lacking = written.filter(({ owner, held }) => others(world, owner).some(party => !party.holds(held)))
  const clause = 'scope.classes'
  if (lacking.length > 0)
    return fault('public', clause, `Public ${lacking[0]?.kind} did not reach every party.`, world.play)
  if (world.play.terms.scope.classes.includes('public'))
    return green('public', clause, 'What is public reaches every party.')
  return amber(
    'public',
    clause,
    'Public documents reach every party although the scope does not name the class: what a company makes public, it gives.',
    'Make documents of the class that is meant: parley new KIND TITLE --class shared-confidential'
  )
}

function strangers(world: World, written: readonly Written[]): Line {
  const ids = [world.space, ...written.map(({ held }) => held.facet.id)]
  // The stand-in would ignore a space that is not its own: what counts is what it was told.
  const wasTold = world.outsider.heard?.some(frame =>
    ids.some(id => Buffer.from(frame).includes(Buffer.from(id)))
  )
  if (wasTold)
    return fault('stranger', 'parties', 'A company that is no party learned of the space.', world.play)
  return green(
    'stranger',
    'parties',
    'A company that is no party gets nothing, and does not learn that the space is there.'
  )
}

/** A space that pairs another role, under the same terms. */
export function otherRole(world: World): Line {
  const { roles } = world.play.terms
  const clause = 'roles'
  const other = ROLES.find(role => !roles.includes(role))
  if (!other) return green('role', clause, 'The roles are all that there are.')
  const space = world.found(other)
  world.seal(world.terms(space), space)
  const [first] = world.parties as [StandIn]
  const held = first.writes(space, world.play.terms.scope.kinds[0] as ArtifactKind, 'shared-confidential')
  world.settle()
  if (others(world, first).some(party => party.holds(held)))
    return fault(
      'role',
      clause,
      `What a ${other} shares in confidence flows without being named.`,
      world.play
    )
  return green(
    'role',
    clause,
    `In a space of ${other} and ${other}, which the terms do not name, nothing confidential flows.`
  )
}

/** The last party is away while the first writes, and comes back. */
export function sleep(world: World): Line {
  const [first] = world.parties as [StandIn]
  const sleeper = world.parties.at(-1) as StandIn
  const kind = sharedKind(world)
  const clause = 'scope'
  if (!kind || sleeper === first)
    return green('sleep', clause, 'Nothing is shared in confidence that somebody could miss.')
  sleeper.asleep = true
  world.settle()
  const held = first.writes(world.space, kind, 'shared-confidential')
  world.settle()
  const awake = others(world, first, sleeper).every(party => party.holds(held))
  sleeper.asleep = false
  world.settle()
  const who = nameOf(world, sleeper)
  if (!awake || !sleeper.holds(held))
    return fault('sleep', clause, `${who} was away, and not everybody has what was written then.`, world.play)
  return green('sleep', clause, `${who} is away while others write, and has all of it when it comes back.`)
}

/** Whether the logs of each party are witnessed by as many as the terms ask for, and whether one may be away. */
export function witnesses(world: World, naming: Naming): Line {
  const { minimum, parties: named } = world.play.terms.witnesses
  world.pass(COSIGNED_MS)
  const counts = world.parties.map(
    party => cosigners(world, party).filter(index => named.includes(index)).length
  )
  const least = Math.min(...counts)
  const clause = 'witnesses.minimum'
  if (minimum === 0) return green('witnesses', clause, 'The terms ask for no witness.')
  if (least < minimum) {
    const who = nameOf(world, world.parties[counts.indexOf(least)] as StandIn)
    const says = `The log of ${who} is witnessed by ${least} of the others, and the terms ask for ${minimum}.`
    return red('witnesses', clause, says, change(naming, clause, `meta.witnesses:=${least}`))
  }
  const says = `Each log is witnessed by ${least} or more of the others, and the terms ask for ${minimum}.`
  if (least > minimum) return green('witnesses', clause, says)
  const next = minimum > 1 ? change(naming, clause, `meta.witnesses:=${minimum - 1}`) : undefined
  return amber('witnesses', clause, `${says} One witness that is away is too many.`, next)
}

/** Indices of parties that cosigned the log of another in the space. */
function cosigners(world: World, { core }: StandIn): number[] {
  const own = core.audit?.own.logs.find(({ space }) => toHex(space.id) === toHex(world.space))
  const companies = (own && core.audit?.cosigning.roundOf(own)?.companies) ?? []
  return world.parties.filter(({ did }) => companies.includes(did)).map(({ index }) => index)
}

/** The last party ends its part: nothing more goes to it or comes from it, and the others go on. */
export function leave(world: World): Line {
  const [first] = world.parties as [StandIn]
  const leaver = world.parties.at(-1) as StandIn
  const kind = sharedKind(world)
  const clause = 'noticeDays'
  if (!kind || leaver === first)
    return green('leave', clause, 'Nothing is shared in confidence that could go on.')
  leaver.says(world.space, { kind: 'terminate', reason: 'The sandbox has it leave.' })
  world.settle()
  const [ours, theirs] = [first, leaver].map(party =>
    party.writes(world.space, kind, 'shared-confidential')
  ) as [HeldFacet, HeldFacet]
  world.settle()
  const who = nameOf(world, leaver)
  if (leaver.holds(ours) || others(world, leaver).some(party => party.holds(theirs)))
    return fault(
      'leave',
      clause,
      `${who} has left, and confidential documents still went to it or came from it.`,
      world.play
    )
  const rest = others(world, first, leaver)
  if (!rest.every(party => party.holds(ours)))
    return fault('leave', clause, `${who} has left, and the others did not go on.`, world.play)
  const goesOn = rest.length > 0 ? ', and the others go on' : ''
  const { noticeDays } = world.play.terms
  return green(
    'leave',
    clause,
    `When ${who} leaves, disclosures to it and from it stop at once${goesOn}; its other duties end after ${noticeDays} days.`
  )
}
