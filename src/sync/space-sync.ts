// Keeping space logs equal between those who may see them. protocols/sync, section 5.
import { SpaceLog } from '../identity/space-log.ts'
import { EMPTY, equalBytes, toHex } from '../wire/bytes.ts'
import { spaceId } from '../wire/genesis.ts'
import { Reject, isReject } from '../wire/reject.ts'
import type { EntryRecord } from '../wire/space-entry.ts'
import type { Context } from './context.ts'
import type { StoreWrite } from './effects.ts'
import { type Frame, SPACES_MAX } from './frame.ts'
import type { Greeting } from './greeting.ts'
import type { Session } from './session.ts'

/** Spaces that a contact may put before us without our having accepted any of them. */
export const INVITATIONS_MAX = 16
const ENTRIES_BYTES_TARGET = 32_768

export class SpaceSync {
  readonly #context: Context
  readonly #greeting: Greeting
  readonly #grew: (space: SpaceLog) => void
  readonly #listed: (session: Session, space: SpaceLog) => void

  /** `grew`: entries were added. `listed`: a peer named a space that both hold. */
  constructor(
    context: Context,
    greeting: Greeting,
    grew: (space: SpaceLog) => void,
    listed: (session: Session, space: SpaceLog) => void
  ) {
    this.#context = context
    this.#greeting = greeting
    this.#grew = grew
    this.#listed = listed
  }

  /** Names to a peer the spaces that it may see, or one of them. */
  list(session: Session, only?: SpaceLog): void {
    for (const space of only ? [only] : this.#context.directory.spaces.values()) {
      const tips = space.tips().map(({ company, seq, id }) => ({ of: company, seq, id }))
      const versions = space.parties.map(did => this.#context.directory.identities.get(did)?.head ?? '')
      this.#context.send(session, { type: 'spaces', spaces: [{ id: space.id, tips, versions }] }, space)
    }
  }

  onSpaces(session: Session, { spaces }: Extract<Frame, { type: 'spaces' }>): void {
    for (const { id, tips, versions } of spaces) {
      const space = this.#context.directory.spaceOf(id)
      if (!space) {
        if (this.#mayInvite(session)) this.#ask(session, id, [])
        continue
      }
      if (!this.#context.clearance(session, 'announce', space)) continue
      this.#askIdentities(session, space, versions)
      if (tips.some(tip => !space.entry(tip.id)))
        this.#ask(
          session,
          id,
          space.tips().map(entry => entry.id)
        )
      this.#listed(session, space)
    }
  }

  /** The genesis where the asker has nothing, then every entry that it did not name the successors of. */
  onWantSpace(session: Session, { space: id, have }: Extract<Frame, { type: 'want-space' }>): void {
    const space = this.#context.directory.spaceOf(id)
    if (!space || !this.#context.clearance(session, 'announce', space)) return
    const known = new Set<string>()
    for (const tip of have) {
      for (let entry = space.entry(tip); entry; entry = entry.before) known.add(toHex(entry.id))
    }
    const missing = space.entries().filter(entry => !known.has(toHex(entry.id)))
    let genesis = have.length === 0 ? space.genesisBytes : EMPTY
    let part: EntryRecord[] = []
    let size = 0
    const flush = () => {
      if (part.length === 0 && genesis.length === 0) return
      this.#context.send(session, { type: 'entries', space: id, genesis, entries: part }, space)
      ;[genesis, part, size] = [EMPTY, [], 0]
    }
    for (const { record } of missing) {
      if (size + record.entry.length > ENTRIES_BYTES_TARGET) flush()
      part.push(record)
      size += record.entry.length
    }
    flush()
  }

  onEntries(session: Session, { space: id, genesis, entries }: Extract<Frame, { type: 'entries' }>): void {
    let space = this.#context.directory.spaceOf(id)
    const writes: StoreWrite[] = []
    if (!space) {
      const opened = this.#openInvitation(session, id, genesis)
      if (!opened) return
      space = opened
      writes.push({ kind: 'put', table: 'space', key: toHex(id), bytes: genesis })
    }
    if (!this.#context.clearance(session, 'announce', space)) return
    const refused = this.add(space, entries, writes, session)
    if (refused) this.#context.close(session, refused, `space ${toHex(id)}`)
  }

  /** Adds entries, stores what is new and passes it on. Entries that must wait are asked for again later. */
  add(
    space: SpaceLog,
    entries: EntryRecord[],
    writes: StoreWrite[] = [],
    from?: Session
  ): Reject | undefined {
    let refused: Reject | undefined
    let added = 0
    for (const record of entries) {
      const result = space.add(record, this.#context.directory.identityOf)
      if (isReject(result)) {
        refused = result
        break
      }
      if (result === 'known') continue
      if ('waits' in result) {
        if (from && result.waits === 'identity') this.#askIdentities(from, space, undefined)
        continue
      }
      added++
      writes.push(putEntry(space, record, result.added.id))
      if (result.fork) {
        const { company, seq } = result.fork
        this.#context.tell({ what: 'chain-fork', space: toHex(space.id), company, seq })
      }
    }
    if (writes.length > 0) this.#context.write(writes)
    if (added > 0) this.#passOn(space, from)
    return refused
  }

  #passOn(space: SpaceLog, from: Session | undefined): void {
    this.#context.tell({ what: 'space', space: toHex(space.id) })
    for (const session of this.#context.open()) if (session !== from) this.list(session, space)
    if (from) this.list(from, space)
    this.#grew(space)
  }

  #ask(session: Session, space: Uint8Array, have: Uint8Array[]): void {
    this.#context.greet(session, { type: 'want-space', space, have })
  }

  /** Versions that the peer has and we lack; with `undefined`, every party that we do not know at all. */
  #askIdentities(session: Session, space: SpaceLog, versions: string[] | undefined): void {
    for (const [i, did] of space.parties.entries()) {
      const known = this.#context.directory.identities.get(did)
      const named = versions?.[i]
      const lacks = versions ? named !== undefined && named !== '' && !known?.versions.has(named) : !known
      if (lacks) this.#greeting.wantIdentity(session, did)
    }
  }

  #mayInvite(session: Session): boolean {
    if (!session.peer) return false
    const { directory } = this.#context
    if (session.peer.did === directory.self.did) return true
    const open = [...directory.spaces.values()].filter(space => {
      const own = directory.ownIndex(space)
      return own !== undefined && !space.accepted(own)
    })
    return open.length < INVITATIONS_MAX && directory.spaces.size < SPACES_MAX
  }

  /** A space that a peer puts before us must name both of us. */
  #openInvitation(session: Session, id: Uint8Array, genesis: Uint8Array): SpaceLog | undefined {
    const { directory } = this.#context
    if (!this.#mayInvite(session) || genesis.length === 0 || !equalBytes(spaceId(genesis), id))
      return undefined
    const space = SpaceLog.open(genesis)
    if (isReject(space)) return undefined
    if (directory.ownIndex(space) === undefined) return undefined
    if (space.companyOf((session.peer as { did: string }).did) === undefined) return undefined
    directory.spaces.set(toHex(id), space)
    return space
  }
}

export function putEntry(space: SpaceLog, record: EntryRecord, id: Uint8Array): StoreWrite {
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
