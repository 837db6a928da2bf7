// The times and counts of relaying, without sockets: protocols/transport, section 11.
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { lpStream, streamPair } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it, vi } from 'vitest'
import {
  type CircuitMessage,
  encodeCircuitMessage,
  HOP_PROTOCOL,
  parseCircuitMessage,
  STATUS,
  STOP_PROTOCOL
} from '../../src/net/circuit-message.ts'
import { Circuit } from '../../src/net/circuit.ts'
import * as limits from '../../src/net/limits.ts'
import { RelayClient } from '../../src/net/relay-client.ts'
import { RelayServer } from '../../src/net/relay-server.ts'
import { Reject } from '../../src/wire/reject.ts'
import { dialable, seed } from './loopback.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

async function peerIdOf(n: number) {
  return peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed(n)))
}

/** A connection with a peer that answers each stream with what `answer` says. */
async function connectionTo(n: number, answer: () => CircuitMessage): Promise<Connection> {
  const newStream = async (protocol: typeof HOP_PROTOCOL | typeof STOP_PROTOCOL) => {
    const [near, far] = await streamPair({ protocol })
    const talk = lpStream(far)
    void talk.read().then(() => talk.write(encodeCircuitMessage(protocol, answer())))
    return near
  }
  const remoteAddr = multiaddr('/ip4/192.0.2.1/tcp/4001')
  return {
    remotePeer: await peerIdOf(n),
    remoteAddr,
    newStream,
    abort: () => undefined
  } as unknown as Connection
}

it('[NET-29] asks again half way to the end, at most half an hour, and 30 s after a refusal', async () => {
  let now = 0
  let asked = 0
  let answer: CircuitMessage = { type: 'status', status: STATUS.denied }
  const connection = await connectionTo(1, () => {
    asked++
    return answer
  })
  const relay = dialable(`/ip4/192.0.2.1/tcp/4001/p2p/${connection.remotePeer.toString()}`)
  const client = new RelayClient({
    relays: [relay],
    connectionOf: () => connection,
    now: () => now,
    log: () => undefined
  } as unknown as ConstructorParameters<typeof RelayClient>[0])
  const asksAfter = async (waitMs: number) => {
    const before = asked
    now += waitMs - SECOND
    client.ask()
    expect(asked).toBe(before)
    now += 2 * SECOND
    client.ask()
    await expect.poll(() => asked).toBe(before + 1)
    await expect
      .poll(() => client.status()[0])
      .toMatchObject(
        answer.status === STATUS.ok
          ? { reservedUntil: (answer.expire ?? 0) * SECOND }
          : { refused: 'status 202' }
      )
  }
  const until = (ms: number) => Math.floor((Date.now() + ms) / SECOND)
  client.ask()
  await expect.poll(() => client.status()[0]?.refused).toBe('status 202')
  answer = { type: 'status', status: STATUS.ok, expire: until(10 * MINUTE) }
  await asksAfter(limits.RESERVATION_RETRY_MS)
  expect(client.addresses()).toEqual([`${relay.text}/p2p-circuit`])
  answer = { type: 'status', status: STATUS.ok, expire: until(100 * 24 * 60 * MINUTE) }
  await asksAfter(5 * MINUTE)
  answer = { type: 'status', status: STATUS.denied }
  await asksAfter(limits.RESERVATION_RENEW_MS_MAX)
  expect(client.addresses()).toEqual([])
})

/** What a relay says to `n`. */
async function asks(server: RelayServer, n: number, request: CircuitMessage): Promise<CircuitMessage> {
  const [near, far] = await streamPair({ protocol: HOP_PROTOCOL })
  const talk = lpStream(near)
  const said = server.onHop(far, await connectionTo(n, () => ({ type: 'status', status: STATUS.ok })))
  await talk.write(encodeCircuitMessage(HOP_PROTOCOL, request))
  const answer = parseCircuitMessage(HOP_PROTOCOL, (await talk.read()).subarray())
  if (answer instanceof Reject) throw new Error(answer.toString())
  await said
  return answer
}

it('[NET-32] a place is given for an hour', async () => {
  let now = 0
  const server = new RelayServer({ companyOf: peerId => peerId, now: () => now, log: () => undefined })
  const { status, expire = 0 } = await asks(server, 1, { type: 'reserve' })
  expect(status).toBe(STATUS.ok)
  expect(Math.abs(expire * SECOND - Date.now() - limits.RESERVATION_MS)).toBeLessThan(MINUTE)
  const connect = { type: 'connect', peerId: (await peerIdOf(1)).toString() } as const
  now = limits.RESERVATION_MS
  expect((await asks(server, 2, connect)).status).toBe(STATUS.ok)
  now = limits.RESERVATION_MS + 1
  expect((await asks(server, 2, connect)).status).toBe(STATUS.noReservation)
})

it('[NET-33] joins 64 pairs in all', async () => {
  let now = 0
  const server = new RelayServer({
    companyOf: () => 'one',
    now: () => (now += 10 * SECOND),
    log: () => undefined
  })
  const full: (number | undefined)[] = []
  for (let n = 1; n <= 9; n++) await asks(server, n, { type: 'reserve' })
  for (let n = 1; n <= 8; n++) {
    const peerId = (await peerIdOf(n)).toString()
    for (let i = 0; i < limits.CIRCUITS_PER_PEER_MAX; i++)
      full.push((await asks(server, 100 + n, { type: 'connect', peerId })).status)
  }
  expect(full).toEqual(Array.from({ length: limits.CIRCUITS_MAX }, () => STATUS.ok))
  const last = { type: 'connect', peerId: (await peerIdOf(9)).toString() } as const
  expect((await asks(server, 109, last)).status).toBe(STATUS.limit)
  expect(server.status()).toEqual({ reservations: 9, circuits: 64 })
})

it('[NET-33] two that are joined are parted when nothing has passed for 30 s', () => {
  vi.useFakeTimers()
  try {
    const aborted: string[] = []
    const fake = (name: string) =>
      Object.assign(new EventTarget(), {
        send: () => true,
        abort: () => aborted.push(name)
      }) as unknown as Stream
    const [one, other] = [fake('one'), fake('other')]
    const ended: number[] = []
    const circuit = new Circuit(one, other, bytes => ended.push(bytes))
    const passes = (stream: Stream) =>
      stream.dispatchEvent(Object.assign(new Event('message'), { data: new Uint8Array(5) }))
    for (const stream of [one, other, one]) {
      vi.advanceTimersByTime(limits.CIRCUIT_IDLE_MS - 1)
      passes(stream)
    }
    vi.advanceTimersByTime(limits.CIRCUIT_IDLE_MS - 1)
    expect(aborted).toEqual([])
    vi.advanceTimersByTime(1)
    circuit.end(new Error('again'))
    expect([aborted, ended]).toEqual([['one', 'other', 'one', 'other'], [15]])
  } finally {
    vi.useRealTimers()
  }
})

/** A stream that opens its window at the end of `resume`, whatever was said meanwhile, as those of yamux do. */
class Held extends EventTarget {
  readStatus = 'readable'
  status = 'open'
  writableNeedsDrain = false
  /** Whether its peer may send on. */
  opens = true
  #waiting: Uint8Array[] = []

  comes(data: Uint8Array): void {
    if (this.readStatus === 'paused') this.#waiting.push(data)
    else this.dispatchEvent(Object.assign(new Event('message'), { data }))
  }

  /** Every send fills it. */
  send(): boolean {
    this.writableNeedsDrain = true
    return false
  }

  pause(): void {
    this.readStatus = 'paused'
    this.opens = false
  }

  resume(): void {
    this.readStatus = 'readable'
    for (const data of this.#waiting.splice(0)) this.comes(data)
    this.opens = true
  }

  abort(): void {
    this.status = 'aborted'
  }
}

it('[NET-33] an end that is full again while it is given what waited gets no more', async () => {
  const [from, to] = [new Held(), new Held()]
  const circuit = new Circuit(from as unknown as Stream, to as unknown as Stream, () => undefined)
  for (let i = 0; i < 2; i++) from.comes(new Uint8Array(limits.SEND_BYTES_MAX))
  expect([from.readStatus, from.opens]).toEqual(['paused', false])
  for (const opens of [false, true]) {
    to.writableNeedsDrain = false
    to.dispatchEvent(new Event('drain'))
    await Promise.resolve()
    expect([from.opens, to.status]).toEqual([opens, 'open'])
  }
  circuit.end(new Error('over'))
})

it('[NET-34] a message is read back as it was written, fields of others are read past, and garbage is refused', async () => {
  const peerId = (await peerIdOf(1)).toString()
  const messages: [typeof HOP_PROTOCOL | typeof STOP_PROTOCOL, CircuitMessage][] = [
    [HOP_PROTOCOL, { type: 'reserve' }],
    [HOP_PROTOCOL, { type: 'connect', peerId }],
    [HOP_PROTOCOL, { type: 'status', status: STATUS.ok, expire: 2 ** 40 }],
    [STOP_PROTOCOL, { type: 'connect', peerId }],
    [STOP_PROTOCOL, { type: 'status', status: STATUS.denied }]
  ]
  // A string, a 64-bit and a 32-bit number, and the largest varint, under numbers that nobody uses.
  const more = [122, 1, 65, 113, 1, 2, 3, 4, 5, 6, 7, 8, 117, 1, 2, 3, 4, 112, ...Array(9).fill(255), 1]
  for (const [protocol, message] of messages) {
    const encoded = encodeCircuitMessage(protocol, message)
    expect(parseCircuitMessage(protocol, encoded)).toEqual(message)
    expect(parseCircuitMessage(protocol, Uint8Array.from([...encoded, ...more]))).toEqual(message)
    for (let length = 0; length < encoded.length; length++) {
      const cut = parseCircuitMessage(protocol, encoded.subarray(0, length))
      if (!(cut instanceof Reject)) expect(cut).not.toEqual(message)
    }
  }
  const garbage = [[], [8, 3], [8, 1], [8, 1, 18, 0], [8, 1, 18, 4, 10, 2, 0, 9], [8, 1, 18, 255, 255, 127]]
  for (const bytes of [...garbage, [8, ...Array(10).fill(255), 1], [11, 12]])
    expect(parseCircuitMessage(HOP_PROTOCOL, Uint8Array.from(bytes))).toMatchObject({
      code: 'circuit-message',
      fault: true
    })
})
