// npm test: types, lint, format, and every test, with one closing line that a machine can read.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checks, run } from './checks.ts'

const folder = mkdtempSync(join(tmpdir(), 'parley-test-'))
const report = join(folder, 'report.json')
const only = process.argv.slice(2)

let [passed, failed] = [0, 0]
for (const check of only.length > 0 ? [] : checks) {
  const ok = run(check)
  if (ok) passed++
  else failed++
}
const vitest = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`
]
const done = spawnSync(process.execPath, [...vitest, ...only], { stdio: ['ignore', 'inherit', 'inherit'] })
try {
  const { numPassedTests, numFailedTests, numTotalTests, success } = JSON.parse(readFileSync(report, 'utf8'))
  passed += numPassedTests
  failed += numFailedTests
  // A file that does not load has no tests to fail.
  if (!success && numFailedTests === 0) failed++
  if (numTotalTests !== numPassedTests + numFailedTests) {
    console.error('some tests were skipped: a skip must not read as a pass')
    failed++
  }
} catch {
  failed++
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || done.status !== 0 ? 1 : 0
