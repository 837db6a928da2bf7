// protocols/sync, section 14: which messages of decisions are taken, whose fault the others are, and how much a peer
// can make a node hold of them.
import { describe, expect, test } from 'vitest'
import type { Decision } from '../../src/decision/decision.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import type { Allowances } from '../../src/sync/allowance.ts'
import type { Frame } from '../../src/sync/frame.ts'
import { fromHex, toHex, utf8 } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { type JcsValue, encodeJcs } from '../../src/wire/jcs.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type Company, createRoleKey } from '../sim/company.ts'
import {
  type Holder,
  type Said,
  commitment,
  holderOf,
  initiation,
  policyOf,
  said as sign
} from '../sim/deciding.ts'
import type { SimNode } from '../sim/node.ts'
import { type Puppet, group, stage } from './bench.ts'

const DAY_MS = 86_400_000
const bytesOf = (id: string) => fromHex(id) as Uint8Array
const hashOf = (text: string) => sha256(utf8(text))

function decisionAt({ core }: SimNode, { id }: Said): Decision | undefined {
  return core.decisions.book.get(id)?.decision
}

const idsAt = (node: SimNode, begun: Said) => [...(decisionAt(node, begun)?.messages.keys() ?? [])].sort()

function push({ id }: SpaceLog, records: readonly Said[], request = 0): Frame {
  const plain = records.map(({ document, certificate }) => ({ document, certificate }))
  return { type: 'messages', space: id, request, records: plain }
}

function naming({ id }: SpaceLog, decisions: Uint8Array[]): Frame {
  const digest = new Uint8Array(32)
  return { type: 'decisions', space: id, decisions: decisions.map(id => ({ id, digest })) }
}

/** A node that holds a decision, and a puppet of the other company that decides in it. */
function table({ changes = {} }: { changes?: Parameters<typeof initiation>[2] } = {}) {
  const scene = stage()
  const { bench, node, rival, space, puppet } = scene
  const [own, other] = [holderOf(node.company), holderOf(rival)] as [Holder, Holder]
  const begun = initiation(space, [own, other], changes)
  const result = node.perform(core => core.say(begun))
  if (isReject(result)) throw new Error(`${result}`)
  bench.pass(200)
  puppet.take()
  return { ...scene, own, other, begun }
}

/** One more key of the company that may vote. */
function colleague(company: Company, bench: ReturnType<typeof table>['bench']): Holder {
  return { did: company.identity.did, ...createRoleKey(company, bench.random) }
}

const hidden = (n: number) => ({ salt: n.toString(16).padStart(64, '0') })

function close(holder: Holder, { id }: Said, set: string[], round = 0, because: string[] = []): Said {
  return sign(holder, 'decision-close.v1', { because, decision: id, round, set: set.toSorted() })
}

/** What the node lets this peer cost. */
function allowancesOf({ state }: Puppet): Allowances {
  if (!state) throw new Error('the session is over')
  return state.allowances
}

/** The document of one message under the signature of another. */
function forged(message: Said, other: Said): Said {
  const [json, donor] = [message, other].map(
    ({ document }) => JSON.parse(Buffer.from(document).toString()) as { [member: string]: JcsValue }
  ) as [{ [member: string]: JcsValue }, { [member: string]: JcsValue }]
  return { ...message, document: encodeJcs({ ...json, signatures: donor['signatures'] as JcsValue }) }
}

/** As if all but `left` bytes of today's share had been used. */
function useUp(node: SimNode, did: string, left = 0): void {
  const { quota, now } = node.core.context
  const charged = quota.charge('decisions', did, 8 * 1024 * 1024 - left, now)
  if (charged?.write.kind === 'put') node.disk.tables.set(`quota:${charged.write.key}`, charged.write.bytes)
}

describe('whose fault it is', () => {
  const faults: [what: string, code: string, say: (scene: ReturnType<typeof table>) => Said][] = [
    ['that is no document', 'jcs-syntax', ({ begun }) => ({ ...begun, document: utf8('{'), id: '' })],
    [
      'with the signature of another',
      'signature',
      ({ other, begun }) =>
        forged(commitment(other, begun.id).said, commitment(other, begun.id, hidden(2)).said)
    ],
    [
      'under the certificate of another company',
      'certificate-company',
      ({ own, other, begun }) => ({ ...commitment(other, begun.id).said, certificate: own.certificate })
    ],
    [
      'dated before its certificate',
      'message-time',
      ({ other, begun }) => commitment(other, begun.id, { time: Date.UTC(2020, 0, 1) }).said
    ],
    [
      'that begins a decision of another space',
      'initiation-shape',
      ({ space, own, other }) => initiation(space, [other, own], { space: '77'.repeat(32) })
    ],
    [
      'that begins a decision in which its signer has no say',
      'message-power',
      ({ space, own, other }) => {
        const policy = policyOf([own.did, other.did])
        const electors = [own, own].map(({ did }, i) => {
          return { company: did, role: i === 0 ? ('CTO' as const) : ('CFO' as const), weight: 1 }
        })
        return initiation(space, [other, own], { policy: { ...policy, electors } })
      }
    ],
    [
      'in which another key speaks in rounds than was named',
      'message-power',
      ({ bench, rival, begun }) => close(colleague(rival, bench), begun, [])
    ]
  ]

  test.each(faults)('[SYN-61] who brings a message %s is let go with %s', (_what, code, messageOf) => {
    const scene = table()
    const { bench, node, space, puppet, begun } = scene
    puppet.say(push(space, [messageOf(scene)]))
    expect([puppet.closed, bench.refusals(node)]).toEqual([true, [code]])
    expect(idsAt(node, begun)).toEqual([begun.id])
    expect(node.core.decisions.book.of(space)).toHaveLength(1)
  })

  test('[SYN-61] what came before the one at fault in the same frame stays', () => {
    const { node, space, puppet, other, begun } = table()
    const { said } = commitment(other, begun.id)
    const wrong = commitment(other, begun.id, { time: Date.UTC(2020, 0, 1) }).said
    puppet.say(push(space, [said, wrong]))
    expect([puppet.closed, idsAt(node, begun)]).toEqual([true, [begun.id, said.id].sort()])
  })

  test('[SYN-61] a message of a decision that is not here is not kept, and its bearer is asked for the decision', () => {
    const { node, space, puppet, own, other } = table()
    const theirs = initiation(space, [other, own])
    const { said } = commitment(other, theirs.id)
    puppet.say(push(space, [said]))
    const [want] = puppet.of('want-messages')
    expect(want?.wanted.map(({ decision, have }) => [toHex(decision), have])).toEqual([[theirs.id, []]])
    expect([puppet.closed, idsAt(node, theirs)]).toEqual([false, []])
    puppet.say(push(space, [theirs, said], want?.request))
    expect(idsAt(node, theirs)).toEqual([theirs.id, said.id].sort())
  })

  /** Ada, a puppet of Bob's, and Cyn, of whom Ada has heard little. */
  function three() {
    const scene = group(['Ada', 'Bob', 'Cyn'], [])
    const [ada, bob, cyn] = scene.nodes
    const holders = scene.nodes.map(({ company }) => holderOf(company)) as [Holder, Holder, Holder]
    const begun = initiation(scene.space, holders)
    const puppet = scene.bench.puppet(ada, bob.company).hello()
    scene.bench.pass(200)
    return { ...scene, ada, bob, cyn, holders, begun, puppet }
  }

  test('[SYN-61] a message whose signer’s identity log is not here waits with its bearer, and comes when the log has', () => {
    const { bench, ada, bob, cyn, holders, begun, space, puppet } = three()
    const { said } = commitment(holders[2], begun.id)
    ada.core.context.directory.identities.delete(cyn.company.identity.did)
    puppet.say(push(space, [begun, said]))
    expect([puppet.closed, idsAt(ada, begun)]).toEqual([false, [begun.id]])
    bob.core.context.directory.spaces.set(toHex(space.id), space)
    for (const message of [begun, said]) {
      const session = bench.puppet(bob, cyn.company).hello()
      session.say(push(space, [message]))
    }
    bench.pass(200)
    bench.network.connect(ada, bob)
    bench.pass(5_000)
    expect(idsAt(ada, begun)).toEqual([begun.id, said.id].sort())
    expect(bench.refusals(ada)).toEqual([])
  })

  test('[SYN-61] a message of a company that is no party of the space is not kept', () => {
    const { bench, ada, holders, space, puppet } = three()
    const eve = bench.company('Eve')
    ada.core.context.directory.identities.set(eve.identity.did, eve.identity)
    const begun = initiation(space, [holders[1], holderOf(eve)])
    puppet.say(push(space, [begun, commitment(holderOf(eve), begun.id).said]))
    expect([puppet.closed, idsAt(ada, begun)]).toEqual([false, [begun.id]])
  })

  test('[SYN-61] a statement that is wrong beside others is nobody’s fault, and is not asked for again', () => {
    const { bench, node, space, puppet, other, begun } = table()
    const { said } = commitment(other, begun.id)
    const first = close(other, begun, [said.id])
    const wrong = close(other, begun, [said.id], 1, [first.id])
    puppet.say(push(space, [said, first, wrong]))
    expect([puppet.closed, bench.refusals(node)]).toEqual([false, []])
    expect(idsAt(node, begun)).toEqual([begun.id, said.id, first.id].sort())
    puppet.say(naming(space, [bytesOf(begun.id)]))
    expect(puppet.of('want-messages')[0]?.wanted[0]?.have.map(toHex)).toContain(wrong.id)
  })

  test('[SYN-62] a statement that waits is neither stored nor told of, and comes with what it names', () => {
    const { bench, node, space, puppet, other, begun } = table()
    const { said } = commitment(other, begun.id)
    const statement = close(other, begun, [said.id])
    puppet.say(push(space, [statement]))
    bench.pass(200)
    expect([node.disk.table('decision').length, decisionAt(node, begun)?.waiting.length]).toEqual([1, 1])
    const [want] = puppet.of('want-messages')
    expect(want?.wanted[0]?.have.map(toHex)).toEqual([begun.id, statement.id].sort())
    puppet.say(push(space, [said], want?.request))
    bench.pass(200)
    expect([node.disk.table('decision').length, decisionAt(node, begun)?.waiting.length]).toEqual([3, 0])
  })
})

describe('how much', () => {
  test('[SYN-63] pushes beyond the rate are not looked into, and asked for when there is time', () => {
    const { bench, node, space, puppet, other, begun } = table()
    allowancesOf(puppet).pushed.spend(1_000, 0, bench.now())
    const { said } = commitment(other, begun.id)
    puppet.say(push(space, [said]))
    expect([puppet.closed, idsAt(node, begun)]).toEqual([false, [begun.id]])
    expect(puppet.of('decision-summary').length).toBe(0)
    bench.pass(200)
    expect(puppet.of('decision-summary').length).toBe(1)
    puppet.say(naming(space, [bytesOf(begun.id)]))
    puppet.say(push(space, [said], puppet.of('want-messages')[0]?.request))
    expect(idsAt(node, begun)).toContain(said.id)
  })

  test('[SYN-63] who goes on pushing is let go', () => {
    const { bench, node, space, puppet, begun } = table()
    const frame = push(
      space,
      Array.from({ length: 30 }, () => begun)
    )
    for (let i = 0; i < 500 && !puppet.closed; i++) puppet.say(frame)
    expect([puppet.closed, bench.refusals(node)]).toEqual([true, ['push-flood']])
  })

  test('[SYN-63] what exceeds the checks of a second is put off, not refused', () => {
    const { bench, node, space, puppet, other, begun } = table()
    allowancesOf(puppet).checks.spend(4_000, bench.now())
    const { said } = commitment(other, begun.id)
    puppet.say(push(space, [said]))
    puppet.say(naming(space, [bytesOf(begun.id)]))
    expect([idsAt(node, begun), puppet.take()]).toEqual([[begun.id], []])
    bench.pass(500)
    expect(puppet.take()).toEqual([])
    bench.pass(1_000)
    expect(puppet.of('decision-summary')).toHaveLength(1)
    const [want] = puppet.of('want-messages')
    puppet.say(push(space, [said], want?.request))
    expect(idsAt(node, begun)).toContain(said.id)
  })

  test('[SYN-63] an answer that comes when no check is left is asked for again', () => {
    const { bench, node, space, puppet, other, begun } = table()
    const { said } = commitment(other, begun.id)
    puppet.say(naming(space, [bytesOf(begun.id)]))
    allowancesOf(puppet).checks.spend(4_000, bench.now())
    puppet.say(push(space, [said], puppet.of('want-messages')[0]?.request))
    expect([idsAt(node, begun), puppet.of('want-messages').length]).toEqual([[begun.id], 1])
    bench.pass(2_000)
    expect(puppet.of('want-messages')).toHaveLength(2)
    puppet.say(push(space, [said], puppet.of('want-messages')[1]?.request))
    expect(idsAt(node, begun)).toContain(said.id)
  })

  test('[SYN-63] judging messages is paid for from the checks of their bearer', () => {
    const { bench, space, puppet, other, begun } = table()
    const allowances = allowancesOf(puppet)
    const before = allowances.checks.left(bench.now())
    puppet.say(push(space, [commitment(other, begun.id).said]))
    const judged = before - allowances.checks.left(bench.now())
    puppet.say(push(space, [commitment(other, begun.id).said]))
    const known = before - judged - allowances.checks.left(bench.now())
    expect(judged).toBeGreaterThan(3)
    expect([known > 0, known < 0.5]).toEqual([true, true])
  })

  test('[SYN-64] beyond its share of the day a company’s messages stay with their sender, unasked, until the next', () => {
    const { bench, node, rival, space, puppet, other, begun } = table()
    const { did } = rival.identity
    useUp(node, did, 1)
    const all = [1, 2].map(n => commitment(other, begun.id, hidden(n)).said) as [Said, Said]
    puppet.say(push(space, [all[0]]))
    puppet.say(push(space, [all[1]]))
    bench.pass(200)
    expect([puppet.closed, idsAt(node, begun)]).toEqual([false, [begun.id, all[0].id].sort()])
    const { quota } = node.core.context
    expect([
      quota.isSpent('decisions', did, bench.now()),
      quota.isSpent('entries', did, bench.now())
    ]).toEqual([true, false])
    const have = () => {
      puppet.take()
      puppet.say(naming(space, [bytesOf(begun.id)]))
      const [want] = puppet.of('want-messages')
      puppet.say(push(space, [], want?.request))
      return want?.wanted[0]?.have.map(toHex)
    }
    expect(have()).toContain(all[1].id)
    node.disk.tables.set(`identity:${did}`, rival.identity.log)
    expect(node.disk.table('quota').map(({ key }) => key)).toContain(`decisions/${did}`)
    bench.clock.runUntil(bench.now() + DAY_MS)
    bench.pass(200)
    expect(have()).not.toContain(all[1].id)
    puppet.say(push(space, [all[1]]))
    expect(idsAt(node, begun)).toContain(all[1].id)
  })

  test('[SYN-64] our own messages are not counted', () => {
    const { node, rival, own, begun } = table()
    useUp(node, node.company.identity.did)
    const result = node.perform(core => core.say(commitment(own, begun.id).said))
    expect(isReject(result)).toBe(false)
    useUp(node, rival.identity.did)
    const { context } = node.core
    expect(context.isSpent(undefined, 'decisions', rival.identity.did)).toBe(false)
  })

  test(
    '[SYN-64] 512 decisions of one company in a space, and no more, whoever it is',
    { timeout: 60_000 },
    () => {
      const { bench, node, space, puppet, own, other } = table()
      const nonce = (n: number) => n.toString(16).padStart(32, '0')
      const theirs = Array.from({ length: 513 }, (_, n) =>
        initiation(space, [other, own], { nonce: nonce(n) })
      )
      for (const [i, message] of theirs.entries()) {
        if (i % 100 === 0) bench.pass(3_000)
        puppet.say(push(space, [message]))
      }
      bench.pass(3_000)
      expect(node.core.decisions.book.of(space)).toHaveLength(1 + 512)
      const last = theirs.at(-1) as Said
      expect([puppet.closed, idsAt(node, last)]).toEqual([false, []])
      puppet.take()
      puppet.say(naming(space, [bytesOf(last.id)]))
      expect(puppet.of('want-messages')).toEqual([])
      const sayOwn = (n: number) => {
        const result = node.perform(core => core.say(initiation(space, [own, other], { nonce: nonce(n) })))
        return isReject(result) && result.code
      }
      expect(Array.from({ length: 512 }, (_, n) => sayOwn(1 + n)).filter(Boolean)).toEqual(['decisions-many'])
    }
  )

  test('[SYN-64] 64 messages of a company wait in a decision, others are not asked for, and those that need not are taken', () => {
    const { bench, node, space, puppet, other, begun } = table()
    const waiting = Array.from({ length: 60 }, (_, round) => [
      close(other, begun, [toHex(hashOf(`missing ${round}`))], round),
      sign(other, 'decision-settle.v1', {
        because: [],
        decision: begun.id,
        round,
        set: [toHex(hashOf(`missing as well ${round}`))]
      })
    ]).flat()
    for (let i = 0; i < waiting.length; i += 20) puppet.say(push(space, waiting.slice(i, i + 20)))
    bench.pass(200)
    const state = () => [decisionAt(node, begun)?.waiting.length, node.disk.table('decision').length]
    expect(state()).toEqual([64, 1])
    const unsealed = Array.from({ length: 3 }, (_, n) => {
      const { secret } = commitment(other, begun.id, hidden(100 + n))
      return sign(other, 'decision-reveal.v1', { decision: begun.id, ...secret })
    })
    puppet.say(push(space, unsealed))
    bench.pass(200)
    expect(state()).toEqual([64, 1])
    const { context, decisions } = node.core
    const kept = decisionAt(node, begun)?.waiting.map(({ id }) => id) ?? []
    const left = decisions.book.leftOf(begun.id, context.steady)
    expect([...kept, ...left].sort()).toEqual([...waiting, ...unsealed].map(({ id }) => id).sort())
    const { said } = commitment(other, begun.id)
    const statement = close(other, begun, [said.id])
    puppet.say(push(space, [said, statement]))
    expect(idsAt(node, begun)).toEqual([begun.id, said.id, statement.id].sort())
    expect([puppet.closed, bench.refusals(node)]).toEqual([false, []])
  })

  test('[SYN-64] what there was no room for is not sent again, until a statement names it', () => {
    const { node, space, puppet, other, begun } = table()
    const all = [1, 2, 3].map(n => commitment(other, begun.id, hidden(n)).said) as [Said, Said, Said]
    puppet.say(push(space, all))
    expect(idsAt(node, begun)).toEqual([begun.id, all[0].id, all[1].id].sort())
    const have = () => {
      puppet.take()
      puppet.say(naming(space, [bytesOf(begun.id)]))
      return puppet.of('want-messages')[0]
    }
    const before = have()
    expect(before?.wanted[0]?.have.map(toHex)).toContain(all[2].id)
    const statement = close(other, begun, [all[0].id, all[2].id])
    puppet.take()
    puppet.say(push(space, [statement], before?.request))
    const after = puppet.of('want-messages')[0]
    expect(after?.wanted[0]?.have.map(toHex)).not.toContain(all[2].id)
    puppet.say(push(space, [all[2]], after?.request))
    expect(idsAt(node, begun)).toEqual([begun, ...all, statement].map(({ id }) => id).sort())
  })

  test('[SYN-59] of decisions that a peer names and never sends 4,096 are kept in mind', () => {
    const { bench, space, puppet } = table()
    for (let page = 0; page < 5; page++) {
      puppet.say(
        naming(
          space,
          Array.from({ length: 1_000 }, (_, i) => hashOf(`${page} ${i}`))
        )
      )
    }
    bench.pass(200)
    expect([puppet.state?.decisions.wanted.size, puppet.of('want-messages').length]).toEqual([4_096, 1])
  })

  test('[SYN-59] more ids than one request names are named part by part', () => {
    const { node, space, puppet, begun } = table()
    const { book } = node.core.decisions
    for (let i = 0; i < 3_100; i++) book.leave(begun.id, toHex(hashOf(`left ${i}`)), Infinity)
    const ids = [begun.id, ...book.leftOf(begun.id, 0)].sort()
    puppet.say(naming(space, [hashOf('another'), bytesOf(begun.id)]))
    for (let i = 0; i < 4; i++) puppet.say(push(space, [], puppet.of('want-messages')[i]?.request))
    const asked = puppet.of('want-messages')
    expect(asked.map(({ wanted }) => wanted.map(({ have }) => have.length))).toEqual([
      [0],
      [1_500],
      [1_500],
      [101]
    ])
    expect(asked.slice(1).flatMap(({ wanted }) => wanted[0]?.have.map(toHex))).toEqual(ids)
    const bounds = asked.slice(1).map(({ after, upTo }) => [toHex(after), toHex(upTo)])
    expect(bounds).toEqual([
      ['', ids[1_499]],
      [ids[1_499], ids[2_999]],
      [ids[2_999], '']
    ])
  })

  test('[SYN-59] what was left with its senders is forgotten when it becomes too much', () => {
    const { node, begun } = table()
    const { book } = node.core.decisions
    for (let i = 0; i < 10_001; i++) book.leave(begun.id, `${i}`, Infinity)
    expect(book.leftOf(begun.id, 0)).toEqual(['10000'])
  })
})
