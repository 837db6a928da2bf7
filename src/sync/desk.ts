// Local work: founding spaces, signing entries, making facets, turning edits into envelopes. What a node
// writes itself takes the same road through the gate as what it receives. protocols/sync, section 9.
import { type PublicKey } from '../identity/ed25519.ts'
import { openSpace } from '../artifacts/space.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { Author, type Composed, type Draft } from '../replica/author.ts'
import { type Facet, type Tip, tipOf } from '../replica/facet.ts'
import { equalBytes, toHex } from '../wire/bytes.ts'
import { type ParsedRun, SIGNATURE_BYTES, checkHeader } from '../wire/envelope.ts'
import {
  type FacetGenesis,
  type SpaceGenesis,
  encodeFacetGenesis,
  encodeSpaceGenesis,
  facetId,
  spaceId
} from '../wire/genesis.ts'
import { type Client, SESSION_MAX, packClient } from '../wire/lane.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { type EntryAct, type EntryRecord, encodeSpaceEntry, entrySignedBytes } from '../wire/space-entry.ts'
import { scanUpdate } from '../wire/update.ts'
import { splitUpdate } from '../wire/update-split.ts'
import type { Core } from './core.ts'
import type { HeldFacet } from './context.ts'
import { RUN_BYTES_TARGET } from './frame.ts'

/** Leaves room in a 64 KiB run for the header. */
const BODY_BYTES_TARGET = 48 * 1024

/** A role key on this device. */
export interface Signer {
  publicKey: PublicKey
  sign(message: Uint8Array): Uint8Array
}

/** The right to write as one Yjs client id, lent to one view at a time. */
export interface Lease {
  facet: string
  client: number
  signer: Signer
}

export interface Edit {
  /** A Yjs v1 update whose structs all carry the lease's client id. */
  update: Uint8Array
  /** The heads that the view had applied. */
  base: Tip[]
}

/** Envelopes of edits that were made one after another in one lane, and how many edits these are. */
interface Chain {
  edits: number
  envelopes: Composed[]
}

export class Desk {
  readonly #core: Core
  readonly #random: (bytes: number) => Uint8Array
  readonly #free: Lease[] = []

  constructor(core: Core, random: (bytes: number) => Uint8Array) {
    this.#core = core
    this.#random = random
  }

  /** A new space, not yet accepted by anybody. */
  foundSpace(facts: Omit<SpaceGenesis, 'nonce'>): SpaceLog | Reject {
    const bytes = encodeSpaceGenesis({ ...facts, nonce: this.#random(16) })
    const space = openSpace(bytes)
    if (isReject(space)) return space
    const key = toHex(spaceId(bytes))
    this.#core.context.directory.spaces.set(key, space)
    this.#core.context.write([{ kind: 'put', table: 'space', key, bytes }])
    return space
  }

  /** Signs the next entry of our chain and passes it on. */
  append(space: SpaceLog, act: EntryAct, signer: Signer): Reject | undefined {
    const record = this.sign(space, act, signer)
    return isReject(record) ? record : this.enter(space, record)
  }

  /** The next entry of our chain, signed and not yet entered. */
  sign(space: SpaceLog, act: EntryAct, signer: Signer): EntryRecord | Reject {
    const entry = this.nextEntry(space, act)
    if (isReject(entry)) return entry
    return { entry, signer: signer.publicKey.bytes, signature: signer.sign(entrySignedBytes(entry)) }
  }

  /** Takes in an entry that was signed elsewhere, as by the root key. */
  enter(space: SpaceLog, record: EntryRecord): Reject | undefined {
    return this.#core.spaces.add(space, [record])
  }

  /** The bytes of the next entry of our chain, as far as it is known here. */
  nextEntry(space: SpaceLog, act: EntryAct): Uint8Array | Reject {
    const { context } = this.#core
    const company = context.directory.ownIndex(space)
    if (company === undefined)
      return new Reject('not-a-party', 'this company is no party of the space', false)
    const head = space.accepted(company) ? space.head(company) : undefined
    const place = head ? { seq: head.seq + 1, prev: head.id } : { seq: 0 }
    return encodeSpaceEntry({ space: space.id, company, ...place, act, time: context.now })
  }

  /** A new, empty facet. It is stored, and heard of, with its first envelope. */
  openFacet(space: SpaceLog, facts: Pick<FacetGenesis, 'kind' | 'class' | 'artifact'>): HeldFacet | Reject {
    const owner = this.#core.context.directory.ownIndex(space)
    if (owner === undefined) return new Reject('not-a-party', 'this company is no party of the space', false)
    const genesis: FacetGenesis = { ...facts, space: space.id, owner, nonce: this.#random(16) }
    const bytes = encodeFacetGenesis(genesis)
    const held = this.#core.facets.openings.open(facetId(bytes), genesis, bytes, space, false)
    return held ?? new Reject('artifact-kind', `${facts.kind} is no kind that this version knows`, false)
  }

  /** Takes back a facet of ours in which nothing was written. */
  closeFacet({ facet }: HeldFacet): void {
    if (facet.size === 0) this.#core.context.facets.delete(toHex(facet.id))
  }

  /**
   * Lends a client id whose lane ends inside `base`. Ids are never used again by a later process: a restored
   * copy of this node must not continue what the original goes on writing (ENV-26).
   */
  lease({ facet }: HeldFacet, signer: Signer, base: Tip[]): Lease | Reject {
    const id = toHex(facet.id)
    const inBase = (client: number) => {
      const head = facet.head(client)
      const lane = facet.lanes.get(client)
      if (!lane) return true
      if (!head || !facet.isOpen(client)) return false // ENV-28
      return base.some(tip => tip.client === client && tip.seq >= head.seq)
    }
    const at = this.#free.findIndex(
      lease => lease.facet === id && isSame(lease.signer, signer) && inBase(lease.client)
    )
    const free = this.#free[at]
    if (free) {
      this.#free.splice(at, 1)
      return free
    }
    const company = this.#core.context.directory.ownIndex(facet.space)
    // Others take what we write only after its owner's first word (SYN-39), so there is nothing to write in yet.
    if (facet.size === 0 && facet.genesis.owner !== company)
      return new Reject('facet-empty', 'nothing of this document has arrived yet', false)
    const head = company === undefined ? undefined : facet.space.head(company)
    const key = head?.keys.find(pin => equalBytes(pin.publicKey.bytes, signer.publicKey.bytes))
    if (company === undefined || !key)
      return new Reject('key-unknown', 'this key is not pinned in the space', false)
    if (head?.cut.includes(key.index)) return new Reject('key-cut', 'this key was cut in the space', false)
    let client: number
    do client = packClient({ company, key: key.index, session: this.#session() })
    while (facet.lanes.has(client))
    return { facet: id, client, signer }
  }

  release(lease: Lease): void {
    this.#free.push(lease)
  }

  #session(): number {
    const bytes = this.#random(4)
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) & SESSION_MAX
  }

  /** Signs an edit and takes it in. @returns the new head of the lane, or why the edit cannot stand. */
  edit(lease: Lease, edit: Edit): Tip | Reject {
    return this.write(lease, [edit])
  }

  /**
   * The same for edits that were made one after another: each has envelopes of its own, and they come in together.
   * @returns the new head of the lane, or why the first that was refused cannot stand: those before it do (SYN-44)
   */
  write(lease: Lease, edits: readonly Edit[]): Tip | Reject {
    const held = this.#core.context.facets.get(lease.facet)
    if (!held) return new Reject('facet-unknown', 'no such document', false)
    let refused: Reject | undefined
    for (let at = 0; at < edits.length;) {
      const chain = this.#compose(held.facet, lease.client, edits.slice(at))
      const count = isReject(chain) ? 1 : chain.edits
      const reject = isReject(chain) ? chain : this.#take(held, lease, chain)
      const part = edits.slice(at, at + count)
      at += count
      if (!reject) continue
      const first = count === 1 ? reject : part.map(edit => this.edit(lease, edit)).find(isReject)
      refused ??= first
    }
    if (refused) return refused
    const head = held.facet.head(lease.client)
    return head ? tipOf(head) : new Reject('edit-empty', 'the edit changes nothing', false)
  }

  /** Envelopes for the first of these edits: as many as one run holds. @returns why where the very first cannot stand */
  #compose(facet: Facet, client: Client, edits: readonly Edit[]): Chain | Reject {
    // A fork or a cut elsewhere has ended this lane while the view wrote: the view takes another lease (ENV-28).
    if (!facet.isOpen(client)) return new Reject('lane-ended', 'the lane no longer counts to its end', false)
    const author = new Author(facet, client, this.#core.context.now)
    const chain: Chain = { edits: 0, envelopes: [] }
    let bytes = 0
    for (const edit of edits) {
      const composed = envelopesOf(author, edit)
      if (isReject(composed)) return chain.edits > 0 ? chain : composed
      for (const { headerBytes, body } of composed)
        bytes += headerBytes.length + SIGNATURE_BYTES + body.length
      if (chain.edits > 0 && bytes > RUN_BYTES_TARGET) break
      chain.envelopes.push(...composed)
      chain.edits++
    }
    return chain
  }

  /** Edits that are one run are taken as a whole or not at all; what one edit was split into, piece by piece. */
  #take(held: HeldFacet, { client, signer }: Lease, { edits, envelopes }: Chain): Reject | undefined {
    const signed = envelopes.map(({ header, headerBytes, signed, body, id }) => {
      return { client, header, headerBytes, signature: signer.sign(signed), body, id }
    })
    for (const run of edits > 1 ? [signed] : signed.map(envelope => [envelope])) {
      const parsed: ParsedRun = { facet: held.facet.id, client, envelopes: run }
      const refused = this.#core.facets.take(held, parsed, undefined, signer.publicKey)
      if (refused) return refused
    }
    return undefined
  }
}

function envelopesOf(author: Author, { update, base }: Edit): Composed[] | Reject {
  const drafts = draftsOf(update)
  if (isReject(drafts)) return drafts
  const composed = author.write(drafts, base)
  if (isReject(composed)) return composed
  for (const { header } of composed) {
    const refused = checkHeader(header)
    if (refused) return refused
  }
  return composed
}

/** One body for an edit that fits, as nearly all do. */
function draftsOf(update: Uint8Array): Draft[] | Reject {
  if (update.length <= BODY_BYTES_TARGET) {
    const scanned = scanUpdate(update)
    if (!isReject(scanned)) return [{ body: update, scanned }]
  }
  const bodies = splitUpdate(update, BODY_BYTES_TARGET)
  if (isReject(bodies)) return bodies
  const drafts: Draft[] = []
  for (const body of bodies) {
    const scanned = scanUpdate(body)
    if (isReject(scanned)) return scanned
    drafts.push({ body, scanned })
  }
  return drafts
}

function isSame(a: Signer, b: Signer): boolean {
  return equalBytes(a.publicKey.bytes, b.publicKey.bytes)
}
