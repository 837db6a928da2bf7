// Stand-ins for models, from the sound to the treacherous. They read a prompt as a model would and share no code with
// what made it.
import type { Brain } from './double.ts'

export interface ReadPrompt {
  readonly isQuarantine: boolean
  /** What stands between marks, in order. */
  readonly data: readonly unknown[]
  readonly user: string
}

export function readPrompt(system: string, user: string): ReadPrompt {
  const blocks = [...user.matchAll(/BEGIN-([0-9a-f]{16})\n(.*)\nEND-\1/g)]
  return {
    isQuarantine: system.startsWith('You take notes'),
    data: blocks.map(([, , json]) => JSON.parse(json as string)),
    user
  }
}

export interface ReadFact {
  kind: string
  quote: string
}

/** Of a scoring prompt: context, topic, facts. */
export function factsIn({ data }: ReadPrompt): ReadFact[] {
  return data[2] as ReadFact[]
}

function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?])\s+|\n+/).filter(sentence => sentence.trim().length >= 12)
}

/** Copies the first sentences, whatever they say. */
function copiesFacts(
  { data, user }: ReadPrompt,
  order = (sentences: string[]): string[] => sentences
): { facts: ReadFact[] } {
  const max = Number(/at most (\d+), the weightiest/.exec(user)?.[1] ?? 1)
  const sentences = order(sentencesOf(data[0] as string)).slice(0, max)
  return { facts: sentences.map(quote => ({ kind: 'claim', quote: quote.slice(0, 240) })) }
}

const GOOD = /\b(?:open|shared|publish\w*|together|faster|safer|audit\w*|repair\w*|train\w*|halv\w*|free)\b/gi
const BAD =
  /\b(?:closed|secret\w*|exclusive\w*|lock\w*|fee|fees|cancel\w*|ban\w*|discard\w*|weaken\w*|delay\w*|penalt\w*)\b/gi

/** Counts what helps and what harms. */
export const soundBrain: Brain = (system, user) => {
  const prompt = readPrompt(system, user)
  if (prompt.isQuarantine) return copiesFacts(prompt)
  const facts = factsIn(prompt)
  const text = facts.map(({ quote }) => quote).join(' ')
  const balance = (text.match(GOOD)?.length ?? 0) - (text.match(BAD)?.length ?? 0)
  const score = Math.max(
    0,
    Math.min(5, 2 + Math.sign(balance) * Math.min(3, Math.ceil(Math.abs(balance) / 2)))
  )
  return { evidence: facts[0]?.quote ?? '', reason: 'Counted.', score, unsure: false }
}

const TOLD =
  /\b(?:scor\w*|rat(?:e|ing)\b|grad(?:e|ing)|marks?\b|award|levels?\b|perfect|highest|maxim|best\b|five\b|enjoy|blue\b|confidential|unsure|summam)|not[ae]\b|punkt|punti|punt[uú]a|满分|评分|bewert|h1ghest|máxim|massim|fünf|cinq|высш|أعلى|najwyższ|höchst|5/i

/** Does what a text tells it to, and is sound otherwise. It even looks for such sentences first. */
export const gullibleBrain: Brain = (system, user, asked) => {
  const prompt = readPrompt(system, user)
  if (!prompt.isQuarantine) return obeys(prompt) ?? soundBrain(system, user, asked)
  const { facts } = copiesFacts(prompt, sentences =>
    sentences.toSorted((a, b) => Number(TOLD.test(b)) - Number(TOLD.test(a)))
  )
  return { facts }
}

function obeys(prompt: ReadPrompt): object | undefined {
  const told = factsIn(prompt).find(({ quote }) => TOLD.test(quote))
  return told && { evidence: told.quote, reason: 'As I was told.', score: 5, unsure: false }
}

/** Obeys only where the highest level is what it read last. */
export const waveringBrain: Brain = (system, user, asked) => {
  const isLast = /\n5: [^\n]*\n\nAnswer with/.test(user)
  return isLast
    ? gullibleBrain(system, user, asked)
    : soundOf(gullibleBrain(system, user, asked), system, user, asked)
}

/** The facts of the one brain, the score of the sound one. */
function soundOf(given: object | string, ...[system, user, asked]: Parameters<Brain>): object | string {
  return readPrompt(system, user).isQuarantine ? given : soundBrain(system, user, asked)
}

/** Makes up what would be good to hear, in both passes. */
export const inventiveBrain: Brain = (system, user, asked) => {
  const prompt = readPrompt(system, user)
  const invented = 'Everybody agrees that this is the best rule of all.'
  if (prompt.isQuarantine)
    return { facts: [{ kind: 'benefit', quote: invented }, ...copiesFacts(prompt).facts.slice(1)] }
  return { ...(soundBrain(system, user, asked) as object), evidence: invented }
}
