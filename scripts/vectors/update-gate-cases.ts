// Bodies put to the gate after others: protocols/update, section 3.
import { toHex } from '../../src/wire/bytes.ts'
import type { DeleteRange } from '../../src/wire/envelope.ts'
import type { Layout } from '../../src/wire/layout.ts'
import { isReject } from '../../src/wire/reject.ts'
import { type StructToWrite, encodeUpdate } from '../../src/wire/update-encode.ts'
import { scanState } from '../../src/wire/update.ts'
import { A, B, NULL, bare, id, range, text, type, values } from './update-structs.ts'

/** A body put to the gate after others. `past` says how much of each client its author had seen. */
export interface GateVector {
  name: string
  rule: string
  before: { client: number; body: string }[]
  client: number
  past: [client: number, clock: number][]
  claims: { clock: number; clockEnd: number; deletes: DeleteRange[] }
  body: string
  code?: string
}

export const VECTOR_LAYOUT: Layout = {
  roots: {
    text: { is: 'text' },
    meta: {
      is: 'map',
      keys: { title: 'plain', name: 'string', count: 'number', done: 'boolean', labels: 'list' }
    },
    list: { is: 'array', items: 'plain' },
    cards: {
      is: 'map',
      keys: {},
      others: {
        is: 'map',
        keys: { title: 'plain', notes: { is: 'text' }, tags: { is: 'array', items: 'plain' } }
      }
    }
  }
}

/** Client A writes all this first: text at 0..4, a title at 5, list items at 6..8, a card at 9 with 10 to 15. */
const FIRST = encodeUpdate(
  A,
  0,
  [
    text('hello'),
    values(1, { parent: 'meta', key: 'title' }),
    values(3, { parent: 'list' }),
    type('map', { parent: 'cards', key: 'a' }),
    values(1, { parent: id(A, 9), key: 'title' }),
    type('text', { parent: id(A, 9), key: 'notes' }),
    text('hi', { parent: id(A, 11) }),
    bare('deleted', 1, { parent: 'cards', key: 'b' }),
    bare('gc', 1)
  ],
  [range(A, 14, 2)]
)
const FIRST_END = 16

interface Case {
  structs?: StructToWrite[]
  deletes?: DeleteRange[]
  /** The client and clock that the body writes as; B at 0 if not said. */
  as?: [client: number, clock: number]
  /** How much of A the author had seen. */
  sawA?: number
  claims?: Partial<GateVector['claims']>
}

function vector(rule: string, name: string, given: Case, code?: string): GateVector {
  const { structs = [], deletes = [], as = [B, 0], sawA = FIRST_END } = given
  const body = encodeUpdate(...as, structs, deletes)
  const scanned = scanState(body)
  if (isReject(scanned)) throw new Error(`${name}: ${scanned}`)
  const claims = { clock: 0, clockEnd: scanned.sections[0]?.clockEnd ?? 0, deletes, ...given.claims }
  const row: GateVector = {
    name,
    rule,
    before: [{ client: A, body: toHex(FIRST) }],
    client: B,
    past: [[A, sawA]],
    claims,
    body: toHex(body)
  }
  return code === undefined ? row : { ...row, code }
}

export function gateValid(): GateVector[] {
  const end = { origin: id(A, 4) }
  return [
    vector('UPD-14', 'an insertion after text of another author', { structs: [text('!', end)] }),
    vector('UPD-16', 'deletions alone', { deletes: [range(A, 0, 2)] }),
    vector('UPD-17', 'a reference to an earlier struct of the same body', {
      structs: [text('!', end), text('?', { origin: id(B, 0) })]
    }),
    vector('UPD-17', 'a child of a type of the same body', {
      structs: [type('map', { parent: 'cards', key: 'c' }), values(1, { parent: id(B, 0), key: 'title' })]
    }),
    vector('UPD-18', 'between two units of one text', {
      structs: [text('-', { origin: id(A, 1), right: id(A, 2) })]
    }),
    vector('UPD-18', 'before the first item of a list', { structs: [values(2, { right: id(A, 6) })] }),
    vector('UPD-19', 'a deleted struct in a type that was created deleted', {
      structs: [bare('deleted', 1, { parent: id(A, 14), key: 'title' })],
      deletes: [range(B, 0, 1)]
    }),
    vector('UPD-20', 'another value for a key', { structs: [values(1, { origin: id(A, 5), keyed: true })] }),
    vector('UPD-20', 'two values under one key, deleted by the same update', {
      structs: [values(2, { origin: id(A, 5), keyed: true })],
      deletes: [range(B, 0, 2)]
    }),
    vector('UPD-20', 'two deleted units under one key', {
      structs: [bare('deleted', 2, { parent: id(A, 9), key: 'title' })]
    }),
    vector('UPD-21', 'deleted content fits wherever content does', { structs: [bare('deleted', 9, end)] }),
    ...Object.entries(TYPED).map(([key, one]) =>
      vector('UPD-21', `a value of the type that the layout has under ${key}`, {
        structs: [values(1, { parent: 'meta', key }, one)]
      })
    ),
    vector('UPD-21', 'a value of another type that the same update deletes', {
      structs: [values(1, { parent: 'meta', key: 'name' })],
      deletes: [range(B, 0, 1)]
    }),
    vector('UPD-22', 'deletes what it adds', { structs: [text('ab', end)], deletes: [range(B, 1, 1)] })
  ]
}

/** Keys for which the layout names a type, with a value of it. */
const TYPED: { [key: string]: Uint8Array } = {
  name: Uint8Array.of(119, 1, 120),
  count: Uint8Array.of(125, 5),
  done: Uint8Array.of(120),
  labels: Uint8Array.of(117, 0)
}

/** Under each such key a value of every other type, and null. */
function mistyped(): GateVector[] {
  const others = { ...TYPED, null: NULL, object: Uint8Array.of(118, 0) }
  return Object.keys(TYPED).flatMap(key =>
    Object.entries(others)
      .filter(([other]) => other !== key)
      .map(([other, one]) => {
        const structs = [values(1, { parent: 'meta', key }, one)]
        return vector('UPD-21', `under ${key} a value as for ${other}`, { structs }, 'update-type')
      })
  )
}

export function gateInvalid(): GateVector[] {
  const end = { origin: id(A, 4) }
  const layout = (name: string, struct: StructToWrite): GateVector =>
    vector('UPD-21', name, { structs: [struct] }, 'update-layout')
  return [
    vector(
      'UPD-14',
      'writes as another author',
      { as: [A, FIRST_END], structs: [text('!', end)] },
      'update-client'
    ),
    vector('UPD-14', 'writes as nobody', { as: [B - 1, 0], structs: [text('!', end)] }, 'update-client'),
    vector(
      'UPD-15',
      'a gap before the first struct',
      { as: [B, 1], structs: [text('!', end)] },
      'update-clock'
    ),
    vector(
      'UPD-15',
      'a clock used before',
      { structs: [text('!', end)], claims: { clock: 1 } },
      'update-clock'
    ),
    vector(
      'UPD-16',
      'the header ends elsewhere',
      { structs: [text('!', end)], claims: { clockEnd: 2 } },
      'update-claims'
    ),
    vector(
      'UPD-16',
      'the header leaves out a deletion',
      { deletes: [range(A, 0, 1)], claims: { deletes: [] } },
      'update-claims'
    ),
    vector(
      'UPD-16',
      'the header names another deletion',
      { deletes: [range(A, 0, 1)], claims: { deletes: [range(A, 0, 2)] } },
      'update-claims'
    ),
    vector(
      'UPD-17',
      'an origin that the author had not seen',
      { structs: [text('!', end)], sawA: 4 },
      'update-reference'
    ),
    vector(
      'UPD-17',
      'a right origin that nobody wrote',
      { structs: [text('!', { right: id(A, 99) })] },
      'update-reference'
    ),
    vector(
      'UPD-17',
      'a parent that nobody wrote',
      { structs: [text('!', { parent: id(A - 1, 0) })] },
      'update-reference'
    ),
    vector('UPD-17', 'its own origin', { structs: [text('!', { origin: id(B, 0) })] }, 'update-reference'),
    vector(
      'UPD-17',
      'an origin later in the same body',
      { structs: [text('!', { origin: id(B, 1) }), text('?', end)] },
      'update-reference'
    ),
    vector(
      'UPD-18',
      'between a text and a list',
      { structs: [text('-', { origin: id(A, 1), right: id(A, 7) })] },
      'update-parent'
    ),
    vector(
      'UPD-18',
      'between two texts',
      { structs: [text('-', { origin: id(A, 1), right: id(A, 13) })] },
      'update-parent'
    ),
    vector(
      'UPD-18',
      'between two keys of one map',
      { structs: [values(1, { origin: id(A, 10), right: id(A, 11), keyed: true })] },
      'update-parent'
    ),
    vector(
      'UPD-18',
      'between live content and GC',
      { structs: [text('-', { origin: id(A, 1), right: id(A, 15) })] },
      'update-parent'
    ),
    vector(
      'UPD-18',
      'claims a key beside text',
      { structs: [text('-', { ...end, keyed: true })] },
      'update-parent'
    ),
    vector(
      'UPD-19',
      'live content beside GC',
      { structs: [text('-', { origin: id(A, 15) })] },
      'update-parent'
    ),
    vector(
      'UPD-19',
      'live content inside a string',
      { structs: [text('-', { parent: id(A, 0) })] },
      'update-parent'
    ),
    vector(
      'UPD-20',
      'a map value with a right origin',
      { structs: [values(1, { right: id(A, 5), keyed: true })] },
      'update-map'
    ),
    vector(
      'UPD-20',
      'two values under one key',
      { structs: [values(2, { origin: id(A, 5), keyed: true })] },
      'update-map'
    ),
    vector(
      'UPD-20',
      'two values under one key, one of them deleted: Yjs would emit no more updates once the card goes',
      { structs: [values(2, { parent: id(A, 9), key: 'title' })], deletes: [range(B, 1, 1)] },
      'update-map'
    ),
    vector(
      'UPD-20',
      'two values under one key, the first of them deleted',
      { structs: [values(2, { parent: id(A, 9), key: 'title' })], deletes: [range(B, 0, 1)] },
      'update-map'
    ),
    vector(
      'UPD-20',
      'two values under one key, while others of the same clocks are deleted',
      { structs: [values(2, { parent: id(A, 9), key: 'title' })], deletes: [range(A, 0, 2)] },
      'update-map'
    ),
    vector(
      'UPD-17',
      'a known origin and a right origin that nobody wrote',
      { structs: [text('!', { ...end, right: id(A, 99) })] },
      'update-reference'
    ),
    vector(
      'UPD-17',
      'a known right origin and an origin that nobody wrote',
      { structs: [text('!', { right: id(A, 4), origin: id(A, 99) })] },
      'update-reference'
    ),
    ...mistyped(),
    layout('a root that the layout has not', text('x', { parent: 'nowhere' })),
    layout('a root named like a method', text('x', { parent: 'toString' })),
    layout('a key that the layout has not', values(1, { parent: 'meta', key: 'shape' })),
    layout('a key named like a method', values(1, { parent: 'meta', key: 'toString' })),
    layout('a list item in a map', values(1, { parent: 'meta' })),
    layout('a key in a list', values(1, { parent: 'list', key: 'a' })),
    layout('a key in a text', text('x', { parent: 'text', key: 'bold' })),
    layout('values in a text', values(1, { parent: 'text' })),
    layout('a nested type in a text', type('map', { parent: 'text' })),
    layout('a string in a list', text('x', { parent: 'list' })),
    layout('a nested type in a list of plain values', type('text', { parent: 'list' })),
    layout('a plain value where a card belongs', values(1, { parent: 'cards', key: 'c' })),
    layout('a list where a card belongs', type('array', { parent: 'cards', key: 'c' })),
    vector('UPD-22', 'deletes what nobody wrote', { deletes: [range(A, 10, 7)] }, 'update-reference'),
    vector(
      'UPD-22',
      'deletes what the author had not seen',
      { deletes: [range(A, 3, 2)], sawA: 4 },
      'update-reference'
    ),
    vector(
      'UPD-22',
      'deletes beyond its own end',
      { structs: [text('ab', end)], deletes: [range(B, 1, 2)] },
      'update-reference'
    )
  ]
}
