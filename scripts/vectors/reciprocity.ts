// Writes protocols/reciprocity/vectors and the schema of receipts, the same bytes every time.
import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import {
  type ContributionReceipt,
  ContributionReceiptSchema,
  checkReceipt,
  signReceipt
} from '../../src/artifacts/contribution-receipt.ts'
import type { TermsBody } from '../../src/artifacts/agreement-terms.ts'
import { unitOf } from '../../src/artifacts/reciprocity.ts'
import { statementOf } from '../../src/artifacts/reciprocity-statement.ts'
import { printTime } from '../../src/identity/document-text.ts'
import { type SecretKey, sign } from '../../src/identity/ed25519.ts'
import { openSpace } from '../../src/artifacts/space.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import { spaceId } from '../../src/wire/genesis.ts'
import { type JcsValue, encodeJcs } from '../../src/wire/jcs.ts'
import { isReject } from '../../src/wire/reject.ts'
import type { EntryAct } from '../../src/wire/space-entry.ts'
import { GENESIS, IDENTITIES, admitting } from './agreement-builders.ts'
import { rowOf } from './agreement-logs.ts'
import { Story, next } from './agreement-story.ts'
import {
  ACME,
  BOREALIS,
  DAEDALUS,
  PARTIES,
  TIME,
  type Written,
  bytes,
  key,
  must,
  print
} from './space-builders.ts'
import { outcomeOf, readerOf } from './space-logs.ts'

const STANDARD = 'StandardsDoc.v1'
const REPORT = 'BenchmarkReport.v1'
const text = (of: Uint8Array) => new TextDecoder().decode(of)

/** The unit of a facet that has no more than a name here. */
const unit = (facet: string, to: number) => unitOf(bytes(facet), to)

function receiptOf(by: number, from: number, facets: string[], kind = STANDARD): ContributionReceipt {
  return {
    certificate: '',
    company: (PARTIES[by] as typeof ACME).did,
    contributor: (PARTIES[from] as typeof ACME).did,
    kind,
    person: 'Ada',
    role: 'CTO',
    space: toHex(spaceId(GENESIS)),
    time: printTime(TIME),
    units: facets.map(facet => toHex(unit(facet, by))).sort()
  }
}

const signed = (facts: object, holder: SecretKey) =>
  signReceipt(facts as ContributionReceipt, message => sign(holder, message))

function receipts() {
  const facts = receiptOf(0, 1, ['one', 'two'])
  const holder = key('Ada')
  const good = signed(facts, holder)
  const wrong = (changes: object) => signed({ ...facts, ...changes }, holder)
  const many = Array.from({ length: 65 }, (_, i) => toHex(unit(`facet ${i}`, 0))).sort()
  const [low = '', high = ''] = facts.units
  const cases: [name: string, code: string, document: Uint8Array, signer?: SecretKey][] = [
    ['another space', 'receipt-place', wrong({ space: toHex(bytes('elsewhere')) })],
    ['another company', 'receipt-place', wrong({ company: BOREALIS.did })],
    ['units in another order', 'receipt-shape', wrong({ units: [high, low] })],
    ['a unit twice', 'receipt-shape', wrong({ units: [low, low] })],
    ['a day that is none', 'receipt-shape', wrong({ time: '2026-02-30T00:00:00Z' })],
    ['no unit', 'document-shape', wrong({ units: [] })],
    ['65 units', 'document-shape', wrong({ units: many })],
    ['a unit in capitals', 'document-shape', wrong({ units: [low.toUpperCase()] })],
    ['a kind without a version', 'document-shape', wrong({ kind: 'StandardsDoc' })],
    ['a member too many', 'document-shape', wrong({ note: 'but' })],
    ['under another key than the entry', 'receipt-signer', good, key('Abe')],
    ['the signature of another document', 'receipt-signer', swapped(good, wrong({ person: 'Eve' }))],
    [
      'another kind of document',
      'dsse-type',
      utf8(text(good).replace('contribution-receipt.v1', 'approval.v1'))
    ],
    ['cut short', 'jcs-syntax', good.subarray(0, 100)]
  ]
  const place = { space: spaceId(GENESIS), company: ACME.did }
  const told = (document: Uint8Array, signer: SecretKey) => {
    const read = checkReceipt(document, place, signer.publicKey.bytes)
    return isReject(read) ? read.code : 'counts'
  }
  for (const [name, code, document, signer = holder] of cases)
    if (told(document, signer) !== code) throw new Error(`${name}: ${told(document, signer)}, not ${code}`)
  const row = (name: string, document: Uint8Array, signer: SecretKey) => ({
    rule: 'REC-4',
    name,
    document: text(document),
    signer: toHex(signer.publicKey.bytes)
  })
  const byRoot = signed({ ...facts, role: '', certificate: '' }, ACME.roots[0])
  const whole = wrong({ units: many.slice(0, 64) })
  return {
    about: 'Receipts of the first party (REC-4), with the signer of the entry; names of units (REC-1)',
    genesis: toHex(GENESIS),
    company: ACME.did,
    units: [0, 1, 31].map(to => ({
      rule: 'REC-1',
      facet: toHex(bytes('one')),
      to,
      name: toHex(unit('one', to))
    })),
    valid: [
      row('under a role key', good, holder),
      row('under the root key', byRoot, ACME.roots[0]),
      row('of 64 units', whole, holder)
    ],
    invalid: cases.map(([name, code, document, signer = holder]) => ({
      ...row(name, document, signer),
      code
    }))
  }
}

/** The payload of one with the signature of the other. */
function swapped(one: Uint8Array, other: Uint8Array): Uint8Array {
  const [payload, by] = [one, other].map(
    document => JSON.parse(text(document)) as { [name: string]: JcsValue }
  )
  return encodeJcs({ ...payload, signatures: by?.signatures as JcsValue })
}

// ---- whole logs -----------------------------------------------------------------------------------------------

function rules(maxExposure: number, soleSender = false): Partial<TermsBody> {
  return {
    reciprocity: [{ kind: STANDARD, maxExposure, soleSender, unit: 'document' }],
    scope: { classes: ['shared-confidential'], kinds: [STANDARD], topics: [] }
  }
}

function give(
  story: Story,
  from: number,
  to: number,
  facets: string[],
  kind = STANDARD,
  after?: Written
): Written {
  const act: EntryAct = {
    kind: 'release',
    to,
    artifactKind: kind,
    units: facets.map(facet => unit(facet, to))
  }
  return story.say(from, act, after)
}

function thank(
  story: Story,
  by: number,
  from: number,
  facets: string[],
  after?: Written,
  changes: object = {}
): Written {
  const [root] = (PARTIES[by] as typeof ACME).roots
  const document = signed({ ...receiptOf(by, from, facets), ...changes }, root)
  return story.say(by, { kind: 'receipt', document }, after)
}

type Tale = [rule: string, name: string, tell: (story: Story) => void]

const TALES: Tale[] = [
  ['REC-8', 'nothing was said', () => {}],
  ['REC-8', 'a rule, and nobody has given', story => void story.sealed(rules(2))],
  ['REC-3', 'released before anything was agreed', story => void give(story, 0, 1, ['one'])],
  [
    'REC-5',
    'the exposure opens the first units',
    story => {
      story.sealed(rules(2))
      give(story, 0, 1, ['one', 'two'])
      give(story, 0, 1, ['three', 'four'])
      give(story, 0, 2, ['one'])
    }
  ],
  [
    'REC-2',
    'two rules for one kind: the first holds',
    story => {
      const rule = { kind: STANDARD, unit: 'document', soleSender: false } as const
      story.sealed({
        reciprocity: [
          { ...rule, maxExposure: 1 },
          { ...rule, maxExposure: 9 }
        ]
      })
      give(story, 0, 1, ['one', 'two'])
    }
  ],
  [
    'REC-5',
    'an exposure of nothing',
    story => {
      story.sealed(rules(0))
      give(story, 0, 1, ['one'])
    }
  ],
  [
    'REC-5',
    'receipts of the taker alone open nothing more',
    story => {
      story.sealed(rules(1))
      give(story, 0, 1, ['one', 'two', 'three'])
      thank(story, 1, 0, ['one'])
    }
  ],
  [
    'REC-5',
    'a return that is receipted opens nothing more while the taker signs for nothing',
    story => {
      story.sealed(rules(1))
      give(story, 0, 1, ['one', 'two', 'three'])
      give(story, 1, 0, ['other'])
      thank(story, 0, 1, ['other'])
    }
  ],
  [
    'REC-5',
    'both signed: the next is open',
    story => {
      story.sealed(rules(1))
      give(story, 0, 1, ['one', 'two', 'three'])
      give(story, 1, 0, ['other'])
      thank(story, 0, 1, ['other'])
      thank(story, 1, 0, ['one'])
    }
  ],
  [
    'REC-5',
    'kinds have accounts of their own',
    story => {
      story.sealed({
        reciprocity: [
          { kind: REPORT, maxExposure: 1, soleSender: true, unit: 'report' },
          { kind: STANDARD, maxExposure: 1, soleSender: false, unit: 'document' }
        ]
      })
      give(story, 0, 1, ['one', 'two'])
      give(story, 0, 1, ['three', 'four'], REPORT)
      give(story, 1, 0, ['other'])
      thank(story, 0, 1, ['other'])
      thank(story, 1, 0, ['one'])
    }
  ],
  [
    'REC-3',
    'one name released again, and in one act twice',
    story => {
      story.sealed(rules(2))
      give(story, 0, 1, ['one', 'one'])
      give(story, 0, 1, ['two', 'one', 'three'])
    }
  ],
  [
    'REC-3',
    'a release to oneself, and to nobody',
    story => {
      story.sealed(rules(2))
      give(story, 0, 0, ['one'])
      give(story, 0, 7, ['one'])
    }
  ],
  [
    'REC-4',
    'signed for before it was released, and for what never was',
    story => {
      story.sealed(rules(1))
      thank(story, 1, 0, ['one', 'never'])
      give(story, 0, 1, ['one', 'two'])
    }
  ],
  [
    'REC-4',
    'a receipt of another space counts for nothing',
    story => {
      story.sealed(rules(1))
      give(story, 0, 1, ['one', 'two'])
      thank(story, 1, 0, ['one'], undefined, { space: toHex(bytes('elsewhere')) })
    }
  ],
  [
    'REC-4',
    'a receipt for oneself, and one for a stranger',
    story => {
      story.sealed(rules(1))
      thank(story, 1, 1, ['one'])
      thank(story, 1, 0, ['one'], undefined, { contributor: 'did:webvh:nobody:parley.invalid' })
    }
  ],
  [
    'REC-4',
    'a receipt stands on a branch, and after a fork',
    story => {
      story.sealed(rules(1))
      give(story, 0, 1, ['one', 'two', 'three'])
      give(story, 1, 0, ['other'])
      thank(story, 0, 1, ['other'])
      const before = story.end(1)
      thank(story, 1, 0, ['one'])
      story.say(1, { kind: 'keys', certificates: [] }, before)
      thank(story, 1, 0, ['two'])
    }
  ],
  [
    'REC-5',
    'what is released from a fork on is nothing',
    story => {
      story.sealed(rules(5))
      give(story, 0, 1, ['one'])
      const before = story.end(0)
      give(story, 0, 1, ['two'])
      give(story, 0, 1, ['three'], STANDARD, before)
      give(story, 0, 1, ['four'])
    }
  ],
  [
    'REC-8',
    'one unit signed for twice',
    story => {
      story.sealed(rules(1))
      give(story, 0, 1, ['one'])
      thank(story, 1, 0, ['one'])
      thank(story, 1, 0, ['one', 'two'])
    }
  ],
  [
    'REC-5',
    'an amendment shuts what it no longer bears',
    story => {
      const first = story.sealed(rules(3))
      give(story, 0, 1, ['one', 'two', 'three'])
      const second = story.propose(next(first, rules(1, true)))
      for (const company of [0, 1, 2]) story.approve(company, second)
    }
  ],
  [
    'REC-3',
    'released to a company, and signed for of it, before it was admitted',
    story => {
      const first = story.sealed(rules(1))
      give(story, 0, 3, ['one', 'two'])
      thank(story, 1, 0, ['three'], undefined, { contributor: DAEDALUS.did })
      const second = story.sealed({ ...rules(1), ...admitting(first, DAEDALUS) })
      story.come(3, second)
      story.approve(3, second)
    }
  ],
  [
    'REC-5',
    'accounts go on after the end',
    story => {
      story.sealed(rules(1))
      give(story, 0, 1, ['one'])
      story.say(0, { kind: 'terminate', reason: 'sold' })
      thank(story, 1, 0, ['one'])
    }
  ]
]

function logs() {
  const entries = new Map<string, { at: number; row: object }>()
  const valid = TALES.map(([rule, name, tell]) => {
    const story = new Story()
    tell(story)
    const log = must(openSpace(GENESIS))
    for (const record of story.entries) {
      const outcome = outcomeOf(log.add(record, readerOf([1, 1, 1])))
      if (outcome !== 'added') throw new Error(`${name}: ${outcome}`)
    }
    const numbers = story.entries.map(record => {
      const id = toHex(record.id)
      const known = entries.get(id) ?? { at: entries.size, row: rowOf(record) }
      entries.set(id, known)
      return known.at
    })
    const all = [...log.parties.keys()]
    const pairs = all.flatMap(a => all.slice(a + 1).map((b): [number, number] => [a, b]))
    const statements = pairs.map(between => ({ between, text: statementOf(log, between) }))
    return { rule, name, entries: numbers, statements }
  })
  return {
    about: 'Space logs, and the statements of account by them, REC-3 to REC-8',
    genesis: toHex(GENESIS),
    identities: IDENTITIES,
    entries: [...entries.values()].map(({ row }) => row),
    valid
  }
}

/** Path below protocols/reciprocity, and the value whose JSON stands there. */
export function reciprocityFiles(): [path: string, value: object][] {
  const schema = z.toJSONSchema(ContributionReceiptSchema, { io: 'input' })
  return [
    ['receipt.schema.json', { ...schema, title: 'ContributionReceipt.v1' }],
    ['vectors/receipts.json', receipts()],
    ['vectors/logs.json', logs()]
  ]
}

if (import.meta.main) {
  for (const [path, value] of reciprocityFiles()) {
    writeFileSync(new URL(`../../protocols/reciprocity/${path}`, import.meta.url), print(value))
  }
}
