// protocols/reciprocity at the gate: what a session is handed while an account stands, and when it no longer does.
import { describe, expect, test } from 'vitest'
import { ledgerOf } from '../../src/artifacts/reciprocity.ts'
import { encodeTerms, revisionId } from '../../src/artifacts/agreement-terms.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import type { Effect } from '../../src/sync/effects.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { type EntryRecord } from '../../src/wire/space-entry.ts'
import { approve, entryOf, termsOf } from '../sim/agreement.ts'
import { type Company, createNodeKey } from '../sim/company.ts'
import { give, thank } from '../sim/giving.ts'
import type { SimNode } from '../sim/node.ts'
import {
  Bench,
  type Puppet,
  acquaint,
  foundSpace,
  group,
  headsOf,
  runOf,
  sealAll,
  signed,
  type,
  writeFacet
} from './bench.ts'

const KIND = 'StandardsDoc.v1' as const
const rules = (maxExposure: number, soleSender = false) => ({
  reciprocity: [{ kind: KIND, maxExposure, soleSender, unit: 'document' }]
})
const idOf = ({ facet }: HeldFacet) => toHex(facet.id)
const facetsOf = (held: HeldFacet[]) => held.map(({ facet }) => facet)
const spaceAt = (node: SimNode, { id }: SpaceLog) => node.space(toHex(id)) as SpaceLog
const write = (node: SimNode, space: SpaceLog, count: number) =>
  Array.from({ length: count }, () => writeFacet(node, spaceAt(node, space)))
const heldAt = (node: SimNode, facets: HeldFacet[]) =>
  facets.map(held => (node.facet(idOf(held))?.facet.size ?? 0) > 0)
const theirs = (node: SimNode, facets: HeldFacet[]) =>
  facets.map(held => (node.facet(idOf(held)) as HeldFacet).facet)

/** A node, a puppet of another company, and terms between them; no agreement needs the puppet's help. */
function table(maxExposure: number, changes: Parameters<typeof termsOf>[1] = rules(maxExposure)) {
  const bench = new Bench()
  const node = bench.node('Ada')
  const rival = bench.company('Bob')
  acquaint(node, rival)
  const space = foundSpace(node, [node.company, rival], { sealed: false })
  const terms = termsOf(space, changes)
  sealAll(node, space, [node.company, rival], terms)
  const enter = (record: EntryRecord) => {
    const refused = node.perform(core => core.spaces.add(space, [record]))
    if (refused) throw new Error(`${refused}`)
  }
  const puppet = () => bench.puppet(node, rival).hello()
  return { bench, node, rival, space, terms, enter, puppet }
}

/** All parties say yes to the next revision. */
function amend(
  { node, rival, space, terms, enter }: ReturnType<typeof table>,
  changes: Parameters<typeof termsOf>[1]
): void {
  const next = { ...terms, number: 2, before: toHex(revisionId(encodeTerms(terms))), ...changes }
  enter(entryOf(space, node.company, { kind: 'propose', terms: encodeTerms(next) }))
  for (const company of [rival, node.company] as Company[])
    enter(entryOf(space, company, approve(space, company, { terms: next })))
}

/** Frames that hold the id of the facet, or the genesis that it is the hash of. */
const named = (frames: { type: string }[], held: HeldFacet) =>
  frames.filter(frame => {
    const text = JSON.stringify(frame, hexed)
    return text.includes(idOf(held)) || text.includes(toHex(held.genesisBytes))
  })
const hexed = (_: string, value: unknown) => (value instanceof Uint8Array ? toHex(value) : value)

const compare = (puppet: Puppet, { id }: SpaceLog) =>
  puppet.say({ type: 'summary', space: id, hash: new Uint8Array(32) })

describe('exchange', () => {
  test('[REC-5] nothing under a rule flows before it is released, and then as far as the exposure', () => {
    const { bench, nodes, space } = group(['Ada', 'Bob'], [[0, 1]], { changes: rules(2) })
    const [ada, bob] = nodes
    const mine = write(ada, space, 4)
    bench.pass(3_000)
    expect(heldAt(bob, mine)).toEqual([false, false, false, false])
    give(ada, bob.company, facetsOf(mine))
    bench.pass(3_000)
    expect(heldAt(bob, mine)).toEqual([true, true, false, false])
    type(ada, mine[0] as HeldFacet, 'more ')
    type(ada, mine[2] as HeldFacet, 'more ')
    bench.pass(3_000)
    expect(theirs(bob, mine.slice(0, 1))[0]?.size).toBe(2)
    expect(heldAt(bob, mine)).toEqual([true, true, false, false])
  })

  test('[REC-5] a taker that never signs a receipt gets no more than the exposure, whatever it gives', () => {
    const { bench, nodes, space } = group(['Ada', 'Bob'], [[0, 1]], { changes: rules(1) })
    const [ada, bob] = nodes
    const [mine, yours] = [write(ada, space, 3), write(bob, space, 1)]
    give(ada, bob.company, facetsOf(mine))
    give(bob, ada.company, facetsOf(yours))
    bench.pass(3_000)
    thank(ada, theirs(ada, yours))
    bench.pass(3_000)
    expect(heldAt(bob, mine)).toEqual([true, false, false])
    thank(bob, theirs(bob, mine.slice(0, 1)))
    bench.pass(3_000)
    expect(heldAt(bob, mine)).toEqual([true, true, false])
  })

  test('[REC-5] what is edited on either side flows both ways while a unit is open', () => {
    const { bench, nodes, space } = group(['Ada', 'Bob'], [[0, 1]], { changes: rules(1) })
    const [ada, bob] = nodes
    const [held] = write(ada, space, 1) as [HeldFacet]
    give(ada, bob.company, [held.facet])
    bench.pass(3_000)
    type(bob, bob.facet(idOf(held)) as HeldFacet, 'theirs ')
    bench.pass(3_000)
    expect(held.facet.size).toBe(2)
  })

  test('[REC-2] public and private documents, and kinds without a rule, are not counted', () => {
    const { bench, nodes, space } = group(['Ada', 'Bob'], [[0, 1]], { changes: rules(0) })
    const [ada, bob] = nodes
    const open = writeFacet(ada, space, 'public')
    const [ruled] = write(ada, space, 1) as [HeldFacet]
    bench.pass(3_000)
    expect(heldAt(bob, [open, ruled])).toEqual([true, false])
  })

  test('[REC-7] a third party gets what its contributor opened to it, from whomever', () => {
    const changes = { changes: rules(1) }
    const { bench, nodes, space } = group(
      ['Ada', 'Bob', 'Cleo'],
      [
        [0, 1],
        [1, 2]
      ],
      changes
    )
    const [ada, bob, cleo] = nodes
    const mine = write(ada, space, 2)
    give(ada, bob.company, facetsOf(mine))
    bench.pass(3_000)
    expect(heldAt(bob, mine)).toEqual([true, false])
    expect(heldAt(cleo, mine)).toEqual([false, false])
    give(ada, cleo.company, facetsOf(mine))
    bench.pass(5_000)
    expect(heldAt(cleo, mine)).toEqual([true, false])
  })

  test('[REC-7] a contributor that is the only sender is asked itself', () => {
    const changes = { changes: rules(1, true) }
    const { bench, nodes, space } = group(
      ['Ada', 'Bob', 'Cleo'],
      [
        [0, 1],
        [1, 2]
      ],
      changes
    )
    const [ada, bob, cleo] = nodes
    const mine = write(ada, space, 1)
    give(ada, bob.company, facetsOf(mine))
    give(ada, cleo.company, facetsOf(mine))
    bench.pass(5_000)
    expect([heldAt(bob, mine), heldAt(cleo, mine)]).toEqual([[true], [false]])
    bench.network.connect(ada, cleo)
    bench.pass(5_000)
    expect(heldAt(cleo, mine)).toEqual([true])
  })
})

describe('at the gate', () => {
  test('[REC-5] no id of a unit that is shut is named, asked for or served, nor is it taken from the taker', () => {
    const scene = table(1)
    const { bench, node, rival, space } = scene
    const [open, shut] = write(node, space, 2) as [HeldFacet, HeldFacet]
    give(node, rival, [open.facet, shut.facet])
    bench.pass(100)
    const puppet = scene.puppet()
    bench.pass(1_000)
    const heads = (held: HeldFacet) =>
      held.facet.tips().map(({ client, seq, id }) => ({ of: client, seq, id }))
    for (const [request, held] of [open, shut].entries()) {
      puppet.say(headsOf(held, heads(held)))
      puppet.say({
        type: 'need',
        facet: held.facet.id,
        request: request + 1,
        lacks: heads(held).map(tip => ({ tip, have: [] }))
      })
      puppet.say(runOf(held.facet, signed(rival, held, ['words '])))
    }
    compare(puppet, space)
    bench.pass(2_000)
    expect(puppet.closed).toBe(false)
    const heard = puppet.take()
    expect(named(heard, open).length).toBeGreaterThan(0)
    expect(named(heard, shut)).toEqual([])
    expect([open.facet.size, shut.facet.size]).toEqual([2, 1])
  })

  test('[SYN-31] [REC-5] an exposure that is lowered in mid-session ends it, queues included, and what is shut goes no further', () => {
    const scene = table(2)
    const { bench, node, rival, space } = scene
    const facets = write(node, space, 2) as [HeldFacet, HeldFacet]
    give(node, rival, facetsOf(facets))
    bench.pass(100)
    const puppet = scene.puppet()
    compare(puppet, space)
    bench.pass(1_000)
    expect(facets.map(held => named(puppet.frames, held).length > 0)).toEqual([true, true])
    puppet.reads = false
    puppet.take()
    const closes: string[] = []
    const { carryOut } = node
    node.carryOut = effects => {
      for (const effect of effects) if (effect.do === 'close') closes.push(effect.code)
      carryOut.call(node, effects)
    }
    amend(scene, rules(1))
    // In the step of the entry itself: nothing that the edge still holds is flushed.
    expect([puppet.closed, closes]).toEqual([true, ['rights-lost']])
    for (const held of facets) type(node, held, 'after ')
    expect(named(puppet.take(), facets[1])).toEqual([])
    const again = scene.puppet()
    compare(again, space)
    bench.pass(2_000)
    expect(facets.map(held => named(again.frames, held).length > 0)).toEqual([true, false])
  })

  test('[SYN-31] [REC-2] of two rules for one kind the first is the one whose change counts', () => {
    const both = (first: number) => ({ reciprocity: [...rules(first).reciprocity, ...rules(0).reciprocity] })
    const scene = table(2, both(2))
    const { bench, node, rival, space } = scene
    give(node, rival, facetsOf(write(node, space, 2)))
    bench.pass(100)
    const puppet = scene.puppet()
    bench.pass(1_000)
    amend(scene, both(1))
    expect(puppet.closed).toBe(true)
  })

  test('[SYN-31] [REC-7] a contributor that becomes the only sender ends the sessions of who forwarded for it', () => {
    const changes = rules(1)
    const links: [number, number][] = [
      [0, 1],
      [1, 2]
    ]
    const { bench, nodes, space } = group(['Ada', 'Bob', 'Cleo'], links, { changes })
    const [ada, bob, cleo] = nodes
    const mine = write(ada, space, 1)
    give(ada, bob.company, facetsOf(mine))
    give(ada, cleo.company, facetsOf(mine))
    bench.pass(5_000)
    expect(heldAt(cleo, mine)).toEqual([true])
    const closes: string[] = []
    const { carryOut } = bob
    bob.carryOut = effects => {
      for (const effect of effects) if (effect.do === 'close') closes.push(effect.code)
      carryOut.call(bob, effects)
    }
    const log = spaceAt(bob, space)
    const terms = termsOf(space, changes)
    const next = {
      ...terms,
      ...rules(1, true),
      number: 2,
      before: toHex(revisionId(encodeTerms(terms)))
    }
    const enter = (company: Company, act: Parameters<typeof entryOf>[2]) =>
      bob.perform(core => core.spaces.add(log, [entryOf(log, company, act)]))
    enter(bob.company, { kind: 'propose', terms: encodeTerms(next) })
    for (const { company } of nodes) enter(company, approve(log, company, { terms: next }))
    expect(closes).toContain('rights-lost')
  })

  test('[SYN-31] a rule that is set where there was none shuts what flowed, and one that goes opens without an end', () => {
    const scene = table(1)
    const { bench, node, space } = scene
    const [held] = write(node, space, 1) as [HeldFacet]
    const puppet = scene.puppet()
    bench.pass(1_000)
    expect(named(puppet.take(), held)).toEqual([])
    amend(scene, { reciprocity: [] })
    bench.pass(1_000)
    expect(puppet.closed).toBe(false)
    compare(puppet, space)
    bench.pass(1_000)
    expect(named(puppet.take(), held).length).toBeGreaterThan(0)
    const before = scene.terms
    const second = { ...before, number: 2, before: toHex(revisionId(encodeTerms(before))), reciprocity: [] }
    amend(
      { ...scene, terms: second },
      {
        ...rules(1),
        number: 3,
        before: toHex(revisionId(encodeTerms(second)))
      }
    )
    expect(puppet.closed).toBe(true)
  })

  test('[SYN-31] a session between two nodes of one company outlives what ends with others', () => {
    const scene = table(1)
    const { bench, node, space, terms } = scene
    const twin = bench.puppet(node, { ...node.company, ...createNodeKey(node.company, bench.random) }).hello()
    const [held] = write(node, space, 1) as [HeldFacet]
    bench.pass(1_000)
    amend(scene, { reciprocity: [], scope: { ...terms.scope, kinds: ['BenchmarkReport.v1'] } })
    bench.pass(1_000)
    expect(twin.closed).toBe(false)
    compare(twin, space)
    bench.pass(1_000)
    expect(named(twin.take(), held).length).toBeGreaterThan(0)
  })

  test('[REC-6] nothing of a unit leaves before its release is durable', () => {
    const scene = table(1)
    const { bench, node, rival, space } = scene
    const [held] = write(node, space, 1) as [HeldFacet]
    const puppet = scene.puppet()
    bench.pass(1_000)
    puppet.take()
    const writes: Effect[] = []
    const { carryOut } = node
    node.carryOut = effects => {
      writes.push(...effects.filter(({ do: what }) => what === 'write'))
      carryOut.call(
        node,
        effects.filter(({ do: what }) => what !== 'write')
      )
    }
    give(node, rival, [held.facet])
    compare(puppet, space)
    bench.pass(1_000)
    expect(named(puppet.take(), held)).toEqual([])
    node.carryOut = carryOut
    node.carryOut(writes)
    bench.pass(100)
    compare(puppet, space)
    bench.pass(1_000)
    expect(named(puppet.take(), held).length).toBeGreaterThan(0)
  })

  test('[REC-6] a crash and an older copy of the disk open no more than had been open', () => {
    const { bench, nodes, space } = group(['Ada', 'Bob'], [[0, 1]], { changes: rules(1) })
    const [ada, bob] = nodes
    const [mine, yours] = [write(ada, space, 3), write(bob, space, 1)]
    give(ada, bob.company, facetsOf(mine.slice(0, 2)))
    bench.pass(3_000)
    for (const { company } of nodes.slice(0, 2))
      ada.disk.tables.set(`identity:${company.identity.did}`, company.identity.log)
    const backup = ada.disk.copy()
    give(bob, ada.company, facetsOf(yours))
    give(ada, bob.company, facetsOf(mine.slice(2)))
    bench.pass(3_000)
    thank(ada, theirs(ada, yours))
    thank(bob, theirs(bob, mine.slice(0, 1)))
    bench.pass(3_000)
    const way = { from: 0, to: 1, kind: KIND }
    const opened = (node: SimNode) => {
      const { directory } = node.core.context
      return ledgerOf(spaceAt(node, space), {
        own: node === ada ? 0 : 1,
        unwritten: directory.unwritten
      }).opened(way, { ...rules(1).reciprocity[0]! })
    }
    expect([opened(ada), opened(bob)]).toEqual([2, 2])
    ada.crash()
    ada.start()
    expect(opened(ada)).toBe(2)
    ada.crash()
    ada.start(backup)
    expect(opened(ada)).toBe(1)
    expect(heldAt(bob, mine)).toEqual([true, true, false])
  })
})
