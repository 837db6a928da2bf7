// Where in a text something stands that a model quoted, though it spells it a little otherwise.
// protocols/scoring, SCO-13 and SCO-16.
import type { Span } from './job.ts'
import { cleaned } from './sanitiser.ts'

/** Shorter ones stand everywhere: "the plan" is evidence of nothing. */
const QUOTE_SIGNS_MIN = 8

/** A text by its signs alone: case, blanks, unseen characters and kinds of quotation marks and dashes taken away. */
export interface SignText {
  readonly signs: string
  /** For each sign (UTF-16 code unit of `signs`), the piece of the text that it comes from. */
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

/** Letters with their marks, and Hangul with its parts, are one piece: they compose. */
const PIECES = /[\u1100-\u11ff]+|\P{M}\p{M}*|\p{M}+/gu

export function signsOf(text: string): SignText {
  let signs = ''
  const starts: number[] = []
  const ends: number[] = []
  for (const { 0: piece, index } of text.matchAll(PIECES)) {
    const folded = fold(piece)
    signs += folded
    for (let i = 0; i < folded.length; i++) {
      starts.push(index)
      ends.push(index + piece.length)
    }
  }
  return { signs, starts, ends }
}

/** After NFKC, which makes two primes of a double one: so every double mark is two single ones. */
const ALIKE: Readonly<Record<string, string>> = {
  '\u2018': "'", '\u2019': "'", '\u201a': "'", '\u2032': "'", '`': "'",
  '"': "''", '\u201c': "''", '\u201d': "''", '\u201e': "''", '\u00ab': "''", '\u00bb': "''",
  '\u2010': '-', '\u2011': '-', '\u2012': '-', '\u2013': '-', '\u2014': '-', '\u2212': '-'
} // prettier-ignore
/** What NFKC makes of an acute accent that stands alone. */
const LONE_ACUTE = /^ \u0301/

/** The same of a piece as of what the sanitiser makes of it, since that is what a model has read. */
function fold(piece: string): string {
  if (/^[!-~]$/.test(piece)) return ALIKE[piece] ?? piece.toLowerCase()
  const plain = cleaned(piece).text.replace(LONE_ACUTE, "'")
  return Array.from(plain.replace(/\s+/g, ''), sign => ALIKE[sign] ?? sign.toLowerCase()).join('')
}

/** @returns the first place of the quote, in the text itself; none for a quote that is too short. */
export function findQuote(text: SignText, quote: string): Span | undefined {
  const { signs } = signsOf(quote)
  if (signs.length < QUOTE_SIGNS_MIN) return undefined
  const at = text.signs.indexOf(signs)
  if (at < 0) return undefined
  return { start: text.starts[at] as number, end: text.ends[at + signs.length - 1] as number }
}
