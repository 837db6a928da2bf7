// Hands on what comes, a piece at a time and in turns: protocols/transport, section 4. What waits is held here, and
// meanwhile nothing is taken from where it comes from.
import type { StreamMessageEvent } from '@libp2p/interface'
import type { Turns } from './turns.ts'

export type Bytes = StreamMessageEvent['data']

/** Where it comes from and goes to. What throws has closed. */
export interface Source {
  /** Hands on as many of these bytes as may go at once, and says how many it has dealt with: one at least. */
  hand(bytes: Uint8Array): number
  pause(): void
  resume(): void
}

export class Reader {
  readonly #source: Source
  readonly #turns: Turns
  #held: Uint8Array[] = []
  /** At it, or waiting for its turn: what comes meanwhile is held. */
  #busy = false
  #paused = false
  /** Whoever gets it wants nothing now. */
  #stopped = false

  constructor(source: Source, turns: Turns) {
    this.#source = source
    this.#turns = turns
  }

  take(bytes: Bytes): void {
    if (bytes instanceof Uint8Array) this.#held.push(bytes)
    else this.#held.push(...bytes)
    if (!this.#busy) this.#read()
  }

  /** Nothing is handed on until `start`, whoever's turn it is. */
  stop(): void {
    this.#stopped = true
    this.#pause()
  }

  start(): void {
    this.#stopped = false
    if (!this.#busy) this.#read()
  }

  /** Until nothing is there, or there is no more time: then nothing is taken from the source until its next turn. */
  #read(): void {
    this.#busy = true
    while (this.#comesMore()) {
      this.#turns.begin()
      this.#hand()
      // Who stopped it waits for a turn, and starts it again.
      const turn = this.#stopped ? undefined : this.#turns.over()
      if (turn === undefined) continue
      this.#pause() // NET-39
      return void turn.then(() => this.#read())
    }
    this.#busy = false
    this.#turns.pass()
  }

  /**
   * Whether something is to be handed on. The source is read again only when all has been. What `resume` brings is held
   * until it returns: a pause within it would be overruled (see `session.ts`).
   */
  #comesMore(): boolean {
    if (this.#stopped) return false
    if (this.#held.length === 0 && this.#paused) {
      this.#paused = false
      this.#safely(() => this.#source.resume())
    }
    return this.#held.length > 0
  }

  #hand(): void {
    const bytes = this.#held.length === 1 ? (this.#held[0] as Uint8Array) : Buffer.concat(this.#held)
    this.#held = []
    const handed = this.#source.hand(bytes)
    if (handed < bytes.length) this.#held.unshift(bytes.subarray(handed))
  }

  #pause(): void {
    this.#paused = true
    this.#safely(() => this.#source.pause())
  }

  /** The source may have closed meanwhile. */
  #safely(work: () => void): void {
    try {
      work()
    } catch {
      // Then nobody waits for what it still brings.
    }
  }
}
