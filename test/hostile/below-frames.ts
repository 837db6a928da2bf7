// Past noise and below the frames: yamux as no muxer would speak it, and streams of every protocol that is there.
import type { MessageStream, Stream } from '@libp2p/interface'
import { concatBytes, utf8 } from '../../src/wire/bytes.ts'
import { SYNC_PROTOCOL } from '../../src/net/limits.ts'
import { DATA, PING, RST, SYN, WINDOW_UPDATE, yamuxHeader } from '../net/hostile-peer.ts'
import { line, repeated } from './at-the-door.ts'
import type { Kind } from './kinds.ts'
import { type Line, sendSlowly } from './mouth.ts'
import type { Scene } from './scene.ts'

const MIB = 2 ** 20

/** A member that puts these bytes on each new connection, below its own muxer, until the time is up. */
function raw(bytes: (turn: number, scene: Scene) => Uint8Array, { session = true, deaf = false } = {}) {
  return async (scene: Scene) => {
    let [sent, lines] = [0, 0]
    for (let n = 0; scene.going(); n++) {
      const up = await connected(scene, n, session)
      if (!up) {
        await scene.rest(50)
        continue
      }
      lines++
      if (deaf) silence(up.raw)
      for (let turn = 0; scene.going() && up.isOpen(); turn++) {
        const next = bytes(turn, scene)
        if (!(await sendSlowly(up.raw, next))) break
        sent += next.length
      }
    }
    return `${(sent / MIB).toFixed(1)} MiB on ${lines} connections`
  }
}

/** Its own muxer hears nothing more: an answer that it did not ask for would end the connection from this side. */
function silence(connection: MessageStream): void {
  const dispatch = connection.dispatchEvent.bind(connection)
  connection.dispatchEvent = event => event.type === 'message' || dispatch(event)
}

/** So many frames with a noise message for each byte, sent on all lines at once. @returns how many messages */
function dribble(ups: readonly Line[], frame: Uint8Array, frames: number): number {
  const open = ups.filter(up => up.isOpen())
  const chunks = open.map(up => {
    const { encrypt } = up.raw as Encrypted
    const said: Uint8Array[] = []
    for (let i = 0; i < frames * frame.length; i++)
      said.push(encrypt.call(up.raw, frame.slice(i % frame.length, (i % frame.length) + 1)).subarray())
    return concatBytes(...said)
  })
  open.forEach((up, i) => (up.raw as Encrypted).stream.send(chunks[i] as Uint8Array))
  return open.length * frames * frame.length
}

/** Noise's own: its `send` would gather what has no room into larger messages. */
type Encrypted = MessageStream & {
  encrypt(data: Uint8Array): { subarray(): Uint8Array }
  readonly stream: MessageStream
}

async function connected(scene: Scene, n: number, session: boolean): Promise<Line | undefined> {
  try {
    if (session) return (await scene.talk(n)).line
    return await (await scene.member(n)).connect(scene.task.address)
  } catch {
    return undefined
  }
}

/** Streams of one protocol, opened again and again; `act` does what it likes with each. */
function streams(protocol: string, width: number, act: (stream: Stream, scene: Scene) => Promise<unknown>) {
  return async (scene: Scene) => {
    let opened = 0
    const mouth = await scene.member()
    let up: Line | undefined
    const one = async () => {
      while (scene.going()) {
        try {
          if (!up?.isOpen()) up = await mouth.connect(scene.task.address)
          const options = { signal: AbortSignal.timeout(3_000), maxOutboundStreams: 10_000 }
          const stream = await up.connection.newStream(protocol, options)
          opened++
          await act(stream, scene)
        } catch {
          await scene.rest(5)
        }
      }
    }
    await Promise.all(Array.from({ length: width }, one))
    return `${opened} streams`
  }
}

/** Streams that are opened below the muxer and never negotiated as they should. */
function lines(said: Uint8Array, width: number) {
  return raw(
    (turn: number) => {
      const ids = Array.from({ length: width }, (_, i) => 1_001 + 2 * i)
      const frames = ids.map(id =>
        concatBytes(yamuxHeader(DATA, turn === 0 ? SYN : 0, id, said.length), said)
      )
      return concatBytes(...frames)
    },
    { session: false }
  )
}

function opened(from: number, count: number, reset: boolean): Uint8Array {
  const frames: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    const id = from + 2 * i
    frames.push(yamuxHeader(WINDOW_UPDATE, SYN, id, 0))
    if (reset) frames.push(yamuxHeader(WINDOW_UPDATE, RST, id, 0))
  }
  return concatBytes(...frames)
}

const absurdIdentify = concatBytes(
  ...Array.from({ length: 10_000 }, (_, i) => {
    const name = utf8(`/protocol/${i}`)
    return concatBytes(Uint8Array.of(0x1a, name.length), name)
  }),
  // Listen addresses: the machine's own loopback, ports of other services.
  ...Array.from({ length: 100 }, (_, i) => Uint8Array.of(0x12, 8, 4, 127, 0, 0, 1, 6, 0x1f, 0x90 + (i % 100)))
)

export const belowFrames: Kind[] = [
  {
    name: 'yamux-4-gib-frame',
    as: 'member',
    cut: ['yamux-frame-size'],
    nodes: 4,
    run: raw(turn => (turn === 0 ? yamuxHeader(DATA, SYN, 1_001, 2 ** 32 - 1) : new Uint8Array(MIB)))
  },
  {
    name: 'yamux-bad-version',
    as: 'member',
    cut: ['yamux-header'],
    run: raw(() => new Uint8Array(1_200).fill(9))
  },
  {
    name: 'yamux-ping-flood',
    as: 'member',
    cut: ['yamux-control-rate'],
    run: raw(() => repeated(yamuxHeader(PING, SYN, 0, 7), 60_000), { deaf: true })
  },
  {
    name: 'yamux-ping-steady',
    as: 'member',
    // Just below the limit, for as long as it likes.
    run: async scene => {
      const { raw: below } = (await scene.talk()).line
      await scene.every(1_900, n => void sendSlowly(below, yamuxHeader(PING, SYN, 0, n)))
    }
  },
  {
    name: 'yamux-window-flood',
    as: 'member',
    cut: ['yamux-frame-rate'],
    run: raw(() => repeated(yamuxHeader(WINDOW_UPDATE, 0, 1, 1), 60_000))
  },
  {
    name: 'yamux-reset-flood',
    as: 'member',
    cut: ['yamux-control-rate'],
    run: raw(() => repeated(yamuxHeader(WINDOW_UPDATE, RST, 9_999, 0), 60_000))
  },
  {
    name: 'yamux-open-flood',
    as: 'member',
    cut: ['yamux-stream-rate'],
    run: raw(turn => opened(1_001 + turn * 10_000, 5_000, false))
  },
  {
    name: 'yamux-rapid-reset',
    as: 'member',
    cut: ['yamux-stream-rate'],
    run: raw(turn => opened(1_001 + turn * 10_000, 5_000, true))
  },
  {
    name: 'yamux-rapid-reset-steady',
    as: 'member',
    cut: ['yamux-stream-rate'],
    run: async scene => {
      const { raw: below } = (await scene.talk()).line
      await scene.every(900, n => void sendSlowly(below, opened(1_001 + 2 * n, 1, true)))
    }
  },
  {
    name: 'yamux-unknown-streams',
    as: 'member',
    cut: ['yamux-stray-data'],
    run: raw(() => concatBytes(yamuxHeader(DATA, 0, 9_999, 65_536), new Uint8Array(65_536)))
  },
  {
    name: 'yamux-window-violation',
    as: 'member',
    run: raw(() => concatBytes(yamuxHeader(DATA, 0, 1, 260_000), new Uint8Array(260_000)))
  },
  {
    name: 'yamux-dribble',
    as: 'member',
    cut: ['yamux-pieces'],
    run: async scene => {
      for (let n = 0; scene.going(); n++) {
        const up = await connected(scene, n, true)
        if (!up) {
          await scene.rest(50)
          continue
        }
        up.raw.send(yamuxHeader(DATA, 0, 1, 200_000))
        while (scene.going() && up.isOpen() && (await sendSlowly(up.raw, Uint8Array.of(0)))) continue
      }
    }
  },
  {
    name: 'noise-dribble',
    as: 'member',
    nodes: 8,
    // Frames that break no rule, a byte a message, of all nodes at once.
    run: async scene => {
      const ups: Line[] = []
      for (let n = 0; n < scene.task.nodes.length; n++) {
        const up = await connected(scene, n, true)
        if (up) ups.push(up)
      }
      scene.begin()
      let sent = 0
      while (scene.going()) {
        sent += dribble(ups, yamuxHeader(WINDOW_UPDATE, 0, 1, 1), 700)
        await scene.rest(500)
      }
      return `${sent} messages on ${ups.length} connections`
    }
  },
  {
    name: 'yamux-small-frames',
    as: 'member',
    cut: ['negotiation-flood', 'yamux-frame-rate', 'yamux-stray-data'],
    // As many bytes of their own as the rate allows, on a stream that is open.
    run: raw(() => repeated(concatBytes(yamuxHeader(DATA, 0, 1, 1), Uint8Array.of(9)), 60_000), {
      session: false
    })
  },
  {
    name: 'yamux-half-open',
    as: 'member',
    cut: ['yamux-stream-rate'],
    run: raw(
      turn => (turn < 3 ? opened(1_001 + 4_000 * turn, 500, false) : yamuxHeader(WINDOW_UPDATE, 0, 1_001, 1)),
      { session: false }
    )
  },
  {
    name: 'yamux-goodbye-flood',
    as: 'member',
    // The first one ends the connection, so there is nothing left to cut.
    run: raw(() => repeated(yamuxHeader(3, 0, 0, 0), 60_000))
  },
  {
    name: 'stream-endless-lines',
    as: 'member',
    cut: ['negotiation-flood'],
    run: lines(repeated(line(''), 8_000), 30)
  },
  {
    name: 'stream-endless-ls',
    as: 'member',
    cut: ['negotiation-flood'],
    run: lines(repeated(line('ls'), 8_000), 30)
  },
  {
    name: 'stream-line-dribble',
    as: 'member',
    // Its frames of one byte may be too many for yamux before its lines are too long for multistream.
    cut: ['negotiation-flood', 'yamux-frame-rate'],
    run: lines(Uint8Array.of(0x7f), 30)
  },
  { name: 'streams-unknown', as: 'member', run: streams('/nobody/speaks/this', 50, async () => undefined) },
  {
    name: 'streams-second-session',
    as: 'member',
    run: streams(SYNC_PROTOCOL, 20, async (_, scene) => scene.rest(20))
  },
  {
    name: 'identify-again-and-again',
    as: 'member',
    run: streams('/ipfs/id/1.0.0', 30, async stream => {
      stream.pause()
      stream.abort(new Error('not read'))
    })
  },
  {
    name: 'identify-absurd',
    as: 'member',
    run: streams('/ipfs/id/1.0.0', 10, async stream => sendSlowly(stream, absurdIdentify))
  },
  {
    name: 'identify-push',
    as: 'member',
    run: streams('/ipfs/id/push/1.0.0', 10, async stream => sendSlowly(stream, absurdIdentify))
  },
  {
    name: 'ping-never-reads',
    as: 'member',
    run: streams('/ipfs/ping/1.0.0', 4, async (stream, scene) => {
      stream.pause()
      while (scene.going() && (await sendSlowly(stream, new Uint8Array(32)))) continue
    })
  },
  {
    name: 'reconnect-loop',
    as: 'member',
    run: async scene => {
      let count = 0
      while (scene.going()) {
        const talk = await scene.talk().catch(() => undefined)
        if (talk) count++
        talk?.line.connection.abort(new Error('again'))
        await scene.mouths.pop()?.stop()
      }
      return `${count} sessions`
    }
  },
  {
    name: 'company-of-many-nodes',
    as: 'member',
    nodes: 32,
    // Every node that the company may have, each with as many connections as it gets.
    run: async scene => {
      let count = 0
      const one = async (n: number) => {
        const mouth = await scene.member(n)
        while (scene.going()) {
          const up = await mouth.connect(scene.task.address).catch(() => undefined)
          if (!up) {
            await scene.rest(100)
            continue
          }
          count++
          await Promise.race([up.closed, scene.rest()])
        }
      }
      await Promise.all(Array.from({ length: 64 }, (_, n) => one(n)))
      return `${count} connections`
    }
  }
]
