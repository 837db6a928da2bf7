// What connections bring, handed to their muxers in turns: protocols/transport, section 4. One turn of the event loop
// empties the buffers of all sockets, and each may hold as many frames of one byte as NET-11 allows.
import { type MessageStream, StreamMessageEvent } from '@libp2p/interface'
import { Reject } from '../wire/reject.ts'
import type { Turns } from './turns.ts'

export interface Intake {
  /** Something has come. */
  heard(): void
  /** How many of these bytes the muxer may have at once; called right before it gets them. */
  judge(bytes: Uint8Array): number | Reject
  /** Hangs up. */
  cut(reason: Reject): void
}

/** To be called before a muxer listens to the connection: from then on it hears what `intake` lets through, in turns. */
export function readInTurns(connection: MessageStream, turns: Turns, intake: Intake): void {
  const reader = new Reader(connection, turns, intake)
  connection.addEventListener('message', event => reader.take(event))
}

class Reader {
  readonly #connection: MessageStream
  readonly #turns: Turns
  readonly #intake: Intake
  /** What the muxer has not got yet. */
  #held: Uint8Array[] = []
  /** At it, or waiting for its turn: what comes meanwhile is held. */
  #busy = false
  /** What is handed on now, or was last. */
  #passing: StreamMessageEvent | undefined

  constructor(connection: MessageStream, turns: Turns, intake: Intake) {
    this.#connection = connection
    this.#turns = turns
    this.#intake = intake
  }

  take(event: StreamMessageEvent): void {
    if (event === this.#passing) return
    event.stopImmediatePropagation()
    this.#intake.heard()
    if (event.data instanceof Uint8Array) this.#held.push(event.data)
    else this.#held.push(...event.data)
    if (!this.#busy) this.#read()
  }

  /** Until nothing is there, or there is no more time: then nothing is taken from the socket until its next turn. */
  #read(): void {
    this.#busy = true
    while (this.#comesMore()) {
      this.#turns.begin()
      this.#pass()
      const turn = this.#turns.over()
      if (turn === undefined) continue
      this.#safely(() => this.#connection.pause()) // NET-39
      return void turn.then(() => this.#read())
    }
    this.#busy = false
  }

  /**
   * Whether something is there. The socket is read again only when all is handed on. What `resume` brings is held until
   * it returns: a pause within it would be overruled (see `session.ts`).
   */
  #comesMore(): boolean {
    if (this.#held.length === 0) this.#safely(() => this.#connection.resume())
    return this.#held.length > 0
  }

  #pass(): void {
    const bytes = this.#held.length === 1 ? (this.#held[0] as Uint8Array) : Buffer.concat(this.#held)
    this.#held = []
    const { status } = this.#connection
    if (status !== 'open' && status !== 'closing') return
    const taken = this.#intake.judge(bytes)
    if (taken instanceof Reject) return this.#intake.cut(taken)
    const event = new StreamMessageEvent(bytes.subarray(0, taken))
    this.#passing = event
    this.#connection.dispatchEvent(event)
    if (taken < bytes.length) this.#held.unshift(bytes.subarray(taken))
  }

  /** The connection may have closed meanwhile. */
  #safely(work: () => void): void {
    try {
      work()
    } catch {
      // Then nobody waits for what it still brings.
    }
  }
}
