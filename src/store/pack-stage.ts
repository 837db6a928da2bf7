// Puts the envelopes of one commit into packs. protocols/store, sections 2 and 4.
import { equalBytes } from '../wire/bytes.ts'
import type { Census, Lane } from './census.ts'
import type { Change, Database } from './level-database.ts'
import {
  decodePack,
  encodePack,
  PACK_BYTES_MAX,
  PACK_ENVELOPES_MAX,
  packedBytes,
  packKey,
  packMark,
  packPlace,
  packsEnd,
  type PackPlace
} from './pack.ts'
import { envelopeKey } from './record.ts'
import type { EnvelopeRecord } from './store.ts'

interface StagedPack {
  envelopes: EnvelopeRecord[]
  bytes: number
  /** On disk already, under the same key: nothing is added to it. */
  stored: boolean
}

interface StagedLane {
  lane: Lane
  packs: StagedPack[]
  /** Keys (latin1) of packs on disk that are among `packs`, or that this commit deletes. */
  taken: Set<string>
}

export class PackStage {
  /** A damaged pack made way: what is missing has to be written down in this commit. */
  lost = false
  readonly #db: Database
  readonly #census: Census
  readonly #changes: Change[]
  readonly #lanes = new Map<Lane, StagedLane>()
  /** The pack that was read last: the envelopes of a branch ask for the same one, one after the other. */
  #seen: { name: string; pack: StagedPack | undefined } | undefined

  constructor(db: Database, census: Census, changes: Change[]) {
    this.#db = db
    this.#census = census
    this.#changes = changes
  }

  /** @returns a promise only where the database has to be looked into. */
  add(lane: Lane, envelope: EnvelopeRecord): Promise<void> | undefined {
    let staged = this.#lanes.get(lane)
    if (!staged) this.#lanes.set(lane, (staged = { lane, packs: [], taken: new Set() }))
    const isNext = envelope.seq === lane.next
    if (isNext) lane.next++
    if (!isNext || envelope.seq < lane.stored) return this.#addAgain(staged, envelope)
    append(staged, envelope)
    return undefined
  }

  /** Of all packs; their envelopes count from now on. */
  finish(): void {
    for (const { lane, packs } of this.#lanes.values()) {
      for (const { envelopes, bytes, stored } of packs) {
        const key = packKey(envelopes)
        const { facet, seq } = envelopes[0] as EnvelopeRecord
        if (!stored) this.#census.addPack(facet, lane, seq, envelopes.length, packMark(key))
        this.#changes.push({ type: 'put', key, value: encodePack(key, envelopes, bytes) })
      }
    }
  }

  /** Not the next one: the second branch of a fork, one that was lost, or one that is here (STO-27). */
  async #addAgain(staged: StagedLane, envelope: EnvelopeRecord): Promise<void> {
    const found =
      staged.packs.find(pack => placeIn(pack, envelope) >= 0) ?? (await this.#stored(staged, envelope))
    this.#census.refill(staged.lane, envelope.seq)
    if (!found) return append(staged, envelope)
    const at = placeIn(found, envelope)
    found.bytes += packedBytes(envelope) - packedBytes(found.envelopes[at] as EnvelopeRecord)
    found.envelopes[at] = envelope
  }

  /** The pack on disk that holds the envelope. Damaged ones that may hold it give up their place. */
  async #stored(staged: StagedLane, envelope: EnvelopeRecord): Promise<StagedPack | undefined> {
    const { facet, client, seq } = envelope
    const keys = this.#db.keys({ gte: envelopeKey(facet, client, seq), lt: packsEnd(facet, client, seq) })
    for (const key of await keys.all()) {
      const place = packPlace(key)
      const name = key.toString('latin1')
      if (!place || place.first > seq || staged.taken.has(name)) continue
      if (this.#seen?.name !== name) this.#seen = { name, pack: await this.#read(key) }
      const { pack } = this.#seen
      if (pack && placeIn(pack, envelope) < 0) continue
      staged.taken.add(name)
      if (!pack) {
        this.#drop(staged.lane, facet, key, place)
        continue
      }
      staged.packs.push(pack)
      return pack
    }
    return undefined
  }

  #drop(lane: Lane, facet: string, key: Buffer, { client, first, next }: PackPlace): void {
    const counted = !this.#census.strays.delete(key.toString('latin1'))
    if (counted) this.#census.removePack(facet, lane, next - first, packMark(key))
    this.#census.lose(facet, client, first, Math.min(next, lane.next))
    this.#changes.push({ type: 'del', key })
    this.lost = true
  }

  async #read(key: Buffer): Promise<StagedPack | undefined> {
    const value = await this.#db.get(key)
    const envelopes: EnvelopeRecord[] = []
    if (!value || !decodePack(key, value, envelopes)) return undefined
    const bytes = envelopes.reduce((sum, envelope) => sum + packedBytes(envelope), 0)
    return { envelopes, bytes, stored: true }
  }
}

/** STO-26: seq by seq, whatever the branch, as each envelope has its own id prefix. */
function append({ packs }: StagedLane, envelope: EnvelopeRecord): void {
  const bytes = packedBytes(envelope)
  const open = packs.at(-1)
  if (open && mayTake(open, envelope.seq, bytes)) {
    open.envelopes.push(envelope)
    open.bytes += bytes
  } else packs.push({ envelopes: [envelope], bytes, stored: false })
}

function mayTake({ envelopes, bytes, stored }: StagedPack, seq: number, more: number): boolean {
  if (stored || envelopes.length === PACK_ENVELOPES_MAX || bytes + more > PACK_BYTES_MAX) return false
  return seq === (envelopes.at(-1) as EnvelopeRecord).seq + 1
}

/** Its index, or -1. */
function placeIn({ envelopes }: StagedPack, { seq, idPrefix }: EnvelopeRecord): number {
  const at = seq - (envelopes[0] as EnvelopeRecord).seq
  const there = envelopes[at]
  return there && equalBytes(there.idPrefix, idPrefix) ? at : -1
}
