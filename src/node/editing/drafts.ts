// What was lost when a branch lost: listed, and read as it stood. Nothing here changes a document; whoever wants
// words back writes them again. protocols/envelope, ENV-29.
import { draftsOf, pastOf } from '../../replica/drafts.ts'
import type { Facet } from '../../replica/facet.ts'
import { type Position, isSame } from '../../replica/lane-tree.ts'
import { toHex } from '../../wire/bytes.ts'
import { parseHeader } from '../../wire/envelope.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import { byEnvelope } from './envelope-names.ts'
import { authorIn, stateOf } from './history.ts'
import type { Library } from './library.ts'
import type { DraftJson, DraftTextJson } from '../surface/history-json.ts'
import { type Parts, noteAccess } from '../parts/parts.ts'

export class Drafts {
  readonly #parts: Parts
  readonly #library: Library

  constructor(parts: Parts, library: Library) {
    this.#parts = parts
    this.#library = library
  }

  /** The branches of an artifact that do not count, the latest first. */
  async list(artifact: string): Promise<DraftJson[]> {
    const found = this.#library
      .facetsOf(artifact)
      .flatMap(({ facet }) => draftsOf(facet).map(draft => ({ facet, ...draft })))
    const drafts = await Promise.all(found.map(({ facet, tip, lost }) => this.#json(facet, tip, lost)))
    return drafts.sort((a, b) => b.at - a.at)
  }

  /**
   * The text as it stood with this envelope, counting or not, and all that it knew.
   * @throws NodeError `draft-unknown`, `draft-ambiguous`
   */
  async read(artifact: string, envelope: string): Promise<DraftTextJson> {
    const { facet, tip } = this.#find(artifact, envelope)
    noteAccess(this.#parts, facet, 'draft')
    const lost = draftsOf(facet).find(draft => isSame(draft.tip, tip))?.lost ?? 0
    const { text, fields } = await this.#library.preview(facet, pastOf(facet, tip))
    return { ...(await this.#json(facet, tip, lost)), text, fields }
  }

  #find(artifact: string, typed: string): { facet: Facet; tip: Position } {
    const all = this.#library
      .facetsOf(artifact)
      .flatMap(({ facet }) => facet.order().map(tip => ({ facet, tip })))
    const next = 'parley show ID --drafts lists the branches that do not count, parley log ID all envelopes.'
    const none = new NodeError('draft-unknown', `no envelope ${typed} is in this artifact`, next)
    return byEnvelope(all, typed, none, 'draft-ambiguous')
  }

  async #json(facet: Facet, tip: Position, lost: number): Promise<DraftJson> {
    const { segment, seq } = tip
    const { lane } = segment
    const id = segment.idAt(seq)
    const [record] = await this.#parts.driver.read(facet.id, [{ client: lane.client, seq, id }])
    const header = record && parseHeader(record.header)
    return {
      id: toHex(id),
      facet: toHex(facet.id),
      class: facet.genesis.class,
      lane: lane.client,
      seq,
      at: header && !isReject(header) ? header.time : 0,
      state: facet.counts(tip) ? 'counts' : stateOf(facet, tip),
      lost,
      ...authorIn(this.#parts, facet, lane.company, lane.key)
    }
  }
}
