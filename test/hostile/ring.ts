// Plays one attack after another and judges what came of each.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Arena } from './arena.ts'
import type { Reading } from './gauge-process.ts'
import type { Kind } from './kinds.ts'
import { relayAddress, type Task } from './scene.ts'
import type { LogLine } from './victim.ts'

/** protocols/sync, section 9: what a node may be made to spend, and what honest members may be made to wait. */
export const HONEST_MS_MAX = 5_000
export const RSS_GROWTH_MAX = 150 * 2 ** 20
export const RSS_MAX = 400 * 2 ** 20
export const BLOCK_MS_MAX = 250

/** An attack that has not come back after this much more time. */
const OVERTIME_S = 30
const LATE = 'the rival did not come back'
const RIVAL = join(import.meta.dirname, 'rival-process.ts')

export interface Row {
  name: string
  line: string
  connectMs: number
  editMs: number
  grown: number
  reading: Reading
  broken: string[]
}

export class Ring {
  readonly arena = new Arena()
  readonly #seconds: number
  readonly #sameProcess: boolean
  #rival: ChildProcess | undefined

  /** `sameProcess`: the node is not started anew before each kind. */
  constructor({ seconds, sameProcess }: { seconds: number; sameProcess: boolean }) {
    this.#seconds = seconds
    this.#sameProcess = sameProcess
  }

  async open(): Promise<void> {
    await this.arena.open()
  }

  async close(): Promise<void> {
    this.#rival?.kill('SIGKILL')
    await this.arena.close()
  }

  /** One for all attacks, another where it did not come back from one. */
  #process(): ChildProcess {
    if (this.#rival?.exitCode === null) return this.#rival
    return (this.#rival = fork(RIVAL, { serialization: 'advanced' }))
  }

  #discard(): void {
    this.#rival?.kill('SIGKILL')
    this.#rival = undefined
  }

  async play(kind: Kind): Promise<Row> {
    const { arena } = this
    const isFit = kind.as === 'relay' ? arena.victim.alive : this.#sameProcess && arena.isPlain()
    if (!isFit) await arena.restart()
    const invite =
      kind.as === 'invited' ? await arena.api.createInvite({ expiresInMs: 3_600_000 }) : undefined
    const isMember = kind.as === 'member' || kind.as === 'relay'
    const nodes = isMember ? (kind.nodes ?? 1) : 0
    const task: Task = {
      kind: kind.name,
      seconds: this.#seconds,
      address: arena.address,
      behind: arena.behind,
      relayPort: arena.relayPort,
      facets: arena.facets,
      startedMs: arena.startedMs,
      nodes: [],
      disk: { tables: arena.disk.tables, envelopes: arena.disk.envelopes }
    }
    for (let i = 0; i < nodes; i++) task.nodes.push(nodeOf(await arena.freshNode(kind.through)))
    const rival = this.#process()
    const told = messages(rival)
    rival.send(task)
    await told.next()
    if (kind.as === 'relay')
      await arena.restart(`${relayAddress(task)}/p2p/${task.nodes[0]?.node.peer}/p2p-circuit`)
    arena.victim.forgetLog()
    const before = await arena.victim.gauge(true)
    rival.send('go')
    const shareBefore = coreShare()
    const stop = { at: false }
    const note = Promise.race([told.next(), late(this.#seconds + OVERTIME_S)]).finally(() => (stop.at = true))
    const [connects, edits] = await Promise.all([
      probe(stop, () => arena.connectMs(kind.through)),
      probe(stop, () => arena.editMs())
    ])
    const notes = [await note]
    if (notes[0] === LATE) this.#discard()
    const reading = await arena.victim.gauge().catch(() => undefined)
    if (invite) await arena.api.revokeInvite(invite.id).catch(() => undefined)
    return judge(
      kind,
      {
        connects,
        edits,
        before,
        reading,
        log: arena.victim.log(),
        notes,
        share: Math.min(shareBefore, coreShare()),
        nodes: task.nodes.map(({ node }) => node.peer)
      },
      arena
    )
  }
}

function messages(rival: ChildProcess): { next(): Promise<string> } {
  return {
    next: async () => {
      const [message] = (await once(rival, 'message')) as [string | { note: string }]
      return typeof message === 'string' ? message : message.note
    }
  }
}

function late(seconds: number): Promise<string> {
  return new Promise(resolve => setTimeout(() => resolve(LATE), seconds * 1_000).unref())
}

function nodeOf({ nodeKey, nodeCertificate, node }: Task['nodes'][number]): Task['nodes'][number] {
  return { nodeKey, nodeCertificate, node }
}

/** At least once, then again until the attack is over. */
async function probe(stop: { at: boolean }, act: () => Promise<number>): Promise<number[]> {
  const found: number[] = []
  do {
    found.push(await act())
    await new Promise(resolve => setTimeout(resolve, 100))
  } while (!stop.at)
  return found
}

/** Of a core, what a busy process gets on this machine now: 1 where nobody else works. */
function coreShare(): number {
  const [started, before] = [performance.now(), process.cpuUsage()]
  while (performance.now() - started < 200) continue
  const { user, system } = process.cpuUsage(before)
  return Math.min(1, (user + system) / 1_000 / (performance.now() - started))
}

interface Outcome {
  connects: number[]
  edits: number[]
  before: Reading
  reading: Reading | undefined
  log: LogLine[]
  notes: string[]
  nodes: string[]
  /** Of a core, what this machine gave us meanwhile. */
  share: number
}

function judge(kind: Kind, outcome: Outcome, arena: Arena): Row {
  const { connects, edits, before, log, notes, nodes } = outcome
  const nothing: Reading = {
    p99: Infinity,
    max: Infinity,
    block: Infinity,
    busy: 1,
    rss: Infinity,
    rssMax: Infinity,
    heap: 0,
    external: 0
  }
  const reading = outcome.reading ?? nothing
  const [connectMs, editMs] = [Math.max(...connects), Math.max(...edits)]
  const { share } = outcome
  const grown = reading.rssMax - before.rss
  const codes = codesOf(log, nodes.length > 0 ? nodes : undefined)
  const broken: string[] = []
  const limit = (what: string, value: number, most: number) => {
    if (!(value <= most)) broken.push(`${what}: ${Math.round(value)} of at most ${most}`)
  }
  if (!arena.victim.alive || !outcome.reading)
    broken.push(`the process ended: ${arena.victim.rawLog.slice(-2_000)}`)
  // Waiting is measured by the wall clock: where others keep the cores busy, what it would have been on a free one.
  limit('honest connect, ms', connectMs * share, HONEST_MS_MAX)
  limit('honest edit, ms', editMs * share, HONEST_MS_MAX)
  limit('RSS growth, bytes', grown, RSS_GROWTH_MAX)
  limit('RSS, bytes', reading.rssMax, RSS_MAX)
  limit('longest block, ms', reading.block, BLOCK_MS_MAX)
  for (const note of notes)
    if (/^(failed|threw|rejected)/.test(note)) broken.push(`the attack itself: ${note}`)
  const cut = kind.cut ?? []
  if (cut.length > 0 && !cut.some(code => codes.has(code)))
    broken.push(`not cut with ${cut.join(' or ')} and named`)
  const did = [...codes]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 4)
    .map(([code, count]) => `${code} ${count}`)
  const mb = (bytes: number) => Math.round(bytes / 2 ** 20)
  const cells = [
    kind.name,
    kind.as,
    Math.round(connectMs),
    Math.round(editMs),
    `${mb(grown)} (${mb(reading.rssMax)})`,
    `${Math.round(reading.p99)} / ${Math.round(reading.max)}`,
    share.toFixed(2),
    `${Math.round(reading.block)} (${Math.round(100 * reading.busy)} %)`,
    [did.join(', '), ...notes.filter(note => note !== '').map(note => note.slice(0, 80))].join('; ')
  ]
  return { name: kind.name, line: `| ${cells.join(' | ')} |`, connectMs, editMs, grown, reading, broken }
}

/** What the node says it did, by code; of members only where it names one of `peers`. */
function codesOf(log: LogLine[], peers: string[] | undefined): Map<string, number> {
  const codes = new Map<string, number>()
  for (const { message, ...values } of log) {
    const peer = values['peerId'] ?? values['peer']
    if (peers && !peers.includes(String(peer))) continue
    const code = String(values['code'] ?? (message.endsWith('refused') ? message : ''))
    if (code === '' || code === 'closed-by-peer' || code === 'closed') continue
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  return codes
}
