// The longest time between two turns of the event loop: how long everybody else had to wait.
import { Stopwatch } from './arena.ts'

export class Turns {
  #watch = new Stopwatch()
  #longestMs = 0
  #next = setImmediate(() => this.#turn())

  #turn(): void {
    this.#lap()
    this.#next = setImmediate(() => this.#turn())
  }

  #lap(): void {
    this.#longestMs = Math.max(this.#longestMs, this.#watch.read())
    this.#watch = new Stopwatch()
  }

  /** @returns milliseconds */
  end(): number {
    clearImmediate(this.#next)
    this.#lap()
    return this.#longestMs
  }
}
