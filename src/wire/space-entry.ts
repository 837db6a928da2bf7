// Entries of the space log: one hash chain per party. protocols/space, section 2.
import { EMPTY, equalBytes, utf8 } from './bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts'
import { HASH_BYTES, sha256 } from './hash.ts'
import { COMPANY_MAX, KEY_MAX, unpackClient } from './lane.ts'
import { Reject, isReject } from './reject.ts'

export const ENTRY_BYTES_MAX = 65_536
export const CHAIN_ENTRIES_MAX = 4_096
export const CERTIFICATES_MAX = 32
export const CUT_LANES_MAX = 1_000
/** Leaves room in an entry, and an entry fits a frame. */
export const TERMS_BYTES_MAX = 49_152
export const APPROVAL_BYTES_MAX = 4_096
/** In UTF-16 code units. */
export const REASON_CHARS_MAX = 2_000
/** One receipt for so many is still a document of 16 KiB. */
export const UNITS_MAX = 64
export const RECEIPT_BYTES_MAX = 12_288
/** Such as `StandardsDoc.v1`. */
export const ARTIFACT_KIND = /^[A-Za-z]{1,64}\.v[1-9][0-9]{0,3}$/

const LABEL = utf8('parley/space-log/1\n')

/** A point in a lane. */
export interface LanePoint {
  facet: Uint8Array
  client: number
  seq: number
  id: Uint8Array
}

export type EntryAct =
  /** `revision`: that by which a company came which is no founder. */
  | { kind: 'accept'; rootVersion: string; certificates: Uint8Array[]; revision?: Uint8Array }
  | { kind: 'keys'; certificates: Uint8Array[] }
  | { kind: 'cut'; key: number; lanes: LanePoint[] }
  | { kind: 'settle'; point: LanePoint }
  | { kind: 'adopt'; late: LanePoint; as?: LanePoint }
  | AgreementAct
  | ContributionAct

/** protocols/agreement, section 2. */
export type AgreementAct =
  | { kind: 'propose'; terms: Uint8Array }
  | { kind: 'approve'; revision: Uint8Array; document: Uint8Array }
  | { kind: 'reject'; revision: Uint8Array; reason: string }
  | { kind: 'suspend'; reason: string }
  | { kind: 'resume' }
  | { kind: 'terminate'; reason: string }

/** protocols/reciprocity, section 2. */
export type ContributionAct =
  | { kind: 'release'; to: number; artifactKind: string; units: Uint8Array[] }
  | { kind: 'receipt'; document: Uint8Array }

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

const AGREEMENT_ACTS = new Set<string>(['propose', 'approve', 'reject', 'suspend', 'resume', 'terminate'])

export function isAgreementAct(act: EntryAct): act is AgreementAct {
  return AGREEMENT_ACTS.has(act.kind)
}

export function isContributionAct(act: EntryAct): act is ContributionAct {
  return act.kind === 'release' || act.kind === 'receipt'
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
  switch (act.kind) {
    case 'accept':
      return [act.rootVersion, act.certificates, ...(act.revision ? [act.revision] : [])]
    case 'keys':
      return [act.certificates]
    case 'cut':
      return [act.key, act.lanes.map(encodePoint)]
    case 'settle':
      return encodePoint(act.point)
    case 'adopt':
      return [act.late, ...(act.as ? [act.as] : [])].map(encodePoint)
    case 'propose':
      return [act.terms]
    case 'approve':
      return [act.revision, act.document]
    case 'reject':
      return [act.revision, act.reason]
    case 'suspend':
    case 'terminate':
      return [act.reason]
    case 'resume':
      return []
    case 'release':
      return [act.to, act.artifactKind, act.units]
    case 'receipt':
      return [act.document]
  }
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
  if (act.kind === 'adopt' && !isOfOneFacet(act, company)) return bad('adopt')
  return { space, company, seq, ...(seq > 0 && { prev }), act, time }
}

function parseAct(kind: CborValue | undefined, body: CborValue | undefined): EntryAct | Reject {
  if (!Array.isArray(body)) return bad('body')
  if (kind === 'accept') {
    const [rootVersion, certificates, revision] = body
    if (typeof rootVersion !== 'string' || !isCertificates(certificates)) return bad('accept')
    if (body.length === 2) return { kind, rootVersion, certificates }
    return body.length === 3 && isHash(revision)
      ? { kind, rootVersion, certificates, revision }
      : bad('accept')
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
  if (kind === 'adopt') {
    const [late, as] = body.map(parsePoint)
    if (!late || body.length > 2 || (body.length === 2 && !as)) return bad('adopt')
    return { kind, late, ...(as && { as }) }
  }
  return parseContributionAct(kind, body) ?? parseAgreementAct(kind, body)
}

function parseContributionAct(kind: CborValue | undefined, body: CborValue[]): EntryAct | Reject | undefined {
  const [first, artifactKind, units] = body
  if (kind === 'receipt') {
    const fits = body.length === 1 && isBytes(first, RECEIPT_BYTES_MAX)
    return fits ? { kind, document: first } : bad('receipt')
  }
  if (kind !== 'release') return undefined
  if (body.length !== 3 || !isIndex(first, COMPANY_MAX) || !isKind(artifactKind) || !isUnits(units))
    return bad('release')
  return { kind, to: first, artifactKind, units }
}

/** A company adopts its own work, in one document (SPC-15). */
function isOfOneFacet({ late, as }: { late: LanePoint; as?: LanePoint }, company: number): boolean {
  const points = as ? [late, as] : [late]
  return points.every(
    ({ client, facet }) => unpackClient(client).company === company && equalBytes(facet, late.facet)
  )
}

function parseAgreementAct(kind: CborValue | undefined, body: CborValue[]): EntryAct | Reject {
  const [first, second] = body
  if (kind === 'propose') {
    const fits = body.length === 1 && isBytes(first, TERMS_BYTES_MAX)
    return fits ? { kind, terms: first } : bad('propose')
  }
  if (kind === 'approve') {
    const fits = body.length === 2 && isHash(first) && isBytes(second, APPROVAL_BYTES_MAX)
    return fits ? { kind, revision: first, document: second } : bad('approve')
  }
  if (kind === 'reject') {
    const fits = body.length === 2 && isHash(first) && isReason(second)
    return fits ? { kind, revision: first, reason: second } : bad('reject')
  }
  if (kind === 'suspend' || kind === 'terminate') {
    return body.length === 1 && isReason(first) ? { kind, reason: first } : bad(kind)
  }
  if (kind === 'resume') return body.length === 0 ? { kind } : bad('resume')
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

function isBytes(value: CborValue | undefined, max: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length > 0 && value.length <= max
}

function isReason(value: CborValue | undefined): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= REASON_CHARS_MAX
}

function isKind(value: CborValue | undefined): value is string {
  return typeof value === 'string' && ARTIFACT_KIND.test(value)
}

function isUnits(value: CborValue | undefined): value is Uint8Array[] {
  return Array.isArray(value) && value.length > 0 && value.length <= UNITS_MAX && value.every(isHash)
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
