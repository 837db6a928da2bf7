// npm run sim -- --seeds N --from S --json: many seeds, one line each that breaks, and a summary.
import { parseArgs } from 'node:util'
import { planOf, run } from './world.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false }
  }
})
const total = { seeds: 0, operations: 0, lies: 0, forks: 0, broken: 0 }
const started = performance.now()
for (let seed = Number(values.from); seed < Number(values.from) + Number(values.seeds); seed++) {
  const outcome = run(planOf(seed))
  total.seeds++
  total.operations += outcome.operations
  total.lies += outcome.lies
  total.forks += outcome.forks
  if (outcome.broken.length === 0) continue
  total.broken++
  console.error(`seed ${seed}: ${outcome.broken.slice(0, 5).join('; ')}`)
  console.error(`  replay: npm run sim -- --seeds 1 --from ${seed}`)
}
console.error(`${total.seeds} seeds in ${((performance.now() - started) / 1000).toFixed(1)} s`)
console.log(
  values.json
    ? JSON.stringify(total)
    : `${total.seeds} seeds, ${total.operations} edits, ${total.lies} lies, ${total.forks} forks, ${total.broken} broken`
)
process.exitCode = total.broken > 0 ? 1 : 0
