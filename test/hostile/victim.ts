// The node under attack: the real program in a process of its own, with a gauge inside.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { COMPILE_CACHE } from '../../scripts/company-process.ts'
import { connectApi } from '../../src/api/client.ts'
import type { ParleyNode } from '../../src/node/surface/parley-node.ts'
import type { Reading } from './gauge-process.ts'

const CLI = join(import.meta.dirname, '../../src/cli/main.ts')
const GAUGE = join(import.meta.dirname, 'gauge-process.ts')

export interface LogLine {
  level: string
  message: string
  [name: string]: unknown
}

export class Victim {
  readonly home: string
  api!: ParleyNode
  #child!: ChildProcess
  #log: string[] = []
  #partial = ''

  constructor(home: string) {
    this.home = home
  }

  async start(): Promise<void> {
    const args = ['--import', GAUGE, CLI, 'start', '--home', this.home, '--json', '--log', 'debug']
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE }
    })
    this.#child = child
    this.#log = []
    child.stderr?.on('data', (chunk: Buffer) => this.#read(chunk.toString()))
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`the node ended with ${code}:\n${this.#log.slice(-20).join('\n')}`)
    })
    await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), failed])
    failed.catch(() => undefined)
    this.api = await connectApi(this.home)
  }

  /** Only what the log says since it was last cleared is kept, and of a flood the first lines. */
  #read(text: string): void {
    const lines = (this.#partial + text).split('\n')
    this.#partial = lines.pop() ?? ''
    if (this.#log.length < 20_000) this.#log.push(...lines)
  }

  get pid(): number {
    return this.#child.pid as number
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  forgetLog(): void {
    this.#log = []
  }

  get rawLog(): string {
    return this.#log.join('\n')
  }

  log(): LogLine[] {
    return this.#log.flatMap(line => {
      try {
        return [JSON.parse(line) as LogLine]
      } catch {
        return [{ level: 'text', message: line }]
      }
    })
  }

  /** @param reset whether the gauge starts anew after this */
  async gauge(reset = false): Promise<Reading> {
    const answer = once(this.#child, 'message', { signal: AbortSignal.timeout(20_000) })
    this.#child.send(reset ? 'reset' : 'read')
    const [{ gauge }] = (await answer) as [{ gauge: Reading }]
    return gauge
  }

  async stop(): Promise<void> {
    if (!this.alive) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }
}
