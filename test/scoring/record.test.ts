// What leaves: its shape, and that no model or server gets a word into it (invariant 9).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDemoScorer } from '../../src/scoring/demo-scorer.ts'
import { type Figures, figuresOf } from '../../src/scoring/figures.ts'
import { FACTS_MAX, type Part, SECTIONS_MAX, type ScoreJob } from '../../src/scoring/job.ts'
import { createOllamaScorer } from '../../src/scoring/ollama-scorer.ts'
import { type EvaluatorRecord, makeRecord, mayBind, parseRecord } from '../../src/scoring/record.ts'
import type { ScoreResult } from '../../src/scoring/scorer.ts'
import { fromHex } from '../../src/wire/bytes.ts'
import { type JcsValue, encodeJcs } from '../../src/wire/jcs.ts'
import { isReject } from '../../src/wire/reject.ts'
import { factsIn, readPrompt, soundBrain } from '../ollama/brains.ts'
import { type Brain, OllamaDouble } from '../ollama/double.ts'
import { PROPOSAL, job, never } from './jobs.ts'

const recordOf = ({ figures, provenance, protocol }: ScoreResult, one: ScoreJob = job()) =>
  makeRecord({
    decision: one.decision,
    texts: [one.option.text],
    context: '',
    provenance,
    protocol,
    cells: [{ ...figures, modelScore: null }]
  })

describe('the record', () => {
  interface Vector {
    name: string
    hex: string
    code?: string
  }
  const vectors = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../protocols/scoring/vectors/records.json'), 'utf8')
  ) as { valid: Vector[]; invalid: Vector[] }

  for (const { name, hex } of vectors.valid) {
    it(`[SCO-20] takes ${name}`, () => {
      const bytes = fromHex(hex)!
      const record = parseRecord(bytes)
      expect(isReject(record)).toBe(false)
      expect(encodeJcs(record as JcsValue)).toEqual(bytes)
    })
  }
  for (const { name, hex, code } of vectors.invalid) {
    it(`[SCO-20] refuses ${name}`, () => {
      const found = parseRecord(fromHex(hex)!)
      expect(isReject(found) && found.code).toBe(code)
    })
  }

  it('[SCO-20] is made in the shape in which it is taken', async () => {
    const { bytes, record } = recordOf(await createDemoScorer().score(job(), never))
    expect(parseRecord(bytes)).toEqual(record)
  })

  it('[SCO-20] names places within the text only', async () => {
    const result = await createDemoScorer().score(job(), never)
    for (const span of [
      { start: 5, end: 5 },
      { start: 0, end: PROPOSAL.length + 1 },
      { start: 9, end: 3 }
    ]) {
      expect(() => recordOf({ ...result, figures: { ...result.figures, span } })).toThrow(RangeError)
    }
  })

  it('[SCO-21] takes along no member that it does not know', async () => {
    const result = await createDemoScorer().score(job(), never)
    const stuffed = {
      ...result.figures,
      reason: 'CANARY',
      span: { start: 0, end: 9, note: 'CANARY' }
    } as Figures
    const provenance = {
      ...result.provenance,
      person: 'CANARY',
      versions: { ...result.provenance.versions, server: 'CANARY' }
    }
    const { bytes } = recordOf({ ...result, figures: stuffed, provenance })
    expect(Buffer.from(bytes).toString()).not.toContain('CANARY')
  })

  it('[SCO-21] is not made of words where numbers, codes and names of lists belong', async () => {
    const result = await createDemoScorer().score(job(), never)
    const wrong: Partial<Record<string, unknown>>[] = [
      { score: 'CANARY' },
      { score: 40_713 },
      { spread: 2.5 },
      { criterion: 'the budget' },
      { section: 'CANARY' }
    ]
    for (const over of wrong) {
      expect(() => recordOf({ ...result, figures: { ...result.figures, ...over } })).toThrow()
    }
    const codes = ['CANARY'] as unknown as Figures['codes']
    expect(recordOf({ ...result, figures: { ...result.figures, codes } }).record.cells[0]?.codes).toEqual([])
    for (const over of [
      { family: 'CANARY' },
      { quantization: 'CANARY' },
      { model: 'the budget' },
      { server: [1, 2, 3, 4] }
    ]) {
      expect(() => recordOf({ ...result, provenance: { ...result.provenance, ...over } })).toThrow()
    }
    const protocol = { ...result.protocol, options: { CANARY: 1 } }
    expect(() => recordOf({ ...result, protocol })).toThrow()
  })

  it('[SCO-24] of the demo, or with a score missing, is for no ballot', async () => {
    const { record } = recordOf(await createDemoScorer().score(job(), never))
    expect(mayBind(record)).toBe(false)
    const ollama: EvaluatorRecord = { ...record, evaluator: { ...record.evaluator, kind: 'ollama' } }
    expect(mayBind(ollama)).toBe(false)
    const cell = { ...record.cells[0]!, by: 'model' as const }
    expect(mayBind({ ...ollama, cells: [cell] })).toBe(true)
    expect(mayBind({ ...ollama, cells: [{ ...cell, score: null }] })).toBe(false)
    expect(mayBind({ ...record, cells: [cell] })).toBe(false)
  })
})

describe('a model that tells what it was told in confidence', () => {
  const SECRET = 'CANARY budget is 40713 crowns'
  const one = job({ context: { ...job().context, notes: `In confidence: ${SECRET}.` } })
  let double: OllamaDouble
  beforeEach(async () => (double = await OllamaDouble.open({ brain: soundBrain })))
  afterEach(() => double.close())
  const score = () => createOllamaScorer({ host: double.host, model: 'gemma4:12b' }).score(one, never)

  /** As it stands, and in the spellings that a clever model might think of. */
  function spellings(text: string): string[] {
    const bytes = Buffer.from(text)
    const plain = [text, text.toLowerCase(), text.split('').reverse().join(''), text.replaceAll(' ', '')]
    const coded = [
      bytes.toString('hex'),
      bytes.toString('base64').replace(/=+$/, ''),
      bytes.toString('base64url'),
      encodeURIComponent(text)
    ]
    return [
      ...plain,
      ...coded,
      'CANARY',
      'canary',
      '40713',
      '31704',
      Buffer.from('CANARY').toString('hex'),
      (40_713).toString(16)
    ]
  }
  function expectSilent(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString()
    for (const spelling of spellings(SECRET)) expect(text).not.toContain(spelling)
    // Nothing is there that would print: names, hexadecimal, numbers.
    expect(text).toMatch(/^[A-Za-z0-9{}[\]":,._/-]+$/)
  }

  /** What the treacherous model read, if it is asked for a score. */
  function told(system: string, user: string): { secret: string; fact: string } | undefined {
    const prompt = readPrompt(system, user)
    if (prompt.isQuarantine) return undefined
    const { notes } = prompt.data[0] as { notes: string }
    return { secret: notes.slice('In confidence: '.length, -1), fact: factsIn(prompt)[0]!.quote }
  }
  const tells =
    (say: (secret: string, fact: string) => object | string): Brain =>
    (system, user, asked) => {
      const known = told(system, user)
      return known ? say(known.secret, known.fact) : soundBrain(system, user, asked)
    }
  const good = { evidence: '', reason: '', score: 3, unsure: false }

  const LEAKS: [string, (secret: string, fact: string) => object | string][] = [
    ['as evidence', secret => ({ ...good, evidence: secret })],
    ['after evidence that holds', (secret, fact) => ({ ...good, evidence: `${fact} ${secret}` })],
    ['as the reason', (secret, fact) => ({ ...good, evidence: fact, reason: secret })],
    ['as the name of a member', (secret, fact) => JSON.stringify({ ...good, evidence: fact, [secret]: 1 })],
    [
      'as members of its own',
      (secret, fact) =>
        JSON.stringify({
          ...good,
          evidence: fact,
          span: { note: secret },
          codes: [secret],
          model: secret,
          by: secret
        })
    ],
    [
      'as __proto__',
      (secret, fact) =>
        `{"__proto__":{"reason":"${secret}"},"evidence":"${fact}","reason":"","score":3,"unsure":false}`
    ],
    ['as a number', (_, fact) => ({ ...good, evidence: fact, score: 40_713 })],
    ['as a fraction', (_, fact) => ({ ...good, evidence: fact, score: 3.40713 })],
    [
      'as an exponent',
      (_, fact) => `{"evidence":"${fact}","reason":"","score":3e0,"unsure":false,"x":40713}`
    ],
    ['as its doubt', (secret, fact) => ({ ...good, evidence: fact, unsure: secret })],
    [
      'in tag characters',
      (secret, fact) => ({
        ...good,
        evidence:
          fact +
          secret
            .split('')
            .map(c => String.fromCodePoint(0xe0000 + c.charCodeAt(0)))
            .join('')
      })
    ],
    [
      'in zero widths',
      (secret, fact) => ({ ...good, evidence: fact.split('').join('\u200b'), reason: secret })
    ],
    ['at great length', (secret, fact) => ({ ...good, evidence: fact, reason: secret.repeat(80) })],
    [
      'in a fence',
      (secret, fact) => `\`\`\`json\n${JSON.stringify({ ...good, evidence: fact, reason: secret })}\n\`\`\``
    ],
    ['as prose', secret => `The ${secret}.`],
    ['as a list', secret => JSON.stringify([secret])],
    ['as facts', secret => ({ facts: [{ kind: 'claim', quote: secret }] })]
  ]
  for (const [how, say] of LEAKS) {
    it(`[SCO-21] ${how} tells no other node`, async () => {
      double.brain = tells(say)
      const result = await score()
      // It was told, and it did try.
      expect(double.chats().some(({ body }) => JSON.stringify(body).includes(SECRET))).toBe(true)
      expectSilent(recordOf(result, one).bytes)
    })
  }

  it('[SCO-21] in quarantine knows nothing to tell', async () => {
    const seen: string[] = []
    double.brain = (system, user, asked) => {
      if (readPrompt(system, user).isQuarantine) seen.push(system + user)
      return soundBrain(system, user, asked)
    }
    await score()
    expect(seen.length).toBe(3)
    for (const text of seen) for (const spelling of spellings(SECRET)) expect(text).not.toContain(spelling)
  })

  it('[SCO-21] the record is the same to the byte, whatever words stand beside the same scores', async () => {
    const records: string[] = []
    for (const words of ['', 'a', SECRET, 'x'.repeat(400)]) {
      double.brain = tells((_, fact) => ({
        ...good,
        evidence: fact.slice(0, 12 + (words.length % 3)),
        reason: words
      }))
      records.push(Buffer.from(recordOf(await score(), one).bytes).toString())
    }
    expect(new Set(records).size).toBe(1)
  })

  const SERVERS: [string, () => void][] = [
    [
      'digest',
      () => (double.models[0]!.digest = Buffer.from(SECRET.padEnd(32).slice(0, 32)).toString('hex'))
    ],
    ['digest, as words', () => (double.models[0]!.digest = SECRET)],
    ['version', () => (double.version = `0.33.0-${SECRET.replaceAll(' ', '.')}`)],
    ['version, as words', () => (double.version = SECRET)]
  ]
  for (const [what, change] of SERVERS) {
    it(`[SCO-21] a server that shows it as its ${what} gets no record at all`, async () => {
      double.onRequest = path => {
        if (path === '/api/chat') change()
      }
      await expect(score()).rejects.toMatchObject({
        code: expect.stringMatching(/^(model-changed|not-ollama)$/)
      })
    })
  }

  it('[SCO-21] a server that shows it in all else it says about a model gets none of it into the record', async () => {
    double.onRequest = path => {
      const also = { family: SECRET, parameterSize: '40713B', quantization: SECRET }
      if (path === '/api/chat') Object.assign(double.models[0]!, also)
    }
    const { bytes, record } = recordOf(await score(), one)
    expectSilent(bytes)
    expect(record.evaluator).toMatchObject({
      family: 'gemma4',
      parametersMillions: 12_200,
      model: 'gemma4:12b'
    })
  })

  it('[SCO-21] a failure tells what a server says on one short line, and is for people here alone', async () => {
    double.next('/api/chat', {
      status: 500,
      body: JSON.stringify({ error: `\u001b[2J${'long '.repeat(200)}` })
    })
    const failure = (await score().catch((error: unknown) => error)) as Error
    expect(failure.message.length).toBeLessThan(300)
    // oxlint-disable-next-line no-control-regex -- what a terminal would obey
    expect(failure.message).not.toMatch(/[\u0000-\u001f]/)
  })
})

describe('what a model can say by its scores', () => {
  const text = Array.from({ length: FACTS_MAX }, (_, i) => `Fact number ${i} stands here.`).join('\n')
  const places = text
    .split('\n')
    .map(line => ({ start: text.indexOf(line), end: text.indexOf(line) + line.length }))
  const facts = Array.from({ length: SECTIONS_MAX }, (_, section): Part => ({
    kind: 'facts',
    section,
    facts: places.slice(3 * section, 3 * section + 3).map(span => ({ kind: 'claim', section, span })),
    invented: 0,
    read: true
  }))
  const orders = ['ascending', 'descending', 'shuffled'] as const
  type Given = { score: number; unsure?: boolean; evidence?: string } | null
  const cellOf = (given: Given[], without: Given[] = []): string => {
    const full = (one: Given) => one && { evidence: '', reason: '', unsure: false, ...one }
    const parts: Part[] = [
      ...facts,
      ...given.map((one, i): Part => ({
        kind: 'sample',
        order: orders[i]!,
        without: null,
        answer: full(one),
        tries: 1
      })),
      ...without.map((one, section): Part => ({
        kind: 'sample',
        order: 'ascending',
        without: section,
        answer: full(one),
        tries: 1
      }))
    ]
    return JSON.stringify(figuresOf(job({ option: { index: 0, text, title: '' } }), parts))
  }
  const GIVEN: Given[] = [null, ...[0, 1, 2, 3, 4, 5].map(score => ({ score }))]

  it('[SCO-22] is no more than 16 bits a cell', () => {
    const scores = new Set<string>()
    for (const a of GIVEN) for (const b of GIVEN) for (const c of GIVEN) for (const unsure of [false, true]) {
      scores.add(cellOf([a && { ...a, unsure }, b && { ...b, unsure }, c && { ...c, unsure }]))
    } // prettier-ignore
    const three: Given[] = [{ score: 3 }, { score: 3 }, { score: 3 }]
    const evidence = new Set<string>()
    for (const quote of [...text.split('\n'), 'nothing of it', text]) {
      evidence.add(cellOf(three.map(one => one && { ...one, evidence: quote })))
    }
    const sections = new Set<string>()
    for (let moved = 0; moved < 3 ** SECTIONS_MAX; moved++) {
      const digits = moved.toString(3).padStart(SECTIONS_MAX, '0')
      sections.add(
        cellOf(
          three,
          digits.split('').map(digit => (digit === '0' ? { score: 3 } : digit === '1' ? { score: 0 } : null))
        )
      )
    }
    const counts = [scores.size, evidence.size, sections.size]
    expect(counts).toEqual([117, 25, 18])
    expect(Math.log2(scores.size * evidence.size * sections.size)).toBeLessThanOrEqual(16)
  })
})
