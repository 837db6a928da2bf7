import { describe, expect, it } from 'vitest'
import { certify } from '../../src/decision/certificate.ts'
import { verifyCertificate } from '../../src/decision/certificate-check.ts'
import { isReject } from '../../src/wire/reject.ts'
import {
  holderOf,
  identityOf,
  initiate,
  must,
  play,
  policyOf,
  say,
  scored
} from '../../scripts/vectors/decision-builders.ts'

const [ADA, BO] = [holderOf('acme', 'CTO'), holderOf('borealis', 'CTO')]
const YES = { choice: 'option' as const, option: 0 }
const POLICY = policyOf([{ name: 'acme' }, { name: 'borealis' }])
const both = () =>
  play(initiate(ADA, POLICY), [
    [ADA, YES],
    [BO, YES]
  ])

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

  it('[DEC-12] holds the context that a commitment names', () => {
    const initiation = initiate(ADA, POLICY)
    const decision = play(initiation, [
      [ADA, YES],
      [BO, YES]
    ])
    expect(must(verifyCertificate(must(certify(decision, identityOf)))).messages.contexts).toEqual([])
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
