// Entries of the space log: one hash chain per party. protocols/space, section 2.
import { EMPTY, utf8 } from './bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts'
import { HASH_BYTES, sha256 } from './hash.ts'
import { COMPANY_MAX, KEY_MAX } from './lane.ts'
import { Reject, isReject } from './reject.ts'

export const ENTRY_BYTES_MAX = 65_536
export const CHAIN_ENTRIES_MAX = 4_096
export const CERTIFICATES_MAX = 32
export const CUT_LANES_MAX = 1_000

const LABEL = utf8('parley/space-log/1\n')

/** A point in a lane. */
export interface LanePoint {
  facet: Uint8Array
  client: number
  seq: number
  id: Uint8Array
}

export type EntryAct =
  | { kind: 'accept'; rootVersion: string; certificates: Uint8Array[] }
  | { kind: 'keys'; certificates: Uint8Array[] }
  | { kind: 'cut'; key: number; lanes: LanePoint[] }
  | { kind: 'settle'; point: LanePoint }

export interface SpaceEntry {
  space: Uint8Array
  company: number
  seq: number
  /** Id of the entry before; absent at seq 0. */
  prev?: Uint8Array
  act: EntryAct
  /** Milliseconds since 1970, as the author's clock said. For display only. */
  time: number
}

/** An entry as it stands in a store or in a frame. */
export interface EntryRecord {
  entry: Uint8Array
  signer: Uint8Array
  signature: Uint8Array
}

/** Label and entry: what is signed, and what the id is the hash of (SPC-4). */
export function entrySignedBytes(entry: Uint8Array): Uint8Array {
  const out = new Uint8Array(LABEL.length + entry.length)
  out.set(LABEL)
  out.set(entry, LABEL.length)
  return out
}

export function entryId(entry: Uint8Array): Uint8Array {
  return sha256(entrySignedBytes(entry))
}

export function encodeSpaceEntry(entry: SpaceEntry): Uint8Array {
  const { space, company, seq, prev = EMPTY, act, time } = entry
  return encodeCbor([1, space, company, seq, prev, act.kind, encodeAct(act), time])
}

function encodeAct(act: EntryAct): CborValue {
  if (act.kind === 'accept') return [act.rootVersion, act.certificates]
  if (act.kind === 'keys') return [act.certificates]
  if (act.kind === 'cut') return [act.key, act.lanes.map(encodePoint)]
  return encodePoint(act.point)
}

function encodePoint(point: LanePoint): CborValue {
  return [point.facet, point.client, point.seq, point.id]
}

export function parseSpaceEntry(bytes: Uint8Array): SpaceEntry | Reject {
  const value = decodeCbor(bytes, ENTRY_BYTES_MAX)
  if (isReject(value)) return value
  if (!Array.isArray(value) || value.length !== 8 || value[0] !== 1) return bad('its outer form')
  const [, space, company, seq, prev, kind, body, time] = value
  if (!isHash(space) || !isIndex(company, COMPANY_MAX) || !isIndex(seq, CHAIN_ENTRIES_MAX - 1)) {
    return bad('its place')
  }
  if (!(prev instanceof Uint8Array) || prev.length !== (seq === 0 ? 0 : HASH_BYTES)) return bad('prev')
  if (!isIndex(time, Number.MAX_SAFE_INTEGER)) return bad('time')
  const act = parseAct(kind, body)
  if (isReject(act)) return act
  // An accept opens a chain and stands nowhere else (SPC-6).
  if ((act.kind === 'accept') !== (seq === 0)) return bad('its kind at this seq')
  return { space, company, seq, ...(seq > 0 && { prev }), act, time }
}

function parseAct(kind: CborValue | undefined, body: CborValue | undefined): EntryAct | Reject {
  if (!Array.isArray(body)) return bad('body')
  if (kind === 'accept') {
    const [rootVersion, certificates] = body
    if (body.length !== 2 || typeof rootVersion !== 'string' || !isCertificates(certificates))
      return bad('accept')
    return { kind, rootVersion, certificates }
  }
  if (kind === 'keys') {
    const [certificates] = body
    if (body.length !== 1 || !isCertificates(certificates)) return bad('keys')
    return { kind, certificates }
  }
  if (kind === 'cut') return parseCut(body)
  if (kind === 'settle') {
    const point = parsePoint(body)
    return point ? { kind, point } : bad('settle')
  }
  return new Reject('entry-kind', 'an act that this version does not know')
}

function parseCut(body: CborValue[]): EntryAct | Reject {
  const [key, lanes] = body
  if (body.length !== 2 || !isIndex(key, KEY_MAX) || !Array.isArray(lanes)) return bad('cut')
  if (lanes.length > CUT_LANES_MAX) return bad('cut: too many lanes')
  const points: LanePoint[] = []
  for (const lane of lanes) {
    const point = parsePoint(lane)
    if (!point) return bad('cut')
    points.push(point)
  }
  return { kind: 'cut', key, lanes: points }
}

function parsePoint(value: CborValue | undefined): LanePoint | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined
  const [facet, client, seq, id] = value
  if (!isHash(facet) || !isHash(id)) return undefined
  if (!isIndex(client, Number.MAX_SAFE_INTEGER) || !isIndex(seq, 2 ** 31 - 1)) return undefined
  return { facet, client, seq, id }
}

function isHash(value: CborValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length === HASH_BYTES
}

function isIndex(value: CborValue | undefined, max: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= max
}

function isCertificates(value: CborValue | undefined): value is Uint8Array[] {
  return (
    Array.isArray(value) &&
    value.length <= CERTIFICATES_MAX &&
    value.every(item => item instanceof Uint8Array)
  )
}

function bad(what: string): Reject {
  return new Reject('entry-form', `an entry of version 1 is wrong in ${what}`)
}
