// A certificate of a role comes near its end, ends, and is renewed, on a running node: what it says each time, and
// what still works.
import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Validity } from '../../src/identity/certificate.ts'
import { certify, validityFrom } from '../../src/node/home/company.ts'
import { renewable } from '../../src/node/expiry.ts'
import { unlockRoot } from '../../src/node/home/keys.ts'
import { type Home, readIdentity } from '../../src/node/home/home.ts'
import type { NodeEvent } from '../../src/node/surface/parley-node.ts'
import { createCompanyHome } from './homes.ts'
import { startNode } from './nodes.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

async function company(): Promise<Home> {
  const base = mkdtempSync(join(tmpdir(), 'parley-expiry-'))
  onTestFinished(() => rmSync(base, { recursive: true, force: true }))
  return createCompanyHome(join(base, 'acme'), 'Acme')
}

/** A certificate for the CTO's key that ends so many milliseconds from now. */
async function endIn(home: Home, leftMs: number): Promise<void> {
  const validUntil = Math.floor((Date.now() + leftMs) / 1000) * 1000
  await give(home, { validFrom: validUntil - 90 * DAY_MS, validUntil })
}

async function give(home: Home, validity: Validity): Promise<void> {
  const found = (await renewable(home, await readIdentity(home))).find(({ use }) => use === 'CTO')
  if (found?.held.kind !== 'role') throw new Error('there is no CTO')
  const { certificate } = found.held
  const asked = { kind: 'role', request: certificate } as const
  await certify(home, await unlockRoot(home, undefined), asked, { powers: certificate.powers, ...validity })
}

test('[IDN-34] [API-24] a status and an event tell of a certificate as its end comes near', async () => {
  const home = await company()
  const logged: string[] = []
  const node = await startNode(home, { log: (_level, message) => logged.push(message) })
  onTestFinished(() => node.close())
  const heard: NodeEvent[] = []
  node.subscribe(event => event.event === 'certificate' && heard.push(event))
  const states = async (leftMs: number) => {
    await endIn(home, leftMs)
    await node.refresh()
    return (await node.status()).due.map(({ use, state, here }) => ({ use, state, here }))
  }
  expect(await states(31 * DAY_MS)).toEqual([])
  expect(await states(30 * DAY_MS - MINUTE_MS)).toEqual([{ use: 'CTO', state: 'ending', here: true }])
  expect(await states(DAY_MS)).toEqual([{ use: 'CTO', state: 'ending', here: true }])
  await node.refresh() // nothing is told twice
  expect(await states(-1_000)).toEqual([{ use: 'CTO', state: 'ended', here: true }])
  expect(heard.map(event => 'state' in event && event.state)).toEqual(['ending', 'ending', 'ended'])
  expect(logged.filter(line => line.includes('certificate of CTO')).at(-1)).toContain('parley renew')
})

test('[IDN-34] after the end the key signs nothing, everything is read, and a renewal ends that', async () => {
  const home = await company()
  const node = await startNode(home)
  onTestFinished(() => node.close())
  const { id } = await node.createArtifact({
    kind: 'StandardsDoc.v1',
    title: 'Ours',
    class: 'private',
    text: 'before the end\n'
  })
  await endIn(home, -1_000)
  await node.refresh()
  const { frontier, text } = await node.read(id)
  expect(text).toBe('before the end\n')
  const edit = { base: frontier, text: `${text}after the end\n` }
  await expect(node.editText(id, edit)).rejects.toMatchObject({
    code: 'certificate-expired',
    next: expect.stringContaining('parley renew')
  })
  await give(home, validityFrom(Date.now()))
  await node.refresh()
  expect((await node.status()).due).toEqual([])
  expect((await node.editText(id, edit)).text).toBe('before the end\nafter the end\n')
})
