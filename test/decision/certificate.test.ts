import { describe, expect, it } from 'vitest'
import { certify } from '../../src/decision/certificate.ts'
import { verifyCertificate } from '../../src/decision/certificate-check.ts'
import { encodeCertificate, parseCertificate } from '../../src/decision/certificate-file.ts'
import { encodeEquivocation, verifyEquivocation } from '../../src/decision/equivocation.ts'
import type { Message } from '../../src/decision/message.ts'
import type { CompanyIdentity } from '../../src/identity/company-identity.ts'
import { appendIdentity } from '../../src/identity/identity-log.ts'
import { nextKeyHash } from '../../src/identity/webvh.ts'
import { fromUtf8 } from '../../src/wire/bytes.ts'
import { encodeJcs } from '../../src/wire/jcs.ts'
import { isReject } from '../../src/wire/reject.ts'
import {
  type Holder,
  START,
  commit,
  holderOf,
  identityOf,
  initiate,
  keyOf,
  must,
  play,
  policyOf,
  say,
  scored
} from '../../scripts/vectors/decision-builders.ts'

const [ADA, BO] = [holderOf('acme', 'CTO'), holderOf('borealis', 'CTO')]
const YES = { choice: 'option' as const, option: 0 }
const POLICY = policyOf([{ name: 'acme' }, { name: 'borealis' }])
const ZERO = '0'.repeat(64)
const VOTES: Parameters<typeof play>[1] = [
  [ADA, YES],
  [BO, YES]
]
const both = () => play(initiate(ADA, POLICY), VOTES)

interface Closing {
  /** What the statements of round 0 rest on. */
  because?: string[]
  /** One more of them. */
  twin?: (decision: string, set: string[]) => Message
  /** More commitments. */
  more?: Message[]
}

/** The certificate of `both`, its closing said anew by both electors. */
function closedAnew({ because = [], twin, more = [] }: Closing = {}): Uint8Array {
  const file = must(parseCertificate(must(certify(both(), identityOf))))
  const { messages } = must(verifyCertificate(encodeCertificate(file)))
  const { decision } = file
  const commitments = [...messages.commitments, ...more].toSorted(byId)
  const set = commitments.map(({ id }) => id)
  const close = (holder: Holder, round: number, named: string[]) =>
    say(holder, 'decision-close.v1', { decision, round, set, because: named })
  const early = [ADA, BO].map(holder => close(holder, 0, because))
  const first = [...early, ...(twin ? [twin(decision, set)] : [])].toSorted(byId)
  const rests = first.map(({ id }) => id)
  const late = [ADA, BO].map(holder => close(holder, 1, rests))
  const documents = (group: readonly Message[]) => group.map(({ record }) => record.document)
  const closes = documents([...first, ...late].toSorted(byId))
  return encodeCertificate({
    ...file,
    messages: { ...file.messages, closes, commitments: documents(commitments) }
  })
}

function byId(one: Message, other: Message): number {
  return one.id < other.id ? -1 : 1
}

function codeOf(file: Uint8Array): string {
  const verified = verifyCertificate(file)
  return isReject(verified) ? verified.code : 'accepted'
}

describe('a certificate', () => {
  it('[DEC-23] is refused with any one byte changed', { timeout: 300_000 }, () => {
    const file = must(certify(both(), identityOf))
    expect(isReject(verifyCertificate(file))).toBe(false)
    const accepted: number[] = []
    for (let at = 0; at < file.length; at++) {
      const changed = Uint8Array.from(file)
      changed[at] = (file[at] as number) ^ (1 << (at % 7))
      const verified = verifyCertificate(changed)
      if (!isReject(verified) || verified.code === '' || verified.detail === '') accepted.push(at)
    }
    expect(accepted).toEqual([])
  })

  it('[DEC-23] is refused when bytes are added or taken away at its end', () => {
    const file = must(certify(both(), identityOf))
    expect(isReject(verifyCertificate(file.subarray(0, -1)))).toBe(true)
    expect(isReject(verifyCertificate(Buffer.concat([file, Buffer.from(' ')])))).toBe(true)
  })

  it('[DEC-26] says of each company whether its root is one that the reader trusts', () => {
    const verified = must(verifyCertificate(must(certify(both(), identityOf)), new Set([ADA.company])))
    const pinned = Object.fromEntries(verified.companies.map(({ did, isPinned }) => [did, isPinned]))
    expect(pinned).toEqual({ [ADA.company]: true, [BO.company]: false })
    for (const { words } of verified.companies) expect(words).toHaveLength(8)
  })

  it('[DEC-24] states nothing but what its messages come to', () => {
    const { file } = must(verifyCertificate(must(certify(both(), identityOf))))
    expect(file.outcome).toMatchObject({
      approved: { option: 0, title: 'The short one' },
      tally: { approve: [2, 0], reject: 0, abstain: 0, turnout: 2, of: 2, needed: 2 },
      against: false
    })
  })

  it('[DEC-22] waits for a rationale where the scores recommend something else', () => {
    const scores = scored(1, 5)
    const decision = play(initiate(ADA, POLICY), [
      [ADA, { ...YES, scores }],
      [BO, { ...YES, scores }]
    ])
    const refused = certify(decision, identityOf)
    expect(isReject(refused) && refused.code).toBe('certificate-incomplete')
    decision.add(
      say(BO, 'decision-rationale.v1', { decision: decision.id, text: 'The other cannot be had.' })
    )
    const verified = must(verifyCertificate(must(certify(decision, identityOf))))
    expect(verified.file.outcome).toMatchObject({ against: true, recommendation: { option: 1 } })
  })

  it('[DEC-23] holds the contexts that commitments name, and is made where there are none', () => {
    const initiation = initiate(ADA, POLICY)
    const context = say(ADA, 'decision-context.v1', { decision: initiation.id, commitment: ZERO })
    const naming = (named: string) => {
      const decision = play(initiation, VOTES, { context: named })
      decision.add(context)
      const { messages } = must(verifyCertificate(must(certify(decision, identityOf))))
      return messages.contexts.map(({ id }) => id)
    }
    expect(naming(context.id)).toEqual([context.id])
    // What nobody has, and what is no context: a liar must not keep the others from their certificate.
    expect([naming(ZERO), naming(initiation.id)]).toEqual([[], []])
  })

  it('[DEC-13] is refused with statements that no honest elector names', () => {
    expect(codeOf(closedAnew())).toBe('accepted')
    expect(codeOf(closedAnew({ because: [ZERO] }))).toBe('round-because')
    const twin = (decision: string, set: string[]) =>
      say(ADA, 'decision-close.v1', { decision, round: 0, set, because: [] }, START + 1000)
    expect(codeOf(closedAnew({ twin }))).toBe('round-because')
  })

  it('[DEC-13] is refused with more than two commitments of one elector', () => {
    const { decision } = must(verifyCertificate(must(certify(both(), identityOf)))).file
    const more = [1, 2].map(option => commit(ADA, decision, { choice: 'option', option }).message)
    expect(codeOf(closedAnew({ more: more.slice(1) }))).toBe('certificate-outcome')
    expect(codeOf(closedAnew({ more }))).toBe('round-set')
  })

  it('[DEC-11] a decision ends though another supersedes it', () => {
    const first = both()
    const second = play(initiate(ADA, POLICY, { supersedes: first.id }), [
      [ADA, YES],
      [BO, YES]
    ])
    expect(must(verifyCertificate(must(certify(first, identityOf)))).file.decision).toBe(first.id)
    expect(must(verifyCertificate(must(certify(second, identityOf)))).file.decision).toBe(second.id)
  })
})

describe('a proof of an equivocation', () => {
  it('[DEC-31] holds no more of the identity log than its certificates name', () => {
    const decision = initiate(ADA, POLICY).id
    const [one, other] = [YES, { choice: 'abstain' as const }].map(
      choice => commit(ADA, decision, choice).message
    ) as [Message, Message]
    const proof = {
      elector: 0,
      key: ADA.key.publicKey.multikey,
      messages: [one, other] as [Message, Message]
    }
    const longer = longerLog(ADA)
    const bytes = encodeEquivocation(proof, () => longer) as Uint8Array
    expect(verifyEquivocation(bytes)).toMatchObject({ company: ADA.company })
    const json = { ...JSON.parse(fromUtf8(bytes)), identity: fromUtf8(longer.log) }
    expect(verifyEquivocation(encodeJcs(json))).toMatchObject({ code: 'proof-none' })
  })
})

/** The identity of its company after one more change, which no certificate knows of. */
function longerLog({ company }: Holder): CompanyIdentity {
  const keys = { rootKey: keyOf('acme next'), nextKeyHashes: [nextKeyHash(keyOf('acme later').publicKey)] }
  return must(appendIdentity(identityOf(company) as CompanyIdentity, {}, keys, START))
}
