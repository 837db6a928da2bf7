// npm run build: plain JavaScript and declarations in `dist`, for those who install the package, and the page for
// those who do not.
import { spawnSync } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
const { status } = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
  shell: process.platform === 'win32'
})
if (status === 0) {
  copyFileSync('src/launch.cjs', 'dist/launch.cjs')
  await import('./page.ts')
}
process.exitCode = status ?? 1
