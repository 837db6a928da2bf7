// npm run ci:long: what takes too long for every run of the tests. Each line that it adds to the count is a
// program that really ran.
import { spawnSync } from 'node:child_process'

const runs = [
  ['simulator, 1,000 seeds', ['test/sim/main.ts', '--seeds', '1000', '--from', '1']],
  ['decisions, 2,000 seeds', ['test/decision/sim/main.ts', '--seeds', '2000', '--from', '1']],
  [
    'fuzzers, 20,000 hostile inputs and as many honest updates',
    ['test/fuzz/main.ts', '--hostile', '20000', '--honest', '20000', '--seed', '80']
  ],
  ['crashes, 40 cycles', ['test/crash/main.ts', '--cycles', '40']],
  ['what is private, looked for on the disk, also where it is left unsealed', ['test/at-rest/main.ts']],
  ['every byte that leaves, listened to', ['test/wiretap/main.ts', '--no-mutants']],
  ['two nodes parted for ninety seconds', ['test/crash/main.ts', '--partition', '90']]
] as const

/** The exit code of what has said so. */
const NOT_RUN = 3

let [passed, failed] = [0, 0]

/** Vectors and mutated files under a second implementation. A machine without Python cannot say whether it agrees. */
function secondImplementation(): void {
  const long = ['node_modules/vitest/vitest.mjs', 'run', '--mode', 'long']
  const checks = [
    ['vectors, checked by a second implementation in Python', 'python3', ['scripts/check_vectors.py']],
    ['its verifier of decisions beside ours', process.execPath, long]
  ] as const
  const python = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))'])
  for (const [name, program, args] of checks) {
    console.log(`\n${name}`)
    if (python.status !== 0) {
      console.log('NOT RUN: this machine has no Python 3.11 or newer')
      continue
    }
    const { status } = spawnSync(program, [...args], { stdio: ['ignore', 'inherit', 'inherit'] })
    if (status === 0) passed++
    else failed++
  }
}

/** What needs a program that not every machine has. Without it, it says NOT RUN, which counts as nothing. */
function whereItCan(name: string, script: string): void {
  console.log(`\n${name}`)
  const { status } = spawnSync(process.execPath, [script], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status === 0) passed++
  else if (status !== NOT_RUN) failed++
}

secondImplementation()
whereItCan('audit log, checked by Go tools of others', 'scripts/check-audit-go.ts')
whereItCan('the page that verifies decisions, in a real browser', 'test/page/main.ts')
for (const [name, args] of runs) {
  console.log(`\n${name}`)
  const { status } = spawnSync(process.execPath, [...args], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status === 0) passed++
  else failed++
}
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
