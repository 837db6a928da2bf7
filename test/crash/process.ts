// `parley` as a process that may refuse: what it said, and with which exit code.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { connectApi } from '../../src/api/client.ts'
import type { ParleyNode } from '../../src/node/surface/parley-node.ts'
import { COMPILE_CACHE } from '../../scripts/company-process.ts'

const CLI = join(import.meta.dirname, '../../src/cli/main.ts')

/** A clear end: a code, words, the next step. */
export interface Refusal {
  code: string
  message: string
  next: string
  exit: number
}

export interface Ended {
  exit: number | null
  stdout: string
  /** Absent when the process did not end with one. */
  refusal?: Refusal
  stderr: string
}

export interface Running {
  api: ParleyNode
  stop(): Promise<void>
}

/** Starts a node. @returns it once its API answers, or how it ended instead */
export async function start(home: string, args: string[] = []): Promise<Running | Ended> {
  const { child, ended } = launch(['start', '--home', home, ...args])
  const ready = new Promise<true>(resolve => child.stdout.once('data', () => resolve(true)))
  const first = await Promise.race([ready, ended])
  if (first !== true) return first
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  return { api: await connectApi(home), stop }
}

export function run(args: string[]): Promise<Ended> {
  return launch(args).ended
}

function launch(args: string[]) {
  const child = spawn(process.execPath, [CLI, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE }
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<Ended>(resolve => {
    child.once('close', exit => {
      const refusal = refusalIn(stderr)
      resolve({ exit, stdout, stderr, ...(refusal && { refusal }) })
    })
  })
  return { child, ended }
}

function refusalIn(stderr: string): Refusal | undefined {
  const line = stderr.split('\n').find(text => text.startsWith('{"error":'))
  return line === undefined ? undefined : (JSON.parse(line) as { error: Refusal }).error
}
