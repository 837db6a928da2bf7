// The queue of late work: what keys of this company wrote beyond their cut, or on a branch that lost. People adopt it,
// which writes it again under a living key, or drop it. protocols/space, SPC-15.
import { draftsOf } from '../../replica/drafts.ts'
import type { Facet } from '../../replica/facet.ts'
import { tipOf } from '../../replica/facet.ts'
import type { Position } from '../../replica/lane-tree.ts'
import { toHex } from '../../wire/bytes.ts'
import type { LanePoint } from '../../wire/space-entry.ts'
import { NodeError } from '../../wire/node-error.ts'
import { adoptionsIn, undecided } from './adoptions.ts'
import { byEnvelope } from './envelope-names.ts'
import { type History, authorIn, stateOf } from './history.ts'
import type { Library } from './library.ts'
import type { LateJson, LateTextJson } from '../surface/history-json.ts'
import { type Parts, noteAccess } from '../parts/parts.ts'
import { rewritten, writeAgain } from './rewriting.ts'
import type { Rooms } from '../spaces/rooms.ts'

interface Waiting {
  facet: Facet
  /** Of one lane, oldest first, and the last of them. */
  positions: Position[]
  tip: Position
}

export class Late {
  readonly #parts: Parts
  readonly #rooms: Rooms
  readonly #library: Library
  readonly #history: History
  /** What is being decided now, by facet and envelope: nobody adopts it twice at once. */
  readonly #busy = new Set<string>()

  constructor(parts: Parts, rooms: Rooms, library: Library, history: History) {
    this.#parts = parts
    this.#rooms = rooms
    this.#library = library
    this.#history = history
  }

  /** The latest first. */
  async list(): Promise<LateJson[]> {
    const find = this.#library.lookup()
    const all = await Promise.all(this.#waiting().map(waiting => this.#json(waiting, find)))
    return all.toSorted((a, b) => b.at - a.at)
  }

  /** @throws NodeError `late-unknown`, `late-ambiguous` */
  async read(envelope: string): Promise<LateTextJson> {
    const waiting = this.#find(envelope)
    const { facet, positions } = waiting
    noteAccess(this.#parts, facet, 'late')
    const lines = await this.#history.lines(facet, positions)
    const { text } = await rewritten(this.#library, facet, positions)
    return {
      ...(await this.#json(waiting, this.#library.lookup())),
      inserted: lines.flatMap(({ inserted }) => (inserted === '' ? [] : [inserted])),
      deleted: lines.reduce((sum, { deleted }) => sum + deleted, 0),
      fields: [...new Set(lines.flatMap(({ fields }) => fields))],
      text
    }
  }

  /**
   * Writes it again under a key of this node, and says in the space log whose it was. A crash between the two leaves
   * it in the queue, with its words in the document: they are seen there.
   * @throws NodeError `late-unknown`, `late-ambiguous`, and those of an edit and of an entry
   */
  adopt(envelope: string): Promise<void> {
    return this.#decide(envelope, async ({ facet, positions }) => {
      noteAccess(this.#parts, facet, 'adopt')
      const tip = await writeAgain(this.#library, facet, positions)
      return tip && { facet: facet.id, client: tip.client, seq: tip.seq, id: tip.id }
    })
  }

  /** Says in the space log that it stays out. It can be read as before, and written again by hand. */
  drop(envelope: string): Promise<void> {
    return this.#decide(envelope, async () => undefined)
  }

  async #decide(
    envelope: string,
    write: (waiting: Waiting) => Promise<LanePoint | undefined>
  ): Promise<void> {
    const waiting = this.#find(envelope)
    const { facet } = waiting
    const tip = tipOf(waiting.tip)
    const id = toHex(tip.id)
    if (this.#busy.has(id))
      throw new NodeError(
        'late-busy',
        'somebody decides on this at the moment',
        'parley late list shows the rest.'
      )
    this.#busy.add(id)
    try {
      this.#rooms.mustSpeak(facet.space)
      const as = await write(waiting)
      const late = { facet: facet.id, client: tip.client, seq: tip.seq, id: tip.id }
      await this.#rooms.say(facet.space, () => ({ kind: 'adopt', late, ...(as && { as }) }))
    } finally {
      this.#busy.delete(id)
    }
  }

  #waiting(): Waiting[] {
    const { directory, driver } = this.#parts
    return [...driver.core.context.facets.values()].flatMap(({ facet }) => {
      if (facet.genesis.class === 'private') return []
      const own = directory.ownIndex(facet.space)
      const drafts = draftsOf(facet).filter(
        ({ tip }) => tip.segment.lane.company === own && isForPeople(facet, tip)
      )
      if (drafts.length === 0) return []
      const adoptions = adoptionsIn(facet)
      return drafts
        .map(({ tip }) => undecided(facet, tip, adoptions))
        .flatMap(positions => positions.slice(-1).map(tip => ({ facet, positions, tip })))
    })
  }

  #find(typed: string): Waiting {
    const next = 'See parley late list.'
    const none = new NodeError('late-unknown', `nothing of ${typed} waits to be adopted`, next)
    return byEnvelope(this.#waiting(), typed, none, 'late-ambiguous')
  }

  async #json({ facet, positions, tip }: Waiting, find: ReturnType<Library['lookup']>): Promise<LateJson> {
    const { lane } = tip.segment
    const { id, kind, title, space, spaceTitle } = await find(facet)
    return {
      id: toHex(tip.segment.idAt(tip.seq)),
      artifact: id,
      kind,
      title,
      space,
      spaceTitle,
      at: await this.#history.timeOf(facet, tip),
      state: stateOf(facet, tip),
      envelopes: positions.length,
      ...authorIn(this.#parts, facet, lane.company, lane.key)
    }
  }
}

/** What was orphaned by others, its author's own node writes again by itself (ENV-28). */
function isForPeople(facet: Facet, tip: Position): boolean {
  return stateOf(facet, tip) !== 'orphaned'
}
