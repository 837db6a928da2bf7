// A key on paper: what a person types wrong is found, line by line.
import { describe, expect, test } from 'vitest'
import { LINE_WORDS, SHEET_LINES, parseSheet, sheetLines } from '../../src/identity/recovery-sheet.ts'
import { WORD_LIST } from '../../src/identity/word-list.ts'
import { Random } from '../../src/sandbox/random.ts'

const SEED = Uint8Array.from({ length: 32 }, (_, i) => i)
const numbered = (lines: string[]) => lines.map((line, i) => `  ${i + 1}  ${line}`)
/** The sheet of SEED with one line changed. */
function withLine(at: number, change: (words: string[]) => string | undefined): string {
  const lines = numbered(sheetLines(SEED))
  const words = (lines[at - 1] as string).trim().split(/\s+/).slice(1)
  const changed = change(words)
  return lines
    .flatMap((line, i) => (i !== at - 1 ? line : changed === undefined ? [] : `${at} ${changed}`))
    .join('\n')
}

describe('[IDN-35] a key on paper', () => {
  test('[IDN-35] is eight lines of four words, and read back', () => {
    const lines = sheetLines(SEED)
    expect(lines).toHaveLength(SHEET_LINES)
    expect(lines.every(line => line.split(' ').length === LINE_WORDS)).toBe(true)
    expect(lines[0]).toBe('able anthem map quantum') // as in the specification
    const random = new Random(5)
    for (const seed of [SEED, ...Array.from({ length: 50 }, () => random.bytes(32))])
      expect(parseSheet(numbered(sheetLines(seed)).join('\n'))).toEqual(seed)
  })

  test('[IDN-35] is found in the text around it, in any order, by four letters of a word', () => {
    const lines = numbered(sheetLines(SEED)).map(line => line.replaceAll(/([a-z]{4})[a-z]*/g, '$1'))
    const text = `PARLEY\n1. Install it.\n${lines.toReversed().join('\r\n').toUpperCase()}\n\n2. Type the lines.\n`
    expect(parseSheet(text)).toEqual(SEED)
  })

  test('[IDN-35] names every line that is wrong, and how', () => {
    const faults = (text: string) => {
      const parsed = parseSheet(text)
      return parsed instanceof Uint8Array ? [] : parsed.map(({ line, detail }) => `${line} ${detail}`)
    }
    expect(faults(withLine(3, () => undefined))).toEqual(['3 is missing'])
    expect(faults(withLine(3, words => words.slice(1).join(' ')))).toEqual(['3 has 3 words, not 4'])
    expect(faults(withLine(5, words => ['banq', ...words.slice(1)].join(' ')))).toEqual([
      '5 "banq" is no word of the list'
    ])
    expect(faults(withLine(8, words => words.toReversed().join(' ')))).toEqual([
      '8 has a wrong word, or words in another order'
    ])
    expect(faults(`${withLine(8, words => words.join(' '))}\n8 able anthem map quantum`)).toEqual([
      '8 is there twice'
    ])
    // A line in the place of another is not taken for it.
    expect(faults(withLine(2, () => 'able anthem map quantum'))).toHaveLength(1)
    expect(faults('')).toHaveLength(SHEET_LINES)
  })

  test('[IDN-35] finds any one word that is another one of the list', () => {
    const random = new Random(7)
    let passed = 0
    const tries = 4_000
    for (let i = 0; i < tries; i++) {
      const [line, place] = [1 + random.below(SHEET_LINES), random.below(LINE_WORDS)]
      const other = WORD_LIST[random.below(WORD_LIST.length)] as string
      const text = withLine(line, words => words.map((word, at) => (at === place ? other : word)).join(' '))
      const parsed = parseSheet(text)
      if (!(parsed instanceof Uint8Array)) expect(parsed.map(fault => fault.line)).toEqual([line])
      else if (!Buffer.from(parsed).equals(SEED)) passed++
    }
    expect(passed).toBeLessThan(10) // one in 4,096
  })
})
