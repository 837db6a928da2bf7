import { describe, expect, test } from 'vitest'
import { sha256 } from '../../src/wire/hash.ts'
import { packClient } from '../../src/wire/lane.ts'
import {
  Lane,
  type Position,
  Segment,
  ancestorAt,
  authAt,
  heardOf,
  isAtOrBefore,
  knownAt,
  knows
} from '../../src/replica/lane-tree.ts'

const id = (n: number) => sha256(new Uint8Array([n]))
const clientOf = (company: number) => packClient({ company, key: 0, session: 0 })
const ref = (seq: number) => ({ company: 0, seq, id: id(seq), keys: [], cut: [] })

/** A lane of `from` to `to`, with two clocks for each envelope. */
function grow(segment: Segment, count: number, learned: Map<number, Position> = new Map()): void {
  for (let i = 0; i < count; i++) {
    const seq = segment.last + 1
    segment.append({
      id: id(seq),
      clockEnd: (seq + 1) * 2,
      learned: i === 0 ? learned : new Map(),
      auth: seq % 3 === 0 ? [ref(seq)] : undefined,
      size: { bytes: 10, items: 1 },
      total: { bytes: 100 + seq, items: seq }
    })
  }
}

/** A trunk of 0 to 4; a branch after 2 that goes on to 5. */
function tree() {
  const lane = new Lane(clientOf(1))
  const trunk = new Segment(0, lane, undefined)
  lane.segments.push(trunk)
  grow(trunk, 5)
  const branch = new Segment(1, lane, { segment: trunk, seq: 2 })
  lane.segments.push(branch)
  grow(branch, 3)
  return { lane, trunk, branch }
}

describe('a lane', () => {
  test('[ENV-30] adds up the sizes of one branch', () => {
    const { trunk, branch } = tree()
    expect([trunk.laneSizeAt(4), branch.laneSizeAt(5)]).toEqual([
      { bytes: 50, items: 5 },
      { bytes: 60, items: 6 }
    ])
    branch.pop()
    expect(branch.laneSizeAt(branch.last)).toEqual({ bytes: 50, items: 5 })
  })

  test('[ENV-21] has two ends once it has forked', () => {
    const { lane, trunk, branch } = tree()
    expect(lane.forked).toBe(true)
    expect(lane.tips()).toEqual([
      { segment: trunk, seq: 4 },
      { segment: branch, seq: 5 }
    ])
    expect([branch.from, branch.clockStart, branch.clockEndAt(5)]).toEqual([3, 6, 12])
    expect(lane.find(5, id(5))).toEqual({ segment: branch, seq: 5 })
    expect(lane.find(5, id(4))).toBeUndefined()
    expect([lane.continues({ segment: trunk, seq: 4 }), lane.continues({ segment: trunk, seq: 3 })]).toEqual([
      false,
      true
    ])
  })

  test('[ENV-15] before means on the same branch', () => {
    const { trunk, branch } = tree()
    const end = { segment: branch, seq: 5 }
    expect([0, 2, 3, 4].map(seq => isAtOrBefore({ segment: trunk, seq }, end))).toEqual([
      true,
      true,
      false,
      false
    ])
    expect(isAtOrBefore(end, end)).toBe(true)
    expect([0, 2, 3, 5, 6].map(seq => ancestorAt(end, seq)?.segment.index)).toEqual([0, 0, 1, 1, undefined])
  })

  test('[ENV-16] authority is what the last change before left', () => {
    const { trunk, branch } = tree()
    expect(authAt({ segment: trunk, seq: 2 })).toEqual([ref(0)])
    expect(authAt({ segment: trunk, seq: 4 })).toEqual([ref(3)])
    expect(authAt({ segment: branch, seq: 5 })).toEqual([ref(3)])
  })

  test('[ENV-14] what an envelope knows of another lane holds from where it learned it', () => {
    const { trunk, branch } = tree()
    const other = new Lane(clientOf(2))
    const reader = new Segment(2, other, undefined)
    other.segments.push(reader)
    grow(reader, 2, new Map([[clientOf(1), { segment: trunk, seq: 1 }]]))
    grow(reader, 2, new Map([[clientOf(1), { segment: branch, seq: 4 }]]))
    const at = (seq: number) => ({ segment: reader, seq })
    expect([0, 1, 2, 3].map(seq => knownAt(at(seq), clientOf(1))?.seq)).toEqual([1, 1, 4, 4])
    expect(knows(at(1), { segment: trunk, seq: 2 })).toBe(false)
    expect(knows(at(2), { segment: trunk, seq: 2 })).toBe(true)
    expect(knows(at(2), { segment: trunk, seq: 3 })).toBe(false)
    expect(knows(at(2), at(2)) && !knows(at(1), at(2))).toBe(true)
    expect([...heardOf(at(3))]).toEqual([clientOf(1)])
    expect(reader.firstBuiltOn(({ segment }) => segment === trunk)).toBe(2)
    expect(reader.firstBuiltOn(() => true)).toBeUndefined()
  })

  test('[ENV-19] the last envelope can be taken back with all that it taught', () => {
    const { lane, trunk } = tree()
    const other = new Segment(2, new Lane(clientOf(2)), undefined)
    grow(other, 1)
    grow(trunk, 2, new Map([[clientOf(2), { segment: other, seq: 0 }]]))
    expect([trunk.last, authAt({ segment: trunk, seq: 6 })]).toEqual([6, [ref(6)]])
    trunk.pop()
    trunk.pop()
    expect([trunk.last, trunk.ownKnowledge(clientOf(2), 6), authAt({ segment: trunk, seq: 6 })]).toEqual([
      4,
      undefined,
      [ref(3)]
    ])
    expect(lane.find(5, id(5))?.segment.index).toBe(1)
  })
})
