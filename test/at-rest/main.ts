// node scripts/run.cjs test/at-rest/main.ts [--json]: a home is filled, left, and searched for what is private; then
// by each mutant, of which the search must find something.
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { MUTANTS } from './mutant-list.ts'
import { type Ending, leave, plant } from './scenario.ts'

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const result = { traces: 0, mutants: MUTANTS.length, killed: 0 }
let blind = false

for (const ending of ['stopped', 'killed'] satisfies Ending[]) {
  const { traces, shared } = await leave(ending)
  result.traces += traces.length
  blind ||= shared.length === 0
  console.error(`${ending}: ${traces.length} traces, the shared word in ${shared.length} files`)
  for (const { what, file } of traces) console.error(`  ${what} in ${file}`)
}
for (const mutant of MUTANTS) {
  const sources = plant(mutant)
  try {
    const { traces } = await leave('stopped', sources)
    if (traces.length > 0) result.killed++
    const [first] = traces
    console.error(`${mutant.name}: ${first ? `${first.what} in ${first.file}` : 'LIVES'}`)
  } finally {
    rmSync(sources, { recursive: true, force: true })
  }
}
console.log(
  values.json
    ? JSON.stringify(result)
    : `${result.traces} traces; ${result.killed} of ${result.mutants} mutants killed`
)
process.exitCode = result.traces > 0 || blind || result.killed < result.mutants ? 1 : 0
