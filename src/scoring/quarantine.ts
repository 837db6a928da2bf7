// The first pass: a model that knows nothing of the company copies out what a section says, as spans of it with a kind
// each. No word of its own gets any further. protocols/scoring, SCO-12 and SCO-13.
import { z } from 'zod'
import { readAnswer } from './answer.ts'
import {
  FACTS_MAX,
  FACT_KINDS,
  type Fact,
  type FactsPart,
  QUOTE_CHARS_MAX,
  type Span,
  WORDS_CHARS_MAX
} from './job.ts'
import { quarantinePrompt } from './prompt.ts'
import type { Question } from './question.ts'
import { findQuote, signsOf } from './spans.ts'

/** A model that cannot stop is cut off, not refused. */
const ENTRIES_READ = 64

/** Eight quotes at their longest are some 600 tokens of the 700 that an answer has: more would be cut off, and lost. */
const FACTS_PER_SECTION_MAX = 8

export function factsPerSection(sections: number): number {
  return Math.max(1, Math.min(FACTS_PER_SECTION_MAX, Math.floor(FACTS_MAX / sections)))
}

/** Keys in alphabetical order: one of the ways to a model sorts them, and both shall see the same. */
export function quarantineSchema(factsMax: number): Record<string, unknown> {
  const fact = {
    type: 'object',
    properties: {
      kind: { type: 'string', enum: FACT_KINDS },
      quote: { type: 'string', maxLength: QUOTE_CHARS_MAX }
    },
    required: ['kind', 'quote'],
    additionalProperties: false
  }
  return {
    type: 'object',
    properties: { facts: { type: 'array', items: fact, maxItems: factsMax } },
    required: ['facts'],
    additionalProperties: false
  }
}

/** SCO-12: made of the section and a mark alone, so nothing else can be in it. */
export function quarantineQuestion(
  text: string,
  sections: readonly Span[],
  section: number,
  mark: string
): Question {
  const { start, end } = sections[section] as Span
  const factsMax = factsPerSection(sections.length)
  const prompt = quarantinePrompt({ text: text.slice(start, end), factsMax, mark })
  return { ...prompt, schema: quarantineSchema(factsMax), seed: 1 }
}

const AnswerShape = z.object({
  facts: z.array(z.object({ kind: z.string(), quote: z.string() })).max(ENTRIES_READ * 16)
})

/** @returns undefined for what is no answer. Quotes that stand nowhere are counted and left out. SCO-13. */
export function readFacts(
  written: string,
  text: string,
  sections: readonly Span[],
  section: number
): FactsPart | undefined {
  const answer = readAnswer(AnswerShape, written)
  if (!answer) return undefined
  const { start, end } = sections[section] as Span
  const signs = signsOf(text.slice(start, end))
  const facts: Fact[] = []
  let invented = 0
  for (const { kind, quote } of answer.facts.slice(0, ENTRIES_READ)) {
    const found = findQuote(signs, quote.slice(0, WORDS_CHARS_MAX))
    const known = FACT_KINDS.find(one => one === kind)
    if (!found || !known || found.end - found.start > 2 * QUOTE_CHARS_MAX) invented++
    else facts.push({ kind: known, section, span: { end: start + found.end, start: start + found.start } })
  }
  const once = facts.filter((fact, i) => facts.findIndex(one => one.span.start === fact.span.start) === i)
  return {
    kind: 'facts',
    section,
    facts: once.slice(0, factsPerSection(sections.length)),
    invented,
    read: true
  }
}
