// Runs the node of a copy of the sources on a new home, ends it, and looks at what the disk has.
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COMPILE_CACHE } from '../../scripts/company-process.ts'
import { LevelStore } from '../../src/store/level-store.ts'
import { repair } from '../../src/store/repair.ts'
import type { Mutant } from './mutant-list.ts'
import { findShared, needlesOf, search, type Secrets, type Trace } from './traces.ts'

const ROOT = join(import.meta.dirname, '..', '..')

export type Ending = 'stopped' | 'killed'

export interface Found {
  traces: Trace[]
  /** Where the shared word is: nowhere means that the search is blind. */
  shared: Trace[]
}

/** A copy of what the node needs, with one thing sealed no more. */
export function plant(mutant: Mutant): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-leak-'))
  for (const part of ['src', 'test/at-rest', 'test/e2e', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const file = join(folder, 'src', mutant.file)
  const [before, ...after] = readFileSync(file, 'utf8').split(mutant.find)
  if (after.length !== 1) throw new Error(`${mutant.name}: stands ${after.length} times in ${mutant.file}`)
  writeFileSync(file, `${before}${mutant.put}${after[0]}`)
  return folder
}

/** `sources`: the folder that holds src and test. */
export async function leave(ending: Ending, sources: string = ROOT): Promise<Found> {
  const dir = mkdtempSync(join(tmpdir(), 'parley-rest-'))
  const home = join(dir, 'home')
  try {
    const made = spawnSync(process.execPath, [join(sources, 'test/at-rest/home-process.ts'), home])
    if (made.status !== 0) throw new Error(made.stderr.toString())
    const child = fork(join(sources, 'test/at-rest/node-process.ts'), [home], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE }
    })
    const secrets = await told(child)
    const ended = new Promise(resolve => child.once('exit', resolve))
    if (ending === 'killed') child.kill('SIGKILL')
    else child.send('stop')
    await ended
    const needles = needlesOf(secrets)
    const traces = search(home, needles)
    // Opening makes a table of the log, a repair copies what was there.
    await (await LevelStore.open(join(home, 'store'))).close()
    await repair(join(home, 'store'))
    return { traces: [...traces, ...search(home, needles)], shared: findShared(home) }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function told(child: ChildProcess): Promise<Secrets> {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('message', message => resolve(message as Secrets))
    child.once('exit', code => reject(new Error(`the node ended with ${code}: ${said}`)))
  })
}
