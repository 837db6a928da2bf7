// Companies with real homes on disk, for tests and the demo.
import { randomBytes } from 'node:crypto'
import { requestRole, type RoleRequest, verifyRoleRequest } from '../../src/identity/certificate.ts'
import { generateKey } from '../../src/identity/ed25519.ts'
import { certify, validityFrom } from '../../src/node/home-company.ts'
import { installCertificate } from '../../src/node/home-certificates.ts'
import type { Config } from '../../src/node/home-config.ts'
import { addKey, keyPath, loadKeys, unlockRoot } from '../../src/node/home-keys.ts'
import { createHome } from '../../src/node/home-setup.ts'
import { type Home, readIdentity } from '../../src/node/home.ts'

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
  const identity = await readIdentity(home)
  const root = await unlockRoot(home, undefined)
  const key = generateKey(randomBytes(32))
  const holder = { kind: 'human', name: `${legalName} CTO` } as const
  const request = verifyRoleRequest(requestRole(identity.did, 'CTO', holder, key)) as RoleRequest
  await addKey(home, 'CTO', key, undefined, keyPath(home, 'CTO', key.publicKey))
  const powers = ['advise', 'vote', 'seal'] as const
  const held = await certify(
    home,
    root,
    { kind: 'role', request },
    { ...validityFrom(timeMs), powers: [...powers] }
  )
  await installCertificate(home, identity, held.bytes)
  return home
}

export async function keysOf(home: Home) {
  return loadKeys(home, undefined)
}
