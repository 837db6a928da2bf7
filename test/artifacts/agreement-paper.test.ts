// The page for paper, and the difference between two sets of terms.
import { describe, expect, test } from 'vitest'
import { termsDifference } from '../../src/artifacts/agreement-diff.ts'
import { pageOf } from '../../src/artifacts/agreement-page.ts'
import { paperOf } from '../../src/artifacts/agreement-paper.ts'
import type { TermsBody } from '../../src/artifacts/agreement-terms.ts'
import { SOUND } from './sound-terms.ts'

const [rendering, revision] = ['ab'.repeat(32), 'cd'.repeat(32)]
const paper = (terms: TermsBody, draft = false) => {
  return paperOf({ terms, page: pageOf(terms), rendering, revision, draft })
}
/** What a browser shows. */
const shown = (html: string) => {
  const text = html.replace(/<style>[^]*<\/style>/, '').replaceAll(/<[^>]*>/g, '')
  return text.replaceAll(/&#(\d+);/g, (_, point: string) => String.fromCodePoint(Number(point)))
}

describe('paper', () => {
  test('shows every word of the terms, the digests, and where each party signs', () => {
    const text = shown(paper(SOUND))
    const strings: string[] = []
    JSON.stringify(SOUND, (_key, value: unknown) => {
      if (typeof value === 'string') strings.push(...value.split('\n'))
      return value
    })
    expect(strings.filter(string => !text.includes(string))).toEqual([])
    expect(text.split(rendering).length - 1).toBe(2)
    expect(text.split(revision).length - 1).toBe(2)
    expect(text.split('Place and day').length - 1).toBe(SOUND.parties.length)
    expect(text).not.toContain('Draft.')
    expect(shown(paper(SOUND, true))).toContain('Draft. Nobody')
  })

  test('takes nothing that a party wrote for its own', () => {
    const evil = '<script>x</script> \\| a | b `c` **d** [e](http://f) &lt; # g'
    const lines = `${evil}\n\n# h\n- i\n| j | k |\n> l`
    const terms: TermsBody = {
      ...SOUND,
      title: evil,
      purpose: lines,
      objectives: [evil],
      governingLaw: evil,
      clauses: [{ title: evil, text: lines }],
      survives: [evil],
      parties: SOUND.parties.map(party => ({
        ...party,
        name: evil,
        address: evil,
        signatory: evil,
        capacity: evil
      })),
      antitrust: { profile: 'none', counsel: [{ party: 0, name: evil, day: '2026-05-01' }] }
    }
    const tags = (html: string) => [...html.matchAll(/<\/?[a-z0-9]+/g)].map(([tag]) => tag)
    const plain: TermsBody = {
      ...terms,
      title: 'x',
      purpose: 'a\n\nb\nc\nd\ne',
      objectives: ['x'],
      governingLaw: 'x',
      survives: ['x'],
      clauses: [{ title: 'x', text: 'a\n\nb\nc\nd\ne' }],
      parties: SOUND.parties,
      antitrust: { profile: 'none', counsel: [{ party: 0, name: 'x', day: '2026-05-01' }] }
    }
    expect(tags(paper(terms))).toEqual(tags(paper(plain)))
    const text = shown(paper(terms))
    // Title (2), purpose, objective, law, clause (2), survival, counsel (2), witnesses; each party in 7 places.
    expect(text.split(evil).length - 1).toBe(10 + SOUND.witnesses.parties.length + SOUND.parties.length * 7)
    for (const line of lines.split('\n')) expect(text).toContain(line)
  })

  test('loads nothing and runs nothing', () => {
    const html = paper(SOUND)
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
    expect(html).not.toMatch(/<(script|img|link|iframe|object|form|a)\b|src=|href=|url\(|@import/)
  })
})

describe('difference', () => {
  const differs = (changes: Partial<TermsBody>) => termsDifference(SOUND, { ...SOUND, ...changes })

  test('none between equal terms, nor of what is computed', () => {
    expect(termsDifference(SOUND, { ...structuredClone(SOUND), rendering } as TermsBody)).toEqual([])
  })

  test('names the field and gives both sides', () => {
    expect(differs({ noticeDays: 60, ends: '2030-01-01' })).toEqual([
      { where: 'ends', b: '2030-01-01' },
      { where: 'noticeDays', a: '30', b: '60' }
    ])
    expect(differs({ amendment: { threshold: 5, weights: [1, 1, 1, 1, 2] } })).toEqual([
      { where: 'amendment.threshold', a: '4', b: '5' },
      { where: 'amendment.weights.5', a: '1', b: '2' }
    ])
    const [first, ...others] = SOUND.parties as [TermsBody['parties'][number]]
    expect(differs({ parties: [{ ...first, signatory: 'B Person' }, ...others] })).toEqual([
      { where: 'parties.1.signatory', a: 'A Person', b: 'B Person' }
    ])
  })

  test('a clause that comes or goes leaves the others alone; one that moves is said to', () => {
    const [first, ...others] = SOUND.clauses as [TermsBody['clauses'][number]]
    expect(differs({ clauses: others })).toEqual([
      { where: `clauses.${first.title}.text`, a: first.text },
      { where: `clauses.${first.title}.title`, a: first.title }
    ])
    expect(differs({ clauses: [...others, first] }).map(({ where }) => where)).toEqual(['clauses (order)'])
    const twice = differs({ clauses: [...SOUND.clauses, { ...first, text: 'Other.' }] })
    expect(twice.map(({ where }) => where)).toContain(`clauses.${first.title} (2).text`)
  })

  test('lists of words are one field', () => {
    expect(differs({ survives: ['Confidentiality', 'End'] })).toEqual([
      { where: 'survives', a: 'Confidentiality', b: 'Confidentiality\nEnd' }
    ])
    expect(differs({ reciprocity: [], confidentiality: [] }).map(({ where }) => where)).toEqual([
      'confidentiality.StandardsDoc.v1 requirements.*.title.class',
      'confidentiality.StandardsDoc.v1 requirements.*.title.field',
      'confidentiality.StandardsDoc.v1 requirements.*.title.kind',
      'reciprocity.StandardsDoc.v1.kind',
      'reciprocity.StandardsDoc.v1.maxExposure',
      'reciprocity.StandardsDoc.v1.soleSender',
      'reciprocity.StandardsDoc.v1.unit'
    ])
  })
})
