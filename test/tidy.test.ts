// The house rules that a machine can keep: ranks, lengths, names, and that every rule of a spec has a test.
import { readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MUTANTS as SIM_MUTANTS } from './sim/mutant-list.ts'
import { MUTANTS as WIRETAP_MUTANTS } from './wiretap/mutant-list.ts'

const ROOT = join(import.meta.dirname, '..')
const FILE_LINES_MAX = 400

/** From bottom to top; layers in one row do not see each other. */
const RANKS = [
  ['wire'],
  ['identity'],
  ['policy'],
  ['replica', 'artifacts', 'audit', 'decision'],
  ['sync'],
  ['store', 'scoring', 'net', 'sandbox'],
  ['node'],
  ['api', 'page'],
  ['cli']
]
/** Folders of `src/node`, in the same order; what is in none of them joins the others, and none of them sees it. */
const NODE_RANKS = [
  ['home', 'refusals', 'surface', 'documents'],
  ['parts'],
  ['spaces'],
  ['editing'],
  ['decisions', 'sharing']
]
const BANNED = [
  'util',
  'utils',
  'helper',
  'helpers',
  'manager',
  'handler',
  'service',
  'common',
  'types',
  'misc'
]

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(ending))
    .map(name => join(folder, name))
    .sort()
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

function importsOf(file: string): string[] {
  const found = read(file).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)
  return [...found].map(([, path]) => relative(ROOT, join(ROOT, dirname(file), path as string)))
}

function rankOf(file: string): number {
  const layer = file.split('/')[1] ?? ''
  return RANKS.findIndex(row => row.includes(layer))
}

/** The folder of a file of the node, and its place; a file in none stands above all. */
function nodeRankOf(file: string): { folder: string; rank: number } {
  const [, , folder = '', below] = file.split('/')
  if (below === undefined) return { folder: '', rank: NODE_RANKS.length }
  return { folder, rank: NODE_RANKS.findIndex(row => row.includes(folder)) }
}

const sources = filesBelow('src', '.ts')
const layered = sources.filter(file => rankOf(file) >= 0)

describe('layers', () => {
  it('every source file is in a layer, but for the library entry', () => {
    expect(sources.filter(file => rankOf(file) < 0)).toEqual(['src/index.ts'])
  })

  it('imports go to the own folder or further left', () => {
    const wrong: string[] = []
    for (const file of layered) {
      for (const target of importsOf(file)) {
        const same = target.split('/')[1] === file.split('/')[1]
        if (!same && rankOf(target) >= rankOf(file)) wrong.push(`${file} -> ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('the folders of the node keep an order too', () => {
    const inNode = (file: string) => file.startsWith('src/node/')
    const wrong: string[] = []
    for (const file of sources.filter(inNode)) {
      const own = nodeRankOf(file)
      if (own.rank < 0) wrong.push(`${file}: its folder has no place`)
      for (const target of importsOf(file).filter(inNode)) {
        const other = nodeRankOf(target)
        if (other.folder !== own.folder && other.rank >= own.rank) wrong.push(`${file} -> ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('the core and the sandbox have no sockets, disk, clock or randomness', () => {
    const isPure = (file: string) => rankOf(file) <= rankOf('src/sync/x') || file.startsWith('src/sandbox/')
    const core = layered.filter(isPure)
    const impure =
      /node:(?!crypto)[a-z_/]+|Date\.now|Math\.random|setTimeout|setInterval|performance\.|randomBytes|process\./
    // Loads the native library for signature maths where there is one.
    const exempt = 'src/identity/ed25519-backend.ts'
    const code = (file: string) => read(file).replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')
    const wrong = core.filter(file => file !== exempt && impure.test(code(file)))
    expect(wrong).toEqual([])
  })

  it('scoring has none either, but in its transport', () => {
    const scoring = layered.filter(file => file.startsWith('src/scoring/'))
    const impure =
      /node:(?!crypto)[a-z_/]+|Date\.now|Math\.random|setTimeout|setInterval|performance\.|process\./
    expect(scoring.filter(file => impure.test(read(file)))).toEqual([
      'src/scoring/ollama-host.ts',
      'src/scoring/ollama-transport.ts'
    ])
  })

  it('the page takes what a browser can run, and text is never markup', () => {
    const page = layered.filter(file => file.startsWith('src/page/'))
    expect(page.length).toBeGreaterThan(0)
    const layers = ['page', 'wire', 'identity', 'policy', 'artifacts', 'decision']
    const foreign = page.flatMap(importsOf).filter(target => !layers.includes(target.split('/')[1] ?? ''))
    // The sentences for reject codes, which import nothing.
    expect(new Set(foreign)).toEqual(new Set(['src/node/refusals/refusals.ts']))
    const markup =
      /innerHTML|outerHTML|insertAdjacent|document\.write|DOMParser|createContextualFragment|\beval\(/
    expect(page.filter(file => markup.test(read(file)))).toEqual([])
    expect(
      read('src/page/main.ts')
        .split('\n')
        .find(line => line.startsWith('import'))
    ).toContain('jitless')
  })

  it('only verify, decide and the gate make what they make', () => {
    const casts = /as (?:unknown as )?(?:VerifiedRun|AllowedRun|CheckedUpdate|Clearance)\b/
    expect(sources.filter(file => casts.test(read(file)))).toEqual([])
  })

  it('only the composition root builds parts, and the sandbox its own', () => {
    const built = /new (?:Core|Desk|Driver|Documents|Library|Rooms|People)\(/
    expect(sources.filter(file => built.test(read(file)))).toEqual([
      'src/node/create-node.ts',
      'src/sandbox/stand-in.ts'
    ])
  })
})

describe('files', () => {
  it(`have at most ${FILE_LINES_MAX} lines`, () => {
    const long = sources.filter(file => read(file).split('\n').length > FILE_LINES_MAX + 1)
    expect(long).toEqual([])
  })

  it('are named by kebab-case nouns', () => {
    const names = sources.map(file => basename(file, '.ts'))
    expect(names.filter(name => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || BANNED.includes(name))).toEqual([])
  })

  it('open with their one job', () => {
    expect(sources.filter(file => !read(file).startsWith('// '))).toEqual([])
  })
})

describe('specs', () => {
  const specs = filesBelow('protocols', 'SPEC.md')
  const tests = [...filesBelow('test', '.ts'), ...filesBelow('test', '.md')].map(read).join('\n')
  const vectors = filesBelow('protocols', '.json').filter(file => file.includes('/vectors/'))
  const vectorText = vectors.map(read).join('\n')

  for (const spec of specs) {
    it(`${spec}: every rule has a test named after it`, () => {
      const rules = new Set([...read(spec).matchAll(/\[([A-Z]{3}-\d+)\]/g)].map(([, id]) => id as string))
      expect(rules.size).toBeGreaterThan(0)
      // A test quotes its rule in its name, or runs vectors that carry it.
      const quoted = (id: string) => tests.includes(`[${id}]`) || tests.includes(`'${id}'`)
      const untested = [...rules].filter(id => !quoted(id) && !vectorText.includes(`"${id}"`))
      expect(untested).toEqual([])
    })
  }
})

describe('mutants', () => {
  for (const [whose, mutants] of [
    ['the simulator', SIM_MUTANTS],
    ['the wiretap', WIRETAP_MUTANTS]
  ] as const) {
    it(`of ${whose} find what they take out, once`, () => {
      const times = mutants.map(({ name, file, find }) => ({
        name,
        times: read(join('src', file)).split(find).length - 1
      }))
      expect(times.filter(one => one.times !== 1)).toEqual([])
    })
  }
})
