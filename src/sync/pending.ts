// Runs that wait for an envelope or a space-log entry that has not come yet. Held outside Yjs and outside
// the facet, bounded, and shown as what they wait for. protocols/sync, section 7.
import type { Wait } from '../replica/facet.ts'
import { equalBytes } from '../wire/bytes.ts'
import type { ParsedRun } from '../wire/envelope.ts'
import type { Session } from './session.ts'

/** What one company may have waiting here; beyond it the newest is dropped and will be asked for again. */
export const PENDING_RUNS_MAX = 256
export const PENDING_BYTES_MAX = 1024 * 1024

export interface PendingRun {
  facet: string
  run: ParsedRun
  wait: Wait
  /** Whose it is to answer for; policy is asked again with this session when the wait is over. */
  from: Session
  bytes: number
}

export class Pending {
  #held: PendingRun[] = []

  /** @returns whether it is held now and was not before. */
  hold(facet: string, run: ParsedRun, wait: Wait, from: Session): boolean {
    if (this.#held.some(item => item.facet === facet && equalBytes(lastId(item.run), lastId(run))))
      return false
    const bytes = run.envelopes.reduce(
      (sum, envelope) => sum + envelope.headerBytes.length + envelope.body.length,
      0
    )
    const theirs = this.#held.filter(item => item.from.peer?.did === from.peer?.did)
    const sum = theirs.reduce((total, item) => total + item.bytes, bytes)
    if (theirs.length >= PENDING_RUNS_MAX || sum > PENDING_BYTES_MAX) return false
    this.#held.push({ facet, run, wait, from, bytes })
    return true
  }

  /** Takes out the runs of a facet whose wait is over. */
  release(facet: string, isOver: (wait: Wait) => boolean): PendingRun[] {
    const ready = this.#held.filter(item => item.facet === facet && isOver(item.wait))
    if (ready.length > 0) this.#held = this.#held.filter(item => !ready.includes(item))
    return ready
  }

  /** A session that ended answers for nothing any more; what it sent will be asked for elsewhere. */
  forget(session: Session): void {
    this.#held = this.#held.filter(item => item.from !== session)
  }

  /** What waits, for `parley why`. */
  list(facet?: string): readonly PendingRun[] {
    return facet === undefined ? this.#held : this.#held.filter(item => item.facet === facet)
  }
}

function lastId(run: ParsedRun): Uint8Array {
  return (run.envelopes.at(-1) as { id: Uint8Array }).id
}
