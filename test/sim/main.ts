// npm run sim -- --seeds N --from S --json: many seeds on all cores, one line for each that breaks, a summary.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { type Outcome, planOf, run } from './world.ts'

/** Seeds that a worker is handed at a time. */
const BATCH = 5
/** How often a long run says how far it is. */
const PROGRESS_MS = 30_000

/** A seed and its outcome stay together. */
function runBatch(seeds: number[]): Outcome[] {
  return seeds.map(seed => run(planOf(seed)))
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
    /** Ends at the first seed of which one sentence begins like this, and says that sentence first. */
    until: { type: 'string' }
  }
})

if (!isMainThread) parentPort?.on('message', (seeds: number[]) => parentPort?.postMessage(runBatch(seeds)))
else await main()

async function main(): Promise<void> {
  const total = {
    seeds: 0,
    operations: 0,
    lies: 0,
    broken: 0,
    faults: 0,
    forks: 0,
    refused: 0,
    frames: 0,
    healed: 0
  }
  const started = performance.now()
  let toldAt = started
  const end = Number(values.from) + Number(values.seeds)
  let next = Number(values.from)
  let over = false
  const sought = (text: string) => values.until !== undefined && text.startsWith(values.until)
  const batch = () => {
    const seeds = Array.from({ length: Math.min(BATCH, end - next) }, (_, i) => next + i)
    next += seeds.length
    return over ? [] : seeds
  }
  const take = (outcome: Outcome) => {
    total.seeds++
    for (const key of ['operations', 'lies', 'faults', 'forks', 'refused', 'frames'] as const)
      total[key] += outcome[key]
    total.healed = Math.max(total.healed, outcome.healed)
    if (performance.now() - toldAt >= PROGRESS_MS) {
      toldAt = performance.now()
      console.error(`${total.seeds} of ${values.seeds} seeds, ${total.broken} broken`)
    }
    if (outcome.broken.length === 0) return
    total.broken++
    over ||= outcome.broken.some(sought)
    const said = outcome.broken.toSorted((a, b) => Number(sought(b)) - Number(sought(a)))
    console.error(`seed ${outcome.seed}: ${said.slice(0, 5).join('; ')}`)
    console.error(`  replay: npm run sim -- --seeds 1 --from ${outcome.seed}`)
  }
  const jobs = Math.min(Number(values.jobs), Math.ceil(Number(values.seeds) / BATCH))
  if (jobs > 1) await Promise.all(Array.from({ length: jobs }, () => work(batch, take)))
  else for (let seeds = batch(); seeds.length > 0; seeds = batch()) runBatch(seeds).forEach(take)
  console.error(`${total.seeds} seeds in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  console.log(
    values.json
      ? JSON.stringify(total)
      : `${total.seeds} seeds, ${total.operations} operations, ${total.lies} lies, ${total.faults} faults, ${total.broken} broken`
  )
  process.exitCode = total.broken > 0 ? 1 : 0
}

/** One worker, until there is no batch left. */
async function work(batch: () => number[], take: (outcome: Outcome) => void): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) })
  await new Promise<void>((resolve, reject) => {
    const hand = () => {
      const seeds = batch()
      if (seeds.length > 0) worker.postMessage(seeds)
      else resolve()
    }
    worker.on('error', reject)
    worker.on('message', (outcomes: Outcome[]) => {
      outcomes.forEach(take)
      hand()
    })
    hand()
  })
  await worker.terminate()
}
