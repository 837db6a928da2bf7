// Writes protocols/scoring/vectors and the schema of records, the same bytes every time.
import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { type EvaluatorRecord, type RecordCell, RecordSchema, parseRecord } from '../../src/scoring/record.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { type JcsValue, encodeJcs } from '../../src/wire/jcs.ts'
import { isReject } from '../../src/wire/reject.ts'

const digest = (name: string) => toHex(sha256(utf8(name)))

const CELL: RecordCell = {
  by: 'model',
  codes: ['evidence-found', 'section-moves'],
  criterion: 'localVision',
  modelScore: null,
  option: 0,
  samples: 3,
  score: 4,
  section: 1,
  span: { end: 60, start: 12 },
  spread: 1
}

const RECORD: EvaluatorRecord = {
  cells: [
    CELL,
    {
      ...CELL,
      by: 'edited',
      codes: ['evidence-missing', 'unsure'],
      criterion: 'peerFit',
      modelScore: 2,
      section: null,
      span: null
    },
    {
      ...CELL,
      by: 'person',
      codes: [],
      modelScore: null,
      option: 1,
      samples: 1,
      score: 0,
      section: null,
      span: null,
      spread: 0
    },
    {
      ...CELL,
      codes: ['no-score', 'sample-missing'],
      criterion: 'peerFit',
      option: 1,
      samples: 1,
      score: null,
      section: null,
      span: null,
      spread: 0
    }
  ],
  context: digest('context'),
  decision: digest('decision'),
  evaluator: {
    digest: digest('model'),
    family: 'qwen3',
    kind: 'ollama',
    model: 'qwen3:8b',
    parametersMillions: 8_190,
    quantization: 'Q4_K_M',
    server: [0, 33, 0]
  },
  options: { num_ctx: 8_192, num_predict: 700, repeat_penalty: 1, temperature: 0 },
  prompt: { sha256: digest('prompt'), version: 'parley/scoring/1' },
  proposals: [digest('first'), digest('second')],
  schema: digest('schema'),
  version: 1
}

const BY_HAND: EvaluatorRecord = {
  ...RECORD,
  cells: RECORD.cells.slice(2, 3),
  context: '',
  evaluator: {
    digest: '',
    family: '',
    kind: 'human',
    model: '',
    parametersMillions: 0,
    quantization: '',
    server: []
  },
  options: {},
  prompt: { sha256: '', version: '' },
  schema: ''
}

const cells = (...over: object[]) => ({ ...RECORD, cells: over.map(one => ({ ...CELL, ...one })) })
const VALID: Record<string, JcsValue> = {
  'a record of a model, with a score that a person changed and one by hand': RECORD,
  'a record by hand': BY_HAND,
  'a record of nothing': { ...BY_HAND, cells: [], proposals: [] }
}
const INVALID: Record<string, unknown> = {
  'a reason in words': cells({ reason: 'It fits.' }),
  'a member beside all': { ...RECORD, note: 'It fits.' },
  'a score above the scale': cells({ score: 6 }),
  'a score in words': cells({ score: '4' }),
  'a code that there is not': cells({ codes: ['it-fits'] }),
  'codes in another order': cells({ codes: ['section-moves', 'evidence-found'] }),
  'a code twice': cells({ codes: ['unsure', 'unsure'] }),
  'a cell twice': cells({}, {}),
  'options in another order': cells({ option: 1 }, { option: 0 }),
  'an option that is not there': cells({ option: 2 }),
  'a span of nothing': cells({ span: { end: 12, start: 12 } }),
  'a span with words': cells({ span: { end: 60, start: 12, text: 'It fits.' } }),
  'a span beyond the longest text': cells({ span: { end: 24_001, start: 0 } }),
  'a section that there is not': cells({ section: 8 }),
  'a model score where nobody changed one': cells({ modelScore: 3 }),
  'a changed score without the one before': cells({ by: 'edited' }),
  'a criterion in words': cells({ criterion: 'the vision' }),
  'a model name in words': { ...RECORD, evaluator: { ...RECORD.evaluator, model: 'the best model' } },
  'a family of no list': { ...RECORD, evaluator: { ...RECORD.evaluator, family: 'budget' } },
  'a digest with a prefix': {
    ...RECORD,
    evaluator: { ...RECORD.evaluator, digest: `sha256:${digest('model')}` }
  },
  'a server version in words': { ...RECORD, evaluator: { ...RECORD.evaluator, server: ['0.33.0'] } },
  'an option of the model in words': { ...RECORD, options: { seed: 'x' } },
  'a prompt of another version': {
    ...RECORD,
    prompt: { sha256: digest('prompt'), version: 'parley/scoring/2' }
  },
  'a record of another version': { ...RECORD, version: 2 },
  'a list': [RECORD]
}

function write(name: string, value: unknown): void {
  writeFileSync(
    new URL(`../../protocols/scoring/${name}`, import.meta.url),
    `${JSON.stringify(value, null, 1)}\n`
  )
}

function invalid(name: string, bytes: Uint8Array): object {
  const found = parseRecord(bytes)
  if (!isReject(found)) throw new Error(`${name} was taken`)
  return { name, code: found.code, hex: toHex(bytes) }
}

if (import.meta.main) {
  const valid = Object.entries(VALID).map(([name, value]) => {
    const bytes = encodeJcs(value)
    if (isReject(parseRecord(bytes))) throw new Error(`${name} was refused`)
    return { name, hex: toHex(bytes) }
  })
  const spelt = utf8(JSON.stringify(RECORD, null, 1))
  const refused = Object.entries(INVALID).map(([name, value]) => invalid(name, encodeJcs(value as JcsValue)))
  refused.push(invalid('another spelling', spelt), invalid('bytes that are no JSON', utf8('{')))
  write('vectors/records.json', { valid, invalid: refused })
  const schema = z.toJSONSchema(RecordSchema)
  write('evaluator-record.schema.json', { ...schema, title: 'EvaluatorRecord.v1' })
}
