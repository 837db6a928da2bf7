// Space logs of protocols/space in which a sealed revision admits further companies.
import { type TermsBody, encodeTerms, revisionId } from '../../src/artifacts/agreement-terms.ts'
import type { EntryAct, EntryRecord } from '../../src/wire/space-entry.ts'
import { GENESIS, admitting } from './agreement-builders.ts'
import { Story, next, rivals } from './agreement-story.ts'
import { type LogCase, type Step, logCase } from './space-logs.ts'
import {
  ACME,
  DAEDALUS,
  EUROPA,
  type Written,
  accept,
  acceptLater,
  bytes,
  certify,
  entry
} from './space-builders.ts'

const easy = { amendment: { threshold: 2, weights: [1, 1, 1] } }
const revisionOf = (terms: TermsBody) => revisionId(encodeTerms(terms))

/** Three founders that have sealed a revision which admits one company more. */
function admitted(): { story: Story; first: TermsBody; second: TermsBody } {
  const story = new Story()
  const first = story.sealed(easy)
  return { story, first, second: story.sealed(admitting(first, DAEDALUS), [0, 1]) }
}

function told(rule: string, name: string, steps: Step[]): LogCase {
  return logCase(rule, name, steps, { genesis: GENESIS })
}

const all = (entries: readonly Written[]) => entries.map(record => [record, 'added'] as Step)

export function admissionLogs(): LogCase[] {
  const { story, second } = admitted()
  const first = acceptLater(GENESIS, 3, { by: DAEDALUS, revision: revisionOf(second) })
  const keys: EntryAct = { kind: 'keys', certificates: [certify(DAEDALUS, 'Dan')] }
  const later = entry(GENESIS, 3, keys, { prev: first, signer: DAEDALUS.roots[0] })
  const before = story.entries.slice(0, -1)
  const last = story.entries.at(-1) as Written
  const unheard = acceptLater(GENESIS, 31, { by: EUROPA, revision: bytes('a revision') })
  return [
    told('SPC-16', 'a sealed revision admits a company', all(story.entries)),
    told('SPC-17', 'which accepts, and goes on', all([...story.entries, first, later])),
    told('SPC-17', 'its acceptance waits until the revision is sealed', [
      [first, 'waits-entry'],
      [later, 'waits-entry'],
      ...all(before),
      [first, 'waits-entry'],
      ...all([last, first, later])
    ]),
    told('SPC-17', 'so does one at an index of which nobody has heard', [
      ...all(story.entries),
      [unheard, 'waits-entry']
    ]),
    ...rivalry()
  ]
}

function rivalry(): LogCase[] {
  const story = new Story()
  const first = story.sealed()
  const two = rivals(story, admitting(first, DAEDALUS), admitting(first, EUROPA))
  const [low, high] = two.toSorted((a, b) => (named(a) < named(b) ? -1 : 1)) as [TermsBody, TermsBody]
  const told2 = [...story.entries]
  const comers = [DAEDALUS, EUROPA].map((by, i) => {
    return acceptLater(GENESIS, 3, { by, revision: revisionOf(two[i] as TermsBody) })
  }) as [Written, Written]
  const upon = (terms: TermsBody) => {
    const apart = new Story()
    apart.entries.splice(0, apart.entries.length, ...told2)
    for (const company of [0, 1, 2]) apart.continue(company, story.end(company))
    apart.sealed({ ...terms, ...next(terms), admits: undefined })
    return apart.entries
  }
  return [
    told('SPC-16', 'of rivals that admit different companies the smaller id names the party', all(told2)),
    told('SPC-9', 'both accept: nobody stands there', all([...told2, ...comers])),
    told('SPC-9', 'in the other order', all([...told2, ...comers.toReversed()])),
    told('SPC-16', 'what was built on the one', all(upon(low))),
    told('SPC-16', 'what was built on the other', all(upon(high)))
  ]
}

function named(terms: TermsBody): string {
  return Buffer.from(revisionOf(terms)).toString('hex')
}

/** The last step is refused. */
export function refusedAdmissions(): LogCase[] {
  const { story, first, second } = admitted()
  const third = story.sealed({ ...second, ...next(second), admits: undefined })
  const at = (index: number, revision: Uint8Array, by = DAEDALUS) =>
    acceptLater(GENESIS, index, { by, revision })
  const refused = (name: string, record: Written) =>
    told('SPC-17', name, [...all(story.entries), [record, 'entry-place']])
  const silent = entry(
    GENESIS,
    3,
    { kind: 'accept', rootVersion: DAEDALUS.first.head, certificates: [] },
    { signer: DAEDALUS.roots[0] }
  )
  return [
    refused('by a revision that admits nobody', at(3, revisionOf(first))),
    refused('by one that follows the one by which it came', at(3, revisionOf(third))),
    refused('at an index that the revision does not fill', at(4, revisionOf(second))),
    refused('a founder that names a revision', at(0, revisionOf(second), ACME)),
    refused('one that came later and names none', silent),
    ...[32, 8_191].map(index =>
      told('SPC-5', `index ${index}, which no space can have`, [
        [accept(GENESIS, 0, ['Ada']), 'added'],
        [at(index, bytes('a revision')), 'entry-place']
      ])
    ),
    ...refusedLater(story, second)
  ]
}

/** In the chain of a company that was admitted the rules are those of every chain. */
function refusedLater(story: Story, second: TermsBody): LogCase[] {
  const revision = revisionOf(second)
  const first = acceptLater(GENESIS, 3, { by: DAEDALUS, revision })
  const [signer] = DAEDALUS.roots
  const keys = (...certificates: Uint8Array[]): EntryAct => ({ kind: 'keys', certificates })
  const theirs = [certify(EUROPA, 'Eve')]
  const borrowed: EntryAct = {
    kind: 'accept',
    rootVersion: DAEDALUS.first.head,
    certificates: theirs,
    revision
  }
  const refused = (rule: string, name: string, record: EntryRecord, code: string, ...before: Written[]) =>
    told(rule, name, [...all([...story.entries, ...before]), [record, code]])
  return [
    refused('SPC-8', 'another signature', { ...first, signature: new Uint8Array(64) }, 'signature'),
    refused(
      'SPC-7',
      'a certificate of the company that was not admitted',
      entry(GENESIS, 3, borrowed, { signer }),
      'certificate-company'
    ),
    refused(
      'SPC-10',
      'a seq left out',
      entry(GENESIS, 3, keys(), { prev: first, signer, seq: 2 }),
      'chain-broken',
      first
    ),
    refused(
      'SPC-7',
      'a key twice',
      entry(GENESIS, 3, keys(certify(DAEDALUS, 'Daedalus CTO')), { prev: first, signer }),
      'key-twice',
      first
    )
  ]
}
