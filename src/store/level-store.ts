// The store on disk: LevelDB behind checksums, a census and an anchor. protocols/store.
import { NodeError } from '../wire/node-error.ts'
import { writeAnchor } from './anchor.ts'
import { countDatabase, type Count } from './census-scan.ts'
import { CommitQueue } from './commit-queue.ts'
import { stageCommit, type StagedCommit } from './commit-stage.ts'
import { assertRoom, diskFull, isNoRoom } from './durable-file.ts'
import { lockFolder, type FolderLock } from './folder-lock.ts'
import { entriesOf, openDatabase, readChunk, type Change, type Entry, type Moment } from './level-database.ts'
import {
  anchorOf,
  damaged,
  databaseFolder,
  openFolder,
  prepareFolder,
  withDefaults,
  type LevelStoreOptions,
  type OpenedFolder,
  type OpenOptions
} from './open-folder.ts'
import { inOrder } from './pack-order.ts'
import { packedBytes, packPlace, packsEnd, placesIn, type PackPlace } from './pack.ts'
import { ReadGate } from './read-gate.ts'
import * as record from './record.ts'
import {
  TABLE_NAME,
  type EnvelopeRecord,
  type LaneSummary,
  type Missing,
  type OpenReport,
  type Operation,
  type Store,
  type VerifyReport
} from './store.ts'

/** A commit that failed: what the database has to look like again once it can be opened anew. */
interface Failure {
  commit: number
  undo: Change[]
}

export class LevelStore implements Store {
  readonly report: OpenReport
  readonly incarnation: string
  readonly #dir: string
  readonly #lock: FolderLock
  readonly #opened: OpenedFolder
  readonly #options: OpenOptions
  readonly #queue = new CommitQueue((groups, sync) => this.#commit(groups, sync))
  readonly #gate: ReadGate
  #count: Count
  /** The census changed its mind about what is missing: the next commit writes that down. */
  #lossesChanged = false
  #unsynced = false
  #anchorDue = true
  #anchorLate = false
  #anchorTimer: NodeJS.Timeout | undefined
  #failure: Failure | undefined
  #closed = false

  private constructor(dir: string, lock: FolderLock, opened: OpenedFolder, options: OpenOptions) {
    this.#dir = dir
    this.#lock = lock
    this.#opened = opened
    this.#count = opened
    this.#options = options
    this.#gate = new ReadGate(opened.db, error => this.#unreadable(error))
    this.report = opened.report
    this.incarnation = Buffer.from(opened.incarnation).toString('hex')
  }

  /** @throws NodeError `store-locked`, `store-damaged`, `store-format`, `store-permissions`, `disk-full` */
  static async open(dir: string, options: LevelStoreOptions = {}): Promise<LevelStore> {
    const all = withDefaults(options)
    prepareFolder(dir)
    const lock = await lockFolder(dir)
    try {
      const store = new LevelStore(dir, lock, await openFolder(dir, all), all)
      await store.#begin()
      return store
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  /** What is missing is on disk before the anchor forgets it, and the anchor says "running" before any write. */
  async #begin(): Promise<void> {
    try {
      this.#lossesChanged = this.#count.census.missing().length > 0
      await this.#queue.add([], true)
    } catch (error) {
      await this.#gate.close()
      throw error
    }
  }

  // Reading

  async readEnvelopes(
    facet: string,
    client: number,
    fromSeq: number,
    toSeq: number,
    bytesMax: number
  ): Promise<EnvelopeRecord[]> {
    const out: EnvelopeRecord[] = []
    let bytes = 0
    const packs = this.#chunks(
      record.envelopeKey(facet, client, fromSeq),
      packsEnd(facet, client, Math.max(fromSeq, toSeq - 1))
    )
    for await (const envelopes of inOrder(packs, key => this.#lose(key))) {
      for (const envelope of envelopes) {
        if (envelope.seq < fromSeq || envelope.seq >= toSeq) continue
        bytes += packedBytes(envelope)
        if (bytes > bytesMax && envelope.seq > (out.at(-1)?.seq ?? Infinity)) return out
        out.push(envelope)
      }
    }
    return out
  }

  async *#chunks(start: Buffer, end: Buffer): AsyncGenerator<Entry[]> {
    for (let from: Buffer | undefined = start; from;) {
      const at: Buffer = from
      const { entries, next } = await this.#gate.read(db => readChunk(db, at, end))
      yield entries
      from = next
    }
  }

  scan(facet: string): AsyncGenerator<EnvelopeRecord[]> {
    const start = record.envelopeKey(facet, 0, 0).subarray(0, record.CLIENT_AT)
    const end = Buffer.concat([start, Buffer.alloc(8, 255)])
    return inOrder(this.#chunks(start, end), key => this.#lose(key))
  }

  /** The envelopes of a damaged pack are missing from now on. */
  #lose(key: Buffer): void {
    const place = packPlace(key)
    if (place) this.#loseRange(record.facetOf(key), place)
  }

  lose(facet: string, client: number, seq: number): void {
    this.#loseRange(facet, { client, first: seq, next: seq + 1 })
  }

  #loseRange(facet: string, { client, first, next }: PackPlace): void {
    const { census } = this.#count
    const end = Math.min(next, census.lane(facet, client).next)
    if (first >= end) return
    census.lose(facet, client, first, end)
    this.#lossesChanged = true
    this.#commitSoon()
  }

  facets(): string[] {
    return this.#count.census.facets()
  }

  lanes(facet: string): LaneSummary[] {
    return this.#count.census.lanes(facet)
  }

  async get(table: string, key: string): Promise<Uint8Array | undefined> {
    const place = record.tableKey(table, key)
    const value = await this.#gate.read(db => db.get(place))
    return value && this.#content(place, value)
  }

  async *list(table: string, prefix = ''): AsyncGenerator<{ key: string; bytes: Uint8Array }> {
    const start = record.tableKey(table, prefix)
    const end = record.above(start)
    for await (const entries of this.#chunks(start, end)) {
      for (const [key, value] of entries) {
        const bytes = this.#content(key, value)
        if (bytes) yield { key: record.splitTableKey(key).key, bytes }
      }
    }
  }

  #unreadable(error: Error): NodeError {
    return damaged(this.#dir, [`LevelDB: ${error.message}`], error)
  }

  #content(key: Buffer, value: Buffer): Uint8Array | undefined {
    const content = record.unseal(key, value)
    if (content) return record.plain(content)
    if (record.isDerived(key)) return undefined
    throw damaged(this.#dir, [`record ${record.tablePlace(key)} is damaged`])
  }

  // Writing

  write(operations: Operation[], { sync }: { sync: boolean }): Promise<void> {
    if (this.#closed) return Promise.reject(this.#gate.closedError())
    return this.#queue.add(operations, sync)
  }

  async #commit(groups: Operation[][], sync: boolean): Promise<(Error | undefined)[]> {
    if (this.#failure) await this.#recover(this.#failure)
    if (this.#anchorLate) await this.#anchor(false)
    const staged = await this.#stage(groups, this.#lossesChanged)
    if (staged.changes.length > 0) await this.#apply(staged, sync)
    this.#anchorDue ||= staged.newOwnLane || this.#options.anchorMs === 0
    if (this.#anchorDue) await this.#anchorAfter(groups)
    else this.#anchorTimer ??= setTimeout(() => this.#anchorLater(), this.#options.anchorMs).unref()
    return staged.refusals
  }

  async #stage(groups: Operation[][], lossesChanged: boolean): Promise<StagedCommit> {
    const db = this.#gate.database
    try {
      return await stageCommit(db, this.#count, this.#opened.storeId, groups, lossesChanged)
    } catch (error) {
      this.#count = await countDatabase(db) // it may have counted what now is not written
      throw this.#ioError(error)
    }
  }

  async #apply(staged: StagedCommit, sync: boolean): Promise<void> {
    const db = this.#gate.database
    try {
      await db.batch(staged.changes, { sync })
    } catch (error) {
      await this.#fail(staged, error)
    }
    this.#lossesChanged = false
    this.#unsynced = !sync
  }

  /** Nothing more is written through this handle: LevelDB 1.20 would append behind half a record. */
  async #fail(staged: StagedCommit, error: unknown): Promise<never> {
    const db = this.#gate.database
    const keys = staged.changes.map(change => change.key)
    const old = await db.getMany(keys) // reading goes on, and a failed batch is not in the memtable
    const acknowledged = this.#count.census.commit - 1 // staging counted the commit that failed
    this.#count = await countDatabase(db)
    this.#failure = {
      commit: acknowledged,
      undo: keys.map((key, at) => {
        const value = old[at]
        return value ? { type: 'put', key, value } : { type: 'del', key }
      })
    }
    await assertRoom(this.#dir, this.#options.spareBytes, error)
    throw this.#ioError(error)
  }

  /** Opens the database again once there is room. @throws NodeError `disk-full` while there is none */
  async #recover(failure: Failure): Promise<void> {
    await assertRoom(this.#dir, this.#options.spareBytes)
    try {
      await this.#gate.replace(() => openDatabase(databaseFolder(this.#dir), this.#options.writeBufferBytes))
      const db = this.#gate.database
      this.#count = await countDatabase(db)
      if (this.#count.census.commit !== failure.commit) {
        // The batch whose failure was reported is on disk all the same: it must not come back to life.
        await db.batch(failure.undo, { sync: true })
        this.#count = await countDatabase(db)
      }
    } catch (error) {
      await assertRoom(this.#dir, this.#options.spareBytes, error)
      throw this.#ioError(error)
    }
    this.#failure = undefined
    this.#anchorDue = true
  }

  #ioError(cause: unknown): NodeError {
    const next = 'Look at the disk and its log, then start the node again; parley doctor checks the store.'
    return new NodeError('store-io', `writing in ${this.#dir} failed`, next, cause)
  }

  // The anchor

  #anchorLater(): void {
    this.#anchorTimer = undefined
    this.#anchorDue = true
    this.#commitSoon()
  }

  /** Losses and anchors go with the next commit; when it fails, they are still due, and writers hear of it. */
  #commitSoon(): void {
    if (!this.#closed) this.#queue.add([], false).catch(() => undefined)
  }

  /** The commit is on disk and stays acknowledged; but no other one begins before the anchor has caught up. */
  async #anchorAfter(groups: Operation[][]): Promise<void> {
    try {
      await this.#anchor(false)
    } catch (error) {
      this.#anchorLate = true
      if (groups.every(operations => operations.length === 0)) throw error
    }
  }

  async #anchor(clean: boolean): Promise<void> {
    clearTimeout(this.#anchorTimer)
    this.#anchorTimer = undefined
    // The anchor must never promise what a power cut could still take.
    if (this.#unsynced) await this.#apply(await this.#stage([], true), true)
    const { storeId, incarnation } = this.#opened
    try {
      await writeAnchor(this.#dir, anchorOf(this.#count, storeId, incarnation, clean))
    } catch (error) {
      if (isNoRoom(error)) throw await diskFull(this.#dir, error)
      throw this.#ioError(error)
    }
    this.#anchorDue = false
    this.#anchorLate = false
  }

  // Losses

  missing(): Missing[] {
    return this.#count.census.missing()
  }

  readOnly(facet: string): boolean {
    return this.#count.census.readOnly(facet)
  }

  async settle(entry: Missing): Promise<void> {
    const { census, losses } = this.#count
    const inside = entry.kind === 'lane' && entry.to < census.lane(entry.facet, entry.client).next
    census.settle(entry)
    if (inside) losses.settled.push(entry)
    this.#lossesChanged = true
    this.#anchorDue = true
    await this.#queue.add([], true)
  }

  // Whole-store work

  async verify(): Promise<VerifyReport> {
    const report: VerifyReport = { envelopes: 0, tableRecords: 0, damaged: [] }
    const damagedPack = (key: Buffer) => {
      report.damaged.push(...placesIn(key))
      this.#lose(key)
    }
    for await (const envelopes of inOrder(this.#all(record.ENVELOPE), damagedPack)) {
      report.envelopes += envelopes.length
    }
    for await (const entries of this.#all(record.TABLE)) {
      for (const [key, value] of entries) {
        if (record.isDerived(key)) continue
        if (record.unseal(key, value)) report.tableRecords++
        else report.damaged.push(record.tablePlace(key))
      }
    }
    return report
  }

  async *snapshot(): AsyncGenerator<Operation> {
    const moment = this.#gate.database.snapshot()
    const refuse = (key: Buffer) => {
      throw damaged(
        this.#dir,
        placesIn(key).map(place => `record ${place} is damaged`)
      )
    }
    try {
      for await (const envelopes of inOrder(this.#all(record.ENVELOPE, moment), refuse)) {
        for (const envelope of envelopes) {
          const { own } = this.#count.census.lane(envelope.facet, envelope.client)
          yield { kind: 'envelope', record: envelope, own }
        }
      }
      for await (const entries of this.#all(record.TABLE, moment)) {
        for (const [key, value] of entries) {
          const { table, key: name } = record.splitTableKey(key)
          const bytes = record.isDerived(key) ? undefined : this.#content(key, value)
          if (bytes && TABLE_NAME.test(table)) yield { kind: 'put', table, key: name, bytes }
        }
      }
    } finally {
      await moment.close()
    }
  }

  /** All records of one kind, as they stand now or stood at `moment`. */
  #all(kind: number, moment?: Moment): AsyncGenerator<Entry[]> {
    return entriesOf(this.#gate.database, kind, error => this.#unreadable(error), moment)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#queue.idle()
    try {
      if (!this.#failure) await this.#anchor(true)
    } finally {
      clearTimeout(this.#anchorTimer)
      await this.#gate.close()
      await this.#lock.release()
    }
  }
}
