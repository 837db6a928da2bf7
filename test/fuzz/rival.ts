// The rival's desk: envelopes that are right but for what is asked to be wrong, each signed with a key of its own.
import { Author, type Composed } from '../../src/replica/author.ts'
import type { Facet } from '../../src/replica/facet.ts'
import type { SecretKey } from '../../src/identity/ed25519.ts'
import { sign } from '../../src/identity/ed25519.ts'
import { encodeFrame } from '../../src/sync/frame.ts'
import {
  CLOCK_MAX,
  type AuthRef,
  type Dep,
  type EnvelopeRecord,
  type Header,
  encodeHeader,
  envelopeId,
  parseHeader,
  signedBytes
} from '../../src/wire/envelope.ts'
import { EMPTY } from '../../src/wire/bytes.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { type LaneAuthor, packClient, unpackClient } from '../../src/wire/lane.ts'
import { isReject } from '../../src/wire/reject.ts'
import { NOTHING_SCANNED, scanUpdate } from '../../src/wire/update.ts'
import { type Targets, targetsIn } from '../replica/mutants.ts'
import type { Random, Written } from '../replica/writers.ts'
import { must } from '../sim/company.ts'
import type { Arena } from './arena.ts'

/** The rival's index in the space. */
export const RIVAL = 2
const SESSIONS = 3

/** An envelope before it is signed, and what it is signed over. */
export interface Unsigned {
  client: number
  header: Header
  body: Uint8Array
}

export class Rival {
  readonly arena: Arena
  readonly random: Random
  /** What was admitted so far, with what the scanner reads in it. */
  readonly written: Written[] = []
  #seen = 0
  #fresh = 1_000

  constructor(arena: Arena) {
    this.arena = arena
    this.random = arena.random
  }

  get facet(): Facet {
    return this.arena.victim.held(this.arena.facet).facet
  }

  keyOf(client: number): SecretKey {
    const { mal, malSecond } = this.arena.cast
    return unpackClient(client).key === 1 ? malSecond.role : mal.role
  }

  /** A lane of the rival's that goes on, or a new one where all of these have ended. */
  lane(): number {
    const cut = this.arena.space.head(RIVAL)?.cut ?? []
    const key = this.random(6) === 0 && !cut.includes(1) ? 1 : 0
    const client = packClient({ company: RIVAL, key, session: 1 + this.random(SESSIONS) })
    return this.facet.isOpen(client) ? client : this.newLane(key)
  }

  newLane(key = 0): number {
    return packClient({ company: RIVAL, key, session: ++this.#fresh })
  }

  /** Where a lane stands. */
  clockOf(client: number): number {
    const head = this.facet.head(client)
    return head ? head.segment.clockEndAt(head.seq) : 0
  }

  /** A few units to point at, and where the rival's next body begins. */
  targets(client: number): Targets {
    const { bodies } = this.arena.victim
    for (; this.#seen < bodies.length; this.#seen++) {
      const body = bodies[this.#seen] as Uint8Array
      const update = scanUpdate(body)
      if (isReject(update)) throw new Error(`an admitted body is no body: ${update}`)
      const { clock, clockEnd } = update
      this.written.push({
        client: update.client ?? 0,
        seq: 0,
        body,
        update,
        clock,
        clockEnd,
        deps: new Map()
      })
    }
    return targetsIn(this.written, client, this.clockOf(client), this.random)
  }

  /** The next envelope of a lane around these bytes, with the claims that they call for, or a guess. */
  around(client: number, body: Uint8Array): Unsigned {
    const clock = this.clockOf(client)
    const { facet } = this
    // The header is made around nothing much: what stands there in the end may be more than an author may write.
    const nothing = { ...NOTHING_SCANNED, client, clock, clockEnd: clock }
    const drafts = [{ body: new Uint8Array(1), scanned: nothing }]
    const [composed] = must<Composed[]>(new Author(facet, client, 1).write(drafts, facet.frontier()))
    if (!composed) throw new Error('nothing was composed')
    const header = must(parseHeader(composed.headerBytes))
    header.bodyHash = body.length > 0 ? sha256(body) : EMPTY
    header.bodyLength = body.length
    if (body.length === 0) return { client, header, body }
    const scanned = scanUpdate(body)
    if (isReject(scanned)) header.clockEnd = Math.min(clock + 1, CLOCK_MAX)
    else {
      header.deletes = scanned.deletes
      if (scanned.client !== undefined) header.clockEnd = scanned.clockEnd
    }
    return { client, header, body }
  }

  /** The opening of a lane that builds on `deps`, or what follows `prev`. */
  craft(author: LaneAuthor, more: Partial<Header> = {}, body: Uint8Array = EMPTY): Unsigned {
    const header: Header = {
      seq: 0,
      opening: { facet: this.facet.id, ...author },
      deps: [],
      auth: this.heads(),
      clockEnd: 0,
      deletes: [],
      bodyHash: body.length > 0 ? sha256(body) : EMPTY,
      bodyLength: body.length,
      time: 1,
      ...more
    }
    return { client: packClient(author), header, body }
  }

  /** What follows an envelope directly, without a body. */
  after(client: number, prev: Dep, clockEnd: number, more: Partial<Header> = {}): Unsigned {
    const { opening: _, ...rest } = this.craft(unpackClient(client)).header
    const header: Header = { ...rest, seq: prev.seq + 1, prev: prev.id, auth: [], clockEnd, ...more }
    return { client, header, body: EMPTY }
  }

  /** Where all chains of the space log stand. */
  heads(): AuthRef[] {
    return [0, 1, RIVAL].flatMap(company => {
      const head = this.arena.space.head(company)
      return head ? [{ company, seq: head.seq, id: head.id }] : []
    })
  }

  idOf({ client, header }: Unsigned): Uint8Array {
    return envelopeId(this.facet.id, client, encodeHeader(header))
  }

  sign({ client, header, body }: Unsigned, by = this.keyOf(client)): EnvelopeRecord {
    return this.signBytes(client, encodeHeader(header), body, by)
  }

  signBytes(client: number, header: Uint8Array, body: Uint8Array, by = this.keyOf(client)): EnvelopeRecord {
    return { header, signature: sign(by, signedBytes(this.facet.id, client, header)), body }
  }

  run(client: number, records: EnvelopeRecord[], facet = this.facet.id): Uint8Array {
    return encodeFrame({ type: 'run', facet, request: 0, client, records })
  }
}
