// `parley why` about limits: what is nearly full, and what waits for tomorrow.
import { expect, test } from 'vitest'
import type { Parts } from '../../src/node/parts.ts'
import { refused } from '../../src/node/parts.ts'
import { Why } from '../../src/node/why.ts'
import { linkOf } from '../../src/sync/session.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { Reject } from '../../src/wire/reject.ts'
import { signed, stage, type } from '../sync/bench.ts'

function whyOf({ node }: ReturnType<typeof stage>): Why {
  const { core } = node
  const driver = { core, diskError: undefined, store: { readOnly: () => false } }
  const documents = { stalled: () => undefined }
  const peering = { status: () => [] }
  const losses = { reasons: () => [] }
  const { directory } = core.context
  return new Why({ directory, driver, documents, losses, peering } as unknown as Parts)
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
  linkOf(session, toHex(held.facet.id)).announced.push({ of: client, seq: 0, id: new Uint8Array(32).fill(1) })
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
