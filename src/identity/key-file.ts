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

/**
 * What opens a key file: a passphrase in someone's head, or an unlock key (`AGE-SECRET-KEY-1...`) in a file
 * of its own, so that a node can start by itself and the two files can be kept apart.
 */
export type Lock = { passphrase: string } | { unlockKey: string }

/** A new unlock key, from age's own CSPRNG. */
export function createUnlockKey(): Promise<string> {
  return generateX25519Identity()
}

/** @throws on an empty passphrase or an unlock key that is none: the caller asks for these. */
export async function sealKey(
  key: SecretKey,
  lock: Lock,
  workFactor: number = WORK_FACTOR
): Promise<Uint8Array> {
  const encrypter = new Encrypter()
  if ('passphrase' in lock) {
    if (lock.passphrase === '') throw new RangeError('a passphrase cannot be empty')
    encrypter.setPassphrase(lock.passphrase)
    encrypter.setScryptWorkFactor(workFactor)
  } else encrypter.addRecipient(await identityToRecipient(lock.unlockKey))
  const { seed, publicKey } = key
  return encrypter.encrypt(encodeJcs({ key: publicKey.multikey, parley: 'key.v1', seed: toHex(seed) }))
}

/** @returns the key; `key-passphrase` when the lock is another; `key-file` when the file is damaged. IDN-30. */
export async function openKey(file: Uint8Array, lock: Lock): Promise<SecretKey | Reject> {
  if (file.length > KEY_FILE_BYTES_MAX) return new Reject('key-file', 'far too large for a key file', false)
  const decrypter = new Decrypter()
  let fits = false
  let plain: Uint8Array
  try {
    if ('passphrase' in lock) decrypter.addPassphrase(lock.passphrase)
    else decrypter.addIdentity(lock.unlockKey)
    fits = true
    // age asks its identities in turn. This one opens nothing: being asked means that the lock did not fit.
    decrypter.addIdentity({ unwrapFileKey: () => ((fits = false), null) })
    plain = await decrypter.decrypt(file)
  } catch {
    return fits
      ? new Reject('key-file', 'damaged, or not a key file; restore it from a backup', false)
      : new Reject('key-passphrase', 'the passphrase or unlock key does not open this file', false)
  }
  return parseKey(plain) ?? new Reject('key-file', 'opens, but holds no key of ours', false)
}

function parseKey(plain: Uint8Array): SecretKey | undefined {
  const json = parseJcs(plain)
  if (isReject(json) || json === null || typeof json !== 'object' || Array.isArray(json)) return undefined
  const seed = typeof json['seed'] === 'string' ? fromHex(json['seed']) : undefined
  if (json['parley'] !== 'key.v1' || seed?.length !== 32) return undefined
  const key = generateKey(seed)
  return equalBytes(encodeJcs({ key: key.publicKey.multikey, parley: 'key.v1', seed: toHex(seed) }), plain)
    ? key
    : undefined
}
