// The home: one directory that holds a company's identity log, the keys made here, certificates and the store.
// It opens only if nobody else on the machine could have read or changed it.
import type { CompanyIdentity } from '../../identity/company-identity.ts'
import type { SecretKey } from '../../identity/ed25519.ts'
import { LOG_BYTES_MAX, verifyIdentityLog } from '../../identity/identity-log.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import { type Config, type LogLevel, parseConfig } from './config.ts'
import { homePaths } from './directory.ts'
import { checkFolder, readOwn } from './file.ts'

export type { Config, LogLevel } from './config.ts'

export interface Home {
  dir: string
  config: Config
  /** Where the unlock key is, when not in the home. */
  keyFile?: string
}

/** A key that was made in this home, with what the company's root says about it. */
export interface CertifiedKey {
  key: SecretKey
  /** The bytes of the certificate. */
  certificate: Uint8Array
}

/** What a node runs with. The root key is not part of it: a node never needs it. */
export interface NodeKeys {
  identity: CompanyIdentity
  node: CertifiedKey
  roles: CertifiedKey[]
  /** Roles whose keys wait for a passphrase, such as `CTO`. */
  locked: string[]
  /** What the store seals private things with: 32 bytes; two while it is sealed anew, the new one last. */
  data: Uint8Array[]
}

/** Where a node says what happens; `facts` are plain JSON. */
export type Log = (level: LogLevel, message: string, facts?: { [name: string]: unknown }) => void

/** A few dozen lines of settings. */
const CONFIG_BYTES_MAX = 65_536

/**
 * `keyFile`: where the unlock key is kept, when not in the home.
 * @throws NodeError `home-absent`, `home-permissions`, `home-older`, `config-*`
 */
export async function openHome(dir: string, keyFile?: string): Promise<Home> {
  const { older, ...home } = await openAnyHome(dir, keyFile)
  if (!older) return home
  const next = 'Bring it over, with the node stopped: parley reseal BACKUP-FILE writes a backup first.'
  throw new NodeError('home-older', `in ${dir} nothing is sealed yet: an older version made it`, next)
}

/** The same, also of a home of the format before: to be brought over, or as a backup had it. */
export async function openAnyHome(dir: string, keyFile?: string): Promise<Home & { older: boolean }> {
  const { config: path } = homePaths(dir)
  const bytes = await readOwn(path, CONFIG_BYTES_MAX)
  if (!bytes) {
    const next = 'Create one: parley init --name "Your company" --registration NUMBER'
    throw new NodeError('home-absent', `there is no Parley home in ${dir}`, next)
  }
  await checkFolder(dir)
  const parsed = parseConfig(new TextDecoder().decode(bytes), path)
  return { dir, ...parsed, ...(keyFile !== undefined && { keyFile }) }
}

/** The company's own identity, verified from its first entry. @throws NodeError `home-identity` */
export async function readIdentity(home: Home): Promise<CompanyIdentity> {
  const { identity: path } = homePaths(home.dir)
  const log = await readOwn(path, LOG_BYTES_MAX)
  const next = 'Restore it from a backup, or from what `parley id export` wrote.'
  if (!log) throw new NodeError('home-identity', `${path} is missing`, next)
  const identity = verifyIdentityLog(log)
  if (isReject(identity)) throw new NodeError('home-identity', `${path}: ${identity.detail}`, next)
  return identity
}
