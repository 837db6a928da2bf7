// Both passes over one option and one criterion, with whatever model is asked. protocols/scoring, sections 3 and 4.
import { z } from 'zod'
import { readAnswer } from './answer.ts'
import { isScorerFailure } from './failure.ts'
import { factsOf, quoteOf, removable, shownFacts } from './facts.ts'
import {
  type Answer,
  type Fact,
  type FactsPart,
  ORDERS,
  type Order,
  type Part,
  type Sample,
  type ScoreJob,
  WORDS_CHARS_MAX,
  partKey,
  score
} from './job.ts'
import { REMINDER, SCORING_SCHEMA, levelsIn, markOf, scoringPrompt } from './prompt.ts'
import { quarantineQuestion, readFacts } from './quarantine.ts'
import type { Ask, Question } from './question.ts'
import type { Progress } from './scorer.ts'
import { sectionsOf } from './sections.ts'
import { topicSlice } from './context-slice.ts'

/** SCO-8. The first and two more; then there is no score, and nobody makes one up. */
const TRIES_MAX = 3

export interface Passes {
  readonly job: ScoreJob
  readonly ask: Ask
  readonly signal: AbortSignal
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** @returns one part for each question, in the order of asking. Those that the job brings are not asked again. */
export async function runPasses({ job, ask, signal, onProgress }: Passes): Promise<Part[]> {
  const known = new Map((job.parts ?? []).map(part => [partKey(part), part]))
  const parts: Part[] = []
  let of = 0
  const obtain = async <P extends Part>(key: string, ask: () => Promise<P>): Promise<void> => {
    const before = known.get(key)
    const part = before ?? (await ask())
    parts.push(part)
    onProgress?.({ done: parts.length, of, ...(before ? {} : { part }) })
  }
  const sections = sectionsOf(job.option.text)
  of = sections.length + (job.care === 'careful' ? ORDERS.length : 1)
  for (const section of sections.keys()) {
    await obtain(`facts/${section}`, () => askFacts(job, section, ask, signal))
  }
  const { shown } = shownFacts(job.option.text, factsOf(parts))
  if (shown.length === 0) return parts
  const removals = removable(job, shown)
  of += removals.length
  for (const order of ordersOf(job)) {
    await obtain(`sample/${order}`, () => askScore(job, { order, without: null }, shown, ask, signal))
  }
  for (const without of removals) {
    const order = 'ascending'
    await obtain(`without/${without}`, () => askScore(job, { order, without }, shown, ask, signal))
  }
  return parts
}

function ordersOf({ care }: ScoreJob): readonly Order[] {
  return care === 'careful' ? ORDERS : ['ascending']
}

async function askFacts(job: ScoreJob, section: number, ask: Ask, signal: AbortSignal): Promise<FactsPart> {
  const { text, index } = job.option
  const sections = sectionsOf(text)
  const question = quarantineQuestion(text, sections, section, markOf(job.seed, index))
  const { value } = await tryThrice(question, ask, signal, written =>
    readFacts(written, text, sections, section)
  )
  return value ?? { kind: 'facts', section, facts: [], invented: 0, read: false }
}

async function askScore(
  job: ScoreJob,
  { order, without }: Pick<Sample, 'order' | 'without'>,
  shown: readonly Fact[],
  ask: Ask,
  signal: AbortSignal
): Promise<Sample> {
  const left = shown.filter(({ section }) => section !== without)
  const { value, tries } = await tryThrice(scoringQuestion(job, order, left), ask, signal, readScore)
  return { kind: 'sample', order, without, answer: value ?? null, tries }
}

/** SCO-14. */
export function scoringQuestion(job: ScoreJob, order: Order, facts: readonly Fact[]): Question {
  const { context, criterion, option, seed, topic, versions } = job
  const of = { text: option.text, option: option.index, criterion: criterion.key, digest: versions.digest }
  const prompt = scoringPrompt({
    context,
    criterion,
    facts: facts.map(fact => ({ kind: fact.kind, quote: quoteOf(option.text, fact) })),
    levels: levelsIn(order, of),
    mark: markOf(seed, option.index),
    topic: topicSlice(topic)
  })
  return { ...prompt, schema: SCORING_SCHEMA, seed: 1 }
}

const AnswerShape = z.object({ evidence: z.string(), reason: z.string(), score, unsure: z.boolean() })

/** SCO-15. */
function readScore(written: string): Answer | undefined {
  const answer = readAnswer(AnswerShape, written)
  return answer && { ...answer, evidence: shortened(answer.evidence), reason: shortened(answer.reason) }
}

function shortened(text: string): string {
  return text.slice(0, WORDS_CHARS_MAX).toWellFormed()
}

async function tryThrice<T>(
  question: Question,
  ask: Ask,
  signal: AbortSignal,
  read: (written: string) => T | undefined
): Promise<{ value: T | undefined; tries: number }> {
  for (let tries = 1; ; tries++) {
    const user = tries === 1 ? question.user : question.user + REMINDER
    const written = await writtenOnce({ ...question, user, seed: question.seed + tries - 1 }, ask, signal)
    const value = written === undefined ? undefined : read(written)
    if (value !== undefined || tries === TRIES_MAX) return { value, tries }
  }
}

/** @returns undefined where the model came to no end, which is one more way to give no answer. */
async function writtenOnce(question: Question, ask: Ask, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await ask(question, signal)
  } catch (error) {
    if (isScorerFailure(error) && error.code === 'invalid-output') return undefined
    throw error
  }
}
