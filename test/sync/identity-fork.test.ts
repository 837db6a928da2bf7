// A company whose identity log has two valid successors of one entry is frozen wherever it is known.
import { expect, test } from 'vitest'
import { generateKey } from '../../src/identity/ed25519.ts'
import { appendIdentity, createIdentity } from '../../src/identity/identity-log.ts'
import { nextKeyHash } from '../../src/identity/webvh.ts'
import { EPOCH_MS, createCompany, must } from '../sim/company.ts'
import type { Disk } from '../sim/disk.ts'
import { SimNode, type World } from '../sim/node.ts'
import { Clock } from '../../src/sandbox/clock.ts'
import { Random } from '../../src/sandbox/random.ts'

const random = new Random(3)
const keys = Array.from({ length: 4 }, () => generateKey(random.bytes(32)))
const [root, next, later, other] = keys as [
  (typeof keys)[0],
  (typeof keys)[0],
  (typeof keys)[0],
  (typeof keys)[0]
]
const facts = { legalName: 'Two Faces Ltd', registrationNumber: '1', rootKey: root, timeMs: EPOCH_MS }
const first = must(createIdentity({ ...facts, nextKeyHashes: [nextKeyHash(next.publicKey)] }))
const rename = (legalName: string, key: typeof later) =>
  must(
    appendIdentity(
      first,
      { legalName },
      { rootKey: next, nextKeyHashes: [nextKeyHash(key.publicKey)] },
      EPOCH_MS + 1000
    )
  )
const [one, two] = [rename('One Face Ltd', later), rename('Other Face Ltd', other)]

test('[IDN-19] the first log stands, the second is kept as a proof, and the company is frozen, also after a restart', () => {
  const clock = new Clock(EPOCH_MS + 2000)
  const told: string[] = []
  const world: World = {
    now: () => clock.nowMs,
    random,
    send: () => undefined,
    hangUp: () => undefined,
    later: (delayMs, work) => clock.later(delayMs, work),
    news: (_, news) => void told.push(news.what)
  }
  const node = new SimNode(createCompany('Acme', random), world)
  node.perform(core => core.greeting.learn(one.did, one.log))
  const rights = () => {
    const { directory } = node.core.context
    return directory.rightsOf({ ...directory.ownPeer, did: one.did }, clock.nowMs)
  }
  const before = rights()
  expect(node.perform(core => core.greeting.learn(one.did, two.log))).toBeUndefined()
  // What is under way to it goes no further (SYN-31).
  expect([...before.held].filter(right => !rights().held.has(right))).toEqual(['undivided'])
  clock.runUntil(clock.nowMs + 100)
  const { directory } = node.core.context
  expect(directory.identities.get(one.did)?.legalName).toBe('One Face Ltd')
  expect(directory.forkedIdentities.has(one.did)).toBe(true)
  expect(told).toEqual(['identity', 'identity-fork'])
  const disk: Disk = node.disk
  expect(disk.table('identity-fork').map(({ key }) => key)).toEqual([one.did])

  node.crash()
  node.start()
  const again = node.core.context.directory
  expect(again.forkedIdentities.has(one.did)).toBe(true)
  const parties = [node.company.identity.did, one.did]
  const space = must(node.perform(() => node.desk.foundSpace({ title: 'Both', pairing: 'CTO', parties })))
  const peer = { ...again.ownPeer, did: one.did }
  if ('code' in space) throw new Error('no space')
  expect(again.question('send', peer, space, undefined, clock.nowMs).space.frozen).toBe(true)
})
