// The main thread's side of the document worker: what may enter it, in which order, and what happens when it
// fails. A document is made when somebody first looks at it. protocols/update, section 7.
import { Worker } from 'node:worker_threads'
import type { Tip } from '../../replica/facet.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { Layout } from '../../wire/layout.ts'
import { NodeError } from '../../wire/node-error.ts'
import type { DocumentRead, DocumentTask, FieldChange, RootKind, WrittenText } from './document-worker.ts'

/** Heap of the thread that holds the documents; a heap bomb ends the thread, not the node. */
const WORKER_HEAP_MB = 512
/** A batch that costs more time of the processor is taken for a bomb; on the clock, a busy machine would be one. */
const TASK_CPU_MS = 5_000
const BATCH_BODIES = 512
/** How far the worker may lag behind; reading more than that out of the log again costs less than having kept up. */
const BEHIND_BODIES = 2_048
const BEHIND_BYTES = 1024 * 1024

/** A document on its way into the worker. `void`: what counts has changed meanwhile, so it is made anew. */
interface Load {
  done: Promise<void>
  ready: boolean
  void: boolean
}

/** What counts and the worker was not given yet. */
interface Behind extends Bodies {
  bytes: number
}

interface Waiting {
  facet: string
  resolve(result: unknown): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}

/** What counts of a facet, in causal order, with the heads that it amounts to. */
export interface Bodies {
  bodies: Uint8Array[]
  frontier: Tip[]
}

/** Reads from the store; without `base`, what counts now. */
export type ReadBodies = (facet: string, base?: Tip[]) => Promise<Bodies>

export class Documents {
  readonly #readBodies: ReadBodies
  readonly #failed: (facet: string, why: string) => void
  #worker: Worker | undefined
  readonly #waiting = new Map<number, Waiting>()
  #tasks = 0
  /** Facets that the worker holds or is about to hold, with the load that precedes everything else. */
  readonly #loaded = new Map<string, Load>()
  /** The heads of what the worker was given so far. */
  readonly #frontier = new Map<string, Tip[]>()
  /** Given to the worker when somebody looks: editors have documents of their own, and mostly nobody does. */
  readonly #behind = new Map<string, Behind>()
  readonly #stalled = new Map<string, string>()
  #closed = false

  /** `failed`: a document cannot be shown or extended here; its log is unharmed. */
  constructor(readBodies: ReadBodies, failed: (facet: string, why: string) => void) {
    this.#readBodies = readBodies
    this.#failed = failed
  }

  /** Why a facet is read-only here, if it is. */
  stalled(facet: string): string | undefined {
    return this.#stalled.get(facet)
  }

  /** @throws NodeError `document-stalled` */
  assertSound(facet: string): void {
    const why = this.#stalled.get(facet)
    if (why !== undefined) throw stall(why)
  }

  /** Extends a document that somebody has looked at. Others are read as a whole when they are first needed. */
  append(facet: string, bodies: Uint8Array[], frontier: Tip[]): void {
    const load = this.#loaded.get(facet)
    if (!load || this.#stalled.has(facet)) return
    const behind = this.#behind.get(facet) ?? { bodies: [], frontier, bytes: 0 }
    behind.bodies.push(...bodies)
    behind.frontier = frontier
    for (const body of bodies) behind.bytes += body.length
    this.#behind.set(facet, behind)
    const far = behind.bodies.length > BEHIND_BODIES || behind.bytes > BEHIND_BYTES
    if (far && load.ready) this.#forget(facet)
  }

  /** The worker lets go of it, too. */
  #forget(facet: string): void {
    this.#loaded.delete(facet)
    this.#behind.delete(facet)
    this.#task({ do: 'forget', facet }).catch(() => undefined)
  }

  #catchUp(facet: string): void {
    const behind = this.#behind.get(facet)
    if (!behind || this.#stalled.has(facet)) return
    this.#behind.delete(facet)
    this.#frontier.set(facet, behind.frontier)
    for (let i = 0; i < behind.bodies.length; i += BATCH_BODIES)
      this.#task({ do: 'apply', facet, bodies: behind.bodies.slice(i, i + BATCH_BODIES) }).catch(
        () => undefined
      )
  }

  /** What counts has changed: the document is made anew the next time it is needed. */
  invalidate(facet: string): void {
    const load = this.#loaded.get(facet)
    if (load) load.void = true
    this.#loaded.delete(facet)
    this.#behind.delete(facet)
    this.#stalled.delete(facet)
  }

  /** The text and the fields, with the heads that they are made of. */
  async read(
    facet: string,
    roots: { [name: string]: RootKind }
  ): Promise<DocumentRead & { frontier: Tip[] }> {
    return this.#look(facet, async frontier => {
      return { ...((await this.#task({ do: 'read', facet, roots })) as DocumentRead), frontier }
    })
  }

  /** What a document of these bodies alone would show. */
  async preview(
    facet: string,
    bodies: Uint8Array[],
    roots: { [name: string]: RootKind }
  ): Promise<DocumentRead> {
    // Under a name of its own: should it cost too much, the document itself is none the worse.
    return (await this.#task({ do: 'preview', facet: `${facet} draft`, bodies, roots })) as DocumentRead
  }

  /** One update by `client` that makes an empty document say this, and what the document says then. */
  async compose(
    facet: string,
    client: number,
    content: { layout: Layout; form: { [root: string]: unknown }; roots: { [name: string]: RootKind } }
  ): Promise<{ update: Uint8Array; read: DocumentRead }> {
    const made = await this.#task({ do: 'compose', facet: `${facet} draft`, client, ...content })
    return made as { update: Uint8Array; read: DocumentRead }
  }

  /** All of the document as one update, with the heads that it amounts to. */
  state(facet: string): Promise<{ state: Uint8Array; frontier: Tip[] }> {
    return this.#look(facet, async frontier => {
      return { state: (await this.#task({ do: 'state', facet })) as Uint8Array, frontier }
    })
  }

  async passages(facet: string): Promise<WrittenText[]> {
    return (await this.#look(facet, () => this.#task({ do: 'passages', facet }))) as WrittenText[]
  }

  /** What an edit by `client` would add to the document as it was at `base`. */
  async edit(
    facet: string,
    client: number,
    base: Tip[],
    change: { text?: string; fields?: FieldChange[] }
  ): Promise<Uint8Array> {
    const task: DocumentTask = { do: 'edit', facet, client, ...change }
    const made = await this.#look(facet, async frontier => {
      if (sameTips(frontier, base)) return this.#task(task)
      const { bodies } = await this.#readBodies(facet, base)
      return this.#task({ ...task, bodies })
    })
    return made as Uint8Array
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#worker?.terminate()
  }

  /**
   * Calls `look` when the document is in the worker with all that was admitted until now. What it posts before it
   * first awaits meets a document with exactly these heads.
   */
  async #look<T>(facet: string, look: (frontier: Tip[]) => Promise<T>): Promise<T> {
    do await this.#whole(facet)
    while (!this.#loaded.get(facet)?.ready)
    this.#catchUp(facet)
    return look(this.#frontier.get(facet) ?? [])
  }

  #whole(facet: string): Promise<void> {
    this.assertSound(facet)
    const known = this.#loaded.get(facet)
    if (known) return known.done
    const load: Load = { done: Promise.resolve(), ready: false, void: false }
    this.#loaded.set(facet, load)
    load.done = this.#fill(facet, load)
    load.done.catch(() => {
      if (this.#loaded.get(facet) === load) this.#loaded.delete(facet)
    })
    return load.done
  }

  async #fill(facet: string, load: Load): Promise<void> {
    const { bodies, frontier } = await this.#readBodies(facet)
    if (load.void) return this.#whole(facet)
    this.#frontier.set(facet, frontier)
    for (let i = 0; i === 0 || i < bodies.length; i += BATCH_BODIES) {
      await this.#task({ do: i === 0 ? 'load' : 'apply', facet, bodies: bodies.slice(i, i + BATCH_BODIES) })
      if (load.void) return this.#whole(facet)
    }
    load.ready = true
  }

  #task(task: DocumentTask): Promise<unknown> {
    if (this.#closed)
      return Promise.reject(new NodeError('stopping', 'the node is stopping', 'Start it again.'))
    const worker = (this.#worker ??= this.#start())
    const id = ++this.#tasks
    const begun = process.cpuUsage()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#overdue(id, begun), TASK_CPU_MS)
      this.#waiting.set(id, { facet: task.facet, resolve, reject, timer })
      worker.postMessage({ id, task })
    })
  }

  /** The thread cannot have used more of the processor than the whole process has. */
  #overdue(id: number, begun: NodeJS.CpuUsage): void {
    const waiting = this.#waiting.get(id)
    if (!waiting) return
    const { user, system } = process.cpuUsage(begun)
    const left = TASK_CPU_MS - (user + system) / 1_000
    if (left > 0) waiting.timer = setTimeout(() => this.#overdue(id, begun), left)
    else this.#end(waiting.facet, 'applying its updates took too long')
  }

  #start(): Worker {
    const file = import.meta.url.endsWith('.ts') ? './document-worker.ts' : './document-worker.js'
    const worker = new Worker(new URL(file, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB }
    })
    worker.unref()
    worker.on('message', message => this.#answer(message as { id: number; result?: unknown; error?: string }))
    worker.on('error', error => this.#lost(worker, String(error.message)))
    worker.on('exit', () => this.#lost(worker, 'the document thread ended'))
    return worker
  }

  #answer({ id, result, error }: { id: number; result?: unknown; error?: string }): void {
    const waiting = this.#waiting.get(id)
    if (!waiting) return
    this.#waiting.delete(id)
    clearTimeout(waiting.timer)
    if (error === undefined) return waiting.resolve(result)
    this.#stall(waiting.facet, error)
    waiting.reject(stall(error))
  }

  /** One document is suspect; the thread goes with it, since it may still be busy. */
  #end(facet: string, why: string): void {
    this.#stall(facet, why)
    const worker = this.#worker
    if (!worker) return
    this.#lost(worker, why)
    void worker.terminate()
  }

  /** All documents are read again from the log when they are next needed. */
  #lost(worker: Worker, why: string): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#loaded.clear()
    this.#behind.clear()
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    // The oldest task is the one that the thread was at.
    const [first] = waiting
    if (first && !this.#closed) this.#stall(first.facet, why)
    for (const task of waiting) {
      clearTimeout(task.timer)
      task.reject(stall(why))
    }
  }

  #stall(facet: string, why: string): void {
    if (this.#stalled.has(facet)) return
    this.#stalled.set(facet, why)
    this.#loaded.delete(facet)
    this.#behind.delete(facet)
    this.#failed(facet, why)
  }
}

function sameTips(a: Tip[], b: Tip[]): boolean {
  return a.length === b.length && a.every((tip, i) => equalBytes(tip.id, (b[i] as Tip).id))
}

function stall(why: string): NodeError {
  return new NodeError(
    'document-stalled',
    `the document cannot be shown: ${why}`,
    'Run parley doctor; its log is safe.'
  )
}
