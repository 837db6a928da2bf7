// What the parties of a space have given to one another, read out of their chains, and how far giving may go on.
// protocols/reciprocity.
import type { LogEntry, SpaceLog } from '../identity/space-log.ts'
import { compareBytes, concatBytes, toHex, utf8 } from '../wire/bytes.ts'
import { encodeCbor } from '../wire/cbor.ts'
import { type FacetGenesis, encodeFacetGenesis, facetId } from '../wire/genesis.ts'
import { sha256 } from '../wire/hash.ts'
import { isReject } from '../wire/reject.ts'
import { type Agreement, agreementOf } from './agreement.ts'
import type { Terms } from './agreement-terms.ts'
import { checkReceipt } from './contribution-receipt.ts'

export type Rule = Terms['reciprocity'][number]

/** Between whom, and of what: companies by their indices in the space. */
export interface Way {
  from: number
  to: number
  kind: string
}

/** One unit that was released. */
export interface Release {
  /** REC-1, hexadecimal. */
  unit: string
  /** Of the entry in the contributor's chain. */
  seq: number
}

/** What went, or is to go, one way. */
export interface Account {
  /** In the order in which they stand in the contributor's chain; each once. */
  released: readonly Release[]
  /** What the receiver has signed for, by unit: the entry. */
  receipted: ReadonlyMap<string, LogEntry>
  /** How many of the released are receipted. */
  settled: number
}

const LABEL = utf8('parley/unit/1\n')

/** REC-1. @param to index of the receiving company */
export function unitOf(facet: Uint8Array, to: number): Uint8Array {
  return sha256(concatBytes(LABEL, encodeCbor([facet, to])))
}

const names = new WeakMap<FacetGenesis, Map<number, string>>()

/** The same in hexadecimal: asked for every frame of a facet, and always the same. */
export function unitName(genesis: FacetGenesis, to: number): string {
  const known = names.get(genesis) ?? new Map<number, string>()
  names.set(genesis, known)
  let name = known.get(to)
  if (name === undefined) known.set(to, (name = toHex(unitOf(facetId(encodeFacetGenesis(genesis)), to))))
  return name
}

/** The rule of the agreement in force for artifacts of a kind. */
export function ruleFor(agreement: Agreement, kind: string): Rule | undefined {
  return agreement.inForce?.terms.reciprocity.find(rule => rule.kind === kind)
}

interface OpenAccount {
  released: Release[]
  /** Where each unit stands among those released. */
  places: Map<string, number>
  receipted: Map<string, LogEntry>
  settled: number
}

const NOTHING: Account = { released: [], receipted: new Map(), settled: 0 }
const ledgers = new WeakMap<SpaceLog, Ledger>()

/** What the disk does not have yet of the chain of our own company does not count so far (REC-6). */
export interface Unsure {
  /** Our own company. */
  own: number
  unwritten: ReadonlySet<LogEntry>
}

export function ledgerOf(space: SpaceLog, unsure?: Unsure): Ledger {
  let ledger = ledgers.get(space)
  // Who the others are may be known only after what they signed for.
  if (ledger?.parties !== space.parties) ledgers.set(space, (ledger = new Ledger(space)))
  return ledger.read(unsure)
}

export class Ledger {
  readonly #space: SpaceLog
  readonly parties: readonly string[]
  readonly #accounts = new Map<string, OpenAccount>()
  /** By company: from which seq on its releases do not stand, where its chain has forked. */
  readonly #forkedAt = new Map<number, number>()
  #next = 0

  constructor(space: SpaceLog) {
    this.#space = space
    this.parties = space.parties
  }

  /** Takes in what has come since, up to the first entry that does not count yet. */
  read(unsure: Unsure | undefined): this {
    const { contributions } = this.#space
    for (; this.#next < contributions.length; this.#next++) {
      const entry = contributions[this.#next] as LogEntry
      if (entry.company === unsure?.own && unsure.unwritten.has(entry)) break
      this.#take(entry)
    }
    return this
  }

  account(way: Way): Account {
    this.#cut(way.from)
    return this.#accounts.get(keyOf(way)) ?? NOTHING
  }

  /** How many of the units released this way are open, the first ones first; without a rule all are (REC-5). */
  opened(way: Way, rule: Rule | undefined): number {
    const there = this.account(way)
    if (!rule) return there.released.length
    const back = this.account({ from: way.to, to: way.from, kind: way.kind })
    return Math.min(there.released.length, rule.maxExposure + Math.min(there.settled, back.settled))
  }

  isOpen(way: Way, rule: Rule, unit: string): boolean {
    this.#cut(way.from)
    const place = this.#accounts.get(keyOf(way))?.places.get(unit)
    return place !== undefined && place < this.opened(way, rule)
  }

  /** Kinds of which either has released something to the other or signed for it. */
  kinds(a: number, b: number): string[] {
    const ways = [`${a}/${b}/`, `${b}/${a}/`]
    const found = [...this.#accounts.keys()].flatMap(key => {
      const way = ways.find(start => key.startsWith(start))
      return way === undefined ? [] : [key.slice(way.length)]
    })
    return [...new Set(found)]
  }

  #take(entry: LogEntry): void {
    const { act, company } = entry
    if (act.kind === 'release' && act.to !== company) {
      if (entry.seq >= (this.#space.forkOf(company)?.seq ?? Infinity)) return
      const account = this.#open({ from: company, to: act.to, kind: act.artifactKind })
      for (const unit of act.units) release(account, toHex(unit), entry.seq)
    }
    if (act.kind === 'receipt') this.#receipt(entry, act.document)
  }

  #receipt(entry: LogEntry, document: Uint8Array): void {
    const place = { space: this.#space.id, company: entry.did }
    const receipt = checkReceipt(document, place, entry.record.signer)
    const from = isReject(receipt) ? undefined : this.#space.companyOf(receipt.contributor)
    if (isReject(receipt) || from === undefined || from === entry.company) return
    const account = this.#open({ from, to: entry.company, kind: receipt.kind })
    for (const unit of receipt.units) {
      const known = account.receipted.get(unit)
      if (!known && account.places.has(unit)) account.settled++
      // Of several, the one that all who hold the log would name (REC-8).
      if (!known || compareBytes(entry.id, known.id) < 0) account.receipted.set(unit, entry)
    }
  }

  #open(way: Way): OpenAccount {
    const key = keyOf(way)
    let account = this.#accounts.get(key)
    if (!account) {
      account = { released: [], places: new Map(), receipted: new Map(), settled: 0 }
      this.#accounts.set(key, account)
    }
    return account
  }

  /** Of a forked chain the releases before the fork stand; it may come to fork lower, and never higher (SPC-9). */
  #cut(from: number): void {
    const seq = this.#space.forkOf(from)?.seq
    if (seq === undefined || seq >= (this.#forkedAt.get(from) ?? Infinity)) return
    this.#forkedAt.set(from, seq)
    for (const [key, account] of this.#accounts) {
      if (!key.startsWith(`${from}/`)) continue
      while ((account.released.at(-1)?.seq ?? -1) >= seq) {
        const { unit } = account.released.pop() as Release
        account.places.delete(unit)
        if (account.receipted.has(unit)) account.settled--
      }
    }
  }
}

function keyOf({ from, to, kind }: Way): string {
  return `${from}/${to}/${kind}`
}

function release(account: OpenAccount, unit: string, seq: number): void {
  if (account.places.has(unit)) return
  account.places.set(unit, account.released.length)
  account.released.push({ unit, seq })
  if (account.receipted.has(unit)) account.settled++
}

/** Whether reciprocity lets a facet pass between two companies, both by their indices. REC-5, REC-7. */
export function balanceOf(
  space: SpaceLog,
  genesis: FacetGenesis,
  { own, peer }: { own: number; peer: number },
  unwritten: ReadonlySet<LogEntry>
): 'open' | 'shut' | 'sole' {
  const { owner, kind } = genesis
  const rule = genesis.class === 'shared-confidential' ? ruleFor(agreementOf(space), kind) : undefined
  if (!rule || owner === peer || own === peer) return 'open'
  if (owner !== own && rule.soleSender) return 'sole'
  const ledger = ledgerOf(space, { own, unwritten })
  const isOpen = (to: number) => ledger.isOpen({ from: owner, to, kind }, rule, unitName(genesis, to))
  return isOpen(peer) && (owner === own || isOpen(own)) ? 'open' : 'shut'
}
