// protocols/reciprocity: vectors of receipts and whole logs, and what must hold for any log.
import Ajv2020 from 'ajv/dist/2020.js'
import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { reciprocityFiles } from '../../scripts/vectors/reciprocity.ts'
import { print } from '../../scripts/vectors/space-builders.ts'
import { checkReceipt } from '../../src/artifacts/contribution-receipt.ts'
import {
  type Rule,
  type Way,
  balanceOf,
  ledgerOf,
  unitName,
  unitOf
} from '../../src/artifacts/reciprocity.ts'
import { statementOf } from '../../src/artifacts/reciprocity-statement.ts'
import type { CompanyIdentity } from '../../src/identity/company-identity.ts'
import { verifyIdentityLog } from '../../src/identity/identity-log.ts'
import { openSpace } from '../../src/artifacts/space.ts'
import { type SpaceLog } from '../../src/identity/space-log.ts'
import type { Facet } from '../../src/replica/facet.ts'
import { fromHex, toHex, utf8 } from '../../src/wire/bytes.ts'
import { type FacetGenesis, encodeFacetGenesis, encodeSpaceGenesis, facetId } from '../../src/wire/genesis.ts'
import { isReject } from '../../src/wire/reject.ts'
import type { EntryAct, EntryRecord } from '../../src/wire/space-entry.ts'
import { entryOf, seal, termsOf } from '../sim/agreement.ts'
import { type Company, must, staffNumbered } from '../sim/company.ts'
import { receiptOf, releaseOf } from '../sim/giving.ts'

interface Receipt {
  rule: string
  name: string
  code: string
  document: string
  signer: string
}
interface LogCase {
  rule: string
  name: string
  entries: number[]
  statements: { between: [number, number]; text: string }[]
}

const read = (path: string) =>
  readFileSync(new URL(`../../protocols/reciprocity/${path}`, import.meta.url), 'utf8')
const bytes = (hex: string) => fromHex(hex) as Uint8Array

const receipts = JSON.parse(read('vectors/receipts.json')) as {
  genesis: string
  company: string
  units: { facet: string; to: number; name: string }[]
  valid: Receipt[]
  invalid: Receipt[]
}
const logs = JSON.parse(read('vectors/logs.json')) as {
  genesis: string
  identities: { log: string }[]
  entries: { [name in keyof EntryRecord]: string }[]
  valid: LogCase[]
}
const known = new Map(
  logs.identities.map(({ log }) => {
    const identity = must<CompanyIdentity>(verifyIdentityLog(utf8(log)))
    return [identity.did, identity]
  })
)

function logOf(numbers: number[]): SpaceLog {
  const log = must<SpaceLog>(openSpace(bytes(logs.genesis)))
  for (const number of numbers) {
    const row = logs.entries[number] as (typeof logs.entries)[0]
    const record = { entry: bytes(row.entry), signer: bytes(row.signer), signature: bytes(row.signature) }
    expect(log.add(record, did => known.get(did))).toHaveProperty('added')
    // What was counted by then is counted on, as on a node that is asked all the time.
    statementOf(log, [0, 1])
  }
  return log
}

describe('the vectors', () => {
  test.each(reciprocityFiles())('%s is what the generator writes', (path, value) => {
    expect(read(path)).toBe(print(value))
  })

  test('[REC-1] a unit is a facet for one receiver', () => {
    for (const { facet, to, name } of receipts.units) expect(toHex(unitOf(bytes(facet), to))).toBe(name)
    expect(new Set(receipts.units.map(({ name }) => name)).size).toBe(receipts.units.length)
  })

  test.each([...receipts.valid, ...receipts.invalid].map(item => [item.rule, item.name, item] as const))(
    '[%s] a receipt: %s',
    (_rule, _name, { document, signer, code }) => {
      const space = must<SpaceLog>(openSpace(bytes(receipts.genesis)))
      const told = checkReceipt(utf8(document), { space: space.id, company: receipts.company }, bytes(signer))
      if (code === undefined) expect(isReject(told)).toBe(false)
      else expect(told).toMatchObject({ code })
    }
  )

  test('[REC-4] receipt.schema.json draws the line that the code draws', () => {
    const fits = new Ajv2020.default().compile(JSON.parse(read('receipt.schema.json')) as object)
    const payloadOf = ({ document }: Receipt) => {
      const { payload } = JSON.parse(document) as { payload: string }
      return JSON.parse(Buffer.from(payload, 'base64').toString()) as unknown
    }
    for (const row of receipts.valid) expect(fits(payloadOf(row))).toBe(true)
    for (const row of receipts.invalid.filter(
      ({ code }) => code.startsWith('document') || code.startsWith('receipt')
    ))
      expect(fits(payloadOf(row)), row.name).toBe(row.code !== 'document-shape')
  })

  test.each(logs.valid.map(item => [item.rule, item.name, item] as const))(
    '[%s] the statements of a log: %s',
    (_rule, _name, { entries, statements }) => {
      const log = logOf(entries)
      for (const { between, text } of statements) {
        expect(statementOf(log, between)).toBe(text)
        expect(statementOf(log, [between[1], between[0]])).toBe(text)
      }
    }
  )

  test('[REC-8] entries that come in another order make the same statement', () => {
    for (const { entries, statements } of logs.valid) {
      // The chains of the parties one after another, the last party first.
      const log = must<SpaceLog>(openSpace(bytes(logs.genesis)))
      const records = entries.map(number => {
        const row = logs.entries[number] as (typeof logs.entries)[0]
        return { entry: bytes(row.entry), signer: bytes(row.signer), signature: bytes(row.signature) }
      })
      let left = records.toReversed()
      while (left.length > 0) {
        const waiting = left.filter(record => {
          const result = log.add(record, did => known.get(did))
          return isReject(result) || (result !== 'known' && 'waits' in result)
        })
        if (waiting.length === left.length) throw new Error('an entry never fits')
        left = waiting
      }
      for (const { between, text } of statements) expect(statementOf(log, between)).toBe(text)
    }
  })
})

// ---- any log -----------------------------------------------------------------------------------

const KIND = 'StandardsDoc.v1' as const

/** Three companies under a rule, and what they make. */
class Table {
  readonly companies: Company[] = [0, 1, 2].map(i => staffNumbered(i).company)
  readonly space: SpaceLog

  constructor(maxExposure: number, soleSender = false) {
    const parties = this.companies.map(({ identity }) => identity.did)
    const facts = { nonce: new Uint8Array(16), title: 'Joint', pairing: 'CTO', parties }
    this.space = must<SpaceLog>(openSpace(encodeSpaceGenesis(facts)))
    for (const [i, { identity, roleCertificate }] of this.companies.entries())
      this.say(i, { kind: 'accept', rootVersion: identity.head, certificates: [roleCertificate] })
    const reciprocity = [{ kind: KIND, maxExposure, soleSender, unit: 'document' }]
    seal(this.space, this.companies, record => this.enter(record), termsOf(this.space, { reciprocity }))
  }

  at(owner: number, n: number, facts: Partial<FacetGenesis> = {}): Pick<Facet, 'id' | 'genesis'> {
    const [artifact, nonce] = [new Uint8Array(16).fill(n), new Uint8Array(16).fill(owner)]
    const usual = { kind: KIND, class: 'shared-confidential' as const, owner }
    const genesis: FacetGenesis = { space: this.space.id, artifact, nonce, ...usual, ...facts }
    return { id: facetId(encodeFacetGenesis(genesis)), genesis }
  }

  say(company: number, act: EntryAct): void {
    this.enter(entryOf(this.space, this.companies[company] as Company, act))
  }

  enter(record: EntryRecord): void {
    const identityOf = (did: string) => this.companies.find(({ identity }) => identity.did === did)?.identity
    expect(this.space.add(record, identityOf)).toHaveProperty('added')
  }

  give(from: number, to: number, n: number): void {
    this.say(from, releaseOf(to, [this.at(from, n)]))
  }

  thank(by: number, from: number, n: number): void {
    const company = this.companies[by] as Company
    this.say(by, receiptOf(this.space, company, [this.at(from, n)]))
  }

  balance(owner: number, n: number, own: number, peer: number): string {
    return balanceOf(this.space, this.at(owner, n).genesis, { own, peer }, new Set())
  }
}

const PAIRS = [0, 1, 2].flatMap(a => [0, 1, 2].filter(b => b !== a).map((b): [number, number] => [a, b]))
const step = fc.record({
  gives: fc.boolean(),
  pair: fc.constantFrom(...PAIRS),
  n: fc.nat(3)
})

describe('any log', () => {
  test('[REC-5] giving never runs ahead of receiving, nor of receipts, by more than the exposure; and words open, never shut', () => {
    fc.assert(
      fc.property(fc.nat(3), fc.array(step, { maxLength: 25 }), (maxExposure, steps) => {
        const table = new Table(maxExposure)
        const rule: Rule = { kind: KIND, maxExposure, soleSender: false, unit: 'document' }
        const way = ([from, to]: [number, number]): Way => ({ from, to, kind: KIND })
        let before = PAIRS.map(() => 0)
        for (const { gives, pair, n } of steps) {
          if (gives) table.give(...pair, n)
          else table.thank(pair[1], pair[0], n)
          const ledger = ledgerOf(table.space)
          const now = PAIRS.map(pair => ledger.opened(way(pair), rule))
          for (const [i, [a, b]] of PAIRS.entries()) {
            const [out, back] = [ledger.account(way([a, b])), ledger.account(way([b, a]))]
            const opened = now[i] as number
            expect(opened).toBeGreaterThanOrEqual(before[i] as number)
            expect(opened - back.settled).toBeLessThanOrEqual(maxExposure)
            expect(opened - out.settled).toBeLessThanOrEqual(maxExposure)
            const open = [0, 1, 2, 3].filter(n => table.balance(a, n, a, b) === 'open')
            expect(open.length).toBe(opened)
          }
          before = now
        }
      }),
      { numRuns: 60 }
    )
  })

  test('[REC-2] only what is shared in confidence and of a kind with a rule is held back, and not from its contributor', () => {
    const table = new Table(0)
    const between = { own: 0, peer: 1 }
    const balance = (facts: Partial<FacetGenesis>, owner = 0) =>
      balanceOf(table.space, table.at(owner, 1, facts).genesis, between, new Set())
    expect(balance({})).toBe('shut')
    expect(balance({}, 1)).toBe('open')
    expect(balance({ class: 'public' })).toBe('open')
    expect(balance({ kind: 'BenchmarkReport.v1' })).toBe('open')
  })

  test('[REC-7] between two others it passes where it is open to both, and not where there is a sole sender', () => {
    const table = new Table(1)
    const between = () => [table.balance(0, 0, 1, 2), table.balance(0, 0, 2, 1)]
    expect(between()).toEqual(['shut', 'shut'])
    table.give(0, 2, 0)
    expect(between()).toEqual(['shut', 'shut'])
    table.give(0, 1, 0)
    expect(between()).toEqual(['open', 'open'])
    const sole = new Table(1, true)
    sole.give(0, 1, 0)
    sole.give(0, 2, 0)
    expect(sole.balance(0, 0, 1, 2)).toBe('sole')
    expect(sole.balance(0, 0, 0, 2)).toBe('open')
    expect(sole.balance(0, 0, 2, 0)).toBe('open')
  })

  test('[REC-6] what the disk does not have of our own chain does not count yet', () => {
    const table = new Table(1)
    table.give(0, 1, 0)
    const entry = table.space.head(0) as NonNullable<ReturnType<SpaceLog['head']>>
    const { genesis } = table.at(0, 0)
    const balance = (own: number, peer: number, unwritten = new Set([entry])) =>
      balanceOf(table.space, genesis, { own, peer }, unwritten)
    expect(balance(0, 1)).toBe('shut')
    expect(balance(0, 1, new Set())).toBe('open')
  })

  test('[REC-3] the log names no facet', () => {
    const table = new Table(1)
    table.give(0, 1, 0)
    const { id, genesis } = table.at(0, 0)
    const entry = toHex(table.space.head(0)?.record.entry as Uint8Array)
    expect(entry).not.toContain(toHex(id))
    expect(entry).not.toContain(toHex(genesis.artifact))
    expect(entry).toContain(unitName(genesis, 1))
  })
})
