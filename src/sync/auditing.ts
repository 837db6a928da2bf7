// The logs that this node writes: what happens in a space is noted as it happens, and once a second becomes leaves
// and a checkpoint, durable in one write. protocols/audit, sections 2 and 4.
import type { Message } from '../decision/message.ts'
import { generateKey } from '../identity/ed25519.ts'
import type { LogEntry, SpaceLog } from '../identity/space-log.ts'
import { AuditLog, BATCH_MS, type Batch } from '../audit/log.ts'
import { type Checkpoint, CheckpointJson, checkpointFromJson, checkpointToJson } from '../audit/checkpoint.ts'
import { PACK_LEAVES, encodeLeaves, leafKey } from '../audit/leaves.ts'
import { EPOCH_BYTES, openLog } from '../audit/opening.ts'
import type { AuditRecord, Leaf } from '../audit/record.ts'
import type { Facet, Tip } from '../replica/facet.ts'
import { EMPTY, toHex } from '../wire/bytes.ts'
import { encodeJcs, parseJcs } from '../wire/jcs.ts'
import { unpackClient } from '../wire/lane.ts'
import { encodeMultikey } from '../wire/multibase.ts'
import { isAgreementAct } from '../wire/space-entry.ts'
import { Allowance } from './allowance.ts'
import type { AuditOptions } from './audit.ts'
import type { Context, HeldFacet } from './context.ts'
import type { StoreWrite } from './effects.ts'
import type { Head } from './frame.ts'

const SEED_BYTES = 32
/** 15 us each. */
const RECORDS_PER_TURN = 2_000
/** Denials of a company that each are a leaf, before it is one a second. */
const DENIALS_BURST = 256

export interface JournalOptions extends AuditOptions {
  signAsNode: (message: Uint8Array) => Uint8Array
}

/** A record without its time, which is that of the step. */
export type Occurrence = Omit<AuditRecord, 'at'> & { type: string }

/** A log that this run writes. */
export interface OwnLog {
  space: SpaceLog
  log: AuditLog
  opening: Uint8Array
  /** Of the store: space and epoch. */
  key: string
  /** The newest that is durable. */
  published?: Batch
  /** Leaves behind the last full pack, and where each batch of them begins. */
  unpacked: Leaf[]
  chunks: number[]
}

export class Auditing {
  readonly #context: Context
  readonly #options: JournalOptions
  /** By the id of the space. */
  readonly #logs = new Map<string, OwnLog>()
  /** The last signed checkpoint of each space, of whichever run. */
  readonly #heads = new Map<string, Checkpoint>()
  /** Lanes that have moved, and what went to whom, since they were last noted. */
  #moved = new Map<HeldFacet, Map<number, Tip>>()
  #disclosed = new Map<HeldFacet, Map<string, { lane: number; seq: number; to: string }>>()
  /** How far each lane was disclosed to a company, and receipted by it and to it. */
  readonly #furthest = new WeakMap<HeldFacet, Map<string, Map<number, number>>>()
  /** Records about private facets, by subject, while no space of our own is here. */
  readonly #homeless = new Map<string, AuditRecord>()
  /** By company. */
  readonly #denials = new Map<string, Allowance>()
  #gatheredAt = -Infinity
  /** While not all that a second brought is a record. */
  #gathering: Generator<undefined> | undefined

  constructor(context: Context, options: JournalOptions) {
    this.#context = context
    this.#options = options
  }

  /** What an earlier run signed last in a space. */
  restoreHead(space: string, head: Checkpoint): void {
    this.#heads.set(space, head)
  }

  /** The log of this run in a space, once something was durable in it. */
  logOf(space: SpaceLog): OwnLog | undefined {
    const own = this.#logs.get(toHex(space.id))
    return own?.published ? own : undefined
  }

  get logs(): OwnLog[] {
    return [...this.#logs.values()]
  }

  /** The head of a lane has moved and is durable. */
  moved(held: HeldFacet, tip: Tip): void {
    const lanes = this.#moved.get(held)
    if (lanes) lanes.set(tip.client, tip)
    else this.#moved.set(held, new Map([[tip.client, tip]]))
  }

  /** Envelopes of a lane up to `seq` were handed to a session with company `to`; who asks again adds nothing. AUD-27. */
  disclosed(held: HeldFacet, lane: number, seq: number, to: string): void {
    if (!this.#goesFurther(held, `disclosure/${to}`, lane, seq)) return
    const known = this.#disclosed.get(held)
    const subject = `${lane}/${to}`
    if (known) known.set(subject, { lane, seq, to })
    else this.#disclosed.set(held, new Map([[subject, { lane, seq, to }]]))
  }

  /**
   * Policy refused what a company asked for or brought, or it is not here. In the log of our own space, which no peer
   * sees: that of a shared one would grow for an id that is here and not for one that is not. Of ids that are not here a
   * peer can think up any number, so only the last of a second is written; and so it is with one that asks for more than
   * people would. AUD-26.
   */
  denied(space: SpaceLog, id: Uint8Array, company: string, rule: string): void {
    const { home, nowhere } = this.#context.directory
    if (!home) return
    const facet = toHex(id)
    // In this order: whether it is here takes no longer.
    const isNamed = this.#mayFill(company) && space !== nowhere
    const subject = `denial/${isNamed ? facet : 'none'}/${company}/${rule}`
    this.note(home, subject, { type: 'denial', facet, company, rule })
  }

  /** Whether one more record of what a company was denied may stand for itself. */
  #mayFill(company: string): boolean {
    const { steady } = this.#context
    const allowance = this.#denials.get(company) ?? new Allowance(1, DENIALS_BURST, steady)
    this.#denials.set(company, allowance)
    if (allowance.left(steady) < 1) return false
    allowance.spend(1, steady)
    return true
  }

  /** Somebody here read or exported a facet through the local API. */
  accessed(of: Facet, what: string): void {
    const facet = toHex(of.id)
    this.#noteAbout(of, `access/${facet}/${what}`, { type: 'access', facet, what })
  }

  /** An entry of our own chain is durable: a role key signed it. */
  signed(space: SpaceLog, { id, record, act }: LogEntry): void {
    const key = encodeMultikey(record.signer)
    this.add(space, { type: 'signature', key, what: 'entry', act: act.kind, id: toHex(id) })
  }

  /** Another company has released something to somebody, or signed for it: the entry is durable. */
  contributed(space: SpaceLog, { id, did, act }: LogEntry): void {
    this.add(space, { type: 'contribution', act: act.kind, company: did, id: toHex(id) })
  }

  /** Somebody, of this company or another, has spoken about the agreement of the space, and it is durable. */
  agreed(space: SpaceLog, { id, act, did }: LogEntry): void {
    if (!isAgreementAct(act)) return
    this.add(space, { type: 'agreement', act: act.kind, company: did, digest: toHex(id) })
  }

  /** A message of a decision, of this company or another, is durable. */
  said(space: SpaceLog, { id, kind, payload: { company, key } }: Message): void {
    const own = company === this.#context.directory.self.did
    if (own) this.add(space, { type: 'signature', key, what: 'decision', act: kind, id })
    this.add(space, { type: 'agreement', act: kind, company, digest: id })
  }

  /**
   * A receipt for these heads, all of which are here, was signed or came; one that says no more than those before it is
   * not written. AUD-27.
   */
  receipt(held: HeldFacet, company: string, given: boolean, heads: readonly Head[]): void {
    const kind = `receipt/${company}/${given}`
    const further = heads.filter(({ of, seq }) => this.#goesFurther(held, kind, of, seq))
    if (further.length === 0) return
    const facet = toHex(held.facet.id)
    this.#noteAbout(held.facet, `${kind}/${facet}`, { type: 'receipt', facet, company, given })
  }

  /** Whether of this lane less was noted in this run. */
  #goesFurther(held: HeldFacet, kind: string, lane: number, seq: number): boolean {
    const kinds = this.#furthest.get(held) ?? new Map<string, Map<number, number>>()
    const lanes = kinds.get(kind) ?? new Map<number, number>()
    this.#furthest.set(held, kinds.set(kind, lanes))
    if (seq <= (lanes.get(lane) ?? -1)) return false
    lanes.set(lane, seq)
    return true
  }

  add(space: SpaceLog, what: Occurrence): void {
    this.#open(space).log.add(this.#dated(what))
  }

  /** What is to be on the disk before anything that is asked for after it. */
  addFirst(space: SpaceLog, what: Occurrence): void {
    const own = this.#open(space)
    own.log.add(this.#dated(what))
    this.#write(own)
  }

  /** In which log a facet's records stand: peers cosign that of a shared space, and see it grow. AUD-26. */
  #logSpaceOf({ space, genesis }: Facet): SpaceLog | undefined {
    const isHidden = genesis.class === 'private' && space.parties.length > 1
    return isHidden ? this.#context.directory.home : space
  }

  #noteAbout(facet: Facet, subject: string, what: Occurrence): void {
    const space = this.#logSpaceOf(facet)
    if (space) this.note(space, subject, what)
    else this.#homeless.set(subject, this.#dated(what))
  }

  /** Our own space is here now. */
  #bringHome(): void {
    const { home } = this.#context.directory
    if (!home || this.#homeless.size === 0) return
    for (const [subject, record] of this.#homeless) this.#open(home).log.note(subject, record)
    this.#homeless.clear()
  }

  /** Only the last of a second about one subject is written. */
  note(space: SpaceLog, subject: string, what: Occurrence): void {
    this.#open(space).log.note(subject, this.#dated(what))
  }

  /** Once a second; of what a second brought as many records at a time as take 30 ms. */
  tick(): void {
    const { steady } = this.#context
    if (!this.#gathering && steady - this.#gatheredAt < BATCH_MS) return
    if (!this.#gathering) this.#gatheredAt = steady
    this.#gathering ??= this.#gather()
    this.#advance(RECORDS_PER_TURN)
    this.#writeAll()
  }

  /** All that waits, now: for the end of a run. */
  flush(): void {
    this.#advance(Infinity)
    this.#gathering = this.#gather()
    this.#advance(Infinity)
    this.#writeAll()
  }

  #advance(most: number): void {
    for (let n = 0; n < most && this.#gathering; n++) {
      if (this.#gathering.next().done) this.#gathering = undefined
    }
  }

  #writeAll(): void {
    this.#bringHome()
    for (const own of this.#logs.values()) if (!own.log.isIdle) this.#write(own)
  }

  /** Salt and record of a leaf that is not in a full pack yet: gone, and the write that makes it so. */
  erase(own: OwnLog, index: number): void {
    const first = own.log.tree.size - own.unpacked.length
    const leaf = own.unpacked[index - first]
    if (!leaf) return
    own.unpacked[index - first] = { ...leaf, salt: EMPTY, record: EMPTY }
    const from = own.chunks.findLast(start => start <= index) as number
    const to = own.chunks.find(start => start > index) ?? own.log.tree.size
    this.#context.write([putLeaves(own, from, own.unpacked.slice(from - first, to - first))])
  }

  #dated(what: Occurrence): AuditRecord {
    return { ...what, at: this.#context.now }
  }

  /** Makes records of what has moved so far, one at a step. */
  *#gather(): Generator<undefined> {
    const { directory } = this.#context
    const [moved, disclosed] = [this.#moved, this.#disclosed]
    this.#moved = new Map()
    this.#disclosed = new Map()
    for (const [{ facet }, lanes] of moved) {
      const id = toHex(facet.id)
      const company = directory.ownIndex(facet.space)
      for (const { client: lane, seq, id: envelope } of lanes.values()) {
        const own = unpackClient(lane).company === company
        const head = { type: 'update', facet: id, lane, seq, id: toHex(envelope), own }
        this.#noteAbout(facet, `update/${id}/${lane}`, head)
        yield
      }
    }
    for (const [{ facet }, runs] of disclosed) {
      const id = toHex(facet.id)
      for (const [subject, { lane, seq, to }] of runs) {
        const what = { type: 'disclosure', facet: id, lane, seq, to }
        this.#noteAbout(facet, `disclosure/${id}/${subject}`, what)
        yield
      }
    }
  }

  #open(space: SpaceLog): OwnLog {
    const id = toHex(space.id)
    const known = this.#logs.get(id)
    if (known && !known.log.isFull) return known
    const { random, signAsNode, wasClean } = this.#options
    const { did, peerId } = this.#context.directory.self
    const epoch = toHex(random(EPOCH_BYTES))
    const log = new AuditLog({ space: id, peerId, epoch }, generateKey(random(SEED_BYTES)))
    const before = this.#heads.get(id)
    const opening = openLog({ company: did, peerId, key: log.key, ...(before && { before }) }, signAsNode)
    const own: OwnLog = { space, log, opening, key: `${id}/${epoch}`, unpacked: [], chunks: [] }
    this.#logs.set(id, own)
    const then = before && { before: checkpointToJson(before) }
    log.add(this.#dated({ type: 'opened', ...then }))
    if (!wasClean && !known) this.#noteAll(space)
    return own
  }

  /** What a kill left behind without a record: every lane as it stands whose records are for this log. AUD-12. */
  #noteAll(space: SpaceLog): void {
    for (const held of this.#context.facets.values()) {
      if (this.#logSpaceOf(held.facet) === space) for (const tip of held.facet.tips()) this.moved(held, tip)
    }
  }

  /** A batch and the checkpoint over it in one write; published once that is durable. AUD-12. */
  #write(own: OwnLog): void {
    const { space, log, opening, key } = own
    const batch = log.batch(this.#options.random)
    const id = toHex(space.id)
    this.#heads.set(id, batch.checkpoint)
    const head = encodeJcs(checkpointToJson(batch.checkpoint))
    const writes: StoreWrite[] = this.#pack(own, batch)
    if (batch.index === 0) writes.push({ kind: 'put', table: 'audit-log', key, bytes: opening })
    writes.push({ kind: 'put', table: 'audit-checkpoint', key, bytes: batch.note })
    writes.push({ kind: 'put', table: 'audit-head', key: id, bytes: head })
    this.#context.write(writes, () => (own.published = batch))
  }

  /** The leaves of a batch; where they fill a pack, that replaces what it is made of. */
  #pack(own: OwnLog, { index, leaves }: Batch): StoreWrite[] {
    const writes: StoreWrite[] = []
    let first = index - own.unpacked.length
    own.unpacked.push(...leaves)
    own.chunks.push(index)
    while (own.unpacked.length >= PACK_LEAVES) {
      for (const start of own.chunks.filter(start => start > first && start < index)) {
        writes.push({ kind: 'del', table: 'audit-leaf', key: leafKey(own.key, start) })
      }
      writes.push(putLeaves(own, first, own.unpacked.splice(0, PACK_LEAVES)))
      first += PACK_LEAVES
      own.chunks = own.unpacked.length > 0 ? [first] : []
    }
    if (own.unpacked.length > 0) {
      const from = own.chunks.at(-1) as number
      writes.push(putLeaves(own, from, own.unpacked.slice(from - first)))
    }
    return writes
  }
}

function putLeaves(own: OwnLog, from: number, leaves: readonly Leaf[]): StoreWrite {
  return { kind: 'put', table: 'audit-leaf', key: leafKey(own.key, from), bytes: encodeLeaves(leaves) }
}

/** The checkpoint that `audit-head` holds; undefined for what this node does not write. */
export function decodeHead(bytes: Uint8Array): Checkpoint | undefined {
  const { data } = CheckpointJson.safeParse(parseJcs(bytes))
  return data && checkpointFromJson(data)
}
