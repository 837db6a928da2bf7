// One call of a language model, whichever program runs it.

/** A schema that the server enforces while it writes, as far as it does; the answer is checked all the same. */
export type AnswerSchema = Readonly<Record<string, unknown>>

export interface Question {
  readonly system: string
  readonly user: string
  readonly schema: AnswerSchema
  readonly seed: number
}

/** @returns what the model wrote. @throws ScorerFailure */
export type Ask = (question: Question, signal: AbortSignal) => Promise<string>
