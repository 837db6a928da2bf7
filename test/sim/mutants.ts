// Shows that the simulator would notice: each mutant of the core is run until a history breaks by the invariant
// that the mutant is listed under. A history that breaks otherwise only does not count: it may be an accident.
// node scripts/run.cjs test/sim/mutants.ts [--json] [--write] [--only TEXT] [--seeds N]
import { spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MUTANTS, type Mutant } from './mutant-list.ts'
import { plant } from './plant.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    /** Puts the outcome into the README; with `only`, the other lines there stay. */
    write: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    /** How many a mutant may survive. */
    seeds: { type: 'string', default: '300' },
    jobs: { type: 'string', default: String(availableParallelism()) }
  }
})

interface Verdict {
  /** The first seed that breaks by the invariant of the mutant, and what broke. */
  killer?: { seed: number; text: string }
  /** Why there is none. */
  alive: string
}

async function hunt(mutant: Mutant): Promise<Verdict> {
  const folder = plant(mutant, ['test/sim', 'test/replica'])
  const by = `invariant ${mutant.invariant}`
  const args = ['test/sim/main.ts', '--until', by, '--jobs', '1', '--seeds', values.seeds]
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', chunk => (said += chunk))
  await new Promise(resolve => child.on('close', resolve))
  rmSync(folder, { recursive: true, force: true })
  if (!said.includes('seeds in')) return { alive: `the simulator itself ended: ${said.slice(-300)}` }
  const broken = [...said.matchAll(/^seed (\d+): (.*)$/gm)].map(([, seed = '', text = '']) => ({
    seed,
    text
  }))
  const killer = broken.find(({ text }) => text.startsWith(by))
  if (killer) return { killer: { seed: Number(killer.seed), text: killer.text }, alive: '' }
  const [other] = broken
  const otherwise = other
    ? `; ${broken.length} broke otherwise, first seed ${other.seed} (${other.text})`
    : ''
  return { alive: `lives after ${values.seeds} seeds${otherwise}` }
}

const left = MUTANTS.filter(({ name }) => name.includes(values.only))
const total = { mutants: left.length, killed: 0 }
/** Lines of the table, by mutant. */
const rows = new Map<string, string>()

async function work(): Promise<void> {
  for (let mutant = left.shift(); mutant; mutant = left.shift()) {
    const { killer, alive } = await hunt(mutant)
    if (killer) total.killed++
    const how = killer ? `killed by seed ${killer.seed} (${killer.text.slice(0, 160)})` : alive
    console.log(`[${mutant.invariant}] ${mutant.file}: ${mutant.name}: ${how}`)
    rows.set(mutant.name, `| ${mutant.name} | ${mutant.invariant} | ${killer?.seed ?? 'lives'} |`)
  }
}

/** Between the two marks of the README. */
function writeTable(): void {
  const file = join(import.meta.dirname, 'README.md')
  const [begin, end] = ['<!-- mutants -->\n', '<!-- /mutants -->']
  const readme = readFileSync(file, 'utf8')
  const [from, to] = [readme.indexOf(begin) + begin.length, readme.indexOf(end)]
  if (from < begin.length || to < from) throw new Error('the README has no place for the table')
  const before = readme.slice(from, to).split('\n')
  const lines = MUTANTS.flatMap(
    ({ name }) => rows.get(name) ?? before.find(line => line.startsWith(`| ${name} |`)) ?? []
  )
  const table = ['', '| Mutant | Invariant | Seed |', '|---|---|---|', ...lines, '', ''].join('\n')
  writeFileSync(file, readme.slice(0, from) + table + readme.slice(to))
}

await Promise.all(Array.from({ length: Number(values.jobs) }, work))
if (values.write) writeTable()
console.log(values.json ? JSON.stringify(total) : `${total.killed} of ${total.mutants} mutants killed`)
process.exitCode = total.killed === total.mutants ? 0 : 1
