// What has been agreed on in a space as a node reads it, and as the model does, in the same words.
import { agreementOf, stateBetween } from '../../src/artifacts/agreement.ts'
import { Ledger, ruleFor } from '../../src/artifacts/reciprocity.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { type Member, type SimSpace, nameOf } from './members.ts'
import { ruleOf } from './accounts.ts'
import { stateBetween as modelledState } from './treaty.ts'
import type { Simulation } from './world.ts'

interface Row {
  id: string
  sealed: boolean
  dead: boolean
  approvals: Iterable<number>
  rejections: Iterable<number>
}

/** As the code under test has it. */
export function agreedAt(sim: Simulation, { node }: Member, space: SimSpace): string {
  const log = node.space(space.id)
  if (!log) return ''
  const agreement = agreementOf(log)
  const rows = agreement.revisions.map(({ id, sealed, dead, approvals, rejections }) =>
    row({ id: toHex(id), sealed, dead, approvals: approvals.keys(), rejections: rejections.keys() })
  )
  const day = new Date(sim.now()).toISOString().slice(0, 10)
  const states = pairs(log.parties).map(([a, b]) => stateBetween(agreement, a, b, day))
  const force = agreement.inForce && toHex(agreement.inForce.id).slice(0, 8)
  return [...log.parties.map(short), ...rows, force, agreement.contradicted, ...states].join()
}

/** Invariant 3: what has been agreed on is what the rules say of this log. */
export function misread(sim: Simulation, member: Member, space: SimSpace): string[] {
  const [is, should] = [agreedAt(sim, member, space), modelledAt(sim, member, space)]
  const wrong =
    is === should ? [] : [`invariant 3: ${nameOf(member)} reads of an agreement: ${is}, not ${should}`]
  return [...wrong, ...miscounted(sim, member, space)]
}

/** What is released, settled and open each way, by a ledger of its own and by the model. */
function miscounted(sim: Simulation, member: Member, space: SimSpace): string[] {
  const log = member.node.space(space.id)
  if (!log || log.contributions.length === 0) return []
  const kind = 'StandardsDoc.v1'
  const treaty = sim.treaties.of(log)
  const ledger = new Ledger(log).read(undefined)
  const rule = ruleOf(treaty, kind)
  const ways = pairs(treaty.parties).flatMap(([a, b]): [number, number][] => [
    [a, b],
    [b, a]
  ])
  return ways.flatMap(([from, to]) => {
    const { released, settled } = ledger.account({ from, to, kind })
    const opened = rule && ledger.opened({ from, to, kind }, ruleFor(agreementOf(log), kind))
    const model = sim.accounts.between(log, kind, [from, to])
    const open = rule && sim.accounts.open(log, rule, [from, to]).length
    const is = [released.map(({ unit }) => unit.slice(0, 8)).join('+'), settled, opened].join()
    const should = [model.released.map(unit => unit.slice(0, 8)).join('+'), model.settled, open].join()
    if (is === should) return []
    return [`invariant 3: ${nameOf(member)} counts from ${from} to ${to}: ${is}, not ${should}`]
  })
}

/** As the model has it, out of the same log. */
function modelledAt(sim: Simulation, { node }: Member, space: SimSpace): string {
  const log = node.space(space.id)
  if (!log) return ''
  const treaty = sim.treaties.of(log)
  const states = pairs(treaty.parties).map(([a, b]) => modelledState(treaty, a, b, sim.now()))
  const rows = treaty.revisions.map(row)
  const parties = treaty.parties.map(short)
  return [...parties, ...rows, treaty.inForce?.id.slice(0, 8), treaty.contradicted, ...states].join()
}

function short(did: string): string {
  return did.slice(12, 18)
}

function pairs(parties: readonly string[]): [number, number][] {
  return parties.flatMap((_, a) => parties.slice(a + 1).map((__, i): [number, number] => [a, a + 1 + i]))
}

function row({ id, sealed, dead, approvals, rejections }: Row): string {
  return [id.slice(0, 8), sealed, dead, sorted(approvals), sorted(rejections)].join('/')
}

function sorted(companies: Iterable<number>): string {
  return [...companies].sort((a, b) => a - b).join('+')
}
