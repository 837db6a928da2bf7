// How much a peer may make us do: a rate with a burst. A dear thing may go into debt and is paid off by
// waiting, so nothing is ever too large to be done once. protocols/sync, section 9.

export class Allowance {
  readonly #perSecond: number
  readonly #burst: number
  #left: number
  #at: number

  /** Full at `now` (ms). */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#left = burst
    this.#at = now
  }

  /** What may still be spent; below zero is debt. A clock that goes back gives nothing. */
  left(now: number): number {
    const passed = Math.max(0, now - this.#at)
    this.#at = now
    this.#left = Math.min(this.#burst, this.#left + (passed * this.#perSecond) / 1000)
    return this.#left
  }

  spend(cost: number, now: number): void {
    this.#left = this.left(now) - cost
  }
}

/** Envelopes that nobody asked for: what one company's people type in a second, many times over. */
const PUSHED_PER_SECOND = 200
export const PUSHED_BURST = 1_000
const PUSHED_BYTES_PER_SECOND = 1024 * 1024
/** Signatures and certificates that a peer has us check without our having asked: a fifth of one core. */
const CHECKS_PER_SECOND = 2_000
/** What answering a peer may cost, in signature checks of 0.1 ms or anything that takes as long. */
const WORK_PER_SECOND = 2_000

export interface Allowances {
  /** Pushes that we take from the peer, and those that we send to it. */
  pushed: Pushes
  pushing: Pushes
  checks: Allowance
  work: Allowance
}

/** Envelopes and bytes that go out unasked. */
export class Pushes {
  readonly #records: Allowance
  readonly #bytes: Allowance

  constructor(now: number) {
    this.#records = new Allowance(PUSHED_PER_SECOND, PUSHED_BURST, now)
    this.#bytes = new Allowance(PUSHED_BYTES_PER_SECOND, PUSHED_BYTES_PER_SECOND, now)
  }

  mayGo(now: number): boolean {
    return this.#records.left(now) > 0 && this.#bytes.left(now) > 0
  }

  spend(records: number, bytes: number, now: number): void {
    this.#records.spend(records, now)
    this.#bytes.spend(bytes, now)
  }

  /** Whether the peer goes on and on: no honest one pushes ten bursts beyond its rate. */
  floods(now: number): boolean {
    return (
      this.#records.left(now) < -10 * PUSHED_BURST || this.#bytes.left(now) < -10 * PUSHED_BYTES_PER_SECOND
    )
  }
}

export function createAllowances(now: number): Allowances {
  return {
    pushed: new Pushes(now),
    pushing: new Pushes(now),
    checks: new Allowance(CHECKS_PER_SECOND, CHECKS_PER_SECOND, now),
    work: new Allowance(WORK_PER_SECOND, WORK_PER_SECOND, now)
  }
}
