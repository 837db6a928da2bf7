// A Yjs provider over a Parley node: the successor of the npm package y-libp2p, whose class shape it keeps.
// Your document is fed only with updates that passed the gate, and what you write in it is signed with the
// role key of the node. Awareness goes to whoever may see the artifact, and is kept nowhere.
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates
} from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { View, Views } from './editing/views.ts'

/** Clients whose clocks are kept although they have left. */
const VIEWS_REMEMBERED = 256

/** What a provider needs of a node; `createNode` makes one. */
export interface ProviderNode {
  readonly views: Views
}

export interface ProviderOptions {
  awareness?: Awareness
}

/**
 * Events: `synced` once the document holds what the node holds; `stale` when a fork or a cut changed what counts
 * (make a new document and a new provider), or an observer of the document threw; `failed` with `detail: Error` when
 * that was so, or an edit was not accepted.
 */
export class LibP2PProvider extends EventTarget {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  /** Settles with the first `synced`; rejects where the artifact is unknown or may not be written. */
  readonly whenSynced: Promise<void>
  synced = false
  readonly #ownsAwareness: boolean
  #view: View | undefined
  #destroyed = false

  /** `doc` must be empty: its history comes from the node. `artifact`: an id, or a prefix that is unique. */
  constructor(doc: Y.Doc, node: ProviderNode, artifact: string, { awareness }: ProviderOptions = {}) {
    super()
    this.doc = doc
    this.#ownsAwareness = awareness === undefined
    this.awareness = awareness ?? new Awareness(doc)
    this.whenSynced = this.#open(node, artifact)
    this.whenSynced.catch((error: Error) => this.#failed(error))
  }

  async #open(node: ProviderNode, artifact: string): Promise<void> {
    const view = await node.views.open(artifact, {
      updates: bodies => this.#apply(bodies),
      presence: (_, bytes) => this.#present(bytes),
      stale: () => this.#stale(),
      failed: error => this.#failed(error)
    })
    if (this.#destroyed) return view.close()
    this.#view = view
    // Only now: Yjs takes another id when it loads structs of its own.
    this.doc.clientID = view.client
    this.#rename(view.client)
    this.doc.on('update', this.#onUpdate)
    this.awareness.on('update', this.#onAwareness)
    this.synced = true
    this.dispatchEvent(new Event('synced'))
  }

  /** Awareness took the client id that the document was born with. */
  #rename(client: number): void {
    const state = this.awareness.getLocalState()
    this.awareness.setLocalState(null)
    this.awareness.clientID = client
    // An earlier view may have used this id: its clock is known elsewhere, and ours must lie beyond it.
    this.awareness.meta.set(client, { clock: Math.floor(Date.now() / 10), lastUpdated: Date.now() })
    this.awareness.setLocalState(state)
  }

  /** Awareness remembers the clock of every client that ever was; those that are gone are forgotten here. */
  #present(bytes: Uint8Array): void {
    const { awareness } = this
    applyAwarenessUpdate(awareness, bytes, this)
    if (awareness.meta.size <= VIEWS_REMEMBERED) return
    for (const client of awareness.meta.keys()) {
      if (!awareness.states.has(client)) awareness.meta.delete(client)
    }
  }

  #apply(bodies: Uint8Array[]): void {
    this.doc.transact(() => {
      for (const body of bodies) Y.applyUpdate(this.doc, body, this)
    }, this)
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown): void => {
    const view = this.#view
    if (origin === this || !view) return
    if (this.doc.clientID !== view.client) {
      this.#failed(new Error('the document lost its client id; open it again'))
      return
    }
    view.edit(update)
  }

  readonly #onAwareness = (
    { added, updated, removed }: { added: number[]; updated: number[]; removed: number[] },
    origin: unknown
  ): void => {
    const own = this.awareness.clientID
    // Nobody speaks for the views of others, also not to say that they have gone silent.
    if (origin === this || ![...added, ...updated, ...removed].includes(own)) return
    this.#view?.present(encodeAwarenessUpdate(this.awareness, [own]))
  }

  /** Signs what has gathered; resolves when it is durable. */
  async flush(): Promise<void> {
    await this.#view?.flush()
  }

  async destroy(): Promise<void> {
    this.#destroyed = true
    removeAwarenessStates(this.awareness, [this.awareness.clientID], 'provider destroyed')
    this.doc.off('update', this.#onUpdate)
    this.awareness.off('update', this.#onAwareness)
    // Its clock would keep the process alive.
    if (this.#ownsAwareness) this.awareness.destroy()
    await this.#view?.close()
    this.#view = undefined
  }

  #stale(): void {
    this.synced = false
    this.dispatchEvent(new Event('stale'))
    void this.destroy()
  }

  #failed(error: Error): void {
    this.dispatchEvent(new CustomEvent('failed', { detail: error }))
  }
}
