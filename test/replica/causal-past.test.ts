import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { CausalPast } from '../../src/replica/causal-past.ts'
import type { Scene, Signed } from '../../scripts/vectors/envelope-scene.ts'
import { SPACE, ada, bo, by, cy, forked, Story } from '../../scripts/vectors/envelope-story.ts'
import { type Written, entry } from '../../scripts/vectors/space-builders.ts'
import { packClient } from '../../src/wire/lane.ts'
import type { Position } from '../../src/replica/lane-tree.ts'

function seen(scene: Scene, ...envelopes: Signed[]): Position[] {
  for (const envelope of envelopes) expect(scene.take([envelope])).toBe('admitted')
  return envelopes.map(envelope => scene.facet.find(envelope) as Position)
}

const ref = ({ company, seq, id }: Written) => ({ company, seq, id, keys: [], cut: [] })

describe('a causal past', () => {
  test('[ENV-15] grows by what deps knew, and by one branch only', () => {
    const { scene } = new Story()
    const { trunk, left, right } = forked({ scene } as Story)
    const b0 = scene.open(by(1), [bo], { deps: [left] })
    const [, , atLeft, atRight, atB0] = seen(scene, ...trunk, left, right, b0)
    const past = new CausalPast(packClient(by(2)), undefined)
    expect(past.merge(atB0 as Position)).toBeUndefined()
    expect([past.includes(atLeft as Position), past.includes(atRight as Position)]).toEqual([true, false])
    expect([...past.learned.keys()].sort()).toEqual([left.client, b0.client].sort())
    expect(past.merge(atRight as Position)).toMatchObject({ code: 'past-forked' })
  })

  test('[ENV-15] holds no other branch of its own lane', () => {
    const { scene } = new Story()
    const { trunk, left, right } = forked({ scene } as Story)
    const [, , atLeft, atRight] = seen(scene, ...trunk, left, right)
    const past = new CausalPast(left.client, atLeft)
    expect(past.merge(atRight as Position)).toMatchObject({ code: 'past-forked' })
    expect(past.at(left.client)).toEqual(atLeft)
  })

  test('[ENV-16] authority never goes back; an opening may repeat what its deps rely on', () => {
    const later = entry(SPACE, 0, { kind: 'keys', certificates: [] }, { prev: ada })
    const { scene } = new Story(SPACE, [ada, bo, cy, later])
    const a0 = scene.open(by(0), [later, bo])
    const [atA0] = seen(scene, a0)
    const opening = () => {
      const past = new CausalPast(packClient(by(2)), undefined)
      past.merge(atA0 as Position)
      return past
    }
    expect(opening().mergeAuth([ref(later), ref(cy)])).toBeUndefined()
    expect(opening().mergeAuth([ref(ada)])).toMatchObject({ code: 'auth-order' })
    const next = () => new CausalPast(a0.client, atA0)
    expect(next().mergeAuth([ref(cy)])).toBeUndefined()
    expect(next().mergeAuth([ref(later)])).toMatchObject({ code: 'auth-order' })
    const past = next()
    past.mergeAuth([ref(cy)])
    expect(past.auth.map(item => item?.seq)).toEqual([1, 0, 0])
    expect(next().auth).toBe(next().auth)
  })

  test('[ENV-20] the clocks of each branch are those of that branch', () => {
    const { scene } = new Story()
    const client = packClient(by(0))
    const a0 = scene.open(by(0), [ada], { body: typed(client, 'ab') })
    const branches = ['long', 'x'].map(text => scene.next(a0, { body: typed(client, text, a0) })) as [
      Signed,
      Signed
    ]
    const [trunk, long, short] = seen(scene, a0, ...branches)
    const past = (prev: Position | undefined) => new CausalPast(client, prev)
    const segments = (prev: Position | undefined) =>
      [0, 1, 2, 3, 5, 6].map(clock => past(prev).segmentOf(client, clock))
    expect(segments(trunk)).toEqual([0, 0, undefined, undefined, undefined, undefined])
    expect(segments(long)).toEqual([0, 0, 0, 0, 0, undefined])
    expect(segments(short)).toEqual([0, 0, 1, undefined, undefined, undefined])
    expect(past(long).segmentOf(packClient(by(1)), 0)).toBeUndefined()
  })
})

/** Types a text, after what the envelope before typed. */
function typed(client: number, text: string, after?: Signed): { bytes: Uint8Array; clockEnd: number } {
  const doc = new Y.Doc()
  if (after) Y.applyUpdate(doc, after.record.body)
  doc.clientID = client
  let bytes: Uint8Array = new Uint8Array()
  doc.once('update', (update: Uint8Array) => (bytes = update))
  doc.getText('text').insert(0, text)
  return { bytes, clockEnd: (after?.header.clockEnd ?? 0) + text.length }
}
