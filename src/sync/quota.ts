// What one company may make this node store: bytes a day, and documents in a space. A matter of this node alone:
// what exceeds it is not refused but stays with its sender and is asked for later. protocols/sync, section 9.
import { toHex, utf8 } from '../wire/bytes.ts'
import type { StoreWrite } from './effects.ts'

export interface QuotaLimits {
  /** Envelopes that one company wrote, for each day in UTC. */
  bytesPerDay: number
  /** Facets that one company may own in one space. */
  documents: number
}

/** A day of 64 MiB is 55 hours of typing in five hundred documents at once (security research, section 4). */
export const QUOTA: QuotaLimits = { bytesPerDay: 64 * 1024 * 1024, documents: 1_000 }

/**
 * Apart from envelopes, so that neither can keep the other out: a thief who writes with a stolen key must not
 * use up the room for the entry that cuts it. Identity logs count for the company that brings them.
 */
const ENTRIES_BYTES_PER_DAY = 8 * 1024 * 1024
const IDENTITIES_BYTES_PER_DAY = 8 * 1024 * 1024
/** Five thousand messages: some fifty decisions of eight electors, and what they say of each other in rounds. */
const DECISIONS_BYTES_PER_DAY = 8 * 1024 * 1024
/** What an envelope takes in memory for each lane that it learned of, beyond its own bytes. */
export const LEARNED_BYTES = 100

const DAY_MS = 86_400_000

export type Account = 'envelopes' | 'entries' | 'identities' | 'decisions'

interface Row {
  day: number
  bytes: number
}

export class Quota {
  readonly limits: QuotaLimits
  readonly #own: string
  readonly #perDay: { [account in Account]: number }
  #day = 0
  /** By account and company. */
  readonly #used = new Map<string, number>()
  /** Facets that are stored, by space and owner. */
  readonly #documents = new Map<string, number>()

  /** `own`: our company, which is not limited. */
  constructor(limits: QuotaLimits, own: string) {
    this.limits = limits
    this.#own = own
    this.#perDay = {
      envelopes: limits.bytesPerDay,
      entries: ENTRIES_BYTES_PER_DAY,
      identities: IDENTITIES_BYTES_PER_DAY,
      decisions: DECISIONS_BYTES_PER_DAY
    }
  }

  isSpent(account: Account, did: string, now: number): boolean {
    this.#turn(now)
    return (this.#used.get(keyOf(account, did)) ?? 0) >= this.#perDay[account]
  }

  /** When a new day begins (ms since 1970). */
  endsAt(now: number): number {
    return (Math.floor(now / DAY_MS) + 1) * DAY_MS
  }

  /**
   * Counts what is being stored. The last thing of a day may go beyond the limit, so nothing is ever too large.
   * @returns the row that keeps it over a restart; `spent`: this used up the rest
   */
  charge(
    account: Account,
    did: string,
    bytes: number,
    now: number
  ): { write: StoreWrite; spent: boolean } | undefined {
    if (did === this.#own || bytes === 0) return undefined
    const before = this.isSpent(account, did, now)
    const key = keyOf(account, did)
    const used = (this.#used.get(key) ?? 0) + bytes
    this.#used.set(key, used)
    const row: Row = { day: this.#day, bytes: used }
    const write: StoreWrite = { kind: 'put', table: 'quota', key, bytes: utf8(JSON.stringify(row)) }
    return { write, spent: !before && this.isSpent(account, did, now) }
  }

  /** What was counted today before a restart. */
  restore(rows: { key: string; bytes: Uint8Array }[], now: number): void {
    this.#turn(now)
    for (const { key, bytes } of rows) {
      const row = JSON.parse(new TextDecoder().decode(bytes)) as Row
      if (row.day === this.#day) this.#used.set(key, row.bytes)
    }
  }

  addDocument(space: Uint8Array, owner: number): void {
    const key = `${toHex(space)}/${owner}`
    this.#documents.set(key, (this.#documents.get(key) ?? 0) + 1)
  }

  isFull(space: Uint8Array, owner: number): boolean {
    return (this.#documents.get(`${toHex(space)}/${owner}`) ?? 0) >= this.limits.documents
  }

  #turn(now: number): void {
    const day = Math.floor(now / DAY_MS)
    if (day === this.#day) return
    this.#day = day
    this.#used.clear()
  }
}

function keyOf(account: Account, did: string): string {
  return `${account}/${did}`
}
