// Writes the schemas and vectors of protocols/documents, the same bytes every time.
import { mkdirSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { FileSchema, PayloadSchema, SourceSchema } from '../../src/artifacts/sealed-schema.ts'
import { type SealedArtifact, verifySealed } from '../../src/artifacts/sealed.ts'
import { fieldsOf } from '../../src/artifacts/layouts.ts'
import { GridSchema, makeView, parseGrid } from '../../src/artifacts/view.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import { encodeJcs } from '../../src/wire/jcs.ts'
import { formOf } from '../../src/artifacts/form.ts'
import { verifyIdentityLog } from '../../src/identity/identity-log.ts'
import { PLAN } from './artifact-forms.ts'
import { acme, must, text, webHosted } from './identity-builders.ts'
import { ada, bruno, fileOf, plan, spelt } from './documents-builders.ts'
import { invalidDocuments } from './documents-refused.ts'

export interface ValidDocument {
  name: string
  rule: string
  /** Identity logs that the reader has, by their names in `logs`. */
  known: LogName[]
  file: string
  expect: {
    kind: string
    id: string
    class: string
    signedAt: string
    signers: { person: string; known: boolean }[]
    /** JCS in hexadecimal. */
    content: string
    source: boolean
    withheld: number
  }
}

const LOGS = {
  acme: text(acme().third.log),
  'acme, first entry': text(acme().first.log),
  'acme, two entries': text(acme().second.log),
  borealis: text(webHosted().log)
}
export type LogName = keyof typeof LOGS

/** What a reader has who has these logs. */
export function knownOf(names: readonly LogName[]) {
  const identities = names.map(name => must(verifyIdentityLog(utf8(LOGS[name]))))
  return new Map(identities.map(identity => [identity.did, identity]))
}

/** Everything that has a name in meta may go to parties; the title to everybody. */
export const OPEN_GRID = must(
  parseGrid({
    'JointInitiativePlan.v1': Object.fromEntries(
      fieldsOf('JointInitiativePlan.v1').map(field => [field, classOf(field)])
    )
  })
)

function classOf(field: string): DataClass {
  if (field === 'meta.title') return 'public'
  return field.startsWith('resources.') ? 'private' : 'shared-confidential'
}

function viewOf(file: string, fields: string[]): string {
  const sealed = must(verifySealed(utf8(file), knownOf(['acme'])))
  return text(must(makeView(sealed, fields, OPEN_GRID, 'shared-confidential')).bytes)
}

function valid(): ValidDocument[] {
  const form = formOf('JointInitiativePlan.v1', PLAN).json
  const whole = spelt(fileOf(plan([ada], { form })))
  const both = plan([ada, bruno])
  const row = (rule: string, name: string, known: LogName[], file: string): ValidDocument => {
    const sealed = must(verifySealed(utf8(file), knownOf(known)))
    return { name, rule, known, file, expect: expectationOf(sealed) }
  }
  return [
    row('DOC-1', 'a plan with all of its fields', ['acme'], whole),
    row('DOC-19', 'the title alone', ['acme'], viewOf(whole, ['meta.title'])),
    row(
      'DOC-19',
      'a milestone, and a point of a series',
      ['acme'],
      viewOf(whole, ['milestones.m2', 'kpis.*.series'])
    ),
    row('DOC-22', 'nothing of it', ['acme'], spelt(fileOf(plan(), [ada], { disclosures: [] }))),
    row('DOC-9', 'signed by two companies', ['acme', 'borealis'], spelt(fileOf(both, [bruno, ada]))),
    row(
      'DOC-12',
      'with the log of a company that the reader does not know',
      [],
      spelt(fileOf(plan(), [ada], { identities: [acme().third.log] }))
    ),
    row(
      'DOC-10',
      'with a newer log than the reader has',
      ['acme, two entries'],
      spelt(fileOf(plan(), [ada], { identities: [acme().third.log] }))
    )
  ]
}

export function expectationOf(sealed: SealedArtifact): ValidDocument['expect'] {
  return {
    kind: sealed.kind,
    id: sealed.id,
    class: sealed.class,
    signedAt: new Date(sealed.signedAt).toISOString(),
    signers: sealed.signers.map(({ person, known }) => ({ person, known })),
    content: toHex(encodeJcs(sealed.content)),
    source: sealed.source !== undefined,
    withheld: sealed.withheld
  }
}

function schema(type: z.ZodType, title: string): object {
  return { ...z.toJSONSchema(type, { io: 'input' }), title }
}

/** Path below the repository to contents. */
export function documentsFiles(): { [path: string]: string } {
  const files: { [path: string]: object } = {
    'sealed.schema.json': schema(FileSchema, 'A sealed artifact as a file'),
    'payload.schema.json': schema(PayloadSchema, 'What the signers of an artifact sign'),
    'source.schema.json': schema(SourceSchema, 'What a sealed artifact was made from'),
    'grid.schema.json': schema(GridSchema, 'Which field has which data class'),
    'vectors/valid.json': { logs: LOGS, cases: valid() },
    'vectors/invalid.json': { logs: LOGS, cases: invalidDocuments() }
  }
  return Object.fromEntries(
    Object.entries(files).map(([path, value]) => [
      `protocols/documents/${path}`,
      `${JSON.stringify(value, null, 1)}\n`
    ])
  )
}

if (import.meta.main) {
  mkdirSync('protocols/documents/vectors', { recursive: true })
  for (const [path, contents] of Object.entries(documentsFiles())) writeFileSync(path, contents)
}
