// Companies for simulations and tests: a root, a role holder's key and a node, all from a seed.
import {
  type Power,
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
import { Random } from './random.ts'

/** Simulated time begins here: 2026-01-01. */
export const EPOCH_MS = Date.UTC(2026, 0, 1)

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

/** `atMs`: when its certificates begin. */
export function createCompany(name: string, random: Random, atMs = EPOCH_MS): Company {
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
  const { key: role, certificate: roleCertificate } = createRoleKey({ name, rootKey, identity }, random, atMs)
  const company = { name, rootKey, nextRootKey: next, identity, role, roleCertificate }
  return { ...company, ...createNodeKey(company, random, atMs) }
}

/** One more holder of the role. */
export function createRoleKey(
  { name, rootKey, identity }: Pick<Company, 'name' | 'rootKey' | 'identity'>,
  random: Random,
  atMs = EPOCH_MS
): { key: SecretKey; certificate: Uint8Array } {
  const key = generateKey(random.bytes(32))
  const holder = { kind: 'human', name: `${name} CTO` } as const
  const request = must(verifyRoleRequest(requestRole(identity.did, 'CTO', holder, key)))
  const powers = { ...validityAt(atMs), powers: ['advise', 'vote', 'seal'] as Power[] }
  return { key, certificate: must(issueRoleCertificate(identity, rootKey, request, powers)) }
}

/** One more node of a company. */
export function createNodeKey(
  { name, rootKey, identity }: Pick<Company, 'name' | 'rootKey' | 'identity'>,
  random: Random,
  atMs = EPOCH_MS
): Pick<Company, 'nodeKey' | 'nodeCertificate' | 'node'> {
  const nodeKey = generateKey(random.bytes(32))
  const request = must(verifyNodeRequest(requestNode(identity.did, `${name} office`, nodeKey)))
  const nodeCertificate = must(issueNodeCertificate(identity, rootKey, request, validityAt(atMs)))
  return { nodeKey, nodeCertificate, node: must(verifyNodeCertificate(nodeCertificate, identity)) }
}

function validityAt(atMs: number): { validFrom: number; validUntil: number } {
  return { validFrom: atMs, validUntil: atMs + 80 * 86_400_000 }
}

/** A company with further role keys and a second node. */
export interface Staff {
  company: Company
  roles: { key: SecretKey; certificate: Uint8Array }[]
  second: Pick<Company, 'nodeKey' | 'nodeCertificate' | 'node'>
}

const pool: Staff[] = []

/** Always the same companies, made once: keys are dear, and no history hangs on them. */
export function staffNumbered(i: number): Staff {
  for (let n = pool.length; n <= i; n++) {
    const random = new Random(77_000 + n)
    const company = createCompany(`C${n}`, random)
    const roles = [0, 1].map(() => createRoleKey(company, random))
    pool.push({ company, roles, second: createNodeKey(company, random) })
  }
  return pool[i] as Staff
}

export function signerOf(key: SecretKey): Signer {
  return { publicKey: key.publicKey, sign: message => sign(key, message) }
}
