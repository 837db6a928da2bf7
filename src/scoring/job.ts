// What a scorer is asked: one option by one criterion, as plain data. protocols/scoring, section 1.
import { z } from 'zod'
import { Reject } from '../wire/reject.ts'

export const SCORE_MAX = 5
export const OPTIONS_MAX = 16
export const CRITERIA_MAX = 8
/** As many pages as a person reads at one sitting, and eight sections of what a quarantine call takes. */
export const TEXT_CHARS_MAX = 24_000
export const SECTIONS_MAX = 8
/** Over all sections: what fits beside the context, and what keeps the choice of one below five bits (SCO-22). */
export const FACTS_MAX = 24
export const QUOTE_CHARS_MAX = 240
/** Twice what a model is asked for at most, since it counts otherwise than we do. */
export const WORDS_CHARS_MAX = 1_000

const ARTIFACTS_MAX = 16

export const digest = z.string().regex(/^[0-9a-f]{64}$/)
export const score = z.int().min(0).max(SCORE_MAX)
const index = z
  .int()
  .min(0)
  .max(OPTIONS_MAX - 1)
const offset = z.int().min(0).max(TEXT_CHARS_MAX)
const section = z
  .int()
  .min(0)
  .max(SECTIONS_MAX - 1)

/** The spelling that a policy allows (DEC-1). */
export const criterionKey = z.string().regex(/^[a-z][A-Za-z0-9]{0,39}$/)

export const CriterionSchema = z.strictObject({
  anchors: z.array(z.string().min(1).max(500)).length(SCORE_MAX + 1),
  key: criterionKey,
  question: z.string().min(1).max(1_000),
  weight: z.int().min(1).max(1_000)
})

/** What a company holds against a proposal: private, and chosen by the role holder. */
export const ContextSchema = z.strictObject({
  artifacts: z
    .array(z.strictObject({ text: z.string().max(TEXT_CHARS_MAX), title: z.string().max(200) }))
    .max(ARTIFACTS_MAX),
  notes: z.string().max(TEXT_CHARS_MAX),
  purpose: z.string().max(TEXT_CHARS_MAX),
  vision: z.string().max(TEXT_CHARS_MAX)
})

export const OptionSchema = z.strictObject({
  index,
  text: z.string().max(TEXT_CHARS_MAX),
  title: z.string().max(200)
})

export const TopicSchema = z.strictObject({
  benefits: z.array(z.string().max(1_000)).max(20),
  question: z.string().max(2_000)
})

/** What results hang on; an empty digest and server mean whatever is found. */
export const VersionsSchema = z.strictObject({
  digest: z.union([digest, z.literal('')]),
  prompt: z.string().max(64),
  server: z.string().max(64)
})

/** A place in the exact text of an option, in UTF-16 code units: `end` is the first that does not belong to it. */
export const SpanSchema = z.strictObject({ end: offset, start: offset })

export const FACT_KINDS = ['ask', 'benefit', 'claim', 'commitment', 'cost', 'date', 'risk'] as const
const FactSchema = z.strictObject({ kind: z.enum(FACT_KINDS), section, span: SpanSchema })

/** In which order the levels of the rubric are shown. */
export const ORDERS = ['ascending', 'descending', 'shuffled'] as const

/** Words of a model, for the eyes of the person who confirms. They leave with nothing (SCO-21). */
const AnswerSchema = z.strictObject({
  evidence: z.string().max(WORDS_CHARS_MAX),
  reason: z.string().max(WORDS_CHARS_MAX),
  score,
  unsure: z.boolean()
})

/** One answer that was obtained. Local: a model's words are in it. */
export const PartSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('facts'),
    section,
    facts: z.array(FactSchema).max(FACTS_MAX),
    /** Quotes that stand nowhere in the section. */
    invented: z.int().min(0).max(1_000),
    /** Whether any try brought an answer. */
    read: z.boolean()
  }),
  z.strictObject({
    kind: z.literal('sample'),
    order: z.enum(ORDERS),
    /** The section that was left out, for the alarm. */
    without: section.nullable(),
    /** Null where no try brought one. */
    answer: AnswerSchema.nullable(),
    tries: z.int().min(1).max(3)
  })
])

export const JobSchema = z.strictObject({
  /** `careful`: three samples and the alarm; `quick`: one sample. */
  care: z.enum(['careful', 'quick']),
  context: ContextSchema,
  criterion: CriterionSchema,
  decision: digest,
  option: OptionSchema,
  /** What was obtained before an interruption, of this very job. */
  parts: z.array(PartSchema).max(64).optional(),
  /** 32 random bytes of the node: nobody who writes a proposal can foresee the marks around it. */
  seed: digest,
  topic: TopicSchema,
  versions: VersionsSchema
})

export type Criterion = z.infer<typeof CriterionSchema>
export type Context = z.infer<typeof ContextSchema>
export type Option = z.infer<typeof OptionSchema>
export type Topic = z.infer<typeof TopicSchema>
export type Versions = z.infer<typeof VersionsSchema>
export type Span = z.infer<typeof SpanSchema>
export type Fact = z.infer<typeof FactSchema>
export type Order = (typeof ORDERS)[number]
export type Answer = z.infer<typeof AnswerSchema>
export type Part = z.infer<typeof PartSchema>
export type FactsPart = Extract<Part, { kind: 'facts' }>
export type Sample = Extract<Part, { kind: 'sample' }>
export type ScoreJob = z.infer<typeof JobSchema>

/** SCO-1. */
export function parseJob(value: unknown): ScoreJob | Reject {
  const parsed = JobSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return new Reject('job-shape', `${issue?.path.join('.')}: ${issue?.message}`, false)
}

/** What a part is an answer to, within its job; parts of the facts are of the option alone. */
export function partKey(part: Part): string {
  if (part.kind === 'facts') return `facts/${part.section}`
  return part.without === null ? `sample/${part.order}` : `without/${part.without}`
}
