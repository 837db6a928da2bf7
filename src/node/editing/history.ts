// Who wrote what in a document, envelope by envelope and passage by passage, and what of it counts.
import * as Y from 'yjs'
import type { Facet } from '../../replica/facet.ts'
import type { Position } from '../../replica/lane-tree.ts'
import { holds } from '../../sync/run-cut.ts'
import { toHex } from '../../wire/bytes.ts'
import { unpackClient } from '../../wire/lane.ts'
import { type EnvelopeRecord, parseHeader } from '../../wire/envelope.ts'
import { NodeError } from '../../wire/node-error.ts'
import { isReject } from '../../wire/reject.ts'
import { adoptionsIn } from './adoptions.ts'
import { type Library, wantedAt } from './library.ts'
import type { AdoptedJson, AuthorJson, LogLineJson } from '../surface/history-json.ts'
import type { PassageJson } from '../surface/parley-node.ts'
import { type Parts, nameOf, noteAccess } from '../parts/parts.ts'

const EXCERPT_CHARS = 200
const READ_MAX = 2_048

export class History {
  readonly #parts: Parts
  readonly #library: Library

  constructor(parts: Parts, library: Library) {
    this.#parts = parts
    this.#library = library
  }

  async log(prefix: string): Promise<LogLineJson[]> {
    const { facet } = this.#library.held(prefix)
    noteAccess(this.#parts, facet, 'log')
    return this.lines(facet, facet.order())
  }

  async lines(facet: Facet, order: readonly Position[]): Promise<LogLineJson[]> {
    const lines: LogLineJson[] = []
    const adopted = this.#adopted(facet)
    for (let i = 0; i < order.length; i += READ_MAX) {
      const positions = order.slice(i, i + READ_MAX)
      const records = await this.#parts.driver.read(facet.id, positions.map(wantedAt))
      for (const [j, record] of records.entries()) {
        const line = record && this.#line(facet, positions[j] as Position, record)
        const from = line && adopted.get(line.id)
        if (line) lines.push({ ...line, ...(from && { adoptedFrom: from }) })
      }
    }
    return lines
  }

  /** When an envelope says that it was written; 0 where its record is missing. */
  async timeOf(facet: Facet, position: Position): Promise<number> {
    const [record] = await this.#parts.driver.read(facet.id, [wantedAt(position)])
    const header = record && parseHeader(record.header)
    return header && !isReject(header) ? header.time : 0
  }

  /** By the id of the envelope that wrote late work again, whose that was. */
  #adopted(facet: Facet): Map<string, AdoptedJson> {
    const adopted = new Map<string, AdoptedJson>()
    for (const { late, as } of adoptionsIn(facet)) {
      const { company, key } = unpackClient(late.client)
      if (as) adopted.set(toHex(as.id), { ...authorIn(this.#parts, facet, company, key), id: toHex(late.id) })
    }
    return adopted
  }

  #line(facet: Facet, position: Position, record: EnvelopeRecord): LogLineJson {
    const { lane } = position.segment
    const header = parseHeader(record.header)
    if (isReject(header)) throw new NodeError('store-damaged', `${header}`, 'Run parley repair.')
    return {
      at: header.time,
      ...authorIn(this.#parts, facet, lane.company, lane.key),
      lane: lane.client,
      seq: position.seq,
      id: toHex(position.segment.idAt(position.seq)),
      state: facet.counts(position) ? 'counts' : stateOf(facet, position),
      signature: holds(facet, lane.client, record) ? 'own' : 'covered',
      ...summarize(record.body),
      deleted: header.deletes.reduce((sum, range) => sum + range.length, 0),
      bytes: record.header.length + record.body.length + 64
    }
  }

  async passages(prefix: string): Promise<PassageJson[]> {
    const { facet } = this.#library.held(prefix)
    noteAccess(this.#parts, facet, 'passages')
    const written = await this.#parts.documents.passages(toHex(facet.id))
    const passages: PassageJson[] = []
    for (const { client, text } of written) {
      const lane = facet.lanes.get(client)
      const { company, role, holder } = authorIn(this.#parts, facet, lane?.company ?? -1, lane?.key ?? -1)
      const last = passages.at(-1)
      if (last && last.company === company && last.holder === holder && last.role === role) last.text += text
      else passages.push({ text, company, role, holder })
    }
    return passages
  }
}

export function authorIn(parts: Parts, facet: Facet, company: number, index: number): AuthorJson {
  const did = facet.space.parties[company] ?? ''
  const key = facet.space.head(company)?.keys[index]
  return {
    company: nameOf(parts, did),
    role: key?.certificate.role ?? '',
    holder: key?.certificate.holder.name ?? '',
    key: key?.publicKey.multikey ?? ''
  }
}

/** Why an envelope does not count. */
export function stateOf(facet: Facet, { segment, seq }: Position): LogLineJson['state'] {
  const { lane } = segment
  if (lane.forked) return 'losing'
  const cut = facet.space.cuts().some(({ company, key }) => company === lane.company && key === lane.key)
  return cut && seq > segment.effectiveTo ? 'cut' : 'orphaned'
}

/** What a body inserted, for people. */
function summarize(body: Uint8Array): { inserted: string; fields: string[] } {
  let inserted = ''
  const fields: string[] = []
  for (const struct of body.length > 0 ? Y.decodeUpdate(body).structs : []) {
    if (!(struct instanceof Y.Item)) continue
    if (struct.content instanceof Y.ContentString && struct.parentSub === null) inserted += struct.content.str
    if (typeof struct.parentSub === 'string') fields.push(struct.parentSub)
  }
  return {
    inserted: inserted.length > EXCERPT_CHARS ? `${inserted.slice(0, EXCERPT_CHARS)}...` : inserted,
    fields
  }
}
