// What must hold when a history is over. protocols/decision, section 5; DESIGN, invariant 6.
import { certify } from '../../../src/decision/certificate.ts'
import { verifyCertificate } from '../../../src/decision/certificate-check.ts'
import type { Decision } from '../../../src/decision/decision.ts'
import { encodeEquivocation, verifyEquivocation } from '../../../src/decision/equivocation.ts'
import { weightOf } from '../../../src/decision/policy.ts'
import { progressOf } from '../../../src/decision/progress.ts'
import { isReject } from '../../../src/wire/reject.ts'
import { identityOf } from '../../../scripts/vectors/decision-builders.ts'
import type { Elector } from './elector.ts'
import type { World } from './world.ts'

export function judge(world: World): string[] {
  const honest = world.electors.filter(({ isLiar, isDead }) => !isLiar && !isDead)
  const broken: string[] = []
  const say = (text: string) => broken.push(text)
  agree(honest, say)
  end(world, honest, say)
  accuse(world, honest, say)
  prove(world, honest, say)
  return broken
}

/** One value closed, one value settled. */
function agree(honest: readonly Elector[], say: (text: string) => void): void {
  const closed = new Set<string>()
  const outcomes = new Set<string>()
  for (const { decision } of honest) {
    if (decision?.closed) closed.add(decision.closed.value)
    if (decision?.settled) outcomes.add(decision.settled.final.value)
  }
  if (closed.size > 1) say(`${closed.size} sets of commitments were closed`)
  if (outcomes.size > 1)
    say(`contradictory outcomes: ${[...outcomes].map(text => text.slice(0, 20)).join(' and ')}`)
}

/** Where enough weight is there, it ends; where not, the missing weight is named. */
function end(world: World, honest: readonly Elector[], say: (text: string) => void): void {
  const { policy, quorums, now } = world
  const alive = new Set(honest.map(({ elector }) => elector))
  const live = weightOf(policy.electors.filter((_, i) => alive.has(i)))
  for (const { at, decision } of honest) {
    if (decision?.settled) continue
    if (live >= quorums.close) say(`node ${at} has not ended, though ${live} of ${quorums.close} are there`)
    else if (decision) stalls(at, decision, now, say)
  }
}

function stalls(at: number, decision: Decision, now: number, say: (text: string) => void): void {
  const { spoken, needed, waitsFor } = progressOf(decision, now)
  if (spoken >= needed) say(`node ${at} waits without a reason`)
  if (waitsFor.length === 0) say(`node ${at} names nobody that it waits for`)
}

/** Who says two things is known, and nobody else is accused. */
function accuse(world: World, honest: readonly Elector[], say: (text: string) => void): void {
  const keys = new Set(world.electors.filter(({ isLiar }) => !isLiar).map(({ key }) => key))
  for (const { at, decision } of honest) {
    for (const proof of decision?.equivocations ?? []) {
      if (keys.has(proof.key)) say(`node ${at} accuses an honest elector`)
      const proven = verifyEquivocation(encodeEquivocation(proof, identityOf) ?? new Uint8Array())
      if (isReject(proven) || proven.key !== proof.key) say(`node ${at} has a proof that proves nothing`)
    }
  }
}

/** A stranger who has one node's certificate reads in it what that node knows. */
function prove(world: World, honest: readonly Elector[], say: (text: string) => void): void {
  const settled = honest.filter(({ decision }) => decision?.settled)
  if (settled.length === 0) return
  const { at, decision } = world.random.pick(settled) as Elector & { decision: Decision }
  const file = certify(decision, identityOf)
  if (isReject(file)) return say(`node ${at} has no certificate: ${file}`)
  const verified = verifyCertificate(file)
  if (isReject(verified)) return say(`the certificate of node ${at} is refused: ${verified}`)
  const approved = verified.file.outcome.approved?.option
  if (approved !== decision.settled?.tally.approved) say(`the certificate of node ${at} says something else`)
}
