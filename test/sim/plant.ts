// A copy of the tree with one check gone: what a simulator has to notice.
import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

export interface Removal {
  name: string
  /** In src. */
  file: string
  /** Stands exactly once in the file. */
  find: string
  put: string
}

/** @param parts folders and files that the simulator needs @returns the folder of the copy */
export function plant({ name, file, find, put }: Removal, parts: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-mutant-'))
  for (const part of ['src', 'package.json', ...parts])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const path = join(folder, 'src', file)
  const [before, ...after] = readFileSync(path, 'utf8').split(find)
  if (after.length !== 1) throw new Error(`${name}: stands ${after.length} times in ${file}`)
  writeFileSync(path, `${before}${put}${after[0]}`)
  return folder
}
