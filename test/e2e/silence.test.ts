// On real sockets and stores: who asks for what is not for it, and at once for something else, has that answer as
// soon as who asks for what is not there. What the node itself takes is in test/sync/silence.test.ts.
import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeFrame } from '../../src/sync/frame.ts'
import { fromHex } from '../../src/wire/bytes.ts'
import { Random } from '../sim/random.ts'
import type { ModifiedNode } from './modified-node.ts'
import { didOf } from './nodes.ts'
import { WithRival } from './with-rival.ts'

const PAIRS = 1_000
/** Where other work on the machine disturbed a round, the next one shows it. */
const ROUNDS_MAX = 5
const WITHIN = 0.05
/** By number: what was asked for beside it, as it comes back. */
const IDENTITY = 2

const random = new Random(12)
const world = new WithRival(12)

beforeAll(() => world.open(), 120_000)
afterAll(() => world.close())

/** Asks for the facet and then for the identity log of the other side. @returns ms until that is here */
function asker({ node, say }: ModifiedNode, did: string): (facet: Uint8Array) => Promise<number> {
  let frames = 0
  let come = (): void => undefined
  const step = node.step.bind(node)
  node.step = event => {
    if (event.on === 'frame' && event.bytes[1] === IDENTITY) come()
    else if (event.on === 'frame') frames++
    step(event)
  }
  const identity = encodeFrame({ type: 'want-identity', did, offset: 0 })
  return async facet => {
    const need = encodeFrame({ type: 'need', facet, request: 1, lacks: [] })
    const [before, began] = [frames, performance.now()]
    const answered = new Promise<void>(resolve => (come = resolve))
    say(need)
    say(identity)
    await answered
    // A word that others made meanwhile is no answer to this.
    return frames === before ? performance.now() - began : NaN
  }
}

function median(times: number[]): number {
  const sorted = times.filter(time => !Number.isNaN(time)).sort((a, b) => a - b)
  expect(sorted.length).toBeGreaterThan(PAIRS * 0.9)
  return sorted[sorted.length >> 1] as number
}

it('[SYN-50] [SYN-5] a private document takes as long to be silent about as one that is not there', async () => {
  const space = (await world.a.artifacts())[0]?.space as string
  const options = { kind: 'StandardsDoc.v1', title: 'Own', class: 'private', space } as const
  const { id } = await world.a.createArtifact(options)
  const hidden = fromHex((await world.a.read(id)).facet) as Uint8Array
  const rival = await world.modified(500)
  const ask = asker(rival, await didOf(world.a))
  const absent = Uint8Array.from(randomBytes(32))
  let ratio = 0
  for (let round = 0; round < ROUNDS_MAX && Math.abs(ratio - 1) > WITHIN; round++) {
    const times: { here: number[]; absent: number[] } = { here: [], absent: [] }
    for (let i = 0; i < PAIRS; i++) {
      const pair = ['here', 'absent'] as const
      for (const which of random.chance(0.5) ? pair : pair.toReversed())
        times[which].push(await ask(which === 'here' ? hidden : absent))
    }
    ratio = median(times.here) / median(times.absent)
  }
  expect(Math.abs(ratio - 1)).toBeLessThan(WITHIN)
  expect(world.refused.a).toEqual([])
  await rival.stop()
}, 120_000)
