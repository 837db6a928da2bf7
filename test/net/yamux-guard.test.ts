// The yamux guard without sockets: protocols/transport, section 4.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  STREAMS_MAX,
  YAMUX_CONTROL_PER_SECOND,
  YAMUX_FRAME_BYTES_MAX,
  YAMUX_FRAMES_AT_ONCE,
  YAMUX_FRAMES_PER_SECOND,
  YAMUX_STREAMS_BURST
} from '../../src/net/limits.ts'
import { YamuxGuard } from '../../src/net/yamux-guard.ts'
import { concatBytes } from '../../src/wire/bytes.ts'
import { Reject } from '../../src/wire/reject.ts'
import { DATA, PING, RST, SYN, WINDOW_UPDATE, yamuxHeader } from './hostile-peer.ts'

const HEADER_BYTES = 12
const OPEN_STREAM = 1
/** Open, and no protocol agreed on it. */
const NEW_STREAM = 3

function createGuard(size = 1): YamuxGuard {
  return new YamuxGuard(
    { has: id => id === OPEN_STREAM, size: () => size, negotiating: id => id === NEW_STREAM },
    0
  )
}

function data(id: number, length: number, flags = 0): Uint8Array {
  return concatBytes(yamuxHeader(DATA, flags, id, length), new Uint8Array(length))
}

/** All of a chunk, as the muxer gets it. */
function check(guard: YamuxGuard, chunk: Uint8Array, nowMs = 0): Reject | undefined {
  for (let at = 0; at < chunk.length;) {
    const read = guard.check(chunk.subarray(at), nowMs)
    if (read instanceof Reject) return read
    at += read
  }
  return undefined
}

/** The code of the first refusal among `count` equal chunks at one moment. */
function repeat(guard: YamuxGuard, chunk: Uint8Array, count: number, nowMs = 0): string | undefined {
  for (let i = 0; i < count; i++) {
    const refused = check(guard, chunk, nowMs)
    if (refused !== undefined) return refused.code
  }
  return undefined
}

describe('yamux guard', () => {
  it('[NET-10] the header alone of a 4 GiB frame is refused', () => {
    const refused = check(createGuard(), yamuxHeader(DATA, 0, OPEN_STREAM, 2 ** 32 - 1))
    expect([refused?.code, refused?.fault]).toEqual(['yamux-frame-size', true])
  })

  it('[NET-10] the largest frame passes, one byte more does not', () => {
    expect(check(createGuard(), yamuxHeader(DATA, 0, OPEN_STREAM, YAMUX_FRAME_BYTES_MAX))).toBeUndefined()
    const refused = check(createGuard(), yamuxHeader(DATA, 0, OPEN_STREAM, YAMUX_FRAME_BYTES_MAX + 1))
    expect(refused?.code).toBe('yamux-frame-size')
  })

  it('[NET-10] an unknown version or type is refused', () => {
    expect(check(createGuard(), Uint8Array.of(1, ...yamuxHeader(PING, SYN, 0, 1).subarray(1)))?.code).toBe(
      'yamux-header'
    )
    expect(check(createGuard(), yamuxHeader(4, 0, OPEN_STREAM, 0))?.code).toBe('yamux-header')
  })

  it('[NET-10] a verdict does not depend on where chunks are cut', () => {
    const good = [data(OPEN_STREAM, 700), yamuxHeader(WINDOW_UPDATE, 0, OPEN_STREAM, 9), data(OPEN_STREAM, 1)]
    const bytes = concatBytes(...good, yamuxHeader(DATA, 0, OPEN_STREAM, 2 ** 31))
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }), sizes => {
        const guard = createGuard()
        let at = 0
        for (let i = 0; at < bytes.length; i++) {
          const chunk = bytes.subarray(at, at + (sizes[i % sizes.length] as number))
          at += chunk.length
          const refused = check(guard, chunk)
          if (refused !== undefined) return at === bytes.length && refused.code === 'yamux-frame-size'
        }
        return false
      })
    )
  })

  it('[NET-11] pings, resets and opened streams are limited to 2,000 a second', () => {
    for (const chunk of [
      yamuxHeader(PING, SYN, 0, 1),
      yamuxHeader(WINDOW_UPDATE, RST, 3, 0),
      yamuxHeader(DATA, 0, OPEN_STREAM, 0)
    ]) {
      expect(repeat(createGuard(), chunk, YAMUX_CONTROL_PER_SECOND)).toBeUndefined()
      expect(repeat(createGuard(), chunk, YAMUX_CONTROL_PER_SECOND + 1)).toBe('yamux-control-rate')
    }
  })

  it('[NET-11] the limit refills with time', () => {
    const guard = createGuard()
    for (let second = 0; second < 5; second++) {
      expect(
        repeat(guard, yamuxHeader(PING, SYN, 0, 1), YAMUX_CONTROL_PER_SECOND, second * 1_000)
      ).toBeUndefined()
    }
  })

  it('[NET-11] an honest reader at full speed sends more window updates than that and is not cut', () => {
    expect(repeat(createGuard(), yamuxHeader(WINDOW_UPDATE, 0, OPEN_STREAM, 1), 10_000)).toBeUndefined()
    expect(
      repeat(createGuard(), yamuxHeader(WINDOW_UPDATE, 0, OPEN_STREAM, 1), YAMUX_FRAMES_PER_SECOND + 1)
    ).toBe('yamux-frame-rate')
  })

  it('[NET-12] data for streams that are not open is counted, and cut at 1 MiB a minute', () => {
    expect(repeat(createGuard(), data(99, 65_536), 16)).toBeUndefined()
    expect(repeat(createGuard(), data(99, 65_536), 17)).toBe('yamux-stray-data')
    expect(repeat(createGuard(), data(OPEN_STREAM, 65_536), 100)).toBeUndefined()
  })

  it('[NET-12] data that follows its SYN in one chunk belongs to an open stream, unless there is no room for it', () => {
    const chunk = concatBytes(yamuxHeader(WINDOW_UPDATE, SYN, 7, 0), data(7, 40))
    expect(repeat(createGuard(), chunk, 6)).toBeUndefined()
    const much = concatBytes(yamuxHeader(WINDOW_UPDATE, SYN, 7, 0), data(7, 200_000))
    expect(repeat(createGuard(2 * STREAMS_MAX), much, 20)).toBe('yamux-stray-data')
  })

  it('[NET-12] what was under way when a stream was reset is a window at most, and not counted', () => {
    const open = new Set<number>()
    const guard = new YamuxGuard(
      { has: id => open.has(id), size: () => open.size, negotiating: () => false },
      0
    )
    const half = YAMUX_STREAMS_BURST / 2
    for (let id = 1; id <= 2 * half; id += 2) {
      open.add(id)
      expect(repeat(guard, data(id, 8), 1)).toBeUndefined()
      open.delete(id)
      expect(repeat(guard, data(id, 65_536), 4)).toBeUndefined()
    }
    expect(repeat(guard, data(1, 65_536), 16)).toBeUndefined()
    expect(repeat(guard, data(3, 65_536), 1)).toBe('yamux-stray-data')
  })

  it('[NET-11] streams are opened 64 at once, then 32 a second', () => {
    const open = yamuxHeader(WINDOW_UPDATE, SYN, 7, 0)
    const guard = createGuard()
    expect(repeat(guard, open, YAMUX_STREAMS_BURST)).toBeUndefined()
    expect(repeat(guard, open, 32, 1_000)).toBeUndefined()
    expect(repeat(guard, open, 1, 1_000)).toBe('yamux-stream-rate')
  })

  it('[NET-21] a stream brings 256 bytes before its protocol is agreed, in however many frames', () => {
    expect(repeat(createGuard(), data(NEW_STREAM, 256), 1)).toBeUndefined()
    expect(repeat(createGuard(), data(NEW_STREAM, 64), 4)).toBeUndefined()
    expect(repeat(createGuard(), data(NEW_STREAM, 64), 5)).toBe('negotiation-flood')
    expect(check(createGuard(), concatBytes(yamuxHeader(WINDOW_UPDATE, SYN, 7, 0), data(7, 257)))?.code).toBe(
      'negotiation-flood'
    )
  })

  it('[NET-13] a frame that dribbles in byte by byte is cut after 1,024 pieces', () => {
    const guard = createGuard()
    check(guard, yamuxHeader(DATA, 0, OPEN_STREAM, 200_000))
    expect(repeat(guard, Uint8Array.of(0), 1_023)).toBeUndefined()
    expect(repeat(guard, Uint8Array.of(0), 1)).toBe('yamux-pieces')
  })

  it('[NET-39] many frames are judged in parts that end where a frame ends, in which nothing else counts', () => {
    const size = HEADER_BYTES + 3
    const chunk = concatBytes(...Array.from({ length: 2 * YAMUX_FRAMES_AT_ONCE }, () => data(OPEN_STREAM, 3)))
    const guard = createGuard()
    const cut = 7 * size + HEADER_BYTES + 1
    expect(guard.check(chunk.subarray(0, cut), 0)).toBe(cut)
    const part = (YAMUX_FRAMES_AT_ONCE - 1) * size
    expect(guard.check(chunk.subarray(cut), 0)).toBe(2 + YAMUX_FRAMES_AT_ONCE * size)
    expect(guard.check(chunk.subarray(-part), 0)).toBe(part)
  })

  it('[NET-13] small frames of their own may be as many as the rate allows', () => {
    expect(repeat(createGuard(), data(OPEN_STREAM, 1), 5_000)).toBeUndefined()
  })
})
