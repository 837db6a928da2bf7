// What people decide in a history: they begin decisions, commit, and their nodes say what follows. Liars say two things,
// and what no certificate bears out.
import type { Secret, Seen } from '../../src/decision/elector.ts'
import { printTime } from '../../src/identity/document-text.ts'
import { encodeFrame } from '../../src/sync/frame.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import { EPOCH_MS } from './company.ts'
import { type Said, commitment, holderOf, initiation, nextWords, said } from './deciding.ts'
import { type Member, type SimFacet, type SimSpace, say, sessionsOf } from './members.ts'
import type { Simulation } from './world.ts'

const DECISIONS_MAX = 6
const WINDOW_MS = 30_000
/** As long after the beginning every certificate holds. */
const CERTAINLY_VALID_MS = 60 * 86_400_000

/** @returns how many operations it was */
type Deed = (sim: Simulation, member: Member) => number

/** Beside the other deeds, where people decide. */
export const DECIDING: readonly (readonly [number, Deed])[] = [
  [8, begin],
  [30, commit],
  [50, speak]
]

export interface SimDecision {
  id: string
  space: SimSpace
}

/** What a company has said, which no restart of its nodes takes back: who said one thing says no other in its place. */
interface Spoken {
  /** By decision and slot. */
  said: Map<string, Said>
  secrets: Map<string, Secret>
  seen: Map<string, Seen>
}

const spoken = new WeakMap<Member, Spoken>()

function spokenBy(member: Member): Spoken {
  const known = spoken.get(member) ?? { said: new Map(), secrets: new Map(), seen: new Map() }
  spoken.set(member, known)
  return known
}

/** As a document about decisions of the space would be. */
export function likeFacet(space: SimSpace): SimFacet {
  return { id: space.id, space, class: 'shared-confidential', kind: 'DecisionTopic.v1', owner: -1 }
}

/** What it says of the time lies within its certificate, however wrong its clock is. */
function timeOf({ node }: Member): number {
  return Math.min(Math.max(EPOCH_MS + 1_000, node.core.context.now), EPOCH_MS + CERTAINLY_VALID_MS)
}

/** Says it once: what the power took before anybody heard it is said again as it was. */
function tell(member: Member, slot: string, words: () => Said): boolean {
  const { said: before } = spokenBy(member)
  const message = before.get(slot) ?? words()
  before.set(slot, message)
  const result = member.node.perform(core => core.say(message))
  if (!isReject(result)) return true
  // A disk that went back may lack the decision, or what this word named; who lied may have said another.
  const isExcused = ['decision-unknown', 'message-early'].includes(result.code)
  if (!isExcused && !member.lies) throw new Error(`an honest word was refused: ${result}`)
  return false
}

function begin(sim: Simulation, member: Member): number {
  const space = sim.random.pick(sim.spaces)
  const log = member.node.space(space.id)
  // Of a company whose only node was restored from a backup nobody speaks.
  const others = [...space.accepted].filter(company => company !== member.company && sim.speaker(company))
  if (!log || !member.speaks || member.node.failing || !space.accepted.has(member.company)) return 0
  if (others.length === 0 || sim.decisions.length >= DECISIONS_MAX) return 0
  const speakers = [member, ...others.map(company => sim.speaker(company))]
  const holders = speakers.map(({ node }) => holderOf(node.company))
  const time = timeOf(member)
  const changes = {
    commitBy: printTime(time + WINDOW_MS),
    nonce: toHex(sim.random.bytes(16)),
    revealBy: printTime(time + 2 * WINDOW_MS)
  }
  const message = initiation(log, holders, changes, time)
  if (!tell(member, message.id, () => message)) return 0
  sim.decisions.push({ id: message.id, space })
  return 1
}

function commit(sim: Simulation, member: Member): number {
  const decision = somewhere(sim, member)
  return decision ? commitTo(sim, member, decision) : 0
}

function commitTo(sim: Simulation, member: Member, { id }: SimDecision): number {
  const slot = `${id}/commitment`
  const isFirst = !spokenBy(member).said.has(slot)
  const option = sim.random.below(2)
  const salt = toHex(sim.random.bytes(32))
  const isSaid = tell(member, slot, () => {
    const holder = holderOf(member.node.company)
    const { said: message, secret } = commitment(holder, id, { option, salt, time: timeOf(member) })
    spokenBy(member).secrets.set(message.id, secret)
    return message
  })
  return isSaid && isFirst ? 1 : 0
}

/** Who has not yet commits, liars too, and what follows is said by all. */
export function decideAll(sim: Simulation): void {
  for (let i = 0; i < 20; i++) {
    for (const member of sim.members) {
      for (const decision of known(sim, member)) commitTo(sim, member, decision)
      speak(sim, member)
    }
    sim.pass(1_000)
  }
}

/** What follows from what is there. */
export function speak(sim: Simulation, member: Member): number {
  if (!member.speaks || member.node.failing || !member.node.alive) return 0
  const { secrets, seen } = spokenBy(member)
  let count = 0
  for (const { id } of sim.decisions) {
    const clock = seen.get(id) ?? new Map<string, number>()
    seen.set(id, clock)
    const parts = { secretOf: (commitment: string) => secrets.get(commitment), seen: clock }
    const holder = holderOf(member.node.company)
    for (const { slot, message } of nextWords(member.node, holder, id, parts, timeOf(member)))
      if (tell(member, `${id}/${slot}`, () => message)) count++
  }
  return count
}

/** Decisions that are here and in which this member has a say. */
function known(sim: Simulation, { node, speaks }: Member): SimDecision[] {
  if (!speaks || node.failing || !node.alive) return []
  const role = { company: node.company.identity.did, role: 'CTO' }
  return sim.decisions.filter(({ id }) => {
    return node.core.decisions.book.get(id)?.decision.electorOf(role) !== undefined
  })
}

function somewhere(sim: Simulation, member: Member): SimDecision | undefined {
  const decisions = known(sim, member)
  return decisions.length > 0 ? sim.random.pick(decisions) : undefined
}

/** Ids of the messages of a decision that are here. */
export function heldIds({ node }: Member, { id }: SimDecision): string {
  return [...(node.core.decisions.book.get(id)?.decision.messages.keys() ?? [])].sort().join()
}

// ---- liars ------------------------------------------------------------------------------------------

type Lie = (sim: Simulation, liar: Member) => boolean

export const ABOUT_DECISIONS: readonly (readonly [number, Lie])[] = [
  [12, twoCommitments],
  [8, falseWord],
  [4, nameDecisions]
]

/** One ballot for some, another for the others: never more than two, which is as many as every node takes. */
function twoCommitments(sim: Simulation, liar: Member): boolean {
  const decision = somewhere(sim, liar)
  const holder = holderOf(liar.node.company)
  const sessions = sim.random.shuffled(sessionsOf(liar))
  const slot = decision && `${decision.id}/second`
  if (!slot || sessions.length === 0 || spokenBy(liar).said.has(slot)) return false
  const salt = toHex(sim.random.bytes(32))
  const { said: message } = commitment(holder, decision.id, { option: 1, salt, time: timeOf(liar) })
  spokenBy(liar).said.set(slot, message)
  push(sim, liar, decision, [message], sessions.slice(0, 1 + sim.random.below(sessions.length)))
  return true
}

function falseWord(sim: Simulation, liar: Member): boolean {
  const decision = somewhere(sim, liar)
  if (!decision) return false
  const holder = holderOf(liar.node.company)
  const lies: { lie: string; codes: string[]; message: Said }[] = [
    {
      lie: 'a commitment before its time',
      codes: ['message-time'],
      message: commitment(holder, decision.id, { time: EPOCH_MS - 86_400_000 * 400 }).said
    },
    {
      lie: 'a word of a mediator who is none',
      codes: ['message-power'],
      message: said(
        holder,
        'decision-mediation.v1',
        {
          decision: decision.id,
          record: { changes: [], outcome: 'lapse', rationale: 'so be it' },
          settled: '00'.repeat(32)
        },
        timeOf(liar)
      )
    },
    {
      lie: 'a commitment under the certificate of another',
      codes: ['certificate-company', 'message-signer'],
      message: { ...commitment(holder, decision.id).said, certificate: someoneElse(sim, liar) }
    }
  ]
  const { lie, codes, message } = sim.random.pick(lies)
  for (const session of sessionsOf(liar)) push(sim, liar, decision, [message], [session], { lie, codes })
  return sessionsOf(liar).length > 0
}

function someoneElse(sim: Simulation, { company }: Member): Uint8Array {
  const other = sim.members.find(member => member.company !== company) as Member
  return other.node.company.roleCertificate
}

/** Decisions that nobody has begun. */
function nameDecisions(sim: Simulation, liar: Member): boolean {
  const space = fromHex(sim.random.pick(sim.spaces).id) as Uint8Array
  const decisions = Array.from({ length: 1 + sim.random.below(200) }, () => ({
    id: sim.random.bytes(32),
    digest: sim.random.bytes(32)
  }))
  const frames = [
    { type: 'decisions', space, decisions } as const,
    { type: 'decision-summary', space, hash: sim.random.bytes(32) } as const,
    {
      type: 'want-messages',
      space,
      request: 1,
      after: new Uint8Array(),
      upTo: new Uint8Array(),
      wanted: sim.decisions.map(({ id }) => ({ decision: fromHex(id) as Uint8Array, have: [] }))
    } as const
  ]
  say(sim, liar, sim.random.pick(frames), sessionsOf(liar))
  return true
}

function push(
  sim: Simulation,
  liar: Member,
  { space }: SimDecision,
  messages: Said[],
  to: number[],
  expected?: { lie: string; codes: string[] }
): void {
  const records = messages.map(({ document, certificate }) => ({ document, certificate }))
  const id = fromHex(space.id) as Uint8Array
  for (const session of to) {
    const frame = encodeFrame({ type: 'messages', space: id, request: 0, records })
    if (expected) sim.watch.expect(frame, expected)
    say(sim, liar, frame, [session])
  }
}
