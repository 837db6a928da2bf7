// Disk full: writes are refused with the next step, reads go on, and the node recovers without a restart.
import { expect, it } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { LevelStore } from '../../src/store/level-store.ts'
import { FaultyStore } from '../store/faulty-store.ts'
import { agreed, joinNodes } from './nodes.ts'

it('[STO-16] a full disk refuses writes, serves reads, and goes on by itself when there is room', async () => {
  let store: FaultyStore | undefined
  const openStore = async (dir: string) => (store = await FaultyStore.open(() => LevelStore.open(dir)))
  const joined = await joinNodes(['Acme', 'Borealis'], { options: { openStore } })
  const [a, b] = joined.nodes as [LocalNode, LocalNode]
  try {
    const { frontier } = await a.read(joined.artifact)
    const disk = store as unknown as FaultyStore
    disk.full = true
    await expect(a.editText(joined.artifact, { base: frontier, text: 'while full\n' })).rejects.toMatchObject(
      { code: 'disk-full' }
    )
    await expect(a.editText(joined.artifact, { base: frontier, text: 'again\n' })).rejects.toMatchObject({
      code: 'disk-full'
    })
    expect((await a.read(joined.artifact)).text).toContain('\n')
    expect(
      (await a.why()).some(({ reasons }) => reasons.some(reason => reason.includes('nothing can be written')))
    ).toBe(true)
    // The other company goes on meanwhile, and nothing of it is lost.
    const other = await b.read(joined.artifact)
    await b.editText(joined.artifact, { base: other.frontier, text: `${other.text}from Borealis\n` })
    disk.full = false
    await until(
      'both to agree',
      async () => (await agreed(joined.nodes, joined.artifact)).includes('from Borealis'),
      40_000
    )
    await until('writing to go on', async () => {
      const now = await a.read(joined.artifact)
      return a.editText(joined.artifact, { base: now.frontier, text: `${now.text}after\n` })
    })
    await until('the edit after', async () => (await b.read(joined.artifact)).text.includes('after'))
  } finally {
    await joined.close()
  }
})
