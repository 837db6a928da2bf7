// From a local edit to the headers that will be signed: which heads it stands on, what it relies on, and
// empty envelopes first where there are too many heads for one header. protocols/envelope, section 4.
import type { SpaceLog } from '../identity/space-log.ts'
import { EMPTY } from '../wire/bytes.ts'
import {
  type AuthRef,
  DEPS_MAX,
  type Dep,
  type Envelope,
  type Header,
  encodeHeader,
  signedBytes
} from '../wire/envelope.ts'
import { sha256 } from '../wire/hash.ts'
import { type Client, unpackClient } from '../wire/lane.ts'
import type { ScannedUpdate } from '../wire/update.ts'
import type { Reject } from '../wire/reject.ts'
import { CausalPast } from './causal-past.ts'
import { type Size, addSizes, isWithin, sizeOf } from './document-size.ts'
import { type Facet, type Tip, documentFull, tipOf } from './facet.ts'
import { type AuthPoint, type Position, knows } from './lane-tree.ts'

/** A body that is to become an envelope, with what the scanner read of it. */
export interface Draft {
  body: Uint8Array
  scanned: ScannedUpdate
}

/** An envelope but for its signature, which goes over `signed`. */
export interface Composed extends Omit<Envelope, 'signature'> {
  signed: Uint8Array
}

/**
 * Writes edits into one lane, each the successor of the one before, without any of them being admitted yet. The
 * caller has seen that the lane is open (`Facet.isOpen`): going on in another would be a second successor of one
 * envelope (ENV-28).
 */
export class Author {
  readonly #facet: Facet
  readonly #past: CausalPast
  readonly #headers: HeaderChain
  /** The edits so far, by which the past will have grown when they are admitted. */
  #written: Size = { bytes: 0, items: 0 }

  constructor(facet: Facet, client: Client, time: number) {
    const head = facet.head(client)
    this.#facet = facet
    this.#past = new CausalPast(client, head)
    this.#headers = new HeaderChain(facet, client, head, time)
  }

  /**
   * Headers for the bodies of one edit. `base`: the heads that the view had applied when the edit was made.
   * @returns `document-full` where there is no room for all of them (ENV-30): half an edit would be worse than
   * none. Nothing is to be written after that.
   */
  write(drafts: Draft[], base: Tip[]): Composed[] | Reject {
    const heads = newHeads(this.#facet, this.#past, base)
    for (const position of heads) this.#past.merge(position)
    const steps = absorb(heads)
    this.#written = addSizes(this.#written, sizeOfAll(drafts, Math.max(0, steps.length - 1)))
    const total = addSizes(this.#past.size, this.#written)
    if (!isWithin(total, this.#facet.most)) return documentFull(total)
    const entries = newEntries(this.#facet.space, this.#past, this.#headers.opens)
    const refused = this.#past.mergeAuth(entries)
    if (refused) return refused
    const auth = entries.map(({ company, seq, id }) => ({ company, seq, id }))
    const absorbed = steps.slice(0, -1).map(deps => this.#headers.next(deps, auth.splice(0), undefined))
    const deps = steps.at(-1) ?? []
    return [...absorbed, ...drafts.map(draft => this.#headers.next(deps.splice(0), auth.splice(0), draft))]
  }
}

/** Of envelopes with these bodies, and of some without one. */
function sizeOfAll(drafts: Draft[], empty: number): Size {
  let total: Size = { bytes: 0, items: empty }
  for (const { body, scanned } of drafts) {
    total = addSizes(total, sizeOf(body.length, scanned.structs.length, scanned.deletes.length))
  }
  return total
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
function newEntries(space: SpaceLog, past: CausalPast, opens: boolean): AuthPoint[] {
  const entries: AuthPoint[] = []
  for (let company = 0; company < space.parties.length; company++) {
    const head = space.head(company)
    const known = past.auth[company]
    const newer = head && (!known || head.seq > known.seq)
    const entry = newer ? head : opens && known
    if (entry) entries.push(entry)
  }
  return entries
}

/** Headers of one lane, each naming the one before it. */
class HeaderChain {
  readonly #facet: Facet
  readonly #client: Client
  readonly #time: number
  #seq: number
  #prev: Uint8Array | undefined
  #clockEnd: number

  constructor(facet: Facet, client: Client, head: Position | undefined, time: number) {
    this.#facet = facet
    this.#client = client
    this.#time = time
    this.#seq = head ? head.seq + 1 : 0
    this.#prev = head?.segment.idAt(head.seq)
    this.#clockEnd = head ? head.segment.clockEndAt(head.seq) : 0
  }

  /** Whether the next header is the first of the lane. */
  get opens(): boolean {
    return this.#seq === 0
  }

  next(deps: Dep[], auth: AuthRef[], draft: Draft | undefined): Composed {
    const body = draft?.body ?? EMPTY
    if (draft && draft.scanned.client !== undefined) this.#clockEnd = draft.scanned.clockEnd
    const prev = this.#prev
    const header: Header = {
      seq: this.#seq,
      opening: prev ? undefined : { facet: this.#facet.id, ...unpackClient(this.#client) },
      prev,
      deps,
      auth,
      clockEnd: this.#clockEnd,
      deletes: draft?.scanned.deletes ?? [],
      bodyHash: draft ? sha256(body) : EMPTY,
      bodyLength: body.length,
      time: this.#time
    }
    const headerBytes = encodeHeader(header)
    const signed = signedBytes(this.#facet.id, this.#client, headerBytes)
    const id = sha256(signed)
    this.#seq++
    this.#prev = id
    return { client: this.#client, header, headerBytes, signed, id, body }
  }
}
