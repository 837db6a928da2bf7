// Why a document of ours does not go to a party whom the agreement would let have it: reciprocity, in sentences.
import { agreementOf } from '../artifacts/agreement.ts'
import { ledgerOf, ruleFor, unitName } from '../artifacts/reciprocity.ts'
import type { Facet } from '../replica/facet.ts'
import { toHex } from '../wire/bytes.ts'
import { type Parts, idOf, nameOf } from './parts/parts.ts'

export function heldBack(parts: Pick<Parts, 'directory'>, { space, genesis }: Facet): string[] {
  const { directory } = parts
  const own = directory.ownIndex(space)
  const rule = ruleFor(agreementOf(space), genesis.kind)
  if (!rule || own === undefined || genesis.owner !== own || genesis.class !== 'shared-confidential')
    return []
  const ledger = ledgerOf(space, { own, unwritten: directory.unwritten })
  return space.parties.flatMap((did, to) => {
    const unit = unitName(genesis, to)
    const way = { from: own, to, kind: genesis.kind }
    if (to === own || ledger.isOpen(way, rule, unit)) return []
    if (ledger.account(way).released.some(other => other.unit === unit))
      return [
        `it waits to go to ${nameOf(parts, did)}, the exposure is used up: parley reciprocity ${idOf(space)}`
      ]
    const artifact = toHex(genesis.artifact).slice(0, 12)
    return [`it is not released to ${nameOf(parts, did)}: parley reciprocity release ${artifact}`]
  })
}
