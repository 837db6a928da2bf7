// Group commit: what queues up while one commit runs goes to disk as the next one, with one fsync for all.
// protocols/store, section 4.
import { NodeError } from '../wire/node-error.ts'
import type { Operation } from './store.ts'

/** One batch: larger ones gain nothing and hold up whoever comes next. */
const COMMIT_BYTES_MAX = 4 * 1024 * 1024
/** What may wait. Callers await their writes, so reaching this means that a bound upstream is gone. */
const QUEUED_BYTES_MAX = 64 * 1024 * 1024
/** Keys, lengths, checksum. */
const OPERATION_BYTES = 128

interface Waiting {
  operations: Operation[]
  bytes: number
  sync: boolean
  resolve: () => void
  reject: (reason: unknown) => void
}

/** Puts all groups on disk as one batch. Answers, group by group, why it left one out; throws when all failed. */
export type Commit = (groups: Operation[][], sync: boolean) => Promise<(Error | undefined)[]>

export class CommitQueue {
  readonly #commit: Commit
  #waiting: Waiting[] = []
  #queued = 0
  #running: Promise<void> | undefined

  /** `commit` is never called while an earlier call still runs. */
  constructor(commit: Commit) {
    this.#commit = commit
  }

  add(operations: Operation[], sync: boolean): Promise<void> {
    const bytes = operations.reduce((sum, operation) => sum + operationBytes(operation), 0)
    if (this.#queued + bytes > QUEUED_BYTES_MAX) {
      return Promise.reject(
        new NodeError('store-busy', 'too many writes are waiting', 'Try again in a moment.')
      )
    }
    this.#queued += bytes
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ operations, bytes, sync, resolve, reject })
    this.#running ??= this.#run()
    return promise
  }

  /** Resolves when nothing waits and nothing runs. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  async #run(): Promise<void> {
    // One turn of the microtask queue: writes made in the same turn share the first commit.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const groups = this.#take()
      try {
        const refusals = await this.#commit(
          groups.map(group => group.operations),
          groups.some(group => group.sync)
        )
        groups.forEach((group, at) => (refusals[at] ? group.reject(refusals[at]) : group.resolve()))
      } catch (error) {
        for (const group of groups) group.reject(error)
      }
    }
    this.#running = undefined
  }

  #take(): Waiting[] {
    let bytes = 0
    let end = 0
    for (const group of this.#waiting) {
      if (end > 0 && bytes + group.bytes > COMMIT_BYTES_MAX) break
      bytes += group.bytes
      end++
    }
    this.#queued -= bytes
    return this.#waiting.splice(0, end)
  }
}

function operationBytes(operation: Operation): number {
  if (operation.kind === 'del') return OPERATION_BYTES
  if (operation.kind === 'put') return OPERATION_BYTES + operation.bytes.length
  const { header, signature, body } = operation.record
  return OPERATION_BYTES + header.length + signature.length + (body?.length ?? 0)
}
