// "Not for you" is "does not exist": the same bytes, and as long until nothing comes. The node is a real core; the
// times are those of its step, so nothing hides behind a network.
import { performance } from 'node:perf_hooks'
import { describe, expect, test } from 'vitest'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import { type Frame, encodeFrame } from '../../src/sync/frame.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { Bench, type Puppet, acquaint, foundSpace, writeFacet } from './bench.ts'
import type { SimNode } from '../sim/node.ts'

const PAIRS = 1_000
/** Where other work on the machine disturbed a round, the next one shows it. */
const ROUNDS_MAX = 12
const WITHIN = 0.05

type Probe = (id: Uint8Array) => Frame

const OF_FACETS: { [name: string]: Probe } = {
  need: facet => ({ type: 'need', facet, request: 1, lacks: [] }),
  run: facet => ({ type: 'run', facet, request: 0, client: 5, records: [] }),
  receipt: facet => ({ type: 'receipt', facet, tips: [], signature: new Uint8Array(64) }),
  presence: facet => ({ type: 'presence', facet, bytes: new Uint8Array(4) })
}

const OF_SPACES: { [name: string]: Probe } = {
  'want-space': space => ({ type: 'want-space', space, have: [] }),
  summary: space => ({ type: 'summary', space, hash: new Uint8Array(32) }),
  heads: space => ({ type: 'heads', space, facets: [] }),
  entries: space => ({ type: 'entries', space, genesis: new Uint8Array(300), entries: [] }),
  spaces: id => ({ type: 'spaces', spaces: [{ id, tips: [], versions: ['', ''] }] })
}

/** A node with a space of its own, one that it shares with the asker, and one that it shares with somebody else. */
function scene() {
  const bench = new Bench()
  bench.audits = true
  const node = bench.node('Ada')
  const [asker, other] = [bench.company('Bob'), bench.company('Cid')]
  for (const company of [asker, other]) acquaint(node, company)
  foundSpace(node, [node.company])
  const shared = foundSpace(node, [node.company, asker])
  const foreign = foundSpace(node, [node.company, other])
  const many = (space: SpaceLog, dataClass: 'private' | 'public') =>
    Array.from({ length: 20 }, () => writeFacet(node, space, dataClass).facet.id)
  const hidden = { 'private to us': many(shared, 'private'), 'of others': many(foreign, 'public') }
  bench.pass(200)
  const puppet = bench.puppet(node, asker).hello()
  bench.pass(2_000)
  return { bench, node, puppet, shared, foreign, hidden }
}

/** What the node does about these bytes, and how long that takes, in ms. */
function ask({ victim, session }: Puppet, bytes: Uint8Array): { effects: unknown[]; ms: number } {
  const now = victim.world.now()
  const began = performance.now()
  const effects = victim.core.step({ on: 'frame', session, bytes }, now)
  return { effects, ms: performance.now() - began }
}

const textOf = (effects: unknown[]) =>
  JSON.stringify(effects, (_, value) => (value instanceof Uint8Array ? toHex(value) : value))

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] as number

/** The median for what is here and not for the asker, over that for what is not here. */
function ratioOf(
  { bench, puppet }: ReturnType<typeof scene>,
  probe: Probe,
  ids: readonly Uint8Array[]
): number {
  const times: { here: number[]; absent: number[] } = { here: [], absent: [] }
  const none = ids.map(() => bench.random.bytes(32))
  // Everything is made before the first is asked: what is asked last must not find a warmer machine.
  const questions = Array.from({ length: PAIRS }, (_, i) => {
    const at = i % ids.length
    const here = { which: 'here' as const, bytes: encodeFrame(probe(ids[at] as Uint8Array)) }
    const absent = { which: 'absent' as const, bytes: encodeFrame(probe(none[at] as Uint8Array)) }
    return bench.random.below(2) === 0 ? [here, absent] : [absent, here]
  }).flat()
  for (const { which, bytes } of questions) times[which].push(ask(puppet, bytes).ms)
  return median(times.here) / median(times.absent)
}

function closest(world: ReturnType<typeof scene>, probe: Probe, ids: readonly Uint8Array[]): number {
  let best = Infinity
  for (let round = 0; round < ROUNDS_MAX && Math.abs(best - 1) > WITHIN; round++) {
    const ratio = ratioOf(world, probe, ids)
    if (Math.abs(ratio - 1) < Math.abs(best - 1)) best = ratio
  }
  return best
}

describe('silence takes as long', () => {
  const world = scene()
  const asked = Object.entries(world.hidden).flatMap(([whose, ids]) =>
    Object.entries(OF_FACETS).map(([name, probe]) => [`${name} of facets ${whose}`, probe, ids] as const)
  )
  const spaces = Object.entries(OF_SPACES).map(
    ([name, probe]) => [`${name} of a space without the asker`, probe, [world.foreign.id]] as const
  )

  test.for([...asked, ...spaces])('[SYN-50] %s', ([, probe, ids]) => {
    const [id] = ids as readonly [Uint8Array]
    const unknown = world.bench.random.bytes(32)
    const says = (named: Uint8Array) => textOf(ask(world.puppet, encodeFrame(probe(named))).effects)
    // A want-space names what the peer named.
    expect(says(id)).toBe(says(unknown).replaceAll(toHex(unknown), toHex(id)))
    const ratio = closest(world, probe, ids)
    expect(ratio).toBeGreaterThan(1 - WITHIN)
    expect(ratio).toBeLessThan(1 + WITHIN)
  })

  test('[AUD-26] what was denied is in the log of our own space, and as much for what is not here', () => {
    const { bench, node, puppet, shared, hidden } = scene()
    const sizes = () => [shared, node.core.context.directory.home].map(space => sizeOf(node, space))
    bench.pass(2_000)
    const [before = 0, home = 0] = sizes()
    ask(puppet, encodeFrame(OF_FACETS['need']?.(hidden['private to us'][0] as Uint8Array) as Frame))
    bench.pass(2_000)
    expect(sizes()).toEqual([before, home + 1])
    for (let i = 0; i < 5; i++) ask(puppet, encodeFrame(OF_FACETS['need']?.(bench.random.bytes(32)) as Frame))
    bench.pass(2_000)
    expect(sizes()).toEqual([before, home + 2])
  })

  test('[AUD-26] who is denied without end adds one leaf a second for each rule', () => {
    const { bench, node, puppet, hidden } = scene()
    const size = () => sizeOf(node, node.core.context.directory.home)
    const asks = (id: Uint8Array) =>
      ask(puppet, encodeFrame({ type: 'need', facet: id, request: 1, lacks: [] }))
    const before = size()
    for (let i = 0; i < 300; i++) asks(bench.random.bytes(32))
    for (const id of hidden['private to us']) asks(id)
    bench.pass(1_500)
    expect(size()).toBe(before + 2)
    // What came back in the meantime is one that stands for itself.
    for (const id of hidden['private to us']) asks(id)
    bench.pass(1_500)
    expect(size()).toBe(before + 4)
  })
})

function sizeOf(node: SimNode, space: SpaceLog | undefined): number {
  const own = space && node.core.audit?.own.logOf(space)
  return own?.published?.checkpoint.size ?? 0
}
