// Whose turn it is: how long what peers send may keep the event loop before it turns, and which session or connection
// goes on when it has. protocols/transport, sections 4 and 5.
import { TURN_MS } from './limits.ts'

export class Turns {
  readonly #now: () => number
  /** When the work of this turn of the loop began. */
  #began: number | undefined
  #waiting: (() => void)[] = []
  /** One that waited is told to go on, and has not begun. */
  #called = false

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** To be called before a piece of work, such as a frame. */
  begin(): void {
    if (this.#began !== undefined) return
    this.#began = this.#now()
    setImmediate(() => this.#turned())
  }

  /** To be called after it: nothing while there is time for another; else what resolves at the caller's next turn. */
  over(): Promise<void> | undefined {
    if (!this.#isLate() && this.#waiting.length === 0) return undefined
    this.pass()
    return new Promise<void>(resolve => this.#waiting.push(resolve)).then(() => void (this.#called = false))
  }

  /** To be called by who had its turn and nothing to do: if there is time for a piece, who has waited longest goes on. */
  pass(): void {
    if (this.#called || this.#isLate()) return
    const next = this.#waiting.shift()
    this.#called = next !== undefined
    next?.()
  }

  #isLate(): boolean {
    return this.#now() - (this.#began ?? -Infinity) >= TURN_MS
  }

  /** The loop has been around: every socket, timer and other waiter had its chance. One that waits goes on. */
  #turned(): void {
    this.#began = undefined
    if (this.#waiting.length === 0) return
    this.begin()
    this.pass()
  }
}
