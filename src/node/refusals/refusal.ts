// One reject code in words for people.
export interface Refusal {
  /** Of protocols, such as `SYN-25`. */
  rule: string
  /** What happened, in one sentence. */
  says: string
  /** What it means for what is here, in one sentence. */
  safe: string
  /** The next step, with its command; words in capitals stand for what people fill in. */
  next: string
}
