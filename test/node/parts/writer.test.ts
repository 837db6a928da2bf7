// What the writer still holds in memory, on a disk that can be held up.
import { expect, test } from 'vitest'
import { Writer } from '../../../src/node/parts/writer.ts'
import { MemoryStore } from '../../../src/store/memory-store.ts'
import type { StoreWrite } from '../../../src/sync/effects.ts'
import { EMPTY } from '../../../src/wire/bytes.ts'
import type { Envelope } from '../../../src/wire/envelope.ts'
import { sha256 } from '../../../src/wire/hash.ts'
import { FaultyStore } from '../../store/faulty-store.ts'
import { FACET, OTHER_FACET, envelope as sample } from '../../store/samples.ts'

const [OURS, THEIRS, ABSENT] = [7, 8, 9]

/** Of no content, but with a place and an id. */
function envelope(facet: string, client: number, seq: number): Envelope {
  const { header: headerBytes, signature, body = EMPTY } = sample(facet, client, seq)
  const nothing = { deps: [], auth: [], clockEnd: 0, deletes: [], bodyHash: EMPTY, bodyLength: 0, time: 0 }
  return { client, header: { seq, ...nothing }, headerBytes, signature, body, id: sha256(headerBytes) }
}

const write = (facet: string, client: number, seq: number, own: boolean): StoreWrite => {
  return { kind: 'envelope', facet, envelope: envelope(facet, client, seq), own }
}

const wanted = (facet: string, client: number, seq: number) => {
  return { client, seq, id: envelope(facet, client, seq).id }
}

test('what is still being written is found in its lane and facet; once it is durable only what is our own', async () => {
  const store = await FaultyStore.open(async () => new MemoryStore('00'.repeat(16)))
  const release = store.stall()
  const writer = new Writer(store, { written: () => undefined, failing: () => undefined })
  const found = (facet: string) =>
    writer
      .find(
        facet,
        [OURS, THEIRS, ABSENT].flatMap(client => [0, 1].map(seq => wanted(facet, client, seq)))
      )
      .map(record => record?.body.length ?? 0)
  writer.write([write(FACET, OURS, 0, true), write(FACET, OURS, 1, true)], false, 1)
  writer.write([write(FACET, THEIRS, 0, false)], true, 2)
  expect(found(FACET)).toEqual([40, 40, 40, 0, 0, 0])
  expect(found(OTHER_FACET)).toEqual([0, 0, 0, 0, 0, 0])
  writer.write([write(FACET, THEIRS, 1, false), write(OTHER_FACET, THEIRS, 0, false)], true, 3)
  expect(found(FACET)).toEqual([40, 40, 40, 40, 0, 0])
  expect(found(OTHER_FACET)).toEqual([0, 0, 40, 0, 0, 0])
  release()
  await writer.durable()
  expect(found(FACET)).toEqual([40, 40, 0, 0, 0, 0])
  expect(found(OTHER_FACET)).toEqual([0, 0, 0, 0, 0, 0])
})

test('what was written in two batches is found until the second is durable', async () => {
  const store = await FaultyStore.open(async () => new MemoryStore('00'.repeat(16)))
  const release = store.stall()
  const done: number[] = []
  const found = () => writer.find(FACET, [wanted(FACET, THEIRS, 1)]).map(Boolean)
  const writer: Writer = new Writer(store, {
    written: token => {
      done.push(token)
      if (token === 1) expect(found()).toEqual([true])
    },
    failing: () => undefined
  })
  writer.write([write(FACET, THEIRS, 0, false)], false, 1)
  writer.write([write(FACET, THEIRS, 1, false)], false, 2)
  release()
  await writer.durable()
  expect([done, found()]).toEqual([[1, 2], [false]])
})

test('to find nothing costs the same however many batches wait', async () => {
  const store = await FaultyStore.open(async () => new MemoryStore('00'.repeat(16)))
  store.stall()
  const writer = new Writer(store, { written: () => undefined, failing: () => undefined })
  const [theirs, absent] = [write(FACET, THEIRS, 0, false), wanted(FACET, ABSENT, 0)]
  /** Of this thread alone, in ms. */
  const computed = () => {
    const began = process.threadCpuUsage()
    for (let i = 0; i < 500; i++) writer.find(FACET, [absent])
    return process.threadCpuUsage(began).user / 1_000
  }
  const fill = (batches: number) => {
    for (let i = 0; i < batches; i++) writer.write([theirs], false, i)
  }
  fill(100)
  computed()
  const few = computed()
  fill(20_000)
  expect(computed()).toBeLessThan(20 * few + 250)
})
