// Lets readers at the database, and holds them back for the moment in which it is opened anew.
// protocols/store, section 4.
import { NodeError } from '../wire/node-error.ts'
import { isDatabaseError, type Database } from './level-database.ts'

export class ReadGate {
  #db: Database
  #replacing: Promise<void> | undefined
  #reading = 0
  #whenFree: (() => void) | undefined
  #closed = false

  readonly #explain: (error: Error) => NodeError

  /** `explain` says what LevelDB's own words for unreadable data mean here. */
  constructor(db: Database, explain: (error: Error) => NodeError) {
    this.#db = db
    this.#explain = explain
  }

  /** For the one writer, which is also the only one that replaces. */
  get database(): Database {
    if (this.#closed) throw this.closedError()
    if (this.#db.status !== 'open') {
      const next = 'The next write tries again; look at the disk and its free space.'
      throw new NodeError('store-io', 'the database could not be opened again after a failed write', next)
    }
    return this.#db
  }

  async read<T>(use: (db: Database) => Promise<T>): Promise<T> {
    while (this.#replacing) await this.#replacing
    this.#reading++
    try {
      return await use(this.database)
    } catch (error) {
      throw isDatabaseError(error) ? this.#explain(error as Error) : error
    } finally {
      this.#reading--
      if (this.#reading === 0) this.#whenFree?.()
    }
  }

  async replace(open: () => Promise<Database>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#replacing = promise
    try {
      await this.#free()
      await this.#db.close()
      this.#db = await open()
    } finally {
      this.#replacing = undefined
      resolve()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#free()
    await this.#db.close()
  }

  closedError(): NodeError {
    return new NodeError('store-closed', 'the store is closed', 'Report this bug.')
  }

  async #free(): Promise<void> {
    while (this.#reading > 0) await new Promise<void>(resolve => (this.#whenFree = resolve))
    this.#whenFree = undefined
  }
}
