// What of a company's own texts goes into the window, and the hash that binds the company to it without showing it.
// protocols/scoring, section 6.
import { concatBytes, utf8 } from '../wire/bytes.ts'
import { sha256 } from '../wire/hash.ts'
import { encodeJcs } from '../wire/jcs.ts'
import type { Context, Topic } from './job.ts'
import { tokensAtMost } from './tokens.ts'

/** Of 8,192: 700 for the answer, 2,000 for facts, 1,500 for a criterion at its longest, and the wording. */
export const CONTEXT_TOKENS_MAX = 3_000
const TOPIC_TOKENS_MAX = 600
export const SALT_BYTES = 32

const LABEL = utf8('parley/context/1\n')

/** What was left out, by its place: `artifacts/2`. In characters. */
export interface Cut {
  readonly what: string
  readonly kept: number
  readonly of: number
}

export interface Slice {
  readonly context: Context
  readonly cuts: readonly Cut[]
}

/**
 * In the order vision, purpose, notes, artifacts as the role holder put them. Vision and purpose take a quarter each
 * at most, notes half of what is left; what one does not need is for those after it. SCO-25.
 */
export function sliceContext(chosen: Context, tokensMax = CONTEXT_TOKENS_MAX): Slice {
  const slicing = new Slicing(tokensMax)
  const vision = slicing.take('vision', chosen.vision, tokensMax / 4)
  const purpose = slicing.take('purpose', chosen.purpose, tokensMax / 4)
  const notes = slicing.take(
    'notes',
    chosen.notes,
    chosen.artifacts.length > 0 ? slicing.left / 2 : slicing.left
  )
  const artifacts = chosen.artifacts.map(({ title, text }, i) => {
    const name = title.toWellFormed()
    slicing.left = Math.max(0, slicing.left - tokensMost({ title: name }))
    return { text: slicing.take(`artifacts/${i}`, text, slicing.left), title: name }
  })
  const kept = artifacts.filter(({ text }, i) => text !== '' || chosen.artifacts[i]?.text === '')
  return { context: { artifacts: kept, notes, purpose, vision }, cuts: slicing.cuts }
}

/** A topic is somebody else's text: its question, then as many benefits as have room. */
export function topicSlice({ question, benefits }: Topic): Topic {
  const slicing = new Slicing(TOPIC_TOKENS_MAX)
  const asked = slicing.take('question', question, TOPIC_TOKENS_MAX / 2)
  const kept = benefits.map((benefit, i) => slicing.take(`benefits/${i}`, benefit, slicing.left))
  return { benefits: kept.filter(benefit => benefit !== ''), question: asked }
}

class Slicing {
  left: number
  readonly cuts: Cut[] = []

  constructor(tokensMax: number) {
    this.left = tokensMax
  }

  take(what: string, text: string, tokensMax: number): string {
    const whole = text.toWellFormed()
    const kept = beginningOf(whole, Math.min(tokensMax, this.left))
    this.left -= tokensMost(kept)
    if (kept.length < whole.length) this.cuts.push({ what, kept: kept.length, of: whole.length })
    return kept
  }
}

/** In the spelling in which it is sent. */
function tokensMost(value: unknown): number {
  return tokensAtMost(JSON.stringify(value))
}

/** As much as has room, to the end of a sentence where one is near. */
function beginningOf(text: string, tokensMax: number): string {
  if (text === '' || tokensMost(text) <= tokensMax) return text
  let [fits, over] = [0, text.length]
  while (over - fits > 1) {
    const middle = (fits + over) >> 1
    if (tokensMost(text.slice(0, middle)) <= tokensMax) fits = middle
    else over = middle
  }
  const piece = text.slice(0, fits)
  const sentence = Math.max(piece.lastIndexOf('. '), piece.lastIndexOf('\n'))
  const kept = sentence > piece.length / 2 ? piece.slice(0, sentence + 1) : piece
  return kept.isWellFormed() ? kept : kept.slice(0, -1)
}

/** SCO-26. @param salt 32 random bytes, for this decision alone */
export function commitContext(salt: Uint8Array, context: Context): Uint8Array {
  if (salt.length !== SALT_BYTES) throw new RangeError('a salt of another length')
  return sha256(concatBytes(LABEL, salt, encodeJcs({ ...context })))
}
