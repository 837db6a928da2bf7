// protocols/sync, section 9: what a peer can make a node spend, and what happens when rights shrink.
import { describe, expect, test } from 'vitest'
import { type Revision, agreementOf } from '../../src/artifacts/agreement.ts'
import { sign } from '../../src/identity/ed25519.ts'
import type { Effect } from '../../src/sync/effects.ts'
import type { Frame, Lack } from '../../src/sync/frame.ts'
import { headOf } from '../../src/sync/serving.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { encodeFacetGenesis } from '../../src/wire/genesis.ts'
import { encodeSpaceEntry, entrySignedBytes } from '../../src/wire/space-entry.ts'
import { entryOf, termsOf } from '../sim/agreement.ts'
import { EPOCH_MS, signerOf } from '../sim/company.ts'
import { acquaint, headsOf, runOf, sealAll, signed, stage, type } from './bench.ts'

type Stage = ReturnType<typeof stage>

const genesisIn = ({ space }: Stage, i: number, dataClass: 'public' | 'private' = 'public') => {
  const nonce = new Uint8Array(16)
  new DataView(nonce.buffer).setUint32(0, i)
  const artifact = new Uint8Array(16)
  return encodeFacetGenesis({
    space: space.id,
    artifact,
    kind: 'StandardsDoc.v1',
    class: dataClass,
    owner: 1,
    nonce
  })
}
const nowhere = { of: 1, seq: 3, id: new Uint8Array(32).fill(7) }

function nameFacets(scene: Stage, count: number, puppet = scene.puppet): void {
  for (let i = 0; i < count; i++) {
    const facets = [{ genesis: genesisIn(scene, i), tips: [nowhere] }]
    puppet.say({ type: 'heads', space: scene.space.id, facets })
  }
}

describe('memory', () => {
  test('[ENV-30] an edit that would not fit is refused as a whole where it is made, and the document stays', () => {
    const { bench, node, held } = stage()
    const id = toHex(held.facet.id)
    type(node, held, 'x'.repeat(8 * 1024 * 1024 - 100_000))
    bench.pass(200)
    const [size, root] = [held.facet.size, node.root(id)]
    expect(held.facet.used().bytes).toBeGreaterThan(8 * 1024 * 1024 - 100_000)
    expect(() => type(node, held, 'y'.repeat(120_000))).toThrow(/document-full/)
    expect([held.facet.size, node.root(id)]).toEqual([size, root])
    type(node, held, 'z')
    expect(held.facet.size).toBe(size + 1)
  })

  test('[SYN-21] facets that a peer names and never sends are few, and go when it goes', () => {
    const scene = stage()
    const { bench, node, puppet } = scene
    nameFacets(scene, 1_000)
    expect(node.core.context.facets.size).toBe(1 + 256)
    expect(bench.refusals(node)).toEqual([])
    node.step({ on: 'closed', session: puppet.session })
    expect(node.core.context.facets.size).toBe(1)
  })

  test('[SYN-21] a facet that another peer named too stays', () => {
    const scene = stage()
    const { bench, node, rival, puppet } = scene
    nameFacets(scene, 3)
    const other = bench.puppet(node, rival).hello()
    nameFacets(scene, 2, other)
    node.step({ on: 'closed', session: puppet.session })
    expect(node.core.context.facets.size).toBe(1 + 2)
    node.step({ on: 'closed', session: other.session })
    expect(node.core.context.facets.size).toBe(1)
  })

  test('[SYN-21] facets that were passed over are named again when there is room', () => {
    const scene = stage()
    const { bench, puppet } = scene
    nameFacets(scene, 300)
    bench.pass(500)
    const summaries = () => puppet.of('summary').length
    const before = summaries()
    for (let i = 0; i < puppet.frames.length; i++) {
      const next = puppet.frames[i] as Frame
      if (next.type !== 'need') continue
      const held = scene.node.facet(toHex(next.facet))
      if (held?.facet.size === 0)
        puppet.say(runOf(held.facet, signed(scene.rival, held, ['word ']), next.request))
      puppet.say({ type: 'done', facet: next.facet, request: next.request })
    }
    bench.pass(500)
    expect(summaries()).toBe(before + 1)
  })

  test('[SYN-27] what waits is bounded for each company, and gone with its session', () => {
    const { bench, node, rival, held, puppet } = stage()
    const { client, records } = signed(
      rival,
      held,
      Array.from({ length: 400 }, (_, i) => `${i} `)
    )
    for (const record of records.slice(1)) puppet.say(runOf(held.facet, { client, records: [record] }))
    expect(node.core.facets.pending.list()).toHaveLength(256)
    // A rule that the peer breaks ends the session from our side.
    puppet.say({ type: 'receipt', facet: held.facet.id, tips: [], signature: new Uint8Array(64) })
    expect(puppet.closed).toBe(true)
    expect(node.core.facets.pending.list()).toEqual([])
    const again = bench.puppet(node, rival).hello()
    again.say(runOf(held.facet, { client, records: records.slice(5, 6) }))
    expect(node.core.facets.pending.list()).toHaveLength(1)
  })

  test('[SYN-27] a chain of runs that wait for one another is let in without recursion', () => {
    const { bench, rival, held, puppet } = stage()
    const { client, records } = signed(
      rival,
      held,
      Array.from({ length: 250 }, (_, i) => `${i} `)
    )
    for (const record of records.slice(1).toReversed())
      puppet.say(runOf(held.facet, { client, records: [record] }))
    puppet.say(runOf(held.facet, { client, records: records.slice(0, 1) }))
    bench.pass(500)
    expect(held.facet.size).toBe(251)
  })

  test('[SYN-27] what one peer withholds is asked of another', () => {
    const { bench, node, rival, held, puppet } = stage()
    const { client, records } = signed(rival, held, ['one ', 'two '])
    puppet.say(runOf(held.facet, { client, records: records.slice(1) }))
    const honest = bench.puppet(node, rival).hello()
    honest.take()
    honest.say(runOf(held.facet, { client, records: records.slice(1) }))
    const [need] = honest.of('need') as [Extract<Frame, { type: 'need' }>]
    expect(need.lacks.map(({ tip }) => tip.seq)).toEqual([0])
    // The one that sent it first goes: what it sent must not be lost with it.
    node.step({ on: 'closed', session: puppet.session })
    honest.say(runOf(held.facet, { client, records: records.slice(0, 1) }, need.request))
    honest.say({ type: 'done', facet: held.facet.id, request: need.request })
    bench.pass(5_000)
    const later = honest.of('need').at(-1) as Extract<Frame, { type: 'need' }>
    expect(later.lacks.map(({ tip }) => tip.seq)).toEqual([1])
    expect(held.facet.size).toBe(2)
  })

  test('[SYN-32] a peer that does not read is not read for: answers stop at half a mebibyte', () => {
    const { bench, node, rival, held, puppet } = stage()
    for (let i = 0; i < 12; i++) {
      const edit = signed(
        rival,
        held,
        Array.from({ length: 80 }, () => 'x'.repeat(1_000)),
        { session: i + 10 }
      )
      puppet.say(runOf(held.facet, edit))
      bench.pass(600)
    }
    const reader = bench.puppet(node, rival, { reads: false }).hello()
    const lacks: Lack[] = held.facet.tips().map(tip => ({ tip: headOf(tip), have: [] }))
    reader.take()
    for (let i = 0; i < 5; i++) reader.say({ type: 'need', facet: held.facet.id, request: i, lacks })
    for (let i = 0; i < 30; i++)
      reader.say({ type: 'want-identity', did: node.company.identity.did, offset: 0 })
    bench.pass(5_000)
    expect(reader.bytes).toBeGreaterThan(300_000)
    expect(reader.bytes).toBeLessThan(700_000)
    expect(reader.closed).toBe(false)
    reader.reads = true
    node.step({ on: 'sent', session: reader.session, bytes: reader.bytes })
    bench.pass(20_000)
    expect(reader.of('done')).toHaveLength(5)
    expect(reader.of('identity')).toHaveLength(30)
  })

  test('[SYN-32] local edits do not pile up for a peer that does not read', () => {
    const { bench, node, rival, held } = stage()
    const reader = bench.puppet(node, rival, { reads: false }).hello()
    reader.say(headsOf(held, held.facet.tips().map(headOf)))
    const { state } = reader
    if (state) state.inFlight = 600_000
    reader.take()
    for (let i = 0; i < 30; i++) type(node, held, 'x')
    bench.pass(2_000)
    expect(reader.frames.filter(frame => frame.type === 'run' || frame.type === 'heads')).toEqual([])
    reader.reads = true
    node.step({ on: 'sent', session: reader.session, bytes: 600_000 })
    bench.pass(1_000)
    expect(reader.of('heads')).toHaveLength(1)
  })

  test('[SYN-33] more requests than an honest node has under way end the session', () => {
    const { bench, node, rival } = stage()
    const reader = bench.puppet(node, rival, { reads: false }).hello()
    const { did } = node.company.identity
    for (let i = 0; i < 4_000 && !reader.closed; i++) reader.say({ type: 'want-identity', did, offset: 0 })
    expect(reader.closed).toBe(true)
    expect(bench.refusals(node)).toEqual(['requests-many'])
    expect(reader.bytes).toBeLessThan(700_000)
  })

  test('[SYN-33] a peer that leaves four mebibytes unread is let go without blame', () => {
    const { bench, node, puppet } = stage({ reads: false })
    if (puppet.state) puppet.state.inFlight = 4 * 1024 * 1024 - 10_000
    puppet.take()
    for (let i = 0; i < 400 && !puppet.closed; i++) {
      const id = new Uint8Array(32).fill(i)
      puppet.say({ type: 'spaces', spaces: [{ id, tips: [], versions: [] }] })
    }
    expect(puppet.closed).toBe(true)
    expect(bench.refusals(node)).toEqual([])
    expect(puppet.bytes).toBeLessThan(11_000)
  })

  test('[SYN-29] receipts that cannot be read are not made', () => {
    const { bench, node, rival, held } = stage()
    const reader = bench.puppet(node, rival, { reads: false }).hello()
    if (reader.state) reader.state.inFlight = 600_000
    reader.take()
    for (let i = 0; i < 20; i++) {
      reader.say(runOf(held.facet, signed(rival, held, ['x'], { session: 20 + i })))
      bench.pass(300)
    }
    expect(reader.of('receipt')).toEqual([])
    node.step({ on: 'sent', session: reader.session, bytes: 1e6 })
    bench.pass(500)
    expect(reader.of('receipt').length).toBeGreaterThan(0)
  })

  test('[SYN-33] nothing waits for a store that has nothing to do', () => {
    const scene = stage()
    const { bench, node, puppet } = scene
    nameFacets(scene, 200)
    for (const { facet, request } of puppet.of('need')) puppet.say({ type: 'done', facet, request })
    bench.pass(5_000)
    expect(node.core.context.waiting).toBe(0)
  })
})

describe('time', () => {
  test('[SYN-35] a need with a thousand heads of one long lane costs about what one head costs', () => {
    const { bench, rival, held, puppet } = stage()
    const words = Array.from({ length: 600 }, (_, i) => `${i} `)
    const edit = signed(rival, held, words)
    puppet.say(runOf(held.facet, edit))
    bench.pass(500)
    const [tip] = held.facet
      .tips()
      .filter(({ client }) => client === edit.client)
      .map(headOf)
    const lacks: Lack[] = Array.from({ length: 1_000 }, () => ({ tip: tip as never, have: [] }))
    puppet.take()
    puppet.say({ type: 'need', facet: held.facet.id, request: 1, lacks })
    bench.pass(2_000)
    const sent = puppet.of('run').reduce((sum, run) => sum + run.records.length, 0)
    expect(sent).toBe(600)
    expect(puppet.of('done')).toHaveLength(1)
  })

  test('[SYN-35] answers beyond the allowance of work are put off, not lost', () => {
    const { bench, held, space, puppet } = stage()
    puppet.state?.allowances.work.spend(3_000, bench.now())
    puppet.take()
    for (let i = 0; i < 100; i++) puppet.say({ type: 'summary', space: space.id, hash: new Uint8Array(32) })
    puppet.say({ type: 'need', facet: held.facet.id, request: 1, lacks: [] })
    bench.pass(300)
    expect(puppet.frames).toEqual([])
    bench.pass(700)
    expect(puppet.of('heads')).toHaveLength(1)
    expect(puppet.of('done')).toHaveLength(1)
  })

  test('[SYN-35] entries and receipts beyond the allowance of checks are put off, not lost', () => {
    const { bench, node, rival, space, held, puppet } = stage({ sealed: false })
    puppet.state?.allowances.checks.spend(2_500, bench.now())
    const prev = space.tips()[1]?.id as Uint8Array
    const act = { kind: 'keys' as const, certificates: [] }
    const entry = encodeSpaceEntry({ space: space.id, company: 1, seq: 1, prev, act, time: 1 })
    const signature = sign(rival.role, entrySignedBytes(entry))
    const record = { entry, signer: rival.role.publicKey.bytes, signature }
    const tips = [{ of: 1, seq: 1, id: new Uint8Array(32).fill(1) }]
    puppet.say({ type: 'spaces', spaces: [{ id: space.id, tips, versions: [] }] })
    puppet.take()
    puppet.say({ type: 'entries', space: space.id, genesis: new Uint8Array(), entries: [record] })
    puppet.say({ type: 'receipt', facet: held.facet.id, tips: [], signature: new Uint8Array(64) })
    expect(space.entries()).toHaveLength(2)
    expect(puppet.closed).toBe(false)
    bench.pass(1_000)
    expect(puppet.of('want-space').length).toBeGreaterThan(0)
    puppet.say({ type: 'entries', space: space.id, genesis: new Uint8Array(), entries: [record] })
    expect(space.entries()).toHaveLength(3)
    expect(bench.refusals(node)).toEqual([])
  })
})

describe('rights that shrink', () => {
  /** An answer is under way and the queue is full when `change` happens. */
  function during(change: (scene: Stage) => void) {
    const scene = stage()
    const { bench, rival, held, puppet, node } = scene
    const edit = signed(
      rival,
      held,
      Array.from({ length: 80 }, () => 'x'.repeat(1_000))
    )
    puppet.say(runOf(held.facet, edit))
    bench.pass(500)
    puppet.take()
    const lacks = held.facet.tips().map(tip => ({ tip: headOf(tip), have: [] }))
    puppet.say({ type: 'need', facet: held.facet.id, request: 1, lacks })
    change(scene)
    bench.pass(1_000)
    type(node, held, 'after ')
    bench.pass(1_000)
    return { puppet, bench, node }
  }

  const withdraw = ({ node, rival }: Stage) =>
    node.perform(core => delete core.context.directory.contacts.get(rival.identity.did)?.confirmed)

  test.each<[string, (scene: Stage) => void]>([
    ['the confirmation is withdrawn here', withdraw],
    [
      'the contact is forgotten',
      ({ node, rival }) => node.perform(core => core.context.directory.contacts.delete(rival.identity.did))
    ],
    ['the confirmation is withdrawn there', ({ puppet }) => void puppet.hello({ confirmed: false })],
    [
      'the company forks its chain and is frozen',
      ({ node, rival, space }) => {
        const act = { kind: 'keys' as const, certificates: [] }
        const records = [1, 2].map(time => entryOf(space, rival, act, { time }))
        node.perform(core => core.spaces.add(space, records))
      }
    ],
    [
      'this company ends the agreement',
      ({ node, space }) => {
        const act = { kind: 'terminate', reason: 'sold' } as const
        node.perform(() => node.desk.append(space, act, signerOf(node.company.role)))
      }
    ],
    [
      'the other company suspends the agreement',
      ({ node, rival, space }) => {
        const record = entryOf(space, rival, { kind: 'suspend', reason: 'an audit' })
        node.perform(core => core.spaces.add(space, [record]))
      }
    ],
    [
      'an amendment takes the kind out of the scope',
      ({ node, rival, space }) => {
        const inForce = agreementOf(space).inForce as Revision
        const scope = { ...inForce.terms.scope, kinds: ['BenchmarkReport.v1' as const] }
        const terms = termsOf(space, { number: 2, before: toHex(inForce.id), scope })
        sealAll(node, space, [node.company, rival], terms)
      }
    ],
    ['the certificate expires', ({ bench }) => void (bench.clock.nowMs = EPOCH_MS + 81 * 86_400_000)]
  ])(
    '[SYN-31] [POL-12] the next byte does not go when %s, and what is queued goes with the session',
    (_, change) => {
      const { puppet, bench, node } = during(change)
      expect(puppet.frames.filter(frame => frame.type === 'run' || frame.type === 'heads')).toEqual([])
      expect(puppet.closed).toBe(true)
      expect(puppet.of('bye').map(bye => bye.code)).toEqual(['rights-lost'])
      expect(bench.refusals(node)).toEqual([])
    }
  )

  test('[SYN-31] rights that grow end nothing', () => {
    const scene = stage({ confirmed: false })
    const { bench, puppet, held, space } = scene
    puppet.take()
    puppet.hello({ confirmed: true })
    puppet.say({ type: 'summary', space: space.id, hash: new Uint8Array(32) })
    bench.pass(500)
    expect(puppet.closed).toBe(false)
    expect(
      puppet
        .of('heads')
        .some(frame => frame.facets.some(({ genesis }) => toHex(genesis) === toHex(held.genesisBytes)))
    ).toBe(true)
  })

  test('[SYN-31] what time ends is over before the next step, whatever that is', () => {
    const { node, puppet, rival } = stage()
    const at = (time: number) => node.core.step({ on: 'written', token: -1 }, time)
    const ends = (effects: Effect[]) => effects.flatMap(effect => (effect.do === 'close' ? effect.code : []))
    expect(ends(at(rival.node.expiresAt - 1))).toEqual([])
    expect(puppet.closed).toBe(false)
    expect(ends(at(rival.node.expiresAt))).toEqual(['rights-lost'])
  })

  test('[SYN-31] one whose certificate has expired hears nothing after it comes back', () => {
    const { bench, node, rival, space, held } = stage()
    acquaint(node, rival)
    bench.clock.nowMs = EPOCH_MS + 81 * 86_400_000
    const puppet = bench.puppet(node, rival).hello()
    puppet.say({ type: 'summary', space: space.id, hash: new Uint8Array(32) })
    puppet.say({ type: 'want-space', space: space.id, have: [] })
    puppet.say({ type: 'need', facet: held.facet.id, request: 1, lacks: [] })
    bench.pass(1_000)
    expect(puppet.frames.map(frame => frame.type)).toEqual(['hello', 'bye'].slice(0, puppet.closed ? 2 : 1))
  })
})
