// Plays the scenes against copies of the node with one hole each. A mutant is killed by the leak that it is listed
// under, and by nothing else: a crash, or words that do not arrive, are no proof that the hole was heard.
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutant } from './mutant-list.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** Takes twenty seconds where nothing else runs. */
const LIMIT_MS = 300_000

/** A copy of what a listening needs, with one hole. */
function plant(mutant: Mutant): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-mutant-'))
  for (const part of ['src', 'scripts', 'test', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const file = join(folder, 'src', mutant.file)
  const [before, ...after] = readFileSync(file, 'utf8').split(mutant.find)
  if (after.length !== 1) throw new Error(`${mutant.name}: stands ${after.length} times in ${mutant.file}`)
  writeFileSync(file, `${before}${mutant.put}${after[0]}`)
  return folder
}

export interface Verdict {
  killed: boolean
  /** The leak, or what came instead. */
  how: string
}

export async function hunt(mutant: Mutant): Promise<Verdict> {
  const folder = plant(mutant)
  try {
    let said = ''
    // Where the companies did not even come to know each other, nothing was tried: a machine that is too busy.
    for (let left = TRIES; left > 0 && (said === '' || said.includes(NOT_OPENED)); left--)
      said = await play(folder, mutant.scenes)
    const leaks = said.split('\n').filter(line => line.startsWith('LEAK '))
    const killer = leaks.find(line => line.startsWith(`LEAK ${mutant.rule}: `))
    if (killer !== undefined) return { killed: true, how: killer }
    return { killed: false, how: leaks[0] ?? `no leak; ${said.slice(-600)}` }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const TRIES = 3
const NOT_OPENED = 'FAIL opening'

async function play(folder: string, scenes: readonly string[]): Promise<string> {
  const args = ['test/wiretap/main.ts', '--no-mutants', '--scenes', scenes.join(',')]
  // Whatever it leaves behind goes with the copy.
  const env = { ...process.env, TMPDIR: folder }
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
  const late = setTimeout(() => child.kill('SIGTERM'), LIMIT_MS)
  let said = ''
  child.stderr.on('data', chunk => (said += chunk))
  await new Promise(resolve => child.on('close', resolve))
  clearTimeout(late)
  return said
}
