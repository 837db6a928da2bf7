// What disks do to a store's folder while nobody looks.
import {
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'

/** Damages a closed store; `pick(n)` gives a number below n. `older`: an earlier copy of the same store. */
export type Damage = (dir: string, pick: (below: number) => number, older: string) => void

export const damages: { [name: string]: Damage } = {
  'a bit of a table': (dir, pick) => flipBit(database(dir, /\.(?:ldb|sst)$/, pick), pick),
  'a bit of the log': (dir, pick) => flipBit(database(dir, /\.log$/, pick), pick),
  'a bit of the MANIFEST': (dir, pick) => flipBit(database(dir, /^MANIFEST/, pick), pick),
  'a bit of CURRENT': (dir, pick) => flipBit(join(dir, 'db', 'CURRENT'), pick),
  'a bit of the anchor': (dir, pick) => flipBit(join(dir, 'anchor'), pick),
  'a cut table': (dir, pick) => cut(database(dir, /\.(?:ldb|sst)$/, pick), pick),
  'a cut log': (dir, pick) => cut(database(dir, /\.log$/, pick), pick),
  'a cut MANIFEST': (dir, pick) => cut(database(dir, /^MANIFEST/, pick), pick),
  'a zeroed page of the log': (dir, pick) => zeroPage(database(dir, /\.log$/, pick), pick),
  'a zeroed page of a table': (dir, pick) => zeroPage(database(dir, /\.(?:ldb|sst)$/, pick), pick),
  'no CURRENT': dir => rmSync(join(dir, 'db', 'CURRENT')),
  'no MANIFEST': (dir, pick) => rmSync(database(dir, /^MANIFEST/, pick)),
  'no table': (dir, pick) => rmSync(database(dir, /\.(?:ldb|sst)$/, pick)),
  'no log': (dir, pick) => rmSync(database(dir, /\.log$/, pick)),
  'no anchor': dir => rmSync(join(dir, 'anchor')),
  'an older copy of the database': (dir, _, older) => {
    rmSync(join(dir, 'db'), { recursive: true })
    cpSync(join(older, 'db'), join(dir, 'db'), { recursive: true })
  },
  'an older copy of one table': (dir, pick) => {
    const tables = readdirSync(join(dir, 'db')).filter(name => /\.(?:ldb|sst)$/.test(name))
    const [from, to] = [tables[pick(tables.length)] as string, tables[pick(tables.length)] as string]
    copyFileSync(join(dir, 'db', from), join(dir, 'db', to)) // a write that went to the wrong file
  }
}

function database(dir: string, name: RegExp, pick: (below: number) => number): string {
  const files = readdirSync(join(dir, 'db'))
    .filter(file => name.test(file) && statSync(join(dir, 'db', file)).size > 0)
    .sort()
  if (files.length === 0) throw new Error(`the sample store has no ${String(name)}`)
  return join(dir, 'db', files[pick(files.length)] as string)
}

export function flipBit(path: string, pick: (below: number) => number): void {
  const bytes = readFileSync(path)
  const at = pick(bytes.length)
  bytes[at] = (bytes[at] as number) ^ (1 << pick(8))
  writeFileSync(path, bytes)
}

export function cut(path: string, pick: (below: number) => number): void {
  truncateSync(path, pick(statSync(path).size))
}

export function zeroPage(path: string, pick: (below: number) => number): void {
  const bytes = readFileSync(path)
  const at = pick(Math.max(1, Math.floor(bytes.length / 4096))) * 4096
  bytes.fill(0, at, Math.min(at + 4096, bytes.length))
  writeFileSync(path, bytes)
}
