// What the root key does: certify and renew keys, and add entries to the company's identity log. Each entry
// spends the root key in use and brings up the one that was committed to. protocols/identity, sections 4 and 5.
import { randomBytes } from 'node:crypto'
import {
  issueNodeCertificate,
  issueRoleCertificate,
  VALIDITY_MS_MAX,
  verifyNodeRequest,
  verifyRoleRequest,
  type NodeRequest,
  type Power,
  type RoleRequest,
  type Validity
} from '../../identity/certificate.ts'
import { type CompanyIdentity, compareIdentityLogs } from '../../identity/company-identity.ts'
import { generateKey, type PublicKey, type SecretKey } from '../../identity/ed25519.ts'
import { appendIdentity, verifyIdentityLog, type IdentityChange } from '../../identity/identity-log.ts'
import { nextKeyHash } from '../../identity/webvh.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Reject, isReject } from '../../wire/reject.ts'
import { type Home, readIdentity } from './home.ts'
import { installCertificate, type HeldCertificate } from './certificates.ts'
import { homePaths } from './directory.ts'
import { replaceFile } from './file.ts'
import { addKey, keyPath, removeSpentRoot, unlockNextRoot } from './keys.ts'

/** Peers' clocks may be behind ours by as much as is still no alarm (security.md, section 4). */
const BACKDATE_MS = 5 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000

/** @param days at most 90, the default. */
export function validityFrom(timeMs: number, days: number = VALIDITY_MS_MAX / DAY_MS): Validity {
  const validFrom = Math.floor((timeMs - BACKDATE_MS) / 1000) * 1000
  return { validFrom, validUntil: validFrom + days * DAY_MS }
}

export interface Grant extends Validity {
  /** Of a role; a node has none. */
  powers: Power[]
}

export type Request = { kind: 'role'; request: RoleRequest } | { kind: 'node'; request: NodeRequest }

/** Either kind of request, its signature checked. @throws NodeError `request-refused` */
export function readRequest(bytes: Uint8Array): Request {
  const role = verifyRoleRequest(bytes)
  if (!isReject(role)) return { kind: 'role', request: role }
  const node = verifyNodeRequest(bytes)
  if (!isReject(node)) return { kind: 'node', request: node }
  const why = node.code === 'dsse-type' ? role : node
  const next = 'Give the file that `parley role enrol` or `parley init --identity` wrote.'
  throw new NodeError('request-refused', `not a request for a certificate: ${why.toString()}`, next)
}

/** Signs a certificate and keeps a copy in the home. @throws NodeError `certificate-refused` */
export async function certify(
  home: Home,
  root: SecretKey,
  asked: Request,
  grant: Grant
): Promise<HeldCertificate> {
  const identity = await readIdentity(home)
  const { validFrom, validUntil } = grant
  const bytes =
    asked.kind === 'role'
      ? issueRoleCertificate(identity, root, asked.request, grant)
      : issueNodeCertificate(identity, root, asked.request, { validFrom, validUntil })
  if (isReject(bytes)) throw refused(bytes)
  return installCertificate(home, identity, bytes)
}

function refused(why: Reject): NodeError {
  const next = 'Correct the request or the grant; nothing was signed.'
  return new NodeError('certificate-refused', `peers would refuse this certificate: ${why.detail}`, next)
}

export interface Rotation {
  change: IdentityChange
  passphrase: string | undefined
  /** Where the next root key is kept, when not in the home. */
  nextKeyPath?: string
  /** Where the one after it goes. */
  newKeyPath?: string
  /** Committed to beside it, in place of any spare there was: the key of a new recovery sheet. */
  spare?: PublicKey
  timeMs: number
}

/**
 * Adds an entry to the identity log. A spare that was committed to stays so (IDN-36). In this order, so that a crash anywhere leaves a company that can go on:
 * the key after the next one is on disk, then the log that commits to it, then the spent key goes.
 * @throws NodeError `identity-refused`, and those of `unlockNextRoot`
 */
export async function addIdentityEntry(home: Home, rotation: Rotation): Promise<CompanyIdentity> {
  const { change, passphrase, nextKeyPath, newKeyPath, spare, timeMs } = rotation
  const before = await readIdentity(home)
  const rootKey = await unlockNextRoot(home, before, passphrase, nextKeyPath)
  const next = generateKey(randomBytes(32))
  const spares = spare
    ? [nextKeyHash(spare)]
    : before.nextKeyHashes.filter(hash => hash !== nextKeyHash(rootKey.publicKey))
  const nextKeyHashes = [nextKeyHash(next.publicKey), ...spares]
  const after = appendIdentity(before, change, { rootKey, nextKeyHashes }, timeMs)
  if (isReject(after)) {
    throw new NodeError('identity-refused', after.detail, 'Correct it and try again; nothing was changed.')
  }
  await addKey(home, 'root', next, passphrase, newKeyPath ?? keyPath(home, 'root', next.publicKey))
  await replaceFile(homePaths(home.dir).identity, after.log)
  await removeSpentRoot(home, before.rootKeyAt(before.head) as PublicKey)
  return after
}

/** Takes the newer identity log of the own company, brought here as a file. @throws NodeError `identity-refused` */
export async function replaceIdentity(home: Home, log: Uint8Array): Promise<CompanyIdentity> {
  const ours = await readIdentity(home)
  const theirs = verifyIdentityLog(log)
  if (isReject(theirs)) {
    throw new NodeError(
      'identity-refused',
      `the file is no identity log: ${theirs.toString()}`,
      'Export it again: `parley id export`'
    )
  }
  const relation = compareIdentityLogs(ours, theirs)
  if (relation === 'equal' || relation === 'prefix') {
    await replaceFile(homePaths(home.dir).identity, theirs.log)
    return theirs
  }
  if (relation === 'extension') {
    throw new NodeError(
      'identity-older',
      'the log in that file is older than ours',
      'Nothing has to be done.'
    )
  }
  if (relation === 'other-company') {
    throw new NodeError(
      'identity-refused',
      `that is the log of ${theirs.legalName}`,
      'Give the log of your company.'
    )
  }
  throw new NodeError(
    'identity-fork',
    `the two logs contradict each other at entry ${relation.number}`,
    'Keep both files: somebody else may have your root key. Call whoever holds it.'
  )
}
