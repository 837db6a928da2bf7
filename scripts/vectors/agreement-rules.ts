// Writes the table of rules in protocols/agreement/SPEC.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { RULES } from '../../src/artifacts/agreement-rules.ts'

const SPEC = 'protocols/agreement/SPEC.md'
const PLACE = /(<!-- rules: [^>]*-->\n)[^]*(<!-- end of rules -->)/

/** @returns the specification with the table as it should be */
export function withRules(spec: string): string {
  const rows = RULES.map(({ rule, severity, about }) => `| \`${rule}\` | ${severity} | ${about} |`)
  const table = ['| Rule | | What it finds |', '|---|---|---|', ...rows].join('\n')
  return spec.replace(PLACE, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`)
}

if (import.meta.main) writeFileSync(SPEC, withRules(readFileSync(SPEC, 'utf8')))
