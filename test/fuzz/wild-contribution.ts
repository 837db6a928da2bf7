// Releases and receipts that are right, or nearly, and what accounts must always come to.
import { Ledger, ledgerOf } from '../../src/artifacts/reciprocity.ts'
import { kindsOf, statementOf } from '../../src/artifacts/reciprocity-statement.ts'
import { type EntryAct, RECEIPT_BYTES_MAX, UNITS_MAX } from '../../src/wire/space-entry.ts'
import type { Random } from '../replica/writers.ts'
import { receiptOf, releaseOf } from '../sim/giving.ts'
import { type Rival } from './rival.ts'
import { mutateBytes } from './wild-value.ts'

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)] as T
}

/** Few names, so that the same are released and receipted again and again. */
function unitOf(random: Random): Uint8Array {
  return new Uint8Array(random(40) === 0 ? 31 : 32).fill(random(12))
}

export function contributionAct(rival: Rival): EntryAct {
  const { random, arena, facet } = rival
  const { cast, space } = arena
  if (random(2) === 0) {
    const act = releaseOf(pick(random, [0, 0, 1, 1, 2, 3, 8_191, 8_192]), [facet])
    const artifactKind = pick(random, [facet.genesis.kind, 'BenchmarkReport.v1', 'A.v0', '', 'x'.repeat(70)])
    const count = pick(random, [1, 2, 5, UNITS_MAX, UNITS_MAX + 1, 0])
    const units = Array.from({ length: count }, () => unitOf(random))
    return random(4) === 0 ? act : ({ ...act, artifactKind, units } as EntryAct)
  }
  const by = random(6) === 0 ? cast.bo : cast.mal
  const key = random(6) === 0 ? cast.mal.rootKey : by.role
  const act = receiptOf(space, by, [facet], key) as Extract<EntryAct, { kind: 'receipt' }>
  if (random(3) > 0) return act
  return { ...act, document: mutateBytes(act.document, random).subarray(0, RECEIPT_BYTES_MAX) }
}

/** @returns what does not hold of the accounts in the log of this world */
export function unsettled({ arena }: Rival): string | undefined {
  const { space } = arena
  // What has grown word by word, and what is read at once.
  const [grown, fresh] = [ledgerOf(space), new Ledger(space).read(undefined)]
  const companies = [...space.parties.keys()]
  for (const from of companies) {
    for (const to of companies.filter(other => other !== from)) {
      if (statementOf(space, [from, to]) !== statementOf(space, [to, from]))
        return 'two statements of one log'
      for (const kind of kindsOf(space, fresh, [from, to])) {
        const [one, other] = [grown, fresh].map(ledger => ledger.account({ from, to, kind }))
        if (!one || !other) continue
        const { released, receipted, settled } = other
        const units = released.map(({ unit }) => unit)
        if (one.released.map(({ unit }) => unit).join() !== units.join()) return 'other units are released'
        if (one.settled !== settled) return 'other units are settled'
        if (new Set(units).size !== units.length) return 'a unit is released twice'
        if (units.filter(unit => receipted.has(unit)).length !== settled)
          return 'what is settled is miscounted'
      }
    }
  }
  return undefined
}
