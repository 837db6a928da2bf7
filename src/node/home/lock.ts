// Gives the key files of a home another lock: a passphrase, or an unlock key in a file. protocols/store, STO-34.
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename } from 'node:path'
import type { PublicKey } from '../../identity/ed25519.ts'
import { type Lock, sealDataKeys, sealKey } from '../../identity/key-file.ts'
import { nextKeyHash } from '../../identity/webvh.ts'
import { isNodeError } from '../../wire/node-error.ts'
import { homePaths } from './directory.ts'
import { replaceFile } from './file.ts'
import { ensureUnlockKey, keyFiles, loadDataKeys, lockOf, openKeyFile, unlockKeyPath } from './keys.ts'
import { type Home, readIdentity } from './home.ts'

/** What opens a home: without a passphrase it is the unlock key, in the home or where `keyFile` says. */
export interface HomeLock {
  passphrase: string | undefined
  keyFile?: string
}

export interface LockReport {
  /** Names of key files that have the new lock. */
  changed: string[]
  /** Those that neither lock opens: role keys with a passphrase of their own. */
  other: string[]
  /** The unlock key in the home, which stays because a root key that was not given may need it. */
  kept?: string
}

interface OpenFile {
  path: string
  publicKey?: PublicKey
  seal: (lock: Lock) => Promise<Uint8Array>
}

/**
 * All files are opened before the first is replaced, each by itself: interrupted, it is run again with the same two.
 * @param elsewhere key files that are not in the home, such as that of the root key
 * @throws NodeError `passphrase-*`, `key-*`, `data-key-missing`: then nothing has changed
 */
export async function changeLock(
  home: Home,
  passphrase: string | undefined,
  to: HomeLock,
  elsewhere: readonly string[]
): Promise<LockReport> {
  const { keyFile: _, ...inside } = home
  const locked: Home = to.keyFile === undefined ? inside : { ...inside, keyFile: to.keyFile }
  if (to.passphrase === undefined) await ensureUnlockKey(locked)
  /** By the present lock, or by the new one where an interrupted run has been. */
  const opened = <T>(open: (home: Home, passphrase: string | undefined) => Promise<T>): Promise<T> =>
    open(home, passphrase).catch((error: unknown) =>
      open(locked, to.passphrase).catch(() => Promise.reject(error))
    )
  const data = await opened(loadDataKeys)
  const files: OpenFile[] = [{ path: homePaths(home.dir).dataKey, seal: lock => sealDataKeys(data, lock) }]
  const other: string[] = []
  for (const path of [...(await keyFiles(home)).map(file => file.path), ...elsewhere]) {
    try {
      const key = await opened((from, given) => openKeyFile(from, path, given))
      files.push({ path, publicKey: key.publicKey, seal: lock => sealKey(key, lock) })
    } catch (error) {
      if (!isNodeError(error, 'passphrase-wrong') && !isNodeError(error, 'passphrase-needed')) throw error
      other.push(basename(path))
    }
  }
  for (const { path, seal } of files)
    await replaceFile(path, await seal(await lockOf(locked, path, to.passphrase)))
  const kept = await dropUnlockKey(home, locked, to, files)
  return { changed: files.map(({ path }) => basename(path)), other, ...(kept !== undefined && { kept }) }
}

/** The unlock key in the home, once it opens nothing any more. @returns its path where it stays */
async function dropUnlockKey(
  home: Home,
  locked: Home,
  { passphrase }: HomeLock,
  files: OpenFile[]
): Promise<string | undefined> {
  const { unlockKey } = homePaths(home.dir)
  const inUse = passphrase === undefined && unlockKeyPath(locked) === unlockKey
  if (inUse || !existsSync(unlockKey)) return undefined
  const keys = files.flatMap(({ publicKey }) => publicKey ?? [])
  const identity = await readIdentity(home)
  const root = identity.rootKeyAt(identity.head)
  const hashes = new Set(keys.map(nextKeyHash))
  const hasRoots =
    keys.some(key => key.multikey === root?.multikey) &&
    // A spare is on paper (IDN-36), and no file.
    identity.nextKeyHashes.some(hash => hashes.has(hash))
  if (!hasRoots) return unlockKey
  await rm(unlockKey)
  return undefined
}
