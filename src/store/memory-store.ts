// A store that forgets: for simulated companies, and the model that the store on disk is tested against.
// protocols/store, section 4.
import { compareBytes, toHex, utf8 } from '../wire/bytes.ts'
import { NodeError } from '../wire/node-error.ts'
import { checkOperation } from './record.ts'
import {
  DERIVED_TABLES,
  type EnvelopeRecord,
  type LaneSummary,
  type Missing,
  type OpenReport,
  type Operation,
  type Store,
  type VerifyReport
} from './store.ts'

interface MemoryLane {
  own: boolean
  next: number
  /** By seq and id prefix, in that order: `seq` as 8 hexadecimal digits, then the prefix. */
  envelopes: Map<string, EnvelopeRecord>
}

const SCAN_RECORDS = 1000

export class MemoryStore implements Store {
  readonly report: OpenReport = { created: true, clean: false, notes: [], crash: [], rebuilt: false }
  readonly incarnation: string
  readonly #facets = new Map<string, Map<number, MemoryLane>>()
  readonly #tables = new Map<string, Map<string, Uint8Array>>()
  #closed = false

  /** 32 hexadecimal digits that no other store of the run has. */
  constructor(incarnation: string) {
    this.incarnation = incarnation
  }

  async readEnvelopes(
    facet: string,
    client: number,
    fromSeq: number,
    toSeq: number,
    bytesMax: number
  ): Promise<EnvelopeRecord[]> {
    this.#assertOpen()
    const out: EnvelopeRecord[] = []
    let bytes = 0
    const lane = this.#facets.get(facet)?.get(client)
    for (const envelope of lane ? inOrder(lane) : []) {
      if (envelope.seq < fromSeq || envelope.seq >= toSeq) continue
      bytes += envelope.header.length + envelope.signature.length + (envelope.body?.length ?? 0)
      if (bytes > bytesMax && envelope.seq > (out.at(-1)?.seq ?? Infinity)) break
      out.push(envelope)
    }
    return out
  }

  async *scan(facet: string): AsyncGenerator<EnvelopeRecord[]> {
    this.#assertOpen()
    for (const [, lane] of this.#lanes(facet)) {
      const envelopes = inOrder(lane)
      for (let at = 0; at < envelopes.length; at += SCAN_RECORDS) yield envelopes.slice(at, at + SCAN_RECORDS)
    }
  }

  facets(): string[] {
    return [...this.#facets.keys()].sort()
  }

  lanes(facet: string): LaneSummary[] {
    return this.#lanes(facet).map(([client, { own, next, envelopes }]) => ({
      client,
      own,
      next,
      count: envelopes.size
    }))
  }

  #lanes(facet: string): [number, MemoryLane][] {
    return [...(this.#facets.get(facet) ?? [])].sort(([a], [b]) => a - b)
  }

  async write(operations: Operation[]): Promise<void> {
    this.#assertOpen()
    const ahead = new Map<string, number>()
    for (const operation of operations) {
      const refusal = checkOperation(operation)
      if (refusal) throw refusal
      if (operation.kind === 'envelope') this.#checkOrder(operation.record, ahead)
    }
    for (const operation of operations) this.#apply(operation)
  }

  #checkOrder({ facet, client, seq }: EnvelopeRecord, ahead: Map<string, number>): void {
    const lane = `${facet}/${client}`
    const next = ahead.get(lane) ?? this.#facets.get(facet)?.get(client)?.next ?? 0
    if (seq > next) {
      throw new NodeError('lane-order', `seq ${seq} of lane ${client} before seq ${next}`, 'Report this bug.')
    }
    if (seq === next) ahead.set(lane, seq + 1)
  }

  #apply(operation: Operation): void {
    if (operation.kind === 'envelope') {
      const lane = this.#lane(operation.record.facet, operation.record.client)
      const { seq, idPrefix } = operation.record
      lane.own ||= operation.own
      lane.next = Math.max(lane.next, seq + 1)
      lane.envelopes.set(seq.toString(16).padStart(8, '0') + toHex(idPrefix), operation.record)
    } else if (operation.kind === 'put') {
      const table = this.#tables.get(operation.table) ?? new Map<string, Uint8Array>()
      this.#tables.set(operation.table, table.set(operation.key, operation.bytes))
    } else {
      this.#tables.get(operation.table)?.delete(operation.key)
    }
  }

  #lane(facet: string, client: number): MemoryLane {
    const lanes = this.#facets.get(facet) ?? new Map<number, MemoryLane>()
    this.#facets.set(facet, lanes)
    const lane = lanes.get(client) ?? { own: false, next: 0, envelopes: new Map<string, EnvelopeRecord>() }
    lanes.set(client, lane)
    return lane
  }

  async get(table: string, key: string): Promise<Uint8Array | undefined> {
    this.#assertOpen()
    return this.#tables.get(table)?.get(key)
  }

  async *list(table: string, prefix = ''): AsyncGenerator<{ key: string; bytes: Uint8Array }> {
    this.#assertOpen()
    for (const [key, bytes] of byKey(this.#tables.get(table) ?? new Map<string, Uint8Array>())) {
      if (key.startsWith(prefix)) yield { key, bytes }
    }
  }

  missing(): Missing[] {
    return []
  }

  /** Nothing gets lost here. */
  lose(): void {
    this.#assertOpen()
  }

  readOnly(): boolean {
    return false
  }

  async settle(): Promise<void> {
    this.#assertOpen()
  }

  async verify(): Promise<VerifyReport> {
    const report: VerifyReport = { envelopes: 0, tableRecords: 0, damaged: [] }
    for await (const operation of this.snapshot()) {
      if (operation.kind === 'envelope') report.envelopes++
      else report.tableRecords++
    }
    return report
  }

  async *snapshot(): AsyncGenerator<Operation> {
    this.#assertOpen()
    const all: Operation[] = []
    for (const facet of this.facets()) {
      for (const [, lane] of this.#lanes(facet)) {
        for (const record of inOrder(lane)) all.push({ kind: 'envelope', record, own: lane.own })
      }
    }
    for (const [table, records] of byKey(this.#tables)) {
      if (DERIVED_TABLES.has(table)) continue
      for (const [key, bytes] of byKey(records)) all.push({ kind: 'put', table, key, bytes })
    }
    yield* all
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #assertOpen(): void {
    if (this.#closed) throw new NodeError('store-closed', 'the store is closed', 'Report this bug.')
  }
}

function inOrder(lane: MemoryLane): EnvelopeRecord[] {
  return [...lane.envelopes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, envelope]) => envelope)
}

/** By UTF-8 bytes, as on disk. */
function byKey<T>(map: Map<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => compareBytes(utf8(a), utf8(b)))
}
