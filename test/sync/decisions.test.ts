// protocols/sync, section 14: how messages of decisions get to every node that may have them, and to no other.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decodeLeaves } from '../../src/audit/leaves.ts'
import { type AuditRecord, type Leaf, openLeaf } from '../../src/audit/record.ts'
import type { Secret } from '../../src/decision/elector.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import { digestOf } from '../../src/sync/decision-book.ts'
import type { Frame } from '../../src/sync/frame.ts'
import { concatBytes, equalBytes, fromHex, toHex, utf8 } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { isReject } from '../../src/wire/reject.ts'
import { entryOf, termsOf } from '../sim/agreement.ts'
import { createNodeKey } from '../sim/company.ts'
import {
  type Holder,
  type Said,
  commitment,
  holderOf,
  initiation,
  nextWords,
  said as sign
} from '../sim/deciding.ts'
import { SimNode } from '../sim/node.ts'
import { Bench, type Puppet, acquaint, foundSpace, group, sealAll, stage } from './bench.ts'

const bytesOf = (id: string) => fromHex(id) as Uint8Array
const idsAt = (node: SimNode, decision: string) =>
  [...(node.core.decisions.book.get(decision)?.decision.messages.keys() ?? [])].sort()
const push = ({ id }: SpaceLog, records: Said[], request = 0): Frame => ({
  type: 'messages',
  space: id,
  request,
  records: records.map(({ document, certificate }) => ({ document, certificate }))
})
/** Ids of the messages that a peer was given, in order. */
const given = (puppet: Puppet, all: Said[]) =>
  puppet
    .of('messages')
    .flatMap(({ records }) =>
      records.map(({ document }) => all.find(one => equalBytes(one.document, document))?.id)
    )

function say(node: SimNode, ...messages: Said[]): void {
  for (const message of messages) {
    const result = node.perform(core => core.say(message))
    if (isReject(result)) throw new Error(`${result}`)
  }
}

/** A node and a puppet of another company, in a space where both decide. */
function table(options: Parameters<typeof stage>[0] = {}) {
  const scene = stage(options)
  const { node, rival, space } = scene
  const [own, other] = [holderOf(node.company), holderOf(rival)] as [Holder, Holder]
  const begin = (nonce = 0) =>
    initiation(space, [own, other], { nonce: nonce.toString(16).padStart(32, '0') })
  return { ...scene, own, other, begin }
}

/** Three nodes of which each decides. */
function round(links: [number, number][], options: Parameters<typeof group>[2] = {}) {
  const scene = group(['Ada', 'Bob', 'Cyn'], links, options)
  const holders = scene.nodes.map(({ company }) => holderOf(company)) as [Holder, Holder, Holder]
  return { ...scene, holders, begun: initiation(scene.space, holders) }
}

/** What a node has written down about a space. */
function recordsOf({ disk }: SimNode, { id }: SpaceLog): AuditRecord[] {
  const rows = disk.table('audit-leaf').filter(({ key }) => key.startsWith(toHex(id)))
  const leaves: Leaf[] = rows.flatMap(({ bytes }) => decodeLeaves(bytes) ?? [])
  return leaves.map(leaf => openLeaf(leaf) as AuditRecord)
}

/** Everybody commits, and says what comes of it, until nobody has anything more to say. */
function decide({ bench, nodes, holders, begun }: ReturnType<typeof round>): Said[] {
  const secrets = new Map<string, Secret>()
  const spoken: Said[] = []
  for (const [i, node] of nodes.entries()) {
    const { said, secret } = commitment(holders[i] as Holder, begun.id, { option: 1 })
    secrets.set(said.id, secret)
    say(node, said)
    spoken.push(said)
  }
  const seen = nodes.map(() => new Map<string, number>())
  for (let i = 0; i < 40; i++) {
    bench.pass(500)
    for (const [at, node] of nodes.entries()) {
      const parts = { secretOf: (id: string) => secrets.get(id), seen: seen[at] as Map<string, number> }
      const words = nextWords(node, holders[at] as Holder, begun.id, parts).map(({ message }) => message)
      say(node, ...words)
      spoken.push(...words)
    }
  }
  return spoken
}

describe('who may know', () => {
  const without = { classes: ['public', 'shared-confidential'] as const, kinds: ['StandardsDoc.v1'] as const }
  const narrow = (space: SpaceLog) =>
    termsOf(space, {
      scope: { classes: [...without.classes], kinds: [...without.kinds], topics: [] }
    })

  /** A node that holds a decision or not, before a puppet that its agreement does not let see one. */
  function hidden(holds: boolean) {
    const scene = table({ sealed: false })
    const { node, rival, space, own, other, begin } = scene
    sealAll(node, space, [node.company, rival], narrow(space))
    const begun = begin()
    if (holds) say(node, begun)
    scene.bench.pass(1_000)
    scene.puppet.take()
    const theirs = initiation(space, [other, own])
    const forged = { ...theirs, document: theirs.document.with(40, 0x41) }
    const puppet = scene.puppet
    puppet.say({ type: 'decision-summary', space: space.id, hash: new Uint8Array(32) })
    puppet.say({
      type: 'decisions',
      space: space.id,
      decisions: [{ id: bytesOf(begun.id), digest: new Uint8Array(32) }]
    })
    const wanted = [{ decision: bytesOf(begun.id), have: [] }]
    const range = { after: new Uint8Array(), upTo: new Uint8Array() }
    puppet.say({ type: 'want-messages', space: space.id, request: 1, ...range, wanted })
    puppet.say(push(space, [theirs]))
    puppet.say(push(space, [forged]))
    scene.bench.pass(70_000)
    return { ...scene, theirs }
  }

  test('[SYN-56] [DEC-28] who is not cleared hears nothing, is taken nothing from, and cannot tell a space that has decisions', () => {
    const [with_, none] = [hidden(true), hidden(false)]
    const said = ({ puppet }: ReturnType<typeof hidden>) => puppet.take().map(({ type }) => type)
    const heard = said(with_)
    expect(heard).toEqual(said(none))
    expect(heard).not.toContain('decision-summary')
    for (const { node, puppet, theirs, bench } of [with_, none]) {
      expect([idsAt(node, theirs.id), puppet.closed, bench.refusals(node)]).toEqual([[], false, []])
    }
  })

  test('[SYN-56] [AUD-26] who asks for messages or brings them without leave is written down, and no more than for a space that is not here', () => {
    const bench = new Bench()
    bench.audits = true
    const node = bench.node('Ada')
    const rival = bench.company('Bob')
    acquaint(node, rival)
    const home = foundSpace(node, [node.company])
    const space = foundSpace(node, [node.company, rival], { sealed: false })
    sealAll(node, space, [node.company, rival], narrow(space))
    bench.pass(2_000)
    const puppet = bench.puppet(node, rival).hello()
    const elsewhere = { id: sha256(utf8('elsewhere')) } as SpaceLog
    const range = { after: new Uint8Array(), upTo: new Uint8Array() }
    for (const { id } of [space, elsewhere]) {
      bench.pass(3_000)
      puppet.say({ type: 'want-messages', space: id, request: 1, ...range, wanted: [] })
      bench.pass(3_000)
      puppet.say(push({ id } as SpaceLog, []))
      bench.pass(3_000)
      puppet.say({ type: 'decision-summary', space: id, hash: new Uint8Array(32) })
    }
    bench.pass(3_000)
    const denials = recordsOf(node, home).filter(({ type: kind }) => kind === 'denial')
    expect(denials.map(({ facet, rule }) => [facet, rule])).toEqual([
      [toHex(space.id), 'POL-17'],
      [toHex(space.id), 'POL-17'],
      [toHex(elsewhere.id), 'SYN-5'],
      [toHex(elsewhere.id), 'SYN-5']
    ])
  })

  test('[SYN-56] of a space that is not here nothing is said and nothing is taken', () => {
    const { bench, node, puppet, own, other } = table()
    const elsewhere = { id: sha256(utf8('elsewhere')) } as SpaceLog
    const begun = initiation(elsewhere, [other, own])
    puppet.take()
    puppet.say(push(elsewhere, [begun]))
    puppet.say({ type: 'decision-summary', space: elsewhere.id, hash: new Uint8Array(32) })
    bench.pass(1_000)
    expect([puppet.take(), idsAt(node, begun.id), puppet.closed]).toEqual([[], [], false])
  })

  test('[SYN-56] when an agreement is suspended the next byte stays, queues included, and all comes when it goes on', () => {
    const { bench, nodes, space, begun, holders } = round([[0, 1]])
    const [ada, bob] = nodes
    say(ada, begun)
    bench.pass(1_000)
    const enter = (act: Parameters<typeof entryOf>[2]) =>
      ada.perform(core => core.spaces.add(space, [entryOf(space, ada.company, act)]))
    expect(enter({ kind: 'suspend', reason: 'an audit' })).toBeUndefined()
    const { said } = commitment(holders[0], begun.id)
    say(ada, said)
    bench.network.connect(ada, bob)
    bench.pass(70_000)
    expect(idsAt(bob, begun.id)).toEqual([begun.id])
    expect(enter({ kind: 'resume' })).toBeUndefined()
    bench.network.connect(ada, bob)
    bench.pass(3_000)
    expect(idsAt(bob, begun.id)).toEqual(idsAt(ada, begun.id))
    expect(idsAt(bob, begun.id)).toContain(said.id)
  })

  test('[SYN-56] what lies unread with a peer is taken back when its rights end', () => {
    const { bench, node, rival, space, begin } = table()
    const puppet = bench.puppet(node, rival, { reads: false }).hello()
    bench.pass(200)
    const before = node.core.context.open().length
    expect(before).toBe(2)
    say(node, begin())
    const record = entryOf(space, rival, { kind: 'terminate', reason: 'sold' })
    node.perform(core => core.spaces.add(space, [record]))
    bench.pass(200)
    expect([puppet.closed, node.core.context.open().length]).toEqual([true, 0])
    expect(puppet.of('messages')).toEqual([])
  })

  test('[SYN-56] nodes of one company share what no agreement lets others see', () => {
    const { bench, node: office, space, begin } = table({ sealed: false })
    const laptop = new SimNode({ ...office.company, ...createNodeKey(office.company, bench.random) }, bench, {
      keeps: false
    })
    bench.nodes.push(laptop)
    acquaint(office, laptop.company)
    acquaint(laptop, office.company)
    for (const party of space.parties) {
      const log = office.core.context.directory.identities.get(party)
      if (log) laptop.core.context.directory.identities.set(party, log)
    }
    const begun = begin()
    say(office, begun)
    bench.network.connect(office, laptop)
    bench.pass(3_000)
    expect(idsAt(laptop, begun.id)).toEqual([begun.id])
  })
})

describe('what is compared', () => {
  test('[SYN-57] a digest binds the ids of a decision, a summary the digests of a space', () => {
    const { bench, node, space, begin, own } = table()
    const all = [begin(1), begin(2), begin(3)]
    say(node, ...all)
    const digests = all
      .map(({ id }) => id)
      .sort()
      .map(id => sha256(concatBytes(utf8('parley/decision/1\n'), bytesOf(id))))
    const { book } = node.core.decisions
    expect(book.of(space).map(({ digest }) => toHex(digest))).toEqual([])
    bench.pass(200)
    expect(book.of(space).map(({ digest }) => toHex(digest))).toEqual(digests.map(toHex))
    const summary = sha256(concatBytes(utf8('parley/decisions/1\n'), ...digests))
    expect(toHex(book.summaryOf(space))).toBe(toHex(summary))
    const [{ id }] = all as [Said]
    const { said } = commitment(own, id)
    say(node, said)
    bench.pass(200)
    const grown = [id, said.id].sort().map(bytesOf)
    const digest = sha256(concatBytes(utf8('parley/decision/1\n'), ...grown))
    expect(toHex(book.get(id)?.digest as Uint8Array)).toBe(toHex(digest))
  })

  test('[SYN-57] digests and summaries are those of the vectors', () => {
    const path = new URL('../../protocols/sync/vectors/valid.json', import.meta.url)
    const { decisions } = JSON.parse(readFileSync(path, 'utf8')) as {
      decisions: { digests: { ids: string[]; digest: string }[]; hash: string }
    }
    const digests = decisions.digests.map(({ ids }) => digestOf(ids.toReversed()))
    expect(digests.map(toHex)).toEqual(decisions.digests.map(({ digest }) => digest))
    expect(toHex(sha256(concatBytes(utf8('parley/decisions/1\n'), ...digests)))).toBe(decisions.hash)
  })

  test('[SYN-57] who holds no decision says nothing of them, who holds one names it with the space', () => {
    const { bench, node, rival, puppet, begin } = table()
    bench.pass(61_000)
    expect(puppet.of('decision-summary')).toEqual([])
    say(node, begin())
    bench.pass(200)
    const second = bench.puppet(node, rival).hello()
    bench.pass(200)
    expect(second.of('decision-summary').length).toBe(1)
  })

  test('[SYN-58] an equal summary is met with silence, another with all digests', () => {
    const { bench, node, space, puppet, begin } = table()
    const all = [begin(1), begin(2)]
    say(node, ...all)
    bench.pass(200)
    puppet.take()
    const hash = node.core.decisions.book.summaryOf(space)
    puppet.say({ type: 'decision-summary', space: space.id, hash })
    expect(puppet.take()).toEqual([])
    puppet.say({ type: 'decision-summary', space: space.id, hash: new Uint8Array(32) })
    const [frame, ...more] = puppet.of('decisions')
    expect(more).toEqual([])
    expect(frame?.decisions.map(({ id }) => toHex(id))).toEqual(all.map(({ id }) => id).sort())
  })

  test('[SYN-58] who holds none answers with its own summary, and is then told', () => {
    const { puppet, space } = table()
    puppet.take()
    puppet.say({ type: 'decision-summary', space: space.id, hash: new Uint8Array(32) })
    const empty = sha256(utf8('parley/decisions/1\n'))
    expect(puppet.take()).toEqual([{ type: 'decision-summary', space: space.id, hash: empty }])
  })
})

describe('exchange', () => {
  test('[SYN-62] [DEC-28] all that is said in a decision reaches all, through others too, and they decide', () => {
    const scene = round([
      [0, 1],
      [1, 2]
    ])
    const [ada, bob, cyn] = scene.nodes
    say(ada, scene.begun)
    scene.bench.pass(500)
    const spoken = decide(scene)
    const all = [scene.begun, ...spoken].map(({ id }) => id).sort()
    expect([ada, bob, cyn].map(node => idsAt(node, scene.begun.id))).toEqual([all, all, all])
    const settled = cyn.core.decisions.book.get(scene.begun.id)?.decision.settled
    expect(settled?.tally.approved).toBe(1)
    expect(scene.bench.refusals(ada)).toEqual([])
  })

  test('[SYN-59] who comes later asks for all of it', () => {
    const scene = round([[0, 1]], {})
    const [ada, , cyn] = scene.nodes
    say(ada, scene.begun)
    scene.bench.pass(500)
    for (const [i, node] of scene.nodes.slice(0, 2).entries())
      say(node, commitment(scene.holders[i] as Holder, scene.begun.id).said)
    scene.bench.network.connect(ada, cyn)
    scene.bench.pass(3_000)
    expect(idsAt(cyn, scene.begun.id)).toHaveLength(3)
    expect(idsAt(cyn, scene.begun.id)).toEqual(idsAt(ada, scene.begun.id))
  })

  test('[SYN-59] one request at a time, of 64 decisions, with the ids that are here', () => {
    const { bench, node, space, puppet, begin, other } = table()
    const known = begin(1)
    say(node, known)
    bench.pass(200)
    puppet.take()
    const ids = Array.from({ length: 70 }, (_, i) => sha256(utf8(`decision ${i}`)))
    const named = [bytesOf(known.id), ...ids].map(id => ({ id, digest: new Uint8Array(32) }))
    puppet.say({ type: 'decisions', space: space.id, decisions: named })
    puppet.say({ type: 'decisions', space: space.id, decisions: named })
    const [first, ...none] = puppet.of('want-messages')
    expect(none).toEqual([])
    expect(first?.wanted.map(({ decision }) => toHex(decision))).toEqual(
      named.slice(0, 64).map(({ id }) => toHex(id))
    )
    expect(first?.wanted[0]?.have.map(toHex)).toEqual([known.id])
    expect(first?.wanted[1]?.have).toEqual([])
    // What brings something is asked for again, what brings nothing is not.
    const { said } = commitment(other, known.id)
    puppet.say(push(space, [said], first?.request))
    const again = puppet.of('want-messages')[1]
    expect(again?.wanted).toHaveLength(64)
    expect(again?.wanted[0]?.have.map(toHex)).toEqual([known.id, said.id].sort())
    puppet.say(push(space, [], again?.request))
    const rest = puppet.of('want-messages')[2]
    expect(rest?.wanted.map(({ decision }) => toHex(decision))).toEqual(ids.slice(63).map(toHex))
    puppet.say(push(space, [], rest?.request))
    bench.pass(50_000)
    expect(puppet.of('want-messages')).toHaveLength(3)
  })

  test('[SYN-59] what is here already is not asked for, nor what came with the answer', () => {
    const { bench, node, space, puppet, begin, other } = table()
    const begun = begin()
    say(node, begun)
    bench.pass(200)
    puppet.take()
    const { said } = commitment(other, begun.id)
    const name = (ids: string[]) => {
      const decisions = [{ id: bytesOf(begun.id), digest: digestOf(ids) }]
      puppet.say({ type: 'decisions', space: space.id, decisions })
    }
    name([begun.id])
    expect(puppet.take()).toEqual([])
    name([begun.id, said.id])
    puppet.say(push(space, [said], puppet.of('want-messages')[0]?.request))
    bench.pass(40_000)
    expect(puppet.of('want-messages')).toHaveLength(1)
  })

  test('[SYN-59] a request is about one space, and the next about another', () => {
    const { bench, node, rival, space, puppet } = table()
    const second = foundSpace(node, [node.company, rival], { title: 'Another' })
    bench.pass(200)
    puppet.take()
    const named = (text: string) => [{ id: sha256(utf8(text)), digest: new Uint8Array(32) }]
    puppet.say({ type: 'decisions', space: space.id, decisions: named('one') })
    puppet.say({ type: 'decisions', space: second.id, decisions: named('two') })
    puppet.say({ type: 'decisions', space: space.id, decisions: named('three') })
    for (let i = 0; i < 3; i++)
      puppet.say(push(i === 1 ? second : space, [], puppet.of('want-messages')[i]?.request))
    const asked = puppet.of('want-messages')
    expect(
      asked.map(({ space: id, wanted }) => [toHex(id), wanted.map(({ decision }) => toHex(decision))])
    ).toEqual(
      [
        [space, 'one'],
        [second, 'two'],
        [space, 'three']
      ].map(([of, text]) => [toHex((of as SpaceLog).id), [toHex(sha256(utf8(text as string)))]])
    )
  })

  test('[SYN-59] a request that nobody answers ends after 30 s', () => {
    const { bench, space, puppet } = table()
    const named = (text: string) => [{ id: sha256(utf8(text)), digest: new Uint8Array(32) }]
    puppet.say({ type: 'decisions', space: space.id, decisions: named('one') })
    puppet.say({ type: 'decisions', space: space.id, decisions: named('two') })
    bench.pass(29_000)
    expect(puppet.of('want-messages')).toHaveLength(1)
    bench.pass(2_000)
    expect(puppet.of('want-messages').map(({ wanted }) => toHex(wanted[0]?.decision as Uint8Array))).toEqual(
      ['one', 'two'].map(text => toHex(sha256(utf8(text))))
    )
  })

  test('[SYN-60] what is named comes before what names it, what the asker has is left out, and nothing is an answer', () => {
    const scene = round([
      [0, 1],
      [0, 2]
    ])
    const [ada, bob] = scene.nodes
    say(ada, scene.begun)
    scene.bench.pass(500)
    const all = [scene.begun, ...decide(scene)]
    const puppet = scene.bench.puppet(ada, bob.company).hello()
    scene.bench.pass(200)
    puppet.take()
    const ask = (have: string[], after = '', upTo = '', decision = scene.begun.id) => {
      puppet.take()
      const wanted = [{ decision: bytesOf(decision), have: have.map(bytesOf) }]
      const range = { after: bytesOf(after), upTo: bytesOf(upTo) }
      puppet.say({ type: 'want-messages', space: scene.space.id, request: 7, ...range, wanted })
      expect(puppet.frames.map(frame => frame.type === 'messages' && frame.request)).toEqual([7])
      return given(puppet, all) as string[]
    }
    const ids = all.map(({ id }) => id).sort()
    const answer = ask([])
    expect(answer.toSorted()).toEqual(ids)
    const { messages } = ada.core.decisions.book.get(scene.begun.id)?.decision ?? { messages: new Map() }
    for (const [at, id] of answer.entries()) {
      const { kind, payload } = messages.get(id)
      const before = new Set(answer.slice(0, at))
      const named = 'set' in payload ? [...payload.set, ...payload.because] : []
      expect([kind, named.filter((name: string) => !before.has(name))]).toEqual([kind, []])
    }
    expect(ask(answer.slice(0, -2)).toSorted()).toEqual(answer.slice(-2).toSorted())
    expect(ask([], ids[2], ids[5]).toSorted()).toEqual(ids.slice(3, 6))
    expect(ask(ids)).toEqual([])
    expect(ask([], '', '', toHex(sha256(utf8('no such decision'))))).toEqual([])
  })

  test('[SYN-60] an answer is one frame of about 64 KiB, and what is asked again brings the rest', () => {
    const { bench, node, space, puppet, begin, own, other } = table()
    const text = 'x'.repeat(8_000)
    const options = Array.from({ length: 4 }, (_, i) => ({ text, title: `Option ${i}` }))
    const all = Array.from({ length: 6 }, (_, i) =>
      initiation(space, [own, other], { options, nonce: `${i}`.repeat(32) })
    )
    say(node, begin(), ...all)
    bench.pass(500)
    puppet.take()
    const wanted = all.map(({ id }) => ({ decision: bytesOf(id), have: [] as Uint8Array[] }))
    const range = { after: new Uint8Array(), upTo: new Uint8Array() }
    const got: string[] = []
    for (let request = 1; got.length < 6 && request < 9; request++) {
      puppet.take()
      const rest = wanted.filter(({ decision }) => !got.includes(toHex(decision)))
      puppet.say({ type: 'want-messages', space: space.id, request, ...range, wanted: rest })
      expect(puppet.frames).toHaveLength(1)
      expect(puppet.bytes).toBeLessThan(70_000)
      bench.pass(100)
      got.push(...(given(puppet, all) as string[]))
    }
    expect(got.toSorted()).toEqual(all.map(({ id }) => id).sort())
  })
})

describe('what is said here', () => {
  test('[SYN-65] [DEC-29] it is durable before anybody hears of it', () => {
    const { bench, node, rival, puppet, space, begin } = table()
    bench.pass(200)
    puppet.take()
    node.disk.refuses = true
    const begun = begin()
    say(node, begun)
    puppet.say({ type: 'decision-summary', space: space.id, hash: new Uint8Array(32) })
    expect(puppet.take().map(({ type }) => type)).toEqual(['decision-summary'])
    const wanted = [{ decision: bytesOf(begun.id), have: [] }]
    const range = { after: new Uint8Array(), upTo: new Uint8Array() }
    puppet.say({ type: 'want-messages', space: space.id, request: 1, ...range, wanted })
    expect(puppet.take()).toEqual([{ type: 'messages', space: space.id, request: 1, records: [] }])
    // The bench hangs up where a disk refuses: what another connection hears comes after it has taken all.
    bench.pass(3_000)
    node.disk.refuses = false
    bench.pass(3_000)
    expect(node.disk.table('decision').map(({ key }) => key)).toEqual([
      `${toHex(space.id)}/${begun.id}/${begun.id}`
    ])
    const second = bench.puppet(node, rival).hello()
    bench.pass(200)
    expect(second.of('decision-summary')).toHaveLength(1)
  })

  test('[SYN-62] what others said is durable before it goes on, and does not go back to who brought it', () => {
    const { bench, nodes, space, holders, begun } = round([])
    const [ada, bob, cyn] = nodes
    const [from, to] = [bench.puppet(ada, bob.company).hello(), bench.puppet(ada, cyn.company).hello()]
    bench.pass(200)
    from.take()
    to.take()
    const theirs = initiation(space, [holders[1], holders[0], holders[2]])
    from.say(push(space, [theirs]))
    expect([to.of('messages'), ada.disk.table('decision')]).toEqual([[], []])
    bench.pass(100)
    expect(given(to, [theirs])).toEqual([theirs.id])
    expect(from.of('messages')).toEqual([])
    expect(begun.id).not.toBe(theirs.id)
  })

  test('[SYN-62] to a peer that reads too slowly a decision is named when there is room', () => {
    const { bench, node, puppet, space, own, other } = table()
    bench.pass(200)
    puppet.reads = false
    puppet.take()
    const options = Array.from({ length: 4 }, (_, i) => ({ text: 'x'.repeat(8_000), title: `Option ${i}` }))
    const all = Array.from({ length: 14 }, (_, i) =>
      initiation(space, [own, other], { options, nonce: i.toString(16).padStart(32, '0') })
    )
    say(node, ...all)
    bench.pass(500)
    const [pushed, named] = [given(puppet, all).length, puppet.of('decisions').length]
    expect([pushed > 5 && pushed < 14, named]).toEqual([true, 0])
    node.step({ on: 'sent', session: puppet.session, bytes: 2 ** 20 })
    const told = puppet.of('decisions').flatMap(({ decisions }) => decisions.map(({ id }) => toHex(id)))
    expect([...given(puppet, all), ...told].sort()).toEqual(all.map(({ id }) => id).sort())
  })

  test('[SYN-65] a second word in one slot is refused here, and so is one that comes too early', () => {
    const { node, begin, own, other } = table()
    const begun = begin()
    const codeOf = (message: Said) => {
      const result = node.perform(core => core.say(message))
      return isReject(result) ? [result.code, result.fault] : 'said'
    }
    const [first, second] = [
      commitment(own, begun.id),
      commitment(own, begun.id, { option: 1, salt: '22'.repeat(32) })
    ]
    expect(codeOf(first.said)).toEqual(['decision-unknown', false])
    expect([codeOf(begun), codeOf(begun), codeOf(first.said), codeOf(first.said)]).toEqual(
      Array.from({ length: 4 }, () => 'said')
    )
    expect(codeOf(second.said)).toEqual(['slot-taken', false])
    const close = sign(own, 'decision-close.v1', {
      because: [],
      decision: begun.id,
      round: 0,
      set: ['77'.repeat(32)]
    })
    expect(codeOf(close)).toEqual(['message-early', false])
    expect(codeOf(commitment(other, begun.id).said)).toEqual(['message-signer', false])
  })

  test('[SYN-62] what was durable is here again after a restart, and told', () => {
    const scene = round([[0, 1]])
    const [ada, bob, cyn] = scene.nodes
    say(ada, scene.begun)
    scene.bench.pass(500)
    say(bob, commitment(scene.holders[1], scene.begun.id).said)
    scene.bench.pass(500)
    for (const other of [bob, cyn]) ada.knows(other, { identity: true })
    const before = idsAt(ada, scene.begun.id)
    ada.crash()
    ada.start()
    expect(idsAt(ada, scene.begun.id)).toEqual(before)
    expect(before).toHaveLength(2)
    scene.bench.network.connect(ada, cyn)
    scene.bench.pass(3_000)
    expect(idsAt(cyn, scene.begun.id)).toEqual(before)
  })

  test('[AUD-29] each message that is durable is a leaf, by its id alone, and a signature where it is our own', () => {
    const scene = round(
      [
        [0, 1],
        [0, 2]
      ],
      { audits: true }
    )
    const [ada, bob] = scene.nodes
    say(ada, scene.begun)
    scene.bench.pass(500)
    const { said } = commitment(scene.holders[1], scene.begun.id)
    say(bob, said)
    scene.bench.pass(3_000)
    const records = recordsOf(ada, scene.space)
    const about = (id: string) =>
      records.filter(one => one['digest'] === id || one['id'] === id).map(({ at: _at, ...rest }) => rest)
    const [ours, theirs] = [scene.begun.id, said.id]
    const [own, other] = [ada.company.identity.did, bob.company.identity.did]
    const key = ada.company.role.publicKey.multikey
    const act = 'decision-initiation.v1'
    expect(about(ours)).toEqual([
      { type: 'signature', key, what: 'decision', act, id: ours },
      { type: 'agreement', act, company: own, digest: ours }
    ])
    expect(about(theirs)).toEqual([
      { type: 'agreement', act: 'decision-commitment.v1', company: other, digest: theirs }
    ])
  })
})
