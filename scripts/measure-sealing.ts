// node scripts/run.cjs scripts/measure-sealing.ts [--rounds N]: what sealing costs, as ratios within one run. The same
// 10,000 envelopes are written and read back after another start, by the bare store, as a shared facet and as a
// private one; the three take turns.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { LevelStore } from '../src/store/level-store.ts'
import { SealedStore } from '../src/store/sealed-store.ts'
import type { EnvelopeRecord, Operation, Store } from '../src/store/store.ts'
import { toHex } from '../src/wire/bytes.ts'
import type { DataClass } from '../src/wire/data-class.ts'
import { encodeFacetGenesis, facetId } from '../src/wire/genesis.ts'
import { sha256 } from '../src/wire/hash.ts'

const ENVELOPES = 10_000
/** As who types has it, and as a paste or another node brings it. */
const BATCHES = [1, 100]
const [HEADER_BYTES, BODY_BYTES, SIGNATURE_BYTES] = [90, 30, 64]
const KEY = new Uint8Array(32).fill(1)

interface Way {
  name: string
  class: DataClass
  open(dir: string): Promise<Store>
}

const bare = (dir: string) => LevelStore.open(dir)
const sealed = async (dir: string) => SealedStore.open(await bare(dir), [KEY])
const WAYS: Way[] = [
  { name: 'bare', class: 'public', open: bare },
  { name: 'shared', class: 'public', open: sealed },
  { name: 'private', class: 'private', open: sealed }
]

function operationsFor(dataClass: DataClass): { id: string; born: Operation; records: Operation[] } {
  const [space, artifact, nonce] = [new Uint8Array(32), new Uint8Array(16), new Uint8Array(16)]
  const bytes = encodeFacetGenesis({
    space,
    artifact,
    kind: 'StandardsDoc.v1',
    class: dataClass,
    owner: 0,
    nonce
  })
  const id = toHex(facetId(bytes))
  const records = Array.from({ length: ENVELOPES }, (_, seq): Operation => {
    const record: EnvelopeRecord = {
      facet: id,
      client: 7,
      seq,
      idPrefix: sha256(Uint8Array.of(seq >> 8, seq)).subarray(0, 8),
      header: new Uint8Array(HEADER_BYTES).fill(seq),
      signature: new Uint8Array(SIGNATURE_BYTES).fill(seq),
      body: new Uint8Array(BODY_BYTES).fill(seq)
    }
    return { kind: 'envelope', record, own: true }
  })
  return { id, born: { kind: 'put', table: 'facet', key: id, bytes }, records }
}

async function measure(way: Way, batch: number): Promise<{ writeMs: number; readMs: number; bytes: number }> {
  const dir = mkdtempSync(join(tmpdir(), 'parley-sealing-'))
  const { id, born, records } = operationsFor(way.class)
  try {
    let store = await way.open(dir)
    await store.write([born], { sync: true })
    const began = performance.now()
    const writes: Promise<void>[] = []
    for (let at = 0; at < records.length; at += batch)
      writes.push(store.write(records.slice(at, at + batch), { sync: false }))
    await Promise.all(writes)
    const writeMs = performance.now() - began
    await store.close()
    const again = performance.now()
    store = await way.open(dir)
    let count = 0
    for await (const chunk of store.scan(id)) count += chunk.length
    const readMs = performance.now() - again
    if (count !== ENVELOPES) throw new Error(`${count} envelopes were read`)
    await store.close()
    const db = join(dir, 'db')
    const bytes = readdirSync(db).reduce((sum, name) => sum + statSync(join(db, name)).size, 0)
    return { writeMs, readMs, bytes }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } })
console.log(
  `| batch | way | write ms | open and read ms | KiB | write | read |\n|---:|---|---:|---:|---:|---:|---:|`
)
for (const batch of BATCHES) {
  const taken = WAYS.map(() => [] as Awaited<ReturnType<typeof measure>>[])
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [at, way] of WAYS.entries()) taken[at]?.push(await measure(way, batch))
  const medians = taken.map(all => ({
    writeMs: median(all.map(one => one.writeMs)),
    readMs: median(all.map(one => one.readMs)),
    bytes: median(all.map(one => one.bytes))
  }))
  for (const [at, { name }] of WAYS.entries()) {
    const [base, own] = [medians[0], medians[at]]
    if (!base || !own) continue
    const ratios = [own.writeMs / base.writeMs, own.readMs / base.readMs].map(ratio => ratio.toFixed(2))
    const figures = [own.writeMs, own.readMs, own.bytes / 1024].map(Math.round)
    console.log(`| ${[batch, name, ...figures, ...ratios].join(' | ')} |`)
  }
}

function median(all: number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0
}
