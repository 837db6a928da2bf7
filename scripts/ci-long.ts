// npm run ci:long: what takes too long for every run of the tests. Each line that it adds to the count is a
// program that really ran.
import { spawnSync } from 'node:child_process'

const runs = [
  ['simulator, 300 seeds', ['test/sim/main.ts', '--seeds', '300', '--from', '1000']],
  ['crashes, 40 cycles', ['test/crash/main.ts', '--cycles', '40']],
  ['a node suspended for a minute', ['test/e2e/suspend.ts', '60']]
] as const

let [passed, failed] = [0, 0]
for (const [name, args] of runs) {
  console.log(`\n${name}`)
  const { status } = spawnSync(process.execPath, [...args], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status === 0) passed++
  else failed++
}
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
