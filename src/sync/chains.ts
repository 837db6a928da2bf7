// One node of a company keeps its chains: two that signed at once would fork them, and the company would be frozen.
// Its other nodes sign the next entry and hand it to that one. protocols/sync, section 5.
import type { SpaceLog } from '../identity/space-log.ts'
import { equalBytes, toHex } from '../wire/bytes.ts'
import { Reject, isReject } from '../wire/reject.ts'
import { type EntryRecord, entryId, parseSpaceEntry } from '../wire/space-entry.ts'
import type { Context } from './context.ts'
import type { Frame } from './frame.ts'
import type { Session } from './session.ts'
import type { SpaceSync } from './space-sync.ts'

export interface ChainOptions {
  keeps: boolean
  /** Whether what the company signed last is sure to be here: a store that went back may lack it. */
  knowsEnd: (space: SpaceLog) => boolean
}

/** Of a company with one node. */
const ALONE: ChainOptions = { keeps: true, knowsEnd: () => true }

export class Chains {
  readonly keeps: boolean
  readonly #knowsEnd: ChainOptions['knowsEnd']
  readonly #context: Context
  readonly #spaces: SpaceSync
  /** Entries that this node handed over, by id, and why the keeper declined them. */
  readonly #handed = new Map<string, Reject | undefined>()

  constructor(context: Context, spaces: SpaceSync, { keeps, knowsEnd } = ALONE) {
    this.#context = context
    this.#spaces = spaces
    this.keeps = keeps
    this.#knowsEnd = knowsEnd
  }

  /** Hands an entry of our own chain to the node that keeps it. @returns its id, or `keeper-away` */
  handOver(space: SpaceLog, { entry, signer, signature }: EntryRecord): Uint8Array | Reject {
    const own = this.#context.open().filter(session => this.#isOwn(session))
    if (own.length === 0)
      return new Reject('keeper-away', 'no other node of this company is connected', false)
    const id = entryId(entry)
    this.#handed.set(toHex(id), undefined)
    for (const session of own)
      this.#context.send(session, { type: 'append', space: space.id, entry, signer, signature }, space)
    return id
  }

  /** What has become of it: it stands here as well, or was declined, or `undefined` while neither is known. */
  outcome(space: SpaceLog, id: Uint8Array): 'stands' | Reject | undefined {
    const entry = space.entry(id)
    const stands = entry && !this.#context.directory.unwritten.has(entry)
    return stands ? 'stands' : this.#handed.get(toHex(id))
  }

  /** Nobody will ask for the outcome any more. */
  forget(id: Uint8Array): void {
    this.#handed.delete(toHex(id))
  }

  onAppend(session: Session, { space: id, ...record }: Extract<Frame, { type: 'append' }>): void {
    if (!this.keeps || !this.#isOwn(session)) return
    const { checks } = session.allowances
    if (checks.left(this.#context.now) <= 0) return
    checks.spend(1, this.#context.now)
    const space = this.#context.spaceFor(session, id)
    const refused = space && this.#enter(session, space, record)
    if (!refused) return
    const { code, detail } = refused
    this.#context.send(
      session,
      { type: 'declined', space: id, entry: entryId(record.entry), code, detail },
      space
    )
  }

  onDeclined(session: Session, { entry, code, detail }: Extract<Frame, { type: 'declined' }>): void {
    const id = toHex(entry)
    if (this.#isOwn(session) && this.#handed.has(id)) this.#handed.set(id, new Reject(code, detail, false))
  }

  /** Only what follows our own head: anything else would be a fork that two honest nodes made. */
  #enter(session: Session, space: SpaceLog, record: EntryRecord): Reject | undefined {
    const entry = parseSpaceEntry(record.entry)
    if (isReject(entry)) return entry
    if (space.entry(entryId(record.entry))) return undefined
    if (!this.#knowsEnd(space))
      return new Reject('space-unsure', 'the keeper has to hear from another party first', false)
    const company = this.#context.directory.ownIndex(space)
    const head = company === undefined ? undefined : space.head(company)
    const follows = head ? entry.prev && equalBytes(entry.prev, head.id) : entry.seq === 0
    if (entry.company !== company || !follows)
      return new Reject('chain-moved', 'another entry of this company came first', false)
    return this.#spaces.add(space, [record], [], session)
  }

  #isOwn({ peer }: Session): boolean {
    return peer !== undefined && peer.did === this.#context.directory.self.did
  }
}
