// The space log: who the parties are, which keys they pinned, what they cut and settled. One hash chain per
// party, kept as a tree, because a party that signs two successors must not split the honest ones.
// protocols/space.
import { equalBytes, fromHex, toHex } from '../wire/bytes.ts'
import { PARTIES_MAX, type SpaceGenesis, parseSpaceGenesis, spaceId } from '../wire/genesis.ts'
import { KEY_MAX } from '../wire/lane.ts'
import { Reject, isReject } from '../wire/reject.ts'
import {
  type EntryAct,
  type EntryRecord,
  type LanePoint,
  type SpaceEntry,
  entryId,
  entrySignedBytes,
  isAgreementAct,
  isContributionAct,
  parseSpaceEntry
} from '../wire/space-entry.ts'
import { type RoleCertificate, verifyRoleCertificate } from './certificate.ts'
import { type PublicKey, admitKey, verifySignature } from './ed25519.ts'
import type { CompanyIdentity } from './identity-log.ts'

/**
 * Branches of one chain that are kept beside the lowest fork (SPC-14). Two prove it, but honest envelopes may
 * rely on any branch that their author saw first, so there is room for what each party's nodes may have seen.
 */
const BRANCHES_MAX = 64

/** A key that may sign envelopes for a company. Its index never changes and is never given again. */
export interface PinnedKey {
  index: number
  publicKey: PublicKey
  certificate: RoleCertificate
}

/** A sealed revision, as far as it says who the parties are. */
export interface SealedParties {
  /** Its id, hexadecimal. */
  revision: string
  /** By index. */
  parties: readonly string[]
  /** How many of them, the last ones, it admits. */
  admits: number
}

/**
 * What is sealed by the entries of a log: the same whatever order they came in, and never less with more of them. By
 * number, the highest first, then by id. What seals a revision is read by artifacts, which this layer does not see.
 */
export type ReadSealed = (space: SpaceLog) => readonly SealedParties[]

/** Who the parties are, as of the log's `agreed`. */
interface Reading {
  agreed: number
  revisions: readonly SealedParties[]
  parties: readonly string[]
}

/** An accepted entry with what holds once it stands. */
export interface LogEntry extends SpaceEntry {
  id: Uint8Array
  /** The company whose chain this is: rivals may give one index to several (SPC-17). */
  did: string
  record: EntryRecord
  before: LogEntry | undefined
  /** All keys pinned up to here, by index. */
  keys: readonly PinnedKey[]
  /** Indices of the keys that this chain has cut up to here. */
  cut: readonly number[]
}

/** Two entries of one company at one seq: a proof that anyone can check. */
export interface ChainFork {
  company: number
  seq: number
  entries: [EntryRecord, EntryRecord]
}

export interface Cut {
  company: number
  key: number
  lanes: LanePoint[]
}

export interface Settled {
  company: number
  point: LanePoint
}

/** All cuts and settles that stand, in the order of company and seq; settles by facet. */
interface Rulings {
  cuts: Cut[]
  settles: Map<string, Settled[]>
}

export type AddResult = { added: LogEntry; fork?: ChainFork } | 'known' | Waits | Reject

/** What an entry needs first: the entry before it, or a later version of its company's identity log. */
export interface Waits {
  waits: 'entry' | 'identity'
}

export class SpaceLog {
  readonly id: Uint8Array
  readonly genesis: SpaceGenesis
  readonly genesisBytes: Uint8Array
  readonly #readSealed: ReadSealed
  /** As of `agreed`. */
  #sealed: Reading | undefined
  readonly #entries = new Map<string, LogEntry>()
  readonly #tips: LogEntry[][] = Array.from({ length: PARTIES_MAX }, () => [])
  readonly #forked = new Map<number, ChainFork>()
  /** The first entry after each, or of each chain: a chain of thousands must not make the next entry dear. */
  readonly #first = new Map<string, LogEntry>()
  /** Made when asked for; void when a ruling or a fork comes. */
  #rulings: Rulings | undefined
  /** Grows with every entry that may change what the parties have agreed on. */
  agreed = 0
  /** What parties released to one another and receipted, in the order in which it came: of a chain, in its own. */
  readonly contributions: LogEntry[] = []

  private constructor(genesis: SpaceGenesis, bytes: Uint8Array, readSealed: ReadSealed) {
    this.genesis = genesis
    this.genesisBytes = bytes
    this.id = spaceId(bytes)
    this.#readSealed = readSealed
  }

  /** Opened by artifacts/space.ts, which knows how to read what is sealed. */
  static open(bytes: Uint8Array, readSealed: ReadSealed): SpaceLog | Reject {
    const genesis = parseSpaceGenesis(bytes)
    return isReject(genesis) ? genesis : new SpaceLog(genesis, bytes, readSealed)
  }

  /** Takes one entry in. `identityOf` gives what is known of a company's identity log. */
  add(record: EntryRecord, identityOf: (did: string) => CompanyIdentity | undefined): AddResult {
    const entry = parseSpaceEntry(record.entry)
    if (isReject(entry)) return entry
    const id = entryId(record.entry)
    if (this.#entries.has(toHex(id))) return 'known'
    if (!equalBytes(entry.space, this.id) || entry.company >= PARTIES_MAX) {
      return new Reject('entry-place', 'the entry belongs to another space or to no party of it') // SPC-5
    }
    const before = entry.prev && this.#entries.get(toHex(entry.prev))
    if (entry.seq > 0 && !before) return { waits: 'entry' }
    if (before && (before.company !== entry.company || before.seq !== entry.seq - 1)) {
      return new Reject('chain-broken', 'the entry does not follow the one that it names')
    }
    const did = before?.did ?? this.#comesAs(entry)
    if (typeof did !== 'string') return did
    const identity = identityOf(did)
    const { act } = entry
    if (!identity || (act.kind === 'accept' && !identity.rootKeyAt(act.rootVersion)))
      return { waits: 'identity' } // SPC-13
    const keys = pinned(act, before?.keys ?? [], identity)
    if (isReject(keys)) return keys.code === 'identity-version' ? { waits: 'identity' } : keys
    const cut = before?.cut ?? []
    const refused = checkSigner(record, keys, cut, identity)
    if (refused) return refused
    return this.#take({
      ...entry,
      id,
      did,
      record,
      before,
      keys,
      cut: act.kind === 'cut' ? [...cut, act.key] : cut
    })
  }

  /** The company that may begin the chain of this index (SPC-17). */
  #comesAs({ company, act }: SpaceEntry): string | Waits | Reject {
    const named = act.kind === 'accept' && act.revision ? toHex(act.revision) : undefined
    const founder = this.founders[company]
    if (founder !== undefined && named === undefined) return founder
    const misplaced = new Reject('entry-place', 'no revision that it names makes the company a party there')
    if (founder !== undefined || named === undefined) return misplaced
    const sealed = this.#read().revisions.find(({ revision }) => revision === named)
    if (!sealed) return { waits: 'entry' }
    return admitted(sealed, company) ?? misplaced
  }

  #take(entry: LogEntry): AddResult {
    const tips = this.#tips[entry.company] as LogEntry[]
    const sibling = this.#first.get(afterKey(entry))
    const known = this.#forked.get(entry.company)
    const lower = sibling !== undefined && (!known || entry.seq < known.seq)
    // One branch too many is nobody's fault who passes it on, and tells nothing new. One that forks lower
    // does: all who hold it must come to stand on the same entry.
    if (sibling && !lower && tips.length >= BRANCHES_MAX) return 'known'
    this.#entries.set(toHex(entry.id), entry)
    if (!sibling) this.#first.set(afterKey(entry), entry)
    if (sibling || entry.act.kind === 'cut' || entry.act.kind === 'settle') this.#rulings = undefined
    if (sibling || isAgreementAct(entry.act)) this.agreed++
    if (isContributionAct(entry.act)) this.contributions.push(entry)
    const at = tips.findIndex(tip => tip === entry.before)
    if (at >= 0) tips[at] = entry
    else tips.push(entry)
    if (!sibling) return { added: entry }
    const fork: ChainFork = {
      company: entry.company,
      seq: entry.seq,
      entries: [sibling.record, entry.record]
    }
    if (lower) this.#forked.set(entry.company, fork)
    return { added: entry, fork }
  }

  /** The companies that the genesis names. */
  get founders(): readonly string[] {
    return this.genesis.parties
  }

  /** The founders, and whom sealed revisions admitted (SPC-16); the same list until there are others. */
  get parties(): readonly string[] {
    return this.#read().parties
  }

  companyOf(did: string): number | undefined {
    const index = this.parties.indexOf(did)
    return index < 0 ? undefined : index
  }

  /** The revision by which the party at this index came; of a founder none. */
  admission(company: number): Uint8Array | undefined {
    const did = this.parties[company]
    if (did === undefined) return undefined
    const found = this.#read().revisions.find(sealed => admitted(sealed, company) === did)
    return found && fromHex(found.revision)
  }

  #read(): Reading {
    if (this.#sealed?.agreed === this.agreed) return this.#sealed
    const revisions = this.#readSealed(this)
    const parties = [...this.founders]
    for (const sealed of revisions) {
      for (const [i, did] of sealed.parties.entries()) parties[i] ??= did
    }
    const known = this.#sealed?.parties ?? this.founders
    const same = known.length === parties.length && known.every((did, i) => did === parties[i])
    return (this.#sealed = { agreed: this.agreed, revisions, parties: same ? known : parties })
  }

  entry(id: Uint8Array): LogEntry | undefined {
    return this.#entries.get(toHex(id))
  }

  /** All entries, each after the one it follows. */
  entries(): LogEntry[] {
    return [...this.#entries.values()]
  }

  /** The ends of every branch of every chain. */
  tips(): LogEntry[] {
    return this.#tips.flat()
  }

  /** Every branch of a company's chain, each from its first entry to its end. */
  branches(company: number): LogEntry[][] {
    return (this.#tips[company] ?? []).map(chainTo)
  }

  /** The entry that a company stands on; one whose chain forked stands on what came before all forks (SPC-9). */
  head(company: number): LogEntry | undefined {
    const fork = this.#forked.get(company)
    const tip = this.#tips[company]?.[0]
    if (!fork) return tip
    let entry = tip
    while (entry && entry.seq >= fork.seq) entry = entry.before
    return entry
  }

  /** Whether the party at this index has begun its chain. */
  accepted(company: number): boolean {
    return this.#tips[company]?.some(({ did }) => did === this.parties[company]) ?? false
  }

  /** The proof, where a company signed two successors of one entry. */
  forkOf(company: number): ChainFork | undefined {
    return this.#forked.get(company)
  }

  /** All cuts that stand, in the order of company and seq; the same list until that changes. */
  cuts(): readonly Cut[] {
    return this.#ruled().cuts
  }

  /** The points of a facet that companies have settled, in the order of company and seq. */
  settles(facet: Uint8Array): readonly Settled[] {
    return this.#ruled().settles.get(toHex(facet)) ?? NONE
  }

  /** For each lane of a facet, what each company has settled first, by company. */
  settled(facet: Uint8Array): Map<number, Map<number, LanePoint>> {
    const lanes = new Map<number, Map<number, LanePoint>>()
    for (const { company, point } of this.settles(facet)) {
      const first = lanes.get(point.client) ?? new Map<number, LanePoint>()
      if (!first.has(company)) first.set(company, point)
      lanes.set(point.client, first)
    }
    return lanes
  }

  #ruled(): Rulings {
    if (this.#rulings) return this.#rulings
    const rulings: Rulings = { cuts: [], settles: new Map() }
    for (let company = 0; company < PARTIES_MAX; company++) {
      for (const { act } of chainTo(this.head(company))) rule(rulings, company, act)
    }
    return (this.#rulings = rulings)
  }
}

const NONE: readonly Settled[] = []

/** The company that a revision admits at an index, if it does. */
function admitted({ parties, admits }: SealedParties, index: number): string | undefined {
  return index >= parties.length - admits ? parties[index] : undefined
}

/** From the first entry of a chain to this one. */
export function chainTo(end: LogEntry | undefined): LogEntry[] {
  const chain: LogEntry[] = []
  for (let entry = end; entry; entry = entry.before) chain.push(entry)
  return chain.reverse()
}

function rule({ cuts, settles }: Rulings, company: number, act: EntryAct): void {
  if (act.kind === 'cut') cuts.push({ company, key: act.key, lanes: act.lanes })
  if (act.kind !== 'settle') return
  const facet = toHex(act.point.facet)
  const list = settles.get(facet)
  if (list) list.push({ company, point: act.point })
  else settles.set(facet, [{ company, point: act.point }])
}

/** What entries of one company have in common that follow the same one. */
function afterKey({ company, before }: LogEntry): string {
  return `${company}/${before ? toHex(before.id) : ''}`
}

/** The keys after this act: those before, then the certified ones in their order (SPC-7). */
function pinned(
  act: EntryAct,
  before: readonly PinnedKey[],
  identity: CompanyIdentity
): readonly PinnedKey[] | Reject {
  if ((act.kind !== 'accept' && act.kind !== 'keys') || act.certificates.length === 0) return before
  const keys = [...before]
  for (const bytes of act.certificates) {
    const certificate = verifyRoleCertificate(bytes, identity)
    if (isReject(certificate)) return certificate
    if (keys.length > KEY_MAX) return new Reject('keys-full', 'no key index is left for this company')
    if (keys.some(key => equalBytes(key.publicKey.bytes, certificate.key.bytes))) {
      return new Reject('key-twice', 'the key is pinned already') // SPC-7
    }
    keys.push({ index: keys.length, publicKey: certificate.key, certificate })
  }
  return keys
}

/** A company speaks through its root or through a pinned key with the power to seal (SPC-8). */
function checkSigner(
  { entry, signer, signature }: EntryRecord,
  keys: readonly PinnedKey[],
  cut: readonly number[],
  identity: CompanyIdentity
): Waits | Reject | undefined {
  const key = admitKey(signer)
  if (isReject(key)) return key
  if (!verifySignature(key, entrySignedBytes(entry), signature))
    return new Reject('signature', 'the signature is wrong')
  if (identity.wasRoot(key)) return undefined
  const role = keys.find(pin => equalBytes(pin.publicKey.bytes, signer))
  // Perhaps a root key of a version that has not come yet: its bearer is not to blame (SPC-13).
  if (!role) return { waits: 'identity' }
  if (cut.includes(role.index) || !role.certificate.powers.includes('seal'))
    return new Reject('entry-signer', 'the signer may not speak for this company')
  return undefined
}
