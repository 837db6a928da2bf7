// One of two nodes is suspended (SIGSTOP) while the other goes on editing; after SIGCONT it must be in sync
// within 20 s. Real processes, real sockets. Run with the number of seconds; a minute is what the issue asks.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CompanyProcess, freePort, startCompany, until } from '../../scripts/company-process.ts'
import { createCompanyHome } from './homes.ts'

export const IN_SYNC_MS = 20_000

export interface Suspension {
  suspendedMs: number
  edits: number
  /** From SIGCONT to equal struct roots. */
  inSyncMs: number
}

export async function suspend(seconds: number, say: (line: string) => void): Promise<Suspension> {
  const base = mkdtempSync(join(tmpdir(), 'parley-suspend-'))
  const running: CompanyProcess[] = []
  try {
    for (const name of ['Acme', 'Borealis']) {
      const home = join(base, name)
      await createCompanyHome(home, name, { listen: [`/ip4/127.0.0.1/tcp/${await freePort()}`] })
      running.push(await startCompany(name, home))
    }
    return await play(running as [CompanyProcess, CompanyProcess], seconds, say)
  } finally {
    for (const company of running) company.signal('SIGCONT')
    await Promise.all(running.map(company => company.stop()))
    rmSync(base, { recursive: true, force: true })
  }
}

async function play(
  [a, b]: [CompanyProcess, CompanyProcess],
  seconds: number,
  say: (line: string) => void
): Promise<Suspension> {
  const id = await shared(a, b)
  b.signal('SIGSTOP')
  say(`${b.name} is suspended for ${seconds} s`)
  const stopped = performance.now()
  let edits = 0
  while (performance.now() - stopped < seconds * 1000) {
    const { text, frontier } = await a.api.read(id)
    await a.api.editText(id, { base: frontier, text: `${text}Edit ${edits} while the other slept.\n` })
    edits++
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  b.signal('SIGCONT')
  const resumed = performance.now()
  const { structRoot } = await a.api.read(id)
  await until(
    'the suspended node to catch up',
    async () => (await b.api.read(id)).structRoot === structRoot,
    2 * IN_SYNC_MS
  )
  const result = {
    suspendedMs: Math.round(resumed - stopped),
    edits,
    inSyncMs: Math.round(performance.now() - resumed)
  }
  say(`in sync ${result.inSyncMs} ms after it resumed, with ${edits} edits made meanwhile`)
  return result
}

/** Two companies that know each other, one space, one document. */
async function shared(a: CompanyProcess, b: CompanyProcess): Promise<string> {
  const [didA, didB] = [(await a.api.status()).company.did, (await b.api.status()).company.did]
  await a.api.join((await b.api.createInvite({ expiresInMs: 600_000 })).token)
  await a.api.confirm(didB, { by: 'test', how: 'test' })
  await b.api.confirm(didA, { by: 'test', how: 'test' })
  const space = await a.api.createSpace({ title: 'Two', pairing: 'CTO', parties: [didB] })
  await until('the space', async () => (await b.api.spaces()).some(item => item.id === space.id))
  await b.api.acceptSpace(space.id)
  await until('both acceptances', async () => {
    const seen = (await a.api.spaces()).find(item => item.id === space.id)
    return seen?.parties.every(party => party.accepted)
  })
  const options = {
    kind: 'StandardsDoc.v1',
    title: 'Shared',
    class: 'shared-confidential',
    space: space.id,
    text: '\n'
  } as const
  const { id } = await a.api.createArtifact(options)
  await until('the document', async () => (await b.api.read(id)).text === '\n')
  return id
}

if (import.meta.main) {
  const seconds = Number(process.argv[2] ?? 60)
  const { inSyncMs } = await suspend(seconds, line => console.error(line))
  process.exitCode = inSyncMs <= IN_SYNC_MS ? 0 : 1
}
