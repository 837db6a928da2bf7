// Certificates that a home holds: those of its own keys, and at the root those that it has given to others.
// A file that does not verify counts as absent and is named by `parley doctor`. protocols/identity, section 5.
import { join } from 'node:path'
import {
  type NodeCertificate,
  type RoleCertificate,
  isRevoked,
  verifyNodeCertificate,
  verifyRoleCertificate
} from '../../identity/certificate.ts'
import type { CompanyIdentity } from '../../identity/company-identity.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Reject, isReject } from '../../wire/reject.ts'
import type { Home } from './home.ts'
import { homePaths } from './directory.ts'
import { ensureFolder, listFolder, readOwn, replaceFile } from './file.ts'

/** As protocols/identity allows (IDN-20). */
export const CERTIFICATE_BYTES_MAX = 16_384

export type HeldCertificate =
  | { kind: 'role'; path: string; bytes: Uint8Array; certificate: RoleCertificate; revoked: boolean }
  | { kind: 'node'; path: string; bytes: Uint8Array; certificate: NodeCertificate; revoked: boolean }

/** What is in the folder, good and bad. */
export interface CertificateFolder {
  held: HeldCertificate[]
  /** Files that do not verify, with the reason. */
  bad: { path: string; reason: Reject }[]
}

export async function readCertificates(home: Home, identity: CompanyIdentity): Promise<CertificateFolder> {
  const { certificates } = homePaths(home.dir)
  const folder: CertificateFolder = { held: [], bad: [] }
  for (const name of await listFolder(certificates)) {
    if (!name.endsWith('.json')) continue
    const path = join(certificates, name)
    const bytes = await readOwn(path, CERTIFICATE_BYTES_MAX)
    const read = bytes && readCertificate(bytes, identity, path)
    if (isReject(read)) folder.bad.push({ path, reason: read })
    else if (read) folder.held.push(read)
  }
  return folder
}

/** Either kind. @returns the Reject of the kind that its type names. */
export function readCertificate(
  bytes: Uint8Array,
  identity: CompanyIdentity,
  path: string
): HeldCertificate | Reject {
  const role = verifyRoleCertificate(bytes, identity)
  if (!isReject(role)) {
    return { kind: 'role', path, bytes, certificate: role, revoked: isRevoked(role, identity) }
  }
  const node = verifyNodeCertificate(bytes, identity)
  if (!isReject(node)) {
    return { kind: 'node', path, bytes, certificate: node, revoked: isRevoked(node, identity) }
  }
  return node.code === 'dsse-type' ? role : node
}

/** By multikey, without those that are revoked. */
export async function ownCertificates(
  home: Home,
  identity: CompanyIdentity
): Promise<Map<string, Uint8Array>> {
  const { held } = await readCertificates(home, identity)
  return new Map(
    held.filter(({ revoked }) => !revoked).map(({ certificate, bytes }) => [certificate.key.multikey, bytes])
  )
}

/**
 * Puts a certificate into the home, in place of an older one of the same key.
 * @throws NodeError `certificate-refused`
 */
export async function installCertificate(
  home: Home,
  identity: CompanyIdentity,
  bytes: Uint8Array
): Promise<HeldCertificate> {
  const read = readCertificate(bytes, identity, '')
  if (isReject(read)) {
    const next =
      read.code === 'identity-version'
        ? 'The identity log of this home is older: bring it up to date: parley id import FILE'
        : `It must be a certificate of ${identity.did}.`
    throw new NodeError('certificate-refused', `not a certificate of this company: ${read.toString()}`, next)
  }
  const { certificates } = homePaths(home.dir)
  const use = read.kind === 'node' ? 'node' : read.certificate.role
  const path = join(certificates, `${use}-${read.certificate.key.multikey}.json`)
  await ensureFolder(certificates)
  await replaceFile(path, bytes)
  return { ...read, path }
}
