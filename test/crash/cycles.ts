// Start, write, kill -9, start again, look. The writer is this process: it counts an edit as acknowledged only
// when the node's HTTP answer has arrived.
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectApi } from '../../src/api/client.ts'
import type { ParleyNode } from '../../src/node/surface/parley-node.ts'
import { createCompanyHome } from '../e2e/homes.ts'
import { COMPILE_CACHE, until } from '../../scripts/company-process.ts'
import { Random } from '../../src/sandbox/random.ts'

export type Mode = 'plain' | 'cut' | 'without-sync'

export interface CrashPlan {
  cycles: number
  seed: number
  /** Taken in turn. */
  modes: readonly Mode[]
  say?: (line: string) => void
}

export interface CrashResult {
  cycles: number
  acknowledged: number
  lost: number
}

/** Writers at the same time, each with a document of its own. */
const WRITERS = 3

export async function crash({ cycles, seed, modes, say }: CrashPlan): Promise<CrashResult> {
  const dir = mkdtempSync(join(tmpdir(), 'parley-crash-'))
  const random = new Random(seed)
  const result: CrashResult = { cycles: 0, acknowledged: 0, lost: 0 }
  try {
    const home = join(dir, 'home')
    await createCompanyHome(home, 'Acme')
    const documents = await create(home)
    const expected = documents.map(() => new Set<string>())
    for (let cycle = 0; cycle < cycles; cycle++) {
      const mode = modes[cycle % modes.length] as Mode
      const child = await start(home, mode)
      const api = await connectApi(home)
      result.lost += await missing(api, documents, expected, say)
      const before = result.acknowledged
      const writing = documents.map((id, i) =>
        write(api, id, `${cycle}.${i}`, expected[i] as Set<string>, result)
      )
      // In the middle of writing: some time after the first acknowledgement.
      await until('a first acknowledgement', async () => result.acknowledged > before)
      await new Promise(resolve => setTimeout(resolve, random.below(300)))
      await kill(child)
      await Promise.all(writing)
      result.cycles++
      say?.(`cycle ${cycle + 1} of ${cycles} (${mode}): ${result.acknowledged - before} acknowledged`)
    }
    const child = await start(home, 'plain')
    result.lost += await missing(await connectApi(home), documents, expected, say)
    await kill(child)
    return result
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function create(home: string): Promise<string[]> {
  const child = await start(home, 'plain')
  const api = await connectApi(home)
  const ids: string[] = []
  for (let i = 0; i < WRITERS; i++) {
    const { id } = await api.createArtifact({
      kind: 'StandardsDoc.v1',
      title: `Document ${i}`,
      class: 'private',
      text: '\n'
    })
    ids.push(id)
  }
  await kill(child)
  return ids
}

async function start(home: string, mode: Mode): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'child.ts'), [home, mode], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE }
  })
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', code => reject(new Error(`the node ended with ${code} before it was ready`)))
  })
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

/** One edit after the other until the node is gone. */
async function write(
  api: ParleyNode,
  id: string,
  name: string,
  expected: Set<string>,
  result: CrashResult
): Promise<void> {
  try {
    for (let i = 0; ; i++) {
      const { text, frontier } = await api.read(id)
      const word = `<${name}.${i}>`
      await api.editText(id, { base: frontier, text: `${text}${word}\n` })
      expected.add(word)
      result.acknowledged++
    }
  } catch {
    // The kill: this edit was never acknowledged, so it may be there or not.
  }
}

/** Counts what was acknowledged and is gone; it is not expected again. */
async function missing(
  api: ParleyNode,
  documents: string[],
  expected: Set<string>[],
  say: CrashPlan['say']
): Promise<number> {
  let lost = 0
  for (const [i, id] of documents.entries()) {
    const { text } = await api.read(id)
    for (const word of expected[i] as Set<string>) {
      if (text.includes(word)) continue
      say?.(`lost ${word}`)
      lost++
      expected[i]?.delete(word)
    }
  }
  return lost
}
