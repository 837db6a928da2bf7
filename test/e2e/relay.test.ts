// Two companies whose nodes nobody can dial write together through the node of a third, each a process of its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CompanyProcess, freePort, startCompany, until } from '../../scripts/company-process.ts'
import { createCompanyHome } from './homes.ts'
import { agreed, meet, share } from './nodes.ts'

const base = mkdtempSync(join(tmpdir(), 'parley-relay-'))
const running = new Map<string, CompanyProcess>()
let relayArgs: string[]

async function start(name: string, ...args: string[]): Promise<CompanyProcess> {
  const company = await startCompany(name, join(base, name), args)
  running.set(name, company)
  return company
}

beforeAll(async () => {
  for (const name of ['Acme', 'Borealis', 'Cygnus'])
    await createCompanyHome(join(base, name), name, { listen: [], coalesceMs: 0 })
  relayArgs = ['--relay', '--listen', `/ip4/127.0.0.1/tcp/${await freePort()}`]
}, 60_000)

afterAll(async () => {
  await Promise.all([...running.values()].map(company => company.stop()))
  rmSync(base, { recursive: true, force: true })
})

it(
  '[NET-28] an edit passes both ways through the node of a third, which learns nothing of it, and again after that was killed',
  { timeout: 240_000 },
  async () => {
    const [acme, first, cygnus] = await Promise.all([
      start('Acme'),
      start('Borealis'),
      start('Cygnus', ...relayArgs)
    ])
    await meet(cygnus.api, acme.api)
    await meet(cygnus.api, first.api)
    await expect(first.api.createInvite({ expiresInMs: 60_000 })).rejects.toMatchObject({
      code: 'not-listening'
    })
    const [offered] = (await first.api.status()).relays.offered
    expect(offered?.company).toBe('Cygnus')
    await first.stop()
    const borealis = await start('Borealis', '--listen', offered?.address as string)
    await until('a place at the relay', async () => (await borealis.api.status()).listening.length === 1)
    await meet(borealis.api, acme.api)
    const both = [acme.api, borealis.api]
    const space = await share(both)
    const facts = { kind: 'StandardsDoc.v1', title: 'Shared', class: 'shared-confidential', space } as const
    const { id } = await acme.api.createArtifact({ ...facts, text: 'from Acme\n' })
    await until('the document', async () => (await borealis.api.read(id)).text === 'from Acme\n')
    const { text, frontier } = await borealis.api.read(id)
    await borealis.api.editText(id, { base: frontier, text: `${text}from Borealis\n` })
    await until('the edit', async () => (await agreed(both, id)) === 'from Acme\nfrom Borealis\n')

    const relay = await cygnus.api.status()
    expect(relay.relays.forOthers).toEqual({ reservations: 1, circuits: 1 })
    expect(relay.artifacts).toBe(0)
    expect((await cygnus.api.spaces()).map(known => known.id)).not.toContain(space)
    const arrivals = (await borealis.api.status()).arrivals.map(({ address }) => address)
    expect(arrivals.some(address => address.includes('/p2p-circuit/'))).toBe(true)

    await cygnus.kill()
    await until('the end of the sessions', async () => {
      const peers = (await Promise.all(both.map(api => api.peers()))).flat()
      return peers.every(({ connected }) => !connected)
    })
    const before = await acme.api.read(id)
    await acme.api.editText(id, { base: before.frontier, text: `${before.text}after\n` })
    await start('Cygnus', ...relayArgs)
    await until('the edit', async () => (await agreed(both, id)).endsWith('after\n'))
  }
)
