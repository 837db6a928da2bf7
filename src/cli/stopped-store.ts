// The store of a home on which no node runs, for commands that look into it themselves.
import { assertStore } from '../node/home/store.ts'
import { homePaths } from '../node/home/directory.ts'
import { readOwn } from '../node/home/file.ts'
import { loadDataKeys, needsPassphrase } from '../node/home/keys.ts'
import type { Home } from '../node/home/home.ts'
import { KEY_FILE_BYTES_MAX } from '../identity/key-file.ts'
import { LevelStore } from '../store/level-store.ts'
import { SealedStore } from '../store/sealed-store.ts'
import type { Cli } from './cli.ts'

/** Nobody is asked for a passphrase but for what cannot be done without. @param needed whether this is such a thing */
export async function dataKeys(cli: Cli, home: Home, needed: boolean): Promise<Uint8Array[] | undefined> {
  const { dataKey } = homePaths(home.dir)
  const sealed = (await readOwn(dataKey, KEY_FILE_BYTES_MAX)) && (await needsPassphrase(dataKey))
  if (!sealed) return loadDataKeys(home, undefined)
  const passphrase = needed || cli.passphraseNamed ? await cli.passphrase('Passphrase') : undefined
  return needed || passphrase !== undefined ? loadDataKeys(home, passphrase) : undefined
}

/** What `read` finds, with what is private opened; `undefined` where no node ran yet. */
export async function readStore<T>(
  cli: Cli,
  home: Home,
  read: (store: SealedStore) => Promise<T>
): Promise<T | undefined> {
  if (!(await assertStore(home))) return undefined
  const keys = (await dataKeys(cli, home, true)) ?? []
  const stored = await LevelStore.open(homePaths(home.dir).store)
  try {
    return await read(await SealedStore.open(stored, keys))
  } finally {
    await stored.close()
  }
}
