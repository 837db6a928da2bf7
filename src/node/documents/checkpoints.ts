// Checkpoints in the store: what a start takes instead of reading and judging each envelope again, and the
// document that they amount to. Made at a stop of what has grown by enough. protocols/sync, section 10.
import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import type { Facet, Tip } from '../../replica/facet.ts'
import type { Operation, Store } from '../../store/store.ts'
import type { HeldFacet } from '../../sync/context.ts'
import { EMPTY, concatBytes, toHex } from '../../wire/bytes.ts'
import { CborReader, CborWriter } from '../../wire/cbor-stream.ts'
import { HASH_BYTES } from '../../wire/hash.ts'
import type { Documents } from './documents.ts'

/** Reading and judging so many takes some ten milliseconds; a checkpoint that saves less is not worth writing. */
const GROWN_MIN = 512
/** A stop does not last longer for them; what is left is made by a later one. */
const STOP_MS = 2_000
/** A document is kept as one update only where that is much shorter than the updates that it replaces. */
const SHORTER_TIMES = 3
/** Below what a store takes as one record. */
const PART_BYTES = 512 * 1024
const HEADS_MAX = 2 ** 32

const deflate: (bytes: Uint8Array) => Promise<Uint8Array> = promisify(deflateRaw)
const inflate: (bytes: Uint8Array) => Promise<Uint8Array> = promisify(inflateRaw)

/** A document as one update, and the heads that it amounts to. */
export interface DocumentState {
  state: Uint8Array
  heads: Tip[]
}

export class Checkpoints {
  readonly #store: Store
  readonly #facets: ReadonlyMap<string, HeldFacet>
  readonly #documents: Documents
  /** How many envelopes the checkpoint of a facet covers. */
  readonly #covered = new Map<string, number>()

  constructor(store: Store, facets: ReadonlyMap<string, HeldFacet>, documents: Documents) {
    this.#store = store
    this.#facets = facets
    this.#documents = documents
  }

  /** @returns whether the facet stands as its checkpoint says; what was written after that is still to be read */
  async restore(id: string, facet: Facet): Promise<boolean> {
    const bytes = await this.#read('checkpoint', id)
    if (!bytes) return false
    if (facet.restore(bytes, this.#store.lanes(id))) {
      this.#covered.set(id, facet.size)
      return true
    }
    // Not later either, when another branch may have filled the place of what is lost now.
    const writes = [
      ...(await this.#parts('checkpoint', id, EMPTY)),
      ...(await this.#parts('document', id, EMPTY))
    ]
    await this.#store.write(writes, { sync: false })
    return false
  }

  /** @returns undefined where there is none, or where not all that it holds counts any more (SYN-43) */
  async document(facet: Facet): Promise<DocumentState | undefined> {
    const bytes = await this.#read('document', toHex(facet.id))
    const document = bytes && decodeDocument(bytes)
    if (!document) return undefined
    const counts = (tip: Tip) => {
      const position = facet.find(tip)
      return position !== undefined && facet.counts(position)
    }
    const state = new Uint8Array(await inflate(document.packed))
    return document.heads.every(counts) ? { state, heads: document.heads } : undefined
  }

  /** After the last write, before the store closes. A disk that takes no more leaves the next start more to read. */
  async stop(): Promise<void> {
    const end = performance.now() + STOP_MS
    const grown = [...this.#facets].filter(
      ([id, { facet }]) => facet.size - (this.#covered.get(id) ?? 0) >= GROWN_MIN
    )
    for (const [id, { facet }] of grown) {
      if (performance.now() > end) return
      await this.#save(id, facet).catch(() => undefined)
    }
  }

  async #save(id: string, facet: Facet): Promise<void> {
    const writes = await this.#parts('checkpoint', id, facet.checkpoint())
    writes.push(...(await this.#parts('document', id, await this.#documentOf(id, facet))))
    await this.#store.write(writes, { sync: false })
    this.#covered.set(id, facet.size)
  }

  /** Nothing where the document is not shorter, or cannot be made: people were told why it cannot be shown. */
  async #documentOf(id: string, facet: Facet): Promise<Uint8Array> {
    const made = await this.#documents.state(id).catch(() => undefined)
    if (!made) return EMPTY
    const packed = await deflate(made.state)
    return packed.length * SHORTER_TIMES <= facet.used().bytes ? encodeDocument(packed, made.frontier) : EMPTY
  }

  async #read(table: string, id: string): Promise<Uint8Array | undefined> {
    const parts: Uint8Array[] = []
    let count = 0
    for await (const { key, bytes } of this.#store.list(table, `${id}/`)) {
      parts.push(bytes)
      count = Number(key.split('/')[2])
    }
    // A store leaves out a damaged one (STO-29).
    return count > 0 && parts.length === count ? concatBytes(...parts) : undefined
  }

  /** In pieces that the store takes, whose keys say how many there are; pieces of the one before go. */
  async #parts(table: string, id: string, bytes: Uint8Array): Promise<Operation[]> {
    const writes: Operation[] = []
    for await (const { key } of this.#store.list(table, `${id}/`)) writes.push({ kind: 'del', table, key })
    const count = Math.ceil(bytes.length / PART_BYTES)
    for (let part = 0; part < count; part++) {
      const key = `${id}/${String(part).padStart(6, '0')}/${count}`
      writes.push({
        kind: 'put',
        table,
        key,
        bytes: bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)
      })
    }
    return writes
  }
}

function encodeDocument(packed: Uint8Array, heads: Tip[]): Uint8Array {
  const out = new CborWriter(packed.length + 64 * heads.length + 64).array(2).array(heads.length)
  for (const { client, seq, id } of heads) out.array(3).uint(client).uint(seq).bytes(id)
  return out.bytes(packed).finish()
}

function decodeDocument(bytes: Uint8Array): { packed: Uint8Array; heads: Tip[] } | undefined {
  const read = new CborReader(bytes)
  read.tuple(2)
  const heads: Tip[] = []
  for (let n = read.array(HEADS_MAX); n > 0 && !read.failed; n--) {
    read.tuple(3)
    heads.push({ client: read.uint(), seq: read.uint(), id: read.bytes(HASH_BYTES) })
  }
  const packed = read.bytes()
  return read.end('the document') === undefined ? { packed, heads } : undefined
}
