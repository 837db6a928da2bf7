import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openHome, readIdentity } from '../../../src/node/home/home.ts'
import { checkConfig, HOME_FORMAT, parseConfig } from '../../../src/node/home/config.ts'
import { homeDirectory, homePaths } from '../../../src/node/home/directory.ts'
import { createFile, readOwn, replaceFile } from '../../../src/node/home/file.ts'
import { createHome } from '../../../src/node/home/setup.ts'
import { acme, folder, NOW } from './homes.ts'

/** Every path below a directory. */
function tree(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).map(name => join(dir, name))
}

describe('a home on disk', () => {
  test('is open to its owner alone, in every file', async () => {
    const { dir } = await acme()
    expect(tree(dir).length).toBeGreaterThan(8)
    for (const path of [dir, ...tree(dir)]) expect(lstatSync(path).mode & 0o077, path).toBe(0)
  })

  test('opens with what it was made with', async () => {
    const { dir, config } = await acme({ config: { listen: [], apiPort: 0 } })
    expect(await openHome(dir)).toEqual({ dir, config })
    expect(config).toMatchObject({ listen: [], apiPort: 0, logLevel: 'info' })
    expect((await readIdentity({ dir, config })).legalName).toBe('Acme GmbH')
  })

  test('is refused when the directory, the settings, the identity or a key is open to others', async () => {
    const home = await acme()
    const { config, identity } = homePaths(home.dir)
    chmodSync(home.dir, 0o750)
    await expect(openHome(home.dir)).rejects.toMatchObject({
      code: 'home-permissions',
      next: `Close it: chmod 700 ${home.dir}`
    })
    chmodSync(home.dir, 0o700)
    chmodSync(config, 0o640)
    await expect(openHome(home.dir)).rejects.toMatchObject({ next: `Close it: chmod 600 ${config}` })
    chmodSync(config, 0o600)
    chmodSync(identity, 0o604)
    await expect(readIdentity(home)).rejects.toMatchObject({ code: 'home-permissions' })
  })

  test('is not read through a link', async () => {
    const home = await acme()
    const { identity } = homePaths(home.dir)
    renameSync(identity, `${identity}.real`)
    symlinkSync(`${identity}.real`, identity)
    await expect(readIdentity(home)).rejects.toMatchObject({ code: 'file-kind' })
  })

  test('is not made over another home, nor among other files, nor with a name that does not show', async () => {
    const { dir } = await acme()
    await expect(acme({ dir })).rejects.toMatchObject({ code: 'home-exists' })
    const other = folder()
    writeFileSync(join(other, 'thesis.txt'), 'mine')
    await expect(acme({ dir: other })).rejects.toMatchObject({ code: 'home-occupied' })
    expect(readdirSync(other)).toEqual(['thesis.txt'])
    const fresh = join(folder(), 'new')
    await expect(
      acme({ dir: fresh, company: { legalName: 'Acme\u202e', registrationNumber: '1' } })
    ).rejects.toMatchObject({
      code: 'name-refused'
    })
    expect(existsSync(fresh)).toBe(false)
  })

  test('that was not finished is no home', async () => {
    const { dir } = await acme()
    rmSync(homePaths(dir).config)
    await expect(openHome(dir)).rejects.toMatchObject({ code: 'home-absent' })
    await expect(acme({ dir })).rejects.toMatchObject({ code: 'home-occupied' })
  })

  test('with a changed identity log says how to go on', async () => {
    const home = await acme()
    const { identity } = homePaths(home.dir)
    const log = readFileSync(identity, 'utf8')
    writeFileSync(identity, log.replace('Acme GmbH', 'Acne GmbH'))
    await expect(readIdentity(home)).rejects.toMatchObject({ code: 'home-identity' })
    rmSync(identity)
    await expect(readIdentity(home)).rejects.toMatchObject({
      code: 'home-identity',
      message: `${identity} is missing`
    })
  })

  test('for one more node of a company holds a request and no root key', async () => {
    const first = await acme()
    const { log, did } = await readIdentity(first)
    const dir = join(folder(), 'laptop')
    const second = await createHome({
      dir,
      company: { log },
      nodeName: 'laptop',
      passphrase: undefined,
      timeMs: NOW
    })
    expect((await readIdentity(second)).did).toBe(did)
    expect(readdirSync(homePaths(dir).requests)).toEqual(['node.json'])
    expect(readdirSync(homePaths(dir).keys)).toEqual([expect.stringMatching(/^node-z6Mk/)])
  })
})

describe('files', () => {
  test('are never written where something is, be it a link to nowhere', async () => {
    const dir = folder()
    const path = join(dir, 'file')
    symlinkSync(join(dir, 'elsewhere'), path)
    await expect(createFile(path, new Uint8Array([1]))).rejects.toMatchObject({ code: 'file-exists' })
    expect(existsSync(join(dir, 'elsewhere'))).toBe(false)
  })

  test('are replaced whole, and a link is replaced and not followed', async () => {
    const dir = folder()
    const [path, target] = [join(dir, 'file'), join(dir, 'target')]
    writeFileSync(target, 'old', { mode: 0o600 })
    symlinkSync(target, path)
    await replaceFile(path, new Uint8Array([7]))
    expect(readFileSync(target, 'utf8')).toBe('old')
    expect([...((await readOwn(path, 10)) ?? [])]).toEqual([7])
    expect(readdirSync(dir).sort()).toEqual(['file', 'target'])
  })

  test('are read up to their bound, and folders are no files', async () => {
    const dir = folder()
    writeFileSync(join(dir, 'long'), 'x'.repeat(11), { mode: 0o600 })
    mkdirSync(join(dir, 'folder'), { mode: 0o700 })
    await expect(readOwn(join(dir, 'long'), 10)).rejects.toMatchObject({ code: 'file-size' })
    await expect(readOwn(join(dir, 'folder'), 10)).rejects.toMatchObject({ code: 'file-kind' })
    expect(await readOwn(join(dir, 'nothing'), 10)).toBeUndefined()
  })
})

describe('settings', () => {
  const wrong: [string, object][] = [
    ['apiPort', { apiPort: '4748' }],
    ['apiPort', { apiPort: 65_536 }],
    ['apiPort', { apiPort: 1.5 }],
    ['coalesceMs', { coalesceMs: -1 }],
    ['companyBytesPerDay', { companyBytesPerDay: 0 }],
    ['companyDocuments', { companyDocuments: 1.5 }],
    ['listen', { listen: '/ip4/0.0.0.0/tcp/1' }],
    ['listen.0', { listen: ['0.0.0.0:4747'] }],
    ['announce', { announce: Array(9).fill('/ip4/192.0.2.1/tcp/1') }],
    ['logLevel', { logLevel: 'loud' }],
    ['apiprt', { apiprt: 4748 }]
  ]
  test.each(wrong)('name the key that is wrong: %s', (key, value) => {
    expect(() => checkConfig({ format: HOME_FORMAT, ...value }, 'parley.json')).toThrow(
      expect.objectContaining({
        code: 'config-key',
        message: expect.stringContaining(`parley.json: ${key}: `)
      })
    )
  })

  test('are refused when they are not JSON, not an object, or of a newer format', () => {
    expect(() => parseConfig('{', 'p')).toThrow(expect.objectContaining({ code: 'config-syntax' }))
    expect(() => parseConfig('null', 'p')).toThrow(expect.objectContaining({ code: 'config-key' }))
    expect(() => parseConfig('{"format":3,"new":1}', 'p')).toThrow(
      expect.objectContaining({ code: 'config-format' })
    )
  })
})

test('the directory is the flag, else PARLEY_HOME, else the place of the platform', () => {
  expect(homeDirectory('/a', { PARLEY_HOME: '/b' })).toBe('/a')
  expect(homeDirectory(undefined, { PARLEY_HOME: '/b' })).toBe('/b')
  expect(homeDirectory(undefined, { PARLEY_HOME: '' })).toMatch(/parley/)
  expect(homeDirectory('a', {})).toBe(join(process.cwd(), 'a'))
})
