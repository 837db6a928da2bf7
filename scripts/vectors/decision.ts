// Writes protocols/decision/vectors and the schemas beside them, the same bytes every time.
import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { CertificateSchema } from '../../src/decision/certificate-file.ts'
import { EquivocationSchema } from '../../src/decision/equivocation.ts'
import { type Policy, PolicySchema, checkPolicy, quorumsOf } from '../../src/decision/policy.ts'
import { MESSAGE_KINDS, SCHEMAS } from '../../src/decision/schema.ts'
import { MAJORITY, UNANIMITY, policyOf } from './decision-builders.ts'
import { certificateVectors } from './decision-certificates.ts'
import { proofVectors } from './decision-proofs.ts'
import { messageVectors } from './decision-messages.ts'
import { print } from './space-builders.ts'

type Electors = Parameters<typeof policyOf>[0]
const NAMES = ['acme', 'borealis', 'cobalt', 'dorado', 'elm', 'fjord', 'garnet']
const equals = (n: number): Electors => NAMES.slice(0, n).map(name => ({ name }))
const weighted = (...weights: number[]): Electors =>
  weights.map((weight, i) => ({ name: NAMES[i] as string, weight }))
const moreThan = (numerator: number, denominator: number) => ({
  ...MAJORITY,
  moreThan: { numerator, denominator }
})
const rules = (rule: object) => ({
  rules: { default: rule, 'StandardsDoc.v1': UNANIMITY } as Policy['rules']
})

function policyVectors() {
  const valid: [name: string, policy: Policy][] = [
    ['two equals', policyOf(equals(2))],
    ['three equals', policyOf(equals(3))],
    ['four equals', policyOf(equals(4))],
    ['seven equals, of whom four decide', policyOf(equals(7))],
    ['seven equals, of whom more than two thirds decide', policyOf(equals(7), rules(moreThan(2, 3)))],
    ['weights of 3, 2, 2, 1 and 1', policyOf(weighted(3, 2, 2, 1, 1))],
    [
      'two roles of one company',
      policyOf([{ name: 'acme' }, { name: 'acme', role: 'CFO' }, { name: 'borealis' }])
    ],
    ['all by unanimity', policyOf(equals(3), { rules: { default: UNANIMITY } })]
  ]
  const one = policyOf(equals(3))
  const invalid: [name: string, code: string, policy: object][] = [
    ['one elector', 'policy-shape', { ...one, electors: one.electors.slice(0, 1) }],
    ['an elector twice', 'policy-shape', { ...one, electors: [...one.electors, one.electors[0]] }],
    ['a weight of nothing', 'policy-shape', policyOf(weighted(1, 0))],
    ['two criteria of one key', 'policy-shape', { ...one, criteria: [one.criteria[0], one.criteria[0]] }],
    [
      'an anchor too few',
      'policy-shape',
      { ...one, criteria: [{ ...one.criteria[0], anchors: ['a', 'b'] }] }
    ],
    ['no default', 'policy-shape', { ...one, rules: { 'StandardsDoc.v1': UNANIMITY } }],
    [
      'a turnout of more than all',
      'policy-shape',
      policyOf(equals(3), rules({ ...UNANIMITY, turnout: { numerator: 2, denominator: 1 } }))
    ],
    ['a member too many', 'policy-shape', { ...one, note: 'but' }],
    ['a title that turns around', 'policy-shape', { ...one, title: 'yes\u202eon' }],
    ['less than a half', 'policy-threshold', policyOf(equals(3), rules(moreThan(1, 3)))],
    ['more than all', 'policy-threshold', policyOf(equals(3), rules(moreThan(1, 1)))],
    ['one who decides alone', 'policy-threshold', policyOf(weighted(5, 1, 1))],
    ['standards by majority', 'policy-standards', policyOf(equals(3), { rules: { default: MAJORITY } })]
  ]
  return {
    about: 'Policies, DEC-1 to DEC-3',
    valid: valid.map(([name, policy]) => {
      const refused = checkPolicy(PolicySchema.parse(policy))
      if (refused) throw new Error(`${name}: ${refused}`)
      const quorums = Object.fromEntries(
        Object.entries(policy.rules).map(([kind, rule]) => [kind, quorumsOf(policy, rule)])
      )
      return { name, policy, quorums }
    }),
    invalid: invalid.map(([name, code, policy]) => {
      const shape = PolicySchema.safeParse(policy)
      const found = shape.success ? checkPolicy(shape.data)?.code : 'policy-shape'
      if (found !== code) throw new Error(`${name}: ${found}`)
      return { name, code, policy }
    })
  }
}

function messagesSchema(): object {
  const kinds = MESSAGE_KINDS.map(kind => {
    const { $schema: _dialect, ...schema } = z.toJSONSchema(SCHEMAS[kind], { io: 'input' })
    return [kind, schema]
  })
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Payloads of the messages of a decision',
    $defs: Object.fromEntries(kinds)
  }
}

/** Path below protocols/decision, and the value whose JSON stands there. */
export function decisionFiles(): [path: string, value: object][] {
  const schemaOf = (schema: z.ZodType, title: string) => ({
    ...z.toJSONSchema(schema, { io: 'input' }),
    title
  })
  return [
    ['policy.schema.json', schemaOf(PolicySchema, 'PeerDecisionPolicy.v1')],
    ['messages.schema.json', messagesSchema()],
    ['certificate.schema.json', schemaOf(CertificateSchema, 'JointGovernanceDecision.v1')],
    ['equivocation.schema.json', schemaOf(EquivocationSchema, 'Proof of an equivocation')],
    ['vectors/policies.json', policyVectors()],
    ['vectors/messages.json', messageVectors()],
    ['vectors/certificates.json', certificateVectors()],
    ['vectors/proofs.json', proofVectors()]
  ]
}

if (import.meta.main) {
  for (const [path, value] of decisionFiles()) {
    writeFileSync(new URL(`../../protocols/decision/${path}`, import.meta.url), print(value))
  }
}
