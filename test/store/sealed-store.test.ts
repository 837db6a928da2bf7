// What stands on disk of a private facet and what of a shared one; what happens where it does not open.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LevelStore } from '../../src/store/level-store.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { SealedStore } from '../../src/store/sealed-store.ts'
import { exportSnapshot, importSnapshot } from '../../src/store/snapshot.ts'
import { tableKey } from '../../src/store/record.ts'
import { encodeRow } from '../../src/store/sealed-record.ts'
import type { Operation, Store } from '../../src/store/store.ts'
import { NAMED, Vault } from '../../src/store/vault.ts'
import { toHex, utf8 } from '../../src/wire/bytes.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import { encodeFacetGenesis, facetId } from '../../src/wire/genesis.ts'
import { temporaryFolder } from './folders.ts'
import { contents, envelope, envelopeText, put, random, run, write } from './samples.ts'

const SYNC = { sync: true }
const ALL = [0, 2 ** 32 - 1, Infinity] as const
const KEY = new Uint8Array(32).fill(7)
const OTHER_KEY = new Uint8Array(32).fill(8)

function facet(dataClass: DataClass, seed: number): { id: string; born: Operation } {
  const bytes = encodeFacetGenesis({
    space: new Uint8Array(32),
    artifact: new Uint8Array(16),
    kind: 'StandardsDoc.v1',
    class: dataClass,
    owner: 0,
    nonce: new Uint8Array(16).fill(seed)
  })
  const id = toHex(facetId(bytes))
  return { id, born: { kind: 'put', table: 'facet', key: id, bytes } }
}

const PRIVATE = facet('private', 1)
const OTHER = facet('private', 2)
const SHARED = facet('shared-confidential', 3)
const PUBLIC = facet('public', 4)

async function filled(): Promise<{ dir: string; stored: LevelStore; store: SealedStore }> {
  const dir = join(temporaryFolder(), 'store')
  const stored = await LevelStore.open(dir)
  const store = await SealedStore.open(stored, [KEY])
  for (const { id, born } of [PRIVATE, OTHER, SHARED, PUBLIC]) {
    const row = put('applied', `${id}/did:a/peer`, `receipt of ${id}`)
    await store.write([born, ...run(id, 7, 0, 5, true), row], SYNC)
  }
  await store.write([put('invite', 'id-of-invite', 'secret'), put('contact', 'did:a', 'known')], SYNC)
  return { dir, stored, store }
}

async function operations(store: Store): Promise<Operation[]> {
  const out: Operation[] = []
  for await (const operation of store.snapshot()) out.push(operation)
  return out
}

/** Writes something else in the place of a sealed thing, with good checksums. */
async function tamper(
  stored: LevelStore,
  change: (operation: Operation) => Operation | undefined
): Promise<void> {
  const changed = (await operations(stored)).flatMap(operation => change(operation) ?? [])
  expect(changed.length).toBeGreaterThan(0)
  await stored.write(changed, SYNC)
}

const flipped = (bytes: Uint8Array) => bytes.map((byte, at) => (at === bytes.length - 20 ? byte ^ 1 : byte))

describe('on disk', () => {
  it('[STO-31] a private facet stands there sealed, under names; shared ones stand as they are', async () => {
    const { stored, store } = await filled()
    const text = (operation: Operation) => JSON.stringify(operation, (_, value: unknown) => value instanceof Uint8Array ? toHex(value) : value) // prettier-ignore
    const disk = (await operations(stored)).map(text).join('\n')
    for (const { id, born } of [PRIVATE, OTHER]) {
      const { header, signature, body, idPrefix } = envelope(id, 7, 3)
      for (const bytes of [header, signature, body!, idPrefix, (born as { bytes: Uint8Array }).bytes])
        expect(disk).not.toContain(toHex(bytes))
      expect(disk).not.toContain(id)
      expect(disk).not.toContain(toHex(utf8(`receipt of ${id}`)))
    }
    for (const { id, born } of [SHARED, PUBLIC]) {
      expect(disk).toContain(text(born))
      expect(disk).toContain(text(write(envelope(id, 7, 3), true)))
      expect(disk).toContain(text(put('applied', `${id}/did:a/peer`, `receipt of ${id}`)))
    }
    expect(disk).not.toContain('id-of-invite')
    expect(disk).not.toContain(toHex(utf8('secret')))
    expect(disk).toContain(text(put('contact', 'did:a', 'known')))
    await store.close()
  })

  it('[STO-31] what nobody knows is sealed: a facet without a genesis, a table without a name here', async () => {
    const stored = await LevelStore.open(join(temporaryFolder(), 'store'))
    const store = await SealedStore.open(stored, [KEY])
    const { id } = facet('shared-confidential', 9)
    await store.write([...run(id, 7, 0, 1), put('thoughts', 'a', 'b')], SYNC)
    const [first, second] = await operations(stored)
    expect(first).toMatchObject({ record: { signature: new Uint8Array(0) } })
    expect(first).not.toMatchObject({ record: { facet: id } })
    expect(second).toMatchObject({ table: 'thoughts', key: expect.stringMatching(/^~/) as string })
    await store.close()
  })

  it('[STO-31] after another start everything is where it was, like a store that seals nothing', async () => {
    const { dir, store } = await filled()
    const model = new MemoryStore('00'.repeat(16))
    for (const operation of await operations(store)) await model.write([operation])
    await store.close()
    const again = await SealedStore.open(await LevelStore.open(dir), [KEY])
    expect(await contents(again)).toEqual(await contents(model))
    for (const { id } of [PRIVATE, SHARED]) {
      expect(again.lanes(id)).toEqual([{ client: 7, own: true, next: 5, count: 5 }])
      const found = await again.readEnvelopes(id, 7, 1, 3, Infinity)
      expect(found.map(envelopeText)).toEqual([1, 2].map(seq => envelopeText(envelope(id, 7, seq))))
      expect(await again.get('applied', `${id}/did:a/peer`)).toEqual(utf8(`receipt of ${id}`))
    }
    for (const prefix of ['', PRIVATE.id, `${SHARED.id}/did`, PRIVATE.id.slice(0, 3)]) {
      const keys = async (from: Store) => {
        const found: string[] = []
        for await (const { key } of from.list('applied', prefix)) found.push(key)
        return found
      }
      expect(await keys(again)).toEqual(await keys(model))
    }
    expect(await again.verify()).toMatchObject({ envelopes: 20, damaged: [] })
    await again.write([{ kind: 'del', table: 'applied', key: `${PRIVATE.id}/did:a/peer` }], SYNC)
    expect(await again.get('applied', `${PRIVATE.id}/did:a/peer`)).toBeUndefined()
    await again.close()
  })

  it('[STO-31] agrees with the model over random writes to private and shared facets, and starts', async () => {
    const dir = join(temporaryFolder(), 'store')
    const model = new MemoryStore('00'.repeat(16))
    const pick = random(20260202)
    const all = [PRIVATE, OTHER, SHARED]
    for (let start = 0; start < 5; start++) {
      const store = await SealedStore.open(await LevelStore.open(dir), [KEY])
      for (let step = 0; step < 40; step++) {
        const { id, born } = all[pick(3)]!
        const lines = [
          born,
          ...run(id, pick(3), 0, pick(20)),
          write(envelope(id, 5, pick(3), 'fork')),
          put('checkpoint', `${id}/00000${pick(3)}/3`, `v${step}`),
          put('sessions', `k${pick(9)}`, `v${step}`)
        ]
        const [ours, theirs] = await Promise.allSettled([store.write(lines, SYNC), model.write(lines)])
        expect(ours.status).toBe(theirs.status)
      }
      expect(await contents(store)).toEqual(await contents(model))
      for (const { id } of all) expect(store.lanes(id)).toEqual(model.lanes(id))
      expect(store.missing()).toEqual([])
      await store.close()
    }
  })

  it('[STO-31] the leaves of a log stand together: one log is read without opening another', async () => {
    const { stored, store } = await filled()
    const logs = ['e0', 'e1'].map(epoch => `${'5a'.repeat(32)}/${epoch.repeat(16)}`)
    for (const log of logs)
      for (let i = 0; i < 3; i++)
        await store.write([put('audit-leaf', `${log}/000000${i}`, `${log} ${i}`)], SYNC)
    const leaves = async (from: Store, prefix: string) =>
      (await Array.fromAsync(from.list('audit-leaf', prefix))).map(({ key }) => key)
    const all = logs.flatMap(log => [0, 1, 2].map(i => `${log}/000000${i}`))
    expect(await leaves(store, '')).toEqual(all)
    const spoilt = (await Array.fromAsync(stored.list('audit-leaf', '~')))[0]!
    await stored.write([{ kind: 'put', table: 'audit-leaf', ...spoilt, bytes: flipped(spoilt.bytes) }], SYNC)
    const read = await Promise.allSettled(logs.map(log => leaves(store, `${log}/`)))
    expect(read.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const one = read.find(({ status }) => status === 'fulfilled') as PromiseFulfilledResult<string[]>
    expect(one.value).toHaveLength(3)
    await store.close()
  })

  it('[STO-31] leaves that stand under the names of their whole keys are moved, each once, and read as before', async () => {
    const { dir, stored, store } = await filled()
    const vault = new Vault(KEY)
    const keys = [0, 1, 2].map(i => `${'5a'.repeat(32)}/${'e0'.repeat(16)}/000000${i}`)
    for (const key of keys) {
      const place = `~${toHex(vault.name(NAMED.key, key)).slice(0, 32)}`
      const bytes = vault.seal(tableKey('audit-leaf', place), encodeRow({ key, bytes: utf8(key) }))
      await stored.write([{ kind: 'put', table: 'audit-leaf', key: place, bytes }], SYNC)
    }
    await store.close()
    for (let start = 0; start < 2; start++) {
      const again = await LevelStore.open(dir)
      const opened = await SealedStore.open(again, [KEY])
      const rows = await Array.fromAsync(opened.list('audit-leaf', `${keys[0]!.slice(0, 97)}/`))
      expect(rows.map(({ key, bytes }) => [key, bytes])).toEqual(keys.map(key => [key, utf8(key)]))
      const places = (await Array.fromAsync(again.list('audit-leaf'))).map(({ key }) => key)
      expect(places).toHaveLength(3)
      expect(places.every(place => place.startsWith('~~'))).toBe(true)
      expect((await opened.verify()).damaged).toEqual([])
      await opened.close()
    }
  })

  it('[STO-34] a snapshot of what stands there can be taken and given back without the data key', async () => {
    const { stored, store } = await filled()
    const before = await contents(store)
    const copy = await LevelStore.open(join(temporaryFolder(), 'copy'))
    expect(await importSnapshot(copy, exportSnapshot(stored), { bytesMax: 1e9, recordsMax: 1e6 })).toBe(
      (await operations(stored)).length
    )
    expect(await contents(await SealedStore.open(copy, [KEY]))).toEqual(before)
    await store.close()
    await copy.close()
  })
})

describe('what does not open', () => {
  it('[STO-33] another data key is told from damage, and of two the one in use is found', async () => {
    const { dir, store } = await filled()
    await store.close()
    const stored = await LevelStore.open(dir)
    await expect(SealedStore.open(stored, [OTHER_KEY])).rejects.toMatchObject({ code: 'data-key-other' })
    expect((await SealedStore.open(stored, [KEY, OTHER_KEY])).dataKey).toBe(KEY)
    expect((await SealedStore.open(stored, [OTHER_KEY, KEY])).dataKey).toBe(KEY)
    await stored.close()
  })

  it('[STO-32] an envelope of which a bit was changed is missing, and comes back when it is written again', async () => {
    const { stored, store } = await filled()
    await tamper(stored, operation =>
      operation.kind === 'envelope' && operation.record.seq === 2 && operation.record.signature.length === 0
        ? { ...operation, record: { ...operation.record, header: flipped(operation.record.header) } }
        : undefined
    )
    const seqs = async () => (await store.readEnvelopes(PRIVATE.id, 7, ...ALL)).map(one => one.seq)
    expect(store.missing()).toEqual([])
    expect(await seqs()).toEqual([0, 1, 3, 4])
    const gap = { kind: 'lane', facet: PRIVATE.id, client: 7, own: true, from: 2, to: 3 }
    expect(store.missing()).toEqual([gap])
    expect(store.readOnly(PRIVATE.id)).toBe(true)
    expect((await store.verify()).damaged).toEqual([PRIVATE, OTHER].map(({ id }) => `${id}/7/2`).sort())
    await store.write([write(envelope(PRIVATE.id, 7, 2)), write(envelope(OTHER.id, 7, 2))], SYNC)
    expect(await seqs()).toEqual([0, 1, 2, 3, 4])
    expect(store.missing()).toEqual([])
    await store.close()
  })

  it('[STO-32] an envelope that was moved, or stands there unsealed, is missing', async () => {
    const { stored, store } = await filled()
    const sealed = (await operations(stored)).filter(
      operation => operation.kind === 'envelope' && operation.record.signature.length === 0
    ) as Extract<Operation, { kind: 'envelope' }>[]
    const at = (seq: number) => sealed.find(one => one.record.seq === seq)!.record
    const plain = envelope(PRIVATE.id, 7, 4)
    const name = at(1).facet
    await stored.write([write({ ...at(1), header: at(0).header }), write({ ...at(4), ...plain, facet: name, idPrefix: at(4).idPrefix })], SYNC) // prettier-ignore
    const found = await Promise.all([PRIVATE.id, OTHER.id].map(one => store.readEnvelopes(one, 7, ...ALL)))
    expect(found.map(one => one.map(({ seq }) => seq)).sort((a, b) => a.length - b.length)).toEqual([
      [0, 2, 3],
      [0, 1, 2, 3, 4]
    ])
    await store.close()
  })

  it('[STO-32] a table record that does not open refuses its reader, a genesis the start, a derived one nothing', async () => {
    const { stored, store } = await filled()
    await store.write([put('checkpoint', `${PRIVATE.id}/000000/1`, 'derived')], SYNC)
    const spoil = (table: string) => async (operation: { key: string; bytes: Uint8Array }) =>
      stored.write([{ kind: 'put', table, key: operation.key, bytes: flipped(operation.bytes) }], SYNC)
    for (const table of ['applied', 'checkpoint', 'facet'])
      for await (const row of stored.list(table, '~')) await spoil(table)(row)
    const refused = { code: 'store-damaged', next: expect.stringContaining('backup') as string }
    await expect(store.get('applied', `${PRIVATE.id}/did:a/peer`)).rejects.toMatchObject(refused)
    expect(await store.get('applied', `${SHARED.id}/did:a/peer`)).toBeDefined()
    expect(await store.get('checkpoint', `${PRIVATE.id}/000000/1`)).toBeUndefined()
    for await (const row of store.list('checkpoint')) expect(row).toBeUndefined()
    await expect(SealedStore.open(stored, [KEY])).rejects.toMatchObject(refused)
    await store.close()
  })

  it('[STO-32] the genesis of a private facet in the clear refuses the start', async () => {
    const { stored, store } = await filled()
    await stored.write([facet('private', 5).born], SYNC)
    await expect(SealedStore.open(stored, [KEY])).rejects.toMatchObject({ code: 'store-damaged' })
    await store.close()
  })
})
