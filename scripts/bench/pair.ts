// Two replicas of one document, each in its own process.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Side } from './calls.ts'
import type { Name, commands } from './process.ts'

type Replica = Side<typeof commands>

export class Pair {
  readonly system: Name
  readonly root: string
  readonly #nodeArgs: (side: 'a' | 'b') => string[]
  #a: Replica | undefined
  #b: Replica | undefined
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

  get a(): Replica {
    return this.#a as Replica
  }

  get b(): Replica {
    return this.#b as Replica
  }

  async openA() {
    const { system, root } = this
    this.#a = new Side('process.ts', `${system} A`, this.#nodeArgs('a'))
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
    this.#b = new Side('process.ts', `${system} B`, this.#nodeArgs('b'))
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
