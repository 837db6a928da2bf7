// The sandbox over a program that is broken in one place: what lets through or keeps back what it must not is a red
// line, so a green one means something.
import { afterEach, expect, test, vi } from 'vitest'
import type * as decideModule from '../../src/policy/decide.ts'
import type { Question } from '../../src/policy/decide.ts'
import type * as ed25519Module from '../../src/identity/ed25519.ts'
import { draftOf, playWith } from './drafts.ts'

afterEach(() => {
  vi.doUnmock('../../src/policy/decide.ts')
  vi.doUnmock('../../src/identity/ed25519.ts')
  vi.resetModules()
})

/** The scenes that are red once the sandbox runs on what is mocked. */
async function redScenes(): Promise<Set<string>> {
  vi.resetModules()
  const { runSandbox } = await import('../../src/sandbox/run.ts')
  const { lines } = playWith(runSandbox, draftOf(3))
  const red = lines.filter(({ state }) => state === 'red')
  // SBX-14
  for (const { says, next } of red) expect(`${says} ${next}`).toMatch(/This program failed: .* seed 1/)
  return new Set(red.map(({ scene }) => scene))
}

type Bend = <Q extends Question>(question: Q) => Q

/** The gate answers another question than it is asked. */
function bendGate(bend: Bend): void {
  vi.doMock('../../src/policy/decide.ts', async load => {
    const real = await load<typeof decideModule>()
    return {
      ...real,
      decide: (question: Question) => real.decide(bend(question)),
      decideRun: (...[run, question]: Parameters<typeof real.decideRun>) =>
        real.decideRun(run, bend(question))
    }
  })
}

const facetIs =
  (changes: object): Bend =>
  question => ({ ...question, ...(question.facet && { facet: { ...question.facet, ...changes } }) })
const spaceIs =
  (changes: object): Bend =>
  question => ({ ...question, space: { ...question.space, ...changes } })

const MUTANTS: [what: string, bend: Bend, scenes: string[]][] = [
  ['everything is covered', facetIs({ scope: 'covered' }), ['outside', 'outside-write', 'role']],
  ['nothing is private', facetIs({ class: 'public' }), ['private']],
  ['nothing is covered', facetIs({ scope: 'outside' }), ['flow', 'sleep']],
  ['the agreement never ends', spaceIs({ agreement: 'active' }), ['leave']],
  ['nobody is frozen', spaceIs({ frozen: false }), ['equivocation']],
  ['everybody is a party', spaceIs({ party: true, accepted: true, agreement: 'active' }), ['stranger']],
  ['whatever is released goes to whoever takes it', facetIs({ balance: 'open' }), ['reciprocity']],
  ['nobody has accepted', spaceIs({ accepted: false }), ['flow', 'public']]
]

test.for(MUTANTS)(
  '[SBX-14] [SBX-7] the gate is broken, %s: red',
  { timeout: 60_000 },
  async ([, bend, scenes]) => {
    bendGate(bend)
    const red = await redScenes()
    expect([...red]).toEqual(expect.arrayContaining(scenes))
  }
)

test('[SBX-14] [SBX-12] signatures are not looked at: red', { timeout: 60_000 }, async () => {
  vi.doMock('../../src/identity/ed25519.ts', async load => {
    const real = await load<typeof ed25519Module>()
    return { ...real, verifySignature: () => true }
  })
  expect([...(await redScenes())]).toContain('forgery')
})

test('[SBX-14] the program as it is: nothing red', { timeout: 60_000 }, async () => {
  bendGate(question => question)
  expect(await redScenes()).toEqual(new Set())
})
