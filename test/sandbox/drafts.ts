// Drafts for the sandbox: sound terms of a few parties, and what its rules find in them.
import { type Finding, checkAgreement } from '../../src/artifacts/agreement-check.ts'
import type { TermsBody } from '../../src/artifacts/agreement-terms.ts'
import type { runSandbox } from '../../src/sandbox/run.ts'
import type { Verdict } from '../../src/sandbox/verdict.ts'
import { SOUND } from '../artifacts/sound-terms.ts'

export function draftOf(count: number, changes: Partial<TermsBody> = {}): TermsBody {
  const first = <T>(all: readonly T[]) => all.slice(0, count)
  const weights = first(SOUND.amendment.weights)
  return {
    ...SOUND,
    parties: first(SOUND.parties),
    amendment: { threshold: count > 2 ? count - 1 : count, weights },
    antitrust: { ...SOUND.antitrust, counsel: first(SOUND.antitrust.counsel) },
    witnesses: { minimum: 1, parties: weights.map((_, i) => i) },
    ...changes
  }
}

export function findingsIn(terms: TermsBody, pairing = 'CTO'): Finding[] {
  return checkAgreement(terms, {
    space: terms.space,
    parties: terms.parties.map(({ company }) => company),
    number: 1,
    pairing,
    seals: terms.parties.map(() => true),
    documents: [],
    day: '2026-06-01'
  })
}

/** @param run the sandbox, or one whose core a mutant broke */
export function playWith(
  run: typeof runSandbox,
  terms: TermsBody,
  { pairing = 'CTO', seed = 1 } = {}
): Verdict {
  return run({ terms, pairing, seed }, findingsIn(terms, pairing), { again: 'terms.json' }, { seed })
}
