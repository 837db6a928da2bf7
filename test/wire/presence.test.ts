import { expect, test } from 'vitest'
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { concatBytes, utf8 } from '../../src/wire/bytes.ts'
import { encodePresence, isGone, parsePresence } from '../../src/wire/presence.ts'

const state = (text: string) => ({ client: 2 ** 40 + 5, clock: 178_000_000_000, state: utf8(text) })

test('[SYN-30] what the awareness protocol writes is read, and what we write it reads', () => {
  const awareness = new Awareness(new Y.Doc())
  awareness.setLocalState({ user: { name: 'Zoë 🦊' } })
  const bytes = encodeAwarenessUpdate(awareness, [awareness.clientID])
  const states = parsePresence(bytes) ?? []
  expect(states.map(({ client }) => client)).toEqual([awareness.clientID])
  expect(encodePresence(states)).toEqual(bytes)
  const other = new Awareness(new Y.Doc())
  applyAwarenessUpdate(other, encodePresence([state('{"user":1}')]), 'test')
  expect(other.getStates().get(2 ** 40 + 5)).toEqual({ user: 1 })
  for (const item of [awareness, other]) item.destroy()
})

const malformed: [name: string, bytes: Uint8Array][] = [
  ['nothing', new Uint8Array()],
  ['a count without states', new Uint8Array([3])],
  ['more after the end', concatBytes(encodePresence([state('{}')]), new Uint8Array(1))],
  ['no JSON', encodePresence([state('{')])],
  ['a number', encodePresence([state('1')])],
  ['a list', encodePresence([state('[]')])],
  ['a state too long', encodePresence([state(JSON.stringify({ name: 'x'.repeat(4_096) }))])],
  ['seventeen states', encodePresence(Array.from({ length: 17 }, () => state('{}')))],
  ['broken UTF-8', encodePresence([{ ...state(''), state: new Uint8Array([0x22, 0xff, 0x22]) }])]
]
test.each(malformed)('[SYN-30] dropped: %s', (_, bytes) => expect(parsePresence(bytes)).toBeUndefined())

test('[SYN-30] a view that has closed says null', () => {
  expect([isGone(state('null')), isGone(state('{}'))]).toEqual([true, false])
})
