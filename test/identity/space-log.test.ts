import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type LogCase, outcomeOf } from '../../scripts/vectors/space-logs.ts'
import { ACME, accept, bytes, certify, entry, genesisOf, key } from '../../scripts/vectors/space-builders.ts'
import type { CompanyIdentity } from '../../src/identity/company-identity.ts'
import { verifyIdentityLog } from '../../src/identity/identity-log.ts'
import { openSpace } from '../../src/artifacts/space.ts'
import { type SpaceLog } from '../../src/identity/space-log.ts'
import { fromHex, toHex, utf8 } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import type { EntryRecord } from '../../src/wire/space-entry.ts'

const { identities, valid, invalid } = JSON.parse(
  readFileSync(new URL('../../protocols/space/vectors/logs.json', import.meta.url), 'utf8')
) as { identities: { did: string; logs: string[] }[]; valid: LogCase[]; invalid: LogCase[] }

const hex = (text: string) => fromHex(text) as Uint8Array
const known = new Map(
  identities.map(({ did, logs }) => [did, logs.map(log => verifyIdentityLog(utf8(log)) as CompanyIdentity)])
)

function open(genesis: Uint8Array): SpaceLog {
  const log = openSpace(genesis)
  if (isReject(log)) throw new Error(`${log}`)
  return log
}

function play({ genesis, versions, steps }: LogCase, order = steps): SpaceLog {
  const log = open(hex(genesis))
  const identityOf = (did: string) => {
    const at = versions[identities.findIndex(one => one.did === did)] ?? 1
    return known.get(did)?.[at - 1]
  }
  for (const step of order) {
    const record = { entry: hex(step.entry), signer: hex(step.signer), signature: hex(step.signature) }
    expect(outcomeOf(log.add(record, identityOf))).toBe(step.expect)
  }
  return log
}

function stands(log: SpaceLog) {
  return log.parties.map((_, company) => {
    const head = log.head(company)
    if (!head) return null
    const keys = head.keys.map(pin => toHex(pin.publicKey.bytes))
    return { id: toHex(head.id), seq: head.seq, keys, cut: [...head.cut] }
  })
}

const named = (cases: LogCase[]) => cases.map(item => [item.rule, item.name, item] as const)

describe('the vectors', () => {
  test.each(named([...valid, ...invalid]))('[%s] %s', (_rule, _name, item) => {
    const log = play(item)
    expect(stands(log)).toEqual(item.stands)
    const forks = log.parties.flatMap((_, company) => {
      const fork = log.forkOf(company)
      return fork ? [{ company, seq: fork.seq }] : []
    })
    expect(forks).toEqual(item.forks)
  })

  test('[SPC-13] no refusal is without fault, and waiting is no refusal', () => {
    for (const item of invalid) {
      const last = item.steps.at(-1) as LogCase['steps'][number]
      const log = play(item, item.steps.slice(0, -1))
      const record = { entry: hex(last.entry), signer: hex(last.signer), signature: hex(last.signature) }
      expect(log.add(record, did => known.get(did)?.[1])).toMatchObject({ fault: true })
    }
  })
})

/** Offers all of it again and again, in an order of its own, until nothing more is taken; who was a party then. */
function offered({ genesis, steps }: LogCase, seed: number): { log: SpaceLog; grown: number[] } {
  const log = open(hex(genesis))
  const grown = [log.parties.length]
  const order = steps
    .map((step, i) => ({ step, at: ((i + 1) * 7919 * seed) % 104729 }))
    .sort((a, b) => a.at - b.at)
    .map(({ step }) => step)
  for (let added = true; added;) {
    added = false
    for (const step of order) {
      const record = { entry: hex(step.entry), signer: hex(step.signer), signature: hex(step.signature) }
      added = outcomeOf(log.add(record, did => known.get(did)?.[1])) === 'added' || added
      grown.push(log.parties.length)
    }
  }
  return { log, grown }
}

describe('companies that come later', () => {
  const later = named(valid.filter(({ parties }) => parties !== undefined))

  test.each(later)('[%s] %s: in any order', (_rule, _name, item) => {
    for (let seed = 1; seed <= 25; seed++) {
      const { log, grown } = offered(item, seed)
      expect([stands(log), log.parties]).toEqual([item.stands, item.parties])
      // What is sealed stays sealed.
      expect(grown).toEqual(grown.toSorted((a, b) => a - b))
    }
  })

  test('[SPC-17] a party has one acceptance, which names the revision by which it came', () => {
    const item = valid.find(({ name }) => name === 'which accepts, and goes on') as LogCase
    const { log } = offered(item, 1)
    expect(log.branches(3)[0]?.[0]?.act).toMatchObject({ kind: 'accept', revision: log.admission(3) })
    expect([log.accepted(3), log.admission(0), log.admission(4)]).toEqual([true, undefined, undefined])
  })
})

const GENESIS = genesisOf('Space log tests')
const identityOf = (did: string) => known.get(did)?.[1]
const ada = accept(GENESIS, 0, ['Ada'])
const cutOf = (prev: typeof ada, key: number) => entry(GENESIS, 0, { kind: 'cut', key, lanes: [] }, { prev })

function logOf(...records: EntryRecord[]): SpaceLog {
  const log = open(GENESIS)
  for (const record of records) expect(outcomeOf(log.add(record, identityOf))).toBe('added')
  return log
}

describe('a space log', () => {
  test('[SPC-3] a company has the index of its place among the parties', () => {
    const log = open(GENESIS)
    expect(log.parties.map(did => log.companyOf(did))).toEqual([0, 1, 2])
    expect(log.companyOf('did:webvh:nobody:parley.invalid')).toBeUndefined()
  })

  test('[SPC-5] an entry belongs to one space and to a party of it', () => {
    const other = open(genesisOf('Another'))
    expect(other.add(ada, identityOf)).toMatchObject({ code: 'entry-place' })
  })

  test('[SPC-6] a company has accepted once it said so, and not before', () => {
    const log = open(GENESIS)
    expect(log.accepted(0)).toBe(false)
    expect(outcomeOf(log.add(ada, identityOf))).toBe('added')
    expect([log.accepted(0), log.accepted(1)]).toEqual([true, false])
  })

  test('[SPC-8] neither another company nor a key without the power to seal speaks for a company', () => {
    const powers = ['advise' as const]
    const pin = { kind: 'keys', certificates: [certify(ACME, 'Amy', { powers })] } as const
    const more = entry(GENESIS, 0, { ...pin, certificates: [...pin.certificates] }, { prev: ada })
    const log = logOf(ada, more)
    const next = (signer: ReturnType<typeof key>) =>
      entry(GENESIS, 0, { kind: 'cut', key: 0, lanes: [] }, { prev: more, signer })
    expect(log.add(next(key('Amy')), identityOf)).toMatchObject({ code: 'entry-signer' })
    expect(log.add(next(key('Bo')), identityOf)).toEqual({ waits: 'identity' })
    expect(outcomeOf(log.add(next(key('Ada')), identityOf))).toBe('added')
  })

  test('[SPC-10] an entry waits for the one before it, and follows no other', () => {
    const next = cutOf(ada, 0)
    const log = open(GENESIS)
    expect(log.add(next, identityOf)).toEqual({ waits: 'entry' })
    log.add(ada, identityOf)
    const late = entry(GENESIS, 0, { kind: 'keys', certificates: [] }, { prev: ada, seq: 2 })
    expect(log.add(late, identityOf)).toMatchObject({ code: 'chain-broken' })
    expect(outcomeOf(log.add(next, identityOf))).toBe('added')
  })

  test('[SPC-9] both sides of a fork prove it, in whatever order forks become known', () => {
    const [left, right] = [cutOf(ada, 1), cutOf(ada, 2)]
    const deep = [cutOf(left, 3), cutOf(left, 4)] as const
    const orders = [
      [ada, left, right, ...deep],
      [ada, left, ...deep, right],
      [ada, right, left, deep[1], deep[0]]
    ]
    for (const order of orders) {
      const log = logOf(...order)
      expect(log.head(0)?.id).toEqual(ada.id)
      const proof = log
        .forkOf(0)
        ?.entries.map(record => toHex(record.entry))
        .sort()
      expect(proof).toEqual([left, right].map(record => toHex(record.entry)).sort())
      expect(log.cuts()).toEqual([])
    }
  })

  test('[SPC-9] an act before the fork stands', () => {
    const first = cutOf(ada, 0)
    const log = logOf(ada, first, cutOf(first, 1), cutOf(first, 2))
    expect(log.cuts()).toEqual([{ company: 0, key: 0, lanes: [] }])
  })

  test('[SPC-14] entries on every branch are kept, each after the one it follows', () => {
    const [left, right] = [cutOf(ada, 1), cutOf(ada, 2)]
    const log = logOf(ada, left, right, cutOf(right, 3))
    expect(log.entries()).toHaveLength(4)
    expect(log.tips()).toHaveLength(2)
    expect(log.entry(right.id)?.before?.id).toEqual(ada.id)
  })

  test('[SPC-14] an act counts in the chain where it stands, in order', () => {
    const [one, two] = [cutOf(ada, 3), cutOf(ada, 3)]
    expect(one.id).toEqual(two.id)
    const next = cutOf(one, 4)
    expect(
      logOf(ada, one, next)
        .cuts()
        .map(cut => cut.key)
    ).toEqual([3, 4])
  })

  test('[SPC-12] the first settle of a company is the one that counts', () => {
    const facet = bytes('facet')
    const say = (prev: typeof ada, seq: number) =>
      entry(GENESIS, 0, { kind: 'settle', point: { facet, client: 9, seq, id: bytes('id') } }, { prev })
    const first = say(ada, 1)
    const log = logOf(ada, first, say(first, 2))
    expect([...(log.settled(facet).get(9) ?? [])].map(([company, { seq }]) => [company, seq])).toEqual([
      [0, 1]
    ])
    expect(log.settled(facet).has(8)).toBe(false)
    expect([log.settles(facet).length, log.settles(bytes('other')).length]).toEqual([2, 0])
  })

  test('[SPC-7] indices are never given again', () => {
    const more = entry(
      GENESIS,
      0,
      { kind: 'keys', certificates: [certify(ACME, 'Abe')] },
      { prev: cutOf(ada, 0) }
    )
    const log = logOf(ada, cutOf(ada, 0), more)
    const keys = log.head(0)?.keys.map(pin => [pin.index, toHex(pin.publicKey.bytes)])
    expect(keys).toEqual(['Ada', 'Abe'].map((holder, i) => [i, toHex(key(holder).publicKey.bytes)]))
    const again = entry(GENESIS, 0, { kind: 'keys', certificates: [certify(ACME, 'Ada')] }, { prev: more })
    expect(log.add(again, identityOf)).toMatchObject({ code: 'key-twice' })
  })

  test('[SPC-13] an acceptance waits for the version of the identity log that it names', () => {
    const act = { kind: 'accept', rootVersion: '9-nowhere', certificates: [] } as const
    const record = entry(GENESIS, 0, { ...act, certificates: [] })
    expect(open(GENESIS).add(record, identityOf)).toEqual({ waits: 'identity' })
  })
})
