// protocols/sync, SYN-52 and SYN-53, and protocols/agreement, AGR-19: how a company that an amendment admits hears of
// a space, and what anybody else does.
import { describe, expect, test } from 'vitest'
import { agreementOf, stateBetween } from '../../src/artifacts/agreement.ts'
import { type TermsBody, encodeTerms } from '../../src/artifacts/agreement-terms.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import type { Frame } from '../../src/sync/frame.ts'
import { PROSPECT_BYTES_MAX } from '../../src/sync/prospects.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { encodeSpaceGenesis, spaceId } from '../../src/wire/genesis.ts'
import type { EntryAct, EntryRecord } from '../../src/wire/space-entry.ts'
import { admitting, approve, entryOf, termsOf } from '../sim/agreement.ts'
import { type Company, signerOf } from '../sim/company.ts'
import type { SimNode } from '../sim/node.ts'
import { Bench, type Puppet, acquaint, foundSpace, sealAll, type, writeFacet } from './bench.ts'

const DAY = '2026-02-01'

/** Three nodes with an agreement that two of them amend, and a fourth that they all know. */
function fourNodes(links: [number, number][]) {
  const bench = new Bench()
  const nodes = ['Ada', 'Bob', 'Cid', 'Dora'].map(name => bench.node(name))
  for (const a of nodes) for (const b of nodes) if (a !== b) a.knows(b, { identity: true })
  const [ada, bob, cid, dora] = nodes as [SimNode, SimNode, SimNode, SimNode]
  const founders = [ada, bob, cid].map(({ company }) => company)
  const space = foundSpace(ada, founders, { sealed: false })
  sealAll(ada, space, founders, easy(space))
  for (const [i, j] of links) bench.network.connect(nodes[i] as SimNode, nodes[j] as SimNode)
  bench.pass(3_000)
  return { bench, ada, bob, cid, dora, space }
}

function easy(space: SpaceLog): TermsBody {
  return termsOf(space, { amendment: { threshold: 2, weights: [1, 1, 1] } })
}

const held = (node: SimNode, { id }: SpaceLog) => node.space(toHex(id))

/** Says something in the company's own chain, by its own node. */
function say(node: SimNode, { id }: SpaceLog, act: EntryAct): void {
  const space = node.space(toHex(id)) as SpaceLog
  const refused = node.perform(() => node.desk.append(space, act, signerOf(node.company.role)))
  if (refused) throw new Error(`${refused}`)
}

function propose(node: SimNode, space: SpaceLog, changes: Partial<TermsBody>): TermsBody {
  const terms = termsOf(space, changes)
  say(node, space, { kind: 'propose', terms: encodeTerms(terms) })
  return terms
}

function agrees(node: SimNode, space: SpaceLog, terms: TermsBody): void {
  say(node, space, approve(space, node.company, { terms }))
}

/** The newcomer accepts the space as it has it. */
function comes(node: SimNode, { id }: SpaceLog): void {
  const space = node.space(toHex(id)) as SpaceLog
  const revision = space.admission(space.companyOf(node.company.identity.did) as number) as Uint8Array
  const { identity, roleCertificate } = node.company
  const certificates = [roleCertificate]
  say(node, space, { kind: 'accept', rootVersion: identity.head, certificates, revision })
}

describe('a company that is admitted', () => {
  test('[AGR-19] [SYN-52] hears of the space when the amendment is sealed, reads, accepts, approves and has all', () => {
    const { bench, ada, bob, dora, space } = fourNodes([
      [0, 1],
      [1, 2],
      [0, 3],
      [1, 3]
    ])
    const page = writeFacet(ada, space)
    const facet = toHex(page.facet.id)
    const terms = propose(ada, space, admitting(space, [dora.company]))
    agrees(ada, space, terms)
    bench.pass(62_000)
    expect(held(dora, space)).toBeUndefined()
    agrees(bob, space, terms)
    // Sessions that are open at that moment: at once, and not with the next comparison.
    bench.pass(2_000)
    const theirs = held(dora, space) as SpaceLog
    expect(theirs.companyOf(dora.company.identity.did)).toBe(3)
    expect(agreementOf(theirs).inForce?.terms.admits).toBe(1)
    expect(dora.facet(facet)).toBeUndefined()
    comes(dora, space)
    bench.pass(2_000)
    expect(dora.facet(facet)).toBeUndefined()
    expect(stateBetween(agreementOf(space), 0, 3, DAY)).toBe('draft')
    agrees(dora, theirs, terms)
    bench.pass(2_000)
    expect(stateBetween(agreementOf(space), 0, 3, DAY)).toBe('active')
    expect(dora.root(facet)).toBe(ada.root(facet))
    type(dora, dora.facet(facet) as typeof page, 'from the fourth\n')
    bench.pass(2_000)
    expect(bob.root(facet)).toBe(dora.root(facet))
    for (const node of [ada, bob, dora]) expect(bench.refusals(node)).toEqual([])
  })

  test('[SYN-52] is still one after everybody has started anew', () => {
    const { bench, ada, bob, dora, space } = fourNodes([
      [0, 1],
      [0, 3]
    ])
    const terms = propose(ada, space, admitting(space, [dora.company]))
    for (const node of [ada, bob]) agrees(node, space, terms)
    bench.pass(2_000)
    comes(dora, space)
    bench.pass(2_000)
    for (const node of [ada, bob, dora]) {
      node.crash()
      node.start()
      const again = held(node, space) as SpaceLog
      expect([again.parties.length, again.accepted(3)]).toEqual([4, true])
    }
  })

  test('[SYN-52] may be the one who tells a founder that it was admitted', () => {
    const { bench, ada, bob, cid, dora, space } = fourNodes([
      [1, 2],
      [0, 1],
      [1, 3]
    ])
    bench.network.cut(ada, bob)
    const copy = held(bob, space) as SpaceLog
    const terms = propose(bob, copy, admitting(copy, [dora.company]))
    for (const node of [bob, cid]) agrees(node, copy, terms)
    bench.pass(3_000)
    comes(dora, space)
    expect(space.parties).toHaveLength(3)
    bench.network.connect(ada, dora)
    bench.pass(3_000)
    expect([space.parties.length, space.accepted(3)]).toEqual([4, true])
    expect(bench.refusals(ada)).toEqual([])
  })
})

/** A node that is no party of a space, and a puppet of a founder that puts it before the node. */
function offerTo(names: [node: string, rival: string] = ['Dora', 'Ada']) {
  const bench = new Bench()
  const node = bench.node(names[0])
  const founder = bench.node(names[1])
  const other = bench.company('Bob')
  acquaint(founder, other)
  acquaint(founder, node.company)
  acquaint(node, founder.company)
  const companies = [founder.company, other]
  const space = foundSpace(founder, companies)
  const terms = termsOf(space, admitting(space, [node.company]))
  const enter = (by: Company, act: EntryAct) => {
    const refused = founder.perform(core => core.spaces.add(space, [entryOf(space, by, act)]))
    if (refused) throw new Error(`${refused}`)
  }
  enter(founder.company, { kind: 'propose', terms: encodeTerms(terms) })
  for (const by of companies) enter(by, approve(space, by, { terms }))
  const puppet = bench.puppet(node, founder.company).hello()
  bench.pass(200)
  puppet.take()
  return { bench, node, founder, other, space, puppet }
}

function listing(space: SpaceLog, companies: Company[]): Frame {
  const tips = space.tips().map(({ company, seq, id }) => ({ of: company, seq, id }))
  return {
    type: 'spaces',
    spaces: [{ id: space.id, tips, versions: companies.map(({ identity }) => identity.head) }]
  }
}

function entries(space: SpaceLog, count = Infinity): Frame {
  const records = space.entries().map(({ record }) => record)
  return { type: 'entries', space: space.id, genesis: space.genesisBytes, entries: records.slice(0, count) }
}

function tell(puppet: Puppet, { identity: { did, log } }: Company): void {
  puppet.say({ type: 'identity', did, offset: 0, total: log.length, bytes: log })
}

const spacesOf = (node: SimNode) => node.core.context.directory.spaces.size

describe('a space that only its log makes ours', () => {
  test('[SYN-14] [SYN-52] is taken once the log admits us, and stored then', () => {
    const { bench, node, other, founder, space, puppet } = offerTo()
    puppet.say(listing(space, [founder.company, other]))
    puppet.say(entries(space, 1))
    expect(puppet.of('want-identity').map(({ did }) => did)).toContain(other.identity.did)
    for (const company of [founder.company, other]) tell(puppet, company)
    puppet.say(entries(space, space.entries().length - 1))
    expect(spacesOf(node)).toBe(0)
    expect(node.disk.table('entry')).toEqual([])
    puppet.say(entries(space))
    bench.pass(100)
    expect(spacesOf(node)).toBe(1)
    expect(node.disk.table('entry')).toHaveLength(space.entries().length)
    expect(node.disk.table('invited')).toHaveLength(1)
    expect(bench.refusals(node)).toEqual([])
  })

  test('[SYN-52] is gone with the session where it does not come to that', () => {
    const { bench, node, other, founder, space, puppet } = offerTo()
    puppet.say(listing(space, [founder.company, other]))
    puppet.say(entries(space, 1))
    for (const company of [founder.company, other]) tell(puppet, company)
    const all = space.entries().map(({ record }) => record)
    puppet.say(entries(space, all.length - 1))
    node.step({ on: 'closed', session: puppet.session })
    const again = bench.puppet(node, founder.company).hello()
    bench.pass(200)
    again.say({ ...entries(space), entries: all.slice(-1) } as Frame)
    again.say(listing(space, [founder.company, other]))
    again.say(entries(space, 1))
    tell(again, other)
    again.say({ ...entries(space), entries: all.slice(-1) } as Frame)
    expect(spacesOf(node)).toBe(0)
    again.say(entries(space))
    expect(spacesOf(node)).toBe(1)
  })

  test('[SYN-52] a peer that is no party of it puts nothing before us by it', () => {
    const { bench, node, other, founder, space } = offerTo()
    const stranger = bench.company('Mallory')
    acquaint(node, stranger)
    const puppet = bench.puppet(node, stranger).hello()
    bench.pass(200)
    puppet.say(listing(space, [founder.company, other]))
    puppet.say(entries(space, 1))
    for (const company of [founder.company, other]) tell(puppet, company)
    puppet.say(entries(space))
    expect(spacesOf(node)).toBe(0)
    expect(bench.refusals(node)).toEqual([])
  })

  test('[SYN-52] [SYN-40] waits while an author’s share is used up, and is taken when that is over', () => {
    const { bench, node, other, founder, space, puppet } = offerTo()
    const { quota } = node.core.context
    quota.charge('entries', other.identity.did, 9 * 1024 * 1024, bench.now())
    puppet.say(listing(space, [founder.company, other]))
    puppet.say(entries(space, 1))
    tell(puppet, other)
    puppet.say(entries(space))
    expect(spacesOf(node)).toBe(0)
    bench.clock.runUntil(bench.now() + 86_400_000)
    puppet.say(listing(space, [founder.company, other]))
    expect(spacesOf(node)).toBe(1)
  })

  test('[SYN-52] counts among the sixteen that a company may put before us', () => {
    const { bench, node, founder, other, puppet } = offerTo()
    const parties = [founder.company, other].map(({ identity }) => identity.did)
    for (let i = 0; i < 20; i++) {
      const facts = { nonce: bench.random.bytes(16), title: 'Plan', pairing: 'CTO', parties }
      offer(puppet, encodeSpaceGenesis(facts))
    }
    const ours = [...parties, node.company.identity.did]
    const facts = { nonce: bench.random.bytes(16), title: 'Plan', pairing: 'CTO', parties: ours }
    offer(puppet, encodeSpaceGenesis(facts))
    expect(spacesOf(node)).toBe(0)
    expect(puppet.state?.prospects.size).toBe(16)
  })

  test('[SYN-52] no more of its entries is held than of a stored one in a day', () => {
    const { node, founder, other, space, puppet } = offerTo()
    const facet = new Uint8Array(32).fill(3)
    const lanes = Array.from({ length: 700 }, (_, client) => ({ facet, client, seq: 1, id: facet }))
    let after = space.head(0)
    const sent: EntryRecord[] = []
    for (let bytes = 0; bytes <= PROSPECT_BYTES_MAX; bytes += sent.at(-1)?.entry.length ?? 0) {
      const act: EntryAct = { kind: 'cut', key: 9, lanes }
      const record = entryOf(space, founder.company, act, { ...(after && { after }) })
      const added = space.add(record, founder.core.context.directory.identityOf)
      after = (added as { added: typeof after }).added
      sent.push(record)
    }
    puppet.say(listing(space, [founder.company, other]))
    puppet.say(entries(space, 1))
    for (const company of [founder.company, other]) tell(puppet, company)
    // But for the word that would admit us.
    const withheld = space.entries().filter(({ company, act }) => company === 1 && act.kind === 'approve')[1]
    const records = space.entries().flatMap(entry => (entry === withheld ? [] : [entry.record]))
    for (const record of records) puppet.say({ ...entries(space), entries: [record] } as Frame)
    const [prospect] = [...(puppet.state?.prospects.values() ?? [])]
    expect([prospect?.space, prospect?.bytes]).toEqual([undefined, 0])
    puppet.say({ ...entries(space), entries: [withheld?.record as EntryRecord] } as Frame)
    expect(spacesOf(node)).toBe(0)
  })

  test('[SYN-53] a node asks the same whether or not it knows the space and its companies', () => {
    const asked = ([knows, holds]: boolean[]) => {
      const { bench, node, other, founder, space } = offerTo()
      const stranger = bench.company('Mallory')
      acquaint(node, stranger)
      if (knows) acquaint(node, other)
      if (holds) node.perform(() => node.core.context.directory.spaces.set(toHex(space.id), space))
      const puppet = bench.puppet(node, stranger).hello()
      bench.pass(200)
      puppet.take()
      puppet.say(listing(space, [founder.company, other]))
      puppet.say(entries(space))
      for (const company of [founder.company, other]) tell(puppet, company)
      puppet.say(entries(space))
      bench.pass(200)
      puppet.say(listing(space, [founder.company, other]))
      bench.pass(200)
      return puppet.take().map(frame => JSON.stringify({ ...frame, have: undefined }))
    }
    const plain = asked([false, false])
    expect(plain.length).toBeGreaterThan(2)
    expect(asked([true, false])).toEqual(plain)
    expect(asked([true, true])).toEqual(plain)
  })
})

function offer(puppet: Puppet, genesis: Uint8Array): void {
  const id = spaceId(genesis)
  puppet.say({ type: 'spaces', spaces: [{ id, tips: [], versions: [] }] })
  puppet.say({ type: 'entries', space: id, genesis, entries: [] })
}
