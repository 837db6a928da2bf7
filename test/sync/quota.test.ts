// protocols/sync, section 9: what one company may make a node store, and what becomes of the rest.
import { describe, expect, test } from 'vitest'
import { createCompany, signerOf } from '../sim/company.ts'
import type { SimNode } from '../sim/node.ts'
import type { Quota } from '../../src/sync/quota.ts'
import { sign } from '../../src/identity/ed25519.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { encodeFacetGenesis, facetId } from '../../src/wire/genesis.ts'
import { envelopeId, parseHeader } from '../../src/wire/envelope.ts'
import { encodeSpaceEntry, entrySignedBytes } from '../../src/wire/space-entry.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type Puppet, group, headsOf, runOf, signed, stage, type, writeFacet } from './bench.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** As if all but `left` bytes of today's share had been used. */
function useUp(
  node: SimNode,
  did: string,
  left = 0,
  account: 'envelopes' | 'entries' | 'identities' = 'envelopes'
) {
  const { quota, now } = node.core.context
  const most = account === 'envelopes' ? quota.limits.bytesPerDay : 8 * 1024 * 1024
  const charged = quota.charge(account, did, most - left, now)
  if (charged?.write.kind === 'put') node.disk.tables.set(`quota:${charged.write.key}`, charged.write.bytes)
}

function restart({ node, rival: { identity } }: ReturnType<typeof stage>): void {
  node.disk.tables.set(`identity:${identity.did}`, identity.log)
  node.crash()
  node.start()
}

const headOfRun = (facet: Uint8Array, { client, records }: ReturnType<typeof signed>) => {
  const last = records.at(-1) as (typeof records)[number]
  const header = parseHeader(last.header)
  if (isReject(header)) throw new Error(`${header}`)
  return { of: client, seq: header.seq, id: envelopeId(facet, client, last.header) }
}

/** A document of the rival's that it has just named, as the node holds it. */
function named({ node, space, puppet }: ReturnType<typeof stage>, n: number, owner = 1) {
  const artifact = new Uint8Array(16).fill(n)
  const facts = { space: space.id, artifact, kind: 'StandardsDoc.v1', class: 'public', owner } as const
  const genesis = encodeFacetGenesis({ ...facts, nonce: artifact })
  const tips = [{ of: 1, seq: 0, id: new Uint8Array(32).fill(n) }]
  puppet.say({ type: 'heads', space: space.id, facets: [{ genesis, tips }] })
  return node.facet(toHex(facetId(genesis)))
}

const needs = (puppet: Puppet) => puppet.of('need').length

describe('bytes of a day', () => {
  test('[SYN-38] what exceeds the share of its author is not stored, is nobody’s fault, and is taken the next day', () => {
    const { bench, node, rival, held, puppet } = stage()
    const { did } = rival.identity
    useUp(node, did, 1)
    const [first, second] = [
      signed(rival, held, ['a '], { session: 1 }),
      signed(rival, held, ['b '], { session: 2 })
    ]
    puppet.say(runOf(held.facet, first))
    expect([
      held.facet.lanes.has(first.client),
      node.core.context.quota.isSpent('envelopes', did, bench.now())
    ]).toEqual([true, true])
    puppet.say(runOf(held.facet, second))
    bench.pass(HOUR_MS / 10)
    expect([held.facet.lanes.has(second.client), puppet.closed, bench.refusals(node)]).toEqual([
      false,
      false,
      []
    ])
    expect(needs(puppet)).toBe(0)
    bench.clock.runUntil(bench.now() + DAY_MS)
    bench.pass(200)
    expect(
      puppet
        .of('need')
        .at(-1)
        ?.lacks.map(({ tip }) => tip)
    ).toEqual([headOfRun(held.facet.id, second)])
    puppet.say(runOf(held.facet, second, puppet.of('need').at(-1)?.request))
    expect(held.facet.lanes.has(second.client)).toBe(true)
  })

  test('[SYN-38] heads in lanes of a company without a share are not asked for, those of others are', () => {
    const { bench, nodes, space } = group(['Ada', 'Bob', 'Cyn'], [])
    const [ada, bob, cyn] = nodes
    const held = writeFacet(ada, space)
    bench.pass(200)
    useUp(ada, bob.company.identity.did)
    const puppet = bench.puppet(ada, cyn.company).hello()
    bench.pass(200)
    puppet.take()
    const [theirs, own] = [signed(bob.company, held, ['b ']), signed(cyn.company, held, ['c '])]
    puppet.say(headsOf(held, [headOfRun(held.facet.id, theirs), headOfRun(held.facet.id, own)]))
    bench.pass(200)
    expect(puppet.of('need').flatMap(({ lacks }) => lacks.map(({ tip }) => tip.of))).toEqual([own.client])
  })

  test('[SYN-38] a forwarder pays nothing for what others wrote', () => {
    const { bench, nodes, space } = group(['Ada', 'Bob', 'Cyn'], [])
    const [ada, bob, cyn] = nodes
    const held = writeFacet(ada, space)
    bench.pass(200)
    const puppet = bench.puppet(ada, cyn.company).hello()
    bench.pass(200)
    puppet.say(runOf(held.facet, signed(bob.company, held, ['words '])))
    const { quota, now } = ada.core.context
    const spentBy = (did: string) => {
      useUp(ada, did, 1)
      return quota.isSpent('envelopes', did, now)
    }
    expect([spentBy(cyn.company.identity.did), spentBy(bob.company.identity.did)]).toEqual([false, true])
  })

  test('[SYN-38] a restart does not give a new share, the next day does', () => {
    const scene = stage()
    const { bench, node, rival, held, puppet } = scene
    const { did } = rival.identity
    puppet.say(runOf(held.facet, signed(rival, held, ['words '])))
    bench.pass(200)
    const left =
      node.core.context.quota.limits.bytesPerDay - usedOf(node.core.context.quota, did, bench.now())
    expect(left).toBeLessThan(node.core.context.quota.limits.bytesPerDay)
    restart(scene)
    expect(
      node.core.context.quota.limits.bytesPerDay - usedOf(node.core.context.quota, did, bench.now())
    ).toBe(left)
    bench.clock.runUntil(bench.now() + DAY_MS)
    expect(node.core.context.quota.isSpent('envelopes', did, bench.now())).toBe(false)
  })

  test('[SYN-38] own edits, and what our own nodes bring, are not counted', () => {
    const { bench, node, rival, held } = stage()
    useUp(node, rival.identity.did)
    useUp(node, node.company.identity.did)
    type(node, held, 'mine ')
    const twin = bench.puppet(node, node.company, { inbound: true }).hello()
    bench.pass(200)
    const run = signed(rival, held, ['theirs '])
    twin.say(runOf(held.facet, run))
    expect([twin.closed, held.facet.lanes.has(run.client)]).toEqual([false, true])
  })

  test('[SYN-38] people hear of it once', () => {
    const { bench, node, rival, held, puppet } = stage()
    useUp(node, rival.identity.did, 1)
    for (const session of [1, 2, 3]) puppet.say(runOf(held.facet, signed(rival, held, ['a '], { session })))
    expect(bench.heard.filter(({ news }) => news.what === 'quota-spent')).toHaveLength(1)
  })
})

/** Found by trying what would be too much. */
function usedOf(quota: Quota, did: string, now: number): number {
  const charged = quota.charge('envelopes', did, 1, now)
  if (charged?.write.kind !== 'put') throw new Error('nothing was charged')
  const { bytes } = JSON.parse(new TextDecoder().decode(charged.write.bytes)) as { bytes: number }
  quota.charge('envelopes', did, -1, now)
  return bytes - 1
}

describe('documents', () => {
  test('[SYN-39] documents of a company beyond its share are not opened', () => {
    const scene = stage()
    const { node, space } = scene
    for (let i = 0; i < node.core.context.quota.limits.documents; i++)
      node.core.context.quota.addDocument(space.id, 1)
    expect(named(scene, 1)).toBeUndefined()
    expect([scene.puppet.closed, scene.bench.refusals(node)]).toEqual([false, []])
    expect(named(scene, 2, 0)).toBeDefined()
  })

  test('[SYN-39] stored documents are counted, also after a restart', () => {
    const scene = stage()
    const { bench, node, rival, space, puppet } = scene
    const { quota } = node.core.context
    for (let i = 1; i < quota.limits.documents; i++) quota.addDocument(space.id, 1)
    const held = named(scene, 1)
    if (!held) throw new Error('the last document was not opened')
    puppet.say(runOf(held.facet, signed(rival, held, ['words '])))
    bench.pass(200)
    expect(quota.isFull(space.id, 1)).toBe(true)
    restart(scene)
    const again = node.core.context.quota
    for (let i = 1; i < quota.limits.documents; i++) again.addDocument(space.id, 1)
    expect(again.isFull(space.id, 1)).toBe(true)
  })

  test('[SYN-39] nobody opens documents in the name of another: its owner has the first word', () => {
    const scene = stage()
    const { bench, node, rival, puppet } = scene
    const held = named(scene, 1, 0)
    if (!held) throw new Error('the document was not opened')
    const run = signed(rival, held, ['words '])
    puppet.say(runOf(held.facet, run))
    expect([held.facet.size, puppet.closed]).toEqual([0, false])
    puppet.say(runOf(held.facet, signed(node.company, held, ['mine '])))
    for (const { facet, request } of puppet.of('need')) puppet.say({ type: 'done', facet, request })
    bench.pass(3_000)
    expect(puppet.of('need').some(({ lacks }) => lacks.some(({ tip }) => tip.of === run.client))).toBe(true)
    puppet.say(runOf(held.facet, run))
    expect(held.facet.lanes.has(run.client)).toBe(true)
  })

  test('[SYN-39] nobody writes in a document before its owner, here neither', () => {
    const scene = stage()
    const { node } = scene
    const held = named(scene, 1, 1)
    if (!held) throw new Error('the document was not opened')
    const lease = node.perform(() => node.desk.lease(held, signerOf(node.company.role), []))
    expect(lease).toMatchObject({ code: 'facet-empty', fault: false })
  })

  test('[SYN-39] an owner that is no party owns nothing', () => {
    expect(named(stage(), 1, 7)).toBeUndefined()
  })

  test('[SYN-39] places kept for what would not be taken now are given to others', () => {
    const scene = stage()
    const { bench, node, rival } = scene
    for (let i = 0; i < 256; i++) named(scene, i)
    bench.pass(200)
    useUp(node, rival.identity.did)
    expect(named(scene, 255, 0)).toBeDefined()
  })
})

describe('what is not envelopes', () => {
  const keys = (scene: ReturnType<typeof stage>) => {
    const { space, rival } = scene
    const head = space.head(1)
    if (!head) throw new Error('the rival has not accepted')
    const act = { kind: 'keys', certificates: [] } as const
    const entry = encodeSpaceEntry({
      space: space.id,
      company: 1,
      seq: head.seq + 1,
      prev: head.id,
      act: { ...act, certificates: [] },
      time: 0
    })
    return { entry, signer: rival.role.publicKey.bytes, signature: sign(rival.role, entrySignedBytes(entry)) }
  }
  const offer = (scene: ReturnType<typeof stage>) => {
    const none = new Uint8Array()
    scene.puppet.say({ type: 'entries', space: scene.space.id, genesis: none, entries: [keys(scene)] })
    return scene.space.head(1)?.seq
  }

  test('[SYN-40] entries have a share of their own', () => {
    const scene = stage({ sealed: false })
    useUp(scene.node, scene.rival.identity.did)
    expect(offer(scene)).toBe(1)
    useUp(scene.node, scene.rival.identity.did, 0, 'entries')
    expect([offer(scene), scene.puppet.closed]).toEqual([1, false])
  })

  test('[SYN-40] logs of companies that a peer names count for the peer', () => {
    const scene = stage()
    const { bench, node, rival, puppet } = scene
    const strangers = ['Cyn', 'Dov'].map(name => createCompany(name, bench.random))
    const asks = () => puppet.of('want-identity').map(({ did }) => did)
    const session = puppet.state
    if (!session) throw new Error('the session is over')
    node.perform(core => core.greeting.wantIdentity(session, (strangers[0] as typeof rival).identity.did))
    useUp(node, rival.identity.did, 0, 'identities')
    node.perform(core => core.greeting.wantIdentity(session, (strangers[1] as typeof rival).identity.did))
    expect(asks()).toEqual([(strangers[0] as typeof rival).identity.did])
  })
})
