// The work of a decision: what is asked next, what waits for whom, and what outlives a restart.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_CRITERIA } from '../../src/decision/criteria.ts'
import { FAILURE_CODES, type FailureCode, waitsFor } from '../../src/scoring/failure.ts'
import { BY_HAND } from '../../src/scoring/human-scorer.ts'
import type { Part } from '../../src/scoring/job.ts'
import { createOllamaScorer } from '../../src/scoring/ollama-scorer.ts'
import { mayBind, parseRecord } from '../../src/scoring/record.ts'
import type { Provenance, ScoreResult } from '../../src/scoring/scorer.ts'
import {
  type Plan,
  RETRY_MS,
  type Work,
  type WorkEffect,
  type WorkEvent,
  beginWork,
  stepWork
} from '../../src/scoring/work.ts'
import { missingCells, recordOf } from '../../src/scoring/work-record.ts'
import { soundBrain } from '../ollama/brains.ts'
import { OllamaDouble } from '../ollama/double.ts'
import { drive } from './drive.ts'
import { CONTEXT, PROPOSAL, job } from './jobs.ts'

const PLAN: Plan = {
  care: 'quick',
  context: CONTEXT,
  criteria: DEFAULT_CRITERIA.slice(0, 2),
  decision: 'd0'.repeat(32),
  options: [
    { index: 0, text: PROPOSAL, title: 'Share' },
    { index: 1, text: 'We keep all as it is.\n\nNothing changes, and nothing is published.', title: 'Keep' }
  ],
  seed: '5e'.repeat(32),
  topic: job().topic
}
const CELLS = ['0/localVision', '0/localPurpose', '1/localVision', '1/localPurpose']

const PROVENANCE: Provenance = {
  ...BY_HAND,
  kind: 'ollama',
  model: 'qwen3:8b',
  versions: { digest: 'a1'.repeat(32), prompt: 'parley/scoring/1', server: '0.33.0' },
  server: [0, 33, 0],
  family: 'qwen3',
  quantization: 'Q4_K_M'
}

function resultFor(
  effect: WorkEffect | undefined,
  score: number | null = 3,
  provenance = PROVENANCE
): ScoreResult {
  if (effect?.kind !== 'score') throw new Error('nothing was asked')
  const { option, criterion } = effect.job
  return {
    provenance,
    protocol: { promptSha256: 'e1'.repeat(32), schemaSha256: 'e2'.repeat(32), options: { num_ctx: 8_192 } },
    figures: {
      option: option.index,
      criterion: criterion.key,
      by: 'model',
      score,
      spread: 0,
      samples: 1,
      codes: [],
      span: null,
      section: null
    },
    words: { samples: [{ order: 'ascending', score: score ?? 0, evidence: 'e', reason: 'CANARY' }] }
  }
}

const FACTS: Part = { kind: 'facts', section: 0, facts: [], invented: 0, read: true }
const SAMPLE: Part = {
  kind: 'sample',
  order: 'ascending',
  without: null,
  answer: { evidence: 'e', reason: 'r', score: 3, unsure: false },
  tries: 1
}

/** A machine that is written down and read again after each step, as a node that crashes there would. */
class Machine {
  work: Work
  effects: readonly WorkEffect[] = []
  all: WorkEffect[] = []

  constructor(plan = PLAN) {
    this.work = beginWork(plan)
  }

  send(event: WorkEvent): this {
    const before = JSON.stringify(this.work)
    const { work, effects } = stepWork(this.work, event)
    expect(JSON.stringify(this.work)).toBe(before)
    this.work = JSON.parse(JSON.stringify(work)) as Work
    expect(this.work).toEqual(work)
    this.effects = effects
    this.all.push(...effects)
    return this
  }

  get run(): number {
    return this.work.running?.run ?? -1
  }

  get asked(): WorkEffect | undefined {
    return this.work.running?.cell ? this.all.findLast(({ kind }) => kind === 'score') : undefined
  }

  chosen(model = 'qwen3:8b', at = 0): this {
    return this.send({ kind: 'chosen', at, scorer: 'ollama', model })
  }

  identified(provenance = PROVENANCE, at = 0): this {
    return this.send({ kind: 'identified', at, run: this.run, provenance })
  }

  progressed(part: Part): this {
    return this.send({ kind: 'progressed', at: 0, run: this.run, part })
  }

  scored(score: number | null = 3, provenance = PROVENANCE): this {
    return this.send({
      kind: 'scored',
      at: 0,
      run: this.run,
      result: resultFor(this.asked, score, provenance)
    })
  }

  failed(code: FailureCode, at: number): this {
    return this.send({ kind: 'failed', at, run: this.run, code })
  }
}

describe('the work', () => {
  it('asks who is there, then for one cell after the other, then stops', () => {
    const machine = new Machine().chosen()
    expect(machine.effects).toEqual([
      { kind: 'identify', run: 1, choice: { at: 0, kind: 'ollama', model: 'qwen3:8b' } }
    ])
    machine.identified()
    const keys: string[] = []
    while (machine.asked?.kind === 'score') {
      keys.push(`${machine.asked.job.option.index}/${machine.asked.job.criterion.key}`)
      machine.scored()
    }
    expect(keys).toEqual(CELLS)
    expect([machine.work.running, machine.effects, missingCells(machine.work)]).toEqual([null, [], []])
  })

  it('does nothing before a person has chosen', () => {
    for (const event of [
      { kind: 'restarted', at: 0 },
      { kind: 'retried', at: 0 },
      { kind: 'woke', at: 0 }
    ] as const) {
      expect(new Machine().send(event).effects).toEqual([])
    }
  })

  it('[SCO-27] tries again after 5 s, 30 s, 2 min and then every 10 min, without end', () => {
    expect(RETRY_MS).toEqual([5_000, 30_000, 120_000, 600_000])
    const machine = new Machine().chosen()
    let now = 1_000
    for (const wait of [5_000, 30_000, 120_000, 600_000, 600_000, 600_000]) {
      machine.failed('unreachable', now)
      expect(machine.effects).toEqual([{ kind: 'wake', at: now + wait }])
      expect(machine.send({ kind: 'woke', at: now + wait - 1 }).effects).toEqual([
        { kind: 'wake', at: now + wait }
      ])
      now += wait
      expect(machine.send({ kind: 'woke', at: now }).effects).toMatchObject([{ kind: 'identify' }])
    }
    expect(machine.work.trouble).toMatchObject({ code: 'unreachable', times: 6, since: 1_000 })
  })

  it('[SCO-27] counts on where the server answers and the model does not', () => {
    const machine = new Machine().chosen()
    for (const [i, wait] of RETRY_MS.entries()) {
      machine.identified().failed('server-error', 0)
      expect(machine.effects).toEqual([{ kind: 'wake', at: wait }])
      expect(machine.work.trouble?.times).toBe(i + 1)
      machine.send({ kind: 'woke', at: wait })
    }
  })

  it('[SCO-27] starts the count anew after an answer, and goes on at once if a person says so', () => {
    const machine = new Machine().chosen().failed('busy', 0).send({ kind: 'woke', at: 5_000 }).identified()
    machine.progressed(FACTS)
    expect(machine.work.trouble).toBe(null)
    machine.failed('connection-lost', 9_000)
    expect(machine.effects).toEqual([{ kind: 'wake', at: 14_000 }])
    expect(machine.send({ kind: 'retried', at: 9_001 }).effects).toMatchObject([{ kind: 'identify' }])
  })

  for (const code of FAILURE_CODES.filter(code => waitsFor(code) === 'user' && code !== 'prompt-too-long')) {
    it(`[SCO-28] after "${code}" it waits for a person, through wakes and restarts`, () => {
      const machine = new Machine().chosen().identified().failed(code, 7)
      expect(machine.work.trouble).toMatchObject({ code, nextAt: null })
      expect(machine.effects).toEqual([])
      machine.send({ kind: 'woke', at: 1e9 }).send({ kind: 'restarted', at: 1e9 })
      expect([machine.effects, machine.work.running]).toEqual([[], null])
      expect(machine.send({ kind: 'retried', at: 1e9 }).effects).toMatchObject([{ kind: 'identify' }])
    })
  }

  it('[SCO-28] the codes that wait for time are those of the table', () => {
    expect(FAILURE_CODES.filter(code => waitsFor(code) === 'time')).toEqual([
      'unreachable',
      'busy',
      'connection-lost',
      'server-error',
      'deadline'
    ])
  })

  it('[SCO-28] a text that is too long, or no score, stops one cell only', () => {
    const machine = new Machine().chosen().identified()
    machine.failed('prompt-too-long', 0)
    expect(machine.asked).toMatchObject({ job: { criterion: { key: 'localPurpose' } } })
    machine.scored(null)
    expect(machine.asked).toMatchObject({ job: { option: { index: 1 } } })
    machine.scored().scored()
    expect(machine.effects).toEqual([])
    expect(machine.work.unscored).toEqual({
      '0/localVision': 'prompt-too-long',
      '0/localPurpose': 'invalid-output'
    })
    expect(missingCells(machine.work)).toEqual(CELLS.slice(0, 2))
    machine.send({ kind: 'retried', at: 0 }).identified()
    expect(machine.asked).toMatchObject({ job: { option: { index: 0 }, criterion: { key: 'localVision' } } })
  })

  it('[SCO-29] results and parts outlive a restart with the same judge', () => {
    const machine = new Machine().chosen().identified().progressed(FACTS).scored(4)
    machine.progressed(SAMPLE).send({ kind: 'restarted', at: 9 })
    expect(machine.effects).toMatchObject([{ kind: 'identify' }])
    machine.identified()
    expect(machine.asked).toMatchObject({
      job: { criterion: { key: 'localPurpose' }, parts: [FACTS, SAMPLE] }
    })
    expect(Object.keys(machine.work.results)).toEqual(['0/localVision'])
  })

  for (const [what, versions] of [
    ['digest', { digest: 'b2'.repeat(32) }],
    ['server', { server: '0.33.1' }],
    ['prompt', { prompt: 'parley/scoring/2' }]
  ] as const) {
    it(`[SCO-29] another ${what} after a restart drops what was obtained, and asks a person`, () => {
      const machine = new Machine()
        .chosen()
        .identified()
        .progressed(FACTS)
        .scored()
        .send({ kind: 'restarted', at: 9 })
      machine.identified({ ...PROVENANCE, versions: { ...PROVENANCE.versions, ...versions } })
      expect([machine.work.results, machine.work.parts]).toEqual([{}, {}])
      expect(machine.work.trouble).toMatchObject({ code: 'model-changed', nextAt: null })
      expect(machine.effects).toEqual([])
      // Again and again, until the person starts anew with it.
      machine
        .send({ kind: 'retried', at: 10 })
        .identified({ ...PROVENANCE, versions: { ...PROVENANCE.versions, ...versions } })
      expect(machine.work.trouble?.code).toBe('model-changed')
      machine
        .chosen('qwen3:8b', 11)
        .identified({ ...PROVENANCE, versions: { ...PROVENANCE.versions, ...versions } })
      expect(machine.asked).toMatchObject({ job: { versions } })
    })
  }

  it('[SCO-29] a result of another judge is not taken', () => {
    const machine = new Machine().chosen().identified()
    machine.scored(3, { ...PROVENANCE, versions: { ...PROVENANCE.versions, digest: 'b2'.repeat(32) } })
    expect(machine.work.results).toEqual({})
    expect(machine.work.trouble).toMatchObject({ code: 'model-changed' })
  })

  it('[SCO-29] facts serve all cells of their option and no other; samples their cell', () => {
    const machine = new Machine().chosen().identified().progressed(FACTS).progressed(SAMPLE)
    const partsOf = () => (machine.asked?.kind === 'score' ? machine.asked.job.parts : undefined)
    machine.scored()
    expect(partsOf()).toEqual([FACTS])
    machine.scored()
    expect(partsOf()).toEqual([])
  })

  it('[SCO-30] asks nobody but the one that was chosen last, whatever fails', () => {
    const machine = new Machine().chosen('a').identified().scored().failed('model-missing', 1)
    machine.send({ kind: 'retried', at: 2 }).chosen('b', 3)
    expect(machine.work.choices).toEqual([
      { at: 0, kind: 'ollama', model: 'a' },
      { at: 3, kind: 'ollama', model: 'b' }
    ])
    expect(machine.work.results).toEqual({})
    const models = machine.all.flatMap(effect => ('choice' in effect ? [effect.choice.model] : []))
    expect(models).toEqual(['a', 'a', 'a', 'a', 'b'])
    expect(machine.effects.map(({ kind }) => kind)).toEqual(['abort', 'identify'])
  })

  it('[SCO-30] what an earlier run still says is not heard', () => {
    const machine = new Machine().chosen('a')
    const { run } = machine
    machine.chosen('b')
    const before = machine.work
    machine.send({ kind: 'identified', at: 0, run, provenance: PROVENANCE })
    machine.send({ kind: 'failed', at: 0, run, code: 'not-ollama' })
    machine.send({ kind: 'progressed', at: 0, run, part: FACTS })
    expect(machine.work).toEqual(before)
  })

  it('[SCO-30] a person who scores by hand needs no server, and keeps their entries through a choice', () => {
    const machine = new Machine().send({ kind: 'chosen', at: 0, scorer: 'human', model: '' })
    expect(machine.effects).toEqual([])
    machine.send({ kind: 'entered', at: 1, option: 0, criterion: 'localVision', score: 5, note: 'CANARY' })
    machine.chosen('a', 2).identified()
    expect(machine.asked).toMatchObject({ job: { criterion: { key: 'localPurpose' } } })
    expect(machine.work.hand['0/localVision']).toEqual({ score: 5, note: 'CANARY' })
  })

  it('[SCO-23] entries that are none are not taken; the running cell gives way to one that is', () => {
    const machine = new Machine().chosen().identified()
    for (const [option, criterion, score] of [
      [7, 'localVision', 3],
      [0, 'beauty', 3],
      [0, 'localVision', 6],
      [0, 'localVision', 2.5]
    ] as const) {
      machine.send({ kind: 'entered', at: 1, option, criterion, score, note: '' })
    }
    expect(machine.work.hand).toEqual({})
    machine.send({ kind: 'entered', at: 1, option: 0, criterion: 'localVision', score: 2, note: '' })
    expect(machine.effects).toMatchObject([
      { kind: 'abort' },
      { kind: 'score', job: { criterion: { key: 'localPurpose' } } }
    ])
  })

  it('does nothing more once voting has closed', () => {
    const machine = new Machine().chosen().identified().send({ kind: 'closed', at: 1 })
    expect(machine.effects).toMatchObject([{ kind: 'abort' }])
    machine.send({ kind: 'retried', at: 2 }).chosen('b', 3)
    expect([machine.effects, machine.work.choices.length]).toEqual([[], 1])
  })

  it('whatever happens, one thing at most runs, and it is written down as it is', () => {
    const code = fc.constantFrom(...FAILURE_CODES)
    const move = fc.oneof(
      fc.constantFrom(
        'chosen',
        'identified',
        'scored',
        'noscore',
        'progressed',
        'retried',
        'restarted',
        'entered',
        'withdrawn',
        'woke'
      ),
      code
    )
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), moves => {
        const machine = new Machine()
        let last: WorkEffect | undefined
        let running = 0
        for (const [at, name] of moves.entries()) {
          const one = { option: at % 2, criterion: 'localVision', score: 1, note: '' }
          if (name === 'chosen') machine.chosen('m', at)
          else if (name === 'identified') machine.identified()
          else if (name === 'scored' || name === 'noscore') {
            if (last?.kind !== 'score' || machine.work.running?.cell === null) continue
            machine.send({
              kind: 'scored',
              at,
              run: machine.run,
              result: resultFor(last, name === 'scored' ? 2 : null)
            })
          } else if (name === 'progressed') machine.progressed(FACTS)
          else if (name === 'entered') machine.send({ kind: 'entered', at, ...one })
          else if (name === 'withdrawn') machine.send({ kind: 'withdrawn', at, ...one })
          else if (name === 'retried' || name === 'restarted') machine.send({ kind: name, at })
          else if (name === 'woke') machine.send({ kind: 'woke', at: 1e9 })
          else machine.failed(name, at)
          const starts = machine.effects.filter(({ kind }) => kind === 'score' || kind === 'identify')
          last = starts.at(-1) ?? last
          expect(starts.length).toBeLessThanOrEqual(1)
          running = machine.work.running ? 1 : 0
          if (starts.length > 0)
            expect([running, (starts[0] as { run: number }).run]).toEqual([1, machine.run])
          // Nothing is under way, so something else must bring it on: time, a person, or there is nothing to do.
          const idle =
            running === 0 &&
            machine.work.choices.length > 0 &&
            missingCells(machine.work).some(key => !(key in machine.work.unscored))
          if (idle) expect(machine.work.trouble).not.toBe(null)
        }
      })
    )
  })
})

describe('the record of the work', () => {
  it('[SCO-31] there is none before every cell has a score', () => {
    const machine = new Machine().chosen().identified()
    for (const left of [4, 3, 2, 1]) {
      expect([missingCells(machine.work).length, recordOf(machine.work, '')]).toEqual([left, undefined])
      machine.scored(2)
    }
    const made = recordOf(machine.work, 'c0'.repeat(32))!
    expect(made.record).toMatchObject({
      context: 'c0'.repeat(32),
      evaluator: { kind: 'ollama', model: 'qwen3:8b' }
    })
    expect(parseRecord(made.bytes)).toEqual(made.record)
    expect(mayBind(made.record)).toBe(true)
  })

  it("[SCO-31] a score by hand stands above a model's, and the record has both", () => {
    const machine = new Machine().chosen().identified().scored(2).scored(null).scored(2).scored(2)
    machine.send({ kind: 'entered', at: 1, option: 0, criterion: 'localVision', score: 5, note: 'CANARY' })
    machine.send({ kind: 'entered', at: 1, option: 0, criterion: 'localPurpose', score: 1, note: 'CANARY' })
    const { record, bytes } = recordOf(machine.work, '')!
    expect(record.cells.map(({ by, score, modelScore }) => [by, score, modelScore])).toEqual([
      ['edited', 5, 2], ['person', 1, null], ['model', 2, null], ['model', 2, null]
    ]) // prettier-ignore
    // [SCO-21], [SCO-23] Neither a person's notes nor a model's words.
    expect(Buffer.from(bytes).toString()).not.toContain('CANARY')
    machine.send({ kind: 'withdrawn', at: 2, option: 0, criterion: 'localPurpose' })
    expect(recordOf(machine.work, '')).toBe(undefined)
  })

  it('[SCO-23] all by hand is by hand, though a model was asked first', () => {
    const machine = new Machine().chosen().identified().failed('model-missing', 0)
    for (const key of CELLS) {
      const [option, criterion] = key.split('/') as [string, string]
      machine.send({ kind: 'entered', at: 1, option: Number(option), criterion, score: 4, note: '' })
    }
    const { record } = recordOf(machine.work, '')!
    expect(record.evaluator).toMatchObject({ kind: 'human', model: '', digest: '' })
    expect(record.cells.every(({ by }) => by === 'person')).toBe(true)
    expect(mayBind(record)).toBe(true)
  })
})

describe('the work over a real connection', () => {
  it('[SCO-29] dies at any call, goes on after a restart, and asks nothing twice', async () => {
    const plan: Plan = { ...PLAN, care: 'careful' }
    const choice: WorkEvent = { kind: 'chosen', at: 0, scorer: 'ollama', model: 'gemma4:12b' }
    const whole = await OllamaDouble.open({ brain: soundBrain })
    const finished = await drive(
      beginWork(plan),
      createOllamaScorer({ host: whole.host, model: 'gemma4:12b' }),
      choice
    )
    const calls = whole.chats().length
    await whole.close()
    expect(missingCells(finished)).toEqual([])
    for (const dieAt of [1, 2, 5, 9, 14, calls - 1, calls]) {
      const double = await OllamaDouble.open({ brain: soundBrain })
      const scorer = createOllamaScorer({ host: double.host, model: 'gemma4:12b' })
      const abort = new AbortController()
      double.onRequest = () => double.chats().length >= dieAt && abort.abort(new Error('died'))
      const died = await drive(beginWork(plan), scorer, choice, abort.signal)
      expect(missingCells(died).length).toBeGreaterThan(0)
      double.onRequest = () => {}
      const again = await drive(died, scorer, { kind: 'restarted', at: 0 })
      // The call at which it died was lost, and asked again.
      expect(double.chats().length).toBe(calls + 1)
      expect(recordOf(again, '')?.bytes).toEqual(recordOf(finished, '')?.bytes)
      await double.close()
    }
  })
})
