// Several nodes in this process, on real sockets and disks, that know each other and share a space and a document.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../scripts/company-process.ts'
import { type CreateNodeOptions, createNode } from '../../src/node/create-node.ts'
import type { Home } from '../../src/node/home/home.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import type { ParleyNode } from '../../src/node/surface/parley-node.ts'
import { createCompanyHome, keysOf } from './homes.ts'
import { sealAgreement } from '../../scripts/seal-agreement.ts'

export interface Joined {
  nodes: LocalNode[]
  homes: Home[]
  space: string
  /** A StandardsDoc.v1, shared-confidential, whose text is one line break. */
  artifact: string
  close(): Promise<void>
}

export async function startNode(home: Home, more: Partial<CreateNodeOptions> = {}): Promise<LocalNode> {
  return createNode({ home, keys: await keysOf(home), log: () => undefined, ...more })
}

/** Each node is connected to the one before it. */
export async function joinNodes(
  names: string[],
  { coalesceMs = 0, options = {} }: { coalesceMs?: number; options?: Partial<CreateNodeOptions> } = {}
): Promise<Joined> {
  const base = mkdtempSync(join(tmpdir(), 'parley-nodes-'))
  const homes: Home[] = []
  const nodes: LocalNode[] = []
  for (const name of names) {
    const home = await createCompanyHome(join(base, name), name, { coalesceMs })
    homes.push(home)
    nodes.push(await startNode(home, nodes.length === 0 ? options : {}))
  }
  for (let i = 1; i < nodes.length; i++) await meet(nodes[i - 1] as LocalNode, nodes[i] as LocalNode)
  const space = await share(nodes)
  const [first] = nodes as [LocalNode, ...LocalNode[]]
  const facts = {
    kind: 'StandardsDoc.v1',
    title: 'Shared',
    class: 'shared-confidential',
    space,
    text: '\n'
  } as const
  const { id: artifact } = await first.createArtifact(facts)
  for (const node of nodes) await until('the document', async () => (await node.read(artifact)).text === '\n')
  const close = async () => {
    await Promise.all(nodes.map(node => node.close()))
    rmSync(base, { recursive: true, force: true })
  }
  return { nodes, homes, space, artifact, close }
}

export async function didOf(node: ParleyNode): Promise<string> {
  return (await node.status()).company.did
}

/** Invite, join, and confirmation on both sides. */
export async function meet(host: ParleyNode, guest: ParleyNode): Promise<void> {
  await guest.join((await host.createInvite({ expiresInMs: 600_000 })).token)
  await guest.confirm(await didOf(host), { by: 'test', how: 'test' })
  await host.confirm(await didOf(guest), { by: 'test', how: 'test' })
}

/** A space of all of them, accepted by each, with an agreement that all have approved. @returns its id */
export async function share(nodes: ParleyNode[]): Promise<string> {
  const [first, ...others] = nodes as [ParleyNode, ...ParleyNode[]]
  const parties = await Promise.all(others.map(didOf))
  const { id } = await first.createSpace({ title: 'Together', pairing: 'CTO', parties })
  for (const node of others) {
    await until('the space', async () => (await node.spaces()).some(space => space.id === id))
    await node.acceptSpace(id)
  }
  await until('all acceptances', async () => {
    const seen = await Promise.all(
      nodes.map(async node => (await node.spaces()).find(space => space.id === id))
    )
    return seen.every(space => space?.parties.every(party => party.accepted))
  })
  await sealAgreement(nodes, id)
  return id
}

/** Waits until all hold one document. @returns its text */
export async function agreed(nodes: ParleyNode[], artifact: string): Promise<string> {
  return until('one document', async () => {
    const read = await Promise.all(nodes.map(node => node.read(artifact)))
    return read.every(({ structRoot }) => structRoot === read[0]?.structRoot) && read[0]?.text
  })
}
