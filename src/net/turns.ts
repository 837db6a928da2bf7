// Whose turn it is: how long the frames of peers may keep the event loop before it turns, and which session goes on
// when it has. protocols/transport, section 5.
import { TURN_MS } from './limits.ts'

export class Turns {
  readonly #now: () => number
  /** When the frames of this turn of the loop began. */
  #began: number | undefined
  #waiting: (() => void)[] = []

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** To be called before a frame is handled. */
  begin(): void {
    if (this.#began !== undefined) return
    this.#began = this.#now()
    setImmediate(() => this.#turned())
  }

  /** To be called after it: nothing while there is time for another; else what resolves at the session's next turn. */
  over(): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#now() - (this.#began ?? 0) < TURN_MS) return undefined
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** The loop has been around: every socket, timer and other waiter had its chance. One session goes on. */
  #turned(): void {
    this.#began = undefined
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.begin()
    next()
  }
}
