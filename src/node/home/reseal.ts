// Seals a home anew: a backup first, then the whole store copied under a new data key and put into the place of the
// old one. So a home in which nothing was sealed is brought over as well. protocols/store, STO-35.
import { rm } from 'node:fs/promises'
import { packedBytes } from '../../store/pack.ts'
import { LevelStore } from '../../store/level-store.ts'
import { SealedStore } from '../../store/sealed-store.ts'
import { exportSnapshot } from '../../store/snapshot.ts'
import type { Operation, Store } from '../../store/store.ts'
import { utf8 } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type BackupReport, createBackup } from './backup.ts'
import { printConfig } from './config.ts'
import { homePaths } from './directory.ts'
import { replaceFile } from './file.ts'
import {
  addDataKey,
  createDataKey,
  keyFiles,
  loadDataKeys,
  needsPassphrase,
  openKeyFile,
  replaceDataKeys
} from './keys.ts'
import { type Home, openAnyHome } from './home.ts'
import { assertStore } from './store.ts'
import { exchangeStores, newStore, settleExchange } from './store-exchange.ts'

/** What is written at once; the store takes 4 MiB as one commit. */
const BATCH_BYTES = 1024 * 1024

export interface ResealOptions {
  dir: string
  keyFile: string | undefined
  /** Of the home, where it has one. */
  passphrase: string | undefined
  backup: { path: string; passphrase: string; workFactor?: number }
  /** Told the bytes of the backup so far, then the records of the store. */
  progress: (done: { bytes: number } | { records: number }) => void
}

export interface ResealReport extends BackupReport {
  envelopes: number
  tableRecords: number
}

/**
 * @throws NodeError `store-locked` while a node runs, `records-missing`, and those of the backup, the keys and the
 * store; the home is then as it was, or can be started or sealed again
 */
export async function resealHome(options: ResealOptions): Promise<ResealReport> {
  const { dir, keyFile, passphrase, backup, progress } = options
  const found = await openAnyHome(dir, keyFile)
  // Of an exchange that was interrupted, the settings may not know yet.
  await settleExchange(dir, () => markSealed(found))
  const { older, ...home } = await openAnyHome(dir, keyFile)
  const node = (await keyFiles(home)).find(({ use }) => use === 'node')
  // The data key gets the same lock, so that must be the one that is meant.
  if (node) await openKeyFile(home, node.path, passphrase)
  const source = (await assertStore(home)) ? await openSource(home, older, passphrase) : undefined
  let report: ResealReport
  try {
    const bytes = (count: number) => progress({ bytes: count })
    const snapshot = source && exportSnapshot(source instanceof SealedStore ? source.stored : source)
    const saved = await createBackup(home, backup.path, backup.passphrase, bytes, snapshot, backup.workFactor)
    const copied = { envelopes: 0, tableRecords: 0 }
    const sealed = node !== undefined && (await needsPassphrase(node.path))
    const key = await newKey(home, source, sealed ? passphrase : undefined)
    report = { ...saved, ...(source ? await copyStore(source, dir, key, progress) : copied) }
    const done = () => finish(home, key, passphrase)
    await (source ? exchangeStores(dir, () => source.close(), done) : done())
  } catch (error) {
    await source?.close()
    throw error
  }
  return report
}

async function openSource(home: Home, older: boolean, passphrase: string | undefined): Promise<Store> {
  const keys = older ? undefined : await loadDataKeys(home, passphrase)
  const stored = await LevelStore.open(homePaths(home.dir).store)
  try {
    if (stored.missing().length === 0) return keys ? await SealedStore.open(stored, keys) : stored
    const next = 'Start the node until peers have sent it, or take it as gone: parley repair --accept'
    throw new NodeError('records-missing', 'something is missing from the store', next)
  } catch (error) {
    await stored.close()
    throw error
  }
}

/** In the file beside the one that is in use, so that either store opens. */
async function newKey(
  home: Home,
  source: Store | undefined,
  passphrase: string | undefined
): Promise<Uint8Array> {
  const { dataKey: path } = homePaths(home.dir)
  if (source instanceof SealedStore) {
    const key = createDataKey()
    await replaceDataKeys(home, [source.dataKey, key], passphrase)
    return key
  }
  // Nothing is sealed with one that is there: an interrupted run made it.
  await rm(path, { force: true })
  return addDataKey(home, passphrase)
}

async function finish(home: Home, key: Uint8Array, passphrase: string | undefined): Promise<void> {
  await replaceDataKeys(home, [key], passphrase)
  await markSealed(home)
}

/** From now on a start asks for the data key. */
function markSealed(home: Home): Promise<void> {
  return replaceFile(homePaths(home.dir).config, utf8(printConfig(home.config)))
}

async function copyStore(
  source: Store,
  dir: string,
  key: Uint8Array,
  progress: ResealOptions['progress']
): Promise<{ envelopes: number; tableRecords: number }> {
  const before = await source.verify()
  const stored = await LevelStore.open(newStore(dir))
  try {
    const target = await SealedStore.open(stored, [key])
    let records = 0
    for await (const operations of inBatches(operationsOf(source))) {
      await target.write(operations, { sync: false })
      progress({ records: (records += operations.length) })
    }
    const { envelopes, tableRecords, damaged } = await target.verify()
    const same = envelopes === before.envelopes && damaged.length === 0
    if (!same) throw new Error(`${envelopes} of ${before.envelopes} envelopes were copied`)
    return { envelopes, tableRecords }
  } finally {
    await stored.close()
  }
}

/** What says which facets are private comes before their envelopes. */
async function* operationsOf(source: Store): AsyncGenerator<Operation> {
  for await (const row of source.list('facet')) yield { kind: 'put', table: 'facet', ...row }
  for await (const operation of source.snapshot())
    if (operation.kind !== 'put' || operation.table !== 'facet') yield operation
}

async function* inBatches(operations: AsyncIterable<Operation>): AsyncGenerator<Operation[]> {
  let batch: Operation[] = []
  let bytes = 0
  for await (const operation of operations) {
    batch.push(operation)
    bytes += sizeOf(operation)
    if (bytes < BATCH_BYTES) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

function sizeOf(operation: Operation): number {
  if (operation.kind === 'envelope') return packedBytes(operation.record)
  return operation.kind === 'put' ? operation.bytes.length : 0
}
