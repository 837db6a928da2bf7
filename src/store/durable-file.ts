// Replaces a small file so that after a crash either the old or the new one is there, whole.
// protocols/store, section 5.
import { statSync } from 'node:fs'
import { open, rename, statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { NodeError } from '../wire/node-error.ts'

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Written beside, synced, renamed, and the folder synced. `content` is given the new file's {@link fileMark}. */
export async function replaceFile(
  dir: string,
  name: string,
  content: (mark: string) => Uint8Array
): Promise<void> {
  const beside = join(dir, `${name}.new`)
  await unlink(beside).catch(() => undefined) // a new file each time, with a mark of its own
  await writeSynced(beside, content)
  await rename(beside, join(dir, name))
  await syncFolder(dir)
}

async function writeSynced(path: string, content: (mark: string) => Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(content(markOf(await file.stat({ bigint: true }))))
    await file.sync()
  } finally {
    await file.close()
  }
}

/** What tells a file or folder from every copy of it; a rename keeps it. */
export function fileMark(path: string): string {
  return markOf(statSync(path, { bigint: true }))
}

function markOf({ ino, birthtimeNs }: { ino: bigint; birthtimeNs: bigint }): string {
  // An inode alone may be used again. NTFS numbers are not, and a renamed file there may take over an old date.
  return process.platform === 'win32' ? `${ino}` : `${ino}-${birthtimeNs}`
}

export async function syncFolder(dir: string): Promise<void> {
  if (process.platform === 'win32') return // folders cannot be opened there; NTFS journals the rename
  const folder = await open(dir, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Tries to write `bytes` of noise: quotas and delayed allocation make any other answer a guess.
 * @throws NodeError `disk-full`
 */
export async function assertRoom(dir: string, bytes: number, cause?: unknown): Promise<void> {
  const path = join(dir, 'room.probe')
  try {
    await writeSynced(path, () => randomBytes(bytes))
  } catch (error) {
    if (!isNoRoom(error)) throw error
    throw await diskFull(dir, cause ?? error)
  } finally {
    await unlink(path).catch(() => undefined) // the probe that could not be made need not go away
  }
}

export function isNoRoom(error: unknown): boolean {
  return NO_ROOM.has((error as NodeJS.ErrnoException).code ?? '')
}

export async function diskFull(dir: string, cause: unknown): Promise<NodeError> {
  const { bavail, bsize } = await statfs(dir)
  return new NodeError(
    'disk-full',
    `no room to write in ${dir} (${Math.floor((bavail * bsize) / 1024)} KiB free)`,
    'Free some space: reading goes on, and writing works again by itself.',
    cause
  )
}
