// The last envelopes that this node wrote itself: what peers ask for when they come back costs no reading.
import type { EnvelopeRecord as StoredEnvelope } from '../../store/store.ts'
import type { Wanted } from '../../sync/effects.ts'
import { weigh } from '../../sync/frame.ts'
import { startsWith } from '../../wire/bytes.ts'
import type { EnvelopeRecord } from '../../wire/envelope.ts'

/**
 * Of memory: some 6,000 key strokes. What others wrote is not kept: its bytes are views of whole frames, of which they
 * may be a hundredth.
 */
const BYTES_MAX = 8 * 1024 * 1024
/** Beside its bytes, measured with 20,000 key strokes: four byte arrays, what holds them, and a place in the map. */
const RECORD_BYTES = 1_152

export class RecentEnvelopes {
  /** By id, oldest first. */
  readonly #records = new Map<number, Whole>()
  #bytes = 0

  get size(): number {
    return this.#records.size
  }

  add(record: StoredEnvelope): void {
    const key = keyOf(record.idPrefix)
    this.#drop(key)
    if (!hasBody(record)) return
    this.#records.set(key, record)
    this.#bytes += RECORD_BYTES + weigh(record)
    for (const oldest of this.#records.keys()) {
      if (this.#bytes <= BYTES_MAX) return
      this.#drop(oldest)
    }
  }

  find(facet: string, { client, seq, id }: Wanted): EnvelopeRecord | undefined {
    const record = this.#records.get(keyOf(id))
    if (!record || record.facet !== facet || record.client !== client || record.seq !== seq) return undefined
    return startsWith(id, record.idPrefix) ? record : undefined
  }

  #drop(key: number): void {
    const record = this.#records.get(key)
    if (!record) return
    this.#records.delete(key)
    this.#bytes -= RECORD_BYTES + weigh(record)
  }
}

/** 48 bits of an id: of two that agree in them the later one is found, and the other one read. */
function keyOf(id: Uint8Array): number {
  let key = 0
  for (let i = 0; i < 6; i++) key = key * 256 + (id[i] as number)
  return key
}

type Whole = StoredEnvelope & EnvelopeRecord

/** Whether it is as peers get it: a body that was taken away leaves the rest. */
export function hasBody(record: StoredEnvelope): record is Whole {
  return record.body !== undefined
}
