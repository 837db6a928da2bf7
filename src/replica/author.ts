// From a local edit to the headers that will be signed: which heads it stands on, what it relies on, and
// empty envelopes first where there are too many heads for one header. protocols/envelope, section 4.
import type { SpaceLog } from '../identity/space-log.ts'
import { EMPTY } from '../wire/bytes.ts'
import { type AuthRef, DEPS_MAX, type Dep, type Header, encodeHeader, envelopeId } from '../wire/envelope.ts'
import { sha256 } from '../wire/hash.ts'
import { type Client, unpackClient } from '../wire/lane.ts'
import type { ScannedUpdate } from '../wire/update.ts'
import type { Reject } from '../wire/reject.ts'
import { CausalPast } from './causal-past.ts'
import { addSizes, isWithin, sizeOf } from './document-size.ts'
import { type Facet, type Tip, documentFull, tipOf } from './facet.ts'
import { type Position, knows } from './lane-tree.ts'

/** A body that is to become an envelope, with what the scanner read of it. */
export interface Draft {
  body: Uint8Array
  scanned: ScannedUpdate
}

export interface Composed {
  headerBytes: Uint8Array
  id: Uint8Array
  body: Uint8Array
}

export interface ComposeInput {
  facet: Facet
  client: Client
  drafts: Draft[]
  /** The heads that the view had applied when the edit was made. */
  base: Tip[]
  time: number
}

/**
 * Headers for these bodies in this lane, each the successor of the one before. The caller has seen that the lane
 * is open (`Facet.isOpen`): going on in another would be a second successor of one envelope (ENV-28).
 */
export function compose({ facet, client, drafts, base, time }: ComposeInput): Composed[] {
  const head = facet.head(client)
  const past = new CausalPast(client, head)
  const steps = absorb(newHeads(facet, past, base))
  const auth = newAuth(facet.space, client, past, base, facet)
  const writer = new LaneWriter(facet, client, head, time)
  for (const deps of steps.slice(0, -1)) writer.write(deps, auth.splice(0), undefined)
  let deps = steps.at(-1) ?? []
  for (const draft of drafts) {
    writer.write(deps, auth.splice(0), draft)
    deps = []
  }
  return writer.written
}

/** Whether there is no room left for all of these bodies (ENV-30): half an edit would be worse than none. */
export function refuseFull({ facet, client, drafts, base }: Omit<ComposeInput, 'time'>): Reject | undefined {
  const past = new CausalPast(client, facet.head(client))
  const heads = newHeads(facet, past, base)
  for (const head of heads) past.merge(head)
  const steps = absorb(heads)
  let total = addSizes(past.size, { bytes: 0, items: Math.max(0, steps.length - 1) })
  for (const { body, scanned } of drafts) {
    total = addSizes(total, sizeOf(body.length, scanned.structs.length, scanned.deletes.length))
  }
  return isWithin(total, facet.most) ? undefined : documentFull(total)
}

/** The heads of `base` beyond the past, without those that another of them implies. */
function newHeads(facet: Facet, past: CausalPast, base: Tip[]): Position[] {
  const heads: Position[] = []
  for (const tip of base) {
    const position = facet.find(tip)
    if (position && !past.includes(position)) heads.push(position)
  }
  return heads.filter(head => !heads.some(other => other !== head && knows(other, head)))
}

/** At most 32 deps a header: more heads go into envelopes without a body before it. */
function absorb(heads: Position[]): Dep[][] {
  const deps = heads.map(tipOf).sort((a, b) => a.client - b.client)
  const steps: Dep[][] = []
  for (let i = 0; i < deps.length; i += DEPS_MAX) steps.push(deps.slice(i, i + DEPS_MAX))
  return steps
}

/**
 * The heads of all party chains; after the opening, only those newer than what prev and deps rely on. A company
 * whose chain forked stands on less than others relied on before they knew; an opening then names what they did.
 */
function newAuth(space: SpaceLog, client: Client, past: CausalPast, base: Tip[], facet: Facet): AuthRef[] {
  const prev = past.at(client)
  const inherited = new CausalPast(client, prev)
  for (const tip of base) {
    const position = facet.find(tip)
    if (position && !inherited.includes(position)) inherited.merge(position)
  }
  const refs: AuthRef[] = []
  for (let company = 0; company < space.parties.length; company++) {
    const head = space.head(company)
    const known = inherited.auth[company]
    const newer = head && (!known || head.seq > known.seq)
    if (newer) refs.push({ company, seq: head.seq, id: head.id })
    else if (known && !prev) refs.push(known)
  }
  return refs
}

class LaneWriter {
  readonly #facet: Facet
  readonly #client: Client
  readonly #time: number
  #seq: number
  #prev: Uint8Array | undefined
  #clockEnd: number
  readonly written: Composed[] = []

  constructor(facet: Facet, client: Client, head: Position | undefined, time: number) {
    this.#facet = facet
    this.#client = client
    this.#time = time
    this.#seq = head ? head.seq + 1 : 0
    this.#prev = head?.segment.idAt(head.seq)
    this.#clockEnd = head ? head.segment.clockEndAt(head.seq) : 0
  }

  write(deps: Dep[], auth: AuthRef[], draft: Draft | undefined): void {
    const body = draft?.body ?? EMPTY
    if (draft && draft.scanned.client !== undefined) this.#clockEnd = draft.scanned.clockEnd
    const place = this.#prev
      ? { prev: this.#prev }
      : { opening: { facet: this.#facet.id, ...unpackClient(this.#client) } }
    const header: Header = {
      seq: this.#seq,
      ...place,
      deps,
      auth,
      clockEnd: this.#clockEnd,
      deletes: draft?.scanned.deletes ?? [],
      bodyHash: draft ? sha256(body) : EMPTY,
      bodyLength: body.length,
      time: this.#time
    }
    const headerBytes = encodeHeader(header)
    const id = envelopeId(this.#facet.id, this.#client, headerBytes)
    this.written.push({ headerBytes, id, body })
    this.#seq++
    this.#prev = id
  }
}
