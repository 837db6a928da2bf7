// What this store has lost, and how that ends: peers send it back, or say that they have no more than we.
// protocols/store, section 10.
import type { SpaceLog } from '../../identity/space-log.ts'
import type { Missing, Store } from '../../store/store.ts'
import type { Directory } from '../../sync/directory.ts'
import type { HeldFacet } from '../../sync/context.ts'
import type { News } from '../../sync/effects.ts'
import { toHex } from '../../wire/bytes.ts'
import { unpackClient } from '../../wire/lane.ts'
import { NodeError } from '../../wire/node-error.ts'
import type { Log } from '../home/home.ts'

const ACCEPT = 'parley repair --accept takes it as gone'

/** What of the core's memory is looked at. */
interface Known {
  directory: Pick<Directory, 'self' | 'spaces' | 'identities' | 'ownIndex'>
  facets: ReadonlyMap<string, HeldFacet>
}

export class Losses {
  readonly #store: Store
  readonly #known: Known
  readonly #roles: () => readonly { publicKey: { multikey: string } }[]
  readonly #log: Log
  /** What the store holds and this node cannot use, as the start found it. */
  unusable: string[] = []
  /** By facet and by space, the companies that hold what we hold, as they said since the start. */
  readonly #same = new Map<string, Set<string>>()
  /** By company, envelopes of our own keys that it sent back although nothing was known to be missing. */
  readonly #returned = new Map<string, number>()

  /** `roles`: the role keys that are unlocked here, at the time of asking. */
  constructor(
    store: Store,
    known: Known,
    roles: () => readonly { publicKey: { multikey: string } }[],
    log: Log
  ) {
    this.#store = store
    this.#known = known
    this.#roles = roles
    this.#log = log
    for (const note of store.report.notes) log('warn', note)
    for (const note of store.report.crash) log('info', note)
  }

  hear(news: News): void {
    if (news.what === 'same') this.#confirmed(news.did, news.space, news.facets)
    if (news.what === 'own-returned') this.#ownReturned(news)
  }

  /** Sentences for `parley why` and the troubles of `parley status`. */
  reasons(): string[] {
    const store = this.#store
    const { directory } = this.#known
    const reasons = [
      ...store.report.notes,
      ...this.unusable,
      ...store.missing().map(entry => this.#sentence(entry))
    ]
    const lost = store.report.crash.length > 0 ? 'they were lost when the node was cut off, or ' : ''
    for (const [did, envelopes] of this.#returned) {
      const name = directory.identities.get(did)?.legalName ?? did
      reasons.push(
        `${name} sent back ${envelopes} envelopes that a key of this node signed and that were not here: ${lost}` +
          'this is an older copy, or another copy of this home runs; run only one'
      )
    }
    return reasons
  }

  /**
   * One chain a party: who may have lost its end must not sign the next entry before another party has told
   * what it holds, or it would contradict itself. `isNew`: the store has not seen what the company said before.
   * @throws NodeError `space-unsure`
   */
  check(space: SpaceLog, isNew = false): void {
    if (this.knowsEnd(space, isNew)) return
    throw new NodeError(
      'space-unsure',
      'this store is new, was damaged or is a copy, and may lack what your company said in this space',
      'Connect to another party of the space first: parley peers. Then repeat this.'
    )
  }

  knowsEnd(space: SpaceLog, isNew = false): boolean {
    return !this.isDoubtful(space, isNew) || (this.#same.get(toHex(space.id))?.size ?? 0) > 0
  }

  /** Whether others may hold words of ours that this store has lost. */
  isDoubtful(space: SpaceLog, isNew = false): boolean {
    const { report } = this.#store
    const doubtful =
      isNew || report.notes.length > 0 || this.#store.missing().some(({ kind }) => kind === 'tables')
    return doubtful && this.#others(space).length > 0
  }

  #others(space: SpaceLog): string[] {
    const { self } = this.#known.directory
    return space.parties.filter((did, company) => did !== self.did && space.accepted(company))
  }

  #confirmed(did: string, spaceId: string, facets: string[]): void {
    const store = this.#store
    const { directory } = this.#known
    const space = directory.spaces.get(spaceId)
    if (!space) return
    this.#note(spaceId, did)
    for (const facet of facets) this.#note(facet, did)
    const others = this.#others(space)
    for (const entry of store.missing()) {
      if (entry.kind !== 'lane' && entry.kind !== 'facet') continue
      if (this.#known.facets.get(entry.facet)?.facet.space !== space) continue
      const same = this.#same.get(entry.facet)
      if (others.length === 0 || !others.every(other => same?.has(other))) continue
      this.#log('warn', 'no party has what is missing: it is taken as gone', { ...entry })
      store.settle(entry).catch((error: unknown) => this.#log('error', String(error)))
    }
  }

  #note(key: string, did: string): void {
    this.#same.set(key, (this.#same.get(key) ?? new Set()).add(did))
  }

  #ownReturned({ did, facet, client, envelopes }: Extract<News, { what: 'own-returned' }>): void {
    const store = this.#store
    const { facets, directory } = this.#known
    const space = facets.get(facet)?.facet.space
    const company = space && directory.ownIndex(space)
    const head = company === undefined ? undefined : space?.head(company)
    const pin = head?.keys.find(({ index }) => index === unpackClient(client).key)
    if (!pin || !this.#roles().some(({ publicKey }) => publicKey.multikey === pin.publicKey.multikey)) return
    const known = store.report.notes.length > 0 || store.missing().length > 0
    this.#log(known ? 'info' : 'error', 'a peer sent back what this node wrote', {
      did,
      facet,
      client,
      envelopes
    })
    if (!known) this.#returned.set(did, (this.#returned.get(did) ?? 0) + envelopes)
  }

  #sentence(entry: Missing): string {
    switch (entry.kind) {
      case 'lane': {
        const { from, to, own } = entry
        const whose = own ? 'this node wrote' : 'others wrote'
        const then = own
          ? `its document is read-only until peers have sent them or have none; ${ACCEPT}`
          : ACCEPT
        return `${to - from} envelopes that ${whose} in ${this.#name(entry.facet)} are missing; ${then}`
      }
      case 'facet':
        return `envelopes of ${this.#name(entry.facet)} are missing: it held ${entry.count}; ${ACCEPT}`
      case 'tables':
        return (
          `${entry.lost} records are missing or older than they were (${entry.tables.join(', ') || 'any table'}): ` +
          `look at parley peers and parley space list, make again what is not there; ${ACCEPT}`
        )
      case 'envelopes':
        return `${entry.lost} envelopes are missing, which ones is not known; ${ACCEPT}`
    }
  }

  #name(facet: string): string {
    const held = this.#known.facets.get(facet)
    return held ? `${held.facet.genesis.kind} ${toHex(held.facet.genesis.artifact)}` : `facet ${facet}`
  }
}
