// protocols/envelope, ENV-29, against the model that keeps every past as a set of ids.
import { describe, expect, test } from 'vitest'
import { draftsOf, pastOf } from '../../src/replica/drafts.ts'
import type { Position } from '../../src/replica/lane-tree.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { History, counting } from './histories.ts'

const idOf = ({ segment, seq }: Position) => toHex(segment.idAt(seq))

describe('drafts', () => {
  const histories = Array.from({ length: 60 }, (_, seed) => new History(seed + 1, 45))

  test('[ENV-29] a draft is its envelope and the past of it, in causal order', () => {
    let seen = 0
    for (const { scene, model } of histories) {
      const past = (id: string) => [...(model.held.get(id)?.past ?? [])]
      for (const { tip } of draftsOf(scene.facet)) {
        const ids = pastOf(scene.facet, tip).map(idOf)
        expect(ids.at(-1)).toBe(idOf(tip))
        expect(ids.toSorted()).toEqual([...past(idOf(tip)), idOf(tip)].toSorted())
        for (const [i, id] of ids.entries()) {
          for (const before of past(id)) expect(ids.indexOf(before)).toBeLessThan(i)
        }
        seen++
      }
    }
    expect(seen).toBeGreaterThan(100)
  })

  test('[ENV-29] every envelope that does not count is in a draft, and is counted as lost', () => {
    for (const { scene } of histories) {
      const counts = new Set(counting(scene))
      const drafts = draftsOf(scene.facet)
      const inDrafts = new Set(drafts.flatMap(({ tip }) => pastOf(scene.facet, tip).map(idOf)))
      const lost = scene.facet
        .order()
        .map(idOf)
        .filter(id => !counts.has(id))
      for (const id of lost) expect(inDrafts).toContain(id)
      for (const { tip, lost: n } of drafts) {
        const lane = pastOf(scene.facet, tip).filter(({ segment }) => segment.lane === tip.segment.lane)
        expect(lane.filter(position => !counts.has(idOf(position)))).toHaveLength(n)
      }
    }
  })
})
