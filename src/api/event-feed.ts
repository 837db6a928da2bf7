// Events in the order of the node, for any number of readers that come, lag and come back. The node's events are
// kept once, in a window; a reader is a position in it. protocols/api, section 7.
import { randomUUID } from 'node:crypto'
import type { NodeEvent } from '../node/surface/parley-node.ts'
import type { ApiLimits } from './limits.ts'

type FeedLimits = Pick<ApiLimits, 'eventsKept' | 'eventBytesKept' | 'heartbeatMs'>

const HEARTBEAT = ':\n\n'

export class EventFeed {
  /** Positions of another run mean nothing in this one. */
  readonly #run = randomUUID()
  readonly #limits: FeedLimits
  readonly #window: string[] = []
  /** Position of the first event kept. */
  #first = 0
  #bytes = 0
  #closed = false
  readonly #waiting = new Set<() => void>()

  constructor(limits: FeedLimits) {
    this.#limits = limits
  }

  push(event: NodeEvent): void {
    const frame = this.#frame(event, this.#next + 1)
    this.#window.push(frame)
    this.#bytes += frame.length
    while (this.#window.length > this.#limits.eventsKept || this.#bytes > this.#limits.eventBytesKept) {
      this.#bytes -= this.#window.shift()?.length ?? 0
      this.#first++
    }
    this.#wake()
  }

  /**
   * Server-sent event frames after `lastEventId`, or from now on. What the reader missed for good is said by an
   * `events-missed` alarm in its place.
   */
  async *after(lastEventId: string | undefined, signal: AbortSignal): AsyncGenerator<string> {
    let at = this.#positionOf(lastEventId)
    if (at >= this.#first) yield `id: ${this.#run}/${at}\n\n`
    while (!this.#closed && !signal.aborted) {
      if (at < this.#first) {
        at = this.#next
        yield this.#frame(missed(), at)
      } else if (at < this.#next) {
        yield this.#window[at++ - this.#first] ?? ''
      } else if (!(await this.#more(signal))) {
        yield HEARTBEAT
      }
    }
  }

  close(): void {
    this.#closed = true
    this.#wake()
  }

  get #next(): number {
    return this.#first + this.#window.length
  }

  /** -1, before every event, for a position of another run or of none. */
  #positionOf(lastEventId: string | undefined): number {
    if (lastEventId === undefined) return this.#next
    const [run, digits = ''] = lastEventId.split('/')
    const at = /^[0-9]{1,15}$/.test(digits) ? Number(digits) : -1
    return run === this.#run && at <= this.#next ? at : -1
  }

  #frame(event: NodeEvent, next: number): string {
    return `id: ${this.#run}/${next}\ndata: ${JSON.stringify(event)}\n\n`
  }

  /** @returns false if nothing happened for as long as a heartbeat. */
  #more(signal: AbortSignal): Promise<boolean> {
    return new Promise(resolve => {
      const settle = (happened: boolean) => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve(happened)
      }
      const wake = () => settle(true)
      const timer = setTimeout(() => settle(false), this.#limits.heartbeatMs)
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
    })
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }
}

function missed(): NodeEvent {
  const detail = 'some events were missed: what is shown may be out of date until it is read again'
  return { event: 'alarm', code: 'events-missed', detail, at: Date.now() }
}
