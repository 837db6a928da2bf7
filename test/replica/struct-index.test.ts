// The append-only facts behind the gate, protocols/update section 3.
import { describe, expect, test } from 'vitest'
import { type StructRun, StructIndex, appendRun, findRun } from '../../src/replica/struct-index.ts'
import { randomFrom } from './writers.ts'

const layout = { roots: { text: { is: 'text' as const } } }
const index = new StructIndex(layout)
const text = index.root('text')
const run = (
  clock: number,
  length: number,
  place = text,
  key?: string,
  opens?: StructRun['opens']
): StructRun => {
  return { clock, length, place, key, opens }
}

describe('runs', () => {
  test('[UPD-23] runs that only their clock tells apart become one', () => {
    const runs: StructRun[] = []
    for (const each of [run(5, 2), run(7, 1), run(8, 1, text, 'k'), run(9, 4, text, 'k')])
      appendRun(runs, { ...each })
    expect(runs).toEqual([run(5, 3), run(8, 5, text, 'k')])
  })

  test('[UPD-23] a unit that opens a type stays alone', () => {
    const opens = { node: { is: 'text' as const } }
    const runs: StructRun[] = []
    for (const each of [
      run(0, 1),
      run(1, 1, text, undefined, opens),
      run(2, 1, text, undefined, opens),
      run(3, 1)
    ]) {
      appendRun(runs, { ...each })
    }
    expect(runs).toHaveLength(4)
  })

  test('[UPD-23] every unit is found in its run and none outside', () => {
    const random = randomFrom(1)
    const runs: StructRun[] = []
    let clock = 10
    for (let i = 0; i < 500; i++) {
      const length = 1 + random(5)
      runs.push(run(clock, length, text, String(i)))
      clock += length
    }
    for (let at = 10; at < clock; at++) {
      const found = findRun(runs, at) as StructRun
      expect(found.clock <= at && at < found.clock + found.length).toBe(true)
    }
    expect(findRun(runs, 9)).toBeUndefined()
    expect(findRun(runs, clock)).toBeUndefined()
    expect(findRun([], 0)).toBeUndefined()
  })
})

describe('segments', () => {
  test('[UPD-23] a segment begins where its branch began and grows without gaps', () => {
    const facts = new StructIndex(layout)
    facts.add(1, { clock: 0, clockEnd: 4, runs: [run(0, 4)] })
    facts.add(2, { clock: 3, clockEnd: 5, runs: [run(3, 2, text, 'k')] })
    facts.add(1, { clock: 4, clockEnd: 6, runs: [run(4, 2)] })
    expect(facts.find(1, 5)).toMatchObject({ clock: 0, length: 6 })
    expect(facts.find(2, 4)).toMatchObject({ clock: 3, key: 'k' })
    expect(facts.find(2, 2)).toBeUndefined()
    expect(facts.find(3, 0)).toBeUndefined()
    expect(() => facts.add(1, { clock: 7, clockEnd: 8, runs: [run(7, 1)] })).toThrow('ends at 6')
  })

  test('[UPD-23] what was added is not changed by what is added later', () => {
    const facts = new StructIndex(layout)
    const staged = { clock: 0, clockEnd: 1, runs: [run(0, 1)] }
    facts.add(1, staged)
    facts.add(1, { clock: 1, clockEnd: 2, runs: [run(1, 1)] })
    expect(staged.runs).toEqual([run(0, 1)])
    facts.add(1, { clock: 2, clockEnd: 2, runs: [] })
    expect(facts.find(1, 2)).toBeUndefined()
  })

  test('[UPD-21] only roots that the layout names exist', () => {
    expect(new StructIndex(layout).root('text')).toEqual({ node: { is: 'text' } })
    expect(new StructIndex(layout).root('toString')).toBeUndefined()
  })
})
