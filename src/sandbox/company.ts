// Made-up companies: a root, a role holder's key and a node, all from a seed. Their keys guard nothing.
import {
  type Power,
  type Role,
  issueNodeCertificate,
  issueRoleCertificate,
  requestNode,
  requestRole,
  verifyNodeCertificate,
  verifyNodeRequest,
  verifyRoleRequest
} from '../identity/certificate.ts'
import type { NodeCertificate } from '../identity/certificate.ts'
import type { CompanyIdentity } from '../identity/company-identity.ts'
import { type SecretKey, generateKey, sign } from '../identity/ed25519.ts'
import { createIdentity } from '../identity/identity-log.ts'
import { nextKeyHash } from '../identity/webvh.ts'
import type { Signer } from '../sync/desk.ts'
import { type Reject, isReject } from '../wire/reject.ts'
import type { Random } from './random.ts'

export interface Company {
  name: string
  rootKey: SecretKey
  /** Signs the next entry of the identity log. */
  nextRootKey: SecretKey
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
  return value
}

/** `atMs`: when its certificates begin; `role`: of the one who holds its role key. */
export function createCompany(name: string, random: Random, atMs: number, role: Role = 'CTO'): Company {
  const rootKey = generateKey(random.bytes(32))
  const next = generateKey(random.bytes(32))
  const identity = must(
    createIdentity({
      legalName: `${name} Ltd`,
      registrationNumber: `HRB ${random.below(100_000)}`,
      rootKey,
      nextKeyHashes: [nextKeyHash(next.publicKey)],
      timeMs: atMs
    })
  )
  const holder = createRoleKey({ name, rootKey, identity }, random, atMs, role)
  const keys = { role: holder.key, roleCertificate: holder.certificate }
  const company = { name, rootKey, nextRootKey: next, identity, ...keys }
  return { ...company, ...createNodeKey(company, random, atMs) }
}

/** One more holder of the role. */
export function createRoleKey(
  { name, rootKey, identity }: Pick<Company, 'name' | 'rootKey' | 'identity'>,
  random: Random,
  atMs: number,
  role: Role = 'CTO'
): { key: SecretKey; certificate: Uint8Array } {
  const key = generateKey(random.bytes(32))
  const holder = { kind: 'human', name: `${name} ${role}` } as const
  const request = must(verifyRoleRequest(requestRole(identity.did, role, holder, key)))
  const powers = { ...validityAt(atMs), powers: ['advise', 'vote', 'seal'] as Power[] }
  return { key, certificate: must(issueRoleCertificate(identity, rootKey, request, powers)) }
}

/** One more node of a company. */
export function createNodeKey(
  { name, rootKey, identity }: Pick<Company, 'name' | 'rootKey' | 'identity'>,
  random: Random,
  atMs: number
): Pick<Company, 'nodeKey' | 'nodeCertificate' | 'node'> {
  const nodeKey = generateKey(random.bytes(32))
  const request = must(verifyNodeRequest(requestNode(identity.did, `${name} office`, nodeKey)))
  const nodeCertificate = must(issueNodeCertificate(identity, rootKey, request, validityAt(atMs)))
  return { nodeKey, nodeCertificate, node: must(verifyNodeCertificate(nodeCertificate, identity)) }
}

function validityAt(atMs: number): { validFrom: number; validUntil: number } {
  return { validFrom: atMs, validUntil: atMs + 80 * 86_400_000 }
}

export function signerOf(key: SecretKey): Signer {
  return { publicKey: key.publicKey, sign: message => sign(key, message) }
}
