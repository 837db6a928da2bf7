// The whole play: made-up parties under the draft's terms, honest at first, then with a liar among them, and what that
// says about the draft. protocols/sandbox.
import type { Finding } from '../artifacts/agreement-check.ts'
import { amendment } from './amendment-scene.ts'
import { flows, inForce, leave, nameOf, otherRole, others, sleep, witnesses } from './honest-scenes.ts'
import { equivocation, forgery, otherBytes, outsideWrite, silence } from './liar-scenes.ts'
import { reciprocity, withoutRules } from './reciprocity-scene.ts'
import type { StandIn } from './stand-in.ts'
import { type Line, type Naming, type Verdict, fault, linesOf } from './verdict.ts'
import { type Play, World } from './world.ts'

/** @param play absent where the draft makes no terms yet @param progress what is played next */
export function runSandbox(
  play: Play | undefined,
  findings: readonly Finding[],
  naming: Naming,
  { seed, progress = () => {} }: { seed: number; progress?: (scene: string) => void }
): Verdict {
  const lines = linesOf(findings, naming)
  const isPlayed = play && findings.every(({ rule }) => rule !== 'no-revision')
  if (isPlayed) lines.push(...played(play, naming, progress))
  const parties = play?.terms.parties.map(({ name }) => name) ?? []
  const ready = lines.every(({ state }) => state !== 'red')
  return { parley: 'sandbox.v1', seed, parties, ready, lines }
}

function played(play: Play, naming: Naming, progress: (scene: string) => void): Line[] {
  progress('honest parties')
  const world = new World(play)
  const begun = inForce(world, naming)
  if (begun.state === 'red') return [begun]
  const lines = [begun, ...flows(world, naming), ...reciprocity(new World(play).seal(), naming)]
  const free = withoutRules(play)
  const second = new World(free).seal()
  lines.push(sleep(second))
  progress('witnesses')
  // Audit logs cost more than all else: in this world alone.
  lines.push(witnesses(new World(free, { audits: true }), naming))
  progress('amendments')
  lines.push(...amendment(second, naming), otherRole(second), leave(second))
  return play.terms.parties.length < 2 ? lines : [...lines, ...lied(free, progress)]
}

/** Whatever the liar did, nobody else is to be blamed for it. */
function fairly(world: World, liar: StandIn, line: Line): Line {
  const honest = others(world, liar)
  const blamed = honest.find(
    ({ did, index }) =>
      honest.some(({ news }) => news.some(one => one.what === 'refused' && one.did === did)) ||
      honest.some(party => party.space(world.space)?.forkOf(index) !== undefined)
  )
  if (!blamed) return line
  return fault(
    line.scene,
    line.clause,
    `${nameOf(world, blamed)} was blamed for what ${nameOf(world, liar)} did.`,
    world.play
  )
}

/** In two worlds: after a company contradicted itself nobody hears it any more. */
function lied(play: Play, progress: (scene: string) => void): Line[] {
  return [
    [otherBytes, outsideWrite, equivocation],
    [silence, forgery]
  ].flatMap(scenes => {
    progress('a liar')
    const world = new World(play)
    const liar = world.random.pick(world.parties)
    return scenes.map(scene => fairly(world, liar, scene(world, liar)))
  })
}
