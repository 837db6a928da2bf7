// Takes one check of the decision protocol away at a time, and says who noticed: the simulator, whose liars break
// something within so many seeds, or else a test of the rule alone.
// npm run mutants:decisions -- [--only TEXT] [--seeds N] [--json]
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { plant } from '../../sim/plant.ts'
import { MUTANTS } from './mutant-list.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '500' },
    json: { type: 'boolean', default: false }
  }
})

const PARTS = ['test/decision', 'test/sim', 'test/replica', 'scripts', 'protocols', 'vitest.config.ts']
const TESTS = ['decision', 'vectors'].map(name => `test/decision/${name}.test.ts`)

const total = { mutants: 0, bySimulator: 0, byTests: 0, alive: 0 }

function run(folder: string, args: string[]) {
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
}

/** @returns what broke; none where all seeds hold. A crash of the mutant is no finding of the simulator's. */
function bySimulator(folder: string): string | undefined {
  const { stderr } = run(folder, ['test/decision/sim/main.ts', '--until', '--seeds', values.seeds])
  const killer = /^seed (\d+): (.*)$/m.exec(stderr)
  return killer ? `the simulator, seed ${killer[1]} (${killer[2]?.slice(0, 120)})` : undefined
}

function byTests(folder: string): string | undefined {
  const path = join(folder, 'report.json')
  run(folder, ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', `--outputFile=${path}`, ...TESTS])
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report
  const failed = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  const first = failed.find(({ status }) => status === 'failed')
  return first && `a test: ${first.title.slice(0, 120)}`
}

interface Report {
  testResults: { assertionResults: { status: string; title: string }[] }[]
}

for (const mutant of MUTANTS.filter(({ name }) => name.includes(values.only))) {
  const folder = plant(mutant, PARTS)
  const seen = bySimulator(folder)
  const tested = seen ?? byTests(folder)
  rmSync(folder, { recursive: true, force: true })
  total.mutants++
  if (seen) total.bySimulator++
  else if (tested) total.byTests++
  else total.alive++
  console.log(`${mutant.name}: ${tested ?? 'ALIVE'}`)
}
const { mutants, alive, byTests: tests, bySimulator: seeds } = total
console.log(
  values.json
    ? JSON.stringify(total)
    : `${mutants} mutants: ${seeds} seen by the simulator, ${tests} by a test, ${alive} alive`
)
process.exitCode = alive === 0 ? 0 : 1
