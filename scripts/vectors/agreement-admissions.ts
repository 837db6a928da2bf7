// Space logs of protocols/agreement in which an amendment admits further companies.
import { encodeTerms } from '../../src/artifacts/agreement-terms.ts'
import { admitting, plainTerms, GENESIS } from './agreement-builders.ts'
import { type Tell, next, rivals } from './agreement-story.ts'
import { DAEDALUS, EUROPA } from './space-builders.ts'

/** Two of three amend. */
const easy = { amendment: { threshold: 2, weights: [1, 1, 1] } }

export const ADMISSIONS: [rule: string, name: string, tell: Tell][] = [
  [
    'AGR-2',
    'an amendment admits a fourth, which approves it',
    story => {
      const second = story.sealed(admitting(story.sealed(easy), DAEDALUS), [0, 1])
      story.come(3, second)
      story.approve(3, second)
    }
  ],
  [
    'AGR-16',
    'admitted and not yet there',
    story => void story.sealed(admitting(story.sealed(easy), DAEDALUS), [0, 1])
  ],
  [
    'AGR-16',
    'who has accepted and not approved is bound by nothing',
    story => void story.come(3, story.sealed(admitting(story.sealed(easy), DAEDALUS), [0, 1]))
  ],
  [
    'AGR-16',
    'an approval of what it came by binds it when others amend',
    story => {
      const second = story.sealed(admitting(story.sealed(easy), DAEDALUS), [0, 1])
      story.come(3, second)
      story.approve(3, second)
      story.sealed({ ...second, ...next(second), admits: undefined }, [0, 1, 2])
    }
  ],
  [
    'AGR-16',
    'an approval of what is in force is enough',
    story => {
      const second = story.sealed(admitting(story.sealed(easy), DAEDALUS), [0, 1])
      story.come(3, second)
      const third = story.sealed({ ...second, ...next(second), admits: undefined }, [0, 1, 2])
      story.approve(3, third)
    }
  ],
  [
    'AGR-14',
    'who is admitted has a weight in the next amendment',
    story => {
      const second = story.sealed(admitting(story.sealed(easy), DAEDALUS), [0, 1])
      story.come(3, second)
      story.sealed({ ...second, ...next(second), admits: undefined }, [0, 1, 3])
    }
  ],
  [
    'AGR-12',
    'and a no that counts',
    story => {
      const second = story.sealed(admitting(story.sealed(easy), DAEDALUS), [0, 1])
      story.come(3, second)
      const third = story.propose({ ...second, ...next(second), admits: undefined })
      story.reject(2, third)
      story.reject(3, third)
      // Of what is sealed, and of what names no such party, it has nothing to say.
      story.reject(3, second)
    }
  ],
  [
    'AGR-2',
    'parties that do not follow those before',
    story => {
      const first = story.sealed(easy)
      const second = story.sealed(admitting(first, DAEDALUS), [0, 1])
      const [acme, borealis, cygnus, daedalus] = second.parties as [object, object, object, object]
      const changed = (parties: object[], admits?: number) =>
        story.propose({
          ...second,
          ...next(second),
          parties: parties as typeof second.parties,
          admits,
          amendment: { threshold: parties.length, weights: parties.map(() => 1) }
        })
      changed([acme, borealis, cygnus])
      changed([acme, borealis, cygnus, { ...daedalus, company: EUROPA.did }])
      changed([acme, borealis, cygnus, { ...daedalus, company: EUROPA.did }, daedalus], 1)
      changed([acme, borealis, cygnus, daedalus, { ...daedalus, company: EUROPA.did }])
      changed([acme, borealis, cygnus, daedalus], 1)
    }
  ],
  [
    'AGR-2',
    'what follows a text that nobody has shown is judged once somebody does',
    story => {
      const second = plainTerms(GENESIS, admitting(story.sealed(easy), DAEDALUS))
      const third = story.propose({ ...second, ...next(second), admits: 1 })
      story.propose({ ...second, ...next(second), admits: undefined })
      story.approve(0, third)
      story.say(0, { kind: 'propose', terms: encodeTerms(second) })
      for (const company of [0, 1]) story.approve(company, second)
    }
  ],
  [
    'AGR-15',
    'rivals that admit different companies, and what is built on one',
    story => {
      const first = story.sealed()
      const [one, other] = rivals(story, admitting(first, DAEDALUS), admitting(first, EUROPA))
      story.come(3, one)
      story.approve(3, one)
      story.approve(3, other)
      story.sealed({ ...one, ...next(one), admits: undefined }, [0, 1, 3])
    }
  ]
]
