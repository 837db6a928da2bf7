// protocols/agreement, section 10: each rule finds what it is there for, and sound terms pass all of them.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { withRules } from '../../scripts/vectors/agreement-rules.ts'
import {
  type DraftNames,
  type Finding,
  checkAgreement,
  checklist
} from '../../src/artifacts/agreement-check.ts'
import { type CheckFacts, type SharedDocument, shownTo } from '../../src/artifacts/agreement-rule.ts'
import { RULES } from '../../src/artifacts/agreement-rules.ts'
import type { TermsBody } from '../../src/artifacts/agreement-terms.ts'
import { COMPANIES, SOUND, SPACE } from './sound-terms.ts'

const FACTS: CheckFacts = {
  space: SPACE,
  parties: COMPANIES,
  number: 1,
  pairing: 'CTO',
  seals: COMPANIES.map(() => true),
  documents: [],
  day: '2026-06-01'
}

const [cell] = SOUND.confidentiality as [TermsBody['confidentiality'][number]]
const [rule] = SOUND.reciprocity as [TermsBody['reciprocity'][number]]
const two = (weights: number[], threshold: number): Partial<TermsBody> => ({
  parties: SOUND.parties.slice(0, 2),
  antitrust: { ...SOUND.antitrust, counsel: SOUND.antitrust.counsel.slice(0, 2) },
  amendment: { weights, threshold },
  witnesses: { minimum: 1, parties: [0, 1] }
})
const TWO: Partial<CheckFacts> = { parties: COMPANIES.slice(0, 2) }

/** Of these the standard is under a rule, and the last two are outside the scope. */
const WRITTEN: SharedDocument[] = [
  { kind: 'PeerAgreement.v1', class: 'shared-confidential' },
  { kind: 'StandardsDoc.v1', class: 'shared-confidential' },
  { kind: 'DecisionTopic.v1', class: 'public' },
  { kind: 'DecisionTopic.v1', class: 'shared-confidential' },
  { kind: 'BenchmarkReport.v1', class: 'shared-confidential' }
]

interface Case {
  rule: string
  name: string
  terms?: Partial<TermsBody>
  facts?: Partial<CheckFacts>
  /** In a sentence of what is found. */
  says: string
  /** What is found beside it. */
  also?: string[]
}

const CASES: Case[] = [
  {
    rule: 'no-revision',
    name: 'a day that is none',
    terms: { starts: '2026-02-30' },
    says: '2026-02-30 is no day'
  },
  {
    rule: 'no-revision',
    name: 'a last day before the first',
    terms: { ends: '2026-06-30' },
    says: 'it ends before it starts',
    also: ['notice-long']
  },
  {
    rule: 'no-revision',
    name: 'a threshold that two halves could reach apart',
    terms: two([1, 1], 1),
    facts: TWO,
    says: 'two halves could amend apart',
    also: ['sole-amender', 'sole-amender']
  },
  {
    rule: 'no-revision',
    name: 'a threshold that nobody can reach',
    terms: two([1, 1], 3),
    facts: TWO,
    says: 'nobody can reach 3'
  },
  { rule: 'no-revision', name: 'another space', facts: { space: '22'.repeat(32) }, says: 'of another space' },
  {
    rule: 'no-revision',
    name: 'more than an entry holds',
    terms: {
      clauses: [...SOUND.clauses, ...['A', 'B', 'C'].map(title => ({ title, text: 'x'.repeat(16_000) }))]
    },
    says: 'jcs-size'
  },
  {
    rule: 'revision-stale',
    name: 'a number that was',
    facts: { number: 2, before: SPACE },
    says: 'the next one is 2'
  },
  {
    rule: 'over',
    name: 'a last day in the past',
    terms: { starts: '2025-01-01', ends: '2026-05-31' },
    says: '2026-05-31'
  },
  { rule: 'purpose-missing', name: 'no purpose', terms: { purpose: '' }, says: 'no purpose' },
  { rule: 'role-missing', name: 'roles without the pairing', facts: { pairing: 'CFO' }, says: 'pairs CFO' },
  {
    rule: 'clause-missing',
    name: 'a clause of the template that is gone',
    terms: { clauses: SOUND.clauses.filter(({ title }) => title !== 'Disputes') },
    says: '"Disputes"'
  },
  {
    rule: 'clause-empty',
    name: 'a clause without a text',
    terms: { clauses: [...SOUND.clauses, { title: 'More', text: ' \n' }] },
    says: '"More" says nothing'
  },
  {
    rule: 'clause-twice',
    name: 'two clauses with one title',
    terms: { clauses: [...SOUND.clauses, { title: 'Costs', text: 'Others.' }] },
    says: 'called "Costs"'
  },
  { rule: 'survivor-unknown', name: 'no such clause', terms: { survives: ['Secrecy'] }, says: '"Secrecy"' },
  {
    rule: 'party-unknown',
    name: 'a witness that is no party',
    terms: { witnesses: { minimum: 2, parties: [0, 1, 2, 9] } },
    says: 'no party 9'
  },
  {
    rule: 'party-unknown',
    name: 'a witness named twice',
    terms: { witnesses: { minimum: 2, parties: [0, 1, 2, 2] } },
    says: 'Party 2 witnesses twice'
  },
  {
    rule: 'sole-amender',
    name: 'a party that reaches the threshold alone',
    terms: two([2, 1], 2),
    facts: TWO,
    says: 'Company 0 weighs 2 of a threshold of 2'
  },
  {
    rule: 'witnesses-few',
    name: 'a minimum that a witness cannot reach without itself',
    terms: { witnesses: { minimum: 2, parties: [0, 1] } },
    says: 'The log of Company 0 is to have 2 witnesses, and of the others 1',
    also: ['witnesses-few']
  },
  {
    rule: 'benchmark-profile',
    name: 'benchmark reports without the profile',
    terms: { scope: { ...SOUND.scope, kinds: ['StandardsDoc.v1', 'BenchmarkReport.v1'] } },
    says: 'the antitrust profile is none'
  },
  {
    rule: 'contributors-few',
    name: 'a benchmark of two',
    terms: {
      ...two([1, 1], 2),
      antitrust: { profile: 'benchmark', counsel: SOUND.antitrust.counsel.slice(0, 2) }
    },
    facts: TWO,
    says: 'there are 2'
  },
  {
    rule: 'counsel-missing',
    name: 'a profile that one counsel has not signed off',
    terms: { antitrust: { profile: 'benchmark', counsel: SOUND.antitrust.counsel.slice(1) } },
    says: 'Counsel of Company 0'
  },
  {
    rule: 'field-unknown',
    name: 'a field of no layout',
    terms: { confidentiality: [{ ...cell, field: 'requirements.r1.title' }] },
    says: 'no field requirements.r1.title'
  },
  {
    rule: 'field-twice',
    name: 'a field with two classes',
    terms: { confidentiality: [cell, { ...cell, class: 'private' }] },
    says: 'requirements.*.title twice'
  },
  {
    rule: 'class-outside',
    name: 'a class that is not in scope',
    terms: { scope: { ...SOUND.scope, classes: ['shared-confidential'] } },
    says: 'is public, and the classes in scope are shared-confidential'
  },
  {
    rule: 'reciprocity-outside',
    name: 'a rule for a kind outside the scope',
    terms: { reciprocity: [rule, { ...rule, kind: 'JointInitiativePlan.v1' }] },
    says: 'JointInitiativePlan.v1 has a reciprocity rule'
  },
  {
    rule: 'reciprocity-twice',
    name: 'two rules',
    terms: { reciprocity: [rule, rule] },
    says: 'two reciprocity rules'
  },
  {
    rule: 'reciprocity-stuck',
    name: 'an exposure of nothing',
    terms: { reciprocity: [{ ...rule, maxExposure: 0 }] },
    says: 'nobody may give first'
  },
  {
    rule: 'seal-missing',
    name: 'a party whose keys may not seal',
    facts: { seals: [true, false, true, true, true] },
    says: 'Company 1 has no key'
  },
  {
    rule: 'sole-blocker',
    name: 'a heavy party, and the threshold that helps',
    terms: { amendment: { weights: [3, 2, 2, 2, 2], threshold: 9 } },
    says: 'Company 0 could block every amendment alone: weights 3, 2, 2, 2, 2, threshold 9.'
  },
  {
    rule: 'sole-blocker',
    name: 'unanimity of five',
    terms: { amendment: { weights: [1, 1, 1, 1, 1], threshold: 5 } },
    says: 'Each party could block'
  },
  {
    rule: 'weightless',
    name: 'a party without weight',
    terms: { amendment: { weights: [1, 1, 1, 1, 0], threshold: 3 } },
    says: 'Company 4 weighs nothing'
  },
  {
    rule: 'witnesses-none',
    name: 'a party that only it witnesses',
    terms: { witnesses: { minimum: 0, parties: [0] } },
    says: 'Nobody else witnesses the log of Company 0'
  },
  {
    rule: 'counsel-unasked',
    name: 'no profile, and no counsel asked',
    terms: { antitrust: { profile: 'none', counsel: SOUND.antitrust.counsel.slice(1) } },
    says: 'Counsel of Company 0'
  },
  {
    rule: 'ip-none',
    name: 'a standard that nobody may implement',
    terms: { ip: 'none' },
    says: 'right to implement'
  },
  {
    rule: 'notice-long',
    name: 'an end before notice',
    terms: { ends: '2026-07-11' },
    says: 'runs for 10 days'
  },
  { rule: 'notice-none', name: 'no notice', terms: { noticeDays: 0 }, says: 'from one day to the next' },
  {
    rule: 'nothing-survives',
    name: 'no clause that survives',
    terms: { survives: [] },
    says: 'in confidence'
  },
  {
    rule: 'past-shown',
    name: 'a company that is admitted',
    terms: { number: 2, before: '22'.repeat(32), admits: 1 },
    facts: {
      number: 2,
      before: '22'.repeat(32),
      parties: COMPANIES.slice(0, 4),
      seals: [true, true, true, true],
      documents: WRITTEN
    },
    says: 'Company 4 would come to see 2 documents that are here, and all that follows in the scope.'
  },
  {
    rule: 'no-revision',
    name: 'more parties than it says that it admits',
    terms: { number: 2, before: '22'.repeat(32) },
    facts: { number: 2, before: '22'.repeat(32), parties: COMPANIES.slice(0, 4) },
    says: 'terms-parties'
  },
  { rule: 'objectives-none', name: 'no objectives', terms: { objectives: [] }, says: 'no objectives' },
  {
    rule: 'field-outside',
    name: 'a kind outside the scope',
    terms: { confidentiality: [cell, { ...cell, kind: 'DecisionTopic.v1', field: 'text' }] },
    says: 'DecisionTopic.v1'
  }
]

const check = (
  terms: Partial<TermsBody> = {},
  facts: Partial<CheckFacts> = {},
  names?: DraftNames
): Finding[] => {
  return checkAgreement({ ...SOUND, ...terms }, { ...FACTS, ...facts }, names)
}

describe('rules', () => {
  test('sound terms pass all of them', () => {
    expect(check()).toEqual([])
  })

  test.each(CASES)('$rule finds $name', ({ rule: name, terms, facts, says, also = [] }) => {
    const found = check(terms, facts)
    expect(found.map(finding => finding.rule).toSorted()).toEqual([name, ...also].toSorted())
    expect(found.find(finding => finding.rule === name)?.says).toContain(says)
  })

  test('each has a case, and a line in the specification', () => {
    expect(new Set(CASES.map(one => one.rule))).toEqual(new Set(RULES.map(one => one.rule)))
    const spec = readFileSync(new URL('../../protocols/agreement/SPEC.md', import.meta.url), 'utf8')
    expect(withRules(spec) === spec, 'node scripts/run.cjs scripts/vectors/agreement-rules.ts').toBe(true)
  })

  test('[AGR-20] whom terms admit sees what they cover, but for what is under a rule, and what is public anyway', () => {
    const free = { ...SOUND, reciprocity: [] }
    expect([shownTo(SOUND, WRITTEN), shownTo(free, WRITTEN), shownTo(SOUND, [])]).toEqual([2, 3, 0])
    const open = { ...free, scope: { ...SOUND.scope, classes: ['public' as const] } }
    expect(shownTo(open, WRITTEN)).toBe(2)
  })

  test('two who can only agree are no blockers', () => {
    expect(check(two([2, 1], 3), TWO)).toEqual([])
  })

  test('the threshold that is proposed against a blocker removes it', () => {
    const [finding] = check({ amendment: { weights: [3, 2, 2, 2, 2], threshold: 9 } }, {}, NAMES)
    expect(finding?.next).toBe('parley set abc meta.threshold:=8')
    expect(check({ amendment: { weights: [3, 2, 2, 2, 2], threshold: 8 } })).toEqual([])
    // Lower, and two halves could amend apart: then only another weight helps.
    const [heavy] = check({ amendment: { weights: [2, 9, 2, 2, 2], threshold: 16 } }, {}, NAMES)
    expect(heavy?.next).toBe('parley set abc parties.party2.weight:=1')
  })
})

const NAMES: DraftNames = { draft: 'abc', parties: ['party1', 'party2', undefined, 'party4', 'party5'] }

describe('next steps', () => {
  test('name the draft and the record of the party, or the place in the file', () => {
    const antitrust = { profile: 'none' as const, counsel: SOUND.antitrust.counsel.slice(3) }
    expect(check({ antitrust }, {}, NAMES).map(({ next }) => next)).toEqual(
      ['party1', 'party2', 'ID'].map(
        id => `parley set abc parties.${id}.counsel="..." parties.${id}.counselDay=2027-01-31`
      )
    )
    expect(check({ antitrust })[0]?.next).toBe('Correct antitrust.counsel in the file.')
  })

  test('hold nothing that a party wrote', () => {
    const evil = 'CTO"; rm -rf ~; "'
    const terms: Partial<TermsBody> = {
      survives: [evil],
      clauses: [...SOUND.clauses, { title: evil, text: '' }, { title: evil, text: '' }],
      confidentiality: [{ ...cell, field: evil }],
      parties: SOUND.parties.map(party => ({ ...party, name: evil })),
      amendment: { weights: [9, 1, 1, 1, 0], threshold: 9 },
      antitrust: { profile: 'none', counsel: [] },
      witnesses: { minimum: 3, parties: [0] },
      ends: evil
    }
    const found = check(terms, { pairing: evil, seals: [] }, NAMES)
    expect(found.length).toBeGreaterThan(10)
    expect(found.filter(({ next }) => next.includes('rm'))).toEqual([])
  })
})

describe('checklist', () => {
  const stateOf = (findings: Finding[]) => {
    return Object.fromEntries(checklist(findings).map(({ task, state }) => [task, state]))
  }

  test('all is done where nothing is found', () => {
    expect(new Set(Object.values(stateOf([])))).toEqual(new Set(['done']))
  })

  test.each([
    ['scope', { purpose: '' }, 'open'],
    ['IP stance', { ip: 'none' }, 'look'],
    ['antitrust', { antitrust: { profile: 'benchmark', counsel: [] } }, 'open'],
    ['witnesses', { witnesses: { minimum: 5, parties: [0] } }, 'open'],
    ['exit terms', { noticeDays: 0 }, 'look'],
    ['amendment', { amendment: { weights: [9, 1, 1, 1, 1], threshold: 9 } }, 'open'],
    ['clauses', { clauses: [] }, 'open']
  ] as [string, Partial<TermsBody>, string][])('%s', (task, terms, state) => {
    expect(stateOf(check(terms))[task]).toBe(state)
  })

  test('signatory power is open while nobody is named who signs', () => {
    const missing = {
      rule: 'draft',
      severity: 'blocks',
      where: 'parties.party1.signatory',
      says: '',
      next: ''
    } as const
    expect(stateOf([missing])).toMatchObject({ 'signatory power': 'open', antitrust: 'done', scope: 'done' })
  })
})
