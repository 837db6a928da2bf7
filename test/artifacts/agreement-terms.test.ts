// protocols/agreement: the vectors of terms, approvals and whole logs, the schemas beside them, and the page.
import Ajv2020 from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { agreementFiles } from '../../scripts/vectors/agreement.ts'
import { print } from '../../scripts/vectors/space-builders.ts'
import { checkApproval } from '../../src/artifacts/agreement-approval.ts'
import { pageOf } from '../../src/artifacts/agreement-page.ts'
import { type Terms, encodeTerms, parseTerms, revisionId } from '../../src/artifacts/agreement-terms.ts'
import { openSpace } from '../../src/artifacts/space.ts'
import { type SpaceLog } from '../../src/identity/space-log.ts'
import { concatBytes, fromHex, toHex, utf8 } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { isReject } from '../../src/wire/reject.ts'
import { must } from '../sim/company.ts'

interface Case {
  rule: string
  name: string
  code: string
  terms: string
  id: string
  rendering: string
  page: string
  document: string
  signer: string
}

const read = (path: string) =>
  readFileSync(new URL(`../../protocols/agreement/${path}`, import.meta.url), 'utf8')
const bytes = (hex: string) => fromHex(hex) as Uint8Array
const named = (cases: Case[]) => cases.map(item => [item.rule, item.name, item] as const)

const terms = JSON.parse(read('vectors/terms.json')) as { genesis: string; valid: Case[]; invalid: Case[] }
const approvals = JSON.parse(read('vectors/approvals.json')) as {
  company: string
  terms: string
  valid: Case[]
  invalid: Case[]
}
const space = must<SpaceLog>(openSpace(bytes(terms.genesis)))
const parse = (text: string) => parseTerms(utf8(text), space)
const schemaOf = (name: string) =>
  new Ajv2020.default().compile(JSON.parse(read(`${name}.schema.json`)) as object)

describe('the vectors', () => {
  test.each(agreementFiles())('%s is what the generator writes', (path, value) => {
    expect(read(path)).toBe(print(value))
  })

  test('more is refused than accepted', () => {
    for (const { valid, invalid } of [terms, approvals]) expect(invalid.length).toBeGreaterThan(valid.length)
  })

  test.each(named(terms.invalid))('[%s] %s is refused, and blames nobody', (_rule, _name, item) => {
    expect(parse(item.terms)).toMatchObject({ code: item.code, fault: false })
  })

  test.each(named(terms.valid))('[%s] %s: terms, id and page', (_rule, _name, item) => {
    const read = must<Terms>(parse(item.terms))
    const { rendering, ...body } = read
    expect(new TextDecoder().decode(encodeTerms(body))).toBe(item.terms)
    expect(toHex(revisionId(utf8(item.terms)))).toBe(item.id)
    expect([pageOf(body), rendering]).toEqual([item.page, item.rendering])
  })
})

describe('terms', () => {
  test('[AGR-1] terms.schema.json draws the line that the code draws', () => {
    const fits = schemaOf('terms')
    for (const { terms: text } of terms.valid) expect(fits(JSON.parse(text))).toBe(true)
    // Which names read as they stand, and which days there are, no schema says.
    const beyond = /turns what is read|space behind/
    for (const { terms: text, code, name } of terms.invalid) {
      if (code.startsWith('jcs-')) continue
      expect([name, fits(JSON.parse(text))]).toEqual([name, code !== 'terms-shape' || beyond.test(name)])
    }
  })

  test('[AGR-2] [AGR-3] [AGR-4] [AGR-6] each rule about terms has a case that breaks it', () => {
    const broken = new Set(terms.invalid.map(({ rule }) => rule))
    for (const rule of ['AGR-1', 'AGR-2', 'AGR-3', 'AGR-4', 'AGR-6']) expect(broken).toContain(rule)
  })

  test('[AGR-3] every member but the digest itself changes the page or its digest', () => {
    const full = JSON.parse(terms.valid[1]?.terms as string) as { [member: string]: unknown }
    const { rendering: _, ...body } = full
    const before = pageOf(body as unknown as Terms)
    const changed = {
      title: 'Other',
      number: 7,
      noticeDays: 1,
      purpose: 'Other',
      ip: 'rand',
      starts: '2026-02-02',
      ends: '2029-01-01',
      governingLaw: 'France',
      template: 'custom',
      roles: ['CEO'],
      objectives: [],
      clauses: [],
      confidentiality: [],
      attachments: [],
      survives: [],
      reciprocity: [],
      witnesses: { minimum: 0, parties: [] },
      amendment: { threshold: 650, weights: [1_000, 300, 0] },
      antitrust: { counsel: [], profile: 'none' },
      scope: { classes: ['public'], kinds: [], topics: [] },
      standardTerms: { sha256: '00'.repeat(32), title: 'Other' },
      space: '00'.repeat(32),
      parties: []
    }
    expect(Object.keys(changed).toSorted()).toEqual(Object.keys(body).toSorted())
    for (const [member, value] of Object.entries(changed)) {
      expect([member, pageOf({ ...body, [member]: value } as unknown as Terms) === before]).toEqual([
        member,
        false
      ])
    }
  })

  test('[AGR-5] the id of a revision is a hash over a label and the terms', () => {
    const text = utf8(terms.valid[0]?.terms as string)
    expect(toHex(revisionId(text))).toBe(toHex(sha256(concatBytes(utf8('parley/revision/1\n'), text))))
  })

  test('[AGR-18] what parties wrote cannot pass for the page', () => {
    const page = terms.valid[1]?.page as string
    const own = /^(#{1,3} |\||- |> ?|[A-Z])/
    for (const line of page.split('\n')) expect(line === '' || own.test(line)).toBe(true)
    // Markdown of theirs is escaped, HTML is not there, and what is hidden has a name.
    expect(page).not.toMatch(/[^\\]<|[^\\]\]\(/)
    for (const hidden of [
      '\u3164',
      '\ufe0e',
      '\u{e0041}',
      '\u202e',
      '\u200b',
      '\u0007',
      '\u00ad',
      '\t',
      '\r'
    ])
      expect(page).not.toContain(hidden)
    expect(page).toContain('\\# Not a heading')
    for (const name of ['U+3164', 'U+FE0E', 'U+E0041', 'U+202E', 'U+200B', 'U+0007', 'U+00AD', 'U+0009'])
      expect(page).toContain(`[${name}]`)
    const headings = page.split('\n').filter(line => line.startsWith('# '))
    expect(headings).toEqual(['# Joint \\*work\\*'])
  })
})

describe('approvals', () => {
  const place = {
    space: space.id,
    revision: revisionId(utf8(approvals.terms)),
    terms: must<Terms>(parse(approvals.terms)),
    company: approvals.company
  }
  const told = ({ document, signer }: Case) => checkApproval(utf8(document), place, bytes(signer))

  test.each(named(approvals.valid))('[%s] %s counts', (_rule, _name, item) => {
    expect(isReject(told(item))).toBe(false)
  })

  test.each(named(approvals.invalid))('[%s] %s does not count', (_rule, _name, item) => {
    expect(told(item)).toMatchObject({ code: item.code })
  })

  test('[AGR-8] approval.schema.json draws the line that the code draws', () => {
    const fits = schemaOf('approval')
    for (const { document, code } of [...approvals.valid, ...approvals.invalid]) {
      if (code?.startsWith('jcs-') || code?.startsWith('dsse-')) continue
      const { payload } = JSON.parse(document) as { payload: string }
      expect(fits(JSON.parse(Buffer.from(payload, 'base64').toString()))).toBe(code !== 'document-shape')
    }
  })
})
