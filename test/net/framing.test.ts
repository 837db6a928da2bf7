// Framing without sockets: protocols/transport, section 3.
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FrameDecoder, framePrefix } from '../../src/net/framing.ts'
import { FRAME_BYTES_MAX } from '../../src/net/limits.ts'
import { concatBytes, fromHex, toHex } from '../../src/wire/bytes.ts'
import { Reject } from '../../src/wire/reject.ts'

interface Case {
  name: string
  stream: string
  fill?: number
  lengths?: number[]
  code?: string
}

const vectors = JSON.parse(
  readFileSync(new URL('../../protocols/transport/vectors/frames.json', import.meta.url), 'utf8')
) as { valid: Case[]; invalid: Case[] }

function frame(bytes: Uint8Array): Uint8Array {
  return concatBytes(framePrefix(bytes.length), bytes)
}

/** All frames that come out, and what stopped them. */
function decode(chunks: Uint8Array[]): { frames: Uint8Array[]; end: Reject | undefined } {
  const decoder = new FrameDecoder()
  const frames: Uint8Array[] = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (;;) {
      const next = decoder.next()
      if (next === undefined) break
      if (next instanceof Reject) return { frames, end: next }
      frames.push(next)
    }
  }
  return { frames, end: undefined }
}

describe('frames', () => {
  it('[NET-5] a frame is its length as a minimal varint and its bytes, however the stream is cut', () => {
    const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 400 }), { maxLength: 12 })
    fc.assert(
      fc.property(frames, fc.array(fc.nat({ max: 300 }), { maxLength: 40 }), (wanted, cuts) => {
        const stream = concatBytes(...wanted.map(frame))
        const chunks: Uint8Array[] = []
        let at = 0
        for (const cut of cuts) {
          chunks.push(stream.subarray(at, at + cut))
          at = Math.min(stream.length, at + cut)
        }
        chunks.push(stream.subarray(at))
        expect(decode(chunks).frames.map(toHex)).toEqual(wanted.map(toHex))
      })
    )
  })

  it('[NET-5] a frame of the largest size passes byte by byte', () => {
    const bytes = frame(new Uint8Array(FRAME_BYTES_MAX).fill(7))
    const { frames, end } = decode(Array.from(bytes, byte => Uint8Array.of(byte)))
    expect([frames.length, frames[0]?.length, end]).toEqual([1, FRAME_BYTES_MAX, undefined])
  })

  it('[NET-5] a frame handed over is a copy: later bytes do not change it', () => {
    const decoder = new FrameDecoder()
    decoder.push(frame(Uint8Array.of(1, 2, 3)))
    const first = decoder.next() as Uint8Array
    decoder.push(frame(Uint8Array.of(9, 9, 9)))
    decoder.next()
    expect(first).toEqual(Uint8Array.of(1, 2, 3))
  })

  for (const { name, stream, lengths } of vectors.valid) {
    it(`[NET-5] vector: ${name}`, () => {
      const { frames, end } = decode([expand(stream)])
      expect([frames.map(f => f.length), end]).toEqual([lengths, undefined])
    })
  }

  for (const { name, stream, code } of vectors.invalid) {
    const rule = code === 'frame-oversize' ? 'NET-7' : 'NET-6'
    it(`[${rule}] vector: ${name}`, () => {
      const { end } = decode([expand(stream)])
      expect([end?.code, end?.fault]).toEqual([code, true])
    })
  }

  it('[NET-7] nothing is stored for a length that is too large', () => {
    const decoder = new FrameDecoder()
    decoder.push(Uint8Array.of(0x81, 0x80, 0x08))
    expect((decoder.next() as Reject).code).toBe('frame-oversize')
    expect(() => framePrefix(FRAME_BYTES_MAX + 1)).toThrow(RangeError)
    expect(() => framePrefix(0)).toThrow(RangeError)
  })
})

/** Vector streams are hexadecimal with runs: `05(61*5)`. */
function expand(text: string): Uint8Array {
  const plain = text.replace(/\(([0-9a-f]{2})\*(\d+)\)/g, (_, byte: string, count: string) =>
    byte.repeat(Number(count))
  )
  return fromHex(plain) as Uint8Array
}
