// node scripts/run.cjs test/fuzz/main.ts --hostile N --honest N --seed S --json: so many hostile inputs and honest
// updates, one line for each finding, and a summary. With --world, from that world of the seed on.
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { noCodesLeft } from './codes.ts'
import { type Finding, replayOf } from './finding.ts'
import { ROOM_UPDATES, Room, noHonestTotals } from './honest.ts'
import { WORLD_INPUTS, World, noHostileTotals } from './hostile.ts'
import { rememberSignatures } from './signatures.ts'

const { values } = parseArgs({
  options: {
    hostile: { type: 'string', default: '0' },
    honest: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    world: { type: 'string', default: '0' },
    jobs: { type: 'string', default: '1' },
    findings: { type: 'string', default: '20' },
    out: { type: 'string', default: join(tmpdir(), 'parley-fuzz') },
    json: { type: 'boolean', default: false }
  }
})
const goal = { hostile: Number(values.hostile), honest: Number(values.honest) }
const seed = Number(values.seed)
const jobs = Number(values.jobs)
/** Each job takes worlds of its own: no run of one job reaches those of the next. */
const WORLDS_A_JOB = 10_000_000
/** A run of this size that leaves a code of the two specs unhit is too tame, and fails. */
const CODES_FROM = 200_000
const PROGRESS_MS = 10_000
/** A run ends early when it has found so much. */
const findingsMax = Number(values.findings)

interface Totals {
  hostile: ReturnType<typeof noHostileTotals>
  honest: ReturnType<typeof noHonestTotals>
  findings: number
  seconds: number
}

const started = performance.now()
const totals: Totals = { hostile: noHostileTotals(), honest: noHonestTotals(), findings: 0, seconds: 0 }
let toldAt = started

function tell(finding: Finding): void {
  totals.findings++
  mkdirSync(values.out, { recursive: true })
  const file = join(values.out, `${finding.run}-${finding.seed}-${finding.world}.json`)
  writeFileSync(file, `${JSON.stringify(finding, null, 1)}\n`)
  console.error(`${finding.what}: ${finding.detail.split('\n').slice(0, 6).join(' | ')}`)
  console.error(`  ${file}\n  replay: ${replayOf(finding)}`)
}

function progress(): void {
  if (performance.now() - toldAt < PROGRESS_MS) return
  toldAt = performance.now()
  const { hostile, honest, findings } = totals
  const s = ((toldAt - started) / 1_000).toFixed(0)
  console.error(`${s} s: ${hostile.inputs} hostile, ${honest.updates} honest, ${findings} findings`)
}

async function work(): Promise<void> {
  rememberSignatures()
  const { hostile, honest } = totals
  const first = Number(values.world)
  for (let i = first; hostile.inputs < goal.hostile && totals.findings < findingsMax; i++) {
    const world = new World(seed, i, hostile)
    await world.run(Math.min(WORLD_INPUTS, goal.hostile === 1 ? WORLD_INPUTS : goal.hostile - hostile.inputs))
    world.findings.forEach(tell)
    progress()
  }
  for (let i = first; honest.updates < goal.honest && totals.findings < findingsMax; i++) {
    const room = new Room(seed, i, honest)
    room.run(goal.honest === 1 ? ROOM_UPDATES : Math.min(ROOM_UPDATES, goal.honest - honest.updates))
    room.findings.forEach(tell)
    progress()
  }
}

/** Runs a share of the work in a process of its own and adds up what it counted. */
function job(number: number): Promise<void> {
  const share = (n: number) => String(Math.floor((n * (number + 1)) / jobs) - Math.floor((n * number) / jobs))
  const args = ['--hostile', share(goal.hostile), '--honest', share(goal.honest), '--seed', values.seed]
  args.push('--world', String(Number(values.world) + number * WORLDS_A_JOB), '--out', values.out, '--json')
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      const last = out.trim().split('\n').at(-1)
      if (!last) return reject(new Error(`job ${number} ended without a summary`))
      add(totals, (JSON.parse(last) as { totals: Totals }).totals)
      resolve()
    })
  })
}

function add(into: object, more: object): void {
  const to = into as { [key: string]: unknown }
  for (const [key, value] of Object.entries(more)) {
    if (typeof value === 'object') add((to[key] ??= {}), value as object)
    else if (key === 'slowestMs') to[key] = Math.max(Number(to[key] ?? 0), Number(value))
    else to[key] = Number(to[key] ?? 0) + Number(value)
  }
}

if (jobs > 1) await Promise.all(Array.from({ length: jobs }, (_, i) => job(i)))
else await work()
totals.seconds = Math.round((performance.now() - started) / 1_000)

const { hostile, honest } = totals
const unhit = noCodesLeft(hostile.verdicts)
const tame = hostile.inputs >= CODES_FROM && unhit.length > 0
const summary = {
  hostile: hostile.inputs,
  accepted: hostile.accepted,
  inspections: hostile.inspections,
  honest: honest.updates,
  honestEnvelopes: honest.envelopes,
  threw: hostile.threw + honest.threw,
  slow: hostile.slow,
  bricked: hostile.bricked,
  disagreed: hostile.disagreed,
  refusedHonest: honest.refused,
  diverged: honest.diverged,
  slowestMs: Math.round(hostile.slowestMs),
  seconds: totals.seconds,
  unhit
}
if (!values.json || jobs > 1) {
  const verdicts = Object.entries(hostile.verdicts).sort(([, a], [, b]) => b - a)
  for (const [verdict, count] of verdicts) console.error(`${String(count).padStart(9)} ${verdict}`)
}
if (tame) console.error(`too tame: never refused with ${unhit.join(', ')}`)
console.log(values.json ? JSON.stringify({ ...summary, ...(jobs === 1 && { totals }) }) : summary)
process.exitCode = totals.findings > 0 || tame ? 1 : 0
