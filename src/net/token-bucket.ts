// A rate as a bucket that refills with time. Pure: the caller brings the time.

export class TokenBucket {
  readonly #capacity: number
  readonly #perMs: number
  #tokens: number
  #at: number

  /** Full at `nowMs`; `capacity` tokens come back in `perMs` milliseconds. */
  constructor(capacity: number, perMs: number, nowMs: number) {
    this.#capacity = capacity
    this.#perMs = capacity / perMs
    this.#tokens = capacity
    this.#at = nowMs
  }

  /** Takes `count` tokens; false when there are not enough. */
  take(count: number, nowMs: number): boolean {
    this.#tokens = Math.min(this.#capacity, this.#tokens + Math.max(0, nowMs - this.#at) * this.#perMs)
    this.#at = nowMs
    if (this.#tokens < count) return false
    this.#tokens -= count
    return true
  }
}
