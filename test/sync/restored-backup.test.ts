// A machine is restored from an image while its original runs on, with the same memory: both write as one lane.
// The one that loses is honest, and its words can be read back.
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { draftsOf, pastOf } from '../../src/replica/drafts.ts'
import type { Facet } from '../../src/replica/facet.ts'
import type { Position } from '../../src/replica/lane-tree.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { SimNode, type World } from '../sim/node.ts'
import { Random } from '../../src/sandbox/random.ts'
import { type Bench, acquaint, group, writeFacet } from './bench.ts'

/** The bench, with dice of its own: two images of one machine throw the same. */
function imageOf(bench: Bench, seed: number): World {
  return {
    random: new Random(seed),
    now: () => bench.now(),
    send: (from, session, frame) => bench.send(from, session, frame),
    hangUp: (from, session) => bench.hangUp(from, session),
    later: (delayMs, work) => bench.later(delayMs, work),
    news: (at, news) => bench.news(at, news)
  }
}

function textOf(node: SimNode, { id }: Facet, positions: Position[]): string {
  const doc = new Y.Doc()
  const wanted = positions.map(({ segment, seq }) => ({
    client: segment.lane.client,
    seq,
    id: segment.idAt(seq)
  }))
  for (const record of node.disk.read(toHex(id), wanted)) if (record) Y.applyUpdate(doc, record.body)
  return doc.getText('text').toJSON()
}

test('[ENV-29] what a restored backup and its original both wrote: one counts, the other is a draft', () => {
  const { bench, nodes, space } = group(['Ada', 'Bob'], [[0, 1]])
  const [ada, bob] = nodes
  const id = toHex(writeFacet(ada, space).facet.id)
  bench.pass(3_000)
  for (const { company } of nodes)
    ada.disk.tables.set(`identity:${company.identity.did}`, company.identity.log)
  ada.crash()
  const twins = ['of the original ', 'of the restored '].map(words => {
    const twin = new SimNode(ada.company, imageOf(bench, 5))
    twin.start(ada.disk.copy())
    acquaint(twin, bob.company)
    bench.nodes.push(twin)
    twin.edit(id, doc => doc.getText('text').insert(0, words))
    twin.edit(id, doc => doc.getText('text').insert(0, 'more '))
    return twin
  })
  bench.pass(1_000)
  for (const twin of twins) {
    bench.network.connect(twin, bob)
    bench.pass(5_000)
    bench.network.cut(twin, bob)
  }
  const { facet } = bob.core.context.facets.get(id) as { facet: Facet }
  expect(facet.forks()).toHaveLength(1)
  const [draft, ...others] = draftsOf(facet)
  if (!draft) throw new Error('nothing was lost')
  expect(others).toEqual([])
  expect(draft.lost).toBe(2)
  const shown = bob.docs.get(id)?.getText('text').toJSON() as string
  const lost = textOf(bob, facet, pastOf(facet, draft.tip))
  expect([shown, lost].sort()).toEqual(['more of the original line\n', 'more of the restored line\n'])
})
