// What is left on the disk of a node that stopped, or was killed. All mutants: test/at-rest/main.ts.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MUTANTS } from './mutant-list.ts'
import { leave, plant } from './scenario.ts'

for (const ending of ['stopped', 'killed'] as const) {
  it(`[STO-31] a home whose node was ${ending} shows nothing of what is private, and the shared word`, async () => {
    const { traces, shared } = await leave(ending)
    expect(traces).toEqual([])
    expect(shared.length).toBeGreaterThan(0)
  })
}

it('[STO-31] the search finds what one place leaves unsealed', async () => {
  const mutant = MUTANTS.find(({ name }) => name === 'the content of an envelope is not sealed')
  const sources = plant(mutant!)
  try {
    const { traces } = await leave('killed', sources)
    expect(traces.map(({ what }) => what)).toContain('text, raw')
  } finally {
    rmSync(sources, { recursive: true, force: true })
  }
})

it('each mutant finds what it takes out, once', () => {
  const src = join(import.meta.dirname, '../../src')
  const times = MUTANTS.map(({ name, file, find }) => ({
    name,
    times: readFileSync(join(src, file), 'utf8').split(find).length - 1
  }))
  expect(times.filter(one => one.times !== 1)).toEqual([])
})
