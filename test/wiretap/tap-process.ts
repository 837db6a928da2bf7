// Preloaded into a node (`--import`): writes down every byte that this process hands to a libp2p stream, before it is
// encrypted, and what lies below, so that it can be counted that nothing passes by. It sits in libp2p's own classes
// and knows nothing of the node. test/wiretap/README.md.
import { subscribe } from 'node:diagnostics_channel'
import { openSync, writeSync } from 'node:fs'
import { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { AbstractMessageStream, AbstractStream, AbstractStreamMuxer } from '@libp2p/utils'
import { HEAD_BYTES, KIND, type Kind } from './tape.ts'

type Data = Parameters<AbstractMessageStream['send']>[0]
type Sent = { sentBytes: number; canSendMore: boolean }

/** The encrypted connection of libp2p's noise: its class is not exported. */
interface Noise extends AbstractMessageStream {
  stream: AbstractMessageStream
  sendData(data: Data): Sent
}

/** What libp2p makes of an upgraded connection. */
interface Upgraded {
  stream: object
  maConn: object
  remotePeer: { toString(): string }
}

async function listen(file: number): Promise<void> {
  const numbers = new Numbers()
  const write = (kind: Kind, line: number, stream: number, ...pieces: Uint8Array[]) => {
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUInt8(kind)
    head.writeUInt32BE(line, 1)
    head.writeUInt32BE(stream, 5)
    head.writeDoubleBE(performance.timeOrigin + performance.now(), 9)
    head.writeUInt32BE(
      pieces.reduce((sum, { length }) => sum + length, 0),
      17
    )
    const all = Buffer.concat([head, ...pieces])
    for (let at = 0; at < all.length;) at += writeSync(file, all, at)
  }
  const note = (kind: Kind, line: number, stream: number, value: unknown) =>
    write(kind, line, stream, Buffer.from(JSON.stringify(value)))
  tapStreams(numbers, write, note)
  await tapPeers(numbers, note)
  tapSockets(note)
}

type Write = (kind: Kind, line: number, stream: number, ...pieces: Uint8Array[]) => void
type Note = (kind: Kind, line: number, stream: number, value: unknown) => void

class Numbers {
  readonly #numbers = new WeakMap<object, number>()
  #last = 0

  of(thing: object): number {
    let number = this.#numbers.get(thing)
    if (number === undefined) this.#numbers.set(thing, (number = ++this.#last))
    return number
  }
}

function piecesOf(data: Data): Uint8Array[] {
  return data instanceof Uint8Array ? [data] : [...data]
}

/** Everything that takes bytes is an AbstractMessageStream: streams, encrypted connections, sockets. */
function tapStreams(numbers: Numbers, write: Write, note: Note): void {
  const lines = new WeakMap<object, object>()
  const muxer = AbstractStreamMuxer.prototype as unknown as {
    cleanUpStream(this: { maConn: object }, stream: object): void
  }
  const { cleanUpStream } = muxer
  muxer.cleanUpStream = function (stream) {
    lines.set(stream, this.maConn)
    return cleanUpStream.call(this, stream)
  }

  /** Encrypting, now: what is handed to the socket is what noise makes of what was recorded. */
  let encrypting = false
  const tapped = new WeakSet<object>()
  const tapNoise = (prototype: Noise) => {
    if (tapped.has(prototype)) return
    tapped.add(prototype)
    const { sendData } = prototype
    prototype.sendData = function (data) {
      write(KIND.below, numbers.of(this), 0, ...piecesOf(data))
      // Through a relay there is a second encryption within.
      const before = encrypting
      encrypting = true
      try {
        return sendData.call(this, data)
      } finally {
        encrypting = before
      }
    }
  }

  const { send } = AbstractMessageStream.prototype
  AbstractMessageStream.prototype.send = function (this: AbstractMessageStream, data: Data): boolean {
    if (this instanceof AbstractStream) {
      const line = numbers.of(lines.get(this) ?? this)
      write(KIND.handed, line, numbers.of(this), ...piecesOf(data))
    } else if (this.constructor.name === 'EncryptedMessageStream')
      tapNoise(Object.getPrototypeOf(this) as Noise)
    else if (encrypting) note(KIND.cipher, numbers.of(this), 0, data.byteLength)
    else write(KIND.clear, numbers.of(this), 0, ...piecesOf(data))
    return send.call(this, data)
  }
}

/** Who is at the other end: known when noise has proven it. */
async function tapPeers(numbers: Numbers, note: Note): Promise<void> {
  const file = new URL('./upgrader.js', import.meta.resolve('libp2p'))
  const { Upgrader } = (await import(file.href)) as {
    Upgrader: { prototype: { _createConnection(upgraded: Upgraded): unknown } }
  }
  const { _createConnection } = Upgrader.prototype
  Upgrader.prototype._createConnection = function (upgraded) {
    const { stream, maConn, remotePeer } = upgraded
    const peer = { peer: remotePeer.toString(), below: numbers.of(maConn), onSocket: 'socket' in maConn }
    note(KIND.peer, numbers.of(stream), 0, peer)
    return _createConnection.call(this, upgraded)
  }
}

/** Every TCP socket of the process but those of its local API: how much was written on it, when it closes. */
function tapSockets(note: Note): void {
  const open = new Set<Socket>()
  const tell = (socket: Socket) => {
    if (open.delete(socket)) note(KIND.socket, 0, 0, socket.bytesWritten)
  }
  for (const name of ['net.client.socket', 'net.server.socket']) {
    subscribe(name, message => {
      const { socket } = message as { socket: Socket & { server?: unknown } }
      if (socket.server instanceof HttpServer) return
      open.add(socket)
      socket.once('close', () => tell(socket))
    })
  }
  process.once('exit', () => open.forEach(tell))
}

const folder = process.env['PARLEY_WIRETAP']
if (isMainThread && folder !== undefined) await listen(openSync(join(folder, `${process.pid}.tape`), 'a'))
