// Searches what was recorded for canaries, and says which of them went to whom that must not have them.
// test/wiretap/README.md.
import { decodeCbor, type CborValue } from '../../src/wire/cbor.ts'
import { scanUpdate } from '../../src/wire/update.ts'
import { parseHeader } from '../../src/wire/envelope.ts'
import { FrameDecoder } from '../../src/net/framing.ts'
import { FRAME_BYTES_MAX } from '../../src/net/limits.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type Canary, type Rule, mayHave } from './canary.ts'
import { type Index, inflated } from './search.ts'
import { framesOf as bundleFrames } from './bundle-file.ts'

/** Somebody was handed what it must not have. */
export interface Leak {
  rule: Rule
  what: string
  from: string
  to: string
  /** In which spelling, and in what. */
  how: string
  times: number
}

export interface Findings {
  leaks: Leak[]
  /** Which companies each canary was handed to, by the tapes. */
  heard: Map<Canary, Set<string>>
  /** How many pieces that were compressed came out, and how many letters of text were put together. */
  inflated: number
  joined: number
}

/** What one company gave to another: on a stream, or as a file. */
export interface Recorded {
  from: string
  to: string
  bytes: Buffer
  chunks: readonly { from: number; at: number }[]
  /** A bundle, and when it was made (ms since 1970). */
  bundle?: number
}

/** Bytes to search, with the times of their parts. */
interface Unit {
  kind: string
  bytes: Uint8Array
  chunks: readonly { from: number; at: number }[]
}

export function scan(records: readonly Recorded[], index: Index<Canary>): Findings {
  const found: Findings = { leaks: [], heard: new Map(), inflated: 0, joined: 0 }
  const leaks = new Map<string, Leak>()
  const look = (from: string, to: string, unit: Unit) => {
    for (const { of, how, at } of index.find(unit.bytes)) {
      const heard = found.heard.get(of) ?? new Set()
      found.heard.set(of, heard.add(to))
      if (mayHave(of, to, timeOf(unit, at))) continue
      const spelled = `${how}, ${unit.kind}`
      const key = JSON.stringify([of.what, from, to, spelled])
      const leak = leaks.get(key)
      if (leak) leak.times++
      else leaks.set(key, { rule: of.rule, what: of.what, from, to, how: spelled, times: 1 })
    }
  }
  const typed = new Typed()
  for (const record of records) {
    const { from, to, bytes, chunks } = record
    const { protocol, frames } = read(record)
    look(from, to, { kind: protocol, bytes, chunks })
    for (const { bytes: part, at } of frames.length > 0 ? frames : chunksOf(record)) {
      for (const plain of fieldsOf(part).flatMap(inflated)) {
        found.inflated++
        look(from, to, { kind: `inflated, ${protocol}`, bytes: plain, chunks: [{ from: 0, at }] })
      }
    }
    typed.take(record, frames)
  }
  found.joined = typed.length
  for (const { from, to, unit } of typed.units()) look(from, to, unit)
  found.leaks = [...leaks.values()]
  return found
}

/** When the chunk that holds this byte was handed over. */
function timeOf({ chunks }: Pick<Unit, 'chunks'>, at: number): number {
  let [low, high] = [0, chunks.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((chunks[middle] as { from: number }).from <= at) low = middle
    else high = middle
  }
  return chunks[low]?.at ?? 0
}

function read(record: Recorded): { protocol: string; frames: Timed[] } {
  const { bytes, bundle } = record
  if (bundle !== undefined)
    return { protocol: 'bundle', frames: bundleFrames(bytes).map(frame => ({ bytes: frame, at: bundle })) }
  const { protocol, at } = negotiation(bytes)
  return { protocol, frames: protocol.startsWith('/parley/sync/') ? framesOf(record, at) : [] }
}

/** Of other protocols nothing is known: what was sent at once is one piece. */
function chunksOf({ bytes, chunks }: Recorded): Timed[] {
  return chunks.map(({ from, at }, i) => ({ bytes: bytes.subarray(from, chunks[i + 1]?.from), at }))
}

/** A stream begins with lines of multistream-select; the last names its protocol. */
function negotiation(bytes: Buffer): { protocol: string; at: number } {
  let [protocol, at] = ['no stream', 0]
  for (;;) {
    const length = bytes[at] ?? 0
    const line = bytes.toString('latin1', at + 1, at + 1 + length)
    if (length === 0 || length > 127 || !/^(?:\/[\x21-\x7e]+|na|ls)\n$/.test(line)) return { protocol, at }
    if (line.startsWith('/')) protocol = line.trim()
    at += 1 + length
  }
}

/** A frame of sync, and when its last byte was handed over. */
interface Timed {
  bytes: Uint8Array
  at: number
}

function framesOf(record: Recorded, start: number): Timed[] {
  const decoder = new FrameDecoder()
  const frames: Timed[] = []
  // One side opens the session with an empty frame.
  const from = record.bytes[start] === 0 ? start + 1 : start
  decoder.push(record.bytes.subarray(from))
  for (let frame = decoder.next(); frame instanceof Uint8Array; frame = decoder.next())
    frames.push({ bytes: frame, at: timeOf(record, record.bytes.length - decoder.buffered - 1) })
  return frames
}

/** Every byte string and text of a frame, however deep, and the frame itself: where something may begin. */
function fieldsOf(frame: Uint8Array): Uint8Array[] {
  const value = decodeCbor(frame, FRAME_BYTES_MAX)
  const fields = [frame]
  const walk = (item: CborValue): void => {
    if (item instanceof Uint8Array) fields.push(item)
    else if (typeof item === 'string') fields.push(...decodings(item))
    else if (Array.isArray(item)) item.forEach(walk)
    else if (item !== null && typeof item === 'object') Object.values(item).forEach(walk)
  }
  if (!isReject(value)) walk(value)
  return fields.filter(({ length }) => length >= FIELD_MIN)
}

/** Less than this cannot hold a canary, compressed or not. */
const FIELD_MIN = 8

/** What a text could be the spelling of: something compressed travels in a text as base64 or hexadecimal. */
function decodings(text: string): Uint8Array[] {
  const bytes = [Buffer.from(text)]
  if (/^[0-9a-f]+$/i.test(text)) bytes.push(Buffer.from(text, 'hex'))
  if (/^[\w+/=-]+$/.test(text)) bytes.push(Buffer.from(text, 'base64'))
  return bytes
}

const RUN = 9

/** What envelopes of one lane insert, by seq: they may come by several streams. */
interface Lane {
  to: string
  from: Set<string>
  /** When the first copy was handed over, and the last: a right may have begun or ended in between. */
  texts: Map<number, { text: string; first: number; last: number }>
}

/** Puts together what was typed, character by character: of each lane for each receiver, whoever brought it. */
class Typed {
  readonly #lanes = new Map<string, Lane>()

  take({ from, to }: Recorded, frames: readonly Timed[]): void {
    for (const { bytes, at } of frames) {
      const frame = decodeCbor(bytes, FRAME_BYTES_MAX)
      if (isReject(frame) || !Array.isArray(frame) || frame[0] !== RUN) continue
      const [, facet, , client, records] = frame as [number, Uint8Array, number, number, Uint8Array[][]]
      const key = `${to} ${Buffer.from(facet).toString('hex')} ${client}`
      const lane = this.#lanes.get(key) ?? { to, from: new Set(), texts: new Map() }
      this.#lanes.set(key, lane)
      for (const [header, , body] of records) {
        const parsed = header && parseHeader(header)
        const text = body ? insertedBy(body) : ''
        if (!parsed || isReject(parsed) || text === '') continue
        lane.from.add(from)
        const { first = at, last = at } = lane.texts.get(parsed.seq) ?? {}
        lane.texts.set(parsed.seq, { text, first: Math.min(first, at), last: Math.max(last, at) })
      }
    }
  }

  /** Of all texts together. */
  get length(): number {
    const texts = [...this.#lanes.values()].flatMap(lane => [...lane.texts.values()])
    return texts.reduce((sum, { text }) => sum + text.length, 0)
  }

  *units(): Generator<{ from: string; to: string; unit: Unit }> {
    for (const { from, to, texts } of this.#lanes.values()) {
      const inOrder = [...texts].sort(([a], [b]) => a - b).map(([, each]) => each)
      const bytes = Buffer.from(inOrder.map(({ text }) => text).join(''))
      for (const copy of ['first', 'last'] as const) {
        let at = 0
        const chunks = inOrder.map(each => {
          const chunk = { from: at, at: each[copy] }
          at += Buffer.byteLength(each.text)
          return chunk
        })
        yield { from: [...from].join(' and '), to, unit: { kind: 'typed', bytes, chunks } }
      }
    }
  }
}

function insertedBy(body: Uint8Array): string {
  const scanned = scanUpdate(body)
  if (isReject(scanned)) return ''
  const strings = scanned.structs.filter(({ kind }) => kind === 'string')
  return strings.map(({ start, end }) => Buffer.from(body.subarray(start, end)).toString()).join('')
}
