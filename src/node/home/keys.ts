// Key files of a home: one age file for each key, named after what it is for and its public half, so that which
// key belongs where is known without opening any. protocols/identity, section 7.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { CompanyIdentity } from '../../identity/company-identity.ts'
import type { PublicKey, SecretKey } from '../../identity/ed25519.ts'
import { admitMultikey } from '../../identity/identity-log.ts'
import {
  createUnlockKey,
  isUnlockKey,
  KEY_FILE_BYTES_MAX,
  type Lock,
  openDataKeys,
  openKey,
  sealDataKeys,
  sealKey
} from '../../identity/key-file.ts'
import { nextKeyHash } from '../../identity/webvh.ts'
import { utf8 } from '../../wire/bytes.ts'
import { NodeError, isNodeError } from '../../wire/node-error.ts'
import { type Reject, isReject } from '../../wire/reject.ts'
import { type CertifiedKey, type Home, type NodeKeys, readIdentity } from './home.ts'
import { ownCertificates } from './certificates.ts'
import { homePaths, quotePath } from './directory.ts'
import { createFile, listFolder, readGiven, readOwn, replaceFile } from './file.ts'

/** An unlock key is one line of age's format. */
export const UNLOCK_KEY_BYTES_MAX = 1024
const DATA_KEY_BYTES = 32
const KEY_FILE = /^([A-Za-z]{1,16})-(z6Mk[1-9A-HJ-NP-Za-km-z]{40,60})\.age$/

export interface KeyFile {
  /** `root`, `node`, or a role. */
  use: string
  multikey: string
  path: string
}

/** Every key in the home, with nothing opened. */
export async function keyFiles(home: Home): Promise<KeyFile[]> {
  const { keys } = homePaths(home.dir)
  return (await listFolder(keys)).flatMap(name => {
    const [, use, multikey] = KEY_FILE.exec(name) ?? []
    return use === undefined || multikey === undefined ? [] : [{ use, multikey, path: join(keys, name) }]
  })
}

export function keyPath(home: Home, use: string, key: PublicKey): string {
  return join(homePaths(home.dir).keys, `${use}-${key.multikey}.age`)
}

/** Seals a new key with a passphrase or, without one, with the home's unlock key. @returns its path */
export async function addKey(
  home: Home,
  use: string,
  key: SecretKey,
  passphrase: string | undefined,
  path: string = keyPath(home, use, key.publicKey)
): Promise<string> {
  await createFile(path, await sealKey(key, await lockOf(home, path, passphrase)))
  return path
}

export async function lockOf(home: Home, path: string, passphrase: string | undefined): Promise<Lock> {
  return passphrase === undefined ? { unlockKey: await readUnlockKey(home, path) } : { passphrase }
}

export function createDataKey(): Uint8Array {
  return new Uint8Array(randomBytes(DATA_KEY_BYTES))
}

/** Writes the file of a new data key, under the lock that the node's key has. @throws NodeError `file-exists` */
export async function addDataKey(home: Home, passphrase: string | undefined): Promise<Uint8Array> {
  const { dataKey: path } = homePaths(home.dir)
  const key = createDataKey()
  await createFile(path, await sealDataKeys([key], await lockOf(home, path, passphrase)))
  return key
}

/** Puts other data keys into the file, under the lock that it has. */
export async function replaceDataKeys(
  home: Home,
  keys: readonly Uint8Array[],
  passphrase: string | undefined
): Promise<void> {
  const { dataKey: path } = homePaths(home.dir)
  const given = (await needsPassphrase(path)) ? passphrase : undefined
  await replaceFile(path, await sealDataKeys(keys, await lockOf(home, path, given)))
}

/** STO-33. @throws NodeError `data-key-missing`, and those of {@link openKeyFile} */
export async function loadDataKeys(home: Home, passphrase: string | undefined): Promise<Uint8Array[]> {
  const { dataKey: path } = homePaths(home.dir)
  if (await readOwn(path, KEY_FILE_BYTES_MAX)) return openLocked(home, path, passphrase, openDataKeys)
  const next =
    'Put it back from a backup: parley backup restore FILE --home NEW_DIRECTORY. Nothing was changed; ' +
    'without it nobody can read what is private in this home.'
  throw new NodeError('data-key-missing', `${path} is missing`, next)
}

/** Whether a passphrase is needed for a key file, or the unlock key of the home opens it. */
export async function needsPassphrase(path: string): Promise<boolean> {
  const bytes = await readKeyFile(path)
  // The header of an age file is text: its second line says how the file is sealed.
  return (
    new TextDecoder('latin1').decode(bytes.subarray(0, 64)).split('\n')[1]?.startsWith('-> scrypt ') === true
  )
}

/** @throws NodeError `passphrase-needed`, `passphrase-wrong`, `key-damaged`, `key-missing` */
export function openKeyFile(home: Home, path: string, passphrase: string | undefined): Promise<SecretKey> {
  return openLocked(home, path, passphrase, openKey)
}

async function openLocked<T extends object>(
  home: Home,
  path: string,
  passphrase: string | undefined,
  open: (file: Uint8Array, lock: Lock) => Promise<T | Reject>
): Promise<T> {
  const sealed = await needsPassphrase(path)
  if (sealed && passphrase === undefined) {
    const next = 'Run it on a terminal, or give --passphrase-file FILE (or PARLEY_PASSPHRASE_FILE).'
    throw new NodeError('passphrase-needed', `${basename(path)} needs a passphrase`, next)
  }
  const lock = await lockOf(home, path, sealed ? passphrase : undefined)
  const opened = await open(await readKeyFile(path), lock)
  if (!isReject(opened)) return opened
  if (opened.code !== 'key-passphrase')
    throw new NodeError('key-damaged', `${path}: ${opened.detail}`, RESTORE)
  if (sealed)
    throw new NodeError('passphrase-wrong', `wrong passphrase for ${path}`, 'Nothing was changed; try again.')
  // Nobody typed anything: one of the two files is not what it was. Taken for locked, the role would just be gone.
  throw new NodeError('key-damaged', `${unlockKeyPath(home)} does not open ${path}`, RESTORE)
}

const RESTORE = 'Restore the file from a backup: `parley backup restore FILE --home NEW_DIRECTORY`'

async function readKeyFile(path: string): Promise<Uint8Array> {
  const bytes = await readOwn(path, KEY_FILE_BYTES_MAX)
  if (!bytes) {
    throw new NodeError(
      'key-missing',
      `the key file ${path} is missing`,
      'Say where it is, or restore a backup.'
    )
  }
  return bytes
}

export function unlockKeyPath(home: Home): string {
  return home.keyFile ?? homePaths(home.dir).unlockKey
}

/** Makes one where there is none. */
export async function ensureUnlockKey(home: Home): Promise<void> {
  const path = unlockKeyPath(home)
  if (!existsSync(path)) await createFile(path, utf8(`${await createUnlockKey()}\n`))
}

async function readUnlockKey(home: Home, needed: string): Promise<string> {
  const path = unlockKeyPath(home)
  const bytes = await (home.keyFile === undefined ? readOwn : readGiven)(path, UNLOCK_KEY_BYTES_MAX)
  const where = home.keyFile === undefined ? 'or say where it is: --key-file FILE' : 'or name another'
  const next = `Put it back at ${path}, ${where}. Nothing was changed.`
  if (!bytes)
    throw new NodeError('key-missing', `${basename(needed)} needs the unlock key, which is missing`, next)
  const key = new TextDecoder().decode(bytes).trim()
  if (isUnlockKey(key)) return key
  throw new NodeError('key-damaged', `${path} holds no unlock key (AGE-SECRET-KEY-1...)`, next)
}

/**
 * What a node starts with. A role whose key the passphrase does not open stays locked; a passphrase that opens
 * nothing is wrong.
 * @throws NodeError `certificate-missing`, `home-identity`, `data-key-missing`, and those of {@link openKeyFile}
 */
export async function loadKeys(home: Home, passphrase: string | undefined): Promise<NodeKeys> {
  const identity = await readIdentity(home)
  const files = await certifiedFiles(home, identity)
  const node = files.find(({ use }) => use === 'node')
  if (!node) throw uncertified(home, identity)
  const { roles, locked, wrong } = await openRoles(home, files, passphrase)
  if (wrong !== undefined && !(await needsPassphrase(node.path))) throw wrong
  const certified = await openCertified(home, node, passphrase)
  return { identity, node: certified, roles, locked, data: await loadDataKeys(home, passphrase) }
}

/** A key of this home that may be used: its certificate is here, and not revoked. */
export interface CertifiedFile extends KeyFile {
  certificate: Uint8Array
}

export async function certifiedFiles(home: Home, identity: CompanyIdentity): Promise<CertifiedFile[]> {
  const certificates = await ownCertificates(home, identity)
  return (await keyFiles(home)).flatMap(file => {
    const certificate = certificates.get(file.multikey)
    return certificate ? [{ ...file, certificate }] : []
  })
}

/** @returns `wrong` where a passphrase was given that opened none of them */
export async function openRoles(
  home: Home,
  files: CertifiedFile[],
  passphrase: string | undefined
): Promise<Pick<NodeKeys, 'roles' | 'locked'> & { wrong?: unknown }> {
  const roles: CertifiedKey[] = []
  const locked: string[] = []
  let wrong: unknown
  for (const file of files.filter(({ use }) => use !== 'node')) {
    try {
      roles.push(await openCertified(home, file, passphrase))
    } catch (error) {
      if (!isNodeError(error, 'passphrase-wrong') && !isNodeError(error, 'passphrase-needed')) throw error
      if (passphrase !== undefined) wrong = error
      locked.push(file.use)
    }
  }
  return { roles, locked, ...(roles.length === 0 && { wrong }) }
}

async function openCertified(
  home: Home,
  { path, multikey, certificate }: KeyFile & { certificate: Uint8Array },
  passphrase: string | undefined
): Promise<CertifiedKey> {
  const key = await openKeyFile(home, path, passphrase)
  if (key.publicKey.multikey === multikey) return { key, certificate }
  throw new NodeError('key-other', `${path} holds another key than its name says`, RESTORE)
}

function uncertified(home: Home, { legalName }: CompanyIdentity): NodeError {
  const request = join(homePaths(home.dir).requests, 'node.json')
  const next = `Where the root key is: \`parley node certify ${quotePath(request)}\`; then here: parley node install FILE`
  return new NodeError('certificate-missing', `this node has no certificate from ${legalName} yet`, next)
}

/** Whether the key that signs certificates now is in the home. */
export async function hasRoot(home: Home): Promise<boolean> {
  const identity = await readIdentity(home)
  const root = identity.rootKeyAt(identity.head)?.multikey
  return (await keyFiles(home)).some(({ multikey }) => multikey === root)
}

/** The key that signs certificates now. @param path where it is kept, when not in the home */
export async function unlockRoot(
  home: Home,
  passphrase: string | undefined,
  path?: string
): Promise<SecretKey> {
  const identity = await readIdentity(home)
  const wanted = identity.rootKeyAt(identity.head) as PublicKey
  const key = await openKeyFile(home, path ?? keyPath(home, 'root', wanted), passphrase)
  if (key.publicKey.multikey === wanted.multikey) return key
  const next = `Give the file of ${wanted.multikey}.`
  throw new NodeError('key-other', `${path} does not hold the root key in use`, next)
}

/** Which of the committed next root keys the home holds, if any. */
export async function nextRootPath(home: Home, identity: CompanyIdentity): Promise<string | undefined> {
  const files = await keyFiles(home)
  return files.find(({ use, multikey }) => use === 'root' && isNext(identity, multikey))?.path
}

function isNext(identity: CompanyIdentity, multikey: string): boolean {
  const key = admitMultikey(multikey)
  return !isReject(key) && identity.nextKeyHashes.includes(nextKeyHash(key))
}

/** The key that the last entry committed to. @throws NodeError `key-missing`, `key-other` */
export async function unlockNextRoot(
  home: Home,
  identity: CompanyIdentity,
  passphrase: string | undefined,
  path?: string
): Promise<SecretKey> {
  const found = path ?? (await nextRootPath(home, identity))
  if (found === undefined) {
    const next = 'Say where it is kept: --next-key FILE'
    throw new NodeError('key-missing', 'the next root key is not in this home', next)
  }
  const key = await openKeyFile(home, found, passphrase)
  if (isNext(identity, key.publicKey.multikey)) return key
  const next = 'Give the file of the next root key that was made when the root key was.'
  throw new NodeError('key-other', `the identity log does not commit to the key in ${found}`, next)
}

/** Takes a spent root key out of the home. It can sign no entry any more, only do harm. */
export async function removeSpentRoot(home: Home, key: PublicKey): Promise<void> {
  await rm(keyPath(home, 'root', key), { force: true })
}
