// Whether the statements of a certificate make its closing and its settling final, and what the ballots then are.
// Statements that honest electors signed are taken for judged: what they name beyond the file, they have checked.
// protocols/decision, sections 5 and 7.
import { Reject, isReject } from '../wire/reject.ts'
import { ballotThatCounts, checkReveal, commitmentOf } from './ballot.ts'
import type { Messages } from './certificate-check.ts'
import { settledDigest, settlingValues } from './decision.ts'
import type { Message } from './message.ts'
import { seatOf } from './policy.ts'
import { type Matter as RoundsMatter, NAMED_MAX, carriedBy, isAscending, setValue } from './rounds.ts'
import type { Ballot, Initiation, StatementKind } from './schema.ts'
import { type Ballots, type Standard, type Tally, isAgainstScores, standardOf, tallyOf } from './tally.ts'

export interface Evidence {
  standard: Standard
  ballots: Ballots
  tally: Tally
  against: boolean
  /** Digest of the settled set. */
  settled: string
}

interface Line {
  id: string
  elector: number
  round: number
  set: readonly string[]
  because: readonly string[]
  value: string
  locked: boolean
}

/** The same as for who took part, but that all of it has to be in the file. */
interface Matter extends Pick<RoundsMatter, 'weights' | 'quorum' | 'valueOf' | 'carriersOf'> {
  initiation: Initiation
  /** The code for what is named and not in the file. */
  absent: string
  /** What may be named, and whose it is. */
  electorOf: ReadonlyMap<string, number>
}

export function checkEvidence(messages: Messages): Evidence | Reject {
  const initiation = (messages.initiation[0] as Message<'decision-initiation.v1'>).payload
  const standard = standardOf(initiation)
  const weights = standard.policy.electors.map(({ weight }) => weight)
  const seat = { initiation, weights, quorum: standard.quorums.close }
  const commitments = seatsOf(messages.commitments, initiation)
  const closed = checkFinal(messages.closes, {
    ...seat,
    absent: 'certificate-closed',
    electorOf: commitments,
    valueOf: setValue,
    carriersOf: () => undefined
  })
  if (isReject(closed)) return closed
  if (closed.join() !== messages.commitments.map(({ id }) => id).join())
    return bad('certificate-closed', 'the commitments are not those that were closed')
  const opened = openedBy(messages, standard, initiation)
  if (isReject(opened)) return opened
  const ballotsIn = (reveals: readonly string[]) =>
    ballotsOf(reveals, opened, messages, commitments, weights.length)
  const settled = checkFinal(messages.settles, {
    ...seat,
    absent: 'certificate-settled',
    electorOf: seatsOf(messages.reveals, initiation),
    ...settlingValues(standard, ballotsIn)
  })
  if (isReject(settled)) return settled
  if (settled.join() !== messages.reveals.map(({ id }) => id).join())
    return bad('certificate-settled', 'the ballots are not those that were settled')
  const ballots = ballotsIn(settled)
  const tally = tallyOf(standard, ballots)
  return {
    standard,
    ballots,
    tally,
    against: isAgainstScores(tally),
    settled: settledDigest({ set: settled })
  }
}

function seatsOf(messages: readonly Message[], { policy }: Initiation): Map<string, number> {
  return new Map(messages.map(({ id, payload }) => [id, seatOf(policy, payload)]))
}

/** The commitment that each reveal opens. */
function openedBy(
  { reveals, commitments, initiation: [initiation] }: Messages,
  { rule }: Standard,
  terms: Initiation
): Map<string, string> | Reject {
  const opened = new Map<string, string>()
  for (const { id, payload } of reveals) {
    const { ballot, company, role, key, salt } = payload
    const wrong = checkReveal(payload, initiation?.id ?? '', terms, rule)
    if (wrong) return wrong
    const commitment = commitmentOf(salt, ballot)
    const own = commitments.find(({ payload: other }) => {
      const isSameElector = other.company === company && other.role === role
      return isSameElector && other.key === key && other.commitment === commitment
    })
    if (!own) return bad('ballot-commitment', `the ballot of ${company} is not the one that it committed to`)
    opened.set(id, own.id)
  }
  return opened
}

function ballotsOf(
  reveals: readonly string[],
  opened: ReadonlyMap<string, string>,
  messages: Messages,
  commitments: ReadonlyMap<string, number>,
  electors: number
): Ballots {
  const byCommitment = new Map<string, Ballot>()
  for (const { id, payload } of messages.reveals)
    if (reveals.includes(id)) byCommitment.set(opened.get(id) as string, payload.ballot)
  return Array.from({ length: electors }, (_, elector) => {
    const own = messages.commitments.filter(({ id }) => commitments.get(id) === elector)
    // Two of one key are none, whichever of them were opened.
    return ballotThatCounts(own.map(({ id }) => byCommitment.get(id)))
  })
}

/** @returns what was made final, or why it was not. DEC-18 */
function checkFinal(statements: readonly Message<StatementKind>[], matter: Matter): string[] | Reject {
  const lines = statements.map(message => lineOf(message, matter))
  const refused = lines.find(isReject)
  if (refused) return refused
  const [newest, before] = split(lines as Line[])
  if (before.length === 0) return bad('round-because', 'nothing shows what the statements rest on')
  const value = newest[0]?.value as string
  if ([...newest, ...before].some(line => line.value !== value))
    return bad('round-lock', 'the statements are not of one value')
  const named = new Set(newest.flatMap(({ because }) => because))
  if (before.some(({ id }) => !named.has(id)))
    return bad('certificate-extra', 'a statement that nobody names')
  const rests = newest.every(({ because }) => {
    const named = before.filter(({ id }) => because.includes(id))
    return isOneOfEach(named) && carriedBy(matter, named) !== undefined
  })
  if (!rests) return bad('round-because', 'a statement rests on too little weight, or on two of one elector')
  const carried = carriedBy(matter, newest)
  if (!carried) return bad('certificate-quorum', 'too little weight stands behind it')
  return carried.by.length === newest.length
    ? [...new Set(lines.flatMap(line => (line as Line).set))].sort()
    : bad('certificate-extra', 'a statement of somebody who does not carry it')
}

function lineOf({ id, payload }: Message<StatementKind>, matter: Matter): Line | Reject {
  const { round, set, because, key } = payload
  const elector = seatOf(matter.initiation.policy, payload)
  if (matter.initiation.voices[elector] !== key)
    return bad('message-power', 'another key closes and settles for this elector')
  if (!isAscending(set) || !isAscending(because)) return bad('round-set', 'names are not in order')
  if (round === 0 && because.length > 0) return bad('round-because', 'the first round has none before it')
  if (set.some(name => !matter.electorOf.has(name)))
    return bad(matter.absent, 'a statement names what is not in the file')
  const named = Map.groupBy(set, name => matter.electorOf.get(name))
  if ([...named.values()].some(({ length }) => length > NAMED_MAX))
    return bad('round-set', 'more than two of one elector')
  return { id, elector, round, set, because, value: matter.valueOf(set), locked: true }
}

/** Statements of the newest round, of each elector one, and those of the round before: who lies may have two there. */
function split(lines: Line[]): [Line[], Line[]] {
  const last = Math.max(...lines.map(({ round }) => round))
  const isIn = (round: number) => lines.filter(line => line.round === round)
  const [newest, before] = [isIn(last), isIn(last - 1)]
  return isOneOfEach(newest) && newest.length + before.length === lines.length
    ? [newest, before]
    : [newest, []]
}

function isOneOfEach(lines: readonly Line[]): boolean {
  return new Set(lines.map(({ elector }) => elector)).size === lines.length
}

function bad(code: string, detail: string): Reject {
  return new Reject(code, detail)
}
