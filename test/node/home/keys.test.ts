import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isRevoked, verifyNodeCertificate, verifyRoleCertificate } from '../../../src/identity/certificate.ts'
import { generateKey, type PublicKey } from '../../../src/identity/ed25519.ts'
import { sealKey } from '../../../src/identity/key-file.ts'
import { type Home, readIdentity } from '../../../src/node/home/home.ts'
import { readCertificates } from '../../../src/node/home/certificates.ts'
import {
  addIdentityEntry,
  certify,
  readRequest,
  replaceIdentity,
  validityFrom
} from '../../../src/node/home/company.ts'
import { homePaths } from '../../../src/node/home/directory.ts'
import { createFile } from '../../../src/node/home/file.ts'
import { keyPath, loadKeys, unlockRoot } from '../../../src/node/home/keys.ts'
import { createHome, nodeRequestPath } from '../../../src/node/home/setup.ts'
import { isReject } from '../../../src/wire/reject.ts'
import { acme, folder, NOW, QUICK, withRole } from './homes.ts'

function rootFiles(home: Home): string[] {
  return readdirSync(homePaths(home.dir).keys).filter(name => name.startsWith('root-'))
}

function entry(home: Home, change = {}, more = {}) {
  return addIdentityEntry(home, { change, passphrase: undefined, timeMs: NOW + 1000, ...more })
}

describe('what a node starts with', () => {
  test('is its own key and every certified role, each with a certificate that verifies', async () => {
    const home = await acme()
    const cto = await withRole(home, 'CTO', 1)
    const cfo = await withRole(home, 'CFO', 2)
    const { identity, node, roles, locked } = await loadKeys(home, undefined)
    expect(isReject(verifyNodeCertificate(node.certificate, identity))).toBe(false)
    expect(roles.map(role => role.key.publicKey.multikey).sort()).toEqual(
      [cto, cfo].map(key => key.publicKey.multikey).sort()
    )
    for (const role of roles) {
      const certificate = verifyRoleCertificate(role.certificate, identity)
      expect(certificate).toMatchObject({ key: role.key.publicKey })
    }
    expect(locked).toEqual([])
  })

  test('leaves a role locked that needs a passphrase, and opens it with it', async () => {
    const home = await acme()
    await withRole(home, 'CTO', 1, 'open sesame')
    await withRole(home, 'CFO', 2)
    expect(await loadKeys(home, undefined)).toMatchObject({ roles: [{}], locked: ['CTO'] })
    expect(await loadKeys(home, 'open sesame')).toMatchObject({ roles: [{}, {}], locked: [] })
  })

  test('opens what the passphrase fits and leaves the rest locked; one that fits nothing is wrong', async () => {
    const home = await acme()
    await withRole(home, 'CTO', 1, 'of the CTO')
    await withRole(home, 'CFO', 2, 'of the CFO')
    expect(await loadKeys(home, 'of the CFO')).toMatchObject({ roles: [{}], locked: ['CTO'] })
    await expect(loadKeys(home, 'of nobody')).rejects.toMatchObject({ code: 'passphrase-wrong' })
  })

  test('is refused where the node itself needs a passphrase and has none, or the wrong one', async () => {
    const home = await acme()
    const { node } = await loadKeys(home, undefined)
    const path = keyPath(home, 'node', node.key.publicKey)
    rmSync(path)
    await createFile(path, await sealKey(node.key, { passphrase: 'right' }, QUICK))
    await expect(loadKeys(home, undefined)).rejects.toMatchObject({ code: 'passphrase-needed' })
    await expect(loadKeys(home, 'wrong')).rejects.toMatchObject({ code: 'passphrase-wrong' })
    expect((await loadKeys(home, 'right')).node.key.publicKey).toBe(node.key.publicKey)
  })

  test('is refused with a role key of which one bit is wrong, wherever it is: the role is not locked but damaged', async () => {
    const home = await acme()
    const path = keyPath(home, 'CTO', (await withRole(home, 'CTO', 1)).publicKey)
    const bytes = readFileSync(path)
    // The second line holds what the unlock key is compared with, the last one the key itself.
    for (const at of [bytes.indexOf('X25519') + 12, bytes.length - 2]) {
      const damaged = Uint8Array.from(bytes)
      damaged[at] = (damaged[at] as number) ^ 1
      writeFileSync(path, damaged)
      await expect(loadKeys(home, undefined)).rejects.toMatchObject({ code: 'key-damaged' })
    }
  })

  test('is refused with a damaged key, an open one, and without the unlock key', async () => {
    const home = await acme()
    const { node } = await loadKeys(home, undefined)
    const path = keyPath(home, 'node', node.key.publicKey)
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.subarray(0, -3))
    await expect(loadKeys(home, undefined)).rejects.toMatchObject({ code: 'key-damaged' })
    writeFileSync(path, bytes)
    chmodSync(path, 0o640)
    await expect(loadKeys(home, undefined)).rejects.toMatchObject({ code: 'home-permissions' })
    chmodSync(path, 0o600)
    rmSync(homePaths(home.dir).unlockKey)
    await expect(loadKeys(home, undefined)).rejects.toMatchObject({ code: 'key-missing' })
  })

  test('takes no key whose certificate is revoked, forged or missing', async () => {
    const home = await acme()
    const cto = await withRole(home, 'CTO', 1)
    const cfo = await withRole(home, 'CFO', 2)
    await withRole(home, 'CEO', 3)
    await entry(home, { revoke: [cto.publicKey] })
    const forged = join(homePaths(home.dir).certificates, `CFO-${cfo.publicKey.multikey}.json`)
    writeFileSync(forged, readFileSync(forged, 'utf8').replace(/"sig":"../, '"sig":"AA'))
    const { roles, identity } = await loadKeys(home, undefined)
    expect(roles).toHaveLength(1)
    const { held, bad } = await readCertificates(home, identity)
    expect(held.filter(({ revoked }) => revoked)).toHaveLength(1)
    expect(bad).toMatchObject([{ path: forged }])
  })

  test('needs a certificate for the node, and has it once the root gave one', async () => {
    const first = await acme()
    const { log } = await readIdentity(first)
    const dir = join(folder(), 'laptop')
    const laptop = await createHome({
      dir,
      company: { log },
      nodeName: 'laptop',
      passphrase: undefined,
      timeMs: NOW
    })
    await expect(loadKeys(laptop, undefined)).rejects.toMatchObject({ code: 'certificate-missing' })
    const request = readRequest(readFileSync(nodeRequestPath(laptop)))
    const root = await unlockRoot(first, undefined)
    const held = await certify(first, root, request, { powers: [], ...validityFrom(NOW) })
    const name = `node-${held.certificate.key.multikey}.json`
    await createFile(join(homePaths(dir).certificates, name), held.bytes)
    expect((await loadKeys(laptop, undefined)).node.key.publicKey).toBe(held.certificate.key)
  })
})

describe('the root key', () => {
  test('changes with each entry: the committed one signs, another follows, the spent one goes', async () => {
    const home = await acme()
    const before = await readIdentity(home)
    const [spent, files] = [before.rootKeyAt(before.head) as PublicKey, rootFiles(home)]
    const after = await entry(home, { legalName: 'Acme AG' })
    expect(after.legalName).toBe('Acme AG')
    expect((await readIdentity(home)).head).toBe(after.head)
    expect((await unlockRoot(home, undefined)).publicKey).toBe(after.rootKeyAt(after.head))
    expect(rootFiles(home)).toHaveLength(2)
    expect(rootFiles(home).filter(name => files.includes(name))).toHaveLength(1)
    expect(rootFiles(home).some(name => name.includes(spent.multikey))).toBe(false)
    await entry(home)
    expect((await readIdentity(home)).versions.size).toBe(3)
  })

  test('survives an entry that is refused: the company can still go on', async () => {
    const home = await acme()
    const files = rootFiles(home)
    await expect(entry(home, { legalName: ' padded' })).rejects.toMatchObject({ code: 'identity-refused' })
    expect(rootFiles(home)).toEqual(files)
    expect((await entry(home)).versions.size).toBe(2)
  })

  test('survives a crash between its steps: an extra key does no harm', async () => {
    const home = await acme()
    const extra = generateKey(new Uint8Array(32).fill(9))
    await createFile(keyPath(home, 'root', extra.publicKey), await sealKey(extra, { passphrase: 'x' }, QUICK))
    expect((await entry(home)).versions.size).toBe(2)
  })

  test('can live elsewhere, and another file is not taken for it', async () => {
    const stick = folder()
    const [rootKeyPath, nextKeyPath] = [join(stick, 'root.age'), join(stick, 'next.age')]
    const names = { legalName: 'Acme GmbH', registrationNumber: '1' }
    const home = await acme({ company: { ...names, rootKeyPath, nextKeyPath } })
    expect(rootFiles(home)).toEqual([])
    await expect(unlockRoot(home, undefined)).rejects.toMatchObject({ code: 'key-missing' })
    await expect(unlockRoot(home, undefined, nextKeyPath)).rejects.toMatchObject({ code: 'key-other' })
    expect((await unlockRoot(home, undefined, rootKeyPath)).seed).toHaveLength(32)
    await expect(entry(home)).rejects.toMatchObject({ code: 'key-missing' })
    await expect(entry(home, {}, { nextKeyPath: rootKeyPath })).rejects.toMatchObject({ code: 'key-other' })
    const newKeyPath = join(stick, 'third.age')
    expect((await entry(home, {}, { nextKeyPath, newKeyPath })).versions.size).toBe(2)
    expect(rootFiles(home)).toEqual([])
  })

  test('revoked as stolen ends the certificates that it gave', async () => {
    const home = await acme()
    const before = await readIdentity(home)
    await withRole(home, 'CTO', 1)
    await entry(home, { revoke: [before.rootKeyAt(before.head) as PublicKey] })
    const identity = await readIdentity(home)
    const { held } = await readCertificates(home, identity)
    expect(held.map(({ certificate }) => isRevoked(certificate, identity))).toEqual([true, true])
    await expect(loadKeys(home, undefined)).rejects.toMatchObject({ code: 'certificate-missing' })
  })
})

describe('an identity log that is brought as a file', () => {
  test('is taken when it goes on from ours, and only then', async () => {
    const root = await acme()
    const { log: first } = await readIdentity(root)
    const dir = join(folder(), 'laptop')
    const laptop = await createHome({
      dir,
      company: { log: first },
      nodeName: 'laptop',
      passphrase: undefined,
      timeMs: NOW
    })
    const { log: second } = await entry(root)
    expect((await replaceIdentity(laptop, second)).versions.size).toBe(2)
    expect((await readIdentity(laptop)).versions.size).toBe(2)
    await expect(replaceIdentity(laptop, first)).rejects.toMatchObject({ code: 'identity-older' })
    const { log: strange } = await readIdentity(await acme())
    await expect(replaceIdentity(laptop, strange)).rejects.toMatchObject({ code: 'identity-refused' })
    await expect(replaceIdentity(laptop, second.subarray(0, -1))).rejects.toMatchObject({
      code: 'identity-refused'
    })
  })

  test('that contradicts ours is a fork, and changes nothing', async () => {
    const root = await acme()
    const { log } = await readIdentity(root)
    const keys = homePaths(root.dir).keys
    const saved = readdirSync(keys).map(name => [join(keys, name), readFileSync(join(keys, name))] as const)
    const one = await entry(root, { legalName: 'Acme One' })
    for (const [path, bytes] of saved) writeFileSync(path, bytes, { mode: 0o600 })
    writeFileSync(homePaths(root.dir).identity, log)
    const two = await entry(root, { legalName: 'Acme Two' })
    await expect(replaceIdentity(root, one.log)).rejects.toMatchObject({ code: 'identity-fork' })
    expect((await readIdentity(root)).head).toBe(two.head)
  })
})
