// Whole space logs for protocols/space: sequences of entries, and what each of them comes to.
import { openSpace } from '../../src/artifacts/space.ts'
import { type AddResult } from '../../src/identity/space-log.ts'
import type { CompanyIdentity } from '../../src/identity/company-identity.ts'
import { toHex } from '../../src/wire/bytes.ts'
import type { EntryAct, EntryRecord } from '../../src/wire/space-entry.ts'
import { isReject } from '../../src/wire/reject.ts'
import {
  ACME,
  BOREALIS,
  COMPANIES,
  PARTIES,
  STRANGER,
  type Written,
  accept,
  bytes,
  certify,
  entry,
  genesisOf,
  key,
  must
} from './space-builders.ts'

/** `added`, `known`, `waits-entry`, `waits-identity` or a reject code. */
export type Outcome = string

export interface LogCase {
  rule: string
  name: string
  genesis: string
  /** How many versions of each company's identity log the reader has; 0: it has none; by default one. */
  versions: number[]
  steps: { entry: string; signer: string; signature: string; expect: Outcome }[]
  /** By company: where it stands, which keys it has pinned there by index, which of them it has cut. */
  stands: ({ id: string; seq: number; keys: string[]; cut: number[] } | null)[]
  forks: { company: number; seq: number }[]
  /** Who the parties are in the end, where the founders are not all. */
  parties?: string[]
}

const GENESIS = genesisOf('Logs')
const OTHER = genesisOf('Another space')

const keys = (...certificates: Uint8Array[]): EntryAct => ({ kind: 'keys', certificates })
const ada = accept(GENESIS, 0, ['Ada'])
const bo = accept(GENESIS, 1, ['Bo'])
const point = { facet: bytes('a facet'), client: 0, seq: 3, id: bytes('an envelope') }

export type Step = [record: EntryRecord, expect: Outcome]

export function outcomeOf(result: AddResult): Outcome {
  if (isReject(result)) return result.code
  if (result === 'known') return result
  return 'waits' in result ? `waits-${result.waits}` : 'added'
}

export function readerOf(versions: number[]): (did: string) => CompanyIdentity | undefined {
  return did => {
    const at = COMPANIES.findIndex(company => company.did === did)
    const { first, second } = COMPANIES[at] as (typeof COMPANIES)[number]
    return [undefined, first, second][versions[at] ?? 1]
  }
}

export function logCase(
  rule: string,
  name: string,
  steps: Step[],
  { versions = [2, 2, 2], genesis = GENESIS } = {}
): LogCase {
  const log = must(openSpace(genesis))
  for (const [i, [record, expect]] of steps.entries()) {
    const outcome = outcomeOf(log.add(record, readerOf(versions)))
    if (outcome !== expect) throw new Error(`${name}, step ${i}: ${outcome}, not ${expect}`)
  }
  const companies = log.parties.map((_, company) => company)
  const stands = companies.map(company => {
    const head = log.head(company)
    if (!head) return null
    const { id, seq, cut } = head
    return { id: toHex(id), seq, keys: head.keys.map(pin => toHex(pin.publicKey.bytes)), cut: [...cut] }
  })
  const forks = companies.flatMap(company => {
    const fork = log.forkOf(company)
    return fork ? [{ company, seq: fork.seq }] : []
  })
  return {
    rule,
    name,
    genesis: toHex(genesis),
    versions,
    steps: steps.map(([{ entry, signer, signature }, expect]) => ({
      entry: toHex(entry),
      signer: toHex(signer),
      signature: toHex(signature),
      expect
    })),
    stands,
    forks,
    ...(log.parties.length > log.founders.length && { parties: [...log.parties] })
  }
}

/** One more entry in a chain, told from others at its place by the key it cuts. */
function cutOf(
  prev: Written,
  key: number,
  signer = (PARTIES[prev.company] as typeof ACME).roots[0]
): Written {
  return entry(GENESIS, prev.company, { kind: 'cut', key, lanes: [] }, { prev, signer })
}

export function validLogs(): LogCase[] {
  const add = keys(certify(ACME, 'Abe'), certify(ACME, 'Amy', { powers: ['advise'] }))
  const more = entry(GENESIS, 0, add, { prev: ada, signer: key('Ada') })
  const settle = entry(GENESIS, 1, { kind: 'settle', point }, { prev: bo })
  const rotated = { at: ACME.second, root: ACME.roots[1] }
  const late = entry(GENESIS, 0, keys(certify(ACME, 'Abe', rotated)), { prev: ada, signer: key('Ada') })
  const byNewRoot = cutOf(ada, 0, ACME.roots[1])
  return [
    logCase('SPC-6', 'all accept', [
      [ada, 'added'],
      [bo, 'added'],
      [accept(GENESIS, 2, ['Cy']), 'added']
    ]),
    logCase('SPC-6', 'a company may accept with no key', [[accept(GENESIS, 2, []), 'added']]),
    logCase('SPC-4', 'an entry that came before is known, whoever signed it', [
      [accept(GENESIS, 0, ['Ada'], key('Ada')), 'added'],
      [ada, 'known']
    ]),
    logCase('SPC-7', 'keys are numbered in the order in which they were pinned', [
      [ada, 'added'],
      [more, 'added']
    ]),
    logCase('SPC-8', 'a sealing key signs its own acceptance', [
      [accept(GENESIS, 0, ['Ada'], key('Ada')), 'added']
    ]),
    logCase('SPC-8', 'an earlier root key still speaks', [
      [cutOf(ada, 0), 'waits-entry'],
      [ada, 'added'],
      [cutOf(ada, 0), 'added']
    ]),
    logCase('SPC-10', 'an entry waits for the one before it', [
      [more, 'waits-entry'],
      [ada, 'added'],
      [more, 'added']
    ]),
    logCase('SPC-11', 'a key may be cut', [
      [ada, 'added'],
      [cutOf(ada, 0), 'added']
    ]),
    logCase('SPC-12', 'a settle', [
      [bo, 'added'],
      [settle, 'added']
    ]),
    logCase('SPC-13', 'no identity log: wait', [[ada, 'waits-identity']], { versions: [0, 2, 2] }),
    logCase(
      'SPC-13',
      'a certificate of a version to come: wait',
      [
        [ada, 'added'],
        [late, 'waits-identity']
      ],
      {
        versions: [1, 2, 2]
      }
    ),
    logCase(
      'SPC-13',
      'an unknown signer may be a root key to come: wait',
      [
        [ada, 'added'],
        [byNewRoot, 'waits-identity']
      ],
      {
        versions: [1, 2, 2]
      }
    ),
    logCase('SPC-13', 'the same with the log at hand', [
      [ada, 'added'],
      [byNewRoot, 'added']
    ]),
    ...forks()
  ]
}

function forks(): LogCase[] {
  const [left, right] = [cutOf(ada, 7), cutOf(ada, 8)]
  const [deep, deeper] = [cutOf(left, 9), cutOf(left, 10)]
  const branches = Array.from({ length: 65 }, (_, i) => cutOf(left, 100 + i))
  const taken: Step[] = branches.map((branch, i) => [branch, i < 64 ? 'added' : 'known'])
  return [
    logCase('SPC-9', 'two successors: the company stands on what came before', [
      [ada, 'added'],
      [left, 'added'],
      [right, 'added'],
      [deep, 'added']
    ]),
    logCase('SPC-9', 'two forks, the lower one first', [
      [ada, 'added'],
      [left, 'added'],
      [right, 'added'],
      [deep, 'added'],
      [deeper, 'added']
    ]),
    logCase('SPC-9', 'two forks, the lower one last', [
      [ada, 'added'],
      [left, 'added'],
      [deep, 'added'],
      [deeper, 'added'],
      [right, 'added']
    ]),
    logCase('SPC-9', 'two acceptances: the company stands on nothing', [
      [ada, 'added'],
      [accept(GENESIS, 0, ['Abe']), 'added'],
      [bo, 'added']
    ]),
    logCase('SPC-14', 'branches beyond 64 are left out, but not one that forks lower', [
      [ada, 'added'],
      [left, 'added'],
      ...taken,
      [right, 'added']
    ])
  ]
}

/** The last step is refused. */
export function invalidLogs(): LogCase[] {
  const more = entry(GENESIS, 0, keys(certify(ACME, 'Amy', { powers: ['advise', 'vote'] })), { prev: ada })
  const twice = entry(GENESIS, 0, keys(certify(ACME, 'Ada')), { prev: ada })
  const both = entry(GENESIS, 0, keys(certify(ACME, 'Abe'), certify(ACME, 'Abe')), { prev: ada })
  const theirs = entry(GENESIS, 0, keys(certify(BOREALIS, 'Bea')), { prev: ada })
  const garbage = entry(GENESIS, 0, keys(new Uint8Array([0x7b, 0x7d])), { prev: ada })
  const flipped = (record: Written): Written => {
    const signature = Uint8Array.from(record.signature)
    signature[40] = (signature[40] as number) ^ 1
    return { ...record, signature }
  }
  const cut = cutOf(ada, 0)
  const first = (rule: string, name: string, record: EntryRecord, code: string, genesis = GENESIS) =>
    logCase(rule, name, [[record, code]], { genesis })
  const then = (rule: string, name: string, record: EntryRecord, code: string) =>
    logCase(rule, name, [
      [ada, 'added'],
      [bo, 'added'],
      [record, code]
    ])
  const notOf = (genesis: Uint8Array) => accept(genesis, 0, ['Ada'])
  return [
    first('SPC-5', 'grafted: an entry of another space', ada, 'entry-place', OTHER),
    first('SPC-5', 'the other way round', notOf(OTHER), 'entry-place'),
    first('SPC-5', 'a company that is no party', stranger(), 'entry-place'),
    first('SPC-8', 'relabelled: the acceptance of another', relabelled(), 'certificate-company'),
    first('SPC-8', 'signed with another key than it says', { ...ada, signer: bo.signer }, 'signature'),
    first('SPC-8', 'a changed signature', flipped(ada), 'signature'),
    first('SPC-8', 'a changed entry', { ...ada, entry: bo.entry }, 'signature'),
    first('SPC-8', 'a signer that is no key', { ...ada, signer: new Uint8Array(32) }, 'key-order'),
    first('SPC-8', 'a signer of 31 bytes', { ...ada, signer: ada.signer.subarray(1) }, 'key-length'),
    first('SPC-8', 'a signature of 63 bytes', { ...ada, signature: ada.signature.subarray(1) }, 'signature'),
    then('SPC-7', 'a key that is pinned already', twice, 'key-twice'),
    then('SPC-7', 'one key twice in one entry', both, 'key-twice'),
    then('SPC-7', "another company's certificate", theirs, 'certificate-company'),
    then('SPC-7', 'a certificate that is none', garbage, 'dsse-shape'),
    then('SPC-10', 'a seq left out', entry(GENESIS, 0, keys(), { prev: ada, seq: 2 }), 'chain-broken'),
    then(
      'SPC-10',
      'a successor in the chain of another',
      entry(GENESIS, 0, keys(), { prev: bo }),
      'chain-broken'
    ),
    logCase('SPC-8', 'signed by a key without the power to seal', [
      [ada, 'added'],
      [more, 'added'],
      [entry(GENESIS, 0, keys(), { prev: more, signer: key('Amy') }), 'entry-signer']
    ]),
    logCase('SPC-8', 'signed by a key that was cut', [
      [ada, 'added'],
      [cut, 'added'],
      [entry(GENESIS, 0, keys(), { prev: cut, signer: key('Ada') }), 'entry-signer']
    ]),
    logCase('SPC-4', 'an entry that is none', [[{ ...ada, entry: ada.entry.subarray(1) }, 'cbor-syntax']])
  ]
}

function stranger(): Written {
  const act: EntryAct = { kind: 'accept', rootVersion: STRANGER.first.head, certificates: [] }
  return entry(GENESIS, 3, act, { signer: STRANGER.roots[0] })
}

/** Acme's certificate in an acceptance that says it is Borealis's. */
function relabelled(): Written {
  const act: EntryAct = {
    kind: 'accept',
    rootVersion: BOREALIS.first.head,
    certificates: [certify(ACME, 'Ada')]
  }
  return entry(GENESIS, 1, act, { signer: ACME.roots[0] })
}
