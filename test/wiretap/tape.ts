// What the tap has written, read again: who handed which bytes to which stream, towards whom, and when; and the
// account of what lies below, which shows that nothing passed by. test/wiretap/README.md.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Kind (1), connection (4), stream (4), ms since 1970 (8), length (4). */
export const HEAD_BYTES = 21

export const KIND = {
  /** JSON: the peer at the other end of an encrypted connection, and the connection below it. */
  peer: 0,
  /** Bytes given to a stream. */
  handed: 1,
  /** Bytes of an encrypted connection, as they go into noise. */
  below: 2,
  /** Bytes given to a connection that noise had no hand in: before and during its handshake. */
  clear: 3,
  /** JSON: how many bytes came out of noise. */
  cipher: 4,
  /** JSON: how many bytes were written on a socket that has closed. */
  socket: 5
} as const
export type Kind = (typeof KIND)[keyof typeof KIND]

/** Bytes that one process handed to one stream, in order. */
export interface Reel {
  /** Process id of the node that sent. */
  pid: number
  /** Peer id of the receiver; empty where a connection ended before that was known. */
  peer: string
  bytes: Buffer
  /** Where each chunk begins, and when it was handed over (ms since 1970). */
  chunks: { from: number; at: number }[]
}

/** One process: what lies below the streams. Bytes. */
export interface Account {
  pid: number
  /** Given to streams. */
  handed: number
  /** Of that, put into yamux frames. */
  carried: number
  /** Headers and control frames of yamux. */
  yamux: number
  /** Lengths and tags of noise. */
  noise: number
  /** Before and during the handshake. */
  clear: number
  /** Of what is in clear and what came out of noise, what was given to sockets. */
  given: number
  /** Written on sockets, as Node counts. */
  socket: number
  /** What does not fit together: anything here is something that the tap has not seen. */
  gaps: string[]
}

interface Line {
  peer: string
  onSocket: boolean
  /** The number of the connection below. */
  under: number
}

interface Track {
  line: number
  stream: number
  pieces: Buffer[]
  length: number
  chunks: Reel['chunks']
}

const YAMUX_HEADER = 12
const NOISE_MESSAGE = 65_519
const NOISE_EXTRA = 18

/** One tape: a process. It may end in the middle of an entry, where the process was killed. */
class Tape {
  readonly pid: number
  readonly lines = new Map<number, Line>()
  readonly tracks = new Map<string, Track>()
  readonly #below = new Map<number, Buffer[]>()
  readonly #clear = new Map<number, Track>()
  readonly #cipher = new Map<number, number>()
  #sockets = 0

  constructor(pid: number, bytes: Buffer) {
    this.pid = pid
    for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
      const length = bytes.readUInt32BE(at + 17)
      const data = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)
      if (data.length < length) break
      const [line, stream] = [bytes.readUInt32BE(at + 1), bytes.readUInt32BE(at + 5)]
      this.#take(bytes[at] as Kind, line, stream, bytes.readDoubleBE(at + 9), data)
      at += HEAD_BYTES + length
    }
  }

  #take(kind: Kind, line: number, stream: number, at: number, data: Buffer): void {
    if (kind === KIND.peer) {
      const { peer, onSocket, below } = JSON.parse(data.toString()) as {
        peer: string
        onSocket: boolean
        below: number
      }
      this.lines.set(line, { peer, onSocket, under: below })
    } else if (kind === KIND.handed) add(this.#track(this.tracks, line, stream), at, data)
    else if (kind === KIND.clear) add(this.#track(this.#clear, line, stream), at, data)
    else if (kind === KIND.below) gather(this.#below, line, data)
    else if (kind === KIND.cipher)
      this.#cipher.set(line, (this.#cipher.get(line) ?? 0) + Number(data.toString()))
    else this.#sockets += Number(data.toString())
  }

  #track<K extends string | number>(tracks: Map<K, Track>, line: number, stream: number): Track {
    const key = (stream === 0 ? line : `${line}/${stream}`) as K
    let track = tracks.get(key)
    if (!track) tracks.set(key, (track = { line, stream, pieces: [], length: 0, chunks: [] }))
    return track
  }

  reels(): Reel[] {
    const peerUnder = new Map([...this.lines.values()].map(({ under, peer }) => [under, peer]))
    const reel = (track: Track, peer: string): Reel => ({
      pid: this.pid,
      peer,
      bytes: Buffer.concat(track.pieces),
      chunks: track.chunks
    })
    return [
      ...[...this.tracks.values()].map(track => reel(track, this.lines.get(track.line)?.peer ?? '')),
      ...[...this.#clear.values()].map(track => reel(track, peerUnder.get(track.line) ?? ''))
    ]
  }

  /** Takes the yamux frames apart again and compares what they carry with what was handed to the streams. */
  account(): Account {
    const account: Account = {
      pid: this.pid,
      handed: 0,
      carried: 0,
      yamux: 0,
      noise: 0,
      clear: 0,
      given: 0,
      socket: this.#sockets,
      gaps: []
    }
    for (const { length } of this.tracks.values()) account.handed += length
    let direct = 0
    for (const [line, pieces] of this.#below) {
      const { onSocket = false, peer = 'nobody' } = this.lines.get(line) ?? {}
      const noise = pieces.reduce(
        (sum, { length }) => sum + NOISE_EXTRA * Math.ceil(length / NOISE_MESSAGE),
        0
      )
      const { carried, framing, total } = this.#unmux(line, Buffer.concat(pieces), account.gaps, peer)
      account.carried += carried
      account.yamux += framing
      account.noise += noise
      if (onSocket) direct += total + noise
    }
    const onSockets = new Set(
      [...this.lines.values()].filter(line => line.onSocket).map(({ under }) => under)
    )
    let cipher = 0
    for (const [under, bytes] of this.#cipher) if (onSockets.has(under)) cipher += bytes
    if (cipher !== direct)
      account.gaps.push(`noise gave ${cipher} bytes to sockets and was given what makes ${direct}`)
    const isBelow = new Set([...this.lines.values()].filter(line => !line.onSocket).map(({ under }) => under))
    for (const [line, { length }] of this.#clear) if (!isBelow.has(line)) account.clear += length
    account.given = account.clear + cipher
    if (this.#sockets > account.given)
      account.gaps.push(`${this.#sockets} bytes on sockets, ${account.given} were given to connections`)
    return account
  }

  #unmux(line: number, bytes: Buffer, gaps: string[], peer: string) {
    const carried = new Map<number, Buffer[]>()
    let at = 0
    let framing = 0
    while (at + YAMUX_HEADER <= bytes.length) {
      const [version, type, id] = [bytes[at], bytes[at + 1], bytes.readUInt32BE(at + 4)]
      const length = type === 0 ? bytes.readUInt32BE(at + 8) : 0
      if (version !== 0 || (type ?? 9) > 3) break
      framing += YAMUX_HEADER
      at += YAMUX_HEADER
      if (length > 0) gather(carried, id, bytes.subarray(at, at + length))
      at += length
    }
    if (at !== bytes.length) gaps.push(`a connection to ${peer} carries something else than yamux`)
    const sent = [...carried.values()].map(pieces => Buffer.concat(pieces))
    const handed = [...this.tracks.values()].filter(track => track.line === line)
    // Streams are numbered otherwise below: each that carries something is the beginning of one that was recorded.
    const unmatched = handed.map(({ pieces }) => Buffer.concat(pieces))
    for (const content of sent) {
      const i = unmatched.findIndex(whole => whole.subarray(0, content.length).equals(content))
      if (i < 0) gaps.push(`a stream to ${peer} carries ${content.length} bytes that were not recorded`)
      else unmatched.splice(i, 1)
    }
    return { carried: sent.reduce((sum, { length }) => sum + length, 0), framing, total: bytes.length }
  }
}

function gather(map: Map<number, Buffer[]>, key: number, data: Buffer): void {
  const all = map.get(key)
  if (all) all.push(data)
  else map.set(key, [data])
}

function add(track: Track, at: number, data: Buffer): void {
  track.chunks.push({ from: track.length, at })
  track.pieces.push(data)
  track.length += data.length
}

/** All tapes of a folder. */
export function readTapes(folder: string): { reels: Reel[]; accounts: Account[] } {
  const tapes = readdirSync(folder)
    .filter(name => name.endsWith('.tape'))
    .map(name => new Tape(Number.parseInt(name, 10), readFileSync(join(folder, name))))
  return { reels: tapes.flatMap(tape => tape.reels()), accounts: tapes.map(tape => tape.account()) }
}
