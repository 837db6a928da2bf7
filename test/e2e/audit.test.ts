// protocols/audit between real nodes, on sockets and disks: cosigned, exported, checked by the command line, erased.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../scripts/company-process.ts'
import { checkLog } from '../../src/audit/log-check.ts'
import type { AuditRecord } from '../../src/audit/record.ts'
import { readFolder, readLines, writeFolder } from '../../src/cli/audit-folder.ts'
import type { Home } from '../../src/node/home/home.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import type { AuditLogJson } from '../../src/node/surface/audit-json.ts'
import { fromUtf8 } from '../../src/wire/bytes.ts'
import { type Joined, joinNodes, startNode } from './nodes.ts'

let joined: Joined
beforeAll(async () => {
  joined = await joinNodes(['Acme', 'Globex', 'Initech'])
})
afterAll(() => joined.close())

const logsOf = async (node: LocalNode, space: string): Promise<AuditLogJson[]> =>
  (await node.audit()).logs.filter(log => log.space === space)

/** The log that a node writes in the space, once `companies` others have cosigned some of it. */
function witnessed(node: LocalNode, space: string, companies: number): Promise<AuditLogJson> {
  return until('a cosigned log', async () => {
    const [log] = (await logsOf(node, space)).filter(({ writing }) => writing)
    return log && log.witnesses.length >= companies && log.witnessedSize > 1 && log
  })
}

async function bytesOf(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return new Uint8Array(Buffer.concat(all))
}

test('[AUD-15] [AUD-17] a log is cosigned by whom it meets, and its export holds and says so', async () => {
  const { nodes, homes, space } = joined
  const [, globex] = nodes as [LocalNode, LocalNode]
  const log = await witnessed(globex, space, 2)
  const written = await readLines(globex.exportAudit(log.id))
  const dir = join(homes[1]?.dir as string, 'exported')
  await writeFolder(dir, written, true)
  const folder = await readFolder(dir)
  const check = checkLog(folder)
  expect(check.findings).toEqual([])
  expect(check.cosigned.map(({ certified }) => certified)).toEqual([true, true])
  expect(check.records.get(0)).toMatchObject({ type: 'opened' })
  const kinds = new Set([...check.records.values()].map(({ type }) => type))
  expect(kinds).toContain('signature')
  expect(readFileSync(join(dir, 'policy'), 'utf8')).toMatch(/\ngroup companies 2 c1 c2\nquorum companies\n$/)
  for (const path of ['checkpoint', 'tile/entries/000.p/1']) {
    const served = await bytesOf(globex.auditResource(log.id, path))
    const size = Number(fromUtf8(await bytesOf(globex.auditResource(log.id, 'checkpoint'))).split('\n')[1])
    if (path === 'checkpoint') expect(fromUtf8(served)).toContain(log.origin)
    else expect(served.length).toBe(34)
    expect(size).toBeGreaterThanOrEqual(written.leaves.length)
  }
  writeFileSync(join(dir, 'tile/0/000.p', String(written.leaves.length)), 'x')
  expect(checkLog(await readFolder(dir)).findings).toMatchObject([{ code: 'log-tile' }])
  rmSync(join(dir, 'records.jsonl'))
  expect(checkLog(await readFolder(dir)).erased).toBe(written.leaves.length)
})

/** What the log says by now, of records of one type. */
async function recordsOf(node: LocalNode, id: string, type: string): Promise<AuditRecord[]> {
  const { records } = checkLog(await readLines(node.exportAudit(id, { upTo: 'newest' })))
  return [...records.values()].filter(record => record.type === type)
}

test('[AUD-3] every way in which content is given out or changed here is written down, and each seal', async () => {
  const { nodes, space } = joined
  const [acme, globex] = nodes as [LocalNode, LocalNode]
  const { id } = await witnessed(acme, space, 1)
  const facts = {
    kind: 'StandardsDoc.v1',
    title: 'Watched',
    class: 'shared-confidential',
    text: 'one\n'
  } as const
  const { id: artifact } = await acme.createArtifact({ ...facts, space })
  const { frontier, facet } = await acme.read(artifact)
  const [line] = await acme.log(artifact)
  await acme.passages(artifact)
  await acme.draft(artifact, line?.id as string)
  await acme.editText(artifact, { base: frontier, text: 'two\n' })
  await acme.previewShare(artifact, { class: 'public' })
  await bytesOf(acme.exportArtifact(artifact))
  const view = await acme.views.open(artifact, {
    updates: () => undefined,
    presence: () => undefined,
    stale: () => undefined,
    failed: () => undefined
  })
  await view.close()
  await until('the document', async () => (await globex.read(artifact)).text === 'two\n')
  const sealed = await bytesOf(acme.seal(artifact, { with: [(await globex.status()).company.did] }))
  const accesses = (await recordsOf(acme, id, 'access')).filter(record => record['facet'] === facet)
  const ways = [
    'create',
    'draft',
    'edit',
    'export',
    'log',
    'passages',
    'read',
    'seal',
    'share-preview',
    'view'
  ]
  expect([...new Set(accesses.map(({ what }) => what))].toSorted()).toEqual(ways)
  await bytesOf(globex.countersign(Readable.from([sealed])))
  const [theirs] = (await logsOf(globex, space)).filter(({ writing }) => writing)
  for (const [node, log] of [
    [acme, id],
    [globex, theirs?.id as string]
  ] as const)
    expect(await recordsOf(node, log, 'signature')).toContainEqual(expect.objectContaining({ what: 'seal' }))
  const countersigned = await recordsOf(globex, theirs?.id as string, 'access')
  expect(countersigned).toContainEqual(expect.objectContaining({ facet, what: 'countersign' }))
})

test('[AUD-2] a record is erased, on disk as well, and the log still holds', async () => {
  const { nodes, homes, space } = joined
  const initech = nodes[2] as LocalNode
  const { id } = await witnessed(initech, space, 1)
  await initech.eraseAudit(id, 1)
  const before = await readLines(initech.exportAudit(id, { upTo: 'newest' }))
  expect(checkLog(before)).toMatchObject({ erased: 1, findings: [] })
  await initech.close()
  // The one that dials: whoever listened is at another port now.
  nodes[2] = await startNode(homes[2] as Home)
  const after = await readLines(nodes[2].exportAudit(id, { upTo: 'newest' }))
  expect(checkLog(after)).toMatchObject({ erased: 1, findings: [] })
  expect(after.leaves.length).toBeGreaterThanOrEqual(before.leaves.length)
  await expect(nodes[2].eraseAudit(id, 10_000)).rejects.toMatchObject({ code: 'no-such-record' })
})

test('[AUD-9] [AUD-12] after a restart a new log follows the old one, which all still holds', async () => {
  const { nodes, space, artifact } = joined
  const initech = nodes[2] as LocalNode
  const { frontier } = await initech.read(artifact)
  await initech.editText(artifact, { base: frontier, text: 'after the restart\n' })
  const fresh = await witnessed(initech, space, 1)
  const all = await logsOf(initech, space)
  expect(all.length).toBe(2)
  const [old] = all.filter(({ id }) => id !== fresh.id)
  const written = await readLines(initech.exportAudit(fresh.id))
  const { findings, opening } = checkLog(written)
  expect(findings).toEqual([])
  expect(opening?.before).toMatchObject({ origin: old?.origin, size: old?.size })
})
