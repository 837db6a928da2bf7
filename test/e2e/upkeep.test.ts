// What is changed in the home of a running node holds at once: here and, where it concerns them, at its peers.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as Y from 'yjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import type { HeldCertificate } from '../../src/node/home/certificates.ts'
import { readCertificates } from '../../src/node/home/certificates.ts'
import { addIdentityEntry, certify, readRequest, validityFrom } from '../../src/node/home/company.ts'
import { homePaths } from '../../src/node/home/directory.ts'
import { addKey, unlockRoot } from '../../src/node/home/keys.ts'
import { type Home, readIdentity } from '../../src/node/home/home.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { requestRole, type Role } from '../../src/identity/certificate.ts'
import { type IdentityChange, admitMultikey } from '../../src/identity/identity-log.ts'
import { generateKey, type PublicKey } from '../../src/identity/ed25519.ts'
import { must } from '../sim/company.ts'
import { createCompanyHome } from './homes.ts'
import { type Joined, agreed, didOf, joinNodes, meet, startNode } from './nodes.ts'

const DAY_MS = 86_400_000

let world: Joined
let home: Home
let acme: LocalNode
let globex: LocalNode
/** Knows Acme and has no space in common with it. */
let initech: LocalNode

beforeAll(async () => {
  world = await joinNodes(['Acme', 'Globex'], { coalesceMs: 60_000 })
  home = world.homes[0] as Home
  ;[acme, globex] = world.nodes as [LocalNode, LocalNode]
  initech = await startNode(await createCompanyHome(join(dirname(home.dir), 'Initech'), 'Initech'))
  world.nodes.push(initech)
  await meet(acme, initech)
}, 120_000)
afterAll(() => world.close())

async function held(kind: 'role' | 'node'): Promise<HeldCertificate> {
  const found = (await readCertificates(home, await readIdentity(home))).held
  return found.find(held => held.kind === kind && !held.revoked) as HeldCertificate
}

async function renew({ kind, certificate }: HeldCertificate, days: number): Promise<void> {
  const root = await unlockRoot(home, undefined)
  const grant = { powers: ['advise', 'vote', 'seal'], ...validityFrom(Date.now(), days) } as const
  await certify(home, root, { kind, request: certificate } as Parameters<typeof certify>[2], {
    ...grant,
    powers: [...grant.powers]
  })
}

function change(what: IdentityChange) {
  return addIdentityEntry(home, { change: what, passphrase: undefined, timeMs: Date.now() })
}

/** A key in the home of Acme, certified with the power to seal. */
async function enrol(role: Role, seed: number): Promise<PublicKey> {
  const key = generateKey(new Uint8Array(32).fill(seed))
  const { did } = await readIdentity(home)
  await addKey(home, role, key, undefined)
  const request = readRequest(requestRole(did, role, { kind: 'human', name: `holder ${seed}` }, key))
  const root = await unlockRoot(home, undefined)
  await certify(home, root, request, { powers: ['advise', 'seal'], ...validityFrom(Date.now()) })
  return key.publicKey
}

async function keysIn(node: LocalNode): Promise<string[]> {
  const space = (await node.spaces()).find(({ id }) => id === world.space)
  const did = await didOf(acme)
  return space?.parties.find(({ company }) => company.did === did)?.keys.map(({ key }) => key) ?? []
}

/** An editor at Acme, whose edits gather until it is flushed. */
async function open(failures: Error[]) {
  const doc = new Y.Doc()
  const ignore = () => undefined
  const failed = (error: Error) => failures.push(error)
  const view = await acme.views.open(world.artifact, {
    updates: bodies => bodies.forEach(body => Y.applyUpdate(doc, body)),
    presence: ignore,
    stale: ignore,
    failed
  })
  doc.clientID = view.client
  doc.on('update', update => view.edit(update))
  const type = (text: string) => doc.getText('text').insert(0, text)
  return { type, flush: () => view.flush(), close: () => view.close() }
}

function sessionAt(node: LocalNode) {
  return until('a session', async () => (await node.peers()).find(peer => peer.connected))
}

describe('a running node takes up', () => {
  it('[SYN-41] a new entry of the identity log, and its peers in session hear of it', async () => {
    const [before] = (await sessionAt(globex)).nodes
    await change({ legalName: 'Acme Renamed' })
    expect((await acme.status()).company.legalName).toBe('Acme')
    expect(await acme.refresh()).toMatchObject({ told: 2 })
    expect((await acme.status()).company.legalName).toBe('Acme Renamed')
    for (const peer of [globex, initech]) {
      await until('the new name at the peer', async () => {
        return (await peer.peers())[0]?.company.legalName === 'Acme Renamed'
      })
    }
    expect((await sessionAt(globex)).nodes[0]).toBe(before)
    expect(await acme.refresh()).toMatchObject({ told: 0 })
  })

  it('a renewed certificate of a role', async () => {
    await renew(await held('role'), 20)
    await acme.refresh()
    const [role] = (await acme.status()).roles
    expect(role?.expiresAt).toBeLessThan(Date.now() + 21 * DAY_MS)
    const { frontier, text } = await acme.read(world.artifact)
    await acme.editText(world.artifact, { base: frontier, text: `${text}Signed on.\n` })
    expect(await agreed([acme, globex], world.artifact)).toContain('Signed on.')
  })

  it('[SYN-41] a renewed certificate of the node, and its peers in session get it', async () => {
    await renew(await held('node'), 10)
    const { expiresAt } = (await held('node')).certificate
    expect((await acme.status()).nodeCertificateExpiresAt).not.toBe(expiresAt)
    expect(await acme.refresh()).toMatchObject({ told: 2 })
    expect((await acme.status()).nodeCertificateExpiresAt).toBe(expiresAt)
  })

  it('[API-21] a newly certified key, which it enters in the spaces of its role and in no other', async () => {
    const [cto, cfo] = [await enrol('CTO', 1), await enrol('CFO', 2)]
    expect(await acme.refresh()).toEqual({
      told: 0,
      locked: [],
      entered: ['Home', 'Together'],
      notEntered: []
    })
    expect(await keysIn(acme)).toContain(cto.multikey)
    expect(await keysIn(acme)).not.toContain(cfo.multikey)
    await until('the key at the peer', async () => (await keysIn(globex)).includes(cto.multikey))
    expect(await acme.refresh()).toMatchObject({ entered: [] })
  })

  it('[API-21] a lock: what was typed before is signed, and nothing after, in open documents too', async () => {
    const failures: Error[] = []
    const view = await open(failures)
    view.type('before the lock. ')
    await acme.lock()
    await acme.refresh() // brings nothing back
    expect((await acme.status()).roles).toEqual([])
    view.type('after the lock. ')
    await view.flush()
    expect(failures).toMatchObject([{ code: 'locked' }])
    await acme.unlock('')
    const { text } = await acme.read(world.artifact)
    expect(text).toContain('before the lock. ')
    expect(text).not.toContain('after the lock. ')
    await view.close()
  })

  it('[API-21] a revoked role key: it signs nothing more, in open documents neither', async () => {
    const failures: Error[] = []
    const view = await open(failures)
    await change({ revoke: (await acme.status()).roles.map(({ key }) => must(admitMultikey(key))) })
    await acme.refresh()
    expect((await acme.status()).roles).toEqual([])
    view.type('by a revoked key. ')
    await view.flush()
    expect(failures).toMatchObject([{ code: 'key-revoked' }])
    const { frontier, text } = await acme.read(world.artifact)
    expect(text).not.toContain('by a revoked key. ')
    await expect(acme.editText(world.artifact, { base: frontier, text: 'x' })).rejects.toMatchObject({
      code: 'locked'
    })
    await view.close()
  })

  it('what its store knows of the identity log beyond its home, when it starts', async () => {
    const path = homePaths(home.dir).identity
    const older = readFileSync(path)
    await change({ legalName: 'Acme Again' })
    const newer = readFileSync(path)
    await acme.refresh()
    await acme.close()
    writeFileSync(path, older)
    acme = await startNode(home)
    world.nodes[0] = acme // to be closed in its place
    expect((await acme.status()).company.legalName).toBe('Acme Again')
    await until('the home to follow', async () => readFileSync(path).equals(newer))
  })

  it('its own revocation, and peers end the session', async () => {
    await globex.connect((await acme.status()).listening[0] as string)
    await sessionAt(globex)
    const ended = new Promise(resolve => globex.subscribe(event => event.event === 'peer' && resolve(event)))
    await change({ revoke: [(await held('node')).certificate.key] })
    await acme.refresh()
    expect(await ended).toMatchObject({ connected: false })
    expect((await acme.status()).troubles.join()).toContain('the certificate of this node is revoked')
  })
})
