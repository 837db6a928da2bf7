// Whose turn it is: how long what peers send may keep the event loop before it turns, and which session or connection
// goes on when it has. protocols/transport, sections 4 and 5.
import { TURN_MS } from './limits.ts'

export class Turns {
  readonly #now: () => number
  /** When the work of this turn of the loop began. */
  #began: number | undefined
  #waiting: (() => void)[] = []

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
    const late = this.#now() - (this.#began ?? 0) >= TURN_MS
    if (!late && this.#waiting.length === 0) return undefined
    const next = late ? undefined : this.#waiting.shift()
    const turn = new Promise<void>(resolve => this.#waiting.push(resolve))
    // There is time for a piece, and somebody has waited longer.
    next?.()
    return turn
  }

  /** The loop has been around: every socket, timer and other waiter had its chance. One that waits goes on. */
  #turned(): void {
    this.#began = undefined
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.begin()
    next()
  }
}
