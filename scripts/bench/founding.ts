// Two companies meet: homes with certified nodes and roles, an invite, confirmation on both sides, and a space
// that both have accepted. All of it before anything is measured.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { createCompanyHome } from '../../test/e2e/homes.ts'
import { didOf, meet, share, startNode } from '../../test/e2e/nodes.ts'

/** The files of a home by their paths, base64. */
export type PackedHome = { [path: string]: string }

export interface Founded {
  space: string
  /** The second company's home, which has accepted the space and holds no document. */
  partner: PackedHome
  /** The DIDs of the first and the second company. */
  dids: [string, string]
}

/** Makes the first company's home at `dir` and the second one's in memory. */
export async function found(dir: string): Promise<Founded> {
  const temporary = mkdtempSync(join(tmpdir(), 'parley-bench-'))
  const other = join(temporary, 'home')
  try {
    const homes = [
      await createCompanyHome(dir, 'Acme', { coalesceMs: 0 }),
      await createCompanyHome(other, 'Borealis', { coalesceMs: 0 })
    ] as const
    const [a, b] = [await startNode(homes[0]), await startNode(homes[1])]
    await meet(a, b)
    const space = await share([a, b])
    const dids: [string, string] = [await didOf(a), await didOf(b)]
    await Promise.all([a.close(), b.close()])
    return { space, dids, partner: pack(other) }
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

function pack(home: string): PackedHome {
  const files = readdirSync(home, { withFileTypes: true, recursive: true }).filter(entry => entry.isFile())
  const paths = files.map(entry => join(entry.parentPath, entry.name))
  return Object.fromEntries(paths.map(path => [relative(home, path), readFileSync(path, 'base64')]))
}

export function unpack(home: string, files: PackedHome): void {
  for (const [path, bytes] of Object.entries(files)) {
    const target = join(home, path)
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
    writeFileSync(target, bytes, { encoding: 'base64', mode: 0o600 })
  }
}
