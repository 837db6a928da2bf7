// Role and node certificates, and the requests they answer: the key is made where its holder is, and only
// its public half travels. protocols/identity, section 5.
import { Reject, isReject } from '../wire/reject.ts'
import {
  type Holder,
  NodeCertificateSchema,
  NodeRequestSchema,
  POWERS,
  type Power,
  type Role,
  RoleCertificateSchema,
  RoleRequestSchema
} from './certificate-schema.ts'
import type { CompanyIdentity } from './company-identity.ts'
import { isName, parseTime, printTime } from './document-text.ts'
import type { PublicKey, SecretKey } from './ed25519.ts'
import { NAME_CHARS_MAX, admitMultikey } from './identity-log.ts'
import { keyOfPeerId, peerIdOf } from './peer-id.ts'
import { type UnverifiedDocument, parseDocument, signDocument } from './signed-document.ts'

export type { Holder, Power, Role } from './certificate-schema.ts'

/** Short life stands in for most revocation; 90 days is a quarter's meeting cycle. */
export const VALIDITY_MS_MAX = 90 * 24 * 60 * 60 * 1000

/** Who asks to hold a role, with which key. */
export interface RoleRequest {
  company: string
  role: Role
  holder: Holder
  key: PublicKey
}

/** Which process asks to speak for a company, with which libp2p key. */
export interface NodeRequest {
  company: string
  name: string
  key: PublicKey
}

/** Facts that the caller judges with its own clock; nothing here is refused for its age (IDN-24). */
export interface Issued {
  /** SHA-256 of the payload. */
  id: Uint8Array
  /** The version of the identity log whose root key signed. */
  issuer: string
  issuerKey: PublicKey
  /** Milliseconds since 1970. */
  validFrom: number
  expiresAt: number
}

export interface RoleCertificate extends RoleRequest, Issued {
  powers: Power[]
}

export interface NodeCertificate extends NodeRequest, Issued {
  /** The libp2p peer id of the key. */
  peer: string
}

/** Milliseconds since 1970; whole seconds are what a certificate can say. */
export interface Validity {
  validFrom: number
  validUntil: number
}

/** Made by the holder: the signature shows that the asker has the key. */
export function requestRole(company: string, role: Role, holder: Holder, key: SecretKey): Uint8Array {
  const json = {
    company,
    holder: { kind: holder.kind, name: holder.name },
    key: key.publicKey.multikey,
    role
  }
  return signDocument('role-request.v1', json, key)
}

export function requestNode(company: string, name: string, key: SecretKey): Uint8Array {
  return signDocument('node-request.v1', { company, name, peer: peerIdOf(key.publicKey) }, key)
}

/** IDN-25. */
export function verifyRoleRequest(bytes: Uint8Array): RoleRequest | Reject {
  const document = parseDocument(bytes, 'role-request.v1', RoleRequestSchema)
  if (isReject(document)) return document
  const { company, role, holder } = document.json
  const key = admitMultikey(document.json.key)
  if (isReject(key)) return key
  return checkName(holder.name) ?? checkSignature(document, key) ?? { company, role, holder, key }
}

/** IDN-25. */
export function verifyNodeRequest(bytes: Uint8Array): NodeRequest | Reject {
  const document = parseDocument(bytes, 'node-request.v1', NodeRequestSchema)
  if (isReject(document)) return document
  const { company, name, peer } = document.json
  const key = keyOfPeerId(peer)
  if (isReject(key)) return key
  return checkName(name) ?? checkSignature(document, key) ?? { company, name, key }
}

/**
 * Certifies at the newest version of the identity. A renewal passes the old certificate as the request.
 * @returns the certificate, or the Reject that a reader would give.
 */
export function issueRoleCertificate(
  identity: CompanyIdentity,
  rootKey: SecretKey,
  request: RoleRequest,
  grant: Validity & { powers: Power[] }
): Uint8Array | Reject {
  const json = {
    company: request.company,
    holder: { kind: request.holder.kind, name: request.holder.name },
    key: request.key.multikey,
    role: request.role,
    powers: POWERS.filter(power => grant.powers.includes(power)),
    ...issuance(identity, grant)
  }
  const bytes = signDocument('role-certificate.v1', json, rootKey)
  const verified = verifyRoleCertificate(bytes, identity)
  return isReject(verified) ? verified : bytes
}

/** As {@link issueRoleCertificate}. */
export function issueNodeCertificate(
  identity: CompanyIdentity,
  rootKey: SecretKey,
  request: NodeRequest,
  validity: Validity
): Uint8Array | Reject {
  const { company, name, key } = request
  const json = { company, name, peer: peerIdOf(key), ...issuance(identity, validity) }
  const bytes = signDocument('node-certificate.v1', json, rootKey)
  const verified = verifyNodeCertificate(bytes, identity)
  return isReject(verified) ? verified : bytes
}

function issuance(identity: CompanyIdentity, { validFrom, validUntil }: Validity) {
  return { issuer: identity.head, validFrom: printTime(validFrom), validUntil: printTime(validUntil) }
}

/**
 * IDN-20 to IDN-24. @returns `identity-version` without fault when the log at hand does not reach the
 * issuer's version yet; any other Reject is for good.
 */
export function verifyRoleCertificate(
  bytes: Uint8Array,
  identity: CompanyIdentity
): RoleCertificate | Reject {
  const document = parseDocument(bytes, 'role-certificate.v1', RoleCertificateSchema)
  if (isReject(document)) return document
  const { company, role, holder, powers } = document.json
  const key = admitMultikey(document.json.key)
  if (isReject(key)) return key
  const refused = checkName(holder.name) ?? checkPowers(holder, powers)
  if (refused) return refused
  const issued = verifyIssued(document, key, identity)
  return isReject(issued) ? issued : { company, role, holder, key, powers, ...issued }
}

/** IDN-20 to IDN-26, as {@link verifyRoleCertificate}. */
export function verifyNodeCertificate(
  bytes: Uint8Array,
  identity: CompanyIdentity
): NodeCertificate | Reject {
  const document = parseDocument(bytes, 'node-certificate.v1', NodeCertificateSchema)
  if (isReject(document)) return document
  const { company, name, peer } = document.json
  const key = keyOfPeerId(peer)
  if (isReject(key)) return key
  const issued = checkName(name) ?? verifyIssued(document, key, identity)
  return isReject(issued) ? issued : { company, name, peer, key, ...issued }
}

/** Whether the company has revoked the certified key, or the root key that certified it (IDN-24). */
export function isRevoked(
  certificate: { key: PublicKey; issuerKey: PublicKey },
  identity: CompanyIdentity
): boolean {
  return identity.hasRevoked(certificate.key) || identity.hasRevoked(certificate.issuerKey)
}

interface IssuedJson {
  company: string
  issuer: string
  validFrom: string
  validUntil: string
}

/** What both kinds of certificate say about their making. */
function verifyIssued(
  document: UnverifiedDocument<IssuedJson>,
  key: PublicKey,
  identity: CompanyIdentity
): Issued | Reject {
  const { company, issuer, ...times } = document.json
  if (company !== identity.did) return new Reject('certificate-company', `issued by ${company}`)
  const issuerKey = identity.rootKeyAt(issuer)
  if (!issuerKey)
    return new Reject('identity-version', `version ${issuer} is not in the identity log at hand`, false)
  const [validFrom, expiresAt] = [parseTime(times.validFrom), parseTime(times.validUntil)]
  if (validFrom === undefined || expiresAt === undefined || expiresAt <= validFrom) {
    return new Reject('certificate-validity', 'the times are no times, or the end is not after the start')
  }
  if (expiresAt - validFrom > VALIDITY_MS_MAX)
    return new Reject('certificate-validity', 'valid for more than 90 days')
  if (key.multikey === issuerKey.multikey)
    return new Reject('certificate-key', 'a root key is no role or node key')
  return checkSignature(document, issuerKey) ?? { id: document.id, issuer, issuerKey, validFrom, expiresAt }
}

function checkName(name: string): Reject | undefined {
  return isName(name, NAME_CHARS_MAX)
    ? undefined
    : new Reject('certificate-name', 'a name that does not show as it is')
}

/** IDN-23. */
function checkPowers(holder: Holder, powers: Power[]): Reject | undefined {
  const inOrder = POWERS.filter(power => powers.includes(power))
  if (inOrder.length !== powers.length || inOrder.some((power, i) => power !== powers[i])) {
    return new Reject('certificate-powers', `powers stand once each, in the order ${POWERS.join(', ')}`)
  }
  if (holder.kind === 'agent' && powers.some(power => power !== 'advise')) {
    return new Reject('certificate-powers', 'an agent may only advise')
  }
  return undefined
}

function checkSignature(document: UnverifiedDocument<unknown>, key: PublicKey): Reject | undefined {
  return document.isSignedBy(key) ? undefined : new Reject('signature', 'the signature does not verify')
}
