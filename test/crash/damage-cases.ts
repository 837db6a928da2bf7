// What can happen to a home: every kind of file, every kind of damage, older copies, a second copy, no room.
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { isNodeError } from '../../src/wire/node-error.ts'
import { until } from '../../scripts/company-process.ts'
import { cut, damages, flipBit, zeroPage } from '../store/damage.ts'
import { type Companies, copyHome, type Picture } from './companies.ts'
import { contentOf, differences } from './content.ts'
import { Examination, type Verdict } from './examine.ts'
import { start } from './process.ts'

type Pick = (below: number) => number
type Change = (path: string, pick: Pick) => void

/** Behind the beginning of a checkpoint's key, bytes that are surely of its value. */
const CHECKPOINT_AT = 200
const CHECKPOINT_BYTES = 1000

export interface DamageCase {
  /** The kind of file or event, for the table. */
  area: string
  name: string
  examine(world: Companies, picture: Picture, pick: Pick): Promise<Verdict>
}

const CHANGES: { [name: string]: Change } = {
  'a flipped bit': flipBit,
  'cut short': cut,
  'a zeroed block': zeroPage,
  missing: path => rmSync(path)
}

/** A file of the home by the start of its name. */
const FILES: { [area: string]: [folder: string, start: string] } = {
  'node key': ['keys', 'node-'],
  'role key': ['keys', 'CTO-'],
  'unlock key': ['.', 'unlock.key'],
  'data key': ['.', 'data.age'],
  settings: ['.', 'parley.json'],
  'identity log': ['.', 'identity.jsonl'],
  'node certificate': ['certificates', 'node-'],
  'role certificate': ['certificates', 'CTO-'],
  'store format': ['store', 'format']
}

export function damageCases(): DamageCase[] {
  return [...storeCases(), checkpoint(), ...olderCases(), ...fileCases(), ...twoCopies(), ...noRoom()]
}

function area(name: string): string {
  const known = ['table', 'log', 'MANIFEST', 'CURRENT', 'anchor', 'database'].find(word =>
    name.includes(word)
  )
  return `store: ${known}`
}

function storeCases(): DamageCase[] {
  const plain = Object.entries(damages).map(([name, damage]) => ({
    area: area(name),
    name,
    change: (world: Companies, pick: Pick) => {
      const store = join(world.acme, 'store')
      if (name.includes('anchor')) ownAnchor(store)
      damage(store, pick, join(world.older.dir, 'store'))
    }
  }))
  const more = [
    {
      area: 'store: anchor',
      name: 'a cut anchor',
      change: ({ acme }: Companies, pick: Pick) => cut(ownAnchor(join(acme, 'store')), pick)
    },
    {
      area: 'store: database',
      name: 'no database',
      change: ({ acme }: Companies) => rmSync(join(acme, 'store', 'db'), { recursive: true })
    },
    {
      area: 'store: database',
      name: 'no store',
      change: ({ acme, parked }: Companies) => renameSync(join(acme, 'store'), parked)
    },
    {
      area: 'store: table',
      name: 'two tables exchanged',
      change: ({ acme }: Companies) => {
        const tables = readdirSync(join(acme, 'store', 'db')).filter(file => /\.(?:ldb|sst)$/.test(file))
        if (tables.length < 2) throw new Error('the sample has less than two tables')
        const [a, b] = tables.map(file => join(acme, 'store', 'db', file)) as [string, string]
        exchange(a, b)
      }
    }
  ]
  return [...plain, ...more].map(({ area: where, name, change }) => ({
    area: where,
    name,
    examine: (world, picture, pick) => {
      world.reset(picture)
      change(world, pick)
      return new Examination(world, picture).verdict()
    }
  }))
}

/** What is derived is no loss: nobody may be told of one (STO-29). */
function checkpoint(): DamageCase {
  return {
    area: 'store: table',
    name: 'a bit of a checkpoint',
    examine: async (world, picture, pick) => {
      world.reset(picture)
      const db = join(world.acme, 'store', 'db')
      const key = Buffer.from('checkpoint\0') // a table leaves out what a key shares with the one before
      const path = readdirSync(db)
        .map(file => join(db, file))
        .find(file => readFileSync(file).includes(key))
      if (path === undefined) throw new Error('the sample has no checkpoint')
      const bytes = readFileSync(path)
      const at = bytes.lastIndexOf(key) + CHECKPOINT_AT + pick(CHECKPOINT_BYTES)
      bytes[at] = (bytes[at] as number) ^ 1
      writeFileSync(path, bytes)
      const { outcome, said, left } = await new Examination(world, picture).verdict()
      const lost = said.filter(text => text.includes('missing')).map(text => `WRONG: ${text}`)
      return { outcome: lost.length > 0 ? 'silent' : outcome, said, left: [...left, ...lost] }
    }
  }
}

/** A picture shares its anchor with the home: damage is for one of them only. */
function ownAnchor(store: string): string {
  const path = join(store, 'anchor')
  const bytes = readFileSync(path)
  rmSync(path)
  writeFileSync(path, bytes, { mode: 0o600 })
  return path
}

function exchange(a: string, b: string): void {
  const bytes = readFileSync(a)
  copyFileSync(b, a)
  writeFileSync(b, bytes)
}

/** Everything, or a part, as it was some time ago. What came after it is not in any of them. */
function olderCases(): DamageCase[] {
  const cases: [string, (world: Companies) => void][] = [
    [
      'the whole store, copied back',
      ({ acme, older }) => {
        rmSync(join(acme, 'store', 'db'), { recursive: true })
        cpSync(join(older.dir, 'store', 'db'), join(acme, 'store', 'db'), { recursive: true })
        writeFileSync(join(acme, 'store', 'anchor.old'), readFileSync(join(older.dir, 'store', 'anchor')))
        renameSync(join(acme, 'store', 'anchor.old'), join(acme, 'store', 'anchor'))
      }
    ],
    [
      'only the anchor',
      ({ acme, older }) => {
        writeFileSync(join(acme, 'store', 'anchor.old'), readFileSync(join(older.dir, 'store', 'anchor')))
        renameSync(join(acme, 'store', 'anchor.old'), join(acme, 'store', 'anchor'))
      }
    ]
  ]
  const stores = cases.map(([name, change]): DamageCase => ({
    area: 'an older copy',
    name,
    examine: async (world, picture) => {
      world.reset(picture)
      change(world)
      return new Examination(world, picture).verdict()
    }
  }))
  const identity: DamageCase = {
    area: 'an older copy',
    name: 'only the identity log',
    examine: (world, picture) => {
      world.reset(picture)
      const path = join(world.acme, 'identity.jsonl')
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
      writeFileSync(path, `${lines.slice(0, -1).join('\n')}\n`, { mode: 0o600 })
      return new Examination(world, picture, path).verdict()
    }
  }
  return [...stores, identity, { area: 'an older copy', name: 'the whole disk, set back', examine: setBack }]
}

/** The home itself cannot know: a peer tells, and what the peer holds comes back. */
async function setBack(world: Companies): Promise<Verdict> {
  world.reset(world.older)
  const examination = new Examination(world, world.older)
  const { left } = await examination.verdict()
  const words = (await world.borealis.read(world.shared)).text.split('\n')
  for (const word of world.stopped.truth.artifacts.get(world.shared)?.words ?? []) {
    if (!words.includes(word)) left.push(`WRONG: ${word} is gone`)
  }
  const { setBack: told } = examination
  if (told === undefined || left.length > 0) return { outcome: 'silent', said: [], left }
  return { outcome: 'detected', said: [told], left: ['what no peer holds'] }
}

function fileCases(): DamageCase[] {
  const single = Object.entries(FILES).flatMap(([where, [folder, beginning]]) =>
    Object.entries(CHANGES).map(([name, change]): DamageCase => ({
      area: where,
      name,
      examine: (world, picture, pick) => {
        world.reset(picture)
        const path = fileOf(world, folder, beginning)
        change(path, pick)
        return new Examination(world, picture, folder === 'store' ? undefined : path).verdict()
      }
    }))
  )
  const exchanged: DamageCase = {
    area: 'node key',
    name: 'exchanged for the role key',
    examine: (world, picture) => {
      world.reset(picture)
      const node = fileOf(world, 'keys', 'node-')
      copyFileSync(fileOf(world, 'keys', 'CTO-'), node)
      return new Examination(world, picture, node).verdict()
    }
  }
  return [...single, exchanged]
}

function fileOf({ acme }: Companies, folder: string, beginning: string): string {
  const name = readdirSync(join(acme, folder)).find(file => file.startsWith(beginning))
  if (name === undefined) throw new Error(`the home has no ${folder}/${beginning}`)
  return join(acme, folder, name)
}

function twoCopies(): DamageCase[] {
  return [
    { area: 'a clone', name: 'both run and write at once', examine: writeInBoth },
    { area: 'a clone', name: 'both sign the next entry of one chain', examine: signInBoth }
  ]
}

async function writeInBoth(world: Companies, picture: Picture): Promise<Verdict> {
  world.reset(picture)
  cpSync(world.acme, world.other, { recursive: true })
  const before = world.seen.length
  const nodes = await Promise.all([start(world.acme), start(world.other)])
  const [one, two] = nodes
  if (!('api' in one) || !('api' in two)) throw new Error('a clone does not start')
  const said: string[] = []
  const words = [`one-${world.written.size}`, `two-${world.written.size}`]
  try {
    await Promise.all([one, two].map(({ api }, i) => world.write(api, world.shared, words[i] as string)))
    await until(
      'both at Borealis',
      async () => {
        const { text } = await world.borealis.read(world.shared)
        return words.every(word => text.includes(word))
      },
      60_000
    )
    await until(
      'the clone to be noticed',
      async () => {
        const troubles = (await Promise.all([one, two].map(({ api }) => api.status()))).flatMap(
          now => now.troubles
        )
        said.push(...troubles.filter(text => /copied|another copy/.test(text)))
        return said.some(text => text.includes('another copy of this home runs'))
      },
      60_000
    )
  } finally {
    await Promise.all([one.stop(), two.stop()])
  }
  const forks = world.seen.slice(before).map(event => `WRONG: ${JSON.stringify(event)}`)
  const lost = differences(picture.truth, await truthAt(world), world.written)
  return { outcome: forks.length + lost.length > 0 ? 'silent' : 'repaired', said, left: [...forks, ...lost] }
}

/** The first home after all, alone. */
async function truthAt(world: Companies) {
  const node = await start(world.acme, ['--offline'])
  if (!('api' in node)) throw new Error(node.stderr)
  try {
    return await contentOf(node.api)
  } finally {
    await node.stop()
  }
}

/** The same disk, set back after it had signed: nothing in the home can know, so peers must. */
async function signInBoth(world: Companies, picture: Picture): Promise<Verdict> {
  const space = await world.propose(`Space ${world.written.size}`)
  const before = join(world.base, 'before')
  const signed = join(world.base, 'signed')
  for (const dir of [before, signed]) rmSync(dir, { recursive: true, force: true })
  world.reset(picture)
  await during(world, [], async api => {
    await until('the space', async () => (await api.spaces()).some(({ id }) => id === space))
  })
  copyHome(world.acme, before)
  const accept = () => during(world, ['--offline'], async api => void (await api.acceptSpace(space)))
  await accept()
  copyHome(world.acme, signed)
  world.reset({ dir: before })
  await accept()
  const seen = world.seen.length
  await during(world, [], async () => {
    await until('Borealis to hear of the first', async () => {
      const known = (await world.borealis.spaces()).find(({ id }) => id === space)
      return known?.parties.every(({ accepted }) => accepted)
    })
  })
  world.reset({ dir: signed })
  await during(world, [], async () => {
    await until('the fork to be proved', async () => world.seen.length > seen, 30_000)
  })
  const said = world.seen.slice(seen).map(event => `at Borealis: ${JSON.stringify(event)}`)
  return { outcome: 'detected', said, left: ['the company is frozen in that space'] }
}

async function during(
  world: Companies,
  args: string[],
  work: (api: Parameters<typeof contentOf>[0]) => Promise<void>
): Promise<void> {
  const node = await start(world.acme, args)
  if (!('api' in node)) throw new Error(node.stderr)
  try {
    await work(node.api)
  } finally {
    await node.stop()
  }
}

/** On a file system of its own, where one may be mounted. */
function noRoom(): DamageCase[] {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return []
  return [{ area: 'disk', name: 'full while the node runs, and at a start', examine: onSmallDisk }]
}

async function onSmallDisk(world: Companies, picture: Picture): Promise<Verdict> {
  const disk = join(world.base, 'disk')
  mkdirSync(disk, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', disk])
  try {
    return await fillAndFree(world, picture, disk)
  } finally {
    execFileSync('umount', [disk])
  }
}

async function fillAndFree(world: Companies, picture: Picture, disk: string): Promise<Verdict> {
  const home = join(disk, 'home')
  const ballast = join(disk, 'ballast')
  cpSync(picture.dir, home, { recursive: true })
  const said: string[] = []
  const node = await start(home)
  if (!('api' in node)) throw new Error(node.stderr)
  try {
    fill(ballast)
    await world.write(node.api, world.shared, 'never').then(
      () => said.push('WRONG: acknowledged on a full disk'),
      (error: unknown) => said.push(isNodeError(error) && error.next ? error.code : `WRONG: ${String(error)}`)
    )
    said.push(...differences(picture.truth, await contentOf(node.api), world.written))
  } finally {
    await node.stop()
  }
  const refused = await start(home)
  if ('api' in refused) await refused.stop()
  else said.push(refused.refusal?.next ? refused.refusal.code : `WRONG: ${refused.stderr}`)
  rmSync(ballast)
  const examination = new Examination(world, picture)
  examination.home = home
  const verdict = await examination.verdict()
  const wrong = said.filter(text => text !== 'disk-full')
  const outcome = wrong.length > 0 || verdict.outcome === 'silent' ? 'silent' : 'repaired'
  return { outcome, said: [...said, ...verdict.said], left: [...wrong, ...verdict.left] }
}

function fill(path: string): void {
  for (const bytes of [1024 * 1024, 4096, 1]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(bytes, 1), { flag: 'a' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
}
