// protocols/policy: the whole table, and what must hold for any table.
import Ajv2020 from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CERTIFICATES, type CaseRow, DIRECTIONS, policyVectors } from '../../scripts/vectors/policy.ts'
import { Clearance, type Question, decide } from '../../src/policy/decide.ts'

const read = (name: string) =>
  readFileSync(new URL(`../../protocols/policy/${name}`, import.meta.url), 'utf8')
const { rows } = JSON.parse(read('cases.json')) as { rows: CaseRow[] }

function questionOf(row: CaseRow, direction: Question['direction']): Question {
  const [own, certificate, confirmed, party, accepted, frozen, name, ownedHere] = row
  return {
    direction,
    peer: { own, certificate, confirmed },
    space: { party, accepted, frozen },
    ...(name !== null && ownedHere !== null && { facet: { class: name, ownedHere } })
  }
}

function verdictOf(question: Question): string {
  const answer = decide(question)
  return answer instanceof Clearance ? 'allow' : answer.rule
}

const allows = (row: CaseRow) => verdictOf(questionOf(row, 'send')) === 'allow'
const ruled = (rule: string) => rows.filter(row => row[8] === rule)
const keyOf = (row: CaseRow) => JSON.stringify(row.slice(0, 8))
const byKey = new Map(rows.map(row => [keyOf(row), row]))

/** Every way to take one right away from whoever asks. */
function weaker(row: CaseRow): CaseRow[] {
  const change = <I extends number>(index: I, value: CaseRow[I & keyof CaseRow]) =>
    byKey.get(JSON.stringify(row.slice(0, 8).with(index, value))) as CaseRow
  const found: CaseRow[] = []
  for (const index of [0, 2, 3, 4, 7]) if (row[index] === true) found.push(change(index, false))
  if (!row[5]) found.push(change(5, true))
  if (row[1] === 'current') for (const other of CERTIFICATES) found.push(change(1, other as never))
  const raised = {
    public: 'shared-confidential',
    'shared-confidential': 'private',
    private: 'private'
  } as const
  if (row[6] !== null) found.push(change(6, raised[row[6]] as never))
  return found
}

describe('protocols/policy', () => {
  test('cases.json is what the generator writes', () => {
    for (const [path, contents] of Object.entries(policyVectors())) {
      expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(contents)
    }
  })

  test('cases.json is of its schema', () => {
    const fits = new Ajv2020.default({ strictTuples: false }).compile(
      JSON.parse(read('cases.schema.json')) as object
    )
    expect(fits(JSON.parse(read('cases.json')))).toBe(true)
  })

  test('[POL-1] every question of the table has the verdict that the table gives', () => {
    expect(byKey.size).toBe(2 * 4 * 2 * 2 * 2 * 2 * 7)
    const wrong: string[] = []
    for (const direction of DIRECTIONS) {
      for (const row of rows) {
        const verdict = verdictOf(questionOf(row, direction))
        if (verdict !== row[8]) wrong.push(`${direction} ${keyOf(row)}: ${verdict}, not ${row[8]}`)
      }
    }
    expect(wrong).toEqual([])
  })

  test.each(['POL-2', 'POL-3', 'POL-4', 'POL-5', 'POL-6', 'POL-7', 'POL-8', 'POL-9'])(
    '[%s] denies, and nothing else would have',
    rule => {
      const only = ruled(rule)
      expect(only.length).toBeGreaterThan(0)
      for (const row of only) expect(verdictOf(questionOf(row, 'send'))).toBe(rule)
    }
  )

  test('[POL-2] no certificate, whatever else holds', () => {
    expect(rows.filter(row => row[1] === 'none').every(row => row[8] === 'POL-2')).toBe(true)
  })

  test('[POL-3] [POL-4] only a current certificate ever allows', () => {
    expect(rows.filter(allows).every(row => row[1] === 'current')).toBe(true)
    const odd = { own: true, certificate: 'renewed' as never, confirmed: true }
    const space = { party: true, accepted: true, frozen: false }
    expect(verdictOf({ direction: 'send', peer: odd, space })).toBe('POL-4')
  })

  test('[POL-5] private leaves to own nodes alone, and so does a class that nobody knows', () => {
    expect(rows.filter(row => row[6] === 'private' && allows(row)).every(row => row[0] && row[7])).toBe(true)
    const [open] = rows.filter(row => row[6] === 'public' && !row[0] && allows(row)) as [CaseRow]
    for (const strange of ['internal', undefined, null, 7]) {
      const question = questionOf(open, 'send')
      const facet = { class: strange as never, ownedHere: true }
      expect(verdictOf({ ...question, facet })).toBe('POL-5')
    }
  })

  test('[POL-6] [POL-7] [POL-8] [POL-9] what another company gets is a party that accepted, is not frozen, and is confirmed', () => {
    const others = rows.filter(row => !row[0] && allows(row))
    for (const [, , confirmed, party, accepted, frozen, name] of others) {
      expect(party).toBe(true)
      if (name !== null) expect([accepted, frozen]).toEqual([true, false])
      if (name !== null && name !== 'public') expect(confirmed).toBe(true)
    }
    expect(others.length).toBeGreaterThan(0)
  })

  test('[POL-10] the direction changes nothing', () => {
    for (const row of rows) {
      const verdicts = new Set(DIRECTIONS.map(direction => verdictOf(questionOf(row, direction))))
      expect(verdicts.size).toBe(1)
    }
  })

  test('[POL-11] fewer rights never allow more', () => {
    let pairs = 0
    for (const row of rows) {
      if (allows(row)) continue
      for (const less of weaker(row)) {
        pairs++
        expect(allows(less), `${keyOf(row)} is denied, ${keyOf(less)} is not`).toBe(false)
      }
    }
    expect(pairs).toBeGreaterThan(2_000)
  })
})
