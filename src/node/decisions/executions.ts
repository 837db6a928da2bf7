// What an approved decision leads to: the draft of the plan that it approved. protocols/decision, section 10.
import { planArtifact, planFields } from '../../decision/execution.ts'
import { equalBytes, toHex } from '../../wire/bytes.ts'
import type { Log } from '../home/home.ts'
import type { Library } from '../editing/library.ts'
import type { Parts } from '../parts/parts.ts'

export class Executions {
  readonly #parts: Parts
  readonly #library: Library
  readonly #log: Log
  #turn: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(parts: Parts, library: Library, log: Log) {
    this.#parts = parts
    this.#library = library
    this.#log = log
  }

  start(): void {
    for (const { decision } of this.#parts.driver.core.decisions.book.all()) this.look(decision.id)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#turn
  }

  /** Something of a decision is new. One after the other: a plan that is being made is not made twice. */
  look(id: string): void {
    this.#turn = this.#turn
      .then(() => this.#execute(id))
      .catch((error: Error) =>
        // It is looked at again at the next start, and when something of the decision is new.
        this.#log('warn', 'the plan of a decision could not be made', { decision: id, why: error.message })
      )
  }

  async #execute(id: string): Promise<void> {
    const held = this.#parts.driver.core.decisions.book.get(id)
    const { settled, initiation, lacksRationale } = held?.decision ?? {}
    const approved = settled?.tally.approved
    if (this.#stopped || !held || !initiation || approved === undefined || lacksRationale === true) return
    const isOurs = this.#parts.roles.some(({ publicKey }) => publicKey.multikey === initiation.key)
    const plan = initiation.options[approved]?.plan
    const artifact = planArtifact(id)
    if (!isOurs || !plan || this.#isMade(artifact)) return
    const facts = {
      kind: 'JointInitiativePlan.v1',
      class: 'shared-confidential',
      space: toHex(held.space.id)
    } as const
    await this.#library.begin(facts, artifact, { fields: planFields(id, initiation.title, plan) })
  }

  /** By us: anybody can give a document of theirs the same id, and must not keep ours from being made by it. */
  #isMade(artifact: Uint8Array): boolean {
    const { driver, directory } = this.#parts
    return [...driver.core.context.facets.values()].some(({ facet: { genesis, space } }) => {
      const isOwn = space.parties[genesis.owner] === directory.self.did
      return isOwn && equalBytes(genesis.artifact, artifact)
    })
  }
}
