// Whole space logs for protocols/agreement: who said what, on which branch, and what it comes to.
import { type Agreement, agreementOf, stateBetween } from '../../src/artifacts/agreement.ts'
import { type TermsBody, encodeTerms } from '../../src/artifacts/agreement-terms.ts'
import { openSpace } from '../../src/artifacts/space.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import type { EntryRecord } from '../../src/wire/space-entry.ts'
import { ADMISSIONS } from './agreement-admissions.ts'
import { GENESIS, plainTerms } from './agreement-builders.ts'
import { Story, type Tell, approval, idOf, next, rivals } from './agreement-story.ts'
import { bytes, must } from './space-builders.ts'
import { outcomeOf, readerOf } from './space-logs.ts'

const DAYS = ['2025-12-31', '2026-01-01', '2026-06-30', '2026-07-01']

const majority = { amendment: { threshold: 4, weights: [3, 2, 1] } }

const STORIES: [rule: string, name: string, tell: Tell][] = [
  ['AGR-16', 'nothing has been proposed', () => {}],
  [
    'AGR-14',
    'all but one approve',
    story => {
      const terms = story.propose()
      for (const company of [0, 1]) story.approve(company, terms)
    }
  ],
  ['AGR-14', 'all approve', story => void story.sealed()],
  [
    'AGR-14',
    'an amendment reaches the threshold of the one before, not its own',
    story => {
      const second = story.propose(
        next(story.sealed(majority), { amendment: { threshold: 3, weights: [1, 1, 1] } }),
        1
      )
      for (const company of [0, 2]) story.approve(company, second)
    }
  ],
  [
    'AGR-14',
    'an amendment falls short by one',
    story => {
      const second = story.propose(
        next(story.sealed(majority), {
          scope: { classes: ['public'], kinds: ['StandardsDoc.v1'], topics: [] }
        })
      )
      for (const company of [1, 2]) story.approve(company, second)
    }
  ],
  [
    'AGR-14',
    'numbers that skip one, and a revision of nothing',
    story => {
      const skipping = story.propose(next(story.sealed(), { number: 3 }))
      const loose = story.propose({ number: 2, before: toHex(bytes('nothing')) })
      for (const company of [0, 1, 2]) for (const terms of [skipping, loose]) story.approve(company, terms)
    }
  ],
  [
    'AGR-14',
    'a third is sealed before the second, and binds once that is',
    story => {
      const second = plainTerms(GENESIS, next(story.sealed(majority)))
      const third = story.propose(next(second))
      for (const company of [0, 1, 2]) story.approve(company, third)
      story.say(0, { kind: 'propose', terms: encodeTerms(second) })
      for (const company of [0, 1]) story.approve(company, second)
    }
  ],
  [
    'AGR-12',
    'one no is enough against a first revision',
    story => {
      const terms = story.propose()
      story.approve(0, terms)
      story.reject(1, terms)
    }
  ],
  [
    'AGR-12',
    'a later one is dead when those against it outweigh what the threshold leaves',
    story => {
      const first = story.sealed(majority)
      const [dead, alive] = [
        story.propose(next(first, { title: 'Dead' })),
        story.propose(next(first, { title: 'Alive' }))
      ]
      for (const company of [1, 2]) story.reject(company, dead)
      story.reject(1, alive)
    }
  ],
  [
    'AGR-13',
    'bound to a rival that lives',
    story => {
      const [one, other] = [story.propose({ title: 'One' }), story.propose({ title: 'Other' }, 1)]
      story.approve(0, one)
      for (const company of [0, 1, 2]) story.approve(company, other)
    }
  ],
  [
    'AGR-13',
    'free once the rival is dead',
    story => {
      const [one, other] = [story.propose({ title: 'One' }), story.propose({ title: 'Other' }, 1)]
      story.approve(0, one)
      for (const company of [0, 1, 2]) story.approve(company, other)
      story.reject(2, one)
    }
  ],
  [
    'AGR-13',
    'a yes to what nobody has proposed lets no later yes count',
    story => {
      const hidden = plainTerms(GENESIS, { title: 'Hidden' })
      story.approve(2, hidden)
      story.sealed()
    }
  ],
  [
    'AGR-13',
    'what was hidden is shown, and is a rival',
    story => {
      const hidden = plainTerms(GENESIS, { title: 'Hidden' })
      story.approve(2, hidden)
      story.sealed()
      story.say(2, { kind: 'propose', terms: encodeTerms(hidden) })
    }
  ],
  [
    'AGR-13',
    'what was hidden is shown, and is no revision',
    story => {
      const hidden = { ...plainTerms(GENESIS), starts: '2026-02-30' }
      story.approve(2, hidden)
      story.sealed()
      story.say(2, { kind: 'propose', terms: encodeTerms(hidden) })
    }
  ],
  [
    'AGR-9',
    'of two words on one revision the first stands',
    story => {
      const terms = story.propose()
      for (const company of [0, 1]) story.approve(company, terms)
      story.reject(2, terms)
      story.approve(2, terms)
      story.reject(0, terms)
    }
  ],
  [
    'AGR-9',
    'a fork takes no word back',
    story => {
      const terms = story.propose()
      const before = story.end(2)
      for (const company of [0, 1, 2]) story.approve(company, terms)
      story.say(2, { kind: 'keys', certificates: [] }, before)
    }
  ],
  [
    'AGR-12',
    'yes on one branch and no on another: sealed, and dead',
    story => {
      const terms = story.propose()
      const before = story.end(2)
      for (const company of [0, 1, 2]) story.approve(company, terms)
      story.reject(2, terms, before)
    }
  ],
  ['AGR-15', 'a party that signed two branches, and two sealed rivals', story => twoRivals(story)],
  [
    'AGR-15',
    'what all built on since settles it',
    story => {
      const [one] = twoRivals(story)
      const later = story.propose(next(one), 1)
      for (const company of [0, 1, 2]) story.approve(company, later)
    }
  ],
  [
    'AGR-15',
    'two of the highest number that follow different rivals',
    story => {
      const [one, other] = twoRivals(story)
      const [after, beside] = [story.propose(next(one), 1), story.propose(next(other), 1)]
      for (const terms of [after, beside]) for (const company of [0, 1, 2]) story.approve(company, terms)
    }
  ],
  [
    'AGR-8',
    'approvals that do not count',
    story => {
      const terms = story.propose()
      story.approve(0, terms)
      story.say(1, approval(1, terms, { capacity: 'intern' }))
      story.say(1, { ...approval(0, terms) })
      story.say(1, { kind: 'approve', revision: idOf(terms), document: utf8('{}') })
      story.say(2, approval(2, terms, { space: toHex(bytes('elsewhere')) }))
    }
  ],
  [
    'AGR-8',
    'a good approval after a bad one',
    story => {
      const terms = story.propose()
      for (const company of [0, 1]) story.approve(company, terms)
      story.say(2, approval(2, terms, { capacity: 'intern' }))
      story.approve(2, terms)
    }
  ],
  [
    'AGR-7',
    'proposals that are no revision',
    story => {
      story.say(0, { kind: 'propose', terms: utf8('{"a": 1}') })
      story.propose({ amendment: { threshold: 1, weights: [1, 1, 1] } }, 1)
      story.propose({ space: toHex(bytes('elsewhere')) }, 2)
    }
  ],
  [
    'AGR-7',
    'the same terms from two',
    story => {
      const terms = story.sealed()
      story.say(1, { kind: 'propose', terms: encodeTerms(terms) })
    }
  ],
  [
    'AGR-10',
    'suspended',
    story => {
      story.sealed()
      story.say(2, { kind: 'suspend', reason: 'an audit' })
    }
  ],
  [
    'AGR-10',
    'suspended, resumed, and another suspended',
    story => {
      story.sealed()
      story.say(2, { kind: 'suspend', reason: 'an audit' })
      story.say(2, { kind: 'resume' })
      story.say(0, { kind: 'suspend', reason: 'holidays' })
    }
  ],
  [
    'AGR-10',
    'a suspension on a branch does not count',
    story => {
      story.sealed()
      const before = story.end(2)
      story.say(2, { kind: 'suspend', reason: 'an audit' })
      story.say(2, { kind: 'keys', certificates: [] }, before)
    }
  ],
  [
    'AGR-11',
    'ended by one, for it alone',
    story => {
      story.sealed()
      story.say(2, { kind: 'terminate', reason: 'sold' })
      story.say(2, { kind: 'resume' })
    }
  ],
  [
    'AGR-11',
    'an end on one branch is an end',
    story => {
      story.sealed()
      const before = story.end(2)
      story.say(2, { kind: 'terminate', reason: 'sold' })
      story.say(2, { kind: 'keys', certificates: [] }, before)
    }
  ],
  [
    'AGR-11',
    'ended before anything was sealed',
    story => void story.say(0, { kind: 'terminate', reason: 'no' })
  ],
  [
    'AGR-16',
    'a first and a last day',
    story => void story.sealed({ starts: '2026-01-01', ends: '2026-06-30' })
  ],
  [
    'AGR-16',
    'the amendment in force has other days',
    story => {
      const second = story.propose(next(story.sealed({ ends: '2026-06-30' }), { starts: '2026-07-01' }))
      for (const company of [0, 1, 2]) story.approve(company, second)
    }
  ]
]

function twoRivals(story: Story): [TermsBody, TermsBody] {
  return rivals(story, { title: 'One' }, { title: 'Other' })
}

/** Every entry once, and for each story which of them it tells and what they come to. */
export function agreementLogs() {
  const entries = new Map<string, { at: number; row: object }>()
  const cases = [...STORIES, ...ADMISSIONS].map(([rule, name, tell]) => {
    const story = new Story()
    tell(story)
    const log = must(openSpace(GENESIS))
    for (const [i, record] of story.entries.entries()) {
      const outcome = outcomeOf(log.add(record, readerOf([1, 1, 1])))
      if (outcome !== 'added') throw new Error(`${name}, step ${i}: ${outcome}`)
    }
    const agreement = agreementOf(log)
    const numbers = story.entries.map(record => {
      const id = toHex(record.id)
      const known = entries.get(id) ?? { at: entries.size, row: rowOf(record) }
      entries.set(id, known)
      return known.at
    })
    return {
      rule,
      name,
      entries: numbers,
      agreement: shown(agreement),
      states: statesOf(agreement, log.parties.length)
    }
  })
  return { entries: [...entries.values()].map(({ row }) => row), valid: cases }
}

export function rowOf({ entry: bytes, signer, signature }: EntryRecord): object {
  return { entry: toHex(bytes), signer: toHex(signer), signature: toHex(signature) }
}

function statesOf(agreement: Agreement, parties: number): object[] {
  const all = Array.from({ length: parties }, (_, index) => index)
  const pairs = all.flatMap(a => all.slice(a + 1).map(b => [a, b] as const))
  const between = (day: string) => pairs.map(([a, b]) => [a, b, stateBetween(agreement, a, b, day)])
  return DAYS.map(day => ({ day, between: between(day) }))
}

function shown({ revisions, unfit, inForce, contradicted, suspended, ended }: Agreement) {
  return {
    revisions: revisions.map(({ id, terms, sealed, dead, approvals, rejections }) => ({
      id: toHex(id),
      number: terms.number,
      approvals: sorted(approvals.keys()),
      rejections: sorted(rejections.keys()),
      sealed,
      dead
    })),
    unfit: unfit.map(({ company, id, why }) => ({ company, id: toHex(id), code: why.code })),
    inForce: inForce ? toHex(inForce.id) : null,
    contradicted,
    suspended: sorted(suspended),
    ended: sorted(ended)
  }
}

function sorted(companies: Iterable<number>): number[] {
  return [...companies].sort((a, b) => a - b)
}
