// protocols/sync, section 3: frames and their limits.
import Ajv2020 from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type FrameVector, syncVectors } from '../../scripts/vectors/sync.ts'
import { verifySignature, generateKey } from '../../src/identity/ed25519.ts'
import {
  CHAIN_TIPS_MAX,
  FRAME_BYTES_MAX,
  type Frame,
  PRESENCE_BYTES_MAX,
  RECORDS_MAX,
  RUN_BYTES_MAX,
  TIPS_MAX,
  encodeFrame,
  parseFrame
} from '../../src/sync/frame.ts'
import { receiptBytes } from '../../src/sync/receipts.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'
import { decodeCbor, encodeCbor } from '../../src/wire/cbor.ts'
import { isReject } from '../../src/wire/reject.ts'
import { stage } from './bench.ts'

const read = (path: string) => readFileSync(new URL(`../../protocols/sync/${path}`, import.meta.url), 'utf8')
const valid = JSON.parse(read('vectors/valid.json')) as { frames: FrameVector[]; receipt: Receipt }
const invalid = JSON.parse(read('vectors/invalid.json')) as { frames: FrameVector[] }
const bytes = (hex: string) => fromHex(hex) as Uint8Array

interface Receipt {
  facet: string
  tips: { of: number; seq: number; id: string }[]
  message: string
  signature: string
}

function json(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, item) => (item instanceof Uint8Array ? toHex(item) : item)))
}

describe('runs, which have a reader and a writer of their own', () => {
  const samples = valid.frames.filter(({ frame }) => frame.startsWith('8509'))

  test('[SYN-1] they are spelled as the general encoder spells them', () => {
    expect(samples.length).toBeGreaterThan(0)
    const records = Array.from({ length: 300 }, (_, n) => ({
      header: new Uint8Array(n),
      signature: new Uint8Array(64),
      body: new Uint8Array(n % 30)
    }))
    const run = {
      type: 'run',
      facet: new Uint8Array(32),
      request: 2 ** 31,
      client: 2 ** 52,
      records
    } as const
    const parts = records.map(({ header, signature, body }) => [header, signature, body])
    const general = encodeCbor([9, run.facet, run.request, run.client, parts])
    expect(toHex(encodeFrame(run))).toBe(toHex(general))
    expect(parseFrame(general)).toEqual(run)
  })

  test('[SYN-1] with any bit flipped they are taken where, and only where, the general decoder takes them', () => {
    for (const { frame } of samples) {
      for (let bit = 0; bit < frame.length * 4; bit++) {
        const flipped = bytes(frame)
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
        const parsed = parseFrame(flipped)
        const general = decodeCbor(flipped, FRAME_BYTES_MAX)
        if (isReject(general)) expect(parsed).toEqual(general)
        else if (!isReject(parsed)) expect(toHex(encodeFrame(parsed))).toBe(toHex(flipped))
      }
    }
  })
})

describe('vectors', () => {
  test('they are what the generator writes', () => {
    for (const [path, contents] of Object.entries(syncVectors())) {
      expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(contents)
    }
  })

  test('they are of their schema, and more is refused than accepted', () => {
    const fits = new Ajv2020.default({ strictRequired: false }).compile(
      JSON.parse(read('schema.json')) as object
    )
    expect([fits(valid), fits(invalid)]).toEqual([true, true])
    expect(invalid.frames.length).toBeGreaterThan(valid.frames.length)
  })

  test.each(valid.frames)('[$rule] [SYN-1] takes $name, and would spell it so', ({ frame, value }) => {
    const parsed = parseFrame(bytes(frame))
    if (isReject(parsed)) throw new Error(`${parsed}`)
    expect(json(parsed)).toEqual(value)
    expect(toHex(encodeFrame(parsed))).toBe(frame)
  })

  test.each(invalid.frames)('[$rule] refuses $name', ({ frame, code }) => {
    const parsed = parseFrame(bytes(frame))
    expect(parsed).toMatchObject({ code, fault: true })
  })

  test('[SYN-29] what a receipt signs', () => {
    const { facet, tips, message, signature } = valid.receipt
    const signed = receiptBytes(
      bytes(facet),
      tips.map(tip => ({ ...tip, id: bytes(tip.id) }))
    )
    expect(toHex(signed)).toBe(message)
    const key = generateKey(new Uint8Array(32).fill(1)).publicKey
    expect(verifySignature(key, signed, bytes(signature))).toBe(true)
  })
})

describe('limits', () => {
  const id = new Uint8Array(32)
  const tips = (length: number) => Array.from({ length }, () => ({ of: 2 ** 53 - 1, seq: 2 ** 31 - 1, id }))
  const record = (body: number) => ({
    header: new Uint8Array(80),
    signature: new Uint8Array(64),
    body: new Uint8Array(body)
  })
  const run = (records: ReturnType<typeof record>[]): Frame => {
    return { type: 'run', facet: id, request: 2 ** 53 - 1, client: 2 ** 53 - 1, records }
  }
  const codeOf = (frame: Frame) => {
    const parsed = parseFrame(encodeFrame(frame))
    return isReject(parsed) ? parsed.code : 'taken'
  }

  test('[SYN-1] a frame has at most 131,072 bytes', () => {
    const frame = (size: number): Frame => ({
      type: 'identity',
      did: 'd',
      offset: 0,
      total: 1,
      bytes: new Uint8Array(size)
    })
    const spare = encodeFrame(frame(100_000)).length - 100_000
    expect(codeOf(frame(FRAME_BYTES_MAX - spare))).toBe('taken')
    expect(codeOf(frame(FRAME_BYTES_MAX - spare + 1))).toBe('cbor-size')
  })

  test.each<[string, number, (count: number) => Frame]>([
    [
      'heads of a facet',
      TIPS_MAX,
      n => ({ type: 'heads', space: id, facets: [{ genesis: id, tips: tips(n) }] })
    ],
    [
      'heads in a receipt',
      TIPS_MAX,
      n => ({ type: 'receipt', facet: id, tips: tips(n), signature: new Uint8Array(64) })
    ],
    [
      'heads of chains',
      CHAIN_TIPS_MAX,
      n => ({ type: 'spaces', spaces: [{ id, tips: tips(n), versions: [] }] })
    ],
    [
      'known entries',
      CHAIN_TIPS_MAX,
      n => ({ type: 'want-space', space: id, have: Array.from({ length: n }, () => id) })
    ],
    [
      'bytes of presence',
      PRESENCE_BYTES_MAX,
      n => ({ type: 'presence', facet: id, bytes: new Uint8Array(n) })
    ]
  ])('[SYN-2] %s: at most %i', (_, max, frame) => {
    expect(codeOf(frame(max))).toBe('taken')
    expect(codeOf(frame(max + 1))).toBe('frame-form')
  })

  test('[SYN-3] the records of a run weigh at most 114,688 bytes', () => {
    const [whole, rest] = [record(65_536), record(RUN_BYTES_MAX - 65_536 - 3 * 144 - 1)]
    expect(codeOf(run([whole, rest, record(1)]))).toBe('taken')
    expect(codeOf(run([whole, rest, record(2)]))).toBe('frame-form')
  })

  test('[SYN-3] whatever a run may hold fits in a frame', () => {
    const small = Array.from({ length: Math.floor(RUN_BYTES_MAX / 144) }, () => record(0))
    const medium = Array.from({ length: Math.floor(RUN_BYTES_MAX / 168) }, () => record(24))
    const largest = {
      header: new Uint8Array(32_768),
      signature: new Uint8Array(64),
      body: new Uint8Array(65_536)
    }
    for (const records of [small, medium, [largest]]) {
      expect(records.length).toBeLessThan(RECORDS_MAX)
      expect(codeOf(run(records))).toBe('taken')
    }
  })

  test('[SYN-1] a frame that is none ends the session', () => {
    const { bench, node, puppet } = stage()
    puppet.sayBytes(new Uint8Array([0x81, 0x18]))
    expect(puppet.closed).toBe(true)
    expect(bench.refusals(node)).toEqual(['cbor-syntax'])
  })
})
