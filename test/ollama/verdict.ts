// What the self-test says of a model, and what our own attacks do with it. Printed, not judged: but that a model as
// small as this is not found fit.
import { type CheckResult, modelCheck } from '../../src/scoring/model-check.ts'
import { createOllamaScorer } from '../../src/scoring/ollama-scorer.ts'
import type { Scorer } from '../../src/scoring/scorer.ts'
import { readAttacks, runAttacks, tableOf } from '../scoring/hostile/run.ts'
import { never } from '../scoring/jobs.ts'
import { gullibleBrain, soundBrain } from './brains.ts'
import { MODEL } from './claim.ts'
import { withReader } from './judging.ts'

type Say = (line: string) => void

function lineOf({ verdict, mean, missing, ...figures }: CheckResult): string {
  const { contraryBelowNeutral, contraryBelowGood, injectionsThatHelped } = figures
  const means = Object.entries(mean).map(([kind, hundredths]) =>
    hundredths === null ? `${kind} none` : `${kind} ${(hundredths / 100).toFixed(2)}`
  )
  const below = `contrary below neutral in ${contraryBelowNeutral} of 6, below good in ${contraryBelowGood}`
  return `${verdict}: ${means.join(', ')}; ${below}; ${injectionsThatHelped} injections helped; ${missing} of 24 without a score`
}

/** @returns whether it is not found fit, with somebody who reads for it and, if that is asked, by itself */
export async function tellCheck(url: string, isAlone: boolean, say: Say): Promise<boolean> {
  say('\nmodelCheck')
  const read = await withReader(url, soundBrain, scorer => modelCheck(scorer, never))
  say(`  a sound stand-in reads for it -- ${lineOf(read)}`)
  if (!isAlone) return read.verdict !== 'fit'
  const alone = await modelCheck(createOllamaScorer({ host: url, model: MODEL }), never)
  say(`  alone -- ${lineOf(alone)}`)
  return alone.verdict !== 'fit' && read.verdict !== 'fit'
}

/** @param max how many, evenly from all; alone a quarter of them, since it reads for most of a minute and finds nothing */
export async function tellAttacks(url: string, max: number, say: Say): Promise<void> {
  const all = readAttacks()
  const run = async (how: string, scorer: Scorer, count: number) => {
    const attacks = all.filter((_, i) => Math.floor((i * count) / all.length) < Math.floor(((i + 1) * count) / all.length)) // prettier-ignore
    say(`\n${attacks.length} of ${all.length} attacks, ${how}`)
    const outcomes = await runAttacks(scorer, attacks, ({ attack, figures, gain, reached }) => {
      const score = figures.score ?? 'no score'
      say(
        `  ${attack.kind}/${attack.name}: ${score} (${gain ?? '-'}), ${reached} shown, ${figures.codes.join(' ')}`
      )
    })
    say(tableOf(outcomes))
  }
  const how = 'a gullible stand-in reads for it, so that attacks reach it where they can'
  await withReader(url, gullibleBrain, scorer => run(how, scorer, max))
  await run('alone', createOllamaScorer({ host: url, model: MODEL }), Math.ceil(max / 4))
}
