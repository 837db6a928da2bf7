// What happens to nodes: the network parts, one way or both; processes die, power fails, disks refuse; clocks
// jump; a disk goes back to an older copy of itself; a copy of a home runs beside the original.
import { conclude } from './agreeing.ts'
import { decideAll } from './decisions.ts'
import type { SimNode } from './node.ts'
import { flipAll } from './lies.ts'
import { hasBegun, confirm, signAccept } from './workload.ts'
import { type Member, type SimFacet, pairOf } from './members.ts'
import { isComer } from './plan.ts'
import type { Simulation } from './world.ts'

/** @returns whether it came to anything */
type Fault = (sim: Simulation, member: Member) => boolean

export const FAULTS: readonly (readonly [number, Fault])[] = [
  [16, part],
  [14, rejoin],
  [8, kill],
  [8, cutPower],
  [6, actAndLosePower],
  [8, stall],
  [8, release],
  [6, connectTwice],
  [6, refuseWrites],
  [5, jumpClock],
  [6, snapshot],
  [4, restoreOlder],
  [2, runClone]
]

const CLONES_MAX = 2
const HOUR_MS = 3_600_000

function part(sim: Simulation, a: Member): boolean {
  const b = sim.random.pick(sim.members)
  if (a.company === b.company) return false
  sim.parted.add(pairOf(a, b))
  for (const one of sim.members.filter(({ company }) => company === a.company))
    for (const other of sim.members.filter(({ company }) => company === b.company))
      sim.network.cut(one.node, other.node)
  return true
}

function rejoin(sim: Simulation): boolean {
  for (const key of sim.parted) if (sim.random.chance(0.5)) sim.parted.delete(key)
  sim.ring()
  return true
}

/** The process ends; what the operating system had taken is written. */
function kill(sim: Simulation, member: Member): boolean {
  if (!member.node.alive) return false
  down(sim, member, sim.random.below(member.node.waiting + 1))
  return true
}

/** The power fails: of what was not synced, any beginning may be there. */
function cutPower(sim: Simulation, member: Member): boolean {
  const { node } = member
  if (!node.alive) return false
  down(sim, member, sim.random.chance(0.7) ? 0 : sim.random.below(node.waiting + 1))
  node.disk.powerCut(sim.random.below(node.disk.looseWrites + 1))
  return true
}

/** The power fails within milliseconds of an edit. */
function actAndLosePower(sim: Simulation, member: Member): boolean {
  const facet = sim.random.pick(sim.facets)
  const { node } = member
  if (!node.alive || !facet || !node.facet(facet.id) || !sim.mayKnow(member, facet)) return false
  if (!facet.space.accepted.has(member.company) || !isPinned(sim, member, facet.space.id)) return false
  if (!hasBegun(member, facet)) return false
  if (node.edit(facet.id, doc => doc.getText('text').insert(0, 'last words '))) sim.operations++
  sim.pass(sim.random.below(8))
  return cutPower(sim, member)
}

function isPinned(sim: Simulation, member: Member, space: string): boolean {
  const log = member.node.space(space)
  const company = log?.companyOf(member.node.company.identity.did)
  const head = company === undefined ? undefined : log?.head(company)
  return head !== undefined && !head.cut.includes(0) && sim.members.includes(member)
}

function down(sim: Simulation, member: Member, kept: number): void {
  const { node } = member
  node.crash(kept)
  sim.network.drop(node)
  sim.later(200 + sim.random.below(3_000), () => {
    if (!node.alive) node.start()
    sim.ring()
  })
}

/** One way only: the other side is heard and does not hear. */
function stall(sim: Simulation, a: Member): boolean {
  sim.network.stall(a.node, sim.random.pick(sim.members).node)
  return true
}

function release(sim: Simulation): boolean {
  sim.network.release()
  return true
}

/** Both dialed at once: what is sent on the two overtakes itself and comes twice. */
function connectTwice(sim: Simulation, a: Member): boolean {
  const b = sim.random.pick(sim.members)
  if (a.node.company.node.peer === b.node.company.node.peer || sim.parted.has(pairOf(a, b))) return false
  sim.network.connect(a.node, b.node, true)
  return true
}

/** Full, or broken for some seconds. */
function refuseWrites(sim: Simulation, { node }: Member): boolean {
  const { disk } = node
  if (disk.refuses) return false
  disk.refuses = true
  sim.later(500 + sim.random.below(12_000), () => {
    disk.refuses = false
    sim.ring()
  })
  return true
}

/** By an hour or by a hundred days, there and perhaps back: certificates end and begin to hold again. */
function jumpClock(sim: Simulation, { node }: Member): boolean {
  node.skewMs = sim.random.pick([0, HOUR_MS, -HOUR_MS, 24 * HOUR_MS, -24 * HOUR_MS, 100 * 24 * HOUR_MS])
  return true
}

export function snapshot(_: Simulation, member: Member): boolean {
  if (member.node.waiting > 0) return false
  member.snapshots = [...member.snapshots, member.node.disk.copy()].slice(-3)
  return true
}

/** Somebody puts back a backup, or the disk itself loses its last hours. */
export function restoreOlder(sim: Simulation, member: Member): boolean {
  const { snapshots, node, company } = member
  // What was signed once in a chain cannot be signed again: people wait for their peers first.
  if (snapshots.length === 0 || !node.alive || (company === 1 && sim.plan.latecomer)) return false
  member.speaks = false
  node.knowsEnd = false
  node.crash()
  sim.network.drop(node)
  const lost = heldBy(node)
  node.start(sim.random.pick(snapshots).copy())
  forgetLost(sim, lost)
  sim.later(sim.random.below(1_000), () => sim.ring())
  return true
}

/** What the lost disk alone held is lost, which is what a backup means: nobody is held to it. */
function forgetLost(sim: Simulation, lost: Set<string>): void {
  const disks = sim.honest().map(member => ({ member, ids: heldBy(member.node) }))
  const facets = new Map(sim.facets.map(facet => [facet.id, facet]))
  for (const { node } of sim.honest()) {
    for (const [id, facet] of node.acknowledged) {
      const comesBack = disks.some(
        ({ member, ids }) => ids.has(id) && passesOn(sim, member, facets.get(facet) as SimFacet)
      )
      if (!lost.has(id)) continue
      if (comesBack) node.wentBack.add(id)
      else node.acknowledged.delete(id)
    }
  }
}

/** A clone never meets its original: what is private, it can give only to a node of the company with another key. */
function passesOn(sim: Simulation, { clone, company, node }: Member, facet: SimFacet): boolean {
  if (!clone || facet.class !== 'private') return true
  const { peer } = node.company.node
  return sim.members.some(other => other.company === company && other.node.company.node.peer !== peer)
}

/** Somebody copies a home and starts it elsewhere: two processes with the same keys and the same past. */
export function runClone(sim: Simulation, member: Member): boolean {
  const clones = sim.members.length - sim.plan.companies
  if (member.lies || !member.node.alive || clones >= CLONES_MAX + 2) return false
  const clone = sim.enlist(member.staff, member.company, false)
  clone.node.skewMs = member.node.skewMs
  clone.node.start(member.node.disk.copy())
  sim.ring()
  return true
}

/** The end of all faults. Liars go on as they are, and most show what they kept back. */
export function heal(sim: Simulation): void {
  sim.pass(5_000)
  sim.parted.clear()
  sim.network.release()
  sim.network.weather = { twice: 0, late: 0 }
  for (const { node, lies } of sim.members) {
    node.disk.refuses = false
    if (!node.alive) node.start()
    if (Math.abs(node.skewMs) > HOUR_MS && !lies) node.skewMs = 0
  }
  // Once more, since a disk that went back has forgotten it.
  if (sim.plan.strangers) confirm(sim, '0-1')
  sim.mesh()
  sim.pass(1_000)
  for (const member of sim.members) if (member.lies && sim.random.chance(0.7)) flipAll(sim, member)
  acceptLate(sim)
  sim.pass(5_000)
  for (const member of sim.honest()) conclude(sim, member)
  if (sim.plan.decides) decideAll(sim)
  if (!sim.plan.admits) return
  sim.mesh()
  sim.pass(5_000)
  for (const member of sim.honest().filter(({ company }) => isComer(sim.plan, company))) conclude(sim, member)
}

/** The latecomer accepts now; again, if its word was lost with what the power took before anybody heard it. */
function acceptLate(sim: Simulation): void {
  const [space] = sim.spaces
  const late = sim.members.find(({ company, speaks }) => company === 1 && speaks)
  if (!sim.plan.latecomer || !space || !late) return
  const log = () => late.node.space(space.id)
  const isSaid = () => log()?.head(space.parties.indexOf(1)) !== undefined
  if (space.accepted.has(1) && isSaid()) return
  sim.pass(2_500)
  for (let i = 0; i < 60 && !log(); i++) {
    sim.mesh()
    sim.pass(1_000)
  }
  // What others heard comes back first.
  if (space.accepted.has(1)) sim.pass(10_000)
  if (!isSaid()) signAccept(sim, late, space)
}

/** Ids of all that a node has on its disk. */
export function heldBy(node: SimNode): Set<string> {
  return new Set([...node.disk.envelopes.keys()].map(key => key.slice(key.lastIndexOf('/') + 1)))
}
