// The questions of design section 15, asked when all is quiet: invariants 2, 3 and 5, and what of 4 shows only
// in the end. What a node should hold and count is said again by a slow model, so that nodes which all go wrong
// in the same way are found out, too.
import type { Facet } from '../../src/replica/facet.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { type Header, parseHeader } from '../../src/wire/envelope.ts'
import { KEY_MAX, unpackClient } from '../../src/wire/lane.ts'
import type { SpaceLog } from '../../src/identity/space-log.ts'
import { isReject } from '../../src/wire/reject.ts'
import { Model, type ModelAct, type ModelEntry } from '../replica/model.ts'
import { agreedAt, misread } from './agreed.ts'
import { fault } from './bodies.ts'
import { heldBy } from './faults.ts'
import { heldIds, likeFacet } from './decisions.ts'
import { groupsOf } from './flow.ts'
import type { SimNode } from './node.ts'
import { type Member, indexIn, nameOf } from './members.ts'
import type { Simulation } from './world.ts'

/** Beyond this the model, which is cubic, takes longer than the history. */
const MODEL_ENVELOPES_MAX = 260

/** Invariant 2: equal sets and equal space logs give equal documents, and everything that is for a node is there. */
export function disagreements(sim: Simulation): string[] {
  const found: string[] = []
  for (const space of sim.spaces) {
    const founder = sim.honest().find(({ company }) => space.parties.includes(company))
    const log = founder?.node.space(space.id)
    const readers = sim
      .honest()
      .filter(({ company }) => space.parties.includes(company) || (log && indexIn(sim, log, company) >= 0))
    differ(
      readers,
      ({ node }) => tipsOf(node.space(space.id)),
      `space ${space.id.slice(0, 8)}: other entries`,
      found
    )
    differ(
      readers,
      ({ node }) => frozenIn(node, space.id),
      `space ${space.id.slice(0, 8)}: others frozen`,
      found
    )
    differ(
      readers,
      member => agreedAt(sim, member, space),
      `space ${space.id.slice(0, 8)}: agreed on else`,
      found
    )
  }
  for (const [facet, readers] of sim.facets.flatMap(one =>
    groupsOf(sim, one).map(group => [one, group] as const)
  )) {
    const short = facet.id.slice(0, 8)
    const before = found.length
    differ(
      readers,
      ({ node }) => named(node.facet(facet.id)?.facet.tips()),
      `${short}: other envelopes`,
      found
    )
    differ(readers, ({ node }) => countingOf(node.facet(facet.id)?.facet), `${short}: others count`, found)
    if (found.length === before)
      differ(readers, ({ node }) => node.root(facet.id), `${short}: another root`, found)
  }
  for (const decision of sim.decisions) {
    const what = `decision ${decision.id.slice(0, 8)}: other messages`
    for (const group of groupsOf(sim, likeFacet(decision.space)))
      differ(group, member => heldIds(member, decision), what, found)
  }
  return found
}

function differ(members: Member[], view: (member: Member) => string, what: string, found: string[]): void {
  const [first] = members
  if (!first) return
  const expected = view(first)
  for (const member of members)
    if (view(member) !== expected) found.push(`${what} at ${nameOf(member)} than at ${nameOf(first)}`)
}

function named(tips: readonly { id: Uint8Array }[] | undefined): string {
  return (tips ?? []).map(({ id }) => toHex(id)).join()
}

function tipsOf(log: SpaceLog | undefined): string {
  return (log?.tips() ?? [])
    .map(({ id }) => toHex(id))
    .sort()
    .join()
}

function frozenIn(node: SimNode, id: string): string {
  const log = node.space(id)
  return (log?.parties ?? []).map((_, company) => log?.forkOf(company)?.seq).join()
}

function countingOf(facet: Facet | undefined): string {
  const positions = facet?.order().filter(position => facet.counts(position)) ?? []
  return positions
    .map(({ segment, seq }) => toHex(segment.idAt(seq)))
    .sort()
    .join()
}

export function judge(sim: Simulation): void {
  // What was admitted last reaches the disk, a disk that has just come back included.
  sim.pass(2_500)
  for (const [facet, [reader]] of sim.facets.flatMap(one =>
    groupsOf(sim, one).map(group => [one, group] as const)
  )) {
    const held = reader?.node.facet(facet.id)?.facet
    if (!reader || !held) continue
    broken(
      sim,
      3,
      modelled(reader.node, held).map(text => `${facet.id.slice(0, 8)}: ${text}`)
    )
    broken(sim, 3, documented(reader.node, facet.id, held))
  }
  for (const member of sim.honest()) {
    for (const space of sim.spaces) sim.broken.push(...misread(sim, member, space))
    broken(sim, 5, lost(sim, member))
    broken(sim, 1, intruded(sim, member))
    broken(sim, 1, overdrawn(sim, member))
  }
  for (const member of sim.honest()) broken(sim, 5, rebuilt(sim, member))
}

function broken(sim: Simulation, invariant: number, texts: string[]): void {
  sim.broken.push(...texts.map(text => `invariant ${invariant}: ${text}`))
}

/** Every admitted envelope would be admitted by the model, and what counts for it counts here. */
function modelled(node: SimNode, facet: Facet): string[] {
  if (facet.size > MODEL_ENVELOPES_MAX) return []
  const model = new Model(facet.id, facet.space.founders.length, facet.genesis.class !== 'private')
  const entries = new Map<string, ModelEntry>()
  for (const { id, before, company, seq, act } of facet.space.entries()) {
    // How many keys are pinned is asked below: the model counts those of the acceptance only.
    const said = act.kind === 'accept' ? { kind: act.kind, keys: KEY_MAX + 1 } : (act as ModelAct)
    const entry = { company, seq, id: toHex(id), before: before && entries.get(toHex(before.id)), act: said }
    entries.set(toHex(id), entry)
    model.addEntry(entry)
  }
  const found: string[] = []
  for (const { segment, seq } of facet.order()) {
    const { client } = segment.lane
    const id = segment.idAt(seq)
    const [record] = node.disk.read(toHex(facet.id), [{ client, seq, id }])
    const header = record && parseHeader(record.header)
    if (!record || !header || isReject(header)) return ['an admitted envelope is not on the disk']
    const codes = model.take({ client, seq, id, header, record })
    if (codes.length > 0) return [`admitted what the rules refuse: ${codes.join()}`]
    found.push(...unwritten(facet, client, header, model))
    const wrong = fault({ client, id, header, bytes: record.body }, model)
    if (wrong) return [`admitted what the rules refuse: ${wrong}`]
  }
  const counting = [...model.effective()].sort().join()
  if (found.length === 0 && counting !== countingOf(facet))
    found.push('what counts is not what the rules say')
  return found
}

/** The key of a lane is one that the author's own chain had pinned and not cut where the envelope stands. */
function unwritten(facet: Facet, client: number, header: Header, model: Model): string[] {
  const { company, key } = unpackClient(client)
  if (facet.genesis.class === 'private' && company !== facet.genesis.owner)
    return ['a guest wrote in a private one']
  if (!header.opening) return []
  const ref = header.auth.find(one => one.company === company)
  const entry = ref && model.entries.get(toHex(ref.id))
  if (!entry || entry.company !== company) return ['a lane opened without an entry of its company']
  const pinned = facet.space.entry((ref as { id: Uint8Array }).id)?.keys.length ?? 0
  return key < pinned ? [] : ['a lane opened under a key that nobody pinned']
}

/** The document holds what the lanes that count say, of each author as much, and waits for nothing. */
function documented(node: SimNode, id: string, facet: Facet): string[] {
  const doc = node.docs.get(id)
  if (!doc) return []
  const found: string[] = []
  if (doc.store.pendingStructs || doc.store.pendingDs) found.push('the document waits for something')
  for (const client of doc.store.clients.keys()) {
    const head = facet.head(client)
    const structs = doc.store.clients.get(client) ?? []
    const last = structs.at(-1)
    const end = last ? last.id.clock + last.length : 0
    if (!head || head.segment.clockEndAt(head.seq) !== end)
      found.push(`${id.slice(0, 8)}: the document holds words of ${client} that nothing admitted says`)
  }
  return found
}

/** Invariants 2 and 5: what was acknowledged is everywhere that may see it. */
function lost(sim: Simulation, member: Member): string[] {
  const { node, company, clone } = member
  const found: string[] = []
  const facets = new Map(sim.facets.map(facet => [facet.id, facet]))
  const held = new Map(sim.honest().map(member => [member, heldBy(member.node)]))
  const readers = new Map(
    sim.facets.map(one => [one.id, groupsOf(sim, one).find(group => group.includes(member))])
  )
  for (const [id, facet] of node.acknowledged) {
    if (clone && facets.get(facet)?.class === 'private') continue
    const group = readers.get(facet) ?? []
    const isHeld = (reader: Member) => held.get(reader)?.has(id)
    // Whoever has it may no longer pass it on: parted for good, or not yet released.
    if (node.wentBack.has(id) && !group.some(isHeld) && sim.honest().some(isHeld)) continue
    for (const reader of group)
      if (!isHeld(reader))
        found.push(`${nameOf(reader)} lacks ${id.slice(0, 8)}, acknowledged by C${company}`)
  }
  return found.slice(0, 3)
}

/** Invariant 1, as far as ids go: nobody else ever heard of what is not for it. */
function intruded(sim: Simulation, member: Member): string[] {
  return sim.facets
    .filter(facet => !sim.mayKnow(member, facet) && member.node.facet(facet.id))
    .map(facet => `${nameOf(member)} sees a ${facet.class} document of C${facet.owner}`)
}

/**
 * A taker that never signed a receipt has no more of an honest company than the highest exposure that was ever agreed;
 * where two lie, one may have it from the other.
 */
function overdrawn(sim: Simulation, member: Member): string[] {
  const { node, company } = member
  const [space] = sim.spaces
  const log = space && node.space(space.id)
  const takers = sim.members.filter(({ lies }) => lies)
  if (!sim.plan.reciprocal || !log || takers.length !== 1) return []
  const revisions = sim.treaties.of(log).revisions.filter(({ sealed }) => sealed)
  const rules = revisions.map(({ terms }) => terms.reciprocity.find(({ kind }) => kind === 'StandardsDoc.v1'))
  const most = Math.max(...rules.map(rule => rule?.maxExposure ?? Infinity))
  return takers.flatMap(taker => {
    const index = indexIn(sim, log, taker.company)
    const taken = sim.facets.filter(facet => {
      const ruled = facet.class === 'shared-confidential' && facet.kind === 'StandardsDoc.v1'
      const of = ruled && facet.space === space && facet.owner === company
      return of && (taker.node.facet(facet.id)?.facet.size ?? 0) > 0
    })
    if (sim.accounts.hasSigned(log, index) || taken.length <= most) return []
    return [`${nameOf(taker)} signs for nothing and has ${taken.length} of ${nameOf(member)}`]
  })
}

/** A document made anew from the log is the document that grew edit by edit. */
function rebuilt(sim: Simulation, member: Member): string[] {
  const { node } = member
  const before = sim.facets.map(({ id }) => node.root(id))
  node.crash()
  sim.network.drop(node)
  node.start()
  const changed = sim.facets.filter(({ id }, i) => node.root(id) !== before[i])
  return changed.map(({ id }) => `${nameOf(member)}: another root of ${id.slice(0, 8)} after a restart`)
}
