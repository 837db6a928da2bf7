// One process per folder, for as long as the process lives, whatever files are deleted. protocols/store,
// section 6.
import { closeSync, constants, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { NodeError } from '../wire/node-error.ts'

/** BSD and macOS open(2): an exclusive lock on the open file, gone with the process. Node does not name it. */
const O_EXLOCK = 0x20
/** For the message only: the lock itself is not a file. */
const HOLDER = 'holder'

export interface FolderLock {
  release: () => Promise<void>
}

/** @throws NodeError `store-locked`, naming the folder and the process that holds it. */
export async function lockFolder(dir: string): Promise<FolderLock> {
  const release = process.platform === 'darwin' ? lockByOpenFile(dir) : await lockByName(dir)
  const holder = join(dir, HOLDER)
  try {
    writeFileSync(holder, `${process.pid}\n`, { mode: 0o600 })
  } catch {
    // A full disk: whoever comes second reads a less exact message. Opening will say what is wrong.
  }
  return {
    release: async () => {
      rmSync(holder, { force: true })
      await release()
    }
  }
}

/**
 * A kernel name made of the folder's device and inode: an abstract socket (Linux) or a pipe (Windows). The
 * kernel gives a name to one process, takes it back when that process ends in any way, and it is no file that
 * someone could delete.
 */
async function lockByName(dir: string): Promise<() => Promise<void>> {
  const { dev, ino } = statSync(dir, { bigint: true })
  const prefix = process.platform === 'win32' ? '\\\\.\\pipe\\' : '\0'
  const server = createServer(connection => connection.destroy())
  server.unref()
  try {
    await listen(server, `${prefix}parley-store-${dev}-${ino}`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw locked(dir, error)
  }
  return () => new Promise(resolve => server.close(() => resolve()))
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function lockByOpenFile(dir: string): () => Promise<void> {
  try {
    const folder = openSync(dir, constants.O_RDONLY | constants.O_NONBLOCK | O_EXLOCK)
    return () => Promise.resolve(closeSync(folder))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    throw locked(dir, error)
  }
}

function locked(dir: string, cause: unknown): NodeError {
  let holder = 'another process'
  try {
    holder = `process ${readFileSync(join(dir, HOLDER), 'utf8').trim()}`
  } catch {
    // Deleted, or not written yet: the message is less exact, the lock is not.
  }
  return new NodeError(
    'store-locked',
    `${dir} is in use by ${holder}`,
    'Stop that process, or give this one another directory.',
    cause
  )
}
