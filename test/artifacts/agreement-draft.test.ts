// protocols/agreement, section 9: from the draft to the terms, or to what stands in the way; and where drafts begin.
import { describe, expect, test } from 'vitest'
import { checkAgreement } from '../../src/artifacts/agreement-check.ts'
import {
  type DraftContent,
  type DraftProblem,
  type TermsPlace,
  termsOfDraft
} from '../../src/artifacts/agreement-draft.ts'
import { AGREEMENT_TEMPLATES, TEMPLATE_NAMES, draftFields } from '../../src/artifacts/agreement-templates.ts'
import { type TermsBody, encodeTerms, parseTerms } from '../../src/artifacts/agreement-terms.ts'
import { isOfType, layoutOf, valueAt } from '../../src/artifacts/layouts.ts'
import { fromHex } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import type { Layout } from '../../src/wire/layout.ts'

type Fields = { [path: string]: unknown }

function placeOf(count: number): TermsPlace {
  const parties = Array.from({ length: count }, (_, i) => `did:webvh:${'abcdefgh'[i]}`)
  return { space: '11'.repeat(32), parties, number: 1 }
}

/** As a document shows fields that were set by path; null takes one away. */
function contentOf(fields: Fields, text = 'To have parts that fit.\n'): DraftContent {
  const roots: { [root: string]: unknown } = {}
  for (const [path, value] of Object.entries(fields)) {
    const keys = path.split('.')
    // `meta.title`, or a record whose field may have any name: what is left is the id.
    const [root = '', ...inner] = keys
    const last = inner.pop() as string
    let map = (roots[root] ??= {}) as { [key: string]: unknown }
    if (inner.length > 0) map = (map[inner.join('.')] ??= {}) as { [key: string]: unknown }
    if (value === null) delete map[last]
    else map[last] = value
  }
  return { text, fields: roots }
}

function startOf(
  { parties }: TermsPlace,
  template = TEMPLATE_NAMES[0] as (typeof TEMPLATE_NAMES)[number]
): Fields {
  const people = parties.map((company, i) => ({ company, name: `Company ${i}`, registration: `HRB ${i}` }))
  return { 'meta.title': 'Common parts', ...draftFields(template, 'CTO', people) }
}

/** What people add to a new draft. */
function filled(place: TermsPlace, template?: (typeof TEMPLATE_NAMES)[number]): Fields {
  const parties = place.parties.map((_, i) => ({
    [`parties.party${i + 1}.jurisdiction`]: 'DE',
    [`parties.party${i + 1}.address`]: '',
    [`parties.party${i + 1}.signatory`]: `Person ${i}`,
    [`parties.party${i + 1}.capacity`]: 'managing director'
  }))
  const own = { 'meta.starts': '2027-01-01', 'meta.governingLaw': 'Germany' }
  return Object.assign(startOf(place, template), own, ...parties) as Fields
}

function read(fields: Fields, place = placeOf(2), text?: string): TermsBody | DraftProblem[] {
  return termsOfDraft(contentOf(fields, text), place, 'abc')
}

function termsOf(fields: Fields, place = placeOf(2)): TermsBody {
  const terms = read(fields, place)
  if (Array.isArray(terms)) throw new Error(JSON.stringify(terms))
  return terms
}

function problems(changes: Fields, place = placeOf(2)): DraftProblem[] {
  const terms = read({ ...filled(place), ...changes }, place)
  return Array.isArray(terms) ? terms : []
}

describe('a company that an amendment admits', () => {
  const [a = '', b = ''] = placeOf(2).parties
  const later = { ...placeOf(2), number: 2, before: '22'.repeat(32) }
  const four = placeOf(4)
  const fields = filled(four)

  test('[AGR-2] stands behind those there are, in the order of the records, and is counted', () => {
    const terms = termsOf(fields, later)
    expect([terms.admits, terms.parties.map(({ company }) => company)]).toEqual([2, four.parties])
    expect(terms.amendment.weights).toHaveLength(4)
    expect(
      isReject(parseTerms(encodeTerms(terms), { id: fromHex(later.space) as Uint8Array, founders: [a, b] }))
    ).toBe(false)
  })

  test('a first agreement names the parties of the space and nobody else', () => {
    const found = read(fields, placeOf(2)) as DraftProblem[]
    expect(found.map(({ where }) => where)).toEqual(['parties.party3', 'parties.party4'])
  })

  test('what is no company is none in an amendment either', () => {
    const found = read({ ...fields, 'parties.party4.root': 'Delta Ltd' }, later) as DraftProblem[]
    expect(found.map(({ where }) => where)).toContain('parties.party4')
  })
})

describe('templates', () => {
  test.each(TEMPLATE_NAMES)('%s fits the layout of a draft', template => {
    const layout = layoutOf('PeerAgreement.v1') as Layout
    for (const [path, value] of Object.entries(startOf(placeOf(3), template))) {
      const type = valueAt(layout, path.split('.'))
      const fits =
        typeof type === 'string' && type !== 'plain' ? isOfType(value, type) : typeof value === 'string'
      expect(type !== undefined && fits, path).toBe(true)
    }
  })

  test.each(TEMPLATE_NAMES)('%s asks for what only the parties know, and guesses none of it', template => {
    const place = placeOf(2)
    const missing = read(startOf(place, template), place) as DraftProblem[]
    const own = ['jurisdiction', 'address', 'signatory', 'capacity']
    expect(missing.map(({ where }) => where).toSorted()).toEqual(
      [
        'meta.governingLaw',
        'meta.starts',
        ...own.flatMap(key => [`parties.party1.${key}`, `parties.party2.${key}`])
      ].toSorted()
    )
    expect(missing.find(({ where }) => where === 'meta.starts')).toEqual({
      where: 'meta.starts',
      says: 'Missing: the first day, as 2027-01-31.',
      next: 'parley set abc meta.starts=2027-01-31'
    })
  })

  test.each(TEMPLATE_NAMES)(
    '%s, once filled in, makes a revision in which only counsel is wanting',
    template => {
      const place = placeOf(5)
      const terms = termsOf(filled(place, template), place)
      const parsed = parseTerms(encodeTerms(terms), {
        id: fromHex(place.space) as Uint8Array,
        founders: place.parties
      })
      expect(isReject(parsed)).toBe(false)
      const facts = {
        ...place,
        pairing: 'CTO',
        seals: place.parties.map(() => true),
        documents: [],
        day: '2027-01-01'
      }
      const counsel =
        AGREEMENT_TEMPLATES[template].antitrust === 'none' ? 'counsel-unasked' : 'counsel-missing'
      const found = checkAgreement(terms, facts).map(({ rule }) => rule)
      expect(found).toEqual([
        ...place.parties.map(() => counsel),
        ...(template === 'shared-infrastructure' ? ['ip-none'] : [])
      ])
    }
  )

  test('a party whose identity has not arrived is asked for its name', () => {
    const place = placeOf(1)
    const [company = ''] = place.parties
    const fields = draftFields('joint-rd', 'CTO', [{ company, name: '', registration: '' }])
    const asked = read(fields, place) as DraftProblem[]
    expect(asked.map(({ where }) => where)).toContain('parties.party1.name')
  })
})

describe('terms', () => {
  test('say what the draft says', () => {
    const place: TermsPlace = { ...placeOf(3), number: 2, before: '22'.repeat(32) }
    const terms = termsOf(
      {
        ...filled(place),
        'meta.ends': '2029-12-31',
        'parties.party2.counsel': 'Cora Counsel',
        'parties.party2.counselDay': '2026-12-01',
        'parties.party3.witness': false,
        'standardTerms.title': 'Terms',
        'standardTerms.sha256': '33'.repeat(32),
        'attachments.a.title': 'Opinion',
        'attachments.a.mediaType': 'application/pdf',
        'attachments.a.bytes': 1000,
        'attachments.a.sha256': '44'.repeat(32)
      },
      place
    )
    expect(terms).toMatchObject({
      space: place.space,
      number: 2,
      before: place.before,
      title: 'Common parts',
      template: 'standards-only',
      purpose: 'To have parts that fit.',
      starts: '2027-01-01',
      ends: '2029-12-31',
      noticeDays: 90,
      governingLaw: 'Germany',
      ip: 'community-spec-1.0',
      roles: ['CTO'],
      amendment: { threshold: 2, weights: [1, 1, 1] },
      antitrust: { profile: 'none', counsel: [{ party: 1, name: 'Cora Counsel', day: '2026-12-01' }] },
      witnesses: { minimum: 1, parties: [0, 1] },
      standardTerms: { title: 'Terms', sha256: '33'.repeat(32) },
      attachments: [{ title: 'Opinion', mediaType: 'application/pdf', bytes: 1000, sha256: '44'.repeat(32) }],
      survives: ['Confidentiality', 'Licences', 'Liability', 'Disputes', 'End']
    })
    expect(terms.parties.map(({ company }) => company)).toEqual(place.parties)
    expect(terms.parties[0]).toEqual({
      company: place.parties[0],
      name: 'Company 0',
      registration: 'HRB 0',
      jurisdiction: 'DE',
      address: '',
      signatory: 'Person 0',
      capacity: 'managing director'
    })
  })

  test('stand in the order of the space and of positions, however the draft was made', () => {
    const place = placeOf(3)
    const fields = filled(place)
    const backwards = Object.fromEntries(Object.entries(fields).toReversed())
    const mixed = { 'scope.kinds': (fields['scope.kinds'] as string[]).toReversed() }
    expect(encodeTerms(termsOf({ ...backwards, ...mixed }, place))).toEqual(
      encodeTerms(termsOf(fields, place))
    )
    const moved = termsOf({ ...fields, 'clauses.end.position': '0000' }, place)
    expect(moved.clauses[0]?.title).toBe('End')
  })

  test('have U+FFFD where half of a pair is left', () => {
    expect(termsOf({ ...filled(placeOf(2)), 'clauses.end.text': 'a\ud800' }).clauses.at(-1)?.text).toBe(
      'a\ufffd'
    )
  })
})

describe('problems', () => {
  const path = Object.keys(filled(placeOf(2)))
  const free = /^meta\.summary$|\.position$|\.root$/

  test.each(path.filter(name => !free.test(name)))('%s is missing', name => {
    const found = problems({ [name]: null })
    expect(found.map(({ where }) => where)).toEqual([name])
    expect(found[0]?.says).toMatch(/^Missing: /)
    expect(found[0]?.next.startsWith(`parley set abc ${name}`)).toBe(true)
  })

  test.each([
    ['meta.noticeDays', 1.5],
    ['meta.noticeDays', -1],
    ['meta.starts', 'soon'],
    ['meta.ipStance', 'ours'],
    ['meta.title', ''],
    ['meta.title', 'x'.repeat(201)],
    ['meta.threshold', 0],
    ['scope.kinds', ['StandardsDoc']],
    ['scope.kinds', []],
    ['scope.classes', ['private']],
    ['scope.roles', ['CTO', 'CTO']],
    ['scope.topics', [5]],
    ['parties.party1.weight', 1001],
    ['clauses.end.text', 'x'.repeat(20_001)]
  ])('%s does not fit: %j', (name, value) => {
    expect(problems({ [name]: value }).map(({ where }) => where)).toEqual([name])
  })

  test.each(['', '-1', '1.5', 'many', '01', '1e3'])('an exposure of "%s" is no whole number', maxExposure => {
    const rule = { kind: 'StandardsDoc.v1', unit: 'artifact', soleSender: false, maxExposure }
    const fields = Object.fromEntries(
      Object.entries(rule).map(([key, value]) => [`reciprocity.r.${key}`, value])
    )
    expect(problems(fields).map(({ where }) => where)).toEqual(['reciprocity.r.maxExposure'])
  })

  test('half of a sign-off or of standard terms asks for the other half', () => {
    const found = problems({ 'parties.party1.counsel': 'Cora', 'standardTerms.title': 'Terms' })
    expect(found.map(({ where }) => where).toSorted()).toEqual([
      'parties.party1.counselDay',
      'standardTerms.sha256'
    ])
  })

  test('a party that is missing, there twice, or none of the space', () => {
    const place = placeOf(2)
    const [first, second] = place.parties as [string, string]
    const gone = problems({ 'parties.party2.root': 'did:webvh:other' })
    expect(gone.map(({ where, next }) => [where, next])).toEqual([
      ['parties.party2', 'parley set abc parties.party2:=null'],
      ['parties.party2.root', `parley set abc parties.party2.root=${second}`]
    ])
    const twice = problems({ 'parties.zzz.root': first })
    expect(twice.map(({ where, says }) => [where, says])).toEqual([
      ['parties.zzz', 'This party is here twice.']
    ])
  })

  test.each(['', ' \n'])('no purpose', text => {
    const found = read(filled(placeOf(2)), placeOf(2), text) as DraftProblem[]
    expect(found.map(({ where, next }) => [where, next])).toEqual([['text', 'parley edit abc']])
  })

  test('a text that is too long for the terms', () => {
    const found = read(filled(placeOf(2)), placeOf(2), 'x'.repeat(20_001)) as DraftProblem[]
    expect(found.map(({ where }) => where)).toEqual(['purpose'])
  })

  test('no id that somebody chose is part of a command', () => {
    const evil = '$(rm -rf ~)'
    const found = problems({
      [`clauses.${evil}.title`]: 'x',
      'clauses.a.b.title': 'x',
      'parties.`rm`.root': 'x'
    })
    expect(found.length).toBe(5)
    for (const { next } of found) expect(next).toContain('takes it away; see it with parley show abc')
  })

  test('a root id that no shell should see is not part of a command either', () => {
    const place = { ...placeOf(1), parties: ['did:webvh:a;rm'] }
    const found = termsOfDraft(contentOf({}), place, 'abc') as DraftProblem[]
    expect(found.find(({ where }) => where === 'parties.party1.root')?.next).toBe(
      'parley set abc parties.party1.root="..."'
    )
  })
})
