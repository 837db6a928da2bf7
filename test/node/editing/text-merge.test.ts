import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeTexts } from '../../../src/node/editing/text-merge.ts'

test('changes of both sides stand, each where its neighbours are', () => {
  expect(mergeTexts('one two three', 'one two and three', 'zero one two three')).toBe(
    'zero one two and three'
  )
  expect(mergeTexts('one two three', 'one three', 'one two three four')).toBe('one three four')
  expect(mergeTexts('abc', 'aXbc', '')).toBe('X')
  expect(mergeTexts('', 'ours', 'theirs')).toContain('ours')
})

test('where one side changed nothing, the other stands', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (base, other) => {
      expect(mergeTexts(base, other, base)).toBe(other)
      expect(mergeTexts(base, base, other)).toBe(other)
    })
  )
})

test('what we inserted is never lost', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.string(), (base, at, theirs) => {
      const place = at % (base.length + 1)
      const word = '\u{e000}'
      expect(mergeTexts(base, base.slice(0, place) + word + base.slice(place), theirs)).toContain(word)
    })
  )
})
