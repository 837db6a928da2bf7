// What the wiretap would hear: a canary is planted in every spelling, and each plant must be found, by whoever may not
// have it and only there.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { framePrefix } from '../../src/net/framing.ts'
import { encodeFrame } from '../../src/sync/frame.ts'
import { encodeHeader } from '../../src/wire/envelope.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { encodeBase58 } from '../../src/wire/multibase.ts'
import { type Canary, createWord } from './canary.ts'
import { type Leak, type Recorded, scan } from './scan.ts'
import { Index, PREFIX_BYTES, spellingsOf } from './search.ts'

// The hexadecimal of a z has a letter: without any, capitals would be none.
const word = createWord().replace(/.$/, 'z')
const id = sha256(Buffer.from('an id'))
const AT = 1_000

function canary(bytes: Uint8Array, readers: Canary['readers'] = new Map()): Canary {
  return { rule: 'private', what: 'a plant', bytes, readers }
}

function leaksIn(bytes: Uint8Array, planted: Canary, isText = true, more: Partial<Recorded> = {}): Leak[] {
  const index = new Index<Canary>()
  index.add(planted, spellingsOf(planted.bytes, isText))
  const record = { from: 'A', to: 'B', bytes: Buffer.from(bytes), chunks: [{ from: 0, at: AT }], ...more }
  return scan([record], index).leaks
}

/** A stream of sync that says this. */
function stream(...frames: Uint8Array[]): Buffer {
  const lines = ['/multistream/1.0.0\n', '/parley/sync/1.0.0\n'].flatMap(line => [
    Buffer.of(line.length),
    Buffer.from(line)
  ])
  const framed = frames.flatMap(frame => [framePrefix(frame.length), frame])
  return Buffer.concat([...lines, Buffer.of(0), ...framed])
}

function bye(detail: string): Uint8Array {
  return encodeFrame({ type: 'bye', code: 'closed', detail })
}

/** Each edit as an envelope of its own, one after the other. */
function runs(edits: ((text: Y.Text) => void)[]): Uint8Array[] {
  const doc = new Y.Doc()
  doc.clientID = 7
  const updates: Uint8Array[] = []
  doc.on('update', update => updates.push(update))
  for (const edit of edits) edit(doc.getText('text'))
  return updates.map((body, i) => {
    const at = i === 0 ? { opening: { facet: id, company: 0, key: 0, session: 7 } } : { prev: id }
    const header = encodeHeader({
      seq: i,
      ...at,
      deps: [],
      auth: [],
      clockEnd: i + 1,
      deletes: [],
      bodyHash: sha256(body),
      bodyLength: body.length,
      time: AT
    })
    return encodeFrame({
      type: 'run',
      facet: id,
      request: 0,
      client: 7,
      records: [{ header, signature: new Uint8Array(64), body }]
    })
  })
}

describe('a word is found', () => {
  const noise = (inner: string | Uint8Array) =>
    Buffer.concat([Buffer.from('noise'), Buffer.from(inner as string), Buffer.from('!')])
  const wide = Buffer.from(word, 'utf16le')
  const plants: { [how: string]: Uint8Array } = {
    raw: noise(word),
    capitals: noise(word.toUpperCase()),
    reversed: noise(word.split('').reverse().join('')),
    hex: noise(Buffer.from(word).toString('hex')),
    HEX: noise(Buffer.from(word).toString('hex').toUpperCase()),
    base58: noise(encodeBase58(Buffer.from(word))),
    'UTF-16LE': noise(wide),
    'UTF-16BE': noise(Buffer.from(wide).swap16())
  }
  for (const [how, bytes] of Object.entries(plants))
    test(`as ${how}`, () => expect(leaksIn(bytes, canary(Buffer.from(word)))[0]?.how).toMatch(`${how}, `))

  for (const offset of [0, 1, 2, 3, 4])
    for (const coding of ['base64', 'base64url'] as const)
      test(`in ${coding}, ${offset} bytes in`, () => {
        const text = Buffer.from(`${'~'.repeat(offset)}${word}and more`).toString(coding)
        expect(leaksIn(noise(text), canary(Buffer.from(word)))).toHaveLength(1)
      })

  const inner = noise(word.repeat(3))
  const packed = {
    zlib: deflateSync(inner),
    gzip: gzipSync(inner),
    deflate: deflateRawSync(inner),
    brotli: brotliCompressSync(inner)
  }
  for (const [how, bytes] of Object.entries(packed)) {
    test(`compressed by ${how}, in a field of a frame`, () => {
      expect(bytes.includes(word.repeat(2))).toBe(false)
      const frame = encodeFrame({ type: 'presence', facet: id, bytes })
      expect(
        leaksIn(stream(bye('first'), frame), canary(Buffer.from(word))).map(leak => leak.how)
      ).toContainEqual(expect.stringContaining('inflated'))
    })
    test(`compressed by ${how}, as base64 in a text`, () => {
      const frame = bye(bytes.toString('base64'))
      expect(leaksIn(stream(frame), canary(Buffer.from(word))).length).toBeGreaterThan(0)
    })
    test(`compressed by ${how}, in a protocol that is not known`, () => {
      const leaks = leaksIn(Buffer.concat([Buffer.from('before'), bytes]), canary(Buffer.from(word)), true, {
        chunks: [
          { from: 0, at: AT },
          { from: 6, at: AT }
        ]
      })
      expect(leaks.length).toBeGreaterThan(0)
    })
  }
})

describe('a word is put together', () => {
  const letters = word.split('')
  const typed: { [how: string]: Uint8Array[] } = {
    'letter by letter': runs(letters.map(letter => text => text.insert(text.length, letter))),
    'from behind': runs(letters.toReversed().map(letter => text => text.insert(0, letter))),
    'in two halves': runs([text => text.insert(0, word.slice(0, 9)), text => text.insert(9, word.slice(9))])
  }
  for (const [how, frames] of Object.entries(typed))
    test(`that was typed ${how}`, () => {
      const bytes = stream(...frames)
      expect(bytes.includes(word)).toBe(false)
      expect(leaksIn(bytes, canary(Buffer.from(word)))[0]?.how).toMatch(/, typed$/)
    })

  test('that was typed and erased again', () => {
    const frames = runs([
      ...letters.map(letter => (text: Y.Text) => text.insert(text.length, letter)),
      text => text.delete(0, word.length)
    ])
    expect(leaksIn(stream(...frames), canary(Buffer.from(word)))).toHaveLength(1)
  })
})

describe('an id is found', () => {
  const prefix = canary(id.subarray(0, PREFIX_BYTES))
  const plants = {
    whole: id,
    'by its first eight bytes': id.subarray(0, PREFIX_BYTES),
    'as text': Buffer.from(Buffer.from(id).toString('hex')),
    'as base64': Buffer.from(Buffer.from(id).toString('base64')),
    'as a head': encodeFrame({
      type: 'heads',
      space: sha256(id),
      facets: [{ genesis: new Uint8Array(9), tips: [{ of: 1, seq: 1, id }] }]
    })
  }
  for (const [how, bytes] of Object.entries(plants))
    test(how, () => expect(leaksIn(Buffer.concat([Buffer.from('x'), bytes]), prefix, false)).toHaveLength(1))
})

describe('who may have it', () => {
  test('is not blamed, and nobody else is let off', () => {
    const bytes = Buffer.from(word)
    expect(leaksIn(bytes, canary(bytes, new Map([['B', {}]])))).toEqual([])
    expect(leaksIn(bytes, canary(bytes, new Map([['C', {}]])))).toHaveLength(1)
  })

  test('before a right begins, and after it ends, has none', () => {
    const bytes = Buffer.from(word)
    const within = (from: number, until: number) =>
      leaksIn(bytes, canary(bytes, new Map([['B', { from, until }]])))
    expect(within(AT, AT)).toEqual([])
    expect(within(AT + 1, Infinity)).toHaveLength(1)
    expect(within(0, AT - 1)).toHaveLength(1)
  })

  test('is judged by the time of the chunk that holds it', () => {
    const bytes = Buffer.from(`..........${word}`)
    const late = {
      chunks: [
        { from: 0, at: 1 },
        { from: 10, at: 9 }
      ]
    }
    expect(
      leaksIn(bytes, canary(Buffer.from(word), new Map([['B', { until: 5 }]])), true, late)
    ).toHaveLength(1)
    const early = {
      chunks: [
        { from: 0, at: 1 },
        { from: 29, at: 9 }
      ]
    }
    expect(leaksIn(bytes, canary(Buffer.from(word), new Map([['B', { until: 5 }]])), true, early)).toEqual([])
  })

  test('of what is none of it, nothing is found', () => {
    const bytes = stream(bye(createWord()), ...runs([text => text.insert(0, createWord())]))
    expect(leaksIn(bytes, canary(Buffer.from(word)))).toEqual([])
  })
})
