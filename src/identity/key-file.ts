// Secret keys at rest: one age file each, bytes in and bytes out. The age tool opens them, too.
// protocols/identity, section 7. The nonces come from age's own CSPRNG, never from a caller.
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { equalBytes, fromHex, toHex } from '../wire/bytes.ts'
import { encodeJcs, parseJcs } from '../wire/jcs.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { type SecretKey, generateKey } from './ed25519.ts'

/** A key file has about 400 bytes. */
export const KEY_FILE_BYTES_MAX = 8192
/** 2^18, age's own choice: about a second, and 256 MiB of memory, for each guess. */
export const WORK_FACTOR = 18
const SECRET_BYTES = 32
/** The one before and the new one, while a store is sealed anew. */
const DATA_KEYS_MAX = 2

/**
 * What opens a key file: a passphrase in someone's head, or an unlock key (`AGE-SECRET-KEY-1...`) in a file
 * of its own, so that a node can start by itself and the two files can be kept apart.
 */
export type Lock = { passphrase: string } | { unlockKey: string }

/** A new unlock key, from age's own CSPRNG. */
export function createUnlockKey(): Promise<string> {
  return generateX25519Identity()
}

export function isUnlockKey(text: string): boolean {
  return /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/.test(text)
}

/** @throws on an empty passphrase or an unlock key that is none: the caller asks for these. */
export function sealKey(key: SecretKey, lock: Lock, workFactor: number = WORK_FACTOR): Promise<Uint8Array> {
  return seal(encodeKey(key), lock, workFactor)
}

/** @returns the key; `key-passphrase` when the lock is another; `key-file` when the file is damaged. IDN-30. */
export async function openKey(file: Uint8Array, lock: Lock): Promise<SecretKey | Reject> {
  const plain = await open(file, lock)
  return isReject(plain) ? plain : (parseKey(plain) ?? NO_KEY)
}

/** The data keys of a home, each 32 bytes: IDN-33. @throws like {@link sealKey} */
export function sealDataKeys(
  keys: readonly Uint8Array[],
  lock: Lock,
  workFactor: number = WORK_FACTOR
): Promise<Uint8Array> {
  return seal(encodeDataKeys(keys), lock, workFactor)
}

/** @returns the keys, one or two, or a Reject like {@link openKey} */
export async function openDataKeys(file: Uint8Array, lock: Lock): Promise<Uint8Array[] | Reject> {
  const plain = await open(file, lock)
  return isReject(plain) ? plain : (parseDataKeys(plain) ?? NO_KEY)
}

const NO_KEY = new Reject('key-file', 'opens, but holds no key of ours', false)

async function seal(plain: Uint8Array, lock: Lock, workFactor: number): Promise<Uint8Array> {
  const encrypter = new Encrypter()
  if ('passphrase' in lock) {
    if (lock.passphrase === '') throw new RangeError('a passphrase cannot be empty')
    encrypter.setPassphrase(lock.passphrase)
    encrypter.setScryptWorkFactor(workFactor)
  } else encrypter.addRecipient(await identityToRecipient(lock.unlockKey))
  return encrypter.encrypt(plain)
}

async function open(file: Uint8Array, lock: Lock): Promise<Uint8Array | Reject> {
  if (file.length > KEY_FILE_BYTES_MAX) return new Reject('key-file', 'far too large for a key file', false)
  const decrypter = new Decrypter()
  let fits = false
  try {
    if ('passphrase' in lock) decrypter.addPassphrase(lock.passphrase)
    else decrypter.addIdentity(lock.unlockKey)
    fits = true
    // age asks its identities in turn. This one opens nothing: being asked means that the lock did not fit.
    decrypter.addIdentity({ unwrapFileKey: () => ((fits = false), null) })
    return await decrypter.decrypt(file)
  } catch {
    return fits
      ? new Reject('key-file', 'damaged, or not a key file; restore it from a backup', false)
      : new Reject('key-passphrase', 'the passphrase or unlock key does not open this file', false)
  }
}

function encodeKey({ seed, publicKey }: SecretKey): Uint8Array {
  return encodeJcs({ key: publicKey.multikey, parley: 'key.v1', seed: toHex(seed) })
}

function parseKey(plain: Uint8Array): SecretKey | undefined {
  const { parley, seed: digits } = parseObject(plain)
  const seed = parley === 'key.v1' && typeof digits === 'string' ? fromHex(digits) : undefined
  if (seed?.length !== SECRET_BYTES) return undefined
  const key = generateKey(seed)
  return equalBytes(encodeKey(key), plain) ? key : undefined
}

function encodeDataKeys(keys: readonly Uint8Array[]): Uint8Array {
  return encodeJcs({ data: keys.map(toHex), parley: 'data.v1' })
}

function parseDataKeys(plain: Uint8Array): Uint8Array[] | undefined {
  const { parley, data } = parseObject(plain)
  if (parley !== 'data.v1' || !Array.isArray(data)) return undefined
  const keys = data.flatMap(digits => (typeof digits === 'string' ? (fromHex(digits) ?? []) : []))
  if (keys.length === 0 || keys.length > DATA_KEYS_MAX) return undefined
  if (keys.some(key => key.length !== SECRET_BYTES)) return undefined
  return equalBytes(encodeDataKeys(keys), plain) ? keys : undefined
}

function parseObject(plain: Uint8Array): { [name: string]: unknown } {
  const json = parseJcs(plain)
  return isReject(json) || json === null || typeof json !== 'object' || Array.isArray(json) ? {} : json
}
