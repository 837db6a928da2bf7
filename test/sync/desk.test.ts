// protocols/sync, section 9: edits that are signed together.
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { verifySignature } from '../../src/identity/ed25519.ts'
import type { Tip } from '../../src/replica/facet.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import type { Edit, Lease } from '../../src/sync/desk.ts'
import { RUN_BYTES_TARGET, weigh } from '../../src/sync/frame.ts'
import { headOf } from '../../src/sync/serving.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { type Envelope, parseRun, signedBytes } from '../../src/wire/envelope.ts'
import { unpackClient } from '../../src/wire/lane.ts'
import { type Reject, isReject } from '../../src/wire/reject.ts'
import { must, signerOf } from '../sim/company.ts'
import type { SimNode } from '../sim/node.ts'
import { headsOf, runOf, signed, stage } from './bench.ts'

/** A window on a document, in which each change is an edit of its own. */
function pen(node: SimNode, held: HeldFacet) {
  const { update, heads } = node.state(toHex(held.facet.id))
  const lease = must<Lease>(node.desk.lease(held, signerOf(node.company.role), heads))
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  doc.clientID = lease.client
  const edits: Edit[] = []
  const shows = { base: heads }
  doc.on('update', (body: Uint8Array, origin: unknown) => {
    if (origin !== 'others') edits.push({ update: body, base: shows.base })
  })
  return {
    lease,
    doc,
    type: (word: string) => doc.getText('text').insert(0, word),
    catchUp() {
      const state = node.state(lease.facet)
      Y.applyUpdate(doc, state.update, 'others')
      shows.base = state.heads
    },
    write: (): Tip | Reject => node.perform(() => node.desk.write(lease, edits.splice(0)))
  }
}

function textOf(node: SimNode, held: HeldFacet): string {
  return node.docs.get(toHex(held.facet.id))?.getText('text').toJSON() ?? ''
}

function envelopesIn(node: SimNode, { facet }: HeldFacet, client: number): Envelope[] {
  const records = node.disk.facet(toHex(facet.id)).filter(record => record.client === client)
  const run = parseRun(
    facet.id,
    client,
    records.map(({ record }) => record)
  )
  return must(run).envelopes
}

describe('edits that are signed together', () => {
  test('[SYN-44] are envelopes of their own, in their order, each with a signature', () => {
    const { bench, node, held } = stage()
    const view = pen(node, held)
    for (const word of ['one ', 'two ', 'three ']) view.type(word)
    const tip = must<Tip>(view.write())
    bench.pass(200)
    const envelopes = envelopesIn(node, held, view.lease.client)
    expect(tip.id).toEqual(envelopes.at(-1)?.id)
    const own = envelopes.slice(-3)
    expect(own).toHaveLength(3)
    for (const { headerBytes, signature } of own) {
      const message = signedBytes(held.facet.id, view.lease.client, headerBytes)
      expect(verifySignature(node.company.role.publicKey, message, signature)).toBe(true)
    }
    expect(textOf(node, held)).toBe('three two one line\n')
  })

  test('[SYN-44] rely on what the view showed when each was made, and on nothing later', () => {
    const { bench, node, rival, held, puppet } = stage()
    const view = pen(node, held)
    view.type('before ')
    const run = signed(rival, held, ['of the rival '])
    puppet.say(runOf(held.facet, run))
    bench.pass(200)
    view.type('not seen yet ')
    view.catchUp()
    view.type('seen ')
    view.type('still seen ')
    must(view.write())
    bench.pass(200)
    const deps = envelopesIn(node, held, view.lease.client).slice(-4)
    expect(deps.map(({ header }) => header.deps.map(({ client }) => client))).toEqual([
      [],
      [],
      [run.client],
      []
    ])
    expect(deps.slice(1).map(({ header }) => header.auth)).toEqual([[], [], []])
    expect(textOf(node, held)).toBe(view.doc.getText('text').toJSON())
  })

  test('[SYN-44] open a lane with one opening', () => {
    const { bench, node, held } = stage()
    pen(node, held) // takes the lane that there is
    const view = pen(node, held)
    for (const word of ['one ', 'two ']) view.type(word)
    must(view.write())
    bench.pass(200)
    const [first, second, ...more] = envelopesIn(node, held, view.lease.client)
    expect([first?.header.opening !== undefined, second?.header.prev, more]).toEqual([true, first?.id, []])
    expect(textOf(node, held)).toBe('two one line\n')
  })

  test('[SYN-44] go out as one run, or as few as frames hold', () => {
    const { node, held, puppet } = stage()
    puppet.say(headsOf(held, held.facet.tips().map(headOf)))
    const view = pen(node, held)
    puppet.take()
    for (let i = 0; i < 100; i++) view.type('x')
    must(view.write())
    expect(puppet.of('run').map(({ records }) => records.length)).toEqual([100])
    for (let i = 0; i < 40; i++) view.type('x'.repeat(5_000))
    must(view.write())
    const runs = puppet.of('run').slice(1)
    for (const { records } of runs) {
      expect(records.reduce((sum, record) => sum + weigh(record), 0)).toBeLessThanOrEqual(RUN_BYTES_TARGET)
    }
    expect(runs.map(({ records }) => records.length)).toEqual([12, 12, 12, 4])
  })

  test('[SYN-44] one that the gate refuses takes along what builds on it, and nothing else', () => {
    const { bench, node, held } = stage()
    const view = pen(node, held)
    view.type('before ')
    view.doc.getMap('no-such-root').set('key', 1)
    view.type('built on it ')
    expect(view.write()).toMatchObject({ code: 'update-layout' })
    bench.pass(200)
    expect(textOf(node, held)).toBe('before line\n')
    expect(envelopesIn(node, held, view.lease.client)).toHaveLength(2)
  })

  test('[SYN-44] bytes that are no update are refused, and the edits around them stand', () => {
    const { bench, node, held } = stage()
    const view = pen(node, held)
    const { heads: base } = node.state(view.lease.facet)
    const edits: Edit[] = []
    view.doc.on('update', (update: Uint8Array) => edits.push({ update, base }))
    view.type('before ')
    edits.push({ update: new Uint8Array([1, 2, 3]), base })
    view.type('after ')
    const refused = node.perform(() => node.desk.write(view.lease, edits))
    expect(isReject(refused)).toBe(true)
    bench.pass(200)
    expect(textOf(node, held)).toBe('after before line\n')
  })

  test('[SYN-44] where the lane has ended, none of them is taken', () => {
    const { bench, node, held, puppet } = stage()
    pen(node, held) // takes the lane that there is
    const view = pen(node, held)
    const { session } = unpackClient(view.lease.client)
    const copy = signed(node.company, held, ['of a copy of this node '], { session })
    view.type('in a lane that counts ')
    must(view.write())
    for (const word of ['one ', 'two ']) view.type(word)
    puppet.say(runOf(held.facet, copy))
    bench.pass(200)
    expect(held.facet.forks()).toHaveLength(1)
    const { size } = held.facet
    expect(view.write()).toMatchObject({ code: 'lane-ended' })
    expect(held.facet.size).toBe(size)
  })
})
