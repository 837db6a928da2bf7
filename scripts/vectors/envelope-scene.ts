// A facet with its space and its authors, for vectors and tests: whoever asks gets the next envelope of a
// lane, signed, with any field overridden. Fixed seeds, fixed times.
import { type SecretKey, sign } from '../../src/identity/ed25519.ts'
import { openSpace } from '../../src/artifacts/space.ts'
import { type SpaceLog } from '../../src/identity/space-log.ts'
import { verifyRun } from '../../src/identity/verify.ts'
import { AllowedRun, decideRun } from '../../src/policy/decide.ts'
import type { Size } from '../../src/replica/document-size.ts'
import { Facet, type Admission } from '../../src/replica/facet.ts'
import { EMPTY } from '../../src/wire/bytes.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import {
  type EnvelopeRecord,
  type Header,
  encodeHeader,
  envelopeId,
  parseRun,
  signedBytes
} from '../../src/wire/envelope.ts'
import { type FacetGenesis, encodeFacetGenesis, facetId } from '../../src/wire/genesis.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { type LaneAuthor, packClient, unpackClient } from '../../src/wire/lane.ts'
import type { Layout } from '../../src/wire/layout.ts'
import { type Reject, isReject } from '../../src/wire/reject.ts'
import { TIME, type Written, bytes, key, must } from './space-builders.ts'
import { readerOf } from './space-logs.ts'

export const LAYOUT: Layout = { roots: { text: { is: 'text' } } }

/** The key at this index of each company, by the name that the builders know. */
export const HOLDERS = [
  ['Ada', 'Abe'],
  ['Bo', 'Bea'],
  ['Cy', 'Cleo']
]

/** An envelope as it was written, whether or not anyone admitted it. */
export interface Signed {
  client: number
  seq: number
  id: Uint8Array
  header: Header
  record: EnvelopeRecord
}

export interface Overrides {
  deps?: Signed[]
  auth?: Written[]
  /** A Yjs update, with the clock at which it ends. */
  body?: { bytes: Uint8Array; clockEnd: number }
  signer?: SecretKey
  header?: Partial<Header>
}

/** What the scene's author signs next to `prev`, or as the opening of a lane. */
export class Scene {
  readonly id: Uint8Array
  readonly genesis: FacetGenesis
  readonly genesisBytes: Uint8Array
  readonly log: SpaceLog
  readonly facet: Facet

  constructor(
    spaceGenesis: Uint8Array,
    {
      name = 'facet',
      dataClass = 'public',
      owner = 0,
      most
    }: { name?: string; dataClass?: DataClass; owner?: number; most?: Size } = {}
  ) {
    this.log = must(openSpace(spaceGenesis))
    const artifact = bytes('artifact', 16)
    const facts = { space: this.log.id, artifact, kind: 'StandardsDoc.v1', class: dataClass, owner }
    this.genesis = { ...facts, nonce: bytes(name, 16) }
    this.genesisBytes = encodeFacetGenesis(this.genesis)
    this.id = facetId(this.genesisBytes)
    this.facet = new Facet(this.id, this.genesis, this.log, LAYOUT, most)
  }

  open(author: LaneAuthor, auth: Written[], over: Overrides = {}): Signed {
    const opening = { facet: this.id, ...author }
    return this.#sign(packClient(author), { seq: 0, opening }, 0, { auth, ...over })
  }

  next(prev: Signed, over: Overrides = {}): Signed {
    const place = { seq: prev.seq + 1, prev: prev.id }
    return this.#sign(prev.client, place, prev.header.clockEnd, over)
  }

  #sign(client: number, place: Partial<Header>, clock: number, over: Overrides): Signed {
    const { deps = [], auth = [], body } = over
    const header = {
      ...place,
      deps: deps.map(({ client, seq, id }) => ({ client, seq, id })).sort((a, b) => a.client - b.client),
      auth: auth.map(({ company, seq, id }) => ({ company, seq, id })).sort((a, b) => a.company - b.company),
      clockEnd: body?.clockEnd ?? clock,
      deletes: [],
      bodyHash: body ? sha256(body.bytes) : EMPTY,
      bodyLength: body?.bytes.length ?? 0,
      time: TIME,
      ...over.header
    } as Header
    const { company, key: index } = unpackClient(client)
    const signer = over.signer ?? key((HOLDERS[company] as string[])[index] as string)
    const headerBytes = encodeHeader(header)
    const signature = sign(signer, signedBytes(this.id, client, headerBytes))
    const record = { header: headerBytes, signature, body: body?.bytes ?? EMPTY }
    return { client, seq: header.seq, id: envelopeId(this.id, client, headerBytes), header, record }
  }

  /** The road in for one run. */
  take(envelopes: Signed[], client = (envelopes[0] as Signed).client): string {
    const outcome = take(
      this.facet,
      client,
      envelopes.map(({ record }) => record)
    )
    if (isReject(outcome)) return outcome.code
    if (outcome === 'waits-envelope' || outcome === 'waits-entry') return outcome
    if (outcome.reject) return outcome.reject.code
    return outcome.wait ? `waits-${outcome.wait.for}` : 'admitted'
  }

  add(entry: Written): string {
    const result = this.log.add(entry, readerOf([2, 2, 2]))
    if (isReject(result)) return result.code
    if (result === 'known' || 'waits' in result) throw new Error('a vector adds an entry that is not new')
    this.facet.spaceChanged()
    return 'added'
  }
}

/** Parse, verify, decide (everything is allowed), check. */
export function take(
  facet: Facet,
  client: number,
  records: EnvelopeRecord[]
): Admission | Reject | 'waits-envelope' | 'waits-entry' {
  const run = parseRun(facet.id, client, records)
  if (isReject(run)) return run
  const key = facet.keyOf(run)
  if (isReject(key)) return key
  if ('for' in key) return `waits-${key.for}`
  const verified = verifyRun(run, key)
  if (isReject(verified)) return verified
  const allowed = decideRun(verified, {
    direction: 'store',
    peer: { own: true, certificate: 'current', confirmed: true },
    space: { party: true, accepted: true, frozen: false, agreement: 'active' },
    facet: { class: facet.genesis.class, ownedHere: true, scope: 'covered', balance: 'open' }
  })
  if (!(allowed instanceof AllowedRun)) throw new Error(allowed.reason)
  return facet.admit(allowed)
}
