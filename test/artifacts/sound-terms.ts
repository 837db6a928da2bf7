// Terms of five parties for tests, of which nothing is to be said.
import { AGREEMENT_TEMPLATES } from '../../src/artifacts/agreement-templates.ts'
import type { TermsBody } from '../../src/artifacts/agreement-terms.ts'

export const COMPANIES = ['a', 'b', 'c', 'd', 'e'].map(letter => `did:webvh:${letter}`)
export const SPACE = '11'.repeat(32)
const { clauses } = AGREEMENT_TEMPLATES['standards-only']

export const SOUND: TermsBody = {
  amendment: { threshold: 4, weights: [1, 1, 1, 1, 1] },
  antitrust: {
    counsel: COMPANIES.map((_, party) => ({ party, name: `Counsel ${party}`, day: '2026-05-01' })),
    profile: 'none'
  },
  attachments: [],
  clauses: clauses.map(({ title, text }) => ({ title, text })),
  confidentiality: [{ kind: 'StandardsDoc.v1', field: 'requirements.*.title', class: 'public' }],
  governingLaw: 'Germany',
  ip: 'rand',
  noticeDays: 30,
  number: 1,
  objectives: ['A standard'],
  parties: COMPANIES.map((company, i) => ({
    company,
    name: `Company ${i}`,
    registration: `HRB ${i}`,
    jurisdiction: 'DE',
    address: '',
    signatory: 'A Person',
    capacity: 'managing director'
  })),
  purpose: 'To work together.',
  reciprocity: [{ kind: 'StandardsDoc.v1', unit: 'artifact', maxExposure: 1, soleSender: false }],
  roles: ['CTO'],
  scope: { classes: ['public', 'shared-confidential'], kinds: ['StandardsDoc.v1'], topics: [] },
  space: SPACE,
  starts: '2026-07-01',
  survives: ['Confidentiality'],
  template: 'standards-only',
  title: 'Common parts',
  witnesses: { minimum: 2, parties: [0, 1, 2] }
}
