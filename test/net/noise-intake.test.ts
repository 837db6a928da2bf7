// What sockets bring, as noise gets it, with noise itself and libp2p's connections: protocols/transport, section 4.
import type { NoiseComponents } from '@chainsafe/libp2p-noise'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Logger, MessageStream, StreamMessageEvent, Upgrader } from '@libp2p/interface'
import { AbstractMultiaddrConnection } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { Door } from '../../src/net/door.ts'
import { HANDSHAKE_BYTES_MAX, NOISE_MESSAGES_AT_ONCE, TURN_MS } from '../../src/net/limits.ts'
import { readInTurns } from '../../src/net/muxer-intake.ts'
import { Turns } from '../../src/net/turns.ts'
import { seed } from './loopback.ts'

const MESSAGES_A_MS = 100
/** A length, a byte, and what proves that it is as it was sent. */
const MESSAGE_BYTES = 2 + 1 + 16
const PIECE_MS = NOISE_MESSAGES_AT_ONCE / MESSAGES_A_MS
/** What one turn of the loop may take: its time, and one piece more. */
const LOOP_MS = TURN_MS + PIECE_MS
type Bytes = StreamMessageEvent['data']

const silent = () => undefined
const log: Logger = Object.assign(silent, {
  enabled: false,
  error: silent,
  trace: silent,
  newScope: (): Logger => log
})

/** A connection whose socket is this file. */
class Wire extends AbstractMultiaddrConnection {
  /** Whether its socket is read. */
  flows = true
  /** What it has sent and nobody has got. */
  sent: Uint8Array[] = []
  other: Wire | undefined
  aborted: Error | undefined

  /** How many bytes are in libp2p's own buffer. */
  get kept(): number {
    return this.readBuffer.byteLength
  }

  constructor(direction: 'inbound' | 'outbound') {
    super({ remoteAddr: multiaddr('/ip4/10.0.0.1/tcp/4001'), direction, log })
  }

  sendData(data: Bytes) {
    const bytes = data.slice()
    if (this.other) this.other.onData(bytes)
    else this.sent.push(bytes)
    return { sentBytes: bytes.length, canSendMore: true }
  }

  sendPause(): void {
    this.flows = false
  }

  sendResume(): void {
    this.flows = true
  }

  sendReset(error: Error): void {
    this.aborted = error
  }

  async sendClose(): Promise<void> {}
}

/** An upgrader whose upgrades never end. */
const endless = { upgradeInbound: () => new Promise<void>(() => undefined) } as unknown as Upgrader

interface Options {
  time?: { now: number }
  turns?: Turns
  /** Which side of the handshake this node is. */
  side?: 'inbound' | 'outbound'
  muxer?: boolean
}

/**
 * A connection past noise, its other end, and what has been decrypted. Each message takes a hundredth of a millisecond,
 * and as much again in a muxer.
 */
async function connect({ time = { now: 0 }, side = 'inbound', muxer = false, ...more }: Options = {}) {
  const turns = more.turns ?? new Turns(() => time.now)
  const [below, there] = [new Wire(side), new Wire(side === 'inbound' ? 'outbound' : 'inbound')]
  below.other = there
  there.other = below
  const door = new Door(() => time.now, turns)
  const { signal } = new AbortController()
  if (side === 'inbound') void door.guard(endless).upgradeInbound(below, { signal })
  const here = door.encrypter()(await components(1))
  const peer = new Door(() => 0, new Turns(() => 0)).encrypter()(await components(2))
  const options = { skipStreamMuxerNegotiation: true, signal }
  const [dialer, answerer] = side === 'outbound' ? [here, peer] : [peer, here]
  const [dials, answers] = side === 'outbound' ? [below, there] : [there, below]
  dials.other = undefined
  const dialed = dialer.secureOutbound(dials, options)
  await expect.poll(() => dials.sent.length).toBeGreaterThan(0)
  // A part of its first message is there before anybody listens.
  const first = Buffer.concat(dials.sent)
  dials.other = answers
  answers.onData(first.subarray(0, 21))
  const answered = answerer.secureInbound(answers, options)
  answers.onData(first.subarray(21))
  const [{ connection: one }, { connection: other }] = await Promise.all([dialed, answered])
  const [connection, rival] = side === 'outbound' ? [one, other] : [other, one]
  there.other = undefined
  const got: number[] = []
  if (muxer) {
    const judge = (bytes: Uint8Array) => Math.min(bytes.length, NOISE_MESSAGES_AT_ONCE)
    readInTurns(connection, turns, { heard: () => undefined, judge, cut: () => undefined })
    connection.addEventListener('message', ({ data }) => (time.now += data.byteLength / MESSAGES_A_MS))
  }
  door.release(connection)
  below.addEventListener(
    'message',
    ({ data }) => (time.now += data.byteLength / MESSAGE_BYTES / MESSAGES_A_MS)
  )
  connection.addEventListener('message', ({ data }) => got.push(...data.subarray()))
  return { below, connection, got, time, said: (bytes: number[]) => said(there, rival, bytes) }
}

async function components(n: number): Promise<NoiseComponents> {
  const privateKey = await generateKeyPairFromSeed('Ed25519', seed(n))
  const upgrader = { getStreamMuxers: () => new Map() }
  return { logger: { forComponent: () => log }, privateKey, upgrader } as unknown as NoiseComponents
}

/** A message for each byte, in one chunk. */
function said(there: Wire, rival: MessageStream, bytes: number[]): Uint8Array {
  there.sent = []
  for (const byte of bytes) rival.send(Uint8Array.of(byte))
  return Buffer.concat(there.sent)
}

const turn = () => new Promise(resolve => setImmediate(resolve))
const many = Array.from({ length: 3_400 }, (_, i) => i % 251)

for (const side of ['inbound', 'outbound'] as const) {
  it(`[NET-40] a chunk of small messages is decrypted in turns, and its socket not read meanwhile, ${side}`, async () => {
    const { below, got, time, said } = await connect({ side })
    const chunk = said(many)
    await turn()
    let before = time.now
    below.onData(chunk)
    expect(got.length).toBeGreaterThan(NOISE_MESSAGES_AT_ONCE)
    for (; got.length < many.length; before = time.now, await turn()) {
      expect(time.now - before).toBeLessThanOrEqual(LOOP_MS)
      expect(time.now).toBeGreaterThan(before)
      expect(below.flows).toBe(false)
    }
    expect(time.now - before).toBeLessThanOrEqual(LOOP_MS)
    await expect.poll(() => below.flows).toBe(true)
    expect(got).toEqual(many)
  })
}

it('[NET-40] of several connections each has its turn, and their muxers take of the same time', async () => {
  const time = { now: 0 }
  const turns = new Turns(() => time.now)
  const all = await Promise.all(Array.from({ length: 8 }, () => connect({ time, turns, muxer: true })))
  const chunks = all.map(({ said }) => said(many))
  await turn()
  const came = time.now
  all.forEach(({ below }, i) => below.onData(chunks[i] as Uint8Array))
  expect(time.now - came).toBeLessThanOrEqual(TURN_MS + all.length * 2 * PIECE_MS)
  for (let i = 0; i < 50; i++) {
    const before = time.now
    await turn()
    // One decrypts and reads a piece, and one that was called before that takes one more.
    expect(time.now - before).toBeLessThanOrEqual(LOOP_MS + 2 * PIECE_MS)
    expect(time.now - before).toBeGreaterThanOrEqual(TURN_MS)
  }
  const shares = all.map(({ got }) => got.length)
  expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(TURN_MS * MESSAGES_A_MS)
  await expect.poll(() => all.every(({ got }) => got.length === many.length)).toBe(true)
  for (const { got, below } of all) {
    expect(got).toEqual(many)
    await expect.poll(() => below.flows).toBe(true)
  }
})

it('[NET-40] a pause from above is not undone by a turn, and the wait for a turn not by whoever goes on above', async () => {
  const { below, connection, got, said } = await connect()
  below.onData(said(many))
  connection.pause()
  const before = got.length
  for (let i = 0; i < 5; i++) await turn()
  expect([got.length, below.flows]).toEqual([before, false])
  connection.resume()
  expect(got.length).toBeGreaterThan(before)
  expect(got.length).toBeLessThan(many.length)
  expect(below.flows).toBe(false)
  connection.pause()
  connection.resume()
  const after = got.length
  expect([got.length, below.flows]).toEqual([after, false])
  await expect.poll(() => got.length).toBe(many.length)
  await expect.poll(() => below.flows).toBe(true)
  expect(got).toEqual(many)
})

it('[NET-40] what nobody wants now waits encrypted, however it comes', async () => {
  const { below, connection, got, said } = await connect()
  const chunk = said(many)
  connection.pause()
  for (let at = 0; at < chunk.length; at += 1_000) below.onData(chunk.subarray(at, at + 1_000))
  expect([got.length, below.flows]).toEqual([0, false])
  expect(below.kept).toBe(0)
  connection.resume()
  await expect.poll(() => got.length).toBe(many.length)
  expect(got).toEqual(many)
})

it('[NET-40] wherever chunks are cut, within a length too, all comes in order', async () => {
  const { below, got, said } = await connect({ muxer: true })
  const chunk = said(many)
  for (let at = 0, size = 1; at < chunk.length; at += size, size = (size * 7) % 1_009) {
    below.onData(chunk.slice(at, at + size))
    if (size % 5 === 0) await turn()
  }
  await expect.poll(() => got.length).toBe(many.length)
  expect(got).toEqual(many)
})

it('[NET-40] messages of no byte count as much', async () => {
  const { below } = await connect()
  const parts: number[] = []
  below.addEventListener('message', ({ data }) => parts.push(data.byteLength))
  below.onData(new Uint8Array(60_000))
  await expect.poll(() => parts.reduce((sum, bytes) => sum + bytes, 0)).toBe(60_000)
  expect(Math.max(...parts)).toBe(2 * NOISE_MESSAGES_AT_ONCE)
})

it('[NET-40] large messages are handed on as they come', async () => {
  const { below } = await connect()
  const parts: number[] = []
  below.addEventListener('message', ({ data }) => parts.push(data.byteLength))
  const chunk = new Uint8Array(65_536).fill(0xff)
  below.onData(chunk.subarray(0, 40_000))
  expect(parts).toEqual([40_000])
})

it('[NET-21] what waits to be decrypted was counted when it came', async () => {
  const time = { now: 0 }
  const turns = new Turns(() => time.now)
  const door = new Door(() => 0, turns)
  const stranger = new Wire('inbound')
  const { signal } = new AbortController()
  void door.guard(endless).upgradeInbound(stranger, { signal })
  const handshake = door
    .encrypter()(await components(1))
    .secureInbound(stranger, { signal })
  const refused = expect(handshake).rejects.toThrow()
  turns.begin()
  time.now += TURN_MS
  stranger.onData(new Uint8Array(1))
  expect(stranger.flows).toBe(false)
  stranger.onData(new Uint8Array(HANDSHAKE_BYTES_MAX))
  expect(String(stranger.aborted)).toContain('negotiation-flood')
  await refused
})
