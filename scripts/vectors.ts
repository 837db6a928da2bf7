// Writes the test vectors of all protocols anew, each with its own generator.
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = new URL('vectors/', import.meta.url)
for (const name of readdirSync(folder).toSorted()) {
  const file = new URL(name, folder)
  // The others are what generators build with.
  if (!readFileSync(file, 'utf8').includes('import.meta.main')) continue
  const { status } = spawnSync(process.execPath, [fileURLToPath(file)], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${name} failed`)
  console.error(name)
}
