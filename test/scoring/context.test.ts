// What of the context is sent, and the digest that binds to it.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CONTEXT_TOKENS_MAX,
  commitContext,
  sliceContext,
  topicSlice
} from '../../src/scoring/context-slice.ts'
import type { Context } from '../../src/scoring/job.ts'
import { tokensAtMost } from '../../src/scoring/tokens.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { CONTEXT } from './jobs.ts'

const words = (count: number) => 'A sentence of five words. '.repeat(count / 5)
const size = (text: string) => tokensAtMost(JSON.stringify(text))
const all = ({ vision, purpose, notes, artifacts }: Context) => [
  vision,
  purpose,
  notes,
  ...artifacts.map(({ text }) => text)
]

describe('the slice', () => {
  it('[SCO-25] is all where all has room', () => {
    expect(sliceContext(CONTEXT)).toEqual({ context: CONTEXT, cuts: [] })
  })

  it('[SCO-25] gives vision and purpose a quarter each, then notes, then artifacts in their order', () => {
    const long: Context = {
      vision: words(4_000),
      purpose: words(4_000),
      notes: words(4_000),
      artifacts: [
        { text: words(500), title: 'first' },
        { text: words(4_000), title: 'second' },
        { text: words(100), title: 'third' }
      ]
    }
    const { context, cuts } = sliceContext(long)
    const quarter = CONTEXT_TOKENS_MAX / 4
    expect(size(context.vision)).toBeLessThanOrEqual(quarter)
    expect(size(context.vision)).toBeGreaterThan(quarter - 30)
    expect(size(context.purpose)).toBeLessThanOrEqual(quarter)
    // Half of what two quarters left.
    expect(size(context.notes)).toBeLessThanOrEqual(quarter + 2)
    expect(context.artifacts.map(({ title }) => title)).toEqual(['first'])
    expect(cuts.map(({ what }) => what)).toEqual([
      'vision',
      'purpose',
      'notes',
      'artifacts/0',
      'artifacts/1',
      'artifacts/2'
    ])
    expect(cuts.at(-1)).toEqual({ what: 'artifacts/2', kept: 0, of: long.artifacts[2]!.text.length })
  })

  it('[SCO-25] leaves what one does not need to those after it', () => {
    const { context, cuts } = sliceContext({ ...CONTEXT, artifacts: [{ text: words(1_600), title: 'long' }] })
    expect(size(context.artifacts[0]!.text)).toBeGreaterThan(CONTEXT_TOKENS_MAX / 2)
    expect(cuts).toEqual([])
  })

  it('[SCO-25] ends at a sentence where one is near', () => {
    expect(sliceContext({ ...CONTEXT, vision: words(4_000) }).context.vision).toMatch(/words\.$/)
  })

  it('[SCO-25] never ends in half of a character', () => {
    for (let tokensMax = 40; tokensMax < 60; tokensMax++) {
      const { context } = sliceContext({ ...CONTEXT, vision: '😀'.repeat(500) }, tokensMax)
      expect([context.vision.isWellFormed(), context.vision.length > 0]).toEqual([true, true])
    }
  })

  it('[SCO-25] stays within its budget, is made of beginnings, and names each cut', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 3_000 })
    const contexts = fc.record({
      vision: text,
      purpose: text,
      notes: text,
      artifacts: fc.array(fc.record({ text, title: fc.string({ maxLength: 20 }) }), { maxLength: 4 })
    })
    fc.assert(
      fc.property(contexts, fc.integer({ min: 50, max: 3_000 }), (chosen, tokensMax) => {
        const { context, cuts } = sliceContext(chosen, tokensMax)
        // Two quotation marks of each text are there whether or not anything stands between them.
        const marks = 3 * (3 + chosen.artifacts.length)
        expect(all(context).reduce((sum, one) => sum + size(one), 0)).toBeLessThanOrEqual(tokensMax + marks)
        expect(chosen.vision.startsWith(context.vision)).toBe(true)
        expect(context.vision.isWellFormed()).toBe(true)
        expect(cuts.some(({ what }) => what === 'notes')).toBe(context.notes.length < chosen.notes.length)
        expect(sliceContext(chosen, tokensMax)).toEqual({ context, cuts })
      }),
      { numRuns: 60 }
    )
  })

  it('a topic keeps its question, and benefits as far as there is room', () => {
    const topic = {
      question: words(3_000).slice(0, 2_000),
      benefits: Array.from({ length: 20 }, (_, i) => `${i} ${words(150)}`)
    }
    const slice = topicSlice(topic)
    expect(topic.question.startsWith(slice.question)).toBe(true)
    expect(slice.benefits.length).toBeGreaterThan(0)
    expect(tokensAtMost(JSON.stringify(slice))).toBeLessThan(700)
  })
})

describe('the commitment', () => {
  it('[SCO-26] is a salted digest of the canonical bytes', () => {
    const salt = new Uint8Array(32).fill(7)
    const canonical = JSON.stringify({
      artifacts: [{ text: CONTEXT.artifacts[0]!.text, title: 'Review' }],
      notes: CONTEXT.notes,
      purpose: CONTEXT.purpose,
      vision: CONTEXT.vision
    })
    const expected = createHash('sha256')
      .update('parley/context/1\n')
      .update(salt)
      .update(canonical)
      .digest('hex')
    expect(toHex(commitContext(salt, CONTEXT))).toBe(expected)
  })

  it('[SCO-26] is another with another salt or another word, and takes no short salt', () => {
    const salt = new Uint8Array(32)
    const made = [
      commitContext(salt, CONTEXT),
      commitContext(salt.with(0, 1), CONTEXT),
      commitContext(salt, { ...CONTEXT, notes: '' })
    ]
    expect(new Set(made.map(toHex)).size).toBe(3)
    expect(() => commitContext(new Uint8Array(16), CONTEXT)).toThrow(RangeError)
  })
})
