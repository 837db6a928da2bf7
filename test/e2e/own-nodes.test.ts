// A company with two nodes and a holder at each: the office, always on, and the COO's laptop, which sleeps. They work
// at once with a peer; what either misses it gets when it wakes.
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import { addIdentityEntry } from '../../src/node/home/company.ts'
import { renewable } from '../../src/node/expiry.ts'
import { checkLog } from '../../src/audit/log-check.ts'
import { readLines } from '../../src/cli/audit-folder.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { type Home, openHome, readIdentity } from '../../src/node/home/home.ts'
import { type Joined, agreed, joinNodes, startNode } from './nodes.ts'
import { createSecondHome } from './second-home.ts'

const LOOPBACK = { listen: ['/ip4/127.0.0.1/tcp/0'], coalesceMs: 0 }

let world: Joined
let office: LocalNode
let globex: LocalNode
let laptop: LocalNode
let laptopHome: Home

beforeAll(async () => {
  world = await joinNodes(['Acme', 'Globex'])
  ;[office, globex] = world.nodes as [LocalNode, LocalNode]
  const dir = join(dirname((world.homes[0] as Home).dir), 'laptop')
  const certificate = await createSecondHome((world.homes[0] as Home).dir, dir, LOOPBACK, 'COO')
  laptopHome = await openHome(dir)
  await office.pinKeys(world.space, [certificate])
  await wake()
}, 120_000)
afterAll(() => world.close())

async function wake(options: { offline?: boolean } = {}): Promise<void> {
  laptop = await startNode(laptopHome, options)
  world.nodes[2] = laptop // to be closed with the others
}

async function write(node: LocalNode, words: string): Promise<void> {
  const { frontier, text } = await node.read(world.artifact)
  await node.editText(world.artifact, { base: frontier, text: `${text}${words}\n` })
}

it('[SYN-51] nodes of one company meet by an invite, and find each other again by themselves', async () => {
  const { token } = await office.createInvite({ expiresInMs: 60_000 })
  await expect(office.join(token)).rejects.toMatchObject({ code: 'invite-own' })
  expect(await laptop.join(token)).toMatchObject({ own: true, connected: true })
  expect(await office.invites()).toEqual([])
  await until('the document at the laptop', async () => (await laptop.read(world.artifact)).text === '\n')
  expect((await office.peers()).find(({ own }) => own)).toMatchObject({ connected: true })
  expect((await laptop.status()).troubles.join()).not.toContain('confirm')
  await laptop.close()
  await wake()
  await until('the two to meet again', async () => (await office.peers()).find(({ own }) => own)?.connected)
})

it('holders of a company write at once, each under a name of their own', async () => {
  await Promise.all([write(office, 'from the office'), write(laptop, 'from the laptop')])
  const whole = await until('both lines everywhere', async () => {
    const text = await agreed([office, laptop, globex], world.artifact)
    return text.includes('from the office') && text.includes('from the laptop') && text
  })
  expect(whole).toBeTruthy()
  const holders = (await globex.passages(world.artifact)).map(
    ({ company, holder }) => `${company}: ${holder}`
  )
  expect(holders).toEqual(expect.arrayContaining(['Acme: Acme CTO', 'Acme: second COO']))
})

/** What it takes to propose other terms: those in force under another title. */
async function propose(node: LocalNode, title: string): Promise<unknown> {
  const [revision] = (await node.agreement(world.space)).revisions
  const text = await node.revision(world.space, revision?.id ?? '')
  const { number: _, before: _before, rendering: _made, ...terms } = text.terms
  return node.proposeTerms(world.space, { ...terms, title })
}

it('[SYN-54] both sign at the same moment, again and again, and the company has one chain', async () => {
  const titles: string[] = []
  for (let round = 0; round < 4; round++) {
    const both = [office, laptop].map((node, i) => ({ node, title: `Round ${round}, node ${i}` }))
    await Promise.all(both.map(({ node, title }) => propose(node, title)))
    titles.push(...both.map(({ title }) => title))
  }
  for (const node of [office, laptop, globex]) {
    await until('all proposals', async () => {
      const { revisions } = await node.agreement(world.space)
      return titles.every(title => revisions.some(revision => revision.title === title))
    })
    const joint = (await node.spaces()).find(({ id }) => id === world.space)
    expect(joint?.parties.map(({ frozen }) => frozen)).toEqual([false, false])
  }
})

it('[SYN-54] while the keeper is away the other node signs nothing for the company, and then it can', async () => {
  await laptop.close()
  await wake({ offline: true })
  await expect(propose(laptop, 'From a train')).rejects.toMatchObject({ code: 'keeper-away' })
  await laptop.goOnline()
  await until('the two to meet again', async () => (await laptop.peers()).find(({ own }) => own)?.connected)
  await propose(laptop, 'From the station')
})

it('the laptop sleeps while the office works on; it wakes and is in sync, private documents too', async () => {
  await laptop.close()
  const { id: ours } = await office.createArtifact({
    kind: 'StandardsDoc.v1',
    title: 'Ours',
    class: 'private'
  })
  await write(office, 'while it slept')
  await write(globex, 'the peer, too')
  await wake()
  const text = await until('all of it at the laptop', async () => {
    const read = await agreed([office, laptop, globex], world.artifact)
    return read.includes('while it slept') && read.includes('the peer, too') && read
  })
  expect(text).toContain('from the laptop')
  await until('the private document', async () => (await laptop.artifacts()).some(({ id }) => id === ours))
  await until('nothing to deliver', async () => {
    return (await office.peers()).every(({ behindEnvelopes }) => behindEnvelopes === 0)
  })
})

/** The number of the COO's key in the space. */
async function keyOfCoo(): Promise<number> {
  const space = (await office.spaces()).find(({ id }) => id === world.space)
  const keys = space?.parties.flatMap(party => party.keys) ?? []
  return keys.find(({ role }) => role === 'COO')?.index ?? -1
}

it('[SPC-15] a revoked holder who had not heard: the late work waits, the other holder goes on', async () => {
  await laptop.close()
  const home = world.homes[0] as Home
  const coo = (await renewable(home, await readIdentity(home))).find(({ use }) => use === 'COO')
  if (!coo) throw new Error('the office does not have the certificate that it gave')
  const change = { revoke: [coo.held.certificate.key] }
  await addIdentityEntry(home, { change, passphrase: undefined, timeMs: Date.now() })
  await office.refresh()
  const uncut = `the revoked key of COO second COO still counts in Together: parley space cut`
  expect((await office.status()).troubles.join()).toContain(uncut)
  await office.cutKey(world.space, await keyOfCoo(), {})
  expect((await office.status()).troubles.join()).not.toContain(uncut)
  await wake({ offline: true })
  await write(laptop, 'written on a train')
  await write(laptop, 'and a second line')
  await laptop.close()
  await wake({ offline: true }) // a new run of the program writes in a lane of its own
  await write(laptop, 'better left unsaid')
  await laptop.close()
  await wake()
  const [dropped, late] = await until('the late work', async () => {
    const all = await office.late()
    return all.length > 1 && all
  })
  await office.drop(dropped?.id ?? '')
  expect((await office.late()).map(({ id }) => id)).toEqual([late?.id])
  expect(late).toMatchObject({
    state: 'cut',
    envelopes: 2,
    role: 'COO',
    holder: 'second COO',
    title: 'Shared'
  })
  expect((await office.read(world.artifact)).text).not.toContain('train')
  await until('the laptop to hear of it', async () => (await laptop.status()).roles.length === 0)
  await expect(write(laptop, 'once more')).rejects.toMatchObject({ code: 'locked' })
  await write(office, 'the office goes on')
  expect(await agreed([office, laptop, globex], world.artifact)).toContain('the office goes on')
  // Work of others is not theirs to adopt.
  expect(await globex.late()).toEqual([])
})

it('[SPC-15] adopted work is written again under a living key, and the log says whose words they were', async () => {
  const [late] = await office.late()
  if (!late) throw new Error('nothing waits')
  const shown = await office.lateText(late.id.slice(0, 12))
  expect(shown.inserted.join('')).toBe('written on a train\nand a second line\n')
  expect(shown.text).toContain('the office goes on')
  expect(shown.text).toContain('written on a train\nand a second line\n')
  await office.adopt(late.id)
  const [log] = (await office.audit()).logs.filter(({ space, writing }) => space === world.space && writing)
  const { records } = checkLog(await readLines(office.exportAudit(log?.id as string, { upTo: 'newest' })))
  // AUD-3
  expect([...records.values()].map(({ what }) => what)).toEqual(expect.arrayContaining(['late', 'adopt']))
  expect(await office.late()).toEqual([])
  await expect(office.adopt(late.id)).rejects.toMatchObject({ code: 'late-unknown' })
  const text = await agreed([office, laptop, globex], world.artifact)
  expect(text).toBe(shown.text)
  const told = await until('whose it was, at the peer', async () =>
    (await globex.log(world.artifact)).find(({ adoptedFrom }) => adoptedFrom)
  )
  expect(told).toMatchObject({
    holder: 'Acme CTO',
    adoptedFrom: { company: 'Acme', role: 'COO', holder: 'second COO', id: late.id }
  })
  expect(text).not.toContain('unsaid')
  expect((await office.drafts(world.artifact)).map(({ state }) => state)).toEqual(['cut', 'cut'])
})
