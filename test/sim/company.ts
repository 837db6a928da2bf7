// Companies for simulations and tests: a root, a role holder's key and a node, all from a seed.
import {
  issueNodeCertificate,
  issueRoleCertificate,
  requestNode,
  requestRole,
  verifyNodeCertificate,
  verifyNodeRequest,
  verifyRoleRequest
} from '../../src/identity/certificate.ts'
import type { NodeCertificate } from '../../src/identity/certificate.ts'
import type { CompanyIdentity } from '../../src/identity/company-identity.ts'
import { type SecretKey, generateKey, sign } from '../../src/identity/ed25519.ts'
import { createIdentity } from '../../src/identity/identity-log.ts'
import { nextKeyHash } from '../../src/identity/webvh.ts'
import type { Signer } from '../../src/sync/desk.ts'
import { type Reject, isReject } from '../../src/wire/reject.ts'
import type { Random } from './random.ts'

/** Simulated time begins here: 2026-01-01. */
export const EPOCH_MS = Date.UTC(2026, 0, 1)

export interface Company {
  name: string
  rootKey: SecretKey
  identity: CompanyIdentity
  /** Key 0 of the company in every space. */
  role: SecretKey
  roleCertificate: Uint8Array
  nodeKey: SecretKey
  nodeCertificate: Uint8Array
  node: NodeCertificate
}

export function must<T>(value: T | Reject): T {
  if (isReject(value)) throw new Error(`${value}`)
  return value as T
}

export function createCompany(name: string, random: Random): Company {
  const rootKey = generateKey(random.bytes(32))
  const next = generateKey(random.bytes(32))
  const identity = must(
    createIdentity({
      legalName: `${name} Ltd`,
      registrationNumber: `HRB ${random.below(100_000)}`,
      rootKey,
      nextKeyHashes: [nextKeyHash(next.publicKey)],
      timeMs: EPOCH_MS
    })
  )
  const validity = { validFrom: EPOCH_MS, validUntil: EPOCH_MS + 80 * 86_400_000 }
  const role = generateKey(random.bytes(32))
  const request = must(
    verifyRoleRequest(requestRole(identity.did, 'CTO', { kind: 'human', name: `${name} CTO` }, role))
  )
  const roleCertificate = must(
    issueRoleCertificate(identity, rootKey, request, { ...validity, powers: ['advise', 'vote', 'seal'] })
  )
  const nodeKey = generateKey(random.bytes(32))
  const nodeRequest = must(verifyNodeRequest(requestNode(identity.did, `${name} office`, nodeKey)))
  const nodeCertificate = must(issueNodeCertificate(identity, rootKey, nodeRequest, validity))
  const node = must(verifyNodeCertificate(nodeCertificate, identity))
  return { name, rootKey, identity, role, roleCertificate, nodeKey, nodeCertificate, node }
}

export function signerOf(key: SecretKey): Signer {
  return { publicKey: key.publicKey, sign: message => sign(key, message) }
}
