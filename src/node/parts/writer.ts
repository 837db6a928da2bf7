// The order of writes, what happens when the disk refuses, and what need not be read because it is still in memory.
// Everything is written in the order in which the core asked for it; a batch that fails is kept and tried again, so
// that memory and disk never part ways.
import { packedBytes } from '../../store/pack.ts'
import { ID_PREFIX_BYTES } from '../../store/record.ts'
import type { Operation, Store, EnvelopeRecord as StoredEnvelope } from '../../store/store.ts'
import type { StoreWrite, Wanted } from '../../sync/effects.ts'
import { toHex } from '../../wire/bytes.ts'
import type { EnvelopeRecord } from '../../wire/envelope.ts'
import { NodeError } from '../../wire/node-error.ts'
import { RecentEnvelopes, hasBody } from './recent.ts'

/** What may wait for the disk before reading from peers stops. */
const QUEUE_BYTES_MAX = 8 * 1024 * 1024
const RETRY_MS = 2_000

interface Batch {
  operations: Operation[]
  /** Of its envelopes: who asks for another lane need not wait until all that is queued is indexed. */
  lanes: Set<string>
  sync: boolean
  token: number
  bytes: number
}

interface Waiting {
  resolve(): void
  reject(error: Error): void
  /** How many batches must be durable by then, counted from the start. */
  batches: number
}

interface WriterEvents {
  written(token: number): void
  /** The disk refuses, or accepts again. */
  failing(error: Error | undefined): void
}

export class Writer {
  readonly #store: Store
  readonly #events: WriterEvents
  /** Not durable yet, oldest first. */
  #queue: Batch[] = []
  #bytes = 0
  #running = false
  #error: Error | undefined
  /** In the order of `batches`. */
  #waiting: Waiting[] = []
  /** Batches that were queued, and that are durable, since the start. */
  #queued = 0
  #durable = 0
  /** Lanes of which envelopes are still being written, and in how many batches. */
  readonly #lanes = new Map<string, number>()
  /** Those envelopes, by place; made when somebody asks, void when they change. */
  #unwritten: Map<string, StoredEnvelope> | undefined
  readonly #recent = new RecentEnvelopes()
  #roomy: (() => void)[] = []

  constructor(store: Store, events: WriterEvents) {
    this.#store = store
    this.#events = events
  }

  get error(): Error | undefined {
    return this.#error
  }

  write(writes: StoreWrite[], sync: boolean, token: number): void {
    const operations = writes.map(toOperation)
    const bytes = operations.reduce((sum, operation) => sum + sizeOf(operation), 0)
    const lanes = lanesOf(operations)
    for (const lane of lanes) this.#lanes.set(lane, (this.#lanes.get(lane) ?? 0) + 1)
    this.#queue.push({ operations, lanes, sync, token, bytes })
    this.#queued++
    this.#bytes += bytes
    this.#unwritten = undefined
    for (const operation of operations) {
      if (operation.kind === 'envelope' && operation.own) this.#recent.add(operation.record)
    }
    if (!this.#running) void this.#run()
  }

  /** @throws NodeError `disk-full` or another of the store, while it refuses. */
  check(): void {
    if (this.#error) throw this.#error
  }

  /** Resolves when what is queued now is durable. */
  durable(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve()
    const batches = this.#queued
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject, batches }))
  }

  /** The same, and never rejects: for the end. */
  async drained(): Promise<void> {
    await this.durable().catch(() => undefined)
  }

  /** Resolves when the queue is short enough for more from the network. */
  async room(): Promise<void> {
    if (this.#bytes < QUEUE_BYTES_MAX) return
    await new Promise<void>(resolve => this.#roomy.push(resolve))
  }

  /** Of these envelopes of a facet, those that need no reading: still being written, or our own of late. */
  find(facet: string, wanted: Wanted[]): (EnvelopeRecord | undefined)[] {
    const lanes = this.#lanes
    if (lanes.size === 0 && this.#recent.size === 0) return wanted.map(() => undefined)
    return wanted.map(item => {
      const own = this.#recent.find(facet, item)
      const waits = !own && lanes.size > 0 && lanes.has(laneOf(facet, item.client))
      return waits ? this.#findUnwritten(facet, item) : own
    })
  }

  #findUnwritten(facet: string, { client, seq, id }: Wanted): EnvelopeRecord | undefined {
    this.#unwritten ??= this.#index()
    const found = this.#unwritten.get(place(facet, client, seq, id.subarray(0, ID_PREFIX_BYTES)))
    return found && hasBody(found) ? found : undefined
  }

  #index(): Map<string, StoredEnvelope> {
    const index = new Map<string, StoredEnvelope>()
    for (const operation of this.#queue.flatMap(batch => batch.operations)) {
      if (operation.kind !== 'envelope') continue
      const { facet, client, seq, idPrefix } = operation.record
      index.set(place(facet, client, seq, idPrefix), operation.record)
    }
    return index
  }

  /** All that is queued goes to the store at once, which commits it in groups. */
  async #run(): Promise<void> {
    this.#running = true
    while (this.#queue.length > 0) {
      const batches = [...this.#queue]
      try {
        const sync = batches.some(batch => batch.sync)
        await this.#store.write(
          batches.flatMap(batch => batch.operations),
          { sync }
        )
      } catch (error) {
        this.#refused(error as Error)
        await new Promise(resolve => setTimeout(resolve, RETRY_MS).unref())
        continue
      }
      this.#done(batches)
    }
    this.#running = false
  }

  #done(batches: Batch[]): void {
    if (this.#error) {
      this.#error = undefined
      this.#events.failing(undefined)
    }
    this.#queue.splice(0, batches.length)
    this.#durable += batches.length
    this.#unwritten = undefined
    for (const { lanes } of batches) this.#written(lanes)
    for (const { bytes, token } of batches) {
      this.#bytes -= bytes
      this.#events.written(token)
    }
    const first = this.#waiting.findIndex(waiting => waiting.batches > this.#durable)
    for (const waiting of this.#waiting.splice(0, first < 0 ? Infinity : first)) waiting.resolve()
    if (this.#bytes < QUEUE_BYTES_MAX) for (const go of this.#roomy.splice(0)) go()
  }

  #written(lanes: Set<string>): void {
    for (const lane of lanes) {
      const others = (this.#lanes.get(lane) ?? 0) - 1
      if (others > 0) this.#lanes.set(lane, others)
      else this.#lanes.delete(lane)
    }
  }

  #refused(error: Error): void {
    const first = this.#error === undefined
    this.#error =
      error instanceof NodeError
        ? error
        : new NodeError(
            'store-io',
            `the store refused a write: ${error.message}`,
            'Run parley doctor.',
            error
          )
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#error)
    for (const go of this.#roomy.splice(0)) go()
    if (first) this.#events.failing(this.#error)
  }
}

function place(facet: string, client: number, seq: number, idPrefix: Uint8Array): string {
  return `${laneOf(facet, client)}/${seq}/${toHex(idPrefix)}`
}

function laneOf(facet: string, client: number): string {
  return `${facet}/${client}`
}

/** Most writes hold envelopes of one lane only. */
function lanesOf(operations: Operation[]): Set<string> {
  const lanes = new Set<string>()
  let last: StoredEnvelope | undefined
  for (const operation of operations) {
    if (operation.kind !== 'envelope') continue
    const { record } = operation
    const isSame = last?.client === record.client && last.facet === record.facet
    if (!isSame) lanes.add(laneOf(record.facet, record.client))
    last = record
  }
  return lanes
}

function toOperation(write: StoreWrite): Operation {
  if (write.kind !== 'envelope') return write
  const { facet, envelope, own } = write
  const { client, header, headerBytes, signature, body, id } = envelope
  const idPrefix = id.subarray(0, ID_PREFIX_BYTES)
  const record = { facet, client, seq: header.seq, idPrefix, header: headerBytes, signature, body }
  return { kind: 'envelope', record, own }
}

function sizeOf(operation: Operation): number {
  if (operation.kind === 'put') return operation.bytes.length + 128
  return operation.kind === 'del' ? 128 : packedBytes(operation.record)
}
