// protocols/sync, sections 7 and 8: the road in, receipts, and what a peer without clearance finds out.
import type { SpaceLog } from '../../src/identity/space-log.ts'
import { describe, expect, test } from 'vitest'
import { sign, verifySignature } from '../../src/identity/ed25519.ts'
import type { LogEntry } from '../../src/identity/space-log.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import type { Effect } from '../../src/sync/effects.ts'
import type { Frame, Head } from '../../src/sync/frame.ts'
import { receiptBytes } from '../../src/sync/receipts.ts'
import { headOf } from '../../src/sync/serving.ts'
import { EMPTY, toHex, utf8 } from '../../src/wire/bytes.ts'
import {
  type EnvelopeRecord,
  type Header,
  encodeHeader,
  envelopeId,
  signedBytes
} from '../../src/wire/envelope.ts'
import { packClient, unpackClient } from '../../src/wire/lane.ts'
import { type PresenceState, encodePresence, parsePresence } from '../../src/wire/presence.ts'
import { signerOf } from '../sim/company.ts'
import type { SimNode } from '../sim/node.ts'
import {
  Bench,
  accept,
  acquaint,
  foundSpace,
  sealAll,
  group,
  headsOf,
  runOf,
  signed,
  stage,
  type,
  writeFacet
} from './bench.ts'

const idOf = (held: HeldFacet) => toHex(held.facet.id)
const viewOf = (client: number, json = '{}'): PresenceState => ({ client, clock: 1, state: utf8(json) })
const tipsOf = (held: HeldFacet) => held.facet.tips().map(headOf)

/** From now on no write reaches the node's disk. @returns lets them through, and those that follow. */
function holdWrites(node: SimNode): () => void {
  const held: Effect[] = []
  const carryOut = node.carryOut.bind(node)
  node.carryOut = effects => {
    held.push(...effects.filter(effect => effect.do === 'write'))
    carryOut(effects.filter(effect => effect.do !== 'write'))
  }
  return () => {
    node.carryOut = carryOut
    node.carryOut(held)
  }
}

describe('the road in', () => {
  test('[SYN-26] a refused run ends the session with its code, bans the peer and leaves nothing behind', () => {
    const { bench, node, rival, held, puppet } = stage()
    const edit = signed(rival, held, ['good ', 'forged '])
    const records = edit.records.map((record, i) =>
      i === 1 ? { ...record, signature: bench.random.bytes(64) } : record
    )
    const bans: number[] = []
    const { carryOut } = node
    node.carryOut = effects => {
      for (const effect of effects) if (effect.do === 'close') bans.push(effect.banMs)
      carryOut.call(node, effects)
    }
    puppet.take()
    puppet.say(runOf(held.facet, { ...edit, records }))
    expect(puppet.closed).toBe(true)
    expect(puppet.of('bye').map(bye => bye.code)).toEqual(['signature'])
    expect(bans).toEqual([60_000])
    bench.pass(200)
    expect(held.facet.size).toBe(1)
    expect(node.disk.facet(idOf(held))).toHaveLength(1)
  })

  test('[SYN-26] a run that is refused half-way leaves nothing that only its end vouched for', () => {
    const { bench, rival, held, puppet } = stage()
    const edit = signed(rival, held, ['a ', 'b ', 'c '], { holds: i => i === 2 })
    const other = signed(rival, held, ['a ', 'b '], { session: 8 })
    const broken = { ...edit, records: [...edit.records.slice(0, 1), ...other.records.slice(1)] }
    puppet.say(runOf(held.facet, broken))
    bench.pass(200)
    expect(puppet.closed).toBe(true)
    expect(held.facet.size).toBe(1)
  })

  test('[SYN-27] what waits is asked of its sender, and goes on when the cause is there', () => {
    const { bench, rival, held, puppet } = stage()
    const { client, records } = signed(rival, held, ['one ', 'two ', 'three '])
    puppet.take()
    puppet.say(runOf(held.facet, { client, records: records.slice(1) }))
    expect(held.facet.size).toBe(1)
    const [need] = puppet.of('need') as [Extract<Frame, { type: 'need' }>]
    expect(need.lacks.map(({ tip }) => tip.seq)).toEqual([0])
    puppet.say(runOf(held.facet, { client, records: records.slice(0, 1) }, need.request))
    bench.pass(100)
    expect(held.facet.size).toBe(4)
  })

  test('[SYN-27] two runs that each wait for a part of the other are asked for together', () => {
    const { bench, rival, space, held, puppet } = stage()
    const { facet } = held
    const clients = [1, 2].map(session => packClient({ company: 1, key: 0, session })) as [number, number]
    const auth = [0, 1].map(company => ({ ...(space.head(company) as LogEntry), company }))
    const bare = { deps: [], auth: [], clockEnd: 0, deletes: [], bodyHash: EMPTY, bodyLength: 0, time: 1 }
    const write = (client: number, own: Partial<Header>) => {
      const place = own.prev ? {} : { opening: { facet: facet.id, ...unpackClient(client) }, auth }
      const header = encodeHeader({ seq: 0, ...bare, ...place, ...own })
      const signature = sign(rival.role, signedBytes(facet.id, client, header))
      const id = envelopeId(facet.id, client, header)
      return { client, seq: own.seq ?? 0, id, record: { header, signature, body: EMPTY } }
    }
    // The second of one lane builds on the other lane, which builds on the first.
    const first = write(clients[0], {})
    const other = write(clients[1], { deps: [first] })
    const second = write(clients[0], { seq: 1, prev: first.id, deps: [other] })
    const say = (request: number, ...each: { client: number; record: EnvelopeRecord }[]) => {
      const client = (each[0] as { client: number }).client
      puppet.say(runOf(facet, { client, records: each.map(({ record }) => record) }, request))
    }
    say(0, other)
    puppet.say(headsOf(held, [headOf(second)]))
    const needs = () => puppet.take().filter(frame => frame.type === 'need')
    let both = false
    for (let i = 0; i < 10 && !both; i++) {
      for (const { request, lacks } of needs()) {
        both = lacks.some(({ tip }) => tip.of === other.client)
        if (both) for (const each of [first, other, second]) say(request, each)
        else say(request, first, second)
        puppet.say({ type: 'done', facet: facet.id, request })
      }
      expect(facet.size).toBe(both ? 4 : 1)
      bench.pass(1_000)
    }
    expect(both).toBe(true)
  })

  test('[ENV-22] a document is made anew in the step that changed what counts, before anything is appended', () => {
    const { node, rival, held, puppet } = stage()
    const branches = ['one ', 'two ', 'three '].map(word => signed(rival, held, [word]))
    const idOfBranch = ({ client, records: [record] }: (typeof branches)[number]) =>
      toHex(envelopeId(held.facet.id, client, (record as EnvelopeRecord).header))
    // Among equals the branch with the smallest id counts: here each takes the place of the one before.
    for (const branch of branches.sort((a, b) => (idOfBranch(a) < idOfBranch(b) ? 1 : -1))) {
      puppet.say(runOf(held.facet, branch))
      const [heads, facet] = [node.state(idOf(held)).heads, held.facet.frontier()]
      expect(heads.map(({ id }) => toHex(id))).toEqual(facet.map(({ id }) => toHex(id)))
      const shown = node.docs.get(idOf(held))?.store.clients.get(branch.client)?.at(-1)
      const head = held.facet.head(branch.client)
      expect(shown && shown.id.clock + shown.length).toBe(head?.segment.clockEndAt(head.seq))
    }
    expect(node.rebuilds.get(idOf(held))).toBe(2)
  })

  test('[SYN-28] nothing of others is passed on or receipted before it is durable', () => {
    const { bench, node, rival, space, held, puppet } = stage()
    const entries = space.entries().length
    const third = bench.puppet(node, rival).hello()
    third.say(headsOf(held, tipsOf(held)))
    third.take()
    const release = holdWrites(node)
    puppet.say(runOf(held.facet, signed(rival, held, ['word '])))
    bench.pass(1_000)
    expect(held.facet.size).toBe(2)
    expect(puppet.of('receipt')).toEqual([])
    expect(third.of('run')).toEqual([])
    release()
    bench.pass(1_000)
    expect(puppet.of('receipt').length).toBeGreaterThan(0)
    expect(third.of('run')).toHaveLength(1)
    expect(space.entries()).toHaveLength(entries)
  })

  test('[SYN-28] an entry is passed on once it is durable: a power cut would make its successor a fork', () => {
    const { bench, node, space, puppet } = stage({ sealed: false })
    const release = holdWrites(node)
    puppet.take()
    node.perform(() =>
      node.desk.append(space, { kind: 'keys', certificates: [] }, signerOf(node.company.role))
    )
    bench.pass(1_000)
    expect(space.head(0)?.seq).toBe(1)
    expect(puppet.of('spaces')).toEqual([])
    release()
    bench.pass(10)
    expect(puppet.of('spaces')).toHaveLength(1)
  })

  test('[SYN-28] a receipt that is due while the disk is busy waits for all that it names', () => {
    const { bench, node, rival, held, puppet } = stage()
    const { client, records } = signed(rival, held, ['one ', 'two '])
    puppet.say(runOf(held.facet, { client, records: records.slice(0, 1) }))
    const release = holdWrites(node)
    puppet.say(runOf(held.facet, { client, records: records.slice(1) }))
    bench.pass(1_000)
    expect(held.facet.size).toBe(3)
    expect(puppet.of('receipt')).toEqual([])
    release()
    bench.pass(10)
    expect(puppet.of('receipt')).toHaveLength(1)
  })

  test('[SYN-28] what a node writes itself goes out while its disk takes it in', () => {
    const { bench, node, held, puppet } = stage()
    puppet.say(headsOf(held, tipsOf(held)))
    puppet.take()
    holdWrites(node)
    type(node, held, 'own words ')
    bench.pass(1_000)
    expect(puppet.of('run')).toHaveLength(1)
  })

  test('[SYN-29] a receipt names, signed by the node, the heads that it holds', () => {
    const { bench, node, rival, held, puppet } = stage()
    puppet.say(runOf(held.facet, signed(rival, held, ['word '])))
    bench.pass(1_000)
    const [receipt] = puppet.of('receipt') as [Extract<Frame, { type: 'receipt' }>]
    expect(receipt.tips.map(tip => tip.seq)).toEqual(tipsOf(held).map(tip => tip.seq))
    const message = receiptBytes(held.facet.id, receipt.tips)
    expect(verifySignature(node.company.nodeKey.publicKey, message, receipt.signature)).toBe(true)
  })

  test('[SYN-29] a receipt with a wrong signature is at fault', () => {
    const { bench, node, held, puppet } = stage()
    puppet.say({ type: 'receipt', facet: held.facet.id, tips: tipsOf(held), signature: new Uint8Array(64) })
    expect(bench.refusals(node)).toEqual(['signature'])
  })

  test('[SYN-30] presence goes to who may see the facet and is kept nowhere', () => {
    const { bench, nodes, space } = group(['Ada', 'Bob'], [[0, 1]])
    const [a, b] = nodes
    const shared = writeFacet(a, space)
    const hidden = writeFacet(a, space, 'private')
    bench.pass(2_000)
    const seen: string[] = []
    const { carryOut } = b
    b.carryOut = effects => {
      for (const effect of effects) if (effect.do === 'presence') seen.push(effect.facet)
      carryOut.call(b, effects)
    }
    const here = encodePresence([viewOf(packClient({ company: 0, key: 0, session: 1 }))])
    a.perform(core => core.facets.present(idOf(shared), here))
    a.perform(core => core.facets.present(idOf(hidden), here))
    bench.pass(500)
    expect(seen).toEqual([idOf(shared)])
  })

  test('[SYN-30] a peer speaks of its own views only, of few, and what is malformed is dropped', () => {
    const { node, held, puppet } = stage()
    const seen: number[] = []
    const { carryOut } = node
    node.carryOut = effects => {
      for (const effect of effects) {
        if (effect.do === 'presence')
          seen.push(...(parsePresence(effect.bytes) ?? []).map(state => state.client))
      }
      carryOut.call(node, effects)
    }
    const say = (...states: PresenceState[]) =>
      puppet.say({ type: 'presence', facet: held.facet.id, bytes: encodePresence(states) })
    const view = (company: number, session: number) => packClient({ company, key: 0, session })
    puppet.say({ type: 'presence', facet: held.facet.id, bytes: utf8('not awareness') })
    say(viewOf(view(0, 1)), viewOf(view(1, 1)))
    expect(seen).toEqual([view(1, 1)])
    for (let session = 2; session < 200; session++) say(viewOf(view(1, session)))
    expect(seen).toHaveLength(64)
    say(viewOf(view(1, 1), 'null'))
    say(viewOf(view(1, 300)))
    expect(seen.slice(64)).toEqual([view(1, 1), view(1, 300)])
    expect(puppet.closed).toBe(false)
  })

  test('[SYN-29] receipts that name many heads that we never heard of are not kept', () => {
    const { bench, node, held, puppet } = stage()
    const say = (tips: Head[]) =>
      puppet.say({
        type: 'receipt',
        facet: held.facet.id,
        tips,
        signature: puppet.signAsNode(receiptBytes(held.facet.id, tips))
      })
    const kept = () =>
      [...node.disk.tables.entries()].find(([key]) => key.startsWith('applied:'))?.[1].length ?? 0
    say(Array.from({ length: 1_000 }, (_, of) => ({ of, seq: 0, id: new Uint8Array(32).fill(of) })))
    bench.pass(200)
    expect(kept()).toBe(0)
    say(tipsOf(held))
    bench.pass(200)
    expect(kept()).toBeGreaterThan(0)
  })
})

describe('existence is hidden', () => {
  const probes = (facet: Uint8Array, records: Extract<Frame, { type: 'run' }>['records']): Frame[] => [
    { type: 'need', facet, request: 1, lacks: [] },
    { type: 'run', facet, request: 0, client: 5, records: [] },
    { type: 'run', facet, request: 0, client: 5, records },
    { type: 'done', facet, request: 1 },
    { type: 'receipt', facet, tips: [], signature: new Uint8Array(64) },
    { type: 'presence', facet, bytes: new Uint8Array(4) }
  ]

  test('[SYN-5] [POL-13] whatever a peer says of a private facet, it hears what it would hear of none', () => {
    const { bench, node, rival, space, puppet } = stage()
    const hidden = writeFacet(node, space, 'private')
    bench.pass(200)
    puppet.take()
    const { records } = signed(rival, hidden, ['word '])
    for (const facet of [hidden.facet.id, new Uint8Array(32)]) {
      for (const probe of probes(facet, records)) {
        puppet.say(probe)
        bench.pass(100)
        expect(puppet.take(), probe.type).toEqual([])
        expect(puppet.closed, probe.type).toBe(false)
      }
    }
    expect(bench.refusals(node)).toEqual([])
    const written = node.disk.table('applied')
    expect(written).toEqual([])
  })

  test('[SYN-5] a facet of a space without the peer is as silent as one that is not there', () => {
    const { bench, node, puppet } = stage()
    const third = bench.company('Cid')
    acquaint(node, third)
    const other = foundSpace(node, [node.company, third])
    const hidden = writeFacet(node, other, 'public')
    bench.pass(200)
    puppet.take()
    for (const probe of [...probes(hidden.facet.id, []), headsOf(hidden, tipsOf(hidden))]) puppet.say(probe)
    bench.pass(200)
    expect(puppet.take()).toEqual([])
    expect(puppet.closed).toBe(false)
  })

  test('[SYN-5] [POL-12] no byte of a private facet or of its id reaches a peer in a busy session', () => {
    const { bench, node, space, puppet } = stage()
    const hidden = writeFacet(node, space, 'private')
    type(node, hidden, 'SECRET ')
    puppet.say({ type: 'summary', space: space.id, hash: new Uint8Array(32) })
    puppet.say({ type: 'want-space', space: space.id, have: [] })
    type(node, hidden, 'SECRET ')
    bench.pass(70_000)
    const heard = JSON.stringify(puppet.frames, (_, value) =>
      value instanceof Uint8Array ? toHex(value) : value
    )
    expect(heard).not.toContain(idOf(hidden))
    expect(heard).not.toContain(toHex(hidden.genesisBytes))
    expect(heard).not.toContain(toHex(utf8('SECRET')))
    expect(heard.length).toBeGreaterThan(1_000)
  })

  test('[POL-12] a party that has not accepted, or not confirmed, hears of the space and of no facet', () => {
    const bench = new Bench()
    const [node, rival] = [bench.node('Ada'), bench.company('Bob')]
    acquaint(node, rival)
    const parties = [node.company, rival].map(company => company.identity.did)
    const space = node.perform(() =>
      node.desk.foundSpace({ title: 'Joint', pairing: 'CTO', parties })
    ) as SpaceLog
    accept(node, space, node.company)
    const held = writeFacet(node, space)
    bench.pass(200)
    const heads = (confirmed: boolean) => {
      const puppet = bench.puppet(node, rival).hello({ confirmed })
      puppet.say({ type: 'summary', space: held.facet.space.id, hash: new Uint8Array(32) })
      bench.pass(100)
      expect(puppet.of('spaces')).toHaveLength(1)
      return puppet.of('heads').length
    }
    expect(heads(true)).toBe(0)
    accept(node, space, rival)
    sealAll(node, space, [node.company, rival])
    bench.pass(100)
    expect(heads(false)).toBe(0)
    expect(heads(true)).toBe(1)
  })
})
