// The shapes of a decision's messages. `protocols/decision/*.schema.json` are made from these.
// protocols/decision, sections 2 to 5 and 8.
import { z } from 'zod'
import { ROLES } from '../identity/certificate-schema.ts'
import { ELECTORS_MAX, PolicySchema, SCORE_MAX } from './policy.ts'
import { NAMED_MAX } from './rounds.ts'

export const OPTIONS_MAX = 16
export const ROUNDS_MAX = 64

const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256, hexadecimal')
const hex16 = z.string().regex(/^[0-9a-f]{32}$/)
const name = z.string().min(1).max(200)
const text = z.string().max(8_000)
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  .describe('UTC, whole seconds; claimed')
const option = z
  .int()
  .min(0)
  .max(OPTIONS_MAX - 1)
  .describe('index of an option')

/** Who signs. */
const signer = {
  certificate: digest.describe('id of the role certificate'),
  company: z.string().min(1).max(512).describe('did:webvh id'),
  key: z.string().max(64).describe('Ed25519 multikey'),
  role: z.enum(ROLES),
  time
}
const later = { ...signer, decision: digest.describe('id of the initiation') }

/** What an approved option leads to: the start of a JointInitiativePlan.v1. */
export const PlanSchema = z.strictObject({
  goal: text,
  milestones: z
    .array(
      z.strictObject({
        company: z.string().max(512),
        due: z.string().max(40),
        role: z.string().max(20),
        title: name
      })
    )
    .max(50)
})

export const SubjectSchema = z.strictObject({
  artifact: hex16,
  facet: digest,
  heads: z
    .array(z.strictObject({ client: z.int().min(0), id: digest, seq: z.int().min(0) }))
    .max(256)
    .describe('the lane vector, by client'),
  kind: name,
  release: z.string().max(64).describe('version to release; of a standard').optional(),
  root: digest.describe('struct root at these heads')
})

export const InitiationSchema = z.strictObject({
  ...signer,
  benefits: z.array(z.string().min(1).max(1_000)).max(20),
  commitBy: time,
  nonce: hex16,
  options: z
    .array(z.strictObject({ plan: PlanSchema.optional(), text, title: name }))
    .min(1)
    .max(OPTIONS_MAX),
  policy: PolicySchema,
  question: z.string().min(1).max(2_000),
  revealBy: time,
  revises: z
    .strictObject({ decision: digest, mediation: z.array(digest).min(1).max(ELECTORS_MAX) })
    .optional(),
  space: digest,
  subject: SubjectSchema.optional(),
  supersedes: digest.optional(),
  title: name,
  topic: hex16.describe('the DecisionTopic.v1 artifact').optional(),
  voices: z
    .array(z.string().max(64))
    .max(ELECTORS_MAX)
    .describe('by elector: the key that closes and settles for it')
})

const ids = (max: number) => z.array(digest).max(max).describe('ascending')
const statement = {
  ...later,
  because: ids(ELECTORS_MAX).describe('statements of the round before, one of each elector; ascending'),
  round: z
    .int()
    .min(0)
    .max(ROUNDS_MAX - 1),
  set: ids(ELECTORS_MAX * NAMED_MAX)
}

export const BallotSchema = z.strictObject({
  choice: z.enum(['option', 'reject', 'abstain']),
  company: z.string().max(512),
  decision: digest,
  evaluator: digest.describe("of the evaluator's record").optional(),
  key: z.string().max(64),
  objection: z
    .strictObject({ argument: z.string().min(1).max(2_000), change: z.string().min(1).max(2_000) })
    .describe('and the change that would remove it')
    .optional(),
  option: option.optional(),
  rationale: z.string().max(2_000),
  role: z.enum(ROLES),
  scores: z
    .array(
      z.strictObject({
        criteria: z.record(z.string().max(40), z.int().min(0).max(SCORE_MAX)),
        option
      })
    )
    .max(OPTIONS_MAX)
})

export const RecordSchema = z.strictObject({
  changes: z.array(z.string().min(1).max(2_000)).max(20),
  outcome: z.enum(['revise', 'subset', 'lapse']),
  rationale: z.string().min(1).max(4_000)
})

export const SCHEMAS = {
  'decision-initiation.v1': InitiationSchema,
  'decision-context.v1': z.strictObject({ ...later, commitment: digest }),
  'decision-commitment.v1': z.strictObject({
    ...later,
    commitment: digest,
    context: digest.describe('id of the own decision-context.v1').optional()
  }),
  'decision-close.v1': z.strictObject(statement),
  'decision-reveal.v1': z.strictObject({
    ...later,
    ballot: BallotSchema,
    salt: digest.describe('32 bytes, hexadecimal')
  }),
  'decision-settle.v1': z.strictObject(statement),
  'decision-rationale.v1': z.strictObject({ ...later, text: z.string().min(1).max(4_000) }),
  'decision-mediation.v1': z.strictObject({
    ...later,
    record: RecordSchema,
    settled: digest.describe('of the settled set')
  })
} as const

export type MessageKind = keyof typeof SCHEMAS
export const MESSAGE_KINDS = Object.keys(SCHEMAS) as MessageKind[]
export type Payload<K extends MessageKind> = z.infer<(typeof SCHEMAS)[K]>
export type Initiation = z.infer<typeof InitiationSchema>
export type Ballot = z.infer<typeof BallotSchema>
export type Subject = z.infer<typeof SubjectSchema>
export type MediationRecord = z.infer<typeof RecordSchema>
export type StatementKind = 'decision-close.v1' | 'decision-settle.v1'
