// What people do under reciprocity rules: release documents, and sign for those that came; and what takers would
// like: to sign for nothing, to sign what is none, and to have what is not open to them.
import { generateKey } from '../../src/identity/ed25519.ts'
import type { HeldFacet } from '../../src/sync/context.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'
import type { EntryAct } from '../../src/wire/space-entry.ts'
import { unitName } from './accounts.ts'
import { type OpenLog, logsOf, sign } from './chain.ts'
import { receiptOf, releaseOf } from './giving.ts'
import { type Member, say, sessionsOf } from './members.ts'
import type { Simulation } from './world.ts'

const RULED = 'StandardsDoc.v1'

/** @returns how many operations it was */
type Deed = (sim: Simulation, member: Member) => number

/** Beside the other deeds, where the first agreement has a rule. */
export const GIFTS: readonly (readonly [number, Deed])[] = [
  [14, give],
  [14, thank]
]

/** One of our own to one other party, or the same once more. */
function give(sim: Simulation, member: Member): number {
  for (const place of sim.random.shuffled(logsOf(sim, member))) {
    const own = heldIn(sim, member, place).filter(({ facet }) => facet.genesis.owner === place.company)
    const others = place.space.parties.map((_, company) => company).filter(to => to !== place.company)
    if (own.length === 0 || others.length === 0 || member.node.failing) continue
    const to = sim.random.pick(others)
    const known = new Set(place.log.contributions.flatMap(({ act }) => unitsOf(act)))
    const fresh = own.filter(({ facet }) => !known.has(unitName(facet.id, to)))
    if (fresh.length === 0 && sim.random.chance(0.9)) continue
    const given = sim.random.shuffled(fresh.length > 0 ? fresh : own).slice(0, 1 + sim.random.below(2))
    const act = releaseOf(
      to,
      given.map(({ facet }) => facet)
    )
    sign(sim, member, place.log, act)
    // While the disk still writes the release.
    const [{ facet }] = given as [HeldFacet]
    if (sim.random.chance(0.4))
      member.node.edit(toHex(facet.id), doc => doc.getText('text').insert(0, 'given '))
    return 0
  }
  return 0
}

function unitsOf(act: EntryAct): string[] {
  return act.kind === 'release' ? act.units.map(toHex) : []
}

/** For something that came from another; liars take and sign for nothing. */
function thank(sim: Simulation, member: Member): number {
  if (member.lies || member.node.failing) return 0
  for (const place of sim.random.shuffled(logsOf(sim, member))) {
    const got = heldIn(sim, member, place).filter(({ facet }) => facet.genesis.owner !== place.company)
    if (got.length === 0) continue
    const { owner } = sim.random.pick(got).facet.genesis
    const facets = got.map(({ facet }) => facet).filter(({ genesis }) => genesis.owner === owner)
    const act = receiptOf(place.log, member.node.company, facets) as Extract<EntryAct, { kind: 'receipt' }>
    const { company, log } = place
    sim.accounts.good(act.document, {
      space: toHex(log.id),
      contributor: owner,
      company,
      kind: RULED,
      units: facets.map(({ id }) => unitName(id, company)),
      signer: toHex(member.node.company.role.publicKey.bytes)
    })
    sign(sim, member, log, act)
    return 0
  }
  return 0
}

/** Towards the end: what there is is given, and signed for. */
export function settleUp(sim: Simulation, member: Member): void {
  for (let i = 0; i < 3; i++) {
    give(sim, member)
    thank(sim, member)
  }
}

/** Documents of the kind under a rule that are here and hold something. */
function heldIn(sim: Simulation, { node }: Member, { space }: Pick<OpenLog, 'space'>): HeldFacet[] {
  return sim.facets.flatMap(facet => {
    const held = facet.space === space ? node.facet(facet.id) : undefined
    const fits = facet.class === 'shared-confidential' && facet.kind === RULED && (held?.facet.size ?? 0) > 0
    return held && fits ? [held] : []
  })
}

// ---- liars -------------------------------------------------------------------------------------------------

type Told = (sim: Simulation, liar: Member) => boolean

export const TAKING: readonly (readonly [number, Told])[] = [
  [24, signWrongly],
  [14, askForShut]
]

/** Under another key, of another space or company, or no document at all: none lets anything go to it. */
function signWrongly(sim: Simulation, liar: Member): boolean {
  const [place] = logsOf(sim, liar)
  if (!place) return false
  const { log, company } = place
  const got = heldIn(sim, liar, place).filter(({ facet }) => facet.genesis.owner !== company)
  if (got.length === 0) return false
  const facets = [sim.random.pick(got).facet]
  const other = sim.members.find(
    member => member.company !== liar.company && member.company < log.parties.length
  )
  const elsewhere = { id: sim.random.bytes(32), parties: log.parties, companyOf: () => company }
  const acts: (() => EntryAct)[] = [
    () => receiptOf(log, liar.node.company, facets, generateKey(sim.random.bytes(32))),
    () => receiptOf(log, (other as Member).node.company, facets),
    () => receiptOf(elsewhere, liar.node.company, facets),
    () => ({ kind: 'receipt', document: sim.random.bytes(60) })
  ]
  const act = sim.random.chance(0.5) ? acts[0] : sim.random.pick(acts)
  return sign(sim, liar, log, (act as (typeof acts)[0])())
}

/** It has heard of documents elsewhere, and asks for them and names heads of them as if they were its own to have. */
function askForShut(sim: Simulation, liar: Member): boolean {
  const sessions = sessionsOf(liar)
  const wanted = sim.facets.filter(({ class: dataClass, id }) => {
    return dataClass === 'shared-confidential' && !liar.node.facet(id)
  })
  if (wanted.length === 0 || sessions.length === 0) return false
  const { id } = sim.random.pick(wanted)
  for (const { node } of sim.members) {
    const held = node.facet(id)
    const [tip] = held?.facet.tips() ?? []
    if (!held || !tip) continue
    const head = { of: tip.client, seq: tip.seq, id: tip.id }
    const request = 2_000_000 + sim.random.below(1_000_000)
    const { facet, genesisBytes: genesis } = held
    say(sim, liar, { type: 'heads', space: facet.space.id, facets: [{ genesis, tips: [head] }] }, sessions)
    const lacks = [{ tip: head, have: [] }]
    say(sim, liar, { type: 'need', facet: fromHex(id) as Uint8Array, request, lacks }, sessions)
    return true
  }
  return false
}
