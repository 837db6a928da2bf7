// A rival tells two honest nodes different things; each builds on what it was told. When they meet, one branch
// loses, and what an honest company wrote on it is written again by its own node: no honest word is lost.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { tell } from '../sim/liars.ts'
import { Random } from '../sim/random.ts'
import { agreed } from './nodes.ts'
import { WithRival } from './with-rival.ts'

const world = new WithRival(23)
const random = new Random(23)

beforeAll(() => world.open(), 120_000)
afterAll(() => world.close())

it('[ENV-28] honest work on a losing branch is written again, and both nodes end with one document', async () => {
  const artifact = world.artifacts[0] as string
  const { facet } = await world.a.read(artifact)
  await world.b.close()
  const frames: Uint8Array[] = []
  const liar = await world.modified(7, 'a')
  const held = liar.node.facet(facet)
  if (!held) throw new Error('the rival does not hold the document')
  const say = (frame: Uint8Array) => void frames.push(frame)
  expect(tell('equivocate', { liar: liar.node, held, others: [held], random, say })).toBe(true)
  const [left, right] = frames as [Uint8Array, Uint8Array]
  liar.say(left)
  await until('one branch at a', async () => (await world.a.read(artifact)).text.includes('left'))
  const seenByA = await world.a.read(artifact)
  await world.a.editText(artifact, { base: seenByA.frontier, text: `Acme on left. ${seenByA.text}` })
  await liar.stop()
  await world.a.close()

  await world.start('b')
  const again = await world.modified(8, 'b')
  again.say(right)
  await until('the other branch at b', async () => (await world.b.read(artifact)).text.includes('right'))
  const seenByB = await world.b.read(artifact)
  await world.b.editText(artifact, { base: seenByB.frontier, text: `Borealis on right. ${seenByB.text}` })
  await again.stop()

  await world.start('a')
  const text = await until(
    'both honest edits in one document',
    async () => {
      const whole = await agreed([world.a, world.b], artifact)
      return whole.includes('Acme on left.') && whole.includes('Borealis on right.') && whole
    },
    40_000
  )
  // One of the rival's two words stands; the other, and that both were signed, is on record.
  expect(text.includes('left 0') !== text.includes('right 0')).toBe(true)
  const log = await world.a.log(artifact)
  expect(log.some(line => line.state === 'losing' && line.company === 'Rival Ltd')).toBe(true)
  expect(log.filter(line => line.state === 'orphaned')).toHaveLength(1)
  expect(
    (await world.a.log(artifact)).filter(line => line.inserted.includes('Acme on left')).length
  ).toBeGreaterThan(0)
  expect(world.refused.b).toEqual([])
  await readLost(world.a, artifact, text)
  await readLost(world.b, artifact, text)
})

/** ENV-29: what no longer counts can be read by everybody who holds it, and reading it changes nothing. */
async function readLost(node: LocalNode, artifact: string, text: string): Promise<void> {
  const drafts = await node.drafts(artifact)
  expect(drafts.map(({ state }) => state).toSorted()).toEqual(['losing', 'orphaned'])
  const read = await Promise.all(drafts.map(({ id }) => node.draft(artifact, id.slice(0, 12))))
  const word = text.includes('left 0') ? 'right' : 'left'
  expect(read.find(({ state }) => state === 'losing')?.text).toContain(`${word} 0Rival was here`)
  expect(read.find(({ state }) => state === 'orphaned')?.text).toContain(` on ${word}. ${word} 0Rival`)
  expect((await node.read(artifact)).text).toBe(text)
  await expect(node.draft(artifact, 'ffffffffffff')).rejects.toMatchObject({ code: 'draft-unknown' })
}
