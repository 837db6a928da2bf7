// Every stored envelope of a facet judged again from its bytes: form, hashes, its place in the chain, and the
// signatures, which starting trusts (`trustStored`). protocols/envelope, sections 3 and 5.
import { setImmediate } from 'node:timers/promises'
import type { Facet } from '../replica/facet.ts'
import type { Segment } from '../replica/lane-tree.ts'
import type { EnvelopeRecord } from '../store/store.ts'
import { holds } from '../sync/run-cut.ts'
import { toHex } from '../wire/bytes.ts'
import { parseEnvelope } from '../wire/envelope.ts'
import { isReject } from '../wire/reject.ts'
import type { FacetCheckJson } from './surface/parley-node.ts'

/** Signatures checked without a pause: a tenth of what may block the main thread (250 ms), on a slow machine. */
const CHECKS_AT_ONCE = 128
/** Faults told one by one. */
const WRONG_MAX = 20

/** `stored`: all envelopes of the facet on the disk; what is admitted while they are read does no harm. */
export async function checkFacet(
  facet: Facet,
  stored: AsyncIterable<EnvelopeRecord[]>
): Promise<FacetCheckJson> {
  const check = new Check(facet)
  let checks = 0
  for await (const records of stored) {
    for (const record of records) {
      check.take(record)
      if (++checks % CHECKS_AT_ONCE === 0) await setImmediate()
    }
  }
  return check.end()
}

class Check {
  readonly #facet: Facet
  readonly #awaited: Set<string>
  /** The last envelope of each segment whose own signature holds. */
  readonly #signedTo = new Map<Segment, number>()
  readonly #wrong: string[] = []
  #envelopes = 0
  #signed = 0

  constructor(facet: Facet) {
    this.#facet = facet
    this.#awaited = new Set(facet.order().map(({ segment, seq }) => toHex(segment.idAt(seq))))
  }

  take({ client, seq, header, signature, body }: EnvelopeRecord): void {
    const facet = this.#facet
    const where = `seq ${seq} of lane ${client}`
    this.#envelopes++
    // An erased body leaves the header, which is what is signed; nothing erases bodies yet.
    if (!body) return void this.#wrong.push(`${where}: its body is gone`)
    const envelope = parseEnvelope(facet.id, client, { header, signature, body })
    if (isReject(envelope)) return void this.#wrong.push(`${where}: ${envelope.detail}`)
    this.#awaited.delete(toHex(envelope.id))
    const position = facet.find({ client, seq, id: envelope.id })
    if (!position) return void this.#wrong.push(`${where}: it follows nothing that is here`)
    if (!holds(facet, client, { header, signature, body })) return
    this.#signed++
    const before = this.#signedTo.get(position.segment) ?? -1
    this.#signedTo.set(position.segment, Math.max(before, seq))
  }

  end(): FacetCheckJson {
    const { id, genesis } = this.#facet
    for (const text of this.#uncovered()) this.#wrong.push(text)
    if (this.#awaited.size > 0) this.#wrong.push(`envelopes missing on this disk: ${this.#awaited.size}`)
    const more = this.#wrong.length - WRONG_MAX
    const wrong = this.#wrong.slice(0, WRONG_MAX)
    if (more > 0) wrong.push(`and ${more} more`)
    const { kind, artifact } = genesis
    return {
      facet: toHex(id),
      artifact: toHex(artifact),
      kind,
      envelopes: this.#envelopes,
      signed: this.#signed,
      wrong
    }
  }

  /** Ends of segments that no signature vouches for, their own or that of a branch which grew from them. */
  #uncovered(): string[] {
    const found: string[] = []
    for (const { client, segments } of this.#facet.lanes.values()) {
      // A branch comes after what it grew from.
      for (const segment of segments.toReversed()) {
        const to = this.#signedTo.get(segment) ?? -1
        const { parent, from, last } = segment
        if (parent && to >= from) {
          this.#signedTo.set(parent.segment, Math.max(parent.seq, this.#signedTo.get(parent.segment) ?? -1))
        }
        if (to < last)
          found.push(`seq ${Math.max(to + 1, from)} to ${last} of lane ${client}: no signature holds`)
      }
    }
    return found
  }
}
