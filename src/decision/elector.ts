// What an honest elector's node says next, without being asked: statements of rounds, and the ballot that it opens.
// People commit; the rest follows. protocols/decision, section 5.
import { parseTime } from '../identity/document-text.ts'
import type { Decision, Signer } from './decision.ts'
import type { Message } from './message.ts'
import { type Elector, weightOf } from './policy.ts'
import type { Rounds } from './rounds.ts'
import { type Ballot, ROUNDS_MAX, type StatementKind } from './schema.ts'

/** How long a round waits for those that have not spoken, once it could go on without them; doubled each round. */
export const ROUND_WAIT_MS = 5_000
const ROUND_WAIT_MS_MAX = 10 * 60_000
const HOUR_MS = 3_600_000

/** What hides a ballot, kept by the node of its key. */
export interface Secret {
  /** 32 bytes, hexadecimal. */
  salt: string
  ballot: Ballot
}

/** One key that votes, and what its node knows. */
export interface Voice {
  /** Index in the policy. */
  elector: number
  /** Multikey. */
  key: string
  /** Of own commitments. */
  secretOf: (commitment: string) => Secret | undefined
  /** Whether the key of a commitment had neither expired nor been revoked when it came here (DEC-14). */
  isTimely: (commitment: Message<'decision-commitment.v1'>) => boolean
}

/** When things were first seen, by the clock of this node: the closing (`closed`) once, all else anew after a restart. */
export type Seen = Map<string, number>

export type Word =
  | { kind: StatementKind; round: number; set: string[]; because: string[] }
  | ({ kind: 'decision-reveal.v1' } & Secret)

export interface Turn {
  words: Word[]
  /** When to look again though nothing new has come. */
  wakeAt?: number
}

/** @param seen kept by the caller for this decision and voice */
export function turnOf(decision: Decision, voice: Voice, seen: Seen, now: number): Turn {
  const since = (what: string) => {
    // A clock that was set back saw it in the future: counted from there, a wait would not end.
    const at = Math.min(seen.get(what) ?? now, now)
    seen.set(what, at)
    return at
  }
  if (!decision.closed) return closingTurn(decision, voice, since, now)
  const words = [...echoes(decision, voice), ...reveals(decision, voice)]
  if (decision.settled) return { words }
  // What is revealed now counts in the sets of the next turn.
  if (words.length > 0) return { words, wakeAt: now }
  return settlingTurn(decision, voice, since, now)
}

type Since = (what: string) => number

function closingTurn(decision: Decision, voice: Voice, since: Since, now: number): Turn {
  const commitments = decision.of('decision-commitment.v1')
  const committed = new Set(commitments.map(({ payload }) => decision.electorOf(payload)))
  const isFull = committed.size === decision.standard.policy.electors.length
  const readyAt = isFull ? now : commitEnd(decision, committed, since)
  const known = commitments.filter(message => voice.isTimely(message)).map(({ id }) => id)
  return roundTurn('decision-close.v1', decision.closing, { decision, voice, since, now, readyAt, known })
}

/** Who makes up the turnout at the last moment leaves the others time to answer: the window is then longer, once. */
function commitEnd(
  { initiation, standard }: Decision,
  committed: Set<number | undefined>,
  since: Since
): number {
  const end = parseTime(initiation.commitBy) as number
  const { policy, rule, quorums } = standard
  const weight = weightOf(policy.electors.filter((_, i) => committed.has(i)))
  if (weight * rule.turnout.denominator < quorums.total * rule.turnout.numerator) return end
  const late = policy.windows.late * HOUR_MS
  return since('turnout') > end - late && since('turnout') <= end ? end + late : end
}

function settlingTurn(decision: Decision, voice: Voice, since: Since, now: number): Turn {
  const [from, to] = [
    parseTime(decision.initiation.commitBy) as number,
    parseTime(decision.initiation.revealBy) as number
  ]
  // Whoever closed late, having been away, has as long to reveal as all would have had.
  const end = Math.max(to, since('closed') + to - from)
  const readyAt = decision.unrevealed.length === 0 ? now : end
  const known = decision.revealed
  return roundTurn('decision-settle.v1', decision.settling, { decision, voice, since, now, readyAt, known })
}

/**
 * Where somebody has said two things, nodes may hold different ones and lack what made a value final here. A statement
 * of the next round names it, and what is named is taken whatever else its signer has said (DEC-30).
 */
function echoes(decision: Decision, voice: Voice): Word[] {
  const ended = [
    { kind: 'decision-close.v1' as const, rounds: decision.closing, final: decision.closed },
    { kind: 'decision-settle.v1' as const, rounds: decision.settling, final: decision.settled?.final }
  ]
  return ended.flatMap(({ kind, rounds, final }) => {
    if (!final || decision.initiation.voices[voice.elector] !== voice.key) return []
    const round = final.round + 1
    const isSaid = decision
      .saidBy(kind, signerOf(decision, voice))
      .some(({ payload }) => payload.round >= round)
    const said =
      isSaid || !isDisputed(decision, kind, final.round) || round >= ROUNDS_MAX
        ? undefined
        : rounds.next(round, [])
    return said ? [{ kind, round, ...said }] : []
  })
}

/** Whether somebody has said two things in this round or the one before. */
function isDisputed({ equivocations }: Decision, kind: StatementKind, round: number): boolean {
  return equivocations.some(({ messages: [one] }) => {
    return one.kind === kind && (one.payload.round === round || one.payload.round === round - 1)
  })
}

interface Round {
  decision: Decision
  voice: Voice
  since: Since
  now: number
  /** When round 0 may begin. */
  readyAt: number
  known: string[]
}

function roundTurn(kind: StatementKind, rounds: Rounds, round: Round): Turn {
  const { decision, voice, since, now, readyAt, known } = round
  if (decision.initiation.voices[voice.elector] !== voice.key) return { words: [] }
  const spoken = decision.saidBy(kind, signerOf(decision, voice))
  const next = Math.max(-1, ...spoken.map(({ payload }) => payload.round)) + 1
  if (next >= ROUNDS_MAX) return { words: [] }
  const said = rounds.next(next, known)
  if (!said) return { words: [] }
  const at =
    next === 0
      ? readyAt
      : rounds.isComplete(next - 1)
        ? now
        : since(`${kind}/${next}`) + Math.min(ROUND_WAIT_MS * 2 ** (next - 1), ROUND_WAIT_MS_MAX)
  return at <= now ? { words: [{ kind, round: next, ...said }] } : { words: [], wakeAt: at }
}

function signerOf({ standard }: Decision, { elector, key }: Voice): Signer {
  const { company, role } = standard.policy.electors[elector] as Elector
  return { company, role, key }
}

function reveals(decision: Decision, { elector, key, secretOf }: Voice): Word[] {
  return decision.unrevealed.flatMap(id => {
    const commitment = decision.messages.get(id)
    const isOwn = commitment?.payload.key === key && decision.electorOf(commitment.payload) === elector
    const secret = isOwn ? secretOf(id) : undefined
    return secret ? [{ kind: 'decision-reveal.v1' as const, ...secret }] : []
  })
}
