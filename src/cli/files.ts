// Files that people name on the command line: read with a bound, written new, `-` for the standard streams.
import { open } from 'node:fs/promises'
import { NodeError } from '../wire/node-error.ts'

export { writeNew } from '../node/home/file.ts'

/** The most that the local API takes as one text. */
export const TEXT_BYTES_MAX = 4 * 1024 * 1024

/** @throws NodeError `file-absent`, `file-unreadable`, `text-size` */
export async function readBytes(path: string, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of chunks(path)) {
    bytes += part.length
    if (bytes > bytesMax) {
      const next = 'Split it into several, or check that it is the right file.'
      throw new NodeError('text-size', `${nameOf(path)} is larger than ${bytesMax} bytes`, next)
    }
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

/** @param next what to do where it is not JSON. @throws NodeError `json-file`, and those of {@link readText} */
export async function readJson(path: string, next: string): Promise<unknown> {
  const text = await readText(path)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new NodeError('json-file', `${nameOf(path)} is not JSON: ${(error as Error).message}`, next)
  }
}

/** @throws NodeError `text-encoding`, and those of {@link readBytes} */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path, TEXT_BYTES_MAX)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new NodeError(
      'text-encoding',
      `${nameOf(path)} is not text in UTF-8`,
      'Convert it to UTF-8.',
      error
    )
  }
}

/** A file, or stdin for `-`, in chunks. */
export async function* chunks(path: string): AsyncGenerator<Uint8Array> {
  if (path === '-') {
    yield* process.stdin as AsyncIterable<Uint8Array>
    return
  }
  try {
    const file = await open(path, 'r')
    yield* file.createReadStream() as AsyncIterable<Uint8Array>
  } catch (error) {
    throw explain(path, error)
  }
}

function explain(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT')
    return new NodeError('file-absent', `there is no file ${path}`, 'Check the name.', error)
  if (code === undefined) return error
  return new NodeError(
    'file-unreadable',
    `cannot read ${path}: ${message}`,
    'Check what it is and its mode.',
    error
  )
}

function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path
}
