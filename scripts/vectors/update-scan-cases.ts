// Bodies that the scanner takes or refuses by itself: protocols/update, section 2.
import { concatBytes, toHex, utf8 } from '../../src/wire/bytes.ts'
import type { DeleteRange } from '../../src/wire/envelope.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type StructToWrite, encodeUpdate } from '../../src/wire/update-encode.ts'
import { scanUpdate } from '../../src/wire/update.ts'
import { A, B, NONE, bare, hex, id, range, text, type, value, values } from './update-structs.ts'

/** A body that the scanner takes or refuses by itself. */
export interface ScanVector {
  name: string
  rule: string
  body: string
  code?: string
  expect?: unknown
}

export function scanValid(): ScanVector[] {
  const rows: [rule: string, name: string, body: Uint8Array][] = [
    ['UPD-4', 'deletions alone', encodeUpdate(A, 0, [], [range(B, 0, 3)])],
    ['UPD-5', 'every kind of struct', everyKind()],
    ['UPD-8', 'text beyond the basic plane counts two units each', encodeUpdate(A, 0, [text('🙂é漢')], [])],
    ['UPD-8', 'a byte order mark is a character', encodeUpdate(A, 0, [text('\ufeffx')], [])],
    ['UPD-9', 'a root name of 128 bytes', encodeUpdate(A, 0, [text('x', { parent: 'r'.repeat(128) })], [])],
    ['UPD-10', 'the largest small integer', value(125, 0xbf, 0xff, 0xff, 0xff, 0x0f)],
    ['UPD-10', 'a negative integer', value(125, 0x41)],
    ['UPD-10', 'a float of four bytes', value(124, 0x3f, 0, 0, 0)],
    ['UPD-10', 'a float of eight bytes', value(123, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a)],
    [
      'UPD-10',
      'object keys as JavaScript orders them',
      value(118, 3, 1, 0x39, 126, 2, 0x31, 0x30, 126, 1, 0x61, 120)
    ],
    [
      'UPD-11',
      'deleted clients descend',
      encodeUpdate(A, 0, [], [range(A, 0, 1), range(A, 2, 1), range(B, 5, 1)])
    ],
    ['UPD-13', 'a thousand structs', encodeUpdate(A, 0, manyStructs(1_000), [])]
  ]
  return rows.map(([rule, name, body]) => {
    const update = scanUpdate(body)
    if (isReject(update)) throw new Error(`${name}: ${update}`)
    const { client, clock, clockEnd, structs, deletes } = update
    return {
      name,
      rule,
      body: toHex(body),
      expect: { client: client ?? null, clock, clockEnd, structs: structs.length, deletes }
    }
  })
}

const manyStructs = (count: number): StructToWrite[] =>
  Array.from({ length: count }, () => values(1, { parent: 'list' }))

function everyKind(): Uint8Array {
  const structs = [
    text('hi'),
    values(2, { origin: undefined, parent: 'list' }),
    type('map', { parent: 'cards', key: 'a' }),
    type('array', { parent: id(A, 4), key: 'tags' }),
    type('text', { parent: id(A, 4), key: 'notes' }),
    bare('deleted', 3, { origin: id(A, 1) }),
    bare('gc', 4)
  ]
  return encodeUpdate(A, 0, structs, [range(A, 7, 7)])
}

export function scanInvalid(): ScanVector[] {
  const key = (name: string): Uint8Array => encodeUpdate(A, 0, [values(1, { parent: 'meta', key: name })], [])
  const rows: [rule: string, code: string, name: string, body: Uint8Array][] = [
    [
      'UPD-2',
      'update-integer',
      'a client in more bytes than it needs',
      hex('01 01 8100 00 04 01 01 74 01 61 00')
    ],
    [
      'UPD-2',
      'update-integer',
      'a client of nine bytes',
      hex('01 01 ffffffffffffffff01 00 0401017401 61 00')
    ],
    ['UPD-2', 'update-integer', 'a client of 2^53', hex('01 01 8080808080808010 00 04 01 01 74 01 61 00')],
    ['UPD-2', 'update-integer', 'a clock of 2^31', hex('01 01 01 8080808008 04 01 01 74 01 61 00')],
    ['UPD-3', 'update-count', 'more structs than bytes could hold', hex('01 e807 01 00 00 01 00')],
    [
      'UPD-3',
      'update-count',
      'four thousand million values',
      hex('01 01 01 00 08 01 01 74 ffffffff0f 7e 00')
    ],
    ['UPD-3', 'update-count', 'more deleted ranges than bytes could hold', hex('00 01 01 64 00 01')],
    ['UPD-4', 'update-empty', 'nothing added, nothing deleted', hex('00 00')],
    [
      'UPD-4',
      'update-count',
      'two clients',
      hex('02 01 02 00 04 01 01 74 01 61 01 01 00 04 01 01 74 01 61 00')
    ],
    ['UPD-4', 'update-count', 'a client without structs', hex('01 00 01 00 00 00 00 00')],
    ['UPD-5', 'update-struct', 'JSON content', hex('01 01 01 00 02 01 01 74 01 01 31 00')],
    ['UPD-5', 'update-struct', 'binary content', hex('01 01 01 00 03 01 01 74 01 00 00')],
    ['UPD-5', 'update-struct', 'an embed', hex('01 01 01 00 05 01 01 74 02 7b 7d 00')],
    ['UPD-5', 'update-struct', 'formatting', hex('01 01 01 00 06 01 01 74 01 62 01 31 00')],
    ['UPD-5', 'update-struct', 'a sub-document', hex('01 01 01 00 09 01 01 74 01 61 76 00 00')],
    ['UPD-5', 'update-struct', 'a skip', hex('01 02 01 00 0a 01 04 01 01 74 01 61 00')],
    ['UPD-5', 'update-struct', 'an unknown kind', hex('01 01 01 00 1f 01 01 74 01 00')],
    ['UPD-5', 'update-struct', 'an XML fragment', hex('01 01 01 00 07 01 01 74 04 00')],
    ['UPD-6', 'update-struct', 'a GC struct with an origin flag', hex('01 01 01 00 80 01 00 00 00')],
    ['UPD-6', 'update-struct', 'a parent flag of two', hex('01 01 01 00 04 02 01 74 01 61 00')],
    ['UPD-7', 'update-length', 'a GC struct of no length', hex('01 01 01 00 00 00 00 00')],
    ['UPD-7', 'update-length', 'an empty string', encodeUpdate(A, 0, [text('')], [])],
    ['UPD-7', 'update-length', 'no values', encodeUpdate(A, 0, [values(0, { parent: 'list' })], [])],
    ['UPD-7', 'update-length', 'a clock that runs over', encodeUpdate(A, 2 ** 31 - 2, [text('ab')], [])],
    [
      'UPD-8',
      'update-string',
      'a string of 16,385 bytes',
      encodeUpdate(A, 0, [text('x'.repeat(16_385))], [])
    ],
    ['UPD-8', 'update-string', 'an overlong character', hex('01 01 01 00 04 01 01 74 02 c080 00')],
    [
      'UPD-8',
      'update-string',
      'an overlong character of three bytes',
      hex('01 01 01 00 04 01 01 74 03 e08080 00')
    ],
    [
      'UPD-8',
      'update-string',
      'an overlong character of four bytes',
      hex('01 01 01 00 04 01 01 74 04 f0808080 00')
    ],
    ['UPD-8', 'update-string', 'a lone surrogate', hex('01 01 01 00 04 01 01 74 03 eda080 00')],
    ['UPD-8', 'update-string', 'half a character', hex('01 01 01 00 04 01 01 74 02 e282 00')],
    ['UPD-8', 'update-string', 'above the last character', hex('01 01 01 00 04 01 01 74 04 f4908080 00')],
    ['UPD-9', 'update-key', 'a key of 129 bytes', key('k'.repeat(129))],
    ['UPD-9', 'update-key', 'the key __proto__', key('__proto__')],
    ['UPD-9', 'update-key', 'the key constructor', key('constructor')],
    [
      'UPD-9',
      'update-key',
      'the root __proto__',
      encodeUpdate(A, 0, [text('x', { parent: '__proto__' })], [])
    ],
    ['UPD-10', 'update-value', 'undefined', value(127)],
    ['UPD-10', 'update-value', 'a BigInt', value(122, 0, 0, 0, 0, 0, 0, 0, 1)],
    ['UPD-10', 'update-value', 'bytes', value(116, 1, 0)],
    ['UPD-10', 'update-value', 'an unknown tag', value(7)],
    ['UPD-10', 'update-value', 'negative zero', value(125, 0x40)],
    ['UPD-10', 'update-value', 'an integer in more bytes than it needs', value(125, 0x81, 0)],
    ['UPD-10', 'update-value', 'an integer of 2^31', value(125, 0x80, 0x80, 0x80, 0x80, 0x10)],
    ['UPD-10', 'update-value', 'not a number', value(123, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0)],
    ['UPD-10', 'update-value', 'infinity', value(124, 0x7f, 0x80, 0, 0)],
    ['UPD-10', 'update-value', 'an integer spelled as a float', value(124, 0x3f, 0x80, 0, 0)],
    ['UPD-10', 'update-value', 'eight bytes where four do', value(123, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0)],
    ['UPD-10', 'update-value', 'a key twice', value(118, 2, 1, 0x61, 126, 1, 0x61, 126)],
    ['UPD-10', 'update-value', 'number keys out of order', value(118, 2, 2, 0x31, 0x30, 126, 1, 0x39, 126)],
    ['UPD-10', 'update-value', 'a number key after a name', value(118, 2, 1, 0x61, 126, 1, 0x39, 126)],
    ['UPD-10', 'update-key', 'an object with a prototype key', value(118, 1, 9, ...utf8('__proto__'), 126)],
    [
      'UPD-10',
      'update-value',
      'seventeen arrays in one another',
      value(...Array.from({ length: 17 }, () => [117, 1]).flat(), 126)
    ],
    [
      'UPD-10',
      'update-value',
      'two thousand parts and one',
      value(117, 0xd0, 0x0f, ...Array.from({ length: 2_000 }, () => 126))
    ],
    ['UPD-11', 'update-order', 'deleted clients ascend', hex('00 02 01 01 00 01 02 01 00 01')],
    ['UPD-11', 'update-order', 'a deleted client twice', hex('00 02 01 01 00 01 01 01 05 01')],
    ['UPD-11', 'update-order', 'ranges that touch', hex('00 01 01 02 00 01 01 01')],
    ['UPD-11', 'update-order', 'ranges that overlap', hex('00 01 01 02 00 05 03 01')],
    ['UPD-11', 'update-order', 'ranges that descend', hex('00 01 01 02 05 01 00 01')],
    ['UPD-11', 'update-length', 'a range of no length', hex('00 01 01 01 05 00')],
    ['UPD-11', 'update-length', 'a range that runs over', hex('00 01 01 01 feffffff07 02')],
    ['UPD-11', 'update-count', 'a deleted client without ranges', hex('00 01 01 00 00 00')],
    [
      'UPD-12',
      'update-trailing',
      'a byte too many',
      concatBytes(encodeUpdate(A, 0, [text('x')], []), Uint8Array.of(0))
    ],
    [
      'UPD-12',
      'update-truncated',
      'a byte too few',
      encodeUpdate(A, 0, [], [range(A, 300, 300)]).slice(0, -1)
    ],
    ['UPD-12', 'update-truncated', 'no bytes at all', NONE],
    ['UPD-13', 'update-count', 'a thousand structs and one', encodeUpdate(A, 0, manyStructs(1_001), [])],
    ['UPD-13', 'update-count', 'a thousand ranges and one', encodeUpdate(A, 0, [], manyRanges(1_001))]
  ]
  return rows.map(([rule, code, name, body]) => ({ name, rule, body: toHex(body), code }))
}

const manyRanges = (count: number): DeleteRange[] =>
  Array.from({ length: count }, (_, i) => range(i % 2 === 0 ? A : B, i * 2, 1)).sort(
    (a, b) => a.client - b.client
  )
