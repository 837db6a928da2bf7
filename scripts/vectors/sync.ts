// Writes protocols/sync/vectors. Deterministic: fixed bytes and keys, no clock, no randomness. What is wrong with
// an invalid frame follows from the field table below, not from the parser that is tested with it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { generateKey, sign } from '../../src/identity/ed25519.ts'
import { type Frame, encodeFrame } from '../../src/sync/frame.ts'
import { receiptBytes } from '../../src/sync/receipts.ts'
import { concatBytes, toHex, utf8 } from '../../src/wire/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/wire/cbor.ts'
import { sha256 } from '../../src/wire/hash.ts'

export interface FrameVector {
  name: string
  rule: string
  /** Hexadecimal. */
  frame: string
  /** What it says, byte strings in hexadecimal; absent where invalid. */
  value?: unknown
  code?: string
}

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill)
const hash = (fill: number) => bytes(32, fill)
const head = (of: number, seq: number, fill: number) => ({ of, seq, id: hash(fill) })

const FRAMES: { name: string; rule: string; frame: Frame }[] = [
  {
    name: 'a hello',
    rule: 'SYN-7',
    frame: {
      type: 'hello',
      did: 'did:webvh:QmExample:parley.invalid',
      certificate: utf8('{}'),
      version: '1-QmExample',
      confirmed: false,
      invite: bytes(0, 0)
    }
  },
  {
    name: 'a hello of a guest, whose log is not known',
    rule: 'SYN-10',
    frame: { type: 'hello', did: 'd', certificate: utf8('{}'), version: '', confirmed: true, invite: hash(9) }
  },
  {
    name: 'a wish for a log',
    rule: 'SYN-11',
    frame: { type: 'want-identity', did: 'did:x', offset: 32_768 }
  },
  {
    name: 'the end of a log',
    rule: 'SYN-11',
    frame: { type: 'identity', did: 'did:x', offset: 32_768, total: 32_771, bytes: utf8('}}\n') }
  },
  { name: 'no spaces', rule: 'SYN-12', frame: { type: 'spaces', spaces: [] } },
  {
    name: 'a space with two heads of one chain',
    rule: 'SYN-12',
    frame: {
      type: 'spaces',
      spaces: [{ id: hash(1), tips: [head(0, 3, 2), head(0, 3, 3)], versions: ['1-Qm', ''] }]
    }
  },
  {
    name: 'a wish for all of a space',
    rule: 'SYN-13',
    frame: { type: 'want-space', space: hash(1), have: [] }
  },
  {
    name: 'a wish for what comes after two entries',
    rule: 'SYN-13',
    frame: { type: 'want-space', space: hash(1), have: [hash(2), hash(3)] }
  },
  {
    name: 'an entry',
    rule: 'SYN-13',
    frame: {
      type: 'entries',
      space: hash(1),
      genesis: bytes(0, 0),
      entries: [{ entry: utf8('entry'), signer: hash(4), signature: bytes(64, 5) }]
    }
  },
  {
    name: 'a genesis alone',
    rule: 'SYN-13',
    frame: { type: 'entries', space: hash(1), genesis: utf8('genesis'), entries: [] }
  },
  { name: 'a summary', rule: 'SYN-16', frame: { type: 'summary', space: hash(1), hash: hash(6) } },
  {
    name: 'heads of a facet',
    rule: 'SYN-17',
    frame: {
      type: 'heads',
      space: hash(1),
      facets: [{ genesis: utf8('genesis'), tips: [head(2 ** 53 - 1, 2 ** 31 - 1, 7), head(0, 0, 8)] }]
    }
  },
  {
    name: 'a need with points that the asker has',
    rule: 'SYN-18',
    frame: {
      type: 'need',
      facet: hash(2),
      request: 1,
      lacks: [{ tip: head(5, 9, 7), have: [head(5, 3, 6), head(5, 2, 5)] }]
    }
  },
  {
    name: 'a need of nothing',
    rule: 'SYN-18',
    frame: { type: 'need', facet: hash(2), request: 0, lacks: [] }
  },
  {
    name: 'a run that answers',
    rule: 'SYN-20',
    frame: {
      type: 'run',
      facet: hash(2),
      request: 1,
      client: 5,
      records: [{ header: utf8('header'), signature: bytes(64, 1), body: bytes(0, 0) }]
    }
  },
  { name: 'an end', rule: 'SYN-20', frame: { type: 'done', facet: hash(2), request: 1 } },
  {
    name: 'a receipt',
    rule: 'SYN-29',
    frame: { type: 'receipt', facet: hash(2), tips: [head(5, 9, 7)], signature: bytes(64, 3) }
  },
  { name: 'presence', rule: 'SYN-30', frame: { type: 'presence', facet: hash(2), bytes: bytes(3, 1) } },
  { name: 'a farewell', rule: 'SYN-26', frame: { type: 'bye', code: 'signature', detail: 'wrong' } },
  {
    name: 'a checkpoint to cosign',
    rule: 'SYN-49',
    frame: {
      type: 'add-checkpoint',
      space: hash(1),
      request: 1,
      opening: utf8('{}'),
      body: utf8('old 0\n\no\n0\n')
    }
  },
  {
    name: 'what a witness answers',
    rule: 'SYN-49',
    frame: {
      type: 'cosigned',
      space: hash(1),
      request: 1,
      status: 409,
      witness: bytes(0, 0),
      body: utf8('7\n')
    }
  },
  {
    name: 'what a witness shows',
    rule: 'SYN-49',
    frame: { type: 'checkpoints', space: hash(1), logs: [{ opening: utf8('{}'), checkpoint: utf8('o\n') }] }
  },
  {
    name: 'a wish for proofs',
    rule: 'SYN-49',
    frame: { type: 'want-proofs', space: hash(1), request: 2, origin: 'parley/audit/1', sizes: [4, 5] }
  },
  {
    name: 'proofs',
    rule: 'SYN-49',
    frame: { type: 'proofs', space: hash(1), request: 2, bodies: [utf8('old 4\n\n')] }
  },
  {
    name: 'an entry for the keeper of the chains',
    rule: 'SYN-54',
    frame: { type: 'append', space: hash(1), entry: utf8('entry'), signer: hash(2), signature: bytes(64, 3) }
  },
  {
    name: 'an entry that was too late',
    rule: 'SYN-55',
    frame: { type: 'declined', space: hash(1), entry: hash(2), code: 'chain-moved', detail: '' }
  },
  {
    name: 'a summary of decisions',
    rule: 'SYN-57',
    frame: { type: 'decision-summary', space: hash(1), hash: hash(6) }
  },
  {
    name: 'two decisions',
    rule: 'SYN-58',
    frame: {
      type: 'decisions',
      space: hash(1),
      decisions: [
        { id: hash(2), digest: hash(3) },
        { id: hash(4), digest: hash(5) }
      ]
    }
  },
  { name: 'no decisions', rule: 'SYN-58', frame: { type: 'decisions', space: hash(1), decisions: [] } },
  {
    name: 'a wish for messages',
    rule: 'SYN-59',
    frame: {
      type: 'want-messages',
      space: hash(1),
      request: 1,
      after: bytes(0, 0),
      upTo: bytes(0, 0),
      wanted: [
        { decision: hash(2), have: [] },
        { decision: hash(4), have: [hash(4), hash(7)] }
      ]
    }
  },
  {
    name: 'a wish for messages between two ids',
    rule: 'SYN-59',
    frame: {
      type: 'want-messages',
      space: hash(1),
      request: 2,
      after: hash(3),
      upTo: hash(9),
      wanted: [{ decision: hash(4), have: [hash(4), hash(9)] }]
    }
  },
  {
    name: 'a message',
    rule: 'SYN-60',
    frame: {
      type: 'messages',
      space: hash(1),
      request: 0,
      records: [{ document: utf8('{}'), certificate: utf8('{}') }]
    }
  },
  {
    name: 'nothing that the asker lacks',
    rule: 'SYN-60',
    frame: { type: 'messages', space: hash(1), request: 2, records: [] }
  }
]

type Kind = 'uint' | 'text' | 'flag' | 'bytes' | 'hash' | 'bound' | 'list'

/** The fields of each type in the order of protocols/sync, section 3. */
const FIELDS: Kind[][] = [
  ['uint', 'text', 'bytes', 'text', 'flag', 'bytes'],
  ['text', 'uint'],
  ['text', 'uint', 'uint', 'bytes'],
  ['list'],
  ['hash', 'list'],
  ['hash', 'bytes', 'list'],
  ['hash', 'hash'],
  ['hash', 'list'],
  ['hash', 'uint', 'list'],
  ['hash', 'uint', 'uint', 'list'],
  ['hash', 'uint'],
  ['hash', 'list', 'bytes'],
  ['hash', 'bytes'],
  ['text', 'text'],
  ['hash', 'uint', 'bytes', 'bytes'],
  ['hash', 'uint', 'uint', 'bytes', 'bytes'],
  ['hash', 'list'],
  ['hash', 'uint', 'text', 'list'],
  ['hash', 'uint', 'list'],
  ['hash', 'bytes', 'bytes', 'bytes'],
  ['hash', 'hash', 'text', 'text'],
  ['hash', 'hash'],
  ['hash', 'list'],
  ['hash', 'uint', 'bound', 'bound', 'list'],
  ['hash', 'uint', 'list']
]

const ALIENS: { [K in Kind]: [what: string, value: CborValue][] } = {
  uint: [
    ['a negative number', -1],
    ['a text', '1']
  ],
  text: [
    ['bytes', bytes(1, 0x61)],
    ['513 characters', 'x'.repeat(513)]
  ],
  flag: [
    ['a number', 1],
    ['null', null]
  ],
  bytes: [
    ['a text', 'x'],
    ['null', null]
  ],
  hash: [
    ['31 bytes', bytes(31, 1)],
    ['33 bytes', bytes(33, 1)]
  ],
  bound: [
    ['31 bytes', bytes(31, 1)],
    ['null', null]
  ],
  list: [
    ['null', null],
    ['a map', {}]
  ]
}

const NAMES = [
  'hello',
  'want-identity',
  'identity',
  'spaces',
  'want-space',
  'entries',
  'summary',
  'heads',
  'need',
  'run',
  'done',
  'receipt',
  'presence',
  'bye',
  'add-checkpoint',
  'cosigned',
  'checkpoints',
  'want-proofs',
  'proofs',
  'append',
  'declined',
  'decision-summary',
  'decisions',
  'want-messages',
  'messages'
]

function json(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (Array.isArray(value)) return value.map(json)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, json(item)]))
}

export function validFrames(): FrameVector[] {
  return FRAMES.map(({ name, rule, frame }) => ({
    name,
    rule,
    frame: toHex(encodeFrame(frame)),
    value: json(frame)
  }))
}

/** The array of the first vector of a type. */
function example(type: number): CborValue[] {
  const { frame } = FRAMES.find(vector => vector.frame.type === NAMES[type]) as (typeof FRAMES)[number]
  const encoded = encodeFrame(frame)
  return decodeCbor(encoded, encoded.length) as CborValue[]
}

function form(name: string, value: CborValue, code = 'frame-form', rule = 'SYN-1'): FrameVector {
  return { name, rule, frame: toHex(encodeCbor(value)), code }
}

function spelling(name: string, hex: string, code: string): FrameVector {
  return { name, rule: 'SYN-1', frame: hex, code }
}

/** `array` with the item at this path replaced. */
function put(array: CborValue[], [index, ...rest]: number[], value: CborValue): CborValue[] {
  const at = index as number
  return array.with(at, rest.length === 0 ? value : put(array[at] as CborValue[], rest, value))
}

export function invalidFrames(): FrameVector[] {
  const h = toHex(hash(1))
  const none = bytes(0, 0)
  const fields = FIELDS.flatMap((kinds, type) =>
    kinds.flatMap((kind, i) =>
      ALIENS[kind].map(([what, value]) =>
        form(`${NAMES[type]}: field ${i + 1} is ${what}`, example(type).with(i + 1, value))
      )
    )
  )
  const counts = FIELDS.flatMap((_, type) => [
    form(`${NAMES[type]}: a field too many`, [...example(type), 0]),
    form(`${NAMES[type]}: a field too few`, example(type).slice(0, -1))
  ])
  const [spaces, heads, need, run, receipt] = [3, 7, 8, 9, 11].map(example) as [
    CborValue[],
    CborValue[],
    CborValue[],
    CborValue[],
    CborValue[]
  ]
  const nested = [
    form('hello: another version of the protocol', example(0).with(1, 2)),
    form('spaces: an id of 31 bytes', [3, [[bytes(31, 1), [], []]]]),
    form('spaces: a version that is no text', [3, [[hash(1), [], [7]]]]),
    form(
      'spaces: 33 versions',
      [3, [[hash(1), [], Array.from({ length: 33 }, () => '')]]],
      'frame-form',
      'SYN-2'
    ),
    form('spaces: an item without versions', [3, [[hash(1), []]]]),
    form(
      'spaces: 257 items',
      [3, Array.from({ length: 257 }, () => [hash(1), [], []])],
      'frame-form',
      'SYN-2'
    ),
    form('want-space: an id of 31 bytes', [4, hash(1), [bytes(31, 1)]]),
    form('entries: an entry that is a text', [5, hash(1), bytes(0, 0), [['x', hash(1), bytes(64, 1)]]]),
    form('heads: a head with a negative seq', put(heads, [2, 0, 1, 0, 1], -1)),
    form('heads: a head without an id', put(heads, [2, 0, 1, 0], [0, 0])),
    form('heads: a head with an id of 31 bytes', put(heads, [2, 0, 1, 0, 2], bytes(31, 1))),
    form('heads: a genesis that is a text', put(heads, [2, 0, 0], 'genesis')),
    form(
      'heads: 257 facets',
      [7, hash(1), Array.from({ length: 257 }, () => [bytes(0, 0), []])],
      'frame-form',
      'SYN-2'
    ),
    form('need: a lack without points', put(need, [3, 0], [[5, 9, hash(7)]])),
    form(
      'need: 33 points that the asker has',
      put(
        need,
        [3, 0, 1],
        Array.from({ length: 33 }, () => [5, 1, hash(1)])
      ),
      'frame-form',
      'SYN-2'
    ),
    form('run: a record without a body', put(run, [4, 0], [bytes(1, 1), bytes(64, 1)])),
    form('run: a body that is null', put(run, [4, 0, 2], null)),
    form('receipt: a signature of 63 bytes', receipt.with(3, bytes(63, 1))),
    form('bye: a code of 65 characters', [13, 'x'.repeat(65), ''], 'frame-form', 'SYN-2'),
    form('spaces in a map', [3, { a: spaces }]),
    form('no type', []),
    form('a type that is a text', ['hello']),
    form('a frame that is a map', { 0: 1 }),
    form('a frame that is a number', 6),
    form('type 25', [25], 'frame-type'),
    form('checkpoints: 33', [16, hash(1), Array.from({ length: 33 }, () => [bytes(1, 1), bytes(1, 1)])]),
    form('checkpoints: one without an opening', [16, hash(1), [[bytes(1, 1)]]]),
    form('want-proofs: nine sizes', [17, hash(1), 1, 'o', [1, 2, 3, 4, 5, 6, 7, 8, 9]]),
    form('proofs: a body that is a text', [18, hash(1), 1, ['old 4']]),
    form(
      'declined: a code of 65 characters',
      [20, hash(1), hash(2), 'x'.repeat(65), ''],
      'frame-form',
      'SYN-2'
    ),
    form(
      'decisions: 1,001',
      [22, hash(1), Array.from({ length: 1_001 }, () => [hash(2), hash(3)])],
      'frame-form',
      'SYN-2'
    ),
    form('decisions: one without a digest', [22, hash(1), [[hash(2)]]]),
    form('want-messages: ids of a decision that is not named', [23, hash(1), 1, none, none, [[[hash(2)]]]]),
    form(
      'want-messages: 65 decisions',
      [23, hash(1), 1, none, none, Array.from({ length: 65 }, () => [hash(2), []])],
      'frame-form',
      'SYN-2'
    ),
    form(
      'want-messages: 1,501 ids of one decision',
      [23, hash(1), 1, none, none, [[hash(2), Array.from({ length: 1_501 }, () => hash(3))]]],
      'frame-form',
      'SYN-2'
    ),
    form('messages: one without a certificate', [24, hash(1), 0, [[utf8('{}')]]]),
    form('messages: a document that is a text', [24, hash(1), 0, [['{}', utf8('{}')]]]),
    form(
      'messages: 1,025',
      [24, hash(1), 0, Array.from({ length: 1_025 }, () => [none, none])],
      'frame-form',
      'SYN-2'
    ),
    form('a type below zero', [-1], 'frame-type')
  ]
  const spellings = [
    spelling('nothing at all', '', 'cbor-syntax'),
    spelling('an array that is cut short', `83065820${h}`, 'cbor-syntax'),
    spelling('a byte after the frame', `8306${`5820${h}`.repeat(2)}00`, 'cbor-syntax'),
    spelling('a type in two bytes', `831806${`5820${h}`.repeat(2)}`, 'cbor-syntax'),
    spelling('an array of indefinite length', `9f06${`5820${h}`.repeat(2)}ff`, 'cbor-syntax'),
    spelling('a length in three bytes', `830659 0020${h}5820${h}`.replace(' ', ''), 'cbor-syntax'),
    spelling('a request that is a float', `830a5820${h}fb3ff8000000000000`, 'cbor-value'),
    spelling('a request beyond 2^53', `830a5820${h}1b0020000000000000`, 'cbor-value'),
    spelling('a text that is no UTF-8', '830d61ff60', 'cbor-canonical'),
    spelling('a tag', `c0830a5820${h}01`, 'cbor-syntax')
  ]
  return [...spellings, ...nested, ...counts, ...fields]
}

/** What is hashed and signed beside frames. */
function derived() {
  const key = generateKey(bytes(32, 1))
  const tips = [head(5, 9, 7), head(6, 0, 8)]
  const message = receiptBytes(hash(2), tips)
  const facets = [
    { facet: hash(1), heads: [hash(2), hash(3)] },
    { facet: hash(4), heads: [hash(5)] }
  ]
  const hashes = facets.map(({ facet, heads }) => sha256(concatBytes(facet, ...heads)))
  const digests = [[hash(2), hash(3)], [hash(4)]].map(ids => {
    return { ids, digest: sha256(concatBytes(utf8('parley/decision/1\n'), ...ids)) }
  })
  return {
    receipt: json({
      rule: 'SYN-29',
      facet: hash(2),
      tips,
      message,
      key: key.publicKey.bytes,
      signature: sign(key, message)
    }),
    summary: json({
      rule: 'SYN-16',
      facets,
      hash: sha256(concatBytes(utf8('parley/summary/1\n'), ...hashes))
    }),
    decisions: json({
      rule: 'SYN-57',
      digests,
      hash: sha256(concatBytes(utf8('parley/decisions/1\n'), ...digests.map(({ digest }) => digest)))
    })
  }
}

/** Path below the repository to contents. */
export function syncVectors(): { [path: string]: string } {
  const files = {
    'protocols/sync/vectors/valid.json': { frames: validFrames(), ...derived() },
    'protocols/sync/vectors/invalid.json': { frames: invalidFrames() }
  }
  return Object.fromEntries(
    Object.entries(files).map(([path, value]) => [path, `${JSON.stringify(value, null, 1)}\n`])
  )
}

if (import.meta.main) {
  for (const [path, contents] of Object.entries(syncVectors())) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }
}
