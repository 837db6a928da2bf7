// npm run bench: Parley with everything on beside plain Yjs over one raw libp2p stream, in turn within each round.
// Prints a table; --json: the last line holds the ratios (Parley / floor, median of the rounds' ratios).
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Grown, SIZES, grow, growthTable } from './growth.ts'
import { type Bench, type Row, type Work, measures } from './measure.ts'
import type { Name } from './process.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    work: { type: 'string', default: Object.keys(measures).join() },
    trace: { type: 'string' },
    growth: { type: 'boolean', default: false },
    /** A third system: Parley without gate and audit. */
    overhead: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' }
  }
})

const SYSTEMS: Name[] = values.overhead ? ['floor', 'parley', 'unguarded'] : ['floor', 'parley']
/** What is compared; what to aim at, as a ratio or as a figure of Parley; and the processor time that goes with it. */
interface Figure {
  name: string
  work: Work
  figure: string
  unit: string
  goal: string
  cpu?: string
}
const FIGURES: Figure[] = [
  { name: 'live p50', work: 'live', figure: 'p50', unit: 'ms', goal: '<= 2.5', cpu: 'cpuMs' },
  { name: 'live p99', work: 'live', figure: 'p99', unit: 'ms', goal: '' },
  { name: 'cold sync, batched', work: 'coldBatched', figure: 'ms', unit: 'ms', goal: '<= 1.6', cpu: 'cpuMs' },
  { name: 'cold sync, single', work: 'coldSingle', figure: 'ms', unit: 'ms', goal: '<= 3.5', cpu: 'cpuMs' },
  { name: 'offline, then sync', work: 'offline', figure: 'ms', unit: 'ms', goal: '<= 5', cpu: 'cpuMs' },
  {
    name: 'reopen, batched',
    work: 'coldBatched',
    figure: 'reopenMs',
    unit: 'ms',
    goal: '<= 2',
    cpu: 'reopenCpuMs'
  },
  {
    name: 'reopen, single',
    work: 'coldSingle',
    figure: 'reopenMs',
    unit: 'ms',
    goal: '<= 2',
    cpu: 'reopenCpuMs'
  },
  { name: 'ingest', work: 'ingest', figure: 'perSecond', unit: '/s', goal: '>= 0.25', cpu: 'cpuMs' },
  { name: 'stored, batched', work: 'coldBatched', figure: 'storedBytes', unit: 'B', goal: '<= 1.3 MB' },
  { name: 'stored, single', work: 'coldSingle', figure: 'storedBytes', unit: 'B', goal: '<= 3.6 MB' }
]

type Rows = Map<string, Row[]>

function isWork(name: string): name is Work {
  return Object.hasOwn(measures, name)
}

/** What is measured is the package as it is installed: its JavaScript, not these sources. */
function build(): void {
  const root = join(import.meta.dirname, '../..')
  const { status } = spawnSync(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('the package could not be built')
}

/** Arguments of Node under which a process leaves a profile, where one is asked for. */
function profiled(name: string): string[] {
  return values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(values.profile, name)}`]
}

async function growth(): Promise<void> {
  const rows: Grown[] = []
  for (const documents of SIZES.map(size => Math.max(1, Math.round(size * Number(values.scale))))) {
    process.stderr.write(`${documents} documents\n`)
    rows.push(await grow(documents, side => profiled(`growth-${documents}-${side}`)))
  }
  console.log(growthTable(rows))
  if (values.json) console.log(JSON.stringify({ growth: rows }))
}

async function compare(): Promise<void> {
  const works = values.work.split(',')
  const wrong = works.find(name => !isWork(name))
  if (wrong !== undefined) throw new Error(`no workload ${wrong}; there are ${Object.keys(measures).join()}`)
  const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'))
  const nodeArgs = (system: Name, side: string, work: string) => profiled(`${system}-${work}-${side}`)
  const bench: Bench = { trace: values.trace, scale: Number(values.scale), folder, nodeArgs }
  const rows: Rows = new Map()
  try {
    for (let round = 1; round <= Number(values.rounds); round++) {
      for (const work of works.filter(isWork)) {
        // Who comes first meets a colder machine: they take turns.
        for (const system of round % 2 === 1 ? SYSTEMS : SYSTEMS.toReversed()) {
          const row = await measures[work](bench, system)
          const key = `${work} ${system}`
          rows.set(key, [...(rows.get(key) ?? []), row])
          const figures = Object.entries(row).map(([name, value]) => `${name} ${round2(value)}`)
          process.stderr.write(`round ${round} ${key}: ${figures.join(', ')}\n`)
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  console.log(table(rows))
  if (values.json) console.log(JSON.stringify(summary(rows)))
}

/** Of each round, Parley to the other: within a round both met the same machine. */
function ratio(rows: Rows, work: Work, figure: string, to: Name = 'floor'): number {
  const [other, parley] = [of(rows, to, work, figure), of(rows, 'parley', work, figure)]
  return median(parley.map((value, i) => value / (other[i] as number)))
}

function of(rows: Rows, system: Name, work: Work, figure: string): number[] {
  return (rows.get(`${work} ${system}`) ?? []).map(row => row[figure] as number)
}

function table(rows: Rows): string {
  const lines = [
    '| workload | floor | Parley | ratio | goal | ratio of CPU time |',
    '|---|---:|---:|---:|---:|---:|'
  ]
  for (const { name, work, figure, unit, goal, cpu } of FIGURES) {
    const [floor, parley] = [of(rows, 'floor', work, figure), of(rows, 'parley', work, figure)]
    if (parley.length === 0) continue
    const shown = [floor, parley].map(all => `${spread(all)} ${unit}`)
    const ratios = [ratio(rows, work, figure).toFixed(2), goal, cpu ? ratio(rows, work, cpu).toFixed(2) : '']
    lines.push(`| ${name} | ${shown.join(' | ')} | ${ratios.join(' | ')} |`)
  }
  return [...lines, ...(values.overhead ? ['', ...overheadTable(rows)] : [])].join('\n')
}

function overheadTable(rows: Rows): string[] {
  const lines = [
    '| workload | without gate and audit | Parley | ratio | ratio of CPU time |',
    '|---|---:|---:|---:|---:|'
  ]
  for (const { name, work, figure, unit, cpu } of FIGURES) {
    const [bare, parley] = [of(rows, 'unguarded', work, figure), of(rows, 'parley', work, figure)]
    if (parley.length === 0) continue
    const shown = [bare, parley].map(all => `${spread(all)} ${unit}`)
    const ratios = [figure, ...(cpu ? [cpu] : [])].map(one => ratio(rows, work, one, 'unguarded').toFixed(2))
    lines.push(`| ${name} | ${shown.join(' | ')} | ${ratios.join(' | ')} |${cpu ? '' : ' |'}`)
  }
  return lines
}

/** Median [least-most]. */
function spread(all: number[]): string {
  return `${round2(median(all))} [${round2(Math.min(...all))}-${round2(Math.max(...all))}]`
}

function round2(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)
}

function median(all: number[]): number {
  const sorted = [...all].sort((x, y) => x - y)
  const middle = sorted.length / 2
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] as number
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Reopening counts for both documents: the worse one. */
function summary(rows: Rows): { [name: string]: { [figure: string]: number } } {
  const has = (work: Work) => rows.has(`${work} parley`)
  const figure = (work: Work, name: string) => Math.round(ratio(rows, work, name) * 1000) / 1000
  const stored = (work: Work) => Math.round(median(of(rows, 'parley', work, 'storedBytes')))
  const colds = (['coldBatched', 'coldSingle'] as const).filter(has)
  return {
    ...(has('live') && { live: { ratioP50: figure('live', 'p50') } }),
    ...Object.fromEntries(colds.map(work => [work, { ratio: figure(work, 'ms') }])),
    ...(has('offline') && { offline: { ratio: figure('offline', 'ms') } }),
    ...(colds.length > 0 && { reopen: { ratio: Math.max(...colds.map(work => figure(work, 'reopenMs'))) } }),
    ...(has('ingest') && { ingest: { ratio: figure('ingest', 'perSecond') } }),
    ...(colds.length > 0 && {
      storage: Object.fromEntries(
        colds.map(work => [work === 'coldBatched' ? 'bytesBatched' : 'bytesSingle', stored(work)])
      )
    })
  }
}

build()
await (values.growth ? growth() : compare())
