// The causal past of an envelope that is being judged: prev and deps, and what those knew. Verdicts depend on
// this alone, never on what else a node happens to hold. protocols/envelope, section 4.
import type { Client } from '../wire/lane.ts'
import { Reject } from '../wire/reject.ts'
import type { Size } from './document-size.ts'
import {
  type AuthPoint,
  type AuthVector,
  type Position,
  authAt,
  heardOf,
  isAtOrBefore,
  knownAt
} from './lane-tree.ts'

/** Most envelopes learn of nothing new. */
const NOTHING: ReadonlyMap<Client, Position> = new Map()

export class CausalPast {
  readonly #client: Client
  readonly #prev: Position | undefined
  #learned: Map<Client, Position> | undefined
  #auth: AuthVector
  #bytes: number
  #items: number

  constructor(client: Client, prev: Position | undefined) {
    this.#client = client
    this.#prev = prev
    this.#auth = prev ? authAt(prev) : []
    const { bytes, items } = prev ? prev.segment.totalAt(prev.seq) : { bytes: 0, items: 0 }
    this.#bytes = bytes
    this.#items = items
  }

  /** All that lies in this past: of each lane, its branch as far as it is known (ENV-30). */
  get size(): Size {
    return { bytes: this.#bytes, items: this.#items }
  }

  /** What this envelope learns beyond its prev. */
  get learned(): ReadonlyMap<Client, Position> {
    return this.#learned ?? NOTHING
  }

  get auth(): AuthVector {
    return this.#auth
  }

  /** How far a lane lies in this past. */
  at(client: Client): Position | undefined {
    if (client === this.#client) return this.#prev
    return this.#learned?.get(client) ?? (this.#prev && knownAt(this.#prev, client))
  }

  includes(position: Position): boolean {
    const known = this.at(position.segment.lane.client)
    return known !== undefined && isAtOrBefore(position, known)
  }

  /** Adds a dep with all that it knew. A past that holds two branches of one lane is refused (ENV-15). */
  merge(dep: Position): Reject | undefined {
    const refused = this.#learn(dep)
    if (refused) return refused
    for (const client of heardOf(dep)) {
      const known = knownAt(dep, client)
      const twice = known && this.#learn(known)
      if (twice) return twice
    }
    this.#auth = mergeAuth(this.#auth, authAt(dep))
    return undefined
  }

  /**
   * Adds the entries that the header itself relies on: never older than what is inherited, and in an opening,
   * which names all that it relies on, perhaps equal (ENV-16).
   */
  mergeAuth(entries: AuthPoint[]): Reject | undefined {
    if (entries.length === 0) return undefined
    const next = [...this.#auth]
    for (const entry of entries) {
      const { company, seq } = entry
      const inherited = next[company]
      const newer = !inherited || seq > inherited.seq || (!this.#prev && seq === inherited.seq)
      if (!newer) {
        return new Reject('auth-order', `company ${company}: seq ${seq} is not newer than ${inherited.seq}`)
      }
      next[company] = entry
    }
    this.#auth = next
    return undefined
  }

  /** The segment that holds this clock of this client within the past: the gate's view of it. */
  segmentOf(client: Client, clock: number): number | undefined {
    let at = this.at(client)
    if (!at || clock >= at.segment.clockEndAt(at.seq)) return undefined
    while (at && clock < at.segment.clockStart) at = at.segment.parent
    return at?.segment.index
  }

  #learn(position: Position): Reject | undefined {
    const { client } = position.segment.lane
    const known = this.at(client)
    if (known && isAtOrBefore(position, known)) return undefined
    const forward = client !== this.#client && (!known || isAtOrBefore(known, position))
    if (!forward) return new Reject('past-forked', `two branches of lane ${client} in one causal past`)
    this.#learned ??= new Map()
    this.#learned.set(client, position)
    const after = position.segment.laneSizeAt(position.seq)
    const before = known?.segment.laneSizeAt(known.seq)
    this.#bytes += after.bytes - (before?.bytes ?? 0)
    this.#items += after.items - (before?.items ?? 0)
    return undefined
  }
}

/** For each company the later of the two; the same array when nothing changes. */
function mergeAuth(a: AuthVector, b: AuthVector): AuthVector {
  if (a === b || b.every((ref, i) => !ref || (a[i]?.seq ?? -1) >= ref.seq)) return a
  const merged = [...a]
  for (const [i, ref] of b.entries()) if (ref && (merged[i]?.seq ?? -1) < ref.seq) merged[i] = ref
  return merged
}
