// Live views: a Yjs document that an editor holds, fed with what passed the gate, whose own edits are gathered
// for a moment and signed: as one envelope, or each as its own. protocols/sync, section 9.
import { setImmediate as nextTurn } from 'node:timers/promises'
import * as Y from 'yjs'
import type { Tip } from '../../replica/facet.ts'
import type { Edit, Lease } from '../../sync/desk.ts'
import { toHex } from '../../wire/bytes.ts'
import { isReject } from '../../wire/reject.ts'
import { Arrivals } from './arrivals.ts'
import type { Applied } from '../parts/driver.ts'
import type { Library } from './library.ts'
import { type Parts, idOf, noteAccess, refused, signerFor } from '../parts/parts.ts'

/** Yjs takes these in some ten milliseconds. */
const BODIES_AT_ONCE = 1_000

/** What a view tells its holder. */
export interface ViewEvents {
  /**
   * Updates, to be applied in their order, with the view as origin: before `open` resolves those of the document as
   * it stands, then what others write.
   */
  updates(bodies: Uint8Array[]): void
  presence(from: string, bytes: Uint8Array): void
  /** What counts has changed in a way that a Yjs document cannot follow: open a new view. */
  stale(): void
  /**
   * An edit of this view was refused or could not be written: it is shown here and nowhere else. Or `updates` threw
   * this: then the view is stale and shows nothing more.
   */
  failed(error: Error): void
}

export interface View {
  readonly facet: string
  /** The Yjs client id to write under: set it when `open` has resolved, and check it before each edit. */
  readonly client: number
  /** An update of this view. Gathers with others until the window has passed. */
  edit(update: Uint8Array): void
  /** Signs what has gathered; resolves when it is durable. */
  flush(): Promise<void>
  present(bytes: Uint8Array): void
  close(): Promise<void>
}

export class Views {
  readonly #parts: Parts
  readonly #library: Library
  readonly #coalesceMs: number
  readonly #open = new Map<string, Set<LiveView>>()

  constructor(parts: Parts, library: Library, coalesceMs: number) {
    this.#parts = parts
    this.#library = library
    this.#coalesceMs = coalesceMs
  }

  /** @throws NodeError where the artifact is unknown, or no key of ours may write in its space */
  async open(artifact: string, events: ViewEvents): Promise<View> {
    const { desk, documents } = this.#parts
    const held = this.#library.held(artifact)
    const id = toHex(held.facet.id)
    const signer = signerFor(this.#parts, held.facet.space)
    noteAccess(this.#parts, held.facet, 'view')
    const views = this.#open.get(id) ?? new Set()
    this.#open.set(id, views)
    // In the set before the log is read: what arrives meanwhile is kept for it.
    const view = new LiveView(this.#parts, id, events, this.#coalesceMs, () => views.delete(view))
    views.add(view)
    try {
      documents.assertSound(id)
      const { bodies, frontier } = await this.#library.bodies(id)
      await fill(events, bodies)
      const lease = desk.lease(held, signer, frontier)
      if (isReject(lease)) throw refused(lease, `Run parley space show ${idOf(held.facet.space)}.`)
      view.begin(frontier, lease)
      return view
    } catch (error) {
      views.delete(view)
      throw error
    }
  }

  document(facet: string, change: Applied | 'rebuild', frontier: Tip[]): void {
    for (const view of this.#open.get(facet) ?? []) view.take(change, frontier)
  }

  presence(facet: string, from: string, bytes: Uint8Array): void {
    for (const view of this.#open.get(facet) ?? []) view.events.presence(from, bytes)
  }

  /** Signs what has gathered anywhere; resolves when it is durable, or its holders know that it is not. */
  async flush(): Promise<void> {
    await Promise.all(this.#all().map(view => view.flush()))
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map(view => view.close()))
  }

  #all(): LiveView[] {
    return [...this.#open.values()].flatMap(views => [...views])
  }
}

/** The document as it stands, in pieces between which the event loop turns: its holder may be the node's own thread. */
async function fill(events: ViewEvents, bodies: Uint8Array[]): Promise<void> {
  for (let i = 0; i < bodies.length; i += BODIES_AT_ONCE) {
    if (i > 0) await nextTurn()
    events.updates(bodies.slice(i, i + BODIES_AT_ONCE))
  }
}

class LiveView implements View {
  readonly facet: string
  readonly events: ViewEvents
  readonly #parts: Parts
  readonly #coalesceMs: number
  readonly #ended: () => void
  #lease: Lease | undefined
  /** The heads that this view shows. */
  #base: Tip[] = []
  /** What came before the state did. */
  #early: { bodies: Uint8Array[]; frontier: Tip[] }[] = []
  /** Those that it will show once all that arrived is shown. */
  #heads: Tip[] = []
  readonly #arrivals = new Arrivals(bodies => this.#show(bodies))
  /** Its holder threw at what it was shown (SYN-46). */
  #broken = false
  /** Updates of this window, and the edits that wait to be signed. */
  #gathered: Uint8Array[] = []
  #edits: Edit[] = []
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<void> = Promise.resolve()

  constructor(parts: Parts, facet: string, events: ViewEvents, coalesceMs: number, ended: () => void) {
    this.#parts = parts
    this.facet = facet
    this.events = events
    this.#coalesceMs = coalesceMs
    this.#ended = ended
  }

  begin(frontier: Tip[], lease: Lease): void {
    this.#lease = lease
    const early = this.#early.splice(0)
    this.#heads = early.at(-1)?.frontier ?? frontier
    this.#base = this.#heads
    // Only now: what builds on the document would have to wait inside Yjs, at a cost that grows with its square.
    // Yjs ignores what a document already has, so overlap does no harm.
    if (early.length > 0) this.events.updates(early.flatMap(({ bodies }) => bodies))
  }

  get client(): number {
    if (!this.#lease) throw new Error('the view is closed')
    return this.#lease.client
  }

  /** Something was admitted. The holder knows what it wrote itself: nobody else writes in the leased lane. */
  take(change: Applied | 'rebuild', frontier: Tip[]): void {
    if (change === 'rebuild') {
      // First, or edits that wait would rely on what this view never showed.
      this.#arrivals.showAll()
      this.events.stale()
      return
    }
    const { client, bodies } = change
    if (!this.#lease) {
      this.#early.push({ bodies, frontier })
      return
    }
    this.#heads = frontier
    if (client !== this.#lease.client) return this.#arrivals.arrive(bodies)
    // What the heads of an own edit imply is shown with it.
    this.#arrivals.showAll()
  }

  #show(bodies: Uint8Array[]): void {
    if (this.#broken) return
    // Before it is shown: an editor may answer what it is shown with an edit.
    const before = this.#base
    this.#base = this.#heads
    if (bodies.length === 0) return
    try {
      this.events.updates(bodies)
    } catch (error) {
      this.#broken = true
      this.#base = before
      this.events.failed(error as Error)
      this.events.stale()
    }
  }

  edit(update: Uint8Array): void {
    if (!this.#lease) return this.events.failed(new Error('the view is closed'))
    if (this.#coalesceMs > 0) {
      this.#gathered.push(update)
      this.#timer ??= setTimeout(() => void this.#sign(), this.#coalesceMs)
      return
    }
    // Without a window each is an edit of its own; those of one turn are signed together at its end (SYN-44).
    if (this.#edits.length === 0) queueMicrotask(() => void this.#sign())
    this.#edits.push({ update, base: this.#base })
  }

  async flush(): Promise<void> {
    await this.#sign()
  }

  #sign(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#merge()
    const edits = this.#edits.splice(0)
    if (edits.length === 0) return this.#flushing
    const lease = this.#lease as Lease
    const signed = this.#parts.driver.perform(() => this.#parts.desk.write(lease, edits))
    this.#flushing = signed.then(
      tip => {
        if (isReject(tip))
          this.events.failed(refused(tip, 'Undo the last change, or open the document again.'))
      },
      (error: Error) => this.events.failed(error)
    )
    return this.#flushing
  }

  /** What has gathered is one edit, made on the heads that the view shows now, which imply those before. */
  #merge(): void {
    const gathered = this.#gathered.splice(0)
    if (gathered.length === 0) return
    const update = gathered.length === 1 ? (gathered[0] as Uint8Array) : Y.mergeUpdates(gathered)
    this.#edits.push({ update, base: this.#base })
  }

  present(bytes: Uint8Array): void {
    void this.#parts.driver.perform(core => core.facets.present(this.facet, bytes)).catch(() => undefined)
  }

  async close(): Promise<void> {
    // All is signed when this returns, so the lane may go to somebody else; the disk may still be at it.
    const written = this.flush()
    this.#arrivals.showAll()
    this.#ended()
    if (this.#lease) this.#parts.desk.release(this.#lease)
    this.#lease = undefined
    await written
  }
}
