// What a space and a facet are, before anything happens in them. Their ids are hashes of these bytes, so
// class, parties and kind can never change and are bound into every signature. protocols/space, section 1.
import { utf8 } from './bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts'
import { DATA_CLASSES, type DataClass } from './data-class.ts'
import { HASH_BYTES, sha256 } from './hash.ts'
import { COMPANY_MAX } from './lane.ts'
import { Reject, isReject } from './reject.ts'

export const PARTIES_MAX = 32
export const NONCE_BYTES = 16
const GENESIS_BYTES_MAX = 16_384
const NAME_CHARS_MAX = 200

const SPACE_LABEL = utf8('parley/space/1\n')
const FACET_LABEL = utf8('parley/facet/1\n')

export interface SpaceGenesis {
  nonce: Uint8Array
  title: string
  /** The role on each side, for instance `CTO`; `home` for a company's own space. */
  pairing: string
  /** DIDs of the companies, in the order that gives them their index. One only: a home space. */
  parties: string[]
}

export interface FacetGenesis {
  space: Uint8Array
  /** Facets with one artifact id are shown as one thing. */
  artifact: Uint8Array
  kind: string
  class: DataClass
  /** Index of the company that made the facet; the only author where the class is private. */
  owner: number
  nonce: Uint8Array
}

export function encodeSpaceGenesis(genesis: SpaceGenesis): Uint8Array {
  return encodeCbor([1, genesis.nonce, genesis.title, genesis.pairing, genesis.parties])
}

export function parseSpaceGenesis(bytes: Uint8Array): SpaceGenesis | Reject {
  const value = decodeCbor(bytes, GENESIS_BYTES_MAX)
  if (isReject(value)) return value
  if (!Array.isArray(value) || value.length !== 5 || value[0] !== 1) return bad('space genesis')
  const [, nonce, title, pairing, parties] = value
  if (!isBytes(nonce, NONCE_BYTES) || !isName(title) || !isName(pairing)) return bad('space genesis')
  if (!Array.isArray(parties) || parties.length === 0 || parties.length > PARTIES_MAX)
    return bad('party list')
  if (!parties.every(isName) || new Set(parties).size !== parties.length) return bad('party list')
  return { nonce, title, pairing, parties }
}

export function spaceId(genesis: Uint8Array): Uint8Array {
  return sha256(SPACE_LABEL, genesis)
}

export function encodeFacetGenesis(facet: FacetGenesis): Uint8Array {
  return encodeCbor([1, facet.space, facet.artifact, facet.kind, facet.class, facet.owner, facet.nonce])
}

export function parseFacetGenesis(bytes: Uint8Array): FacetGenesis | Reject {
  const value = decodeCbor(bytes, GENESIS_BYTES_MAX)
  if (isReject(value)) return value
  if (!Array.isArray(value) || value.length !== 7 || value[0] !== 1) return bad('facet genesis')
  const [, space, artifact, kind, dataClass, owner, nonce] = value
  if (!isBytes(space, HASH_BYTES) || !isBytes(artifact, NONCE_BYTES) || !isBytes(nonce, NONCE_BYTES)) {
    return bad('facet genesis')
  }
  if (!isName(kind) || !DATA_CLASSES.includes(dataClass as DataClass)) return bad('facet genesis')
  if (typeof owner !== 'number' || owner < 0 || owner > COMPANY_MAX) return bad('facet genesis')
  return { space, artifact, kind, class: dataClass as DataClass, owner, nonce }
}

export function facetId(genesis: Uint8Array): Uint8Array {
  return sha256(FACET_LABEL, genesis)
}

function isBytes(value: CborValue | undefined, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length
}

function isName(value: CborValue | undefined): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= NAME_CHARS_MAX
}

function bad(what: string): Reject {
  return new Reject('genesis-form', `not a ${what} of version 1`)
}
