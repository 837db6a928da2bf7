// A company cuts a key: what it says about it to the other parties, and what stands afterwards.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import { requestRole } from '../../src/identity/certificate.ts'
import { generateKey } from '../../src/identity/ed25519.ts'
import { certify, readRequest, validityFrom } from '../../src/node/home/company.ts'
import { addKey, unlockRoot } from '../../src/node/home/keys.ts'
import { type Home, readIdentity } from '../../src/node/home/home.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { type Joined, joinNodes } from './nodes.ts'

let world: Joined
let acme: LocalNode
let globex: LocalNode

beforeAll(async () => {
  world = await joinNodes(['Acme', 'Globex'])
  ;[acme, globex] = world.nodes as [LocalNode, LocalNode]
}, 120_000)
afterAll(() => world.close())

/** All that the space log and the shared document say at the peer, in hexadecimal. */
async function told(): Promise<string> {
  return toHex(Buffer.concat(await Array.fromAsync(globex.exportArtifact(world.artifact))))
}

/** A second key at Acme, which can say that the first one is cut. */
async function enrolAnother(): Promise<void> {
  const home = world.homes[0] as Home
  const key = generateKey(new Uint8Array(32).fill(9))
  const { did } = await readIdentity(home)
  await addKey(home, 'CTO', key, undefined)
  const request = readRequest(requestRole(did, 'CTO', { kind: 'human', name: 'the other' }, key))
  const root = await unlockRoot(home, undefined)
  await certify(home, root, request, { powers: ['advise', 'seal'], ...validityFrom(Date.now()) })
  await acme.refresh()
}

it('[SPC-12] [POL-12] what ends a lane of a private document is told to nobody', async () => {
  const options = {
    kind: 'StandardsDoc.v1',
    title: 'Also ours',
    class: 'private',
    space: world.space
  } as const
  const { id } = await acme.createArtifact(options)
  const { facet } = await acme.read(id)
  const [line] = await acme.log(id)
  if (!line) throw new Error('nothing was written')
  await expect(acme.settle(facet, line.lane, line.seq, line.id)).rejects.toMatchObject({
    code: 'policy-private'
  })
  // Of a shared document it is said, and what is said later comes later.
  const [shared] = await acme.log(world.artifact)
  if (!shared) throw new Error('nothing was written')
  await acme.settle((await acme.read(world.artifact)).facet, shared.lane, shared.seq, shared.id)
  await until('the entry at the peer', async () => {
    const said = await told()
    return said.split(shared.id).length > 2
  })
  expect(await told()).not.toContain(facet)
})

it('[SPC-11] [POL-12] a cut names the lanes of shared documents and tells nobody of private ones', async () => {
  const options = { kind: 'StandardsDoc.v1', title: 'Ours', class: 'private', space: world.space } as const
  const { id } = await acme.createArtifact({ ...options, text: 'For ourselves. ' })
  const ours = await acme.read(id)
  const shared = await acme.read(world.artifact)
  await enrolAnother()
  await acme.cutKey(world.space, 0, {})
  await until('the cut at the peer', async () => {
    const party = (await globex.spaces()).find(space => space.id === world.space)?.parties[0]
    return party?.keys.find(({ index }) => index === 0)?.cut
  })
  const said = await told()
  expect(said).toContain(shared.facet)
  expect(said).not.toContain(ours.facet)
  expect((await acme.read(id)).text).toBe('For ourselves. ')
  expect((await acme.read(world.artifact)).text).toBe(shared.text)
})

it('[API-15] a certificate that is not base64 in its one spelling is refused as such', async () => {
  for (const certificate of ['AAA', 'AA=', 'A A=', '!'])
    await expect(acme.pinKeys(world.space, [certificate])).rejects.toMatchObject({ code: 'bad-base64' })
})
