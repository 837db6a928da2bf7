// node scripts/run.cjs test/crash/damage.ts --cases N --json: copies of a real home are damaged in every way
// that disks and people know, and started. Nothing may be lost, or wrong, without a word.
import { parseArgs } from 'node:util'
import { Random } from '../../src/sandbox/random.ts'
import { Companies } from './companies.ts'
import { damageCases } from './damage-cases.ts'
import type { Verdict } from './examine.ts'

export interface DamageResult {
  cases: number
  intact: number
  repaired: number
  detected: number
  silent: number
}

export interface DamagePlan {
  cases: number
  seed: number
  /** Only cases whose area and name hold one of these. */
  only?: readonly string[]
  say?: (area: string, name: string, verdict: Verdict) => void
}

/** As many cases as asked for, each kind in turn; a kind that comes again has another place to damage. */
export async function damage({ cases, seed, only, say }: DamagePlan): Promise<DamageResult> {
  const world = new Companies()
  const result: DamageResult = { cases: 0, intact: 0, repaired: 0, detected: 0, silent: 0 }
  const kinds = damageCases().filter(
    ({ area, name }) => !only || only.some(text => `${area}: ${name}`.includes(text))
  )
  try {
    await world.open()
    for (let i = 0; i < cases; i++) {
      const kind = kinds[i % kinds.length]
      if (!kind) throw new Error(`no case is called ${only?.join(', ')}`)
      const random = new Random(seed + i)
      const picture = random.below(2) === 0 ? world.stopped : world.running
      const verdict = await kind.examine(world, picture, below => random.below(below))
      result.cases++
      result[verdict.outcome]++
      say?.(kind.area, kind.name, verdict)
    }
    return result
  } finally {
    await world.close()
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: String(damageCases().length) },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false }
    }
  })
  const { cases, seed, only, json } = values
  const result = await damage({
    cases: Number(cases),
    seed: Number(seed),
    ...(only !== undefined && { only }),
    say: (area, name, { outcome, said, left }) => {
      console.error(`${outcome.padEnd(8)}  ${area}: ${name}`)
      for (const line of said) console.error(`            said: ${line}`)
      for (const line of left) console.error(`            left: ${line}`)
    }
  })
  const { intact, repaired, detected, silent } = result
  console.log(
    json
      ? JSON.stringify(result)
      : `${result.cases} cases: ${intact} intact, ${repaired} repaired, ${detected} detected, ${silent} silent`
  )
  process.exitCode = silent > 0 ? 1 : 0
}
