// protocols/sync, section 5: a company with two nodes signs in one chain.
import { describe, expect, test } from 'vitest'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import { sign } from '../../src/identity/ed25519.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { type Reject, isReject } from '../../src/wire/reject.ts'
import { type EntryRecord, encodeSpaceEntry, entrySignedBytes } from '../../src/wire/space-entry.ts'
import { createNodeKey, must, signerOf } from '../sim/company.ts'
import { SimNode } from '../sim/node.ts'
import { Bench, foundSpace } from './bench.ts'

/** Words that change nobody's rights, which would end sessions. */
const ACT = { kind: 'reject', revision: new Uint8Array(32), reason: 'not this' } as const
const OTHER = { ...ACT, reason: 'nor that' }

/** The office keeps the chains of Ada's company, the laptop hands over; Bob is another company. */
function stage() {
  const bench = new Bench()
  const office = bench.node('Ada')
  const bob = bench.node('Bob')
  const laptop = new SimNode({ ...office.company, ...createNodeKey(office.company, bench.random) }, bench, {
    keeps: false
  })
  bench.nodes.push(laptop)
  for (const node of [office, laptop]) {
    node.knows(bob, { identity: true })
    bob.knows(node, { identity: true })
  }
  const space = foundSpace(office, [office.company, bob.company])
  for (const [a, b] of [
    [office, laptop],
    [office, bob],
    [laptop, bob]
  ] as const)
    bench.network.connect(a, b)
  bench.pass(3_000)
  const logs = [office, laptop, bob].map(node => node.space(toHex(space.id)) as SpaceLog)
  return { bench, office, laptop, bob, id: toHex(space.id), logs }
}

function hand(node: SimNode, log: SpaceLog, record?: EntryRecord): Uint8Array | Reject {
  const signer = signerOf(node.company.role)
  return node.perform(core => core.chains.handOver(log, record ?? must(node.desk.sign(log, ACT, signer))))
}

const headsOf = (logs: SpaceLog[]) => [...new Set(logs.map(log => log.head(0)?.seq))]
const isForked = (logs: SpaceLog[]) => logs.some(log => log.forkOf(0) !== undefined)

describe('a company with two nodes', () => {
  test('[SYN-54] an entry that is handed over comes back from the node that keeps the chains', () => {
    const { bench, laptop, logs } = stage()
    const [before] = headsOf(logs)
    const log = logs[1] as SpaceLog
    const id = hand(laptop, log) as Uint8Array
    expect(log.entry(id)).toBeUndefined()
    bench.pass(1_000)
    expect(laptop.core.chains.outcome(log, id)).toBe('stands')
    expect(headsOf(logs)).toEqual([(before as number) + 1])
  })

  test('[SYN-54] [SYN-55] of two that sign at once one stands, the other is declined, and nothing is forked', () => {
    const { bench, office, laptop, logs } = stage()
    const [ours, theirs] = logs as [SpaceLog, SpaceLog]
    const id = hand(laptop, theirs) as Uint8Array
    office.perform(() => office.desk.append(ours, OTHER, signerOf(office.company.role)))
    bench.pass(1_000)
    expect(laptop.core.chains.outcome(theirs, id)).toMatchObject({ code: 'chain-moved' })
    expect(isForked(logs)).toBe(false)
    const again = hand(laptop, theirs) as Uint8Array
    bench.pass(1_000)
    expect(laptop.core.chains.outcome(theirs, again)).toBe('stands')
    expect(headsOf(logs)).toHaveLength(1)
  })

  test('[SYN-55] a keeper that may have forgotten what the company signed enters nothing', () => {
    const { bench, office, laptop, logs } = stage()
    office.knowsEnd = false
    const id = hand(laptop, logs[1] as SpaceLog) as Uint8Array
    bench.pass(1_000)
    expect(laptop.core.chains.outcome(logs[1] as SpaceLog, id)).toMatchObject({ code: 'space-unsure' })
  })

  test('[SYN-54] without another node of the company it says so', () => {
    const { bench, office, laptop, logs } = stage()
    bench.network.cut(office, laptop)
    bench.pass(1_000)
    expect(hand(laptop, logs[1] as SpaceLog)).toMatchObject({ code: 'keeper-away' })
  })

  test('[SYN-55] an entry of another company, or from one, is not entered by being handed over', () => {
    const { bench, office, bob, logs } = stage()
    const [ours, , theirs] = logs as [SpaceLog, SpaceLog, SpaceLog]
    const head = theirs.head(1)
    const entry = encodeSpaceEntry({
      space: theirs.id,
      company: 1,
      seq: (head?.seq as number) + 1,
      prev: head?.id as Uint8Array,
      act: ACT,
      time: bench.now()
    })
    const { role } = bob.company
    const record = { entry, signer: role.publicKey.bytes, signature: sign(role, entrySignedBytes(entry)) }
    const size = ours.entries().length
    for (const company of [
      bob.company,
      { ...office.company, ...createNodeKey(office.company, bench.random) }
    ]) {
      const puppet = bench.puppet(office, company).hello()
      puppet.say({ type: 'append', space: ours.id, ...record })
      bench.pass(500)
      expect(puppet.closed).toBe(false)
    }
    expect(ours.entries()).toHaveLength(size)
  })

  test('[SYN-55] what a node did not hand over is not declined', () => {
    const { bench, office, laptop, logs } = stage()
    const puppet = bench
      .puppet(laptop, { ...office.company, ...createNodeKey(office.company, bench.random) })
      .hello()
    const entry = bench.random.bytes(32)
    puppet.say({ type: 'declined', space: (logs[1] as SpaceLog).id, entry, code: 'x', detail: '' })
    expect(laptop.core.chains.outcome(logs[1] as SpaceLog, entry)).toBeUndefined()
    expect(isReject(hand(laptop, logs[1] as SpaceLog))).toBe(false)
  })
})
