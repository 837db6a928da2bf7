// Who and what is in a history: nodes with what surrounds them, spaces, documents.
import type { ArtifactKind } from '../../src/artifacts/layouts.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import type { Facet } from '../../src/replica/facet.ts'
import { type Frame, encodeFrame } from '../../src/sync/frame.ts'
import type { DataClass } from '../../src/wire/data-class.ts'
import type { EnvelopeRecord } from '../../src/wire/envelope.ts'
import type { Staff } from './company.ts'
import type { Disk } from './disk.ts'
import type { SimNode } from './node.ts'
import type { SimView } from './view.ts'
import type { Simulation } from './world.ts'

/** A branch that was signed and has been shown to few. */
export interface Secret {
  facet: Facet
  client: number
  records: EnvelopeRecord[]
}

/** One node of the history. */
export interface Member {
  node: SimNode
  /** Index of its company in the history, and as a party of the first space. */
  company: number
  staff: Staff
  lies: boolean
  /** Signs for its company in the space log: one node does. */
  speaks: boolean
  /** Older states of its disk. */
  snapshots: Disk[]
  views: SimView[]
  secrets: Secret[]
  /** A copy of another's home, with the same node key: no connection joins the two. */
  clone: boolean
  /** Says nothing about documents at the moment. */
  withholds: boolean
}

export interface SimSpace {
  id: string
  /** Companies of the founders, in their order. */
  parties: number[]
  /** Companies that have signed their acceptance. */
  accepted: Set<number>
  /** Id of the first revision that was proposed. */
  first: string
}

export interface SimFacet {
  id: string
  space: SimSpace
  class: DataClass
  kind: ArtifactKind
  /** Company. */
  owner: number
}

/** The index of a company in a space, as the model reads this log; -1 where it is no party. */
export function indexIn(sim: Simulation, log: SpaceLog, company: number): number {
  const found = sim.members.find(member => member.company === company)
  return sim.treaties.of(log).parties.indexOf(found?.node.company.identity.did ?? '')
}

/** The company at an index, as the model reads this log. */
export function companyAt(sim: Simulation, log: SpaceLog | undefined, index: number): number | undefined {
  const did = log && sim.treaties.of(log).parties[index]
  return sim.members.find(({ node }) => node.company.identity.did === did)?.company
}

export function pairOf(a: Member, b: Member): string {
  return [a.company, b.company].sort((x, y) => x - y).join('-')
}

export function nameOf({ node }: Member): string {
  return node.company.name
}

export function sessionsOf({ node }: Member): number[] {
  return node.core.context.open().map(session => session.id)
}

export function say(sim: Simulation, liar: Member, frame: Frame | Uint8Array, to: number[]): void {
  const bytes = frame instanceof Uint8Array ? frame : encodeFrame(frame)
  for (const session of to) sim.network.send(liar.node, session, bytes)
}
