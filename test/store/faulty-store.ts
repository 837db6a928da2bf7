// A store on a bad disk. It wraps any store: what is not synced waits in memory, so that a power cut (or the
// end of the process) takes it; records can rot, the end can be cut, the disk can be full or stuck.
import { MemoryStore } from '../../src/store/memory-store.ts'
import type {
  EnvelopeRecord,
  LaneSummary,
  Missing,
  OpenReport,
  Operation,
  Store,
  VerifyReport
} from '../../src/store/store.ts'
import { NodeError } from '../../src/wire/node-error.ts'

export type StoreFactory = () => Promise<Store>

export class FaultyStore implements Store {
  /** Writes fail with `disk-full`, reads go on. */
  full = false
  readonly report: OpenReport
  readonly incarnation: string
  readonly #back: Store
  /** The page cache: everything that was written, synced or not. */
  readonly #front: MemoryStore
  /** Written, not synced: in no other place than memory. */
  #pending: Operation[] = []
  #synced: EnvelopeRecord[] = []
  #gone = new Map<string, { record: EnvelopeRecord; own: boolean }>()
  #stuck: Promise<void> | undefined

  private constructor(back: Store, front: MemoryStore) {
    this.#back = back
    this.#front = front
    this.report = back.report
    this.incarnation = back.incarnation
  }

  static async open(factory: StoreFactory): Promise<FaultyStore> {
    const back = await factory()
    const store = new FaultyStore(back, new MemoryStore(back.incarnation))
    for await (const operation of back.snapshot()) {
      await store.#front.write([operation])
      if (operation.kind === 'envelope') store.#synced.push(operation.record)
    }
    return store
  }

  /** What a power cut leaves: open the result's factory again. The wrapper must not be used afterwards. */
  async powerCut(): Promise<void> {
    this.#pending = []
    await this.#front.close()
    await this.#back.close()
  }

  /** A bit flips in a stored envelope: its checksum does not hold, so it is missing from now on. */
  flip(record: EnvelopeRecord): void {
    const own = this.#front.lanes(record.facet).some(lane => lane.client === record.client && lane.own)
    this.#gone.set(place(record), { record, own })
  }

  /** The last synced envelopes are cut off. */
  cutTail(count: number): void {
    for (const record of this.#synced.splice(-count)) this.flip(record)
  }

  /** Writes wait until the answer is called. */
  stall(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stuck = promise
    return () => {
      this.#stuck = undefined
      resolve()
    }
  }

  async write(operations: Operation[], { sync }: { sync: boolean }): Promise<void> {
    await this.#stuck
    if (this.full) throw new NodeError('disk-full', 'no room on the simulated disk', 'Free some space.')
    for (const operation of operations) {
      if (operation.kind === 'envelope' && operation.own && this.readOnly(operation.record.facet)) {
        throw new NodeError('facet-read-only', 'own envelopes are missing', 'Connect to a peer.')
      }
    }
    await this.#front.write(operations)
    this.#pending.push(...operations)
    for (const operation of operations) {
      if (operation.kind === 'envelope') this.#gone.delete(place(operation.record))
    }
    if (sync) await this.#flush()
  }

  async #flush(): Promise<void> {
    const operations = this.#pending
    this.#pending = []
    await this.#back.write(operations, { sync: true })
    for (const operation of operations) if (operation.kind === 'envelope') this.#synced.push(operation.record)
  }

  async readEnvelopes(
    facet: string,
    client: number,
    fromSeq: number,
    toSeq: number,
    bytesMax: number
  ): Promise<EnvelopeRecord[]> {
    return this.#whole(await this.#front.readEnvelopes(facet, client, fromSeq, toSeq, bytesMax))
  }

  async *scan(facet: string): AsyncGenerator<EnvelopeRecord[]> {
    for await (const chunk of this.#front.scan(facet)) yield this.#whole(chunk)
  }

  #whole(records: EnvelopeRecord[]): EnvelopeRecord[] {
    return this.#gone.size === 0 ? records : records.filter(record => !this.#gone.has(place(record)))
  }

  missing(): Missing[] {
    const gone: Missing[] = [...this.#gone.values()].map(({ record: { facet, client, seq }, own }) => ({
      kind: 'lane',
      facet,
      client,
      own,
      from: seq,
      to: seq + 1
    }))
    return [...this.#back.missing(), ...gone]
  }

  lose(facet: string, client: number, seq: number): void {
    this.#back.lose(facet, client, seq)
  }

  readOnly(facet: string): boolean {
    return (
      this.#back.readOnly(facet) ||
      [...this.#gone.values()].some(one => one.own && one.record.facet === facet)
    )
  }

  async settle(entry: Missing): Promise<void> {
    if (entry.kind !== 'lane') return this.#back.settle(entry)
    for (const [key, { record }] of this.#gone) {
      const { facet, client, seq } = record
      if (facet === entry.facet && client === entry.client && entry.from <= seq && seq < entry.to)
        this.#gone.delete(key)
    }
  }

  facets(): string[] {
    return this.#front.facets()
  }

  lanes(facet: string): LaneSummary[] {
    return this.#front.lanes(facet)
  }

  get(table: string, key: string): Promise<Uint8Array | undefined> {
    return this.#front.get(table, key)
  }

  list(table: string, prefix?: string): AsyncIterable<{ key: string; bytes: Uint8Array }> {
    return this.#front.list(table, prefix)
  }

  async verify(): Promise<VerifyReport> {
    const report = await this.#front.verify()
    return { ...report, envelopes: report.envelopes - this.#gone.size, damaged: [...this.#gone.keys()] }
  }

  snapshot(): AsyncIterable<Operation> {
    return this.#front.snapshot()
  }

  async close(): Promise<void> {
    await this.#flush()
    await this.#front.close()
    await this.#back.close()
  }
}

function place({ facet, client, seq, idPrefix }: EnvelopeRecord): string {
  return `${facet}/${client}/${seq}/${Buffer.from(idPrefix).toString('hex')}`
}
