// A mouth without a conscience: noise, yamux and the opening as they should be, then whatever an attack wants to say,
// at any layer, and to hear or not to hear.
import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Connection, MessageStream, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { FrameDecoder, framePrefix } from '../../src/net/framing.ts'
import { SYNC_PROTOCOL } from '../../src/net/limits.ts'
import { type Frame, encodeFrame, parseFrame } from '../../src/sync/frame.ts'
import { concatBytes } from '../../src/wire/bytes.ts'
import { isReject } from '../../src/wire/reject.ts'
import type { Company } from '../sim/company.ts'

const DIAL_MS = 5_000

/** One connection past noise. */
export interface Line {
  connection: Connection
  /** Below the muxer: what is sent here is encrypted and nothing else. */
  raw: MessageStream
  closed: Promise<void>
  isOpen(): boolean
}

export class Mouth {
  readonly node: Libp2p
  readonly #raws: MessageStream[]

  private constructor(node: Libp2p, raws: MessageStream[]) {
    this.node = node
    this.#raws = raws
  }

  /** @param listen where it listens; nowhere unless it is said */
  static async create(seed: Uint8Array, listen: string[] = []): Promise<Mouth> {
    const raws: MessageStream[] = []
    const node = await createLibp2p({
      privateKey: await generateKeyPairFromSeed('Ed25519', seed),
      addresses: { listen },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [
        () => {
          const inner = yamux({ enableKeepAlive: false, maxOutboundStreams: 10_000 })()
          const createStreamMuxer = (raw: MessageStream) => {
            raws.push(raw)
            return inner.createStreamMuxer(raw)
          }
          return { protocol: inner.protocol, createStreamMuxer }
        }
      ],
      connectionManager: { maxConnections: 1_000, maxParallelDials: 100 },
      connectionMonitor: { enabled: false }
    })
    return new Mouth(node, raws)
  }

  get peerId(): string {
    return this.node.peerId.toString()
  }

  async connect(address: string): Promise<Line> {
    const connection = await this.node.dial(multiaddr(address), {
      force: true,
      signal: AbortSignal.timeout(DIAL_MS)
    })
    const raw = this.#raws.at(-1) as MessageStream
    return { connection, raw, ...lifeOf(connection) }
  }

  /** A session in which the company of this mouth has said who it is and been answered. */
  async greet(
    address: string,
    company: Company,
    hello: Partial<Extract<Frame, { type: 'hello' }>> = {}
  ): Promise<Talk> {
    const talk = await this.talk(address)
    await talk.hello(company, hello)
    await talk.heard(frame => frame.type === 'hello')
    return talk
  }

  /** Takes the sessions that others open with it, and says there who it is. */
  async answer(company: Company): Promise<void> {
    await this.node.handle(SYNC_PROTOCOL, (stream, connection) => {
      const opens = this.peerId < connection.remotePeer.toString()
      const line = { connection, raw: this.#raws.at(-1) as MessageStream, ...lifeOf(connection) }
      const talk = new Talk(line, stream, opens)
      if (opens) stream.send(Uint8Array.of(0))
      void talk.opened.then(() => talk.hello(company)).catch(() => undefined)
    })
  }

  /** A session on which nothing was said. */
  async talk(address: string): Promise<Talk> {
    const line = await this.connect(address)
    const stream = await line.connection.newStream(SYNC_PROTOCOL, { signal: AbortSignal.timeout(DIAL_MS) })
    const opens = this.peerId < line.connection.remotePeer.toString()
    const talk = new Talk(line, stream, opens)
    if (opens) stream.send(Uint8Array.of(0))
    else await talk.opened
    return talk
  }

  async stop(): Promise<void> {
    await this.node.stop()
  }
}

function lifeOf(connection: Connection): Pick<Line, 'closed' | 'isOpen'> {
  const closed = new Promise<void>(resolve => {
    if (connection.status !== 'open') resolve()
    connection.addEventListener('close', () => resolve())
  })
  return { closed, isOpen: () => connection.status === 'open' }
}

/** A session: says any bytes, answers nothing by itself. */
export class Talk {
  readonly line: Line
  readonly stream: Stream
  readonly opened: Promise<void>
  readonly frames: Frame[] = []
  #heard: (frame: Frame) => void = () => undefined
  /** What an attack does with each frame that comes. */
  onFrame: (frame: Frame) => void = () => undefined

  /** @param opens whether this side says the opening byte (NET-4) */
  constructor(line: Line, stream: Stream, opens: boolean) {
    this.line = line
    this.stream = stream
    const decoder = new FrameDecoder()
    let open = opens
    this.opened = new Promise((resolve, reject) => {
      stream.addEventListener('close', () => reject(new Error('closed before it was opened')))
      stream.addEventListener('message', event => {
        for (const piece of event.data instanceof Uint8Array ? [event.data] : event.data) decoder.push(piece)
        if (!open && decoder.takeByte() === 0) open = true
        if (open) resolve()
        for (let frame = decoder.next(); frame instanceof Uint8Array; frame = decoder.next())
          this.#take(frame)
      })
    })
    this.opened.catch(() => undefined)
  }

  #take(bytes: Uint8Array): void {
    const frame = parseFrame(bytes)
    if (isReject(frame)) return
    if (this.frames.length < 10_000) this.frames.push(frame)
    this.#heard(frame)
    this.onFrame(frame)
  }

  isOpen(): boolean {
    return this.stream.status === 'open' && this.line.isOpen()
  }

  async heard(matches: (frame: Frame) => boolean, limitMs = 5_000): Promise<Frame> {
    const found = this.frames.find(matches)
    if (found) return found
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('nothing heard in time')), limitMs)
      this.stream.addEventListener('close', () => reject(new Error('closed')))
      this.#heard = frame => {
        if (!matches(frame)) return
        clearTimeout(late)
        resolve(frame)
      }
    })
  }

  hello(company: Company, hello: Partial<Extract<Frame, { type: 'hello' }>> = {}): Promise<boolean> {
    return this.say({
      type: 'hello',
      did: company.identity.did,
      certificate: company.nodeCertificate,
      version: company.identity.head,
      confirmed: true,
      invite: new Uint8Array(0),
      ...hello
    })
  }

  say(...frames: Frame[]): Promise<boolean> {
    return this.sayBytes(concatBytes(...frames.map(framed)))
  }

  /** Any bytes, at the speed of the reader. @returns false once the line is cut */
  sayBytes(bytes: Uint8Array): Promise<boolean> {
    return sendSlowly(this.stream, bytes)
  }
}

export function framed(frame: Frame | Uint8Array): Uint8Array {
  const bytes = frame instanceof Uint8Array ? frame : encodeFrame(frame)
  return concatBytes(framePrefix(bytes.length), bytes)
}

/** Sends and waits for room. @returns false once nothing can be sent any more */
export async function sendSlowly(to: MessageStream | Stream, bytes: Uint8Array): Promise<boolean> {
  try {
    for (let at = 0; at < bytes.length; at += 65_000) {
      if (to.status !== 'open') return false
      if (to.send(bytes.subarray(at, at + 65_000))) await new Promise(resolve => setImmediate(resolve))
      else if (!(await drained(to))) return false
    }
    return to.status === 'open'
  } catch {
    return false
  }
}

function drained(to: MessageStream | Stream): Promise<boolean> {
  return new Promise(resolve => {
    const look = setInterval(() => {
      if (to.status === 'open' && to.writableNeedsDrain) return
      clearInterval(look)
      resolve(to.status === 'open')
    }, 5)
  })
}
