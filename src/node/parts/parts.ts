// What the parts of a running node share, and the small conversions that they all need.
import type { CompanyIdentity } from '../../identity/company-identity.ts'
import type { RoleCertificate } from '../../identity/certificate.ts'
import { wordsOf } from '../../identity/words.ts'
import type { Peering } from '../../net/peering.ts'
import type { SpaceLog } from '../../identity/space-log.ts'
import type { Facet } from '../../replica/facet.ts'
import type { Desk, Signer } from '../../sync/desk.ts'
import type { Directory } from '../../sync/directory.ts'
import { equalBytes, toHex } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import type { Reject } from '../../wire/reject.ts'
import type { Checkpoints } from '../documents/checkpoints.ts'
import type { Documents } from '../documents/documents.ts'
import type { Losses } from './losses.ts'
import type { Refusal } from '../refusals/refusal.ts'
import { refusalOf } from '../refusals/refusals.ts'
import type { RefusedPeers } from './refused-peers.ts'
import type { Driver } from './driver.ts'
import type { CompanyJson } from '../surface/company-json.ts'
import type { NodeEvent } from '../surface/parley-node.ts'

/** A role key that is unlocked in this process. */
export interface RoleSigner extends Signer {
  certificate: RoleCertificate
  certificateBytes: Uint8Array
}

export interface Parts {
  readonly directory: Directory
  readonly driver: Driver
  readonly desk: Desk
  readonly documents: Documents
  readonly checkpoints: Checkpoints
  readonly peering: Peering
  readonly losses: Losses
  readonly refused: RefusedPeers
  /** Empty while the node is locked. */
  readonly roles: RoleSigner[]
  emit(event: NodeEvent): void
}

export function companyJson(did: string, identity: CompanyIdentity | undefined): CompanyJson {
  const { legalName = '', registrationNumber = '' } = identity ?? {}
  return { did, legalName, registrationNumber, words: wordsOf(did) }
}

/** What to do where no role key can sign. */
export const UNLOCK = 'Run parley unlock; parley role list shows whether a role is certified here.'

/** As much of a space's id as a command needs. */
export function idOf(space: SpaceLog): string {
  return toHex(space.id).slice(0, 12)
}

/** Of a decision, as people type it. */
export function shortOf({ id }: { id: string }): string {
  return id.slice(0, 12)
}

/** For people: the legal name, or the start of the DID until the name is known. */
export function nameOf({ directory }: Pick<Parts, 'directory'>, did: string): string {
  return directory.identities.get(did)?.legalName || `${did.slice(0, 24)}...`
}

/** The key of ours that signs in a space: pinned there, not cut, of the space's pairing where there is one. */
export function signerFor(parts: Parts, space: SpaceLog): RoleSigner {
  const company = parts.directory.ownIndex(space)
  const head = company === undefined ? undefined : space.head(company)
  if (parts.roles.length === 0) {
    throw new NodeError('locked', 'no role key is unlocked on this node', UNLOCK)
  }
  if (!head) {
    throw new NodeError(
      'not-accepted',
      'your company has not accepted this space',
      `Run parley space accept ${idOf(space)} first.`
    )
  }
  const usable = parts.roles.filter(role => {
    const pin = head.keys.find(key => equalBytes(key.publicKey.bytes, role.publicKey.bytes))
    return pin && !head.cut.includes(pin.index)
  })
  const now = Date.now()
  const current = usable.filter(role => role.certificate.expiresAt > now)
  if (usable.length > 0 && current.length === 0) {
    const [{ certificate }] = usable as [RoleSigner]
    throw certificateExpired(certificate.role)
  }
  const signer = current.find(role => role.certificate.role === space.genesis.pairing) ?? current[0]
  if (signer) return signer
  const next = `See whose are: parley space keys ${idOf(space)} - one of them can pin yours there.`
  throw new NodeError('key-not-pinned', 'no key of this node is pinned in the space', next)
}

export function certificateExpired(role: string): NodeError {
  const next = 'Where the root key is: `parley renew`; then here: parley role install FILE'
  return new NodeError('certificate-expired', `the certificate of your ${role} key has expired`, next)
}

/** Who reads or writes here is written down, before it is given out (AUD-3). */
export function noteAccess({ driver }: { driver: Pick<Driver, 'core'> }, facet: Facet, what: string): void {
  driver.core.audit?.own.accessed(facet, what)
}

/** A refusal of our own work, as an error for the person who asked for it. */
export function refused({ code, detail }: Reject, next: string): NodeError {
  if (code !== 'document-full') return new NodeError(code, detail, next)
  const why = `this document is full: the edit would take it to ${detail}`
  return new NodeError(code, why, (refusalOf(code) as Refusal).next)
}
