// npm run sim:decisions -- --seeds N --from S --json: one line for each seed that breaks, then a summary.
import { parseArgs } from 'node:util'
import { type Outcome, run } from './world.ts'

/** How often a long run says how far it is. */
const PROGRESS_MS = 30_000

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    /** Ends at the first seed that breaks. */
    until: { type: 'boolean', default: false }
  }
})

const [from, seeds] = [Number(values.from), Number(values.seeds)]
const total = {
  seeds: 0,
  messages: 0,
  lies: 0,
  restarts: 0,
  approved: 0,
  failed: 0,
  open: 0,
  rounds: 0,
  broken: 0
}
const started = performance.now()
let toldAt = started

function take({ seed, messages, lies, restarts, rounds, ended, broken }: Outcome): void {
  total.seeds++
  total.messages += messages
  total.lies += lies
  total.restarts += restarts
  total.rounds = Math.max(total.rounds, rounds)
  total[ended]++
  if (broken.length === 0) return
  total.broken++
  console.error(`seed ${seed}: ${broken.slice(0, 3).join('; ')}`)
  console.error(`  replay: npm run sim:decisions -- --seeds 1 --from ${seed}`)
}

for (let seed = from; seed < from + seeds && !(values.until && total.broken > 0); seed++) {
  take(run(seed))
  if (performance.now() - toldAt < PROGRESS_MS) continue
  toldAt = performance.now()
  console.error(`${total.seeds} of ${seeds} seeds, ${total.broken} broken`)
}
console.error(`${total.seeds} seeds in ${((performance.now() - started) / 1000).toFixed(1)} s`)
const { messages, lies, restarts, rounds, broken } = total
console.log(
  values.json
    ? JSON.stringify(total)
    : `${total.seeds} decisions, ${messages} messages, ${lies} lies, ${restarts} restarts, at most ${rounds} rounds, ${broken} broken`
)
process.exitCode = broken > 0 ? 1 : 0
