// A company's node as an operating-system process of its own, driven through its local API: for the demo and
// for tests with real processes.
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { connectApi } from '../src/api/client.ts'
import type { ParleyNode } from '../src/node/surface/parley-node.ts'

const CLI = join(import.meta.dirname, '../src/cli/main.ts')
const START_MS = 60_000
/** Many short processes of one checkout start twice as fast with it. */
export const COMPILE_CACHE = join(import.meta.dirname, '../node_modules/.cache/parley-compile')

export interface CompanyProcess {
  name: string
  home: string
  pid: number
  api: ParleyNode
  /** Everything that the process wrote to its log so far. */
  log(): string
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
}

/** @param args further arguments of `parley start` */
export async function startCompany(name: string, home: string, args: string[] = []): Promise<CompanyProcess> {
  const child = spawn(process.execPath, [CLI, 'start', '--home', home, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE }
  })
  let log = ''
  child.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  await started(child, name, () => log)
  const api = await connectApi(home)
  return {
    name,
    home,
    pid: child.pid as number,
    api,
    log: () => log,
    signal: signal => void child.kill(signal),
    stop: () => end(child, 'SIGTERM', ended),
    kill: () => end(child, 'SIGKILL', ended)
  }
}

/** The first line on stdout says that the node listens. */
async function started(child: ChildProcess, name: string, log: () => string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${name} did not start in time:\n${log()}`)), START_MS)
    child.stdout?.once('data', () => {
      clearTimeout(late)
      resolve()
    })
    child.once('exit', code => {
      clearTimeout(late)
      reject(new Error(`${name} ended with ${code}:\n${log()}`))
    })
  })
}

async function end(child: ChildProcess, signal: NodeJS.Signals, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal)
  await ended
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Asks again until the answer is there. @throws Error that says what was waited for */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 20_000
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline)
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause: last })
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
