// What every store promises: records that survive, that are checked when read, and that are missed when
// they are gone. protocols/store, sections 2 and 5.

/** One envelope of a lane. `idPrefix`: the first 8 bytes of its id; a forked lane has two at one seq. */
export interface EnvelopeRecord {
  /** 64 lower-case hexadecimal digits. */
  facet: string
  /** The lane's 53-bit Yjs client id. */
  client: number
  seq: number
  idPrefix: Uint8Array
  header: Uint8Array
  /** 64 bytes, or none for an envelope that a later signature of its lane covers. */
  signature: Uint8Array
  /** Absent once erased: the header still proves who wrote. */
  body?: Uint8Array
}

/** `own`: written by this node. Own lanes are watched by the anchor and never continued after a loss. */
export type Operation =
  | { kind: 'envelope'; record: EnvelopeRecord; own: boolean }
  | { kind: 'put'; table: string; key: string; bytes: Uint8Array }
  | { kind: 'del'; table: string; key: string }

/**
 * Records that were stored and are no longer there.
 * - lane: seqs `from` (inclusive) to `to` (exclusive); sync fetches them again, and then the entry goes.
 * - facet: the facet held `count` envelopes; which lanes ended higher is not known.
 * - tables, envelopes: `lost` records, or as many that went back to an older value; only `settle` ends it.
 */
export type Missing =
  | { kind: 'lane'; facet: string; client: number; own: boolean; from: number; to: number }
  | { kind: 'facet'; facet: string; count: number }
  | { kind: 'tables'; tables: string[]; lost: number }
  | { kind: 'envelopes'; lost: number }

export interface LaneSummary {
  client: number
  own: boolean
  /** The seq after the highest that is stored. */
  next: number
  /** Envelopes stored; more than `next` in a forked lane, fewer in one with gaps. */
  count: number
}

export interface OpenReport {
  created: boolean
  /** The last run ended with a clean stop, in this very folder, and everything it stored is here. */
  clean: boolean
  /** What is gone, or cannot be told, as sentences for people. */
  notes: string[]
  /** What a kill or a power cut leaves behind: normal, and nothing that was acknowledged is gone. */
  crash: string[]
  /** A derived record was damaged, so that all of them were dropped: no loss. */
  rebuilt: boolean
}

export interface VerifyReport {
  envelopes: number
  tableRecords: number
  /** Places of records whose checksum does not hold. */
  damaged: string[]
}

export interface Store {
  readonly report: OpenReport
  /** 32 hexadecimal digits. New whenever `report.clean` is false: a session leased under another one is over. */
  readonly incarnation: string

  /**
   * Envelopes of one lane with `fromSeq <= seq < toSeq`, in order, as many seqs as fit in `bytesMax` but at least
   * one. What has lost its checksum is left out and from then on in `missing()`.
   */
  readEnvelopes(
    facet: string,
    client: number,
    fromSeq: number,
    toSeq: number,
    bytesMax: number
  ): Promise<EnvelopeRecord[]>
  /** All envelopes of a facet by (client, seq), in chunks, since one `await` a record would cost more than reading it. */
  scan(facet: string): AsyncIterable<EnvelopeRecord[]>
  facets(): string[]
  lanes(facet: string): LaneSummary[]

  /**
   * All operations or none. Resolves after the fsync when `sync` is set; everything that queues up behind a
   * running commit goes into the next one.
   * @throws NodeError `disk-full` (retry later), `store-io`, `lane-order`, `facet-read-only`, `store-busy`
   */
  write(operations: Operation[], options: { sync: boolean }): Promise<void>

  /** @throws NodeError `store-damaged` when the record is there, not derived, and its checksum does not hold. */
  get(table: string, key: string): Promise<Uint8Array | undefined>
  /** Records whose key begins with `prefix`, by key. A damaged record of a derived table is left out. */
  list(table: string, prefix?: string): AsyncIterable<{ key: string; bytes: Uint8Array }>

  missing(): Missing[]
  /** What stands there is not what was written, whatever its checksum says: it is missing from now on (STO-32). */
  lose(facet: string, client: number, seq: number): void
  /** An own lane has records missing: no own envelope may be written until they are back or settled. */
  readOnly(facet: string): boolean
  /** Accepts a loss: peers confirmed that nobody has these records. */
  settle(entry: Missing): Promise<void>

  /** Reads and checks every record. */
  verify(): Promise<VerifyReport>
  /** Everything that is stored at one moment but what is derived, envelopes first, each in key order. */
  snapshot(): AsyncIterable<Operation>
  /** A clean stop: all is synced, the anchor says so, the folder is free. */
  close(): Promise<void>
}

/** Tables of callers. Names that start otherwise belong to the store. */
export const TABLE_NAME = /^[a-z][a-z0-9-]{0,31}$/
/** What can be made again from the envelopes; it is neither counted, nor missed, nor part of a snapshot (STO-29). */
export const DERIVED_TABLES: ReadonlySet<string> = new Set(['checkpoint', 'document'])
export const TABLE_KEY_BYTES_MAX = 1024
/** A value: the largest envelope is 96 KiB; identity and space logs are stored entry by entry. */
export const RECORD_BYTES_MAX = 1024 * 1024
