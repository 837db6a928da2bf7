// Two replicas of one document, each in its own process.
import { type ChildProcess, fork } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Commands, Name } from './process.ts'

const CALL_MS = 300_000

type Answer<C extends keyof Commands> = Awaited<ReturnType<Commands[C]>>
type Argument<C extends keyof Commands> = Parameters<Commands[C]>

/** A replica's process. A call rejects when it throws, dies, or takes too long. */
export class Side {
  readonly #child: ChildProcess
  readonly #name: string
  readonly #calls = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  #ids = 0

  constructor(name: string, nodeArgs: string[] = []) {
    this.#name = name
    this.#child = fork(join(import.meta.dirname, 'process.ts'), {
      execArgv: nodeArgs,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced'
    })
    this.#child.on('message', message => {
      const { id, result, error } = message as { id: number; result?: unknown; error?: string }
      const call = this.#calls.get(id)
      this.#calls.delete(id)
      if (error === undefined) call?.resolve(result)
      else call?.reject(new Error(`${name}: ${error}`))
    })
    this.#child.on('exit', (code, signal) => {
      for (const call of this.#calls.values()) call.reject(new Error(`${name} ended (${signal ?? code})`))
      this.#calls.clear()
    })
  }

  call<C extends keyof Commands>(command: C, ...[argument]: Argument<C>): Promise<Answer<C>> {
    const id = ++this.#ids
    const answer = new Promise<Answer<C>>((resolve, reject) => {
      const late = () => reject(new Error(`${this.#name}: ${command} took over ${CALL_MS / 1000} s`))
      const timer = setTimeout(late, CALL_MS)
      const end =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer)
          settle(value)
        }
      this.#calls.set(id, { resolve: end(resolve as (result: unknown) => void), reject: end(reject) })
      this.#child.send({ id, command, argument })
    })
    // Some calls are awaited late; their failure is still seen there.
    answer.catch(() => undefined)
    return answer
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise<void>(resolve => this.#child.once('exit', () => resolve()))
    if (this.#child.connected) this.#child.disconnect()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await ended
    clearTimeout(timer)
  }
}

export class Pair {
  readonly system: Name
  readonly root: string
  readonly #nodeArgs: (side: 'a' | 'b') => string[]
  #a: Side | undefined
  #b: Side | undefined
  #shared: unknown
  #address: unknown

  /** `from`: the folder of a pair that was closed; it is copied. */
  constructor(system: Name, from?: string, nodeArgs: (side: 'a' | 'b') => string[] = () => []) {
    this.system = system
    this.#nodeArgs = nodeArgs
    this.root = mkdtempSync(join(tmpdir(), 'parley-bench-'))
    if (from !== undefined) cpSync(from, this.root, { recursive: true })
    const file = join(this.root, 'shared.json')
    if (existsSync(file)) this.#shared = JSON.parse(readFileSync(file, 'utf8'))
  }

  get a(): Side {
    return this.#a as Side
  }

  get b(): Side {
    return this.#b as Side
  }

  async openA() {
    const { system, root } = this
    this.#a = new Side(`${system} A`, this.#nodeArgs('a'))
    const dir = join(root, 'a')
    const opened = await this.a.call('open', { system, role: 'a', dir, shared: this.#shared })
    this.#shared = opened.shared
    writeFileSync(join(root, 'shared.json'), JSON.stringify(this.#shared ?? null))
    return opened
  }

  async listen(): Promise<void> {
    this.#address = await this.a.call('listen')
  }

  async openB() {
    const { system, root } = this
    this.#b = new Side(`${system} B`, this.#nodeArgs('b'))
    return this.b.call('open', { system, role: 'b', dir: join(root, 'b'), shared: this.#shared })
  }

  connect() {
    return this.b.call('connect', this.#address)
  }

  /** Closes both replicas. @returns the bytes that A's store takes */
  async close(): Promise<number> {
    await this.#b?.call('close')
    const { bytes } = await this.a.call('close')
    await Promise.all([this.#a?.end(), this.#b?.end()])
    return bytes
  }

  /** Keeps what a closed pair left, for copies. */
  keep(folder: string): void {
    mkdirSync(folder, { recursive: true })
    cpSync(this.root, folder, { recursive: true })
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#a?.end(), this.#b?.end()])
    rmSync(this.root, { recursive: true, force: true })
  }
}
