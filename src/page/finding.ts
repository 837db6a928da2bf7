// What the page finds in a file, as a value that travels from its worker to what shows it. The verifier is the node's.
import { verifyCertificate } from '../decision/certificate-check.ts'
import { CERTIFICATE_BYTES_MAX } from '../decision/certificate-file.ts'
import { type Proven, verifyEquivocation } from '../decision/equivocation.ts'
import { type Report, fileKindOf, initiationOf, reportOf } from '../decision/report.ts'
import type { Initiation } from '../decision/schema.ts'
import { parseTrust } from '../decision/trust-file.ts'
import { wordsOf } from '../identity/words.ts'
import { refusalOf } from '../node/refusals/refusals.ts'
import { Reject, isReject } from '../wire/reject.ts'

export type Finding = DecisionFound | ProofFound | Refused | TrustRefused | Unread | Failed

export interface DecisionFound {
  is: 'decision'
  report: Report
  /** What the vote was on, in full. */
  initiation: Initiation
}

export interface ProofFound {
  is: 'proof'
  proven: Proven
  words: string[]
  isPinned: boolean
}

export interface Refused {
  is: 'refused'
  code: string
  /** What is wrong, in one sentence, with the rule that says so. */
  says: string
  rule: string
  detail: string
}

export interface TrustRefused {
  is: 'trust-refused'
  says: string
}

/** The browser could not give its bytes. */
export interface Unread {
  is: 'unread'
  name: string
}

/** The page itself broke down. */
export interface Failed {
  is: 'failed'
  detail: string
}

/** What is asked of the worker. */
export interface Question {
  bytes: Uint8Array
  /** The text of the reader's trust file. */
  trust: string
}

export function findingOf({ bytes, trust }: Question): Finding {
  const read = parseTrust(trust)
  if ('wrong' in read) return { is: 'trust-refused', says: `line ${read.line}: ${read.wrong} is no did` }
  const pinned = new Set(read.dids)
  return fileKindOf(bytes) === 'equivocation.v1' ? proofIn(bytes, pinned) : decisionIn(bytes, pinned)
}

/** What is larger than any certificate is refused as the verifier would, and not even read. */
export function sizeRefused(size: number): Refused | undefined {
  return size > CERTIFICATE_BYTES_MAX
    ? refused(new Reject('jcs-size', `${size} bytes, at most ${CERTIFICATE_BYTES_MAX}`))
    : undefined
}

function decisionIn(bytes: Uint8Array, pinned: ReadonlySet<string>): DecisionFound | Refused {
  const verified = verifyCertificate(bytes, pinned)
  if (isReject(verified)) return refused(verified)
  return { is: 'decision', report: reportOf(verified), initiation: initiationOf(verified.messages) }
}

function proofIn(bytes: Uint8Array, pinned: ReadonlySet<string>): ProofFound | Refused {
  const proven = verifyEquivocation(bytes)
  if (isReject(proven)) return refused(proven)
  const { company } = proven
  return { is: 'proof', proven, words: wordsOf(company), isPinned: pinned.has(company) }
}

function refused({ code, detail }: Reject): Refused {
  const known = refusalOf(code)
  return {
    is: 'refused',
    code,
    says: known?.says ?? 'The file breaks a rule.',
    rule: known?.rule ?? '',
    detail
  }
}
