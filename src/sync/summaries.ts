// What both sides hold of a space, in one hash and in heads. protocols/sync, section 6.
import type { SpaceLog } from '../identity/space-log.ts'
import type { Facet } from '../replica/facet.ts'
import { concatBytes, equalBytes, toHex, utf8 } from '../wire/bytes.ts'
import { sha256 } from '../wire/hash.ts'
import type { Context, HeldFacet } from './context.ts'
import { type Frame, TIPS_MAX } from './frame.ts'
import { headOf } from './serving.ts'
import { type Session, linkOf } from './session.ts'

type Heads = Extract<Frame, { type: 'heads' }>

const SUMMARY_LABEL = utf8('parley/summary/1\n')

export class Summaries {
  readonly #context: Context
  /** Of each facet, the hash of its heads while it had so many envelopes: heads change only by admission. */
  readonly #hashes = new WeakMap<Facet, { size: number; hash: Uint8Array }>()

  constructor(context: Context) {
    this.#context = context
  }

  /** One hash over all that this peer may see of a space: an idle reconnect costs no more. */
  of(session: Session, space: SpaceLog): Uint8Array {
    const hashes = this.visible(session, space).map(({ facet }) => this.#hashOf(facet))
    return sha256(concatBytes(SUMMARY_LABEL, ...hashes))
  }

  /** The facets of a space that hold something and that this peer may know of, in the order of their ids. */
  visible(session: Session, space: SpaceLog): HeldFacet[] {
    return [...this.#context.facets.entries()]
      .filter(([, { facet }]) => facet.space === space && facet.size > 0)
      .filter(([, { facet }]) => this.#context.clearance(session, 'announce', space, facet.genesis))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, held]) => held)
  }

  #hashOf(facet: Facet): Uint8Array {
    const known = this.#hashes.get(facet)
    if (known?.size === facet.size) return known.hash
    const hash = sha256(concatBytes(facet.id, ...facet.tips().map(tip => tip.id)))
    this.#hashes.set(facet, { size: facet.size, hash })
    return hash
  }

  /** Names all heads of a facet. @returns how many */
  announce(session: Session, held: HeldFacet): number {
    return this.#name(session, held, held.facet.tips())
  }

  /** Names the heads that the peer is not known to have. */
  announceNew(session: Session, held: HeldFacet): void {
    const has = session.facets.get(toHex(held.facet.id))?.has
    const isNew = (client: number, id: Uint8Array) => {
      const tip = has?.get(client)
      return !tip || !equalBytes(tip.id, id)
    }
    this.#name(
      session,
      held,
      held.facet.tips().filter(({ client, id }) => isNew(client, id))
    )
  }

  #name(session: Session, { facet, genesisBytes }: HeldFacet, all: ReturnType<Facet['tips']>): number {
    for (let i = 0; i < all.length; i += TIPS_MAX) {
      const tips = all.slice(i, i + TIPS_MAX).map(headOf)
      const facets = [{ genesis: genesisBytes, tips }]
      const frame: Heads = { type: 'heads', space: facet.space.id, facets }
      const sent = this.#context.send(session, frame, facet.space, facet.genesis)
      if (sent > 0) linkOf(session, toHex(facet.id)).named = true
    }
    return all.length
  }
}
