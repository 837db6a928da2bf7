// The last thing of each company that this node refused, until both have said that they hold the same.
import type { News } from '../../sync/effects.ts'
import type { Reject } from '../../wire/reject.ts'

/** Companies of which it is remembered; the oldest give way. */
const COMPANIES_MAX = 256

export class RefusedPeers {
  readonly #last = new Map<string, Reject>()

  hear(news: News): void {
    if (news.what === 'same') this.#last.delete(news.did)
    if (news.what !== 'refused' || news.did === undefined) return
    this.#last.delete(news.did)
    this.#last.set(news.did, news.reject)
    const [oldest] = this.#last.keys()
    if (oldest !== undefined && this.#last.size > COMPANIES_MAX) this.#last.delete(oldest)
  }

  of(did: string): Reject | undefined {
    return this.#last.get(did)
  }
}
