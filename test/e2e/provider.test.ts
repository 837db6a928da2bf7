// The Yjs provider over real nodes: text both ways, awareness both ways, signed and attributed.
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as Y from 'yjs'
import { until } from '../../scripts/company-process.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { LibP2PProvider } from '../../src/node/y-libp2p.ts'
import { type Joined, agreed, joinNodes } from './nodes.ts'

let joined: Joined
let [a, b]: LocalNode[] = []

beforeAll(async () => {
  joined = await joinNodes(['Acme', 'Borealis'], { coalesceMs: 20 })
  ;[a, b] = joined.nodes
})
afterAll(() => joined.close())

async function open(node: LocalNode): Promise<{ doc: Y.Doc; text: Y.Text; provider: LibP2PProvider }> {
  const doc = new Y.Doc()
  const provider = new LibP2PProvider(doc, node, joined.artifact)
  await provider.whenSynced
  return { doc, text: doc.getText('text'), provider }
}

it('two editors on two nodes type at once and hold one signed text', async () => {
  const [x, y] = await Promise.all([open(a as LocalNode), open(b as LocalNode)])
  expect(x.doc.clientID).not.toBe(y.doc.clientID)
  for (let i = 0; i < 20; i++) {
    x.text.insert(0, `a${i} `)
    y.text.insert(y.text.length, `b${i} `)
  }
  await Promise.all([x.provider.flush(), y.provider.flush()])
  const whole = await until('both to have all', async () => {
    const text = await agreed(joined.nodes, joined.artifact)
    return (
      text.includes('a19') &&
      text.includes('b19') &&
      x.text.toJSON() === text &&
      y.text.toJSON() === text &&
      text
    )
  })
  const passages = await (b as LocalNode).passages(joined.artifact)
  expect(passages.find(passage => passage.text.includes('a19'))?.company).toBe('Acme')
  expect(passages.find(passage => passage.text.includes('b19'))?.company).toBe('Borealis')
  expect(whole.length).toBeGreaterThan(100)
  await Promise.all([x.provider.destroy(), y.provider.destroy()])
})

it('awareness reaches the other side and goes with its owner', async () => {
  const [x, y] = await Promise.all([open(a as LocalNode), open(b as LocalNode)])
  x.provider.awareness.setLocalStateField('user', { name: 'Ada' })
  await until("Ada's cursor", async () =>
    [...y.provider.awareness.getStates().values()].some(state => state['user']?.name === 'Ada')
  )
  await x.provider.destroy()
  await until(
    'Ada to be gone',
    async () => ![...y.provider.awareness.getStates().values()].some(state => state['user']?.name === 'Ada')
  )
  await y.provider.destroy()
})

it('an edit that the layout does not allow is reported and goes nowhere', async () => {
  const { doc, provider } = await open(a as LocalNode)
  const failed = new Promise<Error>(resolve => {
    provider.addEventListener('failed', event => resolve((event as CustomEvent<Error>).detail))
  })
  doc.getMap('no-such-root').set('key', 1)
  await provider.flush()
  expect((await failed).message).toMatch(/root|layout/)
  expect(JSON.stringify((await (b as LocalNode).read(joined.artifact)).fields)).not.toContain('no-such-root')
  await provider.destroy()
})

it('a lane id goes back when its view closes and is lent again', async () => {
  const first = await open(a as LocalNode)
  first.text.insert(0, 'one ')
  const { clientID } = first.doc
  await first.provider.destroy()
  const second = await open(a as LocalNode)
  expect(second.doc.clientID).toBe(clientID)
  second.text.insert(0, 'two ')
  await second.provider.destroy()
  expect(await agreed(joined.nodes, joined.artifact)).toContain('two one')
})

it('what arrives while an editor opens comes after the document that it builds on', async () => {
  const first = await open(a as LocalNode)
  first.text.insert(0, 'before ')
  await first.provider.flush()
  const doc = new Y.Doc()
  let waited = false
  doc.on('afterTransaction', () => (waited ||= doc.store.pendingStructs !== null))
  const second = new LibP2PProvider(doc, a as LocalNode, joined.artifact)
  first.text.insert(0, 'meanwhile ')
  await Promise.all([first.provider.flush(), second.whenSynced])
  expect(doc.getText('text').toJSON()).toBe(first.text.toJSON())
  expect(waited).toBe(false)
  await Promise.all([first.provider.destroy(), second.destroy()])
})

it('a company that is hung up on is not dialed until it is connected again', async () => {
  const [host, guest] = joined.nodes as [LocalNode, LocalNode]
  const { company } = await host.status()
  const [address] = (await host.status()).listening
  await guest.disconnect(company.did)
  const [x, y] = [await open(host), await open(guest)]
  x.text.insert(0, 'apart ')
  await x.provider.flush()
  expect((await guest.peers())[0]?.connected).toBe(false)
  expect((await guest.peers())[0]?.nextRetryAt).toBe(undefined)
  expect(y.text.toJSON()).not.toContain('apart')
  await guest.connect(address as string)
  await until('what was written apart', async () => y.text.toJSON().includes('apart'))
  await Promise.all([x.provider.destroy(), y.provider.destroy()])
})
