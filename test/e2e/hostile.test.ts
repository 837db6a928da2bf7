// Design section 15, invariants 3 and 4, on real sockets and real stores: what a modified node sends is refused
// with a code and its sender named; the honest node that forwards for it is not.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createNode } from '../../src/node/create-node.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import type { NodeEvent } from '../../src/node/parley-node.ts'
import { until } from '../../scripts/company-process.ts'
import { createCompany, createNodeKey, signerOf } from '../sim/company.ts'
import type { Disk } from '../sim/disk.ts'
import { type Lie, tell } from '../sim/liars.ts'
import { Random } from '../sim/random.ts'
import { createCompanyHome, keysOf } from './homes.ts'
import { type ModifiedNode, createModifiedNode } from './modified-node.ts'

type Refused = Extract<NodeEvent, { event: 'refused' }>

const base = mkdtempSync(join(tmpdir(), 'parley-hostile-'))
const random = new Random(11)
const rival = createCompany('Rival', random, Date.now() - 60_000)
const refusedBy = { a: [] as Refused[], b: [] as Refused[] }
let [a, b]: LocalNode[] = []
const artifacts: string[] = []
let disk: Disk
let address = ''

async function honest(name: 'a' | 'b'): Promise<LocalNode> {
  const home = await createCompanyHome(join(base, name), name === 'a' ? 'Acme' : 'Borealis')
  const node = await createNode({ home, keys: await keysOf(home), log: () => undefined })
  node.subscribe(event => {
    if (event.event === 'refused') refusedBy[name].push(event)
  })
  return node
}

/** A new node of the rival each time: the one before may be banned for a minute. */
async function modified(seed: number): Promise<ModifiedNode> {
  const company = { ...rival, ...createNodeKey(rival, random, Date.now() - 60_000) }
  const node = await createModifiedNode(company, seed, disk)
  await node.connect(address)
  await until('the rival to be let in', async () => [...node.node.core.context.open()].length > 0)
  return node
}

async function meet(): Promise<void> {
  const [x, y] = [a as LocalNode, b as LocalNode]
  const { did: didB } = (await x.join((await y.createInvite({ expiresInMs: 60_000 })).token)).company
  const { did: didA } = (await x.status()).company
  await x.confirm(didB, { by: 'test', how: 'test' })
  await y.confirm(didA, { by: 'test', how: 'test' })
}

beforeAll(async () => {
  a = await honest('a')
  b = await honest('b')
  await meet()
  address = (await a.status()).listening[0] as string
  // While an invite is open, nodes that are not known yet may come as far as their hello.
  const { token } = await a.createInvite({ expiresInMs: 600_000 })
  const company = { ...rival, ...createNodeKey(rival, random, Date.now() - 60_000) }
  const first = await createModifiedNode(company, 1)
  const { did: didA } = (await a.status()).company
  const { parseInvite } = await import('../../src/identity/invite.ts')
  const invite = parseInvite(token) as { secret: Uint8Array }
  const contact = {
    did: didA,
    addresses: [address],
    nodes: [],
    confirmed: { by: 'rival', how: 'test', at: 1 },
    invite: { secret: Buffer.from(invite.secret).toString('hex'), inviter: didA }
  }
  first.node.core.context.directory.contacts.set(didA, contact)
  first.node.disk.tables.set(`contact:${didA}`, new TextEncoder().encode(JSON.stringify(contact)))
  await first.connect(address)
  const didR = rival.identity.did
  await until('the rival as a contact', async () =>
    (await (a as LocalNode).peers()).some(peer => peer.company.did === didR)
  )
  await a.confirm(didR, { by: 'test', how: 'test' })
  await a.createInvite({ expiresInMs: 600_000 })
  const parties = [didR, (await b.status()).company.did]
  const space = await a.createSpace({ title: 'With a rival', pairing: 'CTO', parties })
  await until('b to hear of it', async () =>
    (await (b as LocalNode).spaces()).some(item => item.id === space.id)
  )
  await b.acceptSpace(space.id)
  await until('the rival to hear of it', async () => first.node.space(space.id) !== undefined)
  const log = first.node.space(space.id)
  if (!log) throw new Error('no space')
  first.node.perform(() =>
    first.node.desk.append(
      log,
      { kind: 'accept', rootVersion: rival.identity.head, certificates: [rival.roleCertificate] },
      signerOf(rival.role)
    )
  )
  await until('three acceptances', async () => {
    const seen = await (b as LocalNode).spaces()
    return seen.find(item => item.id === space.id)?.parties.every(party => party.accepted)
  })
  for (const title of ['One', 'Two']) {
    const options = {
      kind: 'StandardsDoc.v1',
      title,
      class: 'shared-confidential',
      space: space.id,
      text: 'A text.\n'
    } as const
    const { id } = await a.createArtifact(options)
    artifacts.push(id)
  }
  const facets = await Promise.all(artifacts.map(async id => (await (a as LocalNode).read(id)).facet))
  await until('the rival to hold both', async () =>
    facets.every(id => (first.node.facet(id)?.facet.size ?? 0) > 0)
  )
  for (const id of facets) first.node.edit(id, doc => doc.getText('text').insert(0, 'Rival was here. '))
  await until("b to hold the rival's honest words", async () => {
    const read = await Promise.all(artifacts.map(id => (b as LocalNode).read(id)))
    return read.every(({ text }) => text.includes('Rival was here'))
  })
  disk = first.node.disk
  await first.stop()
}, 120_000)

afterAll(async () => {
  await a?.close()
  await b?.close()
  rmSync(base, { recursive: true, force: true })
})

describe('a modified node', () => {
  const expected: [Lie, string[]][] = [
    ['tamper', ['signature']],
    ['forge', ['signature']],
    ['graft', ['lane-mismatch']],
    ['relabel', ['lane-mismatch']],
    ['impersonate', ['signature', 'key-unknown', 'auth-missing']],
    ['backdate', ['auth-missing', 'auth-order', 'key-unknown']],
    ['bad-yjs', ['update-reference', 'update-clock', 'update-parent']]
  ]

  for (const [lie, codes] of expected) {
    it(`[SYN-12] ${lie}: refused with a code, the rival named, the forwarder not blamed`, async () => {
      const before = refusedBy.a.length
      const rootsBefore = await Promise.all(
        artifacts.map(async id => (await (a as LocalNode).read(id)).structRoot)
      )
      const liar = await modified(100 + before)
      const others = [...liar.node.core.context.facets.values()]
      let told = false
      for (let i = 0; i < 40 && !told; i++) {
        const held = others[i % others.length] as (typeof others)[number]
        told = tell(lie, { liar: liar.node, held, others, random, say: frame => liar.say(frame) })
      }
      expect(told).toBe(true)
      await until(`the refusal of ${lie}`, async () => refusedBy.a.length > before)
      const refusal = refusedBy.a.at(-1) as Refused
      expect(codes).toContain(refusal.code)
      expect(refusal.company).toBe('Rival Ltd')
      await until('the connection to be cut', async () => !liar.connected())
      const roots = await Promise.all(artifacts.map(async id => (await (a as LocalNode).read(id)).structRoot))
      expect(roots).toEqual(rootsBefore)
      expect(refusedBy.b).toEqual([])
      await liar.stop()
    })
  }

  it('[SYN-12] replay: changes nothing and is no fault', async () => {
    const before = refusedBy.a.length
    const rootBefore = (await (a as LocalNode).read(artifacts[0] as string)).structRoot
    const liar = await modified(900)
    const others = [...liar.node.core.context.facets.values()]
    for (const held of others)
      tell('replay', { liar: liar.node, held, others, random, say: frame => liar.say(frame) })
    liar.node.edit(Buffer.from((others[0] as (typeof others)[number]).facet.id).toString('hex'), doc =>
      doc.getText('text').insert(0, 'After. ')
    )
    await until('an honest edit after the replay', async () => {
      const texts = await Promise.all(artifacts.map(async id => (await (b as LocalNode).read(id)).text))
      return texts.some(text => text.includes('After. '))
    })
    expect(refusedBy.a.length).toBe(before)
    expect((await (a as LocalNode).read(artifacts[0] as string)).structRoot).not.toBe(rootBefore)
    await liar.stop()
  })

  it('[ENV-21] equivocation: both honest nodes hold the proof and one document', async () => {
    const liar = await modified(901)
    const others = [...liar.node.core.context.facets.values()]
    const held = others[0] as (typeof others)[number]
    const forks: NodeEvent[] = []
    const stop = (b as LocalNode).subscribe(event => {
      if (event.event === 'fork') forks.push(event)
    })
    tell('equivocate', { liar: liar.node, held, others, random, say: frame => liar.say(frame) })
    await until('the proof at the far side', async () => forks.length > 0)
    await until('one document', async () => {
      const read = await Promise.all(
        [a, b].map(node => (node as LocalNode).read(Buffer.from(held.facet.id).toString('hex')))
      )
      return read[0]?.structRoot === read[1]?.structRoot
    })
    expect(refusedBy.b).toEqual([])
    stop()
    await liar.stop()
  })
})
