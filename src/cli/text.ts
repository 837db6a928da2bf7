// How values look on a terminal. What a peer wrote is shown as text: no control character of theirs reaches
// the terminal.
import { inline, visible } from '../wire/foreign-text.ts'

export { inline, visible }

/** Columns as wide as their widest cell, two spaces apart. No rows: no text at all. */
export function table(header: string[], rows: string[][]): string {
  if (rows.length === 0) return ''
  const all = [header, ...rows].map(row => row.map(inline))
  const widths = header.map((_, column) => Math.max(...all.map(row => width(row[column] ?? ''))))
  return all
    .map(row =>
      row
        .map((cell, column) => pad(cell, widths[column] as number))
        .join('  ')
        .trimEnd()
    )
    .join('\n')
}

/** `name  value` lines; a value may have several lines. Pairs without a value are left out. */
export function facts(pairs: [name: string, value: string | string[] | undefined][]): string {
  const shown = pairs.flatMap(([name, value]) =>
    [value ?? []].flat().map((line, i) => [i === 0 ? name : '', inline(line)] as const)
  )
  const widest = Math.max(0, ...shown.map(([name]) => name.length))
  return shown.map(([name, line]) => `${name.padEnd(widest)}  ${line}`.trimEnd()).join('\n')
}

/** In characters as people count them; how wide a terminal draws them, only it knows. */
function width(text: string): number {
  if (PLAIN.test(text)) return text.length // segmenting is slow, and a log has many rows
  let count = 0
  for (const _ of CHARACTERS.segment(text)) count++
  return count
}

const PLAIN = /^[ -~]*$/
const CHARACTERS = new Intl.Segmenter('en')

function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}

/** `2026-01-31 08:00` in UTC, as all our times. */
export function dateTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')
}

export function date(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}

export function byteCount(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes / 1024
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${value.toFixed(1)} ${units[unit] as string}`
}

export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** The entry nearest to what was typed, if any is near: a third of its letters may differ. Of two as near, the one
 * that begins alike. */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  const wanted = typed.toLowerCase()
  let best: string | undefined
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const name = candidate.toLowerCase()
    const distance = editDistance(wanted, name) - commonStart(wanted, name) / 1000
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

function commonStart(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
