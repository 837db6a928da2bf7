// Facets that a peer names and this node has never seen: which of them it takes up, and for how long it keeps a
// place for what never comes. protocols/sync, sections 6 and 9.
import type { SpaceLog } from '../identity/space-log.ts'
import { Facet } from '../replica/facet.ts'
import { equalBytes, toHex } from '../wire/bytes.ts'
import { type FacetGenesis, facetId, parseFacetGenesis } from '../wire/genesis.ts'
import type { Layout } from '../wire/layout.ts'
import { isReject } from '../wire/reject.ts'
import type { Answers } from './answers.ts'
import type { Context, HeldFacet } from './context.ts'
import type { Session } from './session.ts'

/** Facets that one space may hold. */
export const SPACE_FACETS_MAX = 10_000
/** Facets that one peer may have named and of which it has sent nothing yet. */
export const OPENED_MAX = 256

export class Openings {
  readonly #context: Context
  readonly #answers: Answers
  readonly #layoutOf: (kind: string) => Layout | undefined

  constructor(context: Context, answers: Answers, layoutOf: (kind: string) => Layout | undefined) {
    this.#context = context
    this.#answers = answers
    this.#layoutOf = layoutOf
  }

  /** The facet of this genesis, made on first sight where policy would store it. */
  hold(session: Session, space: SpaceLog, genesisBytes: Uint8Array): HeldFacet | undefined {
    const genesis = parseFacetGenesis(genesisBytes)
    if (isReject(genesis) || !equalBytes(genesis.space, space.id)) return undefined
    if (!this.#context.clearance(session, 'request', space, genesis)) return undefined
    const id = facetId(genesisBytes)
    const known = this.#context.facetOf(id)
    if (known) return known
    if (!this.isWelcome(session, { space, genesis })) return undefined
    if (session.opened.size >= OPENED_MAX) this.#makeRoom(session)
    if (session.opened.size >= OPENED_MAX) {
      session.passedOver.add(toHex(space.id))
      return undefined
    }
    if (this.#sizeOf(space) >= SPACE_FACETS_MAX) return undefined
    const held = this.open(id, genesis, genesisBytes, space, false)
    if (!held) return undefined
    held.namedBy = session
    session.opened.add(toHex(id))
    return held
  }

  /** Whether a document of this owner may begin here: it has room left for today, and in the space (SYN-39). */
  isWelcome(session: Session, { space, genesis }: Pick<Facet, 'space' | 'genesis'>): boolean {
    const owner = space.parties[genesis.owner]
    // Nobody could write its first word.
    if (owner === undefined) return false
    if (!this.#context.isLimited(session) || owner === this.#context.directory.self.did) return true
    if (this.#context.isSpent(session, 'envelopes', owner)) return false
    return !this.#context.quota.isFull(space.id, genesis.owner)
  }

  /** A place is no longer kept for what would not be taken now. */
  #makeRoom(session: Session): void {
    for (const id of session.opened) {
      const held = this.#context.facets.get(id)
      const isAsked = session.facets.get(id)?.request !== undefined
      if (!held || isAsked || this.isWelcome(session, held.facet)) continue
      session.opened.delete(id)
      this.#leave(id, held)
    }
  }

  /** Leaves a facet of which nothing came to another session that named it, or forgets it. */
  #leave(id: string, held: HeldFacet): void {
    const heir = this.#context.open().find(other => other !== held.namedBy && other.lacking.has(id))
    if (heir) {
      held.namedBy = heir
      heir.opened.add(id)
    } else this.#context.facets.delete(id)
  }

  /** Facets that were passed over are named again when we say what we have. */
  catchUp(session: Session): void {
    if (session.passedOver.size === 0 || session.requests > 0 || session.opened.size > OPENED_MAX / 2) return
    for (const key of session.passedOver) {
      const space = this.#context.directory.spaces.get(key)
      if (space) this.#answers.compare(session, space)
    }
    session.passedOver.clear()
  }

  #sizeOf(space: SpaceLog): number {
    let size = 0
    for (const { facet } of this.#context.facets.values()) if (facet.space === space) size++
    return size
  }

  /** @returns undefined where this version knows no such kind. */
  open(
    id: Uint8Array,
    genesis: FacetGenesis,
    genesisBytes: Uint8Array,
    space: SpaceLog,
    stored: boolean
  ): HeldFacet | undefined {
    const layout = this.#layoutOf(genesis.kind)
    if (!layout) return undefined
    const held = { facet: new Facet(id, genesis, space, layout), genesisBytes, stored }
    if (stored) this.#context.quota.addDocument(space.id, genesis.owner)
    this.#context.facets.set(toHex(id), held)
    return held
  }

  /** Forgets facets that only this session named, and never sent. */
  forget(session: Session): void {
    for (const id of session.opened) {
      const held = this.#context.facets.get(id)
      if (held) this.#leave(id, held)
    }
  }
}
