// Two nodes are parted and go on editing: the line between them goes dead, or one of them is suspended (SIGSTOP). Real
// processes, real sockets. Once that is over they must be in sync within 20 s.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeInvite, type Invite, parseInvite } from '../../src/identity/invite.ts'
import { type CompanyProcess, freePort, startCompany, until } from '../../scripts/company-process.ts'
import { createCompanyHome } from '../e2e/homes.ts'
import { Link } from './link.ts'
import { sealAgreement } from '../../scripts/seal-agreement.ts'

export const IN_SYNC_MS = 20_000
const EDIT_EVERY_MS = 200

/** - cut: nothing passes in either direction, and no connection ends; - suspended: one of the two stands still. */
export const WAYS = ['cut', 'suspended'] as const
export type Way = (typeof WAYS)[number]

export interface Parted {
  way: Way
  apartMs: number
  /** Of both while they were apart; who is suspended makes none. */
  edits: number
  /** Until the last of those that run had noticed that the other is gone. */
  noticedMs: number
  /** From the end of it to equal struct roots. */
  inSyncMs: number
}

interface Side {
  company: CompanyProcess
  /** How the other one reaches it. */
  link: Link
}

export async function part(way: Way, seconds: number, say: (line: string) => void): Promise<Parted> {
  const base = mkdtempSync(join(tmpdir(), 'parley-parted-'))
  const sides: Side[] = []
  try {
    for (const name of ['Acme', 'Borealis']) {
      const port = await freePort()
      const home = join(base, name)
      await createCompanyHome(home, name, { listen: [`/ip4/127.0.0.1/tcp/${port}`] })
      sides.push({ company: await startCompany(name, home), link: await Link.open(port) })
    }
    return await play(sides as [Side, Side], way, seconds, say)
  } finally {
    for (const { company } of sides) company.signal('SIGCONT')
    await Promise.all(sides.map(({ company }) => company.stop()))
    await Promise.all(sides.map(({ link }) => link.close()))
    rmSync(base, { recursive: true, force: true })
  }
}

async function play(
  [a, b]: [Side, Side],
  way: Way,
  seconds: number,
  say: (line: string) => void
): Promise<Parted> {
  const id = await shared(a, b)
  const running = way === 'cut' ? [a, b] : [a]
  if (way === 'cut') for (const { link } of [a, b]) link.cut()
  else b.company.signal('SIGSTOP')
  say(`${way} for ${seconds} s`)
  const began = performance.now()
  const noticed = Promise.all(running.map(({ company }) => goneAt(company, seconds)))
  const edits = await Promise.all(running.map(({ company }) => edit(company, id, began + seconds * 1000)))
  const noticedMs = Math.round(Math.max(...(await noticed)) - began)
  if (way === 'cut') for (const { link } of [a, b]) link.heal()
  else b.company.signal('SIGCONT')
  const over = performance.now()
  const wrote = edits.flat()
  await until('both to hold all edits', () => equal(a, b, id, wrote), 2 * IN_SYNC_MS)
  const inSyncMs = Math.round(performance.now() - over)
  const parted = { way, apartMs: Math.round(over - began), edits: wrote.length, noticedMs, inSyncMs }
  say(`noticed after ${noticedMs} ms; in sync ${inSyncMs} ms after it was over, with ${wrote.length} edits`)
  return parted
}

/** When the node says that nobody is connected. */
async function goneAt({ name, api }: CompanyProcess, seconds: number): Promise<number> {
  const gone = async () => (await api.peers()).every(({ connected }) => !connected)
  await until(`${name} to notice`, gone, seconds * 1000)
  return performance.now()
}

/** @returns the lines that it wrote */
async function edit({ name, api }: CompanyProcess, id: string, untilMs: number): Promise<string[]> {
  const lines: string[] = []
  while (performance.now() < untilMs) {
    const line = `${name} ${lines.length} while apart.`
    const { text, frontier } = await api.read(id)
    await api.editText(id, { base: frontier, text: `${text}${line}\n` })
    lines.push(line)
    await new Promise(resolve => setTimeout(resolve, EDIT_EVERY_MS))
  }
  return lines
}

async function equal(a: Side, b: Side, id: string, lines: string[]): Promise<boolean> {
  const [one, two] = await Promise.all([a, b].map(({ company }) => company.api.read(id)))
  if (!one || one.structRoot !== two?.structRoot || one.text !== two.text) return false
  const found = new Set(one.text.split('\n'))
  return lines.every(line => found.has(line))
}

/** Two companies that reach each other over the links alone, one space, one document. */
async function shared(a: Side, b: Side): Promise<string> {
  const [one, two] = [a.company.api, b.company.api]
  const [didA, didB] = [(await one.status()).company.did, (await two.status()).company.did]
  const { token } = await two.createInvite({ expiresInMs: 600_000 })
  await one.join(encodeInvite({ ...(parseInvite(token) as Invite), addresses: [await addressOf(b)] }))
  await two.connect(await addressOf(a))
  await one.confirm(didB, { by: 'test', how: 'test' })
  await two.confirm(didA, { by: 'test', how: 'test' })
  const space = await one.createSpace({ title: 'Two', pairing: 'CTO', parties: [didB] })
  await until('the space', async () => (await two.spaces()).some(item => item.id === space.id))
  await two.acceptSpace(space.id)
  await until('both acceptances', async () => {
    const seen = (await one.spaces()).find(item => item.id === space.id)
    return seen?.parties.every(party => party.accepted)
  })
  await sealAgreement([one, two], space.id)
  const facts = { kind: 'StandardsDoc.v1', title: 'Shared', class: 'shared-confidential' } as const
  const { id } = await one.createArtifact({ ...facts, space: space.id, text: '\n' })
  await until('the document', async () => (await two.read(id)).text === '\n')
  return id
}

async function addressOf({ company, link }: Side): Promise<string> {
  return `/ip4/127.0.0.1/tcp/${link.port}/p2p/${(await company.api.status()).peerId}`
}
