// Companies for simulations and tests, whose certificates begin with simulated time.
import type { SecretKey } from '../../src/identity/ed25519.ts'
import {
  type Company,
  createCompany as create,
  createNodeKey as createNode,
  createRoleKey as createRole
} from '../../src/sandbox/company.ts'
import { Random } from '../../src/sandbox/random.ts'

export { type Company, must, signerOf } from '../../src/sandbox/company.ts'

/** Simulated time begins here: 2026-01-01. */
export const EPOCH_MS = Date.UTC(2026, 0, 1)

/** `atMs`: when its certificates begin. */
export function createCompany(name: string, random: Random, atMs = EPOCH_MS): Company {
  return create(name, random, atMs)
}

export function createRoleKey(
  company: Parameters<typeof createRole>[0],
  random: Random,
  atMs = EPOCH_MS
): ReturnType<typeof createRole> {
  return createRole(company, random, atMs)
}

export function createNodeKey(
  company: Parameters<typeof createNode>[0],
  random: Random,
  atMs = EPOCH_MS
): ReturnType<typeof createNode> {
  return createNode(company, random, atMs)
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
