// The companies that a file rests on: how each calls itself, and by what a reader knows whether it is the one meant.
import type { Witness } from '../decision/certificate-check.ts'
import { facts, foreign, html, part } from './elements.ts'
import type { ProofFound } from './finding.ts'

type Company = Omit<Witness, 'registrationNumber'> & { registrationNumber?: string }

export function companyCards(companies: Company[]): HTMLElement {
  return html('div', { class: 'cards' }, ...companies.map(companyCard))
}

function companyCard({ legalName, registrationNumber, words, did, isPinned }: Company): HTMLElement {
  return html(
    'article',
    {},
    html('h3', {}, foreign(legalName)),
    html(
      'p',
      { class: isPinned ? 'pin pinned' : 'pin unpinned' },
      isPinned ? 'pinned: your trust file names it' : 'UNPINNED: no trust file of yours names it'
    ),
    facts([
      ['registration number', registrationNumber !== undefined && foreign(registrationNumber)],
      ['eight words', html('span', { class: 'words' }, words.join(' '))],
      ['did', html('code', {}, did)]
    ])
  )
}

export function proofParts({ proven, words, isPinned }: ProofFound): HTMLElement[] {
  const { decision, company, legalName, role, key, kind, round } = proven
  const about = facts([
    ['signed by', [`${role} of `, foreign(legalName)]],
    ['with the key', html('code', {}, key)],
    ['two messages of kind', html('code', {}, kind)],
    ['in round', round !== undefined && `${round}`],
    ['of the decision', html('code', {}, decision)]
  ])
  return [
    part('What is proven', about),
    part('The company', companyCards([{ did: company, legalName, words, isPinned }]))
  ]
}
