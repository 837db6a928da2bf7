// A company loses its only machine and comes back from the key on its recovery sheet, on real nodes: its peer takes it
// for what it is, shared documents come back, and a new key goes on writing.
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import { requestRole } from '../../src/identity/certificate.ts'
import { generateKey, sign } from '../../src/identity/ed25519.ts'
import { addIdentityEntry, certify, readRequest, validityFrom } from '../../src/node/home/company.ts'
import { addKey, unlockRoot } from '../../src/node/home/keys.ts'
import { recoverHome } from '../../src/node/home/recovery.ts'
import { type Home, readIdentity } from '../../src/node/home/home.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { entrySignedBytes } from '../../src/wire/space-entry.ts'
import { type Joined, agreed, didOf, joinNodes, meet, startNode } from './nodes.ts'

const SEED = new Uint8Array(32).fill(36)
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

let world: Joined
let acme: LocalNode
let globex: LocalNode
let home: Home
let certificate: string

beforeAll(async () => {
  world = await joinNodes(['Acme', 'Globex'])
  ;[acme, globex] = world.nodes as [LocalNode, LocalNode]
  home = world.homes[0] as Home
}, 120_000)
afterAll(() => world.close())

/** A holder in the home, certified; not yet pinned anywhere. */
async function enrol(): Promise<string> {
  const key = generateKey(new Uint8Array(32).fill(37))
  const { did } = await readIdentity(home)
  await addKey(home, 'CTO', key, undefined)
  const request = readRequest(requestRole(did, 'CTO', { kind: 'human', name: 'Ada anew' }, key))
  const grant = { powers: ['advise', 'vote', 'seal'] as const, ...validityFrom(Date.now()) }
  const root = await unlockRoot(home, undefined)
  return base64((await certify(home, root, request, { ...grant, powers: [...grant.powers] })).bytes)
}

it('[IDN-36] a peer takes the company that comes back for the same one, and gives it what they share', async () => {
  const { frontier } = await acme.read(world.artifact)
  await acme.editText(world.artifact, { base: frontier, text: 'before the fire\n' })
  const spare = generateKey(SEED).publicKey
  await addIdentityEntry(home, { change: {}, passphrase: undefined, timeMs: Date.now(), spare })
  await acme.refresh()
  await agreed([acme, globex], world.artifact)
  const did = await didOf(acme)
  const { peerId } = await acme.status()
  await acme.close()
  const log = Buffer.concat(
    await until('the newest log at the peer', async () => {
      const parts = await Array.fromAsync(globex.identityLog(did))
      return Buffer.concat(parts).toString().trim().split('\n').length === 2 && parts
    })
  )
  const dir = join(dirname(home.dir), 'again')
  const config = { listen: ['/ip4/127.0.0.1/tcp/0'], apiPort: 0, coalesceMs: 0 }
  const facts = { dir, nodeName: 'office', passphrase: undefined, config, timeMs: Date.now() }
  home = await recoverHome(facts, { seed: SEED, log })
  certificate = await enrol()
  acme = await startNode(home)
  world.nodes[0] = acme // to be closed in its place
  await meet(globex, acme)
  expect(await didOf(acme)).toBe(did)
  expect((await acme.status()).peerId).not.toBe(peerId)
  await until('the document', async () => (await acme.read(world.artifact)).text === 'before the fire\n')
  const peer = (await globex.peers()).find(({ company }) => company.did === did)
  expect(peer).toMatchObject({ connected: true, confirmed: { by: 'test' } })
})

it('[API-25] the root key says whose key is new in a space, and no node ever has it', async () => {
  await expect(acme.pinKeys(world.space, [certificate])).rejects.toMatchObject({ code: 'key-not-pinned' })
  // What came after the last comparison is compared with the next one.
  const asked = () => acme.keysToSign(world.space, [certificate])
  const draft = await until('the peer to hold the same', asked, 90_000)
  const entry = new Uint8Array(Buffer.from(draft.entry, 'base64'))
  const root = await unlockRoot(home, undefined)
  const signed = { entry: draft.entry, signer: base64(root.publicKey.bytes) }
  const forged = base64(new Uint8Array(64).fill(1))
  await expect(acme.enterSigned(world.space, { ...signed, signature: forged })).rejects.toMatchObject({
    code: 'signature'
  })
  const signature = base64(sign(root, entrySignedBytes(entry)))
  const space = await acme.enterSigned(world.space, { ...signed, signature })
  expect(space.parties[0]?.keys.map(({ holder }) => holder)).toEqual(['Acme CTO', 'Ada anew'])
  await acme.cutKey(world.space, 0, {})
  const { frontier, text } = await acme.read(world.artifact)
  await acme.editText(world.artifact, { base: frontier, text: `${text}and after it\n` })
  await until('the new words at the peer', async () => {
    return (await globex.read(world.artifact)).text === 'before the fire\nand after it\n'
  })
}, 120_000)

it('[API-25] who knows of nobody that holds the same is not given an entry to sign', async () => {
  await acme.close()
  await globex.close()
  acme = await startNode(home, { offline: true })
  world.nodes[0] = acme
  await expect(acme.keysToSign(world.space, [certificate])).rejects.toMatchObject({ code: 'space-unsure' })
})
