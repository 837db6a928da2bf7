// A start by checkpoint, with a real node on a real disk.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Y from 'yjs'
import { Checkpoints } from '../../../src/node/documents/checkpoints.ts'
import type { Documents } from '../../../src/node/documents/documents.ts'
import type { Home } from '../../../src/node/home/home.ts'
import type { LocalNode } from '../../../src/node/local-node.ts'
import { LibP2PProvider } from '../../../src/node/y-libp2p.ts'
import type { Facet } from '../../../src/replica/facet.ts'
import { openDatabase } from '../../../src/store/level-database.ts'
import { databaseFolder } from '../../../src/store/open-folder.ts'
import { LevelStore } from '../../../src/store/level-store.ts'
import { MemoryStore } from '../../../src/store/memory-store.ts'
import type { HeldFacet } from '../../../src/sync/context.ts'
import { toHex } from '../../../src/wire/bytes.ts'
import { createCompanyHome } from '../../e2e/homes.ts'
import { startNode } from '../../e2e/nodes.ts'
import { run } from '../../crash/process.ts'

const EDITS = 600
let base = ''
let home: Home
/** Envelopes that the last start read. */
let read = 0

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'parley-checkpoints-'))
  home = await createCompanyHome(join(base, 'home'), 'Acme', { coalesceMs: 0 })
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

async function start(): Promise<LocalNode> {
  read = 0
  return startNode(home, {
    offline: true,
    openStore: async dir => {
      const store = await LevelStore.open(dir)
      const { scan, readEnvelopes } = store
      store.scan = async function* (facet) {
        for await (const chunk of scan.call(store, facet)) {
          read += chunk.length
          yield chunk
        }
      }
      store.readEnvelopes = async (...place) => {
        const found = await readEnvelopes.apply(store, place)
        read += found.length
        return found
      }
      return store
    }
  })
}

async function type(node: LocalNode, artifact: string, edits: number): Promise<void> {
  const doc = new Y.Doc()
  const provider = new LibP2PProvider(doc, node, artifact)
  await provider.whenSynced
  const text = doc.getText('text')
  for (let i = 0; i < edits; i++) text.insert(text.length, String(i % 10))
  await provider.flush()
  await provider.destroy()
}

const textOf = async (node: LocalNode, artifact: string) => (await node.read(artifact)).text

test('[SYN-42] [SYN-43] a start reads what its checkpoint does not cover, and shows all of it', async () => {
  let node = await start()
  const { id } = await node.createArtifact({ kind: 'StandardsDoc.v1', title: 'Long', class: 'private' })
  await type(node, id, EDITS)
  const whole = await textOf(node, id)
  const { structRoot } = await node.read(id)
  await node.close()

  node = await start()
  expect(read).toBe(0)
  expect(await node.read(id)).toMatchObject({ text: whole, structRoot })
  // The document came from its one update.
  expect(read).toBe(0)
  expect((await node.log(id)).length).toBeGreaterThanOrEqual(EDITS)
  await type(node, id, 5)
  expect(await textOf(node, id)).toBe(`${whole}01234`)
  await node.close()

  node = await start()
  expect(read).toBe(5)
  expect(await textOf(node, id)).toBe(`${whole}01234`)
  expect(read).toBe(10)
  const [facet] = (await node.artifacts())[0]?.facets ?? []
  expect(await node.checkFacet(facet?.id as string)).toMatchObject({ wrong: [] })
  await node.close()
})

test('[STO-29] a damaged checkpoint or document is made anew at the next stop', async () => {
  for (const table of ['checkpoint', 'document']) {
    await damage(`t${table}\0`)
    let node = await start()
    const { id } = (await node.artifacts())[0] as { id: string }
    const { text } = await node.read(id)
    expect(text).toHaveLength(EDITS + 5)
    expect(read).toBeGreaterThanOrEqual(EDITS)
    expect((await node.status()).troubles.filter(trouble => trouble.includes('missing'))).toEqual([])
    await node.close()
    node = await start()
    expect((await node.read(id)).text).toBe(text)
    expect(read).toBe(0)
    await node.close()
  }
})

test('[STO-29] doctor calls a damaged checkpoint rebuilt, and nothing else', async () => {
  const doctor = () => run(['doctor', '--home', home.dir])
  await damage('tcheckpoint\0')
  const { exit, stdout } = await doctor()
  expect({ exit, troubles: stdout.split('\n').filter(line => /"(?:fail|warn)"/.test(line)) }).toEqual({
    exit: 0,
    troubles: [
      expect.stringContaining('root key'),
      expect.stringContaining('recovery sheet'),
      expect.stringContaining('unlock key')
    ]
  })
  expect(stdout).toContain('rebuilt')
  expect((await doctor()).stdout).not.toContain('rebuilt')
})

/** One bit of the first record whose key begins so. */
async function damage(beginning: string): Promise<void> {
  const db = await openDatabase(databaseFolder(join(home.dir, 'store')))
  for await (const [key, value] of db.iterator({ gte: Buffer.from(beginning), limit: 1 })) {
    expect(key.toString()).toContain(beginning)
    value[9] = (value[9] as number) ^ 1
    await db.put(key, value)
  }
  await db.close()
}

test('[STO-29] of several parts all are there, or none counts', async () => {
  const id = new Uint8Array(32)
  const state = randomBytes(2_000_000)
  const given: number[] = []
  const facet = {
    id,
    size: EDITS,
    checkpoint: () => state,
    restore: (bytes: Uint8Array) => given.push(bytes.length) > 0,
    used: () => ({ bytes: 1e9 })
  } as unknown as Facet
  const documents = { state: () => Promise.resolve({ state, frontier: [] }) } as unknown as Documents
  const store = new MemoryStore('00'.repeat(16))
  const checkpoints = new Checkpoints(store, new Map([[toHex(id), { facet } as HeldFacet]]), documents)
  await checkpoints.stop()
  expect((await checkpoints.document(facet))?.state).toEqual(new Uint8Array(state))
  expect([await checkpoints.restore(toHex(id), facet), given]).toEqual([true, [state.length]])
  for (const table of ['document', 'checkpoint']) {
    const parts = (await Array.fromAsync(store.list(table))).map(({ key }) => key)
    expect(parts).toHaveLength(4)
    await store.write([{ kind: 'del', table, key: parts[1] as string }])
  }
  expect(await checkpoints.document(facet)).toBeUndefined()
  expect(await checkpoints.restore(toHex(id), facet)).toBe(false)
})

test('[SYN-43] a document that was kept is given back only while all of its heads count', async () => {
  let counts = true
  const [id, head] = [new Uint8Array(32), { client: 1, seq: 599, id: new Uint8Array(32) }]
  const facet = {
    id,
    size: EDITS,
    checkpoint: () => new Uint8Array(1),
    used: () => ({ bytes: 1_000_000, items: EDITS }),
    find: () => ({}),
    counts: () => counts
  } as unknown as Facet
  const state = new TextEncoder().encode('kept '.repeat(1_000))
  const documents = { state: () => Promise.resolve({ state, frontier: [head] }) } as unknown as Documents
  const held = { facet } as HeldFacet
  const checkpoints = new Checkpoints(
    new MemoryStore('00'.repeat(16)),
    new Map([[toHex(id), held]]),
    documents
  )
  await checkpoints.stop()
  expect(await checkpoints.document(facet)).toEqual({ state, heads: [head] })
  counts = false
  expect(await checkpoints.document(facet)).toBeUndefined()
})
