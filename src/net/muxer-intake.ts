// What connections bring, handed to their muxers in turns: protocols/transport, section 4. One turn of the event loop
// empties the buffers of all sockets, and each may hold as many frames of one byte as NET-11 allows.
import { type MessageStream, StreamMessageEvent } from '@libp2p/interface'
import { Reject } from '../wire/reject.ts'
import { Reader } from './reader.ts'
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
  /** What is handed on now, or was last. */
  let passing: StreamMessageEvent | undefined
  const hand = (bytes: Uint8Array) => {
    const { status } = connection
    if (status !== 'open' && status !== 'closing') return bytes.length
    const taken = intake.judge(bytes)
    if (taken instanceof Reject) {
      intake.cut(taken)
      return bytes.length
    }
    passing = new StreamMessageEvent(bytes.subarray(0, taken))
    connection.dispatchEvent(passing)
    return taken
  }
  const source = { hand, pause: () => connection.pause(), resume: () => connection.resume() }
  const reader = new Reader(source, turns)
  connection.addEventListener('message', event => {
    if (event === passing) return
    event.stopImmediatePropagation()
    intake.heard()
    reader.take(event.data)
  })
}
