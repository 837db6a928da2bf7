// When people hear that a certificate ends, and in which words: in the days before, on the day, and after.
import { describe, expect, test } from 'vitest'
import { addIdentityEntry, certify, validityFrom } from '../../src/node/home/company.ts'
import { dueAt, dueSentence, renewable, type Ending } from '../../src/node/expiry.ts'
import { unlockRoot } from '../../src/node/home/keys.ts'
import { type Home, readIdentity } from '../../src/node/home/home.ts'
import { NOW, acme, withRole } from './home/homes.ts'

const DAY_MS = 86_400_000
const HOUR_MS = DAY_MS / 24

/** The certificate of a holder, as it is told of so long before its end. */
function told(leftMs: number, more: Partial<Ending> = {}): string[] {
  const one = { use: 'CTO', name: 'Ada', key: 'z6Mk', expiresAt: NOW, here: true, ...more } as Ending
  return dueAt([one], NOW - leftMs).map(due => dueSentence(due, NOW - leftMs))
}

describe('[IDN-34] the end of a certificate', () => {
  test('[IDN-34] is not told of 31 days ahead, nor a moment before the thirtieth', () => {
    expect(told(31 * DAY_MS)).toEqual([])
    expect(told(30 * DAY_MS + 1)).toEqual([])
  })

  test('[IDN-34] is told of from 30 days ahead on', () => {
    expect(told(30 * DAY_MS)).toEqual(['the certificate of CTO Ada ends in 30 days, on 2026-01-31'])
    expect(told(DAY_MS)).toEqual(['the certificate of CTO Ada ends in 1 day, on 2026-01-31'])
    expect(told(2 * HOUR_MS)).toEqual(['the certificate of CTO Ada ends in 2 hours, on 2026-01-31'])
    expect(told(1)).toEqual(['the certificate of CTO Ada ends in less than an hour, on 2026-01-31'])
  })

  test('[IDN-34] has come at 0, with what that means', () => {
    const ended = (use: string) => dueAt([{ use, here: true, expiresAt: NOW } as Ending], NOW)
    expect(ended('CTO')).toMatchObject([{ state: 'ended' }])
    expect(told(-3 * DAY_MS)).toEqual([
      'the certificate of CTO Ada ended 3 days ago, on 2026-01-31: the key signs nothing until it is renewed'
    ])
    expect(told(-DAY_MS, { use: 'node', name: 'office' })).toEqual([
      'the certificate of node office ended 1 day ago, on 2026-01-31: peers give it nothing until it is renewed'
    ])
  })

  test('[IDN-34] of a key elsewhere is told of until 30 days after, of one here for good', () => {
    expect(told(-30 * DAY_MS, { here: false })).toHaveLength(1)
    expect(told(-30 * DAY_MS - 1, { here: false })).toEqual([])
    expect(told(-400 * DAY_MS)).toHaveLength(1)
  })
})

async function endings(home: Home): Promise<[string, number][]> {
  const all = await renewable(home, await readIdentity(home))
  return all.map(({ use, expiresAt }) => [use, expiresAt])
}

test('[IDN-34] what could be renewed comes in the order of its end, without keys that are revoked', async () => {
  const home = await acme()
  const key = await withRole(home, 'CTO', 1)
  await withRole(home, 'CFO', 2)
  const [cto] = (await renewable(home, await readIdentity(home))).filter(({ use }) => use === 'CTO')
  const root = await unlockRoot(home, undefined)
  if (cto?.held.kind !== 'role') throw new Error('no certificate')
  const asked = { kind: 'role', request: cto.held.certificate } as const
  await certify(home, root, asked, { powers: ['advise'], ...validityFrom(NOW, 10) })
  expect((await endings(home)).map(([use]) => use)[0]).toBe('CTO')
  const change = { revoke: [key.publicKey] }
  await addIdentityEntry(home, { change, passphrase: undefined, timeMs: NOW })
  expect((await endings(home)).map(([use]) => use).toSorted()).toEqual(['CFO', 'node'])
})

test('[IDN-34] what a revoked root key gave has ended, and can be given again', async () => {
  const home = await acme()
  const spent = (await unlockRoot(home, undefined)).publicKey
  await addIdentityEntry(home, { change: { revoke: [spent] }, passphrase: undefined, timeMs: NOW })
  expect(await endings(home)).toEqual([['node', 0]])
  const due = dueAt(await renewable(home, await readIdentity(home)), NOW)
  expect(due.map(one => dueSentence(one, NOW))).toEqual([
    'the certificate of node office has ended with the root key that gave it'
  ])
})
