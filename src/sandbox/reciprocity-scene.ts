// Who takes and signs for nothing gets as much as the exposure says, and no more. protocols/sandbox, section 2.
import type { ArtifactKind } from '../artifacts/layouts.ts'
import { nameOf, sharedKind } from './honest-scenes.ts'
import type { StandIn } from './stand-in.ts'
import { type Line, type Naming, amber, change, fault, green, red } from './verdict.ts'
import type { Play, World } from './world.ts'

/** Of artifacts that one party may have for nothing; beyond it nothing is played. */
export const EXPOSURE_MANY = 8

/** The first rule for each kind is the one that counts (REC-2). */
export function rulesOf({ terms }: Play): { kind: ArtifactKind; maxExposure: number }[] {
  return terms.reciprocity.filter(({ kind }, i, all) => all.findIndex(other => other.kind === kind) === i)
}

/** The same play without its rules of reciprocity. */
export function withoutRules(play: Play): Play {
  return { ...play, terms: { ...play.terms, reciprocity: [] } }
}

/** @param world in which the terms are in force and nothing was written */
export function reciprocity(world: World, naming: Naming): Line[] {
  const rules = rulesOf(world.play).filter(({ kind }) => world.play.terms.scope.kinds.includes(kind))
  if (rules.length === 0 || !sharedKind(world) || world.parties.length < 2)
    return [green('reciprocity', 'reciprocity', 'No rule keeps giving and receiving in step.')]
  return rules.map(rule => taken(world, naming, rule))
}

function taken(
  world: World,
  naming: Naming,
  { kind, maxExposure }: ReturnType<typeof rulesOf>[number]
): Line {
  const giver = world.parties[0] as StandIn
  const taker = world.parties.at(-1) as StandIn
  const clause = 'reciprocity'
  const who = nameOf(world, taker)
  if (maxExposure === 0)
    return red('reciprocity', clause, `Of ${kind} nobody may give first, so nobody can begin.`, raise(naming))
  if (maxExposure > EXPOSURE_MANY) {
    const says = `${who} could have ${maxExposure} of ${kind} without signing for one.`
    return amber('reciprocity', clause, says, raise(naming, EXPOSURE_MANY))
  }
  const given = Array.from({ length: maxExposure + 1 }, () => {
    return giver.writes(world.space, kind, 'shared-confidential')
  })
  world.settle()
  const had = given.filter(held => taker.holds(held)).length
  if (had !== maxExposure) {
    const says = `${who} had ${had} of ${kind} without signing for one, and the exposure is ${maxExposure}.`
    return fault('reciprocity', clause, says, world.play)
  }
  const most = maxExposure === 1 ? 'one' : String(maxExposure)
  return green(
    'reciprocity',
    clause,
    `If ${who} takes ${kind} and signs for nothing, it gets ${most} and no more.`
  )
}

function raise(naming: Naming, exposure = 1): string {
  return change(naming, 'reciprocity', `reciprocity.ID.maxExposure=${exposure}`)
}
