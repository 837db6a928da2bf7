import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Encrypter } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import type { Home } from '../../../src/node/home/home.ts'
import { createBackup, encodePiece, isPieceName, type Piece } from '../../../src/node/home/backup.ts'
import { addIdentityEntry } from '../../../src/node/home/company.ts'
import { homePaths } from '../../../src/node/home/directory.ts'
import { loadKeys } from '../../../src/node/home/keys.ts'
import { restoreBackup } from '../../../src/node/home/restore.ts'
import { LevelStore } from '../../../src/store/level-store.ts'
import { concatBytes, utf8 } from '../../../src/wire/bytes.ts'
import { contents, FACET, put, run } from '../../store/samples.ts'
import { acme, folder, NOW, QUICK, withRole } from './homes.ts'

const PASSPHRASE = 'for the safe'
const MAGIC = 'parley-backup 1\n'
const quiet = () => undefined

/** What somebody else could have made who knows the passphrase. */
async function forged(pieces: Piece[], magic = MAGIC, tail = new Uint8Array(0)): Promise<string> {
  const encrypter = new Encrypter()
  encrypter.setPassphrase(PASSPHRASE)
  encrypter.setScryptWorkFactor(QUICK)
  const path = join(folder(), 'forged.age')
  writeFileSync(path, await encrypter.encrypt(concatBytes(utf8(magic), ...pieces.map(encodePiece), tail)))
  return path
}

async function filled(home: Home): Promise<{ incarnation: string; held: Map<string, string> }> {
  const store = await LevelStore.open(homePaths(home.dir).store)
  await store.write([...run(FACET, 7, 0, 300, true, 2000), put('contacts', 'a', 'b')], { sync: true })
  const held = await contents(store)
  await store.close()
  return { incarnation: store.incarnation, held }
}

function restore(path: string, dir: string, passphrase = PASSPHRASE): Promise<Home> {
  return restoreBackup(path, dir, passphrase, quiet)
}

describe('a backup', () => {
  test('brings everything back, and the store as a new incarnation', { timeout: 60_000 }, async () => {
    const home = await acme()
    await withRole(home, 'CTO', 1)
    const { incarnation, held } = await filled(home)
    const path = join(folder(), 'acme.age')
    const report = await createBackup(home, path, PASSPHRASE, quiet)
    expect(report).toMatchObject({ files: 10, storeBytes: expect.any(Number) })
    expect(report.storeBytes).toBeGreaterThan(600_000)

    const again = await restore(path, join(folder(), 'again'))
    expect(again.config).toEqual(home.config)
    expect((await loadKeys(again, undefined)).roles).toHaveLength(1)
    const store = await LevelStore.open(homePaths(again.dir).store)
    try {
      expect(await contents(store)).toEqual(held)
      expect(store.lanes(FACET)).toMatchObject([{ client: 7, own: true, next: 300 }])
      // A session leased under another incarnation is over: the restored node cannot contradict the first one.
      expect(store.incarnation).not.toBe(incarnation)
    } finally {
      await store.close()
    }
  })

  test('cut anywhere restores nothing', { timeout: 60_000 }, async () => {
    const home = await acme()
    const path = join(folder(), 'acme.age')
    await createBackup(home, path, PASSPHRASE, quiet)
    const { length } = readFileSync(path)
    for (const size of [length - 1, length - 600]) {
      truncateSync(path, size)
      const dir = join(folder(), 'again')
      await expect(restore(path, dir)).rejects.toMatchObject({ code: 'backup-damaged' })
      expect(existsSync(dir)).toBe(false)
    }
  })

  test('is not written over a file, nor while a node holds the store', { timeout: 60_000 }, async () => {
    const home = await acme()
    const path = join(folder(), 'acme.age')
    writeFileSync(path, 'precious')
    await expect(createBackup(home, path, PASSPHRASE, quiet)).rejects.toMatchObject({ code: 'file-exists' })
    expect(readFileSync(path, 'utf8')).toBe('precious')
    const store = await LevelStore.open(homePaths(home.dir).store)
    try {
      const other = join(folder(), 'other.age')
      await expect(createBackup(home, other, PASSPHRASE, quiet)).rejects.toMatchObject({
        code: 'store-locked'
      })
      expect(existsSync(other)).toBe(false)
    } finally {
      await store.close()
    }
  })
})

test('a backup during which the identity log changes is thrown away', { timeout: 60_000 }, async () => {
  const home = await acme()
  const path = join(folder(), 'acme.age')
  const snapshot = async function* () {
    yield new Uint8Array(1)
    await addIdentityEntry(home, { change: {}, passphrase: undefined, timeMs: NOW + 1000 })
  }
  await expect(createBackup(home, path, PASSPHRASE, quiet, snapshot())).rejects.toMatchObject({
    code: 'home-changed'
  })
  expect(existsSync(path)).toBe(false)
})

describe('a restore', () => {
  const config: Piece = { name: 'parley.json', bytes: utf8('{"format":1}') }

  test('writes only what a home is made of', () => {
    const outside = [
      '../evil',
      'keys/../../evil.age',
      '/etc/cron.d/evil',
      'keys/',
      'keys/.age',
      'keys/a/b.age',
      'keys\\..\\evil.age',
      'store/format',
      'api.json',
      'keys/a.age\0.json',
      'KEYS/a.age',
      ''
    ]
    for (const name of outside) expect(isPieceName(name), name).toBe(false)
    for (const name of ['parley.json', 'keys/CTO-z6MkTest.age', 'store'])
      expect(isPieceName(name), name).toBe(true)
  })

  test.each(['../evil', 'keys/../../evil.age', '/tmp/evil.age', 'other.json'])(
    'refuses the name %s',
    async name => {
      const path = await forged([config, { name, bytes: utf8('x') }])
      const dir = join(folder(), 'again')
      await expect(restore(path, dir)).rejects.toMatchObject({ code: 'backup-name' })
      expect(existsSync(dir)).toBe(false)
      expect(existsSync(join(dir, '..', 'evil'))).toBe(false)
    }
  )

  const bad: [string, string, () => Promise<string>][] = [
    ['of a newer version', 'backup-format', () => forged([config], 'parley-backup 3\n')],
    ['of something else', 'backup-format', () => forged([config], '# a text of mine\n')],
    ['without settings', 'backup-damaged', () => forged([])],
    ['with wrong settings', 'config-key', () => forged([{ ...config, bytes: utf8('{"format":1,"x":1}') }])],
    ['without an identity', 'home-identity', () => forged([config])],
    [
      'with a piece twice',
      'file-exists',
      () =>
        forged([
          { name: 'unlock.key', bytes: utf8('a') },
          { name: 'unlock.key', bytes: utf8('b') }
        ])
    ],
    ['with half a piece', 'backup-damaged', () => forged([config], MAGIC, new Uint8Array([0, 0, 0, 9, 1]))],
    [
      'with a giant piece',
      'backup-damaged',
      () => forged([config], MAGIC, new Uint8Array([255, 255, 255, 255]))
    ],
    [
      'with a damaged store',
      'backup-damaged',
      () => forged([config, { name: 'store', bytes: utf8('parley-snapshot 1\nxxxxxxxxxxxx') }])
    ],
    [
      'with a file after the store',
      'backup-damaged',
      () => forged([{ name: 'store', bytes: utf8('p') }, config])
    ]
  ]
  test.each(bad)('refuses a backup %s', async (_, code, make) => {
    const dir = folder()
    await expect(restore(await make(), dir)).rejects.toMatchObject({ code })
    expect(readdirSync(dir)).toEqual([])
  })

  test('tells a wrong passphrase from what is no backup', async () => {
    const path = await forged([config])
    await expect(restore(path, folder(), 'another')).rejects.toMatchObject({ code: 'passphrase-wrong' })
    const text = join(folder(), 'text')
    writeFileSync(text, 'hello')
    await expect(restore(text, folder())).rejects.toMatchObject({ code: 'backup-damaged' })
    await expect(restore(join(folder(), 'none'), folder())).rejects.toMatchObject({ code: 'file-absent' })
  })

  test('never touches a directory that holds anything', async () => {
    const dir = folder()
    mkdirSync(join(dir, 'keys'))
    await expect(restore(await forged([config]), dir)).rejects.toMatchObject({ code: 'home-occupied' })
    expect(readdirSync(dir)).toEqual(['keys'])
  })
})
