// npm run ci:long: what takes too long for every run of the tests. Each line that it adds to the count is a
// program that really ran.
import { spawnSync } from 'node:child_process'

const runs = [
  ['simulator, 1,000 seeds', ['test/sim/main.ts', '--seeds', '1000', '--from', '1']],
  [
    'fuzzers, 20,000 hostile inputs and as many honest updates',
    ['test/fuzz/main.ts', '--hostile', '20000', '--honest', '20000', '--seed', '80']
  ],
  ['crashes, 40 cycles', ['test/crash/main.ts', '--cycles', '40']],
  ['two nodes parted for ninety seconds', ['test/crash/main.ts', '--partition', '90']]
] as const

let [passed, failed] = [0, 0]

/** The vectors under a second implementation. A machine without Python cannot say whether it agrees. */
function secondImplementation(): void {
  console.log('\nvectors, checked by a second implementation in Python')
  const python = spawnSync('python3', ['--version'])
  if (python.status !== 0) {
    console.log('NOT RUN: this machine has no python3')
    return
  }
  const { status } = spawnSync('python3', ['scripts/check_vectors.py'], {
    stdio: ['ignore', 'inherit', 'inherit']
  })
  if (status === 0) passed++
  else failed++
}

secondImplementation()
for (const [name, args] of runs) {
  console.log(`\n${name}`)
  const { status } = spawnSync(process.execPath, [...args], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status === 0) passed++
  else failed++
}
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
