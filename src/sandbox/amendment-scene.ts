// Who can stop an amendment, and who can be outvoted: in words by the weights, and tried out. protocols/sandbox.
import { encodeTerms, revisionId, sumOf } from '../artifacts/agreement-terms.ts'
import { toHex } from '../wire/bytes.ts'
import { nameOf, others } from './honest-scenes.ts'
import type { StandIn } from './stand-in.ts'
import { type Line, type Naming, amber, change, fault, green, red } from './verdict.ts'
import type { World } from './world.ts'

/** Parties with one weight fare alike: one of each is outvoted, or not, by all the rest. */
export function amendment(world: World, naming: Naming): Line[] {
  const { weights } = world.play.terms.amendment
  const tried = world.parties.filter(({ index }) => weights.indexOf(weights[index] as number) === index)
  const outcomes = tried.map(party => ({ party, passed: tryWithout(world, party) }))
  const wrong = outcomes.find(({ party, passed }) => passed !== mayPassWithout(world, party))
  if (!wrong) return [inWords(world, naming)]
  const says = `An amendment against ${nameOf(world, wrong.party)} ${wrong.passed ? 'passed' : 'failed'}, and by the weights it must not.`
  return [fault('amendment', 'amendment', says, world.play)]
}

function mayPassWithout({ play }: World, { index }: StandIn): boolean {
  const { weights, threshold } = play.terms.amendment
  return weights.length > 1 && sumOf(weights) - (weights[index] ?? 0) >= threshold
}

/** Everybody else approves the next revision, and this party rejects it. @returns whether it came into force */
function tryWithout(world: World, against: StandIn): boolean {
  const rest = others(world, against)
  const [proposer = against] = rest
  const before = world.inForce(proposer) as string
  // Revisions that failed have taken no number: the next has one more than the one in force.
  const terms = world.terms(world.space, {
    before,
    number: world.number(proposer) + 1,
    title: titleOf(world, against)
  })
  world.propose(proposer, terms)
  world.settle()
  const revision = revisionId(encodeTerms(terms))
  against.says(world.space, { kind: 'reject', revision, reason: 'The sandbox has it object.' })
  for (const party of rest) world.approve(party, terms)
  world.settle()
  return world.parties.every(party => world.inForce(party) === toHex(revision))
}

function titleOf({ play }: World, { index }: StandIn): string {
  return `${play.terms.title.slice(0, 150)}, amended against party ${index}`
}

function inWords(world: World, naming: Naming): Line {
  const { weights, threshold } = world.play.terms.amendment
  const names = (able: (party: StandIn) => boolean) =>
    world.parties.filter(able).map(party => nameOf(world, party))
  const alone = names(({ index }) => (weights[index] ?? 0) >= threshold)
  const blockers = names(party => !mayPassWithout(world, party))
  const outvoted = names(party => mayPassWithout(world, party))
  const count = world.parties.length
  const clause = 'amendment.threshold'
  const by = `Weights ${weights.join(', ')}, threshold ${threshold}.`
  if (count > 1 && alone.length > 0) {
    const says = `${alone.join(', ')} can amend alone, against everybody else. ${by}`
    return red('amendment', clause, says, change(naming, clause, `meta.threshold:=${sumOf(weights)}`))
  }
  if (outvoted.length === 0)
    return (count > 2 ? amber : green)(
      'amendment',
      clause,
      `Nobody can be outvoted: each party can block every amendment alone. ${by}`,
      count > 2
        ? change(naming, clause, `meta.threshold:=${sumOf(weights) - Math.min(...weights)}`)
        : undefined
    )
  const outvotes = `${outvoted.join(', ')} can each be outvoted by all the others`
  if (blockers.length === 0)
    return green('amendment', clause, `Nobody can block an amendment alone; ${outvotes}. ${by}`)
  const says = `${blockers.join(', ')} can block every amendment alone; ${outvotes}. ${by}`
  const weight = 'amendment.weights'
  return amber('amendment', weight, says, change(naming, weight, 'parties.ID.weight:=1'))
}
