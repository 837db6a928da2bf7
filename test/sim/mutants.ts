// Shows that the simulator would notice: each mutant of the core is run until a history breaks.
// node scripts/run.cjs test/sim/mutants.ts [--json] [--only TEXT] [--seeds N]
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MUTANTS, type Mutant } from './mutant-list.ts'

const ROOT = join(import.meta.dirname, '..', '..')

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    /** How many a mutant may survive. */
    seeds: { type: 'string', default: '300' },
    jobs: { type: 'string', default: String(availableParallelism()) }
  }
})

/** A copy of what the simulator needs, with one check gone. */
function plant(mutant: Mutant): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-mutant-'))
  for (const part of ['src', 'test/sim', 'test/replica', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const file = join(folder, 'src', mutant.file)
  const [before, ...after] = readFileSync(file, 'utf8').split(mutant.find)
  if (after.length !== 1) throw new Error(`${mutant.name}: stands ${after.length} times in ${mutant.file}`)
  writeFileSync(file, `${before}${mutant.put}${after[0]}`)
  return folder
}

/** @returns what the simulator said of the first history that broke, or undefined */
async function hunt(mutant: Mutant): Promise<string | undefined> {
  const folder = plant(mutant)
  const args = ['test/sim/main.ts', '--first', '--jobs', '1', '--seeds', values.seeds]
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', chunk => (said += chunk))
  await new Promise(resolve => child.on('close', resolve))
  rmSync(folder, { recursive: true, force: true })
  if (!said.includes('seeds in')) return `the process ended: ${said.slice(-300)}`
  return said.split('\n').find(line => line.startsWith('seed '))
}

const left = MUTANTS.filter(({ name }) => name.includes(values.only))
const total = { mutants: left.length, killed: 0 }

async function work(): Promise<void> {
  for (let mutant = left.shift(); mutant; mutant = left.shift()) {
    const killer = await hunt(mutant)
    if (killer) total.killed++
    const [, seed = '?', by = ''] = /^seed (\d+): (.{0,100})/.exec(killer ?? '') ?? []
    const how = killer ? `killed by seed ${seed} (${by || killer})` : `lives after ${values.seeds} seeds`
    console.log(`[${mutant.invariant}] ${mutant.file}: ${mutant.name}: ${how}`)
  }
}

await Promise.all(Array.from({ length: Number(values.jobs) }, work))
console.log(values.json ? JSON.stringify(total) : `${total.killed} of ${total.mutants} mutants killed`)
process.exitCode = total.killed === total.mutants ? 0 : 1
