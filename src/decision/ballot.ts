// One elector's ballot, hidden until all have committed. protocols/decision, section 4.
import { concatBytes, fromHex, toHex, utf8 } from '../wire/bytes.ts'
import { sha256 } from '../wire/hash.ts'
import { encodeJcs } from '../wire/jcs.ts'
import { Reject } from '../wire/reject.ts'
import { plain } from './message.ts'
import type { Policy, Rule } from './policy.ts'
import type { Ballot, Initiation, Payload } from './schema.ts'

const LABEL = utf8('parley/ballot/1\n')

/** What is committed to, hexadecimal. @param salt 32 bytes, hexadecimal */
export function commitmentOf(salt: string, ballot: Ballot): string {
  return toHex(sha256(concatBytes(LABEL, fromHex(salt) as Uint8Array, encodeJcs(plain(ballot)))))
}

/** @returns why this ballot cannot be cast in this decision (DEC-12) */
export function checkBallot(ballot: Ballot, { policy, options }: Initiation, rule: Rule): Reject | undefined {
  const chosen = ballot.option
  if ((ballot.choice === 'option') !== (chosen !== undefined) || (chosen ?? 0) >= options.length)
    return bad('ballot-choice', `choose one of ${options.length} options, or none`)
  if (ballot.choice === 'reject' && rule.method === 'unanimity' && ballot.objection === undefined)
    return bad('ballot-objection', 'where all must agree, a no says what would make it a yes')
  return checkScores(ballot, policy, options.length)
}

/** Whether a reveal opens a ballot of the very key that signs it, and one that can be cast here. */
export function checkReveal(
  { ballot, company, role, key }: Payload<'decision-reveal.v1'>,
  decision: string,
  initiation: Initiation,
  rule: Rule
): Reject | undefined {
  const isOwn =
    ballot.decision === decision && ballot.company === company && ballot.role === role && ballot.key === key
  return isOwn
    ? checkBallot(ballot, initiation, rule)
    : bad('ballot-shape', 'the ballot is of another elector, or of another decision')
}

function checkScores({ scores }: Ballot, { criteria }: Policy, options: number): Reject | undefined {
  const keys = new Set(criteria.map(({ key }) => key))
  const isAscending = scores.every(({ option }, i) => i === 0 || option > (scores[i - 1]?.option ?? 0))
  if (!isAscending || scores.some(({ option }) => option >= options))
    return bad('ballot-scores', 'scores stand once for each option, in their order')
  const unknown = scores.some(score => Object.keys(score.criteria).some(key => !keys.has(key)))
  return unknown ? bad('ballot-scores', 'a score for no criterion of the policy') : undefined
}

/** @param opened what one elector's closed commitments held, by their ids; of those unopened, nothing. DEC-20 */
export function ballotThatCounts(opened: readonly (Ballot | undefined)[]): Ballot | undefined {
  const [first, second] = opened
  if (opened.length <= 1) return first
  const agree =
    first !== undefined &&
    second !== undefined &&
    first.key !== second.key &&
    first.choice === second.choice &&
    first.option === second.option
  return agree ? first : undefined
}

function bad(code: string, detail: string): Reject {
  return new Reject(code, detail)
}
