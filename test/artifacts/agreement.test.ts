// protocols/agreement, sections 2 to 4: what parties have agreed on, read out of the words in their chains.
import { describe, expect, test } from 'vitest'
import { agreementOf, stateBetween } from '../../src/artifacts/agreement.ts'
import { type TermsBody, encodeTerms, revisionId } from '../../src/artifacts/agreement-terms.ts'
import { openSpace } from '../../src/artifacts/space.ts'
import { type LogEntry, type SpaceLog } from '../../src/identity/space-log.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { encodeSpaceGenesis } from '../../src/wire/genesis.ts'
import { isReject } from '../../src/wire/reject.ts'
import type { EntryAct, EntryRecord } from '../../src/wire/space-entry.ts'
import { approve, entryOf, termsOf } from '../sim/agreement.ts'
import { type Company, staffNumbered } from '../sim/company.ts'

const DAY = '2026-06-01'

/** A space of a few companies, all of which have accepted, and the words they say in it. */
class Table {
  readonly companies: Company[]
  readonly space: SpaceLog
  readonly said: EntryRecord[] = []

  constructor(count: number) {
    this.companies = Array.from({ length: count }, (_, i) => staffNumbered(i).company)
    const parties = this.companies.map(({ identity }) => identity.did)
    const genesis = { nonce: new Uint8Array(16), title: 'Joint', pairing: 'CTO', parties }
    this.space = openSpace(encodeSpaceGenesis(genesis)) as SpaceLog
    for (const [i, { identity, roleCertificate }] of this.companies.entries()) {
      this.say(i, { kind: 'accept', rootVersion: identity.head, certificates: [roleCertificate] })
    }
  }

  /** @param after the entry that it follows, where it is not the last: a fork */
  say(company: number, act: EntryAct, after?: LogEntry, key?: Company['role']): LogEntry {
    const by = this.companies[company] as Company
    const record = entryOf(this.space, by, act, { ...(after && { after }), ...(key && { key }) })
    this.said.push(record)
    return this.enter(this.space, record)
  }

  enter(space: SpaceLog, record: EntryRecord): LogEntry {
    const result = space.add(
      record,
      did => this.companies.find(({ identity }) => identity.did === did)?.identity
    )
    if (isReject(result) || result === 'known' || 'waits' in result)
      throw new Error(`not added: ${String(result)}`)
    return result.added
  }

  propose(changes: Partial<TermsBody> = {}, by = 0): TermsBody {
    const terms = termsOf(this.space, changes)
    this.say(by, { kind: 'propose', terms: encodeTerms(terms) })
    return terms
  }

  approve(company: number, terms: TermsBody, after?: LogEntry): LogEntry {
    return this.say(company, approve(this.space, this.companies[company] as Company, { terms }), after)
  }

  reject(company: number, terms: TermsBody, after?: LogEntry): LogEntry {
    const revision = revisionId(encodeTerms(terms))
    return this.say(company, { kind: 'reject', revision, reason: 'not so' }, after)
  }

  sealed(changes: Partial<TermsBody> = {}): TermsBody {
    const terms = this.propose(changes)
    for (const company of this.companies.keys()) this.approve(company, terms)
    return terms
  }

  get agreement() {
    return agreementOf(this.space)
  }

  state(a = 0, b = 1, day = DAY): string {
    return stateBetween(this.agreement, a, b, day)
  }

  get force(): number | undefined {
    return this.agreement.inForce?.terms.number
  }
}

const idOf = (terms: TermsBody) => toHex(revisionId(encodeTerms(terms)))

describe('sealing', () => {
  test('[AGR-14] the first revision is in force once the last party has approved it', () => {
    const table = new Table(3)
    const terms = table.propose()
    expect(table.state()).toBe('draft')
    for (const company of [0, 1]) table.approve(company, terms)
    expect([table.state(), table.force]).toEqual(['draft', undefined])
    table.approve(2, terms)
    expect([table.state(), table.force]).toEqual(['active', 1])
    expect(toHex(table.agreement.inForce?.id as Uint8Array)).toBe(idOf(terms))
    expect([...(table.agreement.inForce?.approvals.keys() ?? [])]).toEqual([0, 1, 2])
  })

  test('[AGR-14] a later revision needs the threshold of the one before, by its weights', () => {
    const table = new Table(3)
    const first = table.sealed({ amendment: { threshold: 4, weights: [3, 2, 1] } })
    const second = table.propose({ number: 2, before: idOf(first), title: 'Second' }, 1)
    table.approve(1, second)
    table.approve(2, second)
    expect(table.force).toBe(1)
    table.approve(0, second)
    expect(table.force).toBe(2)
    const third = table.propose({ number: 3, before: idOf(second) })
    for (const company of [0, 1]) table.approve(company, third)
    expect(table.force).toBe(2)
  })

  test('[AGR-14] a revision that skips a number, or follows one that is not sealed, is not sealed', () => {
    const table = new Table(2)
    const first = table.sealed()
    const skipping = table.propose({ number: 3, before: idOf(first) })
    for (const company of [0, 1]) table.approve(company, skipping)
    const loose = table.propose({ number: 2, before: '00'.repeat(32) })
    for (const company of [0, 1]) table.approve(company, loose)
    expect(table.force).toBe(1)
  })

  test('[AGR-13] who has approved one text is bound to it while it is alive', () => {
    const table = new Table(2)
    const [one, other] = [table.propose({ title: 'One' }), table.propose({ title: 'Other' }, 1)]
    table.approve(0, one)
    table.approve(0, other)
    table.approve(1, other)
    expect(table.force).toBeUndefined()
    expect(table.agreement.revisions.find(({ terms }) => terms.title === 'Other')?.approvals.size).toBe(1)
    table.reject(1, one)
    expect(table.agreement.inForce?.terms.title).toBe('Other')
  })

  test('[AGR-13] what is approved before anybody proposed it lets nothing later count, and so takes nothing back', () => {
    const table = new Table(2)
    const hidden = termsOf(table.space, { title: 'Hidden' })
    table.approve(1, hidden)
    const terms = table.propose()
    table.approve(0, terms)
    table.approve(1, terms)
    expect(table.force).toBeUndefined()
    table.say(1, { kind: 'propose', terms: encodeTerms(hidden) })
    expect(table.force).toBeUndefined()
    table.reject(0, hidden)
    expect(table.force).toBe(1)
  })

  test('[AGR-12] a revision is dead once those that rejected it outweigh what the threshold leaves', () => {
    const table = new Table(3)
    const first = table.sealed({ amendment: { threshold: 4, weights: [3, 2, 1] } })
    const second = table.propose({ number: 2, before: idOf(first) })
    const dead = () => table.agreement.revisions.find(({ terms }) => terms.number === 2)?.dead
    table.reject(1, second)
    expect(dead()).toBe(false)
    table.reject(2, second)
    expect(dead()).toBe(true)
  })

  test('[AGR-9] of what a party says about one revision, the first word stands', () => {
    const table = new Table(2)
    const terms = table.propose()
    table.reject(1, terms)
    table.approve(1, terms)
    table.approve(0, terms)
    expect([table.force, table.agreement.revisions[0]?.dead]).toEqual([undefined, true])
    const other = new Table(2)
    const good = other.sealed()
    other.reject(1, good)
    expect(other.force).toBe(1)
  })

  test('[AGR-9] [AGR-14] who forks its chain cannot take back its approval', () => {
    const table = new Table(3)
    table.sealed()
    const [accepted] = table.space.branches(2)[0] as [LogEntry]
    table.say(2, { kind: 'keys', certificates: [] }, accepted)
    expect(table.space.forkOf(2)).toBeDefined()
    expect([table.state(0, 1), table.force]).toEqual(['active', 1])
  })

  test('[AGR-15] two sealed rivals let nothing flow, until a later revision is sealed', () => {
    const table = new Table(2)
    const [one, other] = [table.propose({ title: 'One' }), table.propose({ title: 'Other' })]
    const fork = table.space.head(1)
    table.reject(1, one)
    table.approve(0, one)
    table.approve(0, other)
    table.approve(1, other)
    expect(table.state()).toBe('active')
    table.approve(1, one, fork)
    expect([table.state(), table.agreement.contradicted]).toEqual(['contradicted', true])
    const next = table.propose({ number: 2, before: idOf(one) })
    table.approve(0, next)
    table.say(
      1,
      approve(table.space, table.companies[1] as Company, { terms: next }),
      table.space.branches(1)[1]?.at(-1)
    )
    expect([table.state(), table.force]).toEqual(['active', 2])
  })

  test('[AGR-7] terms that break a rule are kept with why, and are no revision', () => {
    const table = new Table(2)
    table.say(0, { kind: 'propose', terms: new TextEncoder().encode('{"a": 1}') })
    table.propose({ amendment: { threshold: 1, weights: [1, 1] } })
    expect(table.agreement.revisions).toEqual([])
    expect(table.agreement.unfit.map(({ company, why }) => [company, why.code])).toEqual([
      [0, 'jcs-canonical'],
      [0, 'terms-amendment']
    ])
  })

  test('[AGR-7] of one branch 256 proposals are looked at', () => {
    const table = new Table(2)
    for (let i = 0; i < 257; i++) table.propose({ title: `Terms ${i}` })
    expect(table.agreement.revisions).toHaveLength(256)
  })

  test('[AGR-7] [AGR-14] proposals on other branches of its chain push no sealed revision of the party out', () => {
    const table = new Table(2)
    for (let i = 0; i < 8; i++) table.propose({ title: `Draft ${i}` }, 1)
    const terms = table.propose({}, 1)
    for (const company of [0, 1]) table.approve(company, terms)
    const [root] = table.space.branches(1)[0] as [LogEntry]
    const nothing = (text: string) => new TextEncoder().encode(`"${text}"`)
    for (let branch = 0; branch < 60; branch++) {
      let after: LogEntry = root
      for (let i = 0; i < 8; i++) {
        after = table.say(1, { kind: 'propose', terms: nothing(`${branch} ${i}`) }, after)
      }
    }
    expect(table.force).toBe(1)
  })

  test('[AGR-14] all orders in which entries may arrive come to the same', () => {
    const table = new Table(3)
    const first = table.sealed({ amendment: { threshold: 2, weights: [1, 1, 1] } })
    const [a, b] = [2, 3].map(n =>
      table.propose({ number: 2, before: idOf(first), title: `Text ${n}` }, n - 2)
    )
    table.approve(0, a as TermsBody)
    table.reject(1, a as TermsBody)
    table.reject(2, a as TermsBody)
    for (const company of [0, 1]) table.approve(company, b as TermsBody)
    const shown = (space: SpaceLog) =>
      agreementOf(space).revisions.map(({ id, sealed, dead, approvals }) => [
        toHex(id),
        sealed,
        dead,
        [...approvals.keys()].sort()
      ])
    for (let seed = 1; seed <= 20; seed++) {
      const copy = openSpace(table.space.genesisBytes) as SpaceLog
      const queues = table.companies.map((_, company) =>
        table.said.filter(({ entry }) =>
          table.space.entries().some(known => known.record.entry === entry && known.company === company)
        )
      )
      for (let turn = seed; queues.some(queue => queue.length > 0); turn = (turn * 7 + 3) % 101) {
        const queue = queues[turn % queues.length] as EntryRecord[]
        const [next] = queue.splice(0, 1)
        if (next) table.enter(copy, next)
        agreementOf(copy)
      }
      expect(shown(copy)).toEqual(shown(table.space))
    }
  })
})

describe('approvals', () => {
  const verdict = (change: (table: Table, terms: TermsBody) => EntryAct, key?: Company['role']) => {
    const table = new Table(2)
    const terms = table.propose()
    table.approve(0, terms)
    table.say(1, change(table, terms), undefined, key)
    return table.force
  }

  test('[AGR-8] an approval counts if it says what the entry and the terms say', () => {
    const by = (table: Table, terms: TermsBody, as = 1) =>
      approve(table.space, table.companies[as] as Company, { terms }) as Extract<
        EntryAct,
        { kind: 'approve' }
      >
    expect(verdict((table, terms) => by(table, terms))).toBe(1)
    expect(verdict((table, terms) => ({ ...by(table, terms, 0) }))).toBeUndefined()
    expect(
      verdict((table, terms) => {
        const parties = terms.parties.map(party => ({ ...party, capacity: 'intern' }))
        return { ...by(table, { ...terms, parties }), revision: revisionId(encodeTerms(terms)) }
      })
    ).toBeUndefined()
    expect(
      verdict((table, terms) => {
        const other = { ...terms, title: 'Other terms' }
        return { ...by(table, other), revision: revisionId(encodeTerms(terms)) }
      })
    ).toBeUndefined()
    const { rootKey } = staffNumbered(1).company
    expect(verdict((table, terms) => by(table, terms), rootKey)).toBeUndefined()
    expect(
      verdict((table, terms) => ({ ...by(table, terms), document: new Uint8Array([1, 2, 3]) }))
    ).toBeUndefined()
  })
})

describe('state', () => {
  test('[AGR-10] between suspend and resume nothing flows to or from that party', () => {
    const table = new Table(3)
    table.sealed()
    table.say(2, { kind: 'suspend', reason: 'an audit' })
    expect([table.state(0, 1), table.state(0, 2), table.state(2, 1)]).toEqual([
      'active',
      'suspended',
      'suspended'
    ])
    table.say(2, { kind: 'resume' })
    expect(table.state(0, 2)).toBe('active')
  })

  test('[AGR-11] who has terminated stays out', () => {
    const table = new Table(3)
    table.sealed()
    table.say(2, { kind: 'terminate', reason: 'sold' })
    table.say(2, { kind: 'resume' })
    expect([table.state(0, 1), table.state(0, 2)]).toEqual(['active', 'ended'])
  })

  test('[AGR-16] days are those of UTC, and both the first and the last one count', () => {
    const table = new Table(2)
    table.sealed({ starts: '2026-03-01', ends: '2026-03-31' })
    const days = ['2026-02-28', '2026-03-01', '2026-03-31', '2026-04-01']
    expect(days.map(day => table.state(0, 1, day))).toEqual(['waiting', 'active', 'active', 'expired'])
  })
})
