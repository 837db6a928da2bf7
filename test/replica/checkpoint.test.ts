// A facet that stands by its checkpoint is the facet that made it. protocols/sync, section 10.
import { describe, expect, test } from 'vitest'
import { LAYOUT, Scene, take } from '../../scripts/vectors/envelope-scene.ts'
import { SPACE, Story, forked } from '../../scripts/vectors/envelope-story.ts'
import type { StoredLane } from '../../src/replica/checkpoint.ts'
import { Facet } from '../../src/replica/facet.ts'
import { openSpace } from '../../src/artifacts/space.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { CborReader, CborWriter } from '../../src/wire/cbor-stream.ts'
import { isReject } from '../../src/wire/reject.ts'
import { History, storedOf } from './histories.ts'
import { Room, randomFrom } from './writers.ts'

const HISTORIES = 40
const STEPS = 45

function emptied({ id, genesis, space, most }: Facet, log = space): Facet {
  return new Facet(id, genesis, log, LAYOUT, most)
}

function restarted(facet: Facet): Facet {
  const next = emptied(facet)
  expect(next.restore(facet.checkpoint(), storedOf(facet))).toBe(true)
  return next
}

/** All that others can tell of a facet. */
function told(facet: Facet) {
  return {
    tips: facet.tips(),
    frontier: facet.frontier(),
    forks: facet.forks().map(({ client, seq }) => [client, seq]),
    used: facet.used(),
    order: facet.order().map(at => [toHex(at.segment.idAt(at.seq)), facet.counts(at)]),
    totals: facet.order().map(({ segment, seq }) => segment.totalAt(seq))
  }
}

describe('a facet', () => {
  test('[SYN-42] goes on from its checkpoint as from its envelopes, whatever forked, was cut or settled', () => {
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const random = randomFrom(seed)
      const { events, scene: whole } = new History(seed, STEPS)
      const scene = new Scene(whole.log.genesisBytes)
      let facet = emptied(scene.facet)
      for (const event of events) {
        if ('entry' in event) {
          scene.add(event.entry)
          facet.spaceChanged()
        } else {
          expect(scene.take([event.envelope])).toBe('admitted')
          const outcome = take(facet, event.envelope.client, [event.envelope.record])
          expect(isReject(outcome) || typeof outcome === 'string' || outcome.admitted.length).toBe(1)
        }
        if (random(6) === 0) facet = restarted(facet)
        expect(told(facet)).toEqual(told(scene.facet))
      }
    }
  })

  test('[SYN-42] the gate judges as before: nested types, deletions and keys are where they were', () => {
    const room = new Room(77)
    for (let count = 400; count <= 4_000; count += 400) {
      room.run(count)
      const out = new CborWriter()
      room.index.save(out)
      const read = new CborReader(out.finish())
      room.index = room.index.load(read)
      expect(read.end('the index')).toBeUndefined()
    }
    expect(room.refused).toEqual([])
  })
})

describe('a checkpoint', () => {
  const story = new Story()
  const { trunk, left, right } = forked(story)
  story.run(trunk).each(left, right)
  const { facet } = story.scene
  const bytes = facet.checkpoint()
  const [lane] = storedOf(facet) as [StoredLane]

  test('[SYN-42] leaves to be read what was stored after it', () => {
    const longer = { ...lane, next: lane.next + 3, count: lane.count + 3 }
    expect(emptied(facet).restore(bytes, [longer, { client: lane.client + 1, next: 5, count: 5 }])).toBe(true)
  })

  test.each([
    ['an envelope is gone', [{ ...lane, count: lane.count - 1 }]],
    ['the end of a lane is gone', [{ ...lane, next: lane.next - 1, count: lane.count - 1 }]],
    ['a whole lane is gone', []],
    ['a branch came after it', [{ ...lane, count: lane.count + 1 }]]
  ])('[SYN-42] is not used where %s', (_, stored) => {
    expect(emptied(facet).restore(bytes, [lane])).toBe(true)
    const next = emptied(facet)
    expect(next.restore(bytes, stored)).toBe(false)
    expect(told(next)).toEqual(told(emptied(facet)))
  })

  test('[SYN-42] is not used where an entry that it relies on is not here', () => {
    const log = openSpace(SPACE)
    if (isReject(log)) throw new Error(`${log}`)
    expect(emptied(facet, log).restore(bytes, [lane])).toBe(false)
  })

  test('[SYN-42] is not used where another version wrote it, or a byte too many or too few stands in it', () => {
    const other = bytes.slice()
    other[1] = 2
    for (const wrong of [other, bytes.slice(0, -1), new Uint8Array([...bytes, 0]), new Uint8Array(0)]) {
      const next = emptied(facet)
      expect(next.restore(wrong, [lane])).toBe(false)
      expect(told(next)).toEqual(told(emptied(facet)))
    }
  })

  test('[SYN-42] is not used where the layout has other roots by now', () => {
    const { id, genesis, space } = facet
    const next = new Facet(id, genesis, space, { roots: { other: { is: 'text' } } })
    expect(next.restore(bytes, [lane])).toBe(false)
  })
})
