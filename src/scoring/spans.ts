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

const ALIKE: Readonly<Record<string, string>> = {
  '\u2018': "'", '\u2019': "'", '\u201a': "'", '\u2032': "'", '`': "'",
  '\u201c': '"', '\u201d': '"', '\u201e': '"', '\u00ab': '"', '\u00bb': '"',
  '\u2010': '-', '\u2011': '-', '\u2012': '-', '\u2013': '-', '\u2014': '-', '\u2212': '-'
} // prettier-ignore

function fold(piece: string): string {
  if (/^[!-~]$/.test(piece)) return piece === '`' ? "'" : piece.toLowerCase()
  // Cleaned first: NFKC makes two primes of a double one, and the text that a model was shown has these.
  const plain = cleaned(piece).text.replace(
    /[\u2010-\u2032\u2212\u00ab\u00bb`]/g,
    sign => ALIKE[sign] ?? sign
  )
  return plain.toLowerCase().replace(/\s+/g, '')
}

/** @returns the first place of the quote, in the text itself; none for a quote that is too short. */
export function findQuote(text: SignText, quote: string): Span | undefined {
  const { signs } = signsOf(quote)
  if (signs.length < QUOTE_SIGNS_MIN) return undefined
  const at = text.signs.indexOf(signs)
  if (at < 0) return undefined
  return { start: text.starts[at] as number, end: text.ends[at + signs.length - 1] as number }
}
