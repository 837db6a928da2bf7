// Puts a new store into the place of the old one, in steps of which each can be the last. protocols/store, STO-35.
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { syncFolder } from '../../store/durable-file.ts'
import { type FolderLock, lockFolder } from '../../store/folder-lock.ts'
import { homePaths } from './directory.ts'

/** Where the new one is made: what is there is not whole as long as the old one stands in its place. */
export function newStore(dir: string): string {
  return `${homePaths(dir).store}.new`
}

function oldStore(dir: string): string {
  return `${homePaths(dir).store}.old`
}

/**
 * `leave` closes the old one. The new one is locked before that, and nobody settles an exchange or starts beside it: not
 * a node either that a service manager starts the moment that the old one is free.
 * @param done what must be on disk before the old one goes
 * @throws NodeError `store-locked` where somebody has the old one; it stands in its place as before
 */
export async function exchangeStores(
  dir: string,
  leave: () => Promise<void>,
  done: () => Promise<void>
): Promise<void> {
  const { store } = homePaths(dir)
  const [fresh, old] = [newStore(dir), oldStore(dir)]
  const locks = [await lockFolder(fresh)]
  try {
    await leave()
    await rename(store, old)
    locks.push(
      await lockFolder(old).catch(async (error: unknown) => {
        await rename(old, store)
        throw error
      })
    )
    await rename(fresh, store)
    await syncFolder(dir)
    await done()
    await rm(old, { recursive: true })
  } finally {
    for (const lock of locks) await lock.release()
  }
}

/**
 * Ends an exchange that was interrupted, or takes back one that had not begun. The new one is whole where the old one
 * has made room for it.
 * @param done as above
 * @throws NodeError `store-locked` while somebody is at it
 */
export async function settleExchange(dir: string, done?: () => Promise<void>): Promise<void> {
  const { store } = homePaths(dir)
  const [fresh, old] = [newStore(dir), oldStore(dir)]
  if (!existsSync(fresh) && !existsSync(old)) return
  const locks: FolderLock[] = []
  try {
    for (const folder of [fresh, store, old]) locks.push(...(await lockWhereThere(folder)))
    if (!existsSync(store)) {
      if (!existsSync(old)) return
      await rename(existsSync(fresh) ? fresh : old, store)
    }
    await rm(fresh, { recursive: true, force: true })
    await syncFolder(dir)
    if (!existsSync(old)) return
    await done?.()
    await rm(old, { recursive: true })
  } finally {
    for (const lock of locks) await lock.release()
  }
}

async function lockWhereThere(folder: string): Promise<FolderLock[]> {
  try {
    return [await lockFolder(folder)]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
