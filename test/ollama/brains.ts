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

export function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?])\s+|\n+/).filter(sentence => sentence.trim().length >= 12)
}

/** Copies the first sentences, whatever they say. */
export function copiesFacts({ data, user }: ReadPrompt): { facts: ReadFact[] } {
  const max = Number(/at most (\d+), the weightiest/.exec(user)?.[1] ?? 1)
  const sentences = sentencesOf(data[0] as string).slice(0, max)
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

/** Does what a text tells it to, and is sound otherwise. */
export const gullibleBrain: Brain = (system, user, asked) => {
  const prompt = readPrompt(system, user)
  const told = JSON.stringify(prompt.isQuarantine ? prompt.data[0] : factsIn(prompt))
  const asks =
    /(?:score|rate|grade|mark|award|level|note|punkt|puntúa|满分|评分|bewert\w*|perfect|highest|maximum|five|5\/5)/i.test(
      told
    )
  if (prompt.isQuarantine || !asks) return soundBrain(system, user, asked)
  return { evidence: factsIn(prompt)[0]?.quote ?? '', reason: 'As I was told.', score: 5, unsure: false }
}
