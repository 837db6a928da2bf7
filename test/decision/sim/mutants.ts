// Shows that the simulator of decisions would notice: each mutant is run until a history breaks.
// node scripts/run.cjs test/decision/sim/mutants.ts [--only TEXT] [--seeds N] [--json]
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { plant } from '../../sim/plant.ts'
import { MUTANTS } from './mutant-list.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '2000' },
    json: { type: 'boolean', default: false }
  }
})

const PARTS = ['test/decision', 'test/sim', 'test/replica', 'scripts']
const total = { mutants: 0, killed: 0 }
for (const mutant of MUTANTS.filter(({ name }) => name.includes(values.only))) {
  const folder = plant(mutant, PARTS)
  const args = ['test/decision/sim/main.ts', '--until', '--seeds', values.seeds]
  const { stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  rmSync(folder, { recursive: true, force: true })
  total.mutants++
  const killer = /^seed (\d+): (.*)$/m.exec(stderr)
  if (killer) total.killed++
  const ended = stderr.includes('seeds in') ? `lives after ${values.seeds} seeds` : stderr.slice(-300)
  console.log(
    `${mutant.name}: ${killer ? `killed by seed ${killer[1]} (${killer[2]?.slice(0, 120)})` : ended}`
  )
}
console.log(values.json ? JSON.stringify(total) : `${total.killed} of ${total.mutants} mutants killed`)
process.exitCode = total.killed === total.mutants ? 0 : 1
