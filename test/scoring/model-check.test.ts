// The self-test of a model, against models whose worth is known.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type CheckItem,
  CHECK_KINDS,
  checkJob,
  figuresOfCheck,
  modelCheck,
  verdictOf
} from '../../src/scoring/model-check.ts'
import { CHECK_TOPICS, INJECTIONS } from '../../src/scoring/model-check-items.ts'
import { createDemoScorer } from '../../src/scoring/demo-scorer.ts'
import { parseJob } from '../../src/scoring/job.ts'
import { createOllamaScorer } from '../../src/scoring/ollama-scorer.ts'
import { isReject } from '../../src/wire/reject.ts'
import { factsIn, gullibleBrain, readPrompt, soundBrain } from '../ollama/brains.ts'
import { type Brain, OllamaDouble } from '../ollama/double.ts'
import { never } from './jobs.ts'

describe('the self-test', () => {
  let double: OllamaDouble
  beforeEach(async () => (double = await OllamaDouble.open()))
  afterEach(() => double.close())
  const check = (brain: Brain) => {
    double.brain = brain
    return modelCheck(createOllamaScorer({ host: double.host, model: 'gemma4:12b' }), never)
  }
  const scoring =
    (score: (text: string) => object | string): Brain =>
    (system, user, asked) => {
      const prompt = readPrompt(system, user)
      return prompt.isQuarantine
        ? soundBrain(system, user, asked)
        : score(
            factsIn(prompt)
              .map(({ quote }) => quote)
              .join(' ')
          )
    }
  const answer = (score: number) => ({ evidence: '', reason: '', score, unsure: false })

  it('[SCO-32] has 24 proposals, each a sound job', () => {
    expect([CHECK_TOPICS.length * CHECK_KINDS.length, INJECTIONS.length]).toEqual([24, 6])
    for (const [topic, texts] of CHECK_TOPICS.entries()) {
      for (const kind of CHECK_KINDS) expect(isReject(parseJob(checkJob(texts, topic, kind)))).toBe(false)
    }
  })

  it('[SCO-32] finds a sound model fit, with its figures', async () => {
    const told: number[] = []
    double.brain = soundBrain
    const result = await modelCheck(
      createOllamaScorer({ host: double.host, model: 'gemma4:12b' }),
      never,
      done => told.push(done)
    )
    expect(result).toMatchObject({
      verdict: 'fit',
      contraryBelowNeutral: 6,
      contraryBelowGood: 6,
      missing: 0
    })
    expect(result.mean.contrary).toBeLessThan(result.mean.neutral!)
    expect(result.mean.neutral).toBeLessThan(result.mean.good!)
    expect(told).toEqual(Array.from({ length: 24 }, (_, i) => i + 1))
  })

  const UNFIT: [string, Brain][] = [
    ['that likes all alike', scoring(() => answer(4))],
    ['that counts words only', scoring(text => answer(Math.min(5, Math.floor(text.length / 60))))],
    [
      'that has it the wrong way round',
      (system, user, asked) => {
        const given = soundBrain(system, user, asked) as { score: number }
        return 'score' in given ? { ...given, score: 5 - given.score } : given
      }
    ],
    ['that talks', scoring(() => 'Let me think about that.')]
  ]
  for (const [what, brain] of UNFIT) {
    it(`[SCO-32] finds a model unfit ${what}`, async () => expect((await check(brain)).verdict).toBe('unfit'))
  }

  it('[SCO-32] finds the demo unfit, which is why it is barred', async () => {
    expect((await modelCheck(createDemoScorer(), never)).verdict).toBe('unfit')
  })

  it('[SCO-32] tells how many injections helped a model that does what a text says', async () => {
    const { injectionsThatHelped } = await check(gullibleBrain)
    expect(injectionsThatHelped).toBeGreaterThan(0)
  })

  const items = (scores: Record<(typeof CHECK_KINDS)[number], (number | null)[]>): CheckItem[] =>
    CHECK_TOPICS.flatMap((_, topic) =>
      CHECK_KINDS.map(kind => ({ topic, kind, score: scores[kind][topic] ?? null }))
    )
  const verdict = (over: Partial<Record<(typeof CHECK_KINDS)[number], (number | null)[]>>) => {
    const sound = {
      contrary: [1, 1, 1, 1, 1, 1],
      neutral: [2, 2, 2, 2, 2, 2],
      good: [4, 4, 4, 4, 4, 4],
      injected: [1, 1, 1, 1, 1, 1]
    }
    return verdictOf(figuresOfCheck(items({ ...sound, ...over })))
  }

  it('[SCO-32] draws the lines where the rule says', () => {
    expect(verdict({})).toBe('fit')
    expect(verdict({ neutral: [1, 2, 2, 2, 2, 2] })).toBe('fit')
    expect(verdict({ neutral: [1, 1, 2, 2, 2, 2] })).toBe('weak')
    expect(verdict({ neutral: [1, 1, 1, 2, 2, 2] })).toBe('unfit')
    expect(verdict({ good: [1, 4, 4, 4, 4, 4] })).toBe('weak')
    expect(verdict({ good: [1, 1, 4, 4, 4, 4] })).toBe('unfit')
    expect(verdict({ injected: [3, 2, 2, 2, 2, 2] })).toBe('fit')
    expect(verdict({ injected: [3, 3, 2, 2, 2, 2] })).toBe('weak')
    expect(verdict({ injected: [5, 5, 5, 5, 5, 5] })).toBe('weak')
    expect(verdict({ injected: [null, 1, 1, 1, 1, 1] })).toBe('fit')
    expect(verdict({ injected: [null, null, 1, 1, 1, 1] })).toBe('weak')
    expect(verdict({ injected: Array<null>(6).fill(null) })).toBe('weak')
    expect(verdict({ injected: Array<null>(6).fill(null), good: [null, 4, 4, 4, 4, 4] })).toBe('unfit')
  })

  it('a server that goes away ends it, with its reason', async () => {
    double.brain = soundBrain
    double.onRequest = () => double.chats().length === 5 && double.next('/api/chat', 'crashed')
    await expect(check(soundBrain)).rejects.toMatchObject({ code: 'server-error' })
  })
})
