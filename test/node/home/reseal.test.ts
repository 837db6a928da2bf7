// A home is sealed anew, or for the first time: nothing is lost, whatever step was the last.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Finding, doctor } from '../../../src/cli/actions/doctor.ts'
import type { Cli } from '../../../src/cli/cli.ts'
import { sealKey } from '../../../src/identity/key-file.ts'
import { restoreBackup } from '../../../src/node/home/restore.ts'
import { resealHome } from '../../../src/node/home/reseal.ts'
import {
  keyFiles,
  loadDataKeys,
  loadKeys,
  openKeyFile,
  replaceDataKeys
} from '../../../src/node/home/keys.ts'
import { openHomeStore } from '../../../src/node/home/store.ts'
import { type Home, openHome } from '../../../src/node/home/home.ts'
import { exchangeStores } from '../../../src/node/home/store-exchange.ts'
import { LevelStore } from '../../../src/store/level-store.ts'
import { SealedStore } from '../../../src/store/sealed-store.ts'
import type { Operation } from '../../../src/store/store.ts'
import { toHex } from '../../../src/wire/bytes.ts'
import { NodeError } from '../../../src/wire/node-error.ts'
import { encodeFacetGenesis, facetId } from '../../../src/wire/genesis.ts'
import { createCompanyHome } from '../../e2e/homes.ts'
import { contents, envelope, put, run } from '../../store/samples.ts'
import { folder, QUICK } from './homes.ts'

const PASSPHRASE = 'for the safe'
const SYNC = { sync: true }

function facet(dataClass: 'private' | 'public'): { id: string; born: Operation } {
  const bytes = encodeFacetGenesis({
    space: new Uint8Array(32),
    artifact: new Uint8Array(16),
    kind: 'StandardsDoc.v1',
    class: dataClass,
    owner: 0,
    nonce: new Uint8Array(16).fill(dataClass.length)
  })
  const id = toHex(facetId(bytes))
  return { id, born: { kind: 'put', table: 'facet', key: id, bytes } }
}

const PRIVATE = facet('private')
const PUBLIC = facet('public')
const FILL = [
  PRIVATE.born,
  PUBLIC.born,
  ...run(PRIVATE.id, 7, 0, 100, true),
  ...run(PUBLIC.id, 7, 0, 100),
  put('sessions', 'a', 'b')
]

/** `older`: as the version before left it, with nothing sealed. */
async function home(older: boolean): Promise<Home> {
  const made = await createCompanyHome(join(folder(), 'acme'), 'Acme')
  const stored = await LevelStore.open(join(made.dir, 'store'))
  const store = older ? stored : await SealedStore.open(stored, await loadDataKeys(made, undefined))
  await store.write(FILL, SYNC)
  await store.close()
  if (!older) return made
  rmSync(join(made.dir, 'data.age'))
  const config = join(made.dir, 'parley.json')
  writeFileSync(config, readFileSync(config, 'utf8').replace('"format": 2', '"format": 1'))
  return made
}

function reseal(dir: string, path: string, passphrase?: string) {
  const backup = { path, passphrase: PASSPHRASE, workFactor: QUICK }
  return resealHome({ dir, keyFile: undefined, passphrase, backup, progress: () => undefined })
}

/** As a start opens it. */
async function held(dir: string): Promise<Map<string, string>> {
  const opened = await openHome(dir)
  const { store } = await openHomeStore(opened, await loadKeys(opened, undefined), at => LevelStore.open(at))
  try {
    expect(store.missing()).toEqual([])
    return await contents(store)
  } finally {
    await store.close()
  }
}

async function expected(): Promise<Map<string, string>> {
  const made = await home(false)
  return held(made.dir)
}

function shows(dir: string, bytes: Uint8Array): boolean {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map(name => join(dir, name))
    .some(path => statSync(path).isFile() && readFileSync(path).includes(Buffer.from(bytes)))
}

const { body: WORDS = new Uint8Array(0) } = envelope(PRIVATE.id, 7, 50)

it('[STO-35] a home of the version before is refused, then brought over, after a backup that still opens as it was', async () => {
  const { dir } = await home(true)
  const backup = join(folder(), 'before.age')
  await expect(openHome(dir)).rejects.toMatchObject({
    code: 'home-older',
    next: expect.stringContaining('parley reseal') as string
  })
  expect(shows(dir, WORDS)).toBe(true)
  mkdirSync(join(dir, 'store', 'suspect-1'))
  expect(await reseal(dir, backup)).toMatchObject({ envelopes: 200 })
  expect(await held(dir)).toEqual(await expected())
  expect(shows(dir, WORDS)).toBe(false)
  expect(readdirSync(dir).filter(name => name.startsWith('store'))).toEqual(['store', 'store.made'])
  expect(existsSync(join(dir, 'store', 'suspect-1'))).toBe(false)
  const restored = join(folder(), 'again')
  await restoreBackup(backup, restored, PASSPHRASE, () => undefined)
  await expect(openHome(restored)).rejects.toMatchObject({ code: 'home-older' })
  await reseal(restored, join(folder(), 'again.age'))
  expect(await held(restored)).toEqual(await expected())
})

it('[STO-35] a home gets another data key: the old one opens nothing of it, and nothing else changes', async () => {
  const { dir } = await home(false)
  const [before] = await loadDataKeys(await openHome(dir), undefined)
  await reseal(dir, join(folder(), 'before.age'))
  const keys = await loadDataKeys(await openHome(dir), undefined)
  expect(keys).toHaveLength(1)
  expect(keys[0]).not.toEqual(before)
  expect(await held(dir)).toEqual(await expected())
  const stored = await LevelStore.open(join(dir, 'store'))
  await expect(SealedStore.open(stored, [before!])).rejects.toMatchObject({ code: 'data-key-other' })
  await stored.close()
})

it(
  '[STO-35] interrupted at any step, the home starts or can be sealed again, and holds everything',
  { timeout: 240_000 },
  async () => {
    for (const older of [true, false]) {
      const { dir } = await home(older)
      const [before, after] = [join(folder(), 'before'), join(folder(), 'after')]
      cpSync(dir, before, { recursive: true })
      await reseal(dir, join(folder(), 'a.age'))
      cpSync(dir, after, { recursive: true })
      const steps: [name: string, set: (at: string) => void][] = [
        [
          'while it was copied',
          at => cpSync(join(after, 'store', 'db'), join(at, 'store.new', 'db'), { recursive: true })
        ],
        ['between the two', at => (move(at, 'store', 'store.old'), place(at, 'store.new'))],
        ['before the old one went', at => (move(at, 'store', 'store.old'), place(at, 'store'))]
      ]
      const move = (at: string, from: string, to: string) => renameSync(join(at, from), join(at, to))
      const place = (at: string, to: string) =>
        cpSync(join(after, 'store'), join(at, to), { recursive: true })
      const [fresh] = await loadDataKeys(await openHome(after), undefined)
      for (const [name, set] of steps) {
        const at = join(folder(), 'home')
        cpSync(before, at, { recursive: true })
        set(at)
        if (older) cpSync(join(after, 'data.age'), join(at, 'data.age'))
        else {
          const opened = await openHome(at)
          await replaceDataKeys(opened, [...(await loadDataKeys(opened, undefined)), fresh!], undefined)
          expect([name, await held(at)]).toEqual([name, await expected()])
        }
        await reseal(at, join(folder(), 'b.age'))
        expect([name, await held(at)]).toEqual([name, await expected()])
        expect(shows(at, WORDS)).toBe(false)
      }
    }
  }
)

it('[STO-35] nothing is exchanged while a node runs, or while something is missing', async () => {
  const { dir } = await home(false)
  const stored = await LevelStore.open(join(dir, 'store'))
  await expect(reseal(dir, join(folder(), 'a.age'))).rejects.toMatchObject({ code: 'store-locked' })
  stored.lose(stored.facets()[0]!, 7, 3)
  await stored.close()
  const refused = { code: 'records-missing' }
  await expect(reseal(dir, join(folder(), 'b.age'))).rejects.toMatchObject(refused)
})

/** The folder as `reseal` has it when it begins to exchange: a copy beside the store. */
async function copied(): Promise<{ dir: string; source: LevelStore; start: () => Promise<unknown> }> {
  const { dir } = await home(false)
  cpSync(join(dir, 'store'), join(dir, 'store.new'), { recursive: true })
  const source = await LevelStore.open(join(dir, 'store'))
  return { dir, source, start: () => held(dir) }
}

it('[STO-35] nobody starts while the stores are exchanged, though neither is open', async () => {
  const { dir, source, start } = await copied()
  const tried: string[] = []
  const attempt = async () => void tried.push(await start().then(() => 'started', codeOf))
  const leave = async () => {
    await attempt()
    await source.close()
    await attempt()
  }
  await exchangeStores(dir, leave, attempt)
  expect(tried).toEqual(['store-locked', 'store-locked', 'store-locked'])
  expect(await held(dir)).toEqual(await expected())
})

it('[STO-35] whoever has the old store keeps it, and nothing is exchanged', async () => {
  const { dir, source, start } = await copied()
  let other: LevelStore | undefined
  const leave = async () => {
    await source.close()
    other = await LevelStore.open(join(dir, 'store')) // had looked whether anything is exchanged before it was
  }
  const done = () => Promise.reject(new Error('not done'))
  await expect(exchangeStores(dir, leave, done)).rejects.toMatchObject({ code: 'store-locked' })
  await other?.write([put('sessions', 'c', 'd')], SYNC)
  await other?.close()
  expect(existsSync(join(dir, 'store.old'))).toBe(false)
  await start()
  expect(existsSync(join(dir, 'store.new'))).toBe(false)
})

it('[STO-35] a copy that was begun is not taken for a store that is gone', async () => {
  const { dir, source } = await copied()
  await source.close()
  await held(dir) // marks that there was one
  cpSync(join(dir, 'store'), join(dir, 'store.new'), { recursive: true })
  rmSync(join(dir, 'store'), { recursive: true })
  await expect(held(dir)).rejects.toMatchObject({ code: 'store-absent' })
})

it('[STO-35] doctor tells of a home that names two data keys still', async () => {
  const { dir } = await home(false)
  const told = async () => {
    const found: Finding[] = []
    const output = { answers: (findings: Finding[]) => found.push(...findings) }
    const node = () => Promise.reject(new NodeError('not-running', 'no node runs', 'Start it.'))
    await doctor({ home: dir, output, node } as unknown as Cli, {})
    return found.flatMap(({ fix }) => (fix?.includes('reseal') ? [fix] : []))
  }
  expect(await told()).toEqual([])
  const opened = await openHome(dir)
  await replaceDataKeys(opened, [...(await loadDataKeys(opened, undefined)), new Uint8Array(32)], undefined)
  expect(await told()).toEqual(['Do it again: parley reseal BACKUP'])
  await reseal(dir, join(folder(), 'again.age'))
  expect(await told()).toEqual([])
})

const codeOf = (error: unknown) => (error as NodeError).code

it('[STO-35] a wrong passphrase is told before anything is written', async () => {
  const made = await home(true)
  const [file] = (await keyFiles(made)).filter(({ use }) => use === 'node')
  const key = await openKeyFile(made, file!.path, undefined)
  writeFileSync(file!.path, await sealKey(key, { passphrase: 'right' }, QUICK))
  const before = readdirSync(made.dir, { recursive: true })
  const backup = join(folder(), 'a.age')
  await expect(reseal(made.dir, backup, 'wrong')).rejects.toMatchObject({ code: 'passphrase-wrong' })
  expect(existsSync(backup)).toBe(false)
  expect(readdirSync(made.dir, { recursive: true })).toEqual(before)
})
