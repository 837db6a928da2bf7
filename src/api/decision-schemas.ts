// What the local API takes and answers about decisions. protocols/api, section 4.
import { z } from 'zod'
import {
  BallotSchema,
  InitiationSchema,
  PlanSchema,
  RecordSchema,
  SubjectSchema
} from '../decision/schema.ts'
import { STAGES } from '../decision/progress.ts'
import { company } from './agreement-schemas.ts'

const name = z.string().min(1).max(200)
const digest = z.string().regex(/^[0-9a-f]{1,64}$/)
/** A year. */
const ms = z
  .int()
  .min(1)
  .max(366 * 24 * 3_600_000)
const { choice, option, scores, objection } = BallotSchema.shape
const index = option.unwrap()
const objects = objection.unwrap()

export const topic = z.strictObject({
  title: name,
  question: z.string().min(1).max(2_000),
  benefits: z.array(z.string()).exactOptional(),
  options: InitiationSchema.shape.options,
  policy: z.record(z.string(), z.unknown()),
  subject: z.strictObject({ artifact: name, release: name.exactOptional() }).exactOptional(),
  commitMs: ms.exactOptional(),
  revealMs: ms.exactOptional(),
  revises: digest.exactOptional(),
  supersedes: digest.exactOptional()
})
export const ballot = z.strictObject({
  choice,
  option: index.exactOptional(),
  scores: scores.exactOptional(),
  rationale: z.string().max(2_000).exactOptional(),
  objection: objects.exactOptional(),
  scored: digest.exactOptional(),
  role: name.exactOptional()
})
export const mediation = RecordSchema
export const rationale = z.string().min(1).max(4_000)

const weight = z.number()
const outcome = z.object({
  approved: z.object({ option: z.number(), title: z.string() }).exactOptional(),
  failed: z.array(z.enum(['turnout', 'threshold', 'objection'])).exactOptional(),
  tally: z.object({
    approve: z.array(weight),
    reject: weight,
    abstain: weight,
    turnout: weight,
    of: weight,
    needed: weight
  }),
  recommendation: z.object({
    medians: z.array(z.number().nullable()),
    outOf: z.number(),
    option: z.number().exactOptional()
  }),
  against: z.boolean(),
  mediation: RecordSchema.exactOptional()
})
const elector = z.object({
  company,
  role: z.string(),
  weight,
  committed: z.boolean(),
  ballot: z
    .object({
      choice,
      option: z.number().exactOptional(),
      scores,
      rationale: z.string(),
      objection: objects.exactOptional()
    })
    .exactOptional(),
  divided: z.boolean(),
  equivocated: z.boolean()
})
export const decision = z.object({
  id: z.string(),
  space: z.string(),
  title: z.string(),
  question: z.string(),
  benefits: z.array(z.string()),
  options: z.array(z.object({ title: z.string(), text: z.string(), plan: PlanSchema.exactOptional() })),
  policy: z.string(),
  criteria: z.array(
    z.object({ key: z.string(), question: z.string(), anchors: z.array(z.string()), weight })
  ),
  method: z.string(),
  subject: SubjectSchema.exactOptional(),
  policySealed: z.boolean(),
  startedBy: z.string(),
  commitBy: z.string(),
  revealBy: z.string(),
  stage: z.enum(STAGES),
  waitsFor: z.array(z.string()),
  spoken: weight,
  needed: weight,
  electors: z.array(elector),
  outcome: outcome.exactOptional(),
  rationales: z.array(z.string()),
  mediation: z.array(
    z.object({ id: z.string(), record: RecordSchema, weight, needed: weight, companies: z.array(z.string()) })
  ),
  revises: z.string().exactOptional(),
  supersedes: z.string().exactOptional(),
  own: z.array(z.object({ role: z.string(), voted: z.boolean() }))
})
export const decisionProof = z.object({
  company: z.string(),
  role: z.string(),
  kind: z.string(),
  proof: z.string()
})
