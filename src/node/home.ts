// The home: one directory that holds a company's identity log, the keys made here, certificates and the store.
// It opens only if nobody else on the machine could have read or changed it.
import type { CompanyIdentity } from '../identity/company-identity.ts'
import type { SecretKey } from '../identity/ed25519.ts'
import { LOG_BYTES_MAX, verifyIdentityLog } from '../identity/identity-log.ts'
import { NodeError } from '../wire/node-error.ts'
import { isReject } from '../wire/reject.ts'
import { type Config, type LogLevel, parseConfig } from './home-config.ts'
import { homePaths } from './home-directory.ts'
import { checkFolder, readOwn } from './home-file.ts'

export type { Config, LogLevel } from './home-config.ts'

export interface Home {
  dir: string
  config: Config
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
}

/** Where a node says what happens; `facts` are plain JSON. */
export type Log = (level: LogLevel, message: string, facts?: { [name: string]: unknown }) => void

/** A few dozen lines of settings. */
const CONFIG_BYTES_MAX = 65_536

/** @throws NodeError `home-absent`, `home-permissions`, `config-*` */
export async function openHome(dir: string): Promise<Home> {
  const { config: path } = homePaths(dir)
  const bytes = await readOwn(path, CONFIG_BYTES_MAX)
  if (!bytes) {
    const next = 'Create one: parley init --name "Your company" --registration NUMBER'
    throw new NodeError('home-absent', `there is no Parley home in ${dir}`, next)
  }
  await checkFolder(dir)
  return { dir, config: parseConfig(new TextDecoder().decode(bytes), path) }
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
