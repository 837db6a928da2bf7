// What follows from a decision, and how long it took.
import { describe, expect, it } from 'vitest'
import { certify } from '../../src/decision/certificate.ts'
import { type Verified, verifyCertificate } from '../../src/decision/certificate-check.ts'
import type { Decision } from '../../src/decision/decision.ts'
import { planArtifact, planFields, releaseOf } from '../../src/decision/execution.ts'
import { summaryOf, timingOf } from '../../src/decision/metrics.ts'
import type { Subject } from '../../src/decision/schema.ts'
import { layoutOf } from '../../src/artifacts/layouts.ts'
import { concatBytes, toHex, utf8 } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { type LayoutValue, valueUnder } from '../../src/wire/layout.ts'
import { isReject } from '../../src/wire/reject.ts'
import {
  HOUR,
  START,
  commit,
  holderOf,
  identityOf,
  initiate,
  must,
  play,
  policyOf
} from '../../scripts/vectors/decision-builders.ts'

const [ADA, BO] = [holderOf('acme', 'CTO'), holderOf('borealis', 'CTO')]
const POLICY = policyOf([{ name: 'acme' }, { name: 'borealis' }])
const YES = { choice: 'option' as const, option: 0 }
const REJECT = { choice: 'reject' as const, objection: { argument: 'No.', change: 'Yes.' } }
const SUBJECT: Subject = {
  kind: 'StandardsDoc.v1',
  artifact: 'ab'.repeat(16),
  facet: 'cd'.repeat(32),
  heads: [
    { client: 7, id: '12'.repeat(32), seq: 3 },
    { client: 9, id: '34'.repeat(32), seq: 0 }
  ],
  root: 'ef'.repeat(32),
  release: '1.0.0'
}
const verified = (decision: Decision): Verified =>
  must(verifyCertificate(must(certify(decision, identityOf))))

describe('a plan', () => {
  it('[DEC-32] has one id, whoever makes it, and another for each decision', () => {
    const [one, other] = ['11'.repeat(32), '22'.repeat(32)]
    expect(planArtifact(one)).toHaveLength(16)
    const digest = sha256(concatBytes(utf8('parley/plan/1\n'), new Uint8Array(32).fill(0x11)))
    expect(toHex(planArtifact(one))).toBe(toHex(digest.slice(0, 16)))
    expect(toHex(planArtifact(one))).not.toBe(toHex(planArtifact(other)))
  })

  it('[DEC-32] fills fields that the layout has', () => {
    const milestone = { title: 'A first', company: ADA.company, role: 'CTO', due: '2027-03-31' }
    const fields = planFields('11'.repeat(32), 'A plan', {
      goal: 'A goal',
      milestones: [milestone, milestone]
    })
    const layout = layoutOf('JointInitiativePlan.v1')
    if (!layout) throw new Error('no layout')
    const unknown = fields.filter(({ path: [root = '', ...keys] }) => {
      let at: LayoutValue | undefined = layout.roots[root]
      for (const key of keys) at = typeof at === 'object' && at.is === 'map' ? valueUnder(at, key) : undefined
      return at !== 'string'
    })
    expect(unknown).toEqual([])
    expect(fields.filter(({ path }) => path[1] === 'm2').length).toBe(5)
  })
})

describe('a release', () => {
  const source = {
    artifact: SUBJECT.artifact,
    facet: SUBJECT.facet,
    lanes: SUBJECT.heads,
    structRoot: SUBJECT.root
  }
  const approved = verified(
    play(initiate(ADA, POLICY, { subject: SUBJECT }), [
      [ADA, YES],
      [BO, YES]
    ])
  )
  const codeOf = (value: unknown) => (isReject(value) ? value.code : value)

  it('[DEC-33] is the document as it was decided on, in whatever order its lanes stand', () => {
    expect(releaseOf(approved, source)).toBe('1.0.0')
    expect(releaseOf(approved, { ...source, lanes: SUBJECT.heads.toReversed() })).toBe('1.0.0')
  })

  it.each([
    ['another artifact', { artifact: 'ba'.repeat(16) }],
    ['another facet', { facet: 'dc'.repeat(32) }],
    ['another content', { structRoot: 'fe'.repeat(32) }],
    ['a lane that goes on', { lanes: [SUBJECT.heads[0]!, { ...SUBJECT.heads[1]!, seq: 1 }] }],
    ['a lane less', { lanes: SUBJECT.heads.slice(1) }],
    ['a lane more', { lanes: [...SUBJECT.heads, { client: 11, id: '56'.repeat(32), seq: 0 }] }]
  ])('[DEC-33] is not %s', (_, change) => {
    expect(codeOf(releaseOf(approved, { ...source, ...change }))).toBe('release-other')
  })

  it('[DEC-33] comes of no decision that approved nothing, or no standard', () => {
    const vetoed = play(initiate(ADA, POLICY, { subject: SUBJECT }), [
      [ADA, YES],
      [BO, REJECT]
    ])
    expect(codeOf(releaseOf(verified(vetoed), source))).toBe('release-none')
    const other = play(initiate(ADA, POLICY), [
      [ADA, YES],
      [BO, YES]
    ])
    expect(codeOf(releaseOf(verified(other), source))).toBe('release-none')
  })
})

describe('time', () => {
  it('goes where the last word of each stage came late', () => {
    const initiation = initiate(ADA, POLICY)
    const decision = play(initiation, [
      [ADA, YES],
      [BO, YES]
    ])
    const { messages } = verified(decision)
    const at = (ms: number) => new Date(START + ms).toISOString().replace('.000Z', 'Z')
    const late = commit(BO, decision.id, YES).message
    const evidence = {
      ...messages,
      commitments: [
        { ...messages.commitments[0]!, payload: { ...messages.commitments[0]!.payload, time: at(HOUR) } },
        { ...late, payload: { ...late.payload, time: at(3 * HOUR) } }
      ],
      closes: messages.closes.map(one => ({ ...one, payload: { ...one.payload, time: at(4 * HOUR) } })),
      reveals: messages.reveals.map(one => ({ ...one, payload: { ...one.payload, time: at(2 * HOUR) } })),
      settles: messages.settles.map(one => ({ ...one, payload: { ...one.payload, time: at(5 * HOUR) } }))
    }
    const timing = timingOf(evidence)
    const told = timing.spans.map(({ name, ms }) => [name, ms / HOUR])
    expect(timing.ms).toBe(5 * HOUR)
    expect(told).toEqual([
      ['voting', 3],
      ['closing', 1],
      ['revealing', 0],
      ['settling', 1]
    ])
    expect(timing.spans[0]?.last.company).toBe(BO.company)
    expect(summaryOf([timing, timing])).toMatchObject({
      decisions: 2,
      medianMs: 5 * HOUR,
      share: { voting: 0.6 }
    })
    expect(summaryOf([])).toBeUndefined()
  })
})
