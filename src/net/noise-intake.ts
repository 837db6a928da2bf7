// What sockets bring, handed to noise in turns: protocols/transport, section 4. Noise decrypts all that a chunk holds
// before anybody who gets it can say that it is enough, and in 64 KiB there are 3,400 messages of one byte.
import type { MessageStream } from '@libp2p/interface'
import { NOISE_MESSAGES_AT_ONCE } from './limits.ts'
import { type Bytes, Reader } from './reader.ts'
import type { Turns } from './turns.ts'

/** What a socket's bytes go through (libp2p's AbstractMessageStream). */
export type Raw = MessageStream & {
  readonly readBuffer: { subarray(): Uint8Array; consume(bytes: number): void }
  onData(data: Bytes): void
  sendPause(): void
  sendResume(): void
}

/**
 * To be called right before noise begins. From then on only this pauses and resumes the socket: it is read while nothing
 * waits here for its turn and nobody above has paused the connection.
 *
 * @param onData the connection's own
 * @returns what is to be called instead of it
 */
export function decryptInTurns(
  connection: Raw,
  onData: (data: Bytes) => void,
  turns: Turns
): (data: Bytes) => void {
  const messages = new NoiseMessages()
  const hand = (bytes: Uint8Array) => {
    const some = messages.some(bytes)
    onData(bytes.subarray(0, some))
    return some
  }
  const pause = connection.sendPause.bind(connection)
  const resume = connection.sendResume.bind(connection)
  const reader = new Reader({ hand, pause, resume }, turns)
  // The pauses of the encrypted connection, that is of its muxer's reader, come down to here.
  connection.sendPause = () => reader.stop()
  connection.sendResume = () => reader.start()
  // What came with the end of the negotiation belongs to noise.
  const early = connection.readBuffer.subarray()
  connection.readBuffer.consume(early.length)
  reader.take(early)
  return data => reader.take(data)
}

/** Where messages begin: before each, of the handshake too, come two bytes that say how long it is. */
class NoiseMessages {
  /** What is still to come of the present one. */
  #left = 0
  /** The first byte of a length whose second has not come. */
  #high: number | undefined

  /** How many of these bytes are few enough messages; to be called with what follows them next. */
  some(bytes: Uint8Array): number {
    let at = 0
    for (let begun = 0; at < bytes.length;) {
      if (this.#left > 0) {
        const part = Math.min(this.#left, bytes.length - at)
        this.#left -= part
        at += part
      } else if (this.#high !== undefined) {
        this.#left = this.#high * 256 + (bytes[at++] as number)
        this.#high = undefined
      } else if (begun++ < NOISE_MESSAGES_AT_ONCE) this.#high = bytes[at++]
      else break
    }
    return at
  }
}
