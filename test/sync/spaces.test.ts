// protocols/sync, section 5: space logs, and what asking about them gives away.
import { describe, expect, test } from 'vitest'
import { openSpace } from '../../src/artifacts/space.ts'
import { type LogEntry, type SpaceLog } from '../../src/identity/space-log.ts'
import { sign } from '../../src/identity/ed25519.ts'
import { encodeSpaceGenesis, spaceId } from '../../src/wire/genesis.ts'
import { toHex } from '../../src/wire/bytes.ts'
import {
  type EntryAct,
  type EntryRecord,
  encodeSpaceEntry,
  entryId,
  entrySignedBytes
} from '../../src/wire/space-entry.ts'
import type { Frame } from '../../src/sync/frame.ts'
import { type Company, createNodeKey } from '../sim/company.ts'
import { SimNode } from '../sim/node.ts'
import { Bench, type Puppet, accept, acceptRecord, acquaint, foundSpace, stage } from './bench.ts'

const naming = (id: Uint8Array): Frame => ({ type: 'spaces', spaces: [{ id, tips: [], versions: [] }] })
const spacesOf = (node: SimNode) => node.core.context.directory.spaces

/** Genesis bytes of a space that nobody has accepted. */
function genesisOf(bench: Bench, parties: string[]): Uint8Array {
  return encodeSpaceGenesis({ nonce: bench.random.bytes(16), title: 'Plan', pairing: 'CTO', parties })
}

function offer(puppet: Puppet, genesis: Uint8Array): void {
  const space = spaceId(genesis)
  puppet.say(naming(space))
  puppet.say({ type: 'entries', space, genesis, entries: [] })
}

describe('space logs', () => {
  test('[SYN-12] a node names to a peer the spaces of which its company is a party, and no others', () => {
    const { bench, node, rival, space } = stage()
    const third = bench.company('Cid')
    acquaint(node, third)
    foundSpace(node, [node.company, third], { title: 'Elsewhere' })
    bench.pass(200)
    const puppet = bench.puppet(node, rival).hello()
    const named = puppet.of('spaces').flatMap(frame => frame.spaces.map(({ id }) => toHex(id)))
    expect(named).toEqual([toHex(space.id)])
  })

  test('[SYN-12] three nodes in a row end with the same log', () => {
    const bench = new Bench()
    const nodes = ['Ada', 'Bob', 'Cid'].map(name => bench.node(name)) as [SimNode, SimNode, SimNode]
    for (const a of nodes) for (const b of nodes) if (a !== b) a.knows(b)
    const [a, b, c] = nodes
    bench.network.connect(a, b)
    bench.network.connect(b, c)
    bench.pass(1_000)
    const space = foundSpace(a, [a.company])
    const shared = a.perform(() =>
      a.desk.foundSpace({
        title: 'Three',
        pairing: 'CTO',
        parties: nodes.map(node => node.company.identity.did)
      })
    ) as SpaceLog
    accept(a, shared, a.company)
    bench.pass(3_000)
    for (const [i, node] of [b, c].entries()) {
      expect(spacesOf(node).has(toHex(space.id))).toBe(false)
      const copy = spacesOf(node).get(toHex(shared.id))
      expect(copy?.entries()).toHaveLength(1 + i)
      accept(node, copy as SpaceLog, node.company)
      bench.pass(3_000)
    }
    for (const node of nodes) expect(spacesOf(node).get(toHex(shared.id))?.entries()).toHaveLength(3)
    for (const node of nodes) expect(bench.refusals(node)).toEqual([])
  })

  test('[SYN-13] want-space gives the genesis to who has nothing, and only what is missing to others', () => {
    const { space, puppet } = stage({ sealed: false })
    puppet.take()
    puppet.say({ type: 'want-space', space: space.id, have: [] })
    puppet.say({ type: 'want-space', space: space.id, have: [(space.tips()[0] as { id: Uint8Array }).id] })
    puppet.say({ type: 'want-space', space: space.id, have: space.tips().map(tip => tip.id) })
    const [all, rest, ...none] = puppet.of('entries')
    expect(toHex(all?.genesis as Uint8Array)).toBe(toHex(space.genesisBytes))
    expect(all?.entries).toHaveLength(2)
    expect(rest?.genesis).toHaveLength(0)
    expect(rest?.entries).toHaveLength(1)
    expect(none).toEqual([])
  })

  test('[SYN-13] a long log comes in parts, as fast as it is read', () => {
    const { bench, node, rival, space } = stage({ sealed: false })
    const reader = bench.puppet(node, rival, { reads: false }).hello()
    const lanes = Array.from({ length: 700 }, (_, i) => point(i))
    for (const record of chain(space, rival, 24, { kind: 'cut', key: 9, lanes })) {
      expect(node.perform(core => core.spaces.add(space, [record]))).toBeUndefined()
    }
    bench.pass(1_000)
    expect(space.entries().length).toBe(26)
    reader.take()
    for (let i = 0; i < 20; i++) reader.say({ type: 'want-space', space: space.id, have: [] })
    bench.pass(2_000)
    expect(reader.bytes).toBeLessThan(700_000)
    reader.reads = true
    reader.victim.step({ on: 'sent', session: reader.session, bytes: 1e9 })
    bench.pass(2_000)
    const first = reader
      .of('entries')
      .slice(0, 26)
      .flatMap(frame => frame.entries)
    expect(first.length).toBeGreaterThanOrEqual(26)
  })

  test('[SYN-47] heads that grow are asked for one answer at a time', () => {
    const { bench, node, rival, space, puppet } = stage({ sealed: false })
    const records = chain(space, rival, 15)
    const name = (count: number) => {
      const tips = [{ of: 1, seq: count, id: entryId((records[count - 1] as EntryRecord).entry) }]
      puppet.say({ type: 'spaces', spaces: [{ id: space.id, tips, versions: [] }] })
    }
    const bring = (from: number, to: number) => {
      const entries = records.slice(from, to)
      puppet.say({ type: 'entries', space: space.id, genesis: new Uint8Array(), entries })
    }
    const asked = () => {
      const frames = puppet.take().filter(frame => frame.type === 'want-space')
      return frames.map(({ have }) => have.map(id => space.entry(id)?.seq))
    }
    puppet.take()
    name(3)
    expect(asked()).toEqual([[0, 0]])
    name(6)
    name(9)
    bring(0, 3)
    name(12)
    bring(3, 6)
    expect(asked()).toEqual([])
    bring(6, 9)
    expect(asked()).toEqual([[0, 9]])
    name(15)
    bench.pass(29_000)
    name(15)
    expect(asked()).toEqual([])
    bench.pass(2_000)
    name(15)
    expect(asked()).toEqual([[0, 9]])
    bring(9, 15)
    expect(asked()).toEqual([])
    expect(bench.refusals(node)).toEqual([])
  })

  test('[SYN-48] nobody hears of an entry that the disk does not have', () => {
    const { bench, node, rival, space, puppet } = stage({ sealed: false })
    const have = space.tips().map(tip => tip.id)
    const seqs = (of: Puppet) =>
      of.of('spaces').flatMap(({ spaces }) => spaces.flatMap(({ tips }) => tips.map(tip => tip.seq)))
    puppet.take()
    const [record] = chain(space, rival, 1)
    node.perform(core => core.spaces.add(space, [record as EntryRecord]))
    puppet.say({ type: 'want-space', space: space.id, have })
    const late = bench.puppet(node, rival).hello()
    expect(puppet.of('entries')).toEqual([])
    expect([...seqs(puppet), ...seqs(late)]).toEqual([0, 0])
    bench.pass(200)
    expect(seqs(puppet)).toEqual([0, 1])
    puppet.say({ type: 'want-space', space: space.id, have })
    expect(puppet.of('entries').flatMap(frame => frame.entries)).toHaveLength(1)
  })

  test('[SYN-5] a space that we hold without the peer is asked for like one that we never heard of', () => {
    const { bench, node, rival } = stage()
    const third = bench.company('Cid')
    acquaint(node, third)
    const hidden = foundSpace(node, [node.company, third])
    const never = genesisOf(bench, [third.identity.did])
    const answers = [hidden.genesisBytes, never].map(genesis => {
      const puppet = bench.puppet(node, rival).hello()
      bench.pass(200)
      puppet.take()
      offer(puppet, genesis)
      puppet.say({ type: 'want-space', space: spaceId(genesis), have: [] })
      puppet.say({ type: 'summary', space: spaceId(genesis), hash: new Uint8Array(32) })
      bench.pass(500)
      return puppet.take().map(frame => ({ ...frame, space: undefined }))
    })
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]?.map(frame => frame.type)).toEqual(['want-space'])
    expect(spacesOf(node).has(toHex(spaceId(never)))).toBe(false)
  })

  test('[SYN-14] a space is taken from a peer only if both are parties', () => {
    const { bench, node, rival, puppet } = stage()
    const ours = node.company.identity.did
    const others = [
      [rival.identity.did, 'did:webvh:x'],
      [ours, 'did:webvh:x']
    ]
    for (const parties of others) offer(puppet, genesisOf(bench, parties))
    expect(spacesOf(node).size).toBe(1)
    offer(puppet, genesisOf(bench, [ours, rival.identity.did]))
    expect(spacesOf(node).size).toBe(2)
  })

  test('[SYN-14] a restart does not forget who put spaces before us', () => {
    const { bench, node, rival, puppet } = stage()
    const parties = [node.company, rival].map(({ identity }) => identity.did)
    for (let i = 0; i < 20; i++) offer(puppet, genesisOf(bench, parties))
    bench.pass(200)
    expect(spacesOf(node).size).toBe(1 + 16)
    node.disk.tables.set(`identity:${rival.identity.did}`, rival.identity.log)
    node.crash()
    node.start()
    acquaint(node, rival)
    const again = bench.puppet(node, rival).hello()
    for (let i = 0; i < 20; i++) offer(again, genesisOf(bench, parties))
    expect(spacesOf(node).size).toBe(1 + 16)
  })

  test('[SYN-14] one company fills its own share of invitations and nobody else’s', () => {
    const { bench, node, rival, puppet } = stage()
    const third = bench.company('Cid')
    acquaint(node, third)
    const parties = [rival.identity.did, third.identity.did, node.company.identity.did]
    for (let i = 0; i < 40; i++) offer(puppet, genesisOf(bench, parties))
    expect(spacesOf(node).size).toBe(1 + 16)
    const honest = bench.puppet(node, third).hello()
    offer(honest, genesisOf(bench, parties))
    expect(spacesOf(node).size).toBe(1 + 17)
  })

  test('[SYN-14] each node counts for itself what is put before it, and takes what its own company’s nodes took', () => {
    const { bench, node, rival, puppet } = stage()
    const parties = [node.company, rival].map(({ identity }) => identity.did)
    const others = [1, 2].map(() => {
      const other = new SimNode({ ...node.company, ...createNodeKey(node.company, bench.random) }, bench)
      bench.nodes.push(other)
      acquaint(other, rival)
      const elsewhere = bench.puppet(other, rival).hello()
      for (let i = 0; i < 20; i++) offer(elsewhere, genesisOf(bench, parties))
      expect(spacesOf(other).size).toBe(16)
      return other
    })
    for (const other of others) {
      node.knows(other)
      other.knows(node)
      bench.network.connect(node, other)
    }
    bench.pass(2_000)
    expect(spacesOf(node).size).toBe(1 + 32)
    for (let i = 0; i < 20; i++) offer(puppet, genesisOf(bench, parties))
    expect(spacesOf(node).size).toBe(1 + 48)
    bench.pass(61_000)
    for (const other of others) expect(spacesOf(other).size).toBe(1 + 48)
  })

  test('[SYN-12] spaces are named again to who had to take in our log first, once', () => {
    const { bench, node, space, puppet } = stage()
    const { did, log } = node.company.identity
    puppet.take()
    const named = () => {
      puppet.say({ type: 'want-identity', did, offset: 0 })
      bench.pass(200)
      const frames = puppet.take()
      const [identity, spaces] = [
        frames.findIndex(({ type }) => type === 'identity'),
        frames.findIndex(({ type }) => type === 'spaces')
      ]
      expect(frames[identity]).toMatchObject({ total: log.length })
      return spaces > identity ? frames.flatMap(frame => (frame.type === 'spaces' ? frame.spaces : [])) : []
    }
    expect(named().map(({ id }) => toHex(id))).toEqual([toHex(space.id)])
    expect(named()).toEqual([])
  })

  test('[SYN-12] who is new to a space asks for the logs of its parties as soon as the space has come', () => {
    const bench = new Bench()
    const [node, rival] = [bench.node('Ada'), bench.company('Bob')]
    const third = bench.company('Cid')
    acquaint(node, rival)
    const parties = [node.company, rival, third].map(({ identity }) => identity.did)
    const genesis = encodeSpaceGenesis({ nonce: new Uint8Array(16), title: 'T', pairing: 'CTO', parties })
    const id = spaceId(genesis)
    const puppet = bench.puppet(node, rival).hello()
    const record = acceptRecord(openSpace(genesis) as SpaceLog, third)
    const tips = [{ of: 2, seq: 0, id: entryId(record.entry) }]
    const { did, head } = third.identity
    puppet.say({ type: 'spaces', spaces: [{ id, tips, versions: ['', '', head] }] })
    puppet.say({ type: 'entries', space: id, genesis, entries: [record] })
    expect(puppet.of('want-identity').map(frame => frame.did)).toEqual([did])
    bench.pass(100)
    expect(puppet.of('summary').map(({ space }) => toHex(space))).toEqual([toHex(id)])
  })

  test('[SYN-15] an entry that waits for its company’s log blames nobody and comes again with the log', () => {
    const bench = new Bench()
    const [node, rival] = [bench.node('Ada'), bench.company('Bob')]
    const third = bench.company('Cid')
    acquaint(node, rival)
    const parties = [node.company, rival, third].map(({ identity }) => identity.did)
    const genesis = encodeSpaceGenesis({ nonce: new Uint8Array(16), title: 'T', pairing: 'CTO', parties })
    const space = openSpace(genesis) as SpaceLog
    const record = acceptRecord(space, third)
    const puppet = bench.puppet(node, rival).hello()
    const { id } = space
    const { did, head, log } = third.identity
    const tips = [{ of: 2, seq: 0, id: new Uint8Array(32).fill(1) }]
    puppet.say(naming(id))
    puppet.say({ type: 'entries', space: id, genesis, entries: [record] })
    puppet.say({ type: 'spaces', spaces: [{ id, tips, versions: ['', '', head] }] })
    puppet.say({ type: 'entries', space: id, genesis, entries: [record] })
    expect(bench.refusals(node)).toEqual([])
    expect(spacesOf(node).get(toHex(id))?.accepted(2)).toBe(false)
    puppet.take()
    puppet.say({ type: 'identity', did, offset: 0, total: log.length, bytes: log })
    expect(puppet.of('want-space')).toHaveLength(1)
    puppet.say({ type: 'entries', space: id, genesis, entries: [record] })
    expect(spacesOf(node).get(toHex(id))?.accepted(2)).toBe(true)
  })

  test('[SYN-15] an entry with a false signature is the bearer’s fault', () => {
    const { bench, node, rival, space, puppet } = stage({ sealed: false })
    const prev = space.tips()[1]?.id as Uint8Array
    const act = { kind: 'keys', certificates: [] } as const
    const entry = encodeSpaceEntry({
      space: space.id,
      company: 1,
      seq: 1,
      prev,
      act: { ...act, certificates: [] },
      time: 1
    })
    const signature = new Uint8Array(64).fill(1)
    const record = { entry, signer: rival.role.publicKey.bytes, signature }
    puppet.say({ type: 'entries', space: space.id, genesis: new Uint8Array(), entries: [record] })
    expect(bench.refusals(node)).toEqual(['signature'])
  })
})

/** What the company enters next, so many times. */
function chain(space: SpaceLog, { identity, role }: Company, count: number, act?: EntryAct): EntryRecord[] {
  const company = space.companyOf(identity.did) as number
  const head = space.head(company) as LogEntry
  let prev = head.id
  return Array.from({ length: count }, (_, i) => {
    const seq = head.seq + 1 + i
    const settle: EntryAct = { kind: 'settle', point: point(i) }
    const entry = encodeSpaceEntry({ space: space.id, company, seq, prev, act: act ?? settle, time: 1 })
    prev = entryId(entry)
    return { entry, signer: role.publicKey.bytes, signature: sign(role, entrySignedBytes(entry)) }
  })
}

function point(i: number) {
  return { facet: new Uint8Array(32).fill(3), client: i, seq: 1, id: new Uint8Array(32).fill(4) }
}
