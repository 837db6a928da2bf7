// What a verified identity log says about a company, and how two logs of one company compare.
// protocols/identity, section 4.
import type { PublicKey } from './ed25519.ts'

/** One entry of a log. */
export interface IdentityVersion {
  /** From 1, without gaps. */
  number: number
  /** Claimed by the company; for display. */
  timeMs: number
  /** The key that signed this entry and signs certificates until the next one. */
  rootKey: PublicKey
  /** Where the entry ends in the log, its newline included. */
  endsAt: number
}

export interface IdentityFacts {
  did: string
  scid: string
  legalName: string
  registrationNumber: string
  /** Multikeys of role, node and earlier root keys that the company has revoked, oldest first. */
  revoked: ReadonlySet<string>
  /** Hashes of the root keys of which one signs the next entry. */
  nextKeyHashes: readonly string[]
  /** By version id, oldest first. */
  versions: ReadonlyMap<string, IdentityVersion>
  /** The exact bytes that were verified. */
  log: Uint8Array
}

/** Made by `verifyIdentityLog` and by nothing else. */
export class CompanyIdentity {
  readonly did: string
  readonly scid: string
  readonly legalName: string
  readonly registrationNumber: string
  readonly revoked: ReadonlySet<string>
  readonly nextKeyHashes: readonly string[]
  readonly versions: ReadonlyMap<string, IdentityVersion>
  readonly log: Uint8Array
  /** The newest version id. */
  readonly head: string

  constructor(facts: IdentityFacts) {
    this.did = facts.did
    this.scid = facts.scid
    this.legalName = facts.legalName
    this.registrationNumber = facts.registrationNumber
    this.revoked = facts.revoked
    this.nextKeyHashes = facts.nextKeyHashes
    this.versions = facts.versions
    this.log = facts.log
    this.head = [...facts.versions.keys()].at(-1) as string
  }

  /** The root key that was active at a version, or `undefined` when this log does not have it (yet). */
  rootKeyAt(versionId: string): PublicKey | undefined {
    return this.versions.get(versionId)?.rootKey
  }

  /** Whether this was ever a root key of the company. */
  wasRoot(key: PublicKey): boolean {
    return [...this.versions.values()].some(version => version.rootKey.multikey === key.multikey)
  }

  /** Whether the company has revoked a key of its own (IDN-18). */
  hasRevoked(key: PublicKey): boolean {
    return this.revoked.has(key.multikey)
  }
}

/** Two valid successors of one entry: whoever holds the root keys has said two things. Anyone can check it. */
export interface IdentityFork {
  scid: string
  /** The number of the first version in which the two differ. */
  number: number
  /** Both logs, each cut after that version. */
  logs: [Uint8Array, Uint8Array]
}

export type IdentityRelation = 'equal' | 'prefix' | 'extension' | 'other-company' | IdentityFork

/**
 * How `ours` stands to `theirs`: `prefix` when theirs goes on where ours ends. Version ids decide, not bytes:
 * they bind all that an entry says, and a second signature over the same words is no contradiction. IDN-19.
 */
export function compareIdentityLogs(ours: CompanyIdentity, theirs: CompanyIdentity): IdentityRelation {
  if (ours.scid !== theirs.scid) return 'other-company'
  const [a, b] = [[...ours.versions], [...theirs.versions]]
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [[id, mine], [otherId, other]] = [a[i], b[i]] as [
      [string, IdentityVersion],
      [string, IdentityVersion]
    ]
    if (id !== otherId) {
      const logs: IdentityFork['logs'] = [ours.log.slice(0, mine.endsAt), theirs.log.slice(0, other.endsAt)]
      return { scid: ours.scid, number: mine.number, logs }
    }
  }
  if (a.length === b.length) return 'equal'
  return a.length < b.length ? 'prefix' : 'extension'
}
