// Writes protocols/envelope/vectors, the same bytes every time.
import { writeFileSync } from 'node:fs'
import { EMPTY, toHex } from '../../src/wire/bytes.ts'
import { type CborValue, encodeCbor } from '../../src/wire/cbor.ts'
import {
  DEPS_MAX,
  type EnvelopeRecord,
  type Header,
  encodeHeader,
  parseHeader,
  parseRun
} from '../../src/wire/envelope.ts'
import { laneId, packClient } from '../../src/wire/lane.ts'
import { isReject } from '../../src/wire/reject.ts'
import { validFacets } from './envelope-facets.ts'
import { invalidFacets } from './envelope-refused.ts'
import { LAYOUT, Scene, type Signed } from './envelope-scene.ts'
import { SPACE, ada, by, storyEntries } from './envelope-story.ts'
import { ACME, BOREALIS, CYGNUS, TIME, bytes, key, must, print } from './space-builders.ts'

const FACET = bytes('facet')
const OPENING = { facet: FACET, company: 8191, key: 4095, session: 2 ** 28 - 1 }
const PLAIN: Header = {
  seq: 0,
  opening: OPENING,
  deps: [],
  auth: [],
  clockEnd: 0,
  deletes: [],
  bodyHash: EMPTY,
  bodyLength: 0,
  time: TIME
}
const { opening: _, ...REST } = PLAIN
const LATER: Header = { ...REST, seq: 2 ** 31 - 1, prev: bytes('prev') }

function headers() {
  const body = { bodyHash: bytes('body'), bodyLength: 65_536 }
  const dep = (client: number) => ({ client, seq: 5, id: bytes(`dep ${client}`) })
  const ref = (company: number) => ({ company, seq: 5, id: bytes(`entry ${company}`) })
  const range = (client: number, clock: number, length: number) => ({ client, clock, length })
  const valid: [rule: string, name: string, header: Header][] = [
    ['ENV-4', 'an opening', PLAIN],
    ['ENV-4', 'the last envelope of a lane', { ...LATER, time: Number.MAX_SAFE_INTEGER }],
    ['ENV-6', '32 deps', { ...LATER, deps: Array.from({ length: DEPS_MAX }, (_, i) => dep(i * 300)) }],
    ['ENV-6', '64 entries', { ...LATER, auth: Array.from({ length: 64 }, (_, i) => ref(i)) }],
    [
      'ENV-7',
      'deleted ranges',
      {
        ...LATER,
        ...body,
        clockEnd: 2 ** 31 - 1,
        deletes: [range(7, 0, 3), range(7, 4, 1), range(2 ** 53 - 1, 0, 2 ** 31 - 1)]
      }
    ]
  ]
  const items = (header: Header): CborValue[] => [
    1,
    header.seq,
    header.opening ? [FACET, OPENING.company, OPENING.key, OPENING.session] : (header.prev as Uint8Array),
    [],
    [],
    0,
    [],
    EMPTY,
    0,
    TIME
  ]
  const spelt = (...over: [at: number, value: CborValue][]) => {
    const list = items(LATER)
    for (const [at, value] of over) list[at] = value
    return encodeCbor(list)
  }
  const opened = (at: number, value: CborValue) => {
    const list = items(PLAIN)
    ;(list[2] as CborValue[])[at] = value
    return encodeCbor(list)
  }
  const good = encodeHeader(LATER)
  const triple = (a: number, b: number): CborValue => [a, b, FACET]
  const withBody: [at: number, value: CborValue][] = [
    [7, FACET],
    [8, 10]
  ]
  const deleting = (...ranges: CborValue[]) => spelt([6, ranges], ...withBody)
  const many = (n: number, item: (i: number) => CborValue) => Array.from({ length: n }, (_, i) => item(i))
  const invalid: [rule: string, name: string, code: string, bytes: Uint8Array][] = [
    ['ENV-4', 'nothing', 'envelope-version', EMPTY],
    ['ENV-4', 'version 2', 'envelope-version', spelt([0, 2])],
    ['ENV-4', 'nine items', 'envelope-version', encodeCbor(items(LATER).slice(0, 9))],
    ['ENV-4', 'eleven items', 'envelope-version', encodeCbor([...items(LATER), 0])],
    ['ENV-4', 'a byte left over', 'cbor-canonical', new Uint8Array([...good, 0])],
    ['ENV-4', 'cut short', 'cbor-canonical', good.subarray(0, -1)],
    ['ENV-4', 'a seq in more bytes than it needs', 'cbor-canonical', longer(good, 2)],
    ['ENV-4', 'a list without a stated length', 'cbor-canonical', indefinite(good)],
    ['ENV-4', 'a negative clock', 'cbor-canonical', spelt([5, -1])],
    ['ENV-4', 'text for bytes', 'cbor-canonical', spelt([7, ''])],
    ['ENV-4', 'a time of 2^53', 'cbor-canonical', bigTime(good)],
    ['ENV-4', 'a prev of 31 bytes', 'cbor-canonical', spelt([2, FACET.subarray(1)])],
    ['ENV-4', 'no prev', 'cbor-canonical', spelt([2, EMPTY])],
    ['ENV-2', 'an opening after seq 0', 'cbor-canonical', spelt([2, items(PLAIN)[2] as CborValue])],
    ['ENV-2', 'no opening at seq 0', 'cbor-canonical', spelt([1, 0])],
    ['ENV-2', 'a facet of 31 bytes', 'cbor-canonical', opened(0, FACET.subarray(1))],
    ['ENV-5', 'a company over 13 bits', 'header-range', opened(1, 8192)],
    ['ENV-5', 'a key over 12 bits', 'header-range', opened(2, 4096)],
    ['ENV-5', 'a session over 28 bits', 'header-range', opened(3, 2 ** 28)],
    ['ENV-5', 'a seq of 2^31', 'header-range', spelt([1, 2 ** 31])],
    ['ENV-5', 'a clock of 2^31', 'header-range', spelt([5, 2 ** 31])],
    ['ENV-6', '33 deps', 'cbor-canonical', spelt([3, many(33, i => triple(i, 0))])],
    ['ENV-6', '65 entries', 'cbor-canonical', spelt([4, many(65, i => triple(i, 0))])],
    ['ENV-6', 'deps that descend', 'header-order', spelt([3, [triple(2, 0), triple(1, 0)]])],
    ['ENV-6', 'two deps in one lane', 'header-order', spelt([3, [triple(1, 0), triple(1, 1)]])],
    ['ENV-6', 'entries that descend', 'header-order', spelt([4, [triple(2, 0), triple(1, 0)]])],
    ['ENV-6', 'two entries of one company', 'header-order', spelt([4, [triple(1, 0), triple(1, 1)]])],
    ['ENV-6', 'a dep without an id', 'cbor-canonical', spelt([3, [[1, 0]]])],
    ['ENV-7', 'a range of nothing', 'header-order', deleting([1, 0, 0])],
    ['ENV-7', 'ranges that touch', 'header-order', deleting([1, 0, 2], [1, 2, 1])],
    ['ENV-7', 'ranges that overlap', 'header-order', deleting([1, 0, 2], [1, 1, 2])],
    ['ENV-7', 'ranges that descend', 'header-order', deleting([1, 5, 1], [1, 0, 1])],
    ['ENV-7', 'clients that descend', 'header-order', deleting([2, 0, 1], [1, 0, 1])],
    ['ENV-7', 'a range that ends at 2^31', 'header-order', deleting([1, 2 ** 31 - 1, 1])],
    ['ENV-7', '1,001 ranges', 'cbor-canonical', deleting(...many(1_001, i => [1, 2 * i, 1]))],
    ['ENV-8', 'a body of 65,537 bytes', 'body-size', spelt([7, FACET], [8, 65_537])],
    ['ENV-8', 'a hash without a body', 'header-body', spelt([7, FACET])],
    ['ENV-8', 'a body without a hash', 'header-body', spelt([8, 1])],
    ['ENV-8', 'a hash of 31 bytes', 'header-body', spelt([7, FACET.subarray(1)], [8, 1])],
    ['ENV-8', 'deletes without a body', 'header-body', spelt([6, [[1, 0, 1]]])]
  ]
  for (const [, name, code, bytes] of invalid) expectCode(name, code, parseHeader(bytes))
  return {
    about: 'Headers alone, ENV-2 and ENV-4 to ENV-8, in hexadecimal',
    valid: valid.map(([rule, name, header]) => {
      const bytes = encodeHeader(header)
      must(parseHeader(bytes))
      return { rule, name, header: toHex(bytes), seq: header.seq, deps: header.deps.length }
    }),
    invalid: invalid.map(([rule, name, code, bytes]) => ({ rule, name, code, header: toHex(bytes) }))
  }
}

function longer(header: Uint8Array, at: number): Uint8Array {
  // The seq 2^31 - 1 in eight bytes instead of four.
  const rest = header.subarray(at + 5)
  return new Uint8Array([...header.subarray(0, at), 0x1b, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, ...rest])
}

function indefinite(header: Uint8Array): Uint8Array {
  const hex = toHex(header)
  return Uint8Array.from(Buffer.from(hex.replace(/^(8a011a7fffffff5820.{64})8080/, '$19fff80'), 'hex'))
}

function bigTime(header: Uint8Array): Uint8Array {
  return new Uint8Array([...header.subarray(0, -9), 0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0])
}

function expectCode(name: string, code: string, result: unknown): void {
  const told = isReject(result) ? result.code : 'accepted'
  if (told !== code) throw new Error(`${name}: ${told}, not ${code}`)
}

const recordHex = ({ header, signature, body }: EnvelopeRecord) => ({
  header: toHex(header),
  signature: toHex(signature),
  body: toHex(body)
})

function lanes() {
  const authors = [
    { company: 0, key: 0, session: 0 },
    { company: 0, key: 1, session: 2 },
    { company: 1, key: 0, session: 1 },
    { company: 8191, key: 4095, session: 2 ** 28 - 1 }
  ]
  return authors.map(author => {
    const client = packClient(author)
    return { facet: toHex(FACET), ...author, client, lane: toHex(laneId(FACET, client)) }
  })
}

function runs() {
  const scene = new Scene(SPACE)
  const body = { bytes: new Uint8Array([1, 2, 3]), clockEnd: 0 }
  const a0 = scene.open(by(0), [ada])
  const a1 = scene.next(a0, { body })
  const a2 = scene.next(a1)
  const b0 = scene.open(by(0, 2), [ada])
  const other = new Scene(SPACE, { name: 'another facet' }).open(by(0), [ada])
  const twin = scene.next(a0)
  const patch = (of: Signed, over: Partial<EnvelopeRecord>): Signed => ({
    ...of,
    record: { ...of.record, ...over }
  })
  const invalid: [rule: string, name: string, code: string, run: Signed[]][] = [
    ['ENV-10', 'no envelope', 'run-empty', []],
    ['ENV-10', 'a gap', 'chain-broken', [a0, a2]],
    ['ENV-10', 'backwards', 'chain-broken', [a1, a0]],
    ['ENV-10', 'one envelope twice', 'chain-broken', [a1, a1]],
    ['ENV-10', 'a prev that is not the one before', 'chain-broken', [a0, twin, a2]],
    ['ENV-2', 'the opening of another session', 'lane-mismatch', [b0]],
    ['ENV-2', 'the opening of another facet', 'lane-mismatch', [other]],
    ['ENV-9', 'a signature of 63 bytes', 'signature-size', [patch(a0, { signature: new Uint8Array(63) })]],
    ['ENV-9', 'no body', 'body-mismatch', [a0, patch(a1, { body: EMPTY })]],
    ['ENV-9', 'a longer body', 'body-mismatch', [a0, patch(a1, { body: new Uint8Array([1, 2, 3, 0]) })]],
    ['ENV-9', 'another body', 'body-mismatch', [a0, patch(a1, { body: new Uint8Array([1, 2, 4]) })]],
    ['ENV-9', 'a body where there is none', 'body-mismatch', [patch(a0, { body: new Uint8Array([1]) })]],
    ['ENV-4', 'a header that is none', 'envelope-version', [patch(a0, { header: EMPTY })]]
  ]
  const { client } = a0
  for (const [, name, code, run] of invalid) {
    const records = run.map(({ record }) => record)
    expectCode(name, code, parseRun(scene.id, client, records))
  }
  const valid: [rule: string, name: string, run: Signed[]][] = [
    ['ENV-3', 'an opening', [a0]],
    ['ENV-9', 'an envelope with a body', [a1]],
    ['ENV-10', 'three envelopes', [a0, a1, a2]]
  ]
  return {
    about: 'Runs as far as bytes tell, ENV-2, ENV-3, ENV-9 and ENV-10; all signatures of valid runs hold',
    facet: toHex(scene.id),
    client,
    key: toHex(key('Ada').publicKey.bytes),
    lanes: lanes(),
    valid: valid.map(([rule, name, run]) => ({
      rule,
      name,
      run: run.map(({ record }) => recordHex(record)),
      ids: run.map(({ id }) => toHex(id))
    })),
    invalid: invalid.map(([rule, name, code, run]) => ({
      rule,
      name,
      code,
      run: run.map(({ record }) => recordHex(record))
    }))
  }
}

/** Path below protocols/envelope, and the value whose JSON stands there. */
export function envelopeFiles(): [path: string, value: object][] {
  const [valid, invalid] = [validFacets(), invalidFacets()]
  const facets = {
    about:
      'Whole facets, ENV-11 to ENV-24: what each run and entry comes to, what is admitted and what counts',
    layout: LAYOUT,
    identities: [ACME, BOREALIS, CYGNUS].map(({ second }) => new TextDecoder().decode(second.log)),
    entries: storyEntries,
    valid,
    invalid
  }
  return [
    ['vectors/headers.json', headers()],
    ['vectors/runs.json', runs()],
    ['vectors/facets.json', facets]
  ]
}

if (import.meta.main) {
  for (const [path, value] of envelopeFiles()) {
    writeFileSync(new URL(`../../protocols/envelope/${path}`, import.meta.url), print(value))
  }
}
