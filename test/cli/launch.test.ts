import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const LAUNCH = fileURLToPath(new URL('../../src/launch.cjs', import.meta.url))

/** As it is published: `launch.cjs` beside `cli/main.js`; and on a Node of the version given. */
function launch(version: string): { status: number | null; stdout: string; stderr: string } {
  const dir = mkdtempSync(join(tmpdir(), 'parley-launch-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  mkdirSync(join(dir, 'cli'))
  writeFileSync(join(dir, 'launch.cjs'), readFileSync(LAUNCH))
  writeFileSync(join(dir, 'cli', 'main.js'), 'console.log("started")')
  const pretend = join(dir, 'pretend.cjs')
  const versions = JSON.stringify({ ...process.versions, node: version })
  writeFileSync(pretend, `Object.defineProperty(process, 'versions', { value: ${versions} })`)
  const args = ['--require', pretend, join(dir, 'launch.cjs'), 'status', '--json']
  return spawnSync(process.execPath, args, { encoding: 'utf8' })
}

test.each(['18.20.4', '20.20.2', '22.22.0', '24.11.9'])(
  'Node %s is told what is needed, with exit 69',
  version => {
    const { status, stdout, stderr } = launch(version)
    expect({ status, stdout }).toEqual({ status: 69, stdout: '' })
    expect(stderr).toBe(
      `error: parley needs Node 24.12 or newer; this is ${version}\n` +
        'next:  npx -y -p node@24 -p parley-node parley status --json\n'
    )
  }
)

test.each(['24.12.0', '25.0.0', '26.10.0'])('Node %s starts it', version => {
  expect(launch(version)).toMatchObject({ status: 0, stdout: 'started\n' })
})
