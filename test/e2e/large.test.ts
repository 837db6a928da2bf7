// Documents larger than everything that may be under way at once, written apart, over real sockets.
import { expect, it } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { joinNodes, startNode } from './nodes.ts'

it('[SYN-20] four megabytes written while the other was away arrive whole, without a connection lost', async () => {
  const joined = await joinNodes(['Acme', 'Borealis'])
  const [a, b] = joined.nodes as [LocalNode, LocalNode]
  try {
    await b.close()
    const line = `${'All work and no play makes a dull standard. '.repeat(24)}\n`
    const text = line.repeat(Math.ceil(3_900_000 / line.length))
    const { frontier } = await a.read(joined.artifact)
    await a.editText(joined.artifact, { base: frontier, text })
    let cut = 0
    a.subscribe(event => {
      if (event.event === 'peer' && !event.connected) cut++
    })
    const again = await startNode(joined.homes[1] as (typeof joined.homes)[0])
    joined.nodes[1] = again
    await until('all of it', async () => (await again.read(joined.artifact)).text === text, 50_000)
    expect(cut).toBe(0)
    // And as much again while both are there.
    const now = await a.read(joined.artifact)
    const paste = 'x'.repeat(1_048_576)
    await a.editText(joined.artifact, { base: now.frontier, text: paste })
    await until('the paste', async () => (await again.read(joined.artifact)).text === paste, 50_000)
    expect(cut).toBe(0)
  } finally {
    await joined.close()
  }
})
