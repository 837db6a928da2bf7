// The checks that are no tests: each a program of the tree that must end with 0.
import { spawnSync } from 'node:child_process'

export interface Check {
  name: string
  command: string
  args: string[]
}

const PATHS = ['src', 'test', 'scripts']

export const checks: Check[] = [
  { name: 'types', command: 'tsc', args: ['--noEmit', '-p', '.'] },
  { name: 'types of the page', command: 'tsc', args: ['--noEmit', '-p', 'src/page'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings', ...PATHS] },
  { name: 'format', command: 'oxfmt', args: ['--check', ...PATHS] },
  { name: 'unused', command: 'knip', args: ['--no-progress'] }
]

/** Runs one check; what it prints is shown only where it fails. */
export function run({ name, command, args }: Check): boolean {
  const started = performance.now()
  const { status, stdout, stderr, error } = spawnSync(`node_modules/.bin/${command}`, args, {
    encoding: 'utf8',
    shell: process.platform === 'win32',
    maxBuffer: 64 * 1024 * 1024
  })
  const ok = status === 0
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
  if (!ok) console.log(error ? String(error) : `${stdout}${stderr}`)
  return ok
}
