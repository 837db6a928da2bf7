// protocols/sync, section 4: who may stay, and what a stranger can find out.
import { describe, expect, test } from 'vitest'
import {
  issueNodeCertificate,
  requestNode,
  verifyNodeCertificate,
  verifyNodeRequest
} from '../../src/identity/certificate.ts'
import { generateKey } from '../../src/identity/ed25519.ts'
import { appendIdentity } from '../../src/identity/identity-log.ts'
import { nextKeyHash } from '../../src/identity/webvh.ts'
import { inviteProof, inviteTranscript } from '../../src/identity/invite.ts'
import { type Company, EPOCH_MS, must } from '../sim/company.ts'
import type { SimNode } from '../sim/node.ts'
import { Bench, acquaint, foundSpace, stage } from './bench.ts'

/** Another node of the company. */
function otherNode(bench: Bench, company: Company): Company {
  const nodeKey = generateKey(bench.random.bytes(32))
  const request = must(verifyNodeRequest(requestNode(company.identity.did, 'laptop', nodeKey)))
  const validity = { validFrom: EPOCH_MS, validUntil: EPOCH_MS + 80 * 86_400_000 }
  const nodeCertificate = must(issueNodeCertificate(company.identity, company.rootKey, request, validity))
  return {
    ...company,
    nodeKey,
    nodeCertificate,
    node: must(verifyNodeCertificate(nodeCertificate, company.identity))
  }
}

function proof(node: SimNode, company: Company, secret: Uint8Array): Uint8Array {
  const inviter = { did: node.company.identity.did, peer: node.company.node.peer }
  const joiner = { did: company.identity.did, peer: company.node.peer }
  return inviteProof(secret, inviteTranscript('joiner', { inviter, joiner }))
}

describe('greeting', () => {
  test('[SYN-4] before the hello nothing is heard, and nothing is said', () => {
    const { bench, node, rival, space, held } = stage()
    const puppet = bench.puppet(node, rival)
    puppet.say({ type: 'spaces', spaces: [{ id: space.id, tips: [], versions: [] }] })
    puppet.say({ type: 'want-space', space: space.id, have: [] })
    puppet.say({ type: 'summary', space: space.id, hash: new Uint8Array(32) })
    puppet.say({ type: 'need', facet: held.facet.id, request: 1, lacks: [] })
    puppet.say({ type: 'want-identity', did: node.company.identity.did, offset: 0 })
    bench.pass(1_000)
    expect(puppet.frames).toEqual([])
  })

  test('[SYN-6] the dialing side speaks first, the other when it knows who that is', () => {
    const bench = new Bench()
    const node = bench.node('Ada')
    const known = bench.company('Bob')
    acquaint(node, known)
    const dialing = bench.puppet(node, known, { inbound: true })
    const dialed = bench.puppet(node, known, { inbound: false })
    expect(dialing.frames).toEqual([])
    expect(dialed.of('hello')).toHaveLength(1)
    dialing.hello()
    expect(dialing.of('hello')).toHaveLength(1)
    dialed.hello()
    expect(dialed.of('hello')).toHaveLength(1)
  })

  test('[SYN-6] who says nothing for ten seconds is let go without blame', () => {
    const { bench, node, rival } = stage()
    const puppet = bench.puppet(node, rival)
    bench.pass(9_000)
    expect(puppet.closed).toBe(false)
    bench.pass(1_500)
    expect(puppet.closed).toBe(true)
    expect(bench.refusals(node)).toEqual([])
  })

  test('[SYN-7] two nodes that know each other open a session', () => {
    const bench = new Bench()
    const [a, b] = [bench.node('Ada'), bench.node('Bob')]
    acquaint(a, b.company)
    acquaint(b, a.company)
    bench.network.connect(a, b)
    bench.pass(500)
    expect([...a.core.context.open()].map(session => session.peer.did)).toEqual([b.company.identity.did])
    expect([...b.core.context.open()].map(session => session.peer.did)).toEqual([a.company.identity.did])
  })

  test('[SYN-7] identity logs come along where they are not known', () => {
    const bench = new Bench()
    const [a, b] = [bench.node('Ada'), bench.node('Bob')]
    a.knows(b)
    b.knows(a)
    bench.network.connect(a, b)
    bench.pass(1_000)
    expect([...a.core.context.open()]).toHaveLength(1)
    expect([...b.core.context.open()]).toHaveLength(1)
  })

  test('[SYN-7] a certificate of another node is at fault', () => {
    const { bench, node, rival } = stage()
    const thief = bench.puppet(node, { ...bench.company('Eve'), nodeCertificate: rival.nodeCertificate })
    thief.say({
      type: 'hello',
      did: rival.identity.did,
      certificate: rival.nodeCertificate,
      version: rival.identity.head,
      confirmed: true,
      invite: new Uint8Array()
    })
    expect(thief.closed).toBe(true)
    expect(bench.refusals(node)).toEqual(['certificate-peer'])
  })

  test('[SYN-8] a stranger cannot tell whom we know, nor why it was refused', () => {
    const bench = new Bench()
    const node = bench.node('Ada')
    const [known, unknown, stranger] = [bench.company('Bob'), bench.company('Cid'), bench.company('Eve')]
    acquaint(node, known)
    node.core.context.directory.invites.set('open', {
      secret: new Uint8Array(32),
      expiresAt: bench.now() + 1e9
    })
    const answers = [known, unknown, node.company].flatMap(({ identity }) =>
      ['', identity.head].map(version => {
        const puppet = bench.puppet(node, stranger)
        puppet.hello({ did: identity.did, version })
        expect(puppet.closed).toBe(true)
        return puppet.frames
      })
    )
    for (const frames of answers) expect(frames).toEqual(answers[0])
    expect(answers[0]).toEqual([{ type: 'bye', code: 'unknown-peer', detail: 'this node was not invited' }])
  })

  test('[NET-28] the relay that an address of a known company names is let in, as a node of nobody', () => {
    const bench = new Bench()
    const [a, b, relay, other] = [bench.node('Ada'), bench.node('Bob'), bench.node('Rae'), bench.node('Eve')]
    a.knows(b)
    const { directory } = a.core.context
    const contact = directory.contacts.get(b.company.identity.did)
    const place = `/ip4/192.0.2.7/tcp/4747/p2p/${relay.company.node.peer}`
    contact?.addresses.push(`${place}/p2p-circuit/p2p/${b.company.node.peer}`)
    expect(directory.admits(relay.company.node.peer, 0)).toBe(true)
    expect(directory.admits(other.company.node.peer, 0)).toBe(false)
    expect(directory.contactOf(relay.company.node.peer)).toBeUndefined()
    expect(directory.expects(b.company.identity.did, relay.company.node.peer)).toBe(false)
  })

  test('[SYN-8] a node of ours that waits for a newer log asks only whom it expects', () => {
    const { bench, node, rival } = stage()
    const expected = bench.puppet(node, rival).hello({ version: 'a newer one' })
    expect(expected.of('want-identity')).toHaveLength(1)
    const other = bench.puppet(node, otherNode(bench, rival)).hello({ version: 'a newer one' })
    expect(other.of('want-identity')).toEqual([])
  })

  test('[SYN-9] a peer that becomes another company in mid-session is at fault', () => {
    const { bench, node, puppet } = stage()
    const third = bench.company('Cid')
    acquaint(node, third)
    puppet.say({
      type: 'hello',
      did: third.identity.did,
      certificate: third.nodeCertificate,
      version: third.identity.head,
      confirmed: true,
      invite: new Uint8Array()
    })
    expect(puppet.closed).toBe(true)
    expect(bench.refusals(node)).toEqual(['hello-other'])
    expect([...node.core.context.open()]).toEqual([])
  })

  test('[SYN-9] a later hello of the same company carries the confirmation, and nothing is written for it', () => {
    const { node, puppet } = stage({ confirmed: false })
    expect(puppet.state?.peer?.confirms).toBe(false)
    const written: unknown[] = []
    const { carryOut } = node
    node.carryOut = effects => {
      written.push(...effects.filter(effect => effect.do === 'write'))
      carryOut.call(node, effects)
    }
    puppet.hello({ confirmed: true })
    expect(puppet.state?.peer?.confirms).toBe(true)
    expect(written).toEqual([])
  })

  test('[SYN-9] hellos beyond the allowance are not looked at', () => {
    const { puppet } = stage()
    puppet.take()
    for (let i = 0; i < 1_000; i++) puppet.hello({ confirmed: i % 2 === 0 })
    expect(puppet.of('spaces').length).toBeLessThan(120)
  })

  test('[SYN-41] whoever was greeted is greeted anew, and nobody else', () => {
    const { bench, node, puppet } = stage()
    const silent = bench.puppet(node, bench.company('Cid'))
    node.perform(core => core.greeting.repeat())
    expect(puppet.of('hello')).toHaveLength(2)
    expect(silent.frames).toEqual([])
  })

  test('[SYN-9] a renewed certificate takes the place of one that has run out, and the session goes on', () => {
    const { bench, node, rival } = stage()
    const certify = (untilMs: number) => {
      const request = must(verifyNodeRequest(requestNode(rival.identity.did, 'office', rival.nodeKey)))
      const validity = { validFrom: EPOCH_MS - 1_000, validUntil: untilMs }
      return must(issueNodeCertificate(rival.identity, rival.rootKey, request, validity))
    }
    const puppet = bench.puppet(node, rival).hello({ certificate: certify(EPOCH_MS) })
    expect(puppet.of('spaces')).toEqual([])
    puppet.hello({ certificate: certify(EPOCH_MS + 86_400_000) })
    expect(puppet.state?.peer?.certificate.expiresAt).toBe(EPOCH_MS + 86_400_000)
    expect(puppet.of('spaces')).toHaveLength(1)
  })

  test('[SYN-9] an open peer that names a newer log is asked for it, another node of our own too', () => {
    const { bench, node } = stage()
    const laptop = otherNode(bench, node.company)
    const puppet = bench.puppet(node, laptop).hello()
    puppet.hello({ version: '2-QmNewer' })
    expect(puppet.closed).toBe(false)
    expect(puppet.of('want-identity')).toMatchObject([{ did: laptop.identity.did }])
  })

  test('[SYN-10] an invite is spent by the company that proves it, not by one that only names another', () => {
    const bench = new Bench()
    const node = bench.node('Ada')
    const [guest, eve] = [bench.company('Bob'), bench.company('Eve')]
    const { directory } = node.core.context
    const secret = bench.random.bytes(32)
    directory.invites.set('i', { secret, expiresAt: bench.now() + 60_000 })
    directory.identities.set(guest.identity.did, guest.identity)
    // Eve knows the secret and names Bob's company, whose certificate she does not have.
    const liar = bench.puppet(node, { ...eve, identity: guest.identity })
    liar.hello({ invite: proof(node, { ...eve, identity: guest.identity }, secret) })
    expect(liar.closed).toBe(true)
    expect([...directory.contacts.keys()]).toEqual([])
    expect(directory.invites.size).toBe(1)
    const honest = bench.puppet(node, guest).hello({ invite: proof(node, guest, secret) })
    expect(honest.of('hello')).toHaveLength(1)
    expect([...directory.contacts.keys()]).toEqual([guest.identity.did])
    expect(directory.invites.size).toBe(0)
    const late = bench.puppet(node, eve).hello({ invite: proof(node, eve, secret) })
    expect(late.closed).toBe(true)
  })

  test('[SYN-10] an invite and the contact that it made change together', () => {
    const bench = new Bench()
    const node = bench.node('Ada')
    const guest = bench.company('Bob')
    const { directory } = node.core.context
    const secret = bench.random.bytes(32)
    directory.invites.set('i', { secret, expiresAt: bench.now() + 60_000 })
    directory.identities.set(guest.identity.did, guest.identity)
    const batches: string[][] = []
    const { carryOut } = node
    node.carryOut = effects => {
      for (const effect of effects) {
        if (effect.do === 'write')
          batches.push(effect.writes.map(write => `${write.kind} ${'table' in write ? write.table : ''}`))
      }
      carryOut.call(node, effects)
    }
    bench.puppet(node, guest).hello({ invite: proof(node, guest, secret) })
    expect(batches).toEqual([['del invite', 'put contact']])
  })
})

describe('identity logs', () => {
  test('[SYN-11] the log of a third company goes only to who shares a space with it', () => {
    const { bench, node, rival, puppet } = stage()
    const [inside, outside] = [bench.company('Cid'), bench.company('Dan')]
    acquaint(node, inside)
    acquaint(node, outside)
    foundSpace(node, [node.company, rival, inside])
    bench.pass(200)
    puppet.take()
    const ask = (did: string) => {
      puppet.say({ type: 'want-identity', did, offset: 0 })
      return puppet.take().filter(frame => frame.type === 'identity').length
    }
    expect(ask(inside.identity.did)).toBe(1)
    expect(ask(outside.identity.did)).toBe(0)
    expect(ask('did:webvh:nobody')).toBe(0)
    expect(puppet.closed).toBe(false)
  })

  test('[SYN-11] a part that is not as long as it must be is at fault, and costs no more than itself', () => {
    const { bench, node, rival } = stage()
    const puppet = bench.puppet(node, rival).hello({ version: 'a newer one' })
    puppet.say({
      type: 'identity',
      did: rival.identity.did,
      offset: 0,
      total: 1_000_000,
      bytes: new Uint8Array(1)
    })
    expect(puppet.closed).toBe(true)
    expect(bench.refusals(node)).toEqual(['identity-parts'])
  })

  test('[SYN-11] the log of another company is at fault', () => {
    const { bench, node, rival } = stage()
    const { log } = bench.company('Eve').identity
    const puppet = bench.puppet(node, rival).hello({ version: 'a newer one' })
    puppet.say({ type: 'identity', did: rival.identity.did, offset: 0, total: log.length, bytes: log })
    expect(bench.refusals(node)).toEqual(['identity-other'])
  })

  test('[SYN-11] a log that nobody asked for is not taken', () => {
    const { bench, node, puppet } = stage()
    const { did, log } = bench.company('Eve').identity
    puppet.say({ type: 'identity', did, offset: 0, total: log.length, bytes: log })
    expect(node.core.context.directory.identities.has(did)).toBe(false)
    expect(puppet.closed).toBe(false)
  })

  test('[SYN-11] a log that does not come is asked for again when it is next named', () => {
    const { bench, rival, space, puppet } = stage()
    const name = () => {
      const versions = space.parties.map(did => (did === rival.identity.did ? 'a newer one' : ''))
      puppet.say({ type: 'spaces', spaces: [{ id: space.id, tips: [], versions }] })
      return puppet.take().filter(frame => frame.type === 'want-identity').length
    }
    expect(name()).toBe(1)
    expect(name()).toBe(0)
    bench.pass(31_000)
    puppet.take()
    expect(name()).toBe(1)
  })

  test('[SYN-51] another node of the own company is remembered by its certificate, without any invite', () => {
    const bench = new Bench()
    const node = bench.node('Ada')
    const { directory } = node.core.context
    const laptop = otherNode(bench, node.company)
    expect(directory.admits(laptop.node.peer, bench.now())).toBe(false)
    bench.puppet(node, laptop).hello()
    expect(directory.contacts.get(node.company.identity.did)?.nodes).toEqual([laptop.node.peer])
    expect(directory.admits(laptop.node.peer, bench.now())).toBe(true)
    const third = otherNode(bench, node.company)
    bench.puppet(node, third).hello()
    expect(directory.admits(third.node.peer, bench.now())).toBe(true)
  })

  test('[SYN-51] a node that its company revoked is not remembered', () => {
    const bench = new Bench()
    const node = bench.node('Ada')
    const { did } = node.company.identity
    const laptop = otherNode(bench, node.company)
    const { nextRootKey, identity } = node.company
    const later = generateKey(bench.random.bytes(32))
    const keys = { rootKey: nextRootKey, nextKeyHashes: [nextKeyHash(later.publicKey)] }
    const after = must(appendIdentity(identity, { revoke: [laptop.nodeKey.publicKey] }, keys, EPOCH_MS))
    node.core.context.directory.identities.set(did, after)
    bench.puppet(node, laptop).hello()
    expect(node.core.context.directory.contacts.has(did)).toBe(false)
  })
})
