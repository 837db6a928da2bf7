// node scripts/run.cjs test/fuzz/plants/main.ts: can the fuzzer fail? Plants one bug after another in a copy of the
// sources and says after how many inputs each was found. A bug that stays hidden fails the run.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

interface Plant {
  bug: string
  file: string
  from: string
  to: string
  /** Who should find it. */
  run?: 'hostile' | 'honest'
}

const GATE = 'src/replica/update-gate.ts'
const READER = 'src/wire/update-reader.ts'

const PLANTS: readonly Plant[] = [
  {
    bug: 'UPD-20: several live values under one key',
    file: GATE,
    from: 'length > 1 && !gone',
    to: 'length > 1 && false'
  },
  {
    bug: 'UPD-15: a body that begins at another clock',
    file: GATE,
    from: 'update.clock !== claims.clock',
    to: 'false'
  },
  {
    bug: 'UPD-22: deletions outside the causal past',
    file: GATE,
    from: 'if (!body.contains(range))',
    to: 'if (false)'
  },
  {
    bug: 'UPD-2: integers that are not minimal',
    file: READER,
    from: 'if (byte === 0 && i > 0)',
    to: 'if (false)'
  },
  {
    bug: 'UPD-9: the key constructor',
    file: READER,
    from: "new Set(['__proto__', 'constructor'])",
    to: "new Set(['__proto__'])"
  },
  {
    bug: 'UPD-10: minus zero',
    file: READER,
    from: 'else if (value === 0 && first !== 0)',
    to: 'else if (false)'
  },
  {
    bug: 'UPD-11: deleted ranges that touch',
    file: 'src/wire/update.ts',
    from: 'if (clock <= endBefore)',
    to: 'if (clock < endBefore)'
  },
  {
    bug: 'ENV-19: what a refused run began stays',
    file: 'src/replica/facet.ts',
    from: 'if (stop && !run.stored)',
    to: 'if (false)'
  },
  {
    bug: 'a CBOR parser that throws at an unknown value',
    file: 'src/sync/frame.ts',
    from: 'if (error instanceof FieldError)',
    to: 'if (false)'
  },
  {
    bug: 'UPD-28: text cut inside a character',
    file: 'src/wire/update-split.ts',
    from: 'while (end < content.length &&',
    to: 'while (false && end < content.length &&',
    run: 'honest'
  },
  {
    bug: 'ENV-27: a header that leaves out a head',
    file: 'src/replica/author.ts',
    from: 'const deps = heads.map(tipOf)',
    to: 'const deps = heads.slice(1).map(tipOf)',
    run: 'honest'
  }
]

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' }
  }
})
const root = join(import.meta.dirname, '../../..')
const folder = mkdtempSync(join(tmpdir(), 'parley-plants-'))
let hidden = 0

function plant({ file, from, to, run = 'hostile' }: Plant): { found: boolean; after: number; as: string } {
  for (const each of ['src', 'test', 'scripts', 'protocols'])
    cpSync(join(root, each), join(folder, each), { recursive: true })
  const source = readFileSync(join(folder, file), 'utf8')
  if (source.split(from).length !== 2) throw new Error(`${file} does not hold once: ${from}`)
  writeFileSync(join(folder, file), source.replace(from, to))
  const args = [
    `--${run}`,
    values.inputs,
    '--seed',
    values.seed,
    '--findings',
    '1',
    '--out',
    join(folder, 'found'),
    '--json'
  ]
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'test/fuzz/main.ts'), ...args], {
    encoding: 'utf8'
  })
  const last = stdout.trim().split('\n').at(-1) ?? ''
  const summary = JSON.parse(last) as { hostile: number; honest: number; totals: { findings: number } }
  const as =
    stderr.split('\n').find(line => /^(threw|slow|bricked|disagreed|refused|diverged):/.test(line)) ?? ''
  return { found: summary.totals.findings > 0, after: summary[run], as: as.slice(0, 110) }
}

try {
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const each of PLANTS.filter(({ bug }) => !values.only || bug.includes(values.only))) {
    const { found, after, as } = plant(each)
    if (!found) hidden++
    console.log(
      `| ${each.bug} | ${found ? `${after} ${each.run === 'honest' ? 'updates' : 'inputs'}` : 'HIDDEN'} | ${as} |`
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = hidden > 0 ? 1 : 0
