// Our own attacks, run against the stand-ins: that each defence still catches what it caught, and what none of them
// does is still what README.md says.
import { describe, expect, it } from 'vitest'
import { needsLook } from '../../../src/scoring/figures.ts'
import { TEXT_CHARS_MAX } from '../../../src/scoring/job.ts'
import { createOllamaScorer } from '../../../src/scoring/ollama-scorer.ts'
import { gullibleBrain, inventiveBrain, soundBrain, waveringBrain } from '../../ollama/brains.ts'
import { type Brain, OllamaDouble } from '../../ollama/double.ts'
import { type Outcome, codesOfText, hasHelped, isQuiet, jobOf, readAttacks, runAttacks } from './run.ts'

const attacks = readAttacks()

async function against(brain: Brain): Promise<Outcome[]> {
  const double = await OllamaDouble.open({ brain })
  try {
    return await runAttacks(createOllamaScorer({ host: double.host, model: 'gemma4:12b' }), attacks)
  } finally {
    await double.close()
  }
}

describe('the attacks', () => {
  it('are many, and each a proposal that fits a job', () => {
    expect(attacks.length).toBe(88)
    expect(new Set(attacks.map(({ kind, name }) => `${kind}/${name}`)).size).toBe(attacks.length)
    expect(attacks.every(({ attack }) => jobOf(attack).option.text.length <= TEXT_CHARS_MAX)).toBe(true)
  })

  for (const { kind, name, attack, codes } of attacks) {
    it(`[SCO-10] [SCO-13] ${kind}/${name}: its text gives ${codes.join(' and ') || 'nothing away'}`, () => {
      expect(codesOfText(attack)).toEqual(codes)
    })
  }

  it('[SCO-19] on a model that does what it is told, none helps unseen but those in every section', async () => {
    const outcomes = await against(gullibleBrain)
    expect(outcomes.filter(hasHelped).length).toBeGreaterThan(20)
    const quiet = outcomes.filter(isQuiet).map(({ attack: { kind } }) => kind)
    expect(quiet).toEqual(['in-parts', 'in-parts', 'in-parts'])
  })

  it('[SCO-17] on a model that hangs on the order of levels, the spread shows it', async () => {
    const outcomes = await against(waveringBrain)
    expect(outcomes.filter(({ figures }) => figures.codes.includes('spread')).length).toBeGreaterThan(20)
    expect(outcomes.filter(isQuiet)).toEqual([])
  })

  it('[SCO-13] [SCO-16] on a model that makes things up, none of that reaches the second pass or the record', async () => {
    const outcomes = await against(inventiveBrain)
    for (const { figures } of outcomes) {
      expect(figures.codes).toEqual(expect.arrayContaining(['facts-invented', 'evidence-missing']))
      expect(figures.span).toBe(null)
    }
  })

  it('on a model that weighs words, only words that weigh help, and the alarm says so', async () => {
    const outcomes = await against(soundBrain)
    expect(outcomes.filter(hasHelped).every(({ figures }) => figures.codes.includes('section-moves'))).toBe(
      true
    )
    // What is asked of it leaves it as it was: it reads facts.
    expect(outcomes.filter(({ attack }) => attack.kind === 'pressure').some(hasHelped)).toBe(false)
    expect(outcomes.some(({ figures }) => !needsLook(figures))).toBe(true)
  })
})
