// Branches that do not count, as drafts: what stood in the document for whoever wrote there. A pure function of
// the admitted envelopes. Most forks are restored backups, and the words on the branch that lost are honest.
// protocols/envelope, ENV-29.
import type { Facet } from './facet.ts'
import { type Position, ancestorAt, knows } from './lane-tree.ts'

/** A branch that does not count to its end. */
export interface Draft {
  tip: Position
  /** How many envelopes at its end do not count. */
  lost: number
}

export function draftsOf(facet: Facet): Draft[] {
  const tips = [...facet.lanes.values()].flatMap(lane => lane.tips())
  return tips.filter(tip => !facet.counts(tip)).map(tip => ({ tip, lost: lostOf(facet, tip) }))
}

function lostOf(facet: Facet, tip: Position): number {
  let lost = 0
  for (let at: Position | undefined = tip; at && !facet.counts(at); at = ancestorAt(tip, at.seq - 1)) lost++
  return lost
}

/** An envelope with all that it knew, in causal order: the document that its author had before them. */
export function pastOf(facet: Facet, tip: Position): Position[] {
  return facet.order().filter(position => knows(tip, position))
}
