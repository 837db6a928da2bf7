// A second node of a company: a home of its own, certified with the root key that lies in the first, with a holder of
// its own.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Role, requestRole } from '../../src/identity/certificate.ts'
import { generateKey } from '../../src/identity/ed25519.ts'
import { installCertificate } from '../../src/node/home/certificates.ts'
import { certify, readRequest, validityFrom } from '../../src/node/home/company.ts'
import type { Config } from '../../src/node/home/config.ts'
import { homePaths } from '../../src/node/home/directory.ts'
import { addKey, keyPath, unlockRoot } from '../../src/node/home/keys.ts'
import { createHome, nodeRequestPath } from '../../src/node/home/setup.ts'
import { openHome, readIdentity } from '../../src/node/home/home.ts'

/** @returns the certificate of the second holder, in base64: the first has to pin it */
export async function createSecondHome(
  first: string,
  dir: string,
  config: Partial<Config>,
  role: Role = 'CTO'
): Promise<string> {
  const at = await openHome(first)
  const identity = await readIdentity(at)
  const log = readFileSync(homePaths(first).identity)
  const full = { apiPort: 0, ...config }
  const home = await createHome({
    dir,
    company: { log },
    nodeName: 'laptop',
    passphrase: undefined,
    config: full,
    timeMs: Date.now()
  })
  const root = await unlockRoot(at, undefined)
  const key = generateKey(randomBytes(32))
  await addKey(home, role, key, undefined, keyPath(home, role, key.publicKey))
  const holder = { kind: 'human', name: `second ${role}` } as const
  const grant = { powers: ['advise', 'vote', 'seal'] as const, ...validityFrom(Date.now()) }
  let certificate = ''
  for (const request of [readFileSync(nodeRequestPath(home)), requestRole(identity.did, role, holder, key)]) {
    const held = await certify(at, root, readRequest(request), { ...grant, powers: [...grant.powers] })
    await installCertificate(home, identity, held.bytes)
    if (held.kind === 'role') certificate = Buffer.from(held.bytes).toString('base64')
  }
  return certificate
}
