// Restores a backup into an empty home. Whatever goes wrong, the directory is as empty as before.
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LevelStore } from '../../store/level-store.ts'
import { importSnapshot } from '../../store/snapshot.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import { type Home, openAnyHome, readIdentity } from './home.ts'
import { CONFIG_PIECE, readBackup, STORE_PIECE, type Piece } from './backup.ts'
import { parseConfig } from './config.ts'
import { homePaths } from './directory.ts'
import { createFile, ensureFolder, isVacant, listFolder } from './file.ts'

/** As many files as a company of 32 spaces with all roles and 90-day certificates collects in years. */
const FILES_MAX = 10_000
/** Our own file, so no enemy's; a bound all the same. */
const SNAPSHOT_LIMITS = { bytesMax: 2 ** 40, recordsMax: 2 ** 32 }

/** @throws NodeError `home-occupied`, `backup-damaged`, and those of `readBackup` */
export async function restoreBackup(
  path: string,
  dir: string,
  passphrase: string,
  progress: (bytes: number) => void
): Promise<Home> {
  if (!(await isVacant(dir))) {
    const next = 'Choose an empty directory with --home; nothing is ever restored over a home.'
    throw new NodeError('home-occupied', `${dir} is not empty`, next)
  }
  const existed = existsSync(dir)
  await ensureFolder(dir)
  try {
    await restoreInto(dir, path, watched(readBackup(path, passphrase), progress))
    const home = await openAnyHome(dir)
    await readIdentity(home)
    return home
  } catch (error) {
    for (const name of await listFolder(dir)) {
      if (name !== 'lost+found') await rm(join(dir, name), { recursive: true, force: true })
    }
    if (!existed) await rm(dir, { recursive: true, force: true })
    throw error
  }
}

async function* watched(
  pieces: AsyncIterable<Piece>,
  progress: (bytes: number) => void
): AsyncGenerator<Piece> {
  let bytes = 0
  for await (const piece of pieces) {
    progress((bytes += piece.bytes.length))
    yield piece
  }
}

async function restoreInto(dir: string, path: string, pieces: AsyncGenerator<Piece>): Promise<void> {
  const paths = homePaths(dir)
  for (const folder of [paths.keys, paths.certificates, paths.requests]) await ensureFolder(folder)
  let config: Uint8Array | undefined
  for (let files = 0; ; files++) {
    const { value: piece, done } = await pieces.next()
    if (done) break
    if (files > FILES_MAX) throw unusable(path, 'too many files')
    if (piece.name === STORE_PIECE) await restoreStore(paths.store, path, piece, pieces)
    else if (piece.name === CONFIG_PIECE) config = piece.bytes
    else await createFile(join(dir, piece.name), piece.bytes)
  }
  if (!config) throw unusable(path, 'it holds no settings')
  parseConfig(new TextDecoder().decode(config), CONFIG_PIECE)
  await createFile(paths.config, config)
}

async function restoreStore(
  dir: string,
  path: string,
  first: Piece,
  rest: AsyncGenerator<Piece>
): Promise<void> {
  const store = await LevelStore.open(dir)
  try {
    const records = await importSnapshot(store, storeChunks(first, rest, path), SNAPSHOT_LIMITS)
    if (isReject(records)) throw unusable(path, `its store: ${records.toString()}`)
  } finally {
    await store.close()
  }
}

async function* storeChunks(
  first: Piece,
  rest: AsyncGenerator<Piece>,
  path: string
): AsyncGenerator<Uint8Array> {
  yield first.bytes
  for await (const { name, bytes } of rest) {
    if (name !== STORE_PIECE) throw unusable(path, 'a file comes after the store')
    yield bytes
  }
}

function unusable(path: string, what: string): NodeError {
  return new NodeError(
    'backup-damaged',
    `${path} is damaged: ${what}`,
    'Use another copy. Nothing was restored.'
  )
}
