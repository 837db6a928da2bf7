// Spaces that are offered to this company and that only their log can make its own: what a peer brings of one is held
// apart, in memory and for its session, until it seals a revision that admits one of the two. protocols/sync, SYN-52.
import { openSpace } from '../artifacts/space.ts'
import type { CompanyIdentity } from '../identity/company-identity.ts'
import type { SpaceLog } from '../identity/space-log.ts'
import { equalBytes, toHex } from '../wire/bytes.ts'
import { spaceId } from '../wire/genesis.ts'
import { type Reject, isReject } from '../wire/reject.ts'
import type { EntryRecord } from '../wire/space-entry.ts'
import type { Context } from './context.ts'
import type { Greeting } from './greeting.ts'
import type { Session } from './session.ts'

/** Entries of all that one company has brought so: as much as is stored of one author in a day (SYN-40). */
export const PROSPECT_BYTES_MAX = 8 * 1024 * 1024

export interface Prospect {
  /** Absent where it grew too large: it is not looked at again in this session. */
  space?: SpaceLog
  bytes: number
  /** The versions of identity logs that the peer was asked for, by company. */
  asked: Map<string, string>
  /** How many logs the peer had given when the space was last looked at. */
  told: number
}

export class Prospects {
  readonly #context: Context
  readonly #greeting: Greeting

  constructor(context: Context, greeting: Greeting) {
    this.#context = context
    this.#greeting = greeting
  }

  /** @returns nothing where the genesis is not that of the space, or already says whether it is for both of us */
  open(session: Session, id: Uint8Array, genesis: Uint8Array): Prospect | undefined {
    if (genesis.length === 0 || !equalBytes(spaceId(genesis), id)) return undefined
    const space = openSpace(genesis)
    if (isReject(space) || this.#isForBoth(session, space)) return undefined
    const prospect: Prospect = { space, bytes: 0, asked: new Map(), told: 0 }
    session.prospects.set(toHex(id), prospect)
    return prospect
  }

  #isForBoth({ peer }: Session, space: SpaceLog): boolean {
    const companies = [this.#context.directory.self.did, peer?.did ?? '']
    return companies.every(did => space.companyOf(did) !== undefined)
  }

  /** How many spaces a company has put before us in this way. */
  count(did: string): number {
    return this.#of(did).length
  }

  #of(did: string): Prospect[] {
    return this.#context
      .open()
      .flatMap(({ peer, prospects }) => (peer.did === did ? [...prospects.values()] : []))
  }

  /**
   * Takes in what can be judged; the rest is asked for again. What the node asks for meanwhile is the same for every
   * space (SYN-53).
   */
  add(session: Session, prospect: Prospect, entries: EntryRecord[]): Reject | undefined {
    const { space } = prospect
    if (!space) return undefined
    for (const record of entries) {
      const result = space.add(record, did => this.#identityOf(session, did))
      if (isReject(result)) return result
      if (result === 'known' || 'waits' in result) continue
      prospect.bytes += record.entry.length
    }
    const did = session.peer?.did ?? ''
    const held = this.#of(did).reduce((sum, { bytes }) => sum + bytes, 0)
    if (held > PROSPECT_BYTES_MAX && this.#context.isLimited(session)) {
      delete prospect.space
      prospect.bytes = 0
    }
    return undefined
  }

  /** Of others than the two of us only what this peer gave counts, or what need not be asked for would tell whom we know. */
  #identityOf(session: Session, did: string): CompanyIdentity | undefined {
    const isKnown = this.#isOfUs(session, did) || session.told.has(did)
    return isKnown ? this.#context.directory.identityOf(did) : undefined
  }

  #isOfUs({ peer }: Session, did: string): boolean {
    return did === this.#context.directory.self.did || did === peer?.did
  }

  /** Every version of a log that the peer names, once. */
  askIdentities(session: Session, { space, asked }: Prospect, versions: string[]): void {
    for (const [i, did] of (space?.parties ?? []).entries()) {
      const version = versions[i]
      if (!version || asked.get(did) === version || this.#isOfUs(session, did)) continue
      this.#greeting.wantIdentity(session, did)
      if (session.identities.has(did)) asked.set(did, version)
    }
  }

  /** Spaces of which more can be judged than before, since the peer has given a log. */
  better({ prospects, told }: Session): SpaceLog[] {
    return [...prospects.values()].flatMap(prospect => {
      if (prospect.told === told.size || !prospect.space) return []
      prospect.told = told.size
      return [prospect.space]
    })
  }

  /** The entries, in order, once they make both of us parties and policy lets the peer name the space. */
  ripe(session: Session, { space }: Prospect): { genesis: Uint8Array; entries: EntryRecord[] } | undefined {
    if (!space || !this.#isForBoth(session, space)) return undefined
    if (!this.#context.clearance(session, 'announce', space)) return undefined
    const entries = space.entries()
    const spent = entries.some(({ did }) => this.#context.isSpent(session, 'entries', did))
    if (spent) return undefined
    return { genesis: space.genesisBytes, entries: entries.map(({ record }) => record) }
  }
}
