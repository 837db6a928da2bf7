// All that may leave of what a scorer did: whole numbers, codes and names of closed lists, digests, and places in the
// text of a proposal. protocols/scoring, section 5.
import { z } from 'zod'
import { toHex, utf8 } from '../wire/bytes.ts'
import { sha256 } from '../wire/hash.ts'
import { type JcsLimits, encodeJcs, parseJcs } from '../wire/jcs.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { type Figures, REASON_CODES } from './figures.ts'
import { CRITERIA_MAX, OPTIONS_MAX, SECTIONS_MAX, SpanSchema, criterionKey, digest, score } from './job.ts'
import { FAMILIES, QUANTIZATIONS } from './ollama-model.ts'
import { PROMPT_SHA256, PROMPT_VERSION, SCORING_SCHEMA } from './prompt.ts'
import { quarantineSchema } from './quarantine.ts'
import type { Protocol, Provenance } from './scorer.ts'

/** Of what answers must look like. */
export const SCHEMA_SHA256 = toHex(sha256(utf8(JSON.stringify([quarantineSchema(1), SCORING_SCHEMA]))))

const count = (max: number) => z.int().min(0).max(max)
const none = z.literal('')

const CellSchema = z.strictObject({
  by: z
    .enum(['demo', 'edited', 'model', 'person'])
    .describe('edited: a person changed what a model had scored'),
  codes: z.array(z.enum(REASON_CODES)).max(REASON_CODES.length).describe('each once, in this order'),
  criterion: criterionKey,
  modelScore: score.nullable().describe('what the model had scored, where a person changed it'),
  option: count(OPTIONS_MAX - 1),
  samples: count(3),
  score: score.nullable(),
  section: count(SECTIONS_MAX - 1)
    .nullable()
    .describe('without it the score moves by two or more'),
  span: SpanSchema.nullable().describe('of the fact that the score rests on: UTF-16 code units of the text'),
  spread: count(5)
})

export const RecordSchema = z.strictObject({
  cells: z
    .array(CellSchema)
    .max(OPTIONS_MAX * CRITERIA_MAX)
    .describe('by option, then as the policy orders criteria'),
  context: z.union([digest, none]).describe('the salted digest of the private context'),
  decision: digest,
  evaluator: z.strictObject({
    digest: z.union([digest, none]).describe('of the manifest of the model'),
    family: z.enum(['', ...FAMILIES]),
    kind: z.enum(['demo', 'human', 'ollama']),
    model: z
      .string()
      .regex(/^(?:[A-Za-z0-9][A-Za-z0-9._:/-]{0,199})?$/)
      .describe('as the operator named it'),
    parametersMillions: count(9_999_000),
    quantization: z.enum(['', ...QUANTIZATIONS]),
    server: z.array(count(999)).max(3).describe('major, minor, patch')
  }),
  options: z.record(z.string().regex(/^[a-z_]{1,24}$/), count(1_000_000)),
  prompt: z.strictObject({
    sha256: z.union([digest, none]),
    version: z.union([z.literal(PROMPT_VERSION), none])
  }),
  proposals: z.array(digest).max(OPTIONS_MAX).describe('of the text of each option'),
  schema: z.union([digest, none]),
  version: z.literal(1)
})

export type EvaluatorRecord = z.infer<typeof RecordSchema>
export type RecordCell = z.infer<typeof CellSchema>

/** 128 cells of up to 300 bytes, and what stands around them. */
const RECORD_LIMITS: JcsLimits = { bytesMax: 65_536, depthMax: 6, itemsMax: 6_000 }

/** A cell as a person left it: with the score of the model where that person changed it. */
export interface JudgedFigures extends Omit<Figures, 'by'> {
  readonly by: RecordCell['by']
  readonly modelScore: number | null
}

export interface RecordFacts {
  readonly decision: string
  /** The exact texts, in the order of the options. */
  readonly texts: readonly string[]
  /** Hexadecimal, or empty where nothing private was read. */
  readonly context: string
  readonly provenance: Provenance
  readonly protocol: Protocol
  readonly cells: readonly JudgedFigures[]
}

export interface MadeRecord {
  readonly record: EvaluatorRecord
  /** JCS: what is sent, and what the ballot names by its digest. */
  readonly bytes: Uint8Array
  readonly digest: Uint8Array
}

/**
 * SCO-20, SCO-21. Every member is copied by its name and checked again, so that nothing rides along, whatever made it.
 * @throws ZodError or RangeError on what no scorer of ours makes
 */
export function makeRecord(facts: RecordFacts): MadeRecord {
  const { provenance, protocol } = facts
  const isAsked = provenance.kind === 'ollama'
  const record = RecordSchema.parse({
    cells: facts.cells.map(cell => recordCell(cell, facts.texts)),
    context: facts.context,
    decision: facts.decision,
    evaluator: {
      digest: provenance.versions.digest,
      family: provenance.family,
      kind: provenance.kind,
      model: provenance.model,
      parametersMillions: provenance.parametersMillions,
      quantization: provenance.quantization,
      server: [...provenance.server]
    },
    options: { ...protocol.options },
    prompt: isAsked ? { sha256: PROMPT_SHA256, version: PROMPT_VERSION } : { sha256: '', version: '' },
    proposals: facts.texts.map(text => toHex(sha256(utf8(text)))),
    schema: isAsked ? SCHEMA_SHA256 : '',
    version: 1
  })
  const bytes = encodeJcs(record)
  return { record, bytes, digest: sha256(bytes) }
}

function recordCell(cell: JudgedFigures, texts: readonly string[]): RecordCell {
  const { by, codes, criterion, modelScore, option, samples, score, section, span, spread } = cell
  const length = texts[option]?.length ?? 0
  if (span && !(span.start < span.end && span.end <= length)) throw new RangeError('a place outside the text')
  const place = span && { end: span.end, start: span.start }
  return {
    by,
    codes: REASON_CODES.filter(code => codes.includes(code)),
    criterion,
    modelScore,
    option,
    samples,
    score,
    section,
    span: place,
    spread
  }
}

/** What somebody else's node sent. @returns `jcs-*` or `evaluator-form` */
export function parseRecord(bytes: Uint8Array): EvaluatorRecord | Reject {
  const value = parseJcs(bytes, RECORD_LIMITS)
  if (isReject(value)) return value
  const parsed = RecordSchema.safeParse(value)
  if (!parsed.success) return badForm(parsed.error.issues[0]?.path.join('.') ?? 'not a record')
  return checkCells(parsed.data) ?? parsed.data
}

/** SCO-20. */
function checkCells({ cells, proposals }: EvaluatorRecord): Reject | undefined {
  const names = new Set<string>()
  for (const [i, { option, criterion, codes, span, by, modelScore }] of cells.entries()) {
    names.add(`${option} ${criterion}`)
    if (names.size <= i || option < (cells[i - 1]?.option ?? 0))
      return badForm('cells are not each once and in order')
    if (option >= proposals.length) return badForm('a cell of an option that is not there')
    const ordered = REASON_CODES.filter(code => codes.includes(code))
    if (ordered.join() !== codes.join()) return badForm('codes are not each once and in order')
    if (span && span.start >= span.end) return badForm('a span of nothing')
    if ((by === 'edited') !== (modelScore !== null)) return badForm('a score of a model that nobody changed')
  }
  return undefined
}

function badForm(detail: string): Reject {
  return new Reject('evaluator-form', detail)
}

/** SCO-24. Whether a ballot may name it. */
export function mayBind({ evaluator, cells }: EvaluatorRecord): boolean {
  return evaluator.kind !== 'demo' && cells.every(({ by, score }) => by !== 'demo' && score !== null)
}
