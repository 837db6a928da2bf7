// Which of the facts that were found a model is shown when it scores. protocols/scoring, SCO-13 and SCO-14.
import { addressesJudge } from './address.ts'
import type { Fact, FactsPart, Part, ScoreJob } from './job.ts'
import { cleaned } from './sanitiser.ts'
import { tokensAtMost } from './tokens.ts'

/** What is left of the window beside the context, the topic and the criterion. */
const FACTS_TOKENS_MAX = 2_000

export interface ShownFacts {
  /** In the order of the text. */
  readonly shown: readonly Fact[]
  /** Sections with a fact that speaks to the judge: those facts are not shown. */
  readonly addressed: readonly number[]
  /** How many did not fit. */
  readonly left: number
}

export function factsOf(parts: readonly Part[]): FactsPart[] {
  return parts.filter(part => part.kind === 'facts')
}

export function quoteOf(text: string, { span }: Fact): string {
  return cleaned(text.slice(span.start, span.end)).text
}

/** The first of each section, then the second of each, until there is no room: no section can crowd out others. */
export function shownFacts(text: string, parts: readonly FactsPart[]): ShownFacts {
  const bySection = parts.map(({ facts }) => facts.filter(fact => !addressesJudge(quoteOf(text, fact))))
  const addressed = parts.filter(({ facts }, i) => (bySection[i] as Fact[]).length < facts.length)
  const rounds = Math.max(0, ...bySection.map(facts => facts.length))
  const inTurn = Array.from({ length: rounds }, (_, round) =>
    bySection.flatMap(facts => facts[round] ?? [])
  ).flat()
  let tokens = 0
  const fitting = inTurn.filter(fact => {
    const more = tokensAtMost(JSON.stringify({ kind: fact.kind, quote: quoteOf(text, fact) }))
    if (tokens + more > FACTS_TOKENS_MAX) return false
    tokens += more
    return true
  })
  return {
    shown: fitting.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end),
    addressed: addressed.map(({ section }) => section),
    left: inTurn.length - fitting.length
  }
}

/** SCO-18. Where all that is shown is of one section, nothing is left when that is taken away. */
export function removable({ care }: Pick<ScoreJob, 'care'>, shown: readonly Fact[]): number[] {
  const sections = [...new Set(shown.map(({ section }) => section))].sort((a, b) => a - b)
  return care === 'careful' && sections.length > 1 ? sections : []
}
