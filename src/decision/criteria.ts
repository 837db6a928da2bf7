// The four criteria that a policy has unless its parties write others. protocols/decision, section 1.
import type { Policy } from './policy.ts'

export const DEFAULT_CRITERIA: Policy['criteria'] = [
  {
    key: 'localVision',
    question: 'How far does the proposal bring this company closer to its vision?',
    anchors: [
      'It leads away from the vision, and undoing it would cost years.',
      'It works against a part of the vision.',
      'It has nothing to do with the vision, or the facts do not tell.',
      'It helps a part of the vision a little.',
      'It is a clear step towards the vision, with means and dates.',
      'It brings the core of the vision within reach, with means and dates that hold.'
    ],
    weight: 1
  },
  {
    key: 'localPurpose',
    question: 'How well does the proposal serve what this company exists for today?',
    anchors: [
      'It harms those whom the company serves.',
      'It takes people or money from its purpose and gives nothing back.',
      'It neither helps nor harms, or the facts do not tell.',
      'It helps at the edge.',
      'It makes daily work for the purpose plainly better.',
      'It does what the company exists for, better than the company could alone.'
    ],
    weight: 1
  },
  {
    key: 'peerFit',
    question: 'How fair and workable is the proposal among the companies that would share it?',
    anchors: [
      'One gains at the cost of the others.',
      'Burdens and gains are far apart, or it needs what most cannot give.',
      'It is unclear who gives and who gets.',
      'It is fair in the main, with open points.',
      'Burdens, gains and rights are balanced, and each could do its part.',
      'All gain more than they give, and can leave without harm.'
    ],
    weight: 1
  },
  {
    key: 'legendaryLens',
    question: 'Would people cite this in ten years as the reference in its field?',
    anchors: [
      'People would cite it as a warning.',
      'It repeats what has failed elsewhere.',
      'It is forgotten in a year.',
      'It is sound work as others do it, too.',
      'Others in the field would copy parts of it.',
      'It sets how the field works, and people name it as where that began.'
    ],
    weight: 1
  }
]
