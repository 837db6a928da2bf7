// Ten companies in a ring: each knows two neighbours and no one else, and what one writes reaches all.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { didOf, type Joined, joinNodes, meet } from './nodes.ts'

const COMPANIES = [
  'Acme',
  'Borealis',
  'Cygnus',
  'Dorado',
  'Eridanus',
  'Fornax',
  'Grus',
  'Hydra',
  'Indus',
  'Lyra'
]
const WAIT_MS = 120_000

let ring: Joined

beforeAll(async () => {
  ring = await joinNodes(COMPANIES)
  await meet(ring.nodes.at(-1) as LocalNode, ring.nodes[0] as LocalNode)
}, 300_000)
afterAll(() => ring.close())

async function write(node: LocalNode, word: string): Promise<void> {
  const { text, frontier } = await node.read(ring.artifact)
  await node.editText(ring.artifact, { base: frontier, text: `${text}${word}\n` })
}

async function reachesAll(...words: string[]): Promise<void> {
  await until(
    'one document at all',
    async () => {
      const read = await Promise.all(ring.nodes.map(node => node.read(ring.artifact)))
      const [first] = read
      return read.every(
        ({ structRoot, text }) => structRoot === first?.structRoot && words.every(word => text.includes(word))
      )
    },
    WAIT_MS
  )
}

it('[SYN-24] an edit at one reaches all ten, each of which knows two', { timeout: 2 * WAIT_MS }, async () => {
  for (const node of ring.nodes) expect(await node.peers()).toHaveLength(2)
  await write(ring.nodes[2] as LocalNode, 'from the third')
  await reachesAll('from the third')
})

it(
  '[SYN-24] where the ring is cut, the other way is left, and the cut heals',
  { timeout: 4 * WAIT_MS },
  async () => {
    const [left, right] = [ring.nodes[4] as LocalNode, ring.nodes[5] as LocalNode]
    await left.forget(await didOf(right))
    await right.forget(await didOf(left))
    expect([await left.peers(), await right.peers()].map(peers => peers.length)).toEqual([1, 1])
    await Promise.all([write(left, 'left of the cut'), write(right, 'right of the cut')])
    await reachesAll('left of the cut', 'right of the cut')
    await meet(left, right)
    await write(left, 'after the cut')
    await reachesAll('after the cut')
  }
)
