// What a company's chain says of its own late work: looked at, and adopted or dropped. protocols/space, SPC-15.
import { chainTo } from '../../identity/space-log.ts'
import type { Facet } from '../../replica/facet.ts'
import { type Position, isAtOrBefore } from '../../replica/lane-tree.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { LanePoint } from '../../wire/space-entry.ts'

export interface Adoption {
  late: LanePoint
  as?: LanePoint
}

/** By all parties, in one facet. */
export function adoptionsIn({ id, space }: Facet): Adoption[] {
  return space.parties.flatMap((_did, company) =>
    chainTo(space.head(company)).flatMap(({ act }) =>
      act.kind === 'adopt' && equalBytes(act.late.facet, id) ? [act] : []
    )
  )
}

/** The envelopes of a branch that do not count and of which nobody has said what becomes of them, oldest first. */
export function undecided(facet: Facet, tip: Position, adoptions: readonly Adoption[]): Position[] {
  const decided = adoptions.flatMap(({ late }) => facet.find(late) ?? [])
  const { lane } = tip.segment
  return facet.order().filter(position => {
    if (position.segment.lane !== lane || facet.counts(position) || !isAtOrBefore(position, tip)) return false
    return !decided.some(end => isAtOrBefore(position, end))
  })
}
