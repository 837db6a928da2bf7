// What the answers come to: numbers, codes and a place in the text. No word of a model enters the result.
// protocols/scoring, SCO-16 to SCO-19.
import { hasAddress } from './address.ts'
import { factsOf, quoteOf, removable, shownFacts } from './facts.ts'
import type { Answer, Fact, FactsPart, Part, Sample, ScoreJob, Span } from './job.ts'
import { cleaned } from './sanitiser.ts'
import { findQuote, signsOf } from './spans.ts'

/** Of six levels: two apart is "good" against "poor". */
const SPREAD_MIN = 2
const MOVE_MIN = 2

/** Why a score is worth what it is; those below `LOOK` call for a person's eyes. */
export const REASON_CODES = [
  'addresses-judge',
  'control-tokens',
  'evidence-found',
  'evidence-missing',
  'facts-invented',
  'facts-left-out',
  'no-facts',
  'no-score',
  'one-section',
  'sample-missing',
  'section-moves',
  'section-unread',
  'spread',
  'unseen-characters',
  'unsure'
] as const
export type ReasonCode = (typeof REASON_CODES)[number]

const HARMLESS: ReadonlySet<ReasonCode> = new Set(['evidence-found', 'facts-left-out', 'one-section'])

export interface Figures {
  readonly option: number
  readonly criterion: string
  readonly by: 'model' | 'person' | 'demo'
  /** Median of the samples; null where there is none, and then there is none. */
  readonly score: number | null
  readonly spread: number
  readonly samples: number
  readonly codes: readonly ReasonCode[]
  /** Of the fact that the score rests on. */
  readonly span: Span | null
  /** The section whose absence moved the score most, where it did. */
  readonly section: number | null
}

/** SCO-19. */
export function needsLook({ codes }: Pick<Figures, 'codes'>): boolean {
  return codes.some(code => !HARMLESS.has(code))
}

export function figuresOf(job: ScoreJob, parts: readonly Part[]): Figures {
  const { text, index } = job.option
  const read = factsOf(parts)
  const facts = shownFacts(text, read)
  const samples = parts.filter(part => part.kind === 'sample')
  const asked = samples.filter(({ without }) => without === null)
  const answered = asked.flatMap(({ answer }) => answer ?? [])
  const score = medianOf(answered, asked.length)
  const rest = score === null ? null : evidenceOf(text, facts.shown, answered, score)
  const scores = answered.map(answer => answer.score)
  const spread = scores.length > 0 ? Math.max(...scores) - Math.min(...scores) : 0
  const section = alarmOf(samples)
  const codes: Record<ReasonCode, boolean> = {
    ...codesOfText(text, read),
    'addresses-judge': facts.addressed.length > 0 || hasAddress(cleaned(text).text),
    'evidence-found': rest !== null,
    'evidence-missing': score !== null && rest === null,
    'facts-left-out': facts.left > 0,
    'no-facts': facts.shown.length === 0,
    'no-score': score === null,
    'one-section': job.care === 'careful' && removable(job, facts.shown).length === 0,
    'sample-missing': samples.some(({ answer }) => answer === null),
    'section-moves': section !== null,
    spread: spread >= SPREAD_MIN,
    unsure: answered.some(answer => answer.unsure)
  }
  return {
    option: index,
    criterion: job.criterion.key,
    by: 'model',
    score,
    spread,
    samples: answered.length,
    codes: REASON_CODES.filter(code => codes[code]),
    span: rest,
    section
  }
}

function codesOfText(text: string, read: readonly FactsPart[]) {
  const { markup, unseen } = cleaned(text)
  return {
    'control-tokens': markup,
    'facts-invented': read.some(({ invented }) => invented > 0),
    'section-unread': read.some(part => !part.read),
    'unseen-characters': unseen
  }
}

/** The lower one of two; of three that were asked, one that answered is not enough. SCO-17. */
function medianOf(answered: readonly Answer[], asked: number): number | null {
  if (answered.length === 0 || answered.length * 2 <= asked) return null
  const sorted = answered.map(({ score }) => score).sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] as number
}

/**
 * Of the first answer that gives the median and quotes what it was shown. The place is that of the whole fact, which
 * was found before anything private was in sight: of a quote's own ends a model could make a message. SCO-16.
 */
function evidenceOf(
  text: string,
  shown: readonly Fact[],
  answered: readonly Answer[],
  score: number
): Span | null {
  const quotes = shown.map(fact => signsOf(quoteOf(text, fact)))
  for (const answer of answered) {
    if (answer.score !== score) continue
    const at = quotes.findIndex(quote => findQuote(quote, answer.evidence))
    if (at >= 0) return (shown[at] as Fact).span
  }
  return null
}

/** Against the sample in the same order of levels, so that nothing differs but the section. SCO-18. */
function alarmOf(samples: readonly Sample[]): number | null {
  const base = samples.find(({ order, without }) => order === 'ascending' && without === null)?.answer
  if (!base) return null
  const moves = samples.flatMap(({ without, answer }) =>
    without === null || !answer ? [] : [{ without, by: Math.abs(answer.score - base.score) }]
  )
  const [most] = moves.filter(({ by }) => by >= MOVE_MIN).sort((a, b) => b.by - a.by || a.without - b.without)
  return most?.without ?? null
}
