// Yamux with the guard in front of it, and the clock that hangs up on silent peers: protocols/transport, sections 4, 6.
// Both live here because only here every decrypted byte of a connection passes by, whoever reads it later.
import { yamux } from '@libp2p/yamux'
import type { ComponentLogger, MessageStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import { Reject } from '../wire/reject.ts'
import {
  PING_EVERY_MS,
  READ_BUFFER_BYTES_MAX,
  RESUME_GRACE_MS,
  SILENT_AFTER_MS,
  STREAM_WINDOW_BYTES,
  STREAMS_MAX,
  WRITE_BUFFER_BYTES_MAX
} from './limits.ts'
import { readInTurns } from './muxer-intake.ts'
import type { Turns } from './turns.ts'
import { gatherWindowUpdates } from './window-updates.ts'
import { YamuxGuard } from './yamux-guard.ts'

/** Why a connection was cut from this side; the session on it ends with the same reason. */
export class Cut extends Error {
  readonly reason: Reject

  constructor(reason: Reject) {
    super(reason.toString())
    this.name = 'Cut'
    this.reason = reason
  }
}

/** Closes at once. Yamux says goodbye first, and throws if the connection has gone meanwhile: then it is closed. */
export function hangUp(target: { abort(error: Error): void }, error: Error): void {
  try {
    target.abort(error)
  } catch {
    // Closed already.
  }
}

interface Watched {
  heardAt: number
  cut(reason: Reject): void
}

export interface MuxerEvents {
  /** A connection has got its muxer. */
  muxed(connection: MessageStream): void
  /** The guard hangs up on it. */
  cut(connection: MessageStream, reason: Reject): void
}

/** All muxed connections of one node. `now` is a monotonic clock in milliseconds. */
export class GuardedMuxers {
  readonly #now: () => number
  readonly #events: MuxerEvents
  readonly #watched = new Set<Watched>()
  readonly #turns: Turns

  constructor(now: () => number, turns: Turns, events: MuxerEvents) {
    this.#now = now
    this.#turns = turns
    this.#events = events
  }

  /** To be given to libp2p as its only stream muxer. */
  factory(): (components: { logger: ComponentLogger }) => StreamMuxerFactory {
    return () => {
      const inner = yamux({
        enableKeepAlive: true,
        keepAliveInterval: PING_EVERY_MS,
        maxInboundStreams: STREAMS_MAX,
        maxOutboundStreams: STREAMS_MAX,
        streamOptions: {
          initialStreamWindowSize: STREAM_WINDOW_BYTES,
          maxStreamWindowSize: STREAM_WINDOW_BYTES,
          maxReadBufferLength: READ_BUFFER_BYTES_MAX,
          maxWriteBufferLength: WRITE_BUFFER_BYTES_MAX
        }
      })()
      return {
        protocol: inner.protocol,
        createStreamMuxer: (connection: MessageStream) =>
          this.#guard(connection, () => inner.createStreamMuxer(connection))
      }
    }
  }

  /** Hangs up on every peer that has not been heard for too long. Call it once a second. */
  hangUpOnSilent(): void {
    const deadline = this.#now() - SILENT_AFTER_MS
    for (const peer of this.#watched) {
      if (peer.heardAt < deadline)
        peer.cut(new Reject('peer-silent', `not heard for ${SILENT_AFTER_MS / 1_000} s`, false))
    }
  }

  /** After a pause of this process nobody was silent: we were not listening. */
  resumed(): void {
    const atLeast = this.#now() - SILENT_AFTER_MS + RESUME_GRACE_MS
    for (const peer of this.#watched) peer.heardAt = Math.max(peer.heardAt, atLeast)
  }

  #guard(connection: MessageStream, createMuxer: () => StreamMuxer): StreamMuxer {
    const find = (id: number) => {
      const text = String(id)
      return muxer.streams.find(stream => stream.id === text)
    }
    const guard = new YamuxGuard(
      {
        has: id => find(id) !== undefined,
        size: () => muxer.streams.length,
        negotiating: id => find(id)?.protocol === ''
      },
      this.#now()
    )
    const watched: Watched = {
      heardAt: this.#now(),
      cut: reason => {
        const error = new Cut(reason)
        hangUp(muxer, error)
        hangUp(connection, error)
      }
    }
    // Before the muxer listens: so every byte is seen first and can be kept from it.
    readInTurns(connection, this.#turns, {
      heard: () => (watched.heardAt = this.#now()),
      judge: bytes => guard.check(bytes, this.#now()),
      cut: reason => {
        this.#events.cut(connection, reason)
        watched.cut(reason)
      }
    })
    this.#events.muxed(connection)
    connection.addEventListener('close', () => this.#watched.delete(watched))
    this.#watched.add(watched)
    gatherWindowUpdates(connection)
    const muxer = createMuxer()
    return muxer
  }
}
