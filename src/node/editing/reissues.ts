// Work of ours that stood on something which no longer counts, because its author signed two things for one
// place, is written again in a new lane: nobody can make our words vanish by contradicting himself.
// protocols/envelope, ENV-28.
import type { Facet } from '../../replica/facet.ts'
import type { Position } from '../../replica/lane-tree.ts'
import { toHex } from '../../wire/bytes.ts'
import type { Library } from './library.ts'
import type { Parts } from '../parts/parts.ts'
import { writeAgain } from './rewriting.ts'

const TABLE = 'reissued'

export class Reissues {
  readonly #parts: Parts
  readonly #library: Library
  readonly #running = new Map<string, Promise<void>>()

  constructor(parts: Parts, library: Library) {
    this.#parts = parts
    this.#library = library
  }

  /** To be called when what counts in a facet has changed. One at a time for each facet. */
  check(facet: string): Promise<void> {
    const before = this.#running.get(facet) ?? Promise.resolve()
    const run = before.then(() => this.#check(facet)).catch((error: Error) => this.#failed(facet, error))
    this.#running.set(facet, run)
    return run
  }

  async #check(id: string): Promise<void> {
    const facet = this.#parts.driver.core.context.facets.get(id)?.facet
    if (!facet || this.#parts.roles.length === 0) return
    for (const orphans of await this.#orphans(id, facet)) await this.#again(id, facet, orphans)
  }

  /** Envelopes that this node wrote, that do not count through no fault of ours, and are not written again yet. */
  async #orphans(id: string, facet: Facet): Promise<Position[][]> {
    const { store } = this.#parts.driver
    const own = new Set(store.lanes(id).flatMap(lane => (lane.own ? [lane.client] : [])))
    const found = new Map<number, Position[]>()
    for (const position of facet.order()) {
      const { lane } = position.segment
      if (!own.has(lane.client) || facet.counts(position) || lane.forked || isCut(facet, position)) continue
      if (await store.get(TABLE, keyOf(id, position))) continue
      found.set(lane.client, [...(found.get(lane.client) ?? []), position])
    }
    return [...found.values()]
  }

  async #again(id: string, facet: Facet, orphans: Position[]): Promise<void> {
    await writeAgain(this.#library, facet, orphans)
    await this.#parts.driver.perform(core => {
      const bytes = Uint8Array.of(1)
      core.context.write(
        orphans.map(orphan => ({ kind: 'put', table: TABLE, key: keyOf(id, orphan), bytes }))
      )
    })
    const detail = `${orphans.length} of your edits stood on words that their author took back; they were written again`
    this.#parts.emit({ event: 'alarm', code: 'reissued', detail: `${id}: ${detail}`, at: Date.now() })
  }

  #failed(facet: string, error: Error): void {
    const detail = `${facet}: edits of yours could not be written again (${error.message}); parley log shows them`
    this.#parts.emit({ event: 'alarm', code: 'reissue-failed', detail, at: Date.now() })
  }
}

function keyOf(facet: string, { segment, seq }: Position): string {
  return `${facet}/${toHex(segment.idAt(seq))}`
}

/** Our own company ended this key: what it wrote late is not to come back by itself. */
function isCut(facet: Facet, { segment }: Position): boolean {
  const { company, key } = segment.lane
  return facet.space.cuts().some(cut => cut.company === company && cut.key === key)
}
