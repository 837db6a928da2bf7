// protocols/sync, section 6: how documents become equal.
import { describe, expect, test } from 'vitest'
import { verifySignature } from '../../src/identity/ed25519.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import { type Frame, parseFrame } from '../../src/sync/frame.ts'
import { headOf } from '../../src/sync/serving.ts'
import { concatBytes, toHex, utf8 } from '../../src/wire/bytes.ts'
import { envelopeId, parseRun, signedBytes } from '../../src/wire/envelope.ts'
import { encodeFacetGenesis } from '../../src/wire/genesis.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { isReject } from '../../src/wire/reject.ts'
import { group, headsOf, openFacet, runOf, signed, stage, type, writeFacet } from './bench.ts'

const idOf = (held: HeldFacet) => toHex(held.facet.id)
const tipsOf = (held: HeldFacet) => held.facet.tips().map(headOf)

function summaryOf(...helds: HeldFacet[]): Uint8Array {
  const sorted = helds.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
  const parts = sorted.map(({ facet }) => sha256(concatBytes(facet.id, ...facet.tips().map(tip => tip.id))))
  return sha256(concatBytes(utf8('parley/summary/1\n'), ...parts))
}

describe('what both sides have', () => {
  test('[SYN-16] the summary is one hash over the heads of all facets that the peer may see', () => {
    const { bench, node, rival, space, held } = stage()
    const second = writeFacet(node, space, 'public')
    writeFacet(node, space, 'private')
    openFacet(node, space)
    bench.pass(200)
    const puppet = bench.puppet(node, rival).hello()
    puppet.say({ type: 'spaces', spaces: [{ id: space.id, tips: [], versions: [] }] })
    const [summary] = puppet.of('summary')
    expect(toHex(summary?.hash as Uint8Array)).toBe(toHex(summaryOf(held, second)))
  })

  test('[SYN-17] an equal summary is met with silence, another one with the heads of every visible facet', () => {
    const { bench, node, space, held, puppet } = stage()
    const second = writeFacet(node, space)
    writeFacet(node, space, 'private')
    bench.pass(200)
    puppet.take()
    puppet.say({ type: 'summary', space: space.id, hash: summaryOf(held, second) })
    bench.pass(200)
    expect(puppet.take()).toEqual([])
    puppet.say({ type: 'summary', space: space.id, hash: new Uint8Array(32) })
    bench.pass(200)
    const named = puppet.of('heads').flatMap(frame => frame.facets.map(({ genesis }) => toHex(genesis)))
    expect(named.sort()).toEqual([held, second].map(({ genesisBytes }) => toHex(genesisBytes)).sort())
  })

  test('[SYN-18] [SYN-20] heads that are lacking are asked for, and come as runs and an end', () => {
    const { puppet, held } = stage()
    const [tip] = tipsOf(held)
    puppet.take()
    puppet.say({ type: 'need', facet: held.facet.id, request: 9, lacks: [{ tip: tip as never, have: [] }] })
    puppet.bench.pass(100)
    const frames = puppet.take().filter(frame => frame.type !== 'summary')
    expect(frames.map(frame => frame.type)).toEqual(['run', 'done'])
    expect(frames.map(frame => 'request' in frame && frame.request)).toEqual([9, 9])
  })

  test('[SYN-18] one request a facet, eight a peer', () => {
    const { bench, node, space, puppet } = stage()
    puppet.take()
    const genesis = (i: number) =>
      encodeFacetGenesis({
        space: space.id,
        artifact: new Uint8Array(16),
        kind: 'StandardsDoc.v1',
        class: 'public',
        owner: 1,
        nonce: new Uint8Array(16).fill(i)
      })
    const tip = { of: 1, seq: 0, id: new Uint8Array(32).fill(7) }
    for (let i = 0; i < 30; i++) {
      for (let again = 0; again < 2; again++) {
        puppet.say({ type: 'heads', space: space.id, facets: [{ genesis: genesis(i), tips: [tip] }] })
      }
    }
    const needs = puppet.of('need')
    expect(needs).toHaveLength(8)
    const [first] = needs as [Extract<Frame, { type: 'need' }>]
    puppet.say({ type: 'done', facet: first.facet, request: first.request })
    expect(puppet.of('need')).toHaveLength(9)
    expect(bench.refusals(node)).toEqual([])
  })

  test('[SYN-18] a need is cut where the frame would grow too large', () => {
    const { puppet, held, rival } = stage()
    const { client, records } = signed(
      rival,
      held,
      Array.from({ length: 300 }, (_, i) => `${i} `)
    )
    puppet.say(runOf(held.facet, { client, records }))
    puppet.bench.pass(500)
    expect(held.facet.lanes.get(client)?.tips()[0]?.seq).toBe(299)
    puppet.take()
    const tips = Array.from({ length: 1_000 }, (_, i) => {
      return { of: client, seq: 1_000 + i, id: sha256(utf8(`${i}`)) }
    })
    puppet.say(headsOf(held, tips))
    const [need] = puppet.of('need')
    expect(need?.lacks.length).toBeLessThan(1_000)
    expect(need?.lacks[0]?.have.length).toBeGreaterThan(5)
    expect(Math.max(...puppet.sizes)).toBeLessThan(80_000)
  })

  test('[SYN-19] every run ends in a signature that holds, also when earlier ones do not', () => {
    const { bench, node, rival, held, puppet } = stage()
    const words = Array.from({ length: 500 }, (_, i) => `${i} `)
    const edit = signed(rival, held, words, { holds: i => i === 499 })
    puppet.say(runOf(held.facet, edit))
    bench.pass(500)
    expect(bench.refusals(node)).toEqual([])
    expect(held.facet.size).toBe(501)
    const key = rival.role.publicKey
    // Heads in the middle: what is asked for ends where no signature holds.
    for (const seq of [0, 1, 37, 498, 499]) {
      puppet.take()
      const parsed = parseRun(held.facet.id, edit.client, edit.records.slice(0, seq + 1))
      if (isReject(parsed)) throw new Error(`${parsed}`)
      const id = (parsed.envelopes.at(-1) as { id: Uint8Array }).id
      const lacks = [{ tip: { of: edit.client, seq, id }, have: [] }]
      puppet.say({ type: 'need', facet: held.facet.id, request: 1, lacks })
      bench.pass(8_000)
      const runs = puppet.of('run')
      expect(runs.length).toBeGreaterThan(0)
      for (const { client, records } of runs) {
        const last = records.at(-1) as (typeof records)[number]
        expect(verifySignature(key, signedBytes(held.facet.id, client, last.header), last.signature)).toBe(
          true
        )
      }
      const sent = runs.flatMap(run => run.records.map(record => toHex(record.header)))
      expect(sent).toContain(toHex((parsed.envelopes.at(-1) as { headerBytes: Uint8Array }).headerBytes))
      expect(puppet.of('done')).toHaveLength(1)
    }
  })

  test('[SYN-19] a run goes on to the next signature that holds and no further', () => {
    const { bench, rival, held, puppet } = stage()
    const words = Array.from({ length: 30 }, (_, i) => `${i} `)
    const edit = signed(rival, held, words, { holds: i => i % 10 === 9 })
    puppet.say(runOf(held.facet, edit))
    bench.pass(500)
    puppet.take()
    const header = edit.records[3]?.header as Uint8Array
    const tip = { of: edit.client, seq: 3, id: envelopeId(held.facet.id, edit.client, header) }
    puppet.say({ type: 'need', facet: held.facet.id, request: 1, lacks: [{ tip, have: [] }] })
    bench.pass(500)
    expect(puppet.of('run').map(run => run.records.length)).toEqual([10])
  })

  test('[SYN-19] what fitted in one frame fits in one frame when it is passed on', () => {
    const { bench, nodes, space } = group(
      ['Ada', 'Bob', 'Cid'],
      [
        [0, 1],
        [1, 2]
      ]
    )
    const [a, b, c] = nodes
    const held = writeFacet(a, space)
    bench.pass(3_000)
    // 110 KiB of envelopes of which the last alone is signed, pushed to Bob by a modified node of Ada's.
    const big = 'x'.repeat(1_000)
    const edit = signed(
      a.company,
      held,
      Array.from({ length: 85 }, () => big),
      { holds: i => i === 84 }
    )
    const puppet = bench.puppet(b, a.company).hello()
    puppet.say(runOf(held.facet, edit))
    bench.pass(5_000)
    for (const node of [b, c]) expect(node.facet(idOf(held))?.facet.size).toBe(86)
    expect([bench.refusals(b), bench.refusals(c)]).toEqual([[], []])
  })

  test('[SYN-20] an answer is in causal order and resumes where the asker stands', () => {
    const { bench, nodes, space } = group(['Ada', 'Bob', 'Cid'], [[0, 1]])
    const [a, b, c] = nodes
    const held = writeFacet(a, space)
    bench.pass(2_000)
    for (let i = 0; i < 20; i++) {
      const node = i % 2 ? a : b
      node.edit(idOf(held), doc => doc.getText('text').insert(0, `${i} `))
      bench.pass(300)
    }
    // Cid hears of it at the end and loses the connection now and then.
    bench.network.connect(b, c)
    bench.pass(120)
    bench.network.cut(b, c)
    bench.pass(1_000)
    bench.network.connect(b, c)
    bench.pass(5_000)
    expect(c.root(idOf(held))).toBe(a.root(idOf(held)))
    expect(c.core.facets.pending.list()).toEqual([])
  })

  test('[SYN-22] an answer that brings nothing is asked for again, ever later', () => {
    const { bench, puppet, held } = stage()
    puppet.take()
    puppet.say(headsOf(held, [{ of: 1, seq: 0, id: new Uint8Array(32).fill(9) }]))
    const times: number[] = []
    for (let i = 0; i < 400; i++) {
      for (const need of puppet.of('need')) {
        times.push(bench.now())
        puppet.say({ type: 'done', facet: need.facet, request: need.request })
      }
      puppet.take()
      bench.pass(100)
    }
    expect(times.length).toBeGreaterThan(2)
    expect(times.length).toBeLessThan(8)
    const waits = times.slice(1).map((time, i) => time - (times[i] as number))
    expect(waits.toSorted((x, y) => x - y)).toEqual(waits)
  })

  test('[SYN-22] a peer that is silent about a request is asked again, and a late answer is still taken', () => {
    const { bench, rival, puppet, held } = stage()
    const edit = signed(rival, held, ['late'])
    const id = envelopeId(held.facet.id, edit.client, edit.records[0]?.header as Uint8Array)
    puppet.take()
    puppet.say(headsOf(held, [{ of: edit.client, seq: 0, id }]))
    const [need] = puppet.of('need') as [Extract<Frame, { type: 'need' }>]
    bench.pass(20_000)
    expect(puppet.of('need')).toHaveLength(1)
    bench.pass(15_000)
    expect(puppet.of('need').length).toBeGreaterThan(1)
    const { pushed } = puppet.state?.allowances ?? {}
    pushed?.spend(1e4, 0, bench.now())
    puppet.say(runOf(held.facet, edit, need.request))
    expect(held.facet.size).toBe(2)
  })

  test('[SYN-34] what nobody noticed is found within a minute', () => {
    const { bench, nodes, space } = group(['Ada', 'Bob'], [[0, 1]])
    const [a, b] = nodes
    const held = writeFacet(a, space)
    bench.pass(2_000)
    for (const session of b.core.context.open()) session.inFlight = 0
    const { step } = b
    // Everything that Bob hears for a while is lost inside the machine.
    b.step = event => (event.on === 'frame' ? undefined : step.call(b, event))
    type(a, held, 'missed ')
    bench.pass(1_000)
    b.step = step
    expect(b.root(idOf(held))).not.toBe(a.root(idOf(held)))
    bench.pass(62_000)
    expect(b.root(idOf(held))).toBe(a.root(idOf(held)))
  })

  test('[SYN-34] also where the clock was a day ahead and has been put right', () => {
    const { bench, node, puppet } = stage()
    node.skewMs = 86_400_000
    bench.pass(1_000)
    node.skewMs = 0
    bench.pass(1_000)
    puppet.take()
    bench.pass(62_000)
    expect(puppet.of('spaces')).toHaveLength(1)
  })
})

describe('pushes', () => {
  test('[SYN-23] a new envelope goes at once to a peer that has what comes before it, as heads to others', () => {
    const { bench, node, rival, held } = stage()
    const puppet = bench.puppet(node, rival).hello()
    puppet.take()
    type(node, held, 'more ')
    bench.pass(50)
    expect(puppet.take().map(frame => frame.type)).toEqual(['heads'])
    puppet.say({
      type: 'heads',
      space: held.facet.space.id,
      facets: [{ genesis: held.genesisBytes, tips: tipsOf(held) }]
    })
    type(node, held, 'and more ')
    bench.pass(50)
    const frames = puppet.take()
    expect(frames.map(frame => frame.type)).toEqual(['run'])
    expect((frames[0] as { request: number }).request).toBe(0)
  })

  test('[SYN-24] any party forwards, and the verdict is the author’s alone', () => {
    const { bench, nodes, space } = group(
      ['Ada', 'Bob', 'Cid'],
      [
        [0, 1],
        [1, 2]
      ]
    )
    const [a, , c] = nodes
    const held = writeFacet(a, space)
    bench.pass(3_000)
    type(a, held, 'through Bob ')
    bench.pass(3_000)
    expect(c.root(idOf(held))).toBe(a.root(idOf(held)))
    expect([...c.core.context.open()]).toHaveLength(1)
  })

  test('[SYN-25] pushes beyond the rate are read as heads and asked for, so that nothing is lost', () => {
    const { bench, node, rival, held, puppet } = stage()
    puppet.state?.allowances.pushed.spend(1_500, 0, bench.now())
    const edit = signed(rival, held, ['one ', 'two '])
    puppet.take()
    puppet.say(runOf(held.facet, edit))
    expect(held.facet.size).toBe(1)
    const [need] = puppet.of('need') as [Extract<Frame, { type: 'need' }>]
    puppet.say(runOf(held.facet, edit, need.request))
    expect(held.facet.size).toBe(3)
    expect(bench.refusals(node)).toEqual([])
  })

  test('[SYN-25] a flood ends the session', () => {
    const { bench, node, rival, held, puppet } = stage()
    const edit = signed(
      rival,
      held,
      Array.from({ length: 400 }, (_, i) => `${i} `)
    )
    for (let i = 0; i < 40 && !puppet.closed; i++) puppet.say(runOf(held.facet, edit))
    expect(puppet.closed).toBe(true)
    expect(bench.refusals(node)).toEqual(['push-flood'])
  })

  test('[SYN-25] an honest node stays below the rate by itself', () => {
    const { bench, nodes, space } = group(['Ada', 'Bob'], [[0, 1]])
    const [a, b] = nodes
    const held = writeFacet(a, space)
    bench.pass(2_000)
    type(a, held, 'known ')
    bench.pass(1_000)
    // Two thousand edits went just before.
    for (const session of a.core.context.open()) session.allowances.pushing.spend(2_000, 0, bench.now())
    for (const session of b.core.context.open()) session.allowances.pushed.spend(2_000, 0, bench.now())
    const pushed: number[] = []
    const { send } = bench
    bench.send = (from, session, frame) => {
      const parsed = parseFrame(frame)
      if (!isReject(parsed) && parsed.type === 'run') pushed.push(parsed.request)
      send.call(bench, from, session, frame)
    }
    for (let i = 0; i < 50; i++) {
      type(a, held, 'x')
      bench.pass(10)
    }
    bench.pass(5_000)
    expect(pushed.filter(request => request === 0)).toEqual([])
    expect(b.root(idOf(held))).toBe(a.root(idOf(held)))
    expect(bench.refusals(b)).toEqual([])
  })
})
