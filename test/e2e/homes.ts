// Companies with real homes on disk, for tests and the demo.
import { randomBytes } from 'node:crypto'
import {
  type Power,
  type Role,
  requestRole,
  type RoleRequest,
  verifyRoleRequest
} from '../../src/identity/certificate.ts'
import { generateKey } from '../../src/identity/ed25519.ts'
import { certify, validityFrom } from '../../src/node/home/company.ts'
import { installCertificate } from '../../src/node/home/certificates.ts'
import type { Config } from '../../src/node/home/config.ts'
import { addKey, keyPath, loadKeys, unlockRoot } from '../../src/node/home/keys.ts'
import { createHome } from '../../src/node/home/setup.ts'
import { type Home, readIdentity } from '../../src/node/home/home.ts'

/** A home with a root, a certified node and a CTO who may seal, all without a passphrase. */
export async function createCompanyHome(
  dir: string,
  legalName: string,
  config: Partial<Config> = {}
): Promise<Home> {
  const timeMs = Date.now()
  const home = await createHome({
    dir,
    company: { legalName, registrationNumber: `HRB ${legalName.length}` },
    nodeName: 'office',
    passphrase: undefined,
    config: { listen: ['/ip4/127.0.0.1/tcp/0'], apiPort: 0, ...config },
    timeMs
  })
  await addHolder(home, 'CTO', `${legalName} CTO`, ['advise', 'vote', 'seal'])
  return home
}

/** One more role key in a home, certified by its root, without a passphrase. */
export async function addHolder(home: Home, role: Role, name: string, powers: Power[]): Promise<void> {
  const identity = await readIdentity(home)
  const root = await unlockRoot(home, undefined)
  const key = generateKey(randomBytes(32))
  const holder = { kind: 'human', name } as const
  const request = verifyRoleRequest(requestRole(identity.did, role, holder, key)) as RoleRequest
  await addKey(home, role, key, undefined, keyPath(home, role, key.publicKey))
  const held = await certify(home, root, { kind: 'role', request }, { ...validityFrom(Date.now()), powers })
  await installCertificate(home, identity, held.bytes)
}

export async function keysOf(home: Home) {
  return loadKeys(home, undefined)
}
