// Runs that wait for an envelope or a space-log entry that has not come yet. Held outside Yjs and outside
// the facet, bounded, and shown as what they wait for. protocols/sync, section 7.
import type { Wait } from '../replica/facet.ts'
import { toHex } from '../wire/bytes.ts'
import type { ParsedRun } from '../wire/envelope.ts'
import type { Session } from './session.ts'

/**
 * What one company, or all bundles, may have waiting here; beyond it the newest is dropped, to be asked for again
 * or imported again.
 */
export const PENDING_RUNS_MAX = 256
export const PENDING_BYTES_MAX = 1024 * 1024

export interface PendingRun {
  facet: string
  run: ParsedRun
  wait: Wait
  /** Whose it is to answer for, none where a bundle brought it; policy is asked again when the wait is over. */
  from: Session | undefined
  bytes: number
}

export class Pending {
  /** By facet and id of the last envelope. */
  readonly #held = new Map<string, PendingRun>()
  /** What each company takes up. */
  readonly #sums = new Map<string, { runs: number; bytes: number }>()

  /** Does nothing where the run is held already or the company's share is full. */
  hold(facet: string, run: ParsedRun, wait: Wait, from: Session | undefined): void {
    const key = keyOf(facet, (run.envelopes.at(-1) as { id: Uint8Array }).id)
    if (this.#held.has(key)) return
    const bytes = run.envelopes.reduce(
      (sum, { headerBytes, body }) => sum + headerBytes.length + body.length,
      0
    )
    const sum = this.#sums.get(owner(from)) ?? { runs: 0, bytes: 0 }
    if (sum.runs >= PENDING_RUNS_MAX || sum.bytes + bytes > PENDING_BYTES_MAX) return
    this.#sums.set(owner(from), { runs: sum.runs + 1, bytes: sum.bytes + bytes })
    this.#held.set(key, { facet, run, wait, from, bytes })
  }

  /** Whether a run that ends with this envelope waits here. */
  has(facet: string, id: Uint8Array): boolean {
    return this.#held.has(keyOf(facet, id))
  }

  /** Takes out the runs of a facet whose wait is over. */
  release(facet: string, isOver: (wait: Wait) => boolean): PendingRun[] {
    return this.#take(item => item.facet === facet && isOver(item.wait))
  }

  /** A session that ended answers for nothing any more; what it sent will be asked for elsewhere. */
  forget(session: Session): void {
    this.#take(item => item.from === session)
  }

  #take(isMeant: (item: PendingRun) => boolean): PendingRun[] {
    const taken: PendingRun[] = []
    for (const [key, item] of this.#held) {
      if (!isMeant(item)) continue
      taken.push(item)
      this.#held.delete(key)
      const sum = this.#sums.get(owner(item.from)) as { runs: number; bytes: number }
      if (sum.runs === 1) this.#sums.delete(owner(item.from))
      else this.#sums.set(owner(item.from), { runs: sum.runs - 1, bytes: sum.bytes - item.bytes })
    }
    return taken
  }

  /** What waits, for `parley why`. */
  list(facet?: string): readonly PendingRun[] {
    const all = [...this.#held.values()]
    return facet === undefined ? all : all.filter(item => item.facet === facet)
  }
}

function keyOf(facet: string, id: Uint8Array): string {
  return `${facet}/${toHex(id)}`
}

function owner(from: Session | undefined): string {
  return from ? (from.peer?.did ?? from.peerId) : 'bundle'
}
