// How cold sync and reopening grow with the number of documents.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Side } from './calls.ts'
import type { commands } from './growth-process.ts'
import type { Shared } from './parley.ts'

export const SIZES = [10, 100, 1_000]
const CHARACTERS = 2_000
const BAR = 40

export interface Grown {
  documents: number
  makeMs: number
  coldMs: number
  /** Of B's process, after the sync and after reopening. */
  coldRssMb: number
  reopenMs: number
  listMs: number
  reopenRssMb: number
}

/**
 * A holds the documents and B nothing; B connects, has them all, closes, and opens again.
 * @param nodeArgs arguments of Node for a process
 */
export async function grow(documents: number, nodeArgs: (side: 'a' | 'b') => string[]): Promise<Grown> {
  const root = mkdtempSync(join(tmpdir(), 'parley-bench-'))
  const sides: Side<typeof commands>[] = []
  const start = async (role: 'a' | 'b', shared: Shared | undefined) => {
    const side = new Side<typeof commands>('growth-process.ts', role.toUpperCase(), nodeArgs(role))
    sides.push(side)
    return { side, ...(await side.call('open', { role, dir: join(root, role), shared })) }
  }
  try {
    const { side: a, shared } = await start('a', undefined)
    const makeMs = await a.call('fill', { documents, characters: CHARACTERS })
    const address = await a.call('listen')
    const { side: b } = await start('b', shared)
    const arrived = b.call('until', documents)
    const [connectedAt, at] = await Promise.all([b.call('connect', address), arrived])
    const coldRssMb = await b.call('rssMb')
    await b.call('close')
    await b.end()
    const { side: again, ms: reopenMs } = await start('b', shared)
    const reopenRssMb = await again.call('rssMb')
    const { ms: listMs, length } = await again.call('list')
    if (length !== documents) throw new Error(`${length} documents after reopening, not ${documents}`)
    return { documents, makeMs, coldMs: at - connectedAt, coldRssMb, reopenMs, listMs, reopenRssMb }
  } finally {
    await Promise.all(sides.map(side => side.end()))
    rmSync(root, { recursive: true, force: true })
  }
}

export function growthTable(rows: Grown[]): string {
  const lines = [
    '| documents | made, ms | cold sync, ms | B after it, MB | reopen, ms | B then, MB | first list, ms |',
    '|---:|---:|---:|---:|---:|---:|---:|',
    ...rows.map(row => {
      const { documents, makeMs, coldMs, coldRssMb, reopenMs, reopenRssMb, listMs } = row
      const figures = [documents, makeMs, coldMs, coldRssMb, reopenMs, reopenRssMb, listMs]
      return `| ${figures.map(figure => Math.round(figure).toLocaleString('en')).join(' | ')} |`
    })
  ]
  const curves = [
    ...curve('cold sync, ms a document', rows, row => row.coldMs / row.documents),
    ...curve('reopen, ms a document', rows, row => row.reopenMs / row.documents),
    ...curve('memory after cold sync, MB', rows, row => row.coldRssMb)
  ]
  return [...lines, '', '```', ...curves, '```'].join('\n')
}

function curve(title: string, rows: Grown[], of: (row: Grown) => number): string[] {
  const most = Math.max(...rows.map(of))
  return [
    title,
    ...rows.map(row => {
      const bar = '#'.repeat(Math.max(1, Math.round((of(row) / most) * BAR)))
      return `${String(row.documents).padStart(6)} ${bar} ${of(row).toFixed(2)}`
    })
  ]
}
