// Opens the log of a space, with what seals a revision and so makes further companies parties: the one place where
// every log of this program is made. protocols/space, SPC-16.
import { type SealedParties, SpaceLog } from '../identity/space-log.ts'
import { toHex } from '../wire/bytes.ts'
import type { Reject } from '../wire/reject.ts'
import { agreementOf, companiesOf } from './agreement.ts'

/** An empty log. @param genesis SPC-1 */
export function openSpace(genesis: Uint8Array): SpaceLog | Reject {
  return SpaceLog.open(genesis, sealedParties)
}

function sealedParties(space: SpaceLog): SealedParties[] {
  const sealed = agreementOf(space).revisions.filter(revision => revision.sealed)
  return sealed
    .sort((a, b) => b.terms.number - a.terms.number || (toHex(a.id) < toHex(b.id) ? -1 : 1))
    .map(({ id, terms }) => {
      return { revision: toHex(id), parties: companiesOf(terms), admits: terms.admits ?? 0 }
    })
}
