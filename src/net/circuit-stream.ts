// A stream that becomes a circuit: first one message each way, then bytes. protocols/transport, section 11.
import type { AbortOptions, Connection, MessageStreamDirection, Stream } from '@libp2p/interface'
import {
  AbstractMultiaddrConnection,
  InvalidDataLengthLengthError,
  lpStream,
  type LengthPrefixedStream
} from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import { Reject } from '../wire/reject.ts'
import {
  type CircuitMessage,
  type CircuitProtocol,
  encodeCircuitMessage,
  parseCircuitMessage
} from './circuit-message.ts'
import { CIRCUIT_MESSAGE_BYTES_MAX, NEGOTIATION_TIMEOUT_MS } from './limits.ts'
import { Cut, hangUp } from './muxer.ts'
import type { NetEvent } from './net-event.ts'

type Bytes = Parameters<Stream['send']>[0]

/** The talk about a circuit, on its own stream. */
export class CircuitTalk {
  readonly #protocol: CircuitProtocol
  readonly #stream: LengthPrefixedStream<Stream>
  readonly #connection: Connection
  readonly #log: (event: NetEvent) => void
  /** When there was time enough. */
  readonly signal = AbortSignal.timeout(NEGOTIATION_TIMEOUT_MS)

  constructor(
    protocol: CircuitProtocol,
    stream: Stream,
    connection: Connection,
    log: (event: NetEvent) => void
  ) {
    this.#protocol = protocol
    this.#connection = connection
    this.#log = log
    // A dialer may say on, before it has an answer, what a connection says before noise.
    this.#stream = lpStream(stream, {
      lengthDecoder: lengthOf,
      maxDataLength: CIRCUIT_MESSAGE_BYTES_MAX,
      maxBufferSize: 2 * CIRCUIT_MESSAGE_BYTES_MAX
    })
  }

  say(message: CircuitMessage): Promise<void> {
    return this.#stream.write(encodeCircuitMessage(this.#protocol, message), { signal: this.signal })
  }

  /** @throws when it does not come; a peer that sends something else is hung up on */
  async hear(): Promise<CircuitMessage> {
    const message = await this.#read()
    if (!(message instanceof Reject)) return message
    return this.fault(message)
  }

  fault(reject: Reject): never {
    const peerId = this.#connection.remotePeer.toString()
    const { code, detail, fault } = reject
    this.#log({ event: 'connection-cut', peerId, code, detail, fault })
    const cut = new Cut(reject)
    hangUp(this.#connection, cut) // NET-34
    throw cut
  }

  /** The stream, for what follows. */
  over(): Stream {
    return this.#stream.unwrap()
  }

  async #read(): Promise<CircuitMessage | Reject> {
    try {
      const bytes = await this.#stream.read({ signal: this.signal })
      return parseCircuitMessage(this.#protocol, bytes.subarray())
    } catch (error) {
      if (!TOO_LONG.has((error as Error).name)) throw error
      return new Reject('circuit-message', `more than ${CIRCUIT_MESSAGE_BYTES_MAX} bytes`)
    }
  }
}

/** Two bytes are enough for the longest. libp2p's own reads on for as long as none of them is the last. */
function lengthOf(bytes: { subarray(): Uint8Array }): number {
  const [low = 0, high] = bytes.subarray()
  if (low < 0x80) return low
  if (high === undefined) throw new RangeError('there is more to it')
  if (high >= 0x80) throw new InvalidDataLengthLengthError('more than two bytes of length')
  return (low & 0x7f) + high * 0x80
}

const TOO_LONG = new Set(['InvalidDataLengthError', 'InvalidDataLengthLengthError', 'StreamBufferError'])

/** Whether a connection goes through a relay. */
export function isRelayed(connection: { remoteAddr: Multiaddr }): boolean {
  return relayOf(connection) !== undefined
}

/** The relay that a connection goes through, and who it says is behind it. */
export function relayOf({
  remoteAddr
}: {
  remoteAddr: Multiaddr
}): { relay: string; named: string } | undefined {
  const [, relay, named] = /\/p2p\/([^/]+)\/p2p-circuit\/p2p\/([^/]+)$/.exec(remoteAddr.toString()) ?? []
  return relay === undefined || named === undefined ? undefined : { relay, named }
}

/** The stream as libp2p wants a connection that is to be upgraded. */
export class CircuitConnection extends AbstractMultiaddrConnection {
  readonly #stream: Stream

  constructor(stream: Stream, remoteAddr: Multiaddr, direction: MessageStreamDirection) {
    super({ remoteAddr, direction, log: stream.log.newScope('circuit') })
    this.#stream = stream
    stream.addEventListener('message', event => this.onData(event.data))
    stream.addEventListener('drain', () => this.safeDispatchEvent('drain'))
    stream.addEventListener('close', event => this.onTransportClosed(event.error))
    // A connection has no half that stays open. What came before the end is handed on first.
    stream.addEventListener('end', () => {
      if (stream.status === 'open') this.close().catch((error: Error) => this.abort(error))
    })
  }

  sendData(data: Bytes): { sentBytes: number; canSendMore: boolean } {
    const sentBytes = data.byteLength // before it is taken
    return { sentBytes, canSendMore: this.#stream.send(data) }
  }

  sendClose(options?: AbortOptions): Promise<void> {
    return this.#stream.close(options)
  }

  sendReset(error: Error): void {
    this.#stream.abort(error)
  }

  sendPause(): void {
    this.#stream.pause()
  }

  sendResume(): void {
    this.#stream.resume()
  }
}
