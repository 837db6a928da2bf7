// Writes protocols/sandbox/verdict.schema.json.
import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { VerdictSchema } from '../../src/sandbox/verdict.ts'

/** @returns the text of the schema as it should be */
export function verdictSchema(): string {
  return `${JSON.stringify({ ...z.toJSONSchema(VerdictSchema, { io: 'input' }), title: 'Verdict of a sandbox' }, null, 2)}\n`
}

if (import.meta.main) writeFileSync('protocols/sandbox/verdict.schema.json', verdictSchema())
