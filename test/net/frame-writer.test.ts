// The outbound half on a stream that does what the test says, on virtual timers: protocols/transport, sections 3 and 5.
import type { Stream } from '@libp2p/interface'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FrameWriter } from '../../src/net/frame-writer.ts'
import {
  DRAIN_WAIT_MS,
  DRAIN_WAITS_MAX,
  QUEUE_BYTES_HIGH,
  QUEUE_BYTES_MAX,
  SEND_BYTES_MAX
} from '../../src/net/limits.ts'

/** Takes `room` sends, then asks to wait for `drain`. */
class FakeStream extends EventTarget {
  readonly sends: number[] = []
  writableNeedsDrain = false
  room = Infinity

  send(bytes: Uint8Array): boolean {
    this.sends.push(bytes.length)
    this.writableNeedsDrain = this.sends.length >= this.room
    return !this.writableNeedsDrain
  }

  drain(room: number): void {
    this.room = this.sends.length + room
    this.writableNeedsDrain = false
    this.dispatchEvent(new Event('drain'))
  }
}

function create(room: number): {
  stream: FakeStream
  writer: FrameWriter
  stalled: ReturnType<typeof vi.fn>
} {
  const stream = new FakeStream()
  stream.room = room
  const stalled = vi.fn()
  return { stream, writer: new FrameWriter(stream as unknown as Stream, stalled), stalled }
}

describe('frame writer', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('[NET-8] the frames of one turn travel in sends of at most one noise message', async () => {
    const { stream, writer } = create(Infinity)
    for (let i = 0; i < 1_000; i++) await writer.send(new Uint8Array(99))
    await vi.runAllTimersAsync()
    expect(stream.sends).toEqual([SEND_BYTES_MAX, 100_000 - SEND_BYTES_MAX])
  })

  it('[NET-9] send keeps its caller waiting until the peer has taken enough', async () => {
    const { stream, writer } = create(1)
    await writer.send(new Uint8Array(60_000))
    await writer.send(new Uint8Array(60_000))
    let released = false
    const third = writer.send(new Uint8Array(60_000)).then(() => (released = true))
    const fourth = writer.send(new Uint8Array(60_000))
    await vi.advanceTimersByTimeAsync(1)
    expect([released, stream.sends.length]).toEqual([false, 1])
    stream.drain(1)
    await Promise.all([third, fourth])
    expect(writer.queued).toBeLessThanOrEqual(QUEUE_BYTES_HIGH)
  })

  it('[NET-9] a caller that does not wait is refused beyond 1 MiB, and the session goes on', async () => {
    const { writer, stalled } = create(0)
    const sends = Array.from({ length: 20 }, () => writer.send(new Uint8Array(60_000)))
    for (const send of sends) void send.catch(() => undefined)
    await expect(sends.at(-1)).rejects.toMatchObject({ code: 'send-queue-full' })
    expect(writer.queued).toBeLessThanOrEqual(QUEUE_BYTES_MAX + 8 * sends.length)
    expect(stalled).not.toHaveBeenCalled()
  })

  it('[NET-14] a peer that takes nothing in three waits is given up; one that takes a little is not', async () => {
    const { stream, writer, stalled } = create(1)
    await writer.send(new Uint8Array(1))
    for (let i = 0; i < 5; i++) {
      await vi.advanceTimersByTimeAsync(DRAIN_WAIT_MS * (DRAIN_WAITS_MAX - 1))
      await writer.send(new Uint8Array(1))
      stream.drain(1)
    }
    expect(stalled).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(DRAIN_WAIT_MS * DRAIN_WAITS_MAX + 1)
    expect(stalled).toHaveBeenCalledTimes(1)
  })

  it('[NET-14] a drain event that was missed costs one wait, not the session', async () => {
    const { stream, writer, stalled } = create(1)
    await writer.send(new Uint8Array(1))
    await vi.advanceTimersByTimeAsync(1)
    await writer.send(new Uint8Array(2))
    stream.writableNeedsDrain = false
    stream.room = Infinity
    await vi.advanceTimersByTimeAsync(DRAIN_WAIT_MS)
    expect([stream.sends, stalled.mock.calls.length]).toEqual([[2, 3], 0])
  })

  it('whoever waits when the session ends is told', async () => {
    const { writer } = create(0)
    void writer.send(new Uint8Array(60_000))
    void writer.send(new Uint8Array(60_000))
    const waiting = writer.send(new Uint8Array(60_000))
    writer.end(new Error('over'))
    await expect(waiting).rejects.toThrow('over')
    await expect(writer.send(Uint8Array.of(1))).rejects.toThrow('over')
  })
})
