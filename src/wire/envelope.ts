// The envelope: a signed header and the Yjs update that it vouches for. protocols/envelope.
import { EMPTY, concatBytes, equalBytes, utf8 } from './bytes.ts'
import { CborReader, CborWriter } from './cbor-stream.ts'
import { HASH_BYTES, hasSha256, sha256, sha256After } from './hash.ts'
import {
  COMPANY_MAX,
  KEY_MAX,
  SESSION_MAX,
  type Client,
  type LaneAuthor,
  laneId,
  packClient
} from './lane.ts'
import { Reject, isReject } from './reject.ts'

export const ENVELOPE_VERSION = 1
export const SIGNATURE_BYTES = 64
/** What a Yjs update may weigh; `protocols/update` scans no more. */
export const BODY_BYTES_MAX = 65_536
/** 1,000 delete ranges of up to 23 bytes, 32 deps, 64 authorisations. */
export const HEADER_BYTES_MAX = 32_768
export const DEPS_MAX = 32
export const AUTH_MAX = 64
export const DELETES_MAX = 1_000
/** Yjs clocks are 32-bit; half of that leaves room for arithmetic. */
export const CLOCK_MAX = 2 ** 31 - 1
export const SEQ_MAX = 2 ** 31 - 1

const LABEL = utf8('parley/envelope/1\n')

/** A head of another lane that the author had applied. */
export interface Dep {
  client: Client
  seq: number
  id: Uint8Array
}

/** An entry of a company's chain in the space log that the author relied on. */
export interface AuthRef {
  company: number
  seq: number
  id: Uint8Array
}

export interface DeleteRange {
  client: Client
  clock: number
  length: number
}

/** The signed part. `opening` stands at seq 0 and only there, `prev` at every other seq. */
export interface Header {
  seq: number
  opening?: (LaneAuthor & { facet: Uint8Array }) | undefined
  prev?: Uint8Array | undefined
  deps: Dep[]
  auth: AuthRef[]
  clockEnd: number
  deletes: DeleteRange[]
  /** SHA-256 of the body; empty where the body is. */
  bodyHash: Uint8Array
  bodyLength: number
  /** Milliseconds since 1970, as the author's clock said. For display only. */
  time: number
}

/** The unit that is stored, sent, verified and audited. */
export interface Envelope {
  client: Client
  header: Header
  headerBytes: Uint8Array
  signature: Uint8Array
  body: Uint8Array
  /** SHA-256 of the bytes that were signed. */
  id: Uint8Array
}

/** Envelopes of one lane, one after the other. The last signature vouches for all (ENV-12). */
export interface ParsedRun {
  facet: Uint8Array
  client: Client
  envelopes: Envelope[]
  /** Read back from our own store, where it may stand with what came in other runs: not atomic (ENV-19). */
  stored?: true
}

/** The bytes that are signed and hashed: label, lane, header (ENV-3). */
export function signedBytes(facet: Uint8Array, client: Client, headerBytes: Uint8Array): Uint8Array {
  return concatBytes(LABEL, laneId(facet, client), headerBytes)
}

export function envelopeId(facet: Uint8Array, client: Client, headerBytes: Uint8Array): Uint8Array {
  return sha256(LABEL, laneId(facet, client), headerBytes)
}

/** The ids of a lane's headers, one after the other. */
function idOf(facet: Uint8Array, client: Client): (headerBytes: Uint8Array) => Uint8Array {
  return sha256After(concatBytes(LABEL, laneId(facet, client)))
}

export function encodeHeader(header: Header): Uint8Array {
  const out = new CborWriter().array(10).uint(ENVELOPE_VERSION).uint(header.seq)
  const { opening } = header
  if (opening) out.array(4).bytes(opening.facet).uint(opening.company).uint(opening.key).uint(opening.session)
  else out.bytes(header.prev ?? EMPTY)
  out.array(header.deps.length)
  for (const dep of header.deps) out.array(3).uint(dep.client).uint(dep.seq).bytes(dep.id)
  out.array(header.auth.length)
  for (const ref of header.auth) out.array(3).uint(ref.company).uint(ref.seq).bytes(ref.id)
  out.uint(header.clockEnd).array(header.deletes.length)
  for (const range of header.deletes) out.array(3).uint(range.client).uint(range.clock).uint(range.length)
  return out.bytes(header.bodyHash).uint(header.bodyLength).uint(header.time).finish()
}

/** Parses the bytes of one header. Only form is judged here, not what it refers to. */
export function parseHeader(bytes: Uint8Array): Header | Reject {
  if (bytes.length > HEADER_BYTES_MAX) return new Reject('header-size', `${bytes.length} bytes`)
  const read = new CborReader(bytes)
  read.tuple(10)
  if (read.uint() !== ENVELOPE_VERSION) {
    return new Reject('envelope-version', `only version ${ENVELOPE_VERSION} is known here`)
  }
  const seq = read.uint()
  const opening = seq === 0 ? readOpening(read) : undefined
  const prev = seq === 0 ? undefined : read.bytes(HASH_BYTES)
  const deps = readDeps(read)
  const auth = readAuth(read)
  const clockEnd = read.uint()
  const deletes = readDeletes(read)
  const bodyHash = read.bytes()
  const bodyLength = read.uint()
  const time = read.uint()
  const broken = read.end('the header')
  if (broken) return broken
  const header: Header = { seq, opening, prev, deps, auth, clockEnd, deletes, bodyHash, bodyLength, time }
  return checkHeader(header) ?? header
}

function readOpening(read: CborReader): LaneAuthor & { facet: Uint8Array } {
  read.tuple(4)
  return { facet: read.bytes(HASH_BYTES), company: read.uint(), key: read.uint(), session: read.uint() }
}

function readDeps(read: CborReader): Dep[] {
  const deps: Dep[] = []
  for (let n = read.array(DEPS_MAX); n > 0; n--) {
    read.tuple(3)
    deps.push({ client: read.uint(), seq: read.uint(), id: read.bytes(HASH_BYTES) })
  }
  return deps
}

function readAuth(read: CborReader): AuthRef[] {
  const auth: AuthRef[] = []
  for (let n = read.array(AUTH_MAX); n > 0; n--) {
    read.tuple(3)
    auth.push({ company: read.uint(), seq: read.uint(), id: read.bytes(HASH_BYTES) })
  }
  return auth
}

function readDeletes(read: CborReader): DeleteRange[] {
  const deletes: DeleteRange[] = []
  for (let n = read.array(DELETES_MAX); n > 0; n--) {
    read.tuple(3)
    deletes.push({ client: read.uint(), clock: read.uint(), length: read.uint() })
  }
  return deletes
}

/** Everything about a header that needs no other envelope: ENV-5 to ENV-8. */
export function checkHeader(header: Header): Reject | undefined {
  const { opening, seq, clockEnd, bodyLength, bodyHash } = header
  if (seq > SEQ_MAX || clockEnd > CLOCK_MAX) return new Reject('header-range', 'seq or clock out of range')
  if (opening && (opening.company > COMPANY_MAX || opening.key > KEY_MAX || opening.session > SESSION_MAX)) {
    return new Reject('header-range', 'company, key or session out of range')
  }
  if (!ascending(header.deps, clientOf)) return new Reject('header-order', 'deps do not ascend')
  if (!ascending(header.auth, companyOf)) return new Reject('header-order', 'auth does not ascend')
  if (!rangesAscend(header.deletes)) return new Reject('header-order', 'deletes do not ascend or touch')
  if (bodyLength > BODY_BYTES_MAX) return new Reject('body-size', `${bodyLength} bytes`)
  if (bodyHash.length !== (bodyLength === 0 ? 0 : HASH_BYTES)) {
    return new Reject('header-body', 'the body hash does not go with the body length')
  }
  if (bodyLength === 0 && header.deletes.length > 0)
    return new Reject('header-body', 'deletes without a body')
  return undefined
}

const clientOf = (dep: Dep) => dep.client
const companyOf = (ref: AuthRef) => ref.company

// Loops, not `every`: most headers have none of these, and ten thousand come at a time.

function ascending<T>(items: T[], of: (item: T) => number): boolean {
  for (let i = 1; i < items.length; i++) if (of(items[i - 1] as T) >= of(items[i] as T)) return false
  return true
}

function rangesAscend(ranges: DeleteRange[]): boolean {
  for (let i = 0; i < ranges.length; i++) {
    const [before, range] = [ranges[i - 1], ranges[i] as DeleteRange]
    if (range.length === 0 || range.clock + range.length > CLOCK_MAX) return false
    if (!before || before.client < range.client) continue
    if (before.client > range.client || before.clock + before.length >= range.clock) return false
  }
  return true
}

/** One envelope as it stands in a store or in a frame. */
export interface EnvelopeRecord {
  header: Uint8Array
  signature: Uint8Array
  body: Uint8Array
}

export function recordOf({ headerBytes: header, signature, body }: Envelope): EnvelopeRecord {
  return { header, signature, body }
}

/** Parses one record as an envelope of this lane; the body must be the one that the header names (ENV-9). */
export function parseEnvelope(facet: Uint8Array, client: Client, record: EnvelopeRecord): Envelope | Reject {
  return parseRecord(facet, client, idOf(facet, client), record)
}

/**
 * The same for records of our own store, one after another: each was parsed before it was written, and the store's
 * checksum covers its body, which is not hashed again.
 */
export function storedEnvelopes(
  facet: Uint8Array,
  client: Client
): (record: EnvelopeRecord) => Envelope | Reject {
  const id = idOf(facet, client)
  return record => parseRecord(facet, client, id, record, true)
}

function parseRecord(
  facet: Uint8Array,
  client: Client,
  id: (header: Uint8Array) => Uint8Array,
  record: EnvelopeRecord,
  stored = false
): Envelope | Reject {
  if (record.signature.length !== SIGNATURE_BYTES) return new Reject('signature-size', 'not 64 bytes')
  const header = parseHeader(record.header)
  if (isReject(header)) return header
  const { opening, bodyLength, bodyHash } = header
  if (opening && (!equalBytes(opening.facet, facet) || packClient(opening) !== client)) {
    return new Reject('lane-mismatch', 'the opening names another lane') // ENV-2
  }
  if (record.body.length !== bodyLength) return new Reject('body-mismatch', 'the body has another length')
  if (!stored && bodyLength > 0 && !hasSha256(record.body, bodyHash)) {
    return new Reject('body-mismatch', 'the body has another hash')
  }
  const { header: headerBytes, signature, body } = record
  return { client, header, headerBytes, signature, body, id: id(headerBytes) }
}

/** Parses a run: contiguous seqs, each `prev` the id before it (ENV-10). */
export function parseRun(facet: Uint8Array, client: Client, records: EnvelopeRecord[]): ParsedRun | Reject {
  if (records.length === 0) return new Reject('run-empty', 'a run without envelopes')
  const envelopes: Envelope[] = []
  const id = idOf(facet, client)
  let before: Envelope | undefined
  for (const record of records) {
    const envelope = parseRecord(facet, client, id, record)
    if (isReject(envelope)) return envelope
    const { seq, prev } = envelope.header
    if (before && (seq !== before.header.seq + 1 || !prev || !equalBytes(prev, before.id))) {
      return new Reject('chain-broken', `seq ${seq} does not follow the envelope before it`)
    }
    // One and the same from now on: whoever compares the two need not look at their bytes.
    if (before) envelope.header.prev = before.id
    envelopes.push(envelope)
    before = envelope
  }
  return { facet, client, envelopes }
}
