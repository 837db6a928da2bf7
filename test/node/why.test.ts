// `parley why` about limits: what is nearly full, and what waits for tomorrow.
import { expect, test } from 'vitest'
import type { Parts } from '../../src/node/parts/parts.ts'
import { refused } from '../../src/node/parts/parts.ts'
import { RefusedPeers } from '../../src/node/parts/refused-peers.ts'
import { Why } from '../../src/node/why.ts'
import { linkOf } from '../../src/sync/session.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { Reject } from '../../src/wire/reject.ts'
import { runOf, signed, stage, type } from '../sync/bench.ts'

function whyOf({ node, bench }: ReturnType<typeof stage>): Why {
  const { core } = node
  const driver = { core, diskError: undefined, store: { readOnly: () => false } }
  const documents = { stalled: () => undefined }
  const peering = { status: () => [] }
  const losses = { reasons: () => [] }
  const refused = new RefusedPeers()
  for (const { at, news } of bench.heard) if (at === node) refused.hear(news)
  const { directory } = core.context
  return new Why({ directory, driver, documents, losses, peering, refused } as unknown as Parts)
}

const reasons = (scene: ReturnType<typeof stage>) =>
  whyOf(scene)
    .all()
    .flatMap(answer => answer.reasons)
    .join('\n')

test('[ENV-30] a document that is four fifths full is named before it is full', () => {
  const scene = stage()
  type(scene.node, scene.held, 'x'.repeat(6_000_000))
  expect(reasons(scene)).not.toContain('% full')
  type(scene.node, scene.held, 'x'.repeat(900_000))
  expect(reasons(scene)).toContain('this document is 82 % full; start a new one before it is')
})

test('[ENV-30] an edit that does not fit is answered with what to do', () => {
  const error = refused(new Reject('document-full', '9000000 bytes and 600 items'), 'Try again.')
  expect(error).toMatchObject({
    code: 'document-full',
    message: expect.stringContaining('this document is full')
  })
  expect(error.next).toContain('Start a new one')
})

test('[SYN-38] what was left with its sender is named, with the day on which it is asked for', () => {
  const scene = stage()
  const { node, rival, held, puppet } = scene
  const { context } = node.core
  const { did } = rival.identity
  // The answers speak of the clock on the wall; the node counts by its own.
  context.now = Date.now()
  context.quota.charge('envelopes', did, context.quota.limits.bytesPerDay, context.now)
  const { client } = signed(rival, held, ['a '])
  const session = puppet.state
  if (!session) throw new Error('the session is over')
  const head = { of: client, seq: 0, id: new Uint8Array(32).fill(1) }
  linkOf(session, toHex(held.facet.id)).announced.set('a head', head)
  const tomorrow = new Date(context.quota.endsAt(context.now)).toISOString()
  const told = reasons(scene)
  expect(told.match(/companyBytesPerDay/g)).toHaveLength(2)
  expect(told).toContain(`it is asked for after ${tomorrow}`)
})

test('[SYN-39] a company with as many documents as it may have is named', () => {
  const scene = stage()
  const { quota } = scene.node.core.context
  expect(reasons(scene)).not.toContain('companyDocuments')
  for (let i = 0; i < quota.limits.documents; i++) quota.addDocument(scene.space.id, 1)
  expect(reasons(scene)).toContain('it has 1000 documents in Joint; further ones stay with it')
})

test('[SYN-26] what was refused of a company is told with what it means and what to do, until both hold the same', () => {
  const scene = stage()
  const { bench, rival, held, puppet } = scene
  expect(reasons(scene)).not.toContain('refused')
  puppet.say(runOf(held.facet, signed(rival, held, ['a '], { holds: () => false })))
  bench.pass(200)
  expect(reasons(scene)).toContain('A signature does not verify: it was forged, or changed on its way.')
  expect(reasons(scene)).toContain('parley why COMPANY')
  expect(reasons(scene)).toContain('(signature, ENV-12')
  bench.heard.push({
    at: scene.node,
    news: { what: 'same', did: rival.identity.did, space: toHex(scene.space.id), facets: [] }
  })
  expect(reasons(scene)).not.toContain('refused')
})
