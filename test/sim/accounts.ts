// What companies have given one another in a history, said again in the plainest way: nothing of the ledger under test
// has a part in it. Which receipts are good is known from who made them, not read out of them.
// protocols/reciprocity, sections 1 to 3.
import { createHash } from 'node:crypto'
import type { LogEntry, SpaceLog } from '../../src/identity/space-log.ts'
import { toHex } from '../../src/wire/bytes.ts'
import type { Treaty } from './treaty.ts'

export interface Rule {
  kind: string
  maxExposure: number
  soleSender: boolean
}

/** What a good receipt says, and where it has to stand. */
interface Receipt {
  space: string
  contributor: number
  company: number
  kind: string
  units: string[]
  signer: string
}

/** REC-1, for the first 24 companies. */
export function unitName(facet: Uint8Array, to: number): string {
  const cbor = Buffer.concat([Buffer.from([0x82, 0x58, 0x20]), facet, Buffer.from([to])])
  return createHash('sha256').update('parley/unit/1\n').update(cbor).digest('hex')
}

export function ruleOf({ inForce }: Treaty, kind: string): Rule | undefined {
  return inForce?.terms.reciprocity.find(rule => rule.kind === kind)
}

export class Accounts {
  readonly #receipts = new Map<string, Receipt>()

  good(document: Uint8Array, receipt: Receipt): void {
    this.#receipts.set(digest(document), receipt)
  }

  /** Whether this company has ever signed a good receipt that stands in this log. */
  hasSigned(log: SpaceLog, company: number): boolean {
    return log.contributions.some(entry => entry.company === company && this.#receiptIn(log, entry))
  }

  #receiptIn(log: SpaceLog, { act, company, record }: LogEntry): Receipt | undefined {
    const receipt = act.kind === 'receipt' ? this.#receipts.get(digest(act.document)) : undefined
    const here =
      receipt?.space === toHex(log.id) &&
      receipt.company === company &&
      receipt.signer === toHex(record.signer)
    return here ? receipt : undefined
  }

  /** The units released from one to the other, in order, as far as these entries say. */
  #released(entries: LogEntry[], from: number, to: number, kind: string, forkAt: number): string[] {
    const names = entries
      .filter(({ company, seq }) => company === from && seq < forkAt)
      .sort((a, b) => a.seq - b.seq)
      .flatMap(({ act }) =>
        act.kind === 'release' && act.to === to && act.artifactKind === kind ? act.units.map(toHex) : []
      )
    return [...new Set(names)]
  }

  /** What one has released to the other, in order, and how much of that the other has signed for. */
  between(
    log: SpaceLog,
    kind: string,
    [from, to]: [number, number],
    counts: (entry: LogEntry) => boolean = () => true
  ): { released: string[]; settled: number } {
    const entries = log.contributions.filter(counts)
    const signed = new Set(
      entries.flatMap(entry => {
        const receipt = this.#receiptIn(log, entry)
        const fits = receipt?.contributor === from && receipt.company === to && receipt.kind === kind
        return fits ? receipt.units : []
      })
    )
    const released = this.#released(entries, from, to, kind, log.forkOf(from)?.seq ?? Infinity)
    return { released, settled: released.filter(unit => signed.has(unit)).length }
  }

  /** REC-5. `counts` leaves out entries that are not to count yet. */
  open(
    log: SpaceLog,
    rule: Rule,
    [from, to]: [number, number],
    counts?: (entry: LogEntry) => boolean
  ): string[] {
    const [there, back] = [
      this.between(log, rule.kind, [from, to], counts),
      this.between(log, rule.kind, [to, from], counts)
    ]
    return there.released.slice(0, rule.maxExposure + Math.min(there.settled, back.settled))
  }

  /** REC-5 and REC-7: whether a shared-confidential facet passes between two companies. */
  passes(
    log: SpaceLog,
    treaty: Treaty,
    facet: { id: Uint8Array; kind: string; owner: number },
    { own, peer }: { own: number; peer: number },
    counts?: (entry: LogEntry) => boolean
  ): boolean {
    const rule = facet.kind === 'PeerAgreement.v1' ? undefined : ruleOf(treaty, facet.kind)
    if (!rule || facet.owner === peer) return true
    if (facet.owner !== own && rule.soleSender) return false
    const opens = (to: number) =>
      this.open(log, rule, [facet.owner, to], counts).includes(unitName(facet.id, to))
    return opens(peer) && (facet.owner === own || opens(own))
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
