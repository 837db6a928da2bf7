import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { WORD_LIST } from '../../src/identity/word-list.ts'
import { wordsOf } from '../../src/identity/words.ts'

const read = (path: string) =>
  readFileSync(new URL(`../../protocols/identity/${path}`, import.meta.url), 'utf8')
const vectors = JSON.parse(read('vectors/words.json')) as Record<
  'valid' | 'invalid',
  { did: string; words: string }[]
>

describe('words', () => {
  test('[IDN-27] every company has the words of the vectors', () => {
    for (const { did, words } of vectors.valid) expect(wordsOf(did).join(' ')).toBe(words)
    for (const { did, words } of vectors.invalid) expect(wordsOf(did).join(' ')).not.toBe(words)
  })

  test('[IDN-27] eight words carry all 88 bits', () => {
    const dids = Array.from({ length: 2000 }, (_, i) => `did:webvh:${i}:parley.invalid`)
    const used = Array.from({ length: 8 }, () => new Set<string>())
    for (const did of dids) wordsOf(did).forEach((word, place) => used[place]?.add(word))
    // 2,000 draws out of 2,048 show some 1,276 different words in each place.
    for (const place of used) expect(place.size).toBeGreaterThan(1200)
  })

  test('[IDN-28] the list is sorted, plain, distinct in four letters, and the same in file and code', () => {
    expect(read('words.txt')).toBe(`${WORD_LIST.join('\n')}\n`)
    expect(WORD_LIST.length).toBe(2048)
    expect(new Set(WORD_LIST.map(word => word.slice(0, 4))).size).toBe(2048)
    expect(WORD_LIST.every(word => /^[a-z]{3,8}$/.test(word))).toBe(true)
    expect([...WORD_LIST].sort()).toEqual(WORD_LIST)
  })
})
