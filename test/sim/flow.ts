// Who may have which document from whom, by the rules of the design and not by those of the code under test.
import type { LogEntry } from '../../src/identity/space-log.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'
import { type Member, type SimFacet, type SimSpace, indexIn, pairOf } from './members.ts'
import { flows, stateBetween } from './treaty.ts'
import type { Simulation } from './world.ts'

/** Whether a space is the business of `to`, as far as the log of `from` goes. */
export function maySee(sim: Simulation, from: Member, to: Member, { id, parties }: SimSpace): boolean {
  const log = from.node.space(id)
  return parties.includes(to.company) || (log !== undefined && indexIn(sim, log, to.company) >= 0)
}

/** Whether `from` may tell `to` of a document at that time of its clock, as far as its own space log goes. */
export function maySend(sim: Simulation, from: Member, to: Member, facet: SimFacet, now: number): boolean {
  if (from.company === to.company) return facet.class !== 'private' || facet.owner === from.company
  if (facet.class === 'private' || !sim.mayKnow(to, facet)) return false
  const { did } = to.node.company.identity
  const { directory } = from.node.core.context
  const log = directory.spaces.get(facet.space.id)
  const frozen = directory.forkedIdentities.has(did) || log?.forkOf(indexIn(sim, log, to.company))
  if (frozen || to.node.company.node.expiresAt <= now) return false
  if (facet.class !== 'public' && sim.strangers.has(pairOf(from, to))) return false
  return agreed(sim, from, to, facet, now)
}

/** Whether the agreement between two companies lets it flow. */
export function agreed(sim: Simulation, from: Member, to: Member, facet: SimFacet, now: number): boolean {
  const log = from.node.space(facet.space.id)
  if (!log) return false
  const treaty = sim.treaties.of(log)
  const [a, b] = [indexIn(sim, log, from.company), indexIn(sim, log, to.company)]
  // Who is no party, as far as the one who would tell has heard, is told nothing.
  if (a < 0 || b < 0) return false
  const state = stateBetween(treaty, a, b, now)
  return flows(treaty, state, facet) && balanced(sim, from, to, facet)
}

/** Whether reciprocity lets it flow: what a company says itself opens something once its own disk has it. */
function balanced(sim: Simulation, from: Member, to: Member, facet: SimFacet): boolean {
  const log = from.node.space(facet.space.id)
  if (!log || facet.class !== 'shared-confidential') return true
  const [own, peer, owner] = [from.company, to.company, facet.owner].map(company =>
    indexIn(sim, log, company)
  ) as [number, number, number]
  const { disk } = from.node
  const counts = ({ company, id }: LogEntry) =>
    company !== own || disk.tables.has(`entry:${facet.space.id}/${toHex(id)}`)
  const given = { id: fromHex(facet.id) as Uint8Array, kind: facet.kind, owner }
  return sim.accounts.passes(log, sim.treaties.of(log), given, { own, peer }, counts)
}

/**
 * The honest members that may know of a document, in groups within which it flows, directly or through others of the
 * group. All else being well, one group has one document.
 */
export function groupsOf(sim: Simulation, facet: SimFacet): Member[][] {
  // What is private to a company reaches a clone only through a third node of it, if there is one.
  const reached = (member: Member) => !member.clone || facet.class !== 'private'
  const left = new Set(sim.honest().filter(member => sim.mayKnow(member, facet) && reached(member)))
  const groups: Member[][] = []
  for (const first of left) {
    const group = [first]
    left.delete(first)
    for (const member of group) {
      for (const other of left) {
        if (!isShared(sim, member, other, facet)) continue
        left.delete(other)
        group.push(other)
      }
    }
    groups.push(group)
  }
  return groups
}

/** Two that run on one key never meet. */
function isShared(sim: Simulation, a: Member, b: Member, facet: SimFacet): boolean {
  if (a.node.company.node.peer === b.node.company.node.peer) return false
  const may = (from: Member, to: Member) => maySend(sim, from, to, facet, sim.now() + from.node.skewMs)
  return may(a, b) && may(b, a)
}
