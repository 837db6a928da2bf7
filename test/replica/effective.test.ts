import { describe, expect, test } from 'vitest'
import { type Position, knows } from '../../src/replica/lane-tree.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { BRANCHES_MAX } from '../../src/replica/effective.ts'
import { Scene, type Signed } from '../../scripts/vectors/envelope-scene.ts'
import { SPACE, ada, bo, by, cut, cy, forked, settle, Story } from '../../scripts/vectors/envelope-story.ts'
import { GENESIS, admitting } from '../../scripts/vectors/agreement-builders.ts'
import { Story as Agreed } from '../../scripts/vectors/agreement-story.ts'
import { DAEDALUS, EUROPA, type Written } from '../../scripts/vectors/space-builders.ts'
import { History, counting } from './histories.ts'

const HISTORIES = 150
const STEPS = 45

const ids = (envelopes: Signed[]) => envelopes.map(({ id }) => toHex(id)).sort()

describe('against a model that keeps every past as a set of ids', () => {
  const histories = Array.from({ length: HISTORIES }, (_, seed) => new History(seed + 1, STEPS))

  test('[ENV-20] verdicts are the same', () => {
    for (const { told, modelled } of histories.flatMap(({ verdicts }) => verdicts)) {
      expect(modelled.length > 0 ? modelled : ['admitted']).toContain(told)
    }
  })

  test('[ENV-20] histories meet every verdict that they can', () => {
    const seen = new Set(histories.flatMap(({ verdicts }) => verdicts.map(({ told }) => told)))
    const wanted = ['admitted', 'past-forked', 'dep-implied', 'auth-order', 'key-cut']
    for (const verdict of wanted) expect(seen).toContain(verdict)
  })

  test('[ENV-30] what an envelope has in its past is added up once, whatever forked and met', () => {
    const sizeAt = ({ segment, seq }: Position) => {
      const before = seq > segment.from ? segment.laneSizeAt(seq - 1) : segment.laneSizeAt(segment.from - 1)
      return segment.laneSizeAt(seq).items - before.items
    }
    for (const { scene } of histories) {
      const order = scene.facet.order()
      for (const position of order) {
        const past = order.filter(other => knows(position, other))
        const items = past.reduce((sum, other) => sum + sizeAt(other), 0)
        expect(position.segment.totalAt(position.seq).items).toBe(items)
      }
    }
  })

  test('[ENV-24] what counts is the same', () => {
    for (const { scene, model } of histories) expect(counting(scene)).toEqual([...model.effective()].sort())
  })

  test('[ENV-24] forks, cuts and settles have all taken something away', () => {
    const lessened = histories.filter(({ scene }) => counting(scene).length < scene.facet.size)
    expect(lessened.length).toBeGreaterThan(HISTORIES / 4)
    expect(histories.filter(({ scene }) => scene.facet.forks().length > 0).length).toBeGreaterThan(
      HISTORIES / 4
    )
  })

  test('[ENV-20] the order of arrival changes neither what is admitted nor what counts', () => {
    for (const [seed, history] of histories.entries()) {
      const scene = history.retold(seed)
      expect(scene.facet.tips()).toEqual(history.scene.facet.tips())
      expect(scene.facet.frontier()).toEqual(history.scene.facet.frontier())
      expect(counting(scene)).toEqual(counting(history.scene))
    }
  })
})

describe('forks', () => {
  test('[ENV-21] a branch survives that more other companies built on', () => {
    const story = new Story()
    const { trunk, left, right } = forked(story)
    story.run(trunk).each(left, right)
    expect(counting(story.scene)).toEqual(ids([...trunk, left]))
    const b0 = story.scene.open(by(1), [bo], { deps: [right] })
    story.run([b0])
    expect(counting(story.scene)).toEqual(ids([...trunk, right, b0]))
  })

  test('[ENV-22] an orphan counts again when its branch does', () => {
    const story = new Story()
    const { trunk, left, right } = forked(story)
    const own = story.scene.open(by(0, 2), [ada], { deps: [right] })
    story.run(trunk).each(left, right, own)
    expect(counting(story.scene)).toEqual(ids([...trunk, left]))
    story.entry(settle(bo, story.scene, right)).entry(settle(cy, story.scene, right))
    expect(counting(story.scene)).toEqual(ids([...trunk, right, own]))
  })

  test.each([BRANCHES_MAX, BRANCHES_MAX + 1])('[ENV-23] of %i branches', count => {
    const scene = new Scene(SPACE)
    for (const entry of [ada, bo, cy]) scene.add(entry)
    const opening = scene.open(by(0), [ada])
    const branches = Array.from({ length: count }, (_, time) => scene.next(opening, { header: { time } }))
    for (const envelope of [opening, ...branches]) expect(scene.take([envelope])).toBe('admitted')
    expect(counting(scene)).toHaveLength(count > BRANCHES_MAX ? 1 : 2)
  })
})

describe('cuts and settles', () => {
  test('[SPC-11] a cut ends lanes, but not below what another company built on', () => {
    const story = new Story()
    const { scene } = story
    const a0 = scene.open(by(0), [ada])
    const a1 = scene.next(a0)
    const a2 = scene.next(a1)
    const b0 = scene.open(by(1), [bo], { deps: [a1] })
    story.run([a0, a1, a2]).entry(cut(ada, 0, scene))
    expect(counting(scene)).toEqual([])
    story.run([b0])
    expect(counting(scene)).toEqual(ids([a0, a1, b0]))
  })

  test('[SPC-11] a cut ends nothing in a private facet, whenever it comes', () => {
    const story = new Story(SPACE, [ada, bo, cy], { dataClass: 'private' })
    const { scene } = story
    const a0 = scene.open(by(0), [ada])
    const a1 = scene.next(a0)
    story
      .run([a0])
      .entry(cut(ada, 0, scene))
      .run([a1])
    expect(counting(scene)).toEqual(ids([a0, a1]))
  })

  test('[SPC-12] a settle needs more than half of the others, and a fork', () => {
    const story = new Story()
    const { scene } = story
    const { trunk, left, right } = forked(story)
    story.run([...trunk, right])
    const said = settle(bo, scene, trunk[1] as Signed)
    story.entry(said).entry(settle(cy, scene, trunk[1] as Signed))
    expect(counting(scene)).toEqual(ids([...trunk, right]))
    story.run([left])
    expect(counting(scene)).toEqual(ids(trunk))
  })

  test('[SPC-12] what founders have settled stays so when others are admitted', () => {
    const agreed = new Agreed()
    const first = agreed.sealed()
    const story = new Story(GENESIS, [...agreed.entries])
    const { scene } = story
    const { trunk, left, right } = forked(story, [agreed.entries[0] as Written])
    story.run(trunk).each(left, right)
    for (const company of [1, 2]) {
      const said = settle(agreed.end(company), scene, right, GENESIS)
      agreed.continue(company, said)
      story.entry(said)
    }
    expect(counting(scene)).toEqual(ids([...trunk, right]))
    const told = agreed.entries.length
    agreed.sealed(admitting(first, DAEDALUS, EUROPA))
    for (const entry of agreed.entries.slice(told)) story.entry(entry)
    expect(scene.log.parties).toHaveLength(5)
    expect(counting(scene)).toEqual(ids([...trunk, right]))
  })

  test('[SPC-12] what was settled of a client in another facet was another lane, and not the first word here', () => {
    const story = new Story()
    const { scene } = story
    const { trunk, left, right } = forked(story)
    story.run(trunk).each(left, right)
    const other = new Scene(SPACE, { name: 'another facet' })
    const [b1, c1] = [settle(bo, other, right), settle(cy, other, right)]
    story
      .entry(b1)
      .entry(c1)
      .entry(settle(b1, scene, right))
    expect(counting(scene)).toEqual(ids([...trunk, left]))
    story.entry(settle(c1, scene, right))
    expect(counting(scene)).toEqual(ids([...trunk, right]))
  })
})
