// Who must have seen a checkpoint: k of n companies, and the same as a C2SP tlog-policy for other people's tools.
// protocols/audit, section 6.
import type { SignedCheckpoint } from './checkpoint.ts'
import { printNoteKey } from './note.ts'
import type { LogOpening, WitnessOpening } from './opening.ts'

/** A cosignature by a company other than the log's. `time`: POSIX seconds, by the clock of the witness. */
export interface Cosigned {
  company: string
  time: number
}

/** AUD-21: each company once, with its first cosignature; the log's own does not count. */
export function cosignedBy(
  { signatures }: SignedCheckpoint,
  log: LogOpening,
  witnesses: readonly WitnessOpening[]
): Cosigned[] {
  const byCompany = new Map<string, number>()
  for (const { key, time } of signatures) {
    const company = witnesses.find(witness => witness.key === key)?.company
    if (company === undefined || company === log.company || time === undefined) continue
    byCompany.set(company, Math.min(time, byCompany.get(company) ?? Infinity))
  }
  return [...byCompany].map(([company, time]) => ({ company, time }))
}

/** How many of `n` other companies must have cosigned, unless a reader asks for another number. */
export function quorumOf(n: number): number {
  return n <= 1 ? n : Math.floor(n / 2) + 1
}

/** The nodes of a company are alternatives; `k` companies are the quorum. */
export function printPolicy(log: LogOpening, witnesses: readonly WitnessOpening[], k: number): string {
  const others = witnesses.filter(({ company }) => company !== log.company)
  const companies = [...new Set(others.map(({ company }) => company))]
  const lines = [`log ${printNoteKey(log.key)}`]
  for (const [i, { key }] of others.entries()) lines.push(`witness w${i + 1} ${printNoteKey(key)}`)
  for (const [i, company] of companies.entries()) {
    const names = others.flatMap((witness, j) => (witness.company === company ? [`w${j + 1}`] : []))
    lines.push(`# ${company}`, `group c${i + 1} any ${names.join(' ')}`)
  }
  const needed = Math.min(k, companies.length)
  if (needed === 0) return `${[...lines, 'quorum none'].join('\n')}\n`
  const names = companies.map((_, i) => `c${i + 1}`).join(' ')
  return `${[...lines, `group companies ${needed} ${names}`, 'quorum companies'].join('\n')}\n`
}
