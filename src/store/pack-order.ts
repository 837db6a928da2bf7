// Packs stand in the order of their last envelopes, and those of a fork overlap: here they become envelopes in
// order. protocols/store, section 2.
import { compareBytes } from '../wire/bytes.ts'
import type { Entry } from './level-database.ts'
import { decodePack, PACK_ENVELOPES_MAX } from './pack.ts'
import type { EnvelopeRecord } from './store.ts'

/**
 * All envelopes of `packs`, by facet, client, seq and id prefix, each once (STO-28). `damaged` is given the key of
 * each pack whose checksum does not hold.
 */
export async function* inOrder(
  packs: AsyncIterable<Entry[]>,
  damaged: (key: Buffer) => void
): AsyncGenerator<EnvelopeRecord[]> {
  let held: EnvelopeRecord[] = []
  for await (const entries of packs) {
    let overlap = false
    for (const [key, value] of entries) {
      const last = held.at(-1)
      const end = held.length
      if (!decodePack(key, value, held)) damaged(key)
      else if (last) overlap ||= compare(last, held[end] as EnvelopeRecord) >= 0
    }
    if (overlap)
      held = held
        .sort(compare)
        .filter((one, at) => at === 0 || compare(held[at - 1] as EnvelopeRecord, one) < 0)
    const end = settled(held)
    if (end > 0) yield held.slice(0, end)
    held = held.slice(end)
  }
  if (held.length > 0) yield held
}

/** How many nothing can stand before that comes later: a later pack ends no lower than the last envelope here. */
function settled(envelopes: EnvelopeRecord[]): number {
  const last = envelopes.at(-1)
  if (!last) return 0
  let end = envelopes.length
  for (; end > 0; end--) {
    const { facet, client, seq } = envelopes[end - 1] as EnvelopeRecord
    if (seq <= last.seq - PACK_ENVELOPES_MAX || client !== last.client || facet !== last.facet) break
  }
  return end
}

function compare(a: EnvelopeRecord, b: EnvelopeRecord): number {
  if (a.facet !== b.facet) return a.facet < b.facet ? -1 : 1
  return a.client - b.client || a.seq - b.seq || compareBytes(a.idPrefix, b.idPrefix)
}
