// The semantic half of the update gate: may this body follow its causal past? The verdict depends on the
// bytes, the header and the causal past alone, so every node reaches the same one. protocols/update, section 3.
import type { DeleteRange } from '../wire/envelope.ts'
import type { Client } from '../wire/lane.ts'
import type { LayoutNode, LayoutValue, PlainType } from '../wire/layout.ts'
import { Reject } from '../wire/reject.ts'
import type { StructId } from '../wire/update-reader.ts'
import type { ScannedStruct, ScannedUpdate } from '../wire/update.ts'
import {
  type Place,
  type StagedUpdate,
  type StructIndex,
  type StructRun,
  allowedIn,
  appendRun,
  findRun
} from './struct-index.ts'

/**
 * The causal past of the envelope under check. It is closed downwards: if a unit is inside, so is every
 * earlier unit of its client.
 */
export interface CausalPast {
  /** @returns the segment that holds this unit, or undefined when the unit is outside the causal past. */
  segmentOf(client: Client, clock: number): number | undefined
}

/** What the envelope says of its body: the lane's client, where the lane stood, and what the header repeats. */
export interface UpdateClaims {
  client: Client
  /** The clock that the lane's next struct must have. */
  clock: number
  clockEnd: number
  deletes: DeleteRange[]
}

/** Checks a scanned body against its causal past. Changes nothing. */
export function checkUpdate(
  update: ScannedUpdate,
  claims: UpdateClaims,
  past: CausalPast,
  index: StructIndex
): StagedUpdate | Reject {
  const refused = checkClaims(update, claims)
  if (refused) return refused
  const body = new Body(update, claims, past, index)
  for (const struct of update.structs) {
    const run = body.place(struct)
    if (run instanceof Reject) return run
    appendRun(body.runs, run)
  }
  for (const range of update.deletes) {
    if (!body.contains(range)) return new Reject('update-reference', `deletes ${at(range)}+${range.length}`) // UPD-22
  }
  return { clock: claims.clock, clockEnd: claims.clockEnd, runs: body.runs }
}

/** Own client, next clock, and the header's account of the body. UPD-14, UPD-15, UPD-16 */
function checkClaims(update: ScannedUpdate, claims: UpdateClaims): Reject | undefined {
  if (update.client !== undefined) {
    if (update.client !== claims.client) return new Reject('update-client', `writes as ${update.client}`)
    if (update.clock !== claims.clock) return new Reject('update-clock', `starts at ${update.clock}`)
  }
  const clockEnd = update.client === undefined ? claims.clock : update.clockEnd
  if (clockEnd !== claims.clockEnd) return new Reject('update-claims', `ends at ${clockEnd}`)
  if (!equalRanges(update.deletes, claims.deletes)) return new Reject('update-claims', 'deletes other ranges')
  return undefined
}

function equalRanges(a: DeleteRange[], b: DeleteRange[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as DeleteRange, b[i] as DeleteRange]
    if (x.client !== y.client || x.clock !== y.clock || x.length !== y.length) return false
  }
  return true
}

/** Where a struct stands: a type and perhaps a key in it; no type where its parent or neighbours are GC. */
type Spot = Pick<StructRun, 'place' | 'key'>

/** One body on its way through the check, with the facts of the structs that passed already. */
class Body {
  readonly runs: StructRun[] = []
  readonly #update: ScannedUpdate
  readonly #claims: UpdateClaims
  readonly #past: CausalPast
  readonly #index: StructIndex

  constructor(update: ScannedUpdate, claims: UpdateClaims, past: CausalPast, index: StructIndex) {
    this.#update = update
    this.#claims = claims
    this.#past = past
    this.#index = index
  }

  /** @returns the facts of this struct, or why it may not stand where it wants to. */
  place(struct: ScannedStruct): StructRun | Reject {
    const { clock, length, kind } = struct
    if (kind === 'gc') return nowhere(struct)
    const spot = this.#spot(struct)
    if (spot instanceof Reject) return spot
    const { place, key } = spot
    const gone = kind === 'deleted' || this.#deletes(struct)
    // Yjs makes GC of such a struct. Honest ones come from a handle to a type that is gone, and are gone too.
    if (!place) return gone ? nowhere(struct) : refuse(struct, 'update-parent', 'stands in nothing') // UPD-19
    if (key === undefined && struct.keyed) return refuse(struct, 'update-parent', 'claims a key')
    if (key !== undefined && struct.right) return refuse(struct, 'update-map', 'right origin under a key')
    if (key !== undefined && length > 1 && !gone) return refuse(struct, 'update-map', 'several under a key') // UPD-20
    const value = allowedIn(place, key)
    if (value === undefined || !fits(struct, place, value)) {
      return refuse(struct, 'update-layout', `${struct.type ?? kind} under ${key ?? 'no key'}`)
    }
    if (!gone && isTyped(place, value) && struct.value !== value) {
      return refuse(struct, 'update-type', `${struct.value} where ${value} belongs, under ${key ?? 'no key'}`)
    }
    const opens = kind === 'type' ? { node: value as LayoutNode } : undefined
    return { clock, length, place, key, opens }
  }

  /** Where the struct stands: beside its neighbours, which must agree, or in the parent that it names. */
  #spot(struct: ScannedStruct): Spot | Reject {
    const { origin, right, parent } = struct
    if (typeof parent === 'string') {
      const place = this.#index.root(parent)
      return place ? { place, key: struct.key } : refuse(struct, 'update-layout', `no root ${parent}`) // UPD-21
    }
    if (parent) {
      const opener = this.#find(parent)
      if (!opener) return refuse(struct, 'update-reference', 'unknown parent')
      return { place: opener.opens, key: struct.key }
    }
    const left = origin && this.#find(origin)
    const next = right && this.#find(right)
    const run = left ?? next
    if (!run || (origin && !left) || (right && !next)) {
      return refuse(struct, 'update-reference', 'unknown neighbour')
    }
    if (left && next && (left.place !== next.place || left.key !== next.key)) {
      return refuse(struct, 'update-parent', 'neighbours in different places') // UPD-18
    }
    return run
  }

  /** Facts of a unit in the causal past or earlier in this body. UPD-17 */
  #find(id: StructId): StructRun | undefined {
    const { client, clock } = this.#claims
    if (id.client === client && id.clock >= clock) return findRun(this.runs, id.clock)
    const segment = this.#past.segmentOf(id.client, id.clock)
    return segment === undefined ? undefined : this.#index.find(segment, id.clock)
  }

  /** The whole range lies in the causal past or in this body. */
  contains(range: DeleteRange): boolean {
    const last = range.clock + range.length - 1
    const { client, clock, clockEnd } = this.#claims
    if (range.client === client && last >= clock) return last < clockEnd
    return this.#past.segmentOf(range.client, last) !== undefined
  }

  /** This update itself deletes the whole struct: an undo manager writes such structs. */
  #deletes(struct: ScannedStruct): boolean {
    const { client } = this.#claims
    const end = struct.clock + struct.length
    return this.#update.deletes.some(
      r => r.client === client && r.clock <= struct.clock && end <= r.clock + r.length
    )
  }
}

/** Deleted content fits everywhere; the rest must be what the place holds. UPD-21 */
function fits(struct: ScannedStruct, place: Place, value: LayoutValue): boolean {
  if (struct.kind === 'deleted') return true
  if (place.node.is === 'text') return struct.kind === 'string'
  return typeof value === 'string' ? struct.kind === 'any' : struct.type === value.is
}

/** Whether values here must be of one type. A text holds strings anyhow. ART-7 */
function isTyped({ node }: Place, value: LayoutValue): value is PlainType {
  return node.is === 'map' && typeof value === 'string' && value !== 'plain'
}

function nowhere({ clock, length }: ScannedStruct): StructRun {
  return { clock, length, place: undefined, key: undefined, opens: undefined }
}

function refuse(struct: ScannedStruct, code: string, detail: string): Reject {
  return new Reject(code, `clock ${struct.clock}: ${detail}`)
}

function at(id: StructId): string {
  return `${id.client}@${id.clock}`
}
