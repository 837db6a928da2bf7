// The workloads, each run once for one system.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pair } from './pair.ts'
import type { Name } from './process.ts'
import { BATCHED, LIVE, OFFLINE, SINGLE, type Units } from './workloads.ts'

/** A process that has just loaded its modules settles for so long before it is measured. */
const SETTLE_MS = 500

export type Row = { [figure: string]: number }
export type Work = 'live' | 'coldBatched' | 'coldSingle' | 'offline' | 'ingest'

export interface Bench {
  trace: string | undefined
  /** Below 1 shrinks every workload. */
  scale: number
  /** Holds what cold syncs start from. */
  folder: string
  /** Arguments of Node for a replica's process. */
  nodeArgs: (system: Name, side: 'a' | 'b', work: string) => string[]
}

function scaled({ scale }: Bench, count: number): number {
  return Math.max(20, Math.round(count * scale))
}

function history(bench: Bench, { edits, per }: { edits: number; per: number }): Units {
  return { of: 'trace', file: bench.trace, edits: scaled(bench, edits), per }
}

function pairOf(bench: Bench, system: Name, work: string, from?: string): Pair {
  return new Pair(system, from, side => bench.nodeArgs(system, side, work))
}

export const measures: { [work in Work]: (bench: Bench, system: Name) => Promise<Row> } = {
  live,
  coldBatched: (bench, system) => cold(bench, system, 'coldBatched', history(bench, BATCHED)),
  coldSingle: (bench, system) => cold(bench, system, 'coldSingle', history(bench, SINGLE)),
  offline,
  ingest
}

/** A types; how long until each character is in B's text. */
async function live(bench: Bench, system: Name): Promise<Row> {
  const edits = scaled(bench, LIVE.edits)
  const warm = 40
  const pair = pairOf(bench, system, 'live')
  try {
    await pair.openA()
    await pair.listen()
    await pair.openB()
    await pair.connect()
    await sleep(SETTLE_MS)
    const warmed = pair.b.call('watch', { from: 0, to: warm })
    await pair.a.call('load', { of: 'typing', edits: warm, seed: 3, base: 0 })
    await warmed
    await sleep(SETTLE_MS)
    await Promise.all([pair.a.call('mark'), pair.b.call('mark')])
    const seen = pair.b.call('watch', { from: warm, to: warm + edits })
    const { sentAt } = await pair.a.call('type', { edits, perSecond: LIVE.perSecond })
    const { at } = await seen
    const waits = at.map((time, i) => time - (sentAt[i] as number)).sort((x, y) => x - y)
    const [a, b] = [await pair.a.call('spent'), await pair.b.call('spent')]
    await pair.close()
    return {
      p50: quantile(waits, 0.5),
      p99: quantile(waits, 0.99),
      cpuMs: a.cpuMs + b.cpuMs,
      bytesPerEdit: b.bytesIn / edits
    }
  } finally {
    await pair.destroy()
  }
}

export function quantile(sorted: number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN
}

/** A, alone, makes units durable by the system's own measure. */
async function ingest(bench: Bench, system: Name): Promise<Row> {
  const units = history(bench, SINGLE)
  const pair = pairOf(bench, system, 'ingest')
  try {
    await pair.openA()
    await pair.a.call('mark')
    const { ms, units: count } = await pair.a.call('load', units)
    const { cpuMs } = await pair.a.call('spent')
    const [want, have] = [await pair.a.call('expect', units), await pair.a.call('state')]
    if (want.hash !== have.hash) throw new Error(`${system}: A's text is wrong after loading`)
    await pair.close()
    return { perSecond: (count / ms) * 1000, cpuMs }
  } finally {
    await pair.destroy()
  }
}

const prepared = new Map<string, { folder: string; storedBytes: number }>()

/** What A holds before a cold sync, made once. */
async function prepare(bench: Bench, system: Name, work: Work, units: Units) {
  const key = `${system}-${work}`
  const known = prepared.get(key)
  if (known) return known
  const folder = join(bench.folder, key)
  const pair = pairOf(bench, system, `${work}-prepare`)
  try {
    await pair.openA()
    await pair.a.call('load', units)
    const made = { folder, storedBytes: await pair.close() }
    pair.keep(folder)
    prepared.set(key, made)
    return made
  } finally {
    await pair.destroy()
  }
}

/** A reopens what it holds; then B, empty, connects: how long until its text is A's. */
async function cold(bench: Bench, system: Name, work: Work, units: Units): Promise<Row> {
  const { folder, storedBytes } = await prepare(bench, system, work, units)
  const pair = pairOf(bench, system, work, folder)
  try {
    const { readMs: reopenMs, cpuMs: reopenCpuMs } = await pair.openA()
    await pair.listen()
    const want = await pair.a.call('expect', units)
    const have = await pair.a.call('state')
    if (have.hash !== want.hash) throw new Error(`${system}: A's text is wrong after reopening`)
    await pair.openB()
    await sleep(SETTLE_MS)
    await Promise.all([pair.a.call('mark'), pair.b.call('mark')])
    const arrived = pair.b.call('until', want)
    const [connected, { at }] = await Promise.all([pair.connect(), arrived])
    const [a, b] = [await pair.a.call('spent'), await pair.b.call('spent')]
    await pair.close()
    return {
      ms: at - connected.at,
      reopenMs,
      reopenCpuMs,
      storedBytes,
      cpuMs: a.cpuMs + b.cpuMs,
      bytesIn: b.bytesIn,
      peakRssMbB: b.peakRssMb
    }
  } finally {
    await pair.destroy()
  }
}

/** Both hold a text, part, write on their own, and meet again: how long until both hold everything. */
async function offline(bench: Bench, system: Name): Promise<Row> {
  const shared = scaled(bench, OFFLINE.shared)
  const edits = scaled(bench, OFFLINE.each)
  const length = shared + 2 * edits
  const pair = pairOf(bench, system, 'offline')
  try {
    await pair.openA()
    await pair.listen()
    await pair.openB()
    const together = pair.b.call('until', { length: shared })
    await pair.connect()
    await pair.a.call('load', { of: 'typing', edits: shared, seed: 11, base: 0 })
    await together
    await pair.b.call('disconnect')
    await sleep(SETTLE_MS)
    await pair.a.call('load', { of: 'typing', edits, seed: 21, base: shared })
    await pair.b.call('load', { of: 'typing', edits, seed: 22, base: shared })
    for (const side of [pair.a, pair.b]) {
      const { length: alone } = await side.call('state')
      if (alone !== shared + edits) throw new Error(`${system}: a replica was not alone while offline`)
    }
    await sleep(SETTLE_MS)
    await Promise.all([pair.a.call('mark'), pair.b.call('mark')])
    const arrived = Promise.all([pair.a.call('until', { length }), pair.b.call('until', { length })])
    const [connected, [a, b]] = await Promise.all([pair.connect(), arrived])
    const [x, y] = [await pair.a.call('state'), await pair.b.call('state')]
    if (x.hash !== y.hash) throw new Error(`${system}: A and B hold different texts`)
    const [spentA, spentB] = [await pair.a.call('spent'), await pair.b.call('spent')]
    await pair.close()
    return {
      ms: Math.max(a.at, b.at) - connected.at,
      cpuMs: spentA.cpuMs + spentB.cpuMs,
      bytesIn: spentB.bytesIn,
      bytesOut: spentB.bytesOut
    }
  } finally {
    await pair.destroy()
  }
}
