// What opens a home: passphrases and key files, changed and lost.
import { chmodSync, cpSync, existsSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDataKeys, sealDataKeys } from '../../../src/identity/key-file.ts'
import { createBackup } from '../../../src/node/home/backup.ts'
import { changeLock } from '../../../src/node/home/lock.ts'
import { loadDataKeys, loadKeys, needsPassphrase } from '../../../src/node/home/keys.ts'
import { openHomeStore } from '../../../src/node/home/store.ts'
import { restoreBackup } from '../../../src/node/home/restore.ts'
import { type Home, openHome } from '../../../src/node/home/home.ts'
import { LevelStore } from '../../../src/store/level-store.ts'
import { acme, folder, QUICK, withRole } from './homes.ts'

const open = (dir: string) => LevelStore.open(dir)

function keyFileOf(home: Home, to: string): Home {
  renameSync(join(home.dir, 'unlock.key'), to)
  return { ...home, keyFile: to }
}

test('[IDN-33] the data key has a file of its own, which opens by its lock only and is told from damage', async () => {
  const keys = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
  const lock = { passphrase: 'right' }
  const file = await sealDataKeys(keys, lock, QUICK)
  expect(await openDataKeys(file, lock)).toEqual(keys)
  expect(await openDataKeys(file, { passphrase: 'wrong' })).toMatchObject({ code: 'key-passphrase' })
  expect(await openDataKeys(file.subarray(0, -1), lock)).toMatchObject({ code: 'key-file' })
  for (const wrong of [[], [new Uint8Array(31)], [...keys, new Uint8Array(32)]])
    expect(await openDataKeys(await sealDataKeys(wrong, lock, QUICK), lock)).toMatchObject({
      code: 'key-file'
    })
})

test('[STO-30] a home has a data key from the beginning, no two the same', async () => {
  const [one, other] = await Promise.all([acme(), acme()])
  const keys = [await loadDataKeys(one, undefined), await loadDataKeys(other, undefined)]
  expect(keys.map(list => list.map(key => key.length))).toEqual([[32], [32]])
  expect(keys[0]).not.toEqual(keys[1])
  expect((await loadKeys(one, undefined)).data).toEqual(keys[0])
  const file = readFileSync(join(one.dir, 'data.age'))
  expect(file.subarray(0, 21).toString()).toBe('age-encryption.org/v1')
})

test('[IDN-33] the unlock key may be anywhere, reached by a link and open to a group, and is then not in the home', async () => {
  const home = await acme()
  const keyFile = join(folder(), 'parley.key')
  const elsewhere = keyFileOf(home, keyFile)
  await expect(loadKeys(home, undefined)).rejects.toMatchObject({ code: 'key-missing' })
  expect((await loadKeys(elsewhere, undefined)).data).toHaveLength(1)
  chmodSync(keyFile, 0o440)
  const link = join(folder(), 'link')
  symlinkSync(keyFile, link)
  expect((await loadKeys({ ...home, keyFile: link }, undefined)).data).toHaveLength(1)
  const made = await acme({ keyFile: join(folder(), 'made.key') })
  expect(existsSync(join(made.dir, 'unlock.key'))).toBe(false)
  expect((await loadKeys(made, undefined)).data).toHaveLength(1)
})

test('[STO-33] a lost data key, a lost or another key file and a wrong passphrase are told apart, and nothing changes', async () => {
  const home = await acme()
  const keyFile = join(folder(), 'parley.key')
  const elsewhere = keyFileOf(home, keyFile)
  const refuses = async (at: Home, code: string, next: string) => {
    const before = readFileSync(join(home.dir, 'parley.json'))
    await expect(loadKeys(at, undefined)).rejects.toMatchObject({
      code,
      next: expect.stringContaining(next) as string
    })
    expect(readFileSync(join(home.dir, 'parley.json'))).toEqual(before)
  }
  await refuses({ ...home, keyFile: join(folder(), 'none') }, 'key-missing', 'Put it back')
  const other = keyFileOf(await acme(), join(folder(), 'other.key')).keyFile as string
  await refuses({ ...home, keyFile: other }, 'key-damaged', 'backup')
  writeFileSync(other, 'no key\n')
  await refuses({ ...home, keyFile: other }, 'key-damaged', 'Put it back')
  const kept = join(folder(), 'data.age')
  renameSync(join(home.dir, 'data.age'), kept)
  await refuses(elsewhere, 'data-key-missing', 'backup')
  cpSync(kept, join(home.dir, 'data.age'))
  expect((await loadKeys(elsewhere, undefined)).data).toHaveLength(1)
})

test('[STO-33] the data key of another home does not open the store, and makes no new one', async () => {
  const home = await acme()
  const keys = await loadKeys(home, undefined)
  const first = await openHomeStore(home, keys, open)
  await first.store.write([{ kind: 'put', table: 'invite', key: 'a', bytes: new Uint8Array(1) }], {
    sync: true
  })
  await first.store.close()
  const { data } = await loadKeys(await acme(), undefined)
  await expect(openHomeStore(home, { ...keys, data }, open)).rejects.toMatchObject({ code: 'data-key-other' })
  const again = await openHomeStore(home, keys, open)
  expect(await again.store.get('invite', 'a')).toEqual(new Uint8Array(1))
  await again.store.close()
})

test('[STO-34] another lock: every key file that the old one opens has the new one, and the old one opens none', async () => {
  const home = await acme()
  await withRole(home, 'CTO', 1)
  await withRole(home, 'CFO', 2, 'of the CFO')
  const before = await loadKeys(home, undefined)
  const keyFile = join(folder(), 'parley.key')
  const report = await changeLock(home, undefined, { passphrase: undefined, keyFile }, [])
  expect(report.changed).toHaveLength(5)
  expect(report.other).toEqual([expect.stringMatching(/^CFO-/)])
  expect(report.kept).toBeUndefined()
  expect(existsSync(join(home.dir, 'unlock.key'))).toBe(false)
  await expect(loadKeys(home, undefined)).rejects.toMatchObject({ code: 'key-missing' })
  const moved = await openHome(home.dir, keyFile)
  expect((await loadKeys(moved, undefined)).data).toEqual(before.data)
  expect((await loadKeys(moved, undefined)).roles).toHaveLength(1)
})

test('[STO-34] interrupted, the change of a lock is run again with the same two', async () => {
  const home = await acme()
  const keyFile = join(folder(), 'parley.key')
  const copy = join(folder(), 'copy')
  cpSync(home.dir, copy, { recursive: true })
  await changeLock(home, undefined, { passphrase: undefined, keyFile }, [])
  // As if only the first file had been replaced.
  cpSync(join(home.dir, 'data.age'), join(copy, 'data.age'))
  const half: Home = { ...home, dir: copy }
  await expect(loadKeys(half, undefined)).rejects.toMatchObject({ code: 'key-damaged' })
  await changeLock(half, undefined, { passphrase: undefined, keyFile }, [])
  expect((await loadKeys({ ...half, keyFile }, undefined)).data).toHaveLength(1)
})

test('[STO-34] an unlock key that a root key elsewhere may need stays, unless that file is given', async () => {
  const root = join(folder(), 'root.age')
  const company = { legalName: 'Acme GmbH', registrationNumber: '1', rootKeyPath: root }
  const [one, other] = [await acme({ company }), await acme()]
  const keyFile = join(folder(), 'parley.key')
  const to = { passphrase: undefined, keyFile }
  expect((await changeLock(one, undefined, to, [])).kept).toBe(join(one.dir, 'unlock.key'))
  expect((await changeLock(one, undefined, to, [root])).kept).toBeUndefined()
  expect((await changeLock(other, undefined, to, [])).kept).toBeUndefined()
})

test('[STO-34] a backup holds the data key as it is: the restored home opens by the lock of the home', async () => {
  const home = await acme()
  const keys = await loadKeys(home, undefined)
  const elsewhere = keyFileOf(home, join(folder(), 'parley.key'))
  const opened = await openHomeStore(elsewhere, keys, open)
  await opened.store.write([{ kind: 'put', table: 'invite', key: 'a', bytes: new Uint8Array(1) }], {
    sync: true
  })
  await opened.store.close()
  const path = join(folder(), 'acme.age')
  await createBackup(elsewhere, path, 'for the safe', () => undefined)
  const again = join(folder(), 'again')
  const restored = await restoreBackup(path, again, 'for the safe', () => undefined)
  expect(readFileSync(join(again, 'data.age'))).toEqual(readFileSync(join(home.dir, 'data.age')))
  expect(await needsPassphrase(join(again, 'data.age'))).toBe(false)
  await expect(loadKeys(restored, undefined)).rejects.toMatchObject({ code: 'key-missing' })
  const { store } = await openHomeStore(restored, await loadKeys({ ...restored, keyFile: elsewhere.keyFile as string }, undefined), open) // prettier-ignore
  expect(await store.get('invite', 'a')).toEqual(new Uint8Array(1))
  await store.close()
})
