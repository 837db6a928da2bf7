// A window in which somebody writes while the world goes on: what is signed stands on the heads that were on
// the screen, not on those of the moment.
import * as Y from 'yjs'
import type { ArtifactKind } from '../../src/artifacts/layouts.ts'
import type { SecretKey } from '../../src/identity/ed25519.ts'
import type { Tip } from '../../src/replica/facet.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import type { Edit, Lease } from '../../src/sync/desk.ts'
import { isReject } from '../../src/wire/reject.ts'
import { signerOf } from './company.ts'
import type { SimNode } from './node.ts'

export class SimView {
  readonly node: SimNode
  readonly facet: string
  readonly kind: ArtifactKind
  readonly #held: HeldFacet
  readonly #lease: Lease
  readonly #life: number
  readonly #rebuilds: number
  readonly #doc = new Y.Doc()
  readonly #undo: Y.UndoManager
  #base: Tip[]
  #gathered: Edit[] = []
  /** What was typed could not be signed: what follows would stand on nothing. */
  #failed = false

  private constructor(
    node: SimNode,
    held: HeldFacet,
    lease: Lease,
    state: { update: Uint8Array; heads: Tip[] },
    kind: ArtifactKind
  ) {
    this.node = node
    this.kind = kind
    this.facet = lease.facet
    this.#held = held
    this.#lease = lease
    this.#life = node.life
    this.#rebuilds = node.rebuilds.get(lease.facet) ?? 0
    this.#base = state.heads
    Y.applyUpdate(this.#doc, state.update)
    this.#doc.clientID = lease.client
    this.#undo = new Y.UndoManager([this.#doc.getText('text'), this.#doc.getMap('meta')])
    this.#doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'world') this.#gathered.push({ update, base: this.#base })
    })
  }

  static open(node: SimNode, facet: string, key: SecretKey, kind: ArtifactKind): SimView | undefined {
    const held = node.facet(facet)
    if (!held) return undefined
    const state = node.state(facet)
    const lease = node.desk.lease(held, signerOf(key), state.heads)
    return isReject(lease) ? undefined : new SimView(node, held, lease, state, kind)
  }

  /** The process that it belonged to is gone, or its document was made anew. */
  get stale(): boolean {
    const rebuilds = this.node.rebuilds.get(this.facet) ?? 0
    return this.#failed || !this.node.alive || this.node.life !== this.#life || rebuilds !== this.#rebuilds
  }

  type(change: (doc: Y.Doc) => void): void {
    this.#doc.transact(() => change(this.#doc))
  }

  undo(): void {
    this.#undo.undo()
  }

  /** Shows what has come since. */
  catchUp(): void {
    const { update, heads } = this.node.state(this.facet)
    Y.applyUpdate(this.#doc, update, 'world')
    this.#base = heads
  }

  /**
   * Signs what was typed as one edit; or, where the number is even, each on its own, as without a window.
   * @returns how many updates were signed, 0 where there was nothing or it could not be
   */
  flush(): number {
    const gathered = this.#gathered.splice(0)
    if (gathered.length === 0) return 0
    const merged = () => ({ update: Y.mergeUpdates(gathered.map(({ update }) => update)), base: this.#base })
    const edits = gathered.length % 2 === 0 ? gathered : [merged()]
    const sign = () => this.node.sign(this.#held, this.#lease, edits)
    const tip = this.node.failing ? undefined : this.node.perform(sign)
    this.#failed = !tip
    return tip ? gathered.length : 0
  }

  close(): void {
    if (this.stale) return
    this.flush()
    this.node.desk.release(this.#lease)
  }
}
