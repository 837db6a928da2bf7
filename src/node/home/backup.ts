// The whole home in one age file, and back. A backup is one stream of named pieces; the names are a closed list,
// so no piece can be written anywhere else. A restored store is a new incarnation: it opens new sessions and
// cannot contradict the original. Security rules H5 and S6.
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Decrypter, Encrypter } from 'age-encryption'
import { WORK_FACTOR } from '../../identity/key-file.ts'
import { exportSnapshot } from '../../store/snapshot.ts'
import { LevelStore } from '../../store/level-store.ts'
import { concatBytes, equalBytes, utf8 } from '../../wire/bytes.ts'
import { decodeCbor, encodeCbor } from '../../wire/cbor.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import { type Home, readIdentity } from './home.ts'
import { homePaths } from './directory.ts'
import { listFolder, readOwn, writeNew } from './file.ts'

const MAGIC = utf8('parley-backup 2\n')
/** The one before, in which no piece is a data key. */
const OLDER_MAGIC = utf8('parley-backup 1\n')
const LENGTH_BYTES = 4
/** The largest file of a home is the identity log, 1 MiB. */
const PIECE_BYTES_MAX = 1024 * 1024
const RECORD_BYTES_MAX = PIECE_BYTES_MAX + 1024
/** Pieces of the store's snapshot, in order; all files come before them. */
export const STORE_PIECE = 'store'
export const CONFIG_PIECE = 'parley.json'
const FILES = [CONFIG_PIECE, 'identity.jsonl', 'unlock.key', 'data.age']
const FOLDERS = ['keys', 'certificates', 'requests']
const IN_FOLDER = /^(?:keys|certificates|requests)\/[A-Za-z0-9][A-Za-z0-9-]{0,100}\.(?:age|json)$/

export interface Piece {
  name: string
  bytes: Uint8Array
}

/** Whether a backup may hold a piece of this name. There is no way up and no folder but three. */
export function isPieceName(name: string): boolean {
  return name === STORE_PIECE || FILES.includes(name) || IN_FOLDER.test(name)
}

export interface BackupReport {
  files: number
  storeBytes: number
}

/**
 * Writes a new file.
 * @param snapshot of the store, from the node that runs on this home; none runs: the store itself is read
 * @param progress told the bytes so far
 * @throws NodeError `file-exists`, `store-locked`, `store-damaged`, `home-changed`
 */
export async function createBackup(
  home: Home,
  path: string,
  passphrase: string,
  progress: (bytes: number) => void,
  snapshot: AsyncIterable<Uint8Array> = storedSnapshot(home),
  workFactor: number = WORK_FACTOR
): Promise<BackupReport> {
  const report: BackupReport = { files: 0, storeBytes: 0 }
  const sealed = async function* () {
    const encrypter = new Encrypter()
    encrypter.setPassphrase(passphrase)
    encrypter.setScryptWorkFactor(workFactor)
    yield* await encrypter.encrypt(ReadableStream.from(counted(pieces(home, snapshot), report)))
  }
  await writeNew(path, sealed(), progress)
  return report
}

/** A node that never started has no store. */
async function* storedSnapshot(home: Home): AsyncGenerator<Uint8Array> {
  const { store: dir } = homePaths(home.dir)
  if ((await listFolder(dir)).length === 0) return
  const store = await LevelStore.open(dir)
  try {
    yield* exportSnapshot(store)
  } finally {
    await store.close()
  }
}

/** The keys that an identity log commits to are read after the log: they were on disk before it. */
async function* pieces(home: Home, snapshot: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  const { head } = await readIdentity(home)
  const names = [...FILES]
  for (const folder of FOLDERS) {
    for (const name of await listFolder(join(home.dir, folder))) names.push(`${folder}/${name}`)
  }
  for (const name of names.filter(isPieceName)) {
    const bytes = await readOwn(join(home.dir, name), PIECE_BYTES_MAX)
    if (bytes) yield { name, bytes }
  }
  for await (const chunk of snapshot) yield* split(chunk)
  if ((await readIdentity(home)).head === head) return
  const next = 'Run it again: what was written holds keys and a log that do not belong together.'
  throw new NodeError('home-changed', 'the identity log changed while it was copied', next)
}

/** A snapshot's record may be larger than a piece. */
function* split(chunk: Uint8Array): Generator<Piece> {
  for (let at = 0; at < chunk.length; at += PIECE_BYTES_MAX) {
    yield { name: STORE_PIECE, bytes: chunk.subarray(at, at + PIECE_BYTES_MAX) }
  }
}

async function* counted(from: AsyncIterable<Piece>, report: BackupReport): AsyncGenerator<Uint8Array> {
  yield MAGIC
  for await (const piece of from) {
    if (piece.name === STORE_PIECE) report.storeBytes += piece.bytes.length
    else report.files++
    yield encodePiece(piece)
  }
}

export function encodePiece({ name, bytes }: Piece): Uint8Array {
  const body = encodeCbor([name, bytes])
  const length = new Uint8Array(LENGTH_BYTES)
  new DataView(length.buffer).setUint32(0, body.length)
  return concatBytes(length, body)
}

/**
 * The pieces of a backup, each name checked. age proves that the stream is whole and that its maker knew the
 * passphrase.
 * @throws NodeError `passphrase-wrong`, `backup-format`, `backup-damaged`, `backup-name`
 */
export async function* readBackup(path: string, passphrase: string): AsyncGenerator<Piece> {
  let left: Uint8Array = new Uint8Array(0)
  let begun = false
  for await (const chunk of decrypted(path, passphrase)) {
    left = concatBytes(left, chunk)
    if (!begun && left.length < MAGIC.length) continue
    if (!begun) {
      checkMagic(left, path)
      left = left.subarray(MAGIC.length)
      begun = true
    }
    while (left.length >= LENGTH_BYTES) {
      const length = new DataView(left.buffer, left.byteOffset).getUint32(0)
      if (length > RECORD_BYTES_MAX) throw damaged(path, `a piece of ${length} bytes`)
      if (left.length < LENGTH_BYTES + length) break
      yield decodePiece(left.subarray(LENGTH_BYTES, LENGTH_BYTES + length), path)
      left = left.subarray(LENGTH_BYTES + length)
    }
  }
  if (!begun || left.length > 0) throw damaged(path, 'it stops in the middle')
}

async function* decrypted(path: string, passphrase: string): AsyncGenerator<Uint8Array> {
  const decrypter = new Decrypter()
  decrypter.addPassphrase(passphrase)
  // Asked only when the passphrase did not fit; it fits nothing itself.
  let fits = true
  decrypter.addIdentity({ unwrapFileKey: () => ((fits = false), null) })
  const cipher = ReadableStream.from<Uint8Array>(createReadStream(path))
  try {
    yield* await decrypter.decrypt(cipher)
  } catch (error) {
    if (error instanceof NodeError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT')
      throw new NodeError('file-absent', `there is no file ${path}`, 'Check the name.', error)
    if (!fits)
      throw new NodeError(
        'passphrase-wrong',
        `wrong passphrase for ${path}`,
        'Nothing was changed; try again.'
      )
    throw damaged(path, 'it is cut short, changed, or no age file', error)
  }
}

function checkMagic(bytes: Uint8Array, path: string): void {
  const first = bytes.subarray(0, MAGIC.length)
  if (equalBytes(first, MAGIC) || equalBytes(first, OLDER_MAGIC)) return
  const line = new TextDecoder('latin1').decode(first)
  const next = line.startsWith('parley-backup ')
    ? 'Restore it with the newer version of Parley that wrote it.'
    : 'Give a file that `parley backup create` wrote.'
  throw new NodeError('backup-format', `${path} is not a backup that this version reads`, next)
}

function decodePiece(body: Uint8Array, path: string): Piece {
  const value = decodeCbor(body, RECORD_BYTES_MAX)
  const [name, bytes] = !isReject(value) && Array.isArray(value) && value.length === 2 ? value : []
  if (typeof name !== 'string' || !(bytes instanceof Uint8Array)) throw damaged(path, 'a piece is malformed')
  if (isPieceName(name)) return { name, bytes }
  const next = 'Do not use this file: no version of Parley wrote it.'
  throw new NodeError('backup-name', `${path} wants to write ${JSON.stringify(name)}`, next)
}

function damaged(path: string, what: string, cause?: unknown): NodeError {
  const next = 'Use another copy. Nothing was restored.'
  return new NodeError('backup-damaged', `${path} is damaged: ${what}`, next, cause)
}
