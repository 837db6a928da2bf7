// Keeping space logs equal between those who may see them. protocols/sync, section 5.
import { openSpace } from '../artifacts/space.ts'
import type { LogEntry, SpaceLog } from '../identity/space-log.ts'
import { equalBytes, toHex, utf8 } from '../wire/bytes.ts'
import { spaceId } from '../wire/genesis.ts'
import { type Reject, isReject } from '../wire/reject.ts'
import { type EntryRecord, isContributionAct, parseSpaceEntry } from '../wire/space-entry.ts'
import type { Answers } from './answers.ts'
import type { Context } from './context.ts'
import type { StoreWrite } from './effects.ts'
import { type Frame, type Head, SPACES_MAX } from './frame.ts'
import type { Greeting } from './greeting.ts'
import { type Prospect, Prospects } from './prospects.ts'
import type { AskedEntries, Session } from './session.ts'

/**
 * Spaces that one company may put before this node without our having accepted them. What it put before other nodes
 * of ours comes beside these: while they are parted, none can count for another (SYN-14).
 */
export const INVITATIONS_MAX = 16
/** Entries that do not come are asked for again after this long. */
const ENTRIES_MS = 30_000

export class SpaceSync {
  readonly #context: Context
  readonly #greeting: Greeting
  readonly #answers: Answers
  readonly #prospects: Prospects
  readonly #grew: (space: SpaceLog) => void

  /** `grew`: entries were added. */
  constructor(context: Context, greeting: Greeting, answers: Answers, grew: (space: SpaceLog) => void) {
    this.#context = context
    this.#greeting = greeting
    this.#answers = answers
    this.#prospects = new Prospects(context, greeting)
    this.#grew = grew
  }

  /** Names to a peer the spaces that it may see, or one of them; later, where it reads too slowly. */
  list(session: Session, only?: SpaceLog): void {
    if (!this.#context.hasRoom(session)) {
      session.owesSpaces = true
      return
    }
    for (const space of only ? [only] : this.#context.directory.spaces.values()) {
      const tips = this.#durableTips(space).map(({ company, seq, id }) => ({ of: company, seq, id }))
      const versions = space.parties.map(did => this.#context.directory.identities.get(did)?.head ?? '')
      this.#context.send(session, { type: 'spaces', spaces: [{ id: space.id, tips, versions }] }, space)
      this.#answers.nameDecisions(session, space)
    }
  }

  /** What had to wait for room, or for the allowance of checks. */
  goOn(session: Session): void {
    if (session.owesSpaces && this.#context.hasRoom(session)) {
      session.owesSpaces = false
      this.list(session)
    }
    if (session.unchecked.size === 0 || session.allowances.checks.left(this.#context.now) <= 0) return
    const keys = [...session.unchecked]
    session.unchecked.clear()
    for (const key of keys) {
      const space = session.prospects.get(key)?.space ?? this.#context.directory.spaces.get(key)
      if (space) this.lookAgain(session, space)
    }
  }

  /** The ends of every branch, as far as it is on disk. */
  #durableTips(space: SpaceLog): LogEntry[] {
    const { unwritten } = this.#context.directory
    const tips = space.tips().map(tip => {
      let entry: LogEntry | undefined = tip
      while (entry && unwritten.has(entry)) entry = entry.before
      return entry
    })
    return [...new Set(tips)].filter(tip => tip !== undefined)
  }

  onSpaces(session: Session, { spaces }: Extract<Frame, { type: 'spaces' }>): void {
    for (const { id, tips, versions } of spaces) {
      const space = this.#context.spaceFor(session, id)
      if (!space) {
        const prospect = session.prospects.get(toHex(id))
        if (prospect) {
          session.listed.set(toHex(id), { tips, versions })
          // What stood in the way may be over: a share that was used up, a certificate that had ended.
          if (prospect.space && !this.#ripens(session, prospect)) this.look(session, prospect.space)
          continue
        }
        // A space of ours that is not for the peer is asked for as if we had never heard of it (SYN-5).
        if (!this.#mayInvite(session)) continue
        // What it names is looked at once the space has come: whose logs are needed, above all.
        if (session.listed.size < SPACES_MAX) {
          session.listed.set(toHex(id), { tips, versions })
          session.asked.set(toHex(id), { at: this.#context.steady })
        }
        this.#ask(session, id, [])
        continue
      }
      session.listed.set(toHex(id), { tips, versions })
      session.prospects.delete(toHex(id))
      this.look(session, space)
      this.#answers.compare(session, space)
    }
  }

  /** Asks for what the peer last named of a space and we lack. */
  look(session: Session, space: SpaceLog): void {
    const key = toHex(space.id)
    const listing = session.listed.get(key)
    if (!listing) return
    const prospect = session.prospects.get(key)
    if (prospect?.space === space) this.#prospects.askIdentities(session, prospect, listing.versions)
    else if (!this.#context.clearance(session, 'announce', space)) return
    else this.#askIdentities(session, space, listing.versions)
    if (this.#isUnderWay(session, key) || this.#has(session, space, listing.tips)) return
    session.asked.set(key, { at: this.#context.steady })
    const have = space.tips().map(entry => entry.id)
    this.#ask(session, space.id, have)
  }

  /** Asks anew, whatever is under way: something of it could not be used, and now it could. */
  lookAgain(session: Session, space: SpaceLog): void {
    session.asked.delete(toHex(space.id))
    this.look(session, space)
  }

  /** The peer has given an identity log: what had to wait for it may be judged now. */
  lookAtProspects(session: Session): void {
    for (const space of this.#prospects.better(session)) this.lookAgain(session, space)
  }

  #isUnderWay(session: Session, key: string): boolean {
    const asked = session.asked.get(key)
    return asked !== undefined && this.#context.steady - asked.at <= ENTRIES_MS
  }

  /** Whether nothing is left to ask for: what is named is here, or would not be stored today. */
  #has(session: Session, space: SpaceLog, tips: Head[]): boolean {
    return tips.every(tip => space.entry(tip.id) || this.#isSpent(session, space, tip.of))
  }

  onWantSpace(
    session: Session,
    { space: id, have }: Extract<Frame, { type: 'want-space' }>,
    bytes: number
  ): void {
    const space = this.#context.spaceFor(session, id)
    if (!space) return
    this.#answers.add(session, { to: 'want-space', space: toHex(id), have, bytes })
  }

  onEntries(session: Session, { space: id, genesis, entries }: Extract<Frame, { type: 'entries' }>): void {
    const known = this.#context.spaceFor(session, id)
    const opened = known ? undefined : this.#openInvitation(session, id, genesis)
    const space = known ?? opened
    const writes: StoreWrite[] = []
    if (!space) return this.#onProspect(session, id, genesis, entries)
    if (opened) {
      if (!this.#context.clearance(session, 'announce', opened)) return
      writes.push(...this.#putBefore(session, opened))
    }
    const asked = this.#heardOf(session, id)
    const refused = this.add(space, this.#affordable(session, space, entries), writes, session)
    if (refused) return this.#context.close(session, refused, `space ${toHex(id)}`)
    if (asked?.tips && this.#has(session, space, asked.tips)) this.lookAgain(session, space)
    else if (opened) this.#askIdentities(session, space, session.listed.get(toHex(id))?.versions ?? [])
    // Only now can the listing be answered: else the peer tells of its facets at its next one.
    if (opened) this.#answers.compare(session, space)
  }

  #heardOf(session: Session, id: Uint8Array): AskedEntries | undefined {
    const asked = session.asked.get(toHex(id))
    if (!asked) return undefined
    asked.tips ??= session.listed.get(toHex(id))?.tips ?? []
    asked.at = this.#context.steady
    return asked
  }

  /** Entries of a space that is not for both of us, unless they make it so. */
  #onProspect(session: Session, id: Uint8Array, genesis: Uint8Array, entries: EntryRecord[]): void {
    const known = session.prospects.get(toHex(id))
    const opened = !known && this.#mayInvite(session) ? this.#prospects.open(session, id, genesis) : undefined
    const prospect = known ?? opened
    if (!prospect?.space) return
    const { space } = prospect
    const asked = this.#heardOf(session, id)
    const refused = this.#prospects.add(session, prospect, this.#affordable(session, space, entries))
    if (refused) return this.#context.close(session, refused, `space ${toHex(id)}`)
    if (this.#ripens(session, prospect)) return
    const versions = session.listed.get(toHex(id))?.versions ?? []
    if (opened) this.#prospects.askIdentities(session, prospect, versions)
    else if (asked?.tips && this.#has(session, space, asked.tips)) this.lookAgain(session, space)
  }

  #ripens(session: Session, prospect: Prospect): boolean {
    const ripe = this.#prospects.ripe(session, prospect)
    if (ripe) this.#takeUp(session, ripe.genesis, ripe.entries)
    return ripe !== undefined
  }

  /** A log has made both of us parties: it becomes the space's, or part of it where a founder lacked this news. */
  #takeUp(session: Session, genesis: Uint8Array, entries: EntryRecord[]): void {
    const { directory } = this.#context
    const key = toHex(spaceId(genesis))
    for (const { prospects } of this.#context.open()) prospects.delete(key)
    const held = directory.spaces.get(key)
    const space = held ?? (openSpace(genesis) as SpaceLog)
    const writes = held ? [] : this.#putBefore(session, space)
    session.allowances.checks.spend(entries.length, this.#context.now)
    const refused = this.add(space, entries, writes, session)
    if (refused) return this.#context.close(session, refused, `space ${key}`)
    this.lookAgain(session, space)
    this.#answers.compare(session, space)
  }

  /** As many as may be checked now; the rest is asked for again. */
  #affordable(session: Session, space: SpaceLog, entries: EntryRecord[]): EntryRecord[] {
    const { checks } = session.allowances
    const now = Math.floor(Math.max(0, checks.left(this.#context.now)))
    checks.spend(Math.min(now, entries.length), this.#context.now)
    if (entries.length > now) session.unchecked.add(toHex(space.id))
    return entries.slice(0, now)
  }

  /**
   * Adds entries, stores what is new and then passes it on. Entries that must wait, or whose author has used up what
   * we store of it today, are asked for again later.
   */
  add(
    space: SpaceLog,
    entries: EntryRecord[],
    writes: StoreWrite[] = [],
    from?: Session
  ): Reject | undefined {
    const stored = new Map<string, number>()
    const added: LogEntry[] = []
    let refused: Reject | undefined
    for (const record of entries) {
      if (this.#context.isSpent(from, 'entries', authorOf(space, record))) continue
      const result = space.add(record, this.#context.directory.identityOf)
      if (isReject(result)) {
        refused = result
        break
      }
      if (result === 'known' || 'waits' in result) continue
      added.push(result.added)
      const put = putEntry(space, record, result.added.id)
      writes.push(put)
      const { did } = result.added
      stored.set(did, (stored.get(did) ?? 0) + put.bytes.length)
      if (result.fork) {
        const { company, seq } = result.fork
        this.#context.tell({ what: 'chain-fork', space: toHex(space.id), company, seq })
      }
    }
    for (const [did, bytes] of stored) writes.push(...this.#context.charge(from, 'entries', did, bytes))
    for (const entry of added) this.#context.directory.unwritten.add(entry)
    if (writes.length > 0) this.#context.write(writes, () => this.#written(space, added))
    if (added.length > 0) this.#grew(space)
    return refused
  }

  #isSpent(from: Session, space: SpaceLog, company: number): boolean {
    return this.#context.isSpent(from, 'entries', space.parties[company])
  }

  /** Others hear of entries that are durable: a chain whose last entry a power cut took would be forked by the next. */
  #written(space: SpaceLog, entries: LogEntry[]): void {
    if (entries.length === 0) return
    const own = this.#context.directory.ownIndex(space)
    for (const entry of entries) {
      this.#context.directory.unwritten.delete(entry)
      const { journal } = this.#context
      if (entry.company === own) journal?.signed(space, entry)
      else if (isContributionAct(entry.act)) journal?.contributed(space, entry)
      journal?.agreed(space, entry)
    }
    this.#context.tell({ what: 'space', space: toHex(space.id) })
    for (const session of this.#context.open()) this.list(session, space)
  }

  #ask(session: Session, space: Uint8Array, have: Uint8Array[]): void {
    this.#context.greet(session, { type: 'want-space', space, have })
  }

  /** Versions of the parties' logs that the peer has and we lack. */
  #askIdentities(session: Session, space: SpaceLog, versions: string[]): void {
    for (const [i, did] of space.parties.entries()) {
      const known = this.#context.directory.identities.get(did)
      const named = versions[i]
      if (named && !known?.versions.has(named)) this.#greeting.wantIdentity(session, did)
    }
  }

  /** Whether the peer may put one more space before us. It does not depend on which. */
  #mayInvite({ peer }: Session): boolean {
    if (!peer) return false
    const { directory } = this.#context
    if (peer.did === directory.self.did) return true
    let open = 0
    for (const [key, by] of directory.invitedBy) {
      const space = directory.spaces.get(key)
      const own = space && directory.ownIndex(space)
      if (!space || (own !== undefined && space.accepted(own))) directory.invitedBy.delete(key)
      else if (by === peer.did) open++
    }
    open += this.#prospects.count(peer.did)
    return open < INVITATIONS_MAX && directory.spaces.size < SPACES_MAX
  }

  /** A space that a peer puts before us must name both of us. One that we hold and that is not for it comes to nothing. */
  #openInvitation(session: Session, id: Uint8Array, genesis: Uint8Array): SpaceLog | undefined {
    const { directory } = this.#context
    if (!this.#mayInvite(session) || genesis.length === 0 || !equalBytes(spaceId(genesis), id))
      return undefined
    const space = openSpace(genesis)
    if (isReject(space)) return undefined
    if (directory.ownIndex(space) === undefined) return undefined
    const { did } = session.peer as { did: string }
    if (space.companyOf(did) === undefined || directory.spaceOf(id)) return undefined
    return space
  }

  /** From now on it is here. @returns the rows to write, with the company that put it before us */
  #putBefore(session: Session, space: SpaceLog): StoreWrite[] {
    const { did } = session.peer as { did: string }
    const key = toHex(space.id)
    this.#context.directory.spaces.set(key, space)
    this.#context.directory.invitedBy.set(key, did)
    return [
      { kind: 'put', table: 'space', key, bytes: space.genesisBytes },
      { kind: 'put', table: 'invited', key, bytes: utf8(did) }
    ]
  }
}

/** The company in whose chain an entry says that it stands, as far as what it follows is here. */
function authorOf(space: SpaceLog, { entry }: EntryRecord): string | undefined {
  const parsed = parseSpaceEntry(entry)
  if (isReject(parsed)) return undefined
  // Who came later is asked for only then: each word about the agreement may change who the parties are.
  return space.founders[parsed.company] ?? (parsed.prev && space.entry(parsed.prev)?.did)
}

export function putEntry(
  space: SpaceLog,
  record: EntryRecord,
  id: Uint8Array
): Extract<StoreWrite, { kind: 'put' }> {
  return { kind: 'put', table: 'entry', key: `${toHex(space.id)}/${toHex(id)}`, bytes: encodeRecord(record) }
}

/** signer (32), signature (64), entry. */
export function encodeRecord({ entry, signer, signature }: EntryRecord): Uint8Array {
  const out = new Uint8Array(96 + entry.length)
  out.set(signer)
  out.set(signature, 32)
  out.set(entry, 96)
  return out
}

export function decodeRecord(bytes: Uint8Array): EntryRecord {
  return { signer: bytes.slice(0, 32), signature: bytes.slice(32, 96), entry: bytes.slice(96) }
}
