// A company comes back from paper.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { generateKey } from '../../../src/identity/ed25519.ts'
import { nextKeyHash } from '../../../src/identity/webvh.ts'
import { readCertificates } from '../../../src/node/home/certificates.ts'
import { addIdentityEntry } from '../../../src/node/home/company.ts'
import { recoverHome } from '../../../src/node/home/recovery.ts'
import { type Home, readIdentity } from '../../../src/node/home/home.ts'
import { NOW, acme, folder, withRole } from './homes.ts'

const SEED = new Uint8Array(32).fill(77)
const paper = generateKey(SEED)

function rotate(home: Home, spare?: typeof paper.publicKey) {
  return addIdentityEntry(home, { change: {}, passphrase: undefined, timeMs: NOW, ...(spare && { spare }) })
}

function recover(log: Uint8Array, seed = SEED): Promise<Home> {
  const dir = join(folder(), 'again')
  return recoverHome({ dir, nodeName: 'office', passphrase: undefined, timeMs: NOW + 1_000 }, { seed, log })
}

test('[IDN-36] a sheet stays good while root keys change, until another one is made', async () => {
  const home = await acme()
  const hash = nextKeyHash(paper.publicKey)
  expect((await rotate(home, paper.publicKey)).nextKeyHashes).toContain(hash)
  expect((await rotate(home)).nextKeyHashes).toContain(hash)
  const later = generateKey(new Uint8Array(32).fill(78))
  const after = await rotate(home, later.publicKey)
  expect(after.nextKeyHashes).not.toContain(hash)
  expect(after.nextKeyHashes).toHaveLength(2)
  await expect(recover(after.log)).rejects.toMatchObject({ code: 'sheet-other' })
})

test('[IDN-36] the company comes back under its id; all that it had certified has ended', async () => {
  const home = await acme()
  await withRole(home, 'CTO', 1)
  const before = await rotate(home, paper.publicKey)
  const old = await readCertificates(home, before)
  const again = await recover(before.log)
  const after = await readIdentity(again)
  expect(after.did).toBe(before.did)
  expect(after.versions.size).toBe(before.versions.size + 1)
  for (const { rootKey } of before.versions.values()) expect(after.hasRevoked(rootKey)).toBe(true)
  const { held } = await readCertificates(again, after)
  expect(held.map(({ kind, revoked }) => [kind, revoked])).toEqual([['node', false]])
  // What the lost machine had counts for nothing, and its next root key can add nothing.
  const issuers = old.held.map(({ certificate }) => certificate.issuerKey)
  expect(issuers.every(key => after.hasRevoked(key))).toBe(true)
  expect(before.nextKeyHashes.some(hash => after.nextKeyHashes.includes(hash))).toBe(false)
})

test('[IDN-36] a sheet that was used, or is of another company, is told from a good one', async () => {
  const home = await acme()
  const before = await rotate(home, paper.publicKey)
  const again = await recover(before.log)
  const { log } = await readIdentity(again)
  await expect(recover(log)).rejects.toMatchObject({ code: 'sheet-other', message: /used before/ })
  const other = recover(before.log, new Uint8Array(32).fill(1))
  await expect(other).rejects.toMatchObject({ code: 'sheet-other', message: /does not know this sheet/ })
  await expect(recover(new Uint8Array(9))).rejects.toMatchObject({ code: 'identity-refused' })
})
