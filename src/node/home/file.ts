// Files of the home: made new, readable by their owner alone, never reached through a link. What others could
// have read or exchanged is refused, with the command that closes it. Security rules H5 and H6.
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { syncFolder } from '../../store/durable-file.ts'
import { NodeError } from '../../wire/node-error.ts'
import { quotePath } from './directory.ts'

// Windows has neither links of this kind nor modes: there the profile folder's access list protects a home.
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0
const HAS_MODES = process.platform !== 'win32'

/** Makes the folder for its owner alone, or checks that it is so. @throws NodeError `home-permissions` */
export async function ensureFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await checkFolder(dir)
}

/** @throws NodeError `home-permissions` */
export async function checkFolder(dir: string): Promise<void> {
  checkMode(dir, (await stat(dir)).mode, '700')
}

function checkMode(path: string, mode: number, wanted: '600' | '700'): void {
  if (!HAS_MODES || (mode & 0o077) === 0) return
  const found = (mode & 0o777).toString(8).padStart(3, '0')
  throw new NodeError(
    'home-permissions',
    `${path} is open to other users of this machine (mode ${found})`,
    `Close it: chmod ${wanted} ${quotePath(path)}`
  )
}

/** Writes a file that was not there, synced. @throws NodeError `file-exists` */
export async function createFile(path: string, bytes: Uint8Array): Promise<void> {
  await writeNew(path, [bytes])
  await syncFolder(dirname(path))
}

/**
 * Writes a file that was not there, as bytes come; half a file is never left behind.
 * @param parts asked for only once the file is open
 * @returns bytes written
 * @throws NodeError `file-exists`, `file-unwritable`
 */
export async function writeNew(
  path: string,
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  progress: (bytes: number) => void = () => undefined
): Promise<number> {
  const file = await openNew(path)
  let bytes = 0
  try {
    for await (const part of parts) {
      await file.writeFile(part)
      progress((bytes += part.length))
    }
    await file.sync()
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
  return bytes
}

/** @throws NodeError `file-exists`, also where a link is in the way; `file-unwritable`. */
async function openNew(path: string): Promise<FileHandle> {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants
  try {
    return await open(path, O_WRONLY | O_CREAT | O_EXCL | NO_FOLLOW, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new NodeError(
        'file-exists',
        `${path} exists`,
        'Choose another name, or move that file away.',
        error
      )
    }
    const { message } = error as Error
    const next = 'Check that the folder exists and is yours to write in.'
    throw new NodeError('file-unwritable', `cannot write ${path}: ${message}`, next, error)
  }
}

/** Puts a file in the place of another: after a crash one of the two is there, whole. */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const beside = `${path}.${randomBytes(4).toString('hex')}.new`
  await createFile(beside, bytes)
  try {
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/**
 * A file of ours. @returns `undefined` when there is none.
 * @throws NodeError `home-permissions`, `file-kind` for a link or no plain file, `file-size`
 */
export async function readOwn(path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  let file: FileHandle
  try {
    // A pipe would otherwise keep us waiting for somebody to write into it.
    file = await open(path, constants.O_RDONLY | NO_FOLLOW | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'ELOOP') throw notPlain(path)
    throw error
  }
  try {
    const facts = await file.stat()
    const { mode, size } = facts
    if (!facts.isFile()) throw notPlain(path)
    checkMode(path, mode, '600')
    if (size > bytesMax) {
      const next = 'It is damaged or another file: restore it from a backup.'
      throw new NodeError('file-size', `${path} has ${size} bytes, at most ${bytesMax}`, next)
    }
    return new Uint8Array(await file.readFile())
  } finally {
    await file.close()
  }
}

/**
 * A file that somebody named: whose it is, and through which links it is reached, is for who names it. Service
 * managers and containers hand secrets over in ways of their own. @returns `undefined` when there is none.
 */
export async function readGiven(path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  try {
    return await readStart(path, bytesMax)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    const { message } = error as Error
    throw new NodeError('file-unreadable', `cannot read ${path}: ${message}`, 'Check its name.', error)
  }
}

/** The first bytes of anything that can be read, a pipe as well. */
export async function readStart(path: string, bytesMax: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(bytesMax)
  let length = 0
  const file = await open(path)
  try {
    for (;;) {
      const { bytesRead } = await file.read(bytes, length)
      length += bytesRead
      if (bytesRead === 0 || length === bytes.length) return bytes.subarray(0, length)
    }
  } finally {
    await file.close()
  }
}

function notPlain(path: string): NodeError {
  return new NodeError('file-kind', `${path} is a link or no plain file`, 'Put the file itself there.')
}

/** Names in a folder, sorted; none when there is no folder. */
export async function listFolder(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Whether nothing is there but what file systems put into a new one. */
export async function isVacant(dir: string): Promise<boolean> {
  return (await listFolder(dir)).every(name => basename(name) === 'lost+found')
}
