// The parts of a node that take a decision further by themselves: its electors, its scoring, what follows from it.
import type { Store } from '../../store/store.ts'
import { Electors } from './electors.ts'
import { Executions } from './executions.ts'
import type { Home, Log } from '../home/home.ts'
import type { Library } from '../editing/library.ts'
import type { Parts } from '../parts/parts.ts'
import { Scorings } from './scorings.ts'
import { Voters } from './voters.ts'

interface Needs {
  library: Library
  home: Home
  log: Log
  random: (bytes: number) => Uint8Array
}

export class Deciding {
  readonly voters: Voters
  readonly electors: Electors
  readonly scorings: Scorings
  readonly #executions: Executions

  constructor(parts: Parts, { library, home, log, random }: Needs) {
    this.voters = new Voters(parts)
    this.electors = new Electors(parts, log)
    const { voters } = this
    this.scorings = new Scorings(parts, { library, voters, config: home.config, log }, random)
    this.#executions = new Executions(parts, library, log)
  }

  /** Takes up what an earlier run began. */
  async start(store: Store): Promise<void> {
    await this.electors.start(store)
    await this.scorings.start(store)
    this.#executions.start()
  }

  async stop(): Promise<void> {
    for (const part of [this.#executions, this.scorings, this.electors]) await part.stop()
  }

  /** Keys have come, or have been renewed: what waited for them goes on. */
  lookAtAll(): void {
    this.electors.lookAtAll()
    this.#executions.start()
  }

  /** Something of a decision is new. */
  look(id: string): void {
    for (const part of [this.electors, this.scorings, this.#executions]) part.look(id)
  }
}
