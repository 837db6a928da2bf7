// What every store must do: one suite, run against each of them.
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/wire/bytes.ts'
import type { Store } from '../../src/store/store.ts'
import { contents, envelope, envelopeText, FACET, OTHER_FACET, put, random, run, write } from './samples.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'

const SYNC = { sync: true }
const ALL = [0, 2 ** 32 - 1, Infinity] as const

/** `open` gives an empty store each time. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    it('[STO-3] gives back what was written, by client and seq, header, signature and body', async () => {
      const store = await open()
      const records = [
        envelope(FACET, 7, 0),
        envelope(FACET, 7, 1),
        envelope(FACET, 2 ** 53 - 1, 0),
        envelope(FACET, 0, 0)
      ]
      await store.write(
        records.map(record => write(record)),
        SYNC
      )
      const found = await contents(store)
      expect([...found]).toEqual(
        [records[3], records[0], records[1], records[2]].map(one => envelopeText(one!))
      )
      expect(store.lanes(FACET).map(lane => [lane.client, lane.next])).toEqual([[0, 1], [7, 2], [2 ** 53 - 1, 1]]) // prettier-ignore
      await store.close()
    })

    it('[STO-2] keeps both envelopes of a fork at one seq', async () => {
      const store = await open()
      const fork = envelope(FACET, 7, 1, 'other branch')
      await store.write([...run(FACET, 7, 0, 3), write(fork)], SYNC)
      const found = await store.readEnvelopes(FACET, 7, 1, 2, Infinity)
      expect(found.map(one => Buffer.from(one.idPrefix).toString('hex')).sort()).toEqual(
        [envelope(FACET, 7, 1), fork].map(one => Buffer.from(one.idPrefix).toString('hex')).sort()
      )
      expect(store.lanes(FACET)).toEqual([{ client: 7, own: false, next: 3, count: 4 }])
      await store.close()
    })

    it('[STO-2] keeps facets apart', async () => {
      const store = await open()
      await store.write([...run(FACET, 7, 0, 3), ...run(OTHER_FACET, 7, 0, 2)], SYNC)
      expect(store.facets()).toEqual([FACET, OTHER_FACET].sort())
      expect((await store.readEnvelopes(OTHER_FACET, 7, ...ALL)).length).toBe(2)
      await store.close()
    })

    it('[STO-2] reads a range up to the byte limit, and at least one record', async () => {
      const store = await open()
      await store.write(run(FACET, 7, 0, 50), SYNC)
      const seqs = async (from: number, to: number, bytes: number) =>
        (await store.readEnvelopes(FACET, 7, from, to, bytes)).map(one => one.seq)
      expect(await seqs(10, 13, Infinity)).toEqual([10, 11, 12])
      expect(await seqs(10, 50, 1)).toEqual([10])
      expect((await seqs(10, 50, 1000)).length).toBeGreaterThan(1)
      expect((await seqs(10, 50, 1000)).length).toBeLessThan(10)
      expect(await seqs(60, 70, Infinity)).toEqual([])
      await store.close()
    })

    it('[STO-28] a byte limit does not part the branches of one seq', async () => {
      const store = await open()
      await store.write([...run(FACET, 7, 0, 3), write(envelope(FACET, 7, 1, 'other branch'))], SYNC)
      const seqs = async (from: number, bytes: number) =>
        (await store.readEnvelopes(FACET, 7, from, 3, bytes)).map(one => one.seq)
      expect([await seqs(1, 1), await seqs(0, 420)]).toEqual([
        [1, 1],
        [0, 1, 1]
      ])
      await store.close()
    })

    it('[STO-2] erases a body and keeps the header', async () => {
      const store = await open()
      const { body: _, ...erased } = envelope(FACET, 7, 0)
      await store.write(run(FACET, 7, 0, 2), SYNC)
      await store.write([write(erased)], SYNC)
      const [first] = await store.readEnvelopes(FACET, 7, 0, 1, Infinity)
      expect(first?.body).toBeUndefined()
      expect(first?.header).toEqual(erased.header)
      expect(store.lanes(FACET)).toEqual([{ client: 7, own: false, next: 2, count: 2 }])
      await store.close()
    })

    it('[STO-4] refuses an envelope that would leave a hole, and the whole write with it', async () => {
      const store = await open()
      await store.write(run(FACET, 7, 0, 2), SYNC)
      await expect(
        store.write([put('contacts', 'a', 'x'), ...run(FACET, 7, 3, 4)], SYNC)
      ).rejects.toMatchObject({
        code: 'lane-order'
      })
      expect(await store.get('contacts', 'a')).toBeUndefined()
      await store.write(run(FACET, 7, 2, 4), SYNC)
      expect(store.lanes(FACET)[0]?.next).toBe(4)
      await store.close()
    })

    it('[STO-3] one refused write does not fail those that share its commit', async () => {
      const store = await open()
      const results = await Promise.allSettled([
        store.write(run(FACET, 7, 0, 2), SYNC),
        store.write(run(FACET, 9, 5, 6), SYNC),
        store.write([put('contacts', 'a', 'x')], SYNC)
      ])
      expect(results.map(one => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect((await contents(store)).size).toBe(3)
      await store.close()
    })

    it('[STO-2] tables: put, replace, delete, list by prefix in key order', async () => {
      const store = await open()
      await store.write(
        [put('contacts', 'b', '1'), put('contacts', 'a/2', '2'), put('contacts', 'a/1', '3')],
        SYNC
      )
      await store.write([put('contacts', 'b', '4'), put('sessions', 'b', '5'), { kind: 'del', table: 'contacts', key: 'a/2' }], SYNC) // prettier-ignore
      expect(await store.get('contacts', 'b')).toEqual(utf8('4'))
      expect(await store.get('contacts', 'a/2')).toBeUndefined()
      const keys: string[] = []
      for await (const { key } of store.list('contacts')) keys.push(key)
      for await (const { key } of store.list('contacts', 'a/')) keys.push(key)
      expect(keys).toEqual(['a/1', 'b', 'a/1'])
      await store.close()
    })

    it('[STO-2] refuses places and sizes that the format does not hold', async () => {
      const store = await open()
      const bad = [
        put('Contacts', 'a', ''),
        put('!own', 'a', ''),
        put('contacts', 'x'.repeat(1025), ''),
        put('contacts', '\ud800', ''),
        put('contacts', 'big', 'x'.repeat(1024 * 1024 + 1)),
        write({ ...envelope(FACET, 7, 0), facet: FACET.toUpperCase() }),
        write({ ...envelope(FACET, 7, 0), idPrefix: utf8('short') }),
        write({ ...envelope(FACET, 7, 0), signature: new Uint8Array(63) }),
        write({ ...envelope(FACET, 7, 0), seq: -1 }),
        write({ ...envelope(FACET, 7, 0), client: 2 ** 53 })
      ]
      for (const operation of bad) await expect(store.write([operation], SYNC)).rejects.toThrow(RangeError)
      expect((await contents(store)).size).toBe(0)
      await store.close()
    })

    it('[STO-3] agrees with the model over 2,000 random operations', async () => {
      const store = await open()
      const model = new MemoryStore('00'.repeat(16))
      const pick = random(20260101)
      for (let step = 0; step < 200; step++) {
        const operations = Array.from({ length: 10 }, () => {
          const facet = pick(2) ? FACET : OTHER_FACET
          const kind = pick(4)
          if (kind === 0) return put('contacts', `k${pick(20)}`, `v${step}`)
          if (kind === 1) return { kind: 'del' as const, table: 'contacts', key: `k${pick(20)}` }
          return write(envelope(facet, pick(3), pick(40), pick(5) ? '' : 'fork'), pick(2) === 1)
        })
        const [ours, theirs] = await Promise.allSettled([
          store.write(operations, { sync: pick(2) === 1 }),
          model.write(operations)
        ])
        expect(ours.status).toBe(theirs.status)
      }
      expect(await contents(store)).toEqual(await contents(model))
      for (const facet of [FACET, OTHER_FACET]) expect(store.lanes(facet)).toEqual(model.lanes(facet))
      expect(await store.verify()).toEqual(await model.verify())
      expect(store.missing()).toEqual([])
      await store.close()
    })

    it('[STO-3] a closed store says so', async () => {
      const store = await open()
      await store.close()
      await expect(store.write(run(FACET, 7, 0, 1), SYNC)).rejects.toMatchObject({ code: 'store-closed' })
      await expect(store.get('contacts', 'a')).rejects.toMatchObject({ code: 'store-closed' })
    })
  })
}
