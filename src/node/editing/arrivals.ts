// What others wrote on its way into a view: shown at once where it comes alone, and together where more and more does,
// since Yjs takes in what comes together for half of what it costs piece by piece. protocols/sync, SYN-45.

/** People cannot follow faster than this anyhow. */
const SHOW_MS = 100

export class Arrivals {
  readonly #show: (bodies: Uint8Array[]) => void
  readonly #now: () => number
  #waiting: Uint8Array[] = []
  #shownAt = -Infinity
  /** Set while something arrived in this turn of the event loop or the one before. */
  #busy: NodeJS.Immediate | undefined
  /** Whether anything arrived since the loop last turned. */
  #grew = false

  /** `now`: monotonic milliseconds. */
  constructor(show: (bodies: Uint8Array[]) => void, now = () => performance.now()) {
    this.#show = show
    this.#now = now
  }

  arrive(bodies: Uint8Array[]): void {
    for (const body of bodies) this.#waiting.push(body)
    this.#grew = true
    if (!this.#busy || this.#now() - this.#shownAt >= SHOW_MS) this.showAll()
    this.#busy ??= setImmediate(() => this.#turned())
  }

  /** What waits is shown now. */
  showAll(): void {
    const bodies = this.#waiting
    this.#waiting = []
    this.#show(bodies)
    this.#shownAt = this.#now()
  }

  #turned(): void {
    this.#busy = this.#grew ? setImmediate(() => this.#turned()) : undefined
    if (!this.#grew && this.#waiting.length > 0) this.showAll()
    this.#grew = false
  }
}
