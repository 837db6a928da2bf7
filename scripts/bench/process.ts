// One replica in its own process, driven over IPC by the harness.
import { createHash } from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { answerCalls } from './calls.ts'
import type { Replica, System } from './replica.ts'
import { type Units, textAfter, unitsOf } from './workloads.ts'

export type Name = 'parley' | 'floor' | 'unguarded'
export interface Place {
  system: Name
  role: 'a' | 'b'
  dir: string
  shared: unknown
}
export interface Load {
  cpuMs: number
  rssMb: number
  peakRssMb: number
  bytesIn: number
  bytesOut: number
}

let replica: Replica
let dir = ''
let received = 0
let sent = 0
const watchers = new Set<() => void>()

/** Milliseconds of the monotonic clock, which all processes of a machine share. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Every TCP socket of this process: bytes on the wire without asking the system that is measured. */
const sockets = new Set<Socket>()
for (const name of ['net.client.socket', 'net.server.socket']) {
  subscribe(name, message => sockets.add((message as { socket: Socket }).socket))
}

function wire(): [number, number] {
  let [incoming, outgoing] = [0, 0]
  for (const socket of sockets) {
    incoming += socket.bytesRead
    outgoing += socket.bytesWritten
  }
  return [incoming, outgoing]
}

/** Only what is measured is loaded. */
function systemOf(name: Name): Promise<System> {
  if (name === 'floor') return import('./floor.ts')
  return name === 'parley' ? import('./parley.ts') : import('./unguarded.ts')
}

let cpu = process.cpuUsage()

export const commands = {
  async open({ system, role, dir: folder, shared }: Place) {
    dir = folder
    mkdirSync(dir, { recursive: true })
    const { open } = await systemOf(system)
    const [began, used] = [now(), process.cpuUsage()]
    replica = await open({ role, dir, shared })
    const length = replica.text().length
    const readMs = now() - began
    const { user, system: kernel } = process.cpuUsage(used)
    replica.onChange(() => {
      for (const look of watchers) look()
    })
    return { readMs, cpuMs: (user + kernel) / 1000, length, shared: replica.shared }
  },

  listen: () => replica.listen(),
  async connect(info: unknown) {
    const at = now()
    await replica.connect(info)
    return { at }
  },
  disconnect: () => replica.disconnect(),

  expect(units: Units) {
    const text = textAfter(unitsOf(units))
    return { length: text.length, hash: digest(text) }
  },

  /** As fast as the system takes them, then durable. */
  async load(from: Units) {
    const units = unitsOf(from)
    const began = now()
    for (const [i, unit] of units.entries()) {
      const [first] = unit
      if (unit.length === 1 && first) replica.edit(...first)
      else replica.batch(unit)
      if (i % 64 === 63) await setImmediate()
    }
    await replica.flush()
    return { ms: now() - began, units: units.length }
  },

  /** Paced single characters; the time before each. */
  async type({ edits, perSecond }: { edits: number; perSecond: number }) {
    const units = unitsOf({ of: 'typing', edits, seed: 7, base: replica.length() })
    const sentAt: number[] = []
    const began = now()
    for (const [i, [edit]] of units.entries()) {
      const wait = began + (i * 1000) / perSecond - now()
      if (wait > 0.2) await sleep(wait)
      // A busy machine makes the typist late; still each key stroke comes in a turn of its own.
      else await setImmediate()
      sentAt.push(now())
      if (edit) replica.edit(...edit)
    }
    return { sentAt }
  },

  /** The time at which the text first had each length in (from, to]. */
  watch({ from, to }: { from: number; to: number }) {
    const at: number[] = []
    return seen(() => {
      const length = replica.length()
      if (length <= from + at.length) return undefined
      const time = now()
      while (from + at.length < Math.min(length, to)) at.push(time)
      return length >= to ? { at } : undefined
    })
  },

  /** The time at which the text has this length and, where one is given, this hash. */
  until({ length, hash }: { length: number; hash?: string }) {
    return seen(() => {
      if (replica.length() !== length) return undefined
      return hash === undefined || digest(replica.textSync()) === hash ? { at: now() } : undefined
    })
  },

  state: () => ({ length: replica.length(), hash: digest(replica.text()) }),
  flush: () => replica.flush(),

  mark() {
    cpu = process.cpuUsage()
    ;[received, sent] = wire()
  },
  spent(): Load {
    const { user, system } = process.cpuUsage(cpu)
    const [incoming, outgoing] = wire()
    return {
      cpuMs: (user + system) / 1000,
      rssMb: process.memoryUsage().rss / 1048576,
      peakRssMb: process.resourceUsage().maxRSS / 1024,
      bytesIn: incoming - received,
      bytesOut: outgoing - sent
    }
  },

  /** @returns the bytes on disk afterwards */
  async close() {
    await replica.close()
    const files = readdirSync(dir, { withFileTypes: true, recursive: true }).filter(entry => entry.isFile())
    return { bytes: files.reduce((sum, { parentPath, name }) => sum + allocated(join(parentPath, name)), 0) }
  }
}

/** Of a file with holes, what is really there. */
function allocated(path: string): number {
  const { size, blocks } = statSync(path)
  return Math.min(size, blocks * 512)
}

function seen<T>(look: () => T | undefined): Promise<T> {
  return new Promise(resolve => {
    const again = () => {
      const found = look()
      if (found === undefined) return
      watchers.delete(again)
      resolve(found)
    }
    watchers.add(again)
    again()
  })
}

answerCalls(commands)
