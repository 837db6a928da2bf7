// Two halves of a network, parted for minutes while everybody writes. Dead lines are hung up on when a node notices, and
// dialed again as late as NET-17 allows: a wait and a dial that hangs.
import { DIAL_TIMEOUT_MS, REDIAL_CAP_MS, SILENT_AFTER_MS } from '../../src/net/limits.ts'
import { disagreements, judge } from './judge.ts'
import type { Member } from './members.ts'
import { planOf } from './plan.ts'
import { editAnywhere } from './workload.ts'
import { Simulation } from './world.ts'

const STEP_MS = 100
const GIVE_UP_MS = 60_000

export interface Halves {
  edits: number
  /** Documents in which the halves differed when they met again. */
  differed: number
  /** Simulated milliseconds from the end of the partition until all agreed. */
  equalMs: number
  broken: string[]
}

/** Four companies, one of them with a node in each half, and documents of all classes. */
export function halves(seed: number, apartMs: number): Halves {
  const plain = { liars: 0, outsider: false, latecomer: false, strangers: false, aside: false }
  const sim = new Simulation({ ...planOf(seed), ...plain, companies: 4, twin: true, facets: 3 })
  sim.found()
  sim.mesh()
  sim.pass(1_000)
  const across = pairs(sim.members).filter(([a, b]) => half(sim, a) !== half(sim, b))
  for (const [a, b] of across) {
    sim.network.stall(a.node, b.node)
    sim.network.stall(b.node, a.node)
  }
  sim.later(SILENT_AFTER_MS, () => {
    for (const [a, b] of across) sim.network.cut(a.node, b.node)
  })
  const edits = write(sim, apartMs)
  const apart = disagreements(sim).map(text => text.split(':')[0] as string)
  const differed = new Set(apart.filter(name => !name.startsWith('space '))).size
  sim.later(REDIAL_CAP_MS + DIAL_TIMEOUT_MS, () => {
    for (const [a, b] of across) sim.network.connect(a.node, b.node)
  })
  let equalMs = 0
  while (disagreements(sim).length > 0 && equalMs < GIVE_UP_MS) {
    sim.pass(STEP_MS)
    equalMs += STEP_MS
  }
  judge(sim)
  return { edits, differed, equalMs, broken: sim.broken }
}

function half(sim: Simulation, member: Member): number {
  return sim.members.indexOf(member) < 2 ? 0 : 1
}

/** Each in turn of chance, two or three times a second together. */
function write(sim: Simulation, forMs: number): number {
  const end = sim.now() + forMs
  let edits = 0
  while (sim.now() < end) {
    edits += editAnywhere(sim, sim.random.pick(sim.members))
    sim.pass(sim.random.below(800))
  }
  return edits
}

function pairs(members: Member[]): [Member, Member][] {
  return members.flatMap((a, i) => members.slice(i + 1).map((b): [Member, Member] => [a, b]))
}
