// Homes for tests: each in a folder that goes away with the test.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { requestRole, type Power, type Role } from '../../../src/identity/certificate.ts'
import { generateKey, type SecretKey } from '../../../src/identity/ed25519.ts'
import { sealKey } from '../../../src/identity/key-file.ts'
import { type Home, readIdentity } from '../../../src/node/home/home.ts'
import { certify, readRequest, validityFrom } from '../../../src/node/home/company.ts'
import { createFile } from '../../../src/node/home/file.ts'
import { addKey, keyPath, unlockRoot } from '../../../src/node/home/keys.ts'
import { createHome, type NewHome } from '../../../src/node/home/setup.ts'

export const NOW = Date.UTC(2026, 0, 31, 8)
/** The lowest work factor: what is tested is not the strength of scrypt. */
export const QUICK = 4

export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'parley-home-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export function acme(options: Partial<NewHome> = {}): Promise<Home> {
  return createHome({
    dir: join(folder(), 'acme'),
    company: { legalName: 'Acme GmbH', registrationNumber: 'HRB 12345' },
    nodeName: 'office',
    passphrase: undefined,
    timeMs: NOW,
    ...options
  })
}

/** A role key in the home, certified; sealed by a passphrase if one is given. */
export async function withRole(
  home: Home,
  role: Role,
  seed: number,
  passphrase?: string,
  powers: Power[] = ['advise', 'vote']
): Promise<SecretKey> {
  const key = generateKey(new Uint8Array(32).fill(seed))
  const { did } = await readIdentity(home)
  const request = readRequest(requestRole(did, role, { kind: 'human', name: `holder ${seed}` }, key))
  if (passphrase === undefined) await addKey(home, role, key, undefined)
  else await createFile(keyPath(home, role, key.publicKey), await sealKey(key, { passphrase }, QUICK))
  await certify(home, await unlockRoot(home, undefined), request, { powers, ...validityFrom(NOW) })
  return key
}
