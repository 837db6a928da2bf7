// An option's text in parts that can be left out one at a time. protocols/scoring, SCO-11.
import { SECTIONS_MAX, type Span, TEXT_CHARS_MAX } from './job.ts'

/** Eight of them are the longest text. Merging may make one longer; whether it fits a call, the call says. */
const SECTION_CHARS_MAX = TEXT_CHARS_MAX / SECTIONS_MAX

/** At headings; where there are none, at empty lines; long parts at the end of a line, a sentence or a word. */
export function sectionsOf(text: string): Span[] {
  const headed = cutAt(text, /^#{1,6} /gm)
  const parts = headed.length > 1 ? headed : cutAt(text, /(?<=\n)[ \t]*\n+(?=\S)/g)
  const short = parts.flatMap(span => shortened(text, span))
  const filled = short.filter(({ start, end }) => text.slice(start, end).trim() !== '')
  return merged(filled)
}

function cutAt(text: string, where: RegExp): Span[] {
  const cuts = [...text.matchAll(where)].map(({ index }) => index).filter(index => index > 0)
  return [0, ...cuts].map((start, i) => ({ start, end: cuts[i] ?? text.length }))
}

function shortened(text: string, span: Span): Span[] {
  const parts: Span[] = []
  let { start } = span
  while (span.end - start > SECTION_CHARS_MAX) {
    const end = start + softEnd(text.slice(start, start + SECTION_CHARS_MAX))
    parts.push({ start, end })
    start = end
  }
  return [...parts, { start, end: span.end }]
}

/** Not before half of it: else a text of short lines would come to more parts than there may be. */
function softEnd(piece: string): number {
  for (const mark of ['\n', '. ', ' ']) {
    const at = piece.lastIndexOf(mark)
    if (at >= piece.length / 2) return at + mark.length
  }
  // Never between the halves of a character.
  return piece.isWellFormed() ? piece.length : piece.length - 1
}

/** The two neighbours that are shortest together become one, until there are few enough. */
function merged(spans: Span[]): Span[] {
  const parts = [...spans]
  while (parts.length > SECTIONS_MAX) {
    const lengths = parts.slice(1).map(({ end }, i) => end - (parts[i] as Span).start)
    const at = lengths.indexOf(Math.min(...lengths))
    const [left, right] = parts.slice(at, at + 2) as [Span, Span]
    parts.splice(at, 2, { start: left.start, end: right.end })
  }
  return parts
}
