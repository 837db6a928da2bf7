// What became of one damaged home: started as a real process, mended as its message says, compared with the
// truth without and with a peer, and written to.
import { cpSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { ParleyNode } from '../../src/node/surface/parley-node.ts'
import { isNodeError } from '../../src/wire/node-error.ts'
import { until } from '../../scripts/company-process.ts'
import type { Companies, Picture } from './companies.ts'
import { type Content, contentOf, differences } from './content.ts'
import { type Ended, type Running, run, start } from './process.ts'

/**
 * - intact: everything is there at once.
 * - repaired: something was not, which was said, and in the end everything is back.
 * - detected: something is gone for good, and that was said.
 * - silent: something is gone or wrong and nothing was said, or the node went on in a way it must not.
 */
export type Outcome = 'intact' | 'repaired' | 'detected' | 'silent'

export interface Verdict {
  outcome: Outcome
  /** Error codes, and troubles that the node names. */
  said: string[]
  /** What is not as it was, in the end; or what went wrong. */
  left: string[]
}

/** As advice names it: with the home that it is about. */
const REPAIR = /\bparley (?:--home \S+ )?repair\b/

/** What happened so far in one case. */
export class Examination {
  readonly #world: Companies
  readonly #truth: Content
  readonly #damaged: string | undefined
  readonly said: string[] = []
  /** That peers sent back what this home had written and does not hold: it was set back. */
  setBack: string | undefined
  home: string

  /** @param damaged the file that was damaged, where it is one that a backup holds */
  constructor(world: Companies, { truth }: Picture, damaged?: string) {
    this.#world = world
    this.#truth = truth
    this.#damaged = damaged
    this.home = world.acme
  }

  async verdict(): Promise<Verdict> {
    const forks = this.#world.seen.length
    const alone = await this.#alone()
    if (typeof alone === 'string') return { outcome: 'silent', said: this.said, left: [alone] }
    if (alone.length > 0 && this.said.length === 0) return { outcome: 'silent', said: [], left: alone }
    const left = await this.#together()
    if (this.#world.seen.length > forks) left.push('WRONG: Borealis saw this node contradict itself')
    return { outcome: outcomeOf(alone, left, this.said), said: this.said, left }
  }

  /** Without any peer. @returns what is not as it was, or why the node did not end as it must */
  async #alone(): Promise<string[] | string> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const node = await start(this.home, ['--offline'])
      if ('api' in node) return this.#look(node)
      const { refusal } = node
      if (!refusal?.next || refusal.code === 'unexpected' || node.exit === 0)
        return `ended with ${node.exit} and no clear word: ${node.stderr}`
      this.said.push(refusal.code)
      const failed = await this.#follow(refusal.next, attempt)
      if (failed !== undefined) return failed
    }
    return 'did not start after what its messages advise was done'
  }

  async #look(node: Running): Promise<string[]> {
    try {
      const found = differences(this.#truth, await contentOf(node.api), this.#world.written)
      await this.#listen(node.api)
      return found
    } finally {
      await node.stop()
    }
  }

  async #listen(api: ParleyNode): Promise<void> {
    const { troubles } = await api.status()
    // Each picture that is put back is a home set back, by what Borealis knows of it: no news of this damage.
    this.setBack = troubles.find(text => text.includes(' sent back '))
    const own = troubles.filter(text => /^this node: |read-only/.test(text) && text !== this.setBack)
    this.said.push(...own.filter(text => !this.said.includes(text)))
  }

  /** Does what the message says. @returns why that failed, if it did */
  async #follow(next: string, attempt: number): Promise<string | undefined> {
    const world = this.#world
    if (next.includes('Start the node again')) return undefined
    if (REPAIR.test(next) && attempt === 0) {
      const { exit, refusal } = await run(['repair', ...world.withHome()])
      if (exit === 0) return undefined
      this.said.push(refusal?.code ?? `repair ended with ${exit}`)
    }
    const restored = await restore(world)
    if (restored.exit !== 0) return `the backup cannot be restored: ${restored.stderr}`
    if (this.#damaged === undefined) this.home = world.other
    else
      cpSync(join(world.other, relative(world.acme, this.#damaged)), this.#damaged, {
        preserveTimestamps: true
      })
    return undefined
  }

  /** With Borealis. @returns what is not as it was */
  async #together(): Promise<string[]> {
    const node = await start(this.home)
    if (!('api' in node)) return [`WRONG: did not start again: ${node.stderr}`]
    const world = this.#world
    try {
      const known = (await node.api.peers()).some(({ confirmed }) => confirmed)
      if (known) await world.agree(node.api, 30_000)
      const left = differences(this.#truth, await contentOf(node.api), world.written)
      const refused = known ? await this.#edit(node.api) : undefined
      if (refused !== undefined) left.push(refused)
      await this.#listen(node.api)
      return left
    } catch (error) {
      const reasons = (await node.api.why()).flatMap(why => why.reasons)
      return [`WRONG: ${String(error)}: ${reasons.join('; ')}`]
    } finally {
      await node.stop()
    }
  }

  /** Work goes on, and reaches the peer. @returns the refusal, if it is a clear one */
  async #edit(api: ParleyNode): Promise<string | undefined> {
    const world = this.#world
    const refused = await until('writing to go on', async () => {
      try {
        await world.write(api, world.shared, `after-${world.written.size}`)
        return { code: undefined }
      } catch (error) {
        if (!isNodeError(error) || error.next === '') throw error
        return error.code !== 'facet-read-only' && error // which ends when peers have sent all
      }
    })
    if (refused.code === undefined) {
      await world.agree(api)
      return undefined
    }
    this.said.push(refused.code)
    return `no edit is possible: ${refused.code}`
  }
}

function restore(world: Companies): Promise<Ended> {
  return run(['backup', 'restore', world.backup, ...world.withHome(world.other)])
}

export function outcomeOf(alone: string[], left: string[], said: string[]): Outcome {
  if ([...alone, ...left].some(text => text.startsWith('WRONG'))) return 'silent'
  if (alone.length + left.length === 0 && said.every(text => text.startsWith('this node'))) return 'intact'
  if (said.length === 0) return 'silent'
  return left.length === 0 ? 'repaired' : 'detected'
}
