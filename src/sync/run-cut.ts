// Cutting records of one lane into runs that a receiver can take: about 64 KiB each, every one ending in a
// signature that holds, since an author may have signed only some. For peers and for bundles alike.
// protocols/sync, SYN-19.
import { verifySignature } from '../identity/ed25519.ts'
import type { Facet } from '../replica/facet.ts'
import { type EnvelopeRecord, signedBytes } from '../wire/envelope.ts'
import { RUN_BYTES_MAX, RUN_BYTES_TARGET, weigh } from './frame.ts'

export interface Cut {
  /** Ends in a signature that holds; empty where none of its records has one. */
  run: EnvelopeRecord[]
  /** How many of the records are dealt with, be it that they wait in `rest`. */
  read: number
  /** The last records of those read: they need a signature that comes later. */
  rest: number
  /** Signatures that were checked. */
  checks: number
}

/**
 * `unsigned`: how many at the start are known to have no signature that holds; they are joined to the nearest
 * record that has one, and nothing beyond it is cut. Ends early at a record that the disk lost: what comes after
 * it does not follow.
 */
export function* cutRuns(
  facet: Facet,
  client: number,
  records: readonly (EnvelopeRecord | undefined)[],
  unsigned = 0
): Generator<Cut> {
  let run: EnvelopeRecord[] = []
  let checked = unsigned
  let bytes = 0
  for (let i = 0; i < records.length; i++) {
    const record = records[i]
    if (!record) return
    run.push(record)
    bytes += weigh(record)
    const next = records[i + 1]
    if (next && bytes + weigh(next) <= RUN_BYTES_TARGET) continue
    const { end, checks } = signedEnd(facet, client, run, checked, unsigned > 0)
    const cut = run.slice(0, end)
    run = run.slice(end)
    bytes = run.reduce((sum, item) => sum + weigh(item), 0)
    if ((end > 0 && unsigned > 0) || bytes > RUN_BYTES_MAX) {
      yield { run: cut, read: records.length, rest: 0, checks }
      return
    }
    yield { run: cut, read: i + 1, rest: run.length, checks }
    checked = run.length
  }
}

/** How many records of a run end in a signature that holds: as many as can be, or as few (`nearest`). */
function signedEnd(
  facet: Facet,
  client: number,
  run: EnvelopeRecord[],
  checked: number,
  nearest: boolean
): { end: number; checks: number } {
  for (let i = checked; i < run.length; i++) {
    const end = nearest ? i : run.length - 1 - (i - checked)
    if (holds(facet, client, run[end] as EnvelopeRecord)) return { end: end + 1, checks: i - checked + 1 }
  }
  return { end: 0, checks: run.length - checked }
}

/** Whether the record's own signature does: an earlier one is vouched for by a later one, so it need not. */
export function holds(facet: Facet, client: number, { header, signature }: EnvelopeRecord): boolean {
  const key = facet.laneKey(client)
  return key !== undefined && verifySignature(key, signedBytes(facet.id, client, header), signature)
}
