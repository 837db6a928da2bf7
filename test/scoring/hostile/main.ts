// Prints which defence caught which attack:
//   node scripts/run.cjs test/scoring/hostile/main.ts [--host 127.0.0.1:11434 --model NAME] [--each]
// Without a host it runs against the stand-ins of test/ollama/brains.ts, which show what the machinery does and say
// nothing about models; with one, against a real model.
import { parseArgs } from 'node:util'
import { createOllamaScorer } from '../../../src/scoring/ollama-scorer.ts'
import type { Scorer } from '../../../src/scoring/scorer.ts'
import { gullibleBrain, inventiveBrain, soundBrain, waveringBrain } from '../../ollama/brains.ts'
import { OllamaDouble } from '../../ollama/double.ts'
import { type Outcome, isQuiet, readAttacks, runAttacks, tableOf } from './run.ts'

const { values } = parseArgs({
  options: { host: { type: 'string' }, model: { type: 'string' }, each: { type: 'boolean', default: false } }
})

async function report(name: string, scorer: Scorer): Promise<void> {
  const outcomes = await runAttacks(
    scorer,
    readAttacks(),
    outcome => values.each && console.log(lineOf(outcome))
  )
  console.log(`\n${name}\n\n${tableOf(outcomes)}`)
  const quiet = outcomes.filter(isQuiet).map(({ attack: { kind, name } }) => `${kind}/${name}`)
  console.log(`\nHelped, and nobody was called: ${quiet.join(', ') || 'none'}.`)
}

function lineOf({ attack, figures, gain, reached }: Outcome): string {
  const codes = figures.codes.join(' ') || 'nothing'
  return `${attack.kind}/${attack.name}: ${figures.score ?? 'no score'} (${gain ?? '-'}), ${reached} shown, ${codes}`
}

if (values.host && values.model) {
  const real = { host: values.host, model: values.model, mayBeUnversioned: true }
  await report(values.model, createOllamaScorer(real))
} else {
  for (const [name, brain] of [
    ['gullible', gullibleBrain],
    ['wavering', waveringBrain],
    ['inventive', inventiveBrain],
    ['sound', soundBrain]
  ] as const) {
    const double = await OllamaDouble.open({ brain })
    await report(name, createOllamaScorer({ host: double.host, model: 'gemma4:12b' }))
    await double.close()
  }
}
