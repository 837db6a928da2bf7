// A store over a store, in which all that is private stands sealed and under names that tell nothing. What is shared
// goes through as it is. protocols/store, section 11.
import { toHex } from '../wire/bytes.ts'
import { NodeError } from '../wire/node-error.ts'
import { parseFacetGenesis } from '../wire/genesis.ts'
import { isReject } from '../wire/reject.ts'
import { checkOperation, envelopeKey, ID_PREFIX_BYTES, tableKey } from './record.ts'
import { decodeEnvelope, decodeRow, encodeEnvelope, encodeRow, type Row } from './sealed-record.ts'
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
import { NAMED, Vault } from './vault.ts'

/** STO-31. What a table holds that is not named here is sealed. No entry of a space log names a private facet (SPC-11). */
const CLEAR_TABLES: ReadonlySet<string> = new Set([
  'identity',
  'identity-fork',
  'contact',
  'space',
  'entry',
  'invited',
  'quota',
  'decision',
  'own-key'
])
const FACET_CHARS = 64
/** Space, `/` and epoch (AUD-9). */
const LOG_CHARS = 97
/**
 * Tables of which records stand together, and how much of the beginning of their keys says with which: the id of a
 * facet, and only what is of a private one is sealed; or an audit log.
 */
const GROUPED: ReadonlyMap<string, number> = new Map([
  ['facet', FACET_CHARS],
  ['applied', FACET_CHARS],
  ['checkpoint', FACET_CHARS],
  ['document', FACET_CHARS],
  ['reissued', FACET_CHARS],
  ['audit-leaf', LOG_CHARS]
])
const GENESES = 'facet'
/** Tables that tell by which data key a store is sealed: a store has nothing sealed before it has one of these. */
const TELLING_TABLES = [GENESES, 'invite']
const NAME_CHARS = 32
/** No key of a table in which both stand begins so. */
const SEALED = '~'
/** So that what stands under the name of its whole key, as all of a log did once, is found beside it. */
const SEALED_LOG = '~~'
const DIGITS = '0123456789abcdef'
const NOTHING = new Uint8Array(0)

export class SealedStore implements Store {
  readonly report: OpenReport
  readonly incarnation: string
  /** What stands on disk, sealed as it is: for backups. */
  readonly stored: Store
  /** Of those given, the one that is in use. */
  readonly dataKey: Uint8Array
  readonly #vault: Vault
  /** Facets whose genesis is here and says that they are not private. */
  readonly #shared = new Set<string>()
  /** Names of the others, by id, and back. */
  readonly #names = new Map<string, string>()
  readonly #facets = new Map<string, string>()

  private constructor(stored: Store, dataKey: Uint8Array) {
    this.stored = stored
    this.dataKey = dataKey
    this.report = stored.report
    this.incarnation = stored.incarnation
    this.#vault = new Vault(dataKey)
  }

  /**
   * `dataKeys`: two while a store is sealed anew. The caller goes on owning `stored` when this fails.
   * @throws NodeError `data-key-other`, `store-damaged`
   */
  static async open(stored: Store, dataKeys: readonly Uint8Array[]): Promise<SealedStore> {
    const store = new SealedStore(stored, await keyOf(stored, dataKeys))
    for await (const { key, bytes } of stored.list(GENESES)) {
      if (!key.startsWith(SEALED)) store.#learn(key, bytes)
      if (!key.startsWith(SEALED) && !store.#shared.has(key)) throw unopened(GENESES)
    }
    for await (const { key, bytes } of store.list(GENESES)) store.#learn(key, bytes)
    await store.#gatherLogs()
    return store
  }

  /** What stood under the name of its whole key comes to stand with the rest of its log; what does not open stays. */
  async #gatherLogs(): Promise<void> {
    const table = 'audit-leaf'
    for (const digit of DIGITS) {
      for await (const stored of this.stored.list(table, SEALED + digit)) {
        const row = this.#openRow(table, stored)
        if (!row) continue
        const put = this.#seal({ kind: 'put', table, ...row })
        await this.stored.write([put, { kind: 'del', table, key: stored.key }], { sync: false })
      }
    }
  }

  #learn(facet: string, bytes: Uint8Array): void {
    const genesis = parseFacetGenesis(bytes)
    if (!isReject(genesis) && genesis.class !== 'private') this.#shared.add(facet)
    else this.#name(facet)
  }

  // Places

  #name(facet: string): string {
    let name = this.#names.get(facet)
    if (name !== undefined) return name
    name = toHex(this.#vault.name(NAMED.facet, facet))
    this.#names.set(facet, name)
    this.#facets.set(name, facet)
    return name
  }

  /** Where a facet stands: under its id, or under its name. */
  #place(facet: string): string {
    return this.#shared.has(facet) ? facet : this.#name(facet)
  }

  /** Where a record of a table stands, sealed; `undefined`: under its own key, in the clear. */
  #key(table: string, key: string): string | undefined {
    if (CLEAR_TABLES.has(table)) return undefined
    const chars = GROUPED.get(table)
    if (chars === undefined) return SEALED + this.#keyName(key)
    const group = key.slice(0, chars)
    return this.#shared.has(group)
      ? undefined
      : `${this.#within(group, chars)}${this.#keyName(key.slice(chars))}`
  }

  #within(group: string, chars: number): string {
    if (chars === LOG_CHARS) return `${SEALED_LOG}${this.#keyName(group)}/`
    return `${SEALED}${this.#name(group).slice(0, NAME_CHARS)}/`
  }

  #keyName(key: string): string {
    return toHex(this.#vault.name(NAMED.key, key)).slice(0, NAME_CHARS)
  }

  // Sealing and opening

  #seal(operation: Operation): Operation {
    if (operation.kind === 'envelope') {
      const { record, own } = operation
      return this.#shared.has(record.facet)
        ? operation
        : { kind: 'envelope', record: this.#sealed(record), own }
    }
    const { kind, table } = operation
    if (kind === 'put' && table === GENESES) this.#learn(operation.key, operation.bytes)
    const key = this.#key(table, operation.key)
    if (key === undefined) return operation
    check(operation)
    if (kind === 'del') return { kind, table, key }
    return { kind, table, key, bytes: this.#vault.seal(tableKey(table, key), encodeRow(operation)) }
  }

  #sealed(record: EnvelopeRecord): EnvelopeRecord {
    check({ kind: 'envelope', record, own: false })
    const { client, seq } = record
    const facet = this.#name(record.facet)
    const idPrefix = this.#vault.name(NAMED.idPrefix, record.idPrefix).subarray(0, ID_PREFIX_BYTES)
    const place = envelopeKey(facet, client, seq, idPrefix)
    const header = this.#vault.seal(place, encodeEnvelope(record))
    return { facet, client, seq, idPrefix, header, signature: NOTHING }
  }

  /** @returns `undefined` for what does not open, or is not sealed */
  #opened({ facet, client, seq, idPrefix, header }: EnvelopeRecord): EnvelopeRecord | undefined {
    const content = this.#vault.open(envelopeKey(facet, client, seq, idPrefix), header)
    if (!content) return undefined
    return { facet: this.#facets.get(facet) ?? facet, client, seq, ...decodeEnvelope(content) }
  }

  /** What does not open is missing from now on (STO-32). */
  #openAll(records: EnvelopeRecord[]): EnvelopeRecord[] {
    const out: EnvelopeRecord[] = []
    for (const record of records) {
      const opened = this.#opened(record)
      if (opened) out.push(opened)
      else this.stored.lose(record.facet, record.client, record.seq)
    }
    return out
  }

  #openRow(table: string, { key, bytes }: Row): Row | undefined {
    const content = this.#vault.open(tableKey(table, key), bytes)
    return content && decodeRow(content)
  }

  // The store

  async write(operations: Operation[], options: { sync: boolean }): Promise<void> {
    return this.stored.write(
      operations.map(operation => this.#seal(operation)),
      options
    )
  }

  async readEnvelopes(
    facet: string,
    client: number,
    fromSeq: number,
    toSeq: number,
    bytesMax: number
  ): Promise<EnvelopeRecord[]> {
    const records = await this.stored.readEnvelopes(this.#place(facet), client, fromSeq, toSeq, bytesMax)
    return this.#shared.has(facet) ? records : this.#openAll(records)
  }

  async *scan(facet: string): AsyncGenerator<EnvelopeRecord[]> {
    for await (const records of this.stored.scan(this.#place(facet)))
      yield this.#shared.has(facet) ? records : this.#openAll(records)
  }

  facets(): string[] {
    return this.stored
      .facets()
      .map(name => this.#facets.get(name) ?? name)
      .sort()
  }

  lanes(facet: string): LaneSummary[] {
    return this.stored.lanes(this.#place(facet))
  }

  async get(table: string, key: string): Promise<Uint8Array | undefined> {
    const place = this.#key(table, key)
    if (place === undefined) return this.stored.get(table, key)
    const bytes = await this.stored.get(table, place)
    const row = bytes && this.#openRow(table, { key: place, bytes })
    if (bytes && !row && !DERIVED_TABLES.has(table)) throw unopened(table)
    return row?.bytes
  }

  async *list(table: string, prefix = ''): AsyncGenerator<Row> {
    if (CLEAR_TABLES.has(table)) return yield* this.stored.list(table, prefix)
    const chars = GROUPED.get(table) ?? Infinity
    const group = prefix.length >= chars ? prefix.slice(0, chars) : undefined
    if (group !== undefined && this.#shared.has(group)) return yield* this.stored.list(table, prefix)
    const within = group === undefined ? SEALED : this.#within(group, chars)
    const sealed = await this.#openRows(table, within, prefix)
    if (chars === FACET_CHARS && group === undefined) {
      for await (const row of this.stored.list(table, prefix)) {
        if (!this.#shared.has(row.key.slice(0, FACET_CHARS))) continue
        while (sealed[0] && sealed[0].key < row.key) yield sealed.shift() as Row
        yield row
      }
    }
    yield* sealed
  }

  /** In memory, as their order on disk is not that of their keys: what is large is listed by facet or by log. */
  async #openRows(table: string, within: string, prefix: string): Promise<Row[]> {
    const rows: Row[] = []
    for await (const stored of this.stored.list(table, within)) {
      const row = this.#openRow(table, stored)
      if (row?.key.startsWith(prefix)) rows.push(row)
      if (!row && !DERIVED_TABLES.has(table)) throw unopened(table)
    }
    return rows.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
  }

  missing(): Missing[] {
    return this.stored.missing().map(entry => this.#renamed(entry, name => this.#facets.get(name) ?? name))
  }

  readOnly(facet: string): boolean {
    return this.stored.readOnly(this.#place(facet))
  }

  settle(entry: Missing): Promise<void> {
    return this.stored.settle(this.#renamed(entry, facet => this.#place(facet)))
  }

  #renamed(entry: Missing, rename: (facet: string) => string): Missing {
    return 'facet' in entry ? { ...entry, facet: rename(entry.facet) } : entry
  }

  lose(facet: string, client: number, seq: number): void {
    this.stored.lose(this.#place(facet), client, seq)
  }

  /** Checksums first: what they say is damaged needs no opening. */
  async verify(): Promise<VerifyReport> {
    const report = await this.stored.verify()
    if (report.damaged.length > 0) return report
    for await (const operation of this.stored.snapshot()) {
      if (operation.kind === 'del' || this.#openOperation(operation)) continue
      if (operation.kind === 'put') {
        report.tableRecords--
        report.damaged.push(`${operation.table}/${operation.key}`)
        continue
      }
      const { facet, client, seq } = operation.record
      report.envelopes--
      report.damaged.push(`${this.#facets.get(facet) ?? facet}/${client}/${seq}`)
      this.stored.lose(facet, client, seq)
    }
    return report
  }

  /** Opened; {@link stored} gives it as it stands. */
  async *snapshot(): AsyncGenerator<Operation> {
    for await (const stored of this.stored.snapshot()) {
      const operation = this.#openOperation(stored)
      if (!operation) throw unopened(stored.kind === 'envelope' ? 'envelopes' : stored.table)
      yield operation
    }
  }

  #openOperation(stored: Operation): Operation | undefined {
    if (stored.kind === 'envelope') {
      if (this.#shared.has(stored.record.facet)) return stored
      const record = this.#opened(stored.record)
      return record && { ...stored, record }
    }
    const { kind, table, key } = stored
    if (kind === 'del' || CLEAR_TABLES.has(table)) return stored
    if (key.startsWith(SEALED)) {
      const row = this.#openRow(table, stored)
      return row && { kind, table, ...row }
    }
    return this.#shared.has(key.slice(0, FACET_CHARS)) ? stored : undefined
  }

  close(): Promise<void> {
    return this.stored.close()
  }
}

/** The key by which what is there is sealed; the newest, where nothing is. */
async function keyOf(stored: Store, dataKeys: readonly Uint8Array[]): Promise<Uint8Array> {
  for (const table of TELLING_TABLES) {
    for await (const { bytes } of stored.list(table, SEALED)) {
      const found = dataKeys.find(key => new Vault(key).bears(bytes))
      if (found) return found
      const next =
        'Put back the data.age that belongs to this store, or restore a backup: ' +
        'parley backup restore FILE --home NEW_DIRECTORY. Nothing was changed.'
      throw new NodeError('data-key-other', 'the data key of this home is not the one of its store', next)
    }
  }
  return dataKeys.at(-1) as Uint8Array
}

/** What the inner store would check, of what it will not see. */
function check(operation: Operation): void {
  const refusal = checkOperation(operation)
  if (refusal) throw refusal
}

function unopened(table: string): NodeError {
  const next = 'Restore a backup: parley backup restore FILE --home NEW_DIRECTORY'
  const what = `a private record of the table ${table} does not open: it was moved or changed`
  return new NodeError('store-damaged', `the store is damaged: ${what}`, next)
}
