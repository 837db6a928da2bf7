// Who signed a sealed artifact, and with what right: signature, certificate, identity log, each with its own
// verdict. protocols/documents, section 3.
import { type RoleCertificate, isRevoked, verifyRoleCertificate } from '../identity/certificate.ts'
import { type CompanyIdentity, compareIdentityLogs } from '../identity/company-identity.ts'
import { parseTime } from '../identity/document-text.ts'
import { verifySignature } from '../identity/ed25519.ts'
import { admitMultikey, verifyIdentityLog } from '../identity/identity-log.ts'
import { toHex } from '../wire/bytes.ts'
import { type Dsse, dsseSignedBytes, parseDsse } from '../wire/dsse.ts'
import { sha256 } from '../wire/hash.ts'
import { Reject, isReject } from '../wire/reject.ts'
import type { SealedFile } from './sealed-file.ts'
import type { PayloadJson, SignerJson } from './sealed-schema.ts'

export interface SignerVerdict extends SignerJson {
  /** The newest log of the company that the reader or the file has. */
  identity: CompanyIdentity | undefined
  /** Whether the reader knew the company before. Otherwise its log proves only itself (DOC-12). */
  known: boolean
  /** Why this one does not count as having signed, if so. */
  refusal: Reject | undefined
}

/** @returns a verdict for each signer, or the Reject of evidence that contradicts itself. */
export function verifySigners(
  payload: PayloadJson,
  envelope: Dsse,
  file: SealedFile,
  known: ReadonlyMap<string, CompanyIdentity>
): SignerVerdict[] | Reject {
  const { signers } = payload
  const signed = dsseSignedBytes(envelope.kind, envelope.payload)
  const keys = signers.map(({ key }) => key)
  const signatures = matchSignatures(keys, signed, envelope.signatures)
  if (isReject(signatures)) return signatures
  const certificates = certificatesOf(file, signers)
  if (isReject(certificates)) return certificates
  const identities = identitiesOf(file, signers, known)
  if (isReject(identities)) return identities
  return signers.map((signer, i) => {
    const identity = identities.get(signer.company)
    const refusal =
      signatures[i] === undefined
        ? new Reject('sealed-unsigned', 'has not signed', false)
        : checkRight(signer, payload.signedAt, certificates.get(signer.certificate), identity)
    return { ...signer, identity, known: known.has(signer.company), refusal }
  })
}

/** DOC-9. @returns for each key its signature, if it is there; `signature` when one is nobody's */
export function matchSignatures(
  keys: string[],
  signed: Uint8Array,
  signatures: Uint8Array[]
): (Uint8Array | undefined)[] | Reject {
  let next = 0
  const placed = keys.map(multikey => {
    const signature = signatures[next]
    const key = admitMultikey(multikey)
    if (!signature || isReject(key) || !verifySignature(key, signed, signature)) return undefined
    next++
    return signature
  })
  if (next === signatures.length) return placed
  return new Reject('signature', `signature ${next + 1} is not by the next of the signers`)
}

/** The id of a role certificate in hexadecimal, as signers name it; what it says is not looked at. */
export function certificateId(bytes: Uint8Array): string | Reject {
  const envelope = parseDsse(bytes, 'role-certificate.v1')
  return isReject(envelope) ? envelope : toHex(sha256(envelope.payload))
}

/** By id. DOC-10. */
function certificatesOf(file: SealedFile, signers: SignerJson[]): Map<string, Uint8Array> | Reject {
  const wanted = new Set(signers.map(({ certificate }) => certificate))
  const found = new Map<string, Uint8Array>()
  for (const bytes of file.certificates) {
    const id = certificateId(bytes)
    if (isReject(id)) return id
    if (!wanted.delete(id))
      return new Reject('sealed-certificate', 'a certificate that no signer names, or twice')
    found.set(id, bytes)
  }
  return found
}

/** By company. DOC-10. */
function identitiesOf(
  file: SealedFile,
  signers: SignerJson[],
  known: ReadonlyMap<string, CompanyIdentity>
): Map<string, CompanyIdentity> | Reject {
  const wanted = new Set(signers.map(({ company }) => company))
  const found = new Map([...known].filter(([did]) => wanted.has(did)))
  for (const log of file.identities) {
    const identity = verifyIdentityLog(log)
    if (isReject(identity)) return identity
    if (!wanted.delete(identity.did)) {
      return new Reject('sealed-identity', 'an identity log of a company that does not sign, or twice')
    }
    const ours = found.get(identity.did)
    const relation = ours ? compareIdentityLogs(ours, identity) : 'prefix'
    if (typeof relation === 'object') {
      const detail = `${identity.did} has told two stories from version ${relation.number} on`
      return new Reject('identity-fork', detail)
    }
    if (relation === 'prefix') found.set(identity.did, identity)
  }
  return found
}

/** DOC-10 and DOC-11. */
function checkRight(
  signer: SignerJson,
  signedAt: string,
  bytes: Uint8Array | undefined,
  identity: CompanyIdentity | undefined
): Reject | undefined {
  if (!bytes) return new Reject('sealed-certificate', 'its certificate is not in the file')
  if (!identity) return new Reject('sealed-identity', 'the identity log of its company is not at hand', false)
  const certificate = verifyRoleCertificate(bytes, identity)
  if (isReject(certificate)) return certificate
  return checkCertificate(signer, certificate) ?? checkTime(certificate, identity, parseTime(signedAt) ?? 0)
}

function checkCertificate(signer: SignerJson, certificate: RoleCertificate): Reject | undefined {
  const { role, key, holder, powers } = certificate
  if (signer.role !== role || signer.key !== key.multikey || signer.person !== holder.name) {
    return new Reject('sealed-certificate', 'its certificate is for another role, key or person')
  }
  return powers.includes('seal')
    ? undefined
    : new Reject('sealed-power', `${holder.name} may not seal, by the certificate`)
}

/** DOC-11. */
function checkTime(
  certificate: RoleCertificate,
  identity: CompanyIdentity,
  signedAt: number
): Reject | undefined {
  if (signedAt < certificate.validFrom || signedAt > certificate.expiresAt) {
    return new Reject('sealed-validity', 'the certificate was not valid at the time that is claimed')
  }
  if (!isRevoked(certificate, identity)) return undefined
  const detail = 'the company has revoked the key, and nothing here shows that the signature is older'
  return new Reject('sealed-revoked', detail, false)
}
