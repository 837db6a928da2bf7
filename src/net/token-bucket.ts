// Rates as buckets that refill with time. Pure: the caller brings the time.

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

/** A bucket for each of many names; of more than `namesMax` the one that was not used for longest is forgotten. */
export class TokenBuckets {
  readonly #namesMax: number
  readonly #buckets = new Map<string, TokenBucket>()

  constructor(namesMax: number) {
    this.#namesMax = namesMax
  }

  /** Takes one token of `name`, where `capacity` tokens come back in `perMs` milliseconds. */
  take(name: string, capacity: number, perMs: number, nowMs: number): boolean {
    const bucket = this.#buckets.get(name) ?? new TokenBucket(capacity, perMs, nowMs)
    this.#buckets.delete(name)
    this.#buckets.set(name, bucket)
    if (this.#buckets.size > this.#namesMax) this.#buckets.delete(this.#buckets.keys().next().value as string)
    return bucket.take(1, nowMs)
  }
}
