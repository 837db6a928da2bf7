// What the local API takes and answers about scoring. protocols/api, section 4.
import { z } from 'zod'
import { FAILURE_CODES } from '../scoring/failure.ts'
import { REASON_CODES } from '../scoring/figures.ts'
import { CRITERIA_MAX, OPTIONS_MAX, criterionKey, score } from '../scoring/job.ts'

/** What a person writes about their own company; the scorer takes as much of it as has room. */
const CONTEXT_CHARS_MAX = 100_000
const NOTE_CHARS_MAX = 2_000
const ARTIFACTS_MAX = 16

const name = z.string().min(1).max(200)
const contextText = z.string().max(CONTEXT_CHARS_MAX)
const kind = z.enum(['ollama', 'human', 'demo'])

export const contextChange = z.strictObject({
  vision: contextText.exactOptional(),
  purpose: contextText.exactOptional(),
  notes: contextText.exactOptional()
})
export const roleContext = z.object({ vision: z.string(), purpose: z.string(), notes: z.string() })

export const scoringRequest = z.strictObject({
  scorer: kind,
  model: name.exactOptional(),
  quick: z.boolean().exactOptional(),
  artifacts: z.array(name).max(ARTIFACTS_MAX).exactOptional(),
  role: name.exactOptional()
})
export const enteredScores = z.strictObject({
  scores: z
    .array(
      z.strictObject({
        option: z
          .int()
          .min(0)
          .max(OPTIONS_MAX - 1),
        criterion: criterionKey,
        score: score.nullable(),
        note: z.string().max(NOTE_CHARS_MAX).exactOptional()
      })
    )
    .min(1)
    .max(OPTIONS_MAX * CRITERIA_MAX),
  role: name.exactOptional()
})
export const scoringOptions = z.strictObject({ role: name.exactOptional() })

const failure = z.enum(FAILURE_CODES)
const cell = z.object({
  option: z.number(),
  criterion: z.string(),
  score: z.number().nullable(),
  by: z.enum(['demo', 'edited', 'model', 'person']).exactOptional(),
  modelScore: z.number().exactOptional(),
  spread: z.number(),
  codes: z.array(z.enum(REASON_CODES)),
  needsLook: z.boolean(),
  unscored: failure.exactOptional(),
  evidence: z.string().exactOptional(),
  words: z.array(z.object({ score: z.number(), reason: z.string() })),
  note: z.string().exactOptional()
})

export const scoring = z.object({
  decision: z.string(),
  title: z.string(),
  role: z.string(),
  scorer: z.object({ kind, model: z.string(), since: z.number() }),
  judge: z
    .object({
      digest: z.string(),
      server: z.string(),
      family: z.string(),
      quantization: z.string(),
      parametersMillions: z.number(),
      warnings: z.array(z.enum(['old-server', 'unversioned-server']))
    })
    .exactOptional(),
  careful: z.boolean(),
  options: z.array(z.string()),
  criteria: z.array(z.object({ key: z.string(), question: z.string(), anchors: z.array(z.string()) })),
  cells: z.array(cell),
  done: z.number(),
  running: z
    .object({ option: z.number(), criterion: z.string(), done: z.number(), of: z.number() })
    .exactOptional(),
  trouble: z
    .object({
      code: failure,
      message: z.string(),
      next: z.string(),
      times: z.number(),
      nextAt: z.number().exactOptional()
    })
    .exactOptional(),
  cuts: z.array(z.object({ what: z.string(), kept: z.number(), of: z.number() })),
  record: z.string().exactOptional(),
  binding: z.boolean(),
  closed: z.boolean()
})
