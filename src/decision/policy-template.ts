// A policy to begin with. People change it; the agreement binds it. protocols/decision, section 1.
import type { Role } from '../identity/certificate-schema.ts'
import type { Policy } from './policy.ts'

const HALF = { numerator: 1, denominator: 2 }
const ALL = { numerator: 1, denominator: 1 }

/** Six levels, from 0 to 5. */
function anchors(what: string): string[] {
  return [
    `It works against ${what}.`,
    `It does little or nothing for ${what}.`,
    `It touches ${what} in passing.`,
    `It serves ${what} in part.`,
    `It serves ${what} well.`,
    `Nothing that we know of would serve ${what} better.`
  ]
}

export const CRITERIA: Policy['criteria'] = [
  {
    key: 'localVision',
    question: 'How far does it bring us towards what our company wants to be?',
    anchors: anchors("our company's vision"),
    weight: 2
  },
  {
    key: 'localPurpose',
    question: 'How well does it serve what our company is there for, today?',
    anchors: anchors("our company's purpose"),
    weight: 2
  },
  {
    key: 'peerFit',
    question: 'How well does it fit what the other parties can do and have to do?',
    anchors: anchors('working together with the others'),
    weight: 1
  },
  {
    key: 'legendaryLens',
    question: 'Would people cite this in ten years as the reference in its field?',
    anchors: [
      'It will be forgotten, or be cited as a mistake.',
      'Nobody outside will notice it.',
      'Some will mention it among others.',
      'People in the field will know it.',
      'People in the field will follow it.',
      'It will be the reference that others are measured by.'
    ],
    weight: 1
  }
]

/** All with one weight; standards by unanimity, everything else by more than half. */
export function defaultPolicy(companies: readonly string[], role: string): Policy {
  return {
    criteria: CRITERIA,
    electors: companies.map(company => ({ company, role: role as Role, weight: 1 })),
    recommendAt: 30,
    rules: {
      default: { method: 'weighted-majority', moreThan: HALF, turnout: HALF },
      'StandardsDoc.v1': { method: 'unanimity', turnout: ALL }
    },
    title: 'How we decide',
    windows: { commit: 168, late: 24, mediation: 336, reveal: 72 }
  }
}
