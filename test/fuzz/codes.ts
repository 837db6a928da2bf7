// The reject codes that the update gate and the envelope specify: a fuzzer that never earns one is too tame.
import { readFileSync } from 'node:fs'

/** The codes in the table of a spec. */
function codesOf(protocol: string): string[] {
  const text = readFileSync(new URL(`../../protocols/${protocol}/SPEC.md`, import.meta.url), 'utf8')
  const [, table = ''] = text.split('Reject codes\n')
  const [section = ''] = table.split('\n## ')
  const cells = [...section.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) \|/gm)].map(([, cell]) => cell as string)
  return cells.flatMap(cell => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code as string))
}

/**
 * @returns the codes of protocols/update and protocols/envelope with which nothing was refused. `update-size` comes
 * from the scanner alone: in an envelope the header refuses such a body first. `document-full` takes more than a
 * world can hold; its vectors run with a smaller limit.
 */
export function noCodesLeft(verdicts: { [verdict: string]: number }): string[] {
  const codes = new Set([...codesOf('update'), ...codesOf('envelope')])
  codes.delete('document-full')
  return [...codes].filter(code => !verdicts[`ingest:${code}`] && !verdicts[`scan:${code}`])
}
