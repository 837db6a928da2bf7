// The sandbox plays drafts that are as they should be, and drafts that are not. What a broken program makes of it is
// in mutants.test.ts.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { TermsBody } from '../../src/artifacts/agreement-terms.ts'
import { runSandbox } from '../../src/sandbox/run.ts'
import { type Line, SCENES, type Verdict, VerdictSchema } from '../../src/sandbox/verdict.ts'
import { World } from '../../src/sandbox/world.ts'
import { verdictSchema } from '../../scripts/vectors/sandbox.ts'
import { draftOf, findingsIn, playWith } from './drafts.ts'

const play = (terms: TermsBody, options?: { pairing?: string; seed?: number }) =>
  playWith(runSandbox, terms, options)
const of = ({ lines }: Verdict, scene: Line['scene']) => lines.filter(line => line.scene === scene)
const states = (verdict: Verdict, scene: Line['scene']) => of(verdict, scene).map(({ state }) => state)

describe('a sound draft', () => {
  const verdict = play(draftOf(3))

  test('[SBX-13] it is ready, and every scene has its line', () => {
    expect(verdict.lines.filter(({ state }) => state !== 'green')).toEqual([])
    expect(verdict.ready).toBe(true)
    expect(new Set(verdict.lines.map(({ scene }) => scene))).toEqual(new Set(SCENES))
    expect(VerdictSchema.parse(JSON.parse(JSON.stringify(verdict)))).toEqual(verdict)
  })

  test('[SBX-3] the same seed and terms give the same verdict, and another seed another liar', () => {
    expect(play(draftOf(3))).toEqual(verdict)
    const liars = [1, 2, 3, 4, 5, 6].map(seed => of(play(draftOf(3), { seed }), 'silence')[0]?.says)
    expect(new Set(liars).size).toBeGreaterThan(1)
  })

  test('[SBX-1] the stand-ins are nobody: other ids than the parties, and other keys with another seed', () => {
    const terms = draftOf(2)
    const ids = [1, 2].flatMap(seed =>
      new World({ terms, pairing: 'CTO', seed }).parties.map(({ did }) => did)
    )
    expect(new Set([...ids, ...terms.parties.map(({ company }) => company)]).size).toBe(6)
  })

  test('[SBX-2] the stand-ins speak with each other as nodes do', () => {
    const world = new World({ terms: draftOf(2), pairing: 'CTO', seed: 1 })
    const [a, b] = world.parties
    expect(a?.news.filter(({ what }) => what === 'session-open')).not.toEqual([])
    expect(b?.core.context.directory.identities.get(a?.did ?? '')?.log).toEqual(a?.company.identity.log)
  })
})

describe('what a draft is told', () => {
  test('[SBX-4] what blocks is red with its clause and step, what warns is amber', () => {
    const verdict = play(draftOf(3, { purpose: '', objectives: [] }))
    expect(verdict.ready).toBe(false)
    expect(of(verdict, 'draft')).toMatchObject([
      {
        state: 'red',
        clause: 'purpose',
        next: 'Correct purpose in the file. Then parley sandbox terms.json'
      },
      { state: 'amber', clause: 'objectives' }
    ])
    const unsigned = play(draftOf(3, { antitrust: { profile: 'benchmark', counsel: [] } }))
    expect(new Set(states(unsigned, 'antitrust'))).toEqual(new Set(['red']))
  })

  test('[SBX-4] terms that are no revision are not played', () => {
    const terms = draftOf(3, { amendment: { threshold: 1, weights: [1, 1, 1] } })
    expect(new Set(play(terms).lines.map(({ scene }) => scene))).toEqual(new Set(['draft', 'antitrust']))
    const missing = runSandbox(undefined, findingsIn(terms), { again: 'x', draft: 'x' }, { seed: 1 })
    expect(missing).toMatchObject({ ready: false, parties: [] })
  })

  test('[SBX-5] with the approval of all the terms are in force', () => {
    expect(of(play(draftOf(2)), 'in-force')).toMatchObject([{ state: 'green', clause: 'parties' }])
  })

  test('[SBX-6] a pairing that the roles do not name is red: nothing would flow', () => {
    const verdict = play(draftOf(2), { pairing: 'CFO' })
    expect(of(verdict, 'flow')).toMatchObject([{ state: 'red', clause: 'roles' }])
    expect(of(verdict, 'flow')[0]?.next).toContain('parley sandbox terms.json')
  })

  test('[SBX-6] each kind in scope has a line, and without a confidential class none is shared', () => {
    const scope = {
      ...draftOf(2).scope,
      kinds: ['StandardsDoc.v1', 'DecisionTopic.v1'] as TermsBody['scope']['kinds']
    }
    expect(states(play(draftOf(2, { scope })), 'flow')).toEqual(['green', 'green'])
    const open = play(draftOf(2, { scope: { ...scope, classes: ['public'] } }))
    expect(of(open, 'flow')[0]).toMatchObject({ state: 'green', clause: 'scope.classes' })
  })

  test('[SBX-7] what is public flows although the scope does not name it, and that is said', () => {
    const scope = { ...draftOf(2).scope, classes: ['shared-confidential'] as TermsBody['scope']['classes'] }
    const verdict = play(draftOf(2, { scope }))
    expect(of(verdict, 'public')).toMatchObject([{ state: 'amber', clause: 'scope.classes' }])
    for (const scene of ['outside', 'private', 'role', 'stranger'] as const)
      expect(states(verdict, scene)).toEqual(['green'])
  })

  test('[SBX-15] who signs for nothing gets what the exposure says; too much is amber, none at all red', () => {
    const rule = { kind: 'StandardsDoc.v1', unit: 'artifact', soleSender: false } as const
    const told = (maxExposure: number) => {
      return of(play(draftOf(3, { reciprocity: [{ ...rule, maxExposure }] })), 'reciprocity')
    }
    expect(told(1)).toMatchObject([{ state: 'green', clause: 'reciprocity' }])
    expect(told(3)[0]?.says).toMatch(/gets 3 and no more/)
    expect(told(100)[0]).toMatchObject({ state: 'amber', clause: 'reciprocity' })
    expect(told(0)[0]).toMatchObject({ state: 'red', clause: 'reciprocity' })
    expect(of(play(draftOf(3, { reciprocity: [] })), 'reciprocity')).toMatchObject([{ state: 'green' }])
  })

  test('[SBX-8] who was away has everything afterwards', () => {
    expect(of(play(draftOf(3)), 'sleep')[0]?.says).toContain('has all of it when it comes back')
  })

  test('[SBX-9] witnesses are counted by cosignatures of those who are named', () => {
    const named = (minimum: number, parties: number[]) =>
      of(play(draftOf(3, { witnesses: { minimum, parties } })), 'witnesses')[0]
    expect(named(1, [0, 1, 2])?.state).toBe('green')
    expect(named(2, [0, 1, 2])).toMatchObject({ state: 'amber', clause: 'witnesses.minimum' })
    expect(named(2, [0, 1])).toMatchObject({
      state: 'red',
      says: expect.stringContaining('witnessed by 1 of')
    })
  })

  test('[SBX-10] who amends alone, who blocks alone and who can be outvoted is said and was tried', () => {
    const by = (threshold: number, weights: number[]) =>
      of(play(draftOf(3, { amendment: { threshold, weights } })), 'amendment')[0]
    expect(by(2, [1, 1, 1])?.says).toContain('Nobody can block an amendment alone')
    expect(by(3, [1, 1, 1])).toMatchObject({
      state: 'amber',
      says: expect.stringContaining('Nobody can be outvoted')
    })
    expect(by(4, [3, 2, 1])?.says).toContain(
      'Company 0 can block every amendment alone; Company 1, Company 2 can'
    )
    expect(by(3, [3, 1, 1])).toMatchObject({
      state: 'red',
      says: expect.stringContaining('Company 0 can amend alone')
    })
  })

  test('[SBX-11] who leaves gets nothing more, and the notice is named', () => {
    expect(of(play(draftOf(3, { noticeDays: 45 })), 'leave')[0]?.says).toContain('end after 45 days')
  })

  test('[SBX-12] two parties are told that everything waits for a silent one; one party meets no liar', () => {
    expect(of(play(draftOf(2)), 'silence')).toMatchObject([
      { state: 'amber', next: expect.stringContaining('parley why') }
    ])
    expect(of(play(draftOf(1)), 'silence')).toEqual([])
  })

  test('[SBX-13] every red line names a clause and a command; the schema is that of the code', () => {
    const bad = play(draftOf(3, { purpose: '', witnesses: { minimum: 2, parties: [0] } }), { pairing: 'CFO' })
    const red = bad.lines.filter(({ state }) => state === 'red')
    expect(red.length).toBeGreaterThan(3)
    expect(red.filter(({ clause, next }) => clause === '' || !next?.includes('parley '))).toEqual([])
    const file = new URL('../../protocols/sandbox/verdict.schema.json', import.meta.url)
    expect(readFileSync(file, 'utf8')).toBe(verdictSchema())
  })
})
