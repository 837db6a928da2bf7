// Design section 15, invariant 8, on a real node: one kind of attack of each sort for a second. All kinds, for ten
// seconds each: node scripts/run.cjs test/hostile/main.ts
import { afterAll, beforeAll, expect, it } from 'vitest'
import { kinds } from './kinds.ts'
import { Ring } from './ring.ts'

const ring = new Ring({ seconds: 1, sameProcess: true })
const QUICK = [
  'tcp-silent-many-hosts',
  'multistream-endless-lines',
  'noise-garbage',
  'identities-invited',
  'yamux-4-gib-frame',
  'yamux-rapid-reset',
  'stream-endless-lines',
  'frame-length-huge',
  'frames-tiny',
  'hello-replay',
  'spaces-many-tips',
  'need-in-parallel',
  'socket-unread',
  'receipts-bad',
  'run-64-kib',
  'run-forks',
  'entries-chain',
  'rulings-that-wait',
  'hop-endless-length',
  'relay-garbage-after-ok',
  'stop-garbage',
  // Last, since what it leaves in the store is read by every start after it.
  'want-messages-ids'
]

beforeAll(() => ring.open(), 120_000)
afterAll(() => ring.close())

for (const name of QUICK) {
  const kind = kinds.find(other => other.name === name)
  it(`[NET-26] ${name}: members connect and edit, the process lives within its limits`, async () => {
    if (!kind) throw new Error(`no kind ${name}`)
    const { broken } = await ring.play(kind)
    expect(broken).toEqual([])
  }, 90_000)
}
