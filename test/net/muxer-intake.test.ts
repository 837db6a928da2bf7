// What connections bring, as their muxers get it: protocols/transport, section 4.
import { type MessageStream, StreamMessageEvent } from '@libp2p/interface'
import { expect, it } from 'vitest'
import { TURN_MS, YAMUX_FRAMES_AT_ONCE } from '../../src/net/limits.ts'
import { type Intake, readInTurns } from '../../src/net/muxer-intake.ts'
import { Turns } from '../../src/net/turns.ts'
import { Reject } from '../../src/wire/reject.ts'

const FRAMES_A_MS = 100

/** As libp2p's: what comes while it is paused is kept back and comes within `resume`, which overrules a pause in that. */
class Pausable extends EventTarget {
  status = 'open'
  readStatus = 'readable'
  /** Whether its socket is read. */
  flows = true
  pauses = 0
  #kept: number[] = []

  comes(...bytes: number[]): void {
    this.#kept.push(...bytes)
    if (this.readStatus === 'readable') this.#dispatch()
  }

  pause(): void {
    if (this.status !== 'open') throw new Error('closed')
    this.pauses++
    this.readStatus = 'paused'
    this.flows = false
  }

  resume(): void {
    if (this.status !== 'open') throw new Error('closed')
    this.readStatus = 'readable'
    if (this.#kept.length > 0) this.#dispatch()
    this.flows = true
  }

  #dispatch(): void {
    const bytes = Uint8Array.from(this.#kept)
    this.#kept = []
    this.dispatchEvent(new StreamMessageEvent(bytes))
  }
}

/** Each byte is a frame, which takes a hundredth of a millisecond. */
function createReader({ time = { now: 0 }, turns = new Turns(() => time.now), ...more }: Options = {}) {
  const connection = new Pausable()
  const got: number[] = []
  const cuts: string[] = []
  readInTurns(connection as unknown as MessageStream, turns, {
    heard: () => undefined,
    judge: bytes => Math.min(bytes.length, YAMUX_FRAMES_AT_ONCE),
    cut: ({ code }) => cuts.push(code),
    ...more
  })
  connection.addEventListener('message', event => {
    const { data } = event as StreamMessageEvent
    time.now += data.byteLength / FRAMES_A_MS
    got.push(...(data as Uint8Array))
  })
  return { connection, got, cuts }
}

interface Options extends Partial<Intake> {
  time?: { now: number }
  turns?: Turns
}

const turn = () => new Promise(resolve => setImmediate(resolve))
const many = Array.from({ length: 20_000 }, (_, i) => i % 251)

it('[NET-39] one connection is read for the time of a turn, then the loop turns, and nothing is taken from its socket', async () => {
  const { connection, got } = createReader()
  connection.comes(...many)
  expect(got.length).toBeLessThan(many.length)
  for (let before = 0; got.length < many.length; before = got.length) {
    expect(got.length - before).toBeLessThan(TURN_MS * FRAMES_A_MS + YAMUX_FRAMES_AT_ONCE)
    expect(connection.flows).toBe(false)
    await turn()
    expect(got.length).toBeGreaterThan(before)
  }
  await expect.poll(() => connection.flows).toBe(true)
  expect(got).toEqual(many)
})

it('[NET-39] of several each has its turn, and who brings little waits for none', async () => {
  const time = { now: 0 }
  const turns = new Turns(() => time.now)
  const floods = Array.from({ length: 8 }, () => createReader({ time, turns }))
  for (const { connection } of floods) connection.comes(...many)
  const all = () => floods.reduce((sum, { got }) => sum + got.length, 0)
  for (let before = all(), i = 0; i < 80; before = all(), i++) {
    await turn()
    expect(all() - before).toBeLessThan(TURN_MS * FRAMES_A_MS + YAMUX_FRAMES_AT_ONCE)
  }
  const shares = floods.map(({ got }) => got.length)
  expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(TURN_MS * FRAMES_A_MS + YAMUX_FRAMES_AT_ONCE)
  expect(Math.max(...shares)).toBeLessThan(many.length)
  const honest = createReader({ time, turns })
  honest.connection.comes(7)
  expect(honest.got).toEqual([7])
})

it('[NET-39] what comes meanwhile comes in order, wherever it was cut', async () => {
  const { connection, got } = createReader()
  for (let at = 0, size = 1; at < many.length; at += size, size = (size * 7) % 1_009) {
    connection.comes(...many.slice(at, at + size))
    if (size % 5 === 0) await turn()
    expect(connection.flows).toBe(connection.readStatus === 'readable')
  }
  await expect.poll(() => got.length).toBe(many.length)
  expect(got).toEqual(many)
  expect(connection.pauses).toBeGreaterThan(10)
})

it('[NET-39] what comes while something is handed on comes behind it', () => {
  const { connection, got } = createReader()
  const first = many.slice(0, YAMUX_FRAMES_AT_ONCE + 1)
  connection.addEventListener('message', () => connection.comes(8), { once: true })
  connection.comes(...first)
  expect(got).toEqual([...first, 8])
})

it('[NET-39] a muxer gets what was judged, and nothing of or after what was refused', async () => {
  let parts = 0
  const reader = createReader({
    judge: () => (parts++ < 3 ? 10 : new Reject('yamux-header', 'not one'))
  })
  const { connection, got, cuts } = reader
  connection.comes(...many)
  expect([got.length, cuts]).toEqual([30, ['yamux-header']])
})

it('[NET-39] a connection that closes while it waits brings nothing more, and does no harm', async () => {
  const { connection, got } = createReader()
  connection.comes(...many)
  const before = got.length
  connection.status = 'aborted'
  for (let i = 0; i < 5; i++) await turn()
  expect(got.length).toBe(before)
})
