// protocols/policy: the whole table, and what must hold for any table.
import Ajv2020 from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  DIRECTIONS,
  FACTS,
  type Letters,
  lettersOf,
  policyVectors,
  rowOf
} from '../../scripts/vectors/policy.ts'
import { Clearance, type Question, decide } from '../../src/policy/decide.ts'

const read = (name: string) =>
  readFileSync(new URL(`../../protocols/policy/${name}`, import.meta.url), 'utf8')
const { rows } = JSON.parse(read('cases.json')) as { rows: string[] }
const cases = rows.map(row => {
  const [letters = '', verdict = ''] = row.split(' ')
  return { letters: lettersOf(letters), verdict }
})

function questionOf(letters: Letters, direction: Question['direction']): Question {
  const say = (fact: keyof typeof FACTS): unknown => FACTS[fact][letters[fact] as never]
  return {
    direction,
    peer: { own: say('own'), certificate: say('certificate'), confirmed: say('confirmed') },
    space: {
      party: say('party'),
      accepted: say('accepted'),
      frozen: say('frozen'),
      agreement: say('agreement')
    },
    ...(letters.class !== '-' && {
      facet: {
        class: say('class'),
        ownedHere: say('ownedHere'),
        scope: say('scope'),
        balance: say('balance')
      }
    })
  } as Question
}

function verdictOf(question: Question): string {
  const answer = decide(question)
  return answer instanceof Clearance ? 'allow' : answer.rule
}

const verdicts = new Map(cases.map(({ letters }) => [rowOf(letters), verdictOf(questionOf(letters, 'send'))]))
const allows = (letters: Letters) => verdicts.get(rowOf(letters)) === 'allow'

/** What holds less, for each fact that can: what is on the left allows all that stands on the right. */
const LESS: { [fact in keyof Letters]?: { [letter: string]: string[] } } = {
  own: { 1: ['0'] },
  certificate: { c: ['n', 'r', 'e'] },
  confirmed: { 1: ['0'] },
  party: { 1: ['0'] },
  accepted: { 1: ['0'] },
  frozen: { 0: ['1'] },
  agreement: { a: ['d', 'p', 'e'], p: ['e'] },
  class: { u: ['s'], s: ['p'] },
  ownedHere: { 1: ['0'] },
  scope: { a: ['c', 'o'], c: ['o'] },
  balance: { o: ['s', 'l'] }
}

/** Every way to take one right away from whoever asks. */
function weaker(letters: Letters): Letters[] {
  return (Object.keys(LESS) as (keyof Letters)[]).flatMap(fact =>
    (LESS[fact]?.[letters[fact]] ?? []).map(letter => ({ ...letters, [fact]: letter }))
  )
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
    expect(verdicts.size).toBe(4 * 4 * 2 ** 5 * (1 + 3 * 2 * 3 * 3))
    const wrong = DIRECTIONS.flatMap(direction =>
      cases
        .map(({ letters, verdict }) => ({
          letters,
          verdict,
          given: verdictOf(questionOf(letters, direction))
        }))
        .filter(({ verdict, given }) => verdict !== given)
        .map(({ letters, verdict, given }) => `${direction} ${rowOf(letters)}: ${given}, not ${verdict}`)
    )
    expect(wrong).toEqual([])
  })

  test.each([2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 16, 17, 18, 19].map(n => `POL-${n}`))(
    '[%s] denies, and nothing else would have',
    rule => {
      const only = cases.filter(({ verdict }) => verdict === rule)
      expect(only.length).toBeGreaterThan(0)
      for (const { letters } of only) expect(verdicts.get(rowOf(letters))).toBe(rule)
    }
  )

  test('[POL-2] no certificate, whatever else holds', () => {
    const none = cases.filter(({ letters }) => letters.certificate === 'n')
    expect(none.every(({ verdict }) => verdict === 'POL-2')).toBe(true)
  })

  test('[POL-3] [POL-4] only a current certificate ever allows', () => {
    const allowed = cases.filter(({ letters }) => allows(letters))
    expect(allowed.every(({ letters }) => letters.certificate === 'c')).toBe(true)
    const [{ letters }] = allowed as [(typeof cases)[number]]
    const question = questionOf(letters, 'send')
    const peer = { ...question.peer, certificate: 'renewed' as never }
    expect(verdictOf({ ...question, peer })).toBe('POL-4')
  })

  test('[POL-5] private leaves to own nodes alone, and so does a class that nobody knows', () => {
    const secret = cases.filter(({ letters }) => letters.class === 'p' && allows(letters))
    expect(secret.every(({ letters }) => letters.own === '1' && letters.ownedHere === '1')).toBe(true)
    const open = cases.find(({ letters }) => letters.class === 'u' && letters.own === '0' && allows(letters))
    for (const strange of ['internal', undefined, null, 7]) {
      const question = questionOf((open as (typeof cases)[number]).letters, 'send')
      const facet = { ...question.facet, class: strange } as never
      expect(verdictOf({ ...question, facet })).toBe('POL-5')
    }
  })

  test('[POL-6] [POL-7] [POL-8] [POL-9] what another company gets is a party that accepted, is not frozen, and is confirmed', () => {
    const others = cases.filter(({ letters }) => letters.own === '0' && allows(letters))
    for (const { letters } of others) {
      expect(letters.party).toBe('1')
      if (letters.class !== '-') expect([letters.accepted, letters.frozen]).toEqual(['1', '0'])
      if (letters.class === 's') expect(letters.confirmed).toBe('1')
    }
    expect(others.length).toBeGreaterThan(0)
  })

  test('[POL-14] [POL-15] [POL-16] [POL-17] what is shared in confidence goes out under an agreement in force that covers it, or is the draft of one', () => {
    const others = cases.filter(
      ({ letters }) => letters.own === '0' && letters.class === 's' && allows(letters)
    )
    const seen = new Set(others.map(({ letters: { agreement, scope } }) => agreement + scope))
    expect([...seen].sort()).toEqual(['aa', 'ac', 'da', 'pa'])
  })

  test('[POL-14] public documents wait for the first agreement, and outlive it', () => {
    const others = cases.filter(
      ({ letters }) => letters.own === '0' && letters.class === 'u' && allows(letters)
    )
    const seen = new Set(others.map(({ letters: { agreement, scope } }) => agreement + scope))
    expect([...seen].sort()).toEqual(['aa', 'ac', 'ao', 'da', 'ea', 'ec', 'eo', 'pa', 'pc', 'po'])
  })

  test('[POL-18] [POL-19] what a reciprocity rule covers goes out where it is open to the peer, and nothing else is asked', () => {
    const others = cases.filter(({ letters: { own, scope } }) => own === '0' && scope === 'c')
    const shared = others.filter(({ letters }) => letters.class === 's' && allows(letters))
    expect(shared.every(({ letters }) => letters.balance === 'o')).toBe(true)
    const open = others.filter(({ letters }) => letters.class === 'u' && allows(letters))
    expect(new Set(open.map(({ letters }) => letters.balance)).size).toBe(3)
    const [{ letters }] = shared as [(typeof cases)[number]]
    const question = questionOf(letters, 'send')
    const facet = { ...question.facet, balance: 'paid' } as never
    expect(verdictOf({ ...question, facet })).toBe('POL-18')
  })

  test('[POL-10] the direction changes nothing', () => {
    for (const { letters } of cases) {
      const given = DIRECTIONS.map(direction => verdictOf(questionOf(letters, direction)))
      expect(new Set(given).size).toBe(1)
    }
  })

  test('[POL-11] fewer rights never allow more', () => {
    let pairs = 0
    const wrong: string[] = []
    for (const { letters } of cases) {
      if (allows(letters)) continue
      for (const less of weaker(letters)) {
        pairs++
        if (allows(less)) wrong.push(`${rowOf(letters)} is denied, ${rowOf(less)} is not`)
      }
    }
    expect(wrong).toEqual([])
    expect(pairs).toBeGreaterThan(60_000)
  })
})
