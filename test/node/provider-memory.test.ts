// What a provider keeps of those who looked at its document and left, and what it leaves behind.
import { expect, test } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { View, ViewEvents } from '../../src/node/editing/views.ts'
import { LibP2PProvider, type ProviderNode } from '../../src/node/y-libp2p.ts'
import { utf8 } from '../../src/wire/bytes.ts'
import { encodePresence } from '../../src/wire/presence.ts'

test('[SYN-30] clients that come and go are forgotten', async () => {
  let events: ViewEvents | undefined
  const sent: Uint8Array[] = []
  const view: View = {
    facet: '00',
    client: 7,
    edit: () => undefined,
    flush: () => Promise.resolve(),
    present: bytes => void sent.push(bytes),
    close: () => Promise.resolve()
  }
  const open = (_: string, listener: ViewEvents) => {
    events = listener
    return Promise.resolve(view)
  }
  const provider = new LibP2PProvider(new Y.Doc(), { views: { open } } as unknown as ProviderNode, 'a')
  await provider.whenSynced
  sent.length = 0
  for (let client = 100; client < 2_000; client++) {
    for (const [clock, state] of ['{}', 'null'].entries()) {
      events?.presence('did', encodePresence([{ client, clock: clock + 1, state: utf8(state) }]))
    }
  }
  expect(provider.awareness.meta.size).toBeLessThan(300)
  expect(provider.awareness.getStates().has(7)).toBe(true)
  expect(sent).toEqual([])
  await provider.destroy()
})

test('a provider that is destroyed leaves no clock behind, and leaves alone what it was given', async () => {
  const node = { views: { open: () => new Promise(() => undefined) } } as unknown as ProviderNode
  const [own, given] = [new Y.Doc(), new Awareness(new Y.Doc())]
  let destroyed = 0
  const providers = [
    new LibP2PProvider(own, node, 'a'),
    new LibP2PProvider(given.doc, node, 'a', { awareness: given })
  ]
  for (const { awareness } of providers) awareness.on('destroy', () => destroyed++)
  for (const provider of providers) await provider.destroy()
  expect(destroyed).toBe(1)
  given.destroy()
})
